/* Progress: plain lines in a pipe, one line drawn anew on a terminal. */
#include "cli/cli.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
steps(void)
{
    Progress progress = progress_begin("Starting 2 instances");
    progress_step(-1, &progress);
    progress_step(50, &progress);
    progress_step(50, &progress);
    progress_step(100, &progress);
    progress_end(&progress, TRUE);
}

/* What `work` writes to standard error where that is `fd`. */
static char *
written(int fd, int read_fd, void (*work)(void))
{
    int saved = dup(STDERR_FILENO);
    char bytes[4096];
    dup2(fd, STDERR_FILENO);
    work();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
    ssize_t n = read(read_fd, bytes, sizeof bytes - 1);
    close(read_fd);
    return g_strndup(bytes, (gsize)MAX(n, 0));
}

static void
a_pipe_gets_a_line_for_each_step(void)
{
    int ends[2];
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_autofree char *text = written(ends[1], ends[0], steps);
    g_assert_true(g_regex_match_simple("^Starting 2 instances\n"
                                       "Starting 2 instances: 50 % \\(0 s\\)\n"
                                       "Starting 2 instances: done \\(0\\.[0-9] s\\)\n$",
                                       text, 0, 0));
    g_assert_null(strchr(text, '\r'));
    g_assert_null(strchr(text, '\x1b'));
}

static void
a_terminal_gets_one_line(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        g_test_skip("no pseudo-terminal here");
        return;
    }
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(slave, >=, 0);
    /* The slave stays open until what was written is read: a closed terminal loses it. */
    int kept = dup(slave);
    g_autofree char *text = written(slave, master, steps);
    close(kept);
    g_assert_nonnull(strstr(text, "\r\033[K| Starting 2 instances (0 s)"));
    g_assert_nonnull(strstr(text, "Starting 2 instances: 50 % (0 s)"));
    const char *line_end = strchr(text, '\n');
    g_assert_nonnull(line_end);
    g_assert_cmpstr(line_end, ==, "\n");
}

static void
failed(void)
{
    Progress progress = progress_begin("Starting");
    progress_end(&progress, FALSE);
}

static void
a_failure_is_said(void)
{
    int ends[2];
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_autofree char *text = written(ends[1], ends[0], failed);
    g_assert_true(g_str_has_prefix(text, "Starting\nStarting: failed ("));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/progress/a_pipe_gets_a_line_for_each_step", a_pipe_gets_a_line_for_each_step);
    g_test_add_func("/progress/a_terminal_gets_one_line", a_terminal_gets_one_line);
    g_test_add_func("/progress/a_failure_is_said", a_failure_is_said);
    return g_test_run();
}
