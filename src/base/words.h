/* base/words.h: enums and their text forms. Pure. */
#pragma once

#include <glib.h>

/* Finds text among n words without regard to ASCII case; *ret_index is written only where it is there. */
gboolean word_find(const char *const *words, int n, const char *text, int *ret_index);
