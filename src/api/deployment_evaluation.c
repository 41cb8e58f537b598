#include "api/deployment_evaluation.h"

#include "api/place.h"

void
deployment_evaluation_clear(DeploymentEvaluation *evaluation)
{
    g_clear_pointer(&evaluation->template, template_free);
    deployment_scope_clear(&evaluation->scope);
    deployment_place_clear(&evaluation->place);
}

static gboolean
template_take(const Call *call, DeploymentEvaluation *evaluation, const StoreGroup *group, GError **error)
{
    const DeploymentRequest *request = &evaluation->request;
    g_auto(DeploymentScope) scope = deployment_scope(call, group, call->params[PARAM_DEPLOYMENT]);
    evaluation->template = template_evaluate(request->template, request->parameters, &scope.template, error);
    return evaluation->template != NULL;
}

static gboolean
place_check(const DeploymentPlace *place, GError **error)
{
    if (place->group->deleting)
        return arm_fail(error, ARM_CONFLICT, NULL, "The resource group '%s' is being deleted.", place->group->name);
    return deployment_place_not_running(place, error);
}

gboolean
deployment_evaluate(Call *call, DeploymentReader reader, DeploymentEvaluation *ret_evaluation, GError **error)
{
    DeploymentEvaluation *evaluation = ret_evaluation;
    if (!deployment_name_check(call->params[PARAM_DEPLOYMENT], error) || !reader(call->body, &evaluation->request, error))
        return FALSE;
    g_autoptr(StoreGroup) group = call_group_read(call, call->params[PARAM_GROUP], error);
    if (!group || !template_take(call, evaluation, group, error) ||
        !deployment_place_look(call, &evaluation->place, /* writes= */ TRUE, error) || !place_check(&evaluation->place, error))
        return FALSE;
    if (evaluation->place.group->etag != group->etag) {
        g_clear_pointer(&evaluation->template, template_free);
        if (!template_take(call, evaluation, evaluation->place.group, error))
            return FALSE;
    }
    evaluation->scope = deployment_scope(call, evaluation->place.group, call->params[PARAM_DEPLOYMENT]);
    return TRUE;
}
