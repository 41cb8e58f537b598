/* Which instances go: policies, protection, and those that are out of service. */
#include "rollout/scale_in.h"

#include <string.h>

#define FLEET_MAX 16

/* One letter an instance, by id: o in service, x out of service, p protected, X both, l leaving already. '^' goes. */
static const struct {
    const char *why, *fleet;
    ScaleInRule rule;
    gboolean unhealthy_first;
    guint count;
    const char *expect;
} cases[] = {
    { "nothing to go", "ooo", SCALE_IN_DEFAULT, FALSE, 0, "..." },
    { "no instances at all", "", SCALE_IN_DEFAULT, FALSE, 0, "" },
    { "the highest id first", "ooooo", SCALE_IN_DEFAULT, FALSE, 2, "...^^" },
    { "the newest has the highest id", "ooooo", SCALE_IN_NEWEST_VM, FALSE, 2, "...^^" },
    { "the oldest has the lowest id", "ooooo", SCALE_IN_OLDEST_VM, FALSE, 2, "^^..." },
    { "all of them", "ooo", SCALE_IN_OLDEST_VM, FALSE, 3, "^^^" },
    { "a protected one is passed over", "oooop", SCALE_IN_DEFAULT, FALSE, 2, "..^^." },
    { "also where the oldest go", "poooo", SCALE_IN_OLDEST_VM, FALSE, 2, ".^^.." },
    { "one that is leaving does not go twice", "ooool", SCALE_IN_DEFAULT, FALSE, 2, "..^^." },
    { "too many are protected", "popp", SCALE_IN_DEFAULT, FALSE, 3, ".^.." },
    { "what is out of service waits for its turn", "xooo", SCALE_IN_DEFAULT, FALSE, 1, "...^" },
    { "unless it is to go first", "xooo", SCALE_IN_DEFAULT, TRUE, 1, "^..." },
    { "the rule decides among those", "xoxo", SCALE_IN_OLDEST_VM, TRUE, 1, "^..." },
    { "and by default", "xoxo", SCALE_IN_DEFAULT, TRUE, 1, "..^." },
    { "and among the rest", "oxoo", SCALE_IN_DEFAULT, TRUE, 2, ".^.^" },
    { "nobody goes twice", "xooo", SCALE_IN_OLDEST_VM, TRUE, 2, "^^.." },
    { "fewer than are out of service", "xxxo", SCALE_IN_NEWEST_VM, TRUE, 2, ".^^." },
    { "protection holds out of service too", "Xooo", SCALE_IN_OLDEST_VM, TRUE, 1, ".^.." },
};

static void
test_cases(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        ScaleInCandidate candidates[FLEET_MAX] = { 0 };
        gboolean goes[FLEET_MAX + 1];
        guint n = (guint)strlen(cases[i].fleet), expected = 0;
        g_test_message("%s", cases[i].why);
        /* Flags that are not written are seen. */
        memset(goes, 0xaa, sizeof goes);
        for (guint k = 0; k < n; k++) {
            char letter = cases[i].fleet[k];
            candidates[k] = (ScaleInCandidate){
                .id = k * 3,
                .protected = letter == 'p' || letter == 'X',
                .leaving = letter == 'l',
                .out_of_service = letter == 'x' || letter == 'X',
            };
        }
        const ScaleInPolicy policy = { .rule = cases[i].rule, .prioritize_unhealthy = cases[i].unhealthy_first };
        guint found = scale_in_choose(candidates, n, &policy, cases[i].count, goes);
        for (guint k = 0; k < n; k++) {
            g_assert_cmpint(goes[k], ==, cases[i].expect[k] == '^');
            expected += cases[i].expect[k] == '^' ? 1 : 0;
        }
        g_assert_cmpuint(found, ==, expected);
        g_assert_cmphex((guint)goes[n], ==, 0xaaaaaaaa);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scale-in/cases", test_cases);
    return g_test_run();
}
