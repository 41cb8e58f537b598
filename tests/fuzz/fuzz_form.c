/* api/form.h: what is read can be written, and reads the same. */
#include "api/form.h"

#include "fuzz.h"

#include <string.h>

static char *
form_text(GHashTable *pairs)
{
    GString *text = g_string_new(NULL);
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, pairs);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        g_autofree char *name_text = g_uri_escape_string(name, NULL, /* allow_utf8= */ FALSE),
                        *value_text = g_uri_escape_string(value, NULL, /* allow_utf8= */ FALSE);
        g_string_append_printf(text, "&%s=%s", name_text, value_text);
    }
    return g_string_free(text, FALSE);
}

static void
same(GHashTable *a, GHashTable *b)
{
    GHashTableIter iter;
    gpointer name, value;
    g_assert_cmpuint(g_hash_table_size(a), ==, g_hash_table_size(b));
    g_hash_table_iter_init(&iter, a);
    while (g_hash_table_iter_next(&iter, &name, &value))
        g_assert_cmpstr(g_hash_table_lookup(b, name), ==, value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL, again_error = NULL;
    g_autoptr(GHashTable) pairs = form_parse(size ? (const char *)data : "", size, "form", &error);
    g_assert((pairs == NULL) == (error != NULL));
    g_assert(!error || g_utf8_validate(error->message, -1, NULL));
    if (!pairs)
        return 0;
    g_assert_cmpuint(g_hash_table_size(pairs), <=, FORM_PAIRS_MAX);
    g_autofree char *text = form_text(pairs);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    /* The first '&' has nothing before it, which counts as a part. */
    g_autoptr(GHashTable) again = form_parse(text + (*text == '&'), strlen(text + (*text == '&')), "form", &again_error);
    g_assert_no_error(again_error);
    same(pairs, again);
    return 0;
}
