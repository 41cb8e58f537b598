/* What a mistyped word may have meant. */
#include "cli/suggest.h"

static void
near_words_are_found(void)
{
    static const char *const words[] = { "start", "stop", "restart", "enable-vtpm", "enable-secure-boot", NULL };
    static const struct {
        const char *typed, *meant;
    } cases[] = {
        { "strat", "start" },
        { "stpo", "stop" },
        { "enable-vtmp", "enable-vtpm" },
        { "enable-secureboot", "enable-secure-boot" },
        { "stop", "stop" },
        { "frobnicate", NULL },
        { "", NULL },
        { "x", NULL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(suggest(cases[i].typed, words), ==, cases[i].meant);
}

static void
long_words_are_left_alone(void)
{
    g_autofree char *word = g_strnfill(500, 'a');
    const char *const words[] = { word, "b", NULL };
    g_assert_null(suggest(word, words));
    g_assert_cmpstr(suggest("b", words), ==, "b");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/suggest/near_words_are_found", near_words_are_found);
    g_test_add_func("/suggest/long_words_are_left_alone", long_words_are_left_alone);
    return g_test_run();
}
