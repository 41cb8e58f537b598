/* Starts the two processes of a VM in a folder that is as its LaunchSpec says. */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/argv.h"
#include "host/qemu/folder.h"
#include "host/qemu/guest_state.h"
#include "host/qemu/line_socket.h"
#include "host/qemu/run_file.h"
#include "host/qemu/tap.h"
#include "host/qemu/vtpm_key.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>

typedef struct {
    int lock, qmp, qga, token, tpm, swtpm, tap, key;
} Descriptors;

static void
descriptors_clear(Descriptors *fds)
{
    const int all[] = { fds->lock, fds->qmp, fds->qga, fds->token, fds->tpm, fds->swtpm, fds->tap, fds->key };
    for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i] >= 0)
            close(all[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Descriptors, descriptors_clear)

static int
lock_take(const Machine *machine, GError **error)
{
    g_autofree char *path = folder_file(machine->folder, "lock");
    AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        io_fail(error, "open", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        arm_fail(error, ARM_VM_START_FAILED, NULL, "A process that is not known holds '%s': the VM runs already.", path);
        return -1;
    }
    return fd_steal(&fd);
}

static gboolean
descriptors_open(const Machine *machine, Descriptors *fds, GError **error)
{
    g_autofree char *qmp = folder_file(machine->folder, "qmp.sock");
    g_autofree char *qga = folder_file(machine->folder, "qga.sock");
    g_autofree char *token = folder_file(machine->folder, TOKEN_PORT_SOCKET);
    g_autofree char *vtpm = folder_file(machine->folder, "vtpm");
    int pair[2];
    fds->qmp = line_socket_listen(qmp, error);
    fds->qga = fds->qmp >= 0 ? line_socket_listen(qga, error) : -1;
    if (fds->qga < 0)
        return FALSE;
    if (machine->host->bridge && (fds->tap = tap_open(machine->host->bridge, error)) < 0)
        return FALSE;
    if (!machine->spec->vtpm)
        return TRUE;
    fds->token = line_socket_listen(token, error);
    if (fds->token < 0)
        return FALSE;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return io_fail(error, "make a socket pair for", machine->key);
    fds->tpm = pair[0];
    fds->swtpm = pair[1];
    return vtpm_key_open(machine->host->state_key, vtpm, &fds->key, error);
}

static gboolean
serial_prepare(const Machine *machine, GError **error)
{
    g_autofree char *path = folder_file(machine->folder, "serial.log");
    console_rotate(machine->folder);
    AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || (machine->uid && fchown(fd, machine->uid, machine->uid) != 0))
        return io_fail(error, "write", path);
    return TRUE;
}

void
machine_run_write(const Machine *machine)
{
    const RunFile run = {
        .qemu = machine->qemu_pid,
        .qemu_start = process_start_time(machine->qemu_pid),
        .swtpm = machine->swtpm_pid,
        .swtpm_start = process_start_time(machine->swtpm_pid),
        .agent = machine->agent,
        .isolated = machine->isolated,
        .refused_file = machine->refused_file,
        .spec = machine->spec,
    };
    g_autoptr(GError) error = NULL;
    if (!run_file_write(machine->folder, &run, &error))
        g_warning("instance %s: %s", machine->key, error->message);
}

static pid_t
part_start(const Machine *machine, char **argv, const int *keep, const char *log_name, GError **error)
{
    g_autofree char *log = folder_file(machine->folder, log_name);
    const ProcessStart start = {
        .argv = (const char *const *)argv,
        .keep_fds = keep,
        .log_file = log,
        .group = strcmp(machine->host->accelerator, "kvm") == 0 ? "kvm" : NULL,
        .uid = machine->uid,
        .gid = machine->uid,
    };
    return process_start(&start, error);
}

static gboolean
swtpm_start(Machine *machine, char **argv, const Descriptors *fds, GError **error)
{
    const int keep[] = { fds->swtpm, fds->key, -1 };
    if (!machine->spec->vtpm)
        return TRUE;
    pid_t pid = part_start(machine, argv, keep, "swtpm.log", error);
    if (pid < 0)
        return FALSE;
    return machine_watch_swtpm(machine, pid) ||
           arm_fail(error, ARM_VTPM_FAILED, NULL, "The vTPM (swtpm) ended as soon as it was started.");
}

static gboolean
qemu_start(Machine *machine, char **argv, const Descriptors *fds, GError **error)
{
    const int all[] = { fds->lock, fds->qmp, fds->qga, fds->token, fds->tpm, fds->tap };
    int keep[G_N_ELEMENTS(all) + 1];
    guint n = 0;
    for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i] >= 0)
            keep[n++] = all[i];
    }
    keep[n] = -1;
    pid_t pid = part_start(machine, argv, keep, "qemu.log", error);
    if (pid < 0)
        return FALSE;
    return machine_watch_qemu(machine, pid) ||
           arm_fail(error, ARM_VM_START_FAILED, NULL, "QEMU ended as soon as it was started.");
}

gboolean
machine_launch(Machine *machine, GError **error)
{
    const Qemu *host = machine->host;
    const LaunchSpec *spec = machine->spec;
    g_auto(Descriptors) fds = { -1, -1, -1, -1, -1, -1, -1, -1 };

    /* The lock before anything else: nothing is touched under a VM that runs after all. */
    fds.lock = lock_take(machine, error);
    if (fds.lock < 0 || !serial_prepare(machine, error) || !descriptors_open(machine, &fds, error))
        return FALSE;
    const ArgvContext context = {
        .qemu = host->qemu,
        .swtpm = host->swtpm,
        .accelerator = host->accelerator,
        .folder = machine->folder,
        .firmware_code = spec->trusted_launch ? host->firmware->secure_code : host->firmware->plain_code,
        .outbound = host->outbound,
        .forward_ports = host->forward_ports,
        .n_forward_ports = host->n_forward_ports,
        .qmp_fd = fds.qmp,
        .qga_fd = fds.qga,
        .token_fd = fds.token,
        .tpm_fd = fds.tpm,
        .swtpm_fd = fds.swtpm,
        .tap_fd = fds.tap,
        .key_fd = fds.key,
    };
    g_auto(GStrv) qemu_argv = argv_qemu(spec, &context);
    g_auto(GStrv) swtpm_argv = argv_swtpm(&context);

    if (!argv_check(spec, (const char *const *)qemu_argv, error))
        return FALSE;
    guest_state_forget(machine->folder);
    machine_run_write(machine);
    if (!swtpm_start(machine, swtpm_argv, &fds, error) || !qemu_start(machine, qemu_argv, &fds, error))
        return FALSE;
    machine_run_write(machine);
    if (machine_follow(machine, error))
        return TRUE;
    process_watch_kill(machine->qemu_watch, SIGKILL);
    return FALSE;
}
