#include "walk.h"

#define FIRST_TARGET 2u
#define VMS_MAX      12u

gboolean
world_chance(World *world, guint percent)
{
    return (guint)g_rand_int_range(world->rand, 0, 100) < percent;
}

guint
world_number(World *world, guint from, guint to)
{
    return (guint)g_rand_int_range(world->rand, (gint32)from, (gint32)to + 1);
}

Vm *
world_vm(const World *world, guint id)
{
    for (guint i = 0; i < world->vms->len; i++) {
        Vm *vm = g_ptr_array_index(world->vms, i);
        if (vm->member.id == id)
            return vm;
    }
    return NULL;
}

void
world_tell(World *world, const Vm *vm)
{
    fleet_put(world->fleet, &vm->member);
    world->changed = TRUE;
}

gboolean
world_is_ill(const Vm *vm)
{
    const Member *member = &vm->member;
    return !member->busy && !member->resting &&
           (member->failed || member->health == HEALTH_UNHEALTHY || member->health == HEALTH_UNKNOWN);
}

gboolean
world_serves(const Vm *vm)
{
    const Member *member = &vm->member;
    return !member->busy && !member->resting && !member->failed && !member->leaving && member->health == HEALTH_HEALTHY;
}

gboolean
world_has_something_under_way(const World *world)
{
    for (guint i = 0; i < world->vms->len; i++) {
        const Vm *vm = g_ptr_array_index(world->vms, i);
        if (vm->step_left > 0 || vm->member.leaving || (vm->member.health == HEALTH_INITIALIZING && vm->becomes_in > 0))
            return TRUE;
    }
    return FALSE;
}

static Vm *
vm_new(World *world, guint revision)
{
    Vm *vm = g_new0(Vm, 1);
    vm->member.id = world->next_id++;
    vm->member.revision = revision;
    vm->member.phase = FLEET_PHASE_LAST;
    vm->member.health = HEALTH_HEALTHY;
    g_ptr_array_add(world->vms, vm);
    return vm;
}

/* What will come of the step. Health stays what it was until it is over, which nobody may be misled by. */
void
world_step(World *world, Vm *vm)
{
    gboolean bad = !world->calm && world_chance(world, vm->member.revision == world->target ? world->bad_percent : 10);
    vm->step_left = world_number(world, 1, 4);
    vm->revive_left = 0;
    vm->fails = bad && world_chance(world, 40);
    vm->comes_up = world_chance(world, 50) ? HEALTH_HEALTHY : (Health)world_number(world, 0, HEALTH_N - 1);
    vm->becomes_in = 0;
    if (vm->comes_up != HEALTH_HEALTHY || bad) {
        /* Initializing always ends. The longest that an instance may be ill is 15 ticks. */
        vm->comes_up = vm->comes_up == HEALTH_HEALTHY ? HEALTH_UNHEALTHY : vm->comes_up;
        vm->becomes_in = world_number(world, 1, 14);
        vm->becomes = bad ? HEALTH_UNHEALTHY : HEALTH_HEALTHY;
    }
    vm->member.busy = TRUE;
    vm->member.failed = FALSE;
    world_tell(world, vm);
}

static void
step_over(World *world, Vm *vm)
{
    vm->member.busy = FALSE;
    vm->member.since = world->now;
    vm->member.failed = vm->fails;
    vm->member.health = vm->fails ? HEALTH_UNKNOWN : vm->comes_up;
    if (vm->member.resting)
        vm->member.health = HEALTH_UNKNOWN;
    world_tell(world, vm);
}

Vm *
world_add(World *world, gboolean surge)
{
    Vm *vm = vm_new(world, world->target);
    vm->member.surge = surge;
    vm->member.mark = surge ? ROLL_MARK_IN_HAND : ROLL_MARK_NONE;
    world_step(world, vm);
    return vm;
}

void
world_leave(World *world, Vm *vm)
{
    vm->member.leaving = TRUE;
    vm->step_left = world_number(world, 1, 3);
    world_tell(world, vm);
}

static gboolean
is_target(guint revision, void *data)
{
    const World *world = data;
    return revision == world->target;
}

void
world_aim(World *world, guint target, guint bad_percent)
{
    world->target = target;
    world->bad_percent = bad_percent;
    world->roll.removed = 0;
    world->changed = TRUE;
    fleet_aim(world->fleet, is_target, world, world->policy.prioritize_unhealthy);
}

static void
vm_tick(World *world, Vm *vm)
{
    if (vm->step_left > 0 && --vm->step_left == 0) {
        if (vm->member.leaving) {
            world->roll.room++;
            world->changed = TRUE;
            fleet_remove(world->fleet, vm->member.id);
            g_ptr_array_remove(world->vms, vm);
            return;
        }
        step_over(world, vm);
    } else if (!vm->member.busy && vm->becomes_in > 0 && --vm->becomes_in == 0) {
        vm->member.health = vm->becomes;
        world_tell(world, vm);
    } else if (vm->revive_left > 0 && --vm->revive_left == 0 && !vm->member.resting && !vm->member.leaving) {
        world_step(world, vm);
    }
}

void
world_tick(World *world)
{
    world->now += WALK_TICK;
    for (guint i = world->vms->len; i-- > 0;)
        vm_tick(world, g_ptr_array_index(world->vms, i));
}

static void
populate(World *world, WalkKind kind)
{
    guint n = world_number(world, 1, VMS_MAX);
    for (guint i = 0; i < n; i++) {
        Vm *vm = vm_new(world, world_chance(world, 90) ? FIRST_TARGET - 1 : FIRST_TARGET);
        vm->member.is_protected = world_chance(world, 10);
        vm->member.resting = world_chance(world, 10);
        vm->member.skip = world_chance(world, 5);
        if (world_chance(world, 30))
            vm->member.phase = world_number(world, 0, 2);
        if (kind == WALK_ROUGH && world_chance(world, 5))
            vm->member.health = HEALTH_UNHEALTHY;
        world->served_at_first += world_serves(vm) ? 1 : 0;
        world_tell(world, vm);
    }
    world->capacity = n;
}

RollingPolicy
world_policy(World *world, gboolean max_surge)
{
    static const guint shares[] = { 5, 20, 20, 34, 50, 100 }, pauses[] = { 0, 0, 1, 50, 600 };
    return (RollingPolicy){
        .max_batch_percent = shares[world_number(world, 0, G_N_ELEMENTS(shares) - 1)],
        .max_unhealthy_percent = shares[world_number(world, 0, G_N_ELEMENTS(shares) - 1)],
        .max_unhealthy_upgraded_percent =
            world_chance(world, 10) ? 0 : shares[world_number(world, 0, G_N_ELEMENTS(shares) - 1)],
        .pause_usec = pauses[world_number(world, 0, G_N_ELEMENTS(pauses) - 1)] * USEC_PER_SEC,
        .prioritize_unhealthy = world_chance(world, 50),
        .max_surge = max_surge,
        .rollback = world_chance(world, 50),
    };
}

World *
world_new(WalkKind kind, guint32 seed, GString *trace)
{
    World *world = g_new0(World, 1);
    world->rand = g_rand_new_with_seed(seed);
    world->vms = g_ptr_array_new_with_free_func(g_free);
    world->fleet = fleet_new();
    world->trace = trace;
    world->code = ARM_N_CODES;
    world->calm = kind != WALK_ROUGH;
    world->now = (UnixTime)1700000000 * USEC_PER_SEC;
    world->policy = world_policy(world, kind == WALK_CALM_SURGE || (kind == WALK_ROUGH && world_chance(world, 50)));
    world->roll.health_wait = ROLL_HEALTH_WAIT;
    world->roll.undo = world_chance(world, 10);
    world->roll.only_surge = world->policy.max_surge && world_chance(world, 30);
    world->roll.room = kind == WALK_ROUGH ? world_number(world, 0, 6) : VMS_MAX;
    populate(world, kind);
    world_aim(world, FIRST_TARGET, world_chance(world, 50) ? 0 : world_number(world, 0, 100));
    return world;
}

void
walk_free(World *world)
{
    if (!world)
        return;
    g_rand_free(world->rand);
    g_ptr_array_unref(world->vms);
    fleet_free(world->fleet);
    g_free(world->wrong);
    g_free(world);
}
