/* Tokens of instances that booted as they should: for whoever has to decide on it and does not ask this daemon himself. */
#include "api/attested.h"
#include "api/body_parts.h"
#include "api/place.h"
#include "api/token_ring.h"
#include "attest/quote.h"
#include "attest/token.h"

#include <string.h>

/* What facts lead into. */
typedef struct {
    Attested attested;
    char *resource, *image, *os_type, *id;
} Sources;

static void
sources_clear(Sources *sources)
{
    attested_clear(&sources->attested);
    g_free(sources->resource);
    g_free(sources->image);
    g_free(sources->os_type);
    g_free(sources->id);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sources, sources_clear)

static gboolean
health_check(const StoreInstance *instance, const Attested *attested, UnixTime now, GError **error)
{
    if (attested->integrity == INTEGRITY_NONE || !instance->alive)
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                        "Instance %u gets no token: it is not attested, as it does not run, or its model has no extension "
                        "GuestAttestation.",
                        instance->id);
    if (attested->integrity != INTEGRITY_HEALTHY)
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL, "Instance %u gets no token: its boot is %s%s%s%s%s%s",
                        instance->id, integrity_text(attested->integrity), attested->code ? " (" : "",
                        attested->code ? attested->code : "", attested->code ? ")" : "", attested->reason ? ": " : ".",
                        attested->reason ? attested->reason : "");
    /* In whole seconds, as a token has them. */
    return (attested->last && attested->vtpm &&
            (attested->vtpm->verified + attested->trust_usec) / USEC_PER_SEC > now / USEC_PER_SEC) ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                    "Instance %u gets no token: its boot was Healthy, and its evidence is too old; attest it again.",
                    instance->id);
}

/* What the vTPM itself has signed. */
static gboolean
evidence_read(StoreTx *tx, const StoreAttestation *made, TokenFacts *facts, GError **error)
{
    Quote quote;
    g_autoptr(GBytes) bytes = made->log ? store_log_get(tx, made->log, error) : NULL;
    g_autoptr(EventLog) log = bytes ? event_log_parse(bytes, error) : NULL;
    if (!log || !made->quote || quote_parse(made->quote, &quote) != QUOTE_READ) {
        if (error && !*error)
            arm_fail(error, ARM_INTERNAL, NULL, "The evidence of a healthy instance is not there.");
        return FALSE;
    }
    facts->pcrs = quote.pcrs;
    facts->secure_boot = token_secure_boot(log);
    return TRUE;
}

static gboolean
facts_read(Api *api, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, Sources *sources, TokenFacts *facts,
           UnixTime now, GError **error)
{
    const Attested *attested = &sources->attested;
    if (!attested_read(api, tx, set, instance, now, &sources->attested, error) ||
        !health_check(instance, attested, now, error) || !evidence_read(tx, attested->last, facts, error))
        return FALSE;
    g_autoptr(StoreModel) model = store_model_get(tx, set->id, instance->revision, error);
    if (!model)
        return FALSE;
    sources->image = g_steal_pointer(&model->image_urn);
    sources->os_type = body_os_type(tx, sources->image);
    sources->resource = resource_id_instance(api->subscription, set->group, set->name, instance->id);
    sources->id = g_uuid_string_random();
    facts->issuer = api_token_issuer(api);
    facts->id = sources->id;
    facts->resource_id = sources->resource;
    facts->vm_id = instance->vm_id;
    facts->os_type = sources->os_type;
    facts->image = sources->image;
    facts->reference = attested->last->reference;
    /* Of a healthy one. */
    facts->accepted_by = attested->last->code;
    facts->ek = attested->vtpm->ek;
    facts->verified = attested->vtpm->verified;
    facts->trust_usec = attested->trust_usec;
    return TRUE;
}

static gboolean
issuer_check(const Api *api, GError **error)
{
    return api_token_issuer(api) ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                    "No tokens are issued: nobody could fetch the keys that verify them. Start testudod with --listen, or say "
                    "by --token-issuer under which address others find its /certs.");
}

/* Ends the transaction: the key may have to be made. */
static char *
token_make(Api *api, StoreTx **tx, const StoreSet *set, const StoreInstance *instance, const char *nonce, UnixTime now,
           GError **error)
{
    g_auto(Sources) sources = { 0 };
    TokenFacts facts = { .nonce = nonce };
    if (!token_nonce_check(nonce, error) || !issuer_check(api, error) ||
        !facts_read(api, *tx, set, instance, &sources, &facts, now, error))
        return NULL;
    g_clear_pointer(tx, store_abort);
    g_autoptr(EVP_PKEY) key = token_ring_key(api, now, error);
    if (!key)
        return NULL;
    g_autoptr(json_t) claims = token_claims(&facts, now);
    g_autofree char *address = g_strconcat(facts.issuer, "/certs", NULL);
    return jwt_sign(claims, key, address);
}

char *
api_guest_token(Api *api, const char *key, const char *nonce, GError **error)
{
    const char *dot = strrchr(key, '.');
    g_autofree char *uid = g_strndup(key, (gsize)(dot - key));
    g_autoptr(StoreTx) tx = store_read(api->store, error);
    g_autoptr(StoreSet) set = tx ? store_set_get_by_uid(tx, uid, error) : NULL;
    g_autoptr(StoreInstance) instance = set ? call_instance(tx, set, dot + 1, error) : NULL;
    if (!instance) {
        if (error && !*error)
            arm_fail(error, ARM_INSTANCE_NOT_FOUND, NULL, "This VM belongs to no scale set any more.");
        return NULL;
    }
    return token_make(api, &tx, set, instance, nonce, api->clock->now(api->clock), error);
}

static gboolean
body_read(const json_t *body, const char **ret_nonce, GError **error)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)body, name, value)
    {
        if (g_ascii_strcasecmp(name, "nonce") != 0)
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, name,
                            "Could not find member '%.100s' on the body of this action; accepted: nonce.", name);
    }
    *ret_nonce = json_member_text(body, "nonce");
    return TRUE;
}

static ApiResponse *
token_post(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    const char *nonce = NULL;
    if (!body_read(call->body, &nonce, error) || !place_find(call, &place, error))
        return NULL;
    g_autofree char *token = token_make(call->api, &place.tx, place.set, place.instance, nonce, call->now, error);
    if (!token)
        return NULL;
    g_autoptr(json_t) body = json_pack("{ss}", "token", token);
    return respond_json_once(200, body);
}

const Route routes_tokens[] = {
    { "POST", PATH_INSTANCE "/attestationToken", token_post, ROUTE_BODY, NO_QUERY },
    { 0 },
};
