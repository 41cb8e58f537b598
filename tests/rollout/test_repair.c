/* Automatic repairs: from a fleet in one line to the next action. */
#include "members.h"
#include "rollout/repair.h"

#include <string.h>

#define GRACE 600
#define NOW   10000

G_STATIC_ASSERT(REPAIRS_IN_VAIN == 3);

static const struct {
    /* state: o off, s suspended, r a rolling upgrade is under way, 1… so many were in vain, h half a second
     * later, a the daemon came back at 9500 */
    const char *why, *fleet, *state, *expect;
} cases[] = {
    { "nobody", "", "", "wait" },
    { "all are well", ". n", "", "wait" },
    { "ill, and its grace period is over", ". u@9400", "", "take 1" },
    { "over just now: not a second before", ". u@9401", "", "wait 10001" },
    { "unknown and failed are ill, too", "?@2", "", "take 0" },
    { "failed", "f@2", "", "take 0" },
    { "on its way up is not", "i@2", "", "wait" },
    { "a step is in hand", "ub@2", "", "wait" },
    { "the longest first", "u@90 u@80", "", "take 1" },
    { "one at a time", "u@90 R", "", "well 1" },
    { "which is waited for", "u@90 Ri", "", "wait" },
    { "but not one that is deleted", "u@90 Rl", "", "take 0" },
    { "until it is well", "u@90 R", "", "well 1" },
    { "or its own grace period is over", "u@90 Ru@9400", "", "vain 1" },
    { "and not before", "u@90 Ru@9500", "", "wait 10100" },
    { "whoever is due first wakes",
      "u@9900 . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . Ru@9800", "", "wait 10400" },
    { "in the other order, too", "u@9700 . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . Ru@9800",
      "", "wait 10300" },
    { "in 39 instances still one", "u@90 Ri . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . .", "",
      "wait" },
    { "in 40 two", "u@90 Ri . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . .", "", "take 0" },
    { "who leaves does not make them 40", "u@90 Ri l . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . .",
      "", "wait" },
    { "protected ones are left alone", "p? qu@5", "", "wait" },
    { "stopped meanwhile: let go", "Rru", "", "letgo 0" },
    { "protected meanwhile: let go", "Ru q Rqu", "", "letgo 2" },
    { "its successor could not be created", "RfuN", "", "vain 0" },
    { "never came up: not repaired", "fuN", "", "wait" },
    { "died: it is started again first", "fuW", "", "wait" },
    { "in repair, and died: waited for", "RfuW u@2", "", "wait" },
    { "what was in vain is repaired again", "u@2", "1", "take 0" },
    { "as often as that", "u@2", "2", "take 0" },
    { "and no more", "u@2", "3", "suspend" },
    { "off", "u@2 R", "o", "wait" },
    { "suspended", "u@2 R", "s", "wait" },
    { "suspended for good", "u@2", "s3", "wait" },
    { "a rolling upgrade is under way", "u@2 R", "r", "wait" },
    { "the clock was set back: no wait is counted from the future", "u@20000", "", "take 0" },
    { "by a second", "u@10001", "", "take 0" },
    { "the daemon was away", "u@9400", "a", "wait 10100" },
    { "in repair, and the daemon was away", "Ru@9400", "a", "wait 10100" },
    { "but not by less: a time is rounded up", "u@10001", "h", "wait 10601" },
};

static char *
act_text_of(const RepairAct *act)
{
    static const char *const texts[REPAIR_N_ACTS] = { "wait", "take", "well", "letgo", "vain", "suspend" };
    if (act->type == REPAIR_WAIT && act->at == 0)
        return g_strdup("wait");
    if (act->type == REPAIR_WAIT)
        return g_strdup_printf("wait %" G_GINT64_FORMAT, act->at / USEC_PER_SEC);
    return act->type == REPAIR_SUSPEND ? g_strdup("suspend") : g_strdup_printf("%s %u", texts[act->type], act->id);
}

static void
test_next(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Fleet) fleet = members_fleet(cases[i].fleet);
        const char *given = cases[i].state;
        const UnixTime now = NOW * USEC_PER_SEC + (strchr(given, 'h') ? USEC_PER_SEC / 2 : 0);
        const RepairsPolicy policy = { .enabled = !strchr(given, 'o'), .grace_usec = GRACE * USEC_PER_SEC };
        const RepairState state = {
            .suspended = strchr(given, 's') != NULL,
            .rolling = strchr(given, 'r') != NULL,
            .awake = strchr(given, 'a') ? 9500 * USEC_PER_SEC : 0,
            .in_vain = (guint)g_ascii_strtoull(given + strcspn(given, "123"), NULL, 10),
        };
        RepairAct act = repair_next(&state, &policy, fleet, now);
        g_autofree char *text = act_text_of(&act);
        g_test_message("%s: %s", cases[i].why, cases[i].fleet);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

static void
test_limit(void)
{
    static const struct {
        guint present, expect;
    } limits[] = { { 0, 1 }, { 1, 1 }, { 19, 1 }, { 20, 1 }, { 39, 1 }, { 40, 2 }, { 1000, 50 }, { G_MAXUINT, 214748364 } };
    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        const FleetCounts counts = { .present = limits[i].present };
        g_assert_cmpuint(repair_limit(&counts), ==, limits[i].expect);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rollout/repair/next", test_next);
    g_test_add_func("/rollout/repair/limit", test_limit);
    return g_test_run();
}
