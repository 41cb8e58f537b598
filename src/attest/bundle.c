#include "attest/bundle.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/guest_wire.h"

#include <string.h>

/* A name, a space, and a length of at most 8 digits. */
#define LINE_MAX_BYTES 64
#define LENGTH_DIGITS  8

typedef struct {
    char name[LINE_MAX_BYTES];
    gsize number; /* 0: none */
} Line;

/* Up to its LF. */
static gboolean
line_read(Cursor *at, Line *ret_line)
{
    const guint8 *end = memchr(at->at, '\n', MIN(at->left, LINE_MAX_BYTES));
    if (!end)
        return FALSE;
    const gsize length = (gsize)(end - at->at);
    memcpy(ret_line->name, at->at, length);
    ret_line->name[length] = '\0';
    cursor_take(at, length + 1);
    return strlen(ret_line->name) == length;
}

/* "NAME LENGTH": the name alone stays, and the number is apart. */
static gboolean
number_split(Line *line)
{
    char *space = strrchr(line->name, ' ');
    const char *digits = space ? space + 1 : "";
    const gsize n = strspn(digits, "0123456789");
    if (n == 0 || n > LENGTH_DIGITS || digits[n] || *digits == '0')
        return FALSE;
    line->number = g_ascii_strtoull(digits, NULL, 10);
    *space = '\0';
    return *line->name != '\0';
}

static gboolean
keep(Bundle *bundle, GByteArray *log, const Line *line, const guint8 *data)
{
    const struct {
        const char *name;
        GBytes **bytes;
    } parts[] = {
        { WIRE_ATTEST, &bundle->evidence.attest }, { WIRE_SIGNATURE, &bundle->evidence.signature },
        { WIRE_AK, &bundle->evidence.ak },         { WIRE_EK, &bundle->evidence.ek },
        { WIRE_EK_CERT, &bundle->certificate },    { WIRE_REFUSED_MODULES, &bundle->refused },
    };
    if (strcmp(line->name, WIRE_LOG) == 0) {
        g_byte_array_append(log, data, (guint)line->number);
        return log->len <= EVENT_LOG_MAX_BYTES;
    }
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (strcmp(line->name, parts[i].name) != 0)
            continue;
        if (*parts[i].bytes)
            return FALSE;
        *parts[i].bytes = g_bytes_new(data, line->number);
        break;
    }
    return TRUE;
}

typedef enum { READ_PART, READ_END, READ_CUT, READ_WRONG } Read;

/* A part; or a line between two answers, or behind the last. */
static Read
part_read(Cursor *at, Bundle *bundle, GByteArray *log)
{
    Line line = { 0 };
    if (at->left == 0)
        return READ_CUT;
    if (!line_read(at, &line))
        return READ_WRONG;
    if (strcmp(line.name, WIRE_END) == 0)
        return at->left == 0 ? READ_END : READ_WRONG;
    if (!number_split(&line))
        return READ_WRONG;
    if (strcmp(line.name, WIRE_MORE) == 0)
        return line.number == log->len ? READ_PART : READ_WRONG;
    const guint8 *data = cursor_take(at, line.number);
    if (!data)
        return READ_CUT;
    return keep(bundle, log, &line, data) ? READ_PART : READ_WRONG;
}

gboolean
bundle_parse(GBytes *bytes, Bundle *ret_bundle, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    Cursor at = cursor_over(data, size);
    g_auto(Bundle) bundle = { 0 };
    g_autoptr(GByteArray) log = g_byte_array_new();
    Line head = { 0 };
    Read read = line_read(&at, &head) && strcmp(head.name, WIRE_EVIDENCE) == 0 ? READ_PART : READ_WRONG;
    while (read == READ_PART)
        read = part_read(&at, &bundle, log);
    if (read == READ_CUT)
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The evidence was cut short after %" G_GSIZE_FORMAT " bytes.", size);
    if (read == READ_WRONG)
        return arm_fail(error, ARM_BAD_REQUEST, NULL,
                        "This is no evidence as testudo-guest prints it, or it was damaged before byte %" G_GSIZE_FORMAT ".",
                        size - at.left);
    if (log->len > 0)
        bundle.evidence.log = g_byte_array_free_to_bytes(g_steal_pointer(&log));
    *ret_bundle = bundle;
    bundle = (Bundle){ 0 };
    return TRUE;
}

void
bundle_clear(Bundle *bundle)
{
    GBytes **const all[] = { &bundle->evidence.attest, &bundle->evidence.signature, &bundle->evidence.ak, &bundle->evidence.ek,
                             &bundle->evidence.log,    &bundle->certificate,        &bundle->refused };
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        g_clear_pointer(all[i], g_bytes_unref);
}
