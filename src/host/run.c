#include "host/run.h"

#include "base/error.h"
#include "base/file.h"
#include "host/child.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define OUTPUT_MAX (64u << 10)

/* ---- in the child (child.h): nothing here may allocate or lock ---- */

typedef struct {
    const char *program;
    const char *const *argv;
    char **environment;
    const RunLimits *limits;
    int out;
    pid_t parent;
} Child;

static void
limit(int what, guint64 value)
{
    struct rlimit both = { value, value };
    if (value)
        setrlimit(what, &both);
}

static void
signals_reset(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
}

/* What a daemon that is killed had under way would else go on, in a folder where its successor
 * begins again. After the change of user, which takes it back. */
static gboolean
dies_with_parent(const Child *child)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == child->parent;
}

static int
program_exec(void *data)
{
    const Child *child = data;
    const RunLimits *limits = child->limits;
    limit(RLIMIT_AS, limits->memory_max);
    limit(RLIMIT_CPU, limits->cpu_s);
    limit(RLIMIT_FSIZE, limits->file_max);
    limit(RLIMIT_CORE, 0);
    if (limits->uid && geteuid() == 0 && child_user_set(limits->uid, limits->gid, NULL, 0) != 0)
        return CHILD_NOT_RUN;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (dies_with_parent(child))
        execve(child->program, (char *const *)child->argv, child->environment);
    return CHILD_NOT_RUN;
}

/* A parent for whatever the program leaves behind: a program that waits for its own daemonised
 * children to vanish would otherwise wait for an init that may not reap. It lives on beside us. */
static int
reaper_run(const Child *asked)
{
    Child child = *asked;
    int result = CHILD_NOT_RUN, status;
    pid_t pid;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!dies_with_parent(asked))
        return CHILD_NOT_RUN;
    child.parent = getpid();
    pid_t own = child_start(program_exec, &child);
    while ((pid = waitpid(-1, &status, 0)) > 0 || (pid < 0 && errno == EINTR)) {
        if (pid == own)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return result;
}

/* All but the standard ones and this. */
static void
descriptors_close(int keep)
{
    if (keep < 3) {
        close_range(3, ~0u, 0);
        return;
    }
    if (keep > 3)
        close_range(3, (unsigned)keep - 1, 0);
    close_range((unsigned)keep + 1, ~0u, 0);
    fcntl(keep, F_SETFD, 0);
}

static int
child_run(void *data)
{
    const Child *child = data;
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(child->out, STDOUT_FILENO);
    dup2(child->out, STDERR_FILENO);
    descriptors_close(child->limits->keep_fd);
    setpgid(0, 0);
    signals_reset();
    return child->limits->reap_orphans ? reaper_run(child) : program_exec(data);
}

/* ---- in the parent ---- */

/* FALSE: the time was over first. */
static gboolean
output_read(int fd, guint max, guint wall_s, GString *text)
{
    gint64 until = g_get_monotonic_time() + wall_s * G_USEC_PER_SEC;
    for (;;) {
        char block[4096];
        struct pollfd in = { fd, POLLIN, 0 };
        gint64 left = until - g_get_monotonic_time();
        if (left <= 0)
            return FALSE;
        if (poll(&in, 1, (int)(left / 1000) + 1) <= 0)
            continue;
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return TRUE;
        if (text->len < max)
            g_string_append_len(text, block, (gssize)MIN((gsize)n, max - text->len));
    }
}

static const char *
last_words(GString *output)
{
    g_strchomp(output->str);
    const char *line = strrchr(output->str, '\n');
    return line ? line + 1 : output->str;
}

static gboolean
end_judge(const char *name, const RunLimits *limits, int status, gboolean in_time, guint wall_s, GString *output,
          GError **error)
{
    if (!in_time)
        return arm_fail(error, ARM_INTERNAL, NULL, "%s did not end within %u s.", name, wall_s);
    if (WIFSIGNALED(status))
        return arm_fail(error, ARM_INTERNAL, NULL, "%s was ended by signal %d (%s).", name, WTERMSIG(status),
                        g_strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) == CHILD_NOT_RUN)
        return arm_fail(error, ARM_UNAVAILABLE, NULL, "The program '%s' could not be run as user %u.", name, limits->uid);
    if (WEXITSTATUS(status) == 0)
        return TRUE;
    ArmCode code = strstr(output->str, "No space left") ? ARM_HOST_DISK_FULL : ARM_INTERNAL;
    return arm_fail(error, code, NULL, "%s failed: %s", name, output->len ? last_words(output) : "it said nothing");
}

gboolean
run_program(const char *const *argv, const RunLimits *limits, char **ret_output, GError **error)
{
    static const RunLimits none = { 0 };
    int pipe_fds[2], status = 0;

    limits = limits ? limits : &none;
    g_autofree char *program = g_find_program_in_path(argv[0]);
    if (!program)
        return arm_fail(error, ARM_UNAVAILABLE, NULL, "The program '%s' is not installed.", argv[0]);
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return io_fail(error, "make a pipe for", argv[0]);
    AUTO_FD in = pipe_fds[0];
    AUTO_FD out = pipe_fds[1];
    /* Its words are read by programs too. */
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    guint wall_s = limits->wall_s ? limits->wall_s : WALL_DEFAULT_S;
    Child child = { program, argv, environment, limits, out, getpid() };
    /* One that lives on beside us has its own memory. */
    pid_t pid = limits->reap_orphans ? fork() : child_start(child_run, &child);
    if (pid == 0)
        _exit(child_run(&child));
    if (pid < 0)
        return io_fail(error, "run", argv[0]);
    close(fd_steal(&out));
    g_autoptr(GString) output = g_string_new(NULL);
    gboolean in_time = output_read(in, limits->output_max ? limits->output_max : OUTPUT_MAX, wall_s, output);
    if (!in_time)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!end_judge(argv[0], limits, status, in_time, wall_s, output, error))
        return FALSE;
    if (ret_output)
        *ret_output = g_string_free(g_steal_pointer(&output), FALSE);
    return TRUE;
}
