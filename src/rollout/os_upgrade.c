#include "rollout/os_upgrade.h"

#include "model/image.h"

static gboolean
is_wanted(const OsUpgradeFacts *facts)
{
    return facts->enabled && facts->newest && g_ascii_strcasecmp(facts->version, "latest") == 0 &&
           image_version_compare(facts->newest, facts->exact) > 0 &&
           (!facts->avoided || image_version_compare(facts->newest, facts->avoided) > 0);
}

OsUpgradeAct
os_upgrade_next(const OsUpgradeFacts *facts, const RollingPolicy *policy, const FleetCounts *counts)
{
    if (!is_wanted(facts))
        return OS_UPGRADE_NOTHING;
    return facts->rolling || !roll_may_begin(policy, counts) ? OS_UPGRADE_WAIT : OS_UPGRADE_START;
}
