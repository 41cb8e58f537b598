/* Automatic repairs: whom one takes, how many at one time, and when its service suspends itself, judged without the planner. */
#include "actions.h"
#include "rows.h"

/* Of the instances at one time, one at least; and repairs in a row that were in vain. */
#define PERCENT 5
#define IN_VAIN 3

static const char *const name = "an automatic repair keeps to its policy";

static UnixTime
now_of(const Sim *sim)
{
    return sim->world->clock->now(sim->world->clock);
}

/* Its application answers for it, and so does its image: nothing would ever be ill, unless its guest reboots by itself. */
static gboolean
is_always_well(const Sim *sim, const SimSet *set, const SimInstance *instance)
{
    return !sim->kind.faults && !sim->kind.attested && model_is_well(&g_array_index(set->models, SimModel, instance->want - 1));
}

static void
take_judge(Sim *sim, SimSet *set, const RowSet *row, const SimInstance *instance, gboolean replaced)
{
    const SimPolicy *policy = &sim_model(set)->policy;
    const char *why = NULL;
    gint64 grace = policy->repairs_grace_min * 60 * USEC_PER_SEC;
    if (!policy->repairs || replaced != (policy->repairs_action == REPAIR_REPLACE))
        why = "not as the policy says";
    else if (set->repairs_suspended || set->repairs_in_vain >= IN_VAIN)
        why = "the service is suspended";
    else if (row->roll)
        why = "a rolling upgrade is under way";
    else if (instance->quarantined)
        why = "it is in quarantine";
    else if (instance->leaving || instance->surge || instance->protect_scale_in || instance->protect_actions)
        why = "it leaves, or is protected";
    else if (instance->power != POWER_RUNNING && !instance->unsure)
        why = "somebody stopped it";
    else if (!vm_of(sim, set, instance->id)->created)
        why = "it never came up";
    else if (instance->step_over != 0 && now_of(sim) < instance->step_over + grace)
        why = "its grace period is not over";
    else if (is_always_well(sim, set, instance))
        why = "it is well";
    if (why)
        sim_break(sim, name, "%s/%u is taken: %s", set->name, instance->id, why);
}

/* What it entitles the host to, and what it is to have done when it has ended. */
static void
take_follow(Sim *sim, const SimSet *set, guint id, const StoreInstance *row)
{
    static const OperationKind kinds[REPAIR_N_ACTIONS] = {
        [REPAIR_REPLACE] = OPERATION_REPAIR, [REPAIR_RESTART] = OPERATION_RESTART, [REPAIR_REIMAGE] = OPERATION_REIMAGE
    };
    RepairAction action = sim_model(set)->policy.repairs_action;
    Vm *vm = vm_of(sim, set, id);
    if (action == REPAIR_REIMAGE)
        vm->may_disk = vm->may_vars = vm->may_vtpm = TRUE;
    trace_step(sim, "%s/%u is taken by automatic repair: %s", set->name, id, repair_action_text(action));
    if (!row->operation) {
        sim_break(sim, name, "%s/%u is repaired by no operation", set->name, id);
        return;
    }
    operation_cover(sim, operation_add(sim, g_strdup(row->operation), kinds[action], set), set, id);
}

/* The end of a step that somebody, an upgrade or a repair had it take; a newer model may have taken it back. */
static void
step_follow(const Sim *sim, const SimSet *set, SimInstance *instance, const StoreInstance *row)
{
    if (row->operation) {
        instance->has_step = row->deaths == 0;
        instance->step_revision = set->revision;
    } else if (instance->has_step) {
        instance->has_step = FALSE;
        if (row->state == INSTANCE_RUNNING && instance->step_revision == set->revision)
            instance->step_over = now_of(sim);
    }
}

static void
service_judge(Sim *sim, SimSet *set, const RowSet *row, guint let_go)
{
    gboolean suspended = row->set->repairs_suspended;
    guint in_vain = row->set->repairs_in_vain;
    if (suspended && !set->repairs_suspended && set->repairs_in_vain + let_go < IN_VAIN)
        sim_break(sim, name, "%s: suspended after %u in vain", set->name, set->repairs_in_vain + let_go);
    if (!suspended && set->repairs_suspended)
        sim_break(sim, name, "%s: set going again unasked", set->name);
    if (in_vain > set->repairs_in_vain + let_go)
        sim_break(sim, name, "%s: %u in vain, %u before, and %u ended", set->name, in_vain, set->repairs_in_vain, let_go);
    if (in_vain >= IN_VAIN)
        sim_break(sim, name, "%s: %u in vain, and not suspended", set->name, in_vain);
    set->repairs_suspended = suspended;
    set->repairs_in_vain = in_vain;
}

/* In vain, and taken again at once: the row was never seen without it. */
static gboolean
is_taken_again(const Sim *sim, const SimInstance *instance, const StoreInstance *row)
{
    if (!instance->repairing || !row->repairing || !row->operation || row->deaths > 0 || instance->has_step)
        return FALSE;
    for (guint i = sim->operations->len; i > 0; i--) {
        if (g_strcmp0(((const SimOperation *)g_ptr_array_index(sim->operations, i - 1))->id, row->operation) == 0)
            return FALSE;
    }
    return TRUE;
}

void
repairs_follow(Sim *sim, SimSet *set, const RowSet *row)
{
    guint present = 0, repairing = 0, taken = 0, let_go = 0;
    for (guint i = 0; i < row->instances->len && !sim->broken; i++) {
        const StoreInstance *is = g_ptr_array_index(row->instances, i);
        SimInstance *instance = sim_instance(set, is->id);
        const SimInstance *old = is->replaces && is->attempt == 0 ? sim_instance(set, is->replaces - 1) : NULL;
        present += is->want_deleted || is->quarantined ? 0 : 1;
        repairing += is->repairing && !is->want_deleted ? 1 : 0;
        if (!instance && !old)
            continue;
        gboolean again = instance && is_taken_again(sim, instance, is);
        let_go += again ? 1 : 0;
        if (!instance || again || (is->repairing && !instance->repairing)) {
            const SimInstance *whom = instance ? instance : old;
            take_judge(sim, set, row, whom, /* replaced= */ !instance);
            take_follow(sim, set, whom->id, is);
            taken++;
        }
        if (!instance)
            continue;
        let_go += instance->repairing && !is->repairing ? 1 : 0;
        instance->repairing = is->repairing;
        step_follow(sim, set, instance, is);
    }
    if (taken > 0 && repairing > MAX(present * PERCENT / 100, 1))
        sim_break(sim, name, "%s: %u of %u are in repair", set->name, repairing, present);
    service_judge(sim, set, row, let_go);
}

void
act_service(Sim *sim, SimSet *set)
{
    gboolean suspend = random_chance(&sim->actions, 40);
    g_autofree char *target = g_strdup_printf("@/%s/setOrchestrationServiceState", set->name);
    g_autofree char *body =
        g_strdup_printf("{\"serviceName\":\"AutomaticRepairs\",\"action\":\"%s\"}", suspend ? "Suspend" : "Resume");
    gboolean refused = set->deleting || !sim_model(set)->policy.repairs;
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, body);
    sim_expect(sim, answer, refused ? EXPECT_REFUSED : EXPECT_ACCEPTED, "a service's state");
    if (answer->response->status >= 300)
        return;
    set->repairs_suspended = suspend;
    set->repairs_in_vain = 0;
}
