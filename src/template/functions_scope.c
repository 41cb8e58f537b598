/* What a template knows: its parameters and variables, where it is deployed, and ids of resources. */
#include "template/formulas.h"
#include "template/functions.h"
#include "template/ids.h"
#include "template/own_functions.h"
#include "template/resources.h"

#include <string.h>

static json_t *
call_parameters(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const char *name = argument_text(arguments, 0);
    return evaluation->frame ? own_parameter(evaluation, name, error)
                             : json_incref(formula_value_by_name(evaluation, USE_PARAMETER, name, error));
}

static json_t *
call_variables(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    return json_incref(formula_value_by_name(evaluation, USE_VARIABLE, argument_text(arguments, 0), error));
}

/* ---- reference() ---- */

static gboolean
wants_full(const Evaluation *evaluation, const Arguments *arguments, gboolean *ret_full, GError **error)
{
    *ret_full = arguments->n == 3;
    return arguments->n < 3 || g_ascii_strcasecmp(argument_text(arguments, 2), "Full") == 0 ||
           evaluation_fail(evaluation, error, "reference() takes 'Full' as argument 3, or nothing.");
}

static json_t *
call_reference(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    gboolean full;
    if (!wants_full(evaluation, arguments, &full, error))
        return NULL;
    g_autofree char *id = resources_resolve(evaluation, argument_text(arguments, 0), error);
    return id ? evaluation->lookup(id, full, evaluation->lookup_data, error) : NULL;
}

/* ---- ids ---- */

/* The argument that is the type: the first with a slash. */
static gboolean
find_type(const Evaluation *evaluation, const Arguments *arguments, const char *function, guint most, guint *ret_at,
          GError **error)
{
    for (guint i = 0; i < arguments->n && i <= most; i++) {
        if (strchr(argument_text(arguments, i), '/')) {
            *ret_at = i;
            return TRUE;
        }
        if (!id_part_is_good(argument_text(arguments, i)))
            break;
    }
    return evaluation_fail(evaluation, error, "%s() takes a type, NAMESPACE/TYPE[/TYPE…], with %s before it, and gets none.",
                           function, most == 1 ? "at most a subscription" : "at most a subscription and a group");
}

static char *
path_from(const Evaluation *evaluation, const Arguments *arguments, guint type, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = type + 1; i < arguments->n; i++)
        g_ptr_array_add(names, (char *)argument_text(arguments, i));
    return provider_path(evaluation, argument_text(arguments, type), (char *const *)names->pdata, names->len, error);
}

static json_t *
call_resource_id(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const TemplateScope *scope = evaluation->scope;
    guint type = 0;
    if (!find_type(evaluation, arguments, "resourceId", 2, &type, error))
        return NULL;
    g_autofree char *path = path_from(evaluation, arguments, type, error);
    if (!path)
        return NULL;
    return json_sprintf("/subscriptions/%s/resourceGroups/%s%s", type == 2 ? argument_text(arguments, 0) : scope->subscription,
                        type > 0 ? argument_text(arguments, type - 1) : scope->group, path);
}

static json_t *
call_subscription_resource_id(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    guint type = 0;
    if (!find_type(evaluation, arguments, "subscriptionResourceId", 1, &type, error))
        return NULL;
    g_autofree char *path = path_from(evaluation, arguments, type, error);
    if (!path)
        return NULL;
    return json_sprintf("/subscriptions/%s%s", type == 1 ? argument_text(arguments, 0) : evaluation->scope->subscription, path);
}

/* ---- where it is deployed ---- */

static json_t *
call_providers(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const TemplateScope *scope = evaluation->scope;
    const char *namespace_ = argument_text(arguments, 0), *type = arguments->n > 1 ? argument_text(arguments, 1) : NULL;
    json_t *known = scope->provider ? scope->provider(namespace_, type, scope->provider_data) : NULL;
    if (!known)
        evaluation_fail(evaluation, error, "providers(): there is no %s '%.80s%s%.80s' here.",
                        type ? "type of resources" : "namespace", namespace_, type ? "/" : "", type ? type : "");
    return known;
}

static json_t *
call_resource_group(Evaluation *evaluation, const Arguments *, GError **)
{
    const TemplateScope *scope = evaluation->scope;
    json_t *group = json_object();
    json_object_set_new(group, "id", json_sprintf("/subscriptions/%s/resourceGroups/%s", scope->subscription, scope->group));
    json_set_text(group, "name", scope->group);
    json_set_text(group, "type", "Microsoft.Resources/resourceGroups");
    json_set_text(group, "location", scope->location);
    json_object_set_new(group, "tags", scope->group_tags ? json_deep_copy(scope->group_tags) : json_object());
    json_object_set_new(group, "properties", json_pack("{s:s}", "provisioningState", "Succeeded"));
    return group;
}

static json_t *
call_subscription(Evaluation *evaluation, const Arguments *, GError **)
{
    const char *subscription = evaluation->scope->subscription;
    json_t *made = json_object();
    json_object_set_new(made, "id", json_sprintf("/subscriptions/%s", subscription));
    json_set_text(made, "subscriptionId", subscription);
    return made;
}

static json_t *
call_deployment(Evaluation *evaluation, const Arguments *, GError **)
{
    return json_pack("{s:s}", "name", evaluation->scope->deployment);
}

/* clang-format off */
const Function functions_scope[] = {
    { "parameters", 1, 1, { KIND_TEXT }, USE_PARAMETER, call_parameters, NULL },
    { "variables", 1, 1, { KIND_TEXT }, USE_VARIABLE, call_variables, NULL },
    { "reference", 1, 3, { KIND_TEXT }, USE_REFERENCE, call_reference, NULL },
    { "resourceId", 2, FUNCTION_MANY, { KIND_TEXT }, USE_NOTHING, call_resource_id, NULL },
    { "subscriptionResourceId", 2, FUNCTION_MANY, { KIND_TEXT }, USE_NOTHING, call_subscription_resource_id, NULL },
    { "resourceGroup", 0, 0, { 0 }, USE_NOTHING, call_resource_group, NULL },
    { "subscription", 0, 0, { 0 }, USE_NOTHING, call_subscription, NULL },
    { "deployment", 0, 0, { 0 }, USE_NOTHING, call_deployment, NULL },
    { "providers", 1, 2, { KIND_TEXT }, USE_NOTHING, call_providers, NULL },
    { 0 },
};
/* clang-format on */
