/* What could not be created: is another one made in its place? */
#include "rollout/creation.h"

static void
test_creation_is_repeated(void)
{
    static const struct {
        const char *why;
        ArmCode code;
        guint attempt;
        gboolean expect;
    } cases[] = {
        { "its VM did not start", ARM_VM_START_FAILED, 0, TRUE },
        { "nor did the next one's", ARM_VM_START_FAILED, 1, TRUE },
        { "nor the third's", ARM_VM_START_FAILED, 2, FALSE },
        { "its VM ended", ARM_VM_EXITED, 0, TRUE },
        { "no room just now", ARM_HOST_CAPACITY, 0, TRUE },
        { "no room on the disk", ARM_HOST_DISK_FULL, 1, TRUE },
        { "the guest came up and never answered", ARM_BOOT_TIMED_OUT, 0, FALSE },
        { "Secure Boot refuses the next one too", ARM_SECURE_BOOT_REFUSED, 0, FALSE },
        { "the image is not there", ARM_IMAGE_NOT_FOUND, 0, FALSE },
        { "never for ever", ARM_VM_START_FAILED, G_MAXUINT - 1, FALSE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].why);
        g_assert_cmpint(creation_is_repeated(cases[i].code, cases[i].attempt), ==, cases[i].expect);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rollout/creation/repeated", test_creation_is_repeated);
    return g_test_run();
}
