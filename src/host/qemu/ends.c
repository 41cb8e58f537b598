/* How the two processes of a VM end. QEMU and swtpm end almost together; a VM has ended when both
 * have, because swtpm holds the vTPM's state until then. */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "host/qemu/folder.h"
#include "host/qemu/guest_state.h"

#include <signal.h>
#include <string.h>

/* Only a swtpm that is gone well before its QEMU has died. */
#define VTPM_GRACE (300 * USEC_PER_MSEC)
/* swtpm ends when QEMU's end of the socket closes; one that has not by then is stuck. */
#define VTPM_LINGER (1 * USEC_PER_SEC)
/* QEMU whose guest shut itself down ends its swtpm before itself, and on a busy host long before. */
#define QEMU_LINGER   (10 * USEC_PER_SEC)
#define LOG_MAX       (4u << 20)
#define LOG_WORDS_MAX 500u

/* QEMU's last line says why it ended; swtpm's first one, because what follows it is consequence. */
static char *
log_words(const Machine *machine, const char *name, gboolean last)
{
    gsize length;
    g_autofree char *text = folder_read(machine->folder, name, LOG_MAX, &length, NULL);
    if (!text)
        return NULL;
    g_strchomp(text);
    const char *line = last ? strrchr(text, '\n') : NULL;
    line = line ? line + 1 : text;
    gsize words = MIN(strcspn(line, "\n"), LOG_WORDS_MAX);
    return words ? g_utf8_make_valid(line, (gssize)words) : NULL;
}

/* What swtpm says of state that does not fit the key that it was given. */
static const char *
key_words(const char *swtpm)
{
    if (strstr(swtpm, "Could not find plain data"))
        return " (Its state is encrypted, but the file 'state-key' that says by which key is missing beside it.)";
    if (strstr(swtpm, "Verification of HMAC failed"))
        return " (Its state was encrypted by another key than the file 'state-key' beside it says, or is damaged.)";
    return "";
}

static void
start_failed_say(Machine *machine)
{
    g_autofree char *qemu = log_words(machine, "qemu.log", /* last= */ TRUE);
    g_autofree char *swtpm = machine->spec->vtpm ? log_words(machine, "swtpm.log", /* last= */ FALSE) : NULL;
    g_autofree char *message = swtpm ? g_strdup_printf("The vTPM did not start: %s%s", swtpm, key_words(swtpm))
                               : machine->why_ended
                                   ? g_strdup(machine->why_ended)
                                   : g_strdup_printf("QEMU did not start: %s", qemu ? qemu : "it ended without a word");
    machine_emit(machine, HOST_START_FAILED, swtpm ? ARM_VTPM_FAILED : ARM_VM_START_FAILED, message, NULL);
}

static void
died_say(Machine *machine)
{
    g_autofree char *qemu = log_words(machine, "qemu.log", /* last= */ TRUE);
    g_autofree char *message =
        g_strdup_printf("The VM's process ended, and nobody had asked for it%s%s", qemu ? ": " : ".", qemu ? qemu : "");
    machine_emit(machine, HOST_EXITED, ARM_VM_EXITED, message, NULL);
}

static void
end_say(Machine *machine)
{
    if (!machine->greeted && !machine->adopted && !machine->stop_asked)
        start_failed_say(machine);
    else if (machine->vtpm_died)
        machine_emit(machine, HOST_EXITED, ARM_VTPM_FAILED,
                     "The vTPM's process (swtpm) ended, and the VM was stopped: without its vTPM it "
                     "is not what it should be.",
                     NULL);
    else if (machine->stop_asked || machine->guest_shutdown)
        machine_emit(machine, HOST_EXITED, ARM_N_CODES, NULL, NULL);
    else
        died_say(machine);
}

/* Both are gone. */
static void
ended(Machine *machine)
{
    gboolean again = machine->wish == WISH_START && (machine->stop_asked || machine->wanted->epoch != machine->spec->epoch);
    if (machine->guest_shutdown)
        guest_state_record(machine->folder);
    if (machine->wish != WISH_DESTROY)
        end_say(machine);
    machine_quiet(machine);
    if (machine->wish != WISH_DESTROY && !again)
        machine->wish = WISH_NONE;
    machine_nudge(machine);
}

static void
on_vtpm_lingers(void *data)
{
    Machine *machine = data;
    machine->vtpm_timer = 0;
    if (machine->swtpm_watch)
        process_watch_kill(machine->swtpm_watch, SIGKILL);
}

static void
on_qemu_ended(void *data)
{
    Machine *machine = data;
    /* That the guest shut itself down may lie unread in the monitor's socket. */
    if (machine->qmp)
        qmp_drain(machine->qmp);
    g_clear_pointer(&machine->qemu_watch, process_watch_free);
    if (!machine->swtpm_watch) {
        ended(machine);
        return;
    }
    machine_timer_stop(machine, &machine->vtpm_timer);
    machine->vtpm_timer = machine_timer(machine, VTPM_LINGER, on_vtpm_lingers);
}

static void
on_qemu_lingers(void *data)
{
    Machine *machine = data;
    machine->vtpm_timer = 0;
    if (machine->qemu_watch)
        process_watch_kill(machine->qemu_watch, SIGKILL);
}

static void
on_vtpm_gone(void *data)
{
    Machine *machine = data;
    machine->vtpm_timer = 0;
    if (!machine->qemu_watch)
        return;
    if (machine->qmp)
        qmp_drain(machine->qmp);
    if (machine->guest_shutdown) {
        machine->vtpm_timer = machine_timer(machine, QEMU_LINGER, on_qemu_lingers);
        return;
    }
    machine->vtpm_died = TRUE;
    process_watch_kill(machine->qemu_watch, SIGKILL);
}

void
machine_vtpm_gone(Machine *machine)
{
    machine_timer_stop(machine, &machine->vtpm_timer);
    machine->vtpm_timer = machine_timer(machine, VTPM_GRACE, on_vtpm_gone);
}

static void
on_swtpm_ended(void *data)
{
    Machine *machine = data;
    g_clear_pointer(&machine->swtpm_watch, process_watch_free);
    if (machine->qemu_watch)
        machine_vtpm_gone(machine);
    else
        ended(machine);
}

gboolean
machine_watch_qemu(Machine *machine, pid_t pid)
{
    machine->qemu_pid = pid;
    machine->qemu_watch = process_watch(pid, machine->host->context, on_qemu_ended, machine);
    return machine->qemu_watch != NULL;
}

gboolean
machine_watch_swtpm(Machine *machine, pid_t pid)
{
    machine->swtpm_pid = pid;
    machine->swtpm_watch = process_watch(pid, machine->host->context, on_swtpm_ended, machine);
    return machine->swtpm_watch != NULL;
}
