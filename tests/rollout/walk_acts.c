/* Each act is looked at by rules of its own, over all instances: they share nothing with the fleet's counters and queues. */
#include "rolls.h"
#include "walk.h"

static void
claim(World *world, const char *sentence, gboolean holds)
{
    if (!holds && !world->wrong)
        world->wrong = g_strdup(sentence);
}

/* ---- the rules, by counting ---- */

typedef struct {
    guint whole, ill, upgraded, upgraded_ill, in_hand;
    guint fit;       /* surplus that serves */
    guint wanted;    /* what serves and may be upgraded, now or later */
    guint phase_min; /* of what may be upgraded now, and serves */
} Tally;

static gboolean
may_touch(const World *world, const Member *member)
{
    return !member->leaving && !member->is_protected && !member->skip && member->revision != world->target;
}

static Tally
tally(const World *world)
{
    Tally found = { .upgraded = world->roll.removed, .upgraded_ill = world->roll.removed, .phase_min = G_MAXUINT };
    for (guint i = 0; i < world->vms->len; i++) {
        const Vm *vm = g_ptr_array_index(world->vms, i);
        const Member *member = &vm->member;
        gboolean ill = world_is_ill(vm), in_hand = member->mark == ROLL_MARK_IN_HAND || member->mark == ROLL_MARK_UNDOING;
        if (member->leaving)
            continue;
        found.in_hand += member->mark == ROLL_MARK_IN_HAND ? 1 : 0;
        if (member->revision == world->target && (member->mark == ROLL_MARK_DONE || member->mark == ROLL_MARK_FAILED)) {
            found.upgraded++;
            found.upgraded_ill += ill ? 1 : 0;
        }
        if (member->surge) {
            found.fit += world_serves(vm) && member->mark == ROLL_MARK_DONE && member->revision == world->target ? 1 : 0;
            continue;
        }
        found.whole++;
        found.ill += ill && !in_hand ? 1 : 0;
        if (may_touch(world, member) && !in_hand && !member->resting) {
            found.wanted++;
            if (!member->busy)
                found.phase_min = MIN(found.phase_min, member->phase);
        }
    }
    return found;
}

static gboolean
is_breach(const World *world, const Tally *found)
{
    return found->ill * 100 > found->whole * world->policy.max_unhealthy_percent ||
           found->upgraded_ill * 100 > found->upgraded * world->policy.max_unhealthy_upgraded_percent;
}

static void
claim_going_on(World *world, const Tally *found)
{
    claim(world, "goes on although too many are ill", !is_breach(world, found));
    claim(world, "goes on although it is cancelled", !world->roll.cancel);
    claim(world, "goes on although it has stopped", world->code == ARM_N_CODES);
}

static void
claim_touchable(World *world, const Member *member)
{
    claim(world, "touches a protected instance", !member->is_protected);
    claim(world, "touches one that asks to be left out", !member->skip);
    claim(world, "touches one that leaves", !member->leaving);
    claim(world, "touches one that is busy", !member->busy);
}

/* ---- the acts ---- */

static void
mark(World *world, Vm *vm, RollMark mark)
{
    vm->member.mark = mark;
    vm->member.since = MAX(vm->member.since, world->now);
    world_tell(world, vm);
}

static void
act_begin(World *world, const RollAct *act, const Tally *found)
{
    guint size = MAX(found->whole * world->policy.max_batch_percent / 100, 1);
    claim_going_on(world, found);
    claim(world, "begins a batch while one is in hand", world->roll.phase == ROLL_PHASE_CHECK && found->in_hand == 0);
    claim(world, "begins a batch that is empty or too large", act->count > 0 && act->count <= size);
    claim(world, "makes new instances without being told to", !act->surge || world->policy.max_surge);
    claim(world, "makes more new instances than there is room for", !act->surge || act->count <= world->roll.room);
    claim(world, "is short of room and is not", !act->short_of_room || (found->wanted > 0 && world->roll.room < size));
    if (!act->surge && found->wanted > 0)
        world->down_at_most = MAX(world->down_at_most, act->count);
    world->roll.phase = ROLL_PHASE_BATCH;
    world->roll.batch++;
    world->roll.batch_left = act->count;
    world->roll.surge = act->surge;
}

static void
take(World *world, Vm *vm)
{
    const Member *member = &vm->member;
    claim_touchable(world, member);
    claim(world, "is done in place and may not be", member->resting || !world->roll.only_surge);
    vm->before = member->revision;
    vm->member.undoable = TRUE;
    vm->member.revision = world->target;
    mark(world, vm, ROLL_MARK_IN_HAND);
    world_step(world, vm);
}

static void
act_take(World *world, Vm *vm, const Tally *found)
{
    const Member *member = &vm->member;
    claim_going_on(world, found);
    claim(world, "takes more than the batch", world->roll.phase == ROLL_PHASE_BATCH && world->roll.batch_left-- > 0);
    claim(world, "takes one that is on target", member->revision != world->target && !member->surge);
    claim(world, "takes one twice", member->mark != ROLL_MARK_IN_HAND && member->mark != ROLL_MARK_UNDOING);
    claim(world, "takes one of a later phase",
          member->resting ? found->phase_min == G_MAXUINT : member->phase == found->phase_min);
    take(world, vm);
}

static void
act_retake(World *world, Vm *vm, const Tally *found)
{
    claim_going_on(world, found);
    claim(world, "retakes what is in nobody's hand", vm->member.mark == ROLL_MARK_IN_HAND && !vm->member.surge);
    claim(world, "retakes what is on target", vm->member.revision != world->target);
    take(world, vm);
}

static void
act_add(World *world, const Tally *found)
{
    claim_going_on(world, found);
    claim(world, "adds more than the batch",
          world->roll.phase == ROLL_PHASE_BATCH && world->roll.surge && world->roll.batch_left-- > 0);
    claim(world, "adds where there is no room", world->roll.room-- > 0);
    claim(world, "adds what nobody needs", found->wanted > 0);
    world_add(world, /* surge= */ TRUE);
}

static void
act_retire(World *world, Vm *old, Vm *other, const Tally *found)
{
    claim_going_on(world, found);
    claim_touchable(world, &old->member);
    claim(world, "retires before all are judged", found->in_hand == 0);
    claim(world, "retires what is on target or rests", old->member.revision != world->target && !old->member.resting);
    claim(world, "retires surplus", !old->member.surge);
    claim(world, "retires one of a later phase", old->member.phase == found->phase_min);
    claim(world, "retires in favour of one that does not serve", world_serves(other) && other->member.surge);
    claim(world, "retires in favour of one that is superseded", other->member.revision == world->target);
    other->member.surge = FALSE;
    old->member.mark = ROLL_MARK_LEAVING;
    world_tell(world, other);
    world_leave(world, old);
}

static void
act_remove(World *world, Vm *vm, guint count)
{
    claim(world, "removes what is no surplus", vm->member.surge && !vm->member.leaving);
    claim(world, "counts what did not fail", count == 0 || (count == 1 && vm->member.mark == ROLL_MARK_FAILED));
    world->roll.removed += count;
    world_leave(world, vm);
}

static void
act_judge(World *world, Vm *vm, gboolean accepted)
{
    const Member *member = &vm->member;
    gboolean undoing = member->mark == ROLL_MARK_UNDOING, unfit = member->surge && member->mark == ROLL_MARK_DONE;
    gboolean over = world_is_ill(vm) && world->now >= member->since + ROLL_HEALTH_WAIT;
    claim(world, "judges what is in nobody's hand", undoing || member->mark == ROLL_MARK_IN_HAND || (unfit && !accepted));
    claim(world, "judges while a step is in hand", !member->busy || (unfit && member->resting));
    claim(world, "judges what is superseded", undoing || member->revision == world->target);
    if (accepted)
        claim(world, "accepts what is not well", world_serves(vm) || (member->resting && !member->failed));
    else
        claim(world, "rejects too early", member->failed || over || (unfit && !world_serves(vm)));
    if (world->calm && !accepted)
        claim(world, "rejects although nothing fails", FALSE);
    mark(world, vm, undoing ? ROLL_MARK_UNDONE : accepted ? ROLL_MARK_DONE : ROLL_MARK_FAILED);
}

static gboolean
puts_back(const World *world)
{
    return world->policy.rollback || world->roll.undo;
}

static gboolean
is_to_be_put_back(const Vm *vm)
{
    const Member *member = &vm->member;
    return member->mark == ROLL_MARK_FAILED && member->undoable && !member->surge && !member->leaving &&
           !member->is_protected && !world_serves(vm);
}

static void
act_undo(World *world, Vm *vm)
{
    claim(world, "puts back without being told to", puts_back(world) && world->code != ARM_N_CODES);
    claim(world, "puts back what did not fail, or is well", is_to_be_put_back(vm));
    claim(world, "puts back what is busy", !vm->member.busy);
    claim(world, "puts back twice", !vm->put_back);
    vm->put_back = TRUE;
    vm->member.undoable = FALSE;
    vm->member.revision = vm->before;
    mark(world, vm, ROLL_MARK_UNDOING);
    world_step(world, vm);
}

static void
act_stop(World *world, const RollAct *act, const Tally *found)
{
    gboolean none_is_fit = world->roll.phase == ROLL_PHASE_BATCH && world->roll.surge && found->fit == 0;
    claim(world, "stops twice", world->code == ARM_N_CODES && act->code != ARM_N_CODES);
    claim(world, "stops with a batch in hand", found->in_hand == 0);
    claim(world, "stops without a reason",
          is_breach(world, found) || none_is_fit || (act->code == ARM_OPERATION_NOT_ALLOWED && world->roll.only_surge));
    world->roll.phase = ROLL_PHASE_UNDO;
    world->code = act->code;
}

static void
act_end(World *world, const RollAct *act)
{
    guint there = 0;
    for (guint i = 0; i < world->vms->len; i++) {
        const Vm *vm = g_ptr_array_index(world->vms, i);
        const Member *member = &vm->member;
        claim(world, "ends with surplus", !member->surge);
        claim(world, "ends with a batch in hand",
              member->leaving || (member->mark != ROLL_MARK_IN_HAND && member->mark != ROLL_MARK_UNDOING));
        claim(world, "ends before the old ones are gone", member->mark != ROLL_MARK_LEAVING);
        claim(world, "completes and has not", act->status != ROLL_COMPLETED || !may_touch(world, member));
        claim(world, "ends and has not put back what failed",
              act->status != ROLL_FAULTED || !puts_back(world) || !is_to_be_put_back(vm));
        there += member->leaving ? 0 : 1;
    }
    claim(world, "ends with another number of instances", there == world->capacity);
    claim(world, "ends as cancelled and is not", act->status != ROLL_CANCELLED || world->roll.cancel);
    claim(world, "ends as failed and is not", (act->status == ROLL_FAULTED) == (world->code != ARM_N_CODES));
    claim(world, "forgets why it failed", act->status != ROLL_FAULTED || act->code == world->code);
    world->ended = TRUE;
}

static void
act_wait(World *world, UnixTime at)
{
    claim(world, "waits for nothing", at != 0 || world_has_something_under_way(world));
    claim(world, "waits for what is past", at == 0 || at > world->now);
    world->wake = at;
}

static void
act_pause(World *world, UnixTime at)
{
    claim(world, "pauses with a batch in hand", tally(world).in_hand == 0 && world->code == ARM_N_CODES);
    claim(world, "pauses for another time than it should", at == world->now + world->policy.pause_usec);
    world->roll.phase = ROLL_PHASE_PAUSE;
    world->roll.until = at;
}

static void
act_check(World *world)
{
    claim(world, "goes on with a batch in hand", tally(world).in_hand == 0 && world->code == ARM_N_CODES);
    gboolean over = world->now >= world->roll.until || world->now + world->policy.pause_usec < world->roll.until;
    claim(world, "does not pause", world->roll.phase != ROLL_PHASE_PAUSE || over);
    world->roll.phase = ROLL_PHASE_CHECK;
}

static void
act_release(World *world, Vm *vm)
{
    claim(world, "lets go of what is on target or in nobody's hand",
          vm->member.mark == ROLL_MARK_IN_HAND && vm->member.revision != world->target);
    mark(world, vm, ROLL_MARK_NONE);
}

void
world_do(World *world, const RollAct *act)
{
    const Tally found = tally(world);
    Vm *vm = world_vm(world, act->id), *other = world_vm(world, act->other);
    world->seen[act->type] = TRUE;
    world->last = *act;
    if (world->trace) {
        g_autofree char *text = rolls_act(act);
        g_string_append_printf(world->trace, "# %s\n", text);
    }
    switch (act->type) {
    case ROLL_WAIT:
        return act_wait(world, act->at);
    case ROLL_ACCEPT:
    case ROLL_REJECT:
        return act_judge(world, vm, act->type == ROLL_ACCEPT);
    case ROLL_RELEASE:
        return act_release(world, vm);
    case ROLL_RETAKE:
        return act_retake(world, vm, &found);
    case ROLL_BEGIN:
        return act_begin(world, act, &found);
    case ROLL_TAKE:
        return act_take(world, vm, &found);
    case ROLL_ADD:
        return act_add(world, &found);
    case ROLL_RETIRE:
        return act_retire(world, vm, other, &found);
    case ROLL_REMOVE:
        return act_remove(world, vm, act->count);
    case ROLL_PAUSE:
        return act_pause(world, act->at);
    case ROLL_CHECK:
        return act_check(world);
    case ROLL_STOP:
        return act_stop(world, act, &found);
    case ROLL_UNDO:
        return act_undo(world, vm);
    case ROLL_END:
        return act_end(world, act);
    case ROLL_N_ACTS:
        break;
    }
    g_assert_not_reached();
}
