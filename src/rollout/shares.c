#include "rollout/shares.h"

static const struct {
    const char *member, *comes_of_it;
} shares[SHARE_N] = {
    [SHARE_BATCH] = { "maxBatchInstancePercent", "a batch is one instance all the same" },
    [SHARE_UNHEALTHY] = { "maxUnhealthyInstancePercent", "a single unhealthy instance stops a rolling upgrade" },
    [SHARE_UNHEALTHY_UPGRADED] = { "maxUnhealthyUpgradedInstancePercent",
                                   "a single upgraded instance that is unhealthy stops a rolling upgrade" },
};

static guint
percent_of(const RollingPolicy *policy, Share share)
{
    switch (share) {
    case SHARE_BATCH:
        return policy->max_batch_percent;
    case SHARE_UNHEALTHY:
        return policy->max_unhealthy_percent;
    case SHARE_UNHEALTHY_UPGRADED:
        return policy->max_unhealthy_upgraded_percent;
    case SHARE_N:
        break;
    }
    g_assert_not_reached();
}

guint
share_needed(const RollingPolicy *policy, Share share, guint capacity)
{
    guint percent = percent_of(policy, share);
    if (percent == 0 || capacity == 0 || (guint64)capacity * percent >= 100)
        return 0;
    return (100 + capacity - 1) / capacity;
}

static gboolean
is_rolled_by_itself(const Model *model)
{
    return model->upgrade_mode == UPGRADE_ROLLING || model->policy.os_upgrade.enabled;
}

static gboolean
are_set(const Model *before, const Model *after)
{
    gboolean begins =
        is_rolled_by_itself(after) && (!before || !is_rolled_by_itself(before) || before->capacity != after->capacity);
    for (int share = 0; !begins && share < SHARE_N; share++) {
        guint former = before ? percent_of(&before->policy.rolling, (Share)share) : ROLLING_PERCENT_DEFAULT;
        begins = percent_of(&after->policy.rolling, (Share)share) != former;
    }
    return begins;
}

char **
shares_warnings(const Model *before, const Model *after)
{
    g_autoptr(GStrvBuilder) warnings = g_strv_builder_new();
    const RollingPolicy *policy = &after->policy.rolling;
    for (int share = 0; are_set(before, after) && share < SHARE_N; share++) {
        guint needed = share_needed(policy, (Share)share, after->capacity);
        if (needed == 0)
            continue;
        g_autofree char *warning = g_strdup_printf(
            "properties.upgradePolicy.rollingUpgradePolicy.%s: %u percent of %u instance(s) is less than one, so %s; the "
            "smallest value that comes to one is %u.",
            shares[share].member, percent_of(policy, (Share)share), after->capacity, shares[share].comes_of_it, needed);
        g_strv_builder_add(warnings, warning);
    }
    return g_strv_builder_end(warnings);
}
