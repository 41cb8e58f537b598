/* The table of an instance's life, walked: what comes after what, nothing unreachable, no dead ends. */
#include "rollout/life.h"

static void
test_transitions(void)
{
    /* clang-format off */
    static const struct {
        const char *why;
        InstanceState from;
        LifeEvent event;
        InstanceState to;
    } cases[] = {
        { "a new one is launched", INSTANCE_CREATING, LIFE_LAUNCH, INSTANCE_STARTING },
        { "QEMU alone is not running yet", INSTANCE_STARTING, LIFE_STARTED, INSTANCE_STARTING },
        { "the agent's answer ends the start", INSTANCE_STARTING, LIFE_AGENT, INSTANCE_RUNNING },
        { "where there is no agent QEMU does", INSTANCE_STARTING, LIFE_STARTED_NO_AGENT, INSTANCE_RUNNING },
        { "a start that fails", INSTANCE_STARTING, LIFE_START_FAILED, INSTANCE_FAILED },
        { "a boot that is refused", INSTANCE_STARTING, LIFE_REFUSED, INSTANCE_FAILED },
        { "a start that takes too long", INSTANCE_STARTING, LIFE_TIMEOUT, INSTANCE_FAILED },
        { "a late answer is an answer", INSTANCE_FAILED, LIFE_AGENT, INSTANCE_RUNNING },
        { "a guest that ends while it starts", INSTANCE_STARTING, LIFE_EXITED, INSTANCE_FAILED },
        { "killed while it runs", INSTANCE_RUNNING, LIFE_DIED, INSTANCE_FAILED },
        { "powered off from the inside", INSTANCE_RUNNING, LIFE_EXITED, INSTANCE_STOPPED },
        { "asked to stop", INSTANCE_RUNNING, LIFE_STOP, INSTANCE_STOPPING },
        { "and stopped", INSTANCE_STOPPING, LIFE_EXITED, INSTANCE_STOPPED },
        { "however it went down", INSTANCE_STOPPING, LIFE_DIED, INSTANCE_STOPPED },
        { "a stop that takes too long", INSTANCE_STOPPING, LIFE_TIMEOUT, INSTANCE_FAILED },
        { "a failed one is started again", INSTANCE_FAILED, LIFE_LAUNCH, INSTANCE_STARTING },
        { "a stopped one too", INSTANCE_STOPPED, LIFE_LAUNCH, INSTANCE_STARTING },
        { "and a deallocated one", INSTANCE_DEALLOCATED, LIFE_LAUNCH, INSTANCE_STARTING },
        { "news of a process that is gone", INSTANCE_STOPPED, LIFE_DIED, INSTANCE_STOPPED },
        { "an answer of one that stops", INSTANCE_STOPPING, LIFE_AGENT, INSTANCE_STOPPING },
        { "deletion from anywhere", INSTANCE_RUNNING, LIFE_DESTROY, INSTANCE_DELETING },
        { "and nothing comes after it", INSTANCE_DELETING, LIFE_AGENT, INSTANCE_DELETING },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].why);
        g_assert_cmpstr(instance_state_text(life_next(cases[i].from, cases[i].event, POWER_STOPPED)), ==,
                        instance_state_text(cases[i].to));
    }
}

static void
test_rest_is_what_was_wanted(void)
{
    static const InstanceState ending[] = { INSTANCE_RUNNING, INSTANCE_STOPPING };
    for (guint i = 0; i < G_N_ELEMENTS(ending); i++) {
        g_assert_cmpint(life_next(ending[i], LIFE_EXITED, POWER_STOPPED), ==, INSTANCE_STOPPED);
        g_assert_cmpint(life_next(ending[i], LIFE_EXITED, POWER_RUNNING), ==, INSTANCE_STOPPED);
        g_assert_cmpint(life_next(ending[i], LIFE_EXITED, POWER_DEALLOCATED), ==, INSTANCE_DEALLOCATED);
    }
}

/* All states that can come after `from`, itself included. */
static void
reach(InstanceState from, gboolean reached[INSTANCE_N_STATES])
{
    if (reached[from])
        return;
    reached[from] = TRUE;
    for (int event = 0; event < LIFE_N_EVENTS; event++) {
        for (int power = 0; power < POWER_N_STATES; power++)
            reach(life_next(from, (LifeEvent)event, (DesiredPower)power), reached);
    }
}

static void
test_every_state_is_reached(void)
{
    gboolean reached[INSTANCE_N_STATES] = { FALSE };
    reach(INSTANCE_CREATING, reached);
    for (int state = 0; state < INSTANCE_N_STATES; state++)
        g_assert_true(reached[state]);
}

static void
test_no_dead_ends(void)
{
    for (int state = 0; state < INSTANCE_N_STATES; state++) {
        gboolean reached[INSTANCE_N_STATES] = { FALSE };
        reach((InstanceState)state, reached);
        g_test_message("%s", instance_state_text((InstanceState)state));
        g_assert_true(reached[INSTANCE_DELETING]);
        g_assert_cmpint(reached[INSTANCE_RUNNING], ==, state != INSTANCE_DELETING);
    }
}

static void
test_nothing_goes_back_to_creating(void)
{
    for (int state = 0; state < INSTANCE_N_STATES; state++) {
        for (int event = 0; event < LIFE_N_EVENTS; event++) {
            InstanceState next = life_next((InstanceState)state, (LifeEvent)event, POWER_RUNNING);
            g_assert_true(next < INSTANCE_N_STATES);
            g_assert_true(next != INSTANCE_CREATING || state == INSTANCE_CREATING);
        }
    }
}

/* The host may tell the same twice, after a restart of the daemon say. */
static void
test_events_told_twice_are_told_once(void)
{
    for (int state = 0; state < INSTANCE_N_STATES; state++) {
        for (int event = 0; event < LIFE_N_EVENTS; event++) {
            InstanceState once = life_next((InstanceState)state, (LifeEvent)event, POWER_STOPPED);
            g_test_message("%s %s", instance_state_text((InstanceState)state), life_event_text((LifeEvent)event));
            g_assert_cmpint(life_next(once, (LifeEvent)event, POWER_STOPPED), ==, once);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/life/transitions", test_transitions);
    g_test_add_func("/life/rest-is-what-was-wanted", test_rest_is_what_was_wanted);
    g_test_add_func("/life/every-state-is-reached", test_every_state_is_reached);
    g_test_add_func("/life/no-dead-ends", test_no_dead_ends);
    g_test_add_func("/life/nothing-goes-back-to-creating", test_nothing_goes_back_to_creating);
    g_test_add_func("/life/events-told-twice-are-told-once", test_events_told_twice_are_told_once);
    return g_test_run();
}
