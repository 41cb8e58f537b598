#include "attest/text.h"

static void
append(GString *text, gunichar character)
{
    if (g_unichar_isprint(character))
        g_string_append_unichar(text, character);
    else
        g_string_append_printf(text, "\\x%02x", character);
}

char *
text_from_utf8(const guint8 *bytes, gsize size)
{
    GString *text = g_string_new(NULL);
    const char *at = (const char *)bytes;
    gsize left = size;
    for (guint n = 0; left > 0 && *at; n++) {
        gunichar character = g_utf8_get_char_validated(at, (gssize)left);
        if (n == TEXT_MAX) {
            g_string_append(text, "…");
            break;
        }
        if (character == (gunichar)-1 || character == (gunichar)-2) {
            g_string_append_printf(text, "\\x%02x", *(const guint8 *)at);
            at++;
            left--;
            continue;
        }
        gsize step = (gsize)(g_utf8_next_char(at) - at);
        append(text, character);
        at += step;
        left -= step;
    }
    return g_string_free(text, FALSE);
}

char *
text_from_utf16le(const guint8 *bytes, gsize size)
{
    GString *text = g_string_new(NULL);
    Cursor at = cursor_over(bytes, size);
    for (guint n = 0; at.left >= 2; n++) {
        gunichar unit = cursor_u16le(&at);
        if (unit == 0)
            break;
        if (n == TEXT_MAX) {
            g_string_append(text, "…");
            break;
        }
        gboolean high = unit >= 0xd800 && unit < 0xdc00;
        gunichar low = high && at.left >= 2 ? (gunichar)(at.at[0] | at.at[1] << 8) : 0;
        if (low >= 0xdc00 && low < 0xe000) {
            cursor_u16le(&at);
            append(text, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        } else if (unit >= 0xd800 && unit < 0xe000) {
            g_string_append_printf(text, "\\x%04x", unit);
        } else {
            append(text, unit);
        }
    }
    return g_string_free(text, FALSE);
}

char *
text_from_guid(Cursor *at)
{
    guint32 first = cursor_u32le(at);
    guint16 second = cursor_u16le(at), third = cursor_u16le(at);
    const guint8 *rest = cursor_take(at, 8);
    if (!rest)
        return g_strdup("");
    return g_strdup_printf("%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", first, second, third, rest[0], rest[1], rest[2],
                           rest[3], rest[4], rest[5], rest[6], rest[7]);
}
