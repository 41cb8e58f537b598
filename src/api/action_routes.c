/* The routes of actions on instances: start, poweroff, restart, deallocate, reimage, reimageall, redeploy, delete,
 * manualupgrade; by the set's route for named instances or all, and by an instance's own. */
#include "api/actions.h"
#include "api/lock_out.h"
#include "api/place.h"

#include <string.h>

#define IDS_MAX 1000

static const Action action_update = { .kind = OPERATION_UPDATE_INSTANCES, .is_update = TRUE };
static const Action action_start = { OPERATION_START, FALSE, DESIRE_START };
static const Action action_power_off = { OPERATION_POWER_OFF, FALSE, DESIRE_POWER_OFF };
static const Action action_restart = { OPERATION_RESTART, FALSE, DESIRE_RESTART };
static const Action action_deallocate = { OPERATION_DEALLOCATE, FALSE, DESIRE_DEALLOCATE };
static const Action action_reimage = { OPERATION_REIMAGE, FALSE, DESIRE_REIMAGE };
static const Action action_reimage_all = { OPERATION_REIMAGE_ALL, FALSE, DESIRE_REIMAGE_ALL };
static const Action action_redeploy = { OPERATION_REDEPLOY, FALSE, DESIRE_REDEPLOY };
static const Action action_delete = { OPERATION_DELETE_INSTANCES, FALSE, DESIRE_DELETE };

/* ---- by the set's route ---- */

/* What the reimage actions may be told besides; what would have an effect on Azure is refused, saying nothing is not. */
static const char *const reimage_members[] = { "tempDisk", "exactVersion", "osProfile", "forceUpdateOSDiskForEphemeral" };

static gboolean
member_check(const char *key, const json_t *value, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(reimage_members); i++) {
        if (g_ascii_strcasecmp(key, reimage_members[i]) != 0)
            continue;
        return json_is_false(value) || json_is_null(value) ||
               arm_fail(error, ARM_INVALID_PARAMETER, key, "'%s' has no effect here: leave it out.", reimage_members[i]);
    }
    return json_is_null(value) ||
           arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key,
                    "Could not find member '%.100s' on the body of this action; accepted: instanceIds.", key);
}

static gboolean
ids_fail(GError **error)
{
    return arm_fail(error, ARM_INVALID_PARAMETER, "instanceIds",
                    "'instanceIds' is an array of 1 to %d instance ids as texts, or [\"*\"] for all.", IDS_MAX);
}

/* NULL in *ret_ids: all. */
static gboolean
id_list_read(const json_t *list, char ***ret_ids, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    gboolean all = FALSE;
    if (json_array_size(list) < 1 || json_array_size(list) > IDS_MAX)
        return ids_fail(error);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = json_string_value(json_array_get(list, i));
        if (!id)
            return ids_fail(error);
        all = all || strcmp(id, "*") == 0;
        g_ptr_array_add(ids, g_strdup(id));
    }
    g_ptr_array_add(ids, NULL);
    *ret_ids = all ? NULL : (char **)g_ptr_array_steal(ids, NULL);
    return TRUE;
}

typedef enum { IDS_OPTIONAL, IDS_REQUIRED, IDS_REFUSED } IdsRule;

/* {"instanceIds":["0","3"]} or ["*"]; absent or without the member: all. *ret_ids NULL: all. */
static gboolean
ids_read(const json_t *body, IdsRule rule, char ***ret_ids, GError **error)
{
    const json_t *list = NULL;
    const char *key;
    json_t *value;

    *ret_ids = NULL;
    json_object_foreach((json_t *)body, key, value)
    {
        if (rule != IDS_REFUSED && g_ascii_strcasecmp(key, "instanceIds") == 0 && !json_is_null(value))
            list = value;
        else if (!member_check(key, value, error))
            return FALSE;
    }
    if (list)
        return id_list_read(list, ret_ids, error);
    return rule != IDS_REQUIRED || ids_fail(error);
}

static ApiResponse *
set_action(Call *call, const Action *action, IdsRule rule, GError **error)
{
    g_auto(GStrv) ids = NULL;
    if (!ids_read(call->body, rule, &ids, error))
        return NULL;
    return action_run(call, action, (const char *const *)ids, /* by_set= */ TRUE, error);
}

#define SET_ACTION(name, rule)                                                                                                 \
    static ApiResponse *set_##name(Call *call, GError **error)                                                                 \
    {                                                                                                                          \
        return set_action(call, &action_##name, rule, error);                                                                  \
    }
SET_ACTION(update, IDS_REQUIRED)
SET_ACTION(start, IDS_OPTIONAL)
SET_ACTION(power_off, IDS_OPTIONAL)
SET_ACTION(restart, IDS_OPTIONAL)
SET_ACTION(deallocate, IDS_OPTIONAL)
SET_ACTION(reimage, IDS_OPTIONAL)
SET_ACTION(reimage_all, IDS_OPTIONAL)
SET_ACTION(redeploy, IDS_OPTIONAL)
SET_ACTION(delete, IDS_REQUIRED)

/* ---- by an instance's own route ---- */

static ApiResponse *
own_action(Call *call, const Action *action, GError **error)
{
    const char *const ids[] = { call->params[PARAM_INSTANCE], NULL };
    g_auto(GStrv) none = NULL;
    if (!ids_read(call->body, IDS_REFUSED, &none, error))
        return NULL;
    return action_run(call, action, ids, /* by_set= */ FALSE, error);
}

#define OWN_ACTION(name)                                                                                                       \
    static ApiResponse *own_##name(Call *call, GError **error)                                                                 \
    {                                                                                                                          \
        return own_action(call, &action_##name, error);                                                                        \
    }
OWN_ACTION(start)
OWN_ACTION(power_off)
OWN_ACTION(restart)
OWN_ACTION(deallocate)
OWN_ACTION(reimage)
OWN_ACTION(reimage_all)
OWN_ACTION(redeploy)

static ApiResponse *
own_delete(Call *call, GError **error)
{
    g_autoptr(GError) problem = NULL;
    ApiResponse *response = own_action(call, &action_delete, &problem);
    if (g_error_matches(problem, ARM_ERROR, ARM_INSTANCE_NOT_FOUND))
        return respond_empty(204);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    return response;
}

#define SKIP "skipShutdown=true,false"
/* Hibernation is not supported. */
#define HIBERNATE "hibernate=false"
#define FORCE     "forceDeletion=true,false"

const Route routes_scale_set_actions[] = {
    { "POST", PATH_SET "/manualupgrade", set_update, ROUTE_BODY, ACKNOWLEDGE },
    { "POST", PATH_SET "/start", set_start, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_SET "/poweroff", set_power_off, ROUTE_OPTIONAL_BODY, SKIP },
    { "POST", PATH_SET "/restart", set_restart, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_SET "/deallocate", set_deallocate, ROUTE_OPTIONAL_BODY, HIBERNATE },
    { "POST", PATH_SET "/reimage", set_reimage, ROUTE_OPTIONAL_BODY, ACKNOWLEDGE },
    { "POST", PATH_SET "/reimageall", set_reimage_all, ROUTE_OPTIONAL_BODY, ACKNOWLEDGE },
    { "POST", PATH_SET "/redeploy", set_redeploy, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_SET "/delete", set_delete, ROUTE_BODY, FORCE },
    { "POST", PATH_INSTANCE "/start", own_start, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_INSTANCE "/poweroff", own_power_off, ROUTE_OPTIONAL_BODY, SKIP },
    { "POST", PATH_INSTANCE "/restart", own_restart, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "POST", PATH_INSTANCE "/deallocate", own_deallocate, ROUTE_OPTIONAL_BODY, HIBERNATE },
    { "POST", PATH_INSTANCE "/reimage", own_reimage, ROUTE_OPTIONAL_BODY, ACKNOWLEDGE },
    { "POST", PATH_INSTANCE "/reimageall", own_reimage_all, ROUTE_OPTIONAL_BODY, ACKNOWLEDGE },
    { "POST", PATH_INSTANCE "/redeploy", own_redeploy, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "DELETE", PATH_INSTANCE, own_delete, 0, FORCE },
    { 0 },
};
