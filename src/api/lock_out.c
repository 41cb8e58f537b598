#include "api/lock_out.h"

gboolean
lock_out_settle(Call *call, StoreTx *tx, const StoreSet *set, const GPtrArray *violations, GError **error)
{
    if (violations->len == 0)
        return TRUE;
    if (!call_query_is_true(call, "acknowledgeDataLoss")) {
        arm_set_error_from_violations(error, violations);
        return FALSE;
    }
    g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
    for (guint i = 0; i < violations->len; i++) {
        const GError *violation = g_ptr_array_index((GPtrArray *)violations, i);
        g_autofree char *message = g_strdup_printf("Asked for all the same: %s", violation->message);
        if (!store_event_note(tx, operation_kind_text(OPERATION_ACKNOWLEDGE_LOSS), id, call->request->caller, message,
                              call->now, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
lock_out_check_roll(Call *call, StoreTx *tx, const StoreSet *set, const Model *target, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    return lock_out_judge_roll(tx, set, target, target->policy.rolling.max_surge, violations, error) &&
           lock_out_settle(call, tx, set, violations, error);
}
