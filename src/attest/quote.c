#include "attest/quote.h"

#include "attest/tpm_alg.h"
#include "base/cursor.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#define TPM_GENERATED_VALUE 0xff544347u
#define TPM_ST_ATTEST_QUOTE 0x8018
/* A TPM has no more banks than that. */
#define MAX_SELECTIONS   16
#define MAX_SELECT_BYTES 4

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

typedef struct {
    guint16 scheme;
    GBytes *bytes; /* as OpenSSL takes it */
} Signature;

static void
signature_clear(Signature *signature)
{
    g_clear_pointer(&signature->bytes, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Signature, signature_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

/* r and s, each a TPM2B, as DER. */
static GBytes *
ecdsa_read(Cursor *at)
{
    Cursor r = cursor_sized(at), s = cursor_sized(at);
    if (!cursor_is_done(at) || r.left > 66 || s.left > 66)
        return NULL;
    g_autoptr(ECDSA_SIG) pair = ECDSA_SIG_new();
    BIGNUM *r_number = BN_bin2bn(r.at, (int)r.left, NULL), *s_number = BN_bin2bn(s.at, (int)s.left, NULL);
    if (!pair || !r_number || !s_number || ECDSA_SIG_set0(pair, r_number, s_number) != 1) {
        BN_free(r_number);
        BN_free(s_number);
        return NULL;
    }
    guint8 *der = NULL;
    int length = i2d_ECDSA_SIG(pair, &der);
    GBytes *bytes = length > 0 ? g_bytes_new(der, (gsize)length) : NULL;
    OPENSSL_free(der);
    return bytes;
}

static gboolean
signature_read(GBytes *bytes, Signature *ret_signature)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    Cursor at = cursor_over(data, size);
    ret_signature->scheme = cursor_u16be(&at);
    guint16 hash = cursor_u16be(&at);
    if (at.failed || hash != TPM_ALG_SHA256)
        return FALSE;
    if (ret_signature->scheme == TPM_ALG_ECDSA) {
        ret_signature->bytes = ecdsa_read(&at);
    } else if (ret_signature->scheme == TPM_ALG_RSASSA || ret_signature->scheme == TPM_ALG_RSAPSS) {
        Cursor number = cursor_sized(&at);
        if (cursor_is_done(&at))
            ret_signature->bytes = g_bytes_new(number.at, number.left);
    }
    return ret_signature->bytes != NULL;
}

static gboolean
verifies(const Signature *signature, GBytes *signed_bytes, EVP_PKEY *key)
{
    gsize length, signed_length;
    const guint8 *bytes = g_bytes_get_data(signature->bytes, &length);
    const guint8 *data = g_bytes_get_data(signed_bytes, &signed_length);
    EVP_PKEY_CTX *options = NULL;
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    if (!context || EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, key) != 1)
        return FALSE;
    if (signature->scheme == TPM_ALG_RSAPSS && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
                                                EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_AUTO) != 1))
        return FALSE;
    return EVP_DigestVerify(context, bytes, length, data, signed_length) == 1;
}

SignatureCheck
signature_check(GBytes *bytes, GBytes *signed_bytes, const TpmKey *key)
{
    g_auto(Signature) signature = { 0 };
    if (!signature_read(bytes, &signature))
        return SIGNATURE_MALFORMED;
    gboolean is_ecdsa = signature.scheme == TPM_ALG_ECDSA;
    /* A key with a scheme of its own signs by that one alone. */
    if (is_ecdsa != (key->type == TPM_KEY_ECC) || (key->scheme != TPM_ALG_NULL && key->scheme != signature.scheme))
        return SIGNATURE_BROKEN;
    return verifies(&signature, signed_bytes, key->key) ? SIGNATURE_HOLDS : SIGNATURE_BROKEN;
}
