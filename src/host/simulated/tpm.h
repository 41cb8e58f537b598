/* host/simulated/tpm.h: a TPM in software, as far as attestation goes: an endorsement key with its certificate, an attestation
 * key, quotes, and credentials for both keys. It knows no PCRs: what it is told of them, it signs. Nothing here is taken from
 * attest/, which checks what comes out.
 * Formats: TPM 2.0 Library, Part 2; the endorsement key is made by template L-1 of the TCG EK Credential Profile 2.5. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct SimTpm SimTpm;

/* Makes its keys. */
SimTpm *sim_tpm_new(void);
SimTpm *sim_tpm_copy(const SimTpm *tpm); /* the same keys */
void sim_tpm_free(SimTpm *tpm);          /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimTpm, sim_tpm_free)

/* With its private keys. Reading gives NULL where it is none. */
json_t *sim_tpm_json(const SimTpm *tpm);
SimTpm *sim_tpm_read(const json_t *json);

/* Of the endorsement key, DER: the same at each time. Its subject is a UUID; it is signed with the key itself. */
GBytes *sim_tpm_certificate(const SimTpm *tpm);
/* Of the other endorsement key, on P-384, which has the same subject; nothing else is done with that key. */
GBytes *sim_tpm_certificate_p384(const SimTpm *tpm);
/* TPM2B_PUBLIC, borrowed. */
GBytes *sim_tpm_ek(const SimTpm *tpm);
GBytes *sim_tpm_ak(const SimTpm *tpm);

typedef struct {
    GBytes *nonce;
    guint64 clock_ms;
    guint32 resets;
    guint32 pcrs;             /* bit n: PCR n of the SHA-256 bank */
    const guint8 *pcr_digest; /* SHA-256 of their values: 32 bytes */
} SimQuote;

/* TPMS_ATTEST, and TPMT_SIGNATURE by the attestation key. */
void sim_tpm_quote(const SimTpm *tpm, const SimQuote *quote, GBytes **ret_attest, GBytes **ret_signature);

/* TPM2_ActivateCredential: id_object TPM2B_ID_OBJECT, secret TPM2B_ENCRYPTED_SECRET. NULL: it is for another endorsement key,
 * or for another attestation key, or damaged. */
GBytes *sim_tpm_activate(const SimTpm *tpm, GBytes *id_object, GBytes *secret);
