/* Instances in quarantine: who may be put there, who comes in its place, and that nothing is done with it. */
#include "actions.h"
#include "rows.h"
#include "store/desire.h"

#include "base/json.h"

/* A guest that is reached answers within seconds. */
#define AT_ONCE (120 * USEC_PER_SEC)

static const char *const put_there = "only who deviates is put into quarantine, and where its policy says so";

/* Time that went by: jumps of the clock are none. */
static UnixTime
now_of(const Sim *sim)
{
    return sim->world->clock->now(sim->world->clock) - sim->jumped;
}

static const SimModel *
model_of(const SimSet *set, const StoreInstance *row)
{
    return row->revision > 0 ? &g_array_index(set->models, SimModel, row->revision - 1) : NULL;
}

gboolean
quarantine_lets(const SimInstance *instance)
{
    return !instance->quarantined || instance->leaving;
}

/* ---- into it ---- */

static const char *
why_not(Sim *sim, const SimSet *set, const SimInstance *instance, const StoreInstance *row)
{
    const SimModel *model = model_of(set, row);
    const Vm *vm = vm_of(sim, set, row->id);
    if (!model || !model->attested || model->deviation != DEVIATION_QUARANTINED)
        return "its policy does not say so";
    /* What a guest did while nobody looked may be seen later. */
    if (verdict_of(vm->tampered) != INTEGRITY_DEVIATION && !vm->rebooted)
        return "what booted is what should have";
    if (row->integrity != INTEGRITY_DEVIATION)
        return "it does not read so";
    if (instance->protect_actions)
        return "it is protected";
    if (instance->leaving || row->surge)
        return "it is to go, or beyond the capacity";
    if (row->stands_in ? row->replaced : !row->replaced)
        return row->stands_in ? "it stands in for one, and a third one comes" : "nobody comes in its place";
    return NULL;
}

void
quarantines_follow(Sim *sim, SimSet *set, const RowSet *row)
{
    for (guint i = 0; i < row->instances->len && !sim->broken; i++) {
        const StoreInstance *is = g_ptr_array_index(row->instances, i);
        SimInstance *instance = sim_instance(set, is->id);
        if (!instance)
            continue;
        const gboolean in_hand = is->roll_mark == ROLL_MARK_IN_HAND || is->roll_mark == ROLL_MARK_UNDOING;
        if (instance->quarantined && !instance->leaving &&
            (is->want_revision != instance->want || in_hand || is->undo_revision != 0))
            sim_break(sim, "nothing is done with what is in quarantine", "%s/%u: revision %u, %s, may be put back to %u",
                      set->name, is->id, is->want_revision, roll_mark_text(is->roll_mark), is->undo_revision);
        if (!is->quarantined || instance->quarantined)
            continue;
        const char *why = why_not(sim, set, instance, is);
        if (why)
            sim_break(sim, put_there, "%s/%u is, and %s", set->name, is->id, why);
        trace_step(sim, "%s/%u is put into quarantine%s", set->name, is->id, is->replaced ? ", and replaced" : "");
        instance->quarantined = TRUE;
        instance->replaced = is->replaced;
        instance->released_at = 0;
        set->stand_ins_due += is->replaced ? 1 : 0;
        vm_of(sim, set, is->id)->owed = FALSE;
    }
}

SimInstance *
stand_in_adopt(Sim *sim, SimSet *set, const StoreInstance *row)
{
    if (row->id != set->next_id || row->surge || row->attempt > 0 || !row->operation ||
        (row->want_revision != set->revision && !sim->quota_is_cut)) {
        sim_break(sim, "one comes in the place of who is in quarantine", "%s/%u: attempt %u, revision %u of %u", set->name,
                  row->id, row->attempt, row->want_revision, set->revision);
        return NULL;
    }
    promise_grow(sim, set, 1);
    operation_cover(sim, operation_add(sim, g_strdup(row->operation), OPERATION_QUARANTINE, set), set, row->id);
    set->stand_ins_due--;
    SimInstance *instance = sim_instance(set, row->id);
    instance->stands_in = TRUE;
    return instance;
}

void
stand_ins_are_there(Sim *sim, SimSet *set)
{
    if (set->stand_ins_due > 0 && !sim->broken)
        sim_break(sim, "one comes in the place of who is in quarantine", "%s: %u are missing", set->name, set->stand_ins_due);
}

/* ---- in it ---- */

void
quarantine_isolate_judge(Sim *sim, const SimSet *set, guint id, gboolean isolated)
{
    const SimInstance *instance = sim_instance(set, id);
    /* With a VM that is gone nothing happens. */
    if (!set->deleting && !vm_of(sim, set, id)->destroyed && isolated != (instance && instance->quarantined))
        sim_break(sim, "who is in quarantine is cut off, and nobody else", "%s/%u is %s", set->name, id,
                  isolated ? "cut off" : "let go");
}

static void
kept_judge(Sim *sim, const SimSet *set, const StoreInstance *row, const char *name)
{
    const SimInstance *instance = sim_instance(set, row->id);
    const char *why = NULL;
    if (!instance)
        return;
    if (instance->quarantined != (row->quarantined != 0))
        why = instance->quarantined ? "nobody released it" : "nobody saw it put there";
    else if (instance->replaced != row->replaced || instance->stands_in != row->stands_in)
        why = "who stands in for whom has changed";
    else if (row->quarantined && !row->want_deleted && (row->operation || row->revive_at != 0 || row->repairing))
        why = "something is to be done with it";
    else if (row->quarantined && !row->want_deleted && row->alive && row->integrity != INTEGRITY_DEVIATION)
        why = "what was found of it is gone";
    if (why)
        sim_break(sim, name, "%s/%u: %s", set->name, row->id, why);
}

typedef void (*Judge)(Sim *sim, const SimSet *set, const StoreInstance *row, const char *name);

static void
each_judge(Sim *sim, const Rows *rows, const char *name, Judge judge)
{
    for (guint i = 0; sim->kind.attested && i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        for (guint k = 0; set && !set->deleting && k < row->instances->len && !sim->broken; k++)
            judge(sim, set, g_ptr_array_index(row->instances, k), name);
    }
}

void
quarantine_is_kept(Sim *sim, const Rows *rows, const char *name)
{
    each_judge(sim, rows, name, kept_judge);
}

static void
cut_judge(Sim *sim, const SimSet *set, const StoreInstance *row, const char *name)
{
    const Vm *vm = vm_of(sim, set, row->id);
    const gboolean isolated = host_simulated_isolated(sim->world->simulated, vm->key);
    if (vm->alive && isolated != (row->quarantined != 0))
        sim_break(sim, name, "%s/%u %s", set->name, row->id, isolated ? "is cut off" : "is not cut off");
}

void
quarantine_is_cut_off(Sim *sim, const Rows *rows, const char *name)
{
    each_judge(sim, rows, name, cut_judge);
}

static void
deviant_judge(Sim *sim, const SimSet *set, const StoreInstance *row, const char *name)
{
    const SimModel *model = model_of(set, row);
    const gboolean is_up = row->state == INSTANCE_RUNNING && row->alive && !row->want_deleted && !row->operation;
    /* What a rolling upgrade has in hand is the upgrade's, and whom it gives up is looked at when he is attested again. */
    const gboolean in_hand = row->surge || roll_covers(set, sim_instance(set, row->id)) || row->roll_mark == ROLL_MARK_FAILED ||
                             row->roll_mark == ROLL_MARK_UNDONE;
    if (is_up && !in_hand && !row->quarantined && row->integrity == INTEGRITY_DEVIATION && model && model->attested &&
        model->deviation == DEVIATION_QUARANTINED && !row->protect_scale_set_actions)
        sim_break(sim, name, "%s/%u is not", set->name, row->id);
}

void
deviants_are_in_quarantine(Sim *sim, const Rows *rows, const char *name)
{
    each_judge(sim, rows, name, deviant_judge);
}

static void
health_judge(Sim *sim, const SimSet *set, const StoreInstance *row, const char *name)
{
    const SimModel *model = model_of(set, row);
    const gboolean is_up = row->state == INSTANCE_RUNNING && row->alive && !row->want_deleted;
    const gboolean out = model && model->attested && model->deviation != DEVIATION_REPORTED && integrity_is_against(row);
    if (is_up && row->out_of_health != out)
        sim_break(sim, name, "%s/%u is %s, and %s", set->name, row->id, integrity_text(row->integrity),
                  row->out_of_health ? "out of health" : "well");
}

void
health_follows_verdicts(Sim *sim, const Rows *rows, const char *name)
{
    each_judge(sim, rows, name, health_judge);
}

void
quarantine_is_listed(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; sim->kind.quarantine && i < rows->sets->len && !sim->broken; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        g_autofree char *target = g_strdup_printf("@/%s/quarantine", set->name);
        g_autoptr(Answer) list = world_ask(sim->world, "GET", target, NULL);
        size_t listed = 0;
        for (guint k = 0; k < set->present->len; k++) {
            const SimInstance *instance = g_ptr_array_index(set->present, k);
            if (!instance->quarantined || instance->leaving)
                continue;
            g_autofree char *id = g_strdup_printf("%u", instance->id);
            const json_t *entry = json_array_get(answer_at(list, "value"), listed++);
            if (g_strcmp0(json_member_text(entry, "instanceId"), id) != 0 ||
                json_is_true(json_path(entry, "properties.replaced")) != (instance->replaced != 0))
                sim_break(sim, name, "%s/%u", set->name, instance->id);
        }
        if (json_array_size(answer_at(list, "value")) != listed)
            sim_break(sim, name, "%s: %zu, not %zu", set->name, json_array_size(answer_at(list, "value")), listed);
    }
}

/* ---- out of it ---- */

static void
release_ask(Sim *sim, SimSet *set, SimInstance *instance)
{
    const gboolean refused = set->deleting || instance->leaving || !instance->quarantined;
    g_autofree char *target = g_strdup_printf("@/%s/virtualMachines/%u/release", set->name, instance->id);
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, NULL);
    sim_expect(sim, answer,
               refused                                   ? EXPECT_REFUSED
               : instance->replaced && sim->quota_is_cut ? EXPECT_EITHER
                                                         : EXPECT_ACCEPTED,
               "releasing from quarantine");
    if (answer->response->status >= 300)
        return;
    SimOperation *operation = promise_operation(sim, answer, OPERATION_RELEASE, set);
    if (operation)
        operation_cover(sim, operation, set, instance->id);
    if (instance->replaced) {
        SimModel after = *sim_model(set);
        after.capacity++;
        promise_model(sim, set, set->revision + 1, &after);
    }
    instance->quarantined = instance->replaced = FALSE;
    instance->released_at = vm_of(sim, set, instance->id)->alive ? now_of(sim) : 0;
}

static GPtrArray *
all_in_it(const SimSet *set)
{
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; i < set->present->len; i++) {
        SimInstance *instance = g_ptr_array_index(set->present, i);
        if (instance->quarantined && !instance->leaving)
            g_ptr_array_add(all, instance);
    }
    return all;
}

void
act_quarantine(Sim *sim, SimSet *set)
{
    g_autoptr(GPtrArray) all = all_in_it(set);
    GPtrArray *whom = all->len > 0 ? all : set->present;
    if (whom->len == 0)
        return;
    SimInstance *instance = g_ptr_array_index(whom, random_below(&sim->actions, whom->len));
    if (all->len > 0 && random_chance(&sim->actions, 40))
        instance_delete(sim, set, instance->id);
    else
        release_ask(sim, set, instance);
}

void
quarantine_end(Sim *sim, SimSet *set)
{
    g_autoptr(GPtrArray) all = all_in_it(set);
    for (guint i = 0; i < all->len && !sim->broken; i++) {
        SimInstance *instance = g_ptr_array_index(all, i);
        const guint drawn = random_below(&sim->actions, 3);
        if (drawn == 0)
            release_ask(sim, set, instance);
        else if (drawn == 1)
            instance_delete(sim, set, instance->id);
        check_step(sim);
    }
    if (all->len > 0)
        sim_settle(sim);
}

static void
released_judge(Sim *sim, const SimSet *set, const StoreInstance *row, const char *name)
{
    SimInstance *instance = sim_instance(set, row->id);
    if (!instance || instance->released_at == 0)
        return;
    /* Whoever does something else with it has it attested afterwards. */
    if (!row->alive || !row->agent || row->operation || row->want_deleted || !is_attested(set, row) ||
        row->integrity != INTEGRITY_WAITED_FOR)
        instance->released_at = 0;
    else if (now_of(sim) > instance->released_at + AT_ONCE)
        sim_break(sim, name, "%s/%u was released %" G_GINT64_FORMAT " s ago", set->name, row->id,
                  (now_of(sim) - instance->released_at) / USEC_PER_SEC);
}

void
released_are_attested(Sim *sim, const Rows *rows, const char *name)
{
    each_judge(sim, rows, name, released_judge);
}
