#include "attest/jws.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <string.h>

/* Of each half of a signature. */
#define NUMBER_SIZE 32
#define GROUP       "prime256v1"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)

/* ---- base64url without padding (RFC 7515, appendix C) ---- */

char *
jws_url_encode(const void *bytes, gsize size)
{
    char *text = g_base64_encode(bytes, size);
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

guchar *
jws_url_decode(const char *text, gsize length, gsize *ret_size)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    g_autofree char *own = g_strndup(text, length);
    if (strspn(own, alphabet) != length || length % 4 == 1)
        return NULL;
    g_strdelimit(own, "-", '+');
    g_strdelimit(own, "_", '/');
    g_autofree char *padded = g_strconcat(own, &"=="[length % 4 == 0 ? 2 : length % 4 - 2], NULL);
    return g_base64_decode(padded, ret_size);
}

/* ---- keys ---- */

gboolean
jws_is_key(const EVP_PKEY *key)
{
    char group[32] = "";
    return key && EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) == 1 &&
           strcmp(group, GROUP) == 0;
}

/* ---- signatures: r and s in a row in a token (RFC 7518, section 3.4), in DER for OpenSSL ---- */

char *
jws_signature_make(const char *message, const EVP_PKEY *key)
{
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    guint8 der[128], raw[2 * NUMBER_SIZE];
    const guint8 *at = der;
    size_t size = sizeof der;
    g_assert(context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, (EVP_PKEY *)key) == 1 &&
             EVP_DigestSign(context, der, &size, (const guint8 *)message, strlen(message)) == 1);
    g_autoptr(ECDSA_SIG) signature = d2i_ECDSA_SIG(NULL, &at, (long)size);
    g_assert(signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, NUMBER_SIZE) == NUMBER_SIZE &&
             BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + NUMBER_SIZE, NUMBER_SIZE) == NUMBER_SIZE);
    return jws_url_encode(raw, sizeof raw);
}

gboolean
jws_signature_holds(const char *message, gsize length, const guint8 *raw, gsize size, EVP_PKEY *key)
{
    g_autoptr(ECDSA_SIG) signature = ECDSA_SIG_new();
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    if (size != 2 * NUMBER_SIZE || !signature || !context)
        return FALSE;
    /* The signature takes the numbers. */
    if (ECDSA_SIG_set0(signature, BN_bin2bn(raw, NUMBER_SIZE, NULL), BN_bin2bn(raw + NUMBER_SIZE, NUMBER_SIZE, NULL)) != 1)
        return FALSE;
    const int der_size = i2d_ECDSA_SIG(signature, &der);
    const gboolean holds = der_size > 0 && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                           EVP_DigestVerify(context, der, (size_t)der_size, (const guint8 *)message, length) == 1;
    OPENSSL_free(der);
    return holds;
}
