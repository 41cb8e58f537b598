#include "host/qemu/attach.h"

#include "base/error.h"
#include "base/file.h"
#include "host/image_probe.h"
#include "host/qemu/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static gboolean
refuse(const LaunchDisk *disk, const char *why, GError **error)
{
    return arm_fail(error, ARM_VM_START_FAILED, NULL, "The data disk for LUN %u, '%s', cannot be attached: %s.", disk->lun,
                    disk->file, why);
}

gboolean
attach_path_check(const char *state_dir, const LaunchDisk *disk, GError **error)
{
    g_autofree char *disks = g_strconcat(state_dir, "/disks/", NULL);
    const char *name = g_str_has_prefix(disk->file, disks) ? disk->file + strlen(disks) : "";
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/'))
        return refuse(disk, "it is no file of the folder where kept disks lie", error);
    return TRUE;
}

/* -1: *error says why. ret_present FALSE: there is no such file, which is no error. */
static int
kept_open(const LaunchDisk *disk, gboolean *ret_present, GError **error)
{
    guint8 head[IMAGE_PROBE_BYTES];
    g_autoptr(GError) why = NULL;
    struct stat st;
    AUTO_FD fd = open(disk->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *ret_present = fd >= 0 || errno != ENOENT;
    if (fd < 0 || fstat(fd, &st) != 0) {
        io_fail(error, "open", disk->file);
        return -1;
    }
    /* A file with a second name would be given away under that one too. */
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1) {
        refuse(disk, "it is no regular file of its own", error);
        return -1;
    }
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (image_probe(IMAGE_QCOW2, head, n > 0 ? (gsize)n : 0, NULL, 0, &why))
        return fd_steal(&fd);
    refuse(disk, why->message, error);
    return -1;
}

/* -1 without an error: it is attached already. */
static int
attach_begin(const char *state_dir, const char *folder, const LaunchDisk *disk, GError **error)
{
    gboolean is_kept;
    g_autoptr(GError) why = NULL;
    g_autofree char *here = folder_data_disk(folder, disk->lun);
    struct stat st;
    gboolean is_here = lstat(here, &st) == 0;
    if (!attach_path_check(state_dir, disk, error))
        return -1;
    AUTO_FD fd = kept_open(disk, &is_kept, &why);
    if (is_here && !is_kept)
        return -1;
    if (is_here)
        refuse(disk, "the instance has another disk there", error);
    else if (!is_kept)
        refuse(disk, "it is missing", error);
    else if (fd < 0)
        g_propagate_error(error, g_steal_pointer(&why));
    else
        return fd_steal(&fd);
    return -1;
}

gboolean
attach_check(const char *state_dir, const char *folder, const LaunchDisk *disk, GError **error)
{
    GError *why = NULL;
    if (!disk->file)
        return TRUE;
    AUTO_FD fd = attach_begin(state_dir, folder, disk, &why);
    if (why)
        g_propagate_error(error, why);
    return !why;
}

gboolean
attach(const char *state_dir, const char *folder, const LaunchDisk *disk, DiskUser user, GError **error)
{
    GError *why = NULL;
    g_autofree char *here = folder_data_disk(folder, disk->lun), *disks = folder_file(state_dir, "disks");
    if (!disk->file)
        return TRUE;
    AUTO_FD fd = attach_begin(state_dir, folder, disk, &why);
    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    if (fd < 0)
        return TRUE;
    /* The owner first: once it is in the folder it is said to be done. */
    if (user.uid != 0 && geteuid() == 0 && fchown(fd, user.uid, user.gid) != 0)
        return io_fail(error, "give away", disk->file);
    return (rename(disk->file, here) == 0 || io_fail(error, "attach", disk->file)) && folder_sync(folder, error) &&
           folder_sync(disks, error);
}
