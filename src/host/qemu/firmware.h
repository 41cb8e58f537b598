/* host/qemu/firmware.h: which firmware QEMU has here, read from its firmware descriptors.
 * Format: QEMU docs/interop/firmware.json. Search order: FIRMWARE_DIRS; a file name in an earlier
 * one hides the same name in a later one, also where it is empty; then by name. Parsing is apart from reading, and fuzzed. */
#pragma once

#include <glib.h>

#define FIRMWARE_DIRS "/etc/qemu/firmware", "/usr/local/share/qemu/firmware", "/usr/share/qemu/firmware"

typedef struct {
    char *name;          /* of the descriptor file, for messages */
    char *code;          /* flash executable */
    char *vars_template; /* flash NVRAM template */
    gboolean secure_boot, enrolled_keys, requires_smm;
    gboolean x86_64_q35; /* UEFI for this machine, as two raw flash files: the form that argv.c gives to QEMU */
} FirmwareDescriptor;

FirmwareDescriptor *firmware_descriptor_parse(const char *name, const char *text, gsize length, GError **error);
void firmware_descriptor_free(FirmwareDescriptor *descriptor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FirmwareDescriptor, firmware_descriptor_free)

/* The three kinds that instances need. */
typedef struct {
    char *plain_code, *plain_vars;        /* Standard: UEFI without Secure Boot */
    char *secure_code;                    /* Trusted launch: needs SMM */
    char *secure_vars_enrolled;           /* Microsoft's keys in PK/KEK/db: Secure Boot on */
    char *secure_vars_empty;              /* no keys: Secure Boot off */
    char *why_not_secure, *why_not_plain; /* NULL where it was found; else a sentence with what was looked for */
} FirmwareSet;

/* dirs: NULL-terminated, in order of precedence; NULL: the default search order. Never NULL. */
FirmwareSet *firmware_find(const char *const *dirs);
void firmware_set_free(FirmwareSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FirmwareSet, firmware_set_free)
