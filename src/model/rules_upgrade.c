/* What automatic OS image upgrade needs of a model. */
#include "model/rules_internal.h"

gboolean
rule_os_upgrade_needs_latest(const RuleInput *in, GError **error)
{
    const char *version = in->after->image.version;
    return !in->after->policy.os_upgrade.enabled || g_ascii_strcasecmp(version, "latest") == 0 ||
           arm_fail(error, ARM_BAD_REQUEST, TARGET_OS_UPGRADE,
                    "Automatic OS image upgrade is only for an image whose version is 'latest'; this scale set's is '%s'. Set "
                    "imageReference.version to 'latest', or enableAutomaticOSUpgrade to false.",
                    version);
}

gboolean
rule_os_upgrade_needs_health(const RuleInput *in, GError **error)
{
    return !in->after->policy.os_upgrade.enabled || in->after->health ||
           arm_fail(error, ARM_BAD_REQUEST, TARGET_OS_UPGRADE,
                    "Automatic OS image upgrade needs application health monitoring on the scale set, and there is none. Add "
                    "the extension ApplicationHealthLinux (publisher Microsoft.ManagedServices), or set "
                    "enableAutomaticOSUpgrade to false.");
}
