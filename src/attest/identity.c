#include "attest/identity.h"

#include "attest/chain.h"
#include "attest/crl.h"
#include "attest/digest.h"

#include <openssl/x509.h>

static const char *const sentences[IDENTITY_N] = {
    [IDENTITY_CERTIFIED] = "The endorsement key is certified by this CA.",
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
    g_autoptr(X509) certificate = certificate_read(certificate_bytes);
    g_autoptr(TpmKey) ek = tpm_key_parse(ek_bytes, NULL);
    g_autoptr(Chain) chain = chain_new();
    if (!certificate || !ek || !chain_add(chain, certificate_bytes) || !chain_has_root(ca))
        return IDENTITY_UNREADABLE;
    EVP_PKEY *certified = X509_get0_pubkey(certificate);
    if (!certified || EVP_PKEY_eq(certified, ek->key) != 1)
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
    return certified && ek && EVP_PKEY_eq(certified, ek->key) == 1;
}
