/* The one door to a driver: what a driver may rely on is checked here, once. */
#include "host/host.h"

#include <string.h>

void
host_found_free(HostFound *found)
{
    if (!found)
        return;
    g_free(found->key);
    g_free(found->refused_file);
    g_free(found->owner);
    g_free(found);
}

HostKeptDisk *
host_kept_disk_new(guint lun, guint size_gib, const char *file)
{
    HostKeptDisk *disk = g_new0(HostKeptDisk, 1);
    *disk = (HostKeptDisk){ .lun = lun, .size_gib = size_gib, .file = g_strdup(file) };
    return disk;
}

void
host_kept_disk_free(HostKeptDisk *disk)
{
    if (!disk)
        return;
    g_free(disk->file);
    g_free(disk);
}

void
host_info_free(HostInfo *info)
{
    if (!info)
        return;
    g_free(info->driver);
    g_free(info->accelerator);
    g_free(info->architecture);
    g_free(info->qemu_version);
    g_free(info->firmware_secure);
    g_free(info->firmware_plain);
    g_free(info->network);
    g_free(info->notes);
    g_free(info);
}

/* A key becomes a folder's name: nothing but what keys are made of gets through. */
static void
key_assert(const char *key)
{
    g_assert(key && key[0] && key[0] != '.' && !strstr(key, ".."));
    for (const char *p = key; *p; p++)
        g_assert(g_ascii_isxdigit(*p) || *p == '-' || *p == '.');
}

void
host_close(Host *host)
{
    if (host)
        host->driver->close(host);
}

HostInfo *
host_info(Host *host)
{
    return host->driver->info(host);
}

GPtrArray *
host_found(Host *host)
{
    return host->driver->found(host);
}

void
host_start(Host *host, const LaunchSpec *spec)
{
    key_assert(spec->key);
    g_assert(spec->epoch > 0 && spec->vcpus > 0 && spec->memory_mib > 0);
    g_assert(spec->generation == 1 || spec->generation == 2);
    g_assert(!spec->trusted_launch || spec->generation == 2);
    g_assert(spec->trusted_launch || (!spec->secure_boot && !spec->vtpm));
    g_assert(spec->vtpm == (spec->vtpm_gen > 0));
    host->driver->start(host, spec);
}

void
host_release(Host *host, const char *key)
{
    key_assert(key);
    host->driver->release(host, key);
}

void
host_isolate(Host *host, const char *key, gboolean isolated)
{
    key_assert(key);
    host->driver->isolate(host, key, isolated);
}

void
host_stop(Host *host, const char *key, gint64 grace_usec)
{
    key_assert(key);
    host->driver->stop(host, key, grace_usec);
}

void
host_destroy(Host *host, const char *key, const char *keep_dir)
{
    key_assert(key);
    host->driver->destroy(host, key, keep_dir);
}

gboolean
host_disk_remove(Host *host, const char *file, GError **error)
{
    g_assert(file && g_path_is_absolute(file));
    return host->driver->disk_remove(host, file, error);
}

char *
host_serial_log(Host *host, const char *key, gsize max, gsize *ret_length, GError **error)
{
    key_assert(key);
    return host->driver->serial_log(host, key, max, ret_length, error);
}

GBytes *
host_vtpm_certificate(Host *host, const char *key, VtpmEk ek, GError **error)
{
    key_assert(key);
    g_assert(ek < VTPM_N_EKS);
    return host->driver->vtpm_certificate(host, key, ek, error);
}

void
host_screenshot(Host *host, const char *key, HostDone done, void *data)
{
    key_assert(key);
    host->driver->screenshot(host, key, done, data);
}

void
host_exec(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, HostExecDone done,
          void *data)
{
    key_assert(key);
    g_assert(argv && argv[0]);
    host->driver->exec(host, key, argv, input, timeout_usec, done, data);
}

void
host_guest_run(Host *host, const char *key, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data)
{
    key_assert(key);
    g_assert(argv && argv[0] && timeout_usec > 0 && done);
    host->driver->guest_run(host, key, argv, timeout_usec, done, data);
}

GPtrArray *
host_forwards(Host *host, const char *key)
{
    key_assert(key);
    return host->driver->forwards(host, key);
}
