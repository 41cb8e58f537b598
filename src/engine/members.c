/* What an instance's row says to the planners of its set. */
#include "engine/sets.h"
#include "store/desire.h"

/* Who was upgraded has not got well before it is proven how it booted. */
static Health
proven(Health health, const StoreInstance *row)
{
    if (integrity_is_against(row))
        return HEALTH_UNHEALTHY;
    return health == HEALTH_HEALTHY && row->integrity == INTEGRITY_WAITED_FOR ? HEALTH_INITIALIZING : health;
}

/* As its application says it, where it is asked; otherwise a guest that answered is well. judged: what is known of its boot
 * counts too. */
static Health
health_of(const StoreInstance *row, gboolean judged)
{
    const Health health = row->out_of_health ? HEALTH_UNHEALTHY : row->health_since ? row->health : HEALTH_HEALTHY;
    switch (row->state) {
    case INSTANCE_RUNNING:
        return judged ? proven(health, row) : health;
    case INSTANCE_FAILED:
        return HEALTH_UNHEALTHY;
    case INSTANCE_STOPPED:
    case INSTANCE_DEALLOCATED:
        /* It is meant to run, and powered itself off. */
        return HEALTH_UNKNOWN;
    default:
        return HEALTH_INITIALIZING;
    }
}

/* What dies over and over although it is started again is a matter for repair. */
#define DEATHS_BEFORE_REPAIR 5

static guint
repair_from(const StoreInstance *row)
{
    if (row->repair_after == 0)
        return 0;
    if (row->revive_at && row->deaths < DEATHS_BEFORE_REPAIR)
        return FLEET_NOT_YET;
    return (guint)CLAMP((row->repair_after + USEC_PER_SEC - 1) / USEC_PER_SEC, 1, (gint64)FLEET_NOT_YET - 1);
}

gboolean
member_counts(const StoreInstance *row)
{
    return row->quarantined == 0;
}

Member
member_of(const StoreInstance *row, gint64 roll)
{
    RollMark mark = roll && row->roll == roll ? row->roll_mark : ROLL_MARK_NONE;
    const UnixTime ill_since = MAX(row->health_since, row->out_of_health ? row->integrity_since : 0);
    gboolean in_hand = mark == ROLL_MARK_IN_HAND || mark == ROLL_MARK_UNDOING;
    return (Member){
        .id = row->id,
        /* Whom it has taken it does not take twice. */
        .revision = mark == ROLL_MARK_NONE ? desire_base(row) : row->want_revision,
        .phase = row->health_phase ? row->health_phase - 1 : FLEET_PHASE_LAST,
        .health = health_of(row, in_hand || mark == ROLL_MARK_DONE || mark == ROLL_MARK_FAILED),
        .unmarked_health = health_of(row, /* judged= */ FALSE),
        .mark = mark,
        .since = MAX(row->state_since, in_hand ? row->roll_since : ill_since),
        .repair_from = repair_from(row),
        .leaving = row->want_deleted != 0,
        .is_protected = row->protect_scale_set_actions != 0,
        .busy = row->operation != NULL,
        .resting = row->want_power != POWER_RUNNING,
        .failed = row->state == INSTANCE_FAILED,
        .skip = row->health_skip != 0,
        .surge = row->surge != 0,
        .repairing = row->repairing != 0,
        .reviving = in_hand && row->state == INSTANCE_FAILED && row->revive_at != 0 && row->state_since <= row->roll_since,
        .unrepairable = row->protect_scale_set_actions || row->protect_scale_in,
        .undoable = row->undo_revision != 0,
    };
}
