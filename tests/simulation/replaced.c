/* Instances in whose place another one comes: what could not be created. */
#include "rows.h"

#include "rollout/creation.h"

const StoreInstance *
replaced_by(const RowSet *row, guint id)
{
    for (guint i = row->instances->len; i > 0; i--) {
        const StoreInstance *instance = g_ptr_array_index(row->instances, i - 1);
        if (instance->replaces == id + 1)
            return instance;
    }
    return NULL;
}

/* Whatever waits for the old one waits for the new one, too. Who is repaired has had what others asked of it. */
static void
cover_as(Sim *sim, const SimSet *set, const StoreInstance *row, guint as)
{
    for (guint i = 0; i < sim->operations->len; i++) {
        SimOperation *operation = g_ptr_array_index(sim->operations, i);
        if (row->attempt == 0 && g_strcmp0(operation->id, row->operation) != 0)
            continue;
        for (guint k = 0; k < operation->covers->len; k++) {
            if (g_strcmp0(operation->set, set->uid) == 0 && g_array_index(operation->covers, SimCover, k).id == as) {
                operation_cover(sim, operation, set, row->id);
                break;
            }
        }
    }
}

SimInstance *
replaced_adopt(Sim *sim, SimSet *set, const StoreInstance *row)
{
    SimInstance *old = sim_instance(set, row->replaces - 1);
    const Vm *vm = vm_of(sim, set, row->replaces - 1);
    if (!old || row->surge || row->id != set->next_id) {
        sim_break(sim, "instances are the promised ones", "%s/%u comes in the place of %u, and the next is %u", set->name,
                  row->id, row->replaces - 1, set->next_id);
        return NULL;
    }
    /* Whoever served is not lost for a start that failed; without an attempt it is a repair (repairs.c). */
    if (row->attempt > 0 && (!sim->kind.faults || vm->agent || vm->epoch > 1 || row->attempt >= CREATION_ATTEMPTS))
        sim_break(sim, "who is replaced could not be created", "%s/%u, epoch %" G_GUINT64_FORMAT ", attempt %u", set->name,
                  old->id, vm->epoch, row->attempt);
    guint as = old->id;
    promise_grow(sim, set, 1);
    cover_as(sim, set, row, as);
    SimInstance *instance = sim_instance(set, row->id);
    instance->repairing = row->repairing;
    instance->stands_in = old->stands_in;
    /* Where the newest is larger, and quota has no room for it, it is as the old one was. */
    gboolean for_room = sim->quota_is_cut && row->want_revision == old->want &&
                        g_array_index(set->models, SimModel, old->want - 1).size != sim_model(set)->size;
    if (row->attempt == 0 && row->want_revision != set->revision && !for_room)
        sim_break(sim, "who comes in another one's place is on the newest model", "%s/%u is at revision %u of %u", set->name,
                  row->id, row->want_revision, set->revision);
    return instance;
}
