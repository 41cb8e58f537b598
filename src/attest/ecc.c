/* OpenSSL 3 would rather have EVP_PKEY here. A key is made for each piece of evidence, and there it takes a tenth more of all
 * that the evidence needs. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "attest/ecc.h"

#include "attest/tpm_alg.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <string.h>

#define NUMBER_MAX 48

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EC_KEY, EC_KEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)

static gpointer
curve_make(gpointer nid)
{
    EC_GROUP *curve = EC_GROUP_new_by_curve_name(GPOINTER_TO_INT(nid));
    g_assert(curve);
    return curve;
}

/* To make one takes a quarter of the time that a signature's check does; each key has a copy, which takes hardly any. */
static const EC_GROUP *
curve_get(guint16 curve)
{
    static GOnce p256 = G_ONCE_INIT, p384 = G_ONCE_INIT;
    return curve == TPM_ECC_NIST_P256 ? g_once(&p256, curve_make, GINT_TO_POINTER(NID_X9_62_prime256v1))
                                      : g_once(&p384, curve_make, GINT_TO_POINTER(NID_secp384r1));
}

EC_KEY *
ecc_key_new(guint16 curve, Cursor x, Cursor y)
{
    const gsize size = curve == TPM_ECC_NIST_P256 ? 32 : NUMBER_MAX;
    guint8 point[1 + 2 * NUMBER_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
    if ((curve != TPM_ECC_NIST_P256 && curve != TPM_ECC_NIST_P384) || x.left > size || y.left > size)
        return NULL;
    memcpy(point + 1 + size - x.left, x.at, x.left);
    memcpy(point + 1 + 2 * size - y.left, y.at, y.left);
    g_autoptr(EC_KEY) key = EC_KEY_new();
    if (!key || EC_KEY_set_group(key, curve_get(curve)) != 1 || EC_KEY_oct2key(key, point, 1 + 2 * size, NULL) != 1)
        return NULL;
    return g_steal_pointer(&key);
}

void
ecc_key_free(EC_KEY *key)
{
    EC_KEY_free(key);
}

gboolean
ecc_key_is(const EC_KEY *key, const EVP_PKEY *other)
{
    g_autoptr(EVP_PKEY) ours = EVP_PKEY_new();
    return ours && EVP_PKEY_set1_EC_KEY(ours, (EC_KEY *)key) == 1 && EVP_PKEY_eq(ours, other) == 1;
}

gboolean
ecc_verifies(EC_KEY *key, const guint8 digest[SHA256_SIZE], Cursor r, Cursor s)
{
    g_autoptr(ECDSA_SIG) signature = ECDSA_SIG_new();
    BIGNUM *r_number = BN_bin2bn(r.at, (int)r.left, NULL), *s_number = BN_bin2bn(s.at, (int)s.left, NULL);
    if (!signature || !r_number || !s_number || ECDSA_SIG_set0(signature, r_number, s_number) != 1) {
        BN_free(r_number);
        BN_free(s_number);
        return FALSE;
    }
    return ECDSA_do_verify(digest, SHA256_SIZE, signature, key) == 1;
}
