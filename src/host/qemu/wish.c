/* From a wish to its end: start, stop, destroy, whatever is found on the way. */
#include "host/qemu/machine.h"

#include "base/error.h"

#include <signal.h>
#include <string.h>

/* A guest in its firmware or early boot misses the power button; it is pressed again until the
 * grace time is over. */
#define POWER_BUTTON_EVERY (2 * USEC_PER_SEC)
/* QEMU itself, and what the guest's memory is not counted in. */
#define MEMORY_AROUND_MIB 128u

/* ---- start ---- */

void
machine_start_fail(Machine *machine, const GError *error)
{
    gboolean named = error->domain == ARM_ERROR && error->code != ARM_INTERNAL;
    machine->wish = WISH_NONE;
    machine_emit(machine, HOST_START_FAILED, named ? (ArmCode)error->code : ARM_VM_START_FAILED, error->message, NULL);
}

static gboolean
memory_check(const LaunchSpec *spec, GError **error)
{
    g_autofree char *text = NULL;
    const char *at = g_file_get_contents("/proc/meminfo", &text, NULL, NULL) ? strstr(text, "MemAvailable:") : NULL;
    guint64 available = at ? g_ascii_strtoull(at + strlen("MemAvailable:"), NULL, 10) / 1024 : G_MAXUINT64;
    return available >= (guint64)spec->memory_mib + MEMORY_AROUND_MIB ||
           arm_fail(error, ARM_HOST_CAPACITY, NULL,
                    "This host has %" G_GUINT64_FORMAT " MiB of memory left; the VM needs %u MiB and %u MiB around it.",
                    available, spec->memory_mib, MEMORY_AROUND_MIB);
}

/* It runs already: that is said again, for whoever missed it. Before QEMU has
 * greeted, its greeting will say it. */
static void
started_say(Machine *machine)
{
    if (!machine->greeted)
        return;
    machine->wish = WISH_NONE;
    machine_emit(machine, HOST_STARTED, ARM_N_CODES, NULL, NULL);
    if (machine->agent && !machine->rebooting)
        machine_emit(machine, HOST_AGENT_ANSWERED, ARM_N_CODES, NULL, NULL);
}

static void
start_go_on(Machine *machine)
{
    g_autoptr(GError) error = NULL;
    gboolean same = machine->spec && machine->spec->epoch == machine->wanted->epoch;
    if (machine->qemu_watch && same && !machine->stop_asked) {
        started_say(machine);
        return;
    }
    if (machine_alive(machine)) {
        /* Another launch: its end brings us here again. */
        machine->stop_asked = TRUE;
        if (machine->qemu_watch)
            process_watch_kill(machine->qemu_watch, SIGKILL);
        return;
    }
    launch_spec_free(machine->spec);
    machine->spec = launch_spec_copy(machine->wanted);
    if (machine_uid_take(machine, &error) && memory_check(machine->spec, &error))
        machine_converge(machine);
    else
        machine_start_fail(machine, error);
}

/* ---- stop ---- */

static void
on_grace_over(void *data)
{
    Machine *machine = data;
    machine->stop_timer = 0;
    if (machine->qemu_watch)
        process_watch_kill(machine->qemu_watch, SIGKILL);
}

static void
power_button(void *data)
{
    Machine *machine = data;
    if (machine->qmp && machine->greeted)
        qmp_command(machine->qmp, "system_powerdown", NULL, NULL, NULL);
    machine->button_timer = machine_timer(machine, POWER_BUTTON_EVERY, power_button);
}

/* A VM whose boot was refused has nobody in it who could shut it down. */
static void
stop_ask(Machine *machine, gboolean by_force)
{
    machine->stop_asked = TRUE;
    if (by_force || machine->refused_file) {
        if (machine->qemu_watch)
            process_watch_kill(machine->qemu_watch, SIGKILL);
        return;
    }
    if (machine->stop_sent)
        return;
    machine->stop_sent = TRUE;
    if (machine->agent && machine->qga)
        qga_shutdown(machine->qga);
    power_button(machine);
    machine->stop_timer = machine_timer(machine, machine->grace_usec, on_grace_over);
}

/* ---- the next step ---- */

static void
go_on(Machine *machine)
{
    if (machine->working)
        return;
    switch (machine->wish) {
    case WISH_NONE:
        return;
    case WISH_START:
        start_go_on(machine);
        return;
    case WISH_STOP:
        if (machine_alive(machine)) {
            stop_ask(machine, machine->grace_usec <= 0);
            return;
        }
        machine->wish = WISH_NONE;
        machine_emit(machine, HOST_EXITED, ARM_N_CODES, NULL, NULL);
        return;
    case WISH_DESTROY:
        if (machine_alive(machine))
            stop_ask(machine, /* by_force= */ TRUE);
        else
            machine_destroy(machine);
        return;
    }
}

static gboolean
on_nudge(gpointer data)
{
    Machine *machine = data;
    g_clear_pointer(&machine->nudge, g_source_unref);
    go_on(machine);
    return G_SOURCE_REMOVE;
}

void
machine_nudge(Machine *machine)
{
    if (machine->nudge || machine->host->closing)
        return;
    machine->nudge = g_idle_source_new();
    g_source_set_priority(machine->nudge, G_PRIORITY_DEFAULT);
    g_source_set_callback(machine->nudge, on_nudge, machine, NULL);
    g_source_attach(machine->nudge, machine->host->context);
}
