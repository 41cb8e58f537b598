/* One instance, one step forward: the planner's action, written to the store first, asked of the host after the commit. */
#include "engine/disks.h"
#include "engine/notice.h"
#include "engine/pass.h"
#include "engine/replace.h"
#include "engine/sets.h"

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
        .terminate_at = notice_approved(tracked) ? 0 : instance->terminate_at,
        .want_epoch = instance->want_epoch,
        .epoch = instance->epoch,
        .want_revision = instance->want_revision,
        .revision = instance->revision,
        .has_step = instance->operation != NULL,
        .deadline = instance->deadline,
        .revive_at = instance->revive_at,
        .awaits = engine_predecessor_awaited(tracked->set->engine, tracked, instance),
        .in_flight = tracked->in_flight,
    };
}

/* Where its grace period of automatic repair is counted from. Who is started again because it died has none of that. */
static void
step_over(Pass *pass, StoreInstance *instance, const GError *failure)
{
    gboolean came_up = !failure && instance->state == INSTANCE_RUNNING;
    if (instance->deaths == 0 && (came_up || instance->repair_after != 0))
        instance->repair_after = pass->now;
    step_end(pass->ledger, instance, failure);
}

void
instance_enter(StoreInstance *instance, LifeEvent event, UnixTime now)
{
    InstanceState next = life_next(instance->state, event, instance->want_power);
    if (next == instance->state)
        return;
    /* What its application answered while it ran is no reason for what comes after. */
    if (!instance->failure)
        g_clear_pointer(&instance->failure_message, g_free);
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

static void
failure_clear(StoreInstance *instance)
{
    if (!instance->failure)
        return;
    instance->failure = 0;
    g_clear_pointer(&instance->failure_message, g_free);
}

static GError *
failure_of(const StoreInstance *instance)
{
    ArmCode code = instance->failure ? (ArmCode)(instance->failure - 1) : ARM_INTERNAL;
    return g_error_new_literal(ARM_ERROR, (int)code,
                               instance->failure_message ? instance->failure_message : "The step failed.");
}

static void
due(Pass *pass, Held *held, Act act)
{
    held->act = act;
    g_ptr_array_add(pass->due, held);
}

/* What the launch is begun with is recorded before it is begun: whoever comes after a crash sees what may exist. */
static void
launch_begin(Pass *pass, Held *held)
{
    StoreInstance *instance = held->row;
    g_autoptr(GError) unfit = NULL;
    g_autoptr(LaunchSpec) spec = engine_launch_spec(pass, held->tracked->set, instance, &unfit);

    instance->epoch = instance->want_epoch;
    instance->agent = FALSE;
    instance->health = HEALTH_UNKNOWN;
    instance->health_since = 0;
    instance->health_phase = 0;
    instance->health_skip = FALSE;
    instance->integrity = INTEGRITY_NONE;
    instance->integrity_since = 0;
    instance->integrity_by_model = FALSE;
    instance->out_of_health = FALSE;
    instance->repair_held = 0;
    instance->failure = 0;
    g_clear_pointer(&instance->failure_message, g_free);
    g_clear_pointer(&instance->warning, g_free);
    held->tracked->refused = FALSE;
    pass_changed(held);
    if (!spec) {
        instance_enter(instance, LIFE_LAUNCH, pass->now);
        instance_enter(instance, LIFE_START_FAILED, pass->now);
        instance_fail(instance, (ArmCode)unfit->code, unfit->message);
        step_over(pass, instance, unfit);
        engine_slot_release(pass->engine, held->tracked);
        return;
    }
    engine_disks_noted(instance, spec);
    instance->revision = instance->want_revision;
    instance->run_disk_gen = instance->disk_gen;
    instance->run_vars_gen = instance->vars_gen;
    instance->run_vtpm_gen = instance->vtpm_gen;
    instance->run_data_gen = instance->data_gen;
    instance->deadline = pass->now + pass->engine->config.step_timeout_usec;
    instance_enter(instance, LIFE_LAUNCH, pass->now);
    held->spec = g_steal_pointer(&spec);
    due(pass, held, ACT_LAUNCH);
}

static void
time_out(Pass *pass, Held *held)
{
    g_autofree char *message = g_strdup_printf("The guest agent did not answer within %" G_GINT64_FORMAT
                                               " s of the start; the serial log of this boot "
                                               "says how far it came.",
                                               pass->engine->config.step_timeout_usec / USEC_PER_SEC);
    instance_enter(held->row, LIFE_TIMEOUT, pass->now);
    instance_fail(held->row, ARM_BOOT_TIMED_OUT, message);
    engine_slot_release(pass->engine, held->tracked);
}

static gboolean
step_fail(Pass *pass, Held *held, GError **error)
{
    gboolean replaced;
    if (!engine_creation_repeat(pass, held, &replaced, error))
        return FALSE;
    if (replaced)
        return TRUE;
    /* What was asked for since its launch began needs none: this step was to bring it there too, failed as it is. */
    held->row->revision = held->row->want_revision;
    g_autoptr(GError) failure = failure_of(held->row);
    step_over(pass, held->row, failure);
    pass_changed(held);
    return TRUE;
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
engine_act(Pass *pass, Held *held, GError **error)
{
    StoreInstance *instance = held->row;
    held->to_act = FALSE;
    /* What the host will be asked for already comes first. */
    if (held->act != ACT_NONE) {
        engine_mark_dirty(pass->engine, held->tracked);
        return TRUE;
    }
    /* Planned until the host is to be asked, or nothing is left to do: each act but those makes the next one another. */
    while (instance) {
        InstanceFacts facts = facts_of(instance, held->tracked);
        Act act = plan_instance(&facts, pass->now);
        switch (act) {
        case ACT_NONE:
        case ACT_N:
            if (instance->revive_at > pass->now && instance->state == INSTANCE_FAILED)
                engine_revival_arm(pass->engine, held->tracked, instance->revive_at);
            return TRUE;
        case ACT_REVIVE:
            if (!engine_revive(pass, held, error))
                return FALSE;
            continue;
        case ACT_ADOPT_REVISION:
            instance->revision = instance->want_revision;
            pass_changed(held);
            continue;
        case ACT_ADOPT_FAILED:
            instance->revision = instance->want_revision;
            step_over(pass, instance, /* failure= */ NULL);
            pass_changed(held);
            continue;
        case ACT_SETTLE:
            rest_enter(instance, pass->now);
            failure_clear(instance);
            step_over(pass, instance, /* failure= */ NULL);
            pass_changed(held);
            continue;
        case ACT_TIMEOUT:
            time_out(pass, held);
            if (!step_fail(pass, held, error))
                return FALSE;
            continue;
        case ACT_FAIL:
            if (!step_fail(pass, held, error))
                return FALSE;
            continue;
        case ACT_STOP:
        case ACT_STOP_FORCED:
            instance_enter(instance, LIFE_STOP, pass->now);
            pass_changed(held);
            due(pass, held, act);
            return TRUE;
        case ACT_DESTROY:
            /* Whoever comes after a crash does not ask its guest again. */
            instance->terminate_at = 0;
            instance_enter(instance, LIFE_DESTROY, pass->now);
            pass_changed(held);
            due(pass, held, act);
            return TRUE;
        case ACT_LAUNCH:
            if (engine_slot_take(pass->engine, held->tracked))
                launch_begin(pass, held);
            return TRUE;
        }
    }
    return TRUE;
}

void
engine_call_host(Engine *engine, Held *held)
{
    Tracked *tracked = held->tracked;
    g_autofree char *key = NULL, *keep = NULL;
    switch (held->act) {
    case ACT_LAUNCH:
        engine_call(engine, tracked, CALL_START);
        engine_deadline_arm(engine, tracked, engine->clock->now(engine->clock) + engine->config.step_timeout_usec);
        host_start(engine->host, held->spec);
        return;
    case ACT_STOP:
    case ACT_STOP_FORCED:
        key = engine_key_of(tracked->set, tracked->id);
        engine_call(engine, tracked, CALL_STOP);
        host_stop(engine->host, key, held->act == ACT_STOP ? engine->config.stop_grace_usec : 0);
        return;
    case ACT_DESTROY:
        key = engine_key_of(tracked->set, tracked->id);
        keep = g_build_filename(engine->config.state_dir, "disks", NULL);
        engine_call(engine, tracked, CALL_DESTROY);
        host_destroy(engine->host, key, keep);
        return;
    case ACT_NONE:
    case ACT_ADOPT_REVISION:
    case ACT_ADOPT_FAILED:
    case ACT_SETTLE:
    case ACT_FAIL:
    case ACT_TIMEOUT:
    case ACT_REVIVE:
    case ACT_N:
        return;
    }
}

void
engine_release(Engine *engine, const Tracked *tracked)
{
    g_autofree char *key = engine_key_of(tracked->set, tracked->id);
    host_release(engine->host, key);
}
