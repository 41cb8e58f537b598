/* host/simulated/bytes.h: binary structures, written front to back. TPM structures are big-endian, those of UEFI and of event
 * logs little-endian. */
#pragma once

#include <glib.h>

void put_be(GByteArray *to, guint64 value, guint size);
void put_le(GByteArray *to, guint64 value, guint size);
void put_bytes(GByteArray *to, const void *bytes, gsize size);
/* A TPM2B: its size in 16 bits first. */
void put_sized(GByteArray *to, const void *bytes, gsize size);
/* ASCII as UTF-16, without a NUL. */
void put_utf16(GByteArray *to, const char *text);
