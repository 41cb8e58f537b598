/* host/qemu/argv.h: from a LaunchSpec to command lines. Pure: expected files in tests/host/qemu/argv/ hold every line.
 * Every device sits at a pinned PCI address, so that nothing that is added moves the disk in Boot0001 (PCR 1). */
#pragma once

#include "host/launch_spec.h"

typedef struct {
    const char *qemu; /* binary */
    const char *swtpm;
    const char *accelerator;    /* "tcg" or "kvm" */
    const char *folder;         /* absolute */
    const char *firmware_code;  /* NULL with generation 1 */
    gboolean outbound;          /* FALSE: restrict=on */
    const guint *forward_ports; /* guest ports; host side is 127.0.0.1, any free port (0) */
    guint n_forward_ports;
    int qmp_fd, qga_fd; /* listening sockets that QEMU inherits */
    int token_fd;       /* the same, for the guest's port for tokens; with a vTPM */
    int tpm_fd;         /* QEMU's end of the pair that swtpm has the other end of; with a vTPM */
    int swtpm_fd;       /* swtpm's end */
    int key_fd;         /* key of the vTPM's state (vtpm_key.h), for swtpm; -1: it is plain */
    int tap_fd;         /* port on the operator's bridge; -1: user-mode network */
} ArgvContext;

/* NULL-terminated, g_strfreev(). */
char **argv_qemu(const LaunchSpec *spec, const ArgvContext *context);
char **argv_swtpm(const ArgvContext *context);

/* Is the line what Secure Boot's promise rests on (smm=on and the secure pflash property for Trusted launch; read-only
 * firmware code)? Asserted before every start. */
gboolean argv_check(const LaunchSpec *spec, const char *const *argv, GError **error);
