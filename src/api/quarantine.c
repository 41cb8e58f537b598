/* Instances in quarantine: listed, and let out of it again. They are deleted as any other, by name. */
#include "api/quarantine.h"

#include "api/body_parts.h"
#include "api/capacity.h"
#include "api/place.h"
#include "api/quota_growth.h"
#include "base/json.h"
#include "model/model.h"
#include "store/desire.h"

gboolean
quarantine_check(const StoreInstance *instance, GError **error)
{
    return !instance->quarantined ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "instanceIds",
                    "Instance %u is in quarantine since what it booted deviates from what it should have. Release it first "
                    "(testudo vmss quarantine release), or delete it.",
                    instance->id);
}

/* ---- list ---- */

static json_t *
entry_json(const Call *call, const Place *place, const StoreInstance *instance, GError **error)
{
    g_autoptr(GPtrArray) last = store_attestation_list(place->tx, place->set->id, instance->id, 1, error);
    if (!last)
        return NULL;
    g_autofree char *id = resource_id_instance(call->api->subscription, place->set->group, place->set->name, instance->id);
    g_autofree char *number = g_strdup_printf("%u", instance->id);
    json_t *entry = json_object(), *properties = json_object();
    json_set_text(entry, "id", id);
    json_set_text(entry, "instanceId", number);
    json_set_text(entry, "name", instance->computer_name);
    body_time_set(properties, "since", instance->quarantined);
    json_set_text(properties, "state", integrity_text(instance->integrity));
    json_set_text(properties, "reason", last->len > 0 ? ((const StoreAttestation *)g_ptr_array_index(last, 0))->reason : NULL);
    json_object_set_new(properties, "running", json_boolean(instance->alive));
    json_object_set_new(properties, "replaced", json_boolean(instance->replaced));
    json_object_set_new(entry, "properties", properties);
    return entry;
}

static ApiResponse *
quarantine_list(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error))
        return NULL;
    g_autoptr(GPtrArray) instances = store_instance_list(place.tx, place.set->id, error);
    g_autoptr(json_t) value = json_array();
    for (guint i = 0; instances && i < instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        json_t *entry = instance->quarantined && !instance->want_deleted ? entry_json(call, &place, instance, error) : NULL;
        if (instance->quarantined && !instance->want_deleted && !entry)
            return NULL;
        if (entry)
            json_array_append_new(value, entry);
    }
    g_autoptr(json_t) body = json_pack("{sO}", "value", value);
    return instances ? respond_json(200, body) : NULL;
}

/* ---- release ---- */

/* Whoever came in its place stays, and there is one more. */
static gboolean
capacity_rise(Call *call, StoreTx *tx, StoreSet *set, StoreInstance *instance, GError **error)
{
    if (!instance->replaced)
        return TRUE;
    if (set->capacity >= CAPACITY_MAX)
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "sku.capacity",
                        "Another instance has the place of instance %u, and the scale set has %d instances, the most there can "
                        "be: lower its capacity first.",
                        instance->id, CAPACITY_MAX);
    instance->replaced = FALSE;
    return capacity_write(tx, set, set->capacity + 1, call->now, error);
}

/* Where it stands still it goes on. Where its VM ended in quarantine it is started again, and the operation ends with that. */
static gboolean
instance_go_on(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, UnixTime now, GError **error)
{
    instance->quarantined = 0;
    instance->out_of_health = FALSE;
    instance->integrity = instance->alive ? INTEGRITY_WAITED_FOR : INTEGRITY_NONE;
    instance->integrity_since = now;
    if (instance->alive || instance->want_power != POWER_RUNNING)
        return store_instance_update(tx, instance, 0, error) && operation_end(tx, operation, now, error);
    instance->want_epoch++;
    return step_begin(tx, operation, instance, error);
}

static gboolean
quota_check(Call *call, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, const StoreUsage *before,
            GError **error)
{
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, instance->want_revision, NULL, NULL, error);
    return model && quota_growth_check(call, tx, before, model, "sku.capacity", error);
}

static gboolean
release_check(const StoreInstance *instance, GError **error)
{
    return (instance->quarantined && !instance->want_deleted) ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL, "Instance %u is not in quarantine.", instance->id);
}

static ApiResponse *
release(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(StoreInstance) instance =
        set && call_not_deleting(set, error) ? call_instance(tx, set, call->params[PARAM_INSTANCE], error) : NULL;
    if (!instance || !release_check(instance, error))
        return NULL;
    g_autofree char *id = resource_id_instance(call->api->subscription, set->group, set->name, instance->id);
    g_autoptr(StoreUsage) before = store_usage(tx, /* except_set= */ 0, error);
    g_autoptr(StoreOperation) operation = before ? operation_begin(tx, OPERATION_RELEASE, set, id, set->location,
                                                                   /* of_set= */ FALSE, call->request->caller, call->now, error)
                                                 : NULL;
    if (!operation || !capacity_rise(call, tx, set, instance, error) ||
        !instance_go_on(tx, operation, instance, call->now, error) || !quota_check(call, tx, set, instance, before, error) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_accepted(call, operation->id);
}

const Route routes_quarantine[] = {
    { "GET", PATH_SET "/quarantine", quarantine_list, 0, NO_QUERY },
    { "POST", PATH_INSTANCE "/release", release, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { 0 },
};
