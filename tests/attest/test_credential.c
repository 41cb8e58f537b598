/* Credentials, opened as TPM2_ActivateCredential does it, step by step. */
#include "attest/credential.h"

#include "attest/digest.h"
#include "base/cursor.h"

#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <string.h>

#define SEED_SIZE 32

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static const guint8 secret[CREDENTIAL_SECRET_SIZE] = "thirty-two bytes of some secret.";
static const guint8 ak_name[TPM_NAME_SIZE] = "\0\013the name of an attestation key..";
static const guint8 other_name[TPM_NAME_SIZE] = "\0\013the name of an attestation key,.";

typedef enum {
    OPENED,
    NO_SEED,      /* TPM_RC_VALUE: another endorsement key, or another label */
    NO_INTEGRITY, /* TPM_RC_INTEGRITY: another name, or it was damaged */
    NO_CREDENTIAL /* TPM_RC_SIZE */
} Opening;

/* ---- what a TPM does ---- */

static gboolean
seed_unwrap(EVP_PKEY *ek, Cursor wrapped, guint8 ret_seed[SEED_SIZE])
{
    guint8 seed[512];
    size_t size = sizeof seed;
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(ek, NULL);
    g_assert_cmpint(EVP_PKEY_decrypt_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set0_rsa_oaep_label(context, OPENSSL_memdup("IDENTITY", 9), 9), ==, 1);
    if (EVP_PKEY_decrypt(context, seed, &size, wrapped.at, wrapped.left) != 1 || size != SEED_SIZE)
        return FALSE;
    memcpy(ret_seed, seed, SEED_SIZE);
    return TRUE;
}

/* KDFa: counter, label, 0, context, number of bits. Written out for the two that are needed. */
static void
storage_key(const guint8 *seed, const guint8 *name, guint8 ret_key[SHA256_SIZE])
{
    guint8 message[4 + 8 + TPM_NAME_SIZE + 4] = "\0\0\0\1STORAGE";
    memcpy(message + 12, name, TPM_NAME_SIZE);
    message[sizeof message - 1] = 128;
    HMAC(EVP_sha256(), seed, SEED_SIZE, message, sizeof message, ret_key, NULL);
}

static void
integrity_key(const guint8 *seed, guint8 ret_key[SHA256_SIZE])
{
    static const guint8 message[4 + 10 + 4] = "\0\0\0\1INTEGRITY\0\0\0\1";
    HMAC(EVP_sha256(), seed, SEED_SIZE, message, sizeof message, ret_key, NULL);
}

static gboolean
mac_holds(const guint8 *seed, Cursor mac, Cursor enciphered, const guint8 *name)
{
    guint8 key[SHA256_SIZE], expected[SHA256_SIZE], covered[256];
    integrity_key(seed, key);
    g_assert_cmpuint(enciphered.left + TPM_NAME_SIZE, <=, sizeof covered);
    memcpy(covered, enciphered.at, enciphered.left);
    memcpy(covered + enciphered.left, name, TPM_NAME_SIZE);
    HMAC(EVP_sha256(), key, sizeof key, covered, enciphered.left + TPM_NAME_SIZE, expected, NULL);
    return mac.left == sizeof expected && memcmp(mac.at, expected, sizeof expected) == 0;
}

static Opening
credential_open(EVP_PKEY *ek, const guint8 *name, GBytes *object, GBytes *wrapped, guint8 ret_secret[CREDENTIAL_SECRET_SIZE])
{
    guint8 seed[SEED_SIZE], key[SHA256_SIZE], plain[256];
    static const guint8 zero[16];
    gsize object_size, wrapped_size;
    const guint8 *object_bytes = g_bytes_get_data(object, &object_size);
    const guint8 *wrapped_bytes = g_bytes_get_data(wrapped, &wrapped_size);
    Cursor outer = cursor_over(object_bytes, object_size), inner = cursor_sized(&outer), mac = cursor_sized(&inner);
    Cursor seed_outer = cursor_over(wrapped_bytes, wrapped_size), seed_inner = cursor_sized(&seed_outer);
    g_assert_true(cursor_is_done(&outer) && cursor_is_done(&seed_outer) && !inner.failed);
    if (!seed_unwrap(ek, seed_inner, seed))
        return NO_SEED;
    if (!mac_holds(seed, mac, inner, name))
        return NO_INTEGRITY;
    int size = 0;
    g_autoptr(EVP_CIPHER_CTX) cipher = EVP_CIPHER_CTX_new();
    storage_key(seed, name, key);
    g_assert_cmpint(EVP_DecryptInit_ex(cipher, EVP_aes_128_cfb128(), NULL, key, zero), ==, 1);
    g_assert_cmpint(EVP_DecryptUpdate(cipher, plain, &size, inner.at, (int)inner.left), ==, 1);
    Cursor at = cursor_over(plain, (gsize)size), opened = cursor_sized(&at);
    if (!cursor_is_done(&at) || opened.left != CREDENTIAL_SECRET_SIZE)
        return NO_CREDENTIAL;
    memcpy(ret_secret, opened.at, CREDENTIAL_SECRET_SIZE);
    return OPENED;
}

/* ---- tests ---- */

static TpmKey
key_of(EVP_PKEY *key, TpmKeyType type)
{
    return (TpmKey){ .type = type, .rsa = key };
}

/* Made once: it takes a while. */
static EVP_PKEY *ek_key, *other_key;

/* Damage is done to one byte of what was made: of the id object or of the wrapped seed. */
static const struct {
    const char *name;
    gboolean other_ek, other_name, of_seed;
    gint damage; /* the byte; -1: none */
    Opening opening;
} cases[] = {
    { "both-keys", FALSE, FALSE, FALSE, -1, OPENED },
    { "another-attestation-key", FALSE, TRUE, FALSE, -1, NO_INTEGRITY },
    { "another-endorsement-key", TRUE, FALSE, FALSE, -1, NO_SEED },
    { "both-are-others", TRUE, TRUE, FALSE, -1, NO_SEED },
    { "the-mac-damaged", FALSE, FALSE, FALSE, 4, NO_INTEGRITY },
    { "the-secret-damaged", FALSE, FALSE, FALSE, 69, NO_INTEGRITY },
    { "the-seed-damaged", FALSE, FALSE, TRUE, 100, NO_SEED },
};

static void
test_open(const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    const TpmKey ek = key_of(ek_key, TPM_KEY_RSA);
    g_autoptr(GBytes) object = NULL, wrapped = NULL;
    g_autoptr(GError) error = NULL;
    guint8 opened[CREDENTIAL_SECRET_SIZE];
    credential_make(&ek, ak_name, secret, &object, &wrapped, &error);
    g_assert_no_error(error);
    /* TPM2B of a MAC as TPM2B, and a TPM2B of the secret; TPM2B of what RSA-2048 gives. */
    g_assert_cmpuint(g_bytes_get_size(object), ==, 2 + 2 + 32 + 2 + 32);
    g_assert_cmpuint(g_bytes_get_size(wrapped), ==, 2 + 256);
    if (cases[i].damage >= 0) {
        gsize size;
        GBytes **damaged = cases[i].of_seed ? &wrapped : &object;
        guint8 *bytes = g_bytes_unref_to_data(g_steal_pointer(damaged), &size);
        g_assert_cmpint(cases[i].damage, <, size);
        bytes[cases[i].damage] ^= 1;
        *damaged = g_bytes_new_take(bytes, size);
    }
    g_assert_cmpint(credential_open(cases[i].other_ek ? other_key : ek_key, cases[i].other_name ? other_name : ak_name, object,
                                    wrapped, opened),
                    ==, cases[i].opening);
    if (cases[i].opening == OPENED)
        g_assert_cmpmem(opened, sizeof opened, secret, sizeof secret);
}

/* One that was seen in one round is of no use in another. */
static void
test_fresh_each_time(void)
{
    const TpmKey ek = key_of(ek_key, TPM_KEY_RSA);
    g_autoptr(GBytes) first = NULL, first_wrapped = NULL, second = NULL, second_wrapped = NULL;
    guint8 opened[CREDENTIAL_SECRET_SIZE];
    g_assert_true(credential_make(&ek, ak_name, secret, &first, &first_wrapped, NULL));
    g_assert_true(credential_make(&ek, ak_name, secret, &second, &second_wrapped, NULL));
    g_assert_false(g_bytes_equal(first, second) || g_bytes_equal(first_wrapped, second_wrapped));
    g_assert_cmpint(credential_open(ek_key, ak_name, first, second_wrapped, opened), ==, NO_INTEGRITY);
}

static void
test_no_rsa_key(void)
{
    g_autoptr(EVP_PKEY) private = EVP_EC_gen("P-256");
    const TpmKey ek = key_of(private, TPM_KEY_ECC);
    GBytes *object = NULL, *wrapped = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(credential_make(&ek, ak_name, secret, &object, &wrapped, &error));
    g_assert_error(error, ARM_ERROR, ARM_BAD_REQUEST);
    g_assert_null(object);
    g_assert_null(wrapped);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ek_key = EVP_RSA_gen(2048);
    other_key = EVP_RSA_gen(2048);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/credential/open/", cases[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_open);
    }
    g_test_add_func("/credential/fresh-each-time", test_fresh_each_time);
    g_test_add_func("/credential/no-rsa-key", test_no_rsa_key);
    const int failed = g_test_run();
    EVP_PKEY_free(ek_key);
    EVP_PKEY_free(other_key);
    return failed;
}
