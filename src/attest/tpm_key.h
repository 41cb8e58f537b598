/* attest/tpm_key.h: public keys as a TPM gives them. Pure.
 * Format: TPM 2.0 Library, Part 2, sections 12.2.4 and 12.2.5 (TPMT_PUBLIC, TPM2B_PUBLIC); names: Part 1, section 16. */
#pragma once

#include "attest/event_log.h"

#include <openssl/evp.h>

/* TPMA_OBJECT, Part 2, section 8.3.2. */
#define TPM_KEY_FIXED_TPM    (1u << 1)
#define TPM_KEY_FIXED_PARENT (1u << 4)
#define TPM_KEY_ORIGIN       (1u << 5) /* sensitiveDataOrigin: the TPM made it */
#define TPM_KEY_RESTRICTED   (1u << 16)
#define TPM_KEY_DECRYPT      (1u << 17)
#define TPM_KEY_SIGN         (1u << 18)

/* nameAlg, and SHA-256 of the public area. */
#define TPM_NAME_SIZE (2 + SHA256_SIZE)

typedef enum { TPM_KEY_RSA, TPM_KEY_ECC } TpmKeyType;

typedef struct {
    TpmKeyType type;
    guint32 attributes;
    guint16 scheme; /* TPM_ALG_ID of the signing scheme; 0x0010: none of its own */
    guint8 name[TPM_NAME_SIZE];
    EVP_PKEY *rsa; /* one of these two, by type */
    EC_KEY *ecc;   /* attest/ecc.h */
} TpmKey;

/* From a TPM2B_PUBLIC: RSA, or ECC on P-256 or P-384, with names by SHA-256. NULL sets *error. */
TpmKey *tpm_key_parse(GBytes *bytes, GError **error);
void tpm_key_free(TpmKey *key); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TpmKey, tpm_key_free)

gboolean tpm_key_is(const TpmKey *key, const EVP_PKEY *other);

/* The qualified name of a key right under a hierarchy (Part 1, section 16.3): parent NULL, or under that key there. */
void tpm_key_qualified_name(const TpmKey *key, const TpmKey *parent, guint32 hierarchy, guint8 ret_name[TPM_NAME_SIZE]);
#define TPM_RH_ENDORSEMENT 0x4000000bu

/* Can it sign quotes, and nothing that somebody made up to look like one: made by the TPM, fixed to it, restricted, signs. */
gboolean tpm_key_attests(const TpmKey *key);
