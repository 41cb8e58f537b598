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

enum { FIELD_FROM, FIELD_TO, FIELD_URI, FIELD_ID, FIELD_GROUP, FIELD_PROVIDER, FIELD_CALLER, FIELD_CORRELATION, FIELD_STATUS };

typedef struct {
    Filter filter;
    char *resource; /* it and what lies below it; NULL: all */
    char *provider; /* as it stands in ids, in lower case; NULL: all */
    UnixTime from, to;
} Wanted;

static void
wanted_clear(Wanted *wanted)
{
    filter_clear(&wanted->filter);
    g_clear_pointer(&wanted->resource, g_free);
    g_clear_pointer(&wanted->provider, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, wanted_clear)

static gboolean
time_read(const char *text, UnixTime otherwise, UnixTime *ret_time, GError **error)
{
    *ret_time = otherwise;
    return !text || time_from_text(text, ret_time) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "$filter",
                    "'eventTimestamp' is compared with a time such as 2026-11-23T22:51:54Z, not with '%.40s'.", text);
}

static gboolean
wanted_read(Call *call, Wanted *ret_wanted, GError **error)
{
    static const char *const fields[] = { "eventTimestamp ge",
                                          "eventTimestamp le",
                                          "resourceUri",
                                          "resourceId",
                                          "resourceGroupName",
                                          "resourceProvider",
                                          "caller",
                                          "correlationId",
                                          "status",
                                          NULL };
    if (!filter_parse(call_query(call, "$filter"), fields, &ret_wanted->filter, error))
        return FALSE;
    char *const *values = ret_wanted->filter.values;
    if (!!values[FIELD_URI] + !!values[FIELD_ID] + !!values[FIELD_GROUP] > 1)
        return arm_fail(error, ARM_INVALID_PARAMETER, "$filter",
                        "Of 'resourceUri', 'resourceId' and 'resourceGroupName' a filter has one.");
    if (values[FIELD_GROUP])
        ret_wanted->resource = resource_id_group(call->api->subscription, values[FIELD_GROUP]);
    else
        ret_wanted->resource = g_strdup(values[FIELD_URI] ? values[FIELD_URI] : values[FIELD_ID]);
    if (values[FIELD_PROVIDER]) {
        g_autofree char *lower = g_ascii_strdown(values[FIELD_PROVIDER], -1);
        ret_wanted->provider = g_strconcat("/providers/", lower, "/", NULL);
    }
    return time_read(values[FIELD_FROM], 0, &ret_wanted->from, error) &&
           time_read(values[FIELD_TO], G_MAXINT64, &ret_wanted->to, error);
}

static gboolean
is_wanted(const Wanted *wanted, const StoreEvent *event)
{
    char *const *values = wanted->filter.values;
    g_autofree char *id = wanted->provider ? g_ascii_strdown(event->resource_id, -1) : NULL;
    return event->time >= wanted->from && event->time <= wanted->to && (!id || strstr(id, wanted->provider)) &&
           filter_matches(values[FIELD_CALLER], event->caller) &&
           filter_matches(values[FIELD_CORRELATION], event->correlation) && filter_matches(values[FIELD_STATUS], event->status);
}

/* Newest first. The Azure command line always names both times. A page is what is wanted of so many events: it may be empty,
 * and the next one not. */
static ApiResponse *
activity_list(Call *call, GError **error)
{
    g_auto(Wanted) wanted = { 0 };
    g_auto(Page) page = { 0 };
    gint64 before;
    if (!wanted_read(call, &wanted, error) || !before_read(call, &before, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) events = tx ? store_event_list(tx, wanted.resource, before, PAGE_MAX, error) : NULL;
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    gboolean goes_on = FALSE;
    if (!events)
        return NULL;
    for (guint i = 0; i < events->len; i++) {
        const StoreEvent *event = g_ptr_array_index(events, i);
        goes_on = goes_on || event->time >= wanted.from;
        if (!is_wanted(&wanted, event))
            continue;
        g_autoptr(json_t) body = event_json(event);
        page_add(bodies, body);
    }
    if (events->len == PAGE_MAX && goes_on) {
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
