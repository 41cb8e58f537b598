/* host/simulated/tpm_internal.h: what the simulated TPM's files share. */
#pragma once

#include "host/simulated/tpm.h"

#include <openssl/evp.h>

#define SIM_DIGEST_SIZE 32
/* nameAlg, and SHA-256 of the public area. */
#define SIM_NAME_SIZE (2 + SIM_DIGEST_SIZE)

enum {
    TPM_ALG_RSA = 0x0001,
    TPM_ALG_AES = 0x0006,
    TPM_ALG_SHA256 = 0x000b,
    TPM_ALG_NULL = 0x0010,
    TPM_ALG_ECDSA = 0x0018,
    TPM_ALG_ECC = 0x0023,
    TPM_ALG_CFB = 0x0043,
    TPM_ECC_NIST_P256 = 0x0003,
};

struct SimTpm {
    EVP_PKEY *ek_key, *ek_p384_key, *ak_key;
    GBytes *ek, *ak; /* TPM2B_PUBLIC */
    guint8 ak_name[SIM_NAME_SIZE];
};

void sim_sha256(const void *bytes, gsize size, guint8 ret_digest[SIM_DIGEST_SIZE]);
