#include "host/qemu/refusal.h"

#include <string.h>

/* What is looked at: the console's last words, without escape sequences, white space folded. */
#define WINDOW 4096u

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

static void
window_add(RefusalReader *reader, char c)
{
    /* The cursor's moves and line ends part words as blanks do. */
    if (c == ' ' && reader->length > 0 && reader->window[reader->length - 1] == ' ')
        return;
    if (reader->length == WINDOW) {
        memmove(reader->window, reader->window + WINDOW / 2, WINDOW / 2);
        reader->length = WINDOW / 2;
    }
    reader->window[reader->length++] = c;
    reader->window[reader->length] = '\0';
}

/* ECMA-48, 5.4: control sequences are ESC [ parameters final, final 0x40–0x7e. */
static void
byte_add(RefusalReader *reader, unsigned char c)
{
    switch (reader->mode) {
    case ESCAPE:
        reader->mode = c == '[' ? CONTROL_SEQUENCE : TEXT;
        window_add(reader, ' ');
        return;
    case CONTROL_SEQUENCE:
        if (c >= 0x40 && c <= 0x7e)
            reader->mode = TEXT;
        return;
    case TEXT:
        if (c == 0x1b)
            reader->mode = ESCAPE;
        else if (c >= 0x20 && c < 0x7f)
            window_add(reader, (char)c);
        else if (c == '\n' || c == '\r' || c >= 0x80)
            window_add(reader, ' ');
        return;
    }
}

/* The path that the firmware names between "from" and the colon, if it has one. */
static char *
firmware_file(const char *after)
{
    const char *backslash = strchr(after, '\\'), *colon = strstr(after, ": Access Denied");
    if (backslash && colon && backslash < colon)
        return g_strndup(backslash, (gsize)(colon - backslash));
    return g_strdup("\\EFI\\BOOT\\BOOTX64.EFI");
}

static char *
refused_file(const char *window, const char **ret_at)
{
    const char *at;
    if ((at = strstr(window, "BdsDxe: failed to load")) && strstr(at, ": Access Denied")) {
        *ret_at = at;
        return firmware_file(at);
    }
    if ((at = strstr(window, "bad shim signature"))) {
        *ret_at = at;
        return g_strdup("vmlinuz");
    }
    /* shim says it of the loader that it starts, which has one name on removable media. */
    if ((at = strstr(window, "Verification failed")) && strstr(at, "Security Violation")) {
        *ret_at = at;
        return g_strdup("\\EFI\\BOOT\\grubx64.efi");
    }
    return NULL;
}

gboolean
refusal_reader_feed(RefusalReader *reader, const char *bytes, gsize length, char **ret_file, char **ret_text)
{
    for (gsize i = 0; i < length && !reader->done; i++) {
        byte_add(reader, (unsigned char)bytes[i]);
        /* A look at the ends of words is enough, and keeps this linear. */
        if ((bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == 0x1b || i + 1 == length) && reader->length > 0) {
            const char *at = NULL;
            char *file = refused_file(reader->window, &at);
            if (!file)
                continue;
            reader->done = TRUE;
            *ret_file = file;
            *ret_text = g_strndup(at, 120);
            return TRUE;
        }
    }
    return FALSE;
}
