#include "engine/roll_run.h"

#include "base/resource_id.h"
#include "engine/notice.h"
#include "engine/os_upgrade.h"
#include "engine/revisions.h"
#include "model/change.h"
#include "rollout/roll.h"
#include "store/desire.h"
#include "store/roll_steps.h"

typedef struct {
    Pass *pass;
    SetTracked *set;
    StoreSet *row; /* borrowed from the caller, or `reread` */
    StoreSet *reread;
    StoreRoll *roll;
    Model *target; /* owned */
    char *target_urn;
    StoreUsage *usage;                 /* once it was asked for */
    gint64 grown_family, grown_region; /* what takes since then have added to it: cores of the target's family, of all */
    gboolean changed;                  /* the roll's row */
    gboolean over;
} Run;

static void
run_clear(Run *run)
{
    store_roll_free(run->roll);
    store_set_free(run->reread);
    store_usage_free(run->usage);
    model_unref(run->target);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* A newer image that was taken by itself has a policy of its own. */
static const RollingPolicy *
run_policy(const Run *run)
{
    const Policy *policy = &run->target->policy;
    return run->roll->os_upgrade ? &policy->os_upgrade.rolling : &policy->rolling;
}

/* What is written of steps that ended may have ended an operation, and the set's row with it: what was read before that is not
 * to be written over it. */
static gboolean
written_and_reread(Run *run, GError **error)
{
    GError *lookup = NULL;
    if (!pass_write(run->pass, error))
        return FALSE;
    StoreSet *row = store_set_get_by_id(run->pass->tx, run->set->id, &lookup);
    if (!row) {
        if (lookup)
            g_propagate_error(error, lookup);
        return lookup ? FALSE
                      : arm_fail(error, ARM_INTERNAL, NULL, "Scale set '%s' went while it was planned for.", run->set->name);
    }
    store_set_free(run->reread);
    run->row = run->reread = row;
    return TRUE;
}

/* ---- where it stands ---- */

static gboolean
room_find(const Run *run, guint *ret_room, GError **error)
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
next_in_line(const Run *run)
{
    const Member *superseded = fleet_first(run->set->fleet, FLEET_SUPERSEDED);
    return superseded && !superseded->surge ? superseded : fleet_first(run->set->fleet, FLEET_CANDIDATES);
}

static gboolean
only_surge_find(const Run *run, gboolean *ret_only, GError **error)
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

typedef struct {
    gint64 family, region; /* cores that one more takes of the target's family, and of all */
} Growth;

static Growth
growth_between(const SizeInfo *from, const SizeInfo *to)
{
    gint64 less = from ? from->vcpus : 0, more = to->vcpus;
    gboolean same = from && g_ascii_strcasecmp(from->family, to->family) == 0;
    return (Growth){ more - (same ? less : 0), more - less };
}

static gboolean
growth_find(Run *run, guint revision, Growth *ret_growth, GError **error)
{
    const SizeCatalogue *sizes = run->pass->engine->config.sizes;
    const SizeInfo *to = sizes ? size_catalogue_find(sizes, run->target->size_name) : NULL;
    const Revision *from = revision_get(run->pass, run->set, revision, error);
    *ret_growth = (Growth){ 0 };
    if (from && to)
        *ret_growth = growth_between(size_catalogue_find(sizes, from->model->size_name), to);
    return from != NULL;
}

static gboolean
no_room_find(Run *run, gboolean *ret_no_room, GError **error)
{
    const Quota *quota = run->pass->engine->config.quota;
    const Member *next = next_in_line(run);
    Growth growth;
    *ret_no_room = FALSE;
    if (!next || !quota)
        return TRUE;
    if (!growth_find(run, next->revision, &growth, error))
        return FALSE;
    if (growth.family <= 0 && growth.region <= 0)
        return TRUE;
    /* The store sums up rows: those in hand are written first. */
    if (!run->usage) {
        run->grown_family = run->grown_region = 0;
        if (!written_and_reread(run, error) || !(run->usage = store_usage(run->pass->tx, /* except_set= */ 0, error)))
            return FALSE;
    }
    const SizeInfo *size = size_catalogue_find(run->pass->engine->config.sizes, run->target->size_name);
    gint64 family = store_usage_family_cores(run->usage, size->family) + run->grown_family + growth.family;
    gint64 region = run->usage->regional_cores + run->grown_region + growth.region;
    *ret_no_room = (growth.family > 0 && family > quota_family_limit(quota, size->family)) ||
                   (growth.region > 0 && region > quota->regional_cores);
    return TRUE;
}

static gboolean
state_of(Run *run, RollState *ret_state, GError **error)
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
        .room = G_MAXUINT,
        .undo = roll->os_upgrade && run->target->policy.os_upgrade.rollback,
    };
    if (!only_surge_find(run, &ret_state->only_surge, error) || !no_room_find(run, &ret_state->no_room, error))
        return FALSE;
    /* Asked only where a batch may begin: it is a sum over all sets. */
    return roll->phase != ROLL_PHASE_CHECK || !run_policy(run)->max_surge || room_find(run, &ret_state->room, error);
}

/* ---- what is written ---- */

/* The planner is asked again at once. */
static void
mark_changed(const Run *run, Held *held)
{
    pass_changed(held);
    held->tracked->news = FALSE;
    engine_row_seen(run->pass->engine, held->tracked, held->row);
}

/* The same where something else is wished for, too: what is to be done for it is planned in this pass. */
static void
row_changed(const Run *run, Held *held)
{
    mark_changed(run, held);
    held->to_act = TRUE;
}

static Held *
hold(const Run *run, guint id, GError **error)
{
    Held *held = pass_hold(run->pass, engine_track(run->pass->engine, run->set, id), error);
    if (held && !held->row) {
        arm_fail(error, ARM_INTERNAL, NULL, "Instance %u of scale set '%s' is planned for, and is not in the store.", id,
                 run->set->name);
        return NULL;
    }
    return held;
}

static gboolean
change_to_target(const Run *run, const StoreInstance *instance, Change *ret_change, GError **error)
{
    const Revision *from = revision_get(run->pass, run->set, instance->want_revision, error);
    if (!from)
        return FALSE;
    *ret_change = change_between(from->model, run->target);
    return TRUE;
}

static gboolean
take(Run *run, guint id, gboolean again, GError **error)
{
    Held *held = hold(run, id, error);
    Change change;
    Growth growth;
    if (!held || !change_to_target(run, held->row, &change, error) ||
        !growth_find(run, held->row->want_revision, &growth, error))
        return FALSE;
    run->grown_family += growth.family;
    run->grown_region += growth.region;
    if (again) {
        desire_update(held->row, run->roll->target, &change, run->target);
        roll_mark(held->row, run->roll, ROLL_MARK_IN_HAND, run->pass->now);
    } else {
        roll_take(held->row, run->roll, &change, run->target, run->pass->now);
        run->roll->batch_left--;
        run->changed = TRUE;
    }
    step_join(run->pass->ledger, run->roll->operation, held->row);
    row_changed(run, held);
    return TRUE;
}

static gboolean
add(Run *run, GError **error)
{
    Pass *pass = run->pass;
    g_autoptr(StoreInstance) instance = instance_new(run->row, run->target, run->row->next_instance, pass->now);
    instance->want_revision = run->roll->target;
    instance->surge = TRUE;
    roll_mark(instance, run->roll, ROLL_MARK_IN_HAND, pass->now);
    step_join(pass->ledger, run->roll->operation, instance);
    run->row->next_instance++;
    g_clear_pointer(&run->usage, store_usage_free);
    run->roll->batch_left--;
    run->changed = TRUE;
    if (!store_instance_insert(pass->tx, instance, error) || !store_set_update(pass->tx, run->row, 0, error))
        return FALSE;
    Tracked *tracked = engine_track(pass->engine, run->set, instance->id);
    Held *held = pass_hold_row(pass, tracked, g_steal_pointer(&instance));
    held->born = TRUE;
    row_changed(run, held);
    return TRUE;
}

static gboolean delete (Run *run, guint id, GError **error)
{
    Held *held = hold(run, id, error);
    if (!held)
        return FALSE;
    if (!held->row->surge)
        roll_mark(held->row, run->roll, ROLL_MARK_LEAVING, run->pass->now);
    desire_deletion(held->row, /* forced= */ FALSE);
    if (!held->row->surge && !notice_give(run->pass, run->set, held->row, error))
        return FALSE;
    if (!held->row->operation)
        step_join(run->pass->ledger, run->roll->operation, held->row);
    row_changed(run, held);
    return TRUE;
}

static gboolean
retire(Run *run, const RollAct *act, GError **error)
{
    Held *new_one = hold(run, act->other, error);
    if (!new_one)
        return FALSE;
    new_one->row->surge = FALSE;
    row_changed(run, new_one);
    return delete (run, act->id, error);
}

static gboolean
undo(Run *run, guint id, GError **error)
{
    Held *held = hold(run, id, error);
    if (!held)
        return FALSE;
    roll_undo(held->row, run->roll, run->pass->now);
    roll_forget(held->row);
    step_join(run->pass->ledger, run->roll->operation, held->row);
    row_changed(run, held);
    return TRUE;
}

/* The first one that failed is what people look for: it is told with the end. */
static void
failure_note(Run *run, const StoreInstance *instance)
{
    if (run->roll->message)
        return;
    run->roll->message = g_strdup_printf("The first instance that failed is %u: %s", instance->id,
                                         instance->failure_message
                                             ? instance->failure_message
                                             : "it did not become healthy within the time that it is given after its upgrade.");
    run->changed = TRUE;
}

static gboolean
judge(Run *run, const RollAct *act, GError **error)
{
    Held *held = hold(run, act->id, error);
    if (!held)
        return FALSE;
    StoreInstance *instance = held->row;
    RollMark mark = ROLL_MARK_NONE;
    if (act->type == ROLL_ACCEPT) {
        mark = instance->roll_mark == ROLL_MARK_UNDOING ? ROLL_MARK_UNDONE : ROLL_MARK_DONE;
        roll_forget(instance);
        held->release = TRUE;
    } else if (act->type == ROLL_REJECT) {
        mark = instance->roll_mark == ROLL_MARK_UNDOING ? ROLL_MARK_UNDONE : ROLL_MARK_FAILED;
        failure_note(run, instance);
    }
    roll_mark(instance, run->roll, mark, run->pass->now);
    mark_changed(run, held);
    return TRUE;
}

static gboolean
warning_record(const Run *run, const char *warning, GError **error)
{
    g_autofree char *id = resource_id_scale_set(run->pass->engine->subscription ? run->pass->engine->subscription : "",
                                                run->row->group, run->row->name);
    StoreEvent event = {
        .time = run->pass->now,
        .level = (char *)"Warning",
        .operation_name = (char *)operation_kind_text(OPERATION_ROLLING_UPGRADE),
        .status = (char *)roll_status_text(run->roll->status),
        .resource_id = id,
        .caller = (char *)"engine",
        .correlation = run->roll->operation,
        .message = (char *)warning,
    };
    return store_event_add(run->pass->tx, &event, error);
}

/* Told when it begins, not with each batch that goes the same way: room for one makes a batch of every instance. */
static gboolean
warn(Run *run, const RollAct *act, GError **error)
{
    gboolean is_news = !run->roll->warning || run->roll->surge != act->surge;
    g_free(run->roll->warning);
    run->roll->warning =
        act->surge ? g_strdup_printf("Batch %u has %u instance(s) only: quota has no room for more new ones.", run->roll->batch,
                                     act->count)
                   : g_strdup_printf("Batch %u is done in place, not with surge: quota has no room for new instances.",
                                     run->roll->batch);
    g_message("rolling upgrade of scale set '%s': %s", run->set->name, run->roll->warning);
    return !is_news || warning_record(run, run->roll->warning, error);
}

static gboolean
begin(Run *run, const RollAct *act, GError **error)
{
    StoreRoll *roll = run->roll;
    roll->phase = ROLL_PHASE_BATCH;
    roll->batch++;
    roll->batch_left = act->count;
    run->changed = TRUE;
    if (act->short_of_room && !warn(run, act, error))
        return FALSE;
    roll->surge = act->surge;
    return TRUE;
}

static void
phase_enter(Run *run, RollPhase phase, UnixTime until)
{
    run->roll->phase = phase;
    run->roll->until = until;
    run->changed = TRUE;
}

/* ---- its end ---- */

static const char *
reason_text(ArmCode code)
{
    switch (code) {
    case ARM_ROLL_UNHEALTHY_BEFORE:
        return "More instances were unhealthy before the rolling upgrade than maxUnhealthyInstancePercent allows.";
    case ARM_ROLL_UNHEALTHY:
        return "More instances are unhealthy than maxUnhealthyInstancePercent allows.";
    case ARM_ROLL_UNHEALTHY_UPGRADED:
        return "More of the upgraded instances are unhealthy than maxUnhealthyUpgradedInstancePercent allows.";
    case ARM_ROLL_CANCELED:
        return "The rolling upgrade was canceled.";
    case ARM_OPERATION_NOT_ALLOWED:
        return "The next instance cannot be upgraded in place: quota has no room for its new size, or it has data disks and "
               "goes to Trusted launch by maxSurge only; and maxSurge is off, or quota has no room for a new instance.";
    default:
        return "";
    }
}

/* The model of a newer image that failed is not left for new instances to come from. */
static gboolean
image_go_back(Run *run, const RollAct *act, GString *message, GError **error)
{
    const StoreRoll *roll = run->roll;
    gboolean back = FALSE;
    if (act->status != ROLL_FAULTED || !roll->image_before || !run->target->policy.os_upgrade.rollback)
        return TRUE;
    if (!os_upgrade_go_back(run->pass, run->set, run->row, roll, &back, error))
        return FALSE;
    if (back)
        g_string_append_printf(message, " The scale set's image is version %s again; %s is not tried again by itself.",
                               roll->image_before, run->target->image.exact_version);
    return TRUE;
}

static gboolean
finish(Run *run, const RollAct *act, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (act->code != ARM_N_CODES)
        g_string_append_printf(text, "%s%s%s", reason_text(act->code), run->roll->message ? " " : "",
                               run->roll->message ? run->roll->message : "");
    run->over = TRUE;
    /* Rows first: the marks are counted in the store. */
    if (!written_and_reread(run, error) || !image_go_back(run, act, text, error))
        return FALSE;
    const char *message = text->len > 0 ? text->str : NULL;
    if (!roll_end(run->pass->tx, run->roll, act->status, act->code, message, run->pass->now, error))
        return FALSE;
    engine_set_drop_aim(run->set);
    /* A newer image may wait for this end, or repairs. */
    engine_set_mark_dirty(run->set);
    return store_set_update(run->pass->tx, run->row, 0, error);
}

static gboolean
is_held(const Run *run, guint id)
{
    return engine_track(run->pass->engine, run->set, id)->held != NULL;
}

/* A pass that is full takes no more rows in hand. Those that it has are decided about in it: each of them would be read and
 * written once more in the next. */
static gboolean
is_within_pass(const Run *run, const RollAct *act)
{
    if (run->pass->held->len < PASS_MAX)
        return TRUE;
    switch (act->type) {
    case ROLL_ACCEPT:
    case ROLL_REJECT:
    case ROLL_RELEASE:
    case ROLL_RETAKE:
    case ROLL_TAKE:
    case ROLL_REMOVE:
    case ROLL_UNDO:
        return is_held(run, act->id);
    case ROLL_RETIRE:
        return is_held(run, act->id) && is_held(run, act->other);
    case ROLL_ADD:
        return FALSE;
    case ROLL_WAIT:
    case ROLL_BEGIN:
    case ROLL_PAUSE:
    case ROLL_CHECK:
    case ROLL_STOP:
    case ROLL_END:
    case ROLL_N_ACTS:
        break;
    }
    return TRUE;
}

static gboolean
act_do(Run *run, const RollAct *act, GError **error)
{
    switch (act->type) {
    case ROLL_ACCEPT:
    case ROLL_REJECT:
    case ROLL_RELEASE:
        return judge(run, act, error);
    case ROLL_RETAKE:
        return take(run, act->id, /* again= */ TRUE, error);
    case ROLL_TAKE:
        return take(run, act->id, /* again= */ FALSE, error);
    case ROLL_ADD:
        return add(run, error);
    case ROLL_RETIRE:
        return retire(run, act, error);
    case ROLL_REMOVE:
        run->roll->failed += act->count;
        run->changed = TRUE;
        return delete (run, act->id, error);
    case ROLL_UNDO:
        return undo(run, act->id, error);
    case ROLL_BEGIN:
        return begin(run, act, error);
    case ROLL_PAUSE:
        phase_enter(run, ROLL_PHASE_PAUSE, act->at);
        return TRUE;
    case ROLL_CHECK:
        phase_enter(run, ROLL_PHASE_CHECK, 0);
        return TRUE;
    case ROLL_STOP:
        g_free(run->roll->code);
        run->roll->code = g_strdup(arm_code_text(act->code));
        phase_enter(run, ROLL_PHASE_UNDO, 0);
        return TRUE;
    case ROLL_END:
        return finish(run, act, error);
    case ROLL_WAIT:
    case ROLL_N_ACTS:
        break;
    }
    g_assert_not_reached();
}

static gboolean
run_prepare(Run *run, GError **error)
{
    SetTracked *set = run->set;
    const Revision *target = revision_get(run->pass, set, run->roll->target, error);
    if (!target)
        return FALSE;
    run->target = model_ref(target->model);
    if (set->roll == run->roll->id && set->target == run->roll->target)
        return TRUE;
    return written_and_reread(run, error) &&
           engine_set_take_aim(run->pass, set, run->roll, run_policy(run)->prioritize_unhealthy, error);
}

gboolean
roll_run(Pass *pass, SetTracked *set, StoreSet *row, UnixTime *ret_wake, gboolean *ret_more, GError **error)
{
    GError *lookup = NULL;
    g_auto(Run) run = { .pass = pass, .set = set, .row = row };
    run.roll = store_roll_active(pass->tx, set->id, &lookup);
    if (!run.roll) {
        if (lookup)
            g_propagate_error(error, lookup);
        return lookup == NULL;
    }
    if (!run_prepare(&run, error))
        return FALSE;
    while (!run.over) {
        RollState state;
        ArmCode code = ARM_N_CODES;
        if (run.roll->code && !arm_code_from_text(run.roll->code, &code))
            code = ARM_INTERNAL;
        if (!state_of(&run, &state, error))
            return FALSE;
        RollAct act = roll_next(&state, run_policy(&run), set->fleet, code, pass->now);
        if (act.type == ROLL_WAIT) {
            *ret_wake = act.at;
            break;
        }
        if (!is_within_pass(&run, &act)) {
            *ret_more = TRUE;
            break;
        }
        if (!act_do(&run, &act, error))
            return FALSE;
    }
    return run.over || !run.changed || store_roll_update(pass->tx, run.roll, error);
}
