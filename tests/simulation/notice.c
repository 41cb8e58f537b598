/* Guests that are told of their end, and approve or let their time run out. */
#include "base/guest_wire.h"
#include "rows.h"

#include <string.h>

/* What the engine may take from an approval to the end that it was waited for with. */
#define SOON (30 * USEC_PER_SEC)

static UnixTime
now_of(const Sim *sim)
{
    return sim->world->clock->now(sim->world->clock);
}

/* In every second run guests approve, each after its own time. Decided by name: so it is with and without kills. */
static gboolean
approves(Sim *sim, const Vm *vm)
{
    guint id;
    const SimSet *set = sim_set_of_key(sim, vm->key, &id);
    g_autofree char *what = g_strdup_printf("approval %s/%u", set->name, id);
    return sim->seed % 2 == 0 && now_of(sim) >= vm->told_at + random_decided(sim->seed, what, 600) * USEC_PER_SEC;
}

int
notice_answer(Sim *sim, Vm *vm, const char *const *argv, GString *out)
{
    if (strcmp(argv[0], "terminate-notice") == 0) {
        if (vm->told_at == 0)
            vm->told_at = now_of(sim);
        g_string_append(out, WIRE_NOTICED "\n");
        return 0;
    }
    if (vm->told_at == 0) {
        g_string_append(out, WIRE_UNKNOWN "\n");
        return 0;
    }
    if (approves(sim, vm) && vm->may_go == 0)
        vm->may_go = now_of(sim);
    g_string_append(out, approves(sim, vm) ? WIRE_APPROVED "\n" : WIRE_WAITING "\n");
    return 0;
}

void
notice_forced(Sim *sim, Vm *vm)
{
    vm->forced = TRUE;
    if (vm->may_go == 0)
        vm->may_go = now_of(sim);
}

void
notice_end_judge(Sim *sim, const SimSet *set, Vm *vm)
{
    gboolean calm = !sim->kind.faults && !sim->kind.kills && !sim->kind.disk;
    if (!vm->end_seen || vm->end_begun)
        return;
    vm->end_begun = TRUE;
    if (vm->alive && vm->may_go == 0 && vm->end_at > now_of(sim) && !set->deleting)
        sim_break(sim, "no guest's time is cut short", "%s has %" G_GINT64_FORMAT " s left", vm->key,
                  (vm->end_at - now_of(sim)) / USEC_PER_SEC);
    if (calm && vm->alive && vm->may_go != 0 && now_of(sim) > vm->may_go + SOON)
        sim_break(sim, "who may go is not waited for", "%s: since %" G_GINT64_FORMAT " s", vm->key,
                  (now_of(sim) - vm->may_go) / USEC_PER_SEC);
    if (calm && vm->alive && vm->end_at != 0 && now_of(sim) > vm->end_at + SOON && !set->deleting)
        sim_break(sim, "no guest has more time than it was given", "%s: %" G_GINT64_FORMAT " s more", vm->key,
                  (now_of(sim) - vm->end_at) / USEC_PER_SEC);
}

/* It was just decided that it goes: a guest that can hear it is told. */
static void
end_see(Sim *sim, const SimSet *set, const StoreInstance *row, const char *name)
{
    Vm *vm = vm_of(sim, set, row->id);
    gboolean hears = row->state == INSTANCE_RUNNING && row->alive && row->agent && !row->quarantined && !row->skip_shutdown &&
                     (vm->named || !row->surge);
    gint64 time = set_notice_usec(set);
    if (vm->end_seen)
        return;
    vm->end_seen = TRUE;
    vm->end_at = row->terminate_at;
    if (set->deleting || row->skip_shutdown)
        time = 0;
    if (hears ? row->terminate_at != (time ? now_of(sim) + time : 0) : row->terminate_at != 0)
        sim_break(sim, name, "%s/%u has %" G_GINT64_FORMAT " s, not %" G_GINT64_FORMAT, set->name, row->id,
                  row->terminate_at ? (row->terminate_at - now_of(sim)) / USEC_PER_SEC : 0, hears ? time / USEC_PER_SEC : 0);
}

void
notices_follow(Sim *sim, const Rows *rows, const char *name)
{
    for (guint i = 0; i < rows->sets->len && !sim->broken; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        for (guint k = 0; set && k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            if (instance->want_deleted)
                end_see(sim, set, instance, name);
            if (vm_of(sim, set, instance->id)->forced && instance->terminate_at != 0)
                sim_break(sim, "who is deleted by force is given no time", "%s/%u", set->name, instance->id);
        }
    }
}
