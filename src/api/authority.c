/* Testudo.Attestation/vtpmAuthority: the CA that certifies the endorsement keys of vTPMs, for whoever verifies evidence. */
#include "api/call.h"
#include "attest/crl.h"
#include "base/hex.h"
#include "base/json.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define AUTHORITY        "/subscriptions/{subscription}/providers/Testudo.Attestation/vtpmAuthority"
#define CERTIFICATES_MAX 16u

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
        json_pack("{ss ss ss s{ss so sb so}}", "id", id, "name", "vtpmAuthority", "type", "Testudo.Attestation/vtpmAuthority",
                  "properties", "chain", chain, "certificates", certificates_json(chain), "rootKeyHere", root_key, "revoked",
                  probe->vtpm_revoked(probe->data));
    return respond_json(200, body);
}

/* ---- what is done with it ---- */

/* Its members are texts, and these alone. */
static gboolean
members_check(const json_t *body, const char *const *known, GError **error)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)body, key, value)
    {
        if (!g_strv_contains(known, key) || !json_is_string(value)) {
            g_autofree char *list = g_strjoinv(", ", (char **)known);
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key, "The body of this action has texts named: %s.", list);
        }
    }
    return TRUE;
}

static gboolean
done_note(Call *call, OperationKind kind, const char *message, GError **error)
{
    g_autofree char *id =
        g_strdup_printf("/subscriptions/%s/providers/Testudo.Attestation/vtpmAuthority", call->api->subscription);
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    return tx && store_event_note(tx, operation_kind_text(kind), id, call->request->caller, message, call->now, error) &&
           store_commit(g_steal_pointer(&tx), error);
}

/* Of a vTPM, in the order of VtpmEk. */
static const char *const key_names[] = { "RSA-2048", "P-384" };

static char **
serials_new(const char *first, const char *second)
{
    char **serials = g_new0(char *, G_N_ELEMENTS(key_names) + 1);
    serials[0] = g_strdup(first);
    serials[1] = g_strdup(second);
    return serials;
}

/* The serial numbers of the certificates that the instance's vTPM has; *ret_key: the instance, as the host knows it. NULL sets
 * *error. */
static char **
serials_find(Call *call, const char *instance_id, char **ret_key, GError **error)
{
    g_autoptr(ResourceId) id = resource_id_parse(instance_id, error);
    if (!id)
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, id->group, id->name, error) : NULL;
    g_autoptr(StoreInstance) instance = set && id->child_name ? call_instance(tx, set, id->child_name, error) : NULL;
    if (!instance) {
        if (set)
            arm_fail(error && *error ? NULL : error, ARM_INVALID_PARAMETER, "instance", "'%.200s' is no id of an instance.",
                     instance_id);
        return NULL;
    }
    GError *lookup = NULL;
    g_autoptr(StoreVtpm) vtpm = store_vtpm_get(tx, set->id, instance->id, &lookup);
    g_autoptr(Chain) chain = chain_new();
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    /* What is recorded of a vTPM that it had before is another one's. */
    if (!vtpm || vtpm->generation != instance->run_vtpm_gen || !vtpm->certificate || !chain_add(chain, vtpm->certificate)) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "instance",
                 "No certificate is recorded of the vTPM that instance %u has: it was never attested with it. Name the serial "
                 "number.",
                 instance->id);
        return NULL;
    }
    *ret_key = g_strdup_printf("%s.%u", set->uid, instance->id);
    g_autofree char *first = crl_serial_of(chain_first(chain));
    return serials_new(first, vtpm->serial_p384);
}

/* of_vtpm: they are a vTPM's. */
static json_t *
serials_json(const char *const *serials, gboolean of_vtpm)
{
    json_t *list = json_array();
    for (guint i = 0; serials[i]; i++)
        json_array_append_new(list,
                              json_pack("{ss ss*}", "serial", serials[i], "key", of_vtpm ? key_names[i] : /* unsaid */ NULL));
    return list;
}

static char *
revoked_message(char **serials, const char *reason)
{
    const gboolean many = serials[1] != NULL;
    g_autofree char *list = g_strjoinv(" and ", serials);
    return g_strdup_printf("The certificate%s with serial number%s %s %s revoked%s%s.", many ? "s" : "", many ? "s" : "", list,
                           many ? "are" : "is", reason ? ": " : "", reason ? reason : "");
}

static ApiResponse *
revoke_post(Call *call, GError **error)
{
    static const char *const known[] = { "serial", "instance", "reason", NULL };
    const ApiProbe *probe = &call->api->probe;
    const char *given = json_member_text(call->body, "serial"), *instance = json_member_text(call->body, "instance");
    const char *reason = json_member_text(call->body, "reason");
    g_autofree char *key = NULL;
    if (!members_check(call->body, known, error))
        return NULL;
    if ((given == NULL) == (instance == NULL)) {
        arm_fail(error, ARM_INVALID_PARAMETER, "serial", "One of 'serial' and 'instance' says whose certificate is revoked.");
        return NULL;
    }
    g_auto(GStrv) serials = given ? serials_new(given, NULL) : serials_find(call, instance, &key, error);
    if (!serials || !probe->vtpm_revoke(probe->data, (const char *const *)serials, reason, error))
        return NULL;
    g_autofree char *message = revoked_message(serials, reason);
    if (!done_note(call, OPERATION_REVOKE_CERTIFICATE, message, error))
        return NULL;
    if (key)
        probe->attest(probe->data, key);
    g_autoptr(json_t) body =
        json_pack("{so}", "revoked", serials_json((const char *const *)serials, /* of_vtpm= */ key != NULL));
    return respond_json(200, body);
}

static ApiResponse *
renew_post(Call *call, GError **error)
{
    static const char *const known[] = { "rootKey", NULL };
    const ApiProbe *probe = &call->api->probe;
    if (!members_check(call->body, known, error) ||
        !probe->vtpm_renew(probe->data, json_member_text(call->body, "rootKey"), error) ||
        !done_note(call, OPERATION_RENEW_AUTHORITY,
                   "A new issuing CA signs; what the one before it signed goes on being valid.", error))
        return NULL;
    return authority_get(call, error);
}

/* For whoever verifies: no token, and PEM, as OpenSSL reads it. */
static ApiResponse *
crl_get(Call *call, GError **error)
{
    const ApiProbe *probe = &call->api->probe;
    (void)error;
    char *text = probe->vtpm_crls(probe->data);
    ApiResponse *response = api_response_new(200);
    response->content_type = g_strdup("application/x-pem-file");
    response->body = g_bytes_new_take(text, strlen(text));
    return response;
}

/* /crl/ID.crl: as a certificate names it. RFC 5280, 4.2.1.13: one list, DER; RFC 2585, section 4.2: its type. */
static ApiResponse *
crl_of_one_get(Call *call, GError **error)
{
    static const char suffix[] = ".crl";
    const ApiProbe *probe = &call->api->probe;
    const char *name = call->params[0];
    g_autofree char *id = g_str_has_suffix(name, suffix) ? g_strndup(name, strlen(name) - strlen(suffix)) : NULL;
    GBytes *list = id ? probe->vtpm_crl(probe->data, id) : NULL;
    if (!list) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "No CA of this host has a list '%.50s'.", name);
        return NULL;
    }
    ApiResponse *response = api_response_new(200);
    response->content_type = g_strdup("application/pkix-crl");
    response->body = list;
    return response;
}

const Route routes_authority[] = {
    { "GET", AUTHORITY, authority_get, 0, NO_QUERY },
    { "POST", AUTHORITY "/revoke", revoke_post, ROUTE_BODY, NO_QUERY },
    { "POST", AUTHORITY "/renew", renew_post, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "GET", "/crl", crl_get, ROUTE_ANONYMOUS | ROUTE_NO_VERSION, NO_QUERY },
    { "GET", "/crl/{list}", crl_of_one_get, ROUTE_ANONYMOUS | ROUTE_NO_VERSION, NO_QUERY },
    { 0 },
};
