/* base/jsonc.h: JSON as deployment templates are written. Pure.
 * Source: Azure, "Understand the structure and syntax of ARM templates", comments and multi-line strings. The name of a member
 * without quotes is in no text: 'az deployment' sends the template so. */
#pragma once

#include <glib.h>

/* The same as strict JSON: comments become blanks, the bare name of a member gets quotes, and a line break within a text
 * becomes \n. What is wrong besides stays as it is, for the parser to say. Newly allocated, NUL-terminated. */
char *jsonc_to_json(const char *text, gsize length, gsize *ret_length);
