#include "base/file.h"

#include "base/error.h"
#include "base/hex.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

gboolean
io_fail(GError **error, const char *verb, const char *path)
{
    int saved = errno;
    ArmCode code = saved == ENOSPC || saved == EDQUOT ? ARM_HOST_DISK_FULL : ARM_INTERNAL;
    return arm_fail(error, code, NULL, "cannot %s '%s': %s", verb, path, g_strerror(saved));
}

static gboolean
read_all(int fd, char *at, gsize length, gsize *ret_length)
{
    gsize done = 0;
    while (done < length) {
        ssize_t n = read(fd, at + done, length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        if (n == 0)
            break;
        done += (gsize)n;
    }
    *ret_length = done;
    return TRUE;
}

char *
file_read(const char *path, gsize max, gsize *ret_length, GError **error)
{
    struct stat st;
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        io_fail(error, "read", path);
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        arm_fail(error, ARM_INVALID_PARAMETER, NULL, "'%s' is not a regular file", path);
        return NULL;
    }
    if ((guint64)st.st_size > max) {
        arm_fail(error, ARM_TOO_LARGE, NULL, "'%s' has %" G_GINT64_FORMAT " bytes; at most %" G_GSIZE_FORMAT " are accepted",
                 path, (gint64)st.st_size, max);
        return NULL;
    }
    /* The kernel's own files say 0, and have something to say. */
    gsize length = 0, room = st.st_size > 0 ? (gsize)st.st_size : max;
    g_autofree char *bytes = g_malloc(room + 1);
    if (!read_all(fd, bytes, room, &length)) {
        io_fail(error, "read", path);
        return NULL;
    }
    bytes[length] = '\0';
    if (ret_length)
        *ret_length = length;
    return g_steal_pointer(&bytes);
}

gboolean
fd_write_all(int fd, const void *bytes, gsize length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        at += n;
        length -= (gsize)n;
    }
    return TRUE;
}

gboolean
folder_sync(const char *path, GError **error)
{
    AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (fd >= 0 && fsync(fd) == 0) || io_fail(error, "sync", path);
}

gboolean
file_write(const char *path, const void *data, gsize length, mode_t mode, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
    AUTO_FD fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_fail(error, "write", path);
    gboolean ok = fchmod(fd, mode) == 0 && fd_write_all(fd, data, length) && fsync(fd) == 0 && rename(temporary, path) == 0;
    if (!ok) {
        io_fail(error, "write", path);
        unlink(temporary);
        return FALSE;
    }
    g_autofree char *folder = g_path_get_dirname(path);
    return folder_sync(folder, error);
}

gboolean
folder_make(const char *path, GError **error)
{
    return g_mkdir_with_parents(path, 0700) == 0 || io_fail(error, "make the folder", path);
}

/* Relative to descriptors all the way down, so that a link put in place meanwhile leads nowhere. */
static gboolean
content_remove(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || ((errno == ENOTDIR || errno == ELOOP) && unlinkat(parent, name, 0) == 0);
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return FALSE;
    }
    gboolean ok = TRUE;
    const struct dirent *entry;
    while (ok && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) != 0)
            ok = errno == ENOENT || ((errno == EISDIR || errno == EPERM) && content_remove(fd, entry->d_name));
    }
    int saved = errno;
    closedir(dir);
    errno = saved;
    return ok && (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT);
}

gboolean
folder_remove(const char *path, GError **error)
{
    return content_remove(AT_FDCWD, path) || io_fail(error, "remove", path);
}

char *
file_sha256(const char *path, GError **error)
{
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        io_fail(error, "read", path);
        return NULL;
    }
    g_autofree char *block = g_malloc(1 << 20);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_length = 0;
    gsize n = 0;
    gboolean ok = EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    while (ok && (ok = read_all(fd, block, 1 << 20, &n)) && n > 0)
        ok = EVP_DigestUpdate(context, block, n) == 1;
    ok = ok && EVP_DigestFinal_ex(context, digest, &digest_length) == 1;
    EVP_MD_CTX_free(context);
    if (!ok) {
        io_fail(error, "read", path);
        return NULL;
    }
    return hex_text(digest, digest_length);
}
