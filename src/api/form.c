#include "api/form.h"

#include "base/error.h"

#include <string.h>

char *
form_decode(const char *text)
{
    char *decoded = g_uri_unescape_string(text, NULL);
    if (decoded && g_utf8_validate(decoded, -1, NULL))
        return decoded;
    g_free(decoded);
    return NULL;
}

static gboolean
pair_add(GHashTable *pairs, char *pair, const char *what, GError **error)
{
    g_strdelimit(pair, "+", ' ');
    char *equals = strchr(pair, '=');
    if (equals)
        *equals = '\0';
    g_autofree char *name = form_decode(pair), *value = form_decode(equals ? equals + 1 : "");
    if (!name || !value)
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The %s has a percent escape or byte that is not UTF-8.", what);
    g_autofree char *folded = g_ascii_strdown(name, -1);
    if (g_hash_table_contains(pairs, folded))
        return arm_fail(error, ARM_INVALID_PARAMETER, name, "The %s has '%.60s' more than once.", what, name);
    g_hash_table_insert(pairs, g_steal_pointer(&folded), g_steal_pointer(&value));
    return TRUE;
}

static gboolean
pairs_add(GHashTable *pairs, const char *text, const char *what, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "&", FORM_PAIRS_MAX + 1);
    if (g_strv_length(parts) > FORM_PAIRS_MAX)
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The %s has more than %u members.", what, FORM_PAIRS_MAX);
    for (char **part = parts; *part; part++) {
        if (**part && !pair_add(pairs, *part, what, error))
            return FALSE;
    }
    return TRUE;
}

GHashTable *
form_parse(const char *text, gsize length, const char *what, GError **error)
{
    g_autoptr(GHashTable) pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (memchr(text, '\0', length)) {
        arm_fail(error, ARM_BAD_REQUEST, NULL, "The %s has a NUL byte.", what);
        return NULL;
    }
    g_autofree char *copy = g_strndup(text, length);
    return pairs_add(pairs, copy, what, error) ? g_steal_pointer(&pairs) : NULL;
}
