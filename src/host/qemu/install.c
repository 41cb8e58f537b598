#include "host/qemu/install.h"

#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/previous.h"

#include <stdio.h>
#include <sys/stat.h>

#define GUEST_STATE "guest-state.json"

/* What ran here owned the folder: a link where a folder belongs would lead us, who are root, elsewhere. Nothing runs now, so
 * what is looked at stays as it is. */
static gboolean
links_drop(const char *folder, GError **error)
{
    static const char *const names[] = { NEXT_FOLDER, PREVIOUS_FOLDER, "vtpm" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        struct stat st;
        g_autofree char *path = folder_file(folder, names[i]);
        if (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) && unlink(path) != 0)
            return io_fail(error, "remove", path);
    }
    return TRUE;
}

/* Moves `from` to `to`; one that is not there has been moved already. */
static gboolean
path_move(const char *from, const char *to, GError **error)
{
    struct stat st;
    if (lstat(from, &st) != 0)
        return errno == ENOENT || io_fail(error, "move", from);
    /* A folder does not replace one that has content. */
    if (S_ISDIR(st.st_mode) && !folder_remove(to, error))
        return FALSE;
    return rename(from, to) == 0 || io_fail(error, "move", from);
}

static gboolean
name_move(const char *folder, const char *name, const char *target, GError **error)
{
    g_autofree char *from = folder_file(folder, name), *to = folder_file(target, name);
    return path_move(from, to, error);
}

/* ---- a part that has generations ---- */

static gboolean
put_aside(const char *folder, Part part, guint64 generation, gint64 retired, GError **error)
{
    g_autofree char *from = folder_file(folder, part_file(part));
    g_autofree char *to = previous_path(folder, part, generation, retired);
    g_autofree char *previous = folder_file(folder, PREVIOUS_FOLDER);
    return folder_make(previous, error) && path_move(from, to, error);
}

/* Where the new one waits; NULL: it is in its place. */
static char *
coming(const char *folder, Part part, const FolderParts *old, const FolderParts *new)
{
    g_autofree char *next = folder_file(folder, NEXT_FOLDER);
    if (folder_has(next, part_file(part)))
        return folder_file(next, part_file(part));
    return new->of[part] != old->of[part] ? previous_find(folder, part, new->of[part]) : NULL;
}

/* The order is what makes it safe to begin again: while the new one waits, whatever is in its place is the old one; once it
 * waits no more, the place is its own. */
static gboolean
part_install(const char *folder, Part part, const FolderParts *old, const FolderParts *new, GError **error)
{
    g_autofree char *place = folder_file(folder, part_file(part));
    g_autofree char *from = new->of[part] ? coming(folder, part, old, new) : NULL;
    gboolean replaces = old->of[part] != 0 && old->of[part] != new->of[part];
    if (new->of[part] != 0 && !from)
        return TRUE;
    if (replaces && !put_aside(folder, part, old->of[part], new->retired, error))
        return FALSE;
    return !from || path_move(from, place, error);
}

static gboolean
parts_install(const char *folder, const FolderParts *new, GError **error)
{
    FolderParts old = { 0 };
    if (folder_has(folder, PARTS_FILE) && !folder_parts_read(folder, &old, error))
        return FALSE;
    for (Part part = 0; part < N_PARTS; part++) {
        if (!part_install(folder, part, &old, new, error))
            return FALSE;
    }
    return TRUE;
}

/* What moved between two folders is on the disk in both before parts.json says so. */
static gboolean
moves_sync(const char *folder, GError **error)
{
    g_autofree char *previous = folder_file(folder, PREVIOUS_FOLDER);
    return !folder_has(folder, PREVIOUS_FOLDER) || (folder_sync(previous, error) && folder_sync(folder, error));
}

/* ---- the others ---- */

static gboolean
others_install(const char *next, const char *folder, GError **error)
{
    if (!name_move(next, "seed.iso", folder, error))
        return FALSE;
    for (guint lun = 0; lun < FOLDER_LUNS; lun++) {
        g_autofree char *path = folder_data_disk("", lun);
        if (!name_move(next, path + 1, folder, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
install_finish(const char *folder, GError **error)
{
    FolderParts parts;
    g_autofree char *next = folder_file(folder, NEXT_FOLDER);
    g_autofree char *digests = folder_file(folder, GUEST_STATE);

    if (!links_drop(folder, error))
        return FALSE;
    if (!folder_has(folder, NEXT_FOLDER))
        return TRUE;
    if (!folder_has(next, PARTS_FILE))
        return folder_remove(next, error);
    if (!folder_parts_read(next, &parts, error))
        return FALSE;
    /* They were of the guest state that is replaced. */
    unlink(digests);
    return parts_install(folder, &parts, error) && others_install(next, folder, error) && moves_sync(folder, error) &&
           name_move(next, PARTS_FILE, folder, error) && folder_sync(folder, error) && folder_remove(next, error);
}
