/* From a wish to its end: start, stop, destroy, whatever is found on the way. */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A guest in its firmware or early boot misses the power button; it is pressed again until the grace time is over. */
#define POWER_BUTTON_EVERY (2 * USEC_PER_SEC)

void
machine_emit(Machine *machine, HostEventType type, ArmCode code, const char *message, const char *file)
{
    const HostEvent event = {
        .type = type,
        .key = machine->key,
        .epoch = type != HOST_DESTROYED && machine->spec ? machine->spec->epoch : 0,
        .code = code,
        .message = message,
        .file = file,
        .guest_shutdown = machine->guest_shutdown,
    };
    machine->host->func(&event, machine->host->func_data);
}

static void
timer_stop(Machine *machine, guint *timer)
{
    if (*timer)
        machine->host->clock->timer_remove(machine->host->clock, *timer);
    *timer = 0;
}

void
machine_quiet(Machine *machine)
{
    timer_stop(machine, &machine->stop_timer);
    timer_stop(machine, &machine->repeat_timer);
    timer_stop(machine, &machine->vtpm_timer);
    timer_stop(machine, &machine->greeting_timer);
    g_clear_pointer(&machine->qga, qga_free);
    g_clear_pointer(&machine->qmp, qmp_free);
    g_clear_pointer(&machine->console, console_free);
    g_clear_pointer(&machine->qemu_watch, process_watch_free);
    g_clear_pointer(&machine->swtpm_watch, process_watch_free);
    g_ptr_array_set_size(machine->forwards, 0);
    machine->greeted = machine->agent = machine->refused = machine->stop_sent = FALSE;
    machine->qemu_pid = machine->swtpm_pid = 0;
}

static void
forward_free(void *data)
{
    HostForward *forward = data;
    g_free(forward->host_address);
    g_free(forward);
}

/* ---- a user of its own ---- */

static guint
uid_find(Qemu *host, const char *folder)
{
    FolderParts parts;
    if (host->uid_count == 0)
        return 0;
    if (folder_parts_read(folder, &parts) && parts.uid >= host->uid_first && parts.uid - host->uid_first < host->uid_count)
        return parts.uid;
    g_autoptr(GHashTable) taken = g_hash_table_new(g_direct_hash, g_direct_equal);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, host->machines);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_hash_table_add(taken, GUINT_TO_POINTER(((Machine *)value)->uid));
    for (guint i = 0; i < host->uid_count; i++) {
        if (!g_hash_table_contains(taken, GUINT_TO_POINTER(host->uid_first + i)))
            return host->uid_first + i;
    }
    return G_MAXUINT;
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
    machine->uid = uid_find(host, machine->folder);
    machine->forwards = g_ptr_array_new_with_free_func(forward_free);
    g_hash_table_insert(host->machines, machine->key, machine);
    return machine;
}

void
machine_free(Machine *machine)
{
    machine_quiet(machine);
    launch_spec_free(machine->spec);
    g_ptr_array_unref(machine->forwards);
    g_free(machine->keep_dir);
    g_free(machine->folder);
    g_free(machine->key);
    g_free(machine);
}

/* ---- work in the folder, on a thread ---- */

typedef struct {
    Machine *machine;
    LaunchSpec *spec;           /* to converge to; NULL: remove the folder */
    ConvergeContext context;
    char *folder, *key, *keep_dir;
} Job;

static void
job_free(void *data)
{
    Job *job = data;
    launch_spec_free(job->spec);
    g_free(job->folder);
    g_free(job->key);
    g_free(job->keep_dir);
    g_free(job);
}

/* Data disks outlive the folder; the rename stays on one file system, so nothing is copied. */
static gboolean
data_disks_move(const Job *job, GError **error)
{
    for (guint lun = 0; job->keep_dir && lun < 64; lun++) {
        g_autofree char *from = g_strdup_printf("%s/data-lun%u.qcow2", job->folder, lun);
        g_autofree char *to = g_strdup_printf("%s/%s-lun%u.qcow2", job->keep_dir, job->key, lun);
        if (rename(from, to) != 0 && errno != ENOENT)
            return io_fail(error, "keep the data disk", from);
        if (geteuid() == 0)
            (void)!lchown(to, 0, 0);
    }
    return TRUE;
}

static gboolean
folder_destroy(const Job *job, GError **error)
{
    g_autofree char *fresh = g_strconcat(job->folder, ".new", NULL), *gone = g_strconcat(job->folder, ".gone", NULL);
    if (!data_disks_move(job, error) || !folder_remove(fresh, error) || !folder_remove(gone, error))
        return FALSE;
    if (rename(job->folder, gone) != 0 && errno != ENOENT)
        return io_fail(error, "remove", job->folder);
    return folder_remove(gone, error);
}

static void
job_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Job *job = data;
    GError *error = NULL;
    (void)source;
    (void)cancellable;
    gboolean ok = job->spec ? converge(job->spec, &job->context, &error) : folder_destroy(job, &error);
    if (ok)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
job_start(Machine *machine, const LaunchSpec *spec, GAsyncReadyCallback done)
{
    Job *job = g_new0(Job, 1);
    Qemu *host = machine->host;
    job->machine = machine;
    job->spec = spec ? launch_spec_copy(spec) : NULL;
    job->context = (ConvergeContext){ host->state_dir, host->firmware, host->vtpm_maker, host->why_no_vtpm, machine->uid,
                                      machine->uid };
    job->folder = g_strdup(machine->folder);
    job->key = g_strdup(machine->key);
    job->keep_dir = g_strdup(machine->keep_dir);
    machine->working = TRUE;
    /* The answer comes back on the engine's context, whatever thread asked. */
    g_main_context_push_thread_default(host->context);
    g_autoptr(GTask) task = g_task_new(NULL, NULL, done, machine);
    g_main_context_pop_thread_default(host->context);
    g_task_set_task_data(task, job, job_free);
    g_task_run_in_thread(task, job_run);
}

/* ---- start ---- */

static void
start_fail(Machine *machine, const GError *error)
{
    ArmCode code = error->domain == ARM_ERROR && error->code != ARM_INTERNAL ? (ArmCode)error->code : ARM_VM_START_FAILED;
    machine->wish = WISH_NONE;
    machine_emit(machine, HOST_START_FAILED, code, error->message, NULL);
}

static void
on_converged(GObject *source, GAsyncResult *result, gpointer data)
{
    Machine *machine = data;
    g_autoptr(GError) error = NULL;
    (void)source;
    machine->working = FALSE;
    gboolean ok = g_task_propagate_boolean(G_TASK(result), &error);
    if (machine->host->closing)
        return;
    if (machine->wish == WISH_PREPARE)
        machine->wish = WISH_NONE;
    if (machine->wish == WISH_START && ok)
        ok = machine_launch(machine, &error);
    if (machine->wish == WISH_START && !ok)
        start_fail(machine, error);
    else if (machine->wish == WISH_STOP || machine->wish == WISH_DESTROY)
        machine_go_on(machine);
}

static gboolean
memory_check(const LaunchSpec *spec, GError **error)
{
    g_autofree char *text = NULL;
    const char *at = g_file_get_contents("/proc/meminfo", &text, NULL, NULL) ? strstr(text, "MemAvailable:") : NULL;
    guint64 available = at ? g_ascii_strtoull(at + strlen("MemAvailable:"), NULL, 10) / 1024 : G_MAXUINT64;
    return available >= (guint64)spec->memory_mib + 128 ||
           arm_fail(error, ARM_HOST_CAPACITY, NULL,
                    "This host has %" G_GUINT64_FORMAT " MiB of memory left; the VM needs %u MiB and 128 MiB around it.", available,
                    spec->memory_mib);
}

static void
start_go_on(Machine *machine)
{
    g_autoptr(GError) error = NULL;
    if (machine->qemu_watch) {
        /* It runs already: say so again, for whoever missed it. */
        machine->wish = WISH_NONE;
        if (machine->greeted)
            machine_emit(machine, HOST_STARTED, ARM_N_CODES, NULL, NULL);
        if (machine->agent)
            machine_emit(machine, HOST_AGENT_ANSWERED, ARM_N_CODES, NULL, NULL);
        return;
    }
    if (machine->uid == G_MAXUINT) {
        arm_fail(&error, ARM_HOST_CAPACITY, NULL, "Every user of the range for VMs (--uid-range) is taken.");
        start_fail(machine, error);
    } else if (!memory_check(machine->spec, &error)) {
        start_fail(machine, error);
    } else {
        job_start(machine, machine->spec, on_converged);
    }
}

/* ---- stop ---- */

static void
on_grace_over(void *data)
{
    Machine *machine = data;
    machine->stop_timer = 0;
    if (machine->qemu_watch)
        process_watch_kill(machine->qemu_watch, SIGKILL);
}

static void
power_button(void *data)
{
    Machine *machine = data;
    Clock *clock = machine->host->clock;
    machine->repeat_timer = 0;
    if (machine->qmp && machine->greeted)
        qmp_command(machine->qmp, "system_powerdown", NULL, NULL, NULL);
    machine->repeat_timer = clock->timer_add(clock, clock->now(clock) + POWER_BUTTON_EVERY, power_button, machine);
}

static void
stop_go_on(Machine *machine)
{
    Clock *clock = machine->host->clock;
    if (!machine->qemu_watch) {
        machine->wish = WISH_NONE;
        machine_emit(machine, HOST_EXITED, ARM_N_CODES, NULL, NULL);
        return;
    }
    machine->stop_asked = TRUE;
    if (machine->grace_usec <= 0 || machine->refused || machine->wish == WISH_DESTROY) {
        process_watch_kill(machine->qemu_watch, SIGKILL);
        return;
    }
    if (machine->stop_sent)
        return;
    machine->stop_sent = TRUE;
    if (machine->agent && machine->qga)
        qga_shutdown(machine->qga);
    power_button(machine);
    machine->stop_timer = clock->timer_add(clock, clock->now(clock) + machine->grace_usec, on_grace_over, machine);
}

/* ---- destroy ---- */

static void
on_destroyed(GObject *source, GAsyncResult *result, gpointer data)
{
    Machine *machine = data;
    g_autoptr(GError) error = NULL;
    (void)source;
    machine->working = FALSE;
    if (!g_task_propagate_boolean(G_TASK(result), &error))
        g_warning("instance %s is not fully removed: %s", machine->key, error->message);
    if (machine->host->closing)
        return;
    machine_emit(machine, HOST_DESTROYED, ARM_N_CODES, NULL, NULL);
    g_hash_table_remove(machine->host->machines, machine->key);
}

void
machine_go_on(Machine *machine)
{
    if (machine->working)
        return;
    switch (machine->wish) {
    case WISH_NONE:
        return;
    case WISH_PREPARE:
        if (machine->qemu_watch)
            machine->wish = WISH_NONE;
        else
            job_start(machine, machine->spec, on_converged);
        return;
    case WISH_START:
        start_go_on(machine);
        return;
    case WISH_STOP:
        stop_go_on(machine);
        return;
    case WISH_DESTROY:
        if (machine->qemu_watch)
            stop_go_on(machine);
        else
            job_start(machine, NULL, on_destroyed);
        return;
    }
}
