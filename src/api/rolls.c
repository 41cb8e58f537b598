/* Rolling upgrades of a scale set: start, latest, cancel, history. Shapes: Azure Compute REST, RollingUpgradeStatusInfo and
 * UpgradeOperationHistoricalStatusInfo. */
#include "api/lock_out.h"
#include "api/place.h"
#include "api/roll_start.h"
#include "base/time_text.h"
#include "store/models.h"

/* What is older is no news: as on Azure, two months. */
#define HISTORY (61 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC)

#define RESOURCE_TYPE "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades"

static json_t *
time_json(UnixTime time)
{
    g_autofree char *text = time_to_text(time);
    return json_string(text);
}

static json_t *
policy_json(const RollingPolicy *policy)
{
    g_autofree char *pause = duration_to_text(policy->pause_usec);
    return json_pack("{si si si ss sb sb sb}", "maxBatchInstancePercent", (int)policy->max_batch_percent,
                     "maxUnhealthyInstancePercent", (int)policy->max_unhealthy_percent, "maxUnhealthyUpgradedInstancePercent",
                     (int)policy->max_unhealthy_upgraded_percent, "pauseTimeBetweenBatches", pause,
                     "prioritizeUnhealthyInstances", policy->prioritize_unhealthy, "maxSurge", policy->max_surge,
                     "rollbackFailedInstancesOnPolicyBreach", policy->rollback);
}

static json_t *
running_status_json(const StoreRoll *roll)
{
    json_t *status = json_object();
    json_set_text(status, "code", roll_status_text(roll->status));
    json_object_set_new(status, "startTime", time_json(roll->started));
    if (roll->ended)
        json_object_set_new(status, "endTime", time_json(roll->ended));
    json_set_text(status, "lastAction", roll->cancel ? "Cancel" : "Start");
    json_object_set_new(status, "lastActionTime", time_json(roll->last_action));
    return status;
}

/* While it is under way its marks are counted; what it has ended with is written down. */
static json_t *
progress_json(StoreTx *tx, const StoreRoll *roll, GError **error)
{
    guint successful = roll->successful, failed = roll->failed, in_progress = 0, pending = 0, serving;
    if (!roll->ended) {
        guint marks[ROLL_N_MARKS];
        if (!store_roll_count(tx, roll->set_id, roll->id, marks, error) ||
            !store_instance_outdated(tx, roll->set_id, &pending, &serving, error))
            return NULL;
        successful = marks[ROLL_MARK_DONE];
        failed += marks[ROLL_MARK_FAILED] + marks[ROLL_MARK_UNDOING] + marks[ROLL_MARK_UNDONE];
        in_progress = marks[ROLL_MARK_IN_HAND];
        /* What is put back is outdated again, and yet nothing that is to come. */
        pending -= MIN(pending, marks[ROLL_MARK_UNDOING] + marks[ROLL_MARK_UNDONE]);
    }
    return json_pack("{si si si si}", "successfulInstanceCount", (int)successful, "failedInstanceCount", (int)failed,
                     "inProgressInstanceCount", (int)in_progress, "pendingInstanceCount", (int)pending);
}

static void
error_set(json_t *properties, const StoreRoll *roll)
{
    if (roll->code)
        json_object_set_new(properties, "error",
                            json_pack("{ss ss}", "code", roll->code, "message", roll->message ? roll->message : ""));
}

/* What is ours, beside what the shape has. */
static json_t *
testudo_json(const StoreRoll *roll)
{
    json_t *more = json_pack("{si si ss ss}", "targetRevision", (int)roll->target, "batch", (int)roll->batch, "phase",
                             roll_phase_text(roll->phase), "operation", roll->operation);
    if (roll->warning)
        json_set_text(more, "warning", roll->warning);
    return more;
}

static ApiResponse *
roll_latest(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    GError *lookup = NULL;
    if (!place_find(call, &place, error))
        return NULL;
    g_autoptr(StoreRoll) roll = store_roll_latest(place.tx, place.set->id, &lookup);
    if (!roll) {
        if (lookup)
            g_propagate_error(error, lookup);
        else
            arm_fail(error, ARM_NOT_FOUND, NULL,
                     "There was no rolling upgrade of scale set '%s' yet; POST to its osRollingUpgrade starts one.",
                     place.set->name);
        return NULL;
    }
    g_autoptr(Model) model =
        model_of_revision(place.tx, place.set->id, place.set->name, place.set->revision, NULL, NULL, error);
    json_t *progress = model ? progress_json(place.tx, roll, error) : NULL;
    if (!progress)
        return NULL;
    const RollingPolicy *policy = roll->os_upgrade ? &model->policy.os_upgrade.rolling : &model->policy.rolling;
    g_autofree char *set_id = resource_id_scale_set(call->api->subscription, place.set->group, place.set->name);
    g_autofree char *id = g_strconcat(set_id, "/rollingUpgrades/latest", NULL);
    g_autoptr(json_t) body =
        json_pack("{ss ss ss ss s{so so so so}}", "id", id, "name", "latest", "type", RESOURCE_TYPE, "location",
                  place.set->location, "properties", "policy", policy_json(policy), "runningStatus", running_status_json(roll),
                  "progress", progress, "testudo", testudo_json(roll));
    error_set(json_object_get(body, "properties"), roll);
    return respond_json(200, body);
}

/* The image that it brought, as long as the revision is kept. */
static gboolean
target_image_set(StoreTx *tx, const StoreSet *set, const StoreRoll *roll, json_t *properties, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreModel) target = store_model_get(tx, set->id, roll->target, &lookup);
    g_auto(GStrv) urn = target ? g_strsplit(target->image_urn, ":", 4) : NULL;
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (urn && g_strv_length(urn) == 4)
        json_object_set_new(properties, "targetImageReference",
                            json_pack("{ss ss ss ss}", "publisher", urn[0], "offer", urn[1], "sku", urn[2], "version", urn[3]));
    return TRUE;
}

static json_t *
history_entry(StoreTx *tx, const StoreSet *set, const StoreRoll *roll, GError **error)
{
    json_t *progress = progress_json(tx, roll, error);
    if (!progress)
        return NULL;
    json_t *entry = json_pack("{s{so so ss so} ss ss}", "properties", "runningStatus", running_status_json(roll), "progress",
                              progress, "startedBy", roll->os_upgrade ? "Platform" : "User", "testudo", testudo_json(roll),
                              "type", RESOURCE_TYPE, "location", set->location);
    error_set(json_object_get(entry, "properties"), roll);
    if (!target_image_set(tx, set, roll, json_object_get(entry, "properties"), error)) {
        json_decref(entry);
        return NULL;
    }
    return entry;
}

static ApiResponse *
roll_history(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error))
        return NULL;
    g_autoptr(GPtrArray) rolls = store_roll_list(place.tx, place.set->id, error);
    if (!rolls)
        return NULL;
    g_autoptr(json_t) value = json_array();
    for (guint i = 0; i < rolls->len; i++) {
        const StoreRoll *roll = g_ptr_array_index(rolls, i);
        if (roll->ended && roll->ended + HISTORY < call->now)
            continue;
        json_t *entry = history_entry(place.tx, place.set, roll, error);
        if (!entry)
            return NULL;
        json_array_append_new(value, entry);
    }
    g_autoptr(json_t) body = json_pack("{sO}", "value", value);
    return respond_json(200, body);
}

static StoreSet *
set_to_write(Call *call, StoreTx *tx, GError **error)
{
    g_autoptr(StoreSet) set = call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error);
    return set && call_not_deleting(set, error) ? g_steal_pointer(&set) : NULL;
}

/* In every mode: the policy is that of the rolling upgrade, whatever the mode is. */
static ApiResponse *
roll_start(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? set_to_write(call, tx, error) : NULL;
    if (!set)
        return NULL;
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, set->revision, NULL, NULL, error);
    if (!model || !roll_room_check(call, tx, set, model, error) || !lock_out_check_roll(call, tx, set, model, error))
        return NULL;
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autoptr(StoreRoll) roll = roll_begin(tx, set, id, /* os_upgrade= */ FALSE, call->request->caller, call->now, error);
    if (!roll || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_accepted(call, roll->operation);
}

static ApiResponse *
roll_stop(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? set_to_write(call, tx, error) : NULL;
    if (!set)
        return NULL;
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autoptr(StoreRoll) roll = roll_cancel(tx, set, id, call->request->caller, call->now, error);
    if (!roll || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_accepted(call, roll->cancel_operation);
}

const Route routes_rolls[] = {
    { "POST", PATH_SET "/osRollingUpgrade", roll_start, 0, ACKNOWLEDGE },
    { "POST", PATH_SET "/extensionRollingUpgrade", roll_start, 0, ACKNOWLEDGE },
    { "GET", PATH_SET "/rollingUpgrades/latest", roll_latest, 0, NO_QUERY },
    { "POST", PATH_SET "/rollingUpgrades/cancel", roll_stop, 0, NO_QUERY },
    { "GET", PATH_SET "/osUpgradeHistory", roll_history, 0, NO_QUERY },
    { 0 },
};
