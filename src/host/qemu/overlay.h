/* host/qemu/overlay.h: an empty qcow2 overlay, as bytes. Pure. Format: "The QCOW2 Image Format" in QEMU's documentation
 * (docs/interop/qcow2.txt), version 3. A few numbers: a program of its own takes longer to start than to write them. */
#pragma once

#include <glib.h>

/* Of the name of a backing file, by the format. */
#define OVERLAY_BACKING_MAX 1023u

/* Of what the guest sees. No disk is larger, and the first-level table stays within 1 MiB. */
#define OVERLAY_SIZE_MAX (G_GUINT64_CONSTANT(64) << 40)

/* backing: absolute path, at most OVERLAY_BACKING_MAX bytes. format: QEMU's name, such as "raw". size: bytes that the guest
 * sees, at most OVERLAY_SIZE_MAX; what is over a multiple of 512 is cut, as QEMU does. */
GBytes *overlay_bytes(const char *backing, const char *format, guint64 size);
