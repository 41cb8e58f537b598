/* base/hex.h: bytes in hexadecimal. Pure. */
#pragma once

#include <glib.h>

/* Lower case, two digits a byte; newly allocated. */
char *hex_text(const void *bytes, gsize size);
