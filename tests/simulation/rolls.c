/* Rolling upgrades: each thing that one does is judged, from rows and from what was seen of the VMs, against the policy that
 * its user asked for. The product's planner is not asked. */
#include "rows.h"
#include "store/desire.h"

#include <string.h>

/* One look at one set. */
typedef struct {
    Sim *sim;
    SimSet *set;
    const RowSet *row;
    const StoreRoll *roll; /* under way, or the one that has just ended */
    const SimModel *target;
    SimRolling policy; /* that it rolls by */
    const char *name;
    guint taken, turned, added, retired, removed, promoted; /* instances, since the last look */
    /* counted over all rows */
    guint just_taken; /* by automatic repair: ill until then, and nobody saw it */
    guint part, ill, in_hand, done, failed, undoing, undone, upgraded_ill, surplus, surplus_fit;
} Look;

static UnixTime
now_of(const Sim *sim)
{
    return sim->world->clock->now(sim->world->clock);
}

static const SimModel *
model_at(const SimSet *set, guint revision)
{
    return &g_array_index(set->models, SimModel, CLAMP(revision, 1, set->models->len) - 1);
}

gboolean
roll_covers(const SimSet *set, const SimInstance *instance)
{
    return instance && set->roll.id != 0 &&
           (instance->surge || instance->mark == ROLL_MARK_IN_HAND || instance->mark == ROLL_MARK_UNDOING);
}

/* ---- what a row says ---- */

static RollMark
mark_of(const Look *look, const StoreInstance *row)
{
    return look->roll && row->roll == look->roll->id ? row->roll_mark : ROLL_MARK_NONE;
}

static gboolean
is_well(const StoreInstance *row)
{
    return row->state == INSTANCE_RUNNING && !row->out_of_health && (row->health_since == 0 || row->health == HEALTH_HEALTHY);
}

gboolean
row_is_ill(const StoreInstance *row)
{
    if (row->operation || row->want_power != POWER_RUNNING)
        return FALSE;
    switch (row->state) {
    case INSTANCE_RUNNING:
        return row->out_of_health ||
               (row->health_since != 0 && (row->health == HEALTH_UNHEALTHY || row->health == HEALTH_UNKNOWN));
    case INSTANCE_FAILED:
    case INSTANCE_STOPPED:
    case INSTANCE_DEALLOCATED:
        return TRUE;
    default:
        return FALSE;
    }
}

/* How it booted counts too where a rolling upgrade has upgraded it, or is about to. */
static gboolean
is_unproven(const StoreInstance *row, RollMark mark)
{
    gboolean judged =
        mark == ROLL_MARK_IN_HAND || mark == ROLL_MARK_UNDOING || mark == ROLL_MARK_DONE || mark == ROLL_MARK_FAILED;
    return judged && row->state == INSTANCE_RUNNING && !row->operation && row->want_power == POWER_RUNNING &&
           integrity_is_against(row);
}

static gboolean
on_target(const Look *look, const StoreInstance *row)
{
    return model_same_effect(model_at(look->set, row->want_revision), look->target);
}

static void
row_count(Look *look, const StoreInstance *row)
{
    RollMark mark = mark_of(look, row);
    gboolean waited_for = mark == ROLL_MARK_IN_HAND || mark == ROLL_MARK_UNDOING,
             ill = row_is_ill(row) || is_unproven(row, mark);
    if (row->want_deleted || row->quarantined)
        return;
    look->part += row->surge ? 0 : 1;
    look->just_taken += row->repairing && row->operation ? 1 : 0;
    look->ill += ill && !waited_for && !row->surge ? 1 : 0;
    look->in_hand += mark == ROLL_MARK_IN_HAND ? 1 : 0;
    look->undoing += mark == ROLL_MARK_UNDOING ? 1 : 0;
    look->undone += mark == ROLL_MARK_UNDONE ? 1 : 0;
    look->surplus += row->surge ? 1 : 0;
    look->surplus_fit += row->surge && mark == ROLL_MARK_DONE && !ill ? 1 : 0;
    if (!on_target(look, row))
        return;
    look->done += mark == ROLL_MARK_DONE ? 1 : 0;
    look->failed += mark == ROLL_MARK_FAILED ? 1 : 0;
    look->upgraded_ill += (mark == ROLL_MARK_DONE || mark == ROLL_MARK_FAILED) && ill ? 1 : 0;
}

static gboolean
exceeds(guint part, guint whole, guint percent)
{
    return part * 100 > whole * percent;
}

/* ---- what became of each instance ---- */

/* Data disks are on the way to Trusted launch only with a new instance; what rests is changed by writing it down. */
static void
disks_judge(Look *look, const SimInstance *instance, const StoreInstance *row)
{
    if (look->target->trusted && look->target->disks > 0 && row->want_power == POWER_RUNNING &&
        !model_at(look->set, instance->want)->trusted)
        sim_break(look->sim, look->name, "%s/%u with data disks goes to Trusted launch in place", look->set->name,
                  instance->id);
}

static void
take_judge(Look *look, const SimInstance *instance, const StoreInstance *row)
{
    const SimRoll *roll = &look->set->roll;
    Vm *vm = vm_of(look->sim, look->set, instance->id);
    if (instance->protect_actions)
        sim_break(look->sim, "a rolling upgrade never touches a protected instance", "%s/%u", look->set->name, instance->id);
    /* What rests is changed by writing it down: nobody is missed. */
    if (look->policy.surge && !look->sim->quota_is_cut && row->want_power == POWER_RUNNING)
        sim_break(look->sim, look->name, "%s/%u is upgraded in place, and maxSurge is on", look->set->name, instance->id);
    disks_judge(look, instance, row);
    if (row->want_revision != look->roll->target || (roll->cancel && look->set->roll_cancel))
        sim_break(look->sim, look->name, "%s/%u is taken to revision %u; target %u%s", look->set->name, instance->id,
                  row->want_revision, look->roll->target, roll->cancel ? ", and it was canceled" : "");
    g_clear_pointer(&vm->undo, launch_spec_free);
    vm->undo = vm->last ? launch_spec_copy(vm->last) : NULL;
    look->taken++;
}

static void
undo_judge(Look *look, const SimInstance *instance)
{
    gboolean asked = look->policy.rollback;
    if (!asked || instance->protect_actions || instance->surge)
        sim_break(look->sim, "what failed is put back only where the policy says so", "%s/%u%s", look->set->name, instance->id,
                  instance->protect_actions ? ", protected" : "");
    if (look->roll->phase != ROLL_PHASE_UNDO && look->roll->status == ROLL_FORWARD)
        sim_break(look->sim, "what failed is put back only when the upgrade stops", "%s/%u", look->set->name, instance->id);
}

static void
leave_judge(Look *look, SimInstance *instance, RollMark mark)
{
    if (replaced_by(look->row, instance->id)) {
        instance->leaving = TRUE;
        return;
    }
    if (!look->roll || (!instance->surge && mark != ROLL_MARK_LEAVING)) {
        sim_break(look->sim, "nobody is deleted unasked", "%s/%u", look->set->name, instance->id);
        return;
    }
    if (!instance->surge && instance->protect_actions)
        sim_break(look->sim, "a rolling upgrade never touches a protected instance", "%s/%u is deleted", look->set->name,
                  instance->id);
    look->removed += instance->surge ? 1 : 0;
    look->retired += instance->surge ? 0 : 1;
    instance->leaving = TRUE;
}

/* Without faults what the engine believes is what is. */
static void
promotion_judge(Look *look, SimInstance *instance)
{
    const Sim *sim = look->sim;
    if (!sim->kind.faults && !vm_serves(sim, vm_of(look->sim, look->set, instance->id)))
        sim_break(look->sim, "an old instance goes when a new one serves in its place", "%s/%u does not serve", look->set->name,
                  instance->id);
    instance->surge = FALSE;
    look->promoted++;
}

static SimInstance *
surplus_adopt(Look *look, const StoreInstance *row)
{
    SimSet *set = look->set;
    if (row->replaces)
        return replaced_adopt(look->sim, set, row);
    if (set->stand_ins_due > 0 && row->stands_in)
        return stand_in_adopt(look->sim, set, row);
    if (!row->surge || !look->roll || !look->policy.surge || row->id != set->next_id) {
        sim_break(look->sim, "instances are the promised ones", "%s/%u was never promised; the next is %u", set->name, row->id,
                  set->next_id);
        return NULL;
    }
    promise_grow(look->sim, set, 1);
    SimInstance *instance = sim_instance(set, row->id);
    instance->surge = TRUE;
    instance->mark = ROLL_MARK_IN_HAND;
    instance->want = row->want_revision;
    look->added++;
    return instance;
}

static void
mark_follow(Look *look, SimInstance *instance, const StoreInstance *row, RollMark mark)
{
    if (mark == ROLL_MARK_IN_HAND && instance->mark != ROLL_MARK_IN_HAND)
        take_judge(look, instance, row);
    else if (mark == ROLL_MARK_IN_HAND && instance->want != row->want_revision && row->run_disk_gen > 0 &&
             sim_model(look->set)->policy.mode != UPGRADE_AUTOMATIC) {
        disks_judge(look, instance, row);
        /* Not whom somebody named in a manual upgrade meanwhile. */
        look->turned += !row->operation || strcmp(row->operation, look->roll->operation) == 0 ? 1 : 0;
    }
    if (mark == ROLL_MARK_UNDOING && instance->mark != ROLL_MARK_UNDOING)
        undo_judge(look, instance);
    if ((mark == ROLL_MARK_UNDOING || mark == ROLL_MARK_UNDONE) && instance->mark != ROLL_MARK_UNDOING &&
        instance->mark != ROLL_MARK_UNDONE) {
        Vm *vm = vm_of(look->sim, look->set, instance->id);
        vm->put_back = TRUE;
        vm->may_disk = vm->may_vars = vm->may_vtpm = FALSE;
    }
    if (mark == ROLL_MARK_IN_HAND && (instance->mark != mark || instance->want != row->want_revision)) {
        Vm *vm = vm_of(look->sim, look->set, instance->id);
        /* It came up, if nobody saw it before it was taken, or turned. */
        vm->created = vm->created || vm->agent || vm_runs_without_agent(look->sim, vm);
        vm_entitle(vm, model_at(look->set, row->want_revision), row->want_revision);
    }
}

static void
instance_follow(Look *look, const StoreInstance *row)
{
    SimInstance *instance = sim_instance(look->set, row->id);
    RollMark mark = mark_of(look, row);
    if (!instance && !(instance = surplus_adopt(look, row)))
        return;
    if (instance->surge && !row->surge)
        promotion_judge(look, instance);
    if (row->want_deleted && !instance->leaving)
        leave_judge(look, instance, mark);
    mark_follow(look, instance, row, mark);
    instance->mark = mark;
    instance->taken_back = instance->taken_back && mark == ROLL_MARK_UNDOING;
    instance->want = row->want_revision;
    instance->out_of_service = row->state == INSTANCE_FAILED || row->health == HEALTH_UNHEALTHY || row->out_of_health ||
                               row->want_power != POWER_RUNNING ||
                               (row->state == INSTANCE_STOPPED && row->epoch == row->want_epoch);
}

/* ---- its beginning, its batches, its end ---- */

static gboolean
others_at_work(const Sim *sim, const SimSet *set)
{
    for (guint i = 0; i < sim->operations->len; i++) {
        const SimOperation *operation = g_ptr_array_index(sim->operations, i);
        if (operation->status == OPERATION_IN_PROGRESS && operation->kind != OPERATION_ROLLING_UPGRADE &&
            operation->kind != OPERATION_CANCEL_ROLLING_UPGRADE && strcmp(operation->set, set->uid) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
all_models_are_well(const SimSet *set)
{
    for (guint i = 0; i < set->models->len; i++) {
        if (!model_is_well(&g_array_index(set->models, SimModel, i)))
            return FALSE;
    }
    return TRUE;
}

static guint
serving(const Sim *sim, const SimSet *set)
{
    guint count = 0;
    for (guint i = 0; i < set->present->len; i++)
        count += vm_serves(sim, vm_of((Sim *)sim, set, ((const SimInstance *)g_ptr_array_index(set->present, i))->id)) ? 1 : 0;
    return count;
}

/* Nobody but the rolling upgrade disturbs the set: then all that is missing is missing by it. */
static gboolean
is_calm(const Sim *sim, const SimSet *set)
{
    if (sim->kind.faults || set->deleting || others_at_work(sim, set) || !all_models_are_well(set))
        return FALSE;
    for (guint i = 0; i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        if (!instance->leaving && (instance->power != POWER_RUNNING || instance->unsure))
            return FALSE;
    }
    return TRUE;
}

void
roll_serving_check(Sim *sim, const SimSet *set)
{
    const SimRoll *roll = &set->roll;
    if (roll->id == 0 || !roll->calm || !is_calm(sim, set))
        return;
    gboolean in_place = roll->batch > 0 && roll->in_place;
    guint serve = serving(sim, set), least = roll->capacity - (in_place ? MIN(roll->batch_max, roll->capacity) : 0);
    if (serve < least)
        sim_break(sim, "a rolling upgrade keeps the capacity in service", "%s: %u serve, of %u, and a batch is %u%s", set->name,
                  serve, roll->capacity, roll->batch_max, in_place ? "" : " (surge)");
}

static void
began(Look *look)
{
    SimSet *set = look->set;
    SimRoll *roll = &set->roll;
    if (!set->roll_may_begin || look->roll->target != set->revision)
        sim_break(look->sim, "a rolling upgrade begins only where it was asked for", "%s, to revision %u of %u", set->name,
                  look->roll->target, set->revision);
    *roll = (SimRoll){ .id = look->roll->id, .target = look->roll->target };
    if (set->os_roll == roll->id)
        roll->os_before = set->os_before;
    for (guint i = 0; i < set->present->len; i++)
        ((SimInstance *)g_ptr_array_index(set->present, i))->mark = ROLL_MARK_NONE;
    roll->capacity = sim_staying(set);
    roll->calm = is_calm(look->sim, set) && serving(look->sim, set) == roll->capacity;
    trace_step(look->sim, "rolling upgrade of %s to revision %u begins%s", set->name, roll->target,
               roll->calm ? ", and nothing else happens" : "");
    for (guint i = 0; i < look->sim->operations->len; i++) {
        if (strcmp(((const SimOperation *)g_ptr_array_index(look->sim->operations, i))->id, look->roll->operation) == 0)
            return;
    }
    operation_add(look->sim, g_strdup(look->roll->operation), OPERATION_ROLLING_UPGRADE, set);
}

static void
batch_begin(Look *look)
{
    SimRoll *roll = &look->set->roll;
    const SimRolling *policy = &look->policy;
    if (roll->batch > 0 && roll->busy_at > 0 && policy->pause_s > 0 &&
        now_of(look->sim) < roll->busy_at + policy->pause_s * USEC_PER_SEC)
        sim_break(look->sim, "a rolling upgrade pauses between two batches",
                  "%s: batch %u begins %" G_GINT64_FORMAT " s after the last one ended", look->set->name, look->roll->batch,
                  (now_of(look->sim) - roll->busy_at) / USEC_PER_SEC);
    if (look->in_hand > look->taken + look->added)
        sim_break(look->sim, "a batch begins when the one before it is over", "%s: %u in hand, %u of them new", look->set->name,
                  look->in_hand, look->taken + look->added);
    if (look->roll->surge && !policy->surge)
        sim_break(look->sim, look->name, "%s: a batch of new instances, and maxSurge is off", look->set->name);
    roll->batch = look->roll->batch;
    roll->in_place = !policy->surge;
    roll->batch_max = MAX(look->part * policy->batch / 100, 1);
    trace_step(look->sim, "%s: batch %u, at most %u of %u%s", look->set->name, roll->batch, roll->batch_max, look->part,
               look->roll->surge ? ", new ones" : "");
}

/* Where more are ill than the policy allows, nothing further is touched. */
static void
shares_judge(Look *look)
{
    const SimRolling *policy = &look->policy;
    guint upgraded = look->done + look->failed + look->roll->failed, upgraded_ill = look->upgraded_ill + look->roll->failed;
    if (look->taken + look->added + look->turned == 0)
        return;
    if (exceeds(look->ill, look->part, policy->unhealthy))
        sim_break(look->sim, "more unhealthy than the policy allows: nothing further is touched",
                  "%s: %u of %u, and %u %% are allowed", look->set->name, look->ill, look->part, policy->unhealthy);
    if (exceeds(upgraded_ill, upgraded, policy->unhealthy_upgraded))
        sim_break(look->sim, "more unhealthy than the policy allows: nothing further is touched",
                  "%s: %u of %u upgraded ones, and %u %% are allowed", look->set->name, upgraded_ill, upgraded,
                  policy->unhealthy_upgraded);
}

/* Its user turned maxSurge off, and somebody with data disks is not a Trusted launch VM yet. */
static gboolean
only_surge_would_do(const Look *look)
{
    if (look->target->policy.rolling.surge || !look->target->trusted || look->target->disks == 0)
        return FALSE;
    for (guint i = 0; i < look->set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(look->set->present, i);
        if (!instance->leaving && !instance->quarantined && !instance->protect_actions &&
            !model_at(look->set, instance->want)->trusted)
            return TRUE;
    }
    return FALSE;
}

/* Is the reason that it stops for true? What was put back meanwhile was ill when it was. */
static void
stop_judge(Look *look)
{
    const StoreRoll *roll = look->roll;
    const SimRolling *policy = &look->policy;
    gboolean ended = roll->ended != 0;
    guint back = look->undoing + look->undone;
    guint bad = roll->failed + (ended ? 0 : look->failed + back), upgraded = look->done + bad;
    /* One that has ended was judged before whoever repairs took. */
    guint ill = look->ill + (ended ? look->just_taken : 0);
    gboolean surge_in_vain = roll->surge && (look->surplus_fit == 0 || ended);
    ArmCode code;
    if (!roll->code || !arm_code_from_text(roll->code, &code)) {
        sim_break(look->sim, look->name, "%s stops without a reason: %s", look->set->name, roll->code ? roll->code : "(none)");
        return;
    }
    gboolean is_true = FALSE;
    if (code == ARM_ROLL_UNHEALTHY_BEFORE)
        is_true = roll->batch == 0 && exceeds(ill, look->part, policy->unhealthy);
    else if (code == ARM_ROLL_UNHEALTHY)
        is_true = roll->batch > 0 && exceeds(ill + back, look->part, policy->unhealthy);
    else if (code == ARM_ROLL_UNHEALTHY_UPGRADED)
        is_true = surge_in_vain || exceeds(bad + look->upgraded_ill, upgraded, policy->unhealthy_upgraded);
    else if (code == ARM_OPERATION_NOT_ALLOWED)
        is_true = (look->target->trusted && look->target->disks > 0) || look->sim->quota_is_cut;
    if (!is_true)
        sim_break(look->sim, "the reason why a rolling upgrade stops is true",
                  "%s: %s; %u of %u ill, %u of %u upgraded ones bad", look->set->name, roll->code, look->ill, look->part, bad,
                  upgraded);
    if (!look->sim->kind.faults && all_models_are_well(look->set) &&
        !(code == ARM_OPERATION_NOT_ALLOWED && only_surge_would_do(look)))
        sim_break(look->sim, "without faults no rolling upgrade fails", "%s: %s: %s", look->set->name, roll->code,
                  roll->message ? roll->message : "");
}

/* All that may be upgraded is. */
static void
completion_judge(Look *look, const StoreInstance *row)
{
    const SimInstance *instance = sim_instance(look->set, row->id);
    if (row->want_deleted || row->quarantined)
        return;
    if (row->surge || row->roll_mark == ROLL_MARK_IN_HAND || row->roll_mark == ROLL_MARK_UNDOING)
        if (row->surge || row->roll == look->roll->id)
            sim_break(look->sim, "a rolling upgrade that has ended has nothing in hand", "%s/%u is %s%s", look->set->name,
                      row->id, roll_mark_text(row->roll_mark), row->surge ? ", beyond the capacity" : "");
    if (look->roll->status == ROLL_COMPLETED && !on_target(look, row) && instance && !instance->protect_actions)
        sim_break(look->sim, "a rolling upgrade that is complete has upgraded everybody", "%s/%u is at revision %u",
                  look->set->name, row->id, row->want_revision);
    if (look->roll->status == ROLL_FAULTED && look->policy.rollback && row->roll == look->roll->id &&
        row->roll_mark == ROLL_MARK_FAILED && row->undo_revision != 0 && !row->surge && !is_well(row) && instance &&
        !instance->protect_actions && row->want_power == POWER_RUNNING)
        sim_break(look->sim, "what failed is put back where the policy says so", "%s/%u", look->set->name, row->id);
}

static void
ended(Look *look)
{
    SimSet *set = look->set;
    const StoreRoll *roll = look->roll;
    trace_step(look->sim, "rolling upgrade of %s has ended: %s%s%s", set->name, roll_status_text(roll->status),
               roll->message ? ": " : "", roll->message ? roll->message : "");
    for (guint i = 0; i < look->row->instances->len; i++)
        completion_judge(look, g_ptr_array_index(look->row->instances, i));
    if (roll->status == ROLL_CANCELLED && !set->roll_cancel)
        sim_break(look->sim, "a rolling upgrade is canceled only where it was asked for", "%s", set->name);
    if (roll->status == ROLL_FAULTED && !set->roll.stopped)
        stop_judge(look);
    if (roll->status == ROLL_FAULTED && set->roll.os_before && !look->target->policy.os_no_rollback &&
        sim_model(set)->image == look->target->image)
        sim_break(look->sim, "a newer image that failed is put back", "%s is on %s", set->name,
                  sim_images[look->target->image].version);
    if (roll->successful != look->done && roll->status != ROLL_CANCELLED)
        trace_step(look->sim, "%s: %u succeeded, %u are done", set->name, roll->successful, look->done);
    set->roll = (SimRoll){ 0 };
    set->roll_ended_as = roll->status;
    set->roll_faulted |= roll->status == ROLL_FAULTED;
    set->roll_may_begin = set->roll_cancel = FALSE;
    for (guint i = 0; i < set->present->len; i++)
        ((SimInstance *)g_ptr_array_index(set->present, i))->mark = ROLL_MARK_NONE;
}

static void
went_on(Look *look)
{
    SimRoll *roll = &look->set->roll;
    look->set->roll_seen_at = look->sim->steps;
    if (roll->target != look->roll->target) {
        roll->target = look->roll->target;
        roll->busy_at = 0;
        roll->stopped = FALSE;
        if (roll->target != look->set->revision)
            sim_break(look->sim, "a rolling upgrade goes to its set's newest model", "%s: %u of %u", look->set->name,
                      roll->target, look->set->revision);
    }
    if (look->roll->os_upgrade != (roll->os_before != 0))
        sim_break(look->sim, look->name, "%s: it is %s newer image's", look->set->name, look->roll->os_upgrade ? "a" : "no");
    if (roll->batch != look->roll->batch)
        batch_begin(look);
    if (look->in_hand > roll->batch_max)
        sim_break(look->sim, "a rolling upgrade has no more in hand than a batch", "%s: %u, and a batch is %u", look->set->name,
                  look->in_hand, roll->batch_max);
    if (look->retired != look->promoted)
        sim_break(look->sim, "an old instance goes when a new one serves in its place", "%s: %u went, %u came", look->set->name,
                  look->retired, look->promoted);
    shares_judge(look);
    if (look->roll->phase == ROLL_PHASE_UNDO && !roll->stopped) {
        stop_judge(look);
        roll->stopped = TRUE;
    }
    if (look->roll->phase == ROLL_PHASE_UNDO && look->taken + look->added > 0)
        sim_break(look->sim, "a rolling upgrade that stops takes nobody any more", "%s", look->set->name);
    if (look->in_hand + look->surplus > 0)
        roll->busy_at = now_of(look->sim);
    roll->phase = look->roll->phase;
    roll->cancel = look->roll->cancel;
    roll_serving_check(look->sim, look->set);
    roll->calm = roll->calm && is_calm(look->sim, look->set) && look->part == roll->capacity;
}

static StoreRoll *
roll_read_ended(Sim *sim, const RowSet *row, gint64 id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(sim->world->store, &error);
    g_autoptr(GPtrArray) rolls = tx ? store_roll_list(tx, row->set->id, &error) : NULL;
    g_assert_no_error(error);
    for (guint i = 0; i < rolls->len; i++) {
        if (((const StoreRoll *)g_ptr_array_index(rolls, i))->id == id)
            return g_steal_pointer(&rolls->pdata[i]);
    }
    sim_break(sim, "a rolling upgrade that has ended can be asked for", "%s", row->set->name);
    return NULL;
}

static void
look_at(Sim *sim, SimSet *set, const RowSet *row, const StoreRoll *roll, const char *name)
{
    Look look = { .sim = sim, .set = set, .row = row, .roll = roll, .name = name };
    look.target = model_at(set, roll ? roll->target : set->revision);
    if (roll && !roll->ended && set->roll.id == 0)
        began(&look);
    look.policy = roll_policy(look.target, set->roll.os_before);
    for (guint i = 0; i < row->instances->len && !sim->broken; i++) {
        instance_follow(&look, g_ptr_array_index(row->instances, i));
        row_count(&look, g_ptr_array_index(row->instances, i));
    }
    if (!roll || sim->broken)
        return;
    if (roll->ended)
        ended(&look);
    else
        went_on(&look);
}

/* What is kept to put back is the upgrade's, and goes with it. */
static void
nothing_is_left(Sim *sim, const RowSet *row, const char *name)
{
    for (guint i = 0; !row->roll && i < row->instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(row->instances, i);
        if (instance->undo_revision != 0)
            sim_break(sim, name, "%s/%u may be put back to revision %u by nobody", row->set->name, instance->id,
                      instance->undo_revision);
    }
}

void
rolls_follow(Sim *sim, const Rows *rows, const char *name)
{
    if (sim->rolls_seen == store_revision(sim->world->store))
        return;
    sim->rolls_seen = store_revision(sim->world->store);
    for (guint i = 0; i < rows->sets->len && !sim->broken; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        SimSet *set = sim_set_by_uid(sim, row->set->uid);
        if (!set || set->deleting)
            continue;
        images_follow(sim, set, row);
        if (sim->broken)
            return;
        repairs_follow(sim, set, row);
        quarantines_follow(sim, set, row);
        if (set->roll.id != 0 && (!row->roll || row->roll->id != set->roll.id)) {
            g_autoptr(StoreRoll) past = roll_read_ended(sim, row, set->roll.id);
            if (past)
                look_at(sim, set, row, past, name);
        }
        if (!sim->broken)
            look_at(sim, set, row, row->roll, name);
        stand_ins_are_there(sim, set);
        if (!sim->broken)
            nothing_is_left(sim, row, name);
    }
}
