#include "host/qemu/refusal.h"

#include <string.h>

/* What is looked at: the console's last words, without escape sequences, white space folded. */
#define WINDOW   4096u
#define TEXT_MAX 120u

typedef enum { TEXT, ESCAPE, CONTROL_SEQUENCE } Mode;

struct RefusalReader {
    Mode mode;
    char window[WINDOW + 1];
    gsize length;
    gboolean done;
};

RefusalReader *
refusal_reader_new(void)
{
    return g_new0(RefusalReader, 1);
}

void
refusal_reader_free(RefusalReader *reader)
{
    g_free(reader);
}

/* TRUE: a character of a word was added. The cursor's moves and line ends part words as blanks do.
 */
static gboolean
window_add(RefusalReader *reader, char c)
{
    if (c == ' ' && reader->length > 0 && reader->window[reader->length - 1] == ' ')
        return FALSE;
    if (reader->length == WINDOW) {
        memmove(reader->window, reader->window + WINDOW / 2, WINDOW / 2);
        reader->length = WINDOW / 2;
    }
    reader->window[reader->length++] = c;
    reader->window[reader->length] = '\0';
    return c != ' ';
}

/* ECMA-48, 5.4: control sequences are ESC [ parameters final, final 0x40–0x7e. */
static gboolean
byte_add(RefusalReader *reader, unsigned char c)
{
    switch (reader->mode) {
    case ESCAPE:
        reader->mode = c == '[' ? CONTROL_SEQUENCE : TEXT;
        return window_add(reader, ' ');
    case CONTROL_SEQUENCE:
        if (c >= 0x40 && c <= 0x7e)
            reader->mode = TEXT;
        return FALSE;
    case TEXT:
        if (c == 0x1b) {
            reader->mode = ESCAPE;
            return FALSE;
        }
        if (c >= 0x20 && c < 0x7f)
            return window_add(reader, (char)c);
        return (c == '\n' || c == '\r' || c >= 0x80) && window_add(reader, ' ');
    }
    g_assert_not_reached();
}

/* ---- what is looked for ---- */

/* The path that the firmware names before the colon, if it has one. */
static char *
firmware_file(const char *from, const char *end)
{
    const char *backslash = strchr(from, '\\');
    gsize tail = strlen(": Access Denied");
    if (backslash && backslash + tail < end)
        return g_strndup(backslash, (gsize)(end - backslash) - tail);
    return g_strdup("\\EFI\\BOOT\\BOOTX64.EFI");
}

/* Each ends in words that are rare, so that nothing else is looked at while they do not come. */
static const struct {
    const char *end, *start; /* start: comes before, in the window; or NULL */
    const char *file;        /* NULL: firmware_file() tells */
} refusals[] = {
    { ": Access Denied", "BdsDxe: failed to load", NULL },
    /* shim says it of the loader that it starts, which has one name on removable media. */
    { "Security Violation", "Verification failed", "\\EFI\\BOOT\\grubx64.efi" },
    { "bad shim signature", NULL, "vmlinuz" },
};

static gboolean
ends_in(const RefusalReader *reader, const char *words)
{
    gsize n = strlen(words);
    return reader->length >= n && reader->window[reader->length - 1] == words[n - 1] &&
           memcmp(reader->window + reader->length - n, words, n) == 0;
}

/* The last one: an earlier attempt that is still in the window is another story. */
static const char *
last_of(const char *text, const char *words)
{
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, words)); at++)
        found = at;
    return found;
}

static gboolean
refusal_is_complete(const RefusalReader *reader, char **ret_file, char **ret_text)
{
    const char *end = reader->window + reader->length;
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        if (!ends_in(reader, refusals[i].end))
            continue;
        const char *from = refusals[i].start ? last_of(reader->window, refusals[i].start) : end - strlen(refusals[i].end);
        if (!from)
            continue;
        *ret_file = refusals[i].file ? g_strdup(refusals[i].file) : firmware_file(from, end);
        *ret_text = g_strndup(from, MIN((gsize)(end - from), TEXT_MAX));
        return TRUE;
    }
    return FALSE;
}

gboolean
refusal_reader_feed(RefusalReader *reader, const char *bytes, gsize length, char **ret_file, char **ret_text)
{
    for (gsize i = 0; i < length && !reader->done; i++) {
        if (!byte_add(reader, (unsigned char)bytes[i]))
            continue;
        reader->done = refusal_is_complete(reader, ret_file, ret_text);
        if (reader->done)
            return TRUE;
    }
    return FALSE;
}
