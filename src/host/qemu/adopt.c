/* What a former daemon left running is taken over. */
#include "host/qemu/machine.h"

#include "base/file.h"
#include "host/qemu/folder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define RUN_MAX (256u << 10)

/* Held by QEMU alone: whatever is written anywhere, a held lock means that it is alive. */
static gboolean
lock_is_held(const Machine *machine)
{
    g_autofree char *path = folder_file(machine->folder, "lock");
    AUTO_FD fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static pid_t
process_of(const json_t *run, const char *name, const char *start_name, const char *folder)
{
    pid_t pid = (pid_t)json_integer_value(json_object_get(run, name));
    guint64 start = (guint64)json_integer_value(json_object_get(run, start_name));
    gboolean same = pid > 0 && start != 0 && process_start_time(pid) == start && process_mentions(pid, folder);
    return same ? pid : 0;
}

/* run.json may be from before a crash of the daemon; the folder's path on a command line is nobody else's. */
static pid_t
process_search(const char *folder, const char *also)
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name;
    g_autofree char *inside = g_strconcat(folder, "/", NULL);
    while (proc && (name = g_dir_read_name(proc))) {
        guint64 pid;
        if (g_ascii_string_to_unsigned(name, 10, 2, G_MAXINT32, &pid, NULL) && process_mentions((pid_t)pid, inside) &&
            process_mentions((pid_t)pid, also))
            return (pid_t)pid;
    }
    return 0;
}

gboolean
machine_adopt(Machine *machine)
{
    gsize length;
    g_autofree char *path = folder_file(machine->folder, "run.json");
    g_autofree char *text = file_read(path, RUN_MAX, &length, NULL);
    g_autoptr(json_t) run = text ? json_parse(text, length, NULL) : NULL;
    g_autofree char *spec_text = run ? json_text(json_object_get(run, "spec")) : NULL;
    g_autoptr(GError) error = NULL;

    if (spec_text)
        machine->spec = launch_spec_parse(spec_text, strlen(spec_text), NULL);
    if (!machine->spec || !lock_is_held(machine))
        return FALSE;
    machine->qemu_pid = process_of(run, "qemu", "qemuStart", machine->folder);
    if (!machine->qemu_pid)
        machine->qemu_pid = process_search(machine->folder, "serial.log");
    if (machine->spec->vtpm) {
        machine->swtpm_pid = process_of(run, "swtpm", "swtpmStart", machine->folder);
        if (!machine->swtpm_pid)
            machine->swtpm_pid = process_search(machine->folder, "--tpmstate");
    }
    machine->agent = json_is_true(json_object_get(run, "agent"));
    if (machine->qemu_pid && machine_connect(machine, &error)) {
        if (machine->agent)
            console_trust_ends(machine->console);
        return TRUE;
    }
    g_warning("instance %s runs, but cannot be taken over: %s", machine->key, error ? error->message : "its process is not found");
    return FALSE;
}
