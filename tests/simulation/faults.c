/* What goes wrong. What may happen at a launch is decided by the launch, not by the moment: so it happens with and without the
 * kills of the control plane. */
#include "disk.h"
#include "sim.h"

#include "base/guest_wire.h"

#include <string.h>

/* One launch in so many goes wrong, where things do. */
#define LAUNCHES 12
/* The longest boot, and the answer of the application after it. */
#define REBOOT_USEC (150 * USEC_PER_SEC)

static SimulatedFault
failing_fault(const LaunchSpec *spec, void *data)
{
    static const SimulatedFault faults[] = { SIMULATED_START_FAILS, SIMULATED_NO_AGENT, SIMULATED_REFUSED, SIMULATED_EXITS,
                                             SIMULATED_DISK_FULL };
    Sim *sim = data;
    guint id;
    const SimSet *set = sim_set_of_key(sim, spec->key, &id);
    if (!sim->faults_on)
        return SIMULATED_OK;
    g_autofree char *what = g_strdup_printf("launch %s/%u/%" G_GUINT64_FORMAT, set ? set->name : "?", id, spec->epoch);
    guint drawn = random_decided(sim->seed, what, LAUNCHES * G_N_ELEMENTS(faults));
    SimulatedFault fault = drawn < G_N_ELEMENTS(faults) ? faults[drawn] : SIMULATED_OK;
    if (fault == SIMULATED_REFUSED && !spec->secure_boot)
        return SIMULATED_OK;
    /* Who dies before a killed control plane has heard of its creation is replaced, and otherwise started again. */
    if (fault == SIMULATED_EXITS && sim->kind.twin && spec->epoch == 1)
        fault = SIMULATED_START_FAILS;
    /* Where no agent is waited for, its silence is no fault. */
    if (fault == SIMULATED_NO_AGENT && !spec->guest_agent)
        return SIMULATED_OK;
    if (fault != SIMULATED_OK)
        trace_act(sim, "fault: launch %" G_GUINT64_FORMAT " of %s/%u goes wrong (%d)", spec->epoch, set ? set->name : "?", id,
                  (int)fault);
    return fault;
}

static SimulatedFault
launch_fault(const LaunchSpec *spec, void *data)
{
    SimulatedFault fault = failing_fault(spec, data), tampered = attested_fault(data, spec, fault == SIMULATED_OK);
    return fault == SIMULATED_OK ? tampered : fault;
}

/* One launch in so many comes before the last word of the one before it. */
#define LATE_WORDS 6

void
late_word(Sim *sim, const LaunchSpec *spec)
{
    static const HostEventType types[] = { HOST_STARTED,  HOST_START_FAILED, HOST_AGENT_ANSWERED,
                                           HOST_REBOOTED, HOST_EXITED,       HOST_WARNING };
    guint id;
    const SimSet *set = sim_set_of_key(sim, spec->key, &id);
    World *world = sim->world;
    if (!sim->faults_on || !set || spec->epoch < 2 || world->dead || !world->engine)
        return;
    g_autofree char *what = g_strdup_printf("late word %s/%u/%" G_GUINT64_FORMAT, set->name, id, spec->epoch);
    guint drawn = random_decided(sim->seed, what, LATE_WORDS * G_N_ELEMENTS(types));
    if (drawn >= G_N_ELEMENTS(types))
        return;
    const HostEvent event = { types[drawn], spec->key, spec->epoch - 1, ARM_VM_EXITED, "This comes late.", NULL, NULL, FALSE };
    trace_act(sim, "fault: launch %" G_GUINT64_FORMAT " of %s/%u is followed by word of the one before it (%d)", spec->epoch,
              set->name, id, (int)event.type);
    engine_host_event(&event, world->engine);
}

/* ---- what goes wrong in a guest ---- */

#define GUESTS 16

/* One launch in so many has an application that is ill for ever, and one whose agent answers nobody. */
typedef enum { GUEST_IS_WELL, GUEST_IS_ILL, GUEST_IS_SILENT } GuestFault;

static GuestFault
guest_fault(const Sim *sim, const char *key, guint64 epoch)
{
    guint id;
    const SimSet *set = sim_set_of_key((Sim *)sim, key, &id);
    g_autofree char *what = g_strdup_printf("guest %s/%u/%" G_GUINT64_FORMAT, set ? set->name : "?", id, epoch);
    guint drawn = sim->faults_on ? random_decided(sim->seed, what, GUESTS) : GUESTS;
    return drawn == 0 ? GUEST_IS_ILL : drawn == 1 ? GUEST_IS_SILENT : GUEST_IS_WELL;
}

gboolean
vm_is_ill(const Sim *sim, const Vm *vm)
{
    guint id;
    Clock *clock = sim->world->clock;
    const SimSet *set = sim_set_of_key((Sim *)sim, vm->key, &id);
    if (!sim->faults_on || !set || !vm->last || g_array_index(set->models, SimModel, vm->last->revision - 1).health == 0)
        return FALSE;
    return vm->ill_until > clock->now(clock) || guest_fault(sim, vm->key, vm->epoch) != GUEST_IS_WELL;
}

/* What was imported as one that never becomes well. */
static gboolean
image_is_ill(const Sim *sim, const Vm *vm)
{
    guint id;
    const SimSet *set = sim_set_of_key((Sim *)sim, vm->key, &id);
    return set && vm->last && sim_images[g_array_index(set->models, SimModel, vm->last->revision - 1).image].unhealthy;
}

static int
guest_answers(const char *key, guint64 epoch, const char *const *argv, GString *out, void *data)
{
    Sim *sim = data;
    if (g_str_has_prefix(argv[0], "terminate-"))
        return guest_fault(sim, key, epoch) == GUEST_IS_SILENT ? SIMULATED_GUEST_SILENT
                                                               : notice_answer(sim, vm_get(sim, key), argv, out);
    const Vm *vm = vm_get(sim, key);
    if (strcmp(argv[0], "health") != 0 || !(vm_is_ill(sim, vm) || image_is_ill(sim, vm)))
        return SIMULATED_GUEST_AS_EVER;
    if (guest_fault(sim, key, epoch) == GUEST_IS_SILENT)
        return SIMULATED_GUEST_SILENT;
    gboolean tcp = g_strcmp0(argv[1], "tcp") == 0;
    g_string_append(out, tcp ? "failed " WIRE_REFUSED "\n" : "http 503 whole\n{\"ApplicationHealthState\":\"Unhealthy\"}\n");
    return tcp ? 1 : 0;
}

static void
latency_draw(Sim *sim)
{
    const SimulatedLatency latency = {
        .start_usec = random_between(&sim->faults, 0, 3000) * USEC_PER_MSEC,
        .boot_usec = random_between(&sim->faults, 1, 90) * USEC_PER_SEC,
        .stop_usec = random_between(&sim->faults, 0, 40) * USEC_PER_SEC,
        .destroy_usec = random_between(&sim->faults, 0, 5000) * USEC_PER_MSEC,
    };
    host_simulated_set_latency(sim->world->simulated, &latency);
}

void
faults_begin(Sim *sim)
{
    sim->faults_on = sim->kind.faults;
    host_simulated_set_faults(sim->world->simulated, launch_fault, sim);
    host_simulated_set_guest(sim->world->simulated, guest_answers, sim);
    latency_draw(sim);
}

/* From now on all goes well. */
void
faults_end(Sim *sim)
{
    sim->faults_on = FALSE;
    sim->world->crash_at = 0;
    disk_mend();
    quota_restore(sim);
}

/* ---- single faults ---- */

static Vm *
vm_pick(Sim *sim)
{
    g_autoptr(GPtrArray) alive = g_ptr_array_new();
    for (guint i = 0; i < sim->sets->len; i++) {
        const SimSet *set = g_ptr_array_index(sim->sets, i);
        for (guint k = 0; k < set->present->len; k++) {
            Vm *vm = vm_of(sim, set, ((const SimInstance *)g_ptr_array_index(set->present, k))->id);
            if (vm->alive && !vm->destroying)
                g_ptr_array_add(alive, vm);
        }
    }
    return alive->len > 0 ? g_ptr_array_index(alive, random_below(&sim->faults, alive->len)) : NULL;
}

static void
application_falls_ill(Sim *sim)
{
    Vm *vm = vm_pick(sim);
    guint seconds = random_between(&sim->faults, 20, 600);
    if (!vm)
        return;
    trace_act(sim, "fault: the application in %s is ill for %u s", vm->key, seconds);
    vm->ill_until = sim->world->clock->now(sim->world->clock) + seconds * USEC_PER_SEC;
}

static void
vm_dies(Sim *sim)
{
    const Vm *vm = vm_pick(sim);
    guint id;
    if (!vm)
        return;
    const SimSet *set = sim_set_of_key(sim, vm->key, &id);
    trace_act(sim, "fault: %s/%u dies", set->name, id);
    host_simulated_kill(sim->world->simulated, vm->key);
}

/* The power of a part of the host fails. */
static void
several_die(Sim *sim)
{
    for (guint n = random_between(&sim->faults, 2, 6); n > 0; n--)
        vm_dies(sim);
}

static void
hosts_slow_down(Sim *sim)
{
    trace_act(sim, "fault: other latencies");
    latency_draw(sim);
}

static void
clock_jumps(Sim *sim)
{
    gint64 usec = random_between(&sim->faults, 1, 3600) * USEC_PER_SEC;
    trace_act(sim, "fault: the clock jumps by %" G_GINT64_FORMAT " s", usec / USEC_PER_SEC);
    sim->jumped += usec;
    clock_virtual_jump(sim->world->clock, usec);
}

void
guest_reboots(Sim *sim)
{
    static const SimulatedFault hows[] = { SIMULATED_OK, SIMULATED_NO_LOG, SIMULATED_GRUB_CHANGED };
    Vm *vm = vm_pick(sim);
    const SimulatedFault how = hows[random_below(&sim->faults, G_N_ELEMENTS(hows))];
    if (!vm || !host_simulated_reboot(sim->world->simulated, vm->key, how))
        return;
    trace_act(sim, "fault: the guest of %s reboots itself (%d)", vm->key, (int)how);
    vm->tampered = how;
    vm->rebooted = TRUE;
    vm->ill_until = MAX(vm->ill_until, sim->world->clock->now(sim->world->clock) + REBOOT_USEC);
}

static guint
in_use(const Sim *sim, const char *family)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(sim->usage, family));
}

/* What is in use is nearly all that there is. */
static void
quota_cut(Sim *sim)
{
    Quota *quota = sim->world->quota;
    guint more = random_below(&sim->faults, 6);
    trace_act(sim, "fault: the quota is cut to %u more than what is in use", more);
    sim->quota_is_cut = TRUE;
    if (random_chance(&sim->faults, 50)) {
        quota->regional_cores = in_use(sim, "") + more;
        return;
    }
    for (guint i = 0; i < quota->families->len; i++) {
        QuotaFamily *family = g_ptr_array_index(quota->families, i);
        family->limit = in_use(sim, family->family) + more;
    }
}

void
quota_restore(Sim *sim)
{
    Quota *quota = sim->world->quota;
    sim->quota_is_cut = FALSE;
    quota->regional_cores = 10000;
    for (guint i = 0; i < quota->families->len; i++)
        ((QuotaFamily *)g_ptr_array_index(quota->families, i))->limit = 5000;
}

static void
quota_back(Sim *sim)
{
    trace_act(sim, "fault: the quota is as it was");
    quota_restore(sim);
}

void
fault_random(Sim *sim)
{
    static const struct {
        guint weight;
        void (*happen)(Sim *sim);
    } faults[] = { { 35, vm_dies },   { 10, several_die }, { 12, hosts_slow_down },      { 10, clock_jumps },
                   { 10, quota_cut }, { 13, quota_back },  { 10, application_falls_ill } };
    if (sim->kind.attested && random_chance(&sim->faults, 30)) {
        guest_reboots(sim);
        return;
    }
    guint drawn = random_below(&sim->faults, 100);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        if (drawn < faults[i].weight) {
            faults[i].happen(sim);
            return;
        }
        drawn -= faults[i].weight;
    }
}

/* The control plane dies at a step that is soon reached: a commit, a host call or a host event. */
void
kill_arm(Sim *sim)
{
    guint reach = random_chance(&sim->kills, 50) ? 5 : 40;
    /* Killed again and again before it has got anywhere, nothing would ever end. */
    if (sim->kills_left == 0)
        return;
    sim->kills_left--;
    sim->world->crash_at = sim->world->steps + random_between(&sim->kills, 1, reach);
}

/* The store fails at a write that is soon reached, and at what is tried then. */
void
disk_arm_random(Sim *sim)
{
    static const char *const ways[DISK_N_WAYS] = { "commits fail", "writes fail",
                                                   "writes fail, and take their transaction back" };
    DiskWay way = (DiskWay)random_below(&sim->disk, DISK_N_WAYS);
    gboolean is_full = random_chance(&sim->disk, 60);
    guint after = random_below(&sim->disk, random_chance(&sim->disk, 50) ? 4 : 40);
    guint times = random_chance(&sim->disk, 60) ? 1 : random_between(&sim->disk, 2, 6);
    trace_act(sim, "fault: the disk is %s: %s, %u of them after %u that do not", is_full ? "full" : "bad", ways[way], times,
              after);
    disk_arm(way, is_full, after, times);
}
