#include "host/simulated/bytes.h"

#include <string.h>

void
put_be(GByteArray *to, guint64 value, guint size)
{
    for (guint i = size; i-- > 0;) {
        const guint8 byte = value >> 8 * i & 0xff;
        g_byte_array_append(to, &byte, 1);
    }
}

void
put_le(GByteArray *to, guint64 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        const guint8 byte = value >> 8 * i & 0xff;
        g_byte_array_append(to, &byte, 1);
    }
}

void
put_bytes(GByteArray *to, const void *bytes, gsize size)
{
    g_byte_array_append(to, bytes, (guint)size);
}

void
put_sized(GByteArray *to, const void *bytes, gsize size)
{
    put_be(to, size, 2);
    put_bytes(to, bytes, size);
}

void
put_utf16(GByteArray *to, const char *text)
{
    for (; *text; text++)
        put_le(to, (guint8)*text, 2);
}
