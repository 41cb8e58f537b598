/* rollout/plan.h: the planner: from what is wanted and what is seen to the next action. Pure: no I/O, no clock.
 * plan_instance() gives the action for one instance; the engine does it, and feeds what comes back through the life table
 * (rollout/life.h). Planning again with the same facts gives the same action: a pass that is run twice does no harm. */
#pragma once

#include "base/clock.h"
#include "model/instance.h"

/* The host call that was made for an instance and has not answered yet. */
typedef enum { CALL_NONE, CALL_START, CALL_STOP, CALL_DESTROY } HostCall;

typedef struct {
    InstanceState state;
    gboolean alive;   /* its process exists */
    gboolean refused; /* Secure Boot refused this boot: nothing in it can shut down in an orderly way */
    DesiredPower want_power;
    gboolean want_deleted;
    gboolean skip_shutdown;
    UnixTime terminate_at; /* its guest has until then before it is deleted; 0: it is not told, or agrees */
    guint64 want_epoch, epoch;
    guint want_revision, revision;
    gboolean has_step;
    UnixTime deadline;  /* of the step; 0: none */
    UnixTime revive_at; /* it died, and is started again then (rollout/revive.h); 0: it is not */
    gboolean awaits;    /* it comes in the place of another one, which is not gone yet */
    HostCall in_flight;
} InstanceFacts;

typedef enum {
    ACT_NONE, /* nothing to do, or the host's answer is awaited */
    ACT_STOP, /* gracefully, then by force */
    ACT_STOP_FORCED,
    ACT_LAUNCH, /* needs a slot: the number of concurrent starts is limited */
    ACT_DESTROY,
    ACT_ADOPT_REVISION, /* nothing needs to be done to the VM: it is on the wanted revision from now on */
    ACT_ADOPT_FAILED,   /* the same of one that has failed: its step is done with that, and it stays as failed as it was */
    ACT_SETTLE,         /* the step in hand has reached what was wanted */
    ACT_FAIL,           /* the step in hand has failed; why is recorded with the instance */
    ACT_TIMEOUT,        /* the step's deadline is over */
    ACT_REVIVE,         /* it died, and its wait is over: a step of its own is begun, which launches it */
    ACT_N
} Act;

const char *act_text(Act act);

Act plan_instance(const InstanceFacts *facts, UnixTime now);
