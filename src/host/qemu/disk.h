/* host/qemu/disk.h: disks and the seed, by qemu-img and genisoimage run without privileges. Blocking; any thread. */
#pragma once

#include "host/launch_spec.h"

/* A qcow2 overlay on `image` (absolute, read-only). size_gib 0: as large as the image. */
gboolean disk_overlay_make(const char *path, const char *image, const char *image_format, guint size_gib, GError **error);
/* Grows a qcow2; smaller than it is: an error. */
gboolean disk_grow(const char *path, guint size_gib, GError **error);
gboolean disk_data_make(const char *path, guint size_gib, GError **error);

/* NoCloud seed (cloud-init datasource NoCloud, volume label CIDATA): meta-data, user-data. instance-id changes with the OS
 * disk generation alone, so that cloud-init configures a new disk and leaves an old one. */
gboolean seed_make(const char *path, const LaunchSpec *spec, GError **error);
/* The two files' texts, pure; newly allocated. */
char *seed_meta_data(const LaunchSpec *spec);
char *seed_user_data(const LaunchSpec *spec);
