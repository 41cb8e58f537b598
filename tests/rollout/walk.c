#include "walk.h"

#define TICKS_MAX      4000u
#define TICKS_OF_CHAOS 150u
#define ACTS_MAX       200u /* that the planner may want done at one time: a few for each instance */

/* ---- what users and bad luck do ---- */

static void
say(World *world, const char *what, const Vm *vm)
{
    if (world->trace)
        g_string_append_printf(world->trace, "#   %s %d\n", what, vm ? (int)vm->member.id : -1);
}

static void
happen_to(World *world, Vm *vm)
{
    Member *member = &vm->member;
    switch (world_number(world, 0, 8)) {
    case 0:
        if (member->busy || member->resting)
            return;
        say(world, "dies", vm);
        member->failed = TRUE;
        member->health = HEALTH_UNKNOWN;
        vm->becomes_in = 0;
        vm->revive_left = world_number(world, 1, 5);
        break;
    case 1:
        /* The API refuses to protect what is surplus. */
        if (member->surge)
            return;
        say(world, "is protected, or no more", vm);
        member->is_protected = !member->is_protected;
        break;
    case 2:
        if (member->busy || member->resting)
            return;
        say(world, "is restarted", vm);
        return world_step(world, vm);
    case 3:
        if (member->busy)
            return;
        say(world, "is stopped, or started", vm);
        member->resting = !member->resting;
        return world_step(world, vm);
    case 4:
        say(world, "is deleted", vm);
        world->capacity -= member->surge ? 0 : 1;
        return world_leave(world, vm);
    case 5:
        say(world, "asks to be left out, or no more", vm);
        member->skip = !member->skip;
        break;
    case 6:
        member->phase = world_number(world, 0, 3);
        break;
    case 7:
        if (member->busy || member->resting)
            return;
        say(world, "becomes ill", vm);
        member->health = HEALTH_UNHEALTHY;
        vm->becomes_in = world_number(world, 0, 20);
        vm->becomes = HEALTH_HEALTHY;
        break;
    default:
        if (member->busy || member->resting || member->failed)
            return;
        member->health = HEALTH_INITIALIZING;
        vm->becomes_in = world_number(world, 1, 10);
        vm->becomes = world_chance(world, 50) ? HEALTH_HEALTHY : HEALTH_UNKNOWN;
        break;
    }
    world_tell(world, vm);
}

static void
happen(World *world)
{
    Vm *vm = world->vms->len ? g_ptr_array_index(world->vms, world_number(world, 0, world->vms->len - 1)) : NULL;
    switch (world_number(world, 0, 10)) {
    case 0:
        say(world, "one is added", NULL);
        world->capacity++;
        world_add(world, /* surge= */ FALSE);
        return;
    case 1:
        say(world, "the model changes", NULL);
        return world_aim(world, world_number(world, 1, 5), world_chance(world, 50) ? 0 : world_number(world, 0, 100));
    case 2:
        world->roll.room = world_number(world, 0, 4);
        world->roll.only_surge = world->policy.max_surge && world_chance(world, 30);
        world->changed = TRUE;
        return;
    case 3:
        if (!world_chance(world, 10))
            return;
        say(world, "it is cancelled", NULL);
        world->roll.cancel = TRUE;
        world->changed = TRUE;
        return;
    case 4:
        if (!world_chance(world, 10))
            return;
        say(world, "the clock goes back", NULL);
        world->now -= world_number(world, 1, 3600) * USEC_PER_SEC;
        world->changed = TRUE;
        return;
    case 5:
        say(world, "the policy changes", NULL);
        world->policy = world_policy(world, world_chance(world, 50));
        return world_aim(world, world->target, world->bad_percent);
    default:
        if (vm && !vm->member.leaving)
            happen_to(world, vm);
        return;
    }
}

/* ---- what holds at any time ---- */

static void
check_capacity(World *world)
{
    guint serving = 0;
    for (guint i = 0; i < world->vms->len; i++)
        serving += world_serves(g_ptr_array_index(world->vms, i)) ? 1 : 0;
    if (world->calm && serving + world->down_at_most < world->served_at_first && !world->wrong)
        world->wrong = g_strdup("takes more from service than a batch");
}

static void
plan(World *world)
{
    guint acts = 0;
    world->changed = FALSE;
    do {
        RollAct act = roll_next(&world->roll, &world->policy, world->fleet, world->code, world->now);
        world_do(world, &act);
        check_capacity(world);
        if (act.type == ROLL_WAIT) {
            world->changed = FALSE;
            return;
        }
    } while (!world->wrong && !world->ended && ++acts < ACTS_MAX);
    if (acts == ACTS_MAX && !world->wrong)
        world->wrong = g_strdup("goes in circles");
}

World *
walk(WalkKind kind, guint32 seed, GString *trace)
{
    World *world = world_new(kind, seed, trace);
    guint chaos = world_number(world, 0, TICKS_OF_CHAOS), model_changes = world_number(world, 0, 60);
    for (guint tick = 0; tick < TICKS_MAX && !world->ended && !world->wrong; tick++) {
        /* As the engine: asked when something has changed, or its time has come. */
        if (world->changed || (world->wake && world->now >= world->wake))
            plan(world);
        if (!world->calm && tick < chaos && world_chance(world, 30))
            happen(world);
        if (world->calm && tick == model_changes)
            world_aim(world, world->target + 1, 0);
        world_tick(world);
        check_capacity(world);
    }
    if (!world->ended && !world->wrong)
        world->wrong = g_strdup("does not end");
    if (!world->wrong && world->calm && world->last.status != ROLL_COMPLETED)
        world->wrong = g_strdup("does not complete although nothing fails");
    return world;
}
