/* base/file.h: files and descriptors, the crash-safe way. */
#pragma once

#include <errno.h>
#include <glib.h>
#include <sys/types.h>
#include <unistd.h>

static inline void
fd_closep(const int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    errno = saved;
}

/* A descriptor that closes with its scope; -1 is none. */
#define AUTO_FD __attribute__((cleanup(fd_closep))) int

static inline int
fd_steal(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Goes on where a write was short or interrupted. FALSE leaves errno as write() set it. */
gboolean fd_write_all(int fd, const void *bytes, gsize length);

/* Reads a whole regular file of at most max bytes; the bytes are followed by a NUL that length does not
 * count. A larger file, or one that is not regular, is an error that names the path. */
char *file_read(const char *path, gsize max, gsize *ret_length, GError **error);

/* Writes under a temporary name beside `path`, syncs, renames, syncs the folder. */
gboolean file_write(const char *path, const void *data, gsize length, mode_t mode, GError **error);

/* Makes a folder and its parents (mode 0700 for those it makes). */
gboolean folder_make(const char *path, GError **error);

/* What was renamed, made or removed in it is on the disk. */
gboolean folder_sync(const char *path, GError **error);

/* Removes a folder with all that is in it; never follows a symbolic link; absent is fine. */
gboolean folder_remove(const char *path, GError **error);

/* SHA-256 of a file, lower-case hexadecimal, newly allocated. */
char *file_sha256(const char *path, GError **error);

/* Sets *error from errno: "cannot <verb> '<path>': <strerror>"; ENOSPC and EDQUOT are
 * ARM_HOST_DISK_FULL, everything else ARM_INTERNAL. Returns FALSE. */
gboolean io_fail(GError **error, const char *verb, const char *path);
