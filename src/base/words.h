/* base/words.h: enums and their text forms. Pure. */
#pragma once

#include <glib.h>

/* Finds text among n words without regard to ASCII case; *ret_index is written only where it is there. */
gboolean word_find(const char *const *words, int n, const char *text, int *ret_index);

/* Defines prefix_text(value) and prefix_from_text(text, &value) over the table prefix_words[count]. */
#define DEFINE_WORDS(prefix, Enum, count)                                                                                      \
    const char *prefix##_text(Enum value)                                                                                      \
    {                                                                                                                          \
        g_assert((guint)value < (guint)(count));                                                                               \
        return prefix##_words[value];                                                                                          \
    }                                                                                                                          \
    gboolean prefix##_from_text(const char *text, Enum *ret_value)                                                             \
    {                                                                                                                          \
        int index;                                                                                                             \
        if (!word_find(prefix##_words, count, text, &index))                                                                   \
            return FALSE;                                                                                                      \
        *ret_value = (Enum)index;                                                                                              \
        return TRUE;                                                                                                           \
    }
