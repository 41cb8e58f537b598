#include "host/qemu/previous.h"

#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/install.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *file, *word;
    mode_t type;
} kinds[N_PARTS] = {
    [PART_DISK] = { "os.qcow2", "disk", S_IFREG },
    [PART_VARS] = { "vars.fd", "variables", S_IFREG },
    [PART_VTPM] = { "vtpm", "vtpm", S_IFDIR },
};

const char *
part_file(Part part)
{
    return kinds[part].file;
}

char *
previous_path(const char *folder, Part part, guint64 generation, gint64 retired)
{
    return g_strdup_printf("%s/" PREVIOUS_FOLDER "/%s-%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT, folder, kinds[part].word,
                           generation, retired);
}

/* "<word>-<generation>.<seconds>" */
static gboolean
name_read(const char *name, Part *ret_part, guint64 *ret_generation, gint64 *ret_retired)
{
    for (Part part = 0; part < N_PARTS; part++) {
        const char *at = g_str_has_prefix(name, kinds[part].word) ? name + strlen(kinds[part].word) : "";
        const char *dot = at[0] == '-' ? strchr(at, '.') : NULL;
        guint64 retired;
        if (!dot)
            continue;
        g_autofree char *number = g_strndup(at + 1, (gsize)(dot - at - 1));
        if (!g_ascii_string_to_unsigned(number, 10, 1, G_MAXINT64, ret_generation, NULL) ||
            !g_ascii_string_to_unsigned(dot + 1, 10, 0, G_MAXINT64 / 2, &retired, NULL))
            return FALSE;
        *ret_part = part;
        *ret_retired = (gint64)retired;
        return TRUE;
    }
    return FALSE;
}

char *
previous_find(const char *folder, Part part, guint64 generation)
{
    g_autofree char *previous = folder_file(folder, PREVIOUS_FOLDER);
    g_autoptr(GDir) dir = g_dir_open(previous, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        Part its_part;
        guint64 its_generation;
        gint64 retired;
        struct stat st;
        g_autofree char *path = folder_file(previous, name);
        if (name_read(name, &its_part, &its_generation, &retired) && its_part == part && its_generation == generation &&
            lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == kinds[part].type)
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* ---- what is kept no longer ---- */

/* Former versions kept disk, variables and vTPM together in a folder that has a parts.json. */
static gint64
retired_when(const char *path, const char *name)
{
    Part part;
    guint64 generation;
    gint64 retired;
    FolderParts parts;
    if (name_read(name, &part, &generation, &retired))
        return retired;
    return folder_parts_read(path, &parts, NULL) ? parts.retired : 0;
}

static gboolean
may_be_wanted(const char *folder, const LaunchSpec *spec)
{
    FolderParts parts;
    g_autofree char *next = folder_file(folder, NEXT_FOLDER);
    if (!spec || spec->hold || folder_has(next, PARTS_FILE) || !folder_parts_read(folder, &parts, NULL))
        return TRUE;
    for (Part part = 0; part < N_PARTS; part++) {
        if (parts.of[part] != part_wanted(spec, part))
            return TRUE;
    }
    return FALSE;
}

gboolean
previous_prune(const char *folder, const LaunchSpec *spec, gint64 now, gint64 retention_s, GError **error)
{
    g_autofree char *previous = folder_file(folder, PREVIOUS_FOLDER);
    /* Through a descriptor: the VM may run, and with it somebody who can put a link in the folder's place. */
    AUTO_FD fd = open(previous, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || may_be_wanted(folder, spec))
        return TRUE;
    g_autofree char *held = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(GDir) dir = g_dir_open(held, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = folder_file(held, name);
        if (retired_when(path, name) + retention_s <= now && !folder_remove(path, error))
            return FALSE;
    }
    return TRUE;
}
