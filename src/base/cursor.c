#include "base/cursor.h"

Cursor
cursor_over(const void *bytes, size_t size)
{
    /* An empty one may have no address. */
    static const uint8_t nothing;
    return (Cursor){ .at = bytes ? bytes : &nothing, .left = size };
}

const uint8_t *
cursor_take(Cursor *cursor, size_t size)
{
    if (cursor->failed || size > cursor->left) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *bytes = cursor->at;
    cursor->at += size;
    cursor->left -= size;
    return bytes;
}

static uint64_t
big_endian(Cursor *cursor, unsigned size)
{
    const uint8_t *bytes = cursor_take(cursor, size);
    uint64_t value = 0;
    for (unsigned i = 0; bytes && i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static uint64_t
little_endian(Cursor *cursor, unsigned size)
{
    const uint8_t *bytes = cursor_take(cursor, size);
    uint64_t value = 0;
    for (unsigned i = size; bytes && i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

uint8_t
cursor_u8(Cursor *cursor)
{
    return (uint8_t)big_endian(cursor, 1);
}

uint16_t
cursor_u16be(Cursor *cursor)
{
    return (uint16_t)big_endian(cursor, 2);
}

uint32_t
cursor_u32be(Cursor *cursor)
{
    return (uint32_t)big_endian(cursor, 4);
}

uint64_t
cursor_u64be(Cursor *cursor)
{
    return big_endian(cursor, 8);
}

uint16_t
cursor_u16le(Cursor *cursor)
{
    return (uint16_t)little_endian(cursor, 2);
}

uint32_t
cursor_u32le(Cursor *cursor)
{
    return (uint32_t)little_endian(cursor, 4);
}

uint64_t
cursor_u64le(Cursor *cursor)
{
    return little_endian(cursor, 8);
}

Cursor
cursor_sized(Cursor *cursor)
{
    size_t size = cursor_u16be(cursor);
    const uint8_t *bytes = cursor_take(cursor, size);
    Cursor inside = cursor_over(bytes, bytes ? size : 0);
    inside.failed = !bytes;
    return inside;
}

bool
cursor_is_done(const Cursor *cursor)
{
    return !cursor->failed && cursor->left == 0;
}
