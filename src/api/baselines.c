/* Testudo.Attestation/baselines: what boots of an image are to measure, as operators approved it. */
#include "api/body_parts.h"
#include "api/place.h"
#include "base/json.h"
#include "store/models.h"

#include <string.h>

#define BASELINES "/subscriptions/{subscription}/providers/Testudo.Attestation/baselines"
#define BASELINE  BASELINES "/{baseline}"
enum { PARAM_BASELINE = 1 };

static char *
baseline_id(const Call *call, gint64 id)
{
    return g_strdup_printf("/subscriptions/%s/providers/Testudo.Attestation/baselines/%" G_GINT64_FORMAT,
                           call->api->subscription, id);
}

static json_t *
baseline_json(const Call *call, const StoreBaseline *baseline)
{
    json_t *body = json_object(), *properties = json_object();
    g_autofree char *id = baseline_id(call, baseline->id), *name = g_strdup_printf("%" G_GINT64_FORMAT, baseline->id);
    json_set_text(body, "id", id);
    json_set_text(body, "name", name);
    json_set_text(body, "type", "Testudo.Attestation/baselines");
    json_object_set_new(body, "properties", properties);
    json_set_text(properties, "image", baseline->image_urn);
    json_object_set_new(properties, "secureBoot", json_boolean(baseline->secure_boot));
    json_object_set_new(properties, "vCPUs", json_integer(baseline->vcpus));
    json_object_set_new(properties, "memoryMiB", json_integer(baseline->memory_mib));
    json_set_text(properties, "eventLogSha256", baseline->log);
    json_set_text(properties, "source", baseline->source);
    body_time_set(properties, "approvedAt", baseline->approved);
    json_set_text(properties, "approvedBy", baseline->approved_by);
    body_time_set(properties, "withdrawnAt", baseline->withdrawn);
    json_set_text(properties, "withdrawnBy", baseline->withdrawn_by);
    if (baseline->superseded)
        json_object_set_new(properties, "superseded", json_true());
    return body;
}

static StoreBaseline *
baseline_find(Call *call, StoreTx *tx, GError **error)
{
    GError *lookup = NULL;
    guint64 id = 0;
    StoreBaseline *baseline = g_ascii_string_to_unsigned(call->params[PARAM_BASELINE], 10, 1, G_MAXINT64, &id, NULL)
                                  ? store_baseline_get(tx, (gint64)id, &lookup)
                                  : NULL;
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!baseline)
        arm_fail(error, ARM_NOT_FOUND, NULL, "There is no baseline '%.40s'.", call->params[PARAM_BASELINE]);
    return baseline;
}

static ApiResponse *
baselines_list(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) baselines = tx ? store_baseline_list(tx, /* image_urn= */ NULL, error) : NULL;
    g_autoptr(json_t) body = json_object();
    if (!baselines)
        return NULL;
    json_t *value = json_array();
    for (guint i = 0; i < baselines->len; i++)
        json_array_append_new(value, baseline_json(call, g_ptr_array_index(baselines, i)));
    json_object_set_new(body, "value", value);
    return respond_json(200, body);
}

/* With its event log: whoever has it can judge evidence without this daemon. */
static ApiResponse *
baseline_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreBaseline) baseline = tx ? baseline_find(call, tx, error) : NULL;
    g_autoptr(GBytes) log = baseline ? store_log_get(tx, baseline->log, error) : NULL;
    if (!log)
        return NULL;
    gsize size;
    const void *data = g_bytes_get_data(log, &size);
    g_autofree char *text = g_base64_encode(data, size);
    g_autoptr(json_t) body = baseline_json(call, baseline);
    json_set_text(json_object_get(body, "properties"), "eventLog", text);
    return respond_json(200, body);
}

static gboolean
event_note(Call *call, StoreTx *tx, gint64 id, const char *message, GError **error)
{
    g_autofree char *resource = baseline_id(call, id);
    return store_event_note(tx, operation_kind_text(OPERATION_APPROVE_BASELINE), resource, call->request->caller, message,
                            call->now, error);
}

/* Only what a vTPM has proven can be a reference; what it differed in so far is what the operator approves of. */
static StoreAttestation *
proven_find(StoreTx *tx, const StoreSet *set, const StoreInstance *instance, GError **error)
{
    g_autoptr(GPtrArray) found = store_attestation_list(tx, set->id, instance->id, 1, error);
    if (!found)
        return NULL;
    const StoreAttestation *last = found->len > 0 ? g_ptr_array_index(found, 0) : NULL;
    if (last && last->log && last->epoch == instance->epoch && last->revision > 0 &&
        last->integrity != INTEGRITY_NOT_ATTESTED && instance->integrity != INTEGRITY_WAITED_FOR) {
        g_ptr_array_set_free_func(found, NULL);
        StoreAttestation *taken = g_ptr_array_steal_index(found, 0);
        g_ptr_array_set_free_func(found, (GDestroyNotify)store_attestation_free);
        return taken;
    }
    arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
             "Instance %u has no evidence of its present boot that holds: there is nothing to approve.", instance->id);
    return NULL;
}

/* {"eventLogSha256": "…"}: of the log that was looked at. A guest that boots anew meanwhile has another one. */
static gboolean
looked_at_check(const json_t *body, const StoreAttestation *proven, GError **error)
{
    const json_t *value = json_member(body, "eventLogSha256");
    const char *digest = json_string_value(value);
    if (json_object_size(body) > (value ? 1 : 0) || (value && !digest))
        return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, "eventLogSha256",
                        "The body of this action is empty, or has eventLogSha256, a text.");
    return !digest || g_ascii_strcasecmp(digest, proven->log) == 0 ||
           arm_fail(error, ARM_CONFLICT, "eventLogSha256",
                    "What instance %u booted is not what was looked at: it was attested anew meanwhile. Look at it again.",
                    proven->instance);
}

/* Of the image that booted then: who rests is given another model without being launched. */
static StoreBaseline *
baseline_new(Call *call, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, const StoreAttestation *proven,
             GError **error)
{
    g_autoptr(StoreModel) row = store_model_get(tx, set->id, proven->revision, error);
    g_autoptr(Model) model = row ? model_of_revision(tx, set->id, set->name, proven->revision, NULL, NULL, error) : NULL;
    if (!model)
        return NULL;
    g_autofree char *resource = resource_id_instance(call->api->subscription, set->group, set->name, instance->id);
    StoreBaseline *baseline = g_new0(StoreBaseline, 1);
    baseline->image_urn = g_strdup(row->image_urn);
    baseline->secure_boot = model->secure_boot;
    baseline->vcpus = row->size_vcpus;
    baseline->memory_mib = row->size_memory_mib;
    baseline->log = g_strdup(proven->log);
    baseline->source = g_strdup_printf("learnt from %s", resource);
    baseline->approved = call->now;
    baseline->approved_by = g_strdup(call->request->caller);
    return baseline;
}

static ApiResponse *
approve(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(StoreInstance) instance = set ? call_instance(tx, set, call->params[PARAM_INSTANCE], error) : NULL;
    g_autoptr(StoreAttestation) proven = instance ? proven_find(tx, set, instance, error) : NULL;
    g_autoptr(StoreBaseline) baseline =
        proven && looked_at_check(call->body, proven, error) ? baseline_new(call, tx, set, instance, proven, error) : NULL;
    if (!baseline || !store_baseline_add(tx, baseline, error))
        return NULL;
    g_autofree char *message = g_strdup_printf("Baseline of image %s, %u vCPUs, %u MiB: %s.", baseline->image_urn,
                                               baseline->vcpus, baseline->memory_mib, baseline->source);
    g_autofree char *key = g_strdup_printf("%s.%u", set->uid, instance->id);
    if (!event_note(call, tx, baseline->id, message, error) || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    call->api->probe.attest(call->api->probe.data, key);
    g_autoptr(json_t) body = baseline_json(call, baseline);
    return respond_json(201, body);
}

static ApiResponse *
withdraw(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreBaseline) baseline = tx ? baseline_find(call, tx, error) : NULL;
    if (!baseline)
        return NULL;
    g_autofree char *message = g_strdup_printf("Baseline of image %s is withdrawn.", baseline->image_urn);
    if (!store_baseline_withdraw(tx, baseline->id, call->request->caller, /* superseded= */ FALSE, call->now, error) ||
        !event_note(call, tx, baseline->id, message, error) || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_empty(200);
}

const Route routes_baselines[] = {
    { "GET", BASELINES, baselines_list, 0, NO_QUERY },
    { "GET", BASELINE, baseline_get, 0, NO_QUERY },
    { "DELETE", BASELINE, withdraw, 0, NO_QUERY },
    { "POST", PATH_INSTANCE "/approveBaseline", approve, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { 0 },
};
