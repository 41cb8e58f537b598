#include "attest/quote.h"

#include "attest/digest.h"
#include "attest/ecc.h"
#include "attest/tpm_alg.h"
#include "base/cursor.h"

#include <openssl/rsa.h>

#define TPM_GENERATED_VALUE 0xff544347u
#define TPM_ST_ATTEST_QUOTE 0x8018
/* A TPM has no more banks than that. */
#define MAX_SELECTIONS   16
#define MAX_SELECT_BYTES 4
/* Of the largest curve that there is, P-521. */
#define ECDSA_NUMBER_MAX 66

/* TPML_PCR_SELECTION: a bit map for each bank. */
static void
selections_read(Cursor *at, Quote *quote)
{
    guint32 count = cursor_u32be(at);
    if (count > MAX_SELECTIONS)
        at->failed = TRUE;
    for (guint32 i = 0; i < count && !at->failed; i++) {
        guint16 hash = cursor_u16be(at);
        gsize size = cursor_u8(at);
        const guint8 *map = cursor_take(at, size);
        guint32 pcrs = 0;
        if (!map || size > MAX_SELECT_BYTES) {
            at->failed = TRUE;
            return;
        }
        for (gsize byte = 0; byte < size; byte++)
            pcrs |= (guint32)map[byte] << (8 * byte);
        if (hash == TPM_ALG_SHA256 && quote->pcrs == 0)
            quote->pcrs = pcrs;
        else if (pcrs != 0)
            quote->other_banks = TRUE;
    }
}

QuoteForm
quote_parse(GBytes *bytes, Quote *ret_quote)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    Cursor at = cursor_over(data, size);
    Quote quote = { 0 };
    guint32 magic = cursor_u32be(&at);
    guint16 type = cursor_u16be(&at);
    if (at.failed || size > QUOTE_MAX_BYTES)
        return QUOTE_MALFORMED;
    if (magic != TPM_GENERATED_VALUE || type != TPM_ST_ATTEST_QUOTE)
        return QUOTE_NOT_ONE;
    Cursor signer = cursor_sized(&at), nonce = cursor_sized(&at);
    quote.signer = signer.at;
    quote.signer_size = signer.left;
    quote.nonce = nonce.at;
    quote.nonce_size = nonce.left;
    quote.clock = cursor_u64be(&at);
    quote.resets = cursor_u32be(&at);
    quote.restarts = cursor_u32be(&at);
    quote.safe = cursor_u8(&at) != 0;
    quote.firmware = cursor_u64be(&at);
    selections_read(&at, &quote);
    Cursor digest = cursor_sized(&at);
    quote.digest = digest.left == SHA256_SIZE ? digest.at : NULL;
    if (!cursor_is_done(&at))
        return QUOTE_MALFORMED;
    *ret_quote = quote;
    return QUOTE_READ;
}

/* ---- its signature ---- */

/* ECDSA has two numbers, RSA the first alone. */
typedef struct {
    guint16 scheme;
    Cursor first, second;
} Signature;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

static gboolean
signature_read(GBytes *bytes, Signature *ret_signature)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    Cursor at = cursor_over(data, size);
    ret_signature->scheme = cursor_u16be(&at);
    if (cursor_u16be(&at) != TPM_ALG_SHA256)
        return FALSE;
    ret_signature->first = cursor_sized(&at);
    switch (ret_signature->scheme) {
    case TPM_ALG_ECDSA:
        ret_signature->second = cursor_sized(&at);
        return cursor_is_done(&at) && ret_signature->first.left <= ECDSA_NUMBER_MAX &&
               ret_signature->second.left <= ECDSA_NUMBER_MAX;
    case TPM_ALG_RSASSA:
    case TPM_ALG_RSAPSS:
        return cursor_is_done(&at);
    default:
        return FALSE;
    }
}

static gboolean
rsa_verifies(const Signature *signature, const guint8 digest[SHA256_SIZE], EVP_PKEY *key)
{
    const gboolean pss = signature->scheme == TPM_ALG_RSAPSS;
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    return context && EVP_PKEY_verify_init(context) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
           (!pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) == 1) &&
           EVP_PKEY_verify(context, signature->first.at, signature->first.left, digest, SHA256_SIZE) == 1;
}

SignatureCheck
signature_check(GBytes *bytes, GBytes *signed_bytes, const TpmKey *key)
{
    Signature signature = { 0 };
    gsize size;
    const guint8 *data = g_bytes_get_data(signed_bytes, &size);
    guint8 digest[SHA256_SIZE];
    if (!signature_read(bytes, &signature))
        return SIGNATURE_MALFORMED;
    /* A key with a scheme of its own signs by that one alone. */
    if ((signature.scheme == TPM_ALG_ECDSA) != (key->type == TPM_KEY_ECC) ||
        (key->scheme != TPM_ALG_NULL && key->scheme != signature.scheme))
        return SIGNATURE_BROKEN;
    sha256(data, size, digest);
    const gboolean holds = signature.scheme == TPM_ALG_ECDSA ? ecc_verifies(key->ecc, digest, signature.first, signature.second)
                                                             : rsa_verifies(&signature, digest, key->rsa);
    return holds ? SIGNATURE_HOLDS : SIGNATURE_BROKEN;
}
