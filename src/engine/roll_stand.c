/* Where a rolling upgrade stands, as its planner asks. */
#include "engine/revisions.h"
#include "engine/roll_internal.h"
#include "model/change.h"

static gboolean
room_find(const RollRun *run, guint *ret_room, GError **error)
{
    const EngineConfig *config = &run->pass->engine->config;
    const SizeInfo *size = config->sizes ? size_catalogue_find(config->sizes, run->target->size_name) : NULL;
    *ret_room = G_MAXUINT;
    if (!size || !config->quota)
        return TRUE;
    g_autoptr(StoreUsage) usage = store_usage(run->pass->tx, /* except_set= */ 0, error);
    if (!usage)
        return FALSE;
    guint family = store_usage_family_cores(usage, size->family);
    *ret_room = quota_room(config->quota, size, family, usage->regional_cores, usage->virtual_machines);
    return TRUE;
}

/* Who is superseded is decided about before anybody else is taken. */
static const Member *
next_in_line(const RollRun *run)
{
    const Member *superseded = fleet_first(run->set->fleet, FLEET_SUPERSEDED);
    return superseded && !superseded->surge ? superseded : fleet_first(run->set->fleet, FLEET_CANDIDATES);
}

static gboolean
only_surge_find(const RollRun *run, gboolean *ret_only, GError **error)
{
    const Member *first = next_in_line(run);
    *ret_only = FALSE;
    /* Asked for each one that is taken: most targets have no data disks. */
    if (!first || run->target->data_disks->len == 0)
        return TRUE;
    const Revision *from = revision_get(run->pass, run->set, first->revision, error);
    if (!from)
        return FALSE;
    *ret_only = change_needs_surge(from->model, run->target);
    return TRUE;
}

/* ---- room for what is to be larger in place ---- */

gboolean
roll_run_growth(RollRun *run, guint revision, Growth *ret_growth, GError **error)
{
    const Revision *from = revision_get(run->pass, run->set, revision, error);
    *ret_growth = (Growth){ 0 };
    if (!from)
        return FALSE;
    const Growth growth = growth_between(&run->pass->engine->config, from->model->size_name, run->target->size_name);
    /* What becomes smaller gives nothing back before it is sure that it is not put back. */
    *ret_growth = (Growth){ MAX(growth.family, 0), MAX(growth.region, 0) };
    return TRUE;
}

static gboolean
no_room_find(RollRun *run, gboolean *ret_no_room, GError **error)
{
    const EngineConfig *config = &run->pass->engine->config;
    const Member *next = next_in_line(run);
    Growth growth;
    *ret_no_room = FALSE;
    if (!next || !config->quota)
        return TRUE;
    if (!roll_run_growth(run, next->revision, &growth, error))
        return FALSE;
    if (!growth_is_any(&growth))
        return TRUE;
    /* The store sums up rows: those in hand are written first. */
    if (!run->usage) {
        run->grown = (Growth){ 0 };
        if (!roll_run_write(run, error) || !(run->usage = store_usage(run->pass->tx, /* except_set= */ 0, error)))
            return FALSE;
    }
    const Growth all = { growth.family + run->grown.family, growth.region + run->grown.region };
    *ret_no_room = !growth_fits(config, run->usage, run->target->size_name, &all);
    return TRUE;
}

gboolean
roll_run_stand(RollRun *run, RollState *ret_state, GError **error)
{
    const StoreRoll *roll = run->roll;
    *ret_state = (RollState){
        .phase = roll->phase,
        .cancel = roll->cancel,
        .surge = roll->surge,
        .batch = roll->batch,
        .batch_left = roll->batch_left,
        .until = roll->until,
        .removed = roll->failed,
        .health_wait = run->pass->engine->config.health_wait_usec,
        .awake = run->pass->engine->attached_at,
        .room = G_MAXUINT,
        .undo = roll->os_upgrade && run->target->policy.os_upgrade.rollback,
    };
    if (!only_surge_find(run, &ret_state->only_surge, error) || !no_room_find(run, &ret_state->no_room, error))
        return FALSE;
    /* Asked only where a batch may begin: it is a sum over all sets. */
    return roll->phase != ROLL_PHASE_CHECK || !roll_run_policy(run)->max_surge || room_find(run, &ret_state->room, error);
}
