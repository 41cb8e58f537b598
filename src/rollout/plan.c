#include "rollout/plan.h"

#include "rollout/revive.h"

static const char *const act_texts[ACT_N] = {
    [ACT_NONE] = "none",
    [ACT_STOP] = "stop",
    [ACT_STOP_FORCED] = "stop by force",
    [ACT_LAUNCH] = "launch",
    [ACT_DESTROY] = "destroy",
    [ACT_ADOPT_REVISION] = "adopt revision",
    [ACT_SETTLE] = "settle",
    [ACT_FAIL] = "fail",
    [ACT_TIMEOUT] = "time out",
    [ACT_REVIVE] = "revive",
    [ACT_ADOPT_FAILED] = "adopt revision as failed",
};

const char *
act_text(Act act)
{
    g_assert(act < ACT_N);
    return act_texts[act];
}

static Act
stop_as_asked(const InstanceFacts *facts)
{
    return facts->skip_shutdown || facts->refused ? ACT_STOP_FORCED : ACT_STOP;
}

static gboolean
is_late(const InstanceFacts *facts, UnixTime now)
{
    return facts->has_step && facts->deadline != 0 && now >= facts->deadline;
}

/* Only a guest that runs can use the time that it is given. */
static Act
plan_deletion(const InstanceFacts *facts, UnixTime now)
{
    if (facts->in_flight == CALL_DESTROY || (facts->alive && now < facts->terminate_at))
        return ACT_NONE;
    return ACT_DESTROY;
}

static Act
plan_failed(const InstanceFacts *facts, UnixTime now)
{
    /* Without a deadline its step has begun no launch: it came when this one had failed already. */
    if (facts->has_step && facts->deadline == 0 && facts->revision != facts->want_revision)
        return ACT_ADOPT_FAILED;
    if (facts->has_step)
        return ACT_FAIL;
    return facts->revive_at != 0 && !facts->alive && revive_is_due(facts->revive_at, now) ? ACT_REVIVE : ACT_NONE;
}

/* To be running, at the launch that was asked for last. */
static Act
plan_running(const InstanceFacts *facts, UnixTime now)
{
    if (facts->epoch < facts->want_epoch && facts->alive)
        return stop_as_asked(facts);
    if (facts->epoch < facts->want_epoch)
        return facts->awaits ? ACT_NONE : ACT_LAUNCH;
    if (facts->state == INSTANCE_STARTING)
        return is_late(facts, now) ? ACT_TIMEOUT : ACT_NONE;
    if (facts->state == INSTANCE_FAILED)
        return plan_failed(facts, now);
    if (facts->revision != facts->want_revision)
        return ACT_ADOPT_REVISION;
    /* A guest that powered itself off is stopped, and stays so until somebody starts it. */
    return facts->has_step ? ACT_SETTLE : ACT_NONE;
}

static Act
plan_resting(const InstanceFacts *facts)
{
    if (facts->alive)
        return stop_as_asked(facts);
    if (facts->revision != facts->want_revision)
        return ACT_ADOPT_REVISION;
    /* The engine writes the resting state too: one that was not running to begin with gets it here. */
    return facts->has_step ? ACT_SETTLE : ACT_NONE;
}

/* Its time is over, or was before anybody asked for something else: that is not to wait for it, nor to fail over it. */
static Act
plan_start_in_flight(const InstanceFacts *facts, UnixTime now)
{
    gboolean superseded = facts->want_power != POWER_RUNNING || facts->epoch < facts->want_epoch;
    if (superseded)
        return is_late(facts, now) || facts->state == INSTANCE_FAILED ? ACT_STOP_FORCED : ACT_NONE;
    return is_late(facts, now) ? ACT_TIMEOUT : ACT_NONE;
}

Act
plan_instance(const InstanceFacts *facts, UnixTime now)
{
    if (facts->want_deleted)
        return plan_deletion(facts, now);
    if (facts->in_flight == CALL_START)
        return plan_start_in_flight(facts, now);
    if (facts->in_flight != CALL_NONE)
        return ACT_NONE;
    return facts->want_power == POWER_RUNNING ? plan_running(facts, now) : plan_resting(facts);
}
