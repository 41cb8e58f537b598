/* A template is evaluated, and all that it has is made at once, or nothing; or it is only seen whether it would be. */
#include "api/deployment_put.h"

#include "api/deployment_evaluation.h"
#include "api/deployment_run.h"
#include "api/providers.h"

#include <string.h>

/* As on Azure. */
#define KEPT_MAX 800u

/* ---- what a deployment shows of its template ---- */

/* Each namespace with its types, as they are spelled here. */
static json_t *
providers_json(const Call *call, const Template *template)
{
    json_t *list = json_array(), *types = NULL;
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < template->resources->len; i++) {
        const TemplateResource *resource = g_ptr_array_index(template->resources, i);
        if (!g_hash_table_add(known, resource_fold(resource->type)))
            continue;
        if (!types) {
            types = json_array();
            json_array_append_new(list, json_pack("{ss so}", "namespace", "Microsoft.Compute", "resourceTypes", types));
        }
        g_autoptr(json_t) type = provider_describe(call->api, "Microsoft.Compute", strchr(resource->type, '/') + 1);
        json_array_append_new(types, json_pack("{sO sO}", "resourceType", json_object_get(type, "resourceType"), "locations",
                                               json_object_get(type, "locations")));
    }
    return list;
}

static json_t *
dependency_json(const TemplateResource *resource)
{
    return json_pack("{ss ss ss}", "id", resource->id, "resourceType", resource->type, "resourceName", resource->name);
}

static json_t *
dependencies_json(const Template *template)
{
    json_t *list = json_array();
    for (guint i = 0; i < template->resources->len; i++) {
        const TemplateResource *resource = g_ptr_array_index(template->resources, i);
        json_t *on = json_array();
        for (guint d = 0; d < resource->depends_on->len; d++)
            json_array_append_new(on, dependency_json(g_ptr_array_index(resource->depends_on, d)));
        if (json_array_size(on) == 0) {
            json_decref(on);
            continue;
        }
        json_t *one = dependency_json(resource);
        json_object_set_new(one, "dependsOn", on);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *
shown_json(const Call *call, const DeploymentRequest *request, const Template *template)
{
    g_autofree char *hash = deployment_template_hash(request->template);
    return json_pack("{ss sO ss so so}", "templateHash", hash, "parameters", template->parameters, "mode", "Incremental",
                     "providers", providers_json(call, template), "dependencies", dependencies_json(template));
}

/* ---- put and validate ---- */

static StoreDeployment *
deployment_make(const Call *call, const DeploymentPlace *place, const DeploymentRequest *request, const Template *template)
{
    g_autoptr(json_t) document =
        json_pack("{so so so}", "template", deployment_template_kept(request->template), "parameters",
                  template_parameters_without_secrets(template), "shown", shown_json(call, request, template));
    if (request->tags)
        json_object_set(document, "tags", (json_t *)request->tags);
    StoreDeployment *deployment = g_new0(StoreDeployment, 1);
    deployment->group = g_strdup(place->group->name);
    deployment->name = g_strdup(place->deployment ? place->deployment->name : call->params[PARAM_DEPLOYMENT]);
    deployment->id = g_uuid_string_random();
    deployment->document = json_text(document);
    deployment->created = call->now;
    return deployment;
}

/* Everything that the template has is made within the transaction; what its outputs would say is tried out, so that they fail
 * now or not for what the template says. */
static gboolean
deployment_try(Call *call, const DeploymentEvaluation *evaluation, StoreDeployment **ret_deployment, GPtrArray **ret_parts,
               GError **error)
{
    const DeploymentRequest *request = &evaluation->request;
    const DeploymentPlace *place = &evaluation->place;
    g_autoptr(GPtrArray) parts = deployment_apply(call, place->tx, place->group, evaluation->template, error);
    g_autoptr(json_t) parameters = template_parameters_without_secrets(evaluation->template);
    g_autoptr(json_t) outputs =
        parts ? deployment_outputs(call, place->tx, &evaluation->scope, request->template, parameters, error) : NULL;
    if (!outputs)
        return FALSE;
    *ret_deployment = deployment_make(call, place, request, evaluation->template);
    *ret_parts = g_steal_pointer(&parts);
    return TRUE;
}

static gboolean
deployment_store(const Call *call, StoreTx *tx, const StoreDeployment *deployment, const GPtrArray *parts, GError **error)
{
    g_autofree char *id = deployment_id(call, deployment->group, deployment->name);
    g_autofree char *message = g_strdup_printf("A template with %u resources was deployed.", parts->len);
    if (!store_deployment_put(tx, deployment, KEPT_MAX, error))
        return FALSE;
    for (guint i = 0; i < parts->len; i++) {
        StoreDeploymentPart *part = g_ptr_array_index(parts, i);
        part->deployment = g_strdup(deployment->id);
        if (!store_deployment_part_add(tx, part, error))
            return FALSE;
    }
    return store_event_note(tx, DEPLOYMENT_TYPE "/write", id, call->request->caller, message, call->now, error);
}

static void
status_address_set(ApiResponse *response, const Call *call, const char *id, const StoreDeployment *deployment)
{
    g_autofree char *address =
        g_strdup_printf("%s%s/operationStatuses/%s?api-version=2021-04-01", call->request->base_url, id, deployment->id);
    api_response_set_header(response, "Azure-AsyncOperation", address);
    api_response_set_header(response, "Retry-After", POLL_AFTER_S);
}

ApiResponse *
deployment_put(Call *call, GError **error)
{
    g_auto(DeploymentEvaluation) evaluation = { 0 };
    g_auto(DeploymentState) state = { 0 };
    g_autoptr(StoreDeployment) deployment = NULL;
    g_autoptr(GPtrArray) parts = NULL;
    if (!deployment_evaluate(call, deployment_request_read, &evaluation, error) ||
        !deployment_try(call, &evaluation, &deployment, &parts, error) ||
        !deployment_store(call, evaluation.place.tx, deployment, parts, error) ||
        !deployment_state_load(evaluation.place.tx, deployment, &state, error) ||
        !store_commit(g_steal_pointer(&evaluation.place.tx), error))
        return NULL;
    g_autofree char *id = deployment_id(call, deployment->group, deployment->name);
    g_autoptr(json_t) body = deployment_json(id, deployment, &state, call->now);
    ApiResponse *response = respond_json(evaluation.place.deployment ? 200 : 201, body);
    status_address_set(response, call, id, deployment);
    return response;
}

ApiResponse *
deployment_validate(Call *call, GError **error)
{
    g_auto(DeploymentEvaluation) evaluation = { 0 };
    g_autoptr(StoreDeployment) deployment = NULL;
    g_autoptr(GPtrArray) parts = NULL;
    if (!deployment_evaluate(call, deployment_request_read, &evaluation, error) ||
        !deployment_try(call, &evaluation, &deployment, &parts, error))
        return NULL;
    g_autofree char *id = deployment_id(call, deployment->group, deployment->name);
    const DeploymentState state = { OPERATION_SUCCEEDED, call->now, parts, NULL };
    g_autoptr(json_t) body = deployment_json(id, deployment, &state, call->now);
    json_t *properties = json_object_get(body, "properties");
    json_object_set(properties, "validatedResources", json_object_get(properties, "outputResources"));
    json_object_del(properties, "outputResources");
    return respond_json(200, body);
}
