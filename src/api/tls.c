/* The daemon's own CA and server certificate (X.509 v3, RFC 5280), made at the first start. */
#include "api/api.h"

#include "base/error.h"
#include "base/file.h"

#include <gio/gio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define CA_DAYS     3650
#define SERVER_DAYS 397
#define RENEW_DAYS  30
#define PEM_MAX     (256u << 10)
#define DAY         86400

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

void
tls_files_free(TlsFiles *files)
{
    if (!files)
        return;
    g_free(files->ca_file);
    g_free(files->certificate);
    g_free(files->key);
    g_free(files);
}

static char *
pem_take(BIO *bio)
{
    char *bytes = NULL;
    long length = BIO_get_mem_data(bio, &bytes);
    char *text = g_strndup(bytes, (gsize)length);
    BIO_free(bio);
    return text;
}

static char *
certificate_pem(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    return pem_take(bio);
}

static char *
key_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    return pem_take(bio);
}

static X509 *
certificate_parse(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *
key_parse(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    /* With a passphrase, which does not fit, OpenSSL does not ask for one at the terminal. */
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
    BIO_free(bio);
    return key;
}

static gboolean
extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    gboolean ok = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static X509 *
certificate_new(const char *common_name, EVP_PKEY *key, UnixTime now, long days)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    BIGNUM *serial = BN_new();
    time_t from = (time_t)(now / USEC_PER_SEC) - DAY;

    X509_set_version(certificate, 2);
    BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
    BN_free(serial);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0);
    X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &from);
    X509_time_adj_ex(X509_getm_notAfter(certificate), (int)days, 0, &from);
    X509_set_pubkey(certificate, key);
    return certificate;
}

static gboolean
crypto_fail(GError **error, const char *what)
{
    return arm_fail(error, ARM_INTERNAL, NULL, "The %s could not be made.", what);
}

static gboolean
pair_write(const char *folder, const char *name, X509 *certificate, EVP_PKEY *key, GError **error)
{
    g_autofree char *certificate_path = g_strdup_printf("%s/%s.pem", folder, name);
    g_autofree char *key_path = g_strdup_printf("%s/%s.key", folder, name);
    g_autofree char *certificate_text = certificate_pem(certificate), *key_text = key_pem(key);
    return file_write(key_path, key_text, strlen(key_text), 0600, error) &&
           file_write(certificate_path, certificate_text, strlen(certificate_text), 0644, error);
}

static gboolean
pair_read(const char *folder, const char *name, X509 **ret_certificate, EVP_PKEY **ret_key)
{
    g_autofree char *certificate_path = g_strdup_printf("%s/%s.pem", folder, name);
    g_autofree char *key_path = g_strdup_printf("%s/%s.key", folder, name);
    g_autofree char *certificate_text = file_read(certificate_path, PEM_MAX, NULL, NULL);
    g_autofree char *key_text = file_read(key_path, PEM_MAX, NULL, NULL);
    if (!certificate_text || !key_text)
        return FALSE;
    *ret_certificate = certificate_parse(certificate_text);
    *ret_key = key_parse(key_text);
    return *ret_certificate && *ret_key && X509_check_private_key(*ret_certificate, *ret_key) == 1;
}

static gboolean
pair_exists(const char *folder, const char *name)
{
    g_autofree char *certificate_path = g_strdup_printf("%s/%s.pem", folder, name);
    g_autofree char *key_path = g_strdup_printf("%s/%s.key", folder, name);
    return g_file_test(certificate_path, G_FILE_TEST_EXISTS) || g_file_test(key_path, G_FILE_TEST_EXISTS);
}

static gboolean
ca_make(const char *folder, UnixTime now, X509 **ret_ca, EVP_PKEY **ret_key, GError **error)
{
    g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
    g_autoptr(X509) ca = key ? certificate_new("Testudo API CA", key, now, CA_DAYS) : NULL;
    if (!ca || X509_set_issuer_name(ca, X509_get_subject_name(ca)) != 1 ||
        !extension_add(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !extension_add(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !extension_add(ca, ca, NID_subject_key_identifier, "hash") || X509_sign(ca, key, EVP_sha256()) == 0)
        return crypto_fail(error, "API's CA");
    if (!pair_write(folder, "ca", ca, key, error))
        return FALSE;
    *ret_ca = g_steal_pointer(&ca);
    *ret_key = g_steal_pointer(&key);
    return TRUE;
}

static gboolean
is_address(const char *name)
{
    return g_hostname_is_ip_address(name);
}

/* Others cannot be in a certificate: an address with a zone, for one. */
static gboolean
is_plain(const char *name)
{
    return g_regex_match_simple("^[A-Za-z0-9.:*-]{1,253}$", name, G_REGEX_DOLLAR_ENDONLY, 0);
}

/* "DNS:localhost,IP:127.0.0.1,IP:::1,…" */
static char *
alternative_names(const char *const *names)
{
    GString *text = g_string_new("DNS:localhost,IP:127.0.0.1,IP:::1");
    for (; names && *names; names++) {
        if (is_plain(*names))
            g_string_append_printf(text, ",%s:%s", is_address(*names) ? "IP" : "DNS", *names);
    }
    return g_string_free(text, FALSE);
}

static X509 *
server_make(const char *folder, X509 *ca, EVP_PKEY *ca_key, const char *names, UnixTime now, GError **error)
{
    g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
    g_autoptr(X509) certificate = key ? certificate_new("Testudo API", key, now, SERVER_DAYS) : NULL;
    if (!certificate || X509_set_issuer_name(certificate, X509_get_subject_name(ca)) != 1 ||
        !extension_add(certificate, ca, NID_basic_constraints, "critical,CA:FALSE") ||
        !extension_add(certificate, ca, NID_key_usage, "critical,digitalSignature") ||
        !extension_add(certificate, ca, NID_ext_key_usage, "serverAuth") ||
        !extension_add(certificate, ca, NID_subject_alt_name, names) ||
        !extension_add(certificate, ca, NID_authority_key_identifier, "keyid") ||
        X509_sign(certificate, ca_key, EVP_sha256()) == 0) {
        crypto_fail(error, "API's certificate");
        return NULL;
    }
    return pair_write(folder, "server", certificate, key, error) ? g_steal_pointer(&certificate) : NULL;
}

static gboolean
certificate_covers(X509 *certificate, const char *const *names)
{
    for (; names && *names; names++) {
        /* "*.example" is covered by itself, which is no host that a wildcard stands for. */
        guint flags = **names == '*' ? X509_CHECK_FLAG_NO_WILDCARDS : 0;
        gboolean covered = is_address(*names) ? X509_check_ip_asc(certificate, *names, 0) == 1
                                              : X509_check_host(certificate, *names, 0, flags, NULL) == 1;
        if (is_plain(*names) && !covered)
            return FALSE;
    }
    return TRUE;
}

static gboolean
certificate_is_good(X509 *certificate, EVP_PKEY *ca_key, const char *const *names, UnixTime now)
{
    time_t renew = (time_t)(now / USEC_PER_SEC) + RENEW_DAYS * DAY;
    return X509_cmp_time(X509_get0_notAfter(certificate), &renew) > 0 && X509_verify(certificate, ca_key) == 1 &&
           certificate_covers(certificate, names);
}

static UnixTime
end_of(const X509 *certificate)
{
    struct tm parts = { 0 };
    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts);
    return timegm(&parts) * USEC_PER_SEC;
}

static gboolean
files_load(TlsFiles *files, const char *folder, GError **error)
{
    g_autofree char *certificate = g_build_filename(folder, "server.pem", NULL);
    g_autofree char *key = g_build_filename(folder, "server.key", NULL);
    g_autofree char *own = file_read(certificate, PEM_MAX, NULL, error);
    g_autofree char *ca = own ? file_read(files->ca_file, PEM_MAX, NULL, error) : NULL;
    files->certificate = ca ? g_strconcat(own, ca, NULL) : NULL;
    files->key = ca ? file_read(key, PEM_MAX, NULL, error) : NULL;
    return files->key != NULL;
}

static TlsFiles *
files_make(const char *state_dir, const char *const *names, UnixTime now, gboolean may_make_ca, GError **error)
{
    g_autofree char *folder = g_build_filename(state_dir, "tls", NULL);
    g_autoptr(TlsFiles) files = g_new0(TlsFiles, 1);
    g_autoptr(X509) ca = NULL, certificate = NULL;
    g_autoptr(EVP_PKEY) ca_key = NULL, key = NULL;

    if (!folder_make(folder, error))
        return NULL;
    files->ca_file = g_build_filename(folder, "ca.pem", NULL);
    if (!may_make_ca || pair_exists(folder, "ca")) {
        /* Clients trust it: another one in its place would lock them out without a word. */
        if (!pair_read(folder, "ca", &ca, &ca_key)) {
            arm_fail(
                error, ARM_INTERNAL, NULL,
                "'%s/ca.pem' and '%s/ca.key' are not a certificate and its key. Put them back from a copy, or remove both and "
                "start the daemon again to have new ones made, which clients must then be given.",
                folder, folder);
            return NULL;
        }
    } else if (!ca_make(folder, now, &ca, &ca_key, error)) {
        return NULL;
    }
    if (!pair_read(folder, "server", &certificate, &key) || !certificate_is_good(certificate, ca_key, names, now)) {
        g_autofree char *alternatives = alternative_names(names);
        g_clear_pointer(&certificate, X509_free);
        certificate = server_make(folder, ca, ca_key, alternatives, now, error);
        if (!certificate)
            return NULL;
    }
    files->ends = end_of(certificate);
    files->ca_ends = end_of(ca);
    return files_load(files, folder, error) ? g_steal_pointer(&files) : NULL;
}

TlsFiles *
tls_files_prepare(const char *state_dir, const char *const *names, UnixTime now, GError **error)
{
    return files_make(state_dir, names, now, /* may_make_ca= */ TRUE, error);
}

TlsFiles *
tls_files_renew(const char *state_dir, const char *const *names, UnixTime now, GError **error)
{
    return files_make(state_dir, names, now, /* may_make_ca= */ FALSE, error);
}

TlsFiles *
tls_files_own(const char *certificate_file, const char *key_file, GError **error)
{
    g_autoptr(TlsFiles) files = g_new0(TlsFiles, 1);
    files->certificate = file_read(certificate_file, PEM_MAX, NULL, error);
    files->key = files->certificate ? file_read(key_file, PEM_MAX, NULL, error) : NULL;
    if (!files->key)
        return NULL;
    g_autoptr(X509) certificate = certificate_parse(files->certificate);
    g_autoptr(EVP_PKEY) key = key_parse(files->key);
    if (!certificate || !key || X509_check_private_key(certificate, key) != 1) {
        arm_fail(error, ARM_INVALID_PARAMETER, "tls-cert", "'%s' and '%s' are not a certificate (PEM) and its key.",
                 certificate_file, key_file);
        return NULL;
    }
    files->ends = end_of(certificate);
    return g_steal_pointer(&files);
}
