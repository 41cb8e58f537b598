/* base/cursor.h: reads bytes that nobody vouches for, front to back. Pure, and without GLib: testudo-guest reads with it, too.
 *
 * A read past the end fails the cursor for good: it gives 0 or NULL then and ever after. So a reader takes all its fields, and
 * asks once, at the end, whether there were that many. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *at; /* borrowed */
    size_t left;
    bool failed;
} Cursor;

Cursor cursor_over(const void *bytes, size_t size);

/* The only one that moves it. Points into the bytes; of 0 bytes it may be anything but NULL. */
const uint8_t *cursor_take(Cursor *cursor, size_t size);

/* TPM structures are big-endian, those of UEFI and of event logs little-endian. */
uint8_t cursor_u8(Cursor *cursor);
uint16_t cursor_u16be(Cursor *cursor);
uint32_t cursor_u32be(Cursor *cursor);
uint64_t cursor_u64be(Cursor *cursor);
uint16_t cursor_u16le(Cursor *cursor);
uint32_t cursor_u32le(Cursor *cursor);
uint64_t cursor_u64le(Cursor *cursor);

/* A TPM2B: 16 bits of size, then as many bytes, as a cursor of their own. */
Cursor cursor_sized(Cursor *cursor);

/* All was there, and nothing is left over. */
bool cursor_is_done(const Cursor *cursor);
