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
parsed(const Evaluation *evaluation, const char *text, const char *function, GError **error)
{
    if (!evaluation_fits(evaluation, strlen(text), values_at_most(text), error))
        return NULL;
    g_autoptr(json_t) value = json_parse(text, strlen(text), /* error= */ NULL);
    if (!value)
        evaluation_fail(evaluation, error, "%s() takes a text that is JSON of at most %d levels, and gets another.", function,
                        JSON_BODY_MAX_DEPTH);
    else if (json_twin(value))
        evaluation_fail(evaluation, error, "%s() gets an object that has a member twice.", function);
    else
        return g_steal_pointer(&value);
    return NULL;
}

static json_t *
call_json(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    return parsed(evaluation, argument_text(arguments, 0), "json", error);
}

static json_t *
call_base64(Evaluation *, const Arguments *arguments, GError **)
{
    const char *text = argument_text(arguments, 0);
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    return json_string(encoded);
}

/* GLib decodes what it can; only what encodes the same again was base64. Of a text in UTF-8. Newly allocated. */
static char *
decoded(const char *base64)
{
    gsize length = 0;
    g_autofree guchar *bytes = g_base64_decode(base64, &length);
    g_autofree char *again = g_base64_encode(bytes, length);
    return strcmp(again, base64) == 0 && g_utf8_validate_len((const char *)bytes, length, NULL)
               ? g_strndup((const char *)bytes, length)
               : NULL;
}

static char *
decoded_argument(const Evaluation *evaluation, const Arguments *arguments, const char *function, GError **error)
{
    char *text = decoded(argument_text(arguments, 0));
    if (!text)
        evaluation_fail(evaluation, error, "%s() takes a text in base64 of a text in UTF-8, and gets another.", function);
    return text;
}

static json_t *
call_base64_to_string(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autofree char *text = decoded_argument(evaluation, arguments, "base64ToString", error);
    return text ? json_string(text) : NULL;
}

static json_t *
call_base64_to_json(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autofree char *text = decoded_argument(evaluation, arguments, "base64ToJson", error);
    return text ? parsed(evaluation, text, "base64ToJson", error) : NULL;
}

/* ---- addresses ---- */

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

static json_t *
call_uri_component_to_string(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autofree char *text = g_uri_unescape_string(argument_text(arguments, 0), NULL);
    if (text && g_utf8_validate(text, -1, NULL))
        return json_string(text);
    evaluation_fail(evaluation, error,
                    "uriComponentToString() takes a text that has characters of UTF-8 as %%XX, and gets another.");
    return NULL;
}

/* As Azure, which writes the character set so. */
#define DATA_URI "data:text/plain;charset=utf8;base64,"

static json_t *
call_data_uri(Evaluation *, const Arguments *arguments, GError **)
{
    const char *text = argument_text(arguments, 0);
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    return json_sprintf(DATA_URI "%s", encoded);
}

/* RFC 2397: data:[TYPE][;PARAMETERS][;base64],DATA. */
static json_t *
call_data_uri_to_string(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const char *address = argument_text(arguments, 0), *comma = strchr(address, ',');
    g_autofree char *text = NULL;
    if (comma && g_ascii_strncasecmp(address, "data:", strlen("data:")) == 0) {
        g_autofree char *head = g_ascii_strdown(address, comma - address);
        text = g_str_has_suffix(head, ";base64") ? decoded(comma + 1) : g_uri_unescape_string(comma + 1, NULL);
    }
    if (text && g_utf8_validate(text, -1, NULL))
        return json_string(text);
    evaluation_fail(evaluation, error,
                    "dataUriToString() takes an address with a text in UTF-8, '" DATA_URI "…' or 'data:,…', and gets another.");
    return NULL;
}

/* clang-format off */
const Function functions_encode[] = {
    { "string", 1, 1, { KIND_ANY & ~KIND_NULL }, USE_NOTHING, call_string, NULL },
    { "int", 1, 1, { KIND_TEXT | KIND_INTEGER }, USE_NOTHING, call_int, NULL },
    { "bool", 1, 1, { KIND_SCALAR }, USE_NOTHING, call_bool, NULL },
    { "json", 1, 1, { KIND_TEXT }, USE_NOTHING, call_json, NULL },
    { "base64", 1, 1, { KIND_TEXT }, USE_NOTHING, call_base64, NULL },
    { "base64ToString", 1, 1, { KIND_TEXT }, USE_NOTHING, call_base64_to_string, NULL },
    { "base64ToJson", 1, 1, { KIND_TEXT }, USE_NOTHING, call_base64_to_json, NULL },
    { "dataUri", 1, 1, { KIND_TEXT }, USE_NOTHING, call_data_uri, NULL },
    { "dataUriToString", 1, 1, { KIND_TEXT }, USE_NOTHING, call_data_uri_to_string, NULL },
    { "uri", 2, 2, { KIND_TEXT }, USE_NOTHING, call_uri, NULL },
    { "uriComponent", 1, 1, { KIND_TEXT }, USE_NOTHING, call_uri_component, NULL },
    { "uriComponentToString", 1, 1, { KIND_TEXT }, USE_NOTHING, call_uri_component_to_string, NULL },
    { 0 },
};
/* clang-format on */
