/* attest/credential.h: a secret that only the TPM with this endorsement key can give back, and only where it has this
 * attestation key too: who gives it back has shown that both are in one TPM. Pure, but for its randomness. Source: TPM 2.0
 * Library, Part 1, section 24 (Credential Protection) and annex B.10.4 (RSA secret sharing); Part 2, sections 11.4.3
 * (TPM2B_ENCRYPTED_SECRET) and 12.4.3 (TPM2B_ID_OBJECT). */
#pragma once

#include "attest/tpm_key.h"

#define CREDENTIAL_SECRET_SIZE 32

/* ek: an RSA storage key with the symmetric parameters of the EK Credential Profile's template L-1 (AES-128 CFB, SHA-256). The
 * two that TPM2_ActivateCredential takes; FALSE sets *error. */
gboolean credential_make(const TpmKey *ek, const guint8 ak_name[TPM_NAME_SIZE], const guint8 secret[CREDENTIAL_SECRET_SIZE],
                         GBytes **ret_id_object, GBytes **ret_encrypted_secret, GError **error);
