/* Progress: plain lines in a pipe, one line drawn anew on a terminal. */
#include "cli/cli.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_MS 10000

static void
steps(void)
{
    Progress progress = progress_begin("Starting 2 instances");
    progress_step(-1, &progress);
    progress_step(50, &progress);
    progress_step(50, &progress);
    progress_step(100, &progress);
    progress_end(&progress, PROGRESS_DONE, NULL);
}

/* A terminal hands bytes on in pieces and has no end while it is open: what is written to it ends
 * with its one newline. */
static char *
read_all(int fd)
{
    GString *text = g_string_new(NULL);
    gboolean terminal = isatty(fd);
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    char bytes[4096];
    while (poll(&ready, 1, DEADLINE_MS) == 1) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            break;
        g_string_append_len(text, bytes, n);
        if (terminal && memchr(bytes, '\n', (size_t)n))
            break;
    }
    return g_string_free(text, FALSE);
}

/* What `work` writes to standard error where that is `fd`. */
static char *
written(int fd, int read_fd, void (*work)(void))
{
    int saved = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    work();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
    char *text = read_all(read_fd);
    close(read_fd);
    return text;
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
    progress_end(&progress, PROGRESS_FAILED, NULL);
}

static void
a_failure_is_said(void)
{
    int ends[2];
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_autofree char *text = written(ends[1], ends[0], failed);
    g_assert_true(g_str_has_prefix(text, "Starting\nStarting: failed ("));
}

static void
noted(void)
{
    Progress progress = progress_begin("Deleting");
    progress_note(&progress, "the guest has notice");
    progress_step(-1, &progress);
    progress_note(&progress, "the guest has notice");
    progress_step(50, &progress);
    progress_lost(30, &progress);
    progress_back(&progress);
    progress_end(&progress, PROGRESS_DONE, "1 failed");
}

static void
what_it_waits_for_is_said_once(void)
{
    int ends[2];
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_autofree char *text = written(ends[1], ends[0], noted);
    g_assert_true(g_regex_match_simple("^Deleting\n"
                                       "Deleting: the guest has notice \\(0 s\\)\n"
                                       "Deleting: 50 %, the guest has notice \\(0 s\\)\n"
                                       "The daemon does not answer any more; it is tried again for 30 s.\n"
                                       "The daemon answers again.\n"
                                       "Deleting: done, 1 failed \\(0\\.[0-9] s\\)\n$",
                                       text, 0, 0));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/progress/a_pipe_gets_a_line_for_each_step", a_pipe_gets_a_line_for_each_step);
    g_test_add_func("/progress/a_terminal_gets_one_line", a_terminal_gets_one_line);
    g_test_add_func("/progress/a_failure_is_said", a_failure_is_said);
    g_test_add_func("/progress/what_it_waits_for_is_said_once", what_it_waits_for_is_said_once);
    return g_test_run();
}
