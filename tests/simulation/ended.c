/* Operations that have ended: what they were to bring about is there. */
#include "ended.h"

#include <string.h>

static StoreOperation *
operation_read(Sim *sim, const char *id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(sim->world->store, &error);
    StoreOperation *operation = tx ? store_operation_get(tx, id, &error) : NULL;
    g_assert_no_error(error);
    return operation;
}

static void
disk_expect(Sim *sim, const SimOperation *operation, const SimCover *cover, Vm *vm)
{
    if (vm->launches == cover->launches && vm->last)
        vm->owes_disk = TRUE;
    else if (vm->last && cover->launches > 0 && vm->last->disk_gen == cover->disk_gen)
        sim_break(sim, "an operation that succeeded has done its work", "%s of %s: the OS disk is the same",
                  operation_kind_text(operation->kind), vm->key);
}

static void
model_expect(Sim *sim, const SimSet *set, const SimOperation *operation, const SimInstance *instance, const Vm *vm)
{
    if (!vm->last || instance->power != POWER_RUNNING || instance->unsure)
        return;
    const SimModel *asked = &g_array_index(set->models, SimModel, operation->revision - 1);
    const SimModel *runs = &g_array_index(set->models, SimModel, vm->last->revision - 1);
    if (asked->size != runs->size || asked->image != runs->image || asked->trusted != runs->trusted ||
        asked->secure_boot != runs->secure_boot || asked->vtpm != runs->vtpm || asked->disks != runs->disks)
        sim_break(sim, "an operation that succeeded has done its work", "%s runs revision %u, and was brought to %u", vm->key,
                  vm->last->revision, operation->revision);
}

/* What needs no launch is seen in what the product says alone, of one that has failed too. */
static void
revision_expect(Sim *sim, const SimSet *set, gint64 set_id, const SimOperation *operation, const Vm *vm, guint id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(sim->world->store, &error);
    g_autoptr(StoreInstance) row = tx ? store_instance_get(tx, set_id, id, &error) : NULL;
    g_assert_no_error(error);
    if (!row || row->want_deleted || row->quarantined || row->revision == 0 || set->revision != operation->revision)
        return;
    if (!model_same_effect(&g_array_index(set->models, SimModel, row->revision - 1), sim_model(set)))
        sim_break(sim, "an operation that succeeded has brought all that it names to the newest model",
                  "%s is at revision %u, its set at %u", vm->key, row->revision, set->revision);
}

/* Is there one that was asked for later, and is not over? It may be what took the VM down in between. */
static gboolean
other_in_hand(const Sim *sim, const SimOperation *operation, guint id)
{
    for (guint i = sim->operations->len; i > 0; i--) {
        const SimOperation *other = g_ptr_array_index(sim->operations, i - 1);
        if (other == operation)
            return FALSE;
        for (guint n = 0;
             other->status == OPERATION_IN_PROGRESS && g_str_equal(other->set, operation->set) && n < other->covers->len; n++) {
            if (g_array_index(other->covers, SimCover, n).id == id)
                return TRUE;
        }
    }
    return FALSE;
}

/* Where nothing goes wrong, and nobody has asked for something else since: who had nothing to do was free for that. */
static void
power_expect(Sim *sim, const SimOperation *operation, const SimInstance *instance, const Vm *vm, gboolean alive)
{
    gboolean still_asked =
        !instance->unsure && (instance->power == POWER_RUNNING) == alive && !other_in_hand(sim, operation, instance->id);
    if (!sim->kind.faults && !sim->kind.kills && still_asked && vm->alive != alive)
        sim_break(sim, "an operation that succeeded has done its work", "%s of %s: the VM is %s",
                  operation_kind_text(operation->kind), vm->key, vm->alive ? "alive" : "not alive");
}

static void
cover_expect(Sim *sim, const SimSet *set, gint64 set_id, const SimOperation *operation, const SimCover *cover)
{
    const SimInstance *instance = sim_instance(set, cover->id);
    Vm *vm = vm_of(sim, set, cover->id);
    if (!instance || instance->leaving)
        return;
    /* What a rolling upgrade made of it meanwhile is judged with the upgrade. */
    if (set->roll_seen_at > operation->asked_at)
        return;
    switch (operation->kind) {
    case OPERATION_PUT_INSTANCE:
    case OPERATION_RESTART:
    case OPERATION_REDEPLOY:
        if (vm->launches == cover->launches && !cover->perhaps)
            sim_break(sim, "an operation that succeeded has done its work", "%s of %s: it was not started again",
                      operation_kind_text(operation->kind), vm->key);
        return;
    case OPERATION_REIMAGE:
    case OPERATION_REIMAGE_ALL:
        disk_expect(sim, operation, cover, vm);
        return;
    case OPERATION_UPDATE_INSTANCES:
        model_expect(sim, set, operation, instance, vm);
        revision_expect(sim, set, set_id, operation, vm, cover->id);
        return;
    case OPERATION_START:
        power_expect(sim, operation, instance, vm, TRUE);
        return;
    case OPERATION_POWER_OFF:
    case OPERATION_DEALLOCATE:
        power_expect(sim, operation, instance, vm, FALSE);
        return;
    default:
        return;
    }
}

static void
succeeded(Sim *sim, SimSet *set, gint64 set_id, const SimOperation *operation)
{
    if (operation->kind == OPERATION_DELETE_SCALE_SET)
        set->gone = TRUE;
    for (guint i = 0; i < operation->covers->len; i++)
        cover_expect(sim, set, set_id, operation, &g_array_index(operation->covers, SimCover, i));
}

void
ended_look(Sim *sim)
{
    for (guint i = 0; i < sim->operations->len && !sim->broken; i++) {
        SimOperation *operation = g_ptr_array_index(sim->operations, i);
        if (operation->status != OPERATION_IN_PROGRESS)
            continue;
        g_autoptr(StoreOperation) row = operation_read(sim, operation->id);
        if (!row) {
            sim_break(sim, "an accepted operation can be asked for", "%s", operation->id);
            return;
        }
        if (row->status == OPERATION_IN_PROGRESS)
            continue;
        operation->status = row->status;
        SimSet *set = sim_set_by_uid(sim, operation->set);
        trace_step(sim, "operation %.8s (%s of %s) has ended: %s%s%s", row->id, operation_kind_text(row->kind), set->name,
                   operation_status_text(row->status), row->message ? ": " : "", row->message ? row->message : "");
        if (row->status == OPERATION_SUCCEEDED)
            succeeded(sim, set, row->set_id, operation);
        if (row->status == OPERATION_FAILED && !sim->kind.faults && row->kind != OPERATION_ROLLING_UPGRADE)
            sim_break(sim, "without faults nothing fails", "%s of %s: %s", operation_kind_text(row->kind), set->name,
                      row->message ? row->message : "(no message)");
    }
}
