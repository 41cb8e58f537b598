/* How an instance booted: what is known now, what was found before, and the evidence, for whoever wants to judge it himself. */
#include "api/attested.h"
#include "api/body_parts.h"
#include "api/place.h"
#include "api/quarantine.h"
#include "base/json.h"

#include <string.h>

#define ATTESTATION  PATH_INSTANCE "/attestation"
#define ATTESTATIONS PATH_INSTANCE "/attestations"
#define ATTEST       PATH_INSTANCE "/attest"
#define TYPE         "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/attestation"

static void
bytes_set(json_t *object, const char *name, GBytes *bytes)
{
    gsize size;
    const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    g_autofree char *text = data ? g_base64_encode(data, size) : NULL;
    json_set_text(object, name, text);
}

/* Names as in a folder that `testudo attest verify-file` reads. */
static gboolean
evidence_set(StoreTx *tx, const StoreAttestation *made, const StoreVtpm *vtpm, json_t *properties, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(GBytes) log = made->log ? store_log_get(tx, made->log, &lookup) : NULL;
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    json_t *evidence = json_object();
    bytes_set(evidence, "nonce.bin", made->nonce);
    bytes_set(evidence, "quote.attest", made->quote);
    bytes_set(evidence, "quote.sig", made->signature);
    bytes_set(evidence, "ak.pub", made->ak);
    bytes_set(evidence, "ek.pub", made->ek);
    bytes_set(evidence, "eventlog.bin", log);
    bytes_set(evidence, "ek-rsa.crt.der", vtpm ? vtpm->certificate : NULL);
    json_object_set_new(properties, "evidence", evidence);
    return TRUE;
}

/* What was found, without what is known of the instance besides. */
static json_t *
finding_json(const StoreAttestation *made)
{
    json_t *json = json_pack("{ss}", "state", integrity_text(made->integrity));
    g_autoptr(json_t) components = made->components ? json_loads(made->components, 0, NULL) : NULL;
    body_time_set(json, "time", made->at);
    json_set_text(json, "code", made->code);
    json_set_text(json, "reason", made->reason);
    json_set_text(json, "reference", made->reference);
    if (components)
        json_object_set(json, "components", components);
    g_autoptr(json_t) refused = made->refused ? json_loads(made->refused, 0, NULL) : NULL;
    if (refused)
        json_object_set(json, "refusedModules", refused);
    if (made->quote)
        json_object_set_new(json, "resetCount", json_integer(made->resets));
    json_set_text(json, "eventLogSha256", made->log);
    return json;
}

static json_t *
vtpm_json(const StoreVtpm *vtpm)
{
    json_t *json = json_pack("{sI}", "generation", (json_int_t)vtpm->generation);
    json_set_text(json, "endorsementKeySha256", *vtpm->ek ? vtpm->ek : NULL);
    body_time_set(json, "attestationKeyBoundAt", vtpm->bound);
    return json;
}

static ApiResponse *
attestation_get(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    g_auto(Attested) attested = { 0 };
    if (!place_find(call, &place, error) ||
        !attested_read(call->api, place.tx, place.set, place.instance, call->now, &attested, error))
        return NULL;
    const StoreInstance *instance = place.instance;
    const StoreVtpm *vtpm = attested.vtpm;
    g_autoptr(json_t) body = json_object();
    json_t *properties = attested.last ? finding_json(attested.last) : json_object();
    g_autofree char *resource = resource_id_instance(call->api->subscription, place.set->group, place.set->name, instance->id);
    g_autofree char *id = g_strconcat(resource, "/attestation", NULL), *name = g_strdup_printf("%u", instance->id);
    json_set_text(body, "id", id);
    json_set_text(body, "name", name);
    json_set_text(body, "type", TYPE);
    json_object_set_new(body, "properties", properties);
    json_set_text(properties, "state", integrity_text(attested.integrity));
    json_set_text(properties, "code", attested.code);
    json_set_text(properties, "reason", attested.reason);
    body_time_set(properties, "since", instance->integrity_since);
    if (vtpm) {
        body_time_set(properties, "lastVerifiedAt", vtpm->verified);
        body_time_set(properties, "lastTriedAt", vtpm->tried);
        json_object_set_new(properties, "vTpm", vtpm_json(vtpm));
    }
    const char *expand = call_query(call, "$expand");
    if (expand && attested.last && !evidence_set(place.tx, attested.last, vtpm, properties, error))
        return NULL;
    return respond_json(200, body);
}

static ApiResponse *
attestations_list(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error))
        return NULL;
    g_autoptr(GPtrArray) found =
        store_attestation_list(place.tx, place.set->id, place.instance->id, STORE_ATTESTATIONS_KEPT, error);
    g_autoptr(json_t) body = json_object();
    if (!found)
        return NULL;
    json_t *value = json_array();
    for (guint i = 0; i < found->len; i++) {
        const StoreAttestation *made = g_ptr_array_index(found, i);
        g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT, made->id);
        json_t *entry = json_object();
        json_set_text(entry, "name", name);
        json_set_text(entry, "type", TYPE);
        json_object_set_new(entry, "properties", finding_json(made));
        json_array_append_new(value, entry);
    }
    json_object_set_new(body, "value", value);
    return respond_json(200, body);
}

static ApiResponse *
attest(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error) || !quarantine_check(place.instance, error))
        return NULL;
    const Integrity integrity = place.instance->integrity;
    if (integrity == INTEGRITY_NONE || !place.instance->alive) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                 "Instance %u is not attested: it does not run, or its model has no extension GuestAttestation.",
                 place.instance->id);
        return NULL;
    }
    g_autofree char *key = place_key(&place);
    call->api->probe.attest(call->api->probe.data, key);
    return respond_empty(202);
}

const Route routes_attestations[] = {
    { "GET", ATTESTATION, attestation_get, 0, "$expand=evidence" },
    { "GET", ATTESTATIONS, attestations_list, 0, NO_QUERY },
    { "POST", ATTEST, attest, 0, NO_QUERY },
    { 0 },
};
