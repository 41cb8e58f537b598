/* host/qemu/line_socket.h: what a monitor or a guest sends, by either peer's rules. The first byte
 * says in what pieces. */
#include "host/qemu/line_socket.h"

#include "fuzz.h"

#define LINE_MAX_HERE 4096u

static void
on_object(const json_t *object, void *data)
{
    g_assert(json_is_object(object));
    (*(guint *)data)++;
}

/* How many objects came; -1 where the peer broke the rules. */
static int
feed(const uint8_t *data, size_t size, size_t piece, LineRules rules)
{
    LineSplitter *splitter = line_splitter_new(LINE_MAX_HERE, rules);
    guint objects = 0;
    gboolean ok = TRUE;
    for (size_t at = 0; ok && at < size; at += piece)
        ok = line_splitter_feed(splitter, (const char *)data + at, MIN(piece, size - at), on_object, &objects);
    line_splitter_free(splitter);
    return ok ? (int)objects : -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t piece = (size_t)data[0] + 1;
    int strict = feed(data + 1, size - 1, piece, LINES_STRICT);
    int lenient = feed(data + 1, size - 1, piece, LINES_WITH_GARBAGE);
    g_assert(strict == feed(data + 1, size - 1, 1, LINES_STRICT));
    g_assert(lenient == feed(data + 1, size - 1, 1, LINES_WITH_GARBAGE));
    /* Who keeps to the strict rules is understood by the others too. */
    g_assert(strict < 0 || strict == lenient);
    return 0;
}
