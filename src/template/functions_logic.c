/* Truth, and which of several values. */
#include "template/functions.h"

#include <string.h>

/* The branch that is not taken is not evaluated. */
static json_t *
call_if(Evaluation *evaluation, const GPtrArray *arguments, GError **error)
{
    g_autoptr(json_t) condition = evaluation_of(evaluation, g_ptr_array_index(arguments, 0), error);
    if (!condition)
        return NULL;
    if (json_is_boolean(condition))
        return evaluation_of(evaluation, g_ptr_array_index(arguments, json_is_true(condition) ? 1 : 2), error);
    g_autofree char *got = kinds_text(kind_of(condition));
    evaluation_fail(evaluation, error, "if() takes a boolean as argument 1, and gets %s.", got);
    return NULL;
}

static json_t *
call_coalesce(Evaluation *, const Arguments *arguments, GError **)
{
    for (guint i = 0; i < arguments->n; i++) {
        if (!json_is_null(arguments->values[i]))
            return json_incref(arguments->values[i]);
    }
    return json_null();
}

static guint
count_true(const Arguments *arguments)
{
    guint n = 0;
    for (guint i = 0; i < arguments->n; i++)
        n += json_is_true(arguments->values[i]);
    return n;
}

static json_t *
call_and(Evaluation *, const Arguments *arguments, GError **)
{
    return json_boolean(count_true(arguments) == arguments->n);
}

static json_t *
call_or(Evaluation *, const Arguments *arguments, GError **)
{
    return json_boolean(count_true(arguments) > 0);
}

static json_t *
call_not(Evaluation *, const Arguments *arguments, GError **)
{
    return json_boolean(!json_is_true(arguments->values[0]));
}

static json_t *
call_true(Evaluation *, const Arguments *, GError **)
{
    return json_true();
}

static json_t *
call_false(Evaluation *, const Arguments *, GError **)
{
    return json_false();
}

static json_t *
call_null(Evaluation *, const Arguments *, GError **)
{
    return json_null();
}

/* ---- comparing ---- */

static json_t *
call_equals(Evaluation *, const Arguments *arguments, GError **)
{
    return json_boolean(json_equal(arguments->values[0], arguments->values[1]));
}

/* As Azure: 'a' before 'A' before 'b'. */
static int
compare_texts(const char *a, const char *b)
{
    g_autofree char *folded_a = g_utf8_casefold(a, -1), *folded_b = g_utf8_casefold(b, -1);
    const int order = strcmp(folded_a, folded_b);
    return order != 0 ? order : strcmp(b, a);
}

/* Below 0, 0, above 0. */
static gboolean
compare(const Evaluation *evaluation, const Arguments *arguments, const char *function, int *ret_order, GError **error)
{
    const json_t *a = arguments->values[0], *b = arguments->values[1];
    if (kind_of(a) != kind_of(b))
        return evaluation_fail(evaluation, error, "%s() takes two integers or two texts, and gets one of each.", function);
    *ret_order = json_is_string(a)
                     ? compare_texts(json_string_value(a), json_string_value(b))
                     : (json_integer_value(a) > json_integer_value(b)) - (json_integer_value(a) < json_integer_value(b));
    return TRUE;
}

static json_t *
call_less(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    int order;
    return compare(evaluation, arguments, "less", &order, error) ? json_boolean(order < 0) : NULL;
}

static json_t *
call_less_or_equals(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    int order;
    return compare(evaluation, arguments, "lessOrEquals", &order, error) ? json_boolean(order <= 0) : NULL;
}

static json_t *
call_greater(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    int order;
    return compare(evaluation, arguments, "greater", &order, error) ? json_boolean(order > 0) : NULL;
}

static json_t *
call_greater_or_equals(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    int order;
    return compare(evaluation, arguments, "greaterOrEquals", &order, error) ? json_boolean(order >= 0) : NULL;
}

/* clang-format off */
const Function functions_logic[] = {
    { "if", 3, 3, { KIND_ANY }, USE_NOTHING, NULL, call_if },
    { "coalesce", 1, FUNCTION_MANY, { KIND_ANY }, USE_NOTHING, call_coalesce, NULL },
    { "and", 2, FUNCTION_MANY, { KIND_BOOLEAN }, USE_NOTHING, call_and, NULL },
    { "or", 2, FUNCTION_MANY, { KIND_BOOLEAN }, USE_NOTHING, call_or, NULL },
    { "not", 1, 1, { KIND_BOOLEAN }, USE_NOTHING, call_not, NULL },
    { "true", 0, 0, { 0 }, USE_NOTHING, call_true, NULL },
    { "false", 0, 0, { 0 }, USE_NOTHING, call_false, NULL },
    { "null", 0, 0, { 0 }, USE_NOTHING, call_null, NULL },
    { "equals", 2, 2, { KIND_ANY }, USE_NOTHING, call_equals, NULL },
    { "less", 2, 2, { KIND_TEXT | KIND_INTEGER }, USE_NOTHING, call_less, NULL },
    { "lessOrEquals", 2, 2, { KIND_TEXT | KIND_INTEGER }, USE_NOTHING, call_less_or_equals, NULL },
    { "greater", 2, 2, { KIND_TEXT | KIND_INTEGER }, USE_NOTHING, call_greater, NULL },
    { "greaterOrEquals", 2, 2, { KIND_TEXT | KIND_INTEGER }, USE_NOTHING, call_greater_or_equals, NULL },
    { 0 },
};
/* clang-format on */
