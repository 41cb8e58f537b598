/* host/qemu/attach.h: a kept data disk that becomes one of an instance's. It moves by one rename, so it is kept or attached,
 * never both, whenever the host goes down. Blocking; any thread. */
#pragma once

#include "host/qemu/disk.h"

/* Is its file one of the folder where kept disks lie? */
gboolean attach_path_check(const char *state_dir, const LaunchDisk *disk, GError **error);

/* May it be attached, or is it already? `folder` is the instance's; it need not be there yet. What a former guest wrote to the
 * file is not believed: it is a qcow2 that stands on no other file. TRUE too where the disk asks for no file. */
gboolean attach_check(const char *state_dir, const char *folder, const LaunchDisk *disk, GError **error);

/* Idempotent. Its file becomes the user's, and the instance's. */
gboolean attach(const char *state_dir, const char *folder, const LaunchDisk *disk, DiskUser user, GError **error);
