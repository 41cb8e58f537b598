#include "host/qemu/converge.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "host/qemu/disk.h"
#include "host/qemu/folder.h"
#include "host/reach.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define PARTS_FILE "parts.json"
#define VARS_MAX (64u << 20)
/* A start needs room for the small files it makes, and for what the guest writes right after. */
#define ROOM_NEEDED (256u << 20)

typedef struct {
    const LaunchSpec *spec;
    const ConvergeContext *context;
    char *folder;               /* the work folder: the instance's own, or <key>.new */
    char *image;
    FolderParts parts;
} Work;

static void
work_clear(Work *work)
{
    g_free(work->folder);
    g_free(work->image);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

gboolean
folder_parts_read(const char *folder, FolderParts *ret_parts)
{
    gsize length;
    g_autofree char *path = folder_file(folder, PARTS_FILE);
    g_autofree char *text = file_read(path, 4096, &length, NULL);
    g_autoptr(json_t) object = text ? json_parse(text, length, NULL) : NULL;
    if (!object)
        return FALSE;
    *ret_parts = (FolderParts){
        .disk = (guint64)json_integer_value(json_object_get(object, "disk")),
        .vars = (guint64)json_integer_value(json_object_get(object, "variables")),
        .vtpm = (guint64)json_integer_value(json_object_get(object, "vtpm")),
        .data = (guint64)json_integer_value(json_object_get(object, "data")),
        .os_disk_gib = (guint)json_integer_value(json_object_get(object, "osDiskGiB")),
        .uid = (guint)json_integer_value(json_object_get(object, "uid")),
    };
    return TRUE;
}

static gboolean
parts_write(const Work *work, GError **error)
{
    g_autofree char *path = folder_file(work->folder, PARTS_FILE);
    g_autoptr(json_t) object =
        json_pack("{sI sI sI sI si si}", "disk", (json_int_t)work->parts.disk, "variables", (json_int_t)work->parts.vars, "vtpm",
                  (json_int_t)work->parts.vtpm, "data", (json_int_t)work->parts.data, "osDiskGiB",
                  (int)work->parts.os_disk_gib, "uid", (int)work->parts.uid);
    g_autofree char *text = json_text(object);
    return file_write(path, text, strlen(text), 0600, error);
}

static gboolean
exists_in(const Work *work, const char *name)
{
    g_autofree char *path = folder_file(work->folder, name);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean
own(const Work *work, const char *path, GError **error)
{
    const ConvergeContext *context = work->context;
    if (context->uid == 0 || geteuid() != 0)
        return TRUE;
    return lchown(path, context->uid, context->gid) == 0 || io_fail(error, "give away", path);
}

/* ---- the former disk and guest state, as one unit ---- */

static gboolean
move_into(const Work *work, const char *name, const char *folder, GError **error)
{
    g_autofree char *from = folder_file(work->folder, name), *to = folder_file(folder, name);
    return rename(from, to) == 0 || errno == ENOENT || io_fail(error, "keep", from);
}

static gboolean
disk_keep(const Work *work, GError **error)
{
    static const char *const unit[] = { PARTS_FILE ".old", "vars.fd", "vtpm", "os.qcow2" };
    g_autofree char *previous = folder_file(work->folder, "previous");
    g_autofree char *next = folder_file(work->folder, "previous.new");
    g_autofree char *parts = folder_file(work->folder, PARTS_FILE), *copy = folder_file(work->folder, PARTS_FILE ".old");
    gsize length;

    g_autofree char *kept_copy = folder_file(previous, PARTS_FILE ".old");
    g_autofree char *kept_text = file_read(kept_copy, 4096, &length, NULL);
    g_autofree char *text = file_read(parts, 4096, &length, error);
    if (!text)
        return FALSE;
    /* The unit of this very generation is kept already: a crash came between the move and the record of it, and what lies here
     * is a disk that never ran. */
    if (kept_text && strcmp(kept_text, text) == 0)
        return TRUE;
    if (!folder_make(next, error) || !file_write(copy, text, length, 0600, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(unit); i++) {
        if (!move_into(work, unit[i], next, error))
            return FALSE;
    }
    return folder_remove(previous, error) && (rename(next, previous) == 0 || io_fail(error, "keep", next));
}

/* ---- the parts ---- */

static gboolean
os_disk_make(const Work *work, GError **error)
{
    g_autofree char *fresh = folder_file(work->folder, "os.qcow2.new"), *path = folder_file(work->folder, "os.qcow2");
    return disk_overlay_make(fresh, work->image, work->spec->image_format, work->spec->os_disk_gib, error) &&
           own(work, fresh, error) && (rename(fresh, path) == 0 || io_fail(error, "make", path));
}

static gboolean
seed_fresh(const Work *work, GError **error)
{
    g_autofree char *path = folder_file(work->folder, "seed.iso");
    return seed_make(path, work->spec, error) && own(work, path, error);
}

static gboolean
vars_make(const Work *work, GError **error)
{
    const FirmwareSet *firmware = work->context->firmware;
    const char *template = !work->spec->trusted_launch ? firmware->plain_vars
                           : work->spec->secure_boot   ? firmware->secure_vars_enrolled
                                                       : firmware->secure_vars_empty;
    g_autofree char *path = folder_file(work->folder, "vars.fd");
    gsize length;
    g_autofree char *bytes = file_read(template, VARS_MAX, &length, error);
    return bytes && file_write(path, bytes, length, 0600, error) && own(work, path, error);
}

static gboolean
vtpm_fresh(const Work *work, GError **error)
{
    const ConvergeContext *context = work->context;
    g_autofree char *fresh = folder_file(work->folder, "vtpm.new"), *path = folder_file(work->folder, "vtpm");
    if (!context->vtpm_maker)
        return arm_fail(error, ARM_VTPM_FAILED, NULL, "%s", context->why_no_vtpm);
    return folder_remove(fresh, error) &&
           vtpm_make(context->vtpm_maker, fresh, work->spec->vm_id, context->uid, context->gid, error) &&
           folder_remove(path, error) && (rename(fresh, path) == 0 || io_fail(error, "make", path));
}

static gboolean
data_disks_make(const Work *work, gboolean afresh, GError **error)
{
    for (guint i = 0; i < work->spec->data_disks->len; i++) {
        const LaunchDisk *disk = g_ptr_array_index(work->spec->data_disks, i);
        g_autofree char *name = g_strdup_printf("data-lun%u.qcow2", disk->lun);
        g_autofree char *path = folder_file(work->folder, name), *fresh = g_strconcat(path, ".new", NULL);
        if (!afresh && g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        if (!disk_data_make(fresh, disk->size_gib, error) || !own(work, fresh, error) ||
            (rename(fresh, path) != 0 && !io_fail(error, "make", path)))
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
jobs_run(const Work *work, gboolean (*const *makes)(const Work *work, GError **error), guint n, GError **error)
{
    Job jobs[4] = { 0 };
    g_assert(n <= G_N_ELEMENTS(jobs));
    for (guint i = 0; i < n; i++) {
        jobs[i].work = work;
        jobs[i].make = makes[i];
        jobs[i].thread = i > 0 ? g_thread_new("converge", job_run, &jobs[i]) : NULL;
    }
    if (n > 0)
        job_run(&jobs[0]);
    GError *first = NULL;
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
parts_make(Work *work, GError **error)
{
    const LaunchSpec *spec = work->spec;
    gboolean (*makes[4])(const Work *work, GError **error);
    guint n = 0;
    gboolean disk = work->parts.disk != spec->disk_gen || !exists_in(work, "os.qcow2");
    gboolean vtpm = spec->vtpm_gen != 0 && spec->vtpm_gen != work->parts.vtpm;
    gboolean data = work->parts.data != spec->data_gen;

    if (disk && exists_in(work, "os.qcow2") && !disk_keep(work, error))
        return FALSE;
    if (spec->vtpm_gen != 0 && !vtpm && !exists_in(work, "vtpm/tpm2-00.permall"))
        return arm_fail(error, ARM_VTPM_FAILED, NULL,
                        "The vTPM's state is missing from the instance's folder. Its keys are lost; a reimage makes a new one.");
    if (vtpm)
        makes[n++] = vtpm_fresh;
    if (disk)
        makes[n++] = os_disk_make;
    if (disk || !exists_in(work, "seed.iso"))
        makes[n++] = seed_fresh;
    if (spec->generation == 2 && (disk || work->parts.vars != spec->vars_gen || !exists_in(work, "vars.fd")))
        makes[n++] = vars_make;
    if (!jobs_run(work, makes, n, error) || !data_disks_make(work, data && work->parts.data != 0, error))
        return FALSE;
    g_autofree char *vtpm_folder = folder_file(work->folder, "vtpm"), *disk_path = folder_file(work->folder, "os.qcow2");
    if (spec->vtpm_gen == 0 && !folder_remove(vtpm_folder, error))
        return FALSE;
    if (!disk && spec->os_disk_gib > work->parts.os_disk_gib && !disk_grow(disk_path, spec->os_disk_gib, error))
        return FALSE;
    gboolean changed = n > 0 || data || work->parts.vtpm != spec->vtpm_gen || work->parts.vars != spec->vars_gen ||
                       work->parts.os_disk_gib != spec->os_disk_gib;
    work->parts = (FolderParts){ spec->disk_gen, spec->vars_gen, spec->vtpm_gen, spec->data_gen, spec->os_disk_gib,
                                 work->context->uid };
    return !changed || parts_write(work, error);
}

static gboolean
room_check(const char *state_dir, GError **error)
{
    struct statvfs fs;
    if (statvfs(state_dir, &fs) != 0)
        return io_fail(error, "look at the room in", state_dir);
    guint64 room = (guint64)fs.f_bavail * fs.f_frsize;
    return room >= ROOM_NEEDED || arm_fail(error, ARM_HOST_DISK_FULL, NULL,
                                           "The disk of the state folder '%s' has %" G_GUINT64_FORMAT " MiB left; a VM is not "
                                           "started with less than %u MiB.",
                                           state_dir, room >> 20, ROOM_NEEDED >> 20);
}

static gboolean
image_check(const Work *work, GError **error)
{
    if (access(work->image, R_OK) != 0)
        return arm_fail(error, ARM_IMAGE_UNUSABLE, NULL,
                        "The stored image '%s' (%s) cannot be read: %s. Import the image again.", work->image,
                        work->spec->image_urn, g_strerror(errno));
    return work->context->uid == 0 || path_reachable_by(work->image, work->context->uid, work->context->gid, error);
}

static gboolean
firmware_check(const Work *work, GError **error)
{
    const FirmwareSet *firmware = work->context->firmware;
    const char *why = work->spec->generation != 2   ? NULL
                      : work->spec->trusted_launch ? firmware->why_not_secure
                                                   : firmware->why_not_plain;
    return !why || arm_fail(error, ARM_VM_START_FAILED, NULL, "%s", why);
}

gboolean
converge(const LaunchSpec *spec, const ConvergeContext *context, GError **error)
{
    g_autofree char *folder = folder_path(context->state_dir, spec->key);
    const char *const extension = g_str_equal(spec->image_format, "vpc") ? "vhd" : spec->image_format;
    g_auto(Work) work = { .spec = spec, .context = context };
    gboolean fresh = !g_file_test(folder, G_FILE_TEST_IS_DIR);

    work.image = g_strdup_printf("%s/images/%s.%s", context->state_dir, spec->image_sha256, extension);
    work.folder = fresh ? g_strconcat(folder, ".new", NULL) : g_strdup(folder);
    if (!room_check(context->state_dir, error) || !image_check(&work, error) || !firmware_check(&work, error))
        return FALSE;
    if (fresh && (!folder_remove(work.folder, error) || !folder_make(work.folder, error) || !own(&work, work.folder, error)))
        return FALSE;
    if (!fresh)
        folder_parts_read(folder, &work.parts);
    if (!parts_make(&work, error)) {
        if (fresh)
            folder_remove(work.folder, NULL);
        return FALSE;
    }
    return !fresh || rename(work.folder, folder) == 0 || io_fail(error, "make", folder);
}
