/* What the host says becomes observed state, through the life table. */
#include "engine/internal.h"

#include <unistd.h>

HostEvent *
host_event_copy(const HostEvent *event)
{
    HostEvent *copy = g_memdup2(event, sizeof *event);
    copy->key = g_strdup(event->key);
    copy->message = g_strdup(event->message);
    copy->file = g_strdup(event->file);
    return copy;
}

void
host_event_free(HostEvent *event)
{
    if (!event)
        return;
    g_free((char *)event->key);
    g_free((char *)event->message);
    g_free((char *)event->file);
    g_free(event);
}

/* Does the image that this launch runs have a guest agent, whose answer is the end of the start? */
static gboolean
has_agent(StoreTx *tx, const StoreInstance *instance, gboolean *ret_has, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreModel) model = store_model_get(tx, instance->set_id, instance->revision, &lookup);
    if (!model) {
        if (lookup)
            g_propagate_error(error, lookup);
        else
            arm_fail(error, ARM_INTERNAL, NULL, "Instance %u runs model revision %u, which is gone.", instance->id,
                     instance->revision);
        return FALSE;
    }
    g_auto(GStrv) urn = g_strsplit(model->image_urn, ":", 4);
    *ret_has = FALSE;
    if (g_strv_length(urn) != 4)
        return TRUE;
    g_autoptr(ImageInfo) image = store_image_get(tx, urn[0], urn[1], urn[2], urn[3], &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    *ret_has = image && image->guest_agent;
    return TRUE;
}

static gboolean
on_started(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, UnixTime now, GError **error)
{
    gboolean agent = TRUE;
    tracked->in_flight = CALL_NONE;
    if (!has_agent(tx, instance, &agent, error))
        return FALSE;
    instance->alive = TRUE;
    instance_enter(instance, agent ? LIFE_STARTED : LIFE_STARTED_NO_AGENT, now);
    if (!agent)
        engine_slot_release(engine, tracked);
    return store_instance_update(tx, instance, 0, error);
}

static gboolean
on_agent(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, UnixTime now, GError **error)
{
    instance->alive = TRUE;
    instance->agent = TRUE;
    instance->failure = 0;
    g_clear_pointer(&instance->failure_message, g_free);
    instance_enter(instance, LIFE_AGENT, now);
    engine_slot_release(engine, tracked);
    return store_instance_update(tx, instance, 0, error);
}

static gboolean
on_refused(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, const char *file, UnixTime now,
           GError **error)
{
    g_autofree char *message = g_strdup_printf(
        "Not booted: Secure Boot validation failed. Secure Boot refused '%s': it is not signed by a key that the "
        "firmware trusts. Use an image whose boot chain is signed, or turn Secure Boot off.",
        file ? file : "the boot loader");
    tracked->refused = TRUE;
    instance_fail(instance, ARM_SECURE_BOOT_REFUSED, message);
    instance_enter(instance, LIFE_REFUSED, now);
    engine_slot_release(engine, tracked);
    return store_instance_update(tx, instance, 0, error);
}

static gboolean
on_start_failed(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, const HostEvent *event, UnixTime now,
                GError **error)
{
    tracked->in_flight = CALL_NONE;
    instance->alive = FALSE;
    instance->agent = FALSE;
    instance_fail(instance, event->code == ARM_N_CODES ? ARM_VM_START_FAILED : event->code, event->message);
    instance_enter(instance, LIFE_START_FAILED, now);
    engine_slot_release(engine, tracked);
    return store_instance_update(tx, instance, 0, error);
}

static gboolean
on_exited(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, const HostEvent *event, UnixTime now,
          GError **error)
{
    gboolean asked = tracked->in_flight == CALL_STOP || instance->state == INSTANCE_STOPPING;
    gboolean died = event->code != ARM_N_CODES || (!asked && !event->guest_shutdown);
    gboolean in_boot = instance->state == INSTANCE_STARTING;

    if (tracked->in_flight != CALL_DESTROY)
        tracked->in_flight = CALL_NONE;
    tracked->refused = FALSE;
    instance->alive = FALSE;
    instance->agent = FALSE;
    if (died && !asked)
        instance_fail(instance, event->code == ARM_N_CODES ? ARM_VM_EXITED : event->code,
                      event->message ? event->message : "The VM's process ended, and nobody had asked for it.");
    else if (in_boot)
        instance_fail(instance, ARM_VM_EXITED, "The guest powered itself off before its guest agent answered.");
    instance_enter(instance, died ? LIFE_DIED : LIFE_EXITED, now);
    engine_slot_release(engine, tracked);
    return store_instance_update(tx, instance, 0, error);
}

/* Its disks that are to be kept lie in STATE/disks by now; those that were to go with the instance are removed. */
static gboolean
disks_settle(Engine *engine, StoreTx *tx, const Tracked *tracked, const StoreInstance *instance, UnixTime now, GError **error)
{
    g_autoptr(StoreSet) set = engine_set(tx, instance->set_id, error);
    if (!set)
        return FALSE;
    guint revision = instance->revision ? instance->revision : instance->want_revision;
    g_autoptr(Model) model = engine_model(engine, tx, set, revision, error);
    if (!model)
        return FALSE;
    for (guint i = 0; i < model->data_disks->len; i++) {
        const DataDisk *disk = g_ptr_array_index(model->data_disks, i);
        g_autofree char *file = g_strdup_printf("%s/disks/%s-lun%u.qcow2", engine->config.state_dir, tracked->key, disk->lun);
        if (!g_file_test(file, G_FILE_TEST_EXISTS))
            continue;
        if (disk->delete_with_vm) {
            unlink(file);
            continue;
        }
        g_autofree char *id = g_uuid_string_random();
        StoreDisk kept = {
            .id = id,
            .group = set->group,
            .set_name = set->name,
            .instance = instance->id,
            .lun = disk->lun,
            .size_gib = disk->size_gib,
            .file = file,
            .kept_until = now + engine->config.disk_retention_usec,
        };
        if (!store_disk_put(tx, &kept, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
on_destroyed(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, UnixTime now, GError **error)
{
    tracked->in_flight = CALL_NONE;
    return disks_settle(engine, tx, tracked, instance, now, error) && step_end_removed(tx, instance, now, error);
}

gboolean
engine_apply_event(Engine *engine, StoreTx *tx, const HostEvent *event, UnixTime now, GError **error)
{
    Tracked *tracked = g_hash_table_lookup(engine->by_key, event->key);
    if (!tracked)
        return TRUE;
    GError *lookup = NULL;
    g_autoptr(StoreInstance) instance = store_instance_get(tx, tracked->set_id, tracked->id, &lookup);
    if (!instance) {
        g_propagate_error(error, lookup);
        return lookup == NULL;
    }
    /* Word of a launch that is over already says nothing about this one. */
    if (event->type != HOST_DESTROYED && event->epoch != 0 && event->epoch != instance->epoch)
        return TRUE;
    engine_mark_dirty(engine, tracked);
    switch (event->type) {
    case HOST_STARTED:
        return on_started(engine, tx, tracked, instance, now, error);
    case HOST_START_FAILED:
        return on_start_failed(engine, tx, tracked, instance, event, now, error);
    case HOST_AGENT_ANSWERED:
        return on_agent(engine, tx, tracked, instance, now, error);
    case HOST_BOOT_REFUSED:
        return on_refused(engine, tx, tracked, instance, event->file, now, error);
    case HOST_EXITED:
        return on_exited(engine, tx, tracked, instance, event, now, error);
    case HOST_DESTROYED:
        return on_destroyed(engine, tx, tracked, instance, now, error);
    case HOST_WARNING:
        g_free(instance->warning);
        instance->warning =
            event->code == ARM_N_CODES ? NULL : g_strdup_printf("%s: %s", arm_code_text(event->code), event->message);
        return store_instance_update(tx, instance, 0, error);
    case HOST_N_EVENTS:
        break;
    }
    g_assert_not_reached();
}

/* The launch that was recorded was never made, or what it made is gone: it is due again. */
static void
launch_redo(StoreInstance *instance)
{
    instance->epoch = instance->want_epoch - 1;
    instance->alive = FALSE;
    instance->agent = FALSE;
}

gboolean
engine_apply_found(Engine *engine, StoreTx *tx, Tracked *tracked, StoreInstance *instance, const HostFound *found, UnixTime now,
                   GError **error)
{
    gboolean alive = found && found->alive && found->epoch == instance->epoch;
    gboolean was_alive = instance->alive;

    instance->alive = found && found->alive;
    if (!alive) {
        instance->agent = FALSE;
        if (instance->state == INSTANCE_STARTING && instance->operation && !was_alive) {
            launch_redo(instance);
        } else if (was_alive && instance->state != INSTANCE_STOPPING) {
            instance_fail(instance, ARM_VM_EXITED, "The VM's process ended while the daemon was not running.");
            instance_enter(instance, LIFE_DIED, now);
        } else if (was_alive || instance->state == INSTANCE_STOPPING) {
            instance_enter(instance, LIFE_EXITED, now);
        }
        return store_instance_update(tx, instance, 0, error);
    }
    if (instance->state == INSTANCE_STARTING) {
        tracked->holds_slot = TRUE;
        engine->slots_taken++;
        if (found->refused_file)
            return on_refused(engine, tx, tracked, instance, found->refused_file, now, error);
        if (!on_started(engine, tx, tracked, instance, now, error))
            return FALSE;
        if (found->agent)
            return on_agent(engine, tx, tracked, instance, now, error);
        return TRUE;
    }
    tracked->refused = found->refused_file != NULL;
    instance->agent = found->agent || instance->agent;
    return store_instance_update(tx, instance, 0, error);
}
