/* Work in an instance's folder, on a thread: bringing it to what a LaunchSpec says, or removing it.
 */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/keep.h"

#include <gio/gio.h>
#include <stdio.h>

/* A folder that could not be removed is tried again: what is said to be destroyed is. */
#define DESTROY_AGAIN (30 * USEC_PER_SEC)

typedef struct {
    LaunchSpec *spec; /* to converge to; NULL: remove the folder */
    ConvergeContext context;
    char *folder, *key, *keep_dir;
    GPtrArray *kept; /* of HostKeptDisk; written by the worker */
} Job;

static void
job_free(void *data)
{
    Job *job = data;
    launch_spec_free(job->spec);
    g_free(job->folder);
    g_free(job->key);
    g_free(job->keep_dir);
    g_clear_pointer(&job->kept, g_ptr_array_unref);
    g_free(job);
}

static gboolean
folder_destroy(Job *job, GError **error)
{
    g_autofree char *fresh = g_strconcat(job->folder, ".new", NULL);
    g_autofree char *gone = g_strconcat(job->folder, ".gone", NULL);
    /* Data disks outlive the folder. */
    job->kept = keep_all(job->folder, job->key, job->keep_dir, error);
    if (!job->kept || !folder_remove(fresh, error) || !folder_remove(gone, error))
        return FALSE;
    if (rename(job->folder, gone) != 0 && errno != ENOENT)
        return io_fail(error, "remove", job->folder);
    return folder_remove(gone, error);
}

static void
job_run(GTask *task, gpointer source G_GNUC_UNUSED, gpointer data, GCancellable *cancellable G_GNUC_UNUSED)
{
    Job *job = data;
    GError *error = NULL;
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
    job->spec = spec ? launch_spec_copy(spec) : NULL;
    job->context = (ConvergeContext){
        .state_dir = host->state_dir,
        .firmware = host->firmware,
        .vtpm_maker = host->vtpm_maker,
        .vtpm_stock = host->vtpm_stock,
        .why_no_vtpm = host->why_no_vtpm,
        .uid = machine->uid,
        .gid = machine->uid,
        .now = host->clock->now(host->clock) / USEC_PER_SEC,
        .retention_s = host->retention_s,
    };
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

/* Launches what was prepared, where it is still what is wished for; everything else is the next
 * step's. */
static void
on_converged(GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
    Machine *machine = data;
    const Job *job = g_task_get_task_data(G_TASK(result));
    g_autoptr(GError) error = NULL;
    gboolean ok = g_task_propagate_boolean(G_TASK(result), &error);

    machine->working = FALSE;
    if (machine->host->closing)
        return;
    if (machine->wish != WISH_START || machine->wanted->epoch != job->spec->epoch) {
        machine_nudge(machine);
        return;
    }
    if (ok && machine_launch(machine, &error))
        return;
    if (!machine_alive(machine)) {
        machine_start_fail(machine, error);
        return;
    }
    /* Half of it started; its end is the start's. */
    g_free(machine->why_ended);
    machine->why_ended = g_strdup(error->message);
}

void
machine_converge(Machine *machine)
{
    job_start(machine, machine->spec, on_converged);
}

static void
on_destroy_again(void *data)
{
    Machine *machine = data;
    machine->retry_timer = 0;
    machine_nudge(machine);
}

static void
on_destroyed(GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
    Machine *machine = data;
    const Job *job = g_task_get_task_data(G_TASK(result));
    g_autoptr(GError) error = NULL;
    gboolean ok = g_task_propagate_boolean(G_TASK(result), &error);

    machine->working = FALSE;
    if (machine->host->closing)
        return;
    if (!ok) {
        g_autofree char *message = g_strdup_printf("The instance is not fully removed yet: %s", error->message);
        machine_emit(machine, HOST_WARNING, ARM_INTERNAL, message, NULL);
        machine_timer_stop(machine, &machine->retry_timer);
        machine->retry_timer = machine_timer(machine, DESTROY_AGAIN, on_destroy_again);
        return;
    }
    if (machine->wish != WISH_DESTROY) {
        machine_nudge(machine);
        return;
    }
    machine_emit_destroyed(machine, job->kept);
    g_hash_table_remove(machine->host->machines, machine->key);
}

void
machine_destroy(Machine *machine)
{
    job_start(machine, NULL, on_destroyed);
}
