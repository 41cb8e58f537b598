#include "attest/credential.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#define SEED_SIZE    SHA256_SIZE
#define AES_KEY_SIZE 16
#define RSA_SIZE_MAX 512

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static void
number16_put(GByteArray *out, gsize number)
{
    const guint8 bytes[] = { (guint8)(number >> 8), (guint8)number };
    g_byte_array_append(out, bytes, sizeof bytes);
}

static void
sized_put(GByteArray *out, const guint8 *bytes, gsize size)
{
    number16_put(out, size);
    g_byte_array_append(out, bytes, (guint)size);
}

static gboolean
hmac(const guint8 *key, gsize key_size, const GByteArray *message, guint8 ret_mac[SHA256_SIZE])
{
    return HMAC(EVP_sha256(), key, (int)key_size, message->data, message->len, ret_mac, NULL) != NULL;
}

/* KDFa (Part 1, section 11.4.10.2) for at most as much as one round gives. The label's NUL is part of it. */
static gboolean
kdfa(const guint8 seed[SEED_SIZE], const char *label, const guint8 *context, gsize context_size, guint8 *ret_key,
     gsize key_size)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    const guint8 counter[] = { 0, 0, 0, 1 };
    const gsize bits = key_size * 8;
    guint8 mac[SHA256_SIZE];
    g_byte_array_append(message, counter, sizeof counter);
    g_byte_array_append(message, (const guint8 *)label, (guint)strlen(label) + 1);
    g_byte_array_append(message, context, (guint)context_size);
    number16_put(message, 0);
    number16_put(message, bits);
    gboolean ok = hmac(seed, SEED_SIZE, message, mac);
    memcpy(ret_key, mac, key_size);
    OPENSSL_cleanse(mac, sizeof mac);
    return ok;
}

static gboolean
aes_cfb(const guint8 key[AES_KEY_SIZE], GByteArray *text)
{
    static const guint8 zero[16];
    g_autoptr(EVP_CIPHER_CTX) cipher = EVP_CIPHER_CTX_new();
    int size = 0;
    return cipher && EVP_EncryptInit_ex(cipher, EVP_aes_128_cfb128(), NULL, key, zero) == 1 &&
           EVP_EncryptUpdate(cipher, text->data, &size, text->data, (int)text->len) == 1 && (guint)size == text->len;
}

static GBytes *
seed_wrap(const TpmKey *ek, const guint8 seed[SEED_SIZE])
{
    static const char label[] = "IDENTITY"; /* with its NUL */
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(ek->rsa, NULL);
    g_autoptr(GByteArray) out = g_byte_array_new();
    guint8 wrapped[RSA_SIZE_MAX];
    size_t size = sizeof wrapped;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, (char *)OSSL_PKEY_RSA_PAD_MODE_OAEP, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, (void *)label, sizeof label),
        OSSL_PARAM_construct_end(),
    };
    if (!context || EVP_PKEY_encrypt_init_ex(context, params) != 1 ||
        EVP_PKEY_encrypt(context, wrapped, &size, seed, SEED_SIZE) != 1)
        return NULL;
    sized_put(out, wrapped, size);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

/* The secret, enciphered, and a MAC that ties it to the attestation key's name. */
static GBytes *
id_object(const guint8 seed[SEED_SIZE], const guint8 ak_name[TPM_NAME_SIZE], const guint8 *secret)
{
    guint8 cipher_key[AES_KEY_SIZE], mac_key[SHA256_SIZE], mac[SHA256_SIZE];
    g_autoptr(GByteArray) text = g_byte_array_new(), covered = g_byte_array_new(), object = g_byte_array_new(),
                          out = g_byte_array_new();
    sized_put(text, secret, CREDENTIAL_SECRET_SIZE);
    gboolean ok = kdfa(seed, "STORAGE", ak_name, TPM_NAME_SIZE, cipher_key, sizeof cipher_key) &&
                  kdfa(seed, "INTEGRITY", NULL, 0, mac_key, sizeof mac_key) && aes_cfb(cipher_key, text);
    g_byte_array_append(covered, text->data, text->len);
    g_byte_array_append(covered, ak_name, TPM_NAME_SIZE);
    ok = ok && hmac(mac_key, sizeof mac_key, covered, mac);
    OPENSSL_cleanse(cipher_key, sizeof cipher_key);
    OPENSSL_cleanse(mac_key, sizeof mac_key);
    if (!ok)
        return NULL;
    sized_put(object, mac, sizeof mac);
    g_byte_array_append(object, text->data, text->len);
    sized_put(out, object->data, object->len);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

gboolean
credential_make(const TpmKey *ek, const guint8 ak_name[TPM_NAME_SIZE], const guint8 secret[CREDENTIAL_SECRET_SIZE],
                GBytes **ret_id_object, GBytes **ret_encrypted_secret, GError **error)
{
    guint8 seed[SEED_SIZE];
    if (ek->type != TPM_KEY_RSA)
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The endorsement key is not an RSA key.");
    g_autoptr(GBytes) wrapped = RAND_bytes(seed, sizeof seed) == 1 ? seed_wrap(ek, seed) : NULL;
    g_autoptr(GBytes) object = wrapped ? id_object(seed, ak_name, secret) : NULL;
    OPENSSL_cleanse(seed, sizeof seed);
    if (!object)
        return arm_fail(error, ARM_INTERNAL, NULL, "The credential for the TPM's keys could not be made.");
    *ret_id_object = g_steal_pointer(&object);
    *ret_encrypted_secret = g_steal_pointer(&wrapped);
    return TRUE;
}
