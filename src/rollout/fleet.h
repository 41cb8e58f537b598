/* rollout/fleet.h: one scale set's instances as the planners see them: counters and ordered queues, kept up to date one
 * instance at a time, so that no plan scans the set. Pure: no I/O, no clock; a fleet that was fed change by change is equal to
 * one that is built from the same members afresh (fleet_diff()). */
#pragma once

#include "base/clock.h"
#include "model/instance.h"
#include "model/roll.h"

/* What a member says about itself. There may be very many. */
typedef struct {
    UnixTime since; /* from when on its wait for health is counted: the end of its last step, or its present mark */
    guint id;
    guint revision;    /* the model revision that it should run */
    guint phase;       /* of a rolling upgrade, as its service asks; FLEET_PHASE_LAST where it does not */
    guint repair_from; /* from when on the grace period of automatic repair is counted, in seconds since 1970; 0: it never came
                        * up; FLEET_NOT_YET: it died, and is started again without that */
    Health health : 4;
    Health unmarked_health : 4; /* what its health is once no rolling upgrade counts it */
    RollMark mark : 8;          /* of the rolling upgrade under way; ROLL_MARK_NONE where there is none */
    guint leaving : 1;          /* it is being deleted */
    guint is_protected : 1;     /* from what the scale set does */
    guint busy : 1;             /* a step is in hand on it */
    guint resting : 1;          /* stopped or deallocated because somebody wants it so */
    guint failed : 1;           /* its last step failed, or its VM died */
    guint skip : 1;             /* its service asks not to be upgraded */
    guint surge : 1;            /* beyond the capacity, until an old one has gone in its favour */
    guint undoable : 1;         /* there is something that it can be brought back to */
    guint repairing : 1;        /* it was repaired by itself, and is not well since */
    guint unrepairable : 1;     /* protected in any way */
    guint reviving : 1;         /* it was dead when the roll took it, and waits for its next start */
} Member;

#define FLEET_PHASE_LAST G_MAXINT32
#define FLEET_NOT_YET    G_MAXUINT

typedef struct {
    guint present;  /* all but the leaving ones */
    guint surge;    /* of these, beyond the capacity */
    guint serving;  /* of these, meant to run */
    guint healthy;  /* of those that serve */
    guint ill;      /* of the capacity: neither well nor on their way, and in nobody's hand */
    guint in_hand;  /* mark in hand */
    guint undoing;  /* mark undoing */
    guint retiring; /* leaving because the roll is done with them: mark leaving, or surplus */
    guint upgraded; /* marks done and failed, as long as they are on target */
    guint upgraded_ill;
    guint candidates;      /* may be upgraded now */
    guint candidates_busy; /* may be upgraded when the step in hand is over */
    guint undoable_busy;   /* would be in FLEET_UNDOABLE, were the step in hand over */
    guint repairing;
} FleetCounts;

typedef enum {
    FLEET_CANDIDATES,  /* resting ones after all others; by phase, ill ones first where the policy says so, id */
    FLEET_SUPERSEDED,  /* in hand (and no step is), or surplus, for a target that is another one by now; by id */
    FLEET_DECIDED,     /* in hand or undoing, and there is nothing to wait for; by id */
    FLEET_UNDECIDED,   /* in hand or undoing, ill so far; by `since` in whole seconds, id */
    FLEET_UNDOABLE,    /* mark failed, not well since, and can be put back now; by id */
    FLEET_SURGE,       /* all that are surplus; by id */
    FLEET_SURGE_FIT,   /* surplus that may serve in an old one's place: upgraded, and not ill since; by id */
    FLEET_SURGE_UNFIT, /* surplus that is upgraded, and may not; by id */
    FLEET_ILL,         /* what automatic repair may take, when its grace period is over; by `repair_from`, id */
    FLEET_REPAIRED,    /* repaired, and it is no more waited for: well, or nothing that repair has to do with; by id */
    FLEET_IN_VAIN,     /* repaired, and ill so far; by `repair_from`, id */
    FLEET_N_QUEUES
} FleetQueue;

typedef struct Fleet Fleet;

Fleet *fleet_new(void);
void fleet_free(Fleet *fleet); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fleet, fleet_free)

/* Is a revision as good as the target? */
typedef gboolean (*FleetOnTarget)(guint revision, void *data);

/* What candidates are measured by, for all members from now on; costs one look at each. on_target NULL: there is no target, and
 * no candidate. */
void fleet_aim(Fleet *fleet, FleetOnTarget on_target, void *data, gboolean ill_first);

/* No member has a mark any more. Gives how many of them were in hand or undoing: what they said of `since` was counted from
 * their mark, so they have to be put again. Costs one look at each. */
guint fleet_unmark(Fleet *fleet);

/* New, or in place of what it said before; the same again costs nothing. */
void fleet_put(Fleet *fleet, const Member *member);
void fleet_remove(Fleet *fleet, guint id); /* one that is not there is fine */

const FleetCounts *fleet_counts(const Fleet *fleet);
const Member *fleet_get(const Fleet *fleet, guint id);           /* or NULL */
const Member *fleet_first(const Fleet *fleet, FleetQueue queue); /* or NULL where it is empty */
/* How many at the head of the candidates are in the first one's phase, and resting or not as it is; at most `limit`, and it
 * costs as much. */
guint fleet_front(const Fleet *fleet, guint limit);

/* Without members, and with the same aim. For tests. */
Fleet *fleet_new_alike(const Fleet *fleet);
/* What differs between two fleets with the same aim, as a sentence; NULL: nothing. For tests. */
char *fleet_diff(const Fleet *a, const Fleet *b);
