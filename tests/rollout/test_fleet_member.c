/* What a member counts as: who is in which queue, and what is counted. */
#include "members.h"

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
    { "not what was dead before, and is started again", FLEET_DECIDED, "nHfuw", "" },
    { "at rest, whatever its health", FLEET_DECIDED, "nHr?", "0" },
    { "being put back, too", FLEET_DECIDED, "U Uf Ur Uu", "0 1 2" },
    { "not while a step is in hand", FLEET_DECIDED, "nHb nHbf", "" },
    { "not what leaves", FLEET_DECIDED, "nHl", "" },
    { "not what is superseded", FLEET_DECIDED, "H Hf", "" },
    { "ill so far, or on its way up: not yet", FLEET_DECIDED, "nHu nH? nHi", "" },

    { "undecided: ill and in hand, the longest first", FLEET_UNDECIDED, "nHu@30 nH?@10 Uu@20", "1 2 0" },
    { "or was dead before", FLEET_UNDECIDED, "nHfuw", "0" },
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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet-member/queues", test_queues);
    g_test_add_func("/fleet-member/counts", test_counts);
    return g_test_run();
}
