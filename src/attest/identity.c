#include "attest/identity.h"

#include "attest/digest.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#define MAX_CA_CERTIFICATES 16

static const char *const sentences[IDENTITY_N] = {
    [IDENTITY_CERTIFIED] = "The endorsement key is certified by this CA.",
    [IDENTITY_UNREADABLE] = "The endorsement key, its certificate or the CA cannot be read.",
    [IDENTITY_OTHER_KEY] = "The certificate is that of another endorsement key.",
    [IDENTITY_NOT_CERTIFIED] = "The endorsement key's certificate does not chain to this CA.",
};

static void
chain_free(STACK_OF(X509) * chain)
{
    sk_X509_pop_free(chain, X509_free);
}
typedef STACK_OF(X509) Chain;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chain, chain_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

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

/* Roots go to the store, which trusts them; the others only lead there. */
static gboolean
ca_read(GBytes *pem, X509_STORE *roots, Chain *between)
{
    gsize size;
    const void *bytes = g_bytes_get_data(pem, &size);
    g_autoptr(BIO) source = size > 0 && size < G_MAXINT32 ? BIO_new_mem_buf(bytes, (int)size) : NULL;
    guint n_roots = 0;
    for (guint n = 0; source && n < MAX_CA_CERTIFICATES; n++) {
        X509 *certificate = PEM_read_bio_X509(source, NULL, NULL, NULL);
        if (!certificate)
            break;
        if (X509_self_signed(certificate, /* verify_signature= */ 1) == 1) {
            n_roots += X509_STORE_add_cert(roots, certificate) == 1;
            X509_free(certificate);
        } else if (sk_X509_push(between, certificate) <= 0) {
            X509_free(certificate);
        }
    }
    return n_roots > 0;
}

static gboolean
chains(X509 *certificate, X509_STORE *roots, Chain *between, UnixTime now)
{
    g_autoptr(X509_STORE_CTX) context = X509_STORE_CTX_new();
    if (!context || X509_STORE_CTX_init(context, roots, certificate, between) != 1)
        return FALSE;
    X509_STORE_CTX_set_time(context, 0, (time_t)(now / G_USEC_PER_SEC));
    return X509_verify_cert(context) == 1;
}

Identity
identity_check(GBytes *certificate_bytes, GBytes *ek_bytes, GBytes *ca, UnixTime now)
{
    g_autoptr(X509) certificate = certificate_read(certificate_bytes);
    g_autoptr(TpmKey) ek = tpm_key_parse(ek_bytes, NULL);
    g_autoptr(X509_STORE) roots = X509_STORE_new();
    g_autoptr(Chain) between = sk_X509_new_null();
    if (!certificate || !ek || !roots || !between || !ca_read(ca, roots, between))
        return IDENTITY_UNREADABLE;
    EVP_PKEY *certified = X509_get0_pubkey(certificate);
    if (!certified || EVP_PKEY_eq(certified, ek->key) != 1)
        return IDENTITY_OTHER_KEY;
    return chains(certificate, roots, between, now) ? IDENTITY_CERTIFIED : IDENTITY_NOT_CERTIFIED;
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
