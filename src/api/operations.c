/* Polling of long-running operations, and the activity log. */
#include "api/call.h"

#include "base/time_text.h"

#include <string.h>

static void
time_set(json_t *body, const char *name, UnixTime time)
{
    g_autofree char *text = time ? time_to_text(time) : NULL;
    json_set_text(body, name, text);
}

static json_t *
operation_json(const StoreOperation *operation)
{
    json_t *body = json_object();
    json_set_text(body, "name", operation->id);
    json_set_text(body, "status", operation_status_text(operation->status));
    time_set(body, "startTime", operation->started);
    time_set(body, "endTime", operation->ended);
    if (operation->total > 0) {
        guint done = operation->total - MIN(operation->pending, operation->total);
        json_object_set_new(body, "percentComplete", json_real(100.0 * done / operation->total));
    }
    if (operation->status == OPERATION_FAILED || operation->status == OPERATION_CANCELED) {
        json_t *error = json_object();
        json_set_text(error, "code", operation->code);
        json_set_text(error, "message", operation->message);
        json_set_new(error, "details", operation->details ? json_loads(operation->details, 0, NULL) : NULL);
        json_object_set_new(body, "error", error);
    }
    if (operation->output) {
        json_t *properties = json_object();
        json_set_new(properties, "output", json_loads(operation->output, JSON_DECODE_ANY, NULL));
        json_object_set_new(body, "properties", properties);
    }
    return body;
}

static ApiResponse *
operation_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    GError *lookup = NULL;
    if (!tx)
        return NULL;
    g_autoptr(StoreOperation) operation = store_operation_get(tx, call->params[2], &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!operation) {
        arm_fail(error, ARM_NOT_FOUND, NULL,
                 "There is no operation '%.60s'; operations stay readable for 7 days after their end.", call->params[2]);
        return NULL;
    }
    g_autoptr(json_t) body = operation_json(operation);
    ApiResponse *response = respond_json(200, body);
    if (operation->status == OPERATION_IN_PROGRESS)
        api_response_set_header(response, "Retry-After", "1");
    return response;
}

const Route routes_operations[] = {
    { "GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/operations/{operation}",
      operation_get, 0 },
    { 0 },
};

/* ---- activity log ---- */

static json_t *
event_json(const StoreEvent *event)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, event->id);
    json_t *body = json_object();
    json_set_text(body, "eventDataId", id);
    time_set(body, "eventTimestamp", event->time);
    json_set_text(body, "level", event->level);
    json_object_set_new(body, "operationName", json_pack("{ss}", "value", event->operation_name));
    json_object_set_new(body, "status", json_pack("{ss}", "value", event->status));
    json_set_text(body, "resourceId", event->resource_id);
    json_set_text(body, "caller", event->caller);
    json_set_text(body, "correlationId", event->correlation);
    json_set_text(body, "description", event->message);
    return body;
}

/* $filter=resourceUri eq '/subscriptions/…' narrows to a resource and what is below it. */
static gboolean
resource_filter(Call *call, char **ret_prefix, GError **error)
{
    const char *filter = call_query(call, "$filter");
    *ret_prefix = NULL;
    if (!filter || !*filter)
        return TRUE;
    g_autoptr(GRegex) regex = g_regex_new("^\\s*resourceUri\\s+eq\\s+'([^']{1,2048})'\\s*$", G_REGEX_CASELESS, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(regex, filter, 0, &match))
        return arm_fail(error, ARM_INVALID_PARAMETER, "$filter",
                        "The filter '%.100s' is not supported; accepted: resourceUri eq 'RESOURCE ID'.", filter);
    *ret_prefix = g_match_info_fetch(match, 1);
    return TRUE;
}

static ApiResponse *
activity_list(Call *call, GError **error)
{
    g_autofree char *prefix = NULL;
    const char *token = call_query(call, "$skiptoken");
    gint64 before = token ? g_ascii_strtoll(token, NULL, 10) : 0;
    if (!resource_filter(call, &prefix, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(GPtrArray) events = tx ? store_event_list(tx, prefix, before, PAGE_MAX, error) : NULL;
    if (!events)
        return NULL;
    g_autoptr(json_t) body = json_object();
    json_t *list = json_array();
    for (guint i = 0; i < events->len; i++)
        json_array_append_new(list, event_json(g_ptr_array_index(events, i)));
    json_object_set_new(body, "value", list);
    if (events->len == PAGE_MAX) {
        const StoreEvent *last = g_ptr_array_index(events, events->len - 1);
        const char *filter = call_query(call, "$filter");
        g_autofree char *escaped = filter ? g_uri_escape_string(filter, NULL, FALSE) : NULL;
        g_autofree char *link = g_strdup_printf(
            "%s/subscriptions/%s/providers/Microsoft.Insights/eventtypes/management/values?api-version=%s&$skiptoken=%" G_GINT64_FORMAT
            "%s%s",
            call->request->base_url, call->api->subscription, call_query(call, "api-version"), last->id,
            escaped ? "&$filter=" : "", escaped ? escaped : "");
        json_set_text(body, "nextLink", link);
    }
    return respond_json(200, body);
}

const Route routes_activity[] = {
    { "GET", "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values", activity_list, 0 },
    { 0 },
};
