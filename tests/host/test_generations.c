/* host/generations.h: which generations of a part there ever were, and what becomes of one that is wanted. */
#include "host/generations.h"

/* made: in this order, ended by 0. Then one is wanted that is not there and was not kept. */
static const struct {
    const char *name;
    guint64 made[4], wanted;
    Source source;
} cases[] = {
    { "the-first", { 0 }, 1, SOURCE_FRESH },
    { "the-first-has-any-number", { 0 }, 70, SOURCE_FRESH },
    { "one-above-all", { 1, 3 }, 4, SOURCE_FRESH },
    { "one-that-was-made", { 1, 3 }, 1, SOURCE_LOST },
    { "the-highest", { 1, 3 }, 3, SOURCE_LOST },
    { "one-that-no-launch-came-to-make", { 1, 3 }, 2, SOURCE_FRESH },
    { "one-below-the-first", { 5 }, 4, SOURCE_FRESH },
    { "it-was-made-late", { 1, 3, 2 }, 2, SOURCE_LOST },
    { "beside-one-that-was-made-late", { 1, 4, 2 }, 3, SOURCE_FRESH },
    { "still-known-after-a-rise", { 1, 3, 34 }, 2, SOURCE_FRESH },
    { "one-that-was-made-after-a-rise", { 2, 3, 34 }, 2, SOURCE_LOST },
    { "the-last-that-is-known", { 1, 34 }, 2, SOURCE_FRESH },
    { "too-long-ago-to-be-sure", { 1, 35 }, 2, SOURCE_LOST },
    { "far-too-long-ago", { 1, 200 }, 100, SOURCE_LOST },
    { "below-a-far-rise", { 1, 200 }, 199, SOURCE_FRESH },
    { "none-is-wanted", { 1, 3 }, 0, SOURCE_NONE },
};

static void
test_source(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    PartPast past = { 0 };
    for (guint n = 0; n < G_N_ELEMENTS(cases[i].made) && cases[i].made[n] > 0; n++)
        past = part_past_with(past, cases[i].made[n]);
    g_assert_cmpint(part_source(cases[i].wanted, 0, past, FALSE), ==, cases[i].source);
    /* What is there, or was put aside, is told by that alone. */
    if (cases[i].wanted > 0) {
        g_assert_cmpint(part_source(cases[i].wanted, cases[i].wanted, past, FALSE), ==, SOURCE_PRESENT);
        g_assert_cmpint(part_source(cases[i].wanted, 0, past, TRUE), ==, SOURCE_PREVIOUS);
    }
}

static void
test_skipped_fits_in_32_bits(void)
{
    PartPast past = { 0 };
    for (guint64 generation = 1; generation < 500; generation += 7) {
        past = part_past_with(past, generation);
        g_assert_cmpuint(past.highest, ==, generation);
        g_assert_cmpuint(past.skipped, <=, G_MAXUINT32);
        g_assert_cmpuint(part_past_with(past, 0).skipped, ==, past.skipped);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/generations/", cases[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_source);
    }
    g_test_add_func("/generations/skipped-fits-in-32-bits", test_skipped_fits_in_32_bits);
    return g_test_run();
}
