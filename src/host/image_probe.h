/* host/image_probe.h: does the beginning of a file look like the format it is said to have, and stand on its own? Pure; the
 * first thing that sees a hostile image. Formats: QEMU docs/interop/qcow2.txt; Microsoft VHD Image Format 1.0; [MS-VHDX]. */
#pragma once

#include "model/image.h"

#define IMAGE_PROBE_BYTES 1024u

/* head: the file's first IMAGE_PROBE_BYTES (fewer where it is shorter); tail: its last 512 (VHD's footer). */
gboolean image_probe(ImageFormat format, const guint8 *head, gsize head_length, const guint8 *tail, gsize tail_length,
                     GError **error);
