#include "random.h"

#define GOLDEN G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)

/* splitmix64 (Steele, Lea, Flood 2014) */
static guint64
mix(guint64 x)
{
    x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

Random
random_from(guint64 seed, const char *purpose)
{
    return (Random){ mix(seed * GOLDEN + g_str_hash(purpose)) };
}

guint64
random_next(Random *random)
{
    random->state += GOLDEN;
    return mix(random->state);
}

guint
random_below(Random *random, guint n)
{
    g_assert(n > 0);
    return (guint)(random_next(random) % n);
}

guint
random_between(Random *random, guint low, guint high)
{
    return low + random_below(random, high - low + 1);
}

gboolean
random_chance(Random *random, guint percent)
{
    return random_below(random, 100) < percent;
}

guint
random_decided(guint64 seed, const char *what, guint n)
{
    Random random = random_from(seed, what);
    return random_below(&random, n);
}

static Random uuids;

void
random_uuids_begin(guint64 seed)
{
    uuids = random_from(seed, "uuids");
}

/* In place of GLib's: the program's own definition is the one that everything in it is linked to. */
char *
g_uuid_string_random(void)
{
    guint64 high = random_next(&uuids), low = random_next(&uuids);
    return g_strdup_printf("%08x-%04x-4%03x-%04x-%012" G_GINT64_MODIFIER "x", (guint)(high >> 32), (guint)(high >> 16) & 0xffff,
                           (guint)high & 0xfff, ((guint)(low >> 48) & 0x3fff) | 0x8000,
                           low & G_GUINT64_CONSTANT(0xffffffffffff));
}
