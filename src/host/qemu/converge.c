#include "host/qemu/converge.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/attach.h"
#include "host/qemu/folder.h"
#include "host/qemu/guest_state.h"
#include "host/qemu/install.h"
#include "host/qemu/keep.h"
#include "host/qemu/make.h"
#include "host/qemu/previous.h"
#include "host/reach.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define VTPM_STATE "tpm2-00.permall"

static void
work_clear(Work *work)
{
    g_free(work->folder);
    g_free(work->next);
    g_free(work->image);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

ConvergePlan
converge_plan(const LaunchSpec *spec, const FolderParts *parts, const gboolean is_kept[N_PARTS], gboolean has_seed,
              gboolean has_vars)
{
    ConvergePlan plan = { .data = parts->data != 0 && spec->data_gen > parts->data };
    for (Part part = 0; part < N_PARTS; part++)
        plan.part[part] = part_source(part_wanted(spec, part), parts->of[part], parts->past[part], is_kept[part]);
    /* The seed names the disk's generation; one of a disk that comes back is the same as it was. */
    plan.seed = plan.part[PART_DISK] != SOURCE_PRESENT || !has_seed;
    plan.vars = plan.part[PART_VARS] == SOURCE_FRESH || (plan.part[PART_VARS] == SOURCE_PRESENT && !has_vars);
    return plan;
}

/* ---- one folder ---- */

static gboolean
same_parts(const FolderParts *a, const FolderParts *b)
{
    return memcmp(a->of, b->of, sizeof a->of) == 0 && memcmp(a->past, b->past, sizeof a->past) == 0 && a->data == b->data &&
           a->os_disk_gib == b->os_disk_gib && a->uid == b->uid;
}

static FolderParts
parts_wanted(const Work *work)
{
    const LaunchSpec *spec = work->spec;
    FolderParts wanted = work->parts;
    for (Part part = 0; part < N_PARTS; part++) {
        wanted.of[part] = part_wanted(spec, part);
        wanted.past[part] = part_past_with(wanted.past[part], wanted.of[part]);
    }
    wanted.data = MAX(wanted.data, spec->data_gen);
    wanted.os_disk_gib = spec->os_disk_gib;
    wanted.uid = work->context->uid;
    wanted.retired = work->context->now;
    return wanted;
}

static gboolean
is_empty(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    return dir && g_dir_read_name(dir) == NULL;
}

/* Where what is not made lies; NULL: it is made. */
static char *
kept_path(const Work *work, Part part)
{
    switch (work->plan.part[part]) {
    case SOURCE_PRESENT:
        return folder_file(work->folder, part_file(part));
    case SOURCE_PREVIOUS:
        return previous_find(work->folder, part, work->parts_wanted.of[part]);
    case SOURCE_NONE:
    case SOURCE_FRESH:
    case SOURCE_LOST:
        break;
    }
    return NULL;
}

/* What is kept has to be there: what is lost is said, never quietly made again. */
static gboolean
kept_check(const Work *work, GError **error)
{
    g_autofree char *disk = kept_path(work, PART_DISK), *vtpm = kept_path(work, PART_VTPM);
    struct stat st;
    for (Part part = 0; part < N_PARTS; part++) {
        if (work->plan.part[part] == SOURCE_LOST)
            return part_lost_fail(part, part_wanted(work->spec, part), error);
    }
    if (disk && lstat(disk, &st) != 0)
        return arm_fail(error, ARM_VM_START_FAILED, NULL,
                        "The OS disk is missing from the instance's folder '%s'. What was on it is "
                        "lost; a reimage makes a new one.",
                        work->folder);
    if (vtpm && !folder_has(vtpm, VTPM_STATE))
        return arm_fail(error, ARM_VTPM_FAILED, NULL,
                        "The vTPM's state is missing from the instance's folder '%s'. Its keys are "
                        "lost; a reimage makes a new one.",
                        work->folder);
    return TRUE;
}

static void
plan_make(Work *work)
{
    gboolean is_kept[N_PARTS];
    for (Part part = 0; part < N_PARTS; part++) {
        g_autofree char *path = previous_find(work->folder, part, part_wanted(work->spec, part));
        is_kept[part] = path != NULL;
    }
    work->parts_wanted = parts_wanted(work);
    work->plan = converge_plan(work->spec, &work->parts, is_kept, folder_has(work->folder, "seed.iso"),
                               folder_has(work->folder, "vars.fd"));
}

static gboolean
disks_check(const Work *work, GError **error)
{
    for (guint i = 0; i < work->spec->data_disks->len; i++) {
        if (!attach_check(work->context->state_dir, work->folder, g_ptr_array_index(work->spec->data_disks, i), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
os_disk_grow(const Work *work, const char *path, GError **error)
{
    return work->spec->os_disk_gib == 0 || disk_grow(path, work->spec->os_disk_gib, work_user(work), error);
}

/* All that can go wrong without anything having changed. */
static gboolean
parts_make(Work *work, GError **error)
{
    g_autofree char *os_disk = folder_file(work->folder, "os.qcow2");
    plan_make(work);
    if (!kept_check(work, error) || !disks_check(work, error) || !folder_make(work->next, error) ||
        !work_own(work, work->next, error) || !make_planned(work, error))
        return FALSE;
    return work->plan.part[PART_DISK] != SOURCE_PRESENT || os_disk_grow(work, os_disk, error);
}

static gboolean
parts_install(const Work *work, GError **error)
{
    if (same_parts(&work->parts_wanted, &work->parts) && is_empty(work->next))
        return folder_remove(work->next, error);
    return folder_parts_write(work->next, &work->parts_wanted, error) && install_finish(work->folder, error);
}

/* What can only be done in the instance's own folder: it would go with a new one that is not completed. */
static gboolean
disks_settle(const Work *work, const char *folder, GError **error)
{
    g_autofree char *os_disk = folder_file(folder, "os.qcow2");
    for (guint i = 0; i < work->spec->data_disks->len; i++) {
        const LaunchDisk *disk = g_ptr_array_index(work->spec->data_disks, i);
        g_autofree char *here = folder_data_disk(folder, disk->lun);
        if (disk->file && (!attach(work->context->state_dir, folder, disk, work_user(work), error) ||
                           !disk_grow(here, disk->size_gib, work_user(work), error)))
            return FALSE;
    }
    return work->plan.part[PART_DISK] != SOURCE_PREVIOUS || os_disk_grow(work, os_disk, error);
}

static gboolean
folder_open(Work *work, GError **error)
{
    const ConvergeContext *context = work->context;
    if (!install_finish(work->folder, error))
        return FALSE;
    if (!folder_parts_read(work->folder, &work->parts, error)) {
        g_prefix_error(error, "It cannot be told what the instance's folder holds, so it is left as "
                              "it is; delete the instance (its data disks are kept): ");
        return FALSE;
    }
    const char *changed = guest_state_changed(work->folder);
    if (changed)
        g_warning("%s: the %s changed while the VM was off", work->folder, changed);
    return work->parts.uid == context->uid || work_own(work, work->folder, error);
}

/* First of all, since another may take its LUN. */
static gboolean
disks_leave(const Work *work, GError **error)
{
    for (guint i = 0; i < work->spec->leaving->len; i++) {
        if (!keep_back(work->context->state_dir, work->folder, g_ptr_array_index(work->spec->leaving, i), error))
            return FALSE;
    }
    return TRUE;
}

/* It goes on plain where that does not go: a start is not what it is worth. */
static void
vtpm_settle(const Work *work, const char *folder)
{
    const ConvergeContext *context = work->context;
    g_autoptr(GError) error = NULL;
    if (work->spec->vtpm && context->vtpm_maker &&
        !vtpm_bring_under_key(context->vtpm_maker, folder, context->uid, context->gid, &error))
        g_warning("the vTPM of %s stays as it is, not encrypted: %s", work->spec->key, error->message);
}

static gboolean
folder_begin(const Work *work, GError **error)
{
    return folder_remove(work->folder, error) && folder_make(work->folder, error) && work_own(work, work->folder, error);
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
    if (!(fresh ? folder_begin(&work, error) : folder_open(&work, error) && disks_leave(&work, error)))
        return FALSE;
    if (!parts_make(&work, error)) {
        folder_remove(fresh ? work.folder : work.next, NULL);
        return FALSE;
    }
    /* From here on a failure is no way back: the next call goes on. */
    if (!parts_install(&work, error))
        return FALSE;
    if (fresh && rename(work.folder, folder) != 0)
        return io_fail(error, "make", folder);
    if (!disks_settle(&work, folder, error))
        return FALSE;
    vtpm_settle(&work, folder);
    g_autoptr(GError) unpruned = NULL;
    if (!previous_prune(folder, spec, context->now, context->retention_s, &unpruned))
        g_warning("%s", unpruned->message);
    return TRUE;
}
