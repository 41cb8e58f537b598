/* host/qemu/refusal.h: a console, fed at once and byte by byte: the same refusal, or none, and only
 * what can be printed. */
#include "host/qemu/refusal.h"

#include "fuzz.h"

#include <string.h>

static gboolean
feed(const uint8_t *data, size_t size, size_t piece, char **ret_file, char **ret_text)
{
    g_autoptr(RefusalReader) reader = refusal_reader_new();
    gboolean told = FALSE;
    for (size_t at = 0; at < size; at += piece) {
        char *file = NULL, *text = NULL;
        if (!refusal_reader_feed(reader, (const char *)data + at, MIN(piece, size - at), &file, &text))
            continue;
        g_assert(!told && file && text);
        told = TRUE;
        *ret_file = file;
        *ret_text = text;
    }
    return told;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *file = NULL, *text = NULL, *file_bytewise = NULL, *text_bytewise = NULL;
    gboolean told = feed(data, size, MAX(size, 1), &file, &text);
    g_assert(told == feed(data, size, 1, &file_bytewise, &text_bytewise));
    if (!told)
        return 0;
    g_assert(strcmp(file, file_bytewise) == 0 && strcmp(text, text_bytewise) == 0);
    for (const char *p = text; *p; p++)
        g_assert(g_ascii_isprint(*p));
    for (const char *p = file; *p; p++)
        g_assert(g_ascii_isprint(*p));
    return 0;
}
