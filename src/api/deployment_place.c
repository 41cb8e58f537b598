#include "api/deployment_place.h"

#include "api/place.h"

char *
deployment_id(const Call *call, const char *group, const char *name)
{
    g_autofree char *group_id = resource_id_group(call->api->subscription, group);
    return g_strdup_printf("%s/providers/" DEPLOYMENT_TYPE "/%s", group_id, name);
}

void
deployment_place_clear(DeploymentPlace *place)
{
    g_clear_pointer(&place->id, g_free);
    deployment_state_clear(&place->state);
    g_clear_pointer(&place->deployment, store_deployment_free);
    g_clear_pointer(&place->group, store_group_free);
    g_clear_pointer(&place->tx, store_abort);
}

gboolean
deployment_place_look(Call *call, DeploymentPlace *ret_place, gboolean writes, GError **error)
{
    GError *lookup = NULL;
    DeploymentPlace *place = ret_place;
    place->tx = writes ? store_write(call->api->store, error) : store_read(call->api->store, error);
    place->group = place->tx ? call_group(place->tx, call->params[PARAM_GROUP], error) : NULL;
    if (!place->group)
        return FALSE;
    place->deployment = store_deployment_get(place->tx, place->group->name, call->params[PARAM_DEPLOYMENT], &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (!place->deployment)
        return TRUE;
    place->id = deployment_id(call, place->group->name, place->deployment->name);
    return deployment_state_load(place->tx, place->deployment, &place->state, error);
}

gboolean
deployment_place_find(Call *call, DeploymentPlace *ret_place, GError **error)
{
    return deployment_place_look(call, ret_place, /* writes= */ FALSE, error) &&
           (ret_place->deployment || arm_fail(error, ARM_DEPLOYMENT_NOT_FOUND, NULL, "Deployment '%.80s' could not be found.",
                                              call->params[PARAM_DEPLOYMENT]));
}

gboolean
deployment_place_not_running(const DeploymentPlace *place, GError **error)
{
    return !place->deployment || place->state.status != OPERATION_IN_PROGRESS ||
           arm_fail(error, ARM_CONFLICT, NULL,
                    "The deployment '%s' is running: wait for its end, or give another one another name.",
                    place->deployment->name);
}
