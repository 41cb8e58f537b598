#include "host/qemu/converge.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/disk.h"
#include "host/qemu/folder.h"
#include "host/qemu/guest_state.h"
#include "host/qemu/install.h"
#include "host/reach.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define VARS_MAX   (64u << 20)
#define VTPM_STATE "vtpm/tpm2-00.permall"

typedef struct {
    const LaunchSpec *spec;
    const ConvergeContext *context;
    char *folder; /* the work folder: the instance's own, or <key>.new */
    char *next;   /* <folder>/next: where what is new is made */
    char *image;
    FolderParts parts;
    ConvergePlan plan;
} Work;

static void
work_clear(Work *work)
{
    g_free(work->folder);
    g_free(work->next);
    g_free(work->image);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

ConvergePlan
converge_plan(const LaunchSpec *spec, const FolderParts *parts, gboolean has_seed, gboolean has_vars)
{
    /* Guest state is never older than the OS disk that it belongs to. */
    gboolean disk = parts->disk != spec->disk_gen;
    return (ConvergePlan){
        .disk = disk,
        .seed = disk || !has_seed,
        .vars = spec->generation == 2 && (disk || parts->vars != spec->vars_gen || !has_vars),
        .vtpm = spec->vtpm_gen != 0 && (disk || parts->vtpm != spec->vtpm_gen),
        .data = parts->data != 0 && parts->data != spec->data_gen,
    };
}

static gboolean
own(const Work *work, const char *path, GError **error)
{
    return folder_give(path, work->context->uid, work->context->gid, error);
}

static DiskUser
disk_user(const Work *work)
{
    return (DiskUser){ work->context->uid, work->context->gid };
}

/* ---- the parts, made in next/ ---- */

static gboolean
os_disk_make(const Work *work, GError **error)
{
    g_autofree char *path = folder_file(work->next, "os.qcow2");
    return disk_overlay_make(path, work->image, work->spec->image_format, work->spec->os_disk_gib, disk_user(work), error);
}

static gboolean
seed_fresh(const Work *work, GError **error)
{
    g_autofree char *path = folder_file(work->next, "seed.iso");
    return seed_make(path, work->spec, error) && own(work, path, error);
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
    return bytes && file_write(path, bytes, length, 0600, error) && own(work, path, error);
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

/* A disk that is there is kept, and grows where a larger one is wanted; none ever shrinks. */
static gboolean
data_disks_make(const Work *work, GError **error)
{
    for (guint i = 0; i < work->spec->data_disks->len; i++) {
        const LaunchDisk *disk = g_ptr_array_index(work->spec->data_disks, i);
        g_autofree char *here = folder_data_disk(work->folder, disk->lun);
        g_autofree char *made = folder_data_disk(work->next, disk->lun);
        gboolean keep = !work->plan.data && g_file_test(here, G_FILE_TEST_EXISTS);
        if (keep ? !disk_grow(here, disk->size_gib, disk_user(work), error)
                 : !disk_data_make(made, disk->size_gib, disk_user(work), error))
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

static gboolean
planned_make(const Work *work, GError **error)
{
    const struct {
        gboolean wanted;
        gboolean (*make)(const Work *work, GError **error);
    } parts[] = {
        { work->plan.vtpm, vtpm_fresh }, /* the longest first: it runs on this thread */
        { work->plan.disk, os_disk_make },
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

/* ---- one folder ---- */

static gboolean
same_parts(const FolderParts *a, const FolderParts *b)
{
    return a->disk == b->disk && a->vars == b->vars && a->vtpm == b->vtpm && a->data == b->data &&
           a->os_disk_gib == b->os_disk_gib && a->uid == b->uid;
}

static gboolean
is_empty(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    return dir && g_dir_read_name(dir) == NULL;
}

/* What is kept has to be there: what is lost is said, never quietly made again. */
static gboolean
kept_check(const Work *work, GError **error)
{
    if (!work->plan.disk && !folder_has(work->folder, "os.qcow2"))
        return arm_fail(error, ARM_VM_START_FAILED, NULL,
                        "The OS disk is missing from the instance's folder '%s'. What was on it is "
                        "lost; a reimage makes a new one.",
                        work->folder);
    if (work->spec->vtpm_gen != 0 && !work->plan.vtpm && !folder_has(work->folder, VTPM_STATE))
        return arm_fail(error, ARM_VTPM_FAILED, NULL,
                        "The vTPM's state is missing from the instance's folder '%s'. Its keys are "
                        "lost; a reimage makes a new one.",
                        work->folder);
    return TRUE;
}

static gboolean
parts_make(Work *work, GError **error)
{
    const LaunchSpec *spec = work->spec;
    const FolderParts wanted = {
        .disk = spec->disk_gen,
        .vars = spec->vars_gen,
        .vtpm = spec->vtpm_gen,
        .data = spec->data_gen,
        .os_disk_gib = spec->os_disk_gib,
        .uid = work->context->uid,
    };
    g_autofree char *os_disk = folder_file(work->folder, "os.qcow2");

    work->plan = converge_plan(spec, &work->parts, folder_has(work->folder, "seed.iso"), folder_has(work->folder, "vars.fd"));
    if (!kept_check(work, error) || !folder_make(work->next, error) || !own(work, work->next, error) ||
        !planned_make(work, error))
        return FALSE;
    if (!work->plan.disk && spec->os_disk_gib && !disk_grow(os_disk, spec->os_disk_gib, disk_user(work), error))
        return FALSE;
    if (same_parts(&wanted, &work->parts) && is_empty(work->next))
        return folder_remove(work->next, error);
    return folder_parts_write(work->next, &wanted, error) && install_finish(work->folder, work->context->now, error);
}

static gboolean
folder_open(Work *work, GError **error)
{
    const ConvergeContext *context = work->context;
    if (!install_finish(work->folder, context->now, error))
        return FALSE;
    if (!folder_parts_read(work->folder, &work->parts, error)) {
        g_prefix_error(error, "It cannot be told what the instance's folder holds, so it is left as "
                              "it is; delete the instance (its data disks are kept): ");
        return FALSE;
    }
    const char *changed = guest_state_changed(work->folder);
    if (changed)
        g_warning("%s: the %s changed while the VM was off", work->folder, changed);
    if (work->parts.uid != context->uid && !own(work, work->folder, error))
        return FALSE;
    return previous_prune(work->folder, context->now, context->retention_s, error);
}

static gboolean
folder_begin(const Work *work, GError **error)
{
    return folder_remove(work->folder, error) && folder_make(work->folder, error) && own(work, work->folder, error);
}

/* ---- before anything is touched ---- */

guint64
host_room(const char *path)
{
    struct statvfs fs;
    return statvfs(path, &fs) == 0 ? (guint64)fs.f_bavail * fs.f_frsize : G_MAXUINT64;
}

static gboolean
room_check(const char *state_dir, GError **error)
{
    guint64 room = host_room(state_dir);
    return room >= HOST_ROOM_NEEDED || arm_fail(error, ARM_HOST_DISK_FULL, NULL,
                                                "The disk of the state folder '%s' has %" G_GUINT64_FORMAT
                                                " MiB left; a VM is not started with less than %u MiB.",
                                                state_dir, room >> 20, HOST_ROOM_NEEDED >> 20);
}

static gboolean
reachable(const Work *work, const char *path, GError **error)
{
    const ConvergeContext *context = work->context;
    return context->uid == 0 || path_reachable_by(path, context->uid, context->gid, error);
}

static gboolean
image_check(const Work *work, GError **error)
{
    if (access(work->image, R_OK) != 0)
        return arm_fail(error, ARM_IMAGE_UNUSABLE, NULL,
                        "The stored image '%s' (%s) cannot be read: %s. Import the image again.", work->image,
                        work->spec->image_urn, g_strerror(errno));
    return reachable(work, work->image, error);
}

static gboolean
firmware_check(const Work *work, GError **error)
{
    const FirmwareSet *firmware = work->context->firmware;
    gboolean trusted = work->spec->trusted_launch;
    if (work->spec->generation != 2)
        return TRUE;
    const char *why = trusted ? firmware->why_not_secure : firmware->why_not_plain;
    if (why)
        return arm_fail(error, ARM_VM_START_FAILED, NULL, "%s", why);
    return reachable(work, trusted ? firmware->secure_code : firmware->plain_code, error);
}

gboolean
converge(const LaunchSpec *spec, const ConvergeContext *context, GError **error)
{
    g_autofree char *folder = folder_path(context->state_dir, spec->key);
    gboolean fresh = !g_file_test(folder, G_FILE_TEST_IS_DIR);
    g_auto(Work) work = { .spec = spec, .context = context };

    work.image = g_strdup_printf("%s/images/%s.%s", context->state_dir, spec->image_sha256,
                                 strcmp(spec->image_format, "vpc") == 0 ? "vhd" : spec->image_format);
    work.folder = fresh ? g_strconcat(folder, ".new", NULL) : g_strdup(folder);
    work.next = folder_file(work.folder, NEXT_FOLDER);
    if (!room_check(context->state_dir, error) || !image_check(&work, error) || !firmware_check(&work, error))
        return FALSE;
    if (!(fresh ? folder_begin(&work, error) : folder_open(&work, error)))
        return FALSE;
    if (!parts_make(&work, error)) {
        folder_remove(fresh ? work.folder : work.next, NULL);
        return FALSE;
    }
    return !fresh || rename(work.folder, folder) == 0 || io_fail(error, "make", folder);
}
