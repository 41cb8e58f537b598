#include "host/qemu/machine.h"

#include "base/error.h"
#include "host/qemu/folder.h"

void
machine_emit(Machine *machine, HostEventType type, ArmCode code, const char *message, const char *file)
{
    const HostEvent event = {
        .type = type,
        .key = machine->key,
        .epoch = machine->spec ? machine->spec->epoch : 0,
        .code = code,
        .message = message,
        .file = file,
        .guest_shutdown = type == HOST_EXITED && machine->guest_shutdown,
    };
    machine->host->func(&event, machine->host->func_data);
}

void
machine_emit_destroyed(Machine *machine, const GPtrArray *kept)
{
    const HostEvent event = { .type = HOST_DESTROYED, .key = machine->key, .code = ARM_N_CODES, .kept = kept };
    machine->host->func(&event, machine->host->func_data);
}

guint
machine_timer(Machine *machine, gint64 after_usec, void (*fire)(void *data))
{
    Clock *clock = machine->host->clock;
    return clock->timer_add(clock, clock->now(clock) + after_usec, fire, machine);
}

void
machine_timer_stop(Machine *machine, guint *timer)
{
    if (*timer)
        machine->host->clock->timer_remove(machine->host->clock, *timer);
    *timer = 0;
}

void
machine_qga_drop(Machine *machine)
{
    g_clear_pointer(&machine->handler, handler_free);
    g_clear_pointer(&machine->qga, qga_free);
}

void
machine_quiet(Machine *machine)
{
    guint *const timers[] = { &machine->stop_timer,     &machine->button_timer, &machine->vtpm_timer,     &machine->room_timer,
                              &machine->greeting_timer, &machine->retry_timer,  &machine->questions_timer };
    for (guint i = 0; i < G_N_ELEMENTS(timers); i++)
        machine_timer_stop(machine, timers[i]);
    machine_qga_drop(machine);
    g_clear_pointer(&machine->token_port, token_port_free);
    g_clear_pointer(&machine->qmp, qmp_free);
    g_clear_pointer(&machine->console, console_free);
    g_clear_pointer(&machine->qemu_log, console_free);
    g_clear_pointer(&machine->swtpm_log, console_free);
    g_clear_pointer(&machine->qemu_watch, process_watch_free);
    g_clear_pointer(&machine->swtpm_watch, process_watch_free);
    g_clear_pointer(&machine->refused_file, g_free);
    g_clear_pointer(&machine->why_ended, g_free);
    g_ptr_array_set_size(machine->forwards, 0);
    machine->in_touch = machine->adopted = machine->greeted = machine->agent = machine->guest_shutdown = FALSE;
    machine->stop_asked = machine->vtpm_died = machine->stop_sent = FALSE;
    machine->waits_for_room = machine->monitor_lost = machine->isolated = machine->rebooting = FALSE;
    machine->qemu_pid = machine->swtpm_pid = 0;
    machine_questions_go(machine);
}

static void
forward_free(void *data)
{
    HostForward *forward = data;
    g_free(forward->host_address);
    g_free(forward);
}

/* ---- a user of its own ---- */

static gboolean
uid_is_taken(Qemu *host, guint uid)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, host->machines);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((const Machine *)value)->uid == uid)
            return TRUE;
    }
    return FALSE;
}

/* The one that its folder belongs to, where that is still ours to give. */
static guint
uid_recorded(Qemu *host, const char *folder)
{
    FolderParts parts;
    if (host->uid_count == 0)
        return 0;
    if (!folder_parts_read(folder, &parts, NULL) || parts.uid < host->uid_first ||
        parts.uid - host->uid_first >= host->uid_count || uid_is_taken(host, parts.uid))
        return MACHINE_NO_UID;
    return parts.uid;
}

/* Goes round the range: a user that was just freed is the last to be given again. */
gboolean
machine_uid_take(Machine *machine, GError **error)
{
    Qemu *host = machine->host;
    for (guint i = 0; machine->uid == MACHINE_NO_UID && i < host->uid_count; i++) {
        guint offset = (host->uid_next + i) % host->uid_count;
        if (uid_is_taken(host, host->uid_first + offset))
            continue;
        machine->uid = host->uid_first + offset;
        host->uid_next = offset + 1;
    }
    return machine->uid != MACHINE_NO_UID ||
           arm_fail(error, ARM_HOST_CAPACITY, NULL,
                    "Every one of the %u users for VMs (from %u on) has an instance; delete some, or "
                    "give a larger --uid-range.",
                    host->uid_count, host->uid_first);
}

Machine *
machine_get(Qemu *host, const char *key)
{
    Machine *machine = g_hash_table_lookup(host->machines, key);
    if (machine)
        return machine;
    machine = g_new0(Machine, 1);
    machine->host = host;
    machine->key = g_strdup(key);
    machine->folder = folder_path(host->state_dir, key);
    machine->uid = uid_recorded(host, machine->folder);
    machine->forwards = g_ptr_array_new_with_free_func(forward_free);
    g_hash_table_insert(host->machines, machine->key, machine);
    return machine;
}

void
machine_free(Machine *machine)
{
    if (machine->nudge) {
        g_source_destroy(machine->nudge);
        g_source_unref(machine->nudge);
    }
    machine_quiet(machine);
    launch_spec_free(machine->wanted);
    launch_spec_free(machine->spec);
    g_ptr_array_unref(machine->forwards);
    g_free(machine->keep_dir);
    g_free(machine->folder);
    g_free(machine->key);
    g_free(machine);
}
