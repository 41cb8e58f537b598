#include "base/state_key.h"

#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#define SALT_BYTES  16
#define CHECK_BYTES 16
#define NONCE_BYTES 12
#define TAG_BYTES   16
#define STAMP_BEGIN "1 "
#define SEAL_BEGIN  "sealed:1:"
#define CHECK_LABEL "testudo check value"

struct StateKey {
    guint8 bytes[STATE_KEY_BYTES];
};

StateKey *
state_key_parse(const char *content, gsize length, GError **error)
{
    StateKey *key = g_new0(StateKey, 1);
    if (length == STATE_KEY_BYTES) {
        memcpy(key->bytes, content, STATE_KEY_BYTES);
        return key;
    }
    while (length > 0 && g_ascii_isspace(content[length - 1]))
        length--;
    for (; length > 0 && g_ascii_isspace(*content); length--)
        content++;
    if (length == 2 * STATE_KEY_BYTES && hex_read(content, key->bytes, STATE_KEY_BYTES))
        return key;
    arm_fail(error, ARM_INVALID_PARAMETER, "state-key", "A state key is 32 bytes, or 64 hexadecimal digits.");
    state_key_free(key);
    return NULL;
}

void
state_key_free(StateKey *key)
{
    if (!key)
        return;
    OPENSSL_cleanse(key, sizeof *key);
    g_free(key);
}

/* HKDF with SHA-256 fails for lengths above 255 blocks and for lack of memory alone. */
static void
derive(const StateKey *key, const guint8 *salt, const char *label, guint8 *out, gsize size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key->bytes, STATE_KEY_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, SALT_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)label, strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    if (!context || EVP_KDF_derive(context, out, size, params) != 1)
        g_error("HKDF: OpenSSL cannot derive a key");
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
}

/* ---- stamps ---- */

typedef struct {
    guint8 salt[SALT_BYTES], check[CHECK_BYTES];
} Stamp;

static gboolean
stamp_read(const char *text, Stamp *ret_stamp)
{
    const gsize salt = strlen(STAMP_BEGIN), check = salt + 2 * SALT_BYTES + 1, end = check + 2 * CHECK_BYTES;
    const gsize length = strlen(text);
    return (length == end || (length == end + 1 && text[end] == '\n')) && g_str_has_prefix(text, STAMP_BEGIN) &&
           text[check - 1] == ' ' && hex_read(text + salt, ret_stamp->salt, SALT_BYTES) &&
           hex_read(text + check, ret_stamp->check, CHECK_BYTES);
}

char *
state_key_stamp(const StateKey *key)
{
    Stamp stamp;
    secret_fill(stamp.salt, SALT_BYTES);
    derive(key, stamp.salt, CHECK_LABEL, stamp.check, CHECK_BYTES);
    g_autofree char *salt = hex_text(stamp.salt, SALT_BYTES), *check = hex_text(stamp.check, CHECK_BYTES);
    return g_strdup_printf(STAMP_BEGIN "%s %s\n", salt, check);
}

StateKeyMatch
state_key_match(const StateKey *key, const char *text)
{
    Stamp stamp;
    guint8 check[CHECK_BYTES];
    if (!stamp_read(text, &stamp))
        return STATE_KEY_NO_STAMP;
    derive(key, stamp.salt, CHECK_LABEL, check, CHECK_BYTES);
    return CRYPTO_memcmp(check, stamp.check, CHECK_BYTES) == 0 ? STATE_KEY_RIGHT : STATE_KEY_OTHER;
}

char *
state_key_of_stamp(const StateKey *key, const char *text, const char *label)
{
    Stamp stamp;
    guint8 bytes[STATE_KEY_BYTES];
    if (state_key_match(key, text) != STATE_KEY_RIGHT || !stamp_read(text, &stamp))
        return NULL;
    derive(key, stamp.salt, label, bytes, sizeof bytes);
    char *hex = hex_text(bytes, sizeof bytes);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return hex;
}

void
state_key_text_free(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    g_free(text);
}

/* ---- sealed texts: salt, nonce, tag, then what was the text ---- */

#define SEAL_HEAD (SALT_BYTES + NONCE_BYTES + TAG_BYTES)

/* GCM over `size` bytes, from `in` to `out`. When it opens, FALSE is a tag that does not fit. */
static gboolean
gcm(const StateKey *key, const char *label, guint8 *head, const guint8 *in, gsize size, guint8 *out, gboolean seal)
{
    guint8 own[STATE_KEY_BYTES], *nonce = head + SALT_BYTES, *tag = nonce + NONCE_BYTES;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int n = 0, last = 0;
    derive(key, head, label, own, sizeof own);
    gboolean ok = context && EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, own, nonce, seal) == 1 &&
                  (seal || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1) &&
                  EVP_CipherUpdate(context, out, &n, in, (int)size) == 1 && EVP_CipherFinal_ex(context, out + n, &last) == 1 &&
                  (!seal || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1);
    OPENSSL_cleanse(own, sizeof own);
    EVP_CIPHER_CTX_free(context);
    return ok;
}

char *
state_key_seal(const StateKey *key, const char *label, const char *text)
{
    const gsize length = strlen(text);
    if (!key)
        return g_strdup(text);
    g_autofree guint8 *sealed = g_malloc(SEAL_HEAD + length);
    secret_fill(sealed, SALT_BYTES + NONCE_BYTES);
    if (!gcm(key, label, sealed, (const guint8 *)text, length, sealed + SEAL_HEAD, /* seal= */ TRUE))
        g_error("AES-256-GCM: OpenSSL cannot encrypt");
    g_autofree char *coded = g_base64_encode(sealed, SEAL_HEAD + length);
    return g_strconcat(SEAL_BEGIN, coded, NULL);
}

gboolean
state_key_is_sealed(const char *text)
{
    return g_str_has_prefix(text, SEAL_BEGIN);
}

char *
state_key_open(const StateKey *key, const char *label, const char *text, GError **error)
{
    gsize size;
    if (!state_key_is_sealed(text))
        return g_strdup(text);
    if (!key) {
        arm_fail(error, ARM_INTERNAL, "state-key", "The %s are encrypted by a state key, and there is none.", label);
        return NULL;
    }
    g_autofree guint8 *sealed = g_base64_decode(text + strlen(SEAL_BEGIN), &size);
    g_autofree char *opened = g_malloc0(size + 1);
    if (size < SEAL_HEAD || !gcm(key, label, sealed, sealed + SEAL_HEAD, size - SEAL_HEAD, (guint8 *)opened, FALSE)) {
        arm_fail(error, ARM_INTERNAL, "state-key", "The %s are encrypted by another state key, or were changed.", label);
        return NULL;
    }
    return g_steal_pointer(&opened);
}
