/* The planner of rolling upgrades: where one stands and what comes next, a row each (members.h, rolls.h). */
#include "members.h"
#include "rolls.h"

#define BEFORE   "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
#define ILL      "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
#define UPGRADED "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
#define CANCELED "end Cancelled RollingUpgradeCanceled"

typedef struct {
    const char *why, *given, *fleet, *expect;
} Case;

static void
check_cases(const Case *cases, guint n)
{
    for (guint i = 0; i < n; i++) {
        Given given = rolls_given(cases[i].given);
        g_autofree char *text = g_strconcat(given.policy.prioritize_unhealthy ? "! " : "", cases[i].fleet, NULL);
        g_autoptr(Fleet) fleet = members_fleet(text);
        g_test_message("%s", cases[i].why);
        RollAct act = roll_next(&given.roll, &given.policy, fleet, given.code, given.now);
        g_autofree char *found = rolls_act(&act);
        g_assert_cmpstr(found, ==, cases[i].expect);
    }
}
#define CHECK_CASES(cases) check_cases(cases, G_N_ELEMENTS(cases))

/* ---- before a batch ---- */

static void
test_check(void)
{
    static const Case cases[] = {
        { "an empty set is done", "no=0", "", "end Completed" },
        { "all on target", "no=0", "n n n", "end Completed" },
        { "it begins", "no=0", ". . .", "begin 1" },
        { "and goes on", "no=3", "nD nD . .", "begin 1" },
        { "what is left is protected", "", "nD p p", "end Completed" },
        { "or asks to be left out", "", "nD k", "end Completed" },
        { "or is on its way out", "", "nD l", "end Completed" },
        { "what is busy is waited for", "", "nD b", "wait" },
        { "unless there are others", "", "b .", "begin 1" },
        { "a busy one that is protected is not", "", "nD bp", "end Completed" },
        { "cancelled before it began", "no=0 cancel", ". .", CANCELED },
        { "cancelled with nothing left to do", "cancel", "nD nD", CANCELED },
        { "cancelled while shares are exceeded", "cancel", "u u . .", CANCELED },
        { "done, although some are ill: none of them is to be touched", "", "nD nu nu", "end Completed" },
        { "what it deleted is awaited before the end", "", "nD lL", "wait" },
        { "what was surplus too", "", "nD n+lD", "wait" },
        { "and what is surplus goes first", "", "nD n+F", "remove 1" },
    };
    CHECK_CASES(cases);
}

static void
test_batch_size(void)
{
    static const struct {
        const char *why, *given;
        guint present, surge, size;
    } cases[] = {
        { "20 % of ten", "", 10, 0, 2 },
        { "rounded down", "", 14, 0, 2 },
        { "exactly", "", 15, 0, 3 },
        { "of five and fewer: one", "", 5, 0, 1 },
        { "at least one", "", 1, 0, 1 },
        { "of none too", "", 0, 0, 1 },
        { "5 % of 39 and of 40", "b=5", 39, 0, 1 },
        { "5 % of 39 and of 40", "b=5", 40, 0, 2 },
        { "all", "b=100", 7, 0, 7 },
        { "surplus is not counted", "", 15, 5, 2 },
        { "many", "b=99", 100000, 0, 99000 },
        { "very many: no overflow", "b=100", 100000000, 0, 100000000 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Given given = rolls_given(cases[i].given);
        const FleetCounts counts = { .present = cases[i].present, .surge = cases[i].surge };
        g_test_message("%s", cases[i].why);
        g_assert_cmpuint(roll_batch_size(&given.policy, &counts), ==, cases[i].size);
    }
}

static void
test_begin(void)
{
    static const Case cases[] = {
        { "20 % of ten are two", "", ". . . . . . . . . .", "begin 2" },
        { "of the whole set, whoever is protected", "", ". . . . . p p p p p", "begin 2" },
        { "no more than there are", "b=100", "n n . .", "begin 2" },
        { "busy ones are not of it", "b=100", ". . b b", "begin 2" },
        { "leaving ones are not of the whole", "", ". . . . . . . . . l", "begin 1" },
        { "one phase at a time", "b=100", "1 1 2 2", "begin 2" },
        { "the first one first", "b=100", "2 2 2 1", "begin 1" },
        { "within the share", "b=50", "1 1 1 2", "begin 2" },
        { "without a phase is the last", "b=100", ". . 9", "begin 1" },
        { "those at rest are a batch of their own", "b=100", ". . r r r", "begin 2" },
        { "when the others are done", "b=100", "nD nD r r r", "begin 3" },
        { "by their phases too", "b=100", "r1 r2 r2", "begin 1" },
    };
    CHECK_CASES(cases);
}

static void
test_begin_with_surge(void)
{
    static const Case cases[] = {
        { "new ones, as many as a batch", "max-surge", ". . . . . . . . . .", "begin 2 surge" },
        { "no more than there are old ones", "max-surge b=100", "n n .", "begin 1 surge" },
        { "exactly room enough", "max-surge b=50 room=2", ". . . .", "begin 2 surge" },
        { "one too few: a smaller batch", "max-surge b=50 room=1", ". . . .", "begin 1 surge short" },
        { "no room: in place", "max-surge b=50 room=0", ". . . .", "begin 2 short" },
        { "no room for the new size either", "max-surge b=50 room=0 no-room", ". . . .", "stop OperationNotAllowed" },
        { "also of what rests", "no-room", "r r", "stop OperationNotAllowed" },
        { "unless it may not", "max-surge b=50 room=0 only-surge", ". . . .", "stop OperationNotAllowed" },
        { "it may with some room", "max-surge b=50 room=1 only-surge", ". . . .", "begin 1 surge short" },
        { "nor without surge", "only-surge", ". . . .", "stop OperationNotAllowed" },
        { "what rests is done in place", "max-surge b=100", "nD r r", "begin 2" },
        { "whatever the room", "max-surge b=100 room=0", "nD r r", "begin 2" },
        { "also where others may not be", "max-surge b=100 only-surge room=0", "nD r r", "begin 2" },
        { "room means nothing in place", "room=0", ". . .", "begin 1" },
    };
    CHECK_CASES(cases);
}

/* ---- shares ---- */

static void
test_ill_before_a_batch(void)
{
    static const Case cases[] = {
        { "20 % of five is not more than 20 %", "no=0", "u . . . .", "begin 1" },
        { "40 % is", "no=0", "u u . . .", "stop " BEFORE },
        { "later its name is another one", "", "u u . . .", "stop " ILL },
        { "20 % of ten", "", "u u . . . . . . . .", "begin 2" },
        { "30 % of ten", "", "u u u . . . . . . .", "stop " ILL },
        { "unknown counts", "", "? u . . .", "stop " ILL },
        { "dead counts", "", "f u . . .", "stop " ILL },
        { "on its way up does not", "", "i u . . .", "begin 1" },
        { "busy does not: it waits its turn", "", "ub u . . .", "begin 1" },
        { "at rest does not", "", "ur u . . .", "begin 1" },
        { "protected ones count too", "", "up u . . .", "stop " ILL },
        { "those on target too", "", "nu u . . .", "stop " ILL },
        { "those that leave do not", "", "ul u . . . .", "begin 1" },
        { "another limit, met", "i=60", "u u u . .", "begin 1" },
        { "and exceeded", "i=59", "u u u . .", "stop " ILL },
        { "all of them", "i=100", "u u u u u", "begin 1" },
        { "ill ones are upgraded like others", "i=100 b=100", ". u . u", "begin 4" },
        { "surplus is neither of the part nor of the whole", "i=20 u=100", "u . . . . n+Fu", "begin 1" },
        { "nor makes it smaller", "i=19 u=100", "u . . . . n+D", "stop " ILL },
    };
    CHECK_CASES(cases);
}

static void
test_upgraded_and_ill(void)
{
    static const Case cases[] = {
        { "one of five upgraded", "i=100", "nFu nD nD nD nD .", "begin 1" },
        { "one of four", "i=100", "nFu nD nD nD . .", "stop " UPGRADED },
        { "none at all is allowed", "i=100 u=0", "nFu nD nD nD nD nD nD nD .", "stop " UPGRADED },
        { "all are allowed", "i=100 u=100", "nFu .", "begin 1" },
        { "one that was well and is ill since", "i=100", "nDu nD .", "stop " UPGRADED },
        { "one that failed and is well since", "i=100", "nF nD .", "begin 1" },
        { "those that were on target before do not count", "i=100", "nFu n n n n .", "stop " UPGRADED },
        { "nor for the worse", "i=100", "nu nD .", "begin 1" },
        { "new ones that were removed count", "i=100 removed=1", "nD nD nD nD .", "begin 1" },
        { "as upgraded and ill", "i=100 removed=1", "nD nD nD .", "stop " UPGRADED },
        { "this is said before the other", "", "nFu nFu .", "stop " UPGRADED },
        { "what is superseded counts no more", "i=100", "Fu Fu n", "begin 1" },
    };
    CHECK_CASES(cases);
}

/* ---- a batch in place ---- */

static void
test_take(void)
{
    static const Case cases[] = {
        { "the first by id", "batch left=2", ". . . . . . . . . .", "take 0" },
        { "the next", "batch left=1", "nHb . . .", "take 1" },
        { "by phase", "batch left=1", ". 2 1 .", "take 2" },
        { "ill ones as they come", "batch left=1", ". u . . .", "take 0" },
        { "ill ones first", "batch left=1 first", ". u . . .", "take 1" },
        { "not the protected one", "batch left=1", "p . . .", "take 1" },
        { "not the busy one", "batch left=1", "b . . .", "take 1" },
        { "not the one that asks to be left out", "batch left=1", "k . . .", "take 1" },
        { "not the resting one while others serve", "batch left=1", "r . . .", "take 1" },
        { "full", "batch left=0", "nHb . . .", "wait" },
        { "none is left to take", "batch left=1", "nHb p p", "wait" },
        { "nothing more once it is cancelled", "batch left=1 cancel", "nHb . . .", "wait" },
        { "nothing more once too many are ill", "batch left=1", "nHb u u . .", "wait" },
        { "or too many of the upgraded", "batch left=1 i=100", "nHb nFu nD . .", "wait" },
        { "nothing that may not be done in place", "batch left=1 only-surge", "nHb . .", "wait" },
        { "what rests may", "batch left=1 only-surge", "nHb r", "take 1" },
    };
    CHECK_CASES(cases);
}

static void
test_wait(void)
{
    static const Case cases[] = {
        { "it is well", "batch", ". nH", "accept 1" },
        { "its step is over: it rests", "batch", ". nHr?", "accept 1" },
        { "it failed", "batch", ". nHfu", "reject 1" },
        { "failed, whatever its health", "batch", ". nHf", "reject 1" },
        { "a step is in hand", "batch", ". nHb", "wait" },
        { "on its way up", "batch now=10000", ". nHi", "wait" },
        { "ill so far", "batch now=100", ". nHu@10", "wait 310" },
        { "unknown so far", "batch now=100", ". nH?@10", "wait 310" },
        { "a moment before its wait is over", "batch now=309", ". nHu@10", "wait 310" },
        { "it is over", "batch now=310", ". nHu@10", "reject 1" },
        { "given less time: not yet", "batch patience=60 now=69", ". nHu@10", "wait 70" },
        { "given less time: it is over", "batch patience=60 now=70", ". nHu@10", "reject 1" },
        { "the daemon was away: not yet", "batch patience=60 awake=40 now=99", ". nHu@10", "wait 100" },
        { "the daemon was away: it is over", "batch patience=60 awake=40 now=100", ". nHu@10", "reject 1" },
        { "the one that waits longest", "batch now=100", "nHu@50 nHu@10", "wait 310" },
        { "and is over first", "batch now=310", "nHu@50 nHu@10", "reject 1" },
        { "a step has its own end, which may be sooner", "batch now=100", "nHb nHu@10", "wait 310" },
        { "one that leaves is waited for no more", "batch", ". nHl", "check" },
        { "what is decided comes before what is taken", "batch left=1", ". nH", "accept 1" },
        { "also when it was cancelled", "batch cancel", ". nH", "accept 1" },
        { "cancelled: the batch in hand is waited for", "batch cancel", ". nHb", "wait" },
        { "protected meanwhile: it is in hand all the same", "batch", ". nHp", "accept 1" },
    };
    CHECK_CASES(cases);
}

static void
test_batch_over(void)
{
    static const Case cases[] = {
        { "the next one", "batch", "nD . . .", "check" },
        { "after a pause", "batch wait=60 now=1000", "nD . . .", "pause 1060" },
        { "not after the last one", "batch wait=60", "nD nD p", "check" },
        { "also where the rest is busy", "batch wait=60 now=1000", "nD b", "pause 1060" },
        { "or some of it", "batch wait=60 now=1000", "nD . b", "pause 1060" },
        { "cancelled", "batch wait=60 cancel", "nD . . .", CANCELED },
        { "cancelled with room for more", "batch left=3 cancel", "nD . . .", CANCELED },
        { "too many of the upgraded are ill", "batch i=100", "nFu . . .", "stop " UPGRADED },
        { "exactly as many as may be", "batch i=100", "nFu nD nD nD nD .", "check" },
        { "too many are ill", "batch u=100", "nFu u . . .", "stop " ILL },
        { "a cancelled one that failed has failed", "batch cancel", "nFu . . .", "stop " UPGRADED },
        { "the last batch too", "batch", "nFu nD nD", "stop " UPGRADED },
    };
    CHECK_CASES(cases);
}

/* ---- a batch of new ones ---- */

static void
test_surge_adds(void)
{
    static const Case cases[] = {
        { "new ones are made", "batch surge left=2 max-surge", ". . .", "add" },
        { "until there are enough", "batch surge left=0 max-surge", ". . . n+Hb", "wait" },
        { "not once it is cancelled", "batch surge left=1 cancel max-surge", ". . . n+Hb", "wait" },
        { "not where there is no room any more", "batch surge left=1 room=0 max-surge", ". . . n+Hb", "wait" },
        { "no room for the first: it is over", "batch surge left=1 room=0 max-surge", ". . .", "check" },
        { "not once too many are ill", "batch surge left=1 max-surge", ". u u n+Hb", "wait" },
        { "not when no old one is left", "batch surge left=1 max-surge", "n n n+Hb", "wait" },
        { "nor when those that are rest", "batch surge left=1 max-surge", "n r n+Hb", "wait" },
        { "a batch begun with surge goes on so", "batch surge left=1", ". . .", "add" },
        { "one begun in place too", "batch left=1 max-surge", ". . .", "take 0" },
    };
    CHECK_CASES(cases);
}

static void
test_surge_gives_places(void)
{
    static const Case cases[] = {
        { "all of the batch are waited for", "batch surge", ". . n+D n+Hb", "wait" },
        { "then an old one goes for each", "batch surge", ". . n+D n+D", "retire 0 for 2" },
        { "and the next", "batch surge", "lL . nD n+D", "retire 1 for 3" },
        { "by phase", "batch surge", ". 1 n+D", "retire 1 for 2" },
        { "ill ones first", "batch surge first", ". u . . . n+D", "retire 1 for 5" },
        { "a protected one never goes", "batch surge", "p . n+D", "retire 1 for 2" },
        { "none is left that may go", "batch surge", "p n n+D", "remove 2" },
        { "one that rests does not go either", "batch surge", "r n+D", "remove 1" },
        { "a busy one is waited for", "batch surge", "b n+D", "wait" },
        { "one that is busy and another that is at rest", "batch surge", "b r n+D", "wait" },
        { "not for one that is restarted just now", "batch surge", ". n+Db", "wait" },
        { "or on its way up again", "batch surge", ". n+Di", "wait" },
        { "the old ones are awaited", "batch surge", "lL lL nD nD .", "wait" },
        { "the last of them too", "batch surge", "lL nD nD .", "wait" },
        { "then the batch is over", "batch surge", "nD nD .", "check" },
        { "with its pause", "batch surge wait=5 now=100", "nD nD .", "pause 105" },
        { "cancelled: no old one goes any more", "batch surge cancel", ". . n+D n+D", "remove 2" },
        { "and what went is awaited", "batch surge cancel", ". lL n+lD nD", "wait" },
        { "before it ends", "batch surge cancel", ". nD", CANCELED },
    };
    CHECK_CASES(cases);
}

static void
test_surge_fails(void)
{
    static const Case cases[] = {
        { "within what is allowed: it goes, and counts", "batch surge u=50", ". . n+Fu n+D", "remove 2 counts" },
        { "then the other one takes a place", "batch surge u=50 removed=1", ". . l+Fu n+D", "retire 0 for 3" },
        { "more than is allowed", "batch surge u=49", ". . n+Fu n+D", "stop " UPGRADED },
        { "none is well: it stops whatever is allowed", "batch surge u=100", ". . n+Fu n+Fu", "stop " UPGRADED },
        { "also where the old one is busy", "batch surge u=100", "b n+Fu", "stop " UPGRADED },
        { "not where none of the old ones is left", "batch surge u=100", "n n+Fu", "remove 1 counts" },
        { "nor where those rest", "batch surge u=100", "r n+Fu", "remove 1 counts" },
        { "one that became ill after it was well", "batch surge u=100", ". . n+Du n+D", "reject 2" },
        { "one that somebody stopped goes, and has not failed", "batch surge", ". . n+Dr n+D", "remove 2" },
        { "unless it had before", "batch surge u=100", ". . n+Fr n+D", "remove 2 counts" },
        { "well again, but it failed", "batch surge u=100", ". . n+F n+D", "remove 2 counts" },
        { "it has failed and the upgrade is cancelled", "batch surge u=100 cancel", ". . n+Fu n+D", "remove 2" },
    };
    CHECK_CASES(cases);
}

/* ---- pauses ---- */

static void
test_pause(void)
{
    static const Case cases[] = {
        { "until its time is over", "pause wait=60 until=1060 now=1000", "nD .", "wait 1060" },
        { "a moment before", "pause wait=60 until=1060 now=1059", "nD .", "wait 1060" },
        { "it is over", "pause wait=60 until=1060 now=1060", "nD .", "check" },
        { "cancelled", "pause wait=60 until=1060 now=1000 cancel", "nD .", CANCELED },
        { "the clock went back: no longer than it was meant to be", "pause wait=60 until=1060 now=10", "nD .", "pause 70" },
        { "as long as it was meant to be is not longer", "pause wait=60 until=1060 now=1000", "nD .", "wait 1060" },
        { "the policy is another one", "pause wait=10 until=1060 now=1000", "nD .", "pause 1010" },
        { "without pauses", "pause until=1060 now=1000", "nD .", "check" },
        { "illness waits for the check", "pause wait=60 until=1060 now=1000", "nD u u .", "wait 1060" },
    };
    CHECK_CASES(cases);
}

/* ---- a target that is superseded ---- */

static void
test_superseded(void)
{
    static const Case cases[] = {
        { "what is in hand is brought to the new one", "batch", "H . . .", "retake 0" },
        { "when its step is over", "batch", "Hb . . .", "wait" },
        { "whatever came of it", "batch", "Hfu . . .", "retake 0" },
        { "not once it is cancelled", "batch cancel", "H . . .", "release 0" },
        { "not what is protected by now", "batch", "Hp . . .", "release 0" },
        { "nor what asks to be left out", "batch", "Hk . . .", "release 0" },
        { "nor where too many are ill", "batch", "H u u . .", "release 0" },
        { "nor what may be replaced only", "batch only-surge", "H . . .", "release 0" },
        { "what rests may", "batch only-surge", "Hr . . .", "retake 0" },
        { "before any other is taken", "batch left=1", ". H . .", "retake 1" },
        { "not before those are judged that have failed at the new one", "batch", "H nHfu . .", "reject 1" },
        { "or are well there", "batch", "H nH . .", "accept 1" },
        { "new ones are removed", "batch surge", ". . +Hb", "remove 2" },
        { "also those that were well", "batch surge", ". . +D", "remove 2" },
        { "or failed: that counts for what was", "batch surge", ". . +Fu", "remove 2" },
        { "what was done is a candidate again", "", "D D", "begin 1" },
        { "what failed too", "i=100", "Fu n", "begin 1" },
    };
    CHECK_CASES(cases);
}

/* ---- what failed is put back ---- */

static void
test_undo(void)
{
    static const Case cases[] = {
        { "where the policy says so", "undo rollback", "nFuz . .", "undo 0" },
        { "or the upgrade", "undo put-back", "nFuz . .", "undo 0" },
        { "not otherwise", "undo", "nFuz . .", "end Faulted " ILL },
        { "each of them", "undo rollback", "Ub nFuz .", "undo 1" },
        { "they are waited for", "undo rollback", "Ub Ub .", "wait" },
        { "as others are", "undo rollback now=100", "Uu@10 Ub .", "wait 310" },
        { "well again", "undo rollback", "U Ub .", "accept 0" },
        { "not well in its time", "undo rollback now=310", "Uu@10 .", "reject 0" },
        { "nor up at all", "undo rollback", "Ufu .", "reject 0" },
        { "then it ends", "undo rollback", "X Xu . .", "end Faulted " ILL },
        { "what cannot be put back stays", "undo rollback", "nFu . .", "end Faulted " ILL },
        { "what is protected by now stays", "undo rollback", "nFuzp . .", "end Faulted " ILL },
        { "what is well by now stays", "undo rollback", "nFz . .", "end Faulted " ILL },
        { "what is busy is put back when it is no more", "undo rollback", "nFuzb . .", "wait" },
        { "but is nothing to wait for otherwise", "undo", "nFuzb . .", "end Faulted " ILL },
        { "what was done well stays", "undo rollback", "nDz . .", "end Faulted " ILL },
        { "surplus is removed", "undo rollback", "n n+Fuz n+D", "remove 1" },
        { "also what is well", "undo rollback", "n l+Fuz n+D", "remove 2" },
        { "and awaited", "undo", "n n+lF", "wait" },
        { "also without the policy", "undo", "n n+Fuz", "remove 1" },
        { "the model is another one meanwhile: waited for all the same", "check", "Ub n n", "wait" },
        { "before others are taken", "check now=100", "Uu@10 . .", "wait 310" },
        { "and before it is canceled", "check cancel", "Ub . .", "wait" },
        { "a cancel changes nothing", "undo rollback cancel", "nFuz . .", "undo 0" },
        { "health does not go on with it", "undo", ". . . .", "end Faulted " ILL },
    };
    CHECK_CASES(cases);
}

/* ---- texts ---- */

static void
test_every_act_has_a_text(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (int type = 0; type < ROLL_N_ACTS; type++)
        g_assert_true(g_hash_table_add(seen, (gpointer)roll_act_text((RollActType)type)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/roll/check", test_check);
    g_test_add_func("/roll/batch-size", test_batch_size);
    g_test_add_func("/roll/begin", test_begin);
    g_test_add_func("/roll/begin-with-surge", test_begin_with_surge);
    g_test_add_func("/roll/ill-before-a-batch", test_ill_before_a_batch);
    g_test_add_func("/roll/upgraded-and-ill", test_upgraded_and_ill);
    g_test_add_func("/roll/take", test_take);
    g_test_add_func("/roll/wait", test_wait);
    g_test_add_func("/roll/batch-over", test_batch_over);
    g_test_add_func("/roll/surge-adds", test_surge_adds);
    g_test_add_func("/roll/surge-gives-places", test_surge_gives_places);
    g_test_add_func("/roll/surge-fails", test_surge_fails);
    g_test_add_func("/roll/pause", test_pause);
    g_test_add_func("/roll/superseded", test_superseded);
    g_test_add_func("/roll/undo", test_undo);
    g_test_add_func("/roll/every-act-has-a-text", test_every_act_has_a_text);
    return g_test_run();
}
