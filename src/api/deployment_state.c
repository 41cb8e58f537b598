#include "api/deployment_state.h"

#include "api/body_parts.h"
#include "base/time_text.h"

#include <string.h>

void
deployment_state_clear(DeploymentState *state)
{
    g_clear_pointer(&state->parts, g_ptr_array_unref);
    g_clear_pointer(&state->operations, g_ptr_array_unref);
}

static gboolean
is_bad(const StoreOperation *operation)
{
    return operation && (operation->status == OPERATION_FAILED || operation->status == OPERATION_CANCELED);
}

/* What goes on hides what failed already. */
static void
state_take_in(DeploymentState *state, const StoreOperation *operation)
{
    if (!operation)
        return;
    if (operation->status == OPERATION_IN_PROGRESS)
        state->status = OPERATION_IN_PROGRESS;
    else if (is_bad(operation) && state->status != OPERATION_IN_PROGRESS)
        state->status = OPERATION_FAILED;
    state->ended = MAX(state->ended, operation->ended);
}

gboolean
deployment_state_load(StoreTx *tx, const StoreDeployment *deployment, DeploymentState *ret_state, GError **error)
{
    g_auto(DeploymentState) state = { OPERATION_SUCCEEDED, deployment->created, NULL, NULL };
    state.parts = store_deployment_parts(tx, deployment->id, error);
    state.operations = g_ptr_array_new_with_free_func((GDestroyNotify)store_operation_free);
    for (guint i = 0; state.parts && i < state.parts->len; i++) {
        const StoreDeploymentPart *part = g_ptr_array_index(state.parts, i);
        GError *lookup = NULL;
        StoreOperation *operation = part->operation ? store_operation_get(tx, part->operation, &lookup) : NULL;
        if (lookup) {
            g_propagate_error(error, lookup);
            return FALSE;
        }
        g_ptr_array_add(state.operations, operation);
        state_take_in(&state, operation);
    }
    if (!state.parts)
        return FALSE;
    if (state.status == OPERATION_IN_PROGRESS)
        state.ended = 0;
    *ret_state = state;
    state = (DeploymentState){ 0 };
    return TRUE;
}

const char *
deployment_state_text(const DeploymentState *state)
{
    return state->status == OPERATION_IN_PROGRESS ? "Running" : operation_status_text(state->status);
}

/* ---- what went wrong ---- */

static json_t *
operation_error(const StoreOperation *operation)
{
    json_t *error = json_object();
    json_set_text(error, "code", operation->code ? operation->code : "Canceled");
    json_set_text(error, "message", operation->message ? operation->message : "The operation was canceled.");
    return error;
}

/* Parts of one scale set have one operation. */
static gboolean
was_told(const GPtrArray *operations, guint index)
{
    const StoreOperation *operation = g_ptr_array_index(operations, index);
    for (guint i = 0; i < index; i++) {
        const StoreOperation *earlier = g_ptr_array_index(operations, i);
        if (earlier && strcmp(earlier->id, operation->id) == 0)
            return TRUE;
    }
    return FALSE;
}

json_t *
deployment_error(const DeploymentState *state)
{
    if (state->status != OPERATION_FAILED)
        return NULL;
    json_t *details = json_array();
    for (guint i = 0; i < state->operations->len; i++) {
        const StoreDeploymentPart *part = g_ptr_array_index(state->parts, i);
        const StoreOperation *operation = g_ptr_array_index(state->operations, i);
        if (!is_bad(operation) || was_told(state->operations, i))
            continue;
        json_t *error = operation_error(operation);
        json_set_text(error, "target", part->resource);
        json_array_append_new(details, error);
    }
    return json_pack("{ss ss so}", "code", "DeploymentFailed", "message",
                     "At least one resource of the deployment failed; the details say which, and why. What was made stays.",
                     "details", details);
}

/* ---- shapes ---- */

static void
span_set(json_t *properties, UnixTime from, UnixTime until)
{
    g_autofree char *duration = duration_to_text(MAX(until - from, 0));
    body_time_set(properties, "timestamp", until);
    json_set_text(properties, "duration", duration);
}

/* "Microsoft.Compute/virtualMachineScaleSets/extensions", "web/GuestAttestation" */
static json_t *
target_json(const char *resource)
{
    json_t *target = json_object();
    g_autoptr(ResourceId) id = resource_id_parse(resource, NULL);
    json_set_text(target, "id", resource);
    if (!id)
        return target;
    g_autofree char *type = g_strconcat(id->provider, "/", id->type, NULL);
    g_autofree char *name = id->child_name ? g_strconcat(id->name, "/", id->child_name, NULL) : g_strdup(id->name);
    json_set_text(target, "resourceType", type);
    json_set_text(target, "resourceName", name);
    return target;
}

json_t *
deployment_operation(const char *deployment_id, const StoreDeployment *deployment, const DeploymentState *state, guint index)
{
    const StoreDeploymentPart *part = g_ptr_array_index(state->parts, index);
    const StoreOperation *operation = g_ptr_array_index(state->operations, index);
    const OperationStatus status = operation ? operation->status : OPERATION_SUCCEEDED;
    g_autofree char *name = g_strdup_printf("%s-%u", deployment->id, index);
    g_autofree char *id = g_strdup_printf("%s/operations/%s", deployment_id, name);
    json_t *properties = json_object();
    json_set_text(properties, "provisioningOperation", "Create");
    json_set_text(properties, "provisioningState", status == OPERATION_IN_PROGRESS ? "Running" : operation_status_text(status));
    span_set(properties, deployment->created, operation && operation->ended ? operation->ended : deployment->created);
    json_set_text(properties, "trackingId", operation ? operation->id : NULL);
    json_set_text(properties, "statusCode", is_bad(operation) ? "Conflict" : "OK");
    if (is_bad(operation))
        json_object_set_new(properties, "statusMessage",
                            json_pack("{ss so}", "status", operation_status_text(status), "error", operation_error(operation)));
    json_object_set_new(properties, "targetResource", target_json(part->resource));
    return json_pack("{ss ss ss so}", "id", id, "operationId", name, "type", DEPLOYMENT_TYPE "/operations", "properties",
                     properties);
}

static json_t *
resources_json(const DeploymentState *state)
{
    json_t *list = json_array();
    for (guint i = 0; i < state->parts->len; i++) {
        const StoreDeploymentPart *part = g_ptr_array_index(state->parts, i);
        json_array_append_new(list, json_pack("{ss}", "id", part->resource));
    }
    return list;
}

json_t *
deployment_json(const char *deployment_id, const StoreDeployment *deployment, const DeploymentState *state, UnixTime now)
{
    g_autoptr(json_t) document = json_loads(deployment->document, 0, NULL);
    json_t *properties = json_deep_copy(json_object_get(document, "shown")), *body = json_object();
    json_set_text(properties, "provisioningState", deployment_state_text(state));
    json_set_text(properties, "correlationId", deployment->id);
    span_set(properties, deployment->created, state->ended ? state->ended : now);
    if (deployment->outputs)
        json_set_new(properties, "outputs", json_loads(deployment->outputs, 0, NULL));
    if (state->status == OPERATION_SUCCEEDED)
        json_object_set_new(properties, "outputResources", resources_json(state));
    json_set_new(properties, "error", deployment_error(state));
    json_set_text(body, "id", deployment_id);
    json_set_text(body, "name", deployment->name);
    json_set_text(body, "type", DEPLOYMENT_TYPE);
    json_object_set(body, "tags", json_object_get(document, "tags"));
    json_object_set_new(body, "properties", properties);
    return body;
}
