#include "attest/issuer.h"

#include "attest/digest.h"
#include "base/hex.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#define SERIAL_SIZE 16
#define NAME_DIGITS 8
/* Clocks of those who verify may be behind. */
#define BEFORE_S (24 * 3600)
#define YEAR_S   (365L * 24 * 3600)
#define ROOT_S   (30 * YEAR_S)
#define CA_S     (20 * YEAR_S)
#define SIGNER_S (15 * YEAR_S)
/* RFC 9336, id-kp-documentSigning. */
#define DOCUMENT_SIGNING "1.3.6.1.5.5.7.3.36"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

EVP_PKEY *
issuer_key_new(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    /* Without random numbers there is nothing to go on with. */
    g_assert(key);
    return key;
}

/* ---- PEM ---- */

static char *
bio_text(BIO *bio)
{
    char *bytes = NULL;
    const long size = BIO_get_mem_data(bio, &bytes);
    return g_strndup(bytes, (gsize)size);
}

char *
issuer_key_text(const EVP_PKEY *key)
{
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    g_assert(out && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1);
    return bio_text(out);
}

EVP_PKEY *
issuer_key_parse(const char *pem)
{
    g_autoptr(BIO) in = BIO_new_mem_buf(pem, -1);
    return in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;
}

char *
issuer_certificate_text(X509 *certificate)
{
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    g_assert(out && PEM_write_bio_X509(out, certificate) == 1);
    return bio_text(out);
}

X509 *
issuer_certificate_parse(const char *pem)
{
    g_autoptr(BIO) in = BIO_new_mem_buf(pem, -1);
    return in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
}

/* ---- making ---- */

static void
serial_set(X509 *certificate)
{
    guint8 bytes[SERIAL_SIZE];
    g_assert(RAND_bytes(bytes, sizeof bytes) == 1);
    /* Positive, and never with a zero in front. */
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    g_assert(number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)));
    BN_free(number);
}

static char *
key_digits(const EVP_PKEY *key)
{
    unsigned char *spki = NULL;
    guint8 digest[SHA256_SIZE];
    const int size = i2d_PUBKEY(key, &spki);
    g_assert(size > 0);
    sha256(spki, (gsize)size, digest);
    OPENSSL_free(spki);
    return hex_text(digest, NAME_DIGITS / 2);
}

static char *
name_of(const char *what, const EVP_PKEY *key)
{
    g_autofree char *digits = key_digits(key);
    return g_strdup_printf("%s %s", what, digits);
}

static void
extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    g_assert(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* What all have; by NULL: it signs itself. */
static X509 *
certificate_begin(EVP_PKEY *key, const char *what, X509 *by, long seconds, UnixTime now)
{
    X509 *certificate = X509_new();
    g_autofree char *name = name_of(what, key);
    time_t at = (time_t)(now / USEC_PER_SEC);
    g_assert(certificate && X509_set_version(certificate, X509_VERSION_3) == 1 && X509_set_pubkey(certificate, key) == 1);
    serial_set(certificate);
    g_assert(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, (const guint8 *)name, -1, -1,
                                        0) == 1);
    g_assert(X509_set_issuer_name(certificate, X509_get_subject_name(by ? by : certificate)) == 1);
    g_assert(X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -BEFORE_S, &at));
    g_assert(X509_time_adj_ex(X509_getm_notAfter(certificate), (int)(seconds / 86400), 0, &at));
    extension_add(certificate, by ? by : certificate, NID_subject_key_identifier, "hash");
    extension_add(certificate, by ? by : certificate, NID_authority_key_identifier, "keyid:always");
    return certificate;
}

static X509 *
certificate_end(X509 *certificate, EVP_PKEY *key)
{
    g_assert(X509_sign(certificate, key, EVP_sha384()) > 0);
    return certificate;
}

X509 *
issuer_root_make(EVP_PKEY *key, UnixTime now)
{
    X509 *certificate = certificate_begin(key, "Testudo root CA", /* by= */ NULL, ROOT_S, now);
    extension_add(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    extension_add(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    return certificate_end(certificate, key);
}

X509 *
issuer_ca_make(EVP_PKEY *key, const Issuer *root, UnixTime now)
{
    X509 *certificate = certificate_begin(key, "Testudo issuing CA", root->certificate, CA_S, now);
    extension_add(certificate, root->certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    extension_add(certificate, root->certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    return certificate_end(certificate, root->key);
}

X509 *
issuer_signer_make(EVP_PKEY *key, const char *name, const Issuer *by, UnixTime now)
{
    X509 *certificate = certificate_begin(key, name, by->certificate, SIGNER_S, now);
    extension_add(certificate, by->certificate, NID_basic_constraints, "critical,CA:FALSE");
    extension_add(certificate, by->certificate, NID_key_usage, "critical,digitalSignature");
    extension_add(certificate, by->certificate, NID_ext_key_usage, DOCUMENT_SIGNING);
    return certificate_end(certificate, by->key);
}

gboolean
issuer_is_signer(X509 *certificate)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    char text[64] = "";
    const gboolean one = usages && sk_ASN1_OBJECT_num(usages) == 1 &&
                         OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(usages, 0), /* no_name= */ 1) > 0;
    EXTENDED_KEY_USAGE_free(usages);
    return one && strcmp(text, DOCUMENT_SIGNING) == 0 && (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) != 0;
}

/* ---- where what is revoked is ---- */

char *
issuer_id(X509 *certificate)
{
    return key_digits(X509_get0_pubkey(certificate));
}

void
issuer_crl_address_add(X509 *certificate, const Issuer *by, const char *address)
{
    /* As it is in what is there: another one would make another certificate of it. */
    const EVP_MD *digest = NULL;
    int digest_nid = NID_undef;
    g_autofree char *id = issuer_id(by->certificate), *value = g_strdup_printf("URI:%s/%s.crl", address, id);
    if (OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest_nid, NULL) == 1)
        digest = EVP_get_digestbynid(digest_nid);
    extension_add(certificate, by->certificate, NID_crl_distribution_points, value);
    g_assert(X509_sign(certificate, by->key, digest ? digest : EVP_sha384()) > 0);
}

/* The first URI that stands for a whole list. */
static char *
uri_of(const DIST_POINT *point)
{
    if (!point->distpoint || point->distpoint->type != 0)
        return NULL;
    for (int i = 0; i < sk_GENERAL_NAME_num(point->distpoint->name.fullname); i++) {
        int kind;
        const ASN1_STRING *text = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(point->distpoint->name.fullname, i), &kind);
        if (kind == GEN_URI)
            return g_strndup((const char *)ASN1_STRING_get0_data(text), (gsize)ASN1_STRING_length(text));
    }
    return NULL;
}

char *
issuer_crl_address_of(X509 *certificate)
{
    CRL_DIST_POINTS *points = X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);
    char *uri = points && sk_DIST_POINT_num(points) > 0 ? uri_of(sk_DIST_POINT_value(points, 0)) : NULL;
    CRL_DIST_POINTS_free(points);
    return uri;
}

gboolean
issuer_fits(const Issuer *issuer)
{
    return X509_check_private_key(issuer->certificate, issuer->key) == 1;
}
