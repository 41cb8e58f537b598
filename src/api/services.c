/* Orchestration services of a scale set: automatic repairs, which suspend themselves, and are set going again by people.
 * Shapes: Azure Compute REST, OrchestrationServiceStateInput and OrchestrationServiceSummary. */
#include "api/services.h"

#include "api/lock_out.h"
#include "api/place.h"
#include "base/json.h"
#include "store/models.h"

#define REPAIRS "AutomaticRepairs"

json_t *
services_summary(StoreTx *tx, const StoreSet *set, GError **error)
{
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, set->revision, NULL, NULL, error);
    if (!model)
        return NULL;
    const char *state = "NotRunning";
    if (model->policy.repairs.enabled)
        state = set->repairs_suspended ? "Suspended" : "Running";
    return json_pack("[{ssss}]", "serviceName", REPAIRS, "serviceState", state);
}

static gboolean
member_read(const json_t *body, const char *name, const char *const *accepted, guint *ret_which, GError **error)
{
    const char *given = json_member_text(body, name);
    for (guint i = 0; given && accepted[i]; i++) {
        if (g_ascii_strcasecmp(given, accepted[i]) == 0) {
            *ret_which = i;
            return TRUE;
        }
    }
    g_autofree char *all = g_strjoinv("', '", (char **)accepted);
    return arm_fail(error, ARM_INVALID_PARAMETER, name, "The value '%.40s' of parameter '%s' is invalid. Accepted: '%s'.",
                    given ? given : "", name, all);
}

static gboolean
body_read(const json_t *body, gboolean *ret_suspend, GError **error)
{
    static const char *const services[] = { REPAIRS, NULL }, *const actions[] = { "Resume", "Suspend", NULL };
    const char *key;
    json_t *value;
    guint service, action;
    json_object_foreach((json_t *)body, key, value)
    {
        if (g_ascii_strcasecmp(key, "serviceName") != 0 && g_ascii_strcasecmp(key, "action") != 0)
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key,
                            "Could not find member '%.100s' on the body of this action; accepted: serviceName, action.", key);
    }
    if (!member_read(body, "serviceName", services, &service, error) || !member_read(body, "action", actions, &action, error))
        return FALSE;
    *ret_suspend = action == 1;
    return TRUE;
}

static gboolean
enabled_check(StoreTx *tx, const StoreSet *set, GError **error)
{
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, set->revision, NULL, NULL, error);
    return model && (model->policy.repairs.enabled ||
                     arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "serviceName",
                              "Automatic repairs of scale set '%s' are not running: properties.automaticRepairsPolicy.enabled "
                              "is not true. Set it first.",
                              set->name));
}

/* Who is held back now is repaired at once; an instance that somebody sees in that state later is not meant. */
static gboolean
held_let_go(StoreTx *tx, StoreInstance *instance, GPtrArray *violations, GError **error)
{
    const Losses losses = { .vtpm = TRUE, .os_disk = TRUE };
    if (!instance->repair_held || !lock_out_judge(tx, instance, losses, violations, error))
        return !instance->repair_held;
    instance->loss_acknowledged = instance->run_vtpm_gen;
    instance->repair_held = 0;
    /* Its grace period was over already. */
    instance->repair_after = 1;
    return store_instance_update(tx, instance, 0, error);
}

static gboolean
losses_acknowledge(Call *call, StoreTx *tx, const StoreSet *set, GError **error)
{
    if (!call_query_is_true(call, "acknowledgeDataLoss"))
        return TRUE;
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    for (guint i = 0; instances && i < instances->len; i++) {
        if (!held_let_go(tx, g_ptr_array_index(instances, i), violations, error))
            return FALSE;
    }
    return instances && lock_out_settle(call, tx, set, violations, error);
}

static gboolean
acknowledgement_check(Call *call, gboolean suspend, GError **error)
{
    return !suspend || !call_query_is_true(call, "acknowledgeDataLoss") ||
           arm_fail(error, ARM_INVALID_PARAMETER, "acknowledgeDataLoss",
                    "acknowledgeDataLoss=true has repairs that are held back go on: it goes with the action Resume alone.");
}

static ApiResponse *
service_set(Call *call, GError **error)
{
    gboolean suspend = FALSE;
    if (!body_read(call->body, &suspend, error) || !acknowledgement_check(call, suspend, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    if (!set || !call_not_deleting(set, error) || !enabled_check(tx, set, error))
        return NULL;
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    g_autoptr(StoreOperation) operation = operation_begin(tx, OPERATION_SET_SERVICE_STATE, set, id, set->location,
                                                          /* of_set= */ FALSE, call->request->caller, call->now, error);
    set->repairs_suspended = suspend;
    set->repairs_in_vain = 0;
    if (!operation || !losses_acknowledge(call, tx, set, error) || !store_set_update(tx, set, 0, error) ||
        !operation_end(tx, operation, call->now, error) || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_accepted(call, operation->id);
}

const Route routes_services[] = {
    { "POST", PATH_SET "/setOrchestrationServiceState", service_set, ROUTE_BODY, ACKNOWLEDGE },
    { 0 },
};
