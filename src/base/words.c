#include "base/words.h"

gboolean
word_find(const char *const *words, int n, const char *text, int *ret_index)
{
    for (int i = 0; i < n; i++) {
        if (g_ascii_strcasecmp(words[i], text) == 0) {
            *ret_index = i;
            return TRUE;
        }
    }
    return FALSE;
}
