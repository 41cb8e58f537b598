#include "api/set_body.h"

#include "api/body_cache.h"
#include "api/body_parts.h"
#include "base/time_text.h"
#include "model/document.h"

const char *
set_provisioning(const StoreSet *set)
{
    if (set->deleting)
        return "Deleting";
    if (!set->operation)
        return set->state;
    return set->revision == 1 ? "Creating" : "Updating";
}

/* A space is lower than any character of a name, so that the order of tokens is that of groups, then names. */
char *
set_token_of(const StoreSet *set)
{
    g_autofree char *both = g_strconcat(set->group, " ", set->name, NULL);
    return resource_fold(both);
}

char *
set_token(const void *sets, guint index)
{
    return set_token_of(g_ptr_array_index((GPtrArray *)sets, index));
}

GBytes *
set_body(Call *call, StoreTx *tx, const StoreSet *set, GError **error)
{
    GBytes *known = body_cache_get(call->api->bodies, "set", set->id, 0, set->etag, 0);
    if (known)
        return known;
    g_autofree char *urn = NULL;
    g_autoptr(json_t) document = body_document(tx, set, set->revision, &urn, NULL, error);
    if (!document)
        return NULL;
    g_autofree char *os_type = body_os_type(tx, urn);
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autofree char *created = time_to_text(set->created);
    g_autoptr(json_t) settable = document_public(document, os_type);
    g_autoptr(json_t) body = json_object();
    json_t *properties = json_object_get(settable, "properties");

    json_set_text(body, "name", set->name);
    json_set_text(body, "id", id);
    json_set_text(body, "type", BODY_SET_TYPE);
    body_etag_set(body, set->etag);
    json_object_update(body, settable);
    json_set_text(properties, "provisioningState", set_provisioning(set));
    json_set_text(properties, "uniqueId", set->uid);
    json_set_text(properties, "timeCreated", created);
    json_object_set_new(properties, "revision", json_integer(set->revision));
    GBytes *bytes = body_bytes(body);
    body_cache_put(call->api->bodies, "set", set->id, 0, set->etag, 0, bytes);
    return bytes;
}
