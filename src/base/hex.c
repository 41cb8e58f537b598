#include "base/hex.h"

#include <string.h>

char *
hex_text(const void *bytes, gsize size)
{
    GString *text = g_string_sized_new(2 * size);
    for (gsize i = 0; i < size; i++)
        g_string_append_printf(text, "%02x", ((const guint8 *)bytes)[i]);
    return g_string_free(text, FALSE);
}

gboolean
hex_read(const char *text, guint8 *ret_bytes, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        const int high = g_ascii_xdigit_value(text[2 * i]);
        const int low = high < 0 ? -1 : g_ascii_xdigit_value(text[2 * i + 1]);
        if (low < 0)
            return FALSE;
        ret_bytes[i] = (guint8)(high << 4 | low);
    }
    return TRUE;
}

GBytes *
hex_bytes(const char *text)
{
    const gsize size = strlen(text) / 2;
    g_autofree guint8 *bytes = g_malloc(size);
    if (size == 0 || strlen(text) % 2 != 0 || !hex_read(text, bytes, size))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&bytes), size);
}
