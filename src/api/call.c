/* What every handler stands on: query members, answers that come later, lookups, preconditions. */
#include "api/call.h"

#include <string.h>

/* ---- query ---- */

const char *
call_query(Call *call, const char *name)
{
    g_autofree char *folded = g_ascii_strdown(name, -1);
    const char *value = g_hash_table_lookup(call->target.query, folded);
    return value && *value ? value : NULL;
}

gboolean
call_query_is_true(Call *call, const char *name)
{
    const char *text = call_query(call, name);
    return text && g_ascii_strcasecmp(text, "true") == 0;
}

gboolean
call_catalogue_query(Call *call, guint *ret_top, gboolean *ret_descending, GError **error)
{
    const char *top = call_query(call, "$top"), *order = call_query(call, "$orderby");
    guint64 limit = G_MAXUINT32;
    if (top && !g_ascii_string_to_unsigned(top, 10, 1, G_MAXINT32, &limit, NULL))
        return arm_fail(error, ARM_INVALID_PARAMETER, "$top", "'$top' is a whole number from 1, not '%.40s'.", top);
    *ret_top = (guint)limit;
    *ret_descending = order && g_ascii_strcasecmp(order, "name desc") == 0;
    return !order || *ret_descending || g_ascii_strcasecmp(order, "name") == 0 || g_ascii_strcasecmp(order, "name asc") == 0 ||
           arm_fail(error, ARM_INVALID_PARAMETER, "$orderby", "'$orderby' is 'name', 'name asc' or 'name desc', not '%.40s'.",
                    order);
}

/* ---- answers that come later ---- */

struct Deferred {
    ApiDone done;
    void *data;
    char *client_request_id, *base_url;
};

Deferred *
call_defer(Call *call)
{
    Deferred *deferred = g_new0(Deferred, 1);
    deferred->done = call->done;
    deferred->data = call->done_data;
    deferred->client_request_id = g_strdup(call->request->client_request_id);
    deferred->base_url = g_strdup(call->request->base_url);
    call->deferred = TRUE;
    return deferred;
}

void
deferred_answer(Deferred *deferred, ApiResponse *response)
{
    response_finish(response, deferred->client_request_id, deferred->base_url);
    deferred->done(response, deferred->data);
    g_free(deferred->client_request_id);
    g_free(deferred->base_url);
    g_free(deferred);
}

void
deferred_fail(Deferred *deferred, const GError *error)
{
    deferred_answer(deferred, respond_error(error));
}

/* ---- lookups ---- */

StoreGroup *
call_group(StoreTx *tx, const char *name, GError **error)
{
    GError *lookup = NULL;
    StoreGroup *group = store_group_get(tx, name, &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!group)
        arm_fail(error, ARM_RESOURCE_GROUP_NOT_FOUND, NULL, "Resource group '%.100s' could not be found.", name);
    return group;
}

StoreGroup *
call_group_read(const Call *call, const char *name, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    return tx ? call_group(tx, name, error) : NULL;
}

StoreSet *
call_set(StoreTx *tx, const char *group, const char *name, GError **error)
{
    GError *lookup = NULL;
    StoreSet *set = store_set_get(tx, group, name, &lookup);
    if (set)
        return set;
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    g_autoptr(StoreGroup) known = call_group(tx, group, error);
    if (known)
        arm_fail(error, ARM_RESOURCE_NOT_FOUND, NULL,
                 "The Resource 'Microsoft.Compute/virtualMachineScaleSets/%.100s' under resource group '%.100s' was not found.",
                 name, group);
    return NULL;
}

StoreInstance *
call_instance(StoreTx *tx, const StoreSet *set, const char *id, GError **error)
{
    guint64 number;
    GError *lookup = NULL;
    StoreInstance *instance = NULL;
    guint named;
    g_autofree char *owner = NULL;
    if (g_ascii_string_to_unsigned(id, 10, 0, G_MAXUINT32, &number, NULL))
        instance = store_instance_get(tx, set->id, (guint)number, &lookup);
    else if (resource_machine_parse(id, &owner, &named) && resource_same(owner, set->name))
        instance = store_instance_get(tx, set->id, named, &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!instance)
        arm_fail(error, ARM_INSTANCE_NOT_FOUND, "instanceIds",
                 "The scale set '%s' has no instance with id '%.40s'; 'testudo vmss list-instances' lists them.", set->name,
                 id);
    return instance;
}

gboolean
call_not_deleting(const StoreSet *set, GError **error)
{
    return !set->deleting ||
           arm_fail(error, ARM_CONFLICT, NULL, "The scale set '%s' is being deleted by operation '%s'; wait for its end.",
                    set->name, set->operation ? set->operation : "");
}

/* Is the etag one of a list of etags, or is the list "*"? RFC 9110, 13.1: If-Match compares strongly, so a weak one never
 * matches. */
static gboolean
etag_is_listed(const char *list, const char *etag)
{
    g_auto(GStrv) items = g_strsplit(list, ",", -1);
    for (char **item = items; *item; item++) {
        const char *own = g_strstrip(*item);
        if (strcmp(own, "*") == 0 || strcmp(own, etag) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
call_preconditions(const Call *call, guint64 etag, GError **error)
{
    const char *match = call->request->if_match, *none_match = call->request->if_none_match;
    g_autofree char *mine = g_strdup_printf("\"%" G_GUINT64_FORMAT "\"", etag);
    if (match && !etag_is_listed(match, mine))
        return arm_fail(error, ARM_PRECONDITION_FAILED, NULL,
                        "The resource has changed since it was read: its ETag is %s, If-Match says %.60s.", mine, match);
    if (none_match && etag_is_listed(none_match, mine))
        return arm_fail(error, ARM_PRECONDITION_FAILED, NULL, "The resource exists with ETag %s, and If-None-Match says %.60s.",
                        mine, none_match);
    return TRUE;
}
