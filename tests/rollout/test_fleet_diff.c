/* What differs between two fleets is told. */
#include "members.h"

static void
test_differences_are_told(void)
{
    static const struct {
        const char *one, *other, *expect;
    } cases[] = {
        { ". n", ". n", NULL },
        { ".", ". n", "there are 1 members in the one and 2 in the other" },
        { "nH@1", "nH@2", "member 0 is not the same in both" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fleet) one = members_fleet(cases[i].one), other = members_fleet(cases[i].other);
        g_autofree char *difference = fleet_diff(one, other);
        g_assert_cmpstr(difference, ==, cases[i].expect);
    }
    /* Whatever a member says, it is seen when it is said anew. */
    static const char *const words[] = { "n", "1", "u", "D", ".@1", "l", "p", "b", "r", "f", "k", "+", "z" };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(Fleet) one = members_fleet("."), other = members_fleet(words[i]);
        Member member = members_member(0, words[i]);
        fleet_put(one, &member);
        g_autofree char *difference = fleet_diff(one, other);
        g_test_message("%s", words[i]);
        g_assert_cmpstr(difference, ==, NULL);
        g_autoptr(Fleet) before = members_fleet(".");
        g_autofree char *told = fleet_diff(before, other);
        g_assert_cmpstr(told, ==, "member 0 is not the same in both");
    }
    /* The same members, but the order is another one. */
    g_autoptr(Fleet) one = members_fleet(". u"), other = members_fleet("! . u");
    g_autofree char *difference = fleet_diff(one, other);
    g_assert_cmpstr(difference, ==, "place 0 of queue 0 is 0 in the one and 1 in the other");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet-diff/differences-are-told", test_differences_are_told);
    return g_test_run();
}
