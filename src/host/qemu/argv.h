/* host/qemu/argv.h: from a LaunchSpec to command lines. Pure: golden files in tests/host/argv/ hold every line.
 * Every device sits at a pinned PCI address, so that nothing that is added moves the disk in Boot0001 (PCR 1). */
#pragma once

#include "host/launch_spec.h"

typedef struct {
    const char *qemu;               /* binary */
    const char *swtpm;
    const char *accelerator;        /* "tcg" or "kvm" */
    const char *folder;             /* absolute */
    const char *image;              /* absolute path of the backing image (for messages; the overlay names it) */
    const char *firmware_code;      /* NULL with generation 1 */
    const char *bridge;             /* NULL: user-mode network */
    gboolean outbound;              /* FALSE: restrict=on */
    const guint *forward_ports;     /* guest ports; host side is 127.0.0.1, any free port (0) */
    guint n_forward_ports;
    int qmp_fd, qga_fd;             /* listening sockets that QEMU inherits */
    int tpm_fd;                     /* QEMU's end of the pair that swtpm has the other end of; with a vTPM */
    int swtpm_fd;                   /* swtpm's end */
    gboolean sandbox;               /* QEMU's seccomp filter; TRUE but in tests */
} ArgvContext;

/* NULL-terminated, g_strfreev(). */
char **argv_qemu(const LaunchSpec *spec, const ArgvContext *context);
char **argv_swtpm(const LaunchSpec *spec, const ArgvContext *context);

/* Is the line what Secure Boot's promise rests on (smm=on and the secure pflash property for Trusted launch; read-only
 * firmware code)? Asserted before every start. */
gboolean argv_check(const LaunchSpec *spec, const char *const *argv, GError **error);
