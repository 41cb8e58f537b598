/* How scale sets treat their instances: modes, rolling policies, scale-in rules, and who asks for an instance's health. */
#include "sim.h"

#include <string.h>

/* Application Health extensions. The interval is what a run's cost goes by. */
static const struct {
    const char *version, *protocol;
    guint interval_s, probes, grace_s; /* grace_s: version 2.0 alone */
} extensions[] = {
    { "1.0", "tcp", 60, 1, 0 },
    { "1.0", "http", 20, 2, 0 },
    { "2.0", "http", 30, 2, 90 },
};

guint
health_random(Random *random)
{
    return random_between(random, 1, G_N_ELEMENTS(extensions));
}

guint
health_interval_s(guint health)
{
    return extensions[health - 1].interval_s;
}

json_t *
health_json(guint health)
{
    g_assert(health > 0 && health <= G_N_ELEMENTS(extensions));
    const char *protocol = extensions[health - 1].protocol;
    json_t *settings = json_pack("{ss si si si}", "protocol", protocol, "port", 8080, "intervalInSeconds",
                                 (int)extensions[health - 1].interval_s, "numberOfProbes", (int)extensions[health - 1].probes);
    if (strcmp(protocol, "http") == 0)
        json_object_set_new(settings, "requestPath", json_string("/health"));
    if (extensions[health - 1].grace_s > 0)
        json_object_set_new(settings, "gracePeriod", json_integer(extensions[health - 1].grace_s));
    return json_pack("{ss s{ss ss ss so}}", "name", "health", "properties", "publisher", "Microsoft.ManagedServices", "type",
                     "ApplicationHealthLinux", "typeHandlerVersion", extensions[health - 1].version, "settings", settings);
}

static SimRolling
rolling_random(Random *random)
{
    static const guint batches[] = { 5, 20, 20, 34, 50, 100 }, shares[] = { 5, 20, 20, 50, 100 };
    return (SimRolling){
        .batch = batches[random_below(random, G_N_ELEMENTS(batches))],
        .unhealthy = shares[random_below(random, G_N_ELEMENTS(shares))],
        .unhealthy_upgraded = random_chance(random, 20) ? 0 : shares[random_below(random, G_N_ELEMENTS(shares))],
        .pause_s = random_chance(random, 30) ? random_between(random, 1, 600) : 0,
        .ill_first = random_chance(random, 30),
        .surge = random_chance(random, 40),
        .rollback = random_chance(random, 50),
    };
}

/* Mode Automatic is for Uniform sets. */
static void
repairs_random(Random *random, SimPolicy *policy)
{
    policy->repairs = random_chance(random, 80);
    policy->repairs_grace_min = random_chance(random, 60) ? 10 : random_between(random, 11, 90);
    policy->repairs_action = (RepairAction)random_below(random, REPAIR_N_ACTIONS);
}

SimPolicy
policy_random(const Sim *sim, Random *random, gboolean flexible)
{
    guint drawn = random_below(random, 100);
    SimPolicy policy = {
        .mode = drawn < 30                ? UPGRADE_MANUAL
                : drawn < 45 && !flexible ? UPGRADE_AUTOMATIC
                                          : UPGRADE_ROLLING,
        .rolling = rolling_random(random),
        .scale_in = (ScaleInRule)random_below(random, SCALE_IN_N_RULES),
        .scale_in_ill_first = random_chance(random, 25),
    };
    if (sim->kind.repairs)
        repairs_random(random, &policy);
    policy.os_said = sim->kind.images;
    return policy;
}

static gboolean
rolling_same(const SimRolling *a, const SimRolling *b)
{
    return a->batch == b->batch && a->unhealthy == b->unhealthy && a->unhealthy_upgraded == b->unhealthy_upgraded &&
           a->pause_s == b->pause_s && a->ill_first == b->ill_first && a->surge == b->surge && a->rollback == b->rollback;
}

void
policy_keep_os(SimPolicy *policy, const SimPolicy *before)
{
    policy->os_said = before->os_said;
    policy->os_enabled = before->os_enabled;
    policy->os_own_rolling = before->os_own_rolling;
    policy->os_no_rollback = before->os_no_rollback;
}

gboolean
policy_same(const SimPolicy *a, const SimPolicy *b)
{
    return a->mode == b->mode && rolling_same(&a->rolling, &b->rolling) && a->scale_in == b->scale_in &&
           a->scale_in_ill_first == b->scale_in_ill_first && a->repairs == b->repairs &&
           a->repairs_grace_min == b->repairs_grace_min && a->repairs_action == b->repairs_action && a->os_said == b->os_said &&
           a->os_enabled == b->os_enabled && a->os_own_rolling == b->os_own_rolling && a->os_no_rollback == b->os_no_rollback;
}

void
policy_set(json_t *properties, const SimPolicy *policy)
{
    const SimRolling *rolling = &policy->rolling;
    g_autofree char *pause = g_strdup_printf("PT%uS", rolling->pause_s);
    json_t *body =
        json_pack("{si si si ss sb sb sb}", "maxBatchInstancePercent", (int)rolling->batch, "maxUnhealthyInstancePercent",
                  (int)rolling->unhealthy, "maxUnhealthyUpgradedInstancePercent", (int)rolling->unhealthy_upgraded,
                  "pauseTimeBetweenBatches", pause, "prioritizeUnhealthyInstances", rolling->ill_first, "maxSurge",
                  rolling->surge, "rollbackFailedInstancesOnPolicyBreach", rolling->rollback);
    json_object_set_new(properties, "upgradePolicy",
                        json_pack("{ss so}", "mode", upgrade_mode_text(policy->mode), "rollingUpgradePolicy", body));
    json_object_set_new(properties, "scaleInPolicy",
                        json_pack("{s[s] sb}", "rules", scale_in_rule_text(policy->scale_in), "prioritizeUnhealthyVMs",
                                  policy->scale_in_ill_first));
    if (policy->os_said)
        json_object_set_new(json_object_get(properties, "upgradePolicy"), "automaticOSUpgradePolicy",
                            json_pack("{sb sb sb}", "enableAutomaticOSUpgrade", policy->os_enabled, "useRollingUpgradePolicy",
                                      policy->os_own_rolling, "disableAutomaticRollback", policy->os_no_rollback));
    if (policy->repairs_grace_min == 0)
        return;
    g_autofree char *grace = g_strdup_printf("PT%uM", policy->repairs_grace_min);
    json_object_set_new(properties, "automaticRepairsPolicy",
                        json_pack("{sb ss ss}", "enabled", policy->repairs, "gracePeriod", grace, "repairAction",
                                  repair_action_text(policy->repairs_action)));
}
