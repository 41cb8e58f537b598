#include "host/qemu/folder.h"

#include "base/error.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

char *
folder_path(const char *state_dir, const char *key)
{
    return g_strdup_printf("%s/instances/%s", state_dir, key);
}

char *
folder_file(const char *folder, const char *name)
{
    return g_strconcat(folder, "/", name, NULL);
}

char *
folder_data_disk(const char *folder, guint lun)
{
    return g_strdup_printf("%s/data-lun%u.qcow2", folder, lun);
}

gboolean
folder_has(const char *folder, const char *name)
{
    struct stat st;
    g_autofree char *path = folder_file(folder, name);
    return lstat(path, &st) == 0;
}

char *
folder_read(const char *folder, const char *name, gsize max, gsize *ret_length, GError **error)
{
    g_autofree char *path = folder_file(folder, name);
    AUTO_FD fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        io_fail(error, "read", path);
        return NULL;
    }
    g_autofree char *same = g_strdup_printf("/proc/self/fd/%d", fd);
    char *bytes = file_read(same, max, ret_length, error);
    if (!bytes)
        g_prefix_error(error, "%s: ", path);
    return bytes;
}

gboolean
folder_write(const char *folder, const char *name, const char *text, GError **error)
{
    g_autofree char *path = folder_file(folder, name);
    g_autofree char *fresh = g_strconcat(path, ".new", NULL);
    gsize length = strlen(text);
    unlink(fresh);
    AUTO_FD fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length || rename(fresh, path) != 0) {
        io_fail(error, "write", path);
        unlink(fresh);
        return FALSE;
    }
    return TRUE;
}

static gboolean
content_give(int parent, const char *name, guint uid, guint gid)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return FALSE;
    if (fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
        return FALSE;
    if (!S_ISDIR(st.st_mode))
        return TRUE;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return FALSE;
    }
    const struct dirent *entry;
    gboolean ok = TRUE;
    while (ok && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = content_give(fd, entry->d_name, uid, gid);
    }
    int saved = errno;
    closedir(dir);
    errno = saved;
    return ok;
}

gboolean
folder_give(const char *path, guint uid, guint gid, GError **error)
{
    if (uid == 0 || geteuid() != 0)
        return TRUE;
    return content_give(AT_FDCWD, path, uid, gid) || io_fail(error, "give away", path);
}
