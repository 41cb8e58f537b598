/* What holds after every step, what at rest, and what in the end: one table. Those of single host calls are watch.c's, those of
 * operations ended.c's. */
#include "data_disks.h"
#include "ended.h"
#include "rows.h"

#include "base/json.h"

#include <string.h>

/* ---- after every step ---- */

static void
instances_are_the_promised_ones(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        SimSet *set = sim_set_by_uid(sim, row->set->uid);
        guint staying = 0;
        if (!set || set->gone) {
            sim_break(sim, name, "scale set %s is there", row->set->name);
            return;
        }
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            const SimInstance *promised = sim_instance(set, instance->id);
            if (instance->state == INSTANCE_RUNNING && !instance->operation)
                vm_of(sim, set, instance->id)->created = TRUE;
            staying += instance->want_deleted || instance->surge || instance->replaced ? 0 : 1;
            if (!promised || promised->leaving != instance->want_deleted)
                sim_break(sim, name, "%s/%u %s", set->name, instance->id,
                          promised ? "is to be deleted, or is not" : "was never promised");
        }
        if (staying != sim_staying(set) ||
            (!set->deleting && (row->set->capacity != sim_model(set)->capacity || staying != row->set->capacity)))
            sim_break(sim, name, "%s has %u instances, capacity %u; promised are %u and %u", set->name, staying,
                      row->set->capacity, sim_staying(set), sim_model(set)->capacity);
        /* Those that have left. */
        for (guint k = set->present->len; k > 0; k--) {
            const SimInstance *promised = g_ptr_array_index(set->present, k - 1);
            gboolean there = FALSE;
            for (guint n = 0; n < row->instances->len && !there; n++)
                there = ((const StoreInstance *)g_ptr_array_index(row->instances, n))->id == promised->id;
            if (!there && promised->leaving)
                g_ptr_array_remove_index(set->present, k - 1);
        }
    }
}

static void
set_is_what_was_asked(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        if (set && (row->set->revision != set->revision || row->set->deleting != set->deleting))
            sim_break(sim, name, "%s is at revision %u, not %u", set->name, row->set->revision, set->revision);
    }
}

static guint
cores_of_revision(const SimSet *set, guint revision, const char *family)
{
    if (revision == 0 || revision > set->models->len)
        return 0;
    const SimSize *size = &sim_sizes[g_array_index(set->models, SimModel, revision - 1).size];
    return !family || strcmp(family, size->family) == 0 ? size->vcpus : 0;
}

/* What it runs, and what it goes back to if its upgrade fails, stay its own until that is decided. family NULL: in the region,
 * where it takes the largest of them. */
static guint
cores_of(const SimSet *set, const StoreInstance *instance, const char *family)
{
    const guint wanted = cores_of_revision(set, instance->want_revision, family);
    const guint running = cores_of_revision(set, instance->revision, family);
    return MAX(MAX(wanted, running), cores_of_revision(set, instance->undo_revision, family));
}

static guint
usage_of(const Rows *rows, Sim *sim, const char *family)
{
    guint cores = 0;
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        for (guint k = 0; set && k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            /* For who is in quarantine another one counts. */
            if (instance->want_deleted || instance->replaced || instance->want_revision > set->models->len)
                continue;
            cores += cores_of(set, instance, family);
        }
    }
    return cores;
}

static void
usage_judge(Sim *sim, const Rows *rows, const char *family, guint limit, const char *name)
{
    const char *key = family ? family : "";
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(sim->usage, key)), now = usage_of(rows, sim, family);
    if (now > before && now > limit)
        sim_break(sim, name, "%s: %u vCPUs, %u before, limit %u", family ? family : "the region", now, before, limit);
    g_hash_table_insert(sim->usage, (gpointer)key, GUINT_TO_POINTER(now));
}

/* A limit that was cut below what is in use stops every growth, and nothing else. */
static void
quota_is_never_exceeded(Sim *sim, const Rows *rows, const char *name)
{
    const Quota *quota = sim->world->quota;
    usage_judge(sim, rows, NULL, quota->regional_cores, name);
    for (guint i = 0; i < sim_n_sizes; i++) {
        if (i == 0 || strcmp(sim_sizes[i].family, sim_sizes[i - 1].family) != 0)
            usage_judge(sim, rows, sim_sizes[i].family, quota_family_limit(quota, sim_sizes[i].family), name);
    }
}

/* An operation's count of steps is that of the instances that have one. */
static void
steps_are_counted(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->operations->len; i++) {
        const StoreOperation *operation = g_ptr_array_index(rows->operations, i);
        /* A rolling upgrade holds its operation open itself, and that of who cancels it. */
        gboolean of_roll = operation->kind == OPERATION_ROLLING_UPGRADE || operation->kind == OPERATION_CANCEL_ROLLING_UPGRADE;
        guint steps = of_roll ? 1 : 0;
        for (guint k = 0; k < rows->sets->len; k++) {
            const GPtrArray *instances = ((const RowSet *)g_ptr_array_index(rows->sets, k))->instances;
            for (guint n = 0; n < instances->len; n++)
                steps += g_strcmp0(((const StoreInstance *)g_ptr_array_index(instances, n))->operation, operation->id) == 0;
        }
        if (steps != operation->pending || operation->pending == 0)
            sim_break(sim, name, "operation %s (%s): %u steps pending, %u instances have one", operation->id,
                      operation_kind_text(operation->kind), operation->pending, steps);
    }
}

static gboolean
is_in_progress(const Rows *rows, const char *id)
{
    for (guint i = 0; i < rows->operations->len; i++) {
        if (strcmp(((const StoreOperation *)g_ptr_array_index(rows->operations, i))->id, id) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
steps_belong_to_operations(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        if (row->set->operation && !is_in_progress(rows, row->set->operation))
            sim_break(sim, name, "%s waits for operation %s, which is over", row->set->name, row->set->operation);
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            if (instance->operation && !is_in_progress(rows, instance->operation))
                sim_break(sim, name, "%s/%u has a step of operation %s, which is over", row->set->name, instance->id,
                          instance->operation);
        }
    }
}

/* ---- at rest ---- */

static void
everything_has_ended(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->operations->len; i++) {
        const StoreOperation *operation = g_ptr_array_index(rows->operations, i);
        sim_break(sim, name, "%s of %s (%u of %u steps pending)", operation_kind_text(operation->kind), operation->resource_id,
                  operation->pending, operation->total);
    }
}

static void
what_leaves_is_gone(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        if (row->set->deleting)
            sim_break(sim, name, "scale set %s", row->set->name);
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            if (instance->want_deleted)
                sim_break(sim, name, "%s/%u", row->set->name, instance->id);
        }
    }
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, sim->vms);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Vm *vm = value;
        guint id;
        const SimSet *set = sim_set_of_key(sim, vm->key, &id);
        if (vm->alive && (!set || !sim_instance(set, id)))
            sim_break(sim, name, "the VM %s runs", vm->key);
    }
}

/* What is written down of a VM is what it is. */
static void
rows_are_what_runs(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            const Vm *vm = vm_of(sim, set, instance->id);
            gboolean runs = instance->state == INSTANCE_RUNNING;
            if (instance->alive != vm->alive || (runs && !vm->alive))
                sim_break(sim, name, "%s/%u is %s, alive %d; its VM is alive: %d", set->name, instance->id,
                          instance_state_text(instance->state), instance->alive, vm->alive);
            if (vm->alive && vm->epoch != instance->epoch)
                sim_break(sim, name, "%s/%u: epoch %" G_GUINT64_FORMAT ", its VM's %" G_GUINT64_FORMAT, set->name, instance->id,
                          instance->epoch, vm->epoch);
        }
    }
}

static void
power_is_what_was_asked(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            SimInstance *promised = sim_instance(set, instance->id);
            if (promised->unsure) {
                promised->power = instance->want_power;
                promised->unsure = FALSE;
            }
            if (promised->power != instance->want_power)
                sim_break(sim, name, "%s/%u is to be %s, and was asked to be %s", set->name, instance->id,
                          desired_power_text(instance->want_power), desired_power_text(promised->power));
            if (promised->power != POWER_RUNNING && instance->alive)
                sim_break(sim, name, "%s/%u runs, and was asked to be %s", set->name, instance->id,
                          desired_power_text(promised->power));
            if (promised->power == POWER_RUNNING && instance->state != INSTANCE_RUNNING && !sim->kind.faults)
                sim_break(sim, name, "%s/%u is %s, and was asked to run", set->name, instance->id,
                          instance_state_text(instance->state));
        }
    }
}

#define EXACT_VERSION "properties.virtualMachineProfile.storageProfile.imageReference.exactVersion"

/* GET says the same as the row. */
static void
answers_agree_with_row(Sim *sim, const RowSet *row, const char *name)
{
    g_autofree char *set_target = g_strconcat("@/", row->set->name, NULL);
    g_autofree char *list_target = g_strconcat(set_target, "/virtualMachines?$expand=instanceView", NULL);
    g_autofree char *view_target = g_strconcat(set_target, "/instanceView", NULL);
    g_autoptr(Answer) set = world_ask(sim->world, "GET", set_target, NULL);
    g_autoptr(Answer) list = world_ask(sim->world, "GET", list_target, NULL);
    g_autoptr(Answer) view = world_ask(sim->world, "GET", view_target, NULL);
    if (set->response->status != 200 || list->response->status != 200 || view->response->status != 200 || !set->body ||
        !list->body || !view->body) {
        sim_break(sim, name, "GET of %s: %d, its list: %d, its view: %d", row->set->name, set->response->status,
                  list->response->status, view->response->status);
        return;
    }
    if (json_integer_value(answer_at(set, "sku.capacity")) != row->set->capacity ||
        json_integer_value(answer_at(set, "properties.revision")) != row->set->revision)
        sim_break(sim, name, "%s: capacity or revision", row->set->name);
    const char *version = json_string_value(answer_at(set, EXACT_VERSION));
    if (g_strcmp0(version, sim_images[sim_model(sim_set_by_uid(sim, row->set->uid))->image].version) != 0)
        sim_break(sim, name, "%s is on image version %s", row->set->name, version ? version : "(none)");
    const json_t *value = answer_at(list, "value");
    if (json_array_size(value) != row->instances->len)
        sim_break(sim, name, "%s lists %zu instances of %u", row->set->name, json_array_size(value), row->instances->len);
    for (guint k = 0; k < row->instances->len && !sim->broken; k++) {
        const StoreInstance *instance = g_ptr_array_index(row->instances, k);
        const json_t *item = json_array_get(value, k);
        g_autofree char *id = g_strdup_printf("%u", instance->id);
        const char *power = json_string_value(
            json_object_get(json_array_get(json_path((json_t *)item, "properties.instanceView.statuses"), 1), "code"));
        if (g_strcmp0(json_string_value(json_object_get(item, "instanceId")), id) != 0 ||
            g_strcmp0(power, instance_power_code(instance->state, instance->alive)) != 0)
            sim_break(sim, name, "%s/%u: %s", row->set->name, instance->id, power ? power : "(no power state)");
    }
}

/* A list with the views of all instances costs more than all other checks together: it is not asked for each time, nor in the
 * end of each run. */
#define ANSWERS_EVERY 4
#define ENDS_EVERY    2

static void
answers_agree(Sim *sim, const Rows *rows, const char *name, gboolean in_the_end)
{
    for (guint i = 0; i < rows->sets->len && !sim->broken; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        SimSet *promised = sim_set_by_uid(sim, row->set->uid);
        /* What was compared and did not change since is answered as it was. */
        if (promised->answers_seen == row_set_state(row) && promised->answers_in == sim->world->incarnation)
            continue;
        guint every = in_the_end ? ENDS_EVERY : ANSWERS_EVERY;
        if ((sim->seed + promised->rests++) % every != 0)
            continue;
        promised->answers_seen = row_set_state(row);
        promised->answers_in = sim->world->incarnation;
        answers_agree_with_row(sim, row, name);
    }
}

static void
answers_agree_at_rest(Sim *sim, const Rows *rows, const char *name)
{
    answers_agree(sim, rows, name, /* in_the_end= */ FALSE);
}

/* ---- when nothing goes wrong any more ---- */

static void
the_dead_run_again(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            const SimInstance *promised = sim_instance(set, instance->id);
            const Vm *vm = vm_of(sim, set, instance->id);
            if (vm->owed && !vm->alive && !promised->quarantined && promised->power == POWER_RUNNING && !promised->unsure)
                sim_break(sim, name, "%s/%u is %s: %s", set->name, instance->id, instance_state_text(instance->state),
                          instance->failure_message ? instance->failure_message : "");
        }
    }
}

/* ---- in the end ---- */

static void
all_run_their_model(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        const SimModel *model = sim_model(set);
        /* Secure Boot has the last word. */
        gboolean boots = !model->secure_boot || sim_images[model->image].bootable;
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            if (set->left_behind || sim_instance(set, instance->id)->protect_actions || instance->quarantined)
                continue;
            if (instance->revision != set->revision && instance->want_revision != set->revision)
                sim_break(sim, name, "%s/%u is at revision %u, its set at %u", set->name, instance->id, instance->revision,
                          set->revision);
            if (boots && instance->state != INSTANCE_RUNNING)
                sim_break(sim, name, "%s/%u is %s: %s", set->name, instance->id, instance_state_text(instance->state),
                          instance->failure_message ? instance->failure_message : "");
        }
    }
}

static void
answers_agree_in_the_end(Sim *sim, const Rows *rows, const char *name)
{
    answers_agree(sim, rows, name, /* in_the_end= */ TRUE);
}

/* ---- the table ---- */

typedef enum { EVERY_STEP, AT_REST, WELL_AGAIN, FOLLOWED, IN_THE_END } When;

static const struct {
    When when;
    const char *name;
    void (*check)(Sim *sim, const Rows *rows, const char *name);
} invariants[] = {
    { EVERY_STEP, "a rolling upgrade keeps to its policy", rolls_follow },
    { EVERY_STEP, "a guest that can hear of its end is told in time", notices_follow },
    { EVERY_STEP, "instances are the promised ones", instances_are_the_promised_ones },
    { EVERY_STEP, "a scale set is what was asked", set_is_what_was_asked },
    { EVERY_STEP, "quota is never exceeded", quota_is_never_exceeded },
    { EVERY_STEP, "an operation counts its steps", steps_are_counted },
    { EVERY_STEP, "a step is of an operation that is under way", steps_belong_to_operations },
    { EVERY_STEP, "a verdict is what its boot deserves", verdicts_follow },
    { EVERY_STEP, "what is in quarantine is left as it is", quarantine_is_kept },
    { EVERY_STEP, "who is released is attested at once", released_are_attested },
    { AT_REST, "every accepted operation ends", everything_has_ended },
    { AT_REST, "what is deleted is gone", what_leaves_is_gone },
    { AT_REST, "what is written down of a VM is what it is", rows_are_what_runs },
    { AT_REST, "power is what was asked", power_is_what_was_asked },
    { AT_REST, "no data disk is lost, or in two places", data_disks_are_somewhere },
    { AT_REST, "what is in quarantine stands still, and nobody else", quarantine_is_cut_off },
    { AT_REST, "who deviates is in quarantine where its policy says so", deviants_are_in_quarantine },
    { AT_REST, "a verdict moves health where its policy says so", health_follows_verdicts },
    { AT_REST, "what is in quarantine is listed", quarantine_is_listed },
    { AT_REST, "answers agree with rows", answers_agree_at_rest },
    { AT_REST, "a newer image is taken as soon as it may be", newer_images_are_taken },
    { FOLLOWED, "once faults stop, who follows `latest` runs the newest image", newest_images_run },
    { IN_THE_END, "answers agree with rows", answers_agree_in_the_end },
    { WELL_AGAIN, "who died runs again once faults stop", the_dead_run_again },
    { IN_THE_END, "whoever is attested gets a verdict", verdicts_are_there },
    { IN_THE_END, "a verdict is of the last boot", verdicts_are_of_the_last_boot },
    { IN_THE_END, "all run their set's model", all_run_their_model },
};

static void
check_all(Sim *sim, const Rows *rows, When when)
{
    for (guint i = 0; i < G_N_ELEMENTS(invariants) && !sim->broken; i++) {
        if (invariants[i].when == when)
            invariants[i].check(sim, rows, invariants[i].name);
    }
}

void
check_step(Sim *sim)
{
    if (sim->broken || store_revision(sim->world->store) == sim->seen)
        return;
    sim->seen = store_revision(sim->world->store);
    ended_look(sim);
    g_autoptr(Rows) rows = rows_read(sim);
    check_all(sim, rows, EVERY_STEP);
}

void
check_rest(Sim *sim)
{
    check_step(sim);
    g_autoptr(Rows) rows = rows_read_all(sim);
    check_all(sim, rows, AT_REST);
    GHashTableIter iter;
    gpointer vm;
    g_hash_table_iter_init(&iter, sim->vms);
    while (g_hash_table_iter_next(&iter, NULL, &vm))
        ((Vm *)vm)->revived = FALSE;
}

void
check_well(Sim *sim)
{
    g_autoptr(Rows) rows = rows_read(sim);
    check_all(sim, rows, WELL_AGAIN);
}

void
check_followed(Sim *sim)
{
    g_autoptr(Rows) rows = rows_read(sim);
    check_all(sim, rows, FOLLOWED);
}

void
check_end(Sim *sim)
{
    check_rest(sim);
    g_autoptr(Rows) rows = rows_read(sim);
    check_all(sim, rows, IN_THE_END);
}
