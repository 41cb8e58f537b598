/* A secret that was made for both of its keys. Source: TPM 2.0 Library, Part 1, section 24 and annex B.10.4. */
#include "base/cursor.h"
#include "host/simulated/bytes.h"
#include "host/simulated/tpm_internal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <string.h>

#define AES_KEY_SIZE 16
#define SEED_MAX     256

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static void
hmac(const guint8 *key, gsize key_size, const GByteArray *message, guint8 ret_mac[SIM_DIGEST_SIZE])
{
    g_assert(HMAC(EVP_sha256(), key, (int)key_size, message->data, message->len, ret_mac, NULL));
}

/* KDFa, of which one round is enough. */
static void
key_derive(const guint8 *seed, const char *label, const guint8 *context, gsize context_size, guint bits,
           guint8 ret_key[SIM_DIGEST_SIZE])
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    put_be(message, 1, 4);
    put_bytes(message, label, strlen(label) + 1);
    put_bytes(message, context, context_size);
    put_be(message, bits, 4);
    hmac(seed, SIM_DIGEST_SIZE, message, ret_key);
}

static gboolean
seed_open(const SimTpm *tpm, GBytes *secret, guint8 ret_seed[SIM_DIGEST_SIZE])
{
    static const char label[] = "IDENTITY"; /* with its NUL */
    gsize size, seed_size = SEED_MAX;
    guint8 seed[SEED_MAX];
    const guint8 *bytes = g_bytes_get_data(secret, &size);
    Cursor at = cursor_over(bytes, size), wrapped = cursor_sized(&at);
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(tpm->ek_key, NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, (char *)OSSL_PKEY_RSA_PAD_MODE_OAEP, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, (void *)label, sizeof label),
        OSSL_PARAM_construct_end(),
    };
    if (!cursor_is_done(&at) || EVP_PKEY_decrypt_init_ex(context, params) != 1 ||
        EVP_PKEY_decrypt(context, seed, &seed_size, wrapped.at, wrapped.left) != 1 || seed_size != SIM_DIGEST_SIZE)
        return FALSE;
    memcpy(ret_seed, seed, SIM_DIGEST_SIZE);
    return TRUE;
}

/* The MAC is over what is enciphered, and the name of the key that it is for. */
static gboolean
is_for_ak(const SimTpm *tpm, const guint8 *seed, Cursor mac, Cursor enciphered)
{
    g_autoptr(GByteArray) covered = g_byte_array_new();
    guint8 key[SIM_DIGEST_SIZE], expected[SIM_DIGEST_SIZE];
    key_derive(seed, "INTEGRITY", NULL, 0, 8 * SIM_DIGEST_SIZE, key);
    put_bytes(covered, enciphered.at, enciphered.left);
    put_bytes(covered, tpm->ak_name, SIM_NAME_SIZE);
    hmac(key, sizeof key, covered, expected);
    return mac.left == sizeof expected && CRYPTO_memcmp(mac.at, expected, sizeof expected) == 0;
}

static GByteArray *
decipher(const SimTpm *tpm, const guint8 *seed, Cursor enciphered)
{
    static const guint8 zero[16];
    guint8 key[SIM_DIGEST_SIZE];
    int size = 0;
    GByteArray *plain = g_byte_array_new();
    g_autoptr(EVP_CIPHER_CTX) cipher = EVP_CIPHER_CTX_new();
    put_bytes(plain, enciphered.at, enciphered.left);
    key_derive(seed, "STORAGE", tpm->ak_name, SIM_NAME_SIZE, 8 * AES_KEY_SIZE, key);
    g_assert(cipher && EVP_DecryptInit_ex(cipher, EVP_aes_128_cfb128(), NULL, key, zero) == 1 &&
             EVP_DecryptUpdate(cipher, plain->data, &size, plain->data, (int)plain->len) == 1 && (guint)size == plain->len);
    return plain;
}

GBytes *
sim_tpm_activate(const SimTpm *tpm, GBytes *id_object, GBytes *secret)
{
    gsize size;
    guint8 seed[SIM_DIGEST_SIZE];
    const guint8 *bytes = g_bytes_get_data(id_object, &size);
    Cursor outer = cursor_over(bytes, size), object = cursor_sized(&outer), mac = cursor_sized(&object);
    if (!cursor_is_done(&outer) || object.failed || !seed_open(tpm, secret, seed) || !is_for_ak(tpm, seed, mac, object))
        return NULL;
    g_autoptr(GByteArray) plain = decipher(tpm, seed, object);
    Cursor at = cursor_over(plain->data, plain->len), opened = cursor_sized(&at);
    return cursor_is_done(&at) ? g_bytes_new(opened.at, opened.left) : NULL;
}
