/* attest/cursor.h: reads bytes that nobody vouches for, front to back. Pure.
 *
 * A read past the end fails the cursor for good: it gives 0 or NULL then and ever after. So a reader takes all its fields, and
 * asks once, at the end, whether there were that many. */
#pragma once

#include <glib.h>

typedef struct {
    const guint8 *at; /* borrowed */
    gsize left;
    gboolean failed;
} Cursor;

Cursor cursor_over(const void *bytes, gsize size);

/* The only one that moves it. Points into the bytes; of 0 bytes it may be anything but NULL. */
const guint8 *cursor_take(Cursor *cursor, gsize size);

/* TPM structures are big-endian, those of UEFI and of event logs little-endian. */
guint8 cursor_u8(Cursor *cursor);
guint16 cursor_u16be(Cursor *cursor);
guint32 cursor_u32be(Cursor *cursor);
guint64 cursor_u64be(Cursor *cursor);
guint16 cursor_u16le(Cursor *cursor);
guint32 cursor_u32le(Cursor *cursor);
guint64 cursor_u64le(Cursor *cursor);

/* A TPM2B: 16 bits of size, then as many bytes, as a cursor of their own. */
Cursor cursor_sized(Cursor *cursor);

/* All was there, and nothing is left over. */
gboolean cursor_is_done(const Cursor *cursor);
