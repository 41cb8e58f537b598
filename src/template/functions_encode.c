/* From one kind of value to another, and how a text is written in others. */
#include "template/functions.h"

#include <string.h>

static json_t *
call_string(Evaluation *, const Arguments *arguments, GError **)
{
    const json_t *value = arguments->values[0];
    if (kind_of(value) & KIND_SCALAR) {
        GString *text = g_string_new(NULL);
        append_scalar(text, value);
        return text_result(text);
    }
    g_autofree char *text = json_text(value);
    return json_string(text);
}

static json_t *
call_int(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    gint64 value;
    if (json_is_integer(arguments->values[0]))
        return json_incref(arguments->values[0]);
    if (g_ascii_string_to_signed(argument_text(arguments, 0), 10, G_MININT64, G_MAXINT64, &value, NULL))
        return json_integer(value);
    evaluation_fail(evaluation, error, "int() takes a text that is an integer, such as '12', and gets another.");
    return NULL;
}

static json_t *
call_bool(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const json_t *value = arguments->values[0];
    if (json_is_boolean(value))
        return json_incref((json_t *)value);
    if (json_is_integer(value))
        return json_boolean(json_integer_value(value) != 0);
    if (g_ascii_strcasecmp(json_string_value(value), "true") == 0 || strcmp(json_string_value(value), "1") == 0)
        return json_true();
    if (g_ascii_strcasecmp(json_string_value(value), "false") == 0 || strcmp(json_string_value(value), "0") == 0)
        return json_false();
    evaluation_fail(evaluation, error, "bool() takes the texts 'true', 'false', '1' and '0', and gets another.");
    return NULL;
}

/* What a text may hold at most, before it is parsed: a value is cheap to write and dear to keep. */
static gsize
values_at_most(const char *text)
{
    gsize n = 1;
    for (; (text = strpbrk(text, ",[{")); text++)
        n++;
    return n;
}

static json_t *
call_json(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const char *text = argument_text(arguments, 0);
    if (!evaluation_fits(evaluation, strlen(text), values_at_most(text), error))
        return NULL;
    g_autoptr(json_t) value = json_parse(text, strlen(text), /* error= */ NULL);
    if (!value)
        evaluation_fail(evaluation, error, "json() takes a text that is JSON of at most %d levels, and gets another.",
                        JSON_BODY_MAX_DEPTH);
    else if (json_twin(value))
        evaluation_fail(evaluation, error, "json() gets an object that has a member twice.");
    else
        return g_steal_pointer(&value);
    return NULL;
}

static json_t *
call_base64(Evaluation *, const Arguments *arguments, GError **)
{
    const char *text = argument_text(arguments, 0);
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    return json_string(encoded);
}

/* GLib decodes what it can; only what encodes the same again was base64. */
static json_t *
call_base64_to_string(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    gsize length = 0;
    g_autofree guchar *bytes = g_base64_decode(argument_text(arguments, 0), &length);
    g_autofree char *again = g_base64_encode(bytes, length);
    if (strcmp(again, argument_text(arguments, 0)) == 0 && g_utf8_validate_len((const char *)bytes, length, NULL))
        return json_stringn((const char *)bytes, length);
    evaluation_fail(evaluation, error, "base64ToString() takes a text in base64 of a text in UTF-8, and gets another.");
    return NULL;
}

static json_t *
call_uri(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autofree char *made =
        g_uri_resolve_relative(argument_text(arguments, 0), argument_text(arguments, 1), G_URI_FLAGS_ENCODED, NULL);
    if (made && g_utf8_validate(made, -1, NULL))
        return json_string(made);
    evaluation_fail(evaluation, error, "uri() takes an address with its scheme, https://HOST/PATH, and one relative to it.");
    return NULL;
}

static json_t *
call_uri_component(Evaluation *, const Arguments *arguments, GError **)
{
    g_autofree char *text = g_uri_escape_string(argument_text(arguments, 0), NULL, /* allow_utf8= */ FALSE);
    return json_string(text);
}

/* clang-format off */
const Function functions_encode[] = {
    { "string", 1, 1, { KIND_ANY & ~KIND_NULL }, USE_NOTHING, call_string, NULL },
    { "int", 1, 1, { KIND_TEXT | KIND_INTEGER }, USE_NOTHING, call_int, NULL },
    { "bool", 1, 1, { KIND_SCALAR }, USE_NOTHING, call_bool, NULL },
    { "json", 1, 1, { KIND_TEXT }, USE_NOTHING, call_json, NULL },
    { "base64", 1, 1, { KIND_TEXT }, USE_NOTHING, call_base64, NULL },
    { "base64ToString", 1, 1, { KIND_TEXT }, USE_NOTHING, call_base64_to_string, NULL },
    { "uri", 2, 2, { KIND_TEXT }, USE_NOTHING, call_uri, NULL },
    { "uriComponent", 1, 1, { KIND_TEXT }, USE_NOTHING, call_uri_component, NULL },
    { 0 },
};
/* clang-format on */
