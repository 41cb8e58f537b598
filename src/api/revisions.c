#include "api/revisions.h"

#include "api/lock_out.h"
#include "api/page.h"
#include "api/place.h"
#include "api/scale_set_write.h"
#include "base/time_text.h"
#include "model/document.h"

#include <string.h>

#define REVISIONS      PATH_SET "/revisions"
#define PARAM_REVISION 3
#define PROFILE        "properties.virtualMachineProfile"

/* ---- which there are ---- */

/* "1, 4 to 23": newest first in the list, in order in the text. */
static char *
revisions_text(const GPtrArray *models)
{
    GString *text = g_string_new(NULL);
    for (guint i = models->len; i > 0;) {
        const StoreModel *model = g_ptr_array_index(models, --i);
        guint first = model->since, last = model->revision;
        for (; i > 0 && (model = g_ptr_array_index(models, i - 1))->since == last + 1; i--)
            last = model->revision;
        g_string_append_printf(text, "%s%u", text->len > 0 ? ", " : "", first);
        if (last > first)
            g_string_append_printf(text, " to %u", last);
    }
    return g_string_free(text, FALSE);
}

static StoreModel *
revision_find(StoreTx *tx, const StoreSet *set, guint64 revision, ArmCode missing, const char *target, GError **error)
{
    GError *lookup = NULL;
    StoreModel *model = revision <= G_MAXUINT32 ? store_model_standing(tx, set->id, (guint)revision, &lookup) : NULL;
    if (model)
        return model;
    g_autoptr(GPtrArray) models = lookup ? NULL : store_model_list_standing(tx, set->id, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    g_autofree char *there = revisions_text(models);
    arm_fail(error, missing, target,
             "The scale set '%s' has no model revision %" G_GUINT64_FORMAT
             "; there are: %s. The newest 20 different models are kept, and those that instances are on.",
             set->name, revision, there);
    return NULL;
}

/* ---- list and get ---- */

/* How many instances run one of these revisions, or will when they run for the first time. */
static guint
instances_on(const GPtrArray *instances, const StoreModel *model)
{
    guint count = 0;
    for (guint i = 0; i < instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        guint revision = instance->revision ? instance->revision : instance->want_revision;
        count += model->since <= revision && revision <= model->revision ? 1 : 0;
    }
    return count;
}

static json_t *
extension_names(const json_t *document)
{
    const json_t *extensions = json_path(document, PROFILE ".extensionProfile.extensions");
    json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(extensions); i++)
        json_array_append(names, json_object_get(json_array_get(extensions, i), "name"));
    return names;
}

static json_t *
revision_json(const Call *call, const StoreSet *set, const StoreModel *model, const GPtrArray *instances, gboolean whole,
              GError **error)
{
    g_autoptr(json_t) document = json_parse(model->document, strlen(model->document), error);
    if (!document)
        return NULL;
    g_autoptr(json_t) shown = document_public(document, NULL);
    g_autofree char *set_id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autofree char *id = g_strdup_printf("%s/revisions/%u", set_id, model->revision);
    g_autofree char *name = g_strdup_printf("%u", model->revision), *made = time_to_text(model->made);
    json_t *body = json_object(), *properties = json_object();

    json_set_text(body, "name", name);
    json_set_text(body, "id", id);
    json_set_text(body, "type", "Microsoft.Compute/virtualMachineScaleSets/revisions");
    json_object_set(body, "sku", json_object_get(shown, "sku"));
    json_object_set_new(properties, "revision", json_integer(model->revision));
    json_object_set_new(properties, "firstRevision", json_integer(model->since));
    json_object_set_new(properties, "current", json_boolean(model->revision == set->revision));
    json_set_text(properties, "timeCreated", made);
    json_object_set_new(properties, "instanceCount", json_integer(instances_on(instances, model)));
    json_object_set(properties, "imageReference", json_path(shown, PROFILE ".storageProfile.imageReference"));
    json_t *security = json_path(shown, PROFILE ".securityProfile");
    if (security)
        json_object_set(properties, "securityProfile", security);
    json_object_set_new(properties, "extensions", extension_names(shown));
    if (whole)
        json_object_set(properties, "virtualMachineProfile", json_path(shown, PROFILE));
    json_object_set_new(body, "properties", properties);
    return body;
}

/* The list is newest first, and tokens rise along it. */
static char *
revision_token(const void *models, guint index)
{
    const StoreModel *model = g_ptr_array_index((GPtrArray *)models, index);
    return g_strdup_printf("%010u", G_MAXUINT32 - model->revision);
}

static ApiResponse *
revisions_list(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    g_auto(Page) page = { 0 };
    if (!place_find(call, &place, error))
        return NULL;
    g_autoptr(GPtrArray) models = store_model_list_standing(place.tx, place.set->id, error);
    g_autoptr(GPtrArray) instances = models ? store_instance_list(place.tx, place.set->id, error) : NULL;
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (!instances || !page_read(call, &(PageItems){ models->len, revision_token, models }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        g_autoptr(json_t) body =
            revision_json(call, place.set, g_ptr_array_index(models, i), instances, /* whole= */ FALSE, error);
        if (!body)
            return NULL;
        page_add(bodies, body);
    }
    return page_respond(call, bodies, &page);
}

static ApiResponse *
revision_get(Call *call, GError **error)
{
    const char *text = call->params[PARAM_REVISION];
    guint64 revision = 0;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    if (!set)
        return NULL;
    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &revision, NULL)) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "A model revision is named by its number, not '%.40s'.", text);
        return NULL;
    }
    g_autoptr(StoreModel) model = revision_find(tx, set, revision, ARM_NOT_FOUND, NULL, error);
    g_autoptr(GPtrArray) instances = model ? store_instance_list(tx, set->id, error) : NULL;
    g_autoptr(json_t) body = instances ? revision_json(call, set, model, instances, /* whole= */ TRUE, error) : NULL;
    return body ? respond_json(200, body) : NULL;
}

/* ---- going back ---- */

/* {"MEMBER": N} and nothing else: what would be ignored beside it is refused. */
static gboolean
number_read(const json_t *body, const char *member, guint64 *ret_number, GError **error)
{
    const json_t *value = NULL;
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)body, key, item)
    {
        if (g_ascii_strcasecmp(key, member) == 0)
            value = item;
        else if (!json_is_null(item))
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key,
                            "Could not find member '%.100s' on the body of this action; accepted: %s.", key, member);
    }
    if (json_is_integer(value) && json_integer_value(value) > 0) {
        *ret_number = (guint64)json_integer_value(value);
        return TRUE;
    }
    return (json_is_string(value) &&
            g_ascii_string_to_unsigned(json_string_value(value), 10, 1, G_MAXUINT32, ret_number, NULL)) ||
           arm_fail(error, ARM_INVALID_PARAMETER, member, "'%s' is the number of a model revision; GET …/revisions lists them.",
                    member);
}

Draft *
rollback_draft(Call *call, StoreTx *tx, const StoreSet *set, const char *member, GError **error)
{
    guint64 revision = 0;
    if (!number_read(call->body, member, &revision, error))
        return NULL;
    g_autoptr(StoreModel) model = revision_find(tx, set, revision, ARM_INVALID_PARAMETER, member, error);
    g_autoptr(json_t) earlier = model ? json_parse(model->document, strlen(model->document), error) : NULL;
    return earlier ? draft_make_rollback(call, tx, set, earlier, error) : NULL;
}

static Draft *
revision_draft(Call *call, StoreTx *tx, const StoreSet *set, void *data, GError **error)
{
    (void)data;
    return rollback_draft(call, tx, set, "revision", error);
}

static ApiResponse *
rollback_post(Call *call, GError **error)
{
    g_auto(SetChange) change = { 0 };
    return scale_set_change(call, /* must_exist= */ TRUE, revision_draft, NULL, &change, error)
               ? scale_set_change_respond(call, &change, error)
               : NULL;
}

const Route routes_revisions[] = {
    { "GET", REVISIONS, revisions_list, 0, PAGE_QUERY },
    { "GET", REVISIONS "/{revision}", revision_get, 0, NO_QUERY },
    { "POST", PATH_SET "/rollback", rollback_post, ROUTE_BODY, ACKNOWLEDGE },
    { 0 },
};
