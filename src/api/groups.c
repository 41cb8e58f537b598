/* Resource groups. */
#include "api/call.h"
#include "api/scale_set_write.h"

#include <string.h>

#define GROUPS "/subscriptions/{subscription}/resourcegroups"
#define GROUP GROUPS "/{group}"
enum { PARAM_GROUP = 1 };
#define TAGS_MAX 50

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
    json_object_set_new(body, "properties",
                        json_pack("{ss}", "provisioningState", group->deleting ? "Deleting" : "Succeeded"));
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

static gboolean
tags_check(const json_t *tags, GError **error)
{
    const char *key;
    json_t *value;
    if (!json_is_object(tags) || json_object_size(tags) > TAGS_MAX)
        return arm_fail(error, ARM_INVALID_PARAMETER, "tags", "'tags' is an object of at most %d texts.", TAGS_MAX);
    json_object_foreach((json_t *)tags, key, value)
    {
        if (!json_is_string(value))
            return arm_fail(error, ARM_INVALID_PARAMETER, "tags", "The tag '%.100s' is not a text.", key);
    }
    return TRUE;
}

/* Takes what the body says into the row. */
static gboolean
body_apply(const Call *call, StoreGroup *group, GError **error)
{
    static const char *const ignored[] = { "id", "name", "type", "properties", "managedBy" };
    const char *key;
    json_t *value;
    json_object_foreach(call->body, key, value)
    {
        gboolean known = json_is_null(value);
        for (guint i = 0; i < G_N_ELEMENTS(ignored) && !known; i++)
            known = g_ascii_strcasecmp(key, ignored[i]) == 0;
        if (known)
            continue;
        if (g_ascii_strcasecmp(key, "tags") == 0) {
            if (!tags_check(value, error))
                return FALSE;
            g_free(group->tags);
            group->tags = json_text(value);
        } else if (g_ascii_strcasecmp(key, "location") == 0) {
            const char *location = json_string_value(value);
            if (!location || g_ascii_strcasecmp(location, call->api->config.location) != 0)
                return arm_fail(error, ARM_LOCATION_NOT_AVAILABLE, "location",
                                "The location '%.100s' is not available for resource groups; accepted: '%s'.",
                                location ? location : "", call->api->config.location);
            g_free(group->location);
            group->location = g_strdup(call->api->config.location);
        } else {
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key,
                            "Could not find member '%.100s' on a resource group; accepted: location, tags.", key);
        }
    }
    return group->location || arm_fail(error, ARM_INVALID_PARAMETER, "location", "'location' is required: '%s'.",
                                       call->api->config.location);
}

static ApiResponse *
group_write(Call *call, gboolean must_exist, GError **error)
{
    const char *name = call->params[PARAM_GROUP];
    GError *lookup = NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    if (!tx)
        return NULL;
    g_autoptr(StoreGroup) group =
        must_exist ? call_group(tx, name, &lookup) : store_group_get(tx, name, &lookup);
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

static ApiResponse *
groups_list(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) groups = tx ? store_group_list(tx, error) : NULL;
    if (!groups)
        return NULL;
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    Page page;
    if (!call_page(call, groups->len, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        g_autoptr(json_t) body = group_json(call, g_ptr_array_index(groups, i));
        char *text = json_text(body);
        g_ptr_array_add(bodies, g_bytes_new_take(text, strlen(text)));
    }
    return respond_list(call, bodies, &page, groups->len);
}

static gboolean
sets_delete(Call *call, StoreTx *tx, const StoreGroup *group, StoreOperation *operation, GError **error)
{
    g_autoptr(GPtrArray) sets = store_set_list(tx, group->name, error);
    for (guint i = 0; sets && i < sets->len; i++) {
        StoreSet *set = g_ptr_array_index(sets, i);
        if (!scale_set_delete_begin(tx, set, operation, call->now, error))
            return FALSE;
    }
    return sets != NULL;
}

/* The generic contract for groups: 202 + Location, which answers 202 until it answers 200. */
static ApiResponse *
deletion_respond(Call *call, const char *operation)
{
    ApiResponse *response = respond_empty(202);
    g_autofree char *address =
        g_strdup_printf("%s/subscriptions/%s/operationresults/%s?api-version=%s", call->request->base_url,
                        call->api->subscription, operation, call_query(call, "api-version"));
    api_response_set_header(response, "Location", address);
    api_response_set_header(response, "Retry-After", "1");
    return response;
}

static ApiResponse *
group_delete(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreGroup) group = tx ? call_group(tx, call->params[PARAM_GROUP], error) : NULL;
    if (!group)
        return NULL;
    g_autofree char *id = resource_id_group(call->api->subscription, group->name);
    g_autoptr(StoreOperation) operation = operation_begin(tx, OPERATION_DELETE_GROUP, NULL, id, group->location,
                                                          /* of_set= */ FALSE, call->request->caller, call->now, error);
    group->deleting = TRUE;
    if (!operation || !store_group_put(tx, group, NULL, error) || !sets_delete(call, tx, group, operation, error) ||
        (operation->pending == 0 && !operation_end(tx, operation, call->now, error)) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return deletion_respond(call, operation->id);
}

static ApiResponse *
deletion_result(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    GError *lookup = NULL;
    if (!tx)
        return NULL;
    g_autoptr(StoreOperation) operation = store_operation_get(tx, call->params[1], &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!operation) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "There is no operation '%.60s'.", call->params[1]);
        return NULL;
    }
    if (operation->status == OPERATION_IN_PROGRESS)
        return deletion_respond(call, operation->id);
    if (operation->status == OPERATION_SUCCEEDED)
        return respond_empty(200);
    arm_fail(error, ARM_CONFLICT, NULL, "The deletion ended as %s: %s", operation_status_text(operation->status),
             operation->message ? operation->message : "");
    return NULL;
}

/* What lies in a group, or in all: clients list it before they delete. */
static ApiResponse *
resources_list(Call *call, const char *group, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) sets = tx ? store_set_list(tx, group, error) : NULL;
    if (!sets)
        return NULL;
    json_t *list = json_array();
    for (guint i = 0; i < sets->len; i++) {
        const StoreSet *set = g_ptr_array_index(sets, i);
        g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
        json_array_append_new(list, json_pack("{ss ss ss ss}", "id", id, "name", set->name, "type",
                                              "Microsoft.Compute/virtualMachineScaleSets", "location", set->location));
    }
    g_autoptr(json_t) body = json_pack("{so}", "value", list);
    return respond_json(200, body);
}

static ApiResponse *
group_resources(Call *call, GError **error)
{
    return resources_list(call, call->params[PARAM_GROUP], error);
}

static ApiResponse *
all_resources(Call *call, GError **error)
{
    const char *filter = call_query(call, "$filter");
    if (!filter || !*filter)
        return resources_list(call, NULL, error);
    g_autoptr(GRegex) regex = g_regex_new("^\\s*resourceGroup\\s+eq\\s+'([^']{1,90})'\\s*$", G_REGEX_CASELESS, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(regex, filter, 0, &match)) {
        arm_fail(error, ARM_INVALID_PARAMETER, "$filter", "The filter '%.100s' is not supported; accepted: resourceGroup eq 'NAME'.",
                 filter);
        return NULL;
    }
    g_autofree char *group = g_match_info_fetch(match, 1);
    return resources_list(call, group, error);
}

const Route routes_groups[] = {
    { "GET", GROUP, group_get, 0 },
    { "HEAD", GROUP, group_head, 0 },
    { "PUT", GROUP, group_put, ROUTE_BODY },
    { "PATCH", GROUP, group_patch, ROUTE_BODY },
    { "DELETE", GROUP, group_delete, 0 },
    { "GET", GROUPS, groups_list, 0 },
    { "GET", GROUP "/resources", group_resources, 0 },
    { "GET", "/subscriptions/{subscription}/resources", all_resources, 0 },
    { "GET", "/subscriptions/{subscription}/operationresults/{operation}", deletion_result, 0 },
    { 0 },
};
