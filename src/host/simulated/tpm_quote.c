/* What its attestation key says of its PCRs. */
#include "host/simulated/bytes.h"
#include "host/simulated/tpm_internal.h"

#include <openssl/ecdsa.h>
#include <string.h>

#define TPM_RH_ENDORSEMENT  0x4000000bu
#define TPM_GENERATED_VALUE 0xff544347u
#define TPM_ST_ATTEST_QUOTE 0x8018
#define SELECT_BYTES        3
#define NUMBER_SIZE         32

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)

/* The key is right below the endorsement hierarchy (Part 1, section 16.3). */
static void
qualified_name_put(GByteArray *to, const SimTpm *tpm)
{
    g_autoptr(GByteArray) path = g_byte_array_new();
    guint8 name[SIM_NAME_SIZE];
    put_be(path, TPM_RH_ENDORSEMENT, 4);
    put_bytes(path, tpm->ak_name, SIM_NAME_SIZE);
    memcpy(name, tpm->ak_name, 2);
    sim_sha256(path->data, path->len, name + 2);
    put_sized(to, name, sizeof name);
}

/* TPMS_ATTEST, Part 2, section 10.12.12. */
static GBytes *
attest_make(const SimTpm *tpm, const SimQuote *quote)
{
    GByteArray *attest = g_byte_array_new();
    put_be(attest, TPM_GENERATED_VALUE, 4);
    put_be(attest, TPM_ST_ATTEST_QUOTE, 2);
    qualified_name_put(attest, tpm);
    put_sized(attest, g_bytes_get_data(quote->nonce, NULL), g_bytes_get_size(quote->nonce));
    put_be(attest, quote->clock_ms, 8);
    put_be(attest, quote->resets, 4);
    put_be(attest, 0, 4); /* restarts */
    put_be(attest, 1, 1); /* safe */
    put_be(attest, 1, 8); /* firmware version */
    put_be(attest, 1, 4); /* one bank */
    put_be(attest, TPM_ALG_SHA256, 2);
    put_be(attest, SELECT_BYTES, 1);
    put_le(attest, quote->pcrs, SELECT_BYTES);
    put_sized(attest, quote->pcr_digest, SIM_DIGEST_SIZE);
    return g_byte_array_free_to_bytes(attest);
}

/* TPMT_SIGNATURE, Part 2, section 11.3.4. */
static GBytes *
signature_make(EVP_PKEY *key, GBytes *bytes)
{
    guint8 der[128], number[NUMBER_SIZE];
    const guint8 *at = der;
    gsize der_size = sizeof der, size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    g_assert(context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
             EVP_DigestSign(context, der, &der_size, data, size) == 1);
    g_autoptr(ECDSA_SIG) pair = d2i_ECDSA_SIG(NULL, &at, (long)der_size);
    const BIGNUM *numbers[] = { ECDSA_SIG_get0_r(pair), ECDSA_SIG_get0_s(pair) };
    GByteArray *signature = g_byte_array_new();
    put_be(signature, TPM_ALG_ECDSA, 2);
    put_be(signature, TPM_ALG_SHA256, 2);
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_assert(BN_bn2binpad(numbers[i], number, sizeof number) == sizeof number);
        put_sized(signature, number, sizeof number);
    }
    return g_byte_array_free_to_bytes(signature);
}

void
sim_tpm_quote(const SimTpm *tpm, const SimQuote *quote, GBytes **ret_attest, GBytes **ret_signature)
{
    *ret_attest = attest_make(tpm, quote);
    *ret_signature = signature_make(tpm->ak_key, *ret_attest);
}
