/* host/qemu/disk.h: disks, by qemu-img. Blocking; any thread. It opens what a guest or an imported image wrote, so it runs
 * under the instance's own user, with limits. */
#pragma once

#include "host/launch_spec.h"

typedef struct {
    guint uid, gid; /* to run qemu-img as, where we are root; the folder is theirs. 0: as we are */
} DiskUser;

/* A qcow2 overlay on `image` (absolute, read-only). size_gib 0, or smaller than the image: as large as the image. Synced.
 * On a qcow2 it is written without qemu-img (overlay.h): of the image its header's size alone is read. */
gboolean disk_overlay_make(const char *path, const char *image, const char *image_format, guint size_gib, DiskUser user,
                           GError **error);
gboolean disk_data_make(const char *path, guint size_gib, DiskUser user, GError **error);
/* Makes a qcow2 at least this large; one that is as large, or larger, stays as it is. */
gboolean disk_grow(const char *path, guint size_gib, DiskUser user, GError **error);

/* The virtual size in a qcow2's header, in bytes; 0: it has none. */
guint64 qcow2_size(const guint8 *header, gsize length);

/* NoCloud seed (cloud-init datasource NoCloud, volume label CIDATA): meta-data, user-data. instance-id changes with the OS
 * disk generation alone, so that cloud-init configures a new disk and leaves an old one. */
gboolean seed_make(const char *path, const LaunchSpec *spec, GError **error);
/* The two files' texts, pure; newly allocated. */
char *seed_meta_data(const LaunchSpec *spec);
char *seed_user_data(const LaunchSpec *spec);
