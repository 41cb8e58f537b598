#include "attest/identity.h"

#include "attest/chain.h"
#include "attest/crl.h"
#include "attest/digest.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>
#include <string.h>

#define NUMBER_MAX 512

/* DER, X.690, section 8. */
enum { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

static const char *const sentences[IDENTITY_N] = {
    [IDENTITY_CERTIFIED] =
        "The endorsement key is certified by this CA; that the attestation key is in the same TPM, files do not show.",
    [IDENTITY_NO_KEY] = "There is no endorsement key (ek.pub): whose TPM it is cannot be checked.",
    [IDENTITY_NO_CERTIFICATE] =
        "There is no certificate of the endorsement key (ek-rsa.crt.der): whose TPM it is cannot be checked.",
    [IDENTITY_UNREADABLE] = "The endorsement key, its certificate or the CA cannot be read.",
    [IDENTITY_OTHER_KEY] = "The certificate is that of another endorsement key.",
    [IDENTITY_REVOKED] = "The endorsement key's certificate was revoked, or the list that was given does not say it was not.",
    [IDENTITY_NOT_CERTIFIED] = "The endorsement key's certificate does not chain to this CA.",
};

const char *
identity_text(Identity identity)
{
    return sentences[identity];
}

static X509 *
certificate_read(GBytes *der)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(der, &size);
    return size > 0 && size < G_MAXINT32 ? d2i_X509(NULL, &bytes, (long)size) : NULL;
}

Identity
identity_check(GBytes *certificate_bytes, GBytes *ek_bytes, GBytes *ca, GBytes *crls, UnixTime now)
{
    if (!ek_bytes || !certificate_bytes)
        return ek_bytes ? IDENTITY_NO_CERTIFICATE : IDENTITY_NO_KEY;
    g_autoptr(X509) certificate = certificate_read(certificate_bytes);
    g_autoptr(TpmKey) ek = tpm_key_parse(ek_bytes, NULL);
    g_autoptr(Chain) chain = chain_new();
    if (!certificate || !ek || !chain_add(chain, certificate_bytes) || !chain_has_root(ca))
        return IDENTITY_UNREADABLE;
    EVP_PKEY *certified = X509_get0_pubkey(certificate);
    if (!certified || !tpm_key_is(ek, certified))
        return IDENTITY_OTHER_KEY;
    if (!chain_leads(chain, ca, now))
        return IDENTITY_NOT_CERTIFIED;
    return crls && crl_ask(chain, ca, crls, now) != CRL_GOOD ? IDENTITY_REVOKED : IDENTITY_CERTIFIED;
}

char *
identity_key_digest(GBytes *certificate_bytes, GError **error)
{
    g_autoptr(X509) certificate = certificate_read(certificate_bytes);
    unsigned char *spki = NULL;
    guint8 digest[SHA256_SIZE];
    const int size = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki) : -1;
    if (size <= 0) {
        arm_fail(error, ARM_VTPM_FAILED, NULL, "The certificate of the vTPM's endorsement key cannot be read.");
        return NULL;
    }
    sha256(spki, (gsize)size, digest);
    OPENSSL_free(spki);
    return sha256_hex(digest);
}

gboolean
identity_is_key_of(GBytes *certificate_bytes, GBytes *ek_bytes)
{
    g_autoptr(X509) certificate = certificate_read(certificate_bytes);
    g_autoptr(TpmKey) ek = tpm_key_parse(ek_bytes, NULL);
    EVP_PKEY *certified = certificate ? X509_get0_pubkey(certificate) : NULL;
    return certified && ek && tpm_key_is(ek, certified);
}

/* ---- by digest ---- */

/* All that is there becomes the content of one element. */
static void
der_enclose(GByteArray *content, guint8 tag)
{
    const guint size = content->len;
    const guint8 brief[] = { tag, (guint8)size }, longer[] = { tag, 0x82, (guint8)(size >> 8), (guint8)size },
                 middle[] = { tag, 0x81, (guint8)size };
    if (size < 0x80)
        g_byte_array_prepend(content, brief, sizeof brief);
    else if (size < 0x100)
        g_byte_array_prepend(content, middle, sizeof middle);
    else
        g_byte_array_prepend(content, longer, sizeof longer);
}

static void
der_put_number(GByteArray *out, const BIGNUM *number)
{
    guint8 bytes[1 + NUMBER_MAX] = { 0 };
    const int size = BN_bn2bin(number, bytes + 1);
    /* The first bit is the sign. */
    const gboolean padded = bytes[1] & 0x80;
    g_autoptr(GByteArray) integer = g_byte_array_new();
    g_byte_array_append(integer, padded ? bytes : bytes + 1, (guint)size + (padded ? 1 : 0));
    der_enclose(integer, DER_INTEGER);
    g_byte_array_append(out, integer->data, integer->len);
}

/* SubjectPublicKeyInfo: RFC 5280, section 4.1, and RFC 3279, section 2.3.1. OpenSSL's encoder takes longer than a quote. */
static GByteArray *
rsa_spki(const BIGNUM *modulus, const BIGNUM *exponent)
{
    static const guint8 rsa_encryption[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                             0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
    static const guint8 no_bits_unused[] = { 0 };
    GByteArray *spki = g_byte_array_new();
    der_put_number(spki, modulus);
    der_put_number(spki, exponent);
    der_enclose(spki, DER_SEQUENCE);
    g_byte_array_prepend(spki, no_bits_unused, sizeof no_bits_unused);
    der_enclose(spki, DER_BIT_STRING);
    g_byte_array_prepend(spki, rsa_encryption, sizeof rsa_encryption);
    der_enclose(spki, DER_SEQUENCE);
    return spki;
}

gboolean
identity_has_digest(GBytes *ek_bytes, const char *digest_text)
{
    g_autoptr(TpmKey) ek = tpm_key_parse(ek_bytes, NULL);
    g_autoptr(BIGNUM) modulus = NULL, exponent = NULL;
    guint8 digest[SHA256_SIZE];
    if (!ek || !ek->rsa || EVP_PKEY_get_bn_param(ek->rsa, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1 ||
        EVP_PKEY_get_bn_param(ek->rsa, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
        return FALSE;
    g_autoptr(GByteArray) spki = rsa_spki(modulus, exponent);
    sha256(spki->data, spki->len, digest);
    g_autofree char *text = sha256_hex(digest);
    return strcmp(text, digest_text) == 0;
}
