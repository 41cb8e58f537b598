/* The processes of one VM: started, connected to, and their ends noticed. */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/argv.h"
#include "host/qemu/folder.h"
#include "host/qemu/line_socket.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define GREETING_TIMEOUT (30 * USEC_PER_SEC)
/* QEMU and swtpm end almost together; only a swtpm that is gone well before its QEMU has died. */
#define VTPM_GRACE (300 * USEC_PER_MSEC)
#define LOG_WORDS 4096

/* ---- what is left behind for the next daemon ---- */

void
machine_run_write(const Machine *machine)
{
    g_autofree char *path = folder_file(machine->folder, "run.json");
    g_autoptr(json_t) spec = launch_spec_json(machine->spec);
    g_autoptr(json_t) run = json_pack("{si sI si sI sb sO}", "qemu", (int)machine->qemu_pid, "qemuStart",
                                      (json_int_t)process_start_time(machine->qemu_pid), "swtpm", (int)machine->swtpm_pid,
                                      "swtpmStart", (json_int_t)process_start_time(machine->swtpm_pid), "agent", machine->agent,
                                      "spec", spec);
    g_autofree char *text = json_text(run);
    g_autoptr(GError) error = NULL;
    /* Not synced: it means something as long as the processes live, and they do not outlive the host. */
    if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
        g_warning("%s", error->message);
}

/* ---- what QEMU and the guest say ---- */

static void
on_agent(void *data)
{
    Machine *machine = data;
    if (machine->agent)
        return;
    machine->agent = TRUE;
    if (machine->console)
        console_trust_ends(machine->console);
    machine_run_write(machine);
    machine_emit(machine, HOST_AGENT_ANSWERED, ARM_N_CODES, NULL, NULL);
}

static void
agent_connect(Machine *machine)
{
    g_autofree char *path = folder_file(machine->folder, "qga.sock");
    g_autoptr(GError) error = NULL;
    if (machine->qga) {
        qga_sync(machine->qga);
        return;
    }
    machine->qga = qga_connect(path, machine->host->context, machine->host->clock, on_agent, machine, &error);
    if (!machine->qga)
        g_warning("instance %s: %s", machine->key, error->message);
}

static void
on_io_error(Machine *machine, const json_t *data)
{
    if (!json_is_true(json_object_get(data, "nospace")))
        return;
    machine_emit(machine, HOST_WARNING, ARM_HOST_DISK_FULL,
                 "The host's disk is full: the VM is paused in the middle of a write. Make room, then restart the instance.", NULL);
}

static void
on_qmp_event(const char *name, const json_t *event_data, void *data)
{
    Machine *machine = data;
    if (strcmp(name, "VSERPORT_CHANGE") == 0) {
        if (json_is_true(json_object_get(event_data, "open")))
            agent_connect(machine);
    } else if (strcmp(name, "SHUTDOWN") == 0) {
        machine->guest_shutdown = json_is_true(json_object_get(event_data, "guest"));
    } else if (strcmp(name, "BLOCK_IO_ERROR") == 0) {
        on_io_error(machine, event_data);
    }
}

/* HMP "info usernet": TCP[HOST_FORWARD]  FD  127.0.0.1 PORT  10.0.2.15 PORT … */
static void
on_usernet(const json_t *result, const char *error_text, void *data)
{
    Machine *machine = data;
    (void)error_text;
    g_auto(GStrv) lines = g_strsplit(json_string_value(result) ? json_string_value(result) : "", "\n", -1);
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

/* After an adoption: is the agent's end of the channel open? */
static void
on_chardevs(const json_t *result, const char *error_text, void *data)
{
    Machine *machine = data;
    (void)error_text;
    for (size_t i = 0; i < json_array_size(result); i++) {
        const json_t *device = json_array_get(result, i);
        if (g_strcmp0(json_member_text(device, "label"), "qga") == 0 && json_is_true(json_object_get(device, "frontend-open")))
            agent_connect(machine);
    }
}

static void
on_qmp_ready(void *data)
{
    Machine *machine = data;
    Clock *clock = machine->host->clock;
    machine->greeted = TRUE;
    if (machine->greeting_timer)
        clock->timer_remove(clock, machine->greeting_timer);
    machine->greeting_timer = 0;
    qmp_command(machine->qmp, "human-monitor-command", json_pack("{ss}", "command-line", "info usernet"), on_usernet, machine);
    qmp_command(machine->qmp, "query-chardev", NULL, on_chardevs, machine);
    if (machine->wish == WISH_START) {
        machine->wish = WISH_NONE;
        machine_emit(machine, HOST_STARTED, ARM_N_CODES, NULL, NULL);
    }
}

/* The process's end is seen by its pidfd; the connection's adds nothing. */
static void
on_qmp_closed(void *data)
{
    (void)data;
}

static void
on_refused(const char *file, const char *text, void *data)
{
    Machine *machine = data;
    if (machine->agent || !machine->spec->secure_boot)
        return;
    machine->refused = TRUE;
    machine_emit(machine, HOST_BOOT_REFUSED, ARM_SECURE_BOOT_REFUSED, text, file);
}

static void
on_flooded(guint64 cap, void *data)
{
    Machine *machine = data;
    g_autofree char *message = g_strdup_printf("The guest writes more to its serial console than the %" G_GUINT64_FORMAT
                                               " MiB that are kept: the older half of the log was cut.",
                                               cap >> 20);
    machine_emit(machine, HOST_WARNING, ARM_TOO_MANY_REQUESTS, message, NULL);
}

/* ---- ends ---- */

/* QEMU's last line says why it ended; swtpm's first one, because what follows it is consequence. */
static char *
log_words(const Machine *machine, const char *name, gboolean last)
{
    g_autofree char *path = folder_file(machine->folder, name);
    g_autofree char *text = NULL;
    gsize length;
    if (!g_file_get_contents(path, &text, &length, NULL) || length == 0)
        return NULL;
    g_strchomp(text);
    if (!last)
        return g_utf8_make_valid(text, (gssize)strcspn(text, "\n"));
    gsize from = strlen(text) > LOG_WORDS ? strlen(text) - LOG_WORDS : 0;
    const char *line = strrchr(text + from, '\n');
    return g_utf8_make_valid(line ? line + 1 : text + from, -1);
}

static void
on_qemu_ended(void *data)
{
    Machine *machine = data;
    gboolean was_greeted = machine->greeted, asked = machine->stop_asked, vtpm_died = machine->vtpm_died;
    gboolean starting = machine->wish == WISH_START && !was_greeted;
    g_autofree char *qemu_words = log_words(machine, "qemu.log", /* last= */ TRUE);
    g_autofree char *swtpm_words = log_words(machine, "swtpm.log", /* last= */ FALSE);

    if (machine->swtpm_watch)
        process_watch_kill(machine->swtpm_watch, SIGKILL);
    machine_quiet(machine);
    machine->stop_asked = machine->vtpm_died = FALSE;
    if (machine->wish == WISH_DESTROY) {
        machine_go_on(machine);
        return;
    }
    machine->wish = WISH_NONE;
    if (starting && !asked) {
        gboolean vtpm = swtpm_words != NULL && machine->spec->vtpm;
        g_autofree char *message =
            vtpm ? g_strdup_printf("The vTPM did not start: %s", swtpm_words)
                 : g_strdup_printf("QEMU did not start: %s", qemu_words ? qemu_words : "it ended without a word");
        machine_emit(machine, HOST_START_FAILED, vtpm ? ARM_VTPM_FAILED : ARM_VM_START_FAILED, message, NULL);
    } else if (vtpm_died) {
        machine_emit(machine, HOST_EXITED, ARM_VTPM_FAILED,
                     "The vTPM's process (swtpm) ended, and the VM was stopped: without its vTPM it is not what it should be.",
                     NULL);
    } else if (asked || machine->guest_shutdown) {
        machine_emit(machine, HOST_EXITED, ARM_N_CODES, NULL, NULL);
    } else {
        g_autofree char *message =
            g_strdup_printf("The VM's process ended, and nobody had asked for it%s%s", qemu_words ? ": " : ".",
                            qemu_words ? qemu_words : "");
        machine_emit(machine, HOST_EXITED, ARM_VM_EXITED, message, NULL);
    }
    machine->guest_shutdown = FALSE;
}

static void
on_vtpm_gone(void *data)
{
    Machine *machine = data;
    machine->vtpm_timer = 0;
    if (!machine->qemu_watch)
        return;
    machine->vtpm_died = TRUE;
    process_watch_kill(machine->qemu_watch, SIGKILL);
}

static void
on_swtpm_ended(void *data)
{
    Machine *machine = data;
    Clock *clock = machine->host->clock;
    machine->vtpm_timer = clock->timer_add(clock, clock->now(clock) + VTPM_GRACE, on_vtpm_gone, machine);
}

static void
on_greeting_late(void *data)
{
    Machine *machine = data;
    machine->greeting_timer = 0;
    g_warning("instance %s: QEMU did not greet in time", machine->key);
    if (machine->qemu_watch)
        process_watch_kill(machine->qemu_watch, SIGKILL);
}

gboolean
machine_connect(Machine *machine, GError **error)
{
    static const QmpCallbacks qmp_callbacks = { on_qmp_ready, on_qmp_event, on_qmp_closed };
    static const ConsoleCallbacks console_callbacks = { on_refused, on_flooded };
    Qemu *host = machine->host;
    g_autofree char *qmp_path = folder_file(machine->folder, "qmp.sock");
    g_autofree char *serial = folder_file(machine->folder, "serial.log");

    machine->qemu_watch = process_watch(machine->qemu_pid, host->context, on_qemu_ended, machine);
    if (!machine->qemu_watch)
        return arm_fail(error, ARM_VM_START_FAILED, NULL, "QEMU ended as soon as it was started.");
    if (machine->swtpm_pid) {
        machine->swtpm_watch = process_watch(machine->swtpm_pid, host->context, on_swtpm_ended, machine);
        if (!machine->swtpm_watch)
            on_swtpm_ended(machine);
    }
    machine->qmp = qmp_connect(qmp_path, host->context, &qmp_callbacks, machine, error);
    if (!machine->qmp)
        return FALSE;
    machine->console =
        console_watch(serial, host->serial_cap, host->context, host->clock, &console_callbacks, machine, error);
    machine->greeting_timer =
        host->clock->timer_add(host->clock, host->clock->now(host->clock) + GREETING_TIMEOUT, on_greeting_late, machine);
    return machine->console != NULL;
}

/* ---- start ---- */

typedef struct {
    int lock, qmp, qga, tpm, swtpm;
} Descriptors;

static void
descriptors_clear(Descriptors *fds)
{
    const int all[] = { fds->lock, fds->qmp, fds->qga, fds->tpm, fds->swtpm };
    for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i] >= 0)
            close(all[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Descriptors, descriptors_clear)

static int
lock_take(const Machine *machine, GError **error)
{
    g_autofree char *path = folder_file(machine->folder, "lock");
    AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        io_fail(error, "open", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        arm_fail(error, ARM_VM_START_FAILED, NULL, "A process that is not known holds '%s': the VM runs already.", path);
        return -1;
    }
    return fd_steal(&fd);
}

static gboolean
descriptors_open(const Machine *machine, Descriptors *fds, GError **error)
{
    g_autofree char *qmp = folder_file(machine->folder, "qmp.sock"), *qga = folder_file(machine->folder, "qga.sock");
    int pair[2];
    fds->lock = lock_take(machine, error);
    fds->qmp = fds->lock >= 0 ? line_socket_listen(qmp, error) : -1;
    fds->qga = fds->qmp >= 0 ? line_socket_listen(qga, error) : -1;
    if (fds->qga < 0)
        return FALSE;
    if (!machine->spec->vtpm)
        return TRUE;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return io_fail(error, "make a socket pair for", machine->key);
    fds->tpm = pair[0];
    fds->swtpm = pair[1];
    return TRUE;
}

static gboolean
serial_prepare(const Machine *machine, GError **error)
{
    g_autofree char *path = folder_file(machine->folder, "serial.log");
    console_rotate(machine->folder);
    AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || (machine->uid && fchown(fd, machine->uid, machine->uid) != 0))
        return io_fail(error, "write", path);
    return TRUE;
}

static pid_t
part_start(const Machine *machine, char **argv, const int *keep, const char *log_name, GError **error)
{
    g_autofree char *log = folder_file(machine->folder, log_name);
    const ProcessStart start = {
        .argv = (const char *const *)argv,
        .keep_fds = keep,
        .log_file = log,
        .group = strcmp(machine->host->accelerator, "kvm") == 0 ? "kvm" : NULL,
        .uid = machine->uid,
        .gid = machine->uid,
    };
    return process_start(&start, error);
}

gboolean
machine_launch(Machine *machine, GError **error)
{
    const Qemu *host = machine->host;
    g_auto(Descriptors) fds = { -1, -1, -1, -1, -1 };

    if (!serial_prepare(machine, error) || !descriptors_open(machine, &fds, error))
        return FALSE;
    const ArgvContext context = {
        .qemu = host->qemu,
        .swtpm = host->swtpm,
        .accelerator = host->accelerator,
        .folder = machine->folder,
        .firmware_code = machine->spec->trusted_launch ? host->firmware->secure_code : host->firmware->plain_code,
        .bridge = host->bridge,
        .outbound = host->outbound,
        .forward_ports = host->forward_ports,
        .n_forward_ports = host->n_forward_ports,
        .qmp_fd = fds.qmp,
        .qga_fd = fds.qga,
        .tpm_fd = fds.tpm,
        .swtpm_fd = fds.swtpm,
        .sandbox = TRUE,
    };
    g_auto(GStrv) qemu_argv = argv_qemu(machine->spec, &context);
    g_auto(GStrv) swtpm_argv = argv_swtpm(machine->spec, &context);
    const int qemu_keep[] = { fds.lock, fds.qmp, fds.qga, fds.tpm, -1 }, swtpm_keep[] = { fds.swtpm, -1 };
    g_autofree char *swtpm_log = folder_file(machine->folder, "swtpm.log");

    if (!argv_check(machine->spec, (const char *const *)qemu_argv, error))
        return FALSE;
    unlink(swtpm_log);
    machine->swtpm_pid = machine->spec->vtpm ? part_start(machine, swtpm_argv, swtpm_keep, "swtpm.log", error) : 0;
    if (machine->swtpm_pid < 0)
        return FALSE;
    machine->qemu_pid = part_start(machine, qemu_argv, qemu_keep, "qemu.log", error);
    machine->guest_shutdown = machine->stop_asked = FALSE;
    if (machine->qemu_pid > 0) {
        machine_run_write(machine);
        if (machine_connect(machine, error))
            return TRUE;
        kill(machine->qemu_pid, SIGKILL);
    }
    /* swtpm ends by itself when the last end of its pair is closed. */
    machine_quiet(machine);
    return FALSE;
}
