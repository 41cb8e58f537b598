#include "host/qemu/process.h"

#include "base/error.h"
#include "base/file.h"
#include "host/child.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define OOM_SCORE "500"

typedef struct {
    const ProcessStart *start;
    const char *program;
    int log;
    pid_t parent;
    gid_t groups[1];
    size_t n_groups;
} Child;

static int
program_exec(void *data)
{
    const Child *child = data;
    const ProcessStart *start = child->start;
    const struct rlimit no_core = { 0, 0 };
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);
    int oom = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    setsid();
    (void)!write(oom, OOM_SCORE, sizeof OOM_SCORE - 1);
    dup2(null, STDIN_FILENO);
    dup2(child->log, STDOUT_FILENO);
    dup2(child->log, STDERR_FILENO);
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    for (const int *fd = start->keep_fds; fd && *fd >= 0; fd++)
        fcntl(*fd, F_SETFD, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setrlimit(RLIMIT_CORE, &no_core);
    umask(077);
    if (start->uid && geteuid() == 0 && child_user_set(start->uid, start->gid, child->groups, child->n_groups) != 0)
        return CHILD_NOT_RUN;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    /* After the change of user, which takes it back. */
    if (start->ends_with_us && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != child->parent))
        return CHILD_NOT_RUN;
    execv(child->program, (char *const *)start->argv);
    return CHILD_NOT_RUN;
}

pid_t
process_start(const ProcessStart *start, GError **error)
{
    g_autofree char *program = g_find_program_in_path(start->argv[0]);

    if (!program) {
        arm_fail(error, ARM_VM_START_FAILED, NULL, "The program '%s' is not installed.", start->argv[0]);
        return -1;
    }
    /* Made anew: who owns the folder may have left a pipe there, whose other end we would wait for without end. */
    unlink(start->log_file);
    AUTO_FD log = open(start->log_file, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (log < 0) {
        io_fail(error, "write", start->log_file);
        return -1;
    }
    Child child = { .start = start, .program = program, .log = log, .parent = getpid() };
    const struct group *group = start->group ? getgrnam(start->group) : NULL;
    if (group)
        child.groups[child.n_groups++] = group->gr_gid;
    pid_t pid = child_start(program_exec, &child);
    if (pid < 0)
        io_fail(error, "run", program);
    return pid;
}

guint64
process_start_time(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    /* The second field is a name in parentheses that may hold anything. */
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? g_ascii_strtoull(at + 1, NULL, 10) : 0;
}

gboolean
process_mentions(pid_t pid, const char *text)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    g_autofree char *line = NULL;
    gsize length = 0, needed = strlen(text);
    return g_file_get_contents(path, &line, &length, NULL) && memmem(line, length, text, needed) != NULL;
}

gboolean
process_is_of(pid_t pid, uid_t user)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
    g_autofree char *text = NULL;
    const char *line = g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, "\nUid:\t") : NULL;
    return line && g_ascii_strtoull(line + strlen("\nUid:\t"), NULL, 10) == user;
}

gboolean
process_holds(pid_t pid, const char *path)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/fd", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    struct stat wanted, held;
    const char *name;
    if (stat(path, &wanted) != 0)
        return FALSE;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *fd = g_build_filename(folder, name, NULL);
        if (stat(fd, &held) == 0 && held.st_dev == wanted.st_dev && held.st_ino == wanted.st_ino)
            return TRUE;
    }
    return FALSE;
}

struct ProcessWatch {
    int pidfd;
    pid_t pid;
    GSource *source;
    void (*ended)(void *data);
    void *data;
};

static gboolean
on_ended(gint fd, GIOCondition condition, gpointer data)
{
    ProcessWatch *watch = data;
    (void)fd;
    (void)condition;
    /* ECHILD where it is not our child: then there is nothing to reap. */
    waitpid(watch->pid, NULL, WNOHANG);
    g_clear_pointer(&watch->source, g_source_unref);
    watch->ended(watch->data);
    return G_SOURCE_REMOVE;
}

ProcessWatch *
process_watch(pid_t pid, GMainContext *context, void (*ended)(void *data), void *data)
{
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return NULL;
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    ProcessWatch *watch = g_new0(ProcessWatch, 1);
    *watch = (ProcessWatch){ pidfd, pid, g_unix_fd_source_new(pidfd, G_IO_IN), ended, data };
    g_source_set_callback(watch->source, G_SOURCE_FUNC(on_ended), watch, NULL);
    g_source_attach(watch->source, context);
    return watch;
}

void
process_watch_free(ProcessWatch *watch)
{
    if (!watch)
        return;
    if (watch->source) {
        g_source_destroy(watch->source);
        g_source_unref(watch->source);
    }
    close(watch->pidfd);
    g_free(watch);
}

void
process_watch_kill(ProcessWatch *watch, int signal_number)
{
    pidfd_send_signal(watch->pidfd, signal_number, NULL, 0);
}
