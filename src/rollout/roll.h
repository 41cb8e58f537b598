/* rollout/roll.h: the planner of a rolling upgrade. Pure: from where it stands, the policy, the fleet and the clock to the one
 * next action. The engine does it, writes what follows from it (the fleet hears of each change), and asks again until the
 * answer is to wait.
 *
 * A batch is taken only where no more instances are ill than the policy allows. Its members are waited for: each ends as
 * accepted or as rejected. When the last one has, the shares are judged again: the upgrade goes on, or it stops, and what
 * failed is put back where the policy says so.
 *
 * With surge a batch is made of new instances on the newest model. When they are well, as many old ones are deleted; what is
 * beyond the capacity at the end of the upgrade, whatever the end, is removed again. A batch of which none is well stops the
 * upgrade whatever the shares: the next one would only go the same way.
 *
 * When the model changes meanwhile, the fleet is aimed at the new one (fleet_aim()) and `removed` begins at 0 again. Instances
 * in hand are brought to the new target, surplus is removed and made anew. Nothing is touched for a target that is superseded.
 *
 * It never waits for nothing: where `at` is 0, a step, a health that is initializing, or a deletion is under way.
 *
 * Source of the rules: Azure Compute, RollingUpgradePolicy; differences are in docs/differences.md. */
#pragma once

#include "base/error.h"
#include "model/policy.h"
#include "rollout/fleet.h"

/* How long an instance may be ill after its step, before it counts as failed, unless configured. One that says "Initializing"
 * is waited for. */
#define ROLL_HEALTH_WAIT (300 * USEC_PER_SEC)

typedef struct {
    RollPhase phase;
    gboolean cancel;
    gboolean surge;      /* the batch in hand is made of new instances */
    guint batch;         /* number of the batch in hand or the last one; 0: none yet */
    guint batch_left;    /* members that the batch in hand still takes */
    UnixTime until;      /* end of the pause */
    guint removed;       /* new instances that failed and were removed again: they count as upgraded and ill */
    gint64 health_wait;  /* ROLL_HEALTH_WAIT, unless configured */
    UnixTime awake;      /* no wait for health is counted from before that: the daemon was away */
    guint room;          /* how many more instances of the newest model quota and host have room for, now */
    gboolean no_room;    /* what is next in line is to be larger, and quota has no room for that in place */
    gboolean only_surge; /* what serves may not be upgraded in place (data disks on the way to Trusted launch) */
    gboolean undo;       /* put back what failed, whatever the policy says (a newer image that was taken by itself) */
} RollState;

/* What follows from each, besides what it says. Marks: model/roll.h. */
typedef enum {
    ROLL_WAIT,    /* for a change in the fleet, or until `at` (0: for a change alone) */
    ROLL_ACCEPT,  /* `id` is where it should be. Mark: in hand -> done, undoing -> undone */
    ROLL_REJECT,  /* `id` has failed, or its wait is over. Mark: undoing -> undone (once is enough), any other -> failed */
    ROLL_RELEASE, /* `id`, in hand for a target that is superseded, is let go. Mark: none */
    ROLL_RETAKE,  /* `id`, in hand for a target that is superseded, is brought to the present one in place; stays in hand */
    ROLL_BEGIN,   /* phase batch; the next batch takes `count`, with `surge` or in place. `short_of_room`: it is smaller, or
                   * without surge, for want of room */
    ROLL_TAKE,    /* `id` is brought to the target in place. Mark: in hand; batch_left - 1 */
    ROLL_ADD,     /* a new surplus instance. Mark: in hand; batch_left - 1 */
    ROLL_RETIRE,  /* old `id` is deleted (mark: leaving), and `other` is surplus no more */
    ROLL_REMOVE,  /* surplus `id` is deleted; removed + `count` */
    ROLL_PAUSE,   /* phase pause, until `at` */
    ROLL_CHECK,   /* phase check */
    ROLL_STOP,    /* phase undo: it is to end with `code`. First what failed is put back, where the policy says so */
    ROLL_UNDO,    /* `id` goes back to what it ran before, and is undoable no more. Mark: undoing */
    ROLL_END,     /* with `status`, and `code` where it did not complete */
    ROLL_N_ACTS
} RollActType;

const char *roll_act_text(RollActType type);

typedef struct {
    RollActType type;
    guint id;
    guint other;
    guint count;
    gboolean surge;
    gboolean short_of_room;
    UnixTime at;
    RollStatus status;
    ArmCode code; /* ARM_N_CODES: none */
} RollAct;

/* Instances that a batch takes: the share of those that are there, surplus not counted, at least one. */
guint roll_batch_size(const RollingPolicy *policy, const FleetCounts *counts);

/* Are no more instances ill than the policy allows before anything is touched? */
gboolean roll_may_begin(const RollingPolicy *policy, const FleetCounts *counts);

/* code: why the upgrade is to end, from ROLL_STOP (stored meanwhile by the caller); ARM_N_CODES before that. */
RollAct roll_next(const RollState *roll, const RollingPolicy *policy, const Fleet *fleet, ArmCode code, UnixTime now);
