#include "api/roll_start.h"

#include "api/lock_out.h"
#include "api/quota_growth.h"
#include "rollout/roll.h"
#include "store/desire.h"
#include "store/models.h"
#include "store/upgrades.h"

#include <string.h>

gboolean
roll_room_check(Call *call, StoreTx *tx, const StoreSet *set, const Model *model, GError **error)
{
    guint outdated, serving;
    if (!model->policy.rolling.max_surge)
        return TRUE;
    const SizeInfo *size = size_catalogue_find(call->api->config.sizes, model->size_name);
    g_autoptr(StoreUsage) usage = store_usage(tx, /* except_set= */ 0, error);
    if (!usage || !store_instance_outdated(tx, set->id, &outdated, &serving, error))
        return FALSE;
    if (!size || serving == 0)
        return TRUE;
    const FleetCounts counts = { .present = set->capacity };
    guint needed = MIN(roll_batch_size(&model->policy.rolling, &counts), serving);
    guint family = store_usage_family_cores(usage, size->family);
    guint room = quota_room(call->api->config.quota, size, family, usage->regional_cores, usage->virtual_machines);
    return room >= needed ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "properties.upgradePolicy.rollingUpgradePolicy.maxSurge",
                    "Operation could not be completed as it results in exceeding approved quota: "
                    "with maxSurge a batch needs %u more instance(s) of size '%s' (%u vCPUs each) beside the old ones, "
                    "and there is room for %u. Family '%s': limit %u, in use %u; region: limit %u, in use %u; "
                    "virtual machines: limit %u, in use %u.",
                    needed, size->name, size->vcpus, room, size->family,
                    quota_family_limit(call->api->config.quota, size->family), family, call->api->config.quota->regional_cores,
                    usage->regional_cores, call->api->config.quota->virtual_machines, usage->virtual_machines);
}

gboolean
update_in_place_check(const StoreInstance *instance, const Model *from, const Model *to, const char *target, GError **error)
{
    return instance->run_disk_gen == 0 || !change_needs_surge(from, to) ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, target,
                    "Instance %u has security type 'Standard': with data disks it goes to Trusted launch only by a rolling "
                    "upgrade with properties.upgradePolicy.rollingUpgradePolicy.maxSurge true, where a new instance takes its "
                    "place.",
                    instance->id);
}

/* What the rolling upgrade under way is bringing about already was asked for when it began. */
static gboolean
is_news(StoreTx *tx, const StoreSet *set, const StoreRoll *under_way, gboolean *ret_news, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreModel) target = under_way ? store_model_get(tx, set->id, under_way->target, &lookup) : NULL;
    *ret_news = !target || strcmp(target->effect_key, set->effect_key) != 0;
    if (lookup)
        g_propagate_error(error, lookup);
    return lookup == NULL;
}

/* under_way: NULL: none so far. */
static gboolean
roll_turn(Call *call, StoreTx *tx, StoreSet *set, const Model *model, const StoreRoll *under_way, GError **error)
{
    gboolean news;
    if (!is_news(tx, set, under_way, &news, error) || (news && !lock_out_check_roll(call, tx, set, model, error)))
        return FALSE;
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autoptr(StoreRoll) roll = roll_begin(tx, set, id, /* os_upgrade= */ FALSE, call->request->caller, call->now, error);
    return roll != NULL;
}

/* As manualupgrade of all would do it. An instance whose step moved to this operation goes on to the newest model in it. */
static gboolean
all_update(Call *call, StoreTx *tx, StoreSet *set, const Model *model, StoreOperation *operation, GPtrArray *locked_out,
           GError **error)
{
    g_autoptr(StoreUpgrade) change = NULL;
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    g_autoptr(GHashTable) models = models_by_revision_new();
    if (!instances)
        return FALSE;
    for (guint i = 0; i < instances->len; i++) {
        StoreInstance *instance = g_ptr_array_index(instances, i);
        const guint base = desire_base(instance);
        if (instance->want_deleted || instance->protect_scale_set_actions || instance->quarantined || base == set->revision)
            continue;
        /* Half way back it stays in the hands of the rolling upgrade, which brings it here afterwards. */
        if (instance->roll_mark == ROLL_MARK_UNDOING)
            continue;
        const Model *from = models_by_revision_get(models, tx, set, base, error);
        if (!from)
            return FALSE;
        if (!update_in_place_check(instance, from, model, "properties.upgradePolicy.mode", error))
            return FALSE;
        const Change what = change_between(from, model);
        if (!change && upgrade_takes(instance, &what))
            change = upgrade_open(tx, set, operation->resource_id, "AutomaticUpgrade", operation->id, call->request->caller,
                                  call->now, error);
        if ((upgrade_takes(instance, &what) && !change) ||
            (change && !upgrade_enlist(tx, change, instance, &what, /* replaced= */ FALSE, call->now, error)) ||
            !lock_out_judge(tx, instance, losses_of_change(&what, /* replaced= */ FALSE), locked_out, error))
            return FALSE;
        desire_update(instance, set->revision, &what, model);
        if (!step_begin_beside_revival(tx, operation, instance, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
all_update_within_quota(Call *call, StoreTx *tx, StoreSet *set, const Model *model, StoreOperation *operation, GError **error)
{
    g_autoptr(StoreUsage) before = store_usage(tx, /* except_set= */ 0, error);
    g_autoptr(GPtrArray) locked_out = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    return before && all_update(call, tx, set, model, operation, locked_out, error) &&
           lock_out_settle(call, tx, set, locked_out, error) &&
           quota_growth_check(call, tx, before, model, "properties.upgradePolicy.mode", error);
}

gboolean
roll_follow(Call *call, StoreTx *tx, StoreSet *set, const Model *model, StoreOperation *operation, GError **error)
{
    guint outdated, serving;
    GError *lookup = NULL;
    g_autoptr(StoreRoll) under_way = store_roll_active(tx, set->id, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    /* One that is under way turns to the newest model whatever the mode: nobody is touched for what is superseded. */
    if (model->upgrade_mode == UPGRADE_AUTOMATIC)
        return all_update_within_quota(call, tx, set, model, operation, error) &&
               (!under_way || roll_turn(call, tx, set, model, under_way, error));
    if (under_way)
        return roll_turn(call, tx, set, model, under_way, error);
    if (!store_instance_outdated(tx, set->id, &outdated, &serving, error))
        return FALSE;
    if (model->upgrade_mode != UPGRADE_ROLLING || outdated == 0)
        return TRUE;
    return roll_room_check(call, tx, set, model, error) && roll_turn(call, tx, set, model, /* under_way= */ NULL, error);
}
