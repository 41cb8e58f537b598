/* Integers of 64 bits. */
#include "template/copy.h"
#include "template/functions.h"

static json_t *
result(const Evaluation *evaluation, gboolean overflow, gint64 value, const char *function, GError **error)
{
    if (!overflow)
        return json_integer(value);
    evaluation_fail(evaluation, error,
                    "%s() gives an integer that is too large; there are those from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                    ".",
                    function, G_MININT64, G_MAXINT64);
    return NULL;
}

static json_t *
call_add(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    gint64 value = 0;
    const gboolean overflow = __builtin_add_overflow(argument_integer(arguments, 0), argument_integer(arguments, 1), &value);
    return result(evaluation, overflow, value, "add", error);
}

static json_t *
call_sub(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    gint64 value = 0;
    const gboolean overflow = __builtin_sub_overflow(argument_integer(arguments, 0), argument_integer(arguments, 1), &value);
    return result(evaluation, overflow, value, "sub", error);
}

static json_t *
call_mul(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    gint64 value = 0;
    const gboolean overflow = __builtin_mul_overflow(argument_integer(arguments, 0), argument_integer(arguments, 1), &value);
    return result(evaluation, overflow, value, "mul", error);
}

static gboolean
no_zero(const Evaluation *evaluation, const Arguments *arguments, const char *function, GError **error)
{
    return argument_integer(arguments, 1) != 0 ||
           evaluation_fail(evaluation, error, "%s() gets 0 as argument 2, and nothing is divided by it.", function);
}

/* The one quotient that there is no integer for. */
static gboolean
is_too_large(const Arguments *arguments)
{
    return argument_integer(arguments, 0) == G_MININT64 && argument_integer(arguments, 1) == -1;
}

static json_t *
call_div(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    if (!no_zero(evaluation, arguments, "div", error))
        return NULL;
    const gboolean overflow = is_too_large(arguments);
    return result(evaluation, overflow, overflow ? 0 : argument_integer(arguments, 0) / argument_integer(arguments, 1), "div",
                  error);
}

static json_t *
call_mod(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    if (!no_zero(evaluation, arguments, "mod", error))
        return NULL;
    return json_integer(is_too_large(arguments) ? 0 : argument_integer(arguments, 0) % argument_integer(arguments, 1));
}

/* ---- min() and max(): of integers, or of one array of integers ---- */

static const json_t *
nth(const Arguments *arguments, size_t i)
{
    return json_is_array(arguments->values[0]) ? json_array_get(arguments->values[0], i) : arguments->values[i];
}

static json_t *
extreme(const Evaluation *evaluation, const Arguments *arguments, const char *function, gboolean largest, GError **error)
{
    const json_t *best = NULL;
    const gboolean array = json_is_array(arguments->values[0]);
    const size_t n = array ? json_array_size(arguments->values[0]) : arguments->n;
    gboolean good = n > 0 && (!array || arguments->n == 1);
    for (size_t i = 0; good && i < n; i++) {
        const json_t *value = nth(arguments, i);
        good = json_is_integer(value);
        if (!best || (largest ? json_integer_value(value) > json_integer_value(best)
                              : json_integer_value(value) < json_integer_value(best)))
            best = value;
    }
    if (good)
        return json_incref((json_t *)best);
    evaluation_fail(evaluation, error, "%s() takes integers, or one array of integers that is not empty.", function);
    return NULL;
}

static json_t *
call_min(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    return extreme(evaluation, arguments, "min", /* largest= */ FALSE, error);
}

static json_t *
call_max(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    return extreme(evaluation, arguments, "max", /* largest= */ TRUE, error);
}

/* ---- copyIndex(): with the name of a loop, an offset, or both ---- */

static json_t *
call_copy_index(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const guint named = arguments->n > 0 && json_is_string(arguments->values[0]);
    const gint64 offset = arguments->n > named ? argument_integer(arguments, named) : 0;
    gint64 index = 0;
    if (arguments->n == 2 && !named) {
        evaluation_fail(evaluation, error, "copyIndex() takes the name of a copy and an offset, or one of them.");
        return NULL;
    }
    if (!copy_index(evaluation, named ? argument_text(arguments, 0) : NULL, &index, error))
        return NULL;
    const gboolean overflow = __builtin_add_overflow(index, offset, &index);
    return result(evaluation, overflow, index, "copyIndex", error);
}

/* clang-format off */
const Function functions_number[] = {
    { "add", 2, 2, { KIND_INTEGER }, USE_NOTHING, call_add, NULL },
    { "sub", 2, 2, { KIND_INTEGER }, USE_NOTHING, call_sub, NULL },
    { "mul", 2, 2, { KIND_INTEGER }, USE_NOTHING, call_mul, NULL },
    { "div", 2, 2, { KIND_INTEGER }, USE_NOTHING, call_div, NULL },
    { "mod", 2, 2, { KIND_INTEGER }, USE_NOTHING, call_mod, NULL },
    { "copyIndex", 0, 2, { KIND_TEXT | KIND_INTEGER, KIND_INTEGER }, USE_COPY, call_copy_index, NULL },
    { "min", 1, FUNCTION_MANY, { KIND_INTEGER | KIND_ARRAY, KIND_INTEGER }, USE_NOTHING, call_min, NULL },
    { "max", 1, FUNCTION_MANY, { KIND_INTEGER | KIND_ARRAY, KIND_INTEGER }, USE_NOTHING, call_max, NULL },
    { 0 },
};
/* clang-format on */
