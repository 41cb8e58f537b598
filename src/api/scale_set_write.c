/* virtualMachineScaleSets: create and change, in one transaction: revision, operation, instances, activity event. */
#include "api/scale_set_write.h"

#include "api/capacity.h"
#include "api/place.h"
#include "api/quota_growth.h"
#include "api/roll_start.h"
#include "api/set_body.h"
#include "store/desire.h"

#include <string.h>

/* Instances that never ran have nothing to keep: they take the newest model, as new ones do. */
static gboolean
unborn_update(StoreTx *tx, const StoreSet *set, const Model *model, GError **error)
{
    static const Change nothing_to_replace = { .kind = CHANGE_NOTHING };
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    if (!instances)
        return FALSE;
    for (guint i = 0; i < instances->len; i++) {
        StoreInstance *instance = g_ptr_array_index(instances, i);
        if (instance->run_disk_gen > 0 || instance->want_revision == set->revision)
            continue;
        desire_update(instance, set->revision, &nothing_to_replace, model);
        if (!store_instance_update(tx, instance, 0, error))
            return FALSE;
    }
    return TRUE;
}

/* Rules judge the change by the set's capacity. What is beyond it (a rolling upgrade's new ones), and who was to have a smaller
 * size so far and did not get it yet, is seen in what is in use afterwards alone. */
static gboolean
growth_check(Call *call, StoreTx *tx, const StoreUsage *before, const Draft *draft, guint capacity, GError **error)
{
    const char *target = draft->after->capacity > capacity ? "sku.capacity" : "sku.name";
    return !before || quota_growth_check(call, tx, before, draft->after, target, error);
}

static StoreSet *
set_insert(Call *call, StoreTx *tx, const Draft *draft, const char *group, GError **error)
{
    g_autoptr(StoreSet) set = g_new0(StoreSet, 1);
    set->uid = g_uuid_string_random();
    set->group = g_strdup(group);
    set->name = g_strdup(call->params[PARAM_SET]);
    set->location = g_strdup(call->api->config.location);
    set->revision = 1;
    set->effect_key = g_strdup(draft->effect_key);
    set->capacity = draft->after->capacity;
    set->flexible = draft->after->orchestration == ORCHESTRATION_FLEXIBLE;
    set->state = g_strdup("Succeeded");
    set->created = call->now;
    return store_set_insert(tx, set, error) ? g_steal_pointer(&set) : NULL;
}

/* Who goes back to an older version of an image does not want the newer one by itself again. */
static void
image_back_note(StoreSet *set, const Model *before, const Model *after)
{
    const ImageRef *from = &before->image, *to = &after->image;
    gboolean same = g_ascii_strcasecmp(from->publisher, to->publisher) == 0 &&
                    g_ascii_strcasecmp(from->offer, to->offer) == 0 && g_ascii_strcasecmp(from->sku, to->sku) == 0;
    if (!same) {
        g_clear_pointer(&set->image_avoided, g_free);
    } else if (image_version_compare(from->exact_version, to->exact_version) > 0 &&
               (!set->image_avoided || image_version_compare(from->exact_version, set->image_avoided) > 0)) {
        g_free(set->image_avoided);
        set->image_avoided = g_strdup(from->exact_version);
    }
}

static gboolean
warnings_record(Call *call, StoreTx *tx, const StoreOperation *operation, const Draft *draft, GError **error)
{
    for (char **warning = draft->share_warnings; *warning; warning++) {
        if (!operation_warn(tx, operation, call->request->caller, *warning, call->now, error))
            return FALSE;
    }
    return TRUE;
}

/* The new revision and everything that follows from it; *ret_operation is the operation's id where it is still under way. */
static gboolean
draft_accept(Call *call, StoreTx *tx, StoreSet *set, const Draft *draft, gboolean created, char **ret_operation, GError **error)
{
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    gboolean supersedes =
        !created && (set->capacity != draft->after->capacity || strcmp(set->effect_key, draft->effect_key) != 0);
    const guint capacity = set->capacity;
    g_autoptr(StoreUsage) before = supersedes ? store_usage(tx, /* except_set= */ 0, error) : NULL;
    if (supersedes && !before)
        return FALSE;

    if (!created) {
        set->revision++;
        g_free(set->effect_key);
        set->effect_key = g_strdup(draft->effect_key);
        set->capacity = draft->after->capacity;
        image_back_note(set, draft->before, draft->after);
    }
    if (!draft_model_insert(tx, draft, set, call->now, error))
        return FALSE;
    /* A change that touches no instance (tags) leaves an operation in hand alone. */
    gboolean of_set = created || supersedes || !set->operation;
    g_autoptr(StoreOperation) operation =
        operation_begin(tx, OPERATION_PUT_SCALE_SET, set, id, set->location, of_set, call->request->caller, call->now, error);
    if (!operation || !warnings_record(call, tx, operation, draft, error) || (!of_set && !store_set_update(tx, set, 0, error)))
        return FALSE;
    g_auto(Scaling) scaling = { 0 };
    if ((created || supersedes) && !capacity_decide(tx, set, draft->after, &scaling, error))
        return FALSE;
    if (supersedes &&
        (!operations_supersede(tx, set, operation, call->now, error) || !unborn_update(tx, set, draft->after, error)))
        return FALSE;
    if ((created || supersedes) && !capacity_meet(tx, set, draft->after, &scaling, operation, call->now, error))
        return FALSE;
    if (!growth_check(call, tx, before, draft, capacity, error))
        return FALSE;
    if (!created && !roll_follow(call, tx, set, draft->after, operation, error))
        return FALSE;
    if (!store_model_prune(tx, set->id, STORE_REVISIONS_KEPT, error))
        return FALSE;
    if (operation->pending == 0)
        return operation_end(tx, operation, call->now, error);
    *ret_operation = g_strdup(operation->id);
    return TRUE;
}

void
set_change_clear(SetChange *change)
{
    g_clear_pointer(&change->operation, g_free);
}

ApiResponse *
scale_set_change_respond(Call *call, const SetChange *change, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? store_set_get_by_id(tx, change->set_id, error) : NULL;
    if (!set) {
        if (tx && error && !*error)
            arm_fail(error, ARM_CONFLICT, NULL, "The scale set was deleted right after the change.");
        return NULL;
    }
    g_autoptr(GBytes) body = set_body(call, tx, set, error);
    if (!body)
        return NULL;
    ApiResponse *response = respond_bytes(change->created ? 201 : 200, body);
    respond_with_etag(response, set->etag);
    respond_with_operation(response, call, change->operation);
    return response;
}

static gboolean
preconditions_check(const Call *call, const StoreSet *set, GError **error)
{
    if (!set && call->request->if_match)
        return arm_fail(error, ARM_PRECONDITION_FAILED, NULL, "If-Match is given, and there is no such scale set.");
    return !set || (call_not_deleting(set, error) && call_preconditions(call, set->etag, error));
}

/* *ret_set is NULL, without an error, where there is none and none is needed. */
static gboolean
set_find(Call *call, StoreTx *tx, gboolean must_exist, char **ret_group, StoreSet **ret_set, GError **error)
{
    g_autoptr(StoreGroup) group = call_group(tx, call->params[PARAM_GROUP], error);
    GError *lookup = NULL;
    if (!group)
        return FALSE;
    if (group->deleting)
        return arm_fail(error, ARM_CONFLICT, NULL, "The resource group '%s' is being deleted.", group->name);
    *ret_set = must_exist ? call_set(tx, group->name, call->params[PARAM_SET], &lookup)
                          : store_set_get(tx, group->name, call->params[PARAM_SET], &lookup);
    *ret_group = g_strdup(group->name);
    if (lookup)
        g_propagate_error(error, lookup);
    return lookup == NULL;
}

gboolean
scale_set_change_in(Call *call, StoreTx *tx, gboolean must_exist, DraftMaker make, void *data, SetChange *ret_change,
                    GError **error)
{
    g_autoptr(StoreSet) set = NULL;
    g_autofree char *group = NULL;
    if (!set_find(call, tx, must_exist, &group, &set, error) || !preconditions_check(call, set, error))
        return FALSE;
    gboolean created = set == NULL;
    if (created && !resource_name_check_scale_set(call->params[PARAM_SET], "name", error))
        return FALSE;
    g_autoptr(Draft) draft = make(call, tx, set, data, error);
    if (!draft)
        return FALSE;
    if (draft->refusal) {
        g_propagate_error(error, g_steal_pointer(&draft->refusal));
        return FALSE;
    }
    if (set && json_equal(draft->stored, draft->document)) {
        /* In mode Rolling also a change of nothing makes the set look whether an instance is out of date. */
        g_autofree char *in_hand = g_strdup(set->operation);
        if (draft->after->upgrade_mode == UPGRADE_ROLLING && !roll_follow(call, tx, set, draft->after, NULL, error))
            return FALSE;
        *ret_change = (SetChange){ set->id, /* created= */ FALSE, g_steal_pointer(&in_hand) };
        return TRUE;
    }
    if (created && !(set = set_insert(call, tx, draft, group, error)))
        return FALSE;
    g_autofree char *operation = NULL;
    if (!draft_accept(call, tx, set, draft, created, &operation, error))
        return FALSE;
    *ret_change = (SetChange){ set->id, created, g_steal_pointer(&operation) };
    return TRUE;
}

gboolean
scale_set_change(Call *call, gboolean must_exist, DraftMaker make, void *data, SetChange *ret_change, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    return tx && scale_set_change_in(call, tx, must_exist, make, data, ret_change, error) &&
           store_commit(g_steal_pointer(&tx), error);
}

static Draft *
body_draft(Call *call, StoreTx *tx, const StoreSet *set, void *data, GError **error)
{
    (void)data;
    return draft_make(call, tx, set, call->params[PARAM_SET], call->body, error);
}

static ApiResponse *
scale_set_write(Call *call, gboolean must_exist, GError **error)
{
    g_auto(SetChange) change = { 0 };
    return scale_set_change(call, must_exist, body_draft, NULL, &change, error) ? scale_set_change_respond(call, &change, error)
                                                                                : NULL;
}

ApiResponse *
scale_set_put(Call *call, GError **error)
{
    return scale_set_write(call, /* must_exist= */ FALSE, error);
}

ApiResponse *
scale_set_patch(Call *call, GError **error)
{
    return scale_set_write(call, /* must_exist= */ TRUE, error);
}
