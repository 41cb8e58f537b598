#include "cli/guest_text.h"

#include <string.h>

/* So much of the end of a log is looked for to find the same place in a log that was cut. */
#define TAIL 256

static void
plain_add(GuestText *text, guchar byte, GString *out)
{
    if (byte == 0x1b)
        text->state = GUEST_ESCAPE;
    else if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7f))
        g_string_append_c(out, (char)byte);
}

static void
escape_add(GuestText *text, guchar byte)
{
    if (byte == '[')
        text->state = GUEST_SEQUENCE;
    else if (strchr("]PX^_", byte) && byte)
        text->state = GUEST_STRING;
    else if (byte >= 0x30) /* intermediates (0x20 to 0x2f) come before the last byte */
        text->state = GUEST_PLAIN;
}

static void
byte_add(GuestText *text, guchar byte, GString *out)
{
    switch (text->state) {
    case GUEST_PLAIN:
        plain_add(text, byte, out);
        return;
    case GUEST_ESCAPE:
        escape_add(text, byte);
        return;
    case GUEST_SEQUENCE:
        if (byte >= 0x40 && byte <= 0x7e)
            text->state = GUEST_PLAIN;
        return;
    case GUEST_STRING:
        /* A newline ends it too: an unfinished string must not swallow the log. */
        if (byte == 0x07 || byte == '\n')
            text->state = GUEST_PLAIN;
        else if (byte == 0x1b)
            text->state = GUEST_STRING_ESCAPE;
        return;
    case GUEST_STRING_ESCAPE:
        text->state = byte == '\\' ? GUEST_PLAIN : GUEST_STRING;
        return;
    }
}

void
guest_text_add(GuestText *text, const char *bytes, gsize length, GString *out)
{
    g_autoptr(GString) kept = g_string_sized_new(length);
    for (gsize i = 0; i < length; i++)
        byte_add(text, (guchar)bytes[i], kept);
    g_autofree char *valid = g_utf8_make_valid(kept->str, (gssize)kept->len);
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar character = g_utf8_get_char(p);
        gboolean is_c1 = character >= 0x80 && character < 0xa0;
        if (!is_c1 && g_unichar_type(character) != G_UNICODE_FORMAT)
            g_string_append_unichar(out, character);
    }
}

gsize
guest_log_news(const char *before, gsize before_length, const char *now, gsize now_length)
{
    if (now_length >= before_length && memcmp(now, before, before_length) == 0)
        return before_length;
    if (before_length < TAIL)
        return 0;
    const char *found = memmem(now, now_length, before + before_length - TAIL, TAIL);
    return found ? (gsize)(found - now) + TAIL : 0;
}
