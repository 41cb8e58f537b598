#include "host/qemu/keep.h"

#include "base/file.h"
#include "host/kept_file.h"
#include "host/qemu/attach.h"
#include "host/qemu/folder.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
move(const char *from, const char *to, GError **error)
{
    if (rename(from, to) != 0)
        return io_fail(error, "keep the data disk", from);
    return geteuid() != 0 || lchown(to, 0, 0) == 0 || io_fail(error, "take back", to);
}

GPtrArray *
keep_all(const char *folder, const char *key, const char *keep_dir, GError **error)
{
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify)host_kept_disk_free);
    gboolean moved = FALSE;
    for (guint lun = 0; keep_dir && lun < FOLDER_LUNS; lun++) {
        g_autofree char *from = folder_data_disk(folder, lun);
        g_autofree char *to = g_strdup_printf("%s/%s-lun%u.qcow2", keep_dir, key, lun);
        struct stat st;
        gboolean is_here = lstat(from, &st) == 0;
        if (is_here && !move(from, to, error))
            return NULL;
        moved = moved || is_here;
        if (lstat(to, &st) == 0)
            g_ptr_array_add(kept, host_kept_disk_new(lun, kept_file_size(to), to));
    }
    /* What is about to be removed is the folder that they were in. */
    return !moved || folder_sync(keep_dir, error) ? g_steal_pointer(&kept) : NULL;
}

gboolean
keep_back(const char *state_dir, const char *folder, const LaunchDisk *disk, GError **error)
{
    g_autofree char *here = folder_data_disk(folder, disk->lun), *disks = folder_file(state_dir, "disks");
    struct stat st;
    if (!attach_path_check(state_dir, disk, error))
        return FALSE;
    if (lstat(disk->file, &st) == 0 || lstat(here, &st) != 0)
        return TRUE;
    return move(here, disk->file, error) && folder_sync(disks, error) && folder_sync(folder, error);
}
