#include "attest/cursor.h"

Cursor
cursor_over(const void *bytes, gsize size)
{
    /* An empty GBytes has no address. */
    static const guint8 nothing;
    return (Cursor){ .at = bytes ? bytes : &nothing, .left = size };
}

const guint8 *
cursor_take(Cursor *cursor, gsize size)
{
    if (cursor->failed || size > cursor->left) {
        cursor->failed = TRUE;
        return NULL;
    }
    const guint8 *bytes = cursor->at;
    cursor->at += size;
    cursor->left -= size;
    return bytes;
}

static guint64
big_endian(Cursor *cursor, guint size)
{
    const guint8 *bytes = cursor_take(cursor, size);
    guint64 value = 0;
    for (guint i = 0; bytes && i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static guint64
little_endian(Cursor *cursor, guint size)
{
    const guint8 *bytes = cursor_take(cursor, size);
    guint64 value = 0;
    for (guint i = size; bytes && i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

guint8
cursor_u8(Cursor *cursor)
{
    return (guint8)big_endian(cursor, 1);
}

guint16
cursor_u16be(Cursor *cursor)
{
    return (guint16)big_endian(cursor, 2);
}

guint32
cursor_u32be(Cursor *cursor)
{
    return (guint32)big_endian(cursor, 4);
}

guint64
cursor_u64be(Cursor *cursor)
{
    return big_endian(cursor, 8);
}

guint16
cursor_u16le(Cursor *cursor)
{
    return (guint16)little_endian(cursor, 2);
}

guint32
cursor_u32le(Cursor *cursor)
{
    return (guint32)little_endian(cursor, 4);
}

guint64
cursor_u64le(Cursor *cursor)
{
    return little_endian(cursor, 8);
}

Cursor
cursor_sized(Cursor *cursor)
{
    gsize size = cursor_u16be(cursor);
    const guint8 *bytes = cursor_take(cursor, size);
    Cursor inside = cursor_over(bytes, bytes ? size : 0);
    inside.failed = !bytes;
    return inside;
}

gboolean
cursor_is_done(const Cursor *cursor)
{
    return !cursor->failed && cursor->left == 0;
}
