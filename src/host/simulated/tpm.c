#include "host/simulated/tpm_internal.h"

#include "host/simulated/bytes.h"
#include "host/simulated/rsa_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define RSA_BITS  2048
#define EC_SIZE   32
#define P384      "P-384"
#define P384_BITS 384

/* fixedTPM, fixedParent, sensitiveDataOrigin; adminWithPolicy, restricted, decrypt */
#define EK_ATTRIBUTES 0x000300b2u
/* fixedTPM, fixedParent, sensitiveDataOrigin; userWithAuth, noDA, restricted, sign */
#define AK_ATTRIBUTES 0x00050472u

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

/* PolicySecret(TPM_RH_ENDORSEMENT). */
static const guint8 ek_policy[SIM_DIGEST_SIZE] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
                                                   0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
                                                   0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa };

void
sim_sha256(const void *bytes, gsize size, guint8 ret_digest[SIM_DIGEST_SIZE])
{
    g_assert(EVP_Digest(bytes, size, ret_digest, NULL, EVP_sha256(), NULL) == 1);
}

/* ---- public areas ---- */

static GBytes *
public_wrap(const GByteArray *area)
{
    GByteArray *whole = g_byte_array_new();
    put_sized(whole, area->data, area->len);
    return g_byte_array_free_to_bytes(whole);
}

static GBytes *
ek_public(EVP_PKEY *key)
{
    g_autoptr(GByteArray) area = g_byte_array_new();
    guint8 modulus[RSA_BITS / 8];
    BIGNUM *number = NULL;
    g_assert(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &number) == 1);
    g_autoptr(BIGNUM) n = number;
    g_assert(BN_bn2binpad(n, modulus, sizeof modulus) == sizeof modulus);
    put_be(area, TPM_ALG_RSA, 2);
    put_be(area, TPM_ALG_SHA256, 2);
    put_be(area, EK_ATTRIBUTES, 4);
    put_sized(area, ek_policy, sizeof ek_policy);
    put_be(area, TPM_ALG_AES, 2);
    put_be(area, 128, 2);
    put_be(area, TPM_ALG_CFB, 2);
    put_be(area, TPM_ALG_NULL, 2); /* scheme */
    put_be(area, RSA_BITS, 2);
    put_be(area, 0, 4); /* exponent: 65537 */
    put_sized(area, modulus, sizeof modulus);
    return public_wrap(area);
}

static GBytes *
ak_public(EVP_PKEY *key)
{
    g_autoptr(GByteArray) area = g_byte_array_new();
    guint8 point[1 + 2 * EC_SIZE];
    gsize size;
    g_assert(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) == 1 &&
             size == sizeof point);
    put_be(area, TPM_ALG_ECC, 2);
    put_be(area, TPM_ALG_SHA256, 2);
    put_be(area, AK_ATTRIBUTES, 4);
    put_sized(area, "", 0);        /* no policy */
    put_be(area, TPM_ALG_NULL, 2); /* symmetric */
    put_be(area, TPM_ALG_ECDSA, 2);
    put_be(area, TPM_ALG_SHA256, 2);
    put_be(area, TPM_ECC_NIST_P256, 2);
    put_be(area, TPM_ALG_NULL, 2); /* kdf */
    put_sized(area, point + 1, EC_SIZE);
    put_sized(area, point + 1 + EC_SIZE, EC_SIZE);
    return public_wrap(area);
}

/* ---- keys ---- */

/* Takes the keys. */
static SimTpm *
tpm_of(EVP_PKEY *ek_key, EVP_PKEY *ek_p384_key, EVP_PKEY *ak_key)
{
    SimTpm *tpm = g_new0(SimTpm, 1);
    gsize size;
    tpm->ek_key = ek_key;
    tpm->ek_p384_key = ek_p384_key;
    tpm->ak_key = ak_key;
    tpm->ek = ek_public(ek_key);
    tpm->ak = ak_public(ak_key);
    const guint8 *area = g_bytes_get_data(tpm->ak, &size);
    tpm->ak_name[0] = TPM_ALG_SHA256 >> 8;
    tpm->ak_name[1] = TPM_ALG_SHA256 & 0xff;
    sim_sha256(area + 2, size - 2, tpm->ak_name + 2);
    return tpm;
}

SimTpm *
sim_tpm_new(void)
{
    EVP_PKEY *ek_key = sim_rsa_key_new(), *ek_p384_key = EVP_EC_gen(P384), *ak_key = EVP_EC_gen("P-256");
    g_assert(ek_key && ek_p384_key && ak_key);
    return tpm_of(ek_key, ek_p384_key, ak_key);
}

SimTpm *
sim_tpm_copy(const SimTpm *tpm)
{
    g_assert(EVP_PKEY_up_ref(tpm->ek_key) == 1 && EVP_PKEY_up_ref(tpm->ek_p384_key) == 1 && EVP_PKEY_up_ref(tpm->ak_key) == 1);
    return tpm_of(tpm->ek_key, tpm->ek_p384_key, tpm->ak_key);
}

void
sim_tpm_free(SimTpm *tpm)
{
    if (!tpm)
        return;
    EVP_PKEY_free(tpm->ek_key);
    EVP_PKEY_free(tpm->ek_p384_key);
    EVP_PKEY_free(tpm->ak_key);
    g_bytes_unref(tpm->ek);
    g_bytes_unref(tpm->ak);
    g_free(tpm);
}

static json_t *
key_json(const EVP_PKEY *key)
{
    guint8 *der = NULL;
    const int size = i2d_PrivateKey(key, &der);
    g_assert(size > 0);
    g_autofree char *text = g_base64_encode(der, (gsize)size);
    OPENSSL_clear_free(der, (gsize)size);
    return json_string(text);
}

static EVP_PKEY *
key_read(const json_t *value, int kind)
{
    gsize size;
    const char *text = json_string_value(value);
    g_autofree guint8 *der = text ? g_base64_decode(text, &size) : NULL;
    const guint8 *at = der;
    return der && size > 0 && size < G_MAXINT16 ? d2i_PrivateKey(kind, NULL, &at, (long)size) : NULL;
}

json_t *
sim_tpm_json(const SimTpm *tpm)
{
    return json_pack("{so so so}", "ek", key_json(tpm->ek_key), "ekP384", key_json(tpm->ek_p384_key), "ak",
                     key_json(tpm->ak_key));
}

SimTpm *
sim_tpm_read(const json_t *json)
{
    const json_t *p384 = json_object_get(json, "ekP384");
    EVP_PKEY *ek_key = key_read(json_object_get(json, "ek"), EVP_PKEY_RSA);
    /* Those of an older fleet have none yet. */
    EVP_PKEY *ek_p384_key = p384 ? key_read(p384, EVP_PKEY_EC) : EVP_EC_gen(P384);
    EVP_PKEY *ak_key = key_read(json_object_get(json, "ak"), EVP_PKEY_EC);
    if (ek_key && ek_p384_key && ak_key && EVP_PKEY_get_bits(ek_key) == RSA_BITS &&
        EVP_PKEY_get_bits(ek_p384_key) == P384_BITS && EVP_PKEY_get_bits(ak_key) == 8 * EC_SIZE)
        return tpm_of(ek_key, ek_p384_key, ak_key);
    EVP_PKEY_free(ek_key);
    EVP_PKEY_free(ek_p384_key);
    EVP_PKEY_free(ak_key);
    return NULL;
}

GBytes *
sim_tpm_ek(const SimTpm *tpm)
{
    return tpm->ek;
}

GBytes *
sim_tpm_ak(const SimTpm *tpm)
{
    return tpm->ak;
}

/* ---- certificate ---- */

static char *
uuid_of(GBytes *ek)
{
    gsize size;
    guint8 digest[SIM_DIGEST_SIZE];
    const guint8 *bytes = g_bytes_get_data(ek, &size);
    sim_sha256(bytes, size, digest);
    return g_strdup_printf("%02x%02x%02x%02x-%02x%02x-8%x%02x-8%x%02x-%02x%02x%02x%02x%02x%02x", digest[0], digest[1],
                           digest[2], digest[3], digest[4], digest[5], digest[6] & 0xfu, digest[7], digest[8] & 0xfu, digest[9],
                           digest[10], digest[11], digest[12], digest[13], digest[14], digest[15]);
}

/* The subject begins with eight hexadecimal digits that no other vTPM has: they are the number, too, below a bit that tells its
 * certificates apart. For all times: those of a simulated VM may be long ago. */
static gboolean
certificate_fill(X509 *certificate, EVP_PKEY *key, guint64 which, const char *subject)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), g_ascii_strtoull(subject, NULL, 16) | which) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "19700101000000Z") == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const guint8 *)subject, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static GBytes *
certificate_make(const SimTpm *tpm, EVP_PKEY *key, guint64 which)
{
    g_autoptr(X509) certificate = X509_new();
    g_autofree char *subject = uuid_of(tpm->ek);
    guint8 *der = NULL;
    g_assert(certificate && certificate_fill(certificate, key, which, subject));
    const int size = i2d_X509(certificate, &der);
    g_assert(size > 0);
    GBytes *bytes = g_bytes_new(der, (gsize)size);
    OPENSSL_free(der);
    return bytes;
}

GBytes *
sim_tpm_certificate(const SimTpm *tpm)
{
    return certificate_make(tpm, tpm->ek_key, G_GUINT64_CONSTANT(1) << 31);
}

GBytes *
sim_tpm_certificate_p384(const SimTpm *tpm)
{
    return certificate_make(tpm, tpm->ek_p384_key, G_GUINT64_CONSTANT(1) << 32);
}
