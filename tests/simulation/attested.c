/* How instances booted: which launches are tampered with, and which verdicts may follow. A vTPM that is put back by a rolling
 * upgrade, a control plane that dies in the middle of a round and a store that fails are to make no difference. */
#include "actions.h"
#include "rows.h"

#include "base/json.h"

/* One launch of an attested instance in so many. */
#define LAUNCHES 10
/* One in so many deviates besides, where it is about quarantine. */
#define DEVIANTS 6
/* A guest that does not answer is asked again a few times; the credential of a new key is a second round. */
#define VERDICT_AFTER (15 * 60 * USEC_PER_SEC)

static const struct {
    SimulatedFault fault;
    Integrity verdict; /* where there is a reference for a deviation, else it cannot be told */
} tamperings[] = {
    { SIMULATED_GRUB_CHANGED, INTEGRITY_DEVIATION },
    { SIMULATED_NO_LOG, INTEGRITY_NOT_ATTESTED },
    { SIMULATED_OTHER_VTPM, INTEGRITY_NOT_ATTESTED },
    { SIMULATED_OTHER_KEY, INTEGRITY_NOT_ATTESTED },
};

json_t *
attestation_json(DeviationPolicy deviation)
{
    json_t *properties = json_pack("{ss ss ss}", "publisher", "Microsoft.Azure.Security.LinuxAttestation", "type",
                                   "GuestAttestation", "typeHandlerVersion", "1.0");
    /* The default goes without saying. */
    if (deviation != DEVIATION_REPORTED)
        json_object_set_new(properties, "settings",
                            json_pack("{s{ss}}", "AttestationConfig", "onDeviation", deviation_policy_text(deviation)));
    return json_pack("{ss so}", "name", "GuestAttestation", "properties", properties);
}

DeviationPolicy
deviation_random(Random *random)
{
    const guint drawn = random_below(random, 10);
    return drawn < 3 ? DEVIATION_REPORTED : drawn < 5 ? DEVIATION_OUT_OF_HEALTH : DEVIATION_QUARANTINED;
}

SimulatedFault
attested_fault(Sim *sim, const LaunchSpec *spec, gboolean comes_up)
{
    guint id;
    const SimSet *set = sim_set_of_key(sim, spec->key, &id);
    Vm *vm = vm_get(sim, spec->key);
    vm->tampered = SIMULATED_OK;
    vm->rebooted = FALSE;
    if (!sim->kind.attested || !sim->faults_on || !comes_up || !set || !spec->vtpm)
        return SIMULATED_OK;
    g_autofree char *what = g_strdup_printf("tamper %s/%u/%" G_GUINT64_FORMAT, set->name, id, spec->epoch);
    guint drawn = random_decided(sim->seed, what, LAUNCHES * G_N_ELEMENTS(tamperings));
    if (drawn < G_N_ELEMENTS(tamperings))
        vm->tampered = tamperings[drawn].fault;
    else if (sim->kind.quarantine && drawn % DEVIANTS == 0)
        vm->tampered = SIMULATED_GRUB_CHANGED;
    if (vm->tampered != SIMULATED_OK)
        trace_act(sim, "fault: launch %" G_GUINT64_FORMAT " of %s/%u is tampered with (%d)", spec->epoch, set->name, id,
                  (int)vm->tampered);
    return vm->tampered;
}

Integrity
verdict_of(SimulatedFault fault)
{
    for (guint i = 0; i < G_N_ELEMENTS(tamperings); i++) {
        if (tamperings[i].fault == fault)
            return tamperings[i].verdict;
    }
    return INTEGRITY_HEALTHY;
}

gboolean
is_attested(const SimSet *set, const StoreInstance *row)
{
    return row->revision > 0 && g_array_index(set->models, SimModel, row->revision - 1).attested;
}

/* NULL: it may be. */
static const char *
why_not(const Sim *sim, const SimSet *set, const StoreInstance *row, const Vm *vm)
{
    const SimModel *model = &g_array_index(set->models, SimModel, row->revision - 1);
    /* It may have been switched off where the extension was already there. */
    Integrity deserved = model->vtpm && model->secure_boot ? verdict_of(vm->tampered) : INTEGRITY_NOT_ATTESTED;
    switch (row->integrity) {
    case INTEGRITY_HEALTHY:
        return deserved == INTEGRITY_HEALTHY ? NULL : "it was tampered with";
    case INTEGRITY_DEVIATION:
        return verdict_of(vm->tampered) == INTEGRITY_DEVIATION ? NULL : "what booted is what should have";
    case INTEGRITY_NOT_JUDGED:
        return deserved != INTEGRITY_NOT_ATTESTED ? NULL : "its evidence does not hold";
    case INTEGRITY_NOT_ATTESTED:
        return deserved == INTEGRITY_NOT_ATTESTED ? NULL : "its evidence holds";
    case INTEGRITY_UNREACHABLE:
        return sim->kind.faults || !sim_images[model->image].agent || !row->agent ? NULL : "its guest answers";
    default:
        return NULL;
    }
}

static char *
reason_of(Sim *sim, gint64 set_id, guint id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(sim->world->store, &error);
    g_autoptr(GPtrArray) last = tx ? store_attestation_list(tx, set_id, id, 1, &error) : NULL;
    g_assert_no_error(error);
    return last->len > 0 ? g_strdup(((const StoreAttestation *)g_ptr_array_index(last, 0))->reason) : NULL;
}

/* in_the_end: each boot was attested since it began, whoever began it. */
static void
verdicts_check(Sim *sim, const Rows *rows, const char *invariant, gboolean in_the_end)
{
    for (guint i = 0; sim->kind.attested && i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        for (guint k = 0; k < row->instances->len && !sim->broken; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            const Vm *vm = vm_of(sim, set, instance->id);
            const char *why = NULL;
            if (instance->integrity == INTEGRITY_NONE || vm->epoch != instance->epoch || (vm->rebooted && !in_the_end))
                continue;
            why = is_attested(set, instance) ? why_not(sim, set, instance, vm) : "nobody asked for one";
            if (!why)
                continue;
            g_autofree char *reason = reason_of(sim, row->set->id, instance->id);
            sim_break(sim, invariant, "%s/%u is %s, and %s: %s", set->name, instance->id, integrity_text(instance->integrity),
                      why, reason ? reason : "");
        }
    }
}

void
verdicts_follow(Sim *sim, const Rows *rows, const char *invariant)
{
    verdicts_check(sim, rows, invariant, /* in_the_end= */ FALSE);
}

void
verdicts_are_of_the_last_boot(Sim *sim, const Rows *rows, const char *invariant)
{
    verdicts_check(sim, rows, invariant, /* in_the_end= */ TRUE);
}

void
verdicts_are_there(Sim *sim, const Rows *rows, const char *invariant)
{
    UnixTime now = sim->world->clock->now(sim->world->clock);
    for (guint i = 0; sim->kind.attested && i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        for (guint k = 0; k < row->instances->len && !sim->broken; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            gboolean is_up = instance->state == INSTANCE_RUNNING && instance->alive && !instance->want_deleted;
            gboolean waits = instance->integrity == INTEGRITY_NONE || instance->integrity == INTEGRITY_WAITED_FOR;
            if (is_up && waits && is_attested(set, instance) &&
                now > MAX(instance->integrity_since, instance->state_since) + VERDICT_AFTER)
                sim_break(sim, invariant, "%s/%u runs since %" G_GINT64_FORMAT " s", set->name, instance->id,
                          (now - instance->state_since) / USEC_PER_SEC);
        }
    }
}

/* What an operator approves of is what should boot: here, never what was tampered with, nor who has booted anew since it was
 * attested. */
void
act_approve(Sim *sim, SimSet *set)
{
    if (set->present->len == 0)
        return;
    const SimInstance *instance = g_ptr_array_index(set->present, random_below(&sim->actions, set->present->len));
    const Vm *vm = vm_of(sim, set, instance->id);
    if (verdict_of(vm->tampered) != INTEGRITY_HEALTHY || vm->rebooted)
        return;
    g_autofree char *target = g_strdup_printf("@/%s/virtualMachines/%u/approveBaseline", set->name, instance->id);
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, NULL);
    sim_expect(sim, answer, EXPECT_EITHER, "a baseline");
}
