/* virtualMachineScaleSets: read, list, instance view, skus, delete. */
#include "api/lock_out.h"
#include "api/page.h"
#include "api/place.h"
#include "api/scale_set_write.h"
#include "api/services.h"
#include "api/set_body.h"
#include "api/what_if.h"
#include "model/rules.h"
#include "store/desire.h"
#include "store/models.h"

#include <string.h>

#define COMPUTE "/subscriptions/{subscription}/providers/Microsoft.Compute"

static ApiResponse *
set_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(GBytes) body = set ? set_body(call, tx, set, error) : NULL;
    if (!body)
        return NULL;
    ApiResponse *response = respond_bytes(200, body);
    respond_with_etag(response, set->etag);
    return response;
}

static ApiResponse *
sets_list(Call *call, const char *group, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    if (!tx)
        return NULL;
    if (group) {
        g_autoptr(StoreGroup) known = call_group(tx, group, error);
        if (!known)
            return NULL;
    }
    g_autoptr(GPtrArray) sets = store_set_list(tx, group, error);
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_auto(Page) page = { 0 };
    if (!sets || !page_read(call, &(PageItems){ sets->len, set_token, sets }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        GBytes *body = set_body(call, tx, g_ptr_array_index(sets, i), error);
        if (!body)
            return NULL;
        g_ptr_array_add(bodies, body);
    }
    return page_respond(call, bodies, &page);
}

static ApiResponse *
list_by_group(Call *call, GError **error)
{
    return sets_list(call, call->params[PARAM_GROUP], error);
}

static ApiResponse *
list_all(Call *call, GError **error)
{
    return sets_list(call, NULL, error);
}

/* ---- the set's instance view: counts by status code ---- */

static void
summary_add(json_t *summary, const char *code, guint count)
{
    if (count > 0)
        json_array_append_new(summary, json_pack("{ss si}", "code", code, "count", (int)count));
}

static json_t *
summary_json(const StoreInstanceCounts *counts)
{
    json_t *summary = json_array();
    guint failed = counts->by_state[INSTANCE_FAILED], creating = counts->by_state[INSTANCE_CREATING];
    guint deleting = counts->by_state[INSTANCE_DELETING] + counts->noticed, busy = counts->busy;
    guint quiet = counts->total - MIN(counts->total, busy);
    /* Creating and deleting ones are busy too; what is left of the busy ones is being updated. */
    guint updating = busy - MIN(busy, creating + deleting);
    summary_add(summary, "ProvisioningState/creating", creating);
    summary_add(summary, "ProvisioningState/updating", updating);
    summary_add(summary, "ProvisioningState/deleting", deleting);
    summary_add(summary, "ProvisioningState/failed", MIN(failed, quiet));
    summary_add(summary, "ProvisioningState/succeeded", quiet - MIN(failed, quiet));
    summary_add(summary, "PowerState/starting", creating + counts->by_state[INSTANCE_STARTING]);
    summary_add(summary, "PowerState/running", counts->by_state[INSTANCE_RUNNING]);
    summary_add(summary, "PowerState/stopping", counts->by_state[INSTANCE_STOPPING]);
    summary_add(summary, "PowerState/stopped", counts->by_state[INSTANCE_STOPPED]);
    summary_add(summary, "PowerState/deallocated", counts->by_state[INSTANCE_DEALLOCATED]);
    for (int health = HEALTH_N - 1; health >= 0; health--) {
        g_autofree char *code = g_strconcat("HealthState/", health_text((Health)health), NULL);
        summary_add(summary, code, counts->by_health[health]);
    }
    return summary;
}

static ApiResponse *
set_instance_view(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    StoreInstanceCounts counts;
    g_autoptr(json_t) services = set ? services_summary(tx, set, error) : NULL;
    if (!services || !store_instance_count(tx, set->id, &counts, error))
        return NULL;
    g_autofree char *lower = g_ascii_strdown(set_provisioning(set), -1);
    g_autofree char *code = g_strconcat("ProvisioningState/", lower, NULL);
    g_autofree char *display = g_strconcat("Provisioning ", lower, NULL);
    g_autoptr(json_t) body =
        json_pack("{s{so} s[{ssssss}] s[] sO s{si si}}", "virtualMachine", "statusesSummary", summary_json(&counts), "statuses",
                  "code", code, "level", "Info", "displayStatus", display, "extensions", "orchestrationServices", services,
                  "latestModel", "instanceCount", (int)counts.on_current, "totalCount", (int)counts.total);
    return respond_json(200, body);
}

/* The image that the set's model names; NULL without an error where it is gone. */
static ImageInfo *
image_of(StoreTx *tx, const StoreModel *row, GError **error)
{
    g_auto(GStrv) urn = g_strsplit(row->image_urn, ":", 4);
    return g_strv_length(urn) == 4 ? store_image_get(tx, urn[0], urn[1], urn[2], urn[3], error) : NULL;
}

static gboolean
host_runs(const ApiConfig *config, const SizeInfo *size)
{
    return size->vcpus <= config->host->vcpus_max && size->memory_mib <= config->host->memory_max_mib &&
           g_ascii_strcasecmp(size->architecture, config->host->architecture) == 0;
}

/* The sizes that this set may be given, everything else staying as it is. */
static ApiResponse *
set_skus(Call *call, GError **error)
{
    const ApiConfig *config = &call->api->config;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(StoreModel) row = NULL;
    g_autoptr(Model) model = set ? model_of_revision(tx, set->id, set->name, set->revision, &row, NULL, error) : NULL;
    GError *lookup = NULL;
    g_autoptr(ImageInfo) image = model ? image_of(tx, row, &lookup) : NULL;
    if (lookup)
        g_propagate_error(error, lookup);
    if (!model || lookup)
        return NULL;
    json_t *list = json_array();
    for (guint i = 0; i < size_catalogue_count(config->sizes); i++) {
        const SizeInfo *size = size_catalogue_at(config->sizes, i);
        if (!host_runs(config, size) || !rules_size_fits(model, size, image, NULL))
            continue;
        json_array_append_new(list, json_pack("{ss s{ssss} s{si si si ss}}", "resourceType",
                                              "Microsoft.Compute/virtualMachineScaleSets", "sku", "name", size->name, "tier",
                                              size->tier, "capacity", "minimum", 0, "maximum", 1000, "defaultCapacity", 1,
                                              "scaleType", "Automatic"));
    }
    g_autoptr(json_t) body = json_pack("{so}", "value", list);
    return respond_json(200, body);
}

/* ---- delete ---- */

static gboolean
instances_delete(StoreTx *tx, const StoreSet *set, StoreOperation *operation, gboolean forced, GError **error)
{
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    if (!instances)
        return FALSE;
    for (guint i = 0; i < instances->len; i++) {
        StoreInstance *instance = g_ptr_array_index(instances, i);
        gboolean counted = instance->operation != NULL;
        desire_deletion(instance, forced);
        if (!(counted ? store_instance_update(tx, instance, 0, error) : step_begin(tx, operation, instance, error)))
            return FALSE;
    }
    return TRUE;
}

gboolean
scale_set_delete_begin(StoreTx *tx, StoreSet *set, StoreOperation *operation, gboolean forced, UnixTime now, GError **error)
{
    if (!operations_supersede(tx, set, operation, now, error))
        return FALSE;
    /* Superseding may have written the set's row. */
    g_autoptr(StoreSet) fresh = store_set_get_by_id(tx, set->id, error);
    if (!fresh)
        return FALSE;
    fresh->deleting = TRUE;
    g_free(fresh->operation);
    fresh->operation = g_strdup(operation->id);
    return store_set_update(tx, fresh, 0, error) && instances_delete(tx, set, operation, forced, error);
}

static ApiResponse *
set_delete(Call *call, GError **error)
{
    g_autoptr(GError) missing = NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    if (!tx)
        return NULL;
    g_autoptr(StoreSet) set = call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], &missing);
    if (!set) {
        /* What is not there is as deleted as it can be. */
        if (g_error_matches(missing, ARM_ERROR, ARM_RESOURCE_NOT_FOUND))
            return respond_empty(204);
        g_propagate_error(error, g_steal_pointer(&missing));
        return NULL;
    }
    if (!call_preconditions(call, set->etag, error))
        return NULL;
    if (set->deleting)
        return respond_accepted(call, set->operation);
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autoptr(StoreOperation) operation = operation_begin(tx, OPERATION_DELETE_SCALE_SET, set, id, set->location,
                                                          /* of_set= */ FALSE, call->request->caller, call->now, error);
    gboolean forced = call_query_is_true(call, "forceDeletion");
    if (!operation || !scale_set_delete_begin(tx, set, operation, forced, call->now, error) ||
        (operation->pending == 0 && !operation_end(tx, operation, call->now, error)) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_accepted(call, operation->id);
}

/* Testudo keeps no user data, so there is none to expand. */
const Route routes_scale_sets[] = {
    { "GET", PATH_SET, set_get, 0, "$expand=userData" },
    { "PUT", PATH_SET, scale_set_put, ROUTE_BODY, ACKNOWLEDGE },
    { "PATCH", PATH_SET, scale_set_patch, ROUTE_BODY, ACKNOWLEDGE },
    { "DELETE", PATH_SET, set_delete, 0, "forceDeletion=true,false" },
    { "POST", PATH_SET "/whatIf", scale_set_what_if, ROUTE_BODY, ACKNOWLEDGE },
    { "GET", PATH_SET "/instanceView", set_instance_view, 0, NO_QUERY },
    { "GET", PATH_SET "/skus", set_skus, 0, NO_QUERY },
    { "GET", PATH_SETS, list_by_group, 0, PAGE_QUERY },
    { "GET", COMPUTE "/virtualMachineScaleSets", list_all, 0, PAGE_QUERY },
    { "GET", COMPUTE "/locations/{location}/virtualMachineScaleSets", list_all, 0, PAGE_QUERY },
    { 0 },
};
