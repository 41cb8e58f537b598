#include "model/policy.h"

#include "base/json.h"
#include "base/time_text.h"
#include "base/words.h"

#define UPGRADE "properties.upgradePolicy."
#define MINUTE  (60 * USEC_PER_SEC)

static const char *const repair_action_words[REPAIR_N_ACTIONS] = {
    [REPAIR_REPLACE] = "Replace",
    [REPAIR_RESTART] = "Restart",
    [REPAIR_REIMAGE] = "Reimage",
};
DEFINE_WORDS(repair_action, RepairAction, REPAIR_N_ACTIONS)

static const char *const scale_in_rule_words[SCALE_IN_N_RULES] = {
    [SCALE_IN_DEFAULT] = "Default",
    [SCALE_IN_NEWEST_VM] = "NewestVM",
    [SCALE_IN_OLDEST_VM] = "OldestVM",
};
DEFINE_WORDS(scale_in_rule, ScaleInRule, SCALE_IN_N_RULES)

static guint
number_of(const json_t *object, const char *name, guint fallback)
{
    const json_t *value = json_member(object, name);
    return json_is_integer(value) ? (guint)json_integer_value(value) : fallback;
}

static gint64
duration_of(const json_t *object, const char *name, gint64 fallback)
{
    const char *text = json_member_text(object, name);
    gint64 usec;
    return text && duration_from_text(text, &usec) ? usec : fallback;
}

static gboolean
is_on(const json_t *object, const char *name)
{
    return json_is_true(json_member(object, name));
}

static RollingPolicy
rolling_decode(const json_t *rolling)
{
    return (RollingPolicy){
        .max_batch_percent = number_of(rolling, "maxBatchInstancePercent", ROLLING_PERCENT_DEFAULT),
        .max_unhealthy_percent = number_of(rolling, "maxUnhealthyInstancePercent", ROLLING_PERCENT_DEFAULT),
        .max_unhealthy_upgraded_percent = number_of(rolling, "maxUnhealthyUpgradedInstancePercent", ROLLING_PERCENT_DEFAULT),
        .pause_usec = duration_of(rolling, "pauseTimeBetweenBatches", 0),
        .prioritize_unhealthy = is_on(rolling, "prioritizeUnhealthyInstances"),
        .max_surge = is_on(rolling, "maxSurge"),
        .rollback = is_on(rolling, "rollbackFailedInstancesOnPolicyBreach"),
    };
}

static OsUpgradePolicy
os_upgrade_decode(const json_t *asked, const json_t *rolling)
{
    return (OsUpgradePolicy){
        .enabled = is_on(asked, "enableAutomaticOSUpgrade"),
        .rollback = !is_on(asked, "disableAutomaticRollback"),
        .rolling = rolling_decode(is_on(asked, "useRollingUpgradePolicy") ? rolling : NULL),
    };
}

static RepairsPolicy
repairs_decode(const json_t *repairs)
{
    RepairsPolicy policy = {
        .enabled = is_on(repairs, "enabled"),
        .grace_usec = duration_of(repairs, "gracePeriod", 10 * MINUTE),
        .action = REPAIR_REPLACE,
    };
    const char *action = json_member_text(repairs, "repairAction");
    if (action)
        repair_action_from_text(action, &policy.action);
    return policy;
}

static ScaleInPolicy
scale_in_decode(const json_t *asked)
{
    ScaleInPolicy policy = {
        .rule = SCALE_IN_DEFAULT,
        .force_deletion = is_on(asked, "forceDeletion"),
        .prioritize_unhealthy = is_on(asked, "prioritizeUnhealthyVMs"),
    };
    const char *rule = json_string_value(json_array_get(json_member(asked, "rules"), 0));
    if (rule)
        scale_in_rule_from_text(rule, &policy.rule);
    return policy;
}

Policy
policy_decode(const json_t *document)
{
    const json_t *rolling = json_path(document, UPGRADE "rollingUpgradePolicy");
    const json_t *notice =
        json_path(document, "properties.virtualMachineProfile.scheduledEventsProfile.terminateNotificationProfile");
    const json_t *overprovision = json_path(document, "properties.overprovision");
    return (Policy){
        .rolling = rolling_decode(rolling),
        .repairs = repairs_decode(json_path(document, "properties.automaticRepairsPolicy")),
        .scale_in = scale_in_decode(json_path(document, "properties.scaleInPolicy")),
        .os_upgrade = os_upgrade_decode(json_path(document, UPGRADE "automaticOSUpgradePolicy"), rolling),
        .overprovision = !json_is_false(overprovision),
        .terminate_usec = is_on(notice, "enable") ? duration_of(notice, "notBeforeTimeout", 5 * MINUTE) : 0,
    };
}
