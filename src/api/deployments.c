/* Microsoft.Resources deployments of a resource group: read, listed, deleted. Shapes: Azure REST, Microsoft.Resources,
 * 2021-04-01. */
#include "api/body_parts.h"
#include "api/deployment_body.h"
#include "api/deployment_place.h"
#include "api/deployment_put.h"
#include "api/deployment_scope.h"
#include "api/filter.h"
#include "api/lock_out.h"
#include "api/page.h"
#include "api/place.h"

/* NULL without *error: there are none, or what they refer to is gone. */
static json_t *
outputs_make(Call *call, const DeploymentPlace *place)
{
    g_auto(DeploymentScope) scope = deployment_scope(call, place->group, place->deployment->name);
    g_autoptr(json_t) document = json_loads(place->deployment->document, 0, NULL);
    return deployment_outputs(call, place->tx, &scope, json_object_get(document, "template"),
                              json_object_get(document, "parameters"), /* error= */ NULL);
}

/* Outputs are as they were when somebody first read the deployment after its end. */
static gboolean
outputs_settle(Call *call, DeploymentPlace *place, GError **error)
{
    if (place->deployment->outputs || place->state.status != OPERATION_SUCCEEDED)
        return TRUE;
    g_autoptr(json_t) outputs = outputs_make(call, place);
    if (!outputs)
        return TRUE;
    place->deployment->outputs = json_text(outputs);
    g_clear_pointer(&place->tx, store_abort);
    place->tx = store_write(call->api->store, error);
    return place->tx && store_deployment_outputs_set(place->tx, place->deployment, error) &&
           store_commit(g_steal_pointer(&place->tx), error);
}

static ApiResponse *
deployment_get(Call *call, GError **error)
{
    g_auto(DeploymentPlace) place = { 0 };
    if (!deployment_place_find(call, &place, error) || !outputs_settle(call, &place, error))
        return NULL;
    g_autoptr(json_t) body = deployment_json(place.id, place.deployment, &place.state, call->now);
    return respond_json(200, body);
}

static ApiResponse *
deployment_head(Call *call, GError **error)
{
    g_auto(DeploymentPlace) place = { 0 };
    if (!deployment_place_look(call, &place, /* writes= */ FALSE, error))
        return NULL;
    return respond_empty(place.deployment ? 204 : 404);
}

/* What Azure-AsyncOperation leads to. */
static ApiResponse *
status_get(Call *call, GError **error)
{
    g_auto(DeploymentPlace) place = { 0 };
    if (!deployment_place_find(call, &place, error))
        return NULL;
    if (!resource_same(place.deployment->id, call->params[PARAM_RUN])) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "The deployment '%s' has no run '%.60s'; it was deployed again since.",
                 place.deployment->name, call->params[PARAM_RUN]);
        return NULL;
    }
    g_autoptr(json_t) body = json_pack("{ss}", "status", deployment_state_text(&place.state));
    body_time_set(body, "startTime", place.deployment->created);
    body_time_set(body, "endTime", place.state.ended);
    json_set_new(body, "error", deployment_error(&place.state));
    ApiResponse *response = respond_json(200, body);
    if (place.state.status == OPERATION_IN_PROGRESS)
        api_response_set_header(response, "Retry-After", POLL_AFTER_S);
    return response;
}

static ApiResponse *
operations_list(Call *call, GError **error)
{
    g_auto(DeploymentPlace) place = { 0 };
    g_autoptr(json_t) body = json_pack("{s[]}", "value");
    if (!deployment_place_find(call, &place, error))
        return NULL;
    for (guint i = 0; i < place.state.parts->len; i++)
        json_array_append_new(json_object_get(body, "value"),
                              deployment_operation(place.id, place.deployment, &place.state, i));
    return respond_json(200, body);
}

static ApiResponse *
template_export(Call *call, GError **error)
{
    g_auto(DeploymentPlace) place = { 0 };
    if (!deployment_place_find(call, &place, error))
        return NULL;
    g_autoptr(json_t) document = json_loads(place.deployment->document, 0, NULL);
    g_autoptr(json_t) body = json_pack("{sO}", "template", json_object_get(document, "template"));
    return respond_json(200, body);
}

static ApiResponse *
deployment_cancel(Call *call, GError **error)
{
    g_auto(DeploymentPlace) place = { 0 };
    if (deployment_place_find(call, &place, error))
        arm_fail(
            error, ARM_OPERATION_NOT_ALLOWED, NULL,
            "The deployment '%s' cannot be canceled: what it has was begun all at once. A newer change of a scale set takes "
            "over what is under way of it, and deleting it ends that.",
            place.deployment->name);
    return NULL;
}

/* ---- list ---- */

/* The newest first. */
static char *
deployment_token(const void *data, guint index)
{
    const StoreDeployment *deployment = g_ptr_array_index((GPtrArray *)data, index);
    g_autofree char *name = resource_fold(deployment->name);
    return g_strdup_printf("%020" G_GINT64_FORMAT " %s", G_MAXINT64 - deployment->created, name);
}

/* Leaves those of this state; NULL: all. */
static gboolean
list_filter(StoreTx *tx, GPtrArray *deployments, const char *wanted, GError **error)
{
    for (guint i = deployments->len; wanted && i > 0; i--) {
        g_auto(DeploymentState) state = { 0 };
        if (!deployment_state_load(tx, g_ptr_array_index(deployments, i - 1), &state, error))
            return FALSE;
        if (!filter_matches(wanted, deployment_state_text(&state)))
            g_ptr_array_remove_index(deployments, i - 1);
    }
    return TRUE;
}

/* head: without its document. */
static json_t *
listed_json(const Call *call, StoreTx *tx, const StoreDeployment *head, GError **error)
{
    g_auto(DeploymentState) state = { 0 };
    g_autofree char *id = deployment_id(call, head->group, head->name);
    g_autoptr(StoreDeployment) deployment = store_deployment_get(tx, head->group, head->name, error);
    return deployment && deployment_state_load(tx, deployment, &state, error)
               ? deployment_json(id, deployment, &state, call->now)
               : NULL;
}

static ApiResponse *
deployments_list(Call *call, GError **error)
{
    static const char *const fields[] = { "provisioningState", NULL };
    g_auto(Filter) filter = { 0 };
    g_auto(Page) page = { 0 };
    if (!filter_parse(call_query(call, "$filter"), fields, &filter, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) group = tx ? call_group(tx, call->params[PARAM_GROUP], error) : NULL;
    g_autoptr(GPtrArray) deployments = group ? store_deployment_list(tx, group->name, error) : NULL;
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (!deployments || !list_filter(tx, deployments, filter.values[0], error) ||
        !page_read(call, &(PageItems){ deployments->len, deployment_token, deployments }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        g_autoptr(json_t) body = listed_json(call, tx, g_ptr_array_index(deployments, i), error);
        if (!body)
            return NULL;
        page_add(bodies, body);
    }
    return page_respond(call, bodies, &page);
}

/* ---- delete ---- */

/* What it made stays. */
static ApiResponse *
deployment_delete(Call *call, GError **error)
{
    g_auto(DeploymentPlace) place = { 0 };
    if (!deployment_place_look(call, &place, /* writes= */ TRUE, error))
        return NULL;
    if (!place.deployment)
        return respond_empty(204);
    if (!deployment_place_not_running(&place, error) || !store_deployment_delete(place.tx, place.deployment, error) ||
        !store_event_note(place.tx, DEPLOYMENT_TYPE "/delete", place.id, call->request->caller, /* message= */ NULL, call->now,
                          error) ||
        !store_commit(g_steal_pointer(&place.tx), error))
        return NULL;
    return respond_empty(204);
}

/* ---- what brings a template ---- */

/* Rules quote what they refuse. */
static ApiResponse *
told(const Call *call, ApiResponse *response, GError **error)
{
    if (!response && error)
        deployment_error_hide_secrets(call->body, *error);
    return response;
}

static ApiResponse *
put(Call *call, GError **error)
{
    return told(call, deployment_put(call, error), error);
}

static ApiResponse *
validate(Call *call, GError **error)
{
    return told(call, deployment_validate(call, error), error);
}

static ApiResponse *
what_if(Call *call, GError **error)
{
    return told(call, deployment_what_if(call, error), error);
}

const Route routes_deployments[] = {
    { "GET", PATH_DEPLOYMENTS, deployments_list, 0, "$filter " PAGE_QUERY },
    { "GET", PATH_DEPLOYMENT, deployment_get, 0, NO_QUERY },
    { "HEAD", PATH_DEPLOYMENT, deployment_head, 0, NO_QUERY },
    { "PUT", PATH_DEPLOYMENT, put, ROUTE_BODY | ROUTE_JSONC, ACKNOWLEDGE },
    { "DELETE", PATH_DEPLOYMENT, deployment_delete, 0, NO_QUERY },
    { "POST", PATH_DEPLOYMENT "/validate", validate, ROUTE_BODY | ROUTE_JSONC, ACKNOWLEDGE },
    { "POST", PATH_DEPLOYMENT "/whatIf", what_if, ROUTE_BODY | ROUTE_JSONC, ACKNOWLEDGE },
    { "POST", PATH_DEPLOYMENT "/cancel", deployment_cancel, 0, NO_QUERY },
    { "POST", PATH_DEPLOYMENT "/exportTemplate", template_export, 0, NO_QUERY },
    { "GET", PATH_DEPLOYMENT "/operations", operations_list, 0, NO_QUERY },
    { "GET", PATH_GROUP_DEPLOYMENT "/operations", operations_list, 0, NO_QUERY },
    { "GET", PATH_DEPLOYMENT "/operationStatuses/{run}", status_get, 0, NO_QUERY },
    { 0 },
};
