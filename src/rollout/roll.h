/* rollout/roll.h: the planner of a rolling upgrade. Pure: from where it stands, the policy, the fleet and the clock to the one
 * next action. The engine does it, writes what follows from it (the fleet hears of each change), and asks again until the
 * answer is to wait.
 *
 * A batch is taken only where no more instances are ill than the policy allows. Its members are waited for: each ends as
 * accepted or as rejected. When the last one has, the shares are judged again: the upgrade goes on, or it stops, and what
 * failed is put back where the policy says so.
 *
 * With surge a batch is made of new instances on the newest model. When they are well, as many old ones are deleted; what is
 * beyond the capacity at the end of the upgrade, whatever the end, is removed again.
 *
 * Source of the rules: Azure Compute, RollingUpgradePolicy; differences are in docs/differences.md. */
#pragma once

#include "base/error.h"
#include "model/policy.h"
#include "rollout/fleet.h"

/* How long an instance may be ill after its step, before it counts as failed. One that says "Initializing" is waited for. */
#define ROLL_HEALTH_WAIT (300 * USEC_PER_SEC)

typedef struct {
    RollPhase phase;
    gboolean cancel;
    gboolean surge;      /* the batch in hand is made of new instances */
    guint batch;         /* number of the batch in hand or the last one; 0: none yet */
    guint batch_left;    /* members that the batch in hand still takes */
    UnixTime until;      /* end of the pause */
    guint removed;       /* new instances that failed and were removed again: they count as upgraded and ill */
    guint room;          /* how many more instances of the newest model quota and host have room for, now */
    gboolean only_surge; /* may not be done in place (data disks on the way to Trusted launch) */
    gboolean undo;       /* put back what failed, whatever the policy says (a newer image that was taken by itself) */
} RollState;

typedef enum {
    ROLL_WAIT,    /* for a change in the fleet, or until `at` (0: for a change alone) */
    ROLL_ACCEPT,  /* `id`, in hand or undoing, is where it should be */
    ROLL_REJECT,  /* `id`, in hand or undoing, has failed, or its wait is over */
    ROLL_RELEASE, /* `id` was taken for a target that is superseded: it becomes a candidate again */
    ROLL_BEGIN, /* a batch of `count` begins, with `surge` or in place (`short_of_room`: smaller, or not with surge, for want of
                 * room) */
    ROLL_TAKE,  /* `id` joins the batch in hand: it is brought to the target in place */
    ROLL_ADD,   /* a new instance joins the batch in hand */
    ROLL_RETIRE,  /* old `id` is deleted: new `other` serves in its place */
    ROLL_REMOVE,  /* surplus `id` is deleted again */
    ROLL_PAUSE,   /* the batch is over: a pause until `at` */
    ROLL_CHECK,   /* the batch or the pause is over: the next one, if it may begin */
    ROLL_TO_UNDO, /* it stops with `code`: first, what failed is put back */
    ROLL_UNDO,    /* `id` goes back to what it ran before */
    ROLL_END,     /* with `status`, and `code` where it did not complete; first failed instance: `id` where `has_id` */
    ROLL_N_ACTS
} RollActType;

const char *roll_act_text(RollActType type);

typedef struct {
    RollActType type;
    guint id;
    guint other;
    guint count;
    gboolean has_id;
    gboolean surge;
    gboolean short_of_room;
    UnixTime at;
    RollStatus status;
    ArmCode code; /* ARM_N_CODES: none */
} RollAct;

/* Instances that a batch takes: the share of those that are there, surplus not counted, at least one. */
guint roll_batch_size(const RollingPolicy *policy, const FleetCounts *counts);

/* code: why the upgrade is to end, from ROLL_TO_UNDO (stored meanwhile by the caller); ARM_N_CODES before that. */
RollAct roll_next(const RollState *roll, const RollingPolicy *policy, const Fleet *fleet, ArmCode code, UnixTime now);
