/* Testudo.Attestation/vtpmAuthority: the CA that certifies the endorsement keys of vTPMs, for whoever verifies evidence. */
#include "api/call.h"
#include "base/hex.h"
#include "base/json.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define AUTHORITY        "/subscriptions/{subscription}/providers/Testudo.Attestation/vtpmAuthority"
#define CERTIFICATES_MAX 16u

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

static char *
bio_text(BIO *bio)
{
    char *bytes = NULL;
    const long size = BIO_get_mem_data(bio, &bytes);
    return g_strndup(bytes, (gsize)size);
}

static void
name_set(json_t *json, const char *member, const X509_NAME *name)
{
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    if (!out || X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) < 0)
        return;
    g_autofree char *text = bio_text(out);
    json_set_text(json, member, text);
}

/* "2026-11-29T22:06:21Z" */
static void
time_set(json_t *json, const char *member, const ASN1_TIME *time)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return;
    g_autofree char *text = g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                                            parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    json_set_text(json, member, text);
}

static json_t *
certificate_json(X509 *certificate)
{
    json_t *json = json_object();
    guint8 digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    name_set(json, "subject", X509_get_subject_name(certificate));
    name_set(json, "issuer", X509_get_issuer_name(certificate));
    time_set(json, "notBefore", X509_get0_notBefore(certificate));
    time_set(json, "notAfter", X509_get0_notAfter(certificate));
    if (X509_digest(certificate, EVP_sha256(), digest, &size) == 1) {
        g_autofree char *hex = hex_text(digest, size);
        json_set_text(json, "sha256", hex);
    }
    return json;
}

static json_t *
certificates_json(const char *chain)
{
    json_t *list = json_array();
    g_autoptr(BIO) in = BIO_new_mem_buf(chain, -1);
    for (guint i = 0; in && i < CERTIFICATES_MAX; i++) {
        g_autoptr(X509) certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
        if (!certificate)
            break;
        json_array_append_new(list, certificate_json(certificate));
    }
    return list;
}

static ApiResponse *
authority_get(Call *call, GError **error)
{
    const ApiProbe *probe = &call->api->probe;
    gboolean root_key = FALSE;
    g_autofree char *chain = probe->vtpm_authority(probe->data, &root_key, error);
    if (!chain)
        return NULL;
    g_autofree char *id =
        g_strdup_printf("/subscriptions/%s/providers/Testudo.Attestation/vtpmAuthority", call->api->subscription);
    g_autoptr(json_t) body =
        json_pack("{ss ss ss s{ss so sb}}", "id", id, "name", "vtpmAuthority", "type", "Testudo.Attestation/vtpmAuthority",
                  "properties", "chain", chain, "certificates", certificates_json(chain), "rootKeyHere", root_key);
    return respond_json(200, body);
}

const Route routes_authority[] = {
    { "GET", AUTHORITY, authority_get, 0, NO_QUERY },
    { 0 },
};
