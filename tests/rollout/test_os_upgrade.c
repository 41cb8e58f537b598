/* When a newer version of an image is taken, when it waits, and when it is left alone. */
#include "rollout/os_upgrade.h"

static const struct {
    const char *why;
    gboolean disabled, rolling;
    const char *version, *exact, *newest, *avoided;
    guint ill; /* of ten, of which the policy allows two */
    OsUpgradeAct expect;
} cases[] = {
    { "a newer one is there", .newest = "1.0.1", .expect = OS_UPGRADE_START },
    { "it is newer by number, not by text", .exact = "1.9.0", .newest = "1.10.0", .expect = OS_UPGRADE_START },
    { "nobody asked for it", .disabled = TRUE, .newest = "1.0.1", .expect = OS_UPGRADE_NOTHING },
    { "an exact version is named", .version = "1.0.0", .newest = "1.0.1", .expect = OS_UPGRADE_NOTHING },
    { "Latest is latest", .version = "Latest", .newest = "1.0.1", .expect = OS_UPGRADE_START },
    { "there is no image at all", .newest = NULL, .expect = OS_UPGRADE_NOTHING },
    { "it is the one that the set has", .newest = "1.0.0", .expect = OS_UPGRADE_NOTHING },
    { "the newest is older: the set's own was removed", .newest = "0.9.0", .expect = OS_UPGRADE_NOTHING },
    { "it failed before", .newest = "1.0.1", .avoided = "1.0.1", .expect = OS_UPGRADE_NOTHING },
    { "it is older than what failed before", .newest = "1.0.1", .avoided = "1.0.2", .expect = OS_UPGRADE_NOTHING },
    { "it is newer than what failed before", .newest = "1.0.2", .avoided = "1.0.1", .expect = OS_UPGRADE_START },
    { "a rolling upgrade is under way", .rolling = TRUE, .newest = "1.0.1", .expect = OS_UPGRADE_WAIT },
    { "as many are ill as may be", .newest = "1.0.1", .ill = 2, .expect = OS_UPGRADE_START },
    { "too many are ill", .newest = "1.0.1", .ill = 3, .expect = OS_UPGRADE_WAIT },
    { "nothing is waited for where nothing is wanted", .rolling = TRUE, .newest = "1.0.0", .ill = 3,
      .expect = OS_UPGRADE_NOTHING },
};

static void
test_cases(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const OsUpgradeFacts facts = {
            .enabled = !cases[i].disabled,
            .rolling = cases[i].rolling,
            .version = cases[i].version ? cases[i].version : "latest",
            .exact = cases[i].exact ? cases[i].exact : "1.0.0",
            .newest = cases[i].newest,
            .avoided = cases[i].avoided,
        };
        /* Two are surplus, and no part of the ten. */
        const FleetCounts counts = { .present = 12, .surge = 2, .ill = cases[i].ill };
        const RollingPolicy policy = { .max_unhealthy_percent = 20 };
        g_test_message("%s", cases[i].why);
        g_assert_cmpint(os_upgrade_next(&facts, &policy, &counts), ==, cases[i].expect);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/os-upgrade/cases", test_cases);
    return g_test_run();
}
