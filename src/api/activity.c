/* The activity log: who asked for what, and how it ended. */
#include "api/filter.h"
#include "api/page.h"

#include "base/time_text.h"

#include <string.h>

static json_t *
event_json(const StoreEvent *event)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, event->id);
    g_autofree char *time = time_to_text(event->time);
    json_t *body = json_object();
    json_set_text(body, "eventDataId", id);
    json_set_text(body, "eventTimestamp", time);
    json_set_text(body, "level", event->level);
    json_object_set_new(body, "operationName", json_pack("{ss}", "value", event->operation_name));
    json_object_set_new(body, "status", json_pack("{ss}", "value", event->status));
    json_set_text(body, "resourceId", event->resource_id);
    json_set_text(body, "caller", event->caller);
    json_set_text(body, "correlationId", event->correlation);
    json_set_text(body, "description", event->message);
    return body;
}

static gboolean
before_read(Call *call, gint64 *ret_before, GError **error)
{
    const char *token = call_query(call, "$skiptoken");
    *ret_before = 0;
    return !token || g_ascii_string_to_signed(token, 10, 1, G_MAXINT64, ret_before, NULL) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "$skiptoken", "'$skiptoken' is none that a nextLink has: '%.40s'.", token);
}

/* Newest first; $filter=resourceUri eq 'ID' narrows to a resource and what is below it. */
static ApiResponse *
activity_list(Call *call, GError **error)
{
    static const char *const fields[] = { "resourceUri", NULL };
    g_auto(Filter) filter = { 0 };
    g_auto(Page) page = { 0 };
    gint64 before;
    if (!filter_parse(call_query(call, "$filter"), fields, &filter, error) || !before_read(call, &before, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) events = tx ? store_event_list(tx, filter.values[0], before, PAGE_MAX, error) : NULL;
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (!events)
        return NULL;
    for (guint i = 0; i < events->len; i++) {
        g_autoptr(json_t) body = event_json(g_ptr_array_index(events, i));
        page_add(bodies, body);
    }
    if (events->len == PAGE_MAX) {
        const StoreEvent *last = g_ptr_array_index(events, events->len - 1);
        page.next = g_strdup_printf("%" G_GINT64_FORMAT, last->id);
    }
    return page_respond(call, bodies, &page);
}

const Route routes_activity[] = {
    { "GET", "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values", activity_list, 0,
      "$filter $skiptoken" },
    { 0 },
};
