#include "template/formulas.h"

#include "base/error.h"
#include "base/resource_id.h"
#include "template/copy.h"
#include "template/members.h"
#include "template/own_functions.h"
#include "template/parameters.h"

static void
formula_free(void *data)
{
    Formula *formula = data;
    json_decref(formula->value);
    g_free(formula->name);
    g_free(formula);
}

GHashTable *
formulas_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, formula_free);
}

Formula *
formula_add(GHashTable *formulas, TemplateUse use, const char *name, const json_t *text)
{
    Formula *formula = g_new0(Formula, 1);
    formula->name = g_strdup(name);
    formula->use = use;
    formula->text = text;
    g_hash_table_insert(formulas, resource_fold(name), formula);
    return formula;
}

static gboolean
is_copies(const char *variable)
{
    return g_ascii_strcasecmp(variable, "copy") == 0;
}

static const char *
use_word(TemplateUse use)
{
    return use == USE_PARAMETER ? "parameter" : "variable";
}

Formula *
formula_find(const Evaluation *evaluation, TemplateUse use, const char *name)
{
    g_autofree char *folded = resource_fold(name);
    return g_hash_table_lookup(use == USE_PARAMETER ? evaluation->parameters : evaluation->variables, folded);
}

/* Names of variables, as members, in the order of the template. */
static json_t *
variables_names(const Evaluation *evaluation)
{
    json_t *names = json_object(), *value;
    const json_t *copy;
    const char *name;
    size_t i;
    json_object_foreach(member_sent(evaluation->text, "variables"), name, value)
    {
        if (!is_copies(name)) {
            json_object_set_new(names, name, json_null());
            continue;
        }
        json_array_foreach(value, i, copy) json_object_set_new(names, copy_name(copy), json_null());
    }
    return names;
}

static Formula *
find_declared(const Evaluation *evaluation, TemplateUse use, const char *name, GError **error)
{
    Formula *formula = formula_find(evaluation, use, name);
    if (formula)
        return formula;
    g_autoptr(json_t) names =
        use == USE_PARAMETER ? json_incref(json_member(evaluation->text, "parameters")) : variables_names(evaluation);
    g_autofree char *known = members_known(names);
    evaluation_fail(evaluation, error, "The template declares no %s '%.80s'; it declares %s.", use_word(use), name, known);
    return NULL;
}

/* ---- secrets ---- */

static const char *
secret_of(const Formula *formula)
{
    return formula->secure ? formula->name : formula->secret;
}

/* Outputs are stored, and shown to whoever may read the deployment. */
static gboolean
secret_may_be_used(const Evaluation *evaluation, const char *secret, GError **error)
{
    if (!secret || !evaluation->output)
        return TRUE;
    return evaluation_fail(evaluation, error,
                           "The output '%.80s' uses the secure parameter '%.80s'; outputs are shown to everybody who may read "
                           "the deployment.",
                           evaluation->output, secret);
}

gboolean
formula_may_be_used(const Evaluation *evaluation, TemplateUse use, const char *name, GError **error)
{
    if (use != USE_PARAMETER && use != USE_VARIABLE)
        return TRUE;
    if (evaluation->frame)
        return own_parameter_is_good(evaluation, name, error);
    const Formula *formula = find_declared(evaluation, use, name, error);
    return formula && secret_may_be_used(evaluation, secret_of(formula), error);
}

/* ---- values ---- */

static gboolean
fail_cycle(const Evaluation *evaluation, const Formula *formula, GError **error)
{
    g_autoptr(GString) chain = g_string_new(NULL);
    g_string_printf(chain, "'%.80s'", formula->name);
    for (const Formula *at = evaluation->formula; at != formula; at = at->outer) {
        g_autofree char *link = g_strdup_printf("'%.80s' -> ", at->name);
        g_string_prepend(chain, link);
    }
    return evaluation_fail(evaluation, error, "The %s '%.80s' is made of itself: '%.80s' -> %s.", use_word(formula->use),
                           formula->name, formula->name, chain->str);
}

static json_t *
make(Evaluation *evaluation, Formula *formula, GError **error)
{
    if (formula->use == USE_PARAMETER)
        return parameter_make(evaluation, formula, error);
    evaluation->place = PLACE_VARIABLES;
    evaluation_enter(evaluation, "template.variables");
    evaluation_enter(evaluation, formula->copied ? "copy" : formula->name);
    if (!formula->copied)
        return evaluation_value(evaluation, formula->text, error);
    evaluation_enter_index(evaluation, formula->place);
    return copy_array(evaluation, formula->text, error);
}

/* With the place and path of its own, and no loop around it; those of who asks come back. */
static gboolean
evaluate(Evaluation *evaluation, Formula *formula, GError **error)
{
    GString *path = g_steal_pointer(&evaluation->path);
    const TemplatePlace place = evaluation->place;
    const char *secret = g_steal_pointer(&evaluation->secret);
    const struct Loop *loop = g_steal_pointer(&evaluation->loop);
    evaluation->path = g_string_new(NULL);
    formula->outer = evaluation->formula;
    evaluation->formula = formula;
    formula->state = FORMULA_IN_HAND;
    formula->value = make(evaluation, formula, error);
    formula->state = formula->value ? FORMULA_KNOWN : FORMULA_UNSEEN;
    formula->secret = evaluation->secret;
    evaluation->formula = formula->outer;
    evaluation->secret = secret;
    evaluation->loop = loop;
    evaluation->place = place;
    g_string_free(evaluation->path, TRUE);
    evaluation->path = path;
    return formula->value != NULL;
}

json_t *
formula_value(Evaluation *evaluation, Formula *formula, GError **error)
{
    if (formula->state == FORMULA_IN_HAND) {
        fail_cycle(evaluation, formula, error);
        return NULL;
    }
    if (!secret_may_be_used(evaluation, formula->secure ? formula->name : NULL, error) ||
        (formula->state == FORMULA_UNSEEN && !evaluate(evaluation, formula, error)) ||
        !secret_may_be_used(evaluation, secret_of(formula), error))
        return NULL;
    if (secret_of(formula))
        evaluation->secret = secret_of(formula);
    return formula->value;
}

json_t *
formula_value_by_name(Evaluation *evaluation, TemplateUse use, const char *name, GError **error)
{
    Formula *formula = find_declared(evaluation, use, name, error);
    return formula ? formula_value(evaluation, formula, error) : NULL;
}

/* ---- variables ---- */

/* "copy": [{"name", "count", "input"}], each a variable. */
static gboolean
read_copies(Evaluation *evaluation, const json_t *copies, GError **error)
{
    const json_t *copy;
    size_t i;
    const gsize mark = evaluation_enter(evaluation, "copy");
    if (!json_is_array(copies))
        return evaluation_fail(evaluation, error, "'copy' of the variables is a list: [{\"name\", \"count\", \"input\"}].");
    json_array_foreach(copies, i, copy)
    {
        const gsize inner = evaluation_enter_index(evaluation, i);
        if (!copy_check(evaluation, copy, error))
            return FALSE;
        if (formula_find(evaluation, USE_VARIABLE, copy_name(copy)))
            return evaluation_fail(evaluation, error, "The template declares the variable '%.80s' twice.", copy_name(copy));
        Formula *formula = formula_add(evaluation->variables, USE_VARIABLE, copy_name(copy), copy);
        formula->copied = TRUE;
        formula->place = i;
        evaluation_leave(evaluation, inner);
    }
    evaluation_leave(evaluation, mark);
    return TRUE;
}

gboolean
variables_read(Evaluation *evaluation, GError **error)
{
    const json_t *variables = member_sent(evaluation->text, "variables");
    const char *name;
    json_t *value;
    const gsize mark = evaluation_enter(evaluation, "variables");
    json_object_foreach((json_t *)variables, name, value)
    {
        if (!is_copies(name))
            formula_add(evaluation->variables, USE_VARIABLE, name, value);
    }
    if (member_sent(variables, "copy") && !read_copies(evaluation, member_sent(variables, "copy"), error))
        return FALSE;
    if (g_hash_table_size(evaluation->variables) > TEMPLATE_VARIABLES_MAX)
        return evaluation_fail(evaluation, error, "The template declares %u variables; accepted: at most %d.",
                               g_hash_table_size(evaluation->variables), TEMPLATE_VARIABLES_MAX);
    evaluation_leave(evaluation, mark);
    return TRUE;
}

gboolean
variables_evaluate(Evaluation *evaluation, GError **error)
{
    g_autoptr(json_t) names = variables_names(evaluation);
    const char *name;
    json_t *value;
    json_object_foreach(names, name, value)
    {
        if (!formula_value_by_name(evaluation, USE_VARIABLE, name, error))
            return FALSE;
    }
    return TRUE;
}
