/* base/hex.h: bytes in hexadecimal. Pure. */
#pragma once

#include <glib.h>

/* Lower case, two digits a byte; newly allocated. */
char *hex_text(const void *bytes, gsize size);
/* From 2 * size digits of either case, whatever comes after them. FALSE: there are fewer. */
gboolean hex_read(const char *text, guint8 *ret_bytes, gsize size);
/* The whole text. NULL: an odd number of digits, none, or something else than digits. */
GBytes *hex_bytes(const char *text);
