/* The ledger of VMs: what is asked of the host is judged at the door, the moment it passes. */
#include "rows.h"

#include <string.h>

void
vm_free(void *data)
{
    Vm *vm = data;
    g_free(vm->key);
    launch_spec_free(vm->last);
    g_hash_table_unref(vm->disks);
    g_hash_table_unref(vm->vtpms);
    launch_spec_free(vm->undo);
    g_free(vm);
}

Vm *
vm_get(Sim *sim, const char *key)
{
    Vm *vm = g_hash_table_lookup(sim->vms, key);
    if (vm)
        return vm;
    vm = g_new0(Vm, 1);
    vm->key = g_strdup(key);
    vm->disks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    vm->vtpms = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_hash_table_insert(sim->vms, vm->key, vm);
    return vm;
}

Vm *
vm_of(Sim *sim, const SimSet *set, guint id)
{
    g_autofree char *key = g_strdup_printf("%s.%u", set->uid, id);
    return vm_get(sim, key);
}

static char *
vm_name(Sim *sim, const char *key)
{
    guint id;
    const SimSet *set = sim_set_of_key(sim, key, &id);
    return g_strdup_printf("%s/%u", set ? set->name : "?", id);
}

/* ---- what a launch may be made of ---- */

void
vm_entitle(Vm *vm, const SimModel *model, guint revision)
{
    g_autofree char *urn = model_urn(model);
    vm->revision_max = MAX(vm->revision_max, revision);
    if (!vm->last)
        return;
    vm->may_disk = vm->may_disk || strcmp(vm->last->image_urn, urn) != 0;
    vm->may_vtpm = vm->may_vtpm || vm->may_disk || vm->last->vtpm != model->vtpm || vm->last->trusted_launch != model->trusted;
    vm->may_vars = vm->may_vars || vm->may_disk || vm->last->secure_boot != model->secure_boot ||
                   vm->last->trusted_launch != model->trusted;
}

/* Exactly what was there before the rolling upgrade. */
static void
undo_judge(Sim *sim, const SimSet *set, const Vm *vm, const LaunchSpec *spec)
{
    const SimModel *before = vm->undo ? &g_array_index(set->models, SimModel, vm->undo->revision - 1) : NULL;
    const SimModel *after = &g_array_index(set->models, SimModel, spec->revision - 1);
    if (!vm->undo || spec->disk_gen != vm->undo->disk_gen || spec->vars_gen != vm->undo->vars_gen ||
        spec->vtpm_gen != vm->undo->vtpm_gen || !model_same_launch(before, after))
        sim_break(sim, "what a rolling upgrade puts back is what was there before it",
                  "%s: revision %u, disk %" G_GUINT64_FORMAT ", vars %" G_GUINT64_FORMAT ", vTPM %" G_GUINT64_FORMAT, vm->key,
                  spec->revision, spec->disk_gen, spec->vars_gen, spec->vtpm_gen);
}

static void
disk_judge(Sim *sim, Vm *vm, const LaunchSpec *spec)
{
    gint64 gen = (gint64)spec->disk_gen;
    const char *made_from = g_hash_table_lookup(vm->disks, &gen);
    if (vm->last && vm->owes_disk && spec->disk_gen == vm->last->disk_gen)
        sim_break(sim, "what a request was to replace is replaced", "%s starts with OS disk %" G_GUINT64_FORMAT " again",
                  vm->key, spec->disk_gen);
    if (vm->last && !vm->may_disk && spec->disk_gen != vm->last->disk_gen)
        sim_break(sim, "an OS disk is replaced only where an accepted request says so",
                  "%s starts with OS disk %" G_GUINT64_FORMAT " in place of %" G_GUINT64_FORMAT, vm->key, spec->disk_gen,
                  vm->last->disk_gen);
    if (made_from && strcmp(made_from, spec->image_urn) != 0)
        sim_break(sim, "an OS disk has one image for ever",
                  "%s: OS disk %" G_GUINT64_FORMAT " was made from %s, and is started as %s", vm->key, spec->disk_gen,
                  made_from, spec->image_urn);
    if (made_from && vm->last && spec->disk_gen != vm->last->disk_gen)
        sim_break(sim, "the number of an OS disk is never given out again", "%s: OS disk %" G_GUINT64_FORMAT, vm->key,
                  spec->disk_gen);
    if (!made_from)
        g_hash_table_insert(vm->disks, g_memdup2(&gen, sizeof gen), g_strdup(spec->image_urn));
}

static void
guest_state_judge(Sim *sim, Vm *vm, const LaunchSpec *spec)
{
    gint64 gen = (gint64)spec->vtpm_gen;
    if (vm->last && !vm->may_vars && spec->vars_gen != vm->last->vars_gen)
        sim_break(sim, "guest state is replaced only where an accepted request says so",
                  "%s starts with UEFI variables %" G_GUINT64_FORMAT " in place of %" G_GUINT64_FORMAT, vm->key, spec->vars_gen,
                  vm->last->vars_gen);
    if (vm->last && !vm->may_vtpm && spec->vtpm_gen != vm->last->vtpm_gen)
        sim_break(sim, "guest state is replaced only where an accepted request says so",
                  "%s starts with vTPM %" G_GUINT64_FORMAT " in place of %" G_GUINT64_FORMAT, vm->key, spec->vtpm_gen,
                  vm->last->vtpm_gen);
    if (vm->last && spec->disk_gen != vm->last->disk_gen &&
        (spec->vars_gen == vm->last->vars_gen || (gen != 0 && spec->vtpm_gen == vm->last->vtpm_gen)))
        sim_break(sim, "guest state lives and dies with its OS disk",
                  "%s starts with a new disk, UEFI variables %" G_GUINT64_FORMAT " and vTPM %" G_GUINT64_FORMAT, vm->key,
                  spec->vars_gen, spec->vtpm_gen);
    if (gen == 0)
        return;
    if (g_hash_table_contains(vm->vtpms, &gen) && vm->last && vm->last->vtpm_gen != spec->vtpm_gen)
        sim_break(sim, "no vTPM is seen twice", "%s: vTPM %" G_GUINT64_FORMAT " was there before another one", vm->key,
                  spec->vtpm_gen);
    g_hash_table_add(vm->vtpms, g_memdup2(&gen, sizeof gen));
}

static void
data_judge(Sim *sim, const Vm *vm, const LaunchSpec *spec)
{
    if (vm->last && !vm->may_data && spec->data_gen != vm->last->data_gen)
        sim_break(sim, "data disks are made afresh only where an accepted request says so",
                  "%s starts with data disks %" G_GUINT64_FORMAT " in place of %" G_GUINT64_FORMAT, vm->key, spec->data_gen,
                  vm->last->data_gen);
    for (guint i = 1; i < spec->data_disks->len; i++) {
        const LaunchDisk *before = g_ptr_array_index(spec->data_disks, i - 1), *disk = g_ptr_array_index(spec->data_disks, i);
        if (disk->lun <= before->lun)
            sim_break(sim, "a data disk is attached once", "%s: lun %u", vm->key, disk->lun);
    }
}

/* Those of its model; attached ones have a file. */
static guint
own_disks(const LaunchSpec *spec)
{
    guint count = 0;
    for (guint i = 0; i < spec->data_disks->len; i++)
        count += ((const LaunchDisk *)g_ptr_array_index(spec->data_disks, i))->file ? 0 : 1;
    return count;
}

static void
model_judge(Sim *sim, const SimSet *set, const Vm *vm, const LaunchSpec *spec)
{
    if (spec->revision < 1 || spec->revision > set->revision) {
        sim_break(sim, "a launch is of a revision that there is", "%s: revision %u", vm->key, spec->revision);
        return;
    }
    if (spec->revision > vm->revision_max && (!vm->last || spec->revision != vm->last->revision) && vm->launches > 0)
        sim_break(sim, "nobody is brought to another model unasked", "%s: revision %u, asked for %u", vm->key, spec->revision,
                  vm->revision_max);
    const SimModel *model = &g_array_index(set->models, SimModel, spec->revision - 1);
    g_autofree char *urn = model_urn(model);
    const SimSize *size = &sim_sizes[model->size];
    if (strcmp(urn, spec->image_urn) != 0 || spec->vcpus != size->vcpus || spec->trusted_launch != model->trusted ||
        spec->secure_boot != model->secure_boot || spec->vtpm != model->vtpm || own_disks(spec) != model->disks)
        sim_break(sim, "a launch is what its model says", "%s, revision %u: %s, %u vCPUs, trusted %d, SB %d, vTPM %d, disks %u",
                  vm->key, spec->revision, spec->image_urn, spec->vcpus, spec->trusted_launch, spec->secure_boot, spec->vtpm,
                  spec->data_disks->len);
}

/* ---- who may be touched ---- */

static gboolean
is_covered(const Sim *sim, const SimSet *set, guint id)
{
    for (guint i = sim->operations->len; i > 0; i--) {
        const SimOperation *operation = g_ptr_array_index(sim->operations, i - 1);
        if (operation->status != OPERATION_IN_PROGRESS || strcmp(operation->set, set->uid) != 0)
            continue;
        for (guint k = 0; k < operation->covers->len; k++) {
            if (g_array_index(operation->covers, SimCover, k).id == id)
                return TRUE;
        }
    }
    return FALSE;
}

static gboolean
is_asked_for(const Sim *sim, const char *key)
{
    guint id;
    const SimSet *set = sim_set_of_key((Sim *)sim, key, &id);
    return set && is_covered(sim, set, id);
}

static gboolean
is_in_hand(const Sim *sim, const char *key)
{
    guint id;
    const SimSet *set = sim_set_of_key((Sim *)sim, key, &id);
    return set && roll_covers(set, sim_instance(set, id));
}

/* What is asked of the host follows from what has just been committed: whom a rolling upgrade took is seen before he is
 * touched. */
static void
look_first(Sim *sim)
{
    if (sim->broken || store_revision(sim->world->store) == sim->rolls_seen)
        return;
    g_autoptr(Rows) rows = rows_read(sim);
    rolls_follow(sim, rows, "a rolling upgrade keeps to its policy");
    notices_follow(sim, rows, "a guest that can hear of its end is told in time");
}

/* Who died is started again by the engine, if it is to run; also where a change of the set took over what brought it back, and
 * then saw its own start fail. A boot that was refused would only be refused again. */
static gboolean
may_be_revived(const SimSet *set, guint id, const Vm *vm)
{
    const SimInstance *instance = sim_instance(set, id);
    return (vm->died || (vm->revived && !vm->alive)) && !vm->refused && instance && !instance->leaving &&
           (instance->power == POWER_RUNNING || instance->unsure);
}

/* The same launch may be asked for again: whoever comes after a crash does not know that it was made. */
static Vm *
touch(Sim *sim, const char *key, const char *verb, const LaunchSpec *start)
{
    guint id;
    look_first(sim);
    Vm *vm = vm_get(sim, key);
    const SimSet *set = sim_set_of_key(sim, key, &id);
    if (vm->destroyed)
        sim_break(sim, "an instance id is never used again", "%s: %s after it was destroyed", key, verb);
    if (!set)
        sim_break(sim, "a VM belongs to a scale set", "%s %s", verb, key);
    else if (!set->deleting && sim_instance(set, id) && !quarantine_lets(sim_instance(set, id)))
        sim_break(sim, "nothing is done with what is in quarantine", "%s %s/%u", verb, set->name, id);
    else if (!set->deleting && !is_covered(sim, set, id) && !roll_covers(set, sim_instance(set, id)) &&
             !(start && (start->epoch == vm->epoch || may_be_revived(set, id, vm))))
        sim_break(sim, "nobody is touched unasked", "%s %s/%u", verb, set->name, id);
    return vm;
}

/* Nobody has asked for anything else since. */
static gboolean
is_put_back(const Vm *vm, const SimInstance *instance, const LaunchSpec *spec)
{
    return instance && (vm->put_back || instance->mark == ROLL_MARK_UNDOING) &&
           !(vm->may_disk || vm->may_vars || vm->may_vtpm) &&
           !(instance->taken_back && vm->undo && spec->revision != vm->undo->revision);
}

static void
on_start(void *data, const LaunchSpec *spec)
{
    Sim *sim = data;
    guint id;
    g_autofree char *name = vm_name(sim, spec->key);
    trace_step(sim,
               "start %s: epoch %" G_GUINT64_FORMAT ", revision %u, disk %" G_GUINT64_FORMAT ", vars %" G_GUINT64_FORMAT
               ", vTPM %" G_GUINT64_FORMAT ", data %" G_GUINT64_FORMAT,
               name, spec->epoch, spec->revision, spec->disk_gen, spec->vars_gen, spec->vtpm_gen, spec->data_gen);
    Vm *vm = touch(sim, spec->key, "start", spec);
    const SimSet *set = sim_set_of_key(sim, spec->key, &id);
    if (vm->alive && vm->epoch != spec->epoch)
        sim_break(sim, "an instance never has two processes", "%s: epoch %" G_GUINT64_FORMAT " beside %" G_GUINT64_FORMAT, name,
                  spec->epoch, vm->epoch);
    if (spec->epoch < vm->epoch)
        sim_break(sim, "launches go on", "%s: epoch %" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT, name, spec->epoch,
                  vm->epoch);
    if (is_put_back(vm, set ? sim_instance(set, id) : NULL, spec)) {
        undo_judge(sim, set, vm, spec);
    } else {
        /* What was asked for since begins with what was put back. */
        vm->may_disk = vm->may_disk || vm->put_back;
        disk_judge(sim, vm, spec);
        guest_state_judge(sim, vm, spec);
    }
    data_judge(sim, vm, spec);
    if (set)
        model_judge(sim, set, vm, spec);
    vm->may_disk = vm->may_data = vm->may_vars = vm->may_vtpm = vm->owes_disk = vm->put_back = FALSE;
    vm->epoch = spec->epoch;
    vm->alive = vm->alive && vm->last && vm->last->epoch == spec->epoch;
    vm->agent = vm->agent && vm->alive;
    vm->stopping = vm->refused = FALSE;
    vm->launches++;
    launch_spec_free(vm->last);
    vm->last = launch_spec_copy(spec);
    late_word(sim, spec);
}

static void
on_stop(void *data, const char *key)
{
    Sim *sim = data;
    g_autofree char *name = vm_name(sim, key);
    guint id;
    trace_step(sim, "stop %s", name);
    touch(sim, key, "stop", /* start= */ NULL)->stopping = TRUE;
    const SimSet *set = sim_set_of_key(sim, key, &id);
    if (set)
        notice_end_judge(sim, set, vm_get(sim, key));
    if (set)
        roll_serving_check(sim, set);
}

static void
on_destroy(void *data, const char *key)
{
    Sim *sim = data;
    guint id;
    look_first(sim);
    g_autofree char *name = vm_name(sim, key);
    const SimSet *set = sim_set_of_key(sim, key, &id);
    const SimInstance *instance = set ? sim_instance(set, id) : NULL;
    trace_step(sim, "destroy %s", name);
    vm_get(sim, key)->destroying = TRUE;
    if (instance && !instance->leaving && !set->deleting)
        sim_break(sim, "nobody is destroyed unasked", "%s", name);
    if (set)
        notice_end_judge(sim, set, vm_get(sim, key));
    if (set)
        roll_serving_check(sim, set);
}

static void
on_isolate(void *data, const char *key, gboolean isolated)
{
    Sim *sim = data;
    guint id;
    look_first(sim);
    g_autofree char *name = vm_name(sim, key);
    const SimSet *set = sim_set_of_key(sim, key, &id);
    trace_step(sim, "%s %s", isolated ? "isolate" : "let go", name);
    if (set)
        quarantine_isolate_judge(sim, set, id, isolated);
}

static void
on_event(void *data, const HostEvent *event)
{
    static const char *const texts[HOST_N_EVENTS] = { "started",      "start failed", "agent answered", "rebooted",
                                                      "boot refused", "exited",       "destroyed",      "warning" };
    Sim *sim = data;
    Vm *vm = vm_get(sim, event->key);
    g_autofree char *name = vm_name(sim, event->key);
    trace_step(sim, "%s %s%s%s", name, texts[event->type], event->code == ARM_N_CODES ? "" : ": ",
               event->code == ARM_N_CODES ? "" : arm_code_text(event->code));
    switch (event->type) {
    case HOST_AGENT_ANSWERED:
        vm->agent = TRUE;
        G_GNUC_FALLTHROUGH;
    case HOST_STARTED:
        vm->alive = TRUE;
        vm->died = vm->owed = FALSE;
        return;
    case HOST_START_FAILED:
        vm->alive = FALSE;
        /* Whoever asked for this start sees it fail: it is theirs to repeat, also where it had died before. So does a rolling
         * upgrade that has it in hand. */
        vm->owed = vm->owed && !is_asked_for(sim, event->key) && !is_in_hand(sim, event->key);
        return;
    case HOST_EXITED:
        /* What creates it is not repeated, nor a launch that somebody has asked for and sees fail. */
        vm->owed =
            event->code != ARM_N_CODES && !vm->refused && (vm->epoch > 1 || vm->created) && !is_asked_for(sim, event->key);
        vm->alive = vm->agent = vm->stopping = FALSE;
        vm->died = event->code != ARM_N_CODES;
        vm->revived = vm->revived || vm->died;
        return;
    case HOST_DESTROYED:
        vm->alive = vm->agent = FALSE;
        vm->destroyed = TRUE;
        return;
    case HOST_BOOT_REFUSED:
        vm->refused = TRUE;
        return;
    case HOST_REBOOTED:
    case HOST_WARNING:
    case HOST_N_EVENTS:
        return;
    }
}

static const SimModel *
vm_model(const Sim *sim, const Vm *vm)
{
    guint id;
    const SimSet *set = sim_set_of_key((Sim *)sim, vm->key, &id);
    return set && vm->last ? &g_array_index(set->models, SimModel, vm->last->revision - 1) : NULL;
}

static gboolean
is_kept_still(const Sim *sim, const Vm *vm)
{
    guint id;
    const SimSet *set = sim_set_of_key((Sim *)sim, vm->key, &id);
    const SimInstance *instance = set ? sim_instance(set, id) : NULL;
    return instance && instance->quarantined;
}

gboolean
vm_runs_without_agent(const Sim *sim, const Vm *vm)
{
    const SimModel *model = vm_model(sim, vm);
    return vm->alive && !vm->refused && model && !sim_images[model->image].agent;
}

/* Does what it is there for: it runs, its boot is over, nobody is ending it, and its application is well. */
gboolean
vm_serves(const Sim *sim, const Vm *vm)
{
    const SimModel *model = vm_model(sim, vm);
    if (!vm->alive || vm->stopping || vm->destroying || !model || is_kept_still(sim, vm))
        return FALSE;
    return (vm->agent || !sim_images[model->image].agent) && model_is_well(model) && !vm_is_ill(sim, vm);
}

void
watch_begin(Sim *sim)
{
    sim->world->watch = (WorldWatch){ sim, on_start, on_stop, on_destroy, on_isolate, on_event };
}
