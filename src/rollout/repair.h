/* rollout/repair.h: automatic instance repairs: the one next action, from the policy, the fleet and the clock. Pure.
 * An instance that is ill when its grace period is over is repaired. It is waited for until it is well, or its next grace
 * period is over: then that repair was in vain. Repairs that are in vain one after another suspend the service, for good: what
 * they would mend is not theirs to mend.
 *
 * Source of the rules: Azure Compute, AutomaticRepairsPolicy; differences are in docs/differences.md. */
#pragma once

#include "model/policy.h"
#include "rollout/fleet.h"

/* Instances at one time, in percent of those that are there; one at least. */
#define REPAIR_PERCENT 5
/* Azure does not say how many. */
#define REPAIRS_IN_VAIN 3

typedef struct {
    gboolean suspended;
    gboolean rolling; /* a rolling upgrade is under way: it deals with who is ill, and nobody else disturbs it */
    guint in_vain;    /* repairs in a row that were */
    UnixTime awake;   /* no grace period is counted from before that: the daemon was away */
} RepairState;

typedef enum {
    REPAIR_WAIT,    /* for a change in the fleet, or until `at` (0: for a change alone) */
    REPAIR_TAKE,    /* `id` is repaired as the policy says, and is `repairing` then */
    REPAIR_WELL,    /* `id` is repaired, and no more `repairing`; in_vain: 0 */
    REPAIR_LET_GO,  /* `id` is no more `repairing`: somebody stopped or protected it meanwhile */
    REPAIR_IN_VAIN, /* `id` is no more `repairing`; in_vain + 1 */
    REPAIR_SUSPEND, /* the service; in_vain: 0 */
    REPAIR_N_ACTS
} RepairActType;

typedef struct {
    RepairActType type;
    guint id;
    UnixTime at;
} RepairAct;

/* How many may be in repair at one time. */
guint repair_limit(const FleetCounts *counts);

RepairAct repair_next(const RepairState *state, const RepairsPolicy *policy, const Fleet *fleet, UnixTime now);
