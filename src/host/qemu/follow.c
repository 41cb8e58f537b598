/* What QEMU and the guest say while a VM runs. */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "host/qemu/folder.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define GREETING_TIMEOUT (30 * USEC_PER_SEC)
/* What QEMU and swtpm themselves write can be provoked by a guest: capped as its serial log is. */
#define PROGRAM_LOG_CAP (G_GUINT64_CONSTANT(1) << 20)
/* Room on a disk comes without an event. */
#define ROOM_LOOK_EVERY (5 * USEC_PER_SEC)

/* ---- the guest agent ---- */

static void
on_agent(void *data)
{
    Machine *machine = data;
    if (machine->agent && !machine->rebooting)
        return;
    machine->rebooting = FALSE;
    if (!machine->agent) {
        machine->agent = TRUE;
        machine_run_write(machine);
    }
    machine_emit(machine, HOST_AGENT_ANSWERED, ARM_N_CODES, NULL, NULL);
}

/* Whoever was asked in the former boot answers no more. */
static void
rebooted(Machine *machine)
{
    machine_qga_drop(machine);
    if (!machine->agent || machine->rebooting)
        return;
    machine->rebooting = TRUE;
    machine_emit(machine, HOST_REBOOTED, ARM_N_CODES, NULL, NULL);
}

/* The guest opened its end: from here on the console is its own word. */
static void
agent_opened(Machine *machine)
{
    g_autofree char *path = folder_file(machine->folder, "qga.sock");
    g_autoptr(GError) error = NULL;
    console_trust(machine->console, FALSE);
    if (machine->qga && !qga_is_closed(machine->qga)) {
        qga_sync(machine->qga);
        return;
    }
    machine_qga_drop(machine);
    machine->qga = qga_connect(path, machine->host->context, machine->host->clock, on_agent, machine, &error);
    if (!machine->qga)
        g_warning("instance %s: %s", machine->key, error->message);
}

/* After an adoption: is the agent's end of the channel open? */
static void
on_chardevs(const json_t *result, const char *error_text G_GNUC_UNUSED, void *data)
{
    Machine *machine = data;
    for (size_t i = 0; i < json_array_size(result); i++) {
        const json_t *device = json_array_get(result, i);
        if (g_strcmp0(json_member_text(device, "label"), "qga") == 0 && json_is_true(json_object_get(device, "frontend-open")))
            agent_opened(machine);
    }
    if (machine->adopted && !machine->qga && !machine->agent && !machine->refused_file)
        console_trust(machine->console, TRUE);
    machine->in_touch = TRUE;
    machine_questions_go(machine);
}

/* ---- the host's disk is full ---- */

static void
on_continued(const json_t *result, const char *error_text G_GNUC_UNUSED, void *data)
{
    Machine *machine = data;
    if (!result || !machine->waits_for_room)
        return;
    machine->waits_for_room = FALSE;
    machine_emit(machine, HOST_WARNING, ARM_N_CODES, NULL, NULL);
}

static void
on_room_look(void *data)
{
    Machine *machine = data;
    machine->room_timer = 0;
    if (!machine->waits_for_room)
        return;
    if (host_room(machine->folder) >= HOST_ROOM_NEEDED && !machine->monitor_lost && !machine->isolated)
        qmp_command(machine->qmp, "cont", NULL, on_continued, machine);
    machine->room_timer = machine_timer(machine, ROOM_LOOK_EVERY, on_room_look);
}

static void
room_wait(Machine *machine)
{
    if (machine->waits_for_room)
        return;
    machine->waits_for_room = TRUE;
    machine_timer_stop(machine, &machine->room_timer);
    machine->room_timer = machine_timer(machine, ROOM_LOOK_EVERY, on_room_look);
    machine_emit(machine, HOST_WARNING, ARM_HOST_DISK_FULL,
                 "The host's disk is full: the VM is paused in the middle of a write. It goes on by "
                 "itself when there is room.",
                 NULL);
}

static void
on_status(const json_t *result, const char *error_text G_GNUC_UNUSED, void *data)
{
    if (g_strcmp0(json_member_text(result, "status"), "io-error") == 0)
        room_wait(data);
}

/* ---- quarantine ---- */

static void
on_isolation(const json_t *result, const char *error_text, void *data)
{
    const Machine *machine = data;
    if (!result && !machine->monitor_lost)
        g_warning("instance %s: it could not be %s: %s", machine->key, machine->isolated ? "isolated" : "released", error_text);
}

/* The network first when it is cut, and last when it comes back: the guest never runs on one that is about to go. */
void
machine_isolation_apply(Machine *machine)
{
    if (!machine->qmp || !machine->greeted || machine->monitor_lost)
        return;
    if (machine->isolated)
        qmp_command(machine->qmp, "set_link", json_pack("{ss sb}", "name", "net", "up", 0), on_isolation, machine);
    qmp_command(machine->qmp, machine->isolated ? "stop" : "cont", NULL, on_isolation, machine);
    if (!machine->isolated)
        qmp_command(machine->qmp, "set_link", json_pack("{ss sb}", "name", "net", "up", 1), on_isolation, machine);
}

/* ---- QMP ---- */

static void
port_opened(Machine *machine, const char *id)
{
    if (g_strcmp0(id, "qga") == 0)
        agent_opened(machine);
    else if (g_strcmp0(id, TOKEN_PORT_ID) == 0 && machine->token_port)
        token_port_opened(machine->token_port);
}

static void
on_qmp_event(const char *name, const json_t *event_data, void *data)
{
    Machine *machine = data;
    if (strcmp(name, "VSERPORT_CHANGE") == 0) {
        if (json_is_true(json_object_get(event_data, "open")))
            port_opened(machine, json_member_text(event_data, "id"));
    } else if (strcmp(name, "RESET") == 0) {
        rebooted(machine);
    } else if (strcmp(name, "SHUTDOWN") == 0) {
        machine->guest_shutdown = json_is_true(json_object_get(event_data, "guest"));
    } else if (strcmp(name, "BLOCK_IO_ERROR") == 0) {
        if (json_is_true(json_object_get(event_data, "nospace")))
            room_wait(machine);
    }
}

/* HMP "info usernet": TCP[HOST_FORWARD]  FD  127.0.0.1 PORT  10.0.2.15 PORT … */
static void
on_usernet(const json_t *result, const char *error_text G_GNUC_UNUSED, void *data)
{
    Machine *machine = data;
    const char *text = json_string_value(result);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_ptr_array_set_size(machine->forwards, 0);
    for (char **line = lines; *line; line++) {
        char address[64], guest[64];
        unsigned int port, guest_port;
        if (sscanf(*line, " TCP[HOST_FORWARD] %*d %63s %u %63s %u", address, &port, guest, &guest_port) != 4)
            continue;
        HostForward *forward = g_new0(HostForward, 1);
        *forward = (HostForward){ guest_port, g_strdup(address), port };
        g_ptr_array_add(machine->forwards, forward);
    }
}

static void
on_qmp_ready(void *data)
{
    Machine *machine = data;
    machine->greeted = TRUE;
    machine_timer_stop(machine, &machine->greeting_timer);
    qmp_command(machine->qmp, "human-monitor-command", json_pack("{ss}", "command-line", "info usernet"), on_usernet, machine);
    qmp_command(machine->qmp, "query-chardev", NULL, on_chardevs, machine);
    qmp_command(machine->qmp, "query-status", NULL, on_status, machine);
    machine->token_port =
        token_port_new(machine->folder, machine->key, &machine->host->tokens, machine->host->context, machine->host->clock);
    if (machine->isolated)
        machine_isolation_apply(machine);
    if (machine->wish == WISH_START)
        machine_nudge(machine);
}

/* The process's end is seen by its pidfd. A QEMU that closes its monitor and lives on is ended by
 * force when it is to stop. */
static void
on_qmp_closed(void *data)
{
    Machine *machine = data;
    machine->monitor_lost = TRUE;
    machine_questions_go(machine);
    g_debug("instance %s: QEMU closed its monitor", machine->key);
}

static void
on_greeting_late(void *data)
{
    Machine *machine = data;
    machine->greeting_timer = 0;
    g_warning("instance %s: QEMU does not greet", machine->key);
    /* One that ran before us may have its reasons; it is not ours to end. */
    if (machine->adopted || !machine->qemu_watch)
        return;
    machine->why_ended = g_strdup_printf("QEMU did not greet within %" G_GINT64_FORMAT " s.", GREETING_TIMEOUT / USEC_PER_SEC);
    process_watch_kill(machine->qemu_watch, SIGKILL);
}

/* ---- the consoles ---- */

static void
on_refused(const char *file, const char *text, void *data)
{
    Machine *machine = data;
    if (machine->agent || !machine->spec->secure_boot)
        return;
    g_free(machine->refused_file);
    machine->refused_file = g_strdup(file);
    machine_run_write(machine);
    machine_emit(machine, HOST_BOOT_REFUSED, ARM_SECURE_BOOT_REFUSED, text, file);
}

static void
on_flooded(guint64 cap, void *data)
{
    Machine *machine = data;
    g_autofree char *message = g_strdup_printf("The guest writes more to its serial console than the %" G_GUINT64_FORMAT
                                               " MiB that are kept of one boot: what is older is cut.",
                                               cap >> 20);
    machine_emit(machine, HOST_WARNING, ARM_TOO_MANY_REQUESTS, message, NULL);
}

static Console *
log_follow(Machine *machine, const char *name, guint64 cap, const ConsoleCallbacks *callbacks, GError **error)
{
    g_autofree char *path = folder_file(machine->folder, name);
    return console_watch(machine->host->logs, path, cap, callbacks, machine, error);
}

static gboolean
logs_follow(Machine *machine, GError **error)
{
    static const ConsoleCallbacks console = { on_refused, on_flooded }, silent = { NULL, NULL };
    machine->console = log_follow(machine, "serial.log", machine->host->serial_cap, &console, error);
    machine->qemu_log = log_follow(machine, "qemu.log", PROGRAM_LOG_CAP, &silent, NULL);
    machine->swtpm_log = machine->spec->vtpm ? log_follow(machine, "swtpm.log", PROGRAM_LOG_CAP, &silent, NULL) : NULL;
    if (machine->console && !machine->adopted)
        console_trust(machine->console, TRUE);
    return machine->console != NULL;
}

gboolean
machine_follow(Machine *machine, GError **error)
{
    static const QmpCallbacks callbacks = { on_qmp_ready, on_qmp_event, on_qmp_closed };
    g_autofree char *qmp_path = folder_file(machine->folder, "qmp.sock");
    if (!logs_follow(machine, error))
        return FALSE;
    machine->qmp = qmp_connect(qmp_path, machine->host->context, &callbacks, machine, error);
    machine->greeting_timer = machine_timer(machine, GREETING_TIMEOUT, on_greeting_late);
    return machine->qmp != NULL;
}
