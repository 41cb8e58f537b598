/* Resource groups. */
#include "api/call.h"
#include "api/filter.h"
#include "api/page.h"
#include "api/scale_set_write.h"
#include "model/property_checks.h"

#define GROUPS "/subscriptions/{subscription}/resourcegroups"
#define GROUP  GROUPS "/{group}"
enum { PARAM_GROUP = 1 };

static json_t *
group_json(const Call *call, const StoreGroup *group)
{
    g_autofree char *id = resource_id_group(call->api->subscription, group->name);
    json_t *body = json_object();
    json_set_text(body, "id", id);
    json_set_text(body, "name", group->name);
    json_set_text(body, "type", "Microsoft.Resources/resourceGroups");
    json_set_text(body, "location", group->location);
    json_set_new(body, "tags", group->tags ? json_loads(group->tags, 0, NULL) : json_object());
    json_object_set_new(body, "properties", json_pack("{ss}", "provisioningState", group->deleting ? "Deleting" : "Succeeded"));
    return body;
}

static ApiResponse *
group_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) group = tx ? call_group(tx, call->params[PARAM_GROUP], error) : NULL;
    if (!group)
        return NULL;
    g_autoptr(json_t) body = group_json(call, group);
    return respond_json(200, body);
}

static ApiResponse *
group_head(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    GError *lookup = NULL;
    if (!tx)
        return NULL;
    g_autoptr(StoreGroup) group = store_group_get(tx, call->params[PARAM_GROUP], &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    return respond_empty(group ? 204 : 404);
}

/* One member of a body, taken into the row. */
static gboolean
member_apply(const Call *call, StoreGroup *group, const char *key, const json_t *value, GError **error)
{
    static const char *const read_only[] = { "id", "name", "type" };
    for (guint i = 0; i < G_N_ELEMENTS(read_only); i++) {
        if (g_ascii_strcasecmp(key, read_only[i]) == 0)
            return TRUE;
    }
    if (g_ascii_strcasecmp(key, "tags") == 0) {
        if (!check_tags(value, "tags", error))
            return FALSE;
        g_free(group->tags);
        group->tags = json_text(value);
        return TRUE;
    }
    if (g_ascii_strcasecmp(key, "location") == 0) {
        const char *location = json_string_value(value);
        return (location && g_ascii_strcasecmp(location, call->api->config.location) == 0) ||
               arm_fail(error, ARM_LOCATION_NOT_AVAILABLE, "location",
                        "The location '%.100s' is not available for resource groups; accepted: '%s'.", location ? location : "",
                        call->api->config.location);
    }
    if (g_ascii_strcasecmp(key, "properties") == 0) {
        const char *name;
        json_t *member;
        json_object_foreach((json_t *)value, name, member)
        {
            if (g_ascii_strcasecmp(name, "provisioningState") != 0)
                return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, "properties",
                                "Could not find member '%.100s' on a resource group's properties; nothing there can be set.",
                                name);
        }
        return TRUE;
    }
    return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key,
                    "Could not find member '%.100s' on a resource group; accepted: location, tags.", key);
}

static gboolean
body_apply(const Call *call, StoreGroup *group, GError **error)
{
    const char *key;
    json_t *value;
    json_object_foreach(call->body, key, value)
    {
        if (!json_is_null(value) && !member_apply(call, group, key, value, error))
            return FALSE;
    }
    if (group->location)
        return TRUE;
    const json_t *location = json_member(call->body, "location");
    if (!json_is_string(location))
        return arm_fail(error, ARM_INVALID_PARAMETER, "location", "'location' is required: '%s'.", call->api->config.location);
    group->location = g_strdup(call->api->config.location);
    return TRUE;
}

static ApiResponse *
group_write(Call *call, gboolean must_exist, GError **error)
{
    const char *name = call->params[PARAM_GROUP];
    GError *lookup = NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    if (!tx)
        return NULL;
    g_autoptr(StoreGroup) group = must_exist ? call_group(tx, name, &lookup) : store_group_get(tx, name, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    gboolean created = group == NULL;
    if (created) {
        if (!resource_name_check_group(name, "name", error))
            return NULL;
        group = g_new0(StoreGroup, 1);
        group->name = g_strdup(name);
    }
    if (group->deleting) {
        arm_fail(error, ARM_CONFLICT, NULL, "The resource group '%s' is being deleted; wait for its end.", group->name);
        return NULL;
    }
    if (!body_apply(call, group, error) || !store_group_put(tx, group, &group->etag, error) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    g_autoptr(json_t) body = group_json(call, group);
    return respond_json(created ? 201 : 200, body);
}

static ApiResponse *
group_put(Call *call, GError **error)
{
    return group_write(call, /* must_exist= */ FALSE, error);
}

static ApiResponse *
group_patch(Call *call, GError **error)
{
    return group_write(call, /* must_exist= */ TRUE, error);
}

/* ---- list ---- */

static gboolean
has_tag(const StoreGroup *group, const Filter *filter)
{
    g_autoptr(json_t) tags = group->tags ? json_loads(group->tags, 0, NULL) : NULL;
    return filter_tags_match(filter->values[0], filter->values[1], tags);
}

static GPtrArray *
groups_load(Call *call, StoreTx *tx, GError **error)
{
    static const char *const fields[] = { "tagName", "tagValue", NULL };
    g_auto(Filter) filter = { 0 };
    if (!filter_parse(call_query(call, "$filter"), fields, &filter, error) ||
        !filter_tags_check(filter.values[0], filter.values[1], error))
        return NULL;
    GPtrArray *groups = store_group_list(tx, error);
    for (guint i = groups ? groups->len : 0; i > 0; i--) {
        if (!has_tag(g_ptr_array_index(groups, i - 1), &filter))
            g_ptr_array_remove_index(groups, i - 1);
    }
    return groups;
}

static char *
group_token(const void *data, guint index)
{
    const StoreGroup *group = g_ptr_array_index((GPtrArray *)data, index);
    return resource_fold(group->name);
}

static ApiResponse *
groups_list(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) groups = tx ? groups_load(call, tx, error) : NULL;
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_auto(Page) page = { 0 };
    if (!groups || !page_read(call, &(PageItems){ groups->len, group_token, groups }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        g_autoptr(json_t) body = group_json(call, g_ptr_array_index(groups, i));
        page_add(bodies, body);
    }
    return page_respond(call, bodies, &page);
}

/* ---- delete ---- */

static gboolean
sets_delete(Call *call, StoreTx *tx, const StoreGroup *group, StoreOperation *operation, GError **error)
{
    g_autoptr(GPtrArray) sets = store_set_list(tx, group->name, error);
    for (guint i = 0; sets && i < sets->len; i++) {
        StoreSet *set = g_ptr_array_index(sets, i);
        if (!scale_set_delete_begin(tx, set, operation, /* forced= */ call_query(call, "forceDeletionTypes") != NULL, call->now,
                                    error))
            return FALSE;
    }
    return sets != NULL;
}

/* The deletion that is under way; NULL without *error where there is none. */
static StoreOperation *
deletion_find(StoreTx *tx, const char *group_id, GError **error)
{
    g_autoptr(GPtrArray) running = store_operation_in_progress(tx, 0, error);
    for (guint i = 0; running && i < running->len; i++) {
        const StoreOperation *operation = g_ptr_array_index(running, i);
        if (operation->kind == OPERATION_DELETE_GROUP && resource_same(operation->resource_id, group_id))
            return g_ptr_array_steal_index(running, i);
    }
    return NULL;
}

/* The generic contract for groups: 202 + Location, which answers 202 until it answers 200. */
static ApiResponse *
group_delete(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreGroup) group = tx ? call_group(tx, call->params[PARAM_GROUP], error) : NULL;
    if (!group)
        return NULL;
    g_autofree char *id = resource_id_group(call->api->subscription, group->name);
    if (group->deleting) {
        GError *lookup = NULL;
        g_autoptr(StoreOperation) running = deletion_find(tx, id, &lookup);
        if (running)
            return respond_accepted_at_location(call, running->id);
        if (lookup) {
            g_propagate_error(error, lookup);
            return NULL;
        }
    }
    g_autoptr(StoreOperation) operation = operation_begin(tx, OPERATION_DELETE_GROUP, NULL, id, group->location,
                                                          /* of_set= */ FALSE, call->request->caller, call->now, error);
    group->deleting = TRUE;
    if (!operation || !store_group_put(tx, group, NULL, error) || !sets_delete(call, tx, group, operation, error) ||
        (operation->pending == 0 && !operation_end(tx, operation, call->now, error)) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_accepted_at_location(call, operation->id);
}

const Route routes_groups[] = {
    { "GET", GROUP, group_get, 0, NO_QUERY },
    { "HEAD", GROUP, group_head, 0, NO_QUERY },
    { "PUT", GROUP, group_put, ROUTE_BODY, NO_QUERY },
    { "PATCH", GROUP, group_patch, ROUTE_BODY, NO_QUERY },
    { "DELETE", GROUP, group_delete, 0,
      "forceDeletionTypes=Microsoft.Compute/virtualMachines,Microsoft.Compute/virtualMachineScaleSets" },
    { "GET", GROUPS, groups_list, 0, "$filter " PAGE_QUERY },
    { 0 },
};
