/* What the host says becomes observed state, through the life table. */
#include "engine/attest.h"
#include "engine/disks.h"
#include "engine/revisions.h"

#include <string.h>

static gpointer
kept_copy(gconstpointer item, gpointer data G_GNUC_UNUSED)
{
    const HostKeptDisk *disk = item;
    return host_kept_disk_new(disk->lun, disk->size_gib, disk->file);
}

/* Where the next text goes; NULL stays NULL. */
static const char *
text_put(char **at, const char *text)
{
    if (!text)
        return NULL;
    const char *put = *at;
    *at = g_stpcpy(*at, text) + 1;
    return put;
}

static gsize
text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* One piece with its texts: a whole batch may speak at once. */
HostEvent *
host_event_copy(const HostEvent *event)
{
    HostEvent *copy = g_malloc(sizeof *copy + text_size(event->key) + text_size(event->message) + text_size(event->file));
    char *texts = (char *)(copy + 1);
    *copy = *event;
    copy->key = text_put(&texts, event->key);
    copy->message = text_put(&texts, event->message);
    copy->file = text_put(&texts, event->file);
    copy->kept = event->kept ? g_ptr_array_copy((GPtrArray *)event->kept, kept_copy, NULL) : NULL;
    if (copy->kept)
        g_ptr_array_set_free_func((GPtrArray *)copy->kept, (GDestroyNotify)host_kept_disk_free);
    return copy;
}

void
host_event_free(HostEvent *event)
{
    if (!event)
        return;
    if (event->kept)
        g_ptr_array_unref((GPtrArray *)event->kept);
    g_free(event);
}

static gboolean
on_started(Pass *pass, Held *held, GError **error)
{
    StoreInstance *instance = held->row;
    gboolean agent = TRUE;
    engine_call(pass->engine, held->tracked, CALL_NONE);
    /* The guest agent's answer is the end of the start, where the image that this launch runs has one. */
    if (!revision_has_agent(pass, held->tracked->set, instance->revision, &agent, error))
        return FALSE;
    instance->alive = TRUE;
    instance_enter(instance, agent ? LIFE_STARTED : LIFE_STARTED_NO_AGENT, pass->now);
    if (!agent)
        engine_slot_release(pass->engine, held->tracked);
    return engine_disks_left(pass, instance, error);
}

static void
on_agent(Pass *pass, Held *held)
{
    StoreInstance *instance = held->row;
    instance->alive = TRUE;
    instance->agent = TRUE;
    instance->failure = 0;
    g_clear_pointer(&instance->failure_message, g_free);
    instance_enter(instance, LIFE_AGENT, pass->now);
    engine_slot_release(pass->engine, held->tracked);
}

static void
on_refused(Pass *pass, Held *held, const char *file)
{
    g_autofree char *message = g_strdup_printf(
        "Not booted: Secure Boot validation failed. Secure Boot refused '%s': it is not signed by a key that the "
        "firmware trusts. Use an image whose boot chain is signed, or turn Secure Boot off.",
        file ? file : "the boot loader");
    held->tracked->refused = TRUE;
    instance_fail(held->row, ARM_SECURE_BOOT_REFUSED, message);
    instance_enter(held->row, LIFE_REFUSED, pass->now);
    engine_slot_release(pass->engine, held->tracked);
}

static gboolean
on_start_failed(Pass *pass, Held *held, const HostEvent *event, GError **error)
{
    StoreInstance *instance = held->row;
    ArmCode code = event->code == ARM_N_CODES ? ARM_VM_START_FAILED : event->code;
    Ending ending = engine_ending_of(pass, instance, /* started= */ FALSE, code);
    engine_call(pass->engine, held->tracked, CALL_NONE);
    instance->alive = FALSE;
    instance->agent = FALSE;
    instance_fail(instance, code, event->message);
    instance_enter(instance, LIFE_START_FAILED, pass->now);
    engine_slot_release(pass->engine, held->tracked);
    return engine_came_down(pass, held, &ending, error);
}

static gboolean
on_exited(Pass *pass, Held *held, const HostEvent *event, GError **error)
{
    Tracked *tracked = held->tracked;
    StoreInstance *instance = held->row;
    gboolean asked = tracked->in_flight == CALL_STOP || instance->state == INSTANCE_STOPPING;
    gboolean died = event->code != ARM_N_CODES || (!asked && !event->guest_shutdown);
    gboolean in_boot = instance->state == INSTANCE_STARTING;
    ArmCode code = event->code == ARM_N_CODES ? ARM_VM_EXITED : event->code;
    Ending ending = engine_ending_of(pass, instance, /* started= */ TRUE, code);

    if (tracked->in_flight != CALL_DESTROY)
        engine_call(pass->engine, tracked, CALL_NONE);
    tracked->refused = FALSE;
    tracked->isolated = FALSE;
    instance->alive = FALSE;
    instance->agent = FALSE;
    if (died && !asked)
        instance_fail(instance, code, event->message ? event->message : "The VM's process ended, and nobody had asked for it.");
    else if (in_boot)
        instance_fail(instance, ARM_VM_EXITED, "The guest powered itself off before its guest agent answered.");
    instance_enter(instance, died ? LIFE_DIED : LIFE_EXITED, pass->now);
    engine_slot_release(pass->engine, tracked);
    return !died || asked || engine_came_down(pass, held, &ending, error);
}

static gboolean
on_destroyed(Pass *pass, Held *held, const HostEvent *event, GError **error)
{
    engine_call(pass->engine, held->tracked, CALL_NONE);
    if (!engine_disks_settle(pass, held, event->kept, error))
        return FALSE;
    step_end(pass->ledger, held->row, /* failure= */ NULL);
    pass_remove(held);
    return TRUE;
}

/* What was removed when the engine began to work, since the store did not know it. */
static gboolean
stranger_gone(Pass *pass, const HostEvent *event, GError **error)
{
    const char *owner = g_hash_table_lookup(pass->engine->strangers, event->key);
    return engine_disks_stranded(pass, event->key, owner, event->kept, error);
}

/* Put back to be made again by this daemon, since nothing of it was found when it came, and made all the same: it runs, and
 * what is wanted by now begins with its stop. */
static gboolean
launch_came_late(const StoreInstance *instance, const HostEvent *event)
{
    return event->type == HOST_STARTED && instance->state == INSTANCE_STARTING && !instance->alive &&
           event->epoch > instance->epoch && event->epoch <= instance->want_epoch;
}

gboolean
engine_apply_event(Pass *pass, const HostEvent *event, GError **error)
{
    Tracked *tracked = engine_find(pass->engine, event->key);
    if (!tracked && event->type == HOST_DESTROYED)
        return stranger_gone(pass, event, error);
    if (!tracked)
        return TRUE;
    Held *held = pass_hold(pass, tracked, error);
    if (!held)
        return FALSE;
    StoreInstance *instance = held->row;
    if (instance && launch_came_late(instance, event)) {
        instance->epoch = event->epoch;
        engine_slot_hold(pass->engine, tracked);
        /* It was given up with the launch that was to be made again. */
        if (instance->deadline)
            engine_deadline_arm(pass->engine, tracked, instance->deadline);
    }
    /* Word of a launch that is over already says nothing about this one. */
    if (!instance || (event->type != HOST_DESTROYED && event->epoch != 0 && event->epoch != instance->epoch))
        return TRUE;
    held->to_act = TRUE;
    pass_changed(held);
    switch (event->type) {
    case HOST_STARTED:
        return on_started(pass, held, error);
    case HOST_START_FAILED:
        return on_start_failed(pass, held, event, error);
    case HOST_AGENT_ANSWERED:
        on_agent(pass, held);
        attest_agent_back(held);
        return TRUE;
    case HOST_REBOOTED:
        attest_reboot(pass, held);
        return TRUE;
    case HOST_BOOT_REFUSED:
        on_refused(pass, held, event->file);
        return TRUE;
    case HOST_EXITED:
        return on_exited(pass, held, event, error);
    case HOST_DESTROYED:
        return on_destroyed(pass, held, event, error);
    case HOST_WARNING:
        g_free(instance->warning);
        instance->warning =
            event->code == ARM_N_CODES ? NULL : g_strdup_printf("%s: %s", arm_code_text(event->code), event->message);
        return TRUE;
    case HOST_N_EVENTS:
        break;
    }
    g_assert_not_reached();
}

/* The launch that was recorded was never made, or what it made is gone: it is due again, whether a step waits for it or not.
 * What runs may be of an earlier one, that was slow: then it is stopped first. */
static void
launch_redo(StoreInstance *instance, const HostFound *found)
{
    instance->epoch = found && found->alive ? found->epoch : instance->want_epoch - 1;
}

/* Put back to be made again by one daemon that came after a crash, and made all the same before the next one came. */
static gboolean
launch_is_made(const StoreInstance *instance, const HostFound *found)
{
    return instance->state == INSTANCE_STARTING && found && found->alive && found->epoch == instance->want_epoch;
}

static gboolean
found_dead(Pass *pass, Held *held, const HostFound *found, gboolean was_alive, GError **error)
{
    StoreInstance *instance = held->row;
    Ending ending = engine_ending_of(pass, instance, /* started= */ TRUE, ARM_VM_EXITED);
    instance->agent = FALSE;
    if (instance->state == INSTANCE_STARTING && !was_alive) {
        launch_redo(instance, found);
    } else if (was_alive && instance->state != INSTANCE_STOPPING) {
        instance_fail(instance, ARM_VM_EXITED, "The VM's process ended while the daemon was not running.");
        instance_enter(instance, LIFE_DIED, pass->now);
        return engine_came_down(pass, held, &ending, error);
    } else if (was_alive || instance->state == INSTANCE_STOPPING) {
        instance_enter(instance, LIFE_EXITED, pass->now);
    }
    return TRUE;
}

gboolean
engine_apply_found(Pass *pass, Held *held, const HostFound *found, GError **error)
{
    Engine *engine = pass->engine;
    StoreInstance *instance = held->row;
    if (launch_is_made(instance, found))
        instance->epoch = found->epoch;
    gboolean alive = found && found->alive && found->epoch == instance->epoch;
    gboolean was_alive = instance->alive, had_agent = instance->agent;

    instance->alive = found && found->alive;
    if (!alive) {
        gboolean at_rest = instance->state != INSTANCE_STARTING && instance->state != INSTANCE_STOPPING;
        if (!at_rest || was_alive || had_agent || instance->alive)
            pass_changed(held);
        return found_dead(pass, held, found, was_alive, error);
    }
    if (instance->state == INSTANCE_STARTING) {
        engine_slot_hold(engine, held->tracked);
        pass_changed(held);
        if (found->refused_file) {
            on_refused(pass, held, found->refused_file);
            return engine_disks_left(pass, instance, error);
        }
        if (!on_started(pass, held, error))
            return FALSE;
        if (found->agent)
            on_agent(pass, held);
        return TRUE;
    }
    held->tracked->refused = found->refused_file != NULL;
    /* Without a guest agent it ran as soon as it was started. */
    if (found->refused_file && instance->state == INSTANCE_RUNNING) {
        on_refused(pass, held, found->refused_file);
        pass_changed(held);
        return TRUE;
    }
    instance->agent = found->agent || instance->agent;
    if (!was_alive || instance->agent != had_agent)
        pass_changed(held);
    return TRUE;
}
