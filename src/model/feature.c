#include "model/feature.h"

#include "base/words.h"

static const char *const names[FEATURE_N] = {
    [FEATURE_FLEXIBLE_UPGRADE] = "TrustedLaunchUpgradeFlexPreview",
    [FEATURE_TRUSTED_LAUNCH_DEFAULT] = "TrustedLaunchByDefaultPreview",
    [FEATURE_STANDARD_SECURITY_TYPE] = "UseStandardSecurityType",
};

const char *
feature_name(Feature feature)
{
    g_assert((int)feature < FEATURE_N);
    return names[feature];
}

gboolean
feature_from_name(const char *name, Feature *ret_feature)
{
    int index;
    if (!word_find(names, FEATURE_N, name, &index))
        return FALSE;
    *ret_feature = (Feature)index;
    return TRUE;
}

gboolean
feature_is_permanent(Feature feature)
{
    return feature == FEATURE_STANDARD_SECURITY_TYPE;
}
