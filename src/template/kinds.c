#include "template/kinds.h"

Kinds
kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return KIND_TEXT;
    case JSON_INTEGER:
        return KIND_INTEGER;
    case JSON_TRUE:
    case JSON_FALSE:
        return KIND_BOOLEAN;
    case JSON_ARRAY:
        return KIND_ARRAY;
    case JSON_OBJECT:
        return KIND_OBJECT;
    case JSON_REAL:
        return KIND_REAL;
    default:
        return KIND_NULL;
    }
}

char *
kinds_text(Kinds kinds)
{
    static const char *const words[] = { "a text",   "an integer", "a boolean",
                                         "an array", "an object",  "a number with a fraction",
                                         "null" };
    if (kinds == KIND_ANY)
        return g_strdup("any value");
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        const guint rest = (guint)kinds >> i;
        if (rest & 1)
            g_string_append_printf(text, "%s%s", text->len == 0 ? "" : rest == 1 ? " or " : ", ", words[i]);
    }
    return g_string_free(text, FALSE);
}

char *
value_key(const json_t *value)
{
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}

GHashTable *
value_keys(const json_t *array)
{
    GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    size_t i;
    const json_t *element;
    json_array_foreach(array, i, element) g_hash_table_add(keys, value_key(element));
    return keys;
}

gboolean
value_is_among(const json_t *value, GHashTable *keys)
{
    g_autofree char *key = value_key(value);
    return g_hash_table_contains(keys, key);
}
