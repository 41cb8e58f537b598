/* The fleet: who is in which queue and in what order, what is counted, and that a fleet which was fed change by change is the
 * one that is built afresh. */
#include "members.h"

#define ID_MAX 0x7fffffffu

/* ---- queues ---- */

static const struct {
    const char *why;
    FleetQueue queue;
    const char *fleet, *expect;
} queues[] = {
    { "nobody", FLEET_CANDIDATES, "", "" },
    { "candidates: what is not on target, by id", FLEET_CANDIDATES, ". n .", "0 2" },
    { "not the protected one", FLEET_CANDIDATES, ". p .", "0 2" },
    { "nor one whose service asks to be left out", FLEET_CANDIDATES, ". k .", "0 2" },
    { "nor one that is busy", FLEET_CANDIDATES, ". b .", "0 2" },
    { "nor one that leaves", FLEET_CANDIDATES, ". l .", "0 2" },
    { "nor what is surplus", FLEET_CANDIDATES, ". + .", "0 2" },
    { "nor one in hand, or being put back", FLEET_CANDIDATES, ". H U", "0" },
    { "whatever an earlier target made of it", FLEET_CANDIDATES, "D F X", "0 1 2" },
    { "by phase, those without one last", FLEET_CANDIDATES, ". 3 1 2 1", "2 4 3 1 0" },
    { "resting ones after all others, by phase", FLEET_CANDIDATES, "r1 . 2 r r2", "2 1 0 4 3" },
    { "ill ones where they are, unless told otherwise", FLEET_CANDIDATES, ". u . ?", "0 1 2 3" },
    { "ill ones first", FLEET_CANDIDATES, "! . u . ? f i", "1 3 4 0 2 5" },
    { "within their phase", FLEET_CANDIDATES, "! 2 1 u2 . u", "1 2 0 4 3" },
    { "one at rest is not ill", FLEET_CANDIDATES, "! r ru rf", "0 1 2" },

    { "superseded: in hand, and off target", FLEET_SUPERSEDED, "H nH . H", "0 3" },
    { "its step is awaited", FLEET_SUPERSEDED, "bH", "" },
    { "surplus, whatever its mark", FLEET_SUPERSEDED, "n+D +D +bH +F", "1 2 3" },
    { "not what leaves", FLEET_SUPERSEDED, "l+D lH", "" },
    { "what is being put back has no target", FLEET_SUPERSEDED, "U", "" },

    { "decided: well", FLEET_DECIDED, "nH n nD nH", "0 3" },
    { "failed", FLEET_DECIDED, "nHfu", "0" },
    { "at rest, whatever its health", FLEET_DECIDED, "nHr?", "0" },
    { "being put back, too", FLEET_DECIDED, "U Uf Ur Uu", "0 1 2" },
    { "not while a step is in hand", FLEET_DECIDED, "nHb nHbf", "" },
    { "not what leaves", FLEET_DECIDED, "nHl", "" },
    { "not what is superseded", FLEET_DECIDED, "H Hf", "" },
    { "ill so far, or on its way up: not yet", FLEET_DECIDED, "nHu nH? nHi", "" },

    { "undecided: ill and in hand, the longest first", FLEET_UNDECIDED, "nHu@30 nH?@10 Uu@20", "1 2 0" },
    { "within a second by id", FLEET_UNDECIDED, "nHu@7 nHu@7", "0 1" },
    { "not on its way up", FLEET_UNDECIDED, "nHi nHb?", "" },
    { "not what is decided", FLEET_UNDECIDED, "nH nHfu nHr?", "" },
    { "not what is superseded, or leaves", FLEET_UNDECIDED, "Hu nHul", "" },
    { "not what is in nobody's hand", FLEET_UNDECIDED, "nu nDu nFu", "" },

    { "undoable: failed, and there is something to go back to", FLEET_UNDOABLE, "nFuz nFu nuz nDuz nUuz nXuz nFfz", "0 6" },
    { "not while it is busy", FLEET_UNDOABLE, "nFuzb", "" },
    { "not what is protected", FLEET_UNDOABLE, "nFuzp", "" },
    { "not what leaves", FLEET_UNDOABLE, "nFuzl", "" },
    { "surplus is removed instead", FLEET_UNDOABLE, "nFuz+", "" },
    { "what became well after all stays", FLEET_UNDOABLE, "nFz nFiz", "1" },
    { "but not what died since, or rests", FLEET_UNDOABLE, "nFfz nFrz", "0 1" },
    { "also off target", FLEET_UNDOABLE, "Fuz", "0" },

    { "surplus: all of it", FLEET_SURGE, "+ n+H n+Du n+F +b n", "0 1 2 3 4" },
    { "but what leaves", FLEET_SURGE, "n+Dl", "" },
    { "fit: upgraded, and not ill since", FLEET_SURGE_FIT, "n+D n+Du n+Df n+D? n+Di n+Db", "0 4 5" },
    { "upgraded means done", FLEET_SURGE_FIT, "n+H n+F n+ nD", "" },
    { "not what somebody stopped", FLEET_SURGE_FIT, "n+Dr", "" },
    { "not what leaves, or is superseded", FLEET_SURGE_FIT, "n+Dl +D", "" },
    { "unfit: the others that are not waited for", FLEET_SURGE_UNFIT, "n+F n+Du n+Dr n+ n+D n+H +F n+Fl nF", "0 1 2 3" },

    { "for repair: ill, the longest first", FLEET_ILL, "u@9 . ?@3 fu@5 i nDu@2", "5 2 3 0" },
    { "not the protected, leaving, busy, resting", FLEET_ILL, "pu qu lu bu ru", "" },
    { "not what the upgrade waits for, nor what it has beyond the capacity", FLEET_ILL, "nHu Uu nFu n+u", "2" },
    { "not what never came up", FLEET_ILL, "fuN uN", "" },
    { "what died comes last", FLEET_ILL, "fuW u@9", "1 0" },
    { "nor what is in repair", FLEET_ILL, "uR u", "1" },
    { "repaired: well", FLEET_REPAIRED, "R . Ri Ru R?", "0" },
    { "which what failed is not", FLEET_REPAIRED, "Rf", "" },
    { "or nothing for repair any more", FLEET_REPAIRED, "Rru Rpu Rqu", "0 1 2" },
    { "or it could not be created", FLEET_REPAIRED, "RfuN RfuW Rfu", "0" },
    { "not while a step is in hand, nor what leaves", FLEET_REPAIRED, "Rb Rl", "" },
    { "in vain, unless it becomes well in its time", FLEET_IN_VAIN, "Ru@9 u R?@2 Ri R Rfu@5", "2 5 0" },
    { "not what is let go anyway", FLEET_IN_VAIN, "Rur Rup Ruq Rul Rub RfuN", "" },
};

static void
test_queues(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(queues); i++) {
        g_test_message("%s", queues[i].why);
        g_autoptr(Fleet) fleet = members_fleet(queues[i].fleet);
        g_autofree char *ids = members_queue(fleet, queues[i].queue);
        g_assert_cmpstr(ids, ==, queues[i].expect);
    }
}

/* Keys hold ids, phases and times in so many bits. */
static void
test_order_at_the_limits(void)
{
    static const struct {
        guint id, phase;
        const char *word;
    } members[] = {
        { ID_MAX, 0, "." },           { 0, 1, "." },         { ID_MAX, FLEET_PHASE_LAST, "." },
        { 1, FLEET_PHASE_LAST, "." }, { 2, G_MAXUINT, "." }, { 3, 0, "r" },
    };
    g_autoptr(Fleet) fleet = fleet_new();
    static guint target = MEMBERS_TARGET;
    fleet_aim(fleet, members_on_target, &target, FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        Member member = members_member(members[i].id, members[i].word);
        member.phase = members[i].phase;
        fleet_put(fleet, &member);
    }
    g_autofree char *ids = members_queue(fleet, FLEET_CANDIDATES);
    g_assert_cmpstr(ids, ==, "0 1 2 2147483647 3");
}

static void
test_times_before_the_epoch_come_first(void)
{
    g_autoptr(Fleet) fleet = members_fleet("nHu@1 nHu@-7 nHu@0");
    g_autofree char *ids = members_queue(fleet, FLEET_UNDECIDED);
    g_assert_cmpstr(ids, ==, "1 2 0");
}

/* ---- the front of the candidates ---- */

static void
test_front(void)
{
    static const struct {
        const char *why, *fleet;
        guint limit, expect;
    } cases[] = {
        { "nobody", "", 5, 0 },
        { "all of one phase", ". . .", 5, 3 },
        { "at most the limit", ". . .", 2, 2 },
        { "none is none", ". . .", 0, 0 },
        { "the first phase alone", ". 1 2 1", 5, 2 },
        { "not those at rest", ". . r", 5, 2 },
        { "unless there are no others", "r r n", 5, 2 },
        { "and of these one phase", "r1 r2 r2", 5, 1 },
        { "what comes later does not count", "1 . 1 . 1 .", 2, 2 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].why);
        g_autoptr(Fleet) fleet = members_fleet(cases[i].fleet);
        g_assert_cmpuint(fleet_front(fleet, cases[i].limit), ==, cases[i].expect);
    }
}

/* Ill ones go first and are of the phase still. */
static void
test_front_with_ill_ones(void)
{
    g_autoptr(Fleet) fleet = members_fleet("! 1 u1 1 .");
    g_assert_cmpuint(fleet_front(fleet, 9), ==, 3);
}

/* ---- counters ---- */

static const struct {
    const char *why, *fleet;
    FleetCounts counts;
} counts[] = {
    { "nobody", "", { 0 } },
    { "one old", ".", { .present = 1, .serving = 1, .healthy = 1, .candidates = 1 } },
    { "one on target", "n", { .present = 1, .serving = 1, .healthy = 1 } },
    { "ill in three ways", "nu n? nf", { .present = 3, .serving = 3, .healthy = 1, .ill = 3 } },
    { "on its way up", "ni", { .present = 1, .serving = 1 } },
    { "busy: neither well nor ill", "n?b", { .present = 1, .serving = 1 } },
    { "at rest", "nr?", { .present = 1 } },
    { "one that leaves is not there", "nlu", { 0 } },
    { "unless the upgrade made it leave", "lL n+lD l", { .retiring = 2 } },
    { "a mark alone does not make it leave", "nL", { .present = 1, .serving = 1, .healthy = 1 } },
    { "surplus is not of the capacity", "n+u n+", { .present = 2, .surge = 2, .serving = 2, .healthy = 1 } },
    { "in hand: ill in nobody's eyes", "nHu nH", { .present = 2, .serving = 2, .healthy = 1, .in_hand = 2 } },
    { "being put back", "Uu", { .present = 1, .serving = 1, .undoing = 1 } },
    { "upgraded", "nD nDu nFu nF", { .present = 4, .serving = 4, .healthy = 2, .ill = 2, .upgraded = 4, .upgraded_ill = 2 } },
    { "upgraded surplus",
      "n+Fu n+D",
      { .present = 2, .surge = 2, .serving = 2, .healthy = 1, .upgraded = 2, .upgraded_ill = 1 } },
    { "upgraded to what is superseded: not upgraded",
      "D Fu",
      { .present = 2, .serving = 2, .healthy = 1, .ill = 1, .candidates = 2 } },
    { "put back: not upgraded", "Xu", { .present = 1, .serving = 1, .ill = 1, .candidates = 1 } },
    { "candidates that are busy", "b b? p", { .present = 3, .serving = 3, .healthy = 2, .candidates_busy = 2 } },
    { "candidates at rest", "r", { .present = 1, .candidates = 1 } },
    { "to be put back when it is busy no more",
      "nFzb nFuz nFb",
      { .present = 3, .serving = 3, .healthy = 2, .ill = 1, .upgraded = 3, .upgraded_ill = 1, .undoable_busy = 1 } },
    { "in repair, whatever else it is", "nR nRu nRb", { .present = 3, .serving = 3, .healthy = 2, .ill = 1, .repairing = 3 } },
};

static void
test_counts(void)
{
    static const char *const names[] = { "present",    "surge",           "serving",       "healthy",  "ill",
                                         "in_hand",    "undoing",         "retiring",      "upgraded", "upgraded_ill",
                                         "candidates", "candidates_busy", "undoable_busy", "repairing" };
    G_STATIC_ASSERT(sizeof(FleetCounts) == G_N_ELEMENTS(names) * sizeof(guint));
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(Fleet) fleet = members_fleet(counts[i].fleet);
        const guint *found = (const guint *)fleet_counts(fleet), *expect = (const guint *)&counts[i].counts;
        for (guint k = 0; k < G_N_ELEMENTS(names); k++) {
            g_test_message("%s: %s", counts[i].why, names[k]);
            g_assert_cmpuint(found[k], ==, expect[k]);
        }
    }
}

/* ---- aims ---- */

static void
test_without_an_aim_there_are_no_candidates(void)
{
    g_autoptr(Fleet) fleet = fleet_new();
    Member member = members_member(7, "u");
    fleet_put(fleet, &member);
    g_assert_cmpuint(fleet_counts(fleet)->candidates, ==, 0);
    g_assert_null(fleet_first(fleet, FLEET_CANDIDATES));
    g_assert_cmpuint(fleet_first(fleet, FLEET_ILL)->id, ==, 7);
}

static void
test_a_new_aim_measures_all_anew(void)
{
    guint first = MEMBERS_TARGET, second = MEMBERS_OLD;
    g_autoptr(Fleet) fleet = members_fleet(". n nD");
    fleet_aim(fleet, members_on_target, &second, FALSE);
    g_assert_cmpuint(fleet_counts(fleet)->candidates, ==, 2);
    g_assert_cmpuint(fleet_counts(fleet)->upgraded, ==, 0);
    fleet_aim(fleet, members_on_target, &first, FALSE);
    g_assert_cmpuint(fleet_counts(fleet)->candidates, ==, 1);
    g_assert_cmpuint(fleet_counts(fleet)->upgraded, ==, 1);
    fleet_aim(fleet, NULL, NULL, FALSE);
    g_assert_cmpuint(fleet_counts(fleet)->candidates, ==, 0);
}

static void
test_marks_are_taken_off(void)
{
    g_autoptr(Fleet) marked = members_fleet("nD nH uU F X L .");
    g_autoptr(Fleet) plain = members_fleet("n n u . . . .");
    g_assert_cmpuint(fleet_unmark(marked), ==, 2);
    g_autofree char *difference = fleet_diff(marked, plain);
    g_assert_cmpstr(difference, ==, NULL);
    g_assert_cmpuint(fleet_unmark(marked), ==, 0);
}

/* ---- members ---- */

static void
test_put_get_remove(void)
{
    g_autoptr(Fleet) fleet = members_fleet(". nu");
    g_assert_null(fleet_get(fleet, 2));
    g_assert_cmpint(fleet_get(fleet, 1)->health, ==, HEALTH_UNHEALTHY);
    Member better = members_member(1, "n");
    fleet_put(fleet, &better);
    g_assert_cmpint(fleet_get(fleet, 1)->health, ==, HEALTH_HEALTHY);
    g_assert_cmpuint(fleet_counts(fleet)->present, ==, 2);
    fleet_remove(fleet, 1);
    fleet_remove(fleet, 1);
    g_assert_null(fleet_get(fleet, 1));
    g_assert_cmpuint(fleet_counts(fleet)->present, ==, 1);
    fleet_free(NULL);
}

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

/* ---- any history is as good as a fresh start ---- */

#define HISTORIES   300
#define CHANGES     120
#define HISTORY_IDS 12

static Member
random_member(GRand *rand, guint id)
{
    Member member = { .id = id, .revision = (guint)g_rand_int_range(rand, 1, 4) };
    member.phase = g_rand_boolean(rand) ? FLEET_PHASE_LAST : (guint)g_rand_int_range(rand, 0, 3);
    member.health = (Health)g_rand_int_range(rand, 0, HEALTH_N);
    member.mark = (RollMark)g_rand_int_range(rand, 0, ROLL_N_MARKS);
    member.since = g_rand_int_range(rand, 0, 4) * USEC_PER_SEC;
    member.repair_from = (guint)g_rand_int_range(rand, 0, 4);
    for (const char *letter = "lpbrfk+zqRW"; *letter; letter++) {
        if (g_rand_int_range(rand, 0, 4) == 0)
            members_letter(&member, *letter);
    }
    return member;
}

static void
test_any_history_is_as_good_as_a_fresh_start(void)
{
    for (guint32 seed = 0; seed < HISTORIES; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        g_autoptr(Fleet) fleet = fleet_new();
        Member members[HISTORY_IDS];
        gboolean there[HISTORY_IDS] = { FALSE }, ill_first = FALSE;
        guint target = 0;
        for (guint change = 0; change < CHANGES; change++) {
            guint id = (guint)g_rand_int_range(rand, 0, HISTORY_IDS);
            int what = g_rand_int_range(rand, 0, 20);
            if (what == 19) {
                fleet_unmark(fleet);
                for (guint i = 0; i < HISTORY_IDS; i++)
                    members[i].mark = ROLL_MARK_NONE;
            } else if (what < 2) {
                target = (guint)g_rand_int_range(rand, 0, 4);
                ill_first = g_rand_boolean(rand);
                fleet_aim(fleet, target ? members_on_target : NULL, &target, ill_first);
            } else if (what < 6) {
                there[id] = FALSE;
                fleet_remove(fleet, id);
            } else {
                there[id] = TRUE;
                members[id] = random_member(rand, id);
                fleet_put(fleet, &members[id]);
            }
        }
        g_autoptr(Fleet) fresh = fleet_new();
        fleet_aim(fresh, target ? members_on_target : NULL, &target, ill_first);
        for (guint id = HISTORY_IDS; id-- > 0;) {
            if (there[id])
                fleet_put(fresh, &members[id]);
        }
        g_autofree char *difference = fleet_diff(fleet, fresh);
        g_test_message("seed %u", seed);
        g_assert_cmpstr(difference, ==, NULL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet/queues", test_queues);
    g_test_add_func("/fleet/order-at-the-limits", test_order_at_the_limits);
    g_test_add_func("/fleet/times-before-the-epoch-come-first", test_times_before_the_epoch_come_first);
    g_test_add_func("/fleet/front", test_front);
    g_test_add_func("/fleet/front-with-ill-ones", test_front_with_ill_ones);
    g_test_add_func("/fleet/counts", test_counts);
    g_test_add_func("/fleet/without-an-aim-there-are-no-candidates", test_without_an_aim_there_are_no_candidates);
    g_test_add_func("/fleet/a-new-aim-measures-all-anew", test_a_new_aim_measures_all_anew);
    g_test_add_func("/fleet/marks-are-taken-off", test_marks_are_taken_off);
    g_test_add_func("/fleet/put-get-remove", test_put_get_remove);
    g_test_add_func("/fleet/differences-are-told", test_differences_are_told);
    g_test_add_func("/fleet/any-history-is-as-good-as-a-fresh-start", test_any_history_is_as_good_as_a_fresh_start);
    return g_test_run();
}
