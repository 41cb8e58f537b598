#include "api/page.h"

#include <string.h>

void
page_clear(Page *page)
{
    g_clear_pointer(&page->next, g_free);
}

static gboolean
top_read(Call *call, guint *ret_top, GError **error)
{
    const char *text = call_query(call, "$top");
    guint64 number = PAGE_MAX;
    if (text && !g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT32, &number, NULL))
        return arm_fail(error, ARM_INVALID_PARAMETER, "$top", "'$top' is a whole number from 1, not '%.40s'.", text);
    *ret_top = (guint)MIN(number, PAGE_MAX);
    return TRUE;
}

static guint
first_not_below(const PageItems *items, const char *token)
{
    guint low = 0, high = items->total;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        g_autofree char *own = items->token(items->data, middle);
        if (strcmp(own, token) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

gboolean
page_read(Call *call, const PageItems *items, Page *ret_page, GError **error)
{
    const char *token = call_query(call, "$skiptoken");
    guint top = 0;
    if (!top_read(call, &top, error))
        return FALSE;
    ret_page->first = token ? first_not_below(items, token) : 0;
    ret_page->count = MIN(top, items->total - ret_page->first);
    guint next = ret_page->first + ret_page->count;
    ret_page->next = next < items->total ? items->token(items->data, next) : NULL;
    return TRUE;
}

/* The request's own address with another $skiptoken. */
static char *
next_link(Call *call, const char *token)
{
    const char *target = call->request->target;
    GString *address = g_string_new(call->request->base_url);
    g_autofree char *escaped_token = g_uri_escape_string(token, NULL, FALSE);
    GHashTableIter iter;
    gpointer name, value;
    g_string_append_len(address, target, (gssize)strcspn(target, "?"));
    g_string_append_printf(address, "?$skiptoken=%s", escaped_token);
    g_hash_table_iter_init(&iter, call->target.query);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        if (strcmp(name, "$skiptoken") == 0)
            continue;
        g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
        g_string_append_printf(address, "&%s=%s", (const char *)name, escaped);
    }
    return g_string_free(address, FALSE);
}

void
page_add(GPtrArray *bodies, const json_t *body)
{
    char *text = json_text(body);
    g_ptr_array_add(bodies, g_bytes_new_take(text, strlen(text)));
}

ApiResponse *
page_respond(Call *call, const GPtrArray *bodies, const Page *page)
{
    gsize expected = 64;
    for (guint i = 0; i < bodies->len; i++)
        expected += g_bytes_get_size(g_ptr_array_index(bodies, i)) + 1;
    GString *text = g_string_sized_new(expected);
    g_string_append(text, "{\"value\":[");
    for (guint i = 0; i < bodies->len; i++) {
        gsize length;
        const char *bytes = g_bytes_get_data(g_ptr_array_index(bodies, i), &length);
        if (i > 0)
            g_string_append_c(text, ',');
        g_string_append_len(text, bytes, (gssize)length);
    }
    g_string_append_c(text, ']');
    if (page->next) {
        g_autofree char *address = next_link(call, page->next);
        g_autoptr(json_t) link = json_string(address);
        g_autofree char *quoted = json_text(link);
        g_string_append_printf(text, ",\"nextLink\":%s", quoted);
    }
    g_string_append_c(text, '}');
    gsize length = text->len;
    return respond_text(200, g_string_free(text, FALSE), length);
}
