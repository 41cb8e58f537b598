/* attest/text.h: text out of bytes that nobody vouches for, fit to be shown on a terminal and put into JSON. Pure.
 * What is no text, or would move the cursor, is written as \xNN; what is longer than TEXT_MAX characters is cut, with "…". */
#pragma once

#include "base/cursor.h"

#include <glib.h>

#define TEXT_MAX 512

/* Both newly allocated; a NUL ends it. */
char *text_from_utf8(const guint8 *bytes, gsize size);
char *text_from_utf16le(const guint8 *bytes, gsize size);

/* A GUID as UEFI stores it (UEFI 2.10, appendix A): "8be4df61-93ca-11d2-aa0d-00e098032b8c". Fails the cursor where it is cut.
 */
char *text_from_guid(Cursor *at);
