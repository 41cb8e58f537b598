#include "api/quota_growth.h"

static gboolean
quota_one(const char *what, guint limit, guint before, guint after, const char *target, GError **error)
{
    return after <= before || after <= limit ||
           arm_fail(
               error, ARM_OPERATION_NOT_ALLOWED, target,
               "Operation could not be completed as it results in exceeding approved %s quota. Limit: %u, in use: %u, needed "
               "besides: %u.",
               what, limit, before, after - before);
}

gboolean
quota_growth_check(const Call *call, StoreTx *tx, const StoreUsage *before, const Model *model, const char *target,
                   GError **error)
{
    const Quota *quota = call->api->config.quota;
    const SizeInfo *size = size_catalogue_find(call->api->config.sizes, model->size_name);
    g_autoptr(StoreUsage) after = store_usage(tx, /* except_set= */ 0, error);
    if (!after)
        return FALSE;
    g_autofree char *what = size ? g_strdup_printf("%s cores", size->family) : NULL;
    if (size && !quota_one(what, quota_family_limit(quota, size->family), store_usage_family_cores(before, size->family),
                           store_usage_family_cores(after, size->family), target, error))
        return FALSE;
    return quota_one("total regional cores", quota->regional_cores, before->regional_cores, after->regional_cores, target,
                     error) &&
           quota_one("virtual machines", quota->virtual_machines, before->virtual_machines, after->virtual_machines, target,
                     error);
}
