/* Instances whose VM came down, and nobody had asked for it: they are started again after a wait (rollout/revive.h), in a step
 * of an operation that is begun for it. What is due is in the row, so it outlives the daemon. */
#include "rollout/revive.h"
#include "engine/pass.h"
#include "engine/sets.h"
#include "engine/told.h"

#include "base/time_text.h"

static gboolean
event_write(Pass *pass, const Held *held, const char *message, GError **error)
{
    if (!engine_subscription_know(pass->engine, pass->tx, error))
        return FALSE;
    g_autofree char *id = engine_instance_resource(held->tracked->set, held->tracked->id);
    return engine_warn(pass, OPERATION_REPAIR, "Active", id, /* correlation= */ NULL, message, error);
}

/* A launch that is due anyway needs no other, and what is in quarantine stays as it is. */
static gboolean
is_meant_to_run(const StoreInstance *instance)
{
    return instance->want_power == POWER_RUNNING && !instance->want_deleted && !instance->quarantined &&
           instance->epoch == instance->want_epoch;
}

Ending
engine_ending_of(const Pass *pass, const StoreInstance *instance, gboolean started, ArmCode code)
{
    gboolean running = instance->state == INSTANCE_RUNNING;
    /* Whatever step it has then: one that needs no other launch may have begun since. */
    gboolean was_created = instance->epoch > 1 || instance->repair_after != 0;
    return (Ending){
        .started = started,
        .in_creation = !was_created && (instance->operation || !running),
        .refused = instance->failure == (int)ARM_SECURE_BOOT_REFUSED + 1,
        .code = code,
        .deaths = instance->deaths,
        .ran_usec = running ? pass->now - instance->state_since : 0,
    };
}

gboolean
engine_came_down(Pass *pass, Held *held, const Ending *ending, GError **error)
{
    StoreInstance *instance = held->row;
    Revival revival = revive_decide(ending);
    if (!is_meant_to_run(instance) || revival.after_usec < 0)
        return TRUE;
    instance->deaths = revival.deaths;
    instance->revive_at = pass->now + revival.after_usec;
    g_autofree char *at = time_to_text(instance->revive_at);
    g_autofree char *message =
        g_strdup_printf("%s It is started again at %s (death %u in a row).",
                        instance->failure_message ? instance->failure_message : "", at, instance->deaths);
    g_free(instance->failure_message);
    instance->failure_message = g_steal_pointer(&message);
    return event_write(pass, held, instance->failure_message, error);
}

gboolean
engine_revive(Pass *pass, Held *held, GError **error)
{
    StoreInstance *instance = held->row;
    g_autoptr(StoreSet) set = pass_set_row(pass, held->tracked->set, error);
    if (!set || !engine_subscription_know(pass->engine, pass->tx, error))
        return FALSE;
    g_autofree char *id = engine_instance_resource(held->tracked->set, instance->id);
    g_autoptr(StoreOperation) operation = operation_begin(pass->tx, OPERATION_REPAIR, set, id, set->location,
                                                          /* of_set= */ FALSE, "engine", pass->now, error);
    if (!operation)
        return FALSE;
    guint deaths = instance->deaths;
    step_join(pass->ledger, operation->id, instance);
    instance->deaths = deaths;
    instance->want_epoch++;
    pass_changed(held);
    return TRUE;
}
