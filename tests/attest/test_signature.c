/* Keys as a TPM gives them, and what was signed with them: each kind and scheme, made by OpenSSL and put into the TPM's form.
 */
#include "attest/quote.h"
#include "attest/tpm_alg.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#define ATTRIBUTES 0x00050472
#define RSA_BITS   1024

typedef struct {
    const char *name;
    const char *curve; /* NULL: RSA */
    guint16 curve_id;
    gsize size; /* of a coordinate */
    guint16 scheme;
    guint times; /* numbers differ in length from one signature to the other: of 256, one is shorter */
} Kind;

static const Kind kinds[] = {
    { "P-256", "P-256", TPM_ECC_NIST_P256, 32, TPM_ALG_ECDSA, 600 },
    { "P-384", "P-384", TPM_ECC_NIST_P384, 48, TPM_ALG_ECDSA, 1 },
    { "RSASSA", NULL, 0, 0, TPM_ALG_RSASSA, 1 },
    { "RSAPSS", NULL, 0, 0, TPM_ALG_RSAPSS, 1 },
};

static void
put(GByteArray *to, guint64 value, guint size)
{
    for (guint i = size; i-- > 0;) {
        const guint8 byte = (guint8)(value >> 8 * i);
        g_byte_array_append(to, &byte, 1);
    }
}

static void
put_sized(GByteArray *to, const guint8 *bytes, gsize size)
{
    put(to, size, 2);
    g_byte_array_append(to, bytes, (guint)size);
}

/* Without leading zeros, as a TPM may give it. */
static void
put_number(GByteArray *to, const BIGNUM *number)
{
    guint8 bytes[512];
    put_sized(to, bytes, (gsize)BN_bn2bin(number, bytes));
}

static BIGNUM *
number_of(EVP_PKEY *key, const char *name)
{
    BIGNUM *number = NULL;
    g_assert_cmpint(EVP_PKEY_get_bn_param(key, name, &number), ==, 1);
    return number;
}

/* TPM2B_PUBLIC; y_off is added to the point's y. */
static GBytes *
public_of(EVP_PKEY *key, const Kind *kind, guint y_off)
{
    GByteArray *area = g_byte_array_new(), *whole = g_byte_array_new();
    put(area, kind->curve ? TPM_ALG_ECC : TPM_ALG_RSA, 2);
    put(area, TPM_ALG_SHA256, 2);
    put(area, ATTRIBUTES, 4);
    put(area, 0, 2);
    put(area, TPM_ALG_NULL, 2);
    put(area, kind->scheme, 2);
    put(area, TPM_ALG_SHA256, 2);
    BIGNUM *first = number_of(key, kind->curve ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_N);
    put(area, kind->curve ? kind->curve_id : RSA_BITS, 2);
    put(area, kind->curve ? TPM_ALG_NULL : 0, kind->curve ? 2 : 4);
    put_number(area, first);
    if (kind->curve) {
        BIGNUM *y = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y);
        g_assert_cmpint(BN_add_word(y, y_off), ==, 1);
        put_number(area, y);
        BN_free(y);
    }
    put_sized(whole, area->data, area->len);
    BN_free(first);
    g_byte_array_unref(area);
    return g_byte_array_free_to_bytes(whole);
}

/* TPMT_SIGNATURE */
static GBytes *
signature_of(EVP_PKEY *key, const Kind *kind, GBytes *message)
{
    guint8 bytes[512];
    size_t size = sizeof bytes;
    EVP_PKEY_CTX *options = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    GByteArray *signature = g_byte_array_new();
    g_assert_cmpint(EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, key), ==, 1);
    if (kind->scheme == TPM_ALG_RSAPSS)
        g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), ==, 1);
    g_assert_cmpint(EVP_DigestSign(context, bytes, &size, g_bytes_get_data(message, NULL), g_bytes_get_size(message)), ==, 1);
    EVP_MD_CTX_free(context);
    put(signature, kind->scheme, 2);
    put(signature, TPM_ALG_SHA256, 2);
    if (kind->curve) {
        const guint8 *at = bytes;
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
        put_number(signature, ECDSA_SIG_get0_r(pair));
        put_number(signature, ECDSA_SIG_get0_s(pair));
        ECDSA_SIG_free(pair);
    } else {
        put_sized(signature, bytes, size);
    }
    return g_byte_array_free_to_bytes(signature);
}

static EVP_PKEY *
key_new(const Kind *kind)
{
    return kind->curve ? EVP_EC_gen(kind->curve) : EVP_RSA_gen(RSA_BITS);
}

static GBytes *
changed(GBytes *bytes, gsize at)
{
    gsize size;
    guint8 *copy = g_bytes_unref_to_data(g_bytes_ref(bytes), &size);
    copy[at] ^= 1;
    return g_bytes_new_take(copy, size);
}

static void
test_kind(gconstpointer data)
{
    const Kind *kind = data;
    EVP_PKEY *pair = key_new(kind), *other = key_new(kind);
    g_autoptr(GBytes) message = g_bytes_new_static("what was quoted", 15), another = changed(message, 3);
    g_autoptr(GBytes) public = public_of(pair, kind, 0), other_public = public_of(other, kind, 0);
    g_autoptr(TpmKey) key = tpm_key_parse(public, NULL), other_key = tpm_key_parse(other_public, NULL);
    g_assert_true(key && other_key && tpm_key_attests(key));
    g_assert_true(tpm_key_is(key, pair));
    g_assert_false(tpm_key_is(key, other));
    for (guint i = 0; i < kind->times; i++) {
        g_autoptr(GBytes) signature = signature_of(pair, kind, message);
        g_assert_cmpint(signature_check(signature, message, key), ==, SIGNATURE_HOLDS);
        if (i > 0)
            continue;
        const gsize size = g_bytes_get_size(signature);
        g_autoptr(GBytes) broken = changed(signature, size - 1), cut = g_bytes_new_from_bytes(signature, 0, size - 1),
                          sha1 = changed(signature, 3);
        g_assert_cmpint(signature_check(signature, another, key), ==, SIGNATURE_BROKEN);
        g_assert_cmpint(signature_check(signature, message, other_key), ==, SIGNATURE_BROKEN);
        g_assert_cmpint(signature_check(broken, message, key), ==, SIGNATURE_BROKEN);
        g_assert_cmpint(signature_check(cut, message, key), ==, SIGNATURE_MALFORMED);
        g_assert_cmpint(signature_check(sha1, message, key), ==, SIGNATURE_MALFORMED);
    }
    EVP_PKEY_free(pair);
    EVP_PKEY_free(other);
}

/* A key that says how it signs signs in no other way, though the number be right. */
static void
test_other_scheme(void)
{
    const Kind *ssa = &kinds[2], *pss = &kinds[3], *curve = &kinds[0];
    EVP_PKEY *rsa = key_new(ssa), *ecc = key_new(curve);
    g_autoptr(GBytes) message = g_bytes_new_static("what was quoted", 15);
    g_autoptr(GBytes) ssa_public = public_of(rsa, ssa, 0), ecc_public = public_of(ecc, curve, 0);
    g_autoptr(TpmKey) ssa_key = tpm_key_parse(ssa_public, NULL), ecc_key = tpm_key_parse(ecc_public, NULL);
    g_autoptr(GBytes) by_pss = signature_of(rsa, pss, message), by_ecc = signature_of(ecc, curve, message);
    g_assert_cmpint(signature_check(by_pss, message, ssa_key), ==, SIGNATURE_BROKEN);
    g_assert_cmpint(signature_check(by_pss, message, ecc_key), ==, SIGNATURE_BROKEN);
    g_assert_cmpint(signature_check(by_ecc, message, ssa_key), ==, SIGNATURE_BROKEN);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ecc);
}

static void
test_point_off_curve(void)
{
    for (guint i = 0; i < 2; i++) {
        EVP_PKEY *pair = key_new(&kinds[i]);
        g_autoptr(GBytes) off = public_of(pair, &kinds[i], 1);
        g_autoptr(GError) error = NULL;
        g_assert_null(tpm_key_parse(off, &error));
        g_assert_nonnull(error);
        EVP_PKEY_free(pair);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *path = g_strconcat("/signature/", kinds[i].name, NULL);
        g_test_add_data_func(path, &kinds[i], test_kind);
    }
    g_test_add_func("/signature/other-scheme", test_other_scheme);
    g_test_add_func("/signature/point-off-curve", test_point_off_curve);
    return g_test_run();
}
