/* What a former daemon left running is taken over. */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/run_file.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Held by QEMU alone: whatever is written anywhere, a held lock means that it is alive. */
static gboolean
lock_is_held(const Machine *machine)
{
    g_autofree char *path = folder_file(machine->folder, "lock");
    AUTO_FD fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/* What is written down may be from before a crash of the daemon; what a process has open and was
 * started with is not. */
static gboolean
is_qemu(pid_t pid, const char *folder)
{
    g_autofree char *lock = folder_file(folder, "lock");
    return process_holds(pid, lock);
}

/* A command line alone can be anybody's: the state's owner runs it. */
static gboolean
is_swtpm(pid_t pid, const char *folder)
{
    g_autofree char *state = folder_file(folder, "vtpm");
    g_autofree char *argument = g_strdup_printf("dir=%s,", state);
    struct stat owned;
    return lstat(state, &owned) == 0 && process_is_of(pid, owned.st_uid) && process_mentions(pid, argument);
}

static pid_t
process_search(const char *folder, gboolean (*is_it)(pid_t pid, const char *folder))
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name;
    while (proc && (name = g_dir_read_name(proc))) {
        guint64 pid;
        if (g_ascii_string_to_unsigned(name, 10, 2, G_MAXINT32, &pid, NULL) && is_it((pid_t)pid, folder))
            return (pid_t)pid;
    }
    return 0;
}

static pid_t
process_find(pid_t noted, guint64 noted_start, const char *folder, gboolean (*is_it)(pid_t pid, const char *folder))
{
    if (noted > 0 && noted_start != 0 && process_start_time(noted) == noted_start && is_it(noted, folder))
        return noted;
    return process_search(folder, is_it);
}

/* A vTPM whose QEMU is gone holds its state, and would keep the next start from it. */
static void
leftover_end(const Machine *machine)
{
    pid_t pid = process_search(machine->folder, is_swtpm);
    if (pid == 0)
        return;
    g_message("instance %s: ending what is left of its vTPM (process %d)", machine->key, (int)pid);
    kill(pid, SIGKILL);
}

void
machine_adopt(Machine *machine)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RunFile) run = run_file_read(machine->folder, &error);

    if (run)
        machine->spec = g_steal_pointer(&run->spec);
    if (!lock_is_held(machine)) {
        leftover_end(machine);
        return;
    }
    pid_t qemu = process_find(run ? run->qemu : 0, run ? run->qemu_start : 0, machine->folder, is_qemu);
    pid_t swtpm = process_find(run ? run->swtpm : 0, run ? run->swtpm_start : 0, machine->folder, is_swtpm);
    machine->adopted = TRUE;
    if (swtpm)
        machine_watch_swtpm(machine, swtpm);
    if (!qemu || !machine_watch_qemu(machine, qemu)) {
        g_warning("instance %s runs, but its process is not found", machine->key);
        return;
    }
    if (!machine->spec) {
        g_warning("instance %s runs, and it cannot be told as what (%s): it is ended", machine->key, error->message);
        process_watch_kill(machine->qemu_watch, SIGKILL);
        return;
    }
    machine->agent = run->agent;
    machine->isolated = run->isolated;
    machine->refused_file = g_steal_pointer(&run->refused_file);
    if (machine->spec->vtpm && !machine->swtpm_watch)
        machine_vtpm_gone(machine);
    if (!machine_follow(machine, &error))
        g_warning("instance %s runs, but cannot be spoken with: %s", machine->key, error->message);
    if (!run->qemu)
        machine_run_write(machine);
}
