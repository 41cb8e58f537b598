/* What an instance's row says to the planners of its set. */
#include "engine/sets.h"

/* As its application says it, where it is asked; otherwise a guest that answered is well. */
static Health
health_of(const StoreInstance *row)
{
    switch (row->state) {
    case INSTANCE_RUNNING:
        return row->health_since ? row->health : HEALTH_HEALTHY;
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

Member
member_of(const StoreInstance *row, gint64 roll)
{
    RollMark mark = roll && row->roll == roll ? row->roll_mark : ROLL_MARK_NONE;
    gboolean in_hand = mark == ROLL_MARK_IN_HAND || mark == ROLL_MARK_UNDOING;
    return (Member){
        .id = row->id,
        .revision = row->want_revision,
        .phase = row->health_phase ? row->health_phase - 1 : FLEET_PHASE_LAST,
        .health = health_of(row),
        .mark = mark,
        .since = MAX(row->state_since, in_hand ? row->roll_since : row->health_since),
        .leaving = row->want_deleted,
        .is_protected = row->protect_scale_set_actions,
        .busy = row->operation != NULL,
        .resting = row->want_power != POWER_RUNNING,
        .failed = row->state == INSTANCE_FAILED,
        .skip = row->health_skip,
        .surge = row->surge,
        .undoable = row->undo_revision != 0,
    };
}
