#include "template/ids.h"

#include <string.h>

#define PART_MAX 260
#define ID_MAX   4096

gboolean
id_part_is_good(const char *text)
{
    const gsize length = strlen(text);
    if (length == 0 || length > PART_MAX)
        return FALSE;
    for (const char *p = text; *p; p++) {
        if ((guchar)*p < ' ' || *p == 0x7f || strchr("/\\<>%&?#*:", *p))
            return FALSE;
    }
    return TRUE;
}

static gboolean
parts_are_good(char *const *parts, guint n)
{
    for (guint i = 0; i < n; i++) {
        if (!id_part_is_good(parts[i]))
            return FALSE;
    }
    return TRUE;
}

char *
provider_path(const Evaluation *evaluation, const char *type, char *const *names, guint n_names, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(type, "/", -1);
    const guint n = g_strv_length(parts);
    if (n < 2 || !parts_are_good(parts, n)) {
        evaluation_fail(evaluation, error, "'%.200s' is no type of a resource; accepted: NAMESPACE/TYPE[/TYPE…].", type);
        return NULL;
    }
    if (n_names != n - 1) {
        evaluation_fail(evaluation, error, "The type '%.200s' has names of %u part%s, and here are %u.", type, n - 1,
                        n == 2 ? "" : "s", n_names);
        return NULL;
    }
    g_autoptr(GString) path = g_string_new(NULL);
    g_string_append_printf(path, "/providers/%s", parts[0]);
    for (guint i = 0; i < n_names; i++) {
        if (!id_part_is_good(names[i])) {
            evaluation_fail(evaluation, error,
                            "'%.100s' is no name of a resource; accepted: 1 to %d characters, none of / \\ < > %% & ? # * :.",
                            names[i], PART_MAX);
            return NULL;
        }
        g_string_append_printf(path, "/%s/%s", parts[i + 1], names[i]);
    }
    if (path->len > ID_MAX / 2) {
        evaluation_fail(evaluation, error, "The id of a resource of the type '%.200s' is too long.", type);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&path), FALSE);
}

char *
id_canonical(const char *text)
{
    static const struct {
        guint at;
        const char *word;
    } fixed[] = { { 0, "subscriptions" }, { 2, "resourceGroups" }, { 4, "providers" } };
    if (text[0] != '/' || strlen(text) > ID_MAX)
        return NULL;
    g_auto(GStrv) parts = g_strsplit(text + 1, "/", -1);
    const guint n = g_strv_length(parts);
    if (n < 8 || n % 2 != 0 || !parts_are_good(parts, n))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(fixed); i++) {
        if (g_ascii_strcasecmp(parts[fixed[i].at], fixed[i].word) != 0)
            return NULL;
        g_free(parts[fixed[i].at]);
        parts[fixed[i].at] = g_strdup(fixed[i].word);
    }
    g_autofree char *joined = g_strjoinv("/", parts);
    return g_strconcat("/", joined, NULL);
}
