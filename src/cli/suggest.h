/* cli/suggest.h: what a mistyped word may have meant. Pure. */
#pragma once

#include <glib.h>

/* The word of `words` (NULL-terminated) that is nearest to `typed`; NULL where none is near.
 * Borrowed.
 */
const char *suggest(const char *typed, const char *const *words);
