/* extensions of a scale set: what the SDKs use; `az` sends the whole model. Both are changes of the model. */
#include "api/extension_list.h"
#include "api/lock_out.h"
#include "api/place.h"
#include "api/scale_set_write.h"
#include "model/document.h"
#include "store/models.h"

#include <string.h>

#define EXTENSIONS      PATH_SET "/extensions"
#define EXTENSION       EXTENSIONS "/{extension}"
#define PARAM_EXTENSION 3

/* What one request does to the list. */
typedef struct {
    enum { EXTENSION_PUT, EXTENSION_PATCH, EXTENSION_DELETE } verb;
    gboolean created;
} Edit;

static gboolean
not_there(const StoreSet *set, const char *name, GError **error)
{
    return arm_fail(error, ARM_NOT_FOUND, NULL, "The scale set '%s' has no extension '%.80s'.", set->name, name);
}

/* ---- read ---- */

static json_t *
extension_json(const Call *call, const StoreSet *set, const json_t *extension)
{
    const char *name = json_member_text(extension, "name");
    g_autofree char *set_id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autofree char *id = g_strdup_printf("%s/extensions/%s", set_id, name);
    json_t *body = json_object(), *properties = json_deep_copy(json_object_get(extension, "properties"));
    json_set_text(body, "name", name);
    json_set_text(body, "id", id);
    json_set_text(body, "type", "Microsoft.Compute/virtualMachineScaleSets/extensions");
    json_set_text(properties, "provisioningState", set->operation ? "Updating" : "Succeeded");
    json_object_set_new(body, "properties", properties);
    return body;
}

/* The list as clients may see it: a new reference, empty where the model has none. */
static json_t *
list_load(StoreTx *tx, const StoreSet *set, GError **error)
{
    g_autoptr(json_t) document = NULL;
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, set->revision, NULL, &document, error);
    if (!model)
        return NULL;
    g_autoptr(json_t) shown = document_public(document, NULL);
    json_t *list = json_path(shown, EXTENSION_LIST_PATH);
    return list ? json_incref(list) : json_array();
}

static ApiResponse *
extensions_list(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(json_t) list = set ? list_load(tx, set, error) : NULL, body = json_object();
    if (!list)
        return NULL;
    json_t *value = json_array();
    for (size_t i = 0; i < json_array_size(list); i++)
        json_array_append_new(value, extension_json(call, set, json_array_get(list, i)));
    json_object_set_new(body, "value", value);
    return respond_json(200, body);
}

static ApiResponse *
extension_respond(Call *call, StoreTx *tx, const StoreSet *set, int status, GError **error)
{
    const char *name = call->params[PARAM_EXTENSION];
    g_autoptr(json_t) list = list_load(tx, set, error);
    const json_t *extension = list ? json_array_get(list, extension_place(list, name)) : NULL;
    if (list && !extension)
        not_there(set, name, error);
    if (!extension)
        return NULL;
    g_autoptr(json_t) body = extension_json(call, set, extension);
    ApiResponse *response = respond_json(status, body);
    respond_with_etag(response, set->etag);
    return response;
}

static ApiResponse *
extension_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    return set ? extension_respond(call, tx, set, 200, error) : NULL;
}

/* ---- change ---- */

/* PATCH: what the body names, the rest as it is. Settings are one thing. */
static json_t *
extension_merge(const json_t *before, const json_t *asked)
{
    json_t *merged = json_deep_copy(before);
    json_object_update(json_object_get(merged, "properties"), json_object_get(asked, "properties"));
    return merged;
}

/* FALSE sets *error. list: as it is stored, with its secrets. */
static gboolean
list_edit(const Call *call, const StoreSet *set, json_t *list, Edit *edit, GError **error)
{
    const char *name = call->params[PARAM_EXTENSION];
    const size_t at = extension_place(list, name);
    const json_t *before = json_array_get(list, at);
    edit->created = before == NULL;
    if (edit->verb == EXTENSION_PUT)
        return extension_list_put(list, name, call->body, error);
    if (!before)
        return not_there(set, name, error);
    if (edit->verb == EXTENSION_DELETE)
        return json_array_remove(list, at) == 0;
    g_autoptr(json_t) asked = document_extension_read(call->body, json_member_text(before, "name"), error);
    return asked && json_array_set_new(list, at, extension_merge(before, asked)) == 0;
}

static Draft *
edit_draft(Call *call, StoreTx *tx, const StoreSet *set, void *data, GError **error)
{
    g_autoptr(json_t) list = extension_list_stored(tx, set, error);
    if (!list || !list_edit(call, set, list, data, error))
        return NULL;
    g_autoptr(json_t) body =
        json_pack("{s{s{s{sO}}}}", "properties", "virtualMachineProfile", "extensionProfile", "extensions", list);
    return draft_make(call, tx, set, set->name, body, error);
}

static ApiResponse *
extension_write(Call *call, Edit edit, GError **error)
{
    g_auto(SetChange) change = { 0 };
    if (!scale_set_change(call, /* must_exist= */ TRUE, edit_draft, &edit, &change, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    ApiResponse *response = set ? extension_respond(call, tx, set, edit.created ? 201 : 200, error) : NULL;
    if (response)
        respond_with_operation(response, call, change.operation);
    return response;
}

static ApiResponse *
extension_put(Call *call, GError **error)
{
    return extension_write(call, (Edit){ .verb = EXTENSION_PUT }, error);
}

static ApiResponse *
extension_patch(Call *call, GError **error)
{
    return extension_write(call, (Edit){ .verb = EXTENSION_PATCH }, error);
}

static ApiResponse *
extension_delete(Call *call, GError **error)
{
    Edit edit = { .verb = EXTENSION_DELETE };
    g_auto(SetChange) change = { 0 };
    g_autoptr(GError) problem = NULL;
    if (scale_set_change(call, /* must_exist= */ TRUE, edit_draft, &edit, &change, &problem))
        return change.operation ? respond_accepted(call, change.operation) : respond_empty(200);
    if (g_error_matches(problem, ARM_ERROR, ARM_NOT_FOUND))
        return respond_empty(204);
    g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

const Route routes_extensions[] = {
    { "GET", EXTENSIONS, extensions_list, 0, NO_QUERY },
    { "GET", EXTENSION, extension_get, 0, NO_QUERY },
    { "PUT", EXTENSION, extension_put, ROUTE_BODY, ACKNOWLEDGE },
    { "PATCH", EXTENSION, extension_patch, ROUTE_BODY, ACKNOWLEDGE },
    { "DELETE", EXTENSION, extension_delete, 0, ACKNOWLEDGE },
    { 0 },
};
