#include "api/target.h"

#include "api/form.h"
#include "base/error.h"

#include <string.h>

#define TARGET_MAX   8192
#define SEGMENTS_MAX 24

void
target_clear(Target *target)
{
    g_clear_pointer(&target->segments, g_strfreev);
    g_clear_pointer(&target->query, g_hash_table_unref);
}

static gboolean
path_split(Target *target, const char *path, GError **error)
{
    g_auto(GStrv) raw = g_strsplit(path, "/", SEGMENTS_MAX + 2);
    g_autoptr(GPtrArray) segments = g_ptr_array_new_with_free_func(g_free);

    for (char **part = raw; *part; part++) {
        if (!**part)
            continue;
        char *decoded = form_decode(*part);
        if (!decoded)
            return arm_fail(error, ARM_BAD_REQUEST, NULL, "The path has a percent escape or byte that is not UTF-8.");
        g_ptr_array_add(segments, decoded);
    }
    if (segments->len > SEGMENTS_MAX)
        return arm_fail(error, ARM_NOT_FOUND, NULL, "There is nothing at a path of more than %d parts.", SEGMENTS_MAX);
    g_ptr_array_add(segments, NULL);
    target->segments = (char **)g_ptr_array_steal(segments, NULL);
    return TRUE;
}

gboolean
target_parse(const char *text, Target *ret_target, GError **error)
{
    const char *query = strchr(text, '?');
    if (strlen(text) > TARGET_MAX)
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The address is longer than %d bytes.", TARGET_MAX);
    g_autofree char *path = query ? g_strndup(text, (gsize)(query - text)) : g_strdup(text);
    if (!path_split(ret_target, path, error))
        return FALSE;
    const char *pairs = query ? query + 1 : "";
    ret_target->query = form_parse(pairs, strlen(pairs), "query", error);
    return ret_target->query != NULL;
}

/* ---- which members a route takes ---- */

static gboolean
is_in(const char *value, char **words)
{
    for (; *words; words++) {
        if (g_ascii_strcasecmp(value, *words) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
value_check(const char *name, const char *value, const char *accepted, GError **error)
{
    g_auto(GStrv) words = g_strsplit(accepted, ",", -1), asked = g_strsplit(value, ",", -1);
    for (char **word = asked; *word; word++) {
        if (is_in(g_strstrip(*word), words))
            continue;
        g_autofree char *list = g_strjoinv(", ", words);
        return arm_fail(error, ARM_INVALID_PARAMETER, name,
                        "The query's '%s' is '%.60s', which is not accepted here; accepted: %s.", name, value, list);
    }
    return TRUE;
}

static gboolean
unknown_fail(const char *name, char **accepted, GError **error)
{
    GString *list = g_string_new("api-version");
    for (; *accepted; accepted++)
        g_string_append_printf(list, ", %.*s", (int)strcspn(*accepted, "="), *accepted);
    g_autofree char *text = g_string_free(list, FALSE);
    return arm_fail(error, ARM_INVALID_PARAMETER, name, "The query's '%.60s' is not accepted here; accepted: %s.", name, text);
}

static gboolean
member_check(const char *name, const char *value, char **accepted, GError **error)
{
    for (char **word = accepted; *word; word++) {
        gsize length = strcspn(*word, "=");
        if (strlen(name) != length || g_ascii_strncasecmp(*word, name, length) != 0)
            continue;
        g_autofree char *canonical = g_strndup(*word, length);
        return !(*word)[length] || !*value || value_check(canonical, value, *word + length + 1, error);
    }
    return unknown_fail(name, accepted, error);
}

gboolean
target_check_query(const Target *target, const char *accepted, GError **error)
{
    /* Most requests have nothing else. */
    if (g_hash_table_size(target->query) == (g_hash_table_contains(target->query, "api-version") ? 1u : 0u))
        return TRUE;
    g_auto(GStrv) words = g_strsplit(accepted ? accepted : "", " ", -1);
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, target->query);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        if (strcmp(name, "api-version") != 0 && !member_check(name, value, words, error))
            return FALSE;
    }
    return TRUE;
}
