#include "base/words.h"

#include <string.h>

gboolean
word_find(const char *const *words, int n, const char *text, int *ret_index)
{
    /* Mostly a word comes as we wrote it: rows of the store are full of them. */
    for (int i = 0; i < n; i++) {
        if (strcmp(words[i], text) == 0) {
            *ret_index = i;
            return TRUE;
        }
    }
    for (int i = 0; i < n; i++) {
        if (g_ascii_strcasecmp(words[i], text) == 0) {
            *ret_index = i;
            return TRUE;
        }
    }
    return FALSE;
}
