#include "host/qemu/disk.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/overlay.h"
#include "host/run.h"

#include <fcntl.h>
#include <string.h>

/* qcow2.txt, "Header": all numbers big-endian. */
#define QCOW2_MAGIC    "QFI\xfb"
#define QCOW2_AT_SIZE  24u
#define QCOW2_SIZE_END 32u

static RunLimits
limits_of(DiskUser user)
{
    return (RunLimits){ .memory_max = 2ull << 30, .cpu_s = 60, .uid = user.uid, .gid = user.gid };
}

static gboolean
disk_sync(const char *path, GError **error)
{
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return (fd >= 0 && fsync(fd) == 0) || io_fail(error, "sync", path);
}

static gboolean
make(const char *path, const char *const *argv, DiskUser user, GError **error)
{
    const RunLimits limits = limits_of(user);
    if (run_program(argv, &limits, NULL, error) && disk_sync(path, error))
        return TRUE;
    unlink(path);
    return FALSE;
}

guint64
qcow2_size(const guint8 *header, gsize length)
{
    guint64 size = 0;
    if (length < QCOW2_SIZE_END || memcmp(header, QCOW2_MAGIC, 4) != 0)
        return 0;
    for (gsize i = QCOW2_AT_SIZE; i < QCOW2_SIZE_END; i++)
        size = size << 8 | header[i];
    return size;
}

static gboolean
size_read(const char *path, guint64 *ret_size, GError **error)
{
    guint8 header[QCOW2_SIZE_END];
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd >= 0 ? pread(fd, header, sizeof header, 0) : -1;
    if (n < 0)
        return io_fail(error, "read", path);
    *ret_size = qcow2_size(header, (gsize)n);
    return *ret_size != 0 || arm_fail(error, ARM_VM_START_FAILED, NULL, "The disk '%s' is no qcow2 image any more.", path);
}

/* On a qcow2, whose header says how large it is: no program has to be started for that. */
static gboolean
overlay_write(const char *path, const char *image, guint size_gib, DiskUser user, GError **error)
{
    guint64 size = 0;
    if (!size_read(image, &size, error))
        return FALSE;
    if (size > OVERLAY_SIZE_MAX)
        return arm_fail(error, ARM_IMAGE_UNUSABLE, NULL,
                        "The image '%s' says that it has %" G_GUINT64_FORMAT " bytes; a disk has at most %" G_GUINT64_FORMAT
                        ".",
                        image, size, OVERLAY_SIZE_MAX);
    g_autoptr(GBytes) bytes = overlay_bytes(image, "qcow2", MAX(size, (guint64)size_gib << 30));
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    return file_write(path, data, length, 0600, error) && folder_give(path, user.uid, user.gid, error);
}

gboolean
disk_overlay_make(const char *path, const char *image, const char *image_format, guint size_gib, DiskUser user, GError **error)
{
    if (strcmp(image_format, "qcow2") == 0 && strlen(image) <= OVERLAY_BACKING_MAX)
        return overlay_write(path, image, size_gib, user, error);
    const char *const argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", "-F", image_format, "-b", image, path, NULL };
    return make(path, argv, user, error) && (size_gib == 0 || disk_grow(path, size_gib, user, error));
}

gboolean
disk_data_make(const char *path, guint size_gib, DiskUser user, GError **error)
{
    g_autofree char *size = g_strdup_printf("%uG", size_gib);
    const char *const argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL };
    return make(path, argv, user, error);
}

gboolean
disk_grow(const char *path, guint size_gib, DiskUser user, GError **error)
{
    guint64 has = 0;
    if (!size_read(path, &has, error))
        return FALSE;
    if (has >= (guint64)size_gib << 30)
        return TRUE;
    g_autofree char *size = g_strdup_printf("%uG", size_gib);
    const char *const argv[] = { "qemu-img", "resize", "-q", "-f", "qcow2", path, size, NULL };
    const RunLimits limits = limits_of(user);
    return run_program(argv, &limits, NULL, error);
}
