/* host/qemu/keep.h: data disks that leave an instance, for the folder where kept ones lie. Each moves by one rename, so it is
 * the instance's or kept, never both, whenever the host goes down. Blocking; any thread. */
#pragma once

#include "host/host.h"

/* All of an instance that goes, to `keep_dir`/<key>-lunN.qcow2. Gives those that lie there now (HostKeptDisk), also what an
 * earlier call has moved; keep_dir NULL: none is kept. NULL sets *error. */
GPtrArray *keep_all(const char *folder, const char *key, const char *keep_dir, GError **error);

/* One that was attached, back to disk->file; one that lies there stays there. Idempotent. */
gboolean keep_back(const char *state_dir, const char *folder, const LaunchDisk *disk, GError **error);
