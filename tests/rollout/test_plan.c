/* The planner: each situation and its next action; and whole stories, played against a small model of a host. */
#include "rollout/life.h"
#include "rollout/plan.h"

#define NOW   1000
#define LATE  900
#define EARLY 1100

/* The facts in one line: state, want, what differs. Flags: a alive, r refused, k skip shutdown, d to be deleted,
 * e an epoch behind, v a revision behind, s a step in hand, L its deadline over, O over just now, B to come;
 * N its guest still has time, M until just now; S/T/D a start, stop or destroy under way, A to be started again by now,
 * W later; P it comes in the place of one that is not gone yet. */
static InstanceFacts
facts_of(InstanceState state, DesiredPower want, const char *flags)
{
    InstanceFacts facts = {
        .state = state, .want_power = want, .want_epoch = 1, .epoch = 1, .want_revision = 1, .revision = 1
    };
    for (const char *flag = flags; *flag; flag++) {
        switch (*flag) {
        case 'a':
            facts.alive = TRUE;
            break;
        case 'r':
            facts.refused = TRUE;
            break;
        case 'k':
            facts.skip_shutdown = TRUE;
            break;
        case 'd':
            facts.want_deleted = TRUE;
            break;
        case 'e':
            facts.want_epoch = 2;
            break;
        case 'v':
            facts.want_revision = 2;
            break;
        case 's':
            facts.has_step = TRUE;
            break;
        case 'L':
            facts.deadline = LATE;
            break;
        case 'O':
            facts.deadline = NOW;
            break;
        case 'B':
            facts.deadline = EARLY;
            break;
        case 'N':
            facts.terminate_at = EARLY;
            break;
        case 'M':
            facts.terminate_at = NOW;
            break;
        case 'S':
            facts.in_flight = CALL_START;
            break;
        case 'T':
            facts.in_flight = CALL_STOP;
            break;
        case 'D':
            facts.in_flight = CALL_DESTROY;
            break;
        case 'A':
            facts.revive_at = NOW;
            break;
        case 'W':
            facts.revive_at = EARLY;
            break;
        case 'P':
            facts.awaits = TRUE;
            break;
        default:
            g_assert_not_reached();
        }
    }
    return facts;
}

static void
test_actions(void)
{
    /* clang-format off */
    static const struct {
        const char *why;
        InstanceState state;
        DesiredPower want;
        const char *flags;
        Act act;
    } cases[] = {
        { "a guest has its time before its end", INSTANCE_RUNNING, POWER_RUNNING, "adsN", ACT_NONE },
        { "and not a moment more", INSTANCE_RUNNING, POWER_RUNNING, "adsM", ACT_DESTROY },
        { "one that does not run needs none", INSTANCE_FAILED, POWER_RUNNING, "dsN", ACT_DESTROY },
        { "what is not to be deleted has no end to wait for", INSTANCE_RUNNING, POWER_STOPPED, "asN", ACT_STOP },
        { "a new one is launched", INSTANCE_CREATING, POWER_RUNNING, "es", ACT_LAUNCH },
        { "when what it replaces has gone", INSTANCE_CREATING, POWER_RUNNING, "esP", ACT_NONE },
        { "unless it is to go, too", INSTANCE_CREATING, POWER_RUNNING, "dsP", ACT_DESTROY },
        { "the host's answer is awaited", INSTANCE_STARTING, POWER_RUNNING, "sSB", ACT_NONE },
        { "but not for ever", INSTANCE_STARTING, POWER_RUNNING, "sSL", ACT_TIMEOUT },
        { "whatever is wanted by now", INSTANCE_STARTING, POWER_STOPPED, "asS", ACT_NONE },
        { "as long as it has time", INSTANCE_STARTING, POWER_STOPPED, "asSB", ACT_NONE },
        { "also where another launch comes after it", INSTANCE_STARTING, POWER_RUNNING, "esSB", ACT_NONE },
        { "which does not fail for this one", INSTANCE_STARTING, POWER_RUNNING, "esSL", ACT_STOP_FORCED },
        { "nor does its rest", INSTANCE_STARTING, POWER_STOPPED, "sSL", ACT_STOP_FORCED },
        { "what is late already is not waited for", INSTANCE_FAILED, POWER_RUNNING, "esS", ACT_STOP_FORCED },
        { "nor to rest", INSTANCE_FAILED, POWER_DEALLOCATED, "sS", ACT_STOP_FORCED },
        { "unless nobody asks for anything", INSTANCE_FAILED, POWER_RUNNING, "S", ACT_NONE },
        { "the agent is awaited", INSTANCE_STARTING, POWER_RUNNING, "asB", ACT_NONE },
        { "but not for ever", INSTANCE_STARTING, POWER_RUNNING, "asL", ACT_TIMEOUT },
        { "when its time is over it is over", INSTANCE_STARTING, POWER_RUNNING, "asO", ACT_TIMEOUT },
        { "a stop has no deadline here: the host ends it by force", INSTANCE_STOPPING, POWER_STOPPED, "asTL", ACT_NONE },
        { "a deadline counts with a step only", INSTANCE_STARTING, POWER_RUNNING, "aL", ACT_NONE },
        { "without a deadline there is none", INSTANCE_STARTING, POWER_RUNNING, "as", ACT_NONE },
        { "it runs: the step is done", INSTANCE_RUNNING, POWER_RUNNING, "asB", ACT_SETTLE },
        { "also when the deadline is over", INSTANCE_RUNNING, POWER_RUNNING, "asL", ACT_SETTLE },
        { "it runs, and nobody asked", INSTANCE_RUNNING, POWER_RUNNING, "a", ACT_NONE },
        { "a restart stops it first", INSTANCE_RUNNING, POWER_RUNNING, "aes", ACT_STOP },
        { "by force if so asked", INSTANCE_RUNNING, POWER_RUNNING, "aeks", ACT_STOP_FORCED },
        { "by force where nothing runs that could shut down", INSTANCE_FAILED, POWER_RUNNING, "aers", ACT_STOP_FORCED },
        { "then launches it", INSTANCE_STOPPED, POWER_RUNNING, "es", ACT_LAUNCH },
        { "a failed one is launched when asked", INSTANCE_FAILED, POWER_RUNNING, "es", ACT_LAUNCH },
        { "its step has failed", INSTANCE_FAILED, POWER_RUNNING, "s", ACT_FAIL },
        { "for a launch that it was to make", INSTANCE_FAILED, POWER_RUNNING, "vsB", ACT_FAIL },
        { "who had failed before takes a revision all the same", INSTANCE_FAILED, POWER_RUNNING, "avs", ACT_ADOPT_FAILED },
        { "also where it is to be started again", INSTANCE_FAILED, POWER_RUNNING, "vsA", ACT_ADOPT_FAILED },
        { "not where nobody asks", INSTANCE_FAILED, POWER_RUNNING, "v", ACT_NONE },
        { "and it stays failed", INSTANCE_FAILED, POWER_RUNNING, "", ACT_NONE },
        { "it died, and is started again", INSTANCE_FAILED, POWER_RUNNING, "A", ACT_REVIVE },
        { "not before its time", INSTANCE_FAILED, POWER_RUNNING, "W", ACT_NONE },
        { "nor before its step has ended", INSTANCE_FAILED, POWER_RUNNING, "sA", ACT_FAIL },
        { "nor beside what is left of it", INSTANCE_FAILED, POWER_RUNNING, "aA", ACT_NONE },
        { "a launch that is due is made by itself", INSTANCE_FAILED, POWER_RUNNING, "eA", ACT_LAUNCH },
        { "nor one that is to rest", INSTANCE_FAILED, POWER_STOPPED, "A", ACT_NONE },
        { "nor one that is well", INSTANCE_RUNNING, POWER_RUNNING, "aA", ACT_NONE },
        { "a revision that needs nothing done", INSTANCE_RUNNING, POWER_RUNNING, "avs", ACT_ADOPT_REVISION },
        { "powered off from the inside: it stays so", INSTANCE_STOPPED, POWER_RUNNING, "", ACT_NONE },
        { "to be stopped", INSTANCE_RUNNING, POWER_STOPPED, "as", ACT_STOP },
        { "by force", INSTANCE_RUNNING, POWER_STOPPED, "aks", ACT_STOP_FORCED },
        { "to be deallocated", INSTANCE_RUNNING, POWER_DEALLOCATED, "as", ACT_STOP },
        { "the host's answer is awaited", INSTANCE_STOPPING, POWER_STOPPED, "asT", ACT_NONE },
        { "it rests: the step is done", INSTANCE_STOPPED, POWER_STOPPED, "s", ACT_SETTLE },
        { "one at rest takes a revision", INSTANCE_STOPPED, POWER_STOPPED, "vs", ACT_ADOPT_REVISION },
        { "one at rest is left alone", INSTANCE_DEALLOCATED, POWER_DEALLOCATED, "", ACT_NONE },
        { "to be deleted, whatever it does", INSTANCE_RUNNING, POWER_RUNNING, "ad", ACT_DESTROY },
        { "also while it starts", INSTANCE_STARTING, POWER_RUNNING, "adsS", ACT_DESTROY },
        { "once", INSTANCE_DELETING, POWER_RUNNING, "adD", ACT_NONE },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        InstanceFacts facts = facts_of(cases[i].state, cases[i].want, cases[i].flags);
        g_test_message("%s", cases[i].why);
        g_assert_cmpstr(act_text(plan_instance(&facts, NOW)), ==, act_text(cases[i].act));
        g_assert_cmpstr(act_text(plan_instance(&facts, NOW)), ==, act_text(cases[i].act));
    }
}

/* ---- stories: the planner, the life table and a host that does what it is told ---- */

static void
move(InstanceFacts *facts, LifeEvent event)
{
    facts->state = life_next(facts->state, event, facts->want_power);
}

/* Does one action and lets the host answer it at once. FALSE: nothing was to be done. */
static gboolean
play(InstanceFacts *facts)
{
    switch (plan_instance(facts, NOW)) {
    case ACT_NONE:
        return FALSE;
    case ACT_LAUNCH:
        facts->epoch = facts->want_epoch;
        facts->revision = facts->want_revision;
        facts->refused = FALSE;
        move(facts, LIFE_LAUNCH);
        facts->alive = TRUE;
        move(facts, LIFE_STARTED);
        move(facts, LIFE_AGENT);
        return TRUE;
    case ACT_STOP:
    case ACT_STOP_FORCED:
        move(facts, LIFE_STOP);
        facts->alive = FALSE;
        move(facts, LIFE_EXITED);
        return TRUE;
    case ACT_DESTROY:
        move(facts, LIFE_DESTROY);
        facts->alive = FALSE;
        facts->in_flight = CALL_DESTROY;
        return TRUE;
    case ACT_ADOPT_REVISION:
        facts->revision = facts->want_revision;
        return TRUE;
    case ACT_ADOPT_FAILED:
        facts->revision = facts->want_revision;
        facts->has_step = FALSE;
        return TRUE;
    case ACT_SETTLE:
        if (facts->want_power != POWER_RUNNING)
            facts->state = facts->want_power == POWER_DEALLOCATED ? INSTANCE_DEALLOCATED : INSTANCE_STOPPED;
        facts->has_step = FALSE;
        return TRUE;
    case ACT_FAIL:
    case ACT_TIMEOUT:
        facts->has_step = FALSE;
        return TRUE;
    case ACT_REVIVE:
        facts->has_step = TRUE;
        facts->revive_at = 0;
        facts->want_epoch++;
        return TRUE;
    case ACT_N:
        break;
    }
    g_assert_not_reached();
}

/* From every state, with every wish, the host answering: it comes to rest, and where it was asked to be. */
static void
test_every_wish_comes_true(void)
{
    for (int state = 0; state < INSTANCE_N_STATES; state++) {
        for (int want = 0; want < POWER_N_STATES; want++) {
            for (guint bits = 0; bits < 32; bits++) {
                if (state == INSTANCE_DELETING)
                    continue;
                InstanceFacts facts = facts_of((InstanceState)state, (DesiredPower)want, "s");
                facts.alive = (bits & 1) != 0;
                facts.want_deleted = (bits & 2) != 0;
                facts.want_revision = (bits & 4) ? 2 : 1;
                facts.skip_shutdown = (bits & 8) != 0;
                facts.refused = (bits & 16) != 0;
                facts.want_epoch = 2; /* what every request to start, restart or update raises */
                guint steps = 0;
                while (play(&facts))
                    g_assert_cmpuint(++steps, <, 10);
                g_test_message("%s %s %u", instance_state_text((InstanceState)state), desired_power_text((DesiredPower)want),
                               bits);
                if (facts.want_deleted) {
                    g_assert_cmpint(facts.state, ==, INSTANCE_DELETING);
                    continue;
                }
                static const InstanceState end[POWER_N_STATES] = { INSTANCE_RUNNING, INSTANCE_STOPPED, INSTANCE_DEALLOCATED };
                g_assert_cmpstr(instance_state_text(facts.state), ==, instance_state_text(end[want]));
                g_assert_false(facts.has_step);
                g_assert_cmpuint(facts.revision, ==, facts.want_revision);
                g_assert_cmpint(facts.alive, ==, want == POWER_RUNNING);
            }
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/actions", test_actions);
    g_test_add_func("/plan/every-wish-comes-true", test_every_wish_comes_true);
    return g_test_run();
}
