#include "base/json.h"

#include "base/error.h"

#include <string.h>

/* jansson's own limit is 2048 levels; counting here costs one pass and no memory. */
static gboolean
depth_check(const char *text, gsize length, GError **error)
{
    guint depth = 0;
    gboolean in_string = FALSE;

    for (gsize i = 0; i < length; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = FALSE;
        } else if (c == '"') {
            in_string = TRUE;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_BODY_MAX_DEPTH)
                return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "The JSON text is nested deeper than %d levels.",
                                JSON_BODY_MAX_DEPTH);
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return TRUE;
}

json_t *
json_parse(const char *text, gsize length, GError **error)
{
    json_error_t problem;

    if (!depth_check(text, length, error))
        return NULL;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!value)
        arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "The text is not valid JSON: %s (line %d, column %d).", problem.text,
                 problem.line, problem.column);
    return value;
}

json_t *
json_member(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (value || !json_is_object(object))
        return value;
    const char *key;
    json_object_foreach((json_t *)object, key, value)
    {
        if (g_ascii_strcasecmp(key, name) == 0)
            return value;
    }
    return NULL;
}

const char *
json_twin(const json_t *value)
{
    const char *name, *found;
    json_t *member;
    size_t i;
    json_array_foreach(value, i, member)
    {
        if ((found = json_twin(member)))
            return found;
    }
    if (!json_is_object(value))
        return NULL;
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_object_foreach((json_t *)value, name, member)
    {
        if (!g_hash_table_add(names, g_ascii_strdown(name, -1)))
            return name;
        if ((found = json_twin(member)))
            return found;
    }
    return NULL;
}

const char *
json_member_text(const json_t *object, const char *name)
{
    return json_string_value(json_member(object, name));
}

json_t *
json_path(const json_t *object, const char *dotted)
{
    g_auto(GStrv) names = g_strsplit(dotted, ".", -1);
    json_t *value = (json_t *)object;
    for (char **name = names; *name && value; name++)
        value = json_member(value, *name);
    return value;
}

char *
json_text(const json_t *value)
{
    /* jansson allocates with malloc; the rest of the house frees with g_free, which since GLib 2.46 is the same. */
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

void
json_set_new(json_t *object, const char *name, json_t *value)
{
    if (value)
        json_object_set_new(object, name, value);
}

void
json_set_text(json_t *object, const char *name, const char *text)
{
    if (text)
        json_object_set_new(object, name, json_string(text));
}
