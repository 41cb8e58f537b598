#include "host/qemu/disk.h"

#include "host/run.h"

#include <unistd.h>

static gboolean
make(const char *path, const char *const *argv, GError **error)
{
    static const RunLimits limits = { .cpu_s = 60 };
    if (run_program(argv, &limits, NULL, error))
        return TRUE;
    unlink(path);
    return FALSE;
}

gboolean
disk_overlay_make(const char *path, const char *image, const char *image_format, guint size_gib, GError **error)
{
    g_autofree char *size = size_gib ? g_strdup_printf("%uG", size_gib) : NULL;
    const char *const argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", "-F", image_format, "-b", image, path, size, NULL };
    return make(path, argv, error);
}

gboolean
disk_grow(const char *path, guint size_gib, GError **error)
{
    g_autofree char *size = g_strdup_printf("%uG", size_gib);
    const char *const argv[] = { "qemu-img", "resize", "-q", "-f", "qcow2", path, size, NULL };
    static const RunLimits limits = { .cpu_s = 60 };
    return run_program(argv, &limits, NULL, error);
}

gboolean
disk_data_make(const char *path, guint size_gib, GError **error)
{
    g_autofree char *size = g_strdup_printf("%uG", size_gib);
    const char *const argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL };
    return make(path, argv, error);
}
