#include "attest/refusals.h"

#include "attest/text.h"
#include "base/json.h"

#include <string.h>

#define UNSIGNED_LOADED ": module verification failed: "
#define LOCKDOWN        "Lockdown: "

static json_t *
refusal_json(const char *line, gsize length)
{
    json_t *json = json_object();
    g_autofree char *message = text_from_utf8((const guint8 *)line, length);
    const char *loaded = strstr(message, UNSIGNED_LOADED);
    if (loaded && loaded > message) {
        g_autofree char *name = g_strndup(message, (gsize)(loaded - message));
        json_set_text(json, "name", name);
    } else if (g_str_has_prefix(message, LOCKDOWN)) {
        const char *by = message + strlen(LOCKDOWN), *end = strchr(by, ':');
        g_autofree char *program = end ? g_strndup(by, (gsize)(end - by)) : NULL;
        json_set_text(json, "by", program);
    }
    json_object_set_new(json, "loaded", json_boolean(loaded != NULL));
    json_set_text(json, "message", message);
    return json;
}

json_t *
refusals_json(GBytes *text)
{
    gsize left;
    const char *at = g_bytes_get_data(text, &left);
    json_t *list = json_array();
    while (left > 0 && json_array_size(list) < REFUSALS_MAX) {
        const char *end = memchr(at, '\n', left);
        const gsize length = end ? (gsize)(end - at) : left;
        if (length > 0)
            json_array_append_new(list, refusal_json(at, length));
        at += MIN(length + 1, left);
        left -= MIN(length + 1, left);
    }
    return list;
}

char *
refusals_text(const json_t *refusals)
{
    GString *text = g_string_new(NULL);
    gsize i;
    const json_t *one;
    json_array_foreach(refusals, i, one)
    {
        const char *name = json_member_text(one, "name"), *by = json_member_text(one, "by");
        g_string_append(text, i > 0 ? ", " : "");
        if (name)
            g_string_append(text, name);
        else if (by)
            g_string_append_printf(text, "one that %s asked for", by);
        else
            g_string_append(text, "one that the kernel does not name");
        if (json_is_true(json_object_get(one, "loaded")))
            g_string_append(text, " (loaded unsigned)");
    }
    return g_string_free(text, FALSE);
}
