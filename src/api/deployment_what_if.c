/* What a deployment would change, by making it in a transaction that is given up. Shape: Azure REST, Microsoft.Resources
 * Deployments - What If, 2021-04-01. An extension is a change of its set. */
#include "api/deployment_evaluation.h"
#include "api/deployment_put.h"
#include "api/deployment_run.h"
#include "api/json_delta.h"
#include "api/set_body.h"

#include <string.h>

/* What differs each time that a set is looked at after a change, and what no template says. */
static void
incidental_remove(json_t *body)
{
    static const char *const of_properties[] = { "provisioningState", "revision", "uniqueId", "timeCreated" };
    json_object_del(body, "etag");
    for (guint i = 0; i < G_N_ELEMENTS(of_properties); i++)
        json_object_del(json_object_get(body, "properties"), of_properties[i]);
}

/* Name, folded -> body (json_t *) of each set of the group, as the transaction has it now. */
static GHashTable *
sets_look(Call *call, const DeploymentPlace *place, GError **error)
{
    g_autoptr(GPtrArray) sets = store_set_list(place->tx, place->group->name, error);
    g_autoptr(GHashTable) bodies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)json_decref);
    for (guint i = 0; sets && i < sets->len; i++) {
        const StoreSet *set = g_ptr_array_index(sets, i);
        g_autoptr(GBytes) bytes = set_body(call, place->tx, set, error);
        json_t *body = bytes ? json_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error) : NULL;
        if (!body)
            return NULL;
        incidental_remove(body);
        g_hash_table_insert(bodies, resource_fold(set->name), body);
    }
    return sets ? g_steal_pointer(&bodies) : NULL;
}

static gboolean
is_named(const Template *template, const char *folded)
{
    const gsize length = strlen(folded);
    for (guint i = 0; i < template->resources->len; i++) {
        const char *name = ((const TemplateResource *)g_ptr_array_index(template->resources, i))->name;
        if (g_ascii_strncasecmp(name, folded, length) == 0 && (name[length] == '\0' || name[length] == '/'))
            return TRUE;
    }
    return FALSE;
}

/* before: NULL where it would be made. */
static json_t *
change_json(const json_t *before, const json_t *after, gboolean named, gboolean id_only)
{
    json_t *change = json_object(), *delta = before ? json_delta(before, after) : NULL;
    const gboolean differs = json_array_size(delta) > 0;
    json_set_text(change, "resourceId", json_member_text(after, "id"));
    json_set_text(change, "changeType", !named ? "Ignore" : !before ? "Create" : differs ? "Modify" : "NoChange");
    if (before && !id_only)
        json_object_set(change, "before", (json_t *)before);
    if (!id_only)
        json_object_set(change, "after", (json_t *)after);
    if (differs && !id_only)
        json_object_set(change, "delta", delta);
    json_decref(delta);
    return change;
}

static json_t *
changes_json(const Template *template, GHashTable *before, GHashTable *after, gboolean ids_only)
{
    json_t *changes = json_array();
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(after), (GCompareFunc)strcmp);
    for (const GList *name = names; name; name = name->next)
        json_array_append_new(changes,
                              change_json(g_hash_table_lookup(before, name->data), g_hash_table_lookup(after, name->data),
                                          is_named(template, name->data), ids_only));
    return changes;
}

ApiResponse *
deployment_what_if(Call *call, GError **error)
{
    g_auto(DeploymentEvaluation) evaluation = { 0 };
    if (!deployment_evaluate(call, deployment_what_if_read, &evaluation, error))
        return NULL;
    const DeploymentPlace *place = &evaluation.place;
    g_autoptr(GHashTable) before = sets_look(call, place, error);
    g_autoptr(GPtrArray) parts = before ? deployment_apply(call, place->tx, place->group, evaluation.template, error) : NULL;
    g_autoptr(GHashTable) after = parts ? sets_look(call, place, error) : NULL;
    if (!after)
        return NULL;
    g_autoptr(json_t) body = json_pack("{ss s{so}}", "status", "Succeeded", "properties", "changes",
                                       changes_json(evaluation.template, before, after, evaluation.request.ids_only));
    return respond_json(200, body);
}
