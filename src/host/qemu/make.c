#include "host/qemu/make.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"

#define VARS_MAX (64u << 20)

gboolean
work_own(const Work *work, const char *path, GError **error)
{
    return folder_give(path, work->context->uid, work->context->gid, error);
}

DiskUser
work_user(const Work *work)
{
    return (DiskUser){ work->context->uid, work->context->gid };
}

static gboolean
os_disk_make(const Work *work, GError **error)
{
    g_autofree char *path = folder_file(work->next, "os.qcow2");
    return disk_overlay_make(path, work->image, work->spec->image_format, work->spec->os_disk_gib, work_user(work), error);
}

static gboolean
seed_fresh(const Work *work, GError **error)
{
    g_autofree char *path = folder_file(work->next, "seed.iso");
    return seed_make(path, work->spec, error) && work_own(work, path, error);
}

static gboolean
vars_make(const Work *work, GError **error)
{
    const FirmwareSet *firmware = work->context->firmware;
    const char *template = !work->spec->trusted_launch ? firmware->plain_vars
                           : work->spec->secure_boot   ? firmware->secure_vars_enrolled
                                                       : firmware->secure_vars_empty;
    g_autofree char *path = folder_file(work->next, "vars.fd");
    gsize length;
    g_autofree char *bytes = file_read(template, VARS_MAX, &length, error);
    return bytes && file_write(path, bytes, length, 0600, error) && work_own(work, path, error);
}

static gboolean
vtpm_fresh(const Work *work, GError **error)
{
    const ConvergeContext *context = work->context;
    g_autofree char *path = folder_file(work->next, "vtpm");
    if (!context->vtpm_maker)
        return arm_fail(error, ARM_VTPM_FAILED, NULL, "%s", context->why_no_vtpm);
    GError *taking = NULL;
    if (context->vtpm_stock && vtpm_stock_take(context->vtpm_stock, path, context->uid, context->gid, &taking))
        return TRUE;
    if (taking) {
        g_propagate_error(error, taking);
        return FALSE;
    }
    return vtpm_make(context->vtpm_maker, path, context->uid, context->gid, error);
}

/* A disk that is there is kept, and grows where a larger one is wanted; none ever shrinks. One that was kept from a former
 * instance is not ours to make (converge.c). */
static gboolean
data_disks_make(const Work *work, GError **error)
{
    for (guint i = 0; i < work->spec->data_disks->len; i++) {
        const LaunchDisk *disk = g_ptr_array_index(work->spec->data_disks, i);
        g_autofree char *here = folder_data_disk(work->folder, disk->lun);
        g_autofree char *made = folder_data_disk(work->next, disk->lun);
        gboolean keep = !work->plan.data && g_file_test(here, G_FILE_TEST_EXISTS);
        if (disk->file)
            continue;
        if (keep ? !disk_grow(here, disk->size_gib, work_user(work), error)
                 : !disk_data_make(made, disk->size_gib, work_user(work), error))
            return FALSE;
    }
    return TRUE;
}

/* ---- in parallel: each of these mostly waits for a program ---- */

typedef struct {
    const Work *work;
    gboolean (*make)(const Work *work, GError **error);
    GThread *thread;
    GError *error;
} Job;

static gpointer
job_run(gpointer data)
{
    Job *job = data;
    job->make(job->work, &job->error);
    return NULL;
}

static gboolean
jobs_run(Job *jobs, guint n, GError **error)
{
    GError *first = NULL;
    for (guint i = 1; i < n; i++)
        jobs[i].thread = g_thread_new("converge", job_run, &jobs[i]);
    if (n > 0)
        job_run(&jobs[0]);
    for (guint i = 0; i < n; i++) {
        if (jobs[i].thread)
            g_thread_join(jobs[i].thread);
        if (jobs[i].error && !first)
            first = jobs[i].error;
        else
            g_clear_error(&jobs[i].error);
    }
    if (first)
        g_propagate_error(error, first);
    return first == NULL;
}

gboolean
make_planned(const Work *work, GError **error)
{
    const struct {
        gboolean wanted;
        gboolean (*make)(const Work *work, GError **error);
    } parts[] = {
        { work->plan.part[PART_VTPM] == SOURCE_FRESH, vtpm_fresh }, /* the longest first: it runs on this thread */
        { work->plan.part[PART_DISK] == SOURCE_FRESH, os_disk_make },
        { work->plan.seed, seed_fresh },
        { work->plan.vars, vars_make },
    };
    Job jobs[G_N_ELEMENTS(parts)] = { 0 };
    guint n = 0;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].wanted)
            jobs[n++] = (Job){ .work = work, .make = parts[i].make };
    }
    return jobs_run(jobs, n, error) && data_disks_make(work, error);
}
