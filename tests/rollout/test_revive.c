/* Who is started again after its VM came down, and when. */
#include "rollout/revive.h"

#define S USEC_PER_SEC

static void
test_decisions(void)
{
    /* clang-format off */
    static const struct {
        const char *why;
        Ending ending;
        guint deaths;
        gint64 after_s; /* -1: not */
    } cases[] = {
        { "killed for the first time", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 0, 50 * S }, 1, 1 },
        { "and again soon", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 1, 50 * S }, 2, 2 },
        { "and again", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 2, 50 * S }, 3, 4 },
        { "the wait grows", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 8, 50 * S }, 9, 256 },
        { "up to the longest", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 9, 50 * S }, 10, 300 },
        { "and no further, however often", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 4000000000u, 0 }, 4000000001u, 300 },
        { "while it booted, after an earlier death", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 3, 0 }, 4, 8 },
        { "ten minutes of running make it the first again", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 7, 600 * S }, 1, 1 },
        { "a moment less does not", { TRUE, FALSE, FALSE, ARM_VM_EXITED, 7, 600 * S - 1 }, 8, 128 },
        { "whatever ended the process: its vTPM's died too", { TRUE, FALSE, FALSE, ARM_VTPM_FAILED, 0, S }, 1, 1 },
        { "a refused boot is not repeated", { TRUE, FALSE, TRUE, ARM_VM_EXITED, 0, 0 }, 0, -1 },
        { "nor after a death", { TRUE, FALSE, TRUE, ARM_VM_EXITED, 2, 0 }, 2, -1 },
        { "who never served is not brought back", { TRUE, TRUE, FALSE, ARM_VM_EXITED, 0, 0 }, 0, -1 },
        { "a start that fails stays failed", { FALSE, FALSE, FALSE, ARM_VM_START_FAILED, 0, 0 }, 0, -1 },
        { "but for one that brings back what died", { FALSE, FALSE, FALSE, ARM_VM_START_FAILED, 1, 0 }, 2, 2 },
        { "room may come", { FALSE, FALSE, FALSE, ARM_HOST_CAPACITY, 1, 0 }, 2, 2 },
        { "on the disk too", { FALSE, FALSE, FALSE, ARM_HOST_DISK_FULL, 1, 0 }, 2, 2 },
        { "its start ended early", { FALSE, FALSE, FALSE, ARM_VM_EXITED, 1, 0 }, 2, 2 },
        { "an image that is gone stays so", { FALSE, FALSE, FALSE, ARM_IMAGE_UNUSABLE, 1, 0 }, 1, -1 },
        { "a vTPM that is locked too", { FALSE, FALSE, FALSE, ARM_VTPM_FAILED, 1, 0 }, 1, -1 },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Revival revival = revive_decide(&cases[i].ending);
        g_test_message("%s", cases[i].why);
        g_assert_cmpuint(revival.deaths, ==, cases[i].deaths);
        g_assert_cmpint(revival.after_usec, ==, cases[i].after_s < 0 ? -1 : cases[i].after_s * S);
    }
}

static void
test_its_time(void)
{
    static const struct {
        const char *why;
        UnixTime at, now;
        gboolean due;
    } cases[] = {
        { "not yet", 1000 * S, 999 * S, FALSE },
        { "now", 1000 * S, 1000 * S, TRUE },
        { "long since", 1000 * S, 5000 * S, TRUE },
        { "the longest wait", 1300 * S, 1000 * S, FALSE },
        { "the clock was set back", 1300 * S + 1, 1000 * S, TRUE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].why);
        g_assert_cmpint(revive_is_due(cases[i].at, cases[i].now), ==, cases[i].due);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/revive/decisions", test_decisions);
    g_test_add_func("/revive/its-time", test_its_time);
    return g_test_run();
}
