/* host/qemu/firmware.h: which firmware QEMU has here, read from its firmware descriptors.
 * Format: QEMU docs/interop/firmware.json. Search order: /etc/qemu/firmware, /usr/share/qemu/firmware; a file name in the
 * former hides the same name in the latter; then by name. Parsing is apart from reading, and fuzzed. */
#pragma once

#include <glib.h>

typedef struct {
    char *name;             /* of the descriptor file, for messages */
    char *code;             /* flash executable */
    char *vars_template;    /* flash NVRAM template */
    gboolean secure_boot, enrolled_keys, requires_smm, amd_sev, x86_64_q35;
} FirmwareDescriptor;

FirmwareDescriptor *firmware_descriptor_parse(const char *name, const char *text, gsize length, GError **error);
void firmware_descriptor_free(FirmwareDescriptor *descriptor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FirmwareDescriptor, firmware_descriptor_free)

/* The three kinds that instances need. */
typedef struct {
    char *plain_code, *plain_vars;          /* Standard: UEFI without Secure Boot */
    char *secure_code;                      /* Trusted launch: needs SMM */
    char *secure_vars_enrolled;             /* Microsoft's keys in PK/KEK/db: Secure Boot on */
    char *secure_vars_empty;                /* no keys: Secure Boot off */
    char *why_not_secure, *why_not_plain;   /* NULL where it was found; else a sentence with what was looked for */
} FirmwareSet;

/* dirs: NULL-terminated, in order of precedence; NULL: the default search order. Never NULL. */
FirmwareSet *firmware_find(const char *const *dirs);
void firmware_set_free(FirmwareSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FirmwareSet, firmware_set_free)
