/* tests/rollout/walk.h: a toy world of instances that does what the planner of rolling upgrades says, as the engine does, and
 * looks at each act before it does it. What happens in it follows from its seed alone. */
#pragma once

#include "rollout/roll.h"

#define WALK_TICK (20 * USEC_PER_SEC)

typedef struct {
    Member member;
    guint step_left;   /* ticks until the step in hand is over; 0: there is none */
    gboolean fails;    /* the step in hand will */
    Health comes_up;   /* what it says when the step is over … */
    guint becomes_in;  /* … and so many ticks later; 0: for good */
    Health becomes;    /* … this */
    guint revive_left; /* died: ticks until it is started again */
    guint before;      /* revision that it can be brought back to */
    gboolean put_back; /* it was, once */
} Vm;

typedef struct {
    GRand *rand;
    GPtrArray *vms; /* of Vm, in no order */
    Fleet *fleet;
    RollState roll;
    RollingPolicy policy;
    ArmCode code;
    UnixTime now;
    guint target;
    guint bad_percent; /* of the steps to the present target: they fail, or come up ill */
    guint capacity;
    guint next_id;
    gboolean changed; /* since the planner was asked */
    UnixTime wake;    /* 0: it waits for a change */

    gboolean calm;         /* nothing fails, and nobody does anything */
    guint served_at_first; /* instances in service before it began */
    guint down_at_most;    /* members of the largest batch that was done in place */

    gboolean ended;
    RollAct last;
    gboolean seen[ROLL_N_ACTS];
    GString *trace; /* or NULL */
    char *wrong;    /* a sentence: what should not have happened; NULL: nothing so far */
} World;

/* What may happen, besides. */
typedef enum {
    WALK_CALM_IN_PLACE, /* nothing fails; models change, some instances are protected, resting, or ask to be left out */
    WALK_CALM_SURGE,    /* likewise, with surge, and room for a batch at least */
    WALK_ROUGH,         /* anything */
    WALK_N_KINDS
} WalkKind;

/* From the beginning to the end. trace: appended to, a line for each thing that happens; or NULL. Free with walk_free(). */
World *walk(WalkKind kind, guint32 seed, GString *trace);
void walk_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, walk_free)

/* ---- walk_world.c: what instances do ---- */
World *world_new(WalkKind kind, guint32 seed, GString *trace);
gboolean world_chance(World *world, guint percent);
guint world_number(World *world, guint from, guint to); /* both included */
RollingPolicy world_policy(World *world, gboolean max_surge);
Vm *world_vm(const World *world, guint id);  /* or NULL */
Vm *world_add(World *world, gboolean surge); /* on the target, on its way up */
void world_aim(World *world, guint target, guint bad_percent);
void world_step(World *world, Vm *vm); /* a step begins on it */
void world_leave(World *world, Vm *vm);
void world_tell(World *world, const Vm *vm); /* it has changed: the fleet hears of it */
void world_tick(World *world);               /* time goes on, and what was begun with it */
gboolean world_is_ill(const Vm *vm);
gboolean world_serves(const Vm *vm);
gboolean world_has_something_under_way(const World *world);

/* ---- walk_acts.c: what the planner says, looked at and done ---- */
void world_do(World *world, const RollAct *act);
