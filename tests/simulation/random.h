/* tests/simulation/random.h: all chance there is, from one seed. Each purpose has a stream of its own, so that what is decided
 * for one of them does not depend on how often another one asked. */
#pragma once

#include <glib.h>

typedef struct {
    guint64 state;
} Random;

Random random_from(guint64 seed, const char *purpose);
guint64 random_next(Random *random);
guint random_below(Random *random, guint n);                 /* 0 to n - 1; n > 0 */
guint random_between(Random *random, guint low, guint high); /* both are possible */
gboolean random_chance(Random *random, guint percent);

/* The same answer whenever it is asked, whatever else happened. */
guint random_decided(guint64 seed, const char *what, guint n);

/* What g_uuid_string_random() gives from here on comes from the seed too: names that are drawn decide about the order in which
 * tables are walked. */
void random_uuids_begin(guint64 seed);
