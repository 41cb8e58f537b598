/* What lies in a resource group, or in the subscription: clients list it before they delete. */
#include "api/filter.h"
#include "api/instance_body.h"
#include "api/machine_list.h"
#include "api/page.h"
#include "api/set_body.h"

#include "base/time_text.h"

#include <string.h>

#define TYPE_SET        "Microsoft.Compute/virtualMachineScaleSets"
#define TYPE_MACHINE    "Microsoft.Compute/virtualMachines"
#define RESOURCES_QUERY "$filter $expand=createdTime,changedTime,provisioningState " PAGE_QUERY
enum { PARAM_GROUP = 1 };
enum { FIELD_GROUP, FIELD_TYPE, FIELD_NAME, FIELD_TAG, FIELD_TAG_VALUE };

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
set_json(Call *call, StoreTx *tx, const StoreSet *set, GError **error)
{
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autoptr(StoreModel) model = store_model_get(tx, set->id, set->revision, error);
    g_autoptr(json_t) document = model ? json_parse(model->document, strlen(model->document), error) : NULL;
    if (!document)
        return NULL;
    json_t *body = json_object();
    json_set_text(body, "id", id);
    json_set_text(body, "name", set->name);
    json_set_text(body, "type", TYPE_SET);
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

static json_t *
machine_json(Call *call, StoreTx *tx, const StoreSet *set, guint number, GError **error)
{
    g_autofree char *id = resource_id_machine(call->api->subscription, set->group, set->name, number);
    g_autofree char *name = resource_machine_name(set->name, number);
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set->id, number, error);
    if (!instance)
        return NULL;
    json_t *body = json_object();
    json_set_text(body, "id", id);
    json_set_text(body, "name", name);
    json_set_text(body, "type", TYPE_MACHINE);
    json_set_text(body, "location", set->location);
    if (instance->tags)
        json_set_new(body, "tags", json_loads(instance->tags, 0, NULL));
    if (is_expanded(call, "createdTime"))
        time_set(body, "createdTime", instance->created);
    if (is_expanded(call, "changedTime"))
        time_set(body, "changedTime", instance->state_since);
    if (is_expanded(call, "provisioningState"))
        json_set_text(body, "provisioningState", instance_provisioning(instance));
    return body;
}

/* ---- which there are ---- */

typedef struct {
    const StoreSet *set;
    gboolean is_machine;
    guint id;
} Entry;

typedef struct {
    Filter filter;
    GPtrArray *sets; /* of StoreSet */
    GArray *entries; /* of Entry, in the order of their tokens: a set, then its VMs */
    const StoreSet *set;
} Listing;

static void
listing_clear(Listing *listing)
{
    filter_clear(&listing->filter);
    g_clear_pointer(&listing->sets, g_ptr_array_unref);
    g_clear_pointer(&listing->entries, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listing, listing_clear)

static void
entry_add(Listing *listing, const char *type, const char *name, guint id)
{
    Entry entry = { listing->set, strcmp(type, TYPE_MACHINE) == 0, id };
    if (filter_matches(listing->filter.values[FIELD_TYPE], type) && filter_matches(listing->filter.values[FIELD_NAME], name))
        g_array_append_val(listing->entries, entry);
}

static void
machine_add(guint id, guint64 etag, void *data)
{
    Listing *listing = data;
    (void)etag;
    g_autofree char *name = resource_machine_name(listing->set->name, id);
    entry_add(listing, TYPE_MACHINE, name, id);
}

/* A new reference. NULL without *error: it has none, or is gone. */
static json_t *
entry_tags(StoreTx *tx, const Entry *entry, GError **error)
{
    if (entry->is_machine) {
        g_autoptr(StoreInstance) instance = store_instance_get(tx, entry->set->id, entry->id, error);
        return instance && instance->tags ? json_loads(instance->tags, 0, NULL) : NULL;
    }
    g_autoptr(StoreModel) model = store_model_get(tx, entry->set->id, entry->set->revision, error);
    g_autoptr(json_t) document = model ? json_parse(model->document, strlen(model->document), error) : NULL;
    return json_incref(json_object_get(document, "tags"));
}

/* Tags are read of those alone that the rest of the filter lets through. */
static gboolean
tags_filter(Listing *listing, StoreTx *tx, GError **error)
{
    char *const *wanted = listing->filter.values;
    for (guint i = listing->entries->len; wanted[FIELD_TAG] && i > 0; i--) {
        GError *problem = NULL;
        g_autoptr(json_t) tags = entry_tags(tx, &g_array_index(listing->entries, Entry, i - 1), &problem);
        if (problem) {
            g_propagate_error(error, problem);
            return FALSE;
        }
        if (!filter_tags_match(wanted[FIELD_TAG], wanted[FIELD_TAG_VALUE], tags))
            g_array_remove_index(listing->entries, i - 1);
    }
    return TRUE;
}

/* What the filter lets through. group NULL: what the filter says, or all. */
static gboolean
listing_load(Listing *listing, Call *call, StoreTx *tx, const char *group, GError **error)
{
    static const char *const fields[] = { "resourceGroup", "resourceType", "name", "tagName", "tagValue", NULL };
    char *const *wanted = listing->filter.values;
    if (!filter_parse(call_query(call, "$filter"), fields, &listing->filter, error) ||
        !filter_tags_check(wanted[FIELD_TAG], wanted[FIELD_TAG_VALUE], error))
        return FALSE;
    listing->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    listing->sets = store_set_list(tx, group ? group : wanted[FIELD_GROUP], error);
    for (guint i = 0; listing->sets && i < listing->sets->len; i++) {
        const StoreSet *set = listing->set = g_ptr_array_index(listing->sets, i);
        if (!filter_matches(wanted[FIELD_GROUP], set->group))
            continue;
        entry_add(listing, TYPE_SET, set->name, 0);
        if (set->flexible && !store_instance_etags(tx, set->id, machine_add, listing, error))
            return FALSE;
    }
    return listing->sets && tags_filter(listing, tx, error);
}

static char *
entry_token(const void *data, guint index)
{
    const Entry *entry = &g_array_index((GArray *)data, Entry, index);
    return entry->is_machine ? machine_token(entry->set, entry->id) : set_token_of(entry->set);
}

static ApiResponse *
resources_respond(Call *call, StoreTx *tx, const char *group, GError **error)
{
    g_auto(Listing) listing = { 0 };
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_auto(Page) page = { 0 };
    if (!listing_load(&listing, call, tx, group, error) ||
        !page_read(call, &(PageItems){ listing.entries->len, entry_token, listing.entries }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        const Entry *entry = &g_array_index(listing.entries, Entry, i);
        g_autoptr(json_t) body =
            entry->is_machine ? machine_json(call, tx, entry->set, entry->id, error) : set_json(call, tx, entry->set, error);
        if (!body)
            return NULL;
        page_add(bodies, body);
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
