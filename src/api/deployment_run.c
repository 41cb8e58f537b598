#include "api/deployment_run.h"

#include "api/extension_list.h"
#include "api/place.h"
#include "api/scale_set_write.h"

#include <string.h>

#define TYPE_SET       "Microsoft.Compute/virtualMachineScaleSets"
#define TYPE_EXTENSION TYPE_SET "/extensions"
#define LIST_PARENTS   "properties", "virtualMachineProfile", "extensionProfile"

/* What the template says of one scale set. Borrowed from the template. */
typedef struct {
    char *name;                  /* once it is made or changed, as the set has it */
    const TemplateResource *set; /* NULL: the template has extensions of it alone */
    GPtrArray *extensions;       /* of const TemplateResource */
    char *operation;             /* what came of it */
} Plan;

static void
plan_free(void *data)
{
    Plan *plan = data;
    g_free(plan->name);
    g_ptr_array_unref(plan->extensions);
    g_free(plan->operation);
    g_free(plan);
}

/* ---- what is to be made ---- */

static gboolean
is_of_type(const TemplateResource *resource, const char *type)
{
    return resource_same(resource->type, type);
}

static Plan *
plan_of(GPtrArray *plans, const TemplateResource *resource)
{
    g_autofree char *name = g_strndup(resource->name, strcspn(resource->name, "/"));
    for (guint i = 0; i < plans->len; i++) {
        Plan *plan = g_ptr_array_index(plans, i);
        if (resource_same(plan->name, name))
            return plan;
    }
    Plan *plan = g_new0(Plan, 1);
    plan->name = g_steal_pointer(&name);
    plan->extensions = g_ptr_array_new();
    g_ptr_array_add(plans, plan);
    return plan;
}

/* What to do about network resources that clients add by themselves. */
static const char *
advice_for(const char *type)
{
    return g_ascii_strncasecmp(type, "Microsoft.Network/", strlen("Microsoft.Network/")) == 0
               ? " Each VM has one network card, on the host's network: 'az vmss create' leaves the others out with"
                 " --load-balancer \"\" --public-ip-address \"\"."
               : "";
}

static gboolean
type_check(const TemplateResource *resource, GError **error)
{
    return is_of_type(resource, TYPE_SET) || is_of_type(resource, TYPE_EXTENSION) ||
           arm_fail(error, ARM_INVALID_TEMPLATE, "template.resources",
                    "The template has '%.100s' of type '%.150s', which there is none of here; accepted: " TYPE_SET
                    " and " TYPE_EXTENSION ".%s",
                    resource->name, resource->type, advice_for(resource->type));
}

static gboolean
is_extension_of(const TemplateResource *resource, const TemplateResource *set)
{
    const gsize length = strlen(set->name);
    return is_of_type(resource, TYPE_EXTENSION) && g_ascii_strncasecmp(resource->name, set->name, length) == 0 &&
           resource->name[length] == '/';
}

/* All are made at once, so that none can wait for another's end. An extension comes with its set. */
static gboolean
order_check(const TemplateResource *resource, GError **error)
{
    for (guint d = 0; d < resource->depends_on->len; d++) {
        const TemplateResource *other = g_ptr_array_index(resource->depends_on, d);
        if (is_of_type(other, TYPE_SET) && !is_extension_of(resource, other))
            return arm_fail(error, ARM_INVALID_TEMPLATE, "template.resources",
                            "'%.100s' depends on the scale set '%.100s': the resources of a template are made at the same "
                            "time, and none waits for another. Deploy what is to wait by a template of its own, afterwards.",
                            resource->name, other->name);
    }
    return TRUE;
}

static GPtrArray *
plans_make(const GPtrArray *resources, GError **error)
{
    g_autoptr(GPtrArray) plans = g_ptr_array_new_with_free_func(plan_free);
    for (guint i = 0; i < resources->len; i++) {
        const TemplateResource *resource = g_ptr_array_index(resources, i);
        if (!type_check(resource, error) || !order_check(resource, error))
            return NULL;
        Plan *plan = plan_of(plans, resource);
        if (is_of_type(resource, TYPE_SET))
            plan->set = resource;
        else
            g_ptr_array_add(plan->extensions, (gpointer)resource);
    }
    return g_steal_pointer(&plans);
}

/* ---- one scale set ---- */

static json_t *
object_within(json_t *parent, const char *name)
{
    json_t *object = json_member(parent, name);
    if (!json_is_object(object)) {
        object = json_object();
        json_object_set_new(parent, name, object);
    }
    return object;
}

/* As the template's set has it; else as it is stored. A new reference. */
static json_t *
list_before(StoreTx *tx, const StoreSet *set, const json_t *body, GError **error)
{
    const json_t *own = json_path(body, EXTENSION_LIST_PATH);
    if (json_is_array(own))
        return json_deep_copy(own);
    return set ? extension_list_stored(tx, set, error) : json_array();
}

static gboolean
extension_put(json_t *list, const TemplateResource *resource, GError **error)
{
    if (extension_list_put(list, strchr(resource->name, '/') + 1, resource->body, error))
        return TRUE;
    g_prefix_error(error, "In the template, the extension '%s': ", resource->name);
    return FALSE;
}

static Draft *
plan_draft(Call *call, StoreTx *tx, const StoreSet *set, void *data, GError **error)
{
    static const char *const parents[] = { LIST_PARENTS };
    const Plan *plan = data;
    g_autoptr(json_t) body = plan->set ? json_deep_copy(plan->set->body) : json_object();
    if (plan->extensions->len > 0) {
        g_autoptr(json_t) list = list_before(tx, set, body, error);
        json_t *parent = body;
        for (guint i = 0; list && i < plan->extensions->len; i++) {
            if (!extension_put(list, g_ptr_array_index(plan->extensions, i), error))
                return NULL;
        }
        if (!list)
            return NULL;
        for (guint i = 0; i < G_N_ELEMENTS(parents); i++)
            parent = object_within(parent, parents[i]);
        json_object_set(parent, "extensions", list);
    }
    Draft *draft = draft_make(call, tx, set, plan->name, body, error);
    if (!draft)
        g_prefix_error(error, "In the template, the scale set '%s': ", plan->name);
    else if (draft->refusal)
        g_prefix_error(&draft->refusal, "In the template, the scale set '%s': ", plan->name);
    return draft;
}

static gboolean
plan_apply(Call *call, StoreTx *tx, const StoreGroup *group, Plan *plan, GError **error)
{
    ApiRequest request = *call->request;
    Call part = *call;
    g_auto(SetChange) change = { 0 };
    request.if_match = request.if_none_match = NULL;
    part.request = &request;
    part.params[PARAM_GROUP] = group->name;
    part.params[PARAM_SET] = plan->name;
    if (!scale_set_change_in(&part, tx, /* must_exist= */ plan->set == NULL, plan_draft, plan, &change, error))
        return FALSE;
    plan->operation = g_steal_pointer(&change.operation);
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, change.set_id, error);
    if (!set)
        return FALSE;
    g_free(plan->name);
    plan->name = g_strdup(set->name);
    return TRUE;
}

/* In canonical case, however the template writes it. */
static char *
part_id(const Call *call, const StoreGroup *group, const Plan *plan, const TemplateResource *resource)
{
    g_autofree char *set_id = resource_id_scale_set(call->api->subscription, group->name, plan->name);
    const char *extension = strchr(resource->name, '/');
    return extension ? g_strconcat(set_id, "/extensions", extension, NULL) : g_steal_pointer(&set_id);
}

GPtrArray *
deployment_apply(Call *call, StoreTx *tx, const StoreGroup *group, const Template *template, GError **error)
{
    g_autoptr(GPtrArray) plans = plans_make(template->resources, error);
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)store_deployment_part_free);
    for (guint i = 0; plans && i < plans->len; i++) {
        if (!plan_apply(call, tx, group, g_ptr_array_index(plans, i), error))
            return NULL;
    }
    for (guint i = 0; plans && i < template->resources->len; i++) {
        const TemplateResource *resource = g_ptr_array_index(template->resources, i);
        const Plan *plan = plan_of(plans, resource);
        StoreDeploymentPart *part = g_new0(StoreDeploymentPart, 1);
        part->place = i;
        part->resource = part_id(call, group, plan, resource);
        part->operation = g_strdup(plan->operation);
        g_ptr_array_add(parts, part);
    }
    return plans ? g_steal_pointer(&parts) : NULL;
}
