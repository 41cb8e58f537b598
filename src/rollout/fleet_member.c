/* What a member counts as. */
#include "rollout/fleet_internal.h"

/* Whoever adds a member to Member compares it here. */
G_STATIC_ASSERT(sizeof(Member) == 32);

gboolean
member_is_same(const Member *a, const Member *b)
{
    return a->id == b->id && a->revision == b->revision && a->phase == b->phase && a->health == b->health &&
           a->mark == b->mark && a->since == b->since && a->leaving == b->leaving && a->is_protected == b->is_protected &&
           a->busy == b->busy && a->resting == b->resting && a->failed == b->failed && a->skip == b->skip &&
           a->surge == b->surge && a->undoable == b->undoable && a->repair_from == b->repair_from &&
           a->unmarked_health == b->unmarked_health && a->repairing == b->repairing && a->unrepairable == b->unrepairable &&
           a->reviving == b->reviving;
}

gboolean
member_is_ill(const Member *member)
{
    return !member->resting && !member->busy &&
           (member->failed || member->health == HEALTH_UNHEALTHY || member->health == HEALTH_UNKNOWN);
}

gboolean
member_is_waited_for(const Member *member)
{
    return member->mark == ROLL_MARK_IN_HAND || member->mark == ROLL_MARK_UNDOING;
}

/* May the roll take it, now or when its step is over? */
static gboolean
may_be_taken(const Entry *entry)
{
    const Member *member = &entry->member;
    return !entry->on_target && !member->leaving && !member->is_protected && !member->skip && !member->surge &&
           !member_is_waited_for(member);
}

/* Surplus that is superseded can go at once; what is upgraded in place has to come to the end of its step first. */
static gboolean
is_superseded(const Entry *entry)
{
    const Member *member = &entry->member;
    return !entry->on_target && !member->leaving && (member->surge || (member->mark == ROLL_MARK_IN_HAND && !member->busy));
}

/* There is nothing to wait for: it is where it should be, or it failed. */
static gboolean
is_decided(const Entry *entry)
{
    const Member *member = &entry->member;
    gboolean failed = member->failed && !member->reviving;
    return member_is_waited_for(member) && !member->busy && !member->leaving && !is_superseded(entry) &&
           (member->resting || failed || member->health == HEALTH_HEALTHY);
}

/* May it be put back, now or when its step is over? Surplus is removed instead, and what has become well after all stays. */
static gboolean
may_be_undone(const Member *member)
{
    gboolean well = !member->busy && !member->resting && !member->failed && member->health == HEALTH_HEALTHY;
    return member->mark == ROLL_MARK_FAILED && member->undoable && !well && !member->leaving && !member->surge &&
           !member->is_protected;
}

static gboolean
is_upgraded(const Entry *entry)
{
    return entry->on_target && (entry->member.mark == ROLL_MARK_DONE || entry->member.mark == ROLL_MARK_FAILED);
}

static gboolean
is_surge_fit(const Entry *entry)
{
    const Member *member = &entry->member;
    return member->surge && !member->leaving && !member->resting && entry->on_target && member->mark == ROLL_MARK_DONE &&
           !member_is_ill(member);
}

/* Its grace period is waited for. Who never came up, or is protected, is nothing for repair. */
static gboolean
is_repairable(const Member *member)
{
    return member_is_ill(member) && !member->leaving && !member->unrepairable && !member->surge &&
           !member_is_waited_for(member) && member->repair_from != 0;
}

/* Who died meanwhile is started again first. */
static gboolean
is_repair_over(const Member *member)
{
    gboolean well = !member->failed && member->health == HEALTH_HEALTHY;
    gboolean lost = member->failed && member->repair_from == 0;
    return member->repairing && !member->busy && !member->leaving && (member->resting || member->unrepairable || well || lost);
}

static gboolean
belongs(const Entry *entry, FleetQueue queue)
{
    const Member *member = &entry->member;
    switch (queue) {
    case FLEET_CANDIDATES:
        return may_be_taken(entry) && !member->busy;
    case FLEET_SUPERSEDED:
        return is_superseded(entry);
    case FLEET_DECIDED:
        return is_decided(entry);
    case FLEET_UNDECIDED:
        return member_is_waited_for(member) && !member->leaving && member_is_ill(member) && !is_superseded(entry) &&
               !is_decided(entry);
    case FLEET_UNDOABLE:
        return may_be_undone(member) && !member->busy;
    case FLEET_SURGE:
        return member->surge && !member->leaving;
    case FLEET_SURGE_FIT:
        return is_surge_fit(entry);
    case FLEET_SURGE_UNFIT:
        return member->surge && !member->leaving && entry->on_target && !member_is_waited_for(member) && !is_surge_fit(entry);
    case FLEET_ILL:
        return is_repairable(member) && !member->repairing;
    case FLEET_REPAIRED:
        return is_repair_over(member);
    case FLEET_IN_VAIN:
        return is_repairable(member) && member->repairing;
    case FLEET_N_QUEUES:
        break;
    }
    g_assert_not_reached();
}

guint
entry_queues(const Entry *entry)
{
    guint queues = 0;
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++)
        queues |= belongs(entry, (FleetQueue)queue) ? 1u << queue : 0;
    return queues;
}

void
entry_count(const Entry *entry, int by, FleetCounts *counts)
{
    const Member *member = &entry->member;
#define COUNT(name, condition) counts->name += (condition) ? (guint)by : 0u
    if (member->leaving) {
        COUNT(retiring, member->mark == ROLL_MARK_LEAVING || member->surge);
        return;
    }
    COUNT(present, TRUE);
    COUNT(surge, member->surge);
    COUNT(serving, !member->resting);
    COUNT(healthy, !member->resting && member->health == HEALTH_HEALTHY);
    COUNT(ill, member_is_ill(member) && !member_is_waited_for(member) && !member->surge);
    COUNT(in_hand, member->mark == ROLL_MARK_IN_HAND);
    COUNT(undoing, member->mark == ROLL_MARK_UNDOING);
    COUNT(upgraded, is_upgraded(entry));
    COUNT(upgraded_ill, is_upgraded(entry) && member_is_ill(member));
    COUNT(candidates, may_be_taken(entry) && !member->busy);
    COUNT(candidates_busy, may_be_taken(entry) && member->busy);
    COUNT(undoable_busy, may_be_undone(member) && member->busy);
    COUNT(repairing, member->repairing);
#undef COUNT
}
