/* Arrays, and what is asked of arrays, texts and objects alike. */
#include "template/functions.h"

#include <string.h>

#define RANGE_MAX 10000 /* as Azure */

static json_t *
call_array(Evaluation *, const Arguments *arguments, GError **)
{
    json_t *value = arguments->values[0];
    return json_is_array(value) ? json_incref(value) : json_pack("[O]", value);
}

static json_t *
call_create_array(Evaluation *, const Arguments *arguments, GError **)
{
    json_t *array = json_array();
    for (guint i = 0; i < arguments->n; i++)
        json_array_append(array, arguments->values[i]);
    return array;
}

static json_t *
call_range(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const gint64 start = argument_integer(arguments, 0), n = argument_integer(arguments, 1);
    gint64 end;
    if (n < 0 || n > RANGE_MAX || __builtin_add_overflow(start, n, &end)) {
        evaluation_fail(evaluation, error, "range() takes 0 to %d as argument 2, the number of integers.", RANGE_MAX);
        return NULL;
    }
    if (!evaluation_fits(evaluation, 0, (gsize)n, error))
        return NULL;
    json_t *array = json_array();
    for (gint64 i = start; i < end; i++)
        json_array_append_new(array, json_integer(i));
    return array;
}

/* ---- how many ---- */

static gsize
length_of(const json_t *value)
{
    return json_is_string(value)  ? (gsize)g_utf8_strlen(json_string_value(value), -1)
           : json_is_array(value) ? json_array_size(value)
                                  : json_object_size(value);
}

static json_t *
call_length(Evaluation *, const Arguments *arguments, GError **)
{
    return json_integer((json_int_t)length_of(arguments->values[0]));
}

static json_t *
call_empty(Evaluation *, const Arguments *arguments, GError **)
{
    return json_boolean(length_of(arguments->values[0]) == 0);
}

static json_t *
call_contains(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const json_t *in = arguments->values[0], *what = arguments->values[1];
    size_t i;
    const json_t *element;
    json_array_foreach(in, i, element)
    {
        if (json_equal(element, what))
            return json_true();
    }
    if (json_is_array(in))
        return json_false();
    if (!(kind_of(what) & KIND_SCALAR)) {
        g_autofree char *got = kinds_text(kind_of(what));
        evaluation_fail(evaluation, error, "contains() looks for a text in a text or an object, and gets %s.", got);
        return NULL;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    append_scalar(text, what);
    return json_boolean(json_is_object(in) ? json_member(in, text->str) != NULL
                                           : strstr(json_string_value(in), text->str) != NULL);
}

/* ---- parts ---- */

/* Elements or characters from `from` on, `n` of them; both within the value. */
static json_t *
slice(const json_t *value, gsize from, gsize n)
{
    if (json_is_string(value)) {
        const char *begin = g_utf8_offset_to_pointer(json_string_value(value), (glong)from);
        return json_stringn(begin, (size_t)(g_utf8_offset_to_pointer(begin, (glong)n) - begin));
    }
    json_t *array = json_array();
    for (gsize i = from; i < from + n; i++)
        json_array_append(array, json_array_get(value, i));
    return array;
}

/* Of nothing: null of an array, an empty text of a text. */
static json_t *
element_at(const json_t *value, gsize at)
{
    if (json_is_string(value))
        return slice(value, at, MIN(length_of(value), 1));
    json_t *element = json_array_get(value, at);
    return element ? json_incref(element) : json_null();
}

static json_t *
call_first(Evaluation *, const Arguments *arguments, GError **)
{
    return element_at(arguments->values[0], 0);
}

static json_t *
call_last(Evaluation *, const Arguments *arguments, GError **)
{
    return element_at(arguments->values[0], MAX(length_of(arguments->values[0]), 1) - 1);
}

static gsize
count_within(const Arguments *arguments)
{
    return (gsize)CLAMP(argument_integer(arguments, 1), 0, (gint64)length_of(arguments->values[0]));
}

static json_t *
call_skip(Evaluation *, const Arguments *arguments, GError **)
{
    const gsize n = count_within(arguments);
    return slice(arguments->values[0], n, length_of(arguments->values[0]) - n);
}

static json_t *
call_take(Evaluation *, const Arguments *arguments, GError **)
{
    return slice(arguments->values[0], 0, count_within(arguments));
}

/* ---- elements that may not be there ---- */

/* Counted from 1, backwards; NULL: it is not there. Borrowed. */
static json_t *
from_end(const Arguments *arguments)
{
    const gint64 n = (gint64)json_array_size(arguments->values[0]), back = argument_integer(arguments, 1);
    return back >= 1 && back <= n ? json_array_get(arguments->values[0], (size_t)(n - back)) : NULL;
}

static json_t *
call_index_from_end(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    json_t *element = from_end(arguments);
    if (element)
        return json_incref(element);
    evaluation_fail(evaluation, error,
                    "indexFromEnd() asks for element %" G_GINT64_FORMAT " from the end of an array of %zu; the last is 1.",
                    argument_integer(arguments, 1), json_array_size(arguments->values[0]));
    return NULL;
}

static json_t *
call_try_index_from_end(Evaluation *, const Arguments *arguments, GError **)
{
    json_t *element = from_end(arguments);
    return element ? json_incref(element) : json_null();
}

static json_t *
call_try_get(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    json_t *in = arguments->values[0], *at = arguments->values[1], *found = NULL;
    if (json_is_object(in) && json_is_string(at)) {
        found = json_member(in, json_string_value(at));
    } else if (json_is_array(in) && json_is_integer(at)) {
        const gint64 i = json_integer_value(at);
        found = i >= 0 ? json_array_get(in, (size_t)i) : NULL;
    } else if (!json_is_null(in)) {
        evaluation_fail(evaluation, error, "tryGet() takes an object and a name, or an array and an integer.");
        return NULL;
    }
    return found ? json_incref(found) : json_null();
}

/* ---- arrays in an array ---- */

static json_t *
call_flatten(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autoptr(json_t) flat = json_array();
    size_t i;
    json_t *element;
    json_array_foreach(arguments->values[0], i, element)
    {
        if (!json_is_array(element)) {
            g_autofree char *got = kinds_text(kind_of(element));
            evaluation_fail(evaluation, error, "flatten() takes an array of arrays, and element %zu is %s.", i, got);
            return NULL;
        }
        if (!evaluation_fits(evaluation, 0, json_array_size(flat) + json_array_size(element), error))
            return NULL;
        json_array_extend(flat, element);
    }
    return g_steal_pointer(&flat);
}

/* clang-format off */
const Function functions_array[] = {
    { "array", 1, 1, { KIND_ANY }, USE_NOTHING, call_array, NULL },
    { "createArray", 0, FUNCTION_MANY, { KIND_ANY }, USE_NOTHING, call_create_array, NULL },
    { "range", 2, 2, { KIND_INTEGER }, USE_NOTHING, call_range, NULL },
    { "length", 1, 1, { KIND_TEXT | KIND_ARRAY | KIND_OBJECT }, USE_NOTHING, call_length, NULL },
    { "empty", 1, 1, { KIND_TEXT | KIND_ARRAY | KIND_OBJECT | KIND_NULL }, USE_NOTHING, call_empty, NULL },
    { "contains", 2, 2, { KIND_TEXT | KIND_ARRAY | KIND_OBJECT, KIND_ANY }, USE_NOTHING, call_contains, NULL },
    { "first", 1, 1, { KIND_TEXT | KIND_ARRAY }, USE_NOTHING, call_first, NULL },
    { "last", 1, 1, { KIND_TEXT | KIND_ARRAY }, USE_NOTHING, call_last, NULL },
    { "skip", 2, 2, { KIND_TEXT | KIND_ARRAY, KIND_INTEGER }, USE_NOTHING, call_skip, NULL },
    { "take", 2, 2, { KIND_TEXT | KIND_ARRAY, KIND_INTEGER }, USE_NOTHING, call_take, NULL },
    { "flatten", 1, 1, { KIND_ARRAY }, USE_NOTHING, call_flatten, NULL },
    { "indexFromEnd", 2, 2, { KIND_ARRAY, KIND_INTEGER }, USE_NOTHING, call_index_from_end, NULL },
    { "tryIndexFromEnd", 2, 2, { KIND_ARRAY, KIND_INTEGER }, USE_NOTHING, call_try_index_from_end, NULL },
    { "tryGet", 2, 2, { KIND_ARRAY | KIND_OBJECT | KIND_NULL, KIND_TEXT | KIND_INTEGER }, USE_NOTHING, call_try_get, NULL },
    { 0 },
};
/* clang-format on */
