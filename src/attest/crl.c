#include "attest/crl.h"

#include "base/json.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define LISTS_MAX       16
#define SERIAL_SIZE_MAX 20

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_TIME, ASN1_TIME_free)

static char *
number_text(const BIGNUM *number)
{
    char *hex = BN_bn2hex(number);
    char *text = g_strdup(hex);
    OPENSSL_free(hex);
    return text;
}

char *
crl_serial_of(X509 *certificate)
{
    g_autoptr(BIGNUM) number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    return number_text(number);
}

static BIGNUM *
number_read(const char *text)
{
    BIGNUM *number = NULL;
    const gsize digits = strlen(text);
    if (digits == 0 || digits > 2 * SERIAL_SIZE_MAX || strspn(text, "0123456789abcdefABCDEF") != digits)
        return NULL;
    return BN_hex2bn(&number, text) > 0 ? number : NULL;
}

char *
crl_serial_read(const char *text)
{
    g_autoptr(BIGNUM) number = number_read(text);
    return number && !BN_is_zero(number) ? number_text(number) : NULL;
}

gboolean
crl_has_serial(const json_t *revoked, const char *serial)
{
    const json_t *one;
    size_t i;
    json_array_foreach(revoked, i, one)
    {
        if (g_strcmp0(json_member_text(one, "serial"), serial) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
crl_has(const json_t *revoked, GBytes *certificate)
{
    /* Mostly there is none, and to read a certificate takes its time. */
    if (json_array_size(revoked) == 0)
        return FALSE;
    g_autoptr(Chain) chain = chain_new();
    if (!chain_add(chain, certificate))
        return FALSE;
    g_autofree char *serial = crl_serial_of(chain_first(chain));
    return crl_has_serial(revoked, serial);
}

/* ---- making ---- */

static void
revoked_add(X509_CRL *list, const json_t *one)
{
    const char *serial = json_member_text(one, "serial");
    g_autoptr(BIGNUM) number = serial ? number_read(serial) : NULL;
    g_autoptr(ASN1_INTEGER) integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    g_autoptr(ASN1_TIME) at = ASN1_TIME_set(NULL, (time_t)json_integer_value(json_object_get(one, "at")));
    if (!integer || !at)
        return;
    X509_REVOKED *entry = X509_REVOKED_new();
    g_assert(entry && X509_REVOKED_set_serialNumber(entry, integer) == 1 && X509_REVOKED_set_revocationDate(entry, at) == 1 &&
             X509_CRL_add0_revoked(list, entry) == 1);
}

static void
time_put(X509_CRL *list, int (*put)(X509_CRL *list, const ASN1_TIME *time), UnixTime at)
{
    g_autoptr(ASN1_TIME) time = ASN1_TIME_set(NULL, (time_t)(at / USEC_PER_SEC));
    g_assert(time && put(list, time) == 1);
}

GBytes *
crl_make(const json_t *revoked, const Issuer *by, UnixTime now)
{
    g_autoptr(X509_CRL) list = X509_CRL_new();
    g_autoptr(ASN1_INTEGER) number = ASN1_INTEGER_new();
    guint8 *der = NULL;
    json_t *one;
    size_t i;
    g_assert(list && number && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
             X509_CRL_set_issuer_name(list, X509_get_subject_name(by->certificate)) == 1);
    time_put(list, X509_CRL_set1_lastUpdate, now);
    time_put(list, X509_CRL_set1_nextUpdate, now + CRL_LIFE);
    json_array_foreach(revoked, i, one) revoked_add(list, one);
    /* Rises from list to list, as it has to. */
    g_assert(ASN1_INTEGER_set_int64(number, now / USEC_PER_SEC) == 1 &&
             X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0) == 1);
    X509V3_CTX context;
    X509V3_set_ctx(&context, by->certificate, NULL, NULL, list, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *key_id = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid");
    if (key_id)
        X509_CRL_add_ext(list, key_id, -1);
    X509_EXTENSION_free(key_id);
    X509_CRL_sort(list);
    g_assert(X509_CRL_sign(list, by->key, EVP_sha384()) > 0);
    const int size = i2d_X509_CRL(list, &der);
    g_assert(size > 0);
    GBytes *bytes = g_bytes_new(der, (gsize)size);
    OPENSSL_free(der);
    return bytes;
}

char *
crl_text(GBytes *der)
{
    gsize size;
    const guint8 *at = g_bytes_get_data(der, &size);
    g_autoptr(X509_CRL) list = d2i_X509_CRL(NULL, &at, (long)size);
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    g_assert(list && out && PEM_write_bio_X509_CRL(out, list) == 1);
    const long length = BIO_get_mem_data(out, &bytes);
    return g_strndup(bytes, (gsize)length);
}

/* ---- asking ---- */

static gboolean
is_of(X509_CRL *list, X509 *issuer, UnixTime now)
{
    time_t at = (time_t)(now / USEC_PER_SEC);
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);
    return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) == 0 &&
           X509_CRL_verify(list, X509_get0_pubkey(issuer)) == 1 && next && X509_cmp_time(next, &at) > 0;
}

/* NULL: none of the certificates there. */
static X509 *
issuer_find(const Chain *chain, Chain *others)
{
    X509 *certificate = chain_first(chain);
    for (int i = 1; i < sk_X509_num(chain); i++) {
        if (X509_check_issued(sk_X509_value(chain, i), certificate) == X509_V_OK)
            return sk_X509_value(chain, i);
    }
    for (int i = 0; i < sk_X509_num(others); i++) {
        if (X509_check_issued(sk_X509_value(others, i), certificate) == X509_V_OK)
            return sk_X509_value(others, i);
    }
    return NULL;
}

static BIO *
source_of(GBytes *pem)
{
    gsize size;
    const void *bytes = g_bytes_get_data(pem, &size);
    return size > 0 && size < G_MAXINT32 ? BIO_new_mem_buf(bytes, (int)size) : NULL;
}

CrlAnswer
crl_ask(const Chain *chain, GBytes *ca, GBytes *crls, UnixTime now)
{
    g_autoptr(Chain) others = chain_new();
    g_autoptr(BIO) certificates = source_of(ca), lists = source_of(crls);
    for (guint i = 0; certificates && i < LISTS_MAX; i++) {
        X509 *one = PEM_read_bio_X509(certificates, NULL, NULL, NULL);
        if (!one || sk_X509_push(others, one) <= 0)
            break;
    }
    X509 *issuer = issuer_find(chain, others);
    gboolean known = FALSE;
    for (guint i = 0; issuer && lists && i < LISTS_MAX; i++) {
        g_autoptr(X509_CRL) list = PEM_read_bio_X509_CRL(lists, NULL, NULL, NULL);
        X509_REVOKED *entry;
        if (!list)
            break;
        if (!is_of(list, issuer, now))
            continue;
        known = TRUE;
        if (X509_CRL_get0_by_cert(list, &entry, chain_first(chain)) == 1)
            return CRL_REVOKED;
    }
    return known ? CRL_GOOD : CRL_UNKNOWN;
}
