/* Instances whose VM came down, and nobody had asked for it: they are started again after a wait (rollout/revive.h), in a step
 * of an operation that is begun for it. What is due is in the row, so it outlives the daemon. */
#include "rollout/revive.h"
#include "engine/pass.h"
#include "engine/sets.h"

#include "base/resource_id.h"
#include "base/time_text.h"

static char *
resource_of(const Engine *engine, const Held *held)
{
    const SetTracked *set = held->tracked->set;
    return resource_id_instance(engine->subscription, set->group, set->name, held->tracked->id);
}

static gboolean
event_write(Pass *pass, const Held *held, const char *message, GError **error)
{
    if (!engine_subscription_know(pass->engine, pass->tx, error))
        return FALSE;
    g_autofree char *id = resource_of(pass->engine, held);
    StoreEvent event = {
        .time = pass->now,
        .level = (char *)"Warning",
        .operation_name = (char *)operation_kind_text(OPERATION_REPAIR),
        .status = (char *)"Active",
        .resource_id = id,
        .caller = (char *)"engine",
        .message = (char *)message,
    };
    return store_event_add(pass->tx, &event, error);
}

/* A launch that is due anyway needs no other. */
static gboolean
is_meant_to_run(const StoreInstance *instance)
{
    return instance->want_power == POWER_RUNNING && !instance->want_deleted && instance->epoch == instance->want_epoch;
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
    GError *lookup = NULL;
    g_autoptr(StoreSet) set = store_set_get_by_id(pass->tx, instance->set_id, &lookup);
    if (!set && !lookup)
        arm_fail(&lookup, ARM_INTERNAL, NULL, "Scale set '%s' is not in the store.", held->tracked->set->name);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (!engine_subscription_know(pass->engine, pass->tx, error))
        return FALSE;
    g_autofree char *id = resource_of(pass->engine, held);
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
