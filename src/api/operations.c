/* Polling of long-running operations. */
#include "api/body_parts.h"

#include <string.h>

static json_t *
operation_json(const StoreOperation *operation)
{
    json_t *body = json_object();
    json_set_text(body, "name", operation->id);
    json_set_text(body, "status", operation_status_text(operation->status));
    body_time_set(body, "startTime", operation->started);
    body_time_set(body, "endTime", operation->ended);
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

static StoreOperation *
operation_find(Call *call, const char *id, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    GError *lookup = NULL;
    if (!tx)
        return NULL;
    StoreOperation *operation = store_operation_get(tx, id, &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!operation)
        arm_fail(error, ARM_NOT_FOUND, NULL,
                 "There is no operation '%.60s'; operations stay readable for 7 days after their end.", id);
    return operation;
}

/* What Azure-AsyncOperation leads to. */
static ApiResponse *
status_get(Call *call, GError **error)
{
    g_autoptr(StoreOperation) operation = operation_find(call, call->params[2], error);
    if (!operation)
        return NULL;
    g_autoptr(json_t) body = operation_json(operation);
    ApiResponse *response = respond_json(200, body);
    if (operation->status == OPERATION_IN_PROGRESS)
        api_response_set_header(response, "Retry-After", POLL_AFTER_S);
    return response;
}

/* What Location leads to: 202 until it is 200. */
static ApiResponse *
result_get(Call *call, GError **error)
{
    g_autoptr(StoreOperation) operation = operation_find(call, call->params[1], error);
    if (!operation)
        return NULL;
    if (operation->status == OPERATION_IN_PROGRESS)
        return respond_accepted_at_location(call, operation->id);
    if (operation->status == OPERATION_SUCCEEDED)
        return respond_empty(200);
    arm_fail(error, ARM_CONFLICT, NULL, "The operation ended as %s: %s", operation_status_text(operation->status),
             operation->message ? operation->message : "");
    return NULL;
}

const Route routes_operations[] = {
    { "GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/operations/{operation}",
      status_get, 0, NO_QUERY },
    { "GET", "/subscriptions/{subscription}/operationresults/{operation}", result_get, 0, NO_QUERY },
    { 0 },
};
