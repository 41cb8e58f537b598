#include "template/template.h"

#include "base/error.h"
#include "template/formulas.h"
#include "template/members.h"
#include "template/outputs.h"
#include "template/own_functions.h"
#include "template/parameters.h"
#include "template/resources.h"
#include "template/value_type.h"

#include <string.h>

/* clang-format off */
static const MemberTable template_members = { "A template", FALSE, {
    { "$schema", KIND_TEXT, NULL },
    { "contentVersion", KIND_TEXT, NULL },
    { "apiProfile", 0, "each resource says its apiVersion" },
    { "parameters", KIND_OBJECT, NULL },
    { "variables", KIND_OBJECT, NULL },
    { "functions", KIND_ARRAY, NULL },
    { "resources", KIND_ARRAY, NULL },
    { "outputs", KIND_OBJECT, NULL },
    { "metadata", KIND_OBJECT, NULL },
} };
/* clang-format on */

#define SCHEMA "deploymentTemplate.json"

/* ---- the members of the template ---- */

static gboolean
check_schema(const Evaluation *evaluation, GError **error)
{
    const char *schema = json_member_text(evaluation->text, "$schema");
    const char *last = schema ? strrchr(schema, '/') : NULL;
    if (last && (g_ascii_strcasecmp(last + 1, SCHEMA) == 0 || g_ascii_strcasecmp(last + 1, SCHEMA "#") == 0))
        return TRUE;
    return arm_fail(error, ARM_INVALID_TEMPLATE, "template.$schema",
                    "'$schema' is %s%.200s%s; accepted: that of a deployment to a resource group, "
                    "https://schema.management.azure.com/schemas/2019-04-01/" SCHEMA "#.",
                    schema ? "'" : "", schema ? schema : "absent", schema ? "'" : "");
}

static gboolean
check_the_rest(const Evaluation *evaluation, GError **error)
{
    const char *twin = json_twin(evaluation->text);
    if (twin)
        return evaluation_fail(evaluation, error, "The template has an object with the member '%.80s' twice.", twin);
    if (!member_sent(evaluation->text, "contentVersion"))
        return arm_fail(error, ARM_INVALID_TEMPLATE, "template.contentVersion",
                        "A template has to have 'contentVersion', such as '1.0.0.0'.");
    if (!member_sent(evaluation->text, "resources"))
        return arm_fail(error, ARM_INVALID_TEMPLATE, "template.resources",
                        "A template has to have 'resources', an array; it may be empty.");
    return TRUE;
}

static gboolean
check_members(Evaluation *evaluation, GError **error)
{
    return members_check(evaluation, evaluation->text, &template_members, error) && check_schema(evaluation, error) &&
           check_the_rest(evaluation, error) && own_functions_read(evaluation, error);
}

/* ---- evaluating ---- */

static gboolean
evaluate_parameters(Evaluation *evaluation, const json_t *sent, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    return parameters_read(evaluation, sent, violations, error) && parameters_evaluate(evaluation, violations, error);
}

Template *
template_evaluate(const json_t *text, const json_t *parameters, const TemplateScope *scope, GError **error)
{
    g_autoptr(Evaluation) evaluation = evaluation_new(text, scope);
    g_autoptr(Template) made = g_new0(Template, 1);
    if (!check_members(evaluation, error) || !evaluate_parameters(evaluation, parameters, error) ||
        !variables_read(evaluation, error) || !variables_evaluate(evaluation, error) ||
        !outputs_look_through(evaluation, error) || !resources_declare(evaluation, error) || !resources_fill(evaluation, error))
        return NULL;
    made->resources = resources_order(evaluation, error);
    if (!made->resources)
        return NULL;
    made->parameters = parameters_shown(evaluation);
    return g_steal_pointer(&made);
}

void
template_free(Template *template_)
{
    if (!template_)
        return;
    g_clear_pointer(&template_->resources, g_ptr_array_unref);
    json_decref(template_->parameters);
    g_free(template_);
}

json_t *
template_outputs(const json_t *text, const json_t *parameters, const TemplateScope *scope, TemplateReference lookup, void *data,
                 GError **error)
{
    g_autoptr(Evaluation) evaluation = evaluation_new(text, scope);
    evaluation->lookup = lookup;
    evaluation->lookup_data = data;
    if (!check_members(evaluation, error) || !parameters_read(evaluation, parameters, /* violations= */ NULL, error) ||
        !variables_read(evaluation, error) || !outputs_look_through(evaluation, error))
        return NULL;
    return outputs_evaluate(evaluation, error);
}
