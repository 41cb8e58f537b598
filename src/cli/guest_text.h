/* cli/guest_text.h: text that comes out of a guest, made harmless for a terminal. Pure.
 *
 * A guest is not trusted: an escape sequence in its log could retitle the window, answer for the
 * user or hide lines. What is kept is printable UTF-8, newlines and tabs; sequences (ECMA-48: CSI,
 * OSC, DCS and two-byte escapes) and other control characters are left out. */
#pragma once

#include <glib.h>

/* Carried from one piece of a stream to the next; begins as zeros. */
typedef struct {
    enum { GUEST_PLAIN, GUEST_ESCAPE, GUEST_SEQUENCE, GUEST_STRING, GUEST_STRING_ESCAPE } state;
} GuestText;

/* Appends what may be shown of `bytes` to `out`. */
void guest_text_add(GuestText *text, const char *bytes, gsize length, GString *out);

/* Where the news begin in `now`, the log as it is, for who has seen `before`: logs grow, are cut at
 * the front when they reach their cap, and begin anew with each boot. */
gsize guest_log_news(const char *before, gsize before_length, const char *now, gsize now_length);
