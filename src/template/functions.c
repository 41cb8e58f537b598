#include "template/functions.h"

#include "base/error.h"

/* In the order of docs/templates.md. */
static const Function *const tables[] = {
    functions_scope,  functions_text,   functions_unique, functions_encode, functions_array,
    functions_object, functions_number, functions_date,   functions_logic,
};

const Function *
function_find(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const Function *function = tables[i]; function->name; function++) {
            if (g_ascii_strcasecmp(function->name, name) == 0)
                return function;
        }
    }
    return NULL;
}

GStrv
template_functions(void)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const Function *function = tables[i]; function->name; function++)
            g_strv_builder_add(names, function->name);
    }
    return g_strv_builder_end(names);
}

gboolean
function_takes_count(const Function *function, guint n, const char *target, GError **error)
{
    g_autofree char *takes = NULL;
    if (n >= function->min && n <= function->max)
        return TRUE;
    if (function->max == FUNCTION_MANY)
        takes = g_strdup_printf("at least %u", function->min);
    else if (function->min == function->max)
        takes = function->min == 0 ? g_strdup("no") : g_strdup_printf("%u", function->min);
    else
        takes = g_strdup_printf("%u to %u", function->min, function->max);
    return arm_fail(error, ARM_INVALID_TEMPLATE, target, "%s() takes %s argument%s, and gets %u.", function->name, takes,
                    function->min == 1 && (function->max == 1 || function->max == FUNCTION_MANY) ? "" : "s", n);
}

/* Of the row's kinds, the last that is said holds for what is behind it. */
static Kinds
kinds_at(const Function *function, guint i)
{
    guint at = MIN(i, G_N_ELEMENTS(function->takes) - 1);
    while (at > 0 && function->takes[at] == 0)
        at--;
    return function->takes[at];
}

gboolean
function_takes_kinds(const Function *function, const Arguments *arguments, const Evaluation *evaluation, GError **error)
{
    for (guint i = 0; i < arguments->n; i++) {
        const Kinds kinds = kinds_at(function, i), kind = kind_of(arguments->values[i]);
        if (kinds & kind)
            continue;
        g_autofree char *takes = kinds_text(kinds), *got = kinds_text(kind);
        return evaluation_fail(evaluation, error, "%s() takes %s as argument %u, and gets %s.", function->name, takes, i + 1,
                               got);
    }
    return TRUE;
}

const char *
argument_text(const Arguments *arguments, guint i)
{
    return json_string_value(arguments->values[i]);
}

gint64
argument_integer(const Arguments *arguments, guint i)
{
    return json_integer_value(arguments->values[i]);
}

void
append_scalar(GString *text, const json_t *value)
{
    if (json_is_string(value))
        g_string_append_len(text, json_string_value(value), (gssize)json_string_length(value));
    else if (json_is_integer(value))
        g_string_append_printf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        g_string_append(text, json_is_true(value) ? "True" : "False");
}

json_t *
text_result(GString *text)
{
    json_t *result = json_stringn(text->str, text->len);
    g_string_free(text, TRUE);
    return result;
}
