/* Short-lived programs and their limits. */
#include "host/run.h"

#include "base/error.h"

#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *script, *output, *words; /* words: of the error; NULL: it ends well */
    ArmCode code;
    RunLimits limits;
} cases[] = {
    { .name = "its-output-is-taken", .script = "echo out; echo err >&2", .output = "out\nerr\n" },
    { .name = "its-last-words-are-the-error",
      .script = "echo first; echo last; exit 3",
      .words = "sh failed: last",
      .code = ARM_INTERNAL },
    { .name = "a-silent-failure", .script = "exit 1", .words = "it said nothing", .code = ARM_INTERNAL },
    { .name = "a-full-disk-is-told",
      .script = "echo 'x: No space left on device'; exit 1",
      .words = "No space left",
      .code = ARM_HOST_DISK_FULL },
    { .name = "a-signal-is-named", .script = "kill -9 $$", .words = "signal 9", .code = ARM_INTERNAL },
    { .name = "one-that-takes-too-long-is-ended",
      .script = "sleep 60 & sleep 60",
      .words = "did not end within 1 s",
      .code = ARM_INTERNAL,
      .limits = { .wall_s = 1 } },
    { .name = "one-that-computes-too-long-is-ended",
      .script = "while :; do :; done",
      .words = "signal",
      .code = ARM_INTERNAL,
      .limits = { .cpu_s = 1 } },
    { .name = "one-that-writes-too-much-is-ended",
      .script = "t=$(mktemp) && head -c 100000 /dev/zero >$t; s=$?; rm -f $t; exit $s",
      .words = "failed",
      .code = ARM_INTERNAL,
      .limits = { .file_max = 4096 } },
    { .name = "output-is-cut", .script = "echo 0123456789", .output = "0123", .limits = { .output_max = 4 } },
    { .name = "it-speaks-the-c-locale", .script = "echo $LC_ALL", .output = "C\n" },
    { .name = "nothing-is-inherited", .script = "ls /proc/self/fd | wc -l", .output = "4\n" },
    { .name = "orphans-are-reaped",
      .script = "(sh -c 'true' & ) ; echo done",
      .output = "done\n",
      .limits = { .reap_orphans = TRUE } },
    { .name = "its-status-comes-through-the-subreaper",
      .script = "exit 7",
      .words = "failed",
      .code = ARM_INTERNAL,
      .limits = { .reap_orphans = TRUE } },
};

static void
test_case(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    const char *const argv[] = { "sh", "-c", cases[i].script, NULL };
    g_autofree char *output = NULL;
    g_autoptr(GError) error = NULL;
    gboolean ok = run_program(argv, &cases[i].limits, &output, &error);
    if (!cases[i].words) {
        g_assert_no_error(error);
        g_assert_true(ok);
        g_assert_cmpstr(output, ==, cases[i].output);
        return;
    }
    g_assert_false(ok);
    g_assert_error(error, ARM_ERROR, (int)cases[i].code);
    g_assert_nonnull(strstr(error->message, cases[i].words));
}

static void
test_a_program_that_is_not_installed_is_named(void)
{
    static const char *const argv[] = { "no-such-program", NULL };
    g_autoptr(GError) error = NULL;
    g_assert_false(run_program(argv, NULL, NULL, &error));
    g_assert_error(error, ARM_ERROR, ARM_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "no-such-program"));
}

/* swtpm_setup waits half a second for a zombie of its own making, wherever the one who should reap
 * it does not. */
static void
test_an_orphan_is_gone_before_the_program_has_ended(void)
{
    static const char *const argv[] = { "sh", "-c",
                                        "sh -c 'sh -c \"echo \\$\\$ >&3; exit\" 3>&3 & ' 3>&1 | { "
                                        "read p; for i in 1 2 3 4 5 6 7 8 9 10; do "
                                        "[ -e /proc/$p ] || exit 0; sleep 0.05; done; exit 1; }",
                                        NULL };
    const RunLimits limits = { .reap_orphans = TRUE };
    g_autoptr(GError) error = NULL;
    gboolean ok = run_program(argv, &limits, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
}

static void
test_another_user_is_become(void)
{
    static const char *const argv[] = { "sh", "-c", "id -u; id -g; id -G", NULL };
    const RunLimits limits = { .uid = 61234, .gid = 61234 };
    g_autofree char *output = NULL;
    if (geteuid() != 0) {
        g_test_skip("only root becomes somebody else");
        return;
    }
    g_assert_true(run_program(argv, &limits, &output, NULL));
    g_assert_cmpstr(output, ==, "61234\n61234\n61234\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/run/", cases[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_case);
    }
    g_test_add_func("/run/a-program-that-is-not-installed-is-named", test_a_program_that_is_not_installed_is_named);
    g_test_add_func("/run/an-orphan-is-gone-before-the-program-has-ended", test_an_orphan_is_gone_before_the_program_has_ended);
    g_test_add_func("/run/another-user-is-become", test_another_user_is_become);
    return g_test_run();
}
