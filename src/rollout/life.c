#include "rollout/life.h"

#define KEEP (-1)
/* Stopped or deallocated, by what is wanted. */
#define REST (-2)

static const char *const event_texts[LIFE_N_EVENTS] = {
    [LIFE_LAUNCH] = "launch",
    [LIFE_STARTED] = "started",
    [LIFE_STARTED_NO_AGENT] = "started without agent",
    [LIFE_START_FAILED] = "start failed",
    [LIFE_AGENT] = "agent answered",
    [LIFE_REFUSED] = "boot refused",
    [LIFE_STOP] = "stop",
    [LIFE_EXITED] = "exited",
    [LIFE_DIED] = "died",
    [LIFE_TIMEOUT] = "timed out",
    [LIFE_DESTROY] = "destroy",
};

/* clang-format off */
#define FROM(creating, starting, running, stopping, stopped, deallocated, failed, deleting) \
    { [INSTANCE_CREATING] = creating, [INSTANCE_STARTING] = starting, [INSTANCE_RUNNING] = running, \
      [INSTANCE_STOPPING] = stopping, [INSTANCE_STOPPED] = stopped, [INSTANCE_DEALLOCATED] = deallocated, \
      [INSTANCE_FAILED] = failed, [INSTANCE_DELETING] = deleting }
#define C INSTANCE_CREATING
#define S INSTANCE_STARTING
#define R INSTANCE_RUNNING
#define P INSTANCE_STOPPING
#define F INSTANCE_FAILED
#define D INSTANCE_DELETING
static const int table[LIFE_N_EVENTS][INSTANCE_N_STATES] = {
    /*                             creating starting running stopping stopped dealloc failed deleting */
    [LIFE_LAUNCH]           = FROM(S,       S,       S,      S,       S,      S,      S,     KEEP),
    [LIFE_STARTED]          = FROM(KEEP,    S,       KEEP,   KEEP,    KEEP,   KEEP,   KEEP,  KEEP),
    [LIFE_STARTED_NO_AGENT] = FROM(KEEP,    R,       KEEP,   KEEP,    KEEP,   KEEP,   KEEP,  KEEP),
    [LIFE_START_FAILED]     = FROM(KEEP,    F,       KEEP,   KEEP,    KEEP,   KEEP,   KEEP,  KEEP),
    /* A guest that answers after its deadline is well all the same. */
    [LIFE_AGENT]            = FROM(KEEP,    R,       KEEP,   KEEP,    KEEP,   KEEP,   R,     KEEP),
    [LIFE_REFUSED]          = FROM(KEEP,    F,       F,      KEEP,    KEEP,   KEEP,   F,     KEEP),
    [LIFE_STOP]             = FROM(KEEP,    P,       P,      P,       KEEP,   KEEP,   P,     KEEP),
    [LIFE_EXITED]           = FROM(KEEP,    F,       REST,   REST,    REST,   REST,   F,     KEEP),
    /* One that was to be stopped anyway has only come down faster. */
    [LIFE_DIED]             = FROM(KEEP,    F,       F,      REST,    KEEP,   KEEP,   F,     KEEP),
    [LIFE_TIMEOUT]          = FROM(F,       F,       F,      F,       F,      F,      F,     KEEP),
    [LIFE_DESTROY]          = FROM(D,       D,       D,      D,       D,      D,      D,     D),
};
/* clang-format on */

const char *
life_event_text(LifeEvent event)
{
    g_assert(event < LIFE_N_EVENTS);
    return event_texts[event];
}

InstanceState
life_next(InstanceState state, LifeEvent event, DesiredPower power)
{
    g_assert(state < INSTANCE_N_STATES && event < LIFE_N_EVENTS);
    int next = table[event][state];
    if (next == KEEP)
        return state;
    if (next == REST)
        return power == POWER_DEALLOCATED ? INSTANCE_DEALLOCATED : INSTANCE_STOPPED;
    return (InstanceState)next;
}
