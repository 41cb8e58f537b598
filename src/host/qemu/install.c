#include "host/qemu/install.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define PREVIOUS_FOLDER "previous"
/* Being filled; renamed to previous/<generation> when it has its parts.json. */
#define RETIRING_FOLDER "previous.new"
#define OS_DISK         "os.qcow2"
#define GUEST_STATE     "guest-state.json"

static gboolean
folder_sync(const char *folder, GError **error)
{
    AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (fd >= 0 && fsync(fd) == 0) || io_fail(error, "sync", folder);
}

/* What ran here owned the folder: a link where a folder belongs would lead us, who are root,
 * elsewhere. Nothing runs now, so what is looked at stays as it is. */
static gboolean
links_drop(const char *folder, GError **error)
{
    static const char *const names[] = { NEXT_FOLDER, PREVIOUS_FOLDER, RETIRING_FOLDER, "vtpm" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        struct stat st;
        g_autofree char *path = folder_file(folder, names[i]);
        if (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) && unlink(path) != 0)
            return io_fail(error, "remove", path);
    }
    return TRUE;
}

/* Moves folder/name to target/name; one that is not there has been moved already. */
static gboolean
part_move(const char *folder, const char *name, const char *target, GError **error)
{
    g_autofree char *from = folder_file(folder, name), *to = folder_file(target, name);
    struct stat st;
    if (lstat(from, &st) != 0)
        return errno == ENOENT || io_fail(error, "move", from);
    /* A folder does not replace one that has content. */
    if (S_ISDIR(st.st_mode) && !folder_remove(to, error))
        return FALSE;
    return rename(from, to) == 0 || io_fail(error, "move", from);
}

/* ---- out ---- */

static gboolean
retired_settle(const char *folder, GError **error)
{
    FolderParts parts;
    g_autofree char *retiring = folder_file(folder, RETIRING_FOLDER);
    g_autofree char *previous = folder_file(folder, PREVIOUS_FOLDER);
    if (!folder_parts_read(retiring, &parts, error) || !folder_make(previous, error))
        return FALSE;
    g_autofree char *unit = g_strdup_printf("%s/%" G_GUINT64_FORMAT, previous, parts.disk);
    return folder_remove(unit, error) && (rename(retiring, unit) == 0 || io_fail(error, "keep", retiring)) &&
           folder_sync(previous, error);
}

/* The unit's parts.json goes last: while the folder has one, the unit is not complete. */
static gboolean
unit_retire(const char *folder, gint64 now, GError **error)
{
    static const char *const unit[] = { "vars.fd", "vtpm", OS_DISK };
    FolderParts parts;
    g_autofree char *retiring = folder_file(folder, RETIRING_FOLDER);
    g_autofree char *old_parts = folder_file(folder, PARTS_FILE);

    if (!folder_parts_read(folder, &parts, error) || !folder_make(retiring, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(unit); i++) {
        if (!part_move(folder, unit[i], retiring, error))
            return FALSE;
    }
    parts.retired = now;
    return folder_parts_write(retiring, &parts, error) && (unlink(old_parts) == 0 || io_fail(error, "move", old_parts)) &&
           folder_sync(folder, error);
}

/* ---- in ---- */

static gboolean
parts_bring_in(const char *next, const char *folder, GError **error)
{
    static const char *const names[] = { "vars.fd", "vtpm", OS_DISK, "seed.iso" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!part_move(next, names[i], folder, error))
            return FALSE;
    }
    for (guint lun = 0; lun < FOLDER_LUNS; lun++) {
        g_autofree char *path = folder_data_disk("", lun);
        if (!part_move(next, path + 1, folder, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
install_finish(const char *folder, gint64 now, GError **error)
{
    FolderParts parts;
    g_autofree char *next = folder_file(folder, NEXT_FOLDER);
    g_autofree char *vtpm = folder_file(folder, "vtpm");
    g_autofree char *digests = folder_file(folder, GUEST_STATE);

    if (!links_drop(folder, error))
        return FALSE;
    if (!folder_has(folder, NEXT_FOLDER))
        return TRUE;
    if (!folder_has(next, PARTS_FILE))
        return folder_remove(next, error);
    if (!folder_parts_read(next, &parts, error))
        return FALSE;
    if (folder_has(next, OS_DISK) && folder_has(folder, PARTS_FILE) && !unit_retire(folder, now, error))
        return FALSE;
    if (folder_has(folder, RETIRING_FOLDER) && !retired_settle(folder, error))
        return FALSE;
    if (parts.vtpm == 0 && !folder_remove(vtpm, error))
        return FALSE;
    /* They were of the guest state that is replaced. */
    unlink(digests);
    return parts_bring_in(next, folder, error) && part_move(next, PARTS_FILE, folder, error) && folder_sync(folder, error) &&
           folder_remove(next, error);
}

/* ---- what is kept no longer ---- */

gboolean
previous_prune(const char *folder, gint64 now, gint64 retention_s, GError **error)
{
    g_autofree char *previous = folder_file(folder, PREVIOUS_FOLDER);
    /* Through a descriptor: the VM may run, and with it somebody who can put a link in the folder's
     * place. */
    AUTO_FD fd = open(previous, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    g_autofree char *held = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(GDir) dir = fd >= 0 ? g_dir_open(held, 0, NULL) : NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        FolderParts parts;
        g_autofree char *unit = folder_file(held, name);
        if (folder_parts_read(unit, &parts, NULL) && parts.retired + retention_s > now)
            continue;
        if (!folder_remove(unit, error))
            return FALSE;
    }
    return TRUE;
}
