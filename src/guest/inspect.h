/* guest/inspect.h: what files of a guest say of their signatures and of the TPM that they are bound to. Pure: bytes in, a word
 * out. Nothing is verified: that is for the kernel and the firmware, and whose signature it is stays unsaid.
 *
 * Sources: Microsoft's PE Format (certificate table); kernel/module_signature.h; LUKS2 On-Disk Format 1.1.2, section 3;
 * systemd's creds-util.h; clevis' clevis-luks-bind(1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A PE program, by its first bytes. NULL: it is none, or its headers are not all there. */
const bool *pe_is_signed(const void *head, size_t length);

/* A module that is not compressed, by its last bytes. */
#define MODULE_TRAILER "~Module signature appended~\n"
bool module_is_signed(const void *tail, size_t length);
/* "kernel/net/nf-nat.ko.xz" is the file of module "nf_nat". */
bool module_is_file(const char *name, const char *path, size_t length);

/* What a LUKS2 volume's tokens bind it to. */
enum {
    BOUND_TPM2_SYSTEMD = 1,
    BOUND_TPM2_CLEVIS = 2,
    BOUND_CLEVIS_UNSEEN = 4, /* clevis, by a policy that was not read: sss, or another form */
};
unsigned luks_bindings(const char *json, size_t length);

/* A file that systemd-creds encrypted. */
typedef enum { CREDENTIAL_UNKNOWN, CREDENTIAL_TPM2, CREDENTIAL_NO_TPM2 } CredentialKey;
CredentialKey credential_key(const char *text, size_t length);
