/* The fleet: in what order its queues are, and that a fleet which was fed change by change is the one that is built afresh. */
#include "members.h"

#define ID_MAX 0x7fffffffu

/* ---- order ---- */

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
    /* How it booted counts for a rolling upgrade alone. */
    Member unproven = members_member(7, "nuD"), running = members_member(7, "n");
    unproven.unmarked_health = HEALTH_HEALTHY;
    fleet_put(marked, &unproven);
    fleet_put(plain, &running);
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
    member.unmarked_health = member.mark == ROLL_MARK_NONE ? member.health : (Health)g_rand_int_range(rand, 0, HEALTH_N);
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
                for (guint i = 0; i < HISTORY_IDS; i++) {
                    members[i].mark = ROLL_MARK_NONE;
                    members[i].health = members[i].unmarked_health;
                }
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
    g_test_add_func("/fleet/order-at-the-limits", test_order_at_the_limits);
    g_test_add_func("/fleet/times-before-the-epoch-come-first", test_times_before_the_epoch_come_first);
    g_test_add_func("/fleet/front", test_front);
    g_test_add_func("/fleet/front-with-ill-ones", test_front_with_ill_ones);
    g_test_add_func("/fleet/without-an-aim-there-are-no-candidates", test_without_an_aim_there_are_no_candidates);
    g_test_add_func("/fleet/a-new-aim-measures-all-anew", test_a_new_aim_measures_all_anew);
    g_test_add_func("/fleet/marks-are-taken-off", test_marks_are_taken_off);
    g_test_add_func("/fleet/put-get-remove", test_put_get_remove);
    g_test_add_func("/fleet/any-history-is-as-good-as-a-fresh-start", test_any_history_is_as_good_as_a_fresh_start);
    return g_test_run();
}
