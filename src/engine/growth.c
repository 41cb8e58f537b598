#include "engine/growth.h"

Growth
growth_between(const EngineConfig *config, const char *from, const char *to)
{
    const SizeInfo *before = config->sizes ? size_catalogue_find(config->sizes, from) : NULL;
    const SizeInfo *after = config->sizes ? size_catalogue_find(config->sizes, to) : NULL;
    if (!after)
        return (Growth){ 0 };
    gint64 less = before ? before->vcpus : 0, more = after->vcpus;
    gboolean same = before && g_ascii_strcasecmp(before->family, after->family) == 0;
    return (Growth){ more - (same ? less : 0), more - less };
}

gboolean
growth_is_any(const Growth *growth)
{
    return growth->family > 0 || growth->region > 0;
}

gboolean
growth_fits(const EngineConfig *config, const StoreUsage *usage, const char *to, const Growth *growth)
{
    const Quota *quota = config->quota;
    const SizeInfo *size = size_catalogue_find(config->sizes, to);
    gint64 family = store_usage_family_cores(usage, size->family) + growth->family;
    gint64 region = usage->regional_cores + growth->region;
    return !(growth->family > 0 && family > quota_family_limit(quota, size->family)) &&
           !(growth->region > 0 && region > quota->regional_cores);
}
