/* Shares that come to less than one instance: as they are told of, and as the planner takes them. */
#include "rollout/fleet.h"
#include "rollout/roll.h"
#include "rollout/shares.h"

#include <string.h>

static RollingPolicy
shares_of(guint batch, guint ill, guint upgraded_ill)
{
    return (RollingPolicy){ .max_batch_percent = batch,
                            .max_unhealthy_percent = ill,
                            .max_unhealthy_upgraded_percent = upgraded_ill };
}

static void
test_the_smallest_value_that_works(void)
{
    static const struct {
        const char *why;
        guint percent, capacity, needed;
    } cases[] = {
        { "a fifth of two", 20, 2, 50 },
        { "of three: rounded up", 20, 3, 34 },
        { "of four", 20, 4, 25 },
        { "of five it is one", 20, 5, 0 },
        { "a hair's breadth", 33, 3, 34 },
        { "and no more", 34, 3, 0 },
        { "of one all are needed", 99, 1, 100 },
        { "all of one", 100, 1, 0 },
        { "of seven", 14, 7, 15 },
        { "of an empty set nothing is asked", 20, 0, 0 },
        { "5 % of 19 and of 20", 5, 19, 6 },
        { "5 % of 19 and of 20", 5, 20, 0 },
        { "very many: no overflow", 50, 85899346, 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const RollingPolicy policy = shares_of(cases[i].percent, cases[i].percent, cases[i].percent);
        g_test_message("%s", cases[i].why);
        for (int share = 0; share < SHARE_N; share++)
            g_assert_cmpuint(share_needed(&policy, (Share)share, cases[i].capacity), ==, cases[i].needed);
    }
}

/* A model with these shares, in percent, and this capacity. */
static Model
model_of(guint batch, guint ill, guint upgraded_ill, guint capacity, UpgradeMode mode)
{
    return (Model){ .policy.rolling = shares_of(batch, ill, upgraded_ill), .capacity = capacity, .upgrade_mode = mode };
}

static void
test_none_ill_may_be_asked_for(void)
{
    const Model model = model_of(50, 50, 0, 2, UPGRADE_ROLLING);
    g_auto(GStrv) warnings = shares_warnings(NULL, &model);
    g_assert_cmpuint(g_strv_length(warnings), ==, 0);
}

static void
test_sentences(void)
{
    static const char *const members[] = { ".maxBatchInstancePercent: 20 percent of 2 ",
                                           ".maxUnhealthyInstancePercent: ", ".maxUnhealthyUpgradedInstancePercent: " };
    const Model all = model_of(20, 20, 20, 2, UPGRADE_ROLLING), one = model_of(50, 20, 100, 2, UPGRADE_ROLLING);
    g_auto(GStrv) warnings = shares_warnings(NULL, &all), single = shares_warnings(NULL, &one);
    g_assert_cmpuint(g_strv_length(warnings), ==, SHARE_N);
    for (guint i = 0; i < SHARE_N; i++) {
        g_assert_nonnull(strstr(warnings[i], members[i]));
        g_assert_true(g_str_has_suffix(warnings[i], " is 50."));
    }
    g_assert_cmpuint(g_strv_length(single), ==, 1);
    g_assert_nonnull(strstr(single[0], members[SHARE_UNHEALTHY]));
}

static void
test_told_when_they_are_set(void)
{
    const Model manual = model_of(20, 20, 20, 2, UPGRADE_MANUAL), rolling = model_of(20, 20, 20, 2, UPGRADE_ROLLING);
    const Model manual_10 = model_of(50, 50, 10, 2, UPGRADE_MANUAL), rolling_3 = model_of(20, 20, 20, 3, UPGRADE_ROLLING);
    const Model manual_3 = model_of(20, 20, 20, 3, UPGRADE_MANUAL);
    Model by_itself = manual;
    by_itself.policy.os_upgrade.enabled = TRUE;
    const struct {
        const char *why;
        const Model *before, *after;
        guint warnings;
    } cases[] = {
        { "a manual set with the defaults asks for nothing", NULL, &manual, 0 },
        { "one that says a share does", NULL, &manual_10, 1 },
        { "and one that is changed to it", &manual, &manual_10, 1 },
        { "a rolling one has the defaults too", NULL, &rolling, 3 },
        { "not again with each change", &rolling, &rolling, 0 },
        { "but with another capacity", &rolling, &rolling_3, 3 },
        { "which a manual one is not told of", &manual, &manual_3, 0 },
        { "with the mode", &manual, &rolling, 3 },
        { "or with automatic OS upgrades", &manual, &by_itself, 3 },
        { "whichever of them comes second", &by_itself, &rolling, 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) warnings = shares_warnings(cases[i].before, cases[i].after);
        g_test_message("%s", cases[i].why);
        g_assert_cmpuint(g_strv_length(warnings), ==, cases[i].warnings);
    }
}

/* ---- against the planner ---- */

static gboolean
is_two(guint revision, void *data)
{
    (void)data;
    return revision == 2;
}

/* n instances, all upgraded but the last; the first is ill. */
static RollActType
planner_with_one_ill(const RollingPolicy *policy, guint n)
{
    g_autoptr(Fleet) fleet = fleet_new();
    const RollState roll = { .phase = ROLL_PHASE_CHECK, .batch = 1, .room = n };
    fleet_aim(fleet, is_two, NULL, /* ill_first= */ FALSE);
    for (guint id = 0; id < n; id++) {
        Member member = { .id = id, .revision = id + 1 < n ? 2 : 1, .phase = FLEET_PHASE_LAST, .health = HEALTH_HEALTHY };
        member.mark = member.revision == 2 ? ROLL_MARK_DONE : ROLL_MARK_NONE;
        member.health = id == 0 ? HEALTH_UNHEALTHY : HEALTH_HEALTHY;
        fleet_put(fleet, &member);
    }
    return roll_next(&roll, policy, fleet, ARM_N_CODES, /* now= */ 1).type;
}

static void
test_the_planner_agrees(void)
{
    for (guint n = 2; n <= 24; n++) {
        for (guint percent = 5; percent <= 100; percent++) {
            const FleetCounts counts = { .present = n };
            const RollingPolicy policy = shares_of(percent, percent, 100);
            gboolean warned = share_needed(&policy, SHARE_UNHEALTHY, n) > 0;
            g_assert_cmpint(planner_with_one_ill(&policy, n), ==, warned ? ROLL_STOP : ROLL_BEGIN);
            /* One instance, and more than its share. */
            gboolean more = roll_batch_size(&policy, &counts) * 100 > n * percent;
            g_assert_cmpint(share_needed(&policy, SHARE_BATCH, n) > 0, ==, more);
        }
    }
}

/* However many are upgraded: not even one ill of all is within the share. */
static void
test_the_planner_agrees_on_upgraded_ones(void)
{
    for (guint n = 2; n <= 24; n++) {
        for (guint percent = 1; percent <= 100; percent++) {
            const RollingPolicy policy = shares_of(100, 100, percent);
            if (share_needed(&policy, SHARE_UNHEALTHY_UPGRADED, n) > 0)
                g_assert_cmpint(planner_with_one_ill(&policy, n), ==, ROLL_STOP);
            else if (share_needed(&policy, SHARE_UNHEALTHY_UPGRADED, n - 1) == 0)
                g_assert_cmpint(planner_with_one_ill(&policy, n), ==, ROLL_BEGIN);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/shares/smallest", test_the_smallest_value_that_works);
    g_test_add_func("/shares/none-ill", test_none_ill_may_be_asked_for);
    g_test_add_func("/shares/sentences", test_sentences);
    g_test_add_func("/shares/told", test_told_when_they_are_set);
    g_test_add_func("/shares/planner", test_the_planner_agrees);
    g_test_add_func("/shares/planner-upgraded", test_the_planner_agrees_on_upgraded_ones);
    return g_test_run();
}
