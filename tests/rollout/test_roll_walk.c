/* Random walks: thousands of small worlds do what the planner of rolling upgrades says, and each act is looked at (walk.h). */
#include "walk.h"

#define WALKS 2000u

/* seen: what came up in all of them, so that a walk through nothing is noticed. */
static void
walk_all(WalkKind kind, gboolean seen[ROLL_N_ACTS], gboolean ends[ROLL_N_STATUSES])
{
    for (guint32 seed = 0; seed < WALKS; seed++) {
        g_autoptr(World) world = walk(kind, seed, /* trace= */ NULL);
        if (world->wrong) {
            g_autoptr(GString) trace = g_string_new(NULL);
            g_autoptr(World) again = walk(kind, seed, trace);
            g_print("%s# seed %u: it %s\n", trace->str, seed, again->wrong);
            g_assert_cmpstr(world->wrong, ==, NULL);
        }
        ends[world->last.status] = TRUE;
        for (int type = 0; type < ROLL_N_ACTS; type++)
            seen[type] |= world->seen[type];
    }
}

static void
test_calm_in_place(void)
{
    gboolean seen[ROLL_N_ACTS] = { FALSE }, ends[ROLL_N_STATUSES] = { FALSE };
    walk_all(WALK_CALM_IN_PLACE, seen, ends);
    g_assert_true(seen[ROLL_TAKE] && seen[ROLL_RETAKE] && seen[ROLL_PAUSE]);
    g_assert_false(seen[ROLL_ADD]);
}

static void
test_calm_surge(void)
{
    gboolean seen[ROLL_N_ACTS] = { FALSE }, ends[ROLL_N_STATUSES] = { FALSE };
    walk_all(WALK_CALM_SURGE, seen, ends);
    g_assert_true(seen[ROLL_ADD] && seen[ROLL_RETIRE] && seen[ROLL_REMOVE]);
}

static void
test_rough(void)
{
    gboolean seen[ROLL_N_ACTS] = { FALSE }, ends[ROLL_N_STATUSES] = { FALSE };
    walk_all(WALK_ROUGH, seen, ends);
    for (int type = 0; type < ROLL_N_ACTS; type++) {
        g_test_message("%s", roll_act_text((RollActType)type));
        g_assert_true(seen[type]);
    }
    g_assert_true(ends[ROLL_COMPLETED] && ends[ROLL_CANCELLED] && ends[ROLL_FAULTED]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/roll-walk/calm-in-place", test_calm_in_place);
    g_test_add_func("/roll-walk/calm-surge", test_calm_surge);
    g_test_add_func("/roll-walk/rough", test_rough);
    return g_test_run();
}
