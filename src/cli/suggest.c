#include "cli/suggest.h"

#include <string.h>

#define WORD_MAX 80

/* Levenshtein distance of two words of at most WORD_MAX bytes, in one row. */
static guint
distance(const char *a, const char *b)
{
    guint row[WORD_MAX + 1], n = (guint)strlen(b);
    for (guint j = 0; j <= n; j++)
        row[j] = j;
    for (guint i = 1; a[i - 1]; i++) {
        guint diagonal = row[0];
        row[0] = i;
        for (guint j = 1; j <= n; j++) {
            guint above = row[j];
            guint replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = MIN(replaced, MIN(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[n];
}

const char *
suggest(const char *typed, const char *const *words)
{
    gsize length = strlen(typed);
    guint best = (guint)MIN(3, 1 + length / 4) + 1;
    const char *found = NULL;
    if (length == 0 || length > WORD_MAX)
        return NULL;
    for (; *words; words++) {
        guint here = strlen(*words) <= WORD_MAX ? distance(typed, *words) : best;
        if (here < best) {
            best = here;
            found = *words;
        }
    }
    return found;
}
