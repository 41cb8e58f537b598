/* base/pack.h: bytes made small, as gzip does (RFC 1952). */
#pragma once

#include <glib.h>

GBytes *bytes_pack(const void *data, gsize size);
/* NULL sets *error: it is not what bytes_pack() gives, or more than `most` bytes. */
GBytes *bytes_unpack(GBytes *packed, gsize most, GError **error);
