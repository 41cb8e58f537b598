/* What lies in a resource group, or in the subscription: clients list it before they delete. */
#include "api/filter.h"
#include "api/page.h"
#include "api/set_body.h"

#include "base/time_text.h"

#include <string.h>

#define TYPE            "Microsoft.Compute/virtualMachineScaleSets"
#define RESOURCES_QUERY "$filter $expand=createdTime,changedTime,provisioningState " PAGE_QUERY
enum { PARAM_GROUP = 1 };
enum { FIELD_GROUP, FIELD_TYPE, FIELD_NAME };

static gboolean
is_expanded(Call *call, const char *name)
{
    g_auto(GStrv) names = g_strsplit(call_query(call, "$expand") ? call_query(call, "$expand") : "", ",", -1);
    for (char **asked = names; *asked; asked++) {
        if (g_ascii_strcasecmp(g_strstrip(*asked), name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
time_set(json_t *body, const char *name, UnixTime time)
{
    g_autofree char *text = time_to_text(time);
    json_set_text(body, name, text);
}

static json_t *
resource_json(Call *call, StoreTx *tx, const StoreSet *set, GError **error)
{
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autoptr(StoreModel) model = store_model_get(tx, set->id, set->revision, error);
    g_autoptr(json_t) document = model ? json_parse(model->document, strlen(model->document), error) : NULL;
    if (!document)
        return NULL;
    json_t *body = json_object();
    json_set_text(body, "id", id);
    json_set_text(body, "name", set->name);
    json_set_text(body, "type", TYPE);
    json_set_text(body, "location", set->location);
    json_object_set(body, "sku", json_object_get(document, "sku"));
    json_object_set(body, "tags", json_object_get(document, "tags"));
    if (is_expanded(call, "createdTime"))
        time_set(body, "createdTime", set->created);
    if (is_expanded(call, "changedTime"))
        time_set(body, "changedTime", model->created);
    if (is_expanded(call, "provisioningState"))
        json_set_text(body, "provisioningState", set_provisioning(set));
    return body;
}

/* The sets that the filter lets through. group NULL: what the filter says, or all. */
static GPtrArray *
sets_load(Call *call, StoreTx *tx, const char *group, GError **error)
{
    static const char *const fields[] = { "resourceGroup", "resourceType", "name", NULL };
    g_auto(Filter) filter = { 0 };
    if (!filter_parse(call_query(call, "$filter"), fields, &filter, error))
        return NULL;
    GPtrArray *sets = store_set_list(tx, group ? group : filter.values[FIELD_GROUP], error);
    for (guint i = sets ? sets->len : 0; i > 0; i--) {
        const StoreSet *set = g_ptr_array_index(sets, i - 1);
        if (!filter_matches(filter.values[FIELD_GROUP], set->group) || !filter_matches(filter.values[FIELD_TYPE], TYPE) ||
            !filter_matches(filter.values[FIELD_NAME], set->name))
            g_ptr_array_remove_index(sets, i - 1);
    }
    return sets;
}

static ApiResponse *
resources_respond(Call *call, StoreTx *tx, const char *group, GError **error)
{
    g_autoptr(GPtrArray) sets = sets_load(call, tx, group, error);
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_auto(Page) page = { 0 };
    if (!sets || !page_read(call, &(PageItems){ sets->len, set_token, sets }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        g_autoptr(json_t) body = resource_json(call, tx, g_ptr_array_index(sets, i), error);
        if (!body)
            return NULL;
        char *text = json_text(body);
        g_ptr_array_add(bodies, g_bytes_new_take(text, strlen(text)));
    }
    return page_respond(call, bodies, &page);
}

static ApiResponse *
group_resources(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) group = tx ? call_group(tx, call->params[PARAM_GROUP], error) : NULL;
    return group ? resources_respond(call, tx, group->name, error) : NULL;
}

static ApiResponse *
all_resources(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    return tx ? resources_respond(call, tx, /* group= */ NULL, error) : NULL;
}

const Route routes_resources[] = {
    { "GET", "/subscriptions/{subscription}/resourcegroups/{group}/resources", group_resources, 0, RESOURCES_QUERY },
    { "GET", "/subscriptions/{subscription}/resources", all_resources, 0, RESOURCES_QUERY },
    { 0 },
};
