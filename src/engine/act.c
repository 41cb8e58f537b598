/* One instance, one step forward: the planner's action, written to the store first, asked of the host after the commit. */
#include "engine/internal.h"

#include "base/resource_id.h"

static InstanceFacts
facts_of(const StoreInstance *instance, const Tracked *tracked)
{
    return (InstanceFacts){
        .state = instance->state,
        .alive = instance->alive,
        .refused = tracked->refused,
        .want_power = instance->want_power,
        .want_deleted = instance->want_deleted,
        .skip_shutdown = instance->skip_shutdown,
        .want_epoch = instance->want_epoch,
        .epoch = instance->epoch,
        .want_revision = instance->want_revision,
        .revision = instance->revision,
        .has_step = instance->operation != NULL,
        .deadline = instance->deadline,
        .in_flight = tracked->in_flight,
    };
}

void
instance_enter(StoreInstance *instance, LifeEvent event, UnixTime now)
{
    InstanceState next = life_next(instance->state, event, instance->want_power);
    if (next == instance->state)
        return;
    instance->state = next;
    instance->state_since = now;
}

void
instance_fail(StoreInstance *instance, ArmCode code, const char *message)
{
    instance->failure = (int)code + 1;
    g_free(instance->failure_message);
    instance->failure_message = g_strdup(message);
}

static GError *
failure_of(const StoreInstance *instance)
{
    ArmCode code = instance->failure ? (ArmCode)(instance->failure - 1) : ARM_INTERNAL;
    return g_error_new_literal(ARM_ERROR, (int)code,
                               instance->failure_message ? instance->failure_message : "The step failed.");
}

static void
on_deadline(void *data)
{
    Tracked *tracked = data;
    tracked->deadline_timer = 0;
    engine_mark_dirty(tracked->engine, tracked);
    engine_kick(tracked->engine);
}

/* What the launch is begun with is recorded before it is begun: whoever comes after a crash sees what may exist. */
static gboolean
launch_begin(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, UnixTime now, Act *ret_act, GError **error)
{
    g_autoptr(StoreSet) set = engine_set(tx, instance->set_id, error);
    if (!set)
        return FALSE;
    g_autoptr(GError) unfit = NULL;
    g_autoptr(LaunchSpec) spec = engine_launch_spec(tx, set, instance, &unfit);

    instance->epoch = instance->want_epoch;
    instance->agent = FALSE;
    instance->failure = 0;
    g_clear_pointer(&instance->failure_message, g_free);
    g_clear_pointer(&instance->warning, g_free);
    tracked->refused = FALSE;
    if (!spec) {
        instance_enter(instance, LIFE_LAUNCH, now);
        instance_enter(instance, LIFE_START_FAILED, now);
        instance_fail(instance, (ArmCode)unfit->code, unfit->message);
        *ret_act = ACT_NONE;
        return step_end(tx, instance, unfit, now, error);
    }
    instance->revision = instance->want_revision;
    instance->run_disk_gen = instance->disk_gen;
    instance->run_vars_gen = instance->vars_gen;
    instance->run_vtpm_gen = instance->vtpm_gen;
    instance->run_data_gen = instance->data_gen;
    instance->deadline = now + engine->config.step_timeout_usec;
    instance_enter(instance, LIFE_LAUNCH, now);
    launch_spec_free(tracked->spec);
    tracked->spec = g_steal_pointer(&spec);
    return store_instance_update(tx, instance, 0, error);
}

static gboolean
slot_take(Engine *engine, Tracked *tracked)
{
    if (tracked->holds_slot)
        return TRUE;
    if (engine->slots_taken >= engine->config.max_starting) {
        if (!tracked->waiting) {
            tracked->waiting = TRUE;
            g_queue_push_tail(&engine->waiting, tracked);
        }
        return FALSE;
    }
    engine->slots_taken++;
    tracked->holds_slot = TRUE;
    return TRUE;
}

void
engine_slot_release(Engine *engine, Tracked *tracked)
{
    if (!tracked->holds_slot)
        return;
    tracked->holds_slot = FALSE;
    engine->slots_taken--;
}

static gboolean
timeout_write(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, UnixTime now, GError **error)
{
    g_autofree char *message = g_strdup_printf("The guest agent did not answer within %" G_GINT64_FORMAT
                                               " s of the start; the serial log of this boot "
                                               "says how far it came.",
                                               engine->config.step_timeout_usec / USEC_PER_SEC);
    instance_enter(instance, LIFE_TIMEOUT, now);
    instance_fail(instance, ARM_BOOT_TIMED_OUT, message);
    engine_slot_release(engine, tracked);
    g_autoptr(GError) failure = failure_of(instance);
    return step_end(tx, instance, failure, now, error);
}

/* A settled instance that is to rest shows that it does, also where it was resting all along in another way. */
static void
rest_enter(StoreInstance *instance, UnixTime now)
{
    if (instance->want_power == POWER_RUNNING || instance->alive)
        return;
    InstanceState rest = instance->want_power == POWER_DEALLOCATED ? INSTANCE_DEALLOCATED : INSTANCE_STOPPED;
    if (instance->state != rest) {
        instance->state = rest;
        instance->state_since = now;
    }
}

gboolean
engine_act(Engine *engine, StoreTx *tx, Tracked *tracked, UnixTime now, Act *ret_act, GError **error)
{
    g_autoptr(GError) lookup = NULL;
    g_autoptr(StoreInstance) instance = store_instance_get(tx, tracked->set_id, tracked->id, &lookup);
    *ret_act = ACT_NONE;
    if (!instance) {
        if (lookup) {
            g_propagate_error(error, g_steal_pointer(&lookup));
            return FALSE;
        }
        return TRUE;
    }
    /* Two acts at most are written without a host's answer between them: adopt, then settle. */
    for (;;) {
        InstanceFacts facts = facts_of(instance, tracked);
        Act act = plan_instance(&facts, now);
        switch (act) {
        case ACT_NONE:
        case ACT_N:
            return TRUE;
        case ACT_ADOPT_REVISION:
            instance->revision = instance->want_revision;
            if (!store_instance_update(tx, instance, 0, error))
                return FALSE;
            continue;
        case ACT_SETTLE:
            rest_enter(instance, now);
            return step_end(tx, instance, /* failure= */ NULL, now, error);
        case ACT_FAIL: {
            g_autoptr(GError) failure = failure_of(instance);
            return step_end(tx, instance, failure, now, error);
        }
        case ACT_TIMEOUT:
            return timeout_write(engine, tx, tracked, instance, now, error);
        case ACT_STOP:
        case ACT_STOP_FORCED:
            instance_enter(instance, LIFE_STOP, now);
            *ret_act = act;
            return store_instance_update(tx, instance, 0, error);
        case ACT_DESTROY:
            instance_enter(instance, LIFE_DESTROY, now);
            *ret_act = act;
            return store_instance_update(tx, instance, 0, error);
        case ACT_LAUNCH:
            if (!slot_take(engine, tracked))
                return TRUE;
            *ret_act = act;
            if (!launch_begin(engine, tx, tracked, instance, now, ret_act, error))
                return FALSE;
            if (*ret_act == ACT_NONE)
                engine_slot_release(engine, tracked);
            return TRUE;
        }
    }
}

void
engine_deadline_arm(Engine *engine, Tracked *tracked, UnixTime at)
{
    if (tracked->deadline_timer)
        engine->clock->timer_remove(engine->clock, tracked->deadline_timer);
    tracked->deadline_timer = engine->clock->timer_add(engine->clock, at, on_deadline, tracked);
}

void
engine_call_host(Engine *engine, Tracked *tracked, Act act)
{
    switch (act) {
    case ACT_LAUNCH: {
        g_autoptr(LaunchSpec) spec = g_steal_pointer(&tracked->spec);
        tracked->in_flight = CALL_START;
        engine_deadline_arm(engine, tracked, engine->clock->now(engine->clock) + engine->config.step_timeout_usec);
        host_start(engine->host, spec);
        return;
    }
    case ACT_STOP:
        tracked->in_flight = CALL_STOP;
        host_stop(engine->host, tracked->key, engine->config.stop_grace_usec);
        return;
    case ACT_STOP_FORCED:
        tracked->in_flight = CALL_STOP;
        host_stop(engine->host, tracked->key, 0);
        return;
    case ACT_DESTROY: {
        g_autofree char *keep = g_build_filename(engine->config.state_dir, "disks", NULL);
        tracked->in_flight = CALL_DESTROY;
        host_destroy(engine->host, tracked->key, keep);
        return;
    }
    case ACT_NONE:
    case ACT_ADOPT_REVISION:
    case ACT_SETTLE:
    case ACT_FAIL:
    case ACT_TIMEOUT:
    case ACT_N:
        return;
    }
}
