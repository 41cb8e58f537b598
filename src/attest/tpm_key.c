#include "attest/tpm_key.h"

#include "attest/digest.h"
#include "attest/ecc.h"
#include "attest/tpm_alg.h"
#include "base/cursor.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

#define RSA_MAX_BYTES 512
/* When the public area says 0: TPM 2.0 Library, Part 2, section 12.2.3.5. */
#define RSA_DEFAULT_EXPONENT 65537

static void
params_unset(OSSL_PARAM_BLD *build)
{
    OSSL_PARAM_BLD_free(build);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, params_unset)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

static EVP_PKEY *
rsa_key(Cursor modulus, guint32 exponent)
{
    if (modulus.left == 0 || modulus.left > RSA_MAX_BYTES)
        return NULL;
    g_autoptr(BIGNUM) n = BN_bin2bn(modulus.at, (int)modulus.left, NULL);
    g_autoptr(BIGNUM) e = BN_new();
    g_autoptr(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
    if (!n || !e || !build || BN_set_word(e, exponent ? exponent : RSA_DEFAULT_EXPONENT) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1)
        return NULL;
    EVP_PKEY *key = NULL;
    g_autoptr(OSSL_PARAM) params = OSSL_PARAM_BLD_to_param(build);
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

/* TPMT_SYM_DEF_OBJECT: of keys that protect others. */
static void
symmetric_skip(Cursor *at)
{
    if (cursor_u16be(at) == TPM_ALG_NULL)
        return;
    /* keyBits, mode */
    cursor_take(at, 4);
}

/* TPMT_*_SCHEME of a signing key: the scheme and its hash. */
static guint16
scheme_read(Cursor *at)
{
    guint16 scheme = cursor_u16be(at);
    if (scheme != TPM_ALG_NULL && cursor_u16be(at) != TPM_ALG_SHA256)
        at->failed = TRUE;
    return scheme;
}

static void
rsa_read(Cursor *at, TpmKey *key)
{
    symmetric_skip(at);
    key->scheme = scheme_read(at);
    cursor_u16be(at); /* keyBits: the modulus tells */
    guint32 exponent = cursor_u32be(at);
    Cursor modulus = cursor_sized(at);
    if (cursor_is_done(at))
        key->rsa = rsa_key(modulus, exponent);
}

static void
ecc_read(Cursor *at, TpmKey *key)
{
    symmetric_skip(at);
    key->scheme = scheme_read(at);
    guint16 curve = cursor_u16be(at);
    if (cursor_u16be(at) != TPM_ALG_NULL) /* kdf */
        at->failed = TRUE;
    Cursor x = cursor_sized(at), y = cursor_sized(at);
    if (cursor_is_done(at))
        key->ecc = ecc_key_new(curve, x, y);
}

static void
public_read(Cursor at, TpmKey *key)
{
    guint16 type = cursor_u16be(&at);
    if (cursor_u16be(&at) != TPM_ALG_SHA256) /* nameAlg */
        at.failed = TRUE;
    key->attributes = cursor_u32be(&at);
    cursor_sized(&at); /* authPolicy: who may use it is no matter here */
    key->type = type == TPM_ALG_RSA ? TPM_KEY_RSA : TPM_KEY_ECC;
    if (type == TPM_ALG_RSA)
        rsa_read(&at, key);
    else if (type == TPM_ALG_ECC)
        ecc_read(&at, key);
}

TpmKey *
tpm_key_parse(GBytes *bytes, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    Cursor outer = cursor_over(data, size), area = cursor_sized(&outer);
    g_autoptr(TpmKey) key = g_new0(TpmKey, 1);
    if (cursor_is_done(&outer) && area.left > 0)
        public_read(area, key);
    if (!key->rsa && !key->ecc) {
        arm_fail(error, ARM_BAD_REQUEST, NULL,
                 "The public key cannot be read: a TPM2B_PUBLIC of RSA, or of ECC on P-256 or P-384, with SHA-256, is taken.");
        return NULL;
    }
    key->name[0] = TPM_ALG_SHA256 >> 8;
    key->name[1] = TPM_ALG_SHA256 & 0xff;
    sha256(area.at, area.left, key->name + 2);
    return g_steal_pointer(&key);
}

void
tpm_key_free(TpmKey *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->rsa);
    ecc_key_free(key->ecc);
    g_free(key);
}

gboolean
tpm_key_is(const TpmKey *key, const EVP_PKEY *other)
{
    return key->rsa ? EVP_PKEY_eq(key->rsa, other) == 1 : ecc_key_is(key->ecc, other);
}

static void
qualified(const guint8 *parent, gsize parent_size, const TpmKey *key, guint8 ret_name[TPM_NAME_SIZE])
{
    guint8 digest[SHA256_SIZE];
    sha256_two(parent, parent_size, key->name, TPM_NAME_SIZE, digest);
    memcpy(ret_name, key->name, 2);
    memcpy(ret_name + 2, digest, SHA256_SIZE);
}

void
tpm_key_qualified_name(const TpmKey *key, const TpmKey *parent, guint32 hierarchy, guint8 ret_name[TPM_NAME_SIZE])
{
    const guint8 handle[4] = { hierarchy >> 24 & 0xff, hierarchy >> 16 & 0xff, hierarchy >> 8 & 0xff, hierarchy & 0xff };
    guint8 above[TPM_NAME_SIZE];
    if (!parent) {
        qualified(handle, sizeof handle, key, ret_name);
        return;
    }
    qualified(handle, sizeof handle, parent, above);
    qualified(above, sizeof above, key, ret_name);
}

gboolean
tpm_key_attests(const TpmKey *key)
{
    const guint32 needed = TPM_KEY_FIXED_TPM | TPM_KEY_FIXED_PARENT | TPM_KEY_ORIGIN | TPM_KEY_RESTRICTED | TPM_KEY_SIGN;
    return (key->attributes & needed) == needed && !(key->attributes & TPM_KEY_DECRYPT);
}
