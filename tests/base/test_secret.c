#include "base/secret.h"

#include <string.h>

static void
test_no_two_are_the_same(void)
{
    g_autofree char *a = secret_new(), *b = secret_new();
    g_assert_cmpuint(strlen(a), ==, 64);
    g_assert_cmpuint(strspn(a, "0123456789abcdef"), ==, 64);
    g_assert_cmpstr(a, !=, b);
}

static void
test_the_same_is_every_character(void)
{
    static const struct {
        const char *a, *b;
        gboolean same;
    } cases[] = {
        { "", "", TRUE },       { "abc", "abc", TRUE }, { "abc", "abd", FALSE }, { "abc", "Abc", FALSE },
        { "abc", "ab", FALSE }, { "ab", "abc", FALSE }, { "abc", "", FALSE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(secret_same(cases[i].a, cases[i].b), ==, cases[i].same);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/secret/no-two-are-the-same", test_no_two_are_the_same);
    g_test_add_func("/secret/the-same-is-every-character", test_the_same_is_every_character);
    return g_test_run();
}
