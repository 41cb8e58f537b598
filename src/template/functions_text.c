/* Texts. Lengths and positions are in characters. */
#include "template/functions.h"

#include <string.h>

static json_t *
call_concat(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const gboolean arrays = json_is_array(arguments->values[0]);
    GString *text = arrays ? NULL : g_string_new(NULL);
    json_t *array = arrays ? json_array() : NULL;
    for (guint i = 0; i < arguments->n; i++) {
        if (json_is_array(arguments->values[i]) != arrays) {
            evaluation_fail(evaluation, error, "concat() takes texts or arrays, and gets both.");
            json_decref(array);
            if (text)
                g_string_free(text, TRUE);
            return NULL;
        }
        if (arrays)
            json_array_extend(array, arguments->values[i]);
        else
            append_scalar(text, arguments->values[i]);
    }
    return arrays ? array : text_result(text);
}

/* ---- format() ---- */

/* At a brace; *at is left behind '}'. */
static const json_t *
placeholder(const Evaluation *evaluation, const Arguments *arguments, const char **at, GError **error)
{
    guint64 index = 0;
    const char *end = *at + 1;
    while (g_ascii_isdigit(*end) && index < G_MAXUINT)
        index = index * 10 + (guint64)(*end++ - '0');
    if (**at != '{' || *end != '}' || end == *at + 1) {
        evaluation_fail(evaluation, error,
                        "format() takes {0}, {1} and so on in argument 1, {{ for '{', and nothing else with "
                        "braces.");
        return NULL;
    }
    *at = end + 1;
    if (index + 1 < arguments->n)
        return arguments->values[index + 1];
    evaluation_fail(evaluation, error, "format() has {%" G_GUINT64_FORMAT "} in argument 1, and gets %u values.", index,
                    arguments->n - 1);
    return NULL;
}

static gboolean
format_into(const Evaluation *evaluation, const Arguments *arguments, GString *text, GError **error)
{
    for (const char *at = argument_text(arguments, 0); *at;) {
        if ((at[0] == '{' && at[1] == '{') || (at[0] == '}' && at[1] == '}')) {
            g_string_append_c(text, *at);
            at += 2;
        } else if (*at == '{' || *at == '}') {
            const json_t *value = placeholder(evaluation, arguments, &at, error);
            if (!value || !evaluation_fits(evaluation, text->len + json_string_length(value), 1, error))
                return FALSE;
            append_scalar(text, value);
        } else {
            g_string_append_c(text, *at++);
        }
    }
    return TRUE;
}

static json_t *
call_format(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    GString *text = g_string_new(NULL);
    if (format_into(evaluation, arguments, text, error))
        return text_result(text);
    g_string_free(text, TRUE);
    return NULL;
}

/* ---- changed as a whole ---- */

static json_t *
call_to_lower(Evaluation *, const Arguments *arguments, GError **)
{
    g_autofree char *text = g_utf8_strdown(argument_text(arguments, 0), -1);
    return json_string(text);
}

static json_t *
call_to_upper(Evaluation *, const Arguments *arguments, GError **)
{
    g_autofree char *text = g_utf8_strup(argument_text(arguments, 0), -1);
    return json_string(text);
}

/* ---- padded ---- */

static json_t *
call_pad_left(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const char *with = arguments->n > 2 ? argument_text(arguments, 2) : " ";
    const gint64 wanted = argument_integer(arguments, 1);
    g_autoptr(GString) text = g_string_new(NULL), padded = g_string_new(NULL);
    if (wanted < 0 || g_utf8_strlen(with, -1) != 1) {
        evaluation_fail(evaluation, error,
                        "padLeft() takes the number of characters, which is not negative, as argument 2, and one character as "
                        "argument 3.");
        return NULL;
    }
    append_scalar(text, arguments->values[0]);
    const gint64 missing = MAX(wanted - g_utf8_strlen(text->str, -1), 0);
    gsize bytes;
    if (__builtin_mul_overflow((gsize)missing, strlen(with), &bytes))
        bytes = G_MAXSIZE;
    if (!evaluation_fits(evaluation, bytes, 1, error))
        return NULL;
    for (gint64 i = 0; i < missing; i++)
        g_string_append(padded, with);
    g_string_append_len(padded, text->str, (gssize)text->len);
    return text_result(g_steal_pointer(&padded));
}

static json_t *
call_trim(Evaluation *, const Arguments *arguments, GError **)
{
    const char *begin = argument_text(arguments, 0), *end = begin + strlen(begin);
    while (begin < end && g_unichar_isspace(g_utf8_get_char(begin)))
        begin = g_utf8_next_char(begin);
    while (begin < end && g_unichar_isspace(g_utf8_get_char(g_utf8_prev_char(end))))
        end = g_utf8_prev_char(end);
    return json_stringn(begin, (size_t)(end - begin));
}

#define WINDOW_MIN 4096u

/* As strstr(), for whoever goes on behind what was found: that looks at the whole text each time under AddressSanitizer. */
static const char *
find_part(const char *at, const char *end, const char *part)
{
    const gsize length = strlen(part), window = MAX(WINDOW_MIN, 4 * length);
    for (gsize n; (n = MIN((gsize)(end - at), window)) >= length; at += n - length + 1) {
        const char *found = memmem(at, n, part, length);
        if (found || n < window)
            return found;
    }
    return NULL;
}

static guint
count_of(const char *text, const char *part)
{
    guint n = 0;
    for (const char *at = text, *end = text + strlen(text); (at = find_part(at, end, part)); at += strlen(part))
        n++;
    return n;
}

static json_t *
call_replace(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const char *at = argument_text(arguments, 0), *old = argument_text(arguments, 1), *new = argument_text(arguments, 2);
    if (*old == '\0') {
        evaluation_fail(evaluation, error, "replace() takes a text that is not empty as argument 2.");
        return NULL;
    }
    if (!evaluation_fits(evaluation, strlen(at) + count_of(at, old) * strlen(new), 1, error))
        return NULL;
    GString *text = g_string_new(NULL);
    for (const char *found, *end = at + strlen(at); (found = find_part(at, end, old)); at = found + strlen(old)) {
        g_string_append_len(text, at, found - at);
        g_string_append(text, new);
    }
    g_string_append(text, at);
    return text_result(text);
}

/* ---- parts ---- */

static json_t *
call_substring(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const char *text = argument_text(arguments, 0);
    const gint64 length = g_utf8_strlen(text, -1), start = argument_integer(arguments, 1);
    const gint64 n = arguments->n > 2 ? argument_integer(arguments, 2) : start >= 0 && start <= length ? length - start : 0;
    if (start < 0 || start > length || n < 0 || n > length - start) {
        evaluation_fail(evaluation, error,
                        "substring() asks for %" G_GINT64_FORMAT " characters from position %" G_GINT64_FORMAT
                        " of a text that has %" G_GINT64_FORMAT ".",
                        n, start, length);
        return NULL;
    }
    const char *begin = g_utf8_offset_to_pointer(text, (glong)start);
    return json_stringn(begin, (size_t)(g_utf8_offset_to_pointer(begin, (glong)n) - begin));
}

/* ---- split() and join() ---- */

#define DELIMITERS_MAX 16
#define DELIMITER_MAX  64

/* The next delimiter from `at`; the first in the array wins where two are at one place. *ret_length is not 0. */
static const char *
next_delimiter(const char *at, const char *end, const json_t *delimiters, gsize *ret_length)
{
    if (json_is_string(delimiters)) {
        *ret_length = json_string_length(delimiters);
        return find_part(at, end, json_string_value(delimiters));
    }
    for (; at < end; at++) {
        for (size_t i = 0; i < json_array_size(delimiters); i++) {
            *ret_length = json_string_length(json_array_get(delimiters, i));
            if (strncmp(at, json_string_value(json_array_get(delimiters, i)), *ret_length) == 0)
                return at;
        }
    }
    return NULL;
}

static gboolean
delimiters_check(const Evaluation *evaluation, const json_t *delimiters, GError **error)
{
    const gsize n = json_is_array(delimiters) ? json_array_size(delimiters) : 1;
    gboolean good = n > 0 && n <= DELIMITERS_MAX;
    for (gsize i = 0; good && i < n; i++) {
        const gsize length = json_string_length(json_is_array(delimiters) ? json_array_get(delimiters, i) : delimiters);
        good = length > 0 && (length <= DELIMITER_MAX || !json_is_array(delimiters));
    }
    return good ||
           evaluation_fail(evaluation, error,
                           "split() takes a text that is not empty as argument 2, or an array of 1 to %d of these of at "
                           "most %d bytes.",
                           DELIMITERS_MAX, DELIMITER_MAX);
}

static json_t *
call_split(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const char *text = argument_text(arguments, 0), *end = text + strlen(text);
    gsize n = 1, length;
    if (!delimiters_check(evaluation, arguments->values[1], error))
        return NULL;
    for (const char *at = text; (at = next_delimiter(at, end, arguments->values[1], &length)); at += length)
        n++;
    if (!evaluation_fits(evaluation, strlen(text), n, error))
        return NULL;
    json_t *parts = json_array();
    for (const char *found; (found = next_delimiter(text, end, arguments->values[1], &length)); text = found + length)
        json_array_append_new(parts, json_stringn(text, (size_t)(found - text)));
    json_array_append_new(parts, json_string(text));
    return parts;
}

static json_t *
call_join(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t i;
    const json_t *element;
    json_array_foreach(arguments->values[0], i, element)
    {
        if (!(kind_of(element) & KIND_SCALAR)) {
            g_autofree char *got = kinds_text(kind_of(element));
            evaluation_fail(evaluation, error, "join() takes an array of texts, integers and booleans, and element %zu is %s.",
                            i, got);
            return NULL;
        }
        if (!evaluation_fits(evaluation, text->len + json_string_length(arguments->values[1]), 1, error))
            return NULL;
        if (i > 0)
            append_scalar(text, arguments->values[1]);
        append_scalar(text, element);
    }
    return text_result(g_steal_pointer(&text));
}

/* ---- looking for a part, without regard to case ---- */

/* Each character on its own, so that positions stay. */
static char *
lower_each(const char *text)
{
    GString *lower = g_string_new(NULL);
    for (; *text; text = g_utf8_next_char(text))
        g_string_append_unichar(lower, g_unichar_tolower(g_utf8_get_char(text)));
    return g_string_free(lower, FALSE);
}

static json_t *
call_index_of(Evaluation *, const Arguments *arguments, GError **)
{
    g_autofree char *text = lower_each(argument_text(arguments, 0)), *part = lower_each(argument_text(arguments, 1));
    const char *found = strstr(text, part);
    return json_integer(found ? g_utf8_pointer_to_offset(text, found) : -1);
}

/* Forwards in what is turned round: looking from the end would cost the product of both lengths. */
static json_t *
call_last_index_of(Evaluation *, const Arguments *arguments, GError **)
{
    g_autofree char *text = lower_each(argument_text(arguments, 0)), *part = lower_each(argument_text(arguments, 1));
    g_autofree char *back = g_utf8_strreverse(text, -1), *part_back = g_utf8_strreverse(part, -1);
    const char *found = strstr(back, part_back);
    return json_integer(found ? g_utf8_strlen(found, -1) - g_utf8_strlen(part, -1) : -1);
}

static json_t *
call_starts_with(Evaluation *, const Arguments *arguments, GError **)
{
    g_autofree char *text = lower_each(argument_text(arguments, 0)), *part = lower_each(argument_text(arguments, 1));
    return json_boolean(g_str_has_prefix(text, part));
}

static json_t *
call_ends_with(Evaluation *, const Arguments *arguments, GError **)
{
    g_autofree char *text = lower_each(argument_text(arguments, 0)), *part = lower_each(argument_text(arguments, 1));
    return json_boolean(g_str_has_suffix(text, part));
}

/* clang-format off */
const Function functions_text[] = {
    { "concat", 1, FUNCTION_MANY, { KIND_SCALAR | KIND_ARRAY }, USE_NOTHING, call_concat, NULL },
    { "format", 1, FUNCTION_MANY, { KIND_TEXT, KIND_SCALAR }, USE_NOTHING, call_format, NULL },
    { "toLower", 1, 1, { KIND_TEXT }, USE_NOTHING, call_to_lower, NULL },
    { "toUpper", 1, 1, { KIND_TEXT }, USE_NOTHING, call_to_upper, NULL },
    { "padLeft", 2, 3, { KIND_TEXT | KIND_INTEGER, KIND_INTEGER, KIND_TEXT }, USE_NOTHING, call_pad_left, NULL },
    { "trim", 1, 1, { KIND_TEXT }, USE_NOTHING, call_trim, NULL },
    { "replace", 3, 3, { KIND_TEXT }, USE_NOTHING, call_replace, NULL },
    { "substring", 2, 3, { KIND_TEXT, KIND_INTEGER }, USE_NOTHING, call_substring, NULL },
    { "split", 2, 2, { KIND_TEXT, KIND_TEXT | KIND_ARRAY }, USE_NOTHING, call_split, NULL },
    { "join", 2, 2, { KIND_ARRAY, KIND_TEXT }, USE_NOTHING, call_join, NULL },
    { "startsWith", 2, 2, { KIND_TEXT }, USE_NOTHING, call_starts_with, NULL },
    { "endsWith", 2, 2, { KIND_TEXT }, USE_NOTHING, call_ends_with, NULL },
    { "indexOf", 2, 2, { KIND_TEXT }, USE_NOTHING, call_index_of, NULL },
    { "lastIndexOf", 2, 2, { KIND_TEXT }, USE_NOTHING, call_last_index_of, NULL },
    { 0 },
};
/* clang-format on */
