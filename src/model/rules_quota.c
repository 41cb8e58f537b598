#include "model/rules_internal.h"

/* `had`: what the set takes already. A change that takes no more than that is never a quota's business, even where the
 * quota was lowered meanwhile. */
static gboolean
quota_allows(const char *what, guint limit, guint used, guint had, guint needed, const char *target, GError **error)
{
    if (needed <= had || (guint64)used + needed <= limit)
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, target,
                    "Operation could not be completed as it results in exceeding approved %s quota. Limit: %u, in use "
                    "(without this scale set): %u, needed by it: %u.",
                    what, limit, used, needed);
}

static guint
cores_before(const RuleInput *in)
{
    return in->before && in->size_before ? in->before->capacity * in->size_before->vcpus : 0;
}

/* Instances that the change makes. They come beside those that there are, which keep their old size until they are brought to
 * the model. */
static guint
made(const RuleInput *in)
{
    return in->own.virtual_machines > 0 && in->after->capacity > in->own.virtual_machines
               ? in->after->capacity - in->own.virtual_machines
               : 0;
}

static gboolean
cores_allow(const RuleInput *in, const char *what, guint limit, guint used, guint had, guint own, GError **error)
{
    guint beside = made(in) > 0 ? own + made(in) * in->size->vcpus : 0;
    return quota_allows(what, limit, used, had, in->after->capacity * in->size->vcpus, TARGET_SIZE, error) &&
           quota_allows(what, limit, used, own, beside, TARGET_CAPACITY, error);
}

gboolean
rule_family_quota_holds(const RuleInput *in, GError **error)
{
    if (!in->size)
        return TRUE;
    gboolean same = in->size_before && g_ascii_strcasecmp(in->size_before->family, in->size->family) == 0;
    g_autofree char *what = g_strdup_printf("%s cores", in->size->family);
    return cores_allow(in, what, quota_family_limit(in->quota, in->size->family), in->usage.family_cores,
                       same ? cores_before(in) : 0, in->own.family_cores, error);
}

gboolean
rule_regional_quota_holds(const RuleInput *in, GError **error)
{
    return !in->size || cores_allow(in, "total regional cores", in->quota->regional_cores, in->usage.regional_cores,
                                    cores_before(in), in->own.regional_cores, error);
}

gboolean
rule_machine_quota_holds(const RuleInput *in, GError **error)
{
    return quota_allows("virtual machines", in->quota->virtual_machines, in->usage.virtual_machines,
                        in->before ? in->before->capacity : 0, in->after->capacity, TARGET_CAPACITY, error);
}

gboolean
rule_set_quota_holds(const RuleInput *in, GError **error)
{
    return quota_allows("virtual machine scale sets", in->quota->scale_sets, in->usage.scale_sets, in->before ? 1 : 0, 1,
                        "name", error);
}
