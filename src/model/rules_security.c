#include "model/feature.h"
#include "model/rules_internal.h"

gboolean
rule_wants_trusted_launch(const RuleInput *in)
{
    return in->after->security_type == SECURITY_TRUSTED_LAUNCH;
}

gboolean
rule_flexible_needs_feature(const RuleInput *in, GError **error)
{
    if (in->after->orchestration != ORCHESTRATION_FLEXIBLE || in->flexible_feature)
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_SECURITY,
                    "A scale set with orchestration mode 'Flexible' can be upgraded to Trusted launch only with the feature "
                    "'" FEATURE_NAMESPACE "/%s' registered on the subscription: POST /subscriptions/{id}/providers/"
                    "Microsoft.Features/providers/" FEATURE_NAMESPACE "/features/%s/register, or 'testudo feature register "
                    "--namespace " FEATURE_NAMESPACE " --name %s'.",
                    feature_name(FEATURE_FLEXIBLE_UPGRADE), feature_name(FEATURE_FLEXIBLE_UPGRADE),
                    feature_name(FEATURE_FLEXIBLE_UPGRADE));
}

gboolean
rule_no_service_fabric(const RuleInput *in, GError **error)
{
    return !model_has_service_fabric(in->after) ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_SECURITY,
                    "A scale set that carries the Service Fabric extension cannot be upgraded to Trusted launch; make a new "
                    "scale set with security type 'TrustedLaunch' for the cluster.");
}

gboolean
rule_data_disks_need_surge(const RuleInput *in, GError **error)
{
    if (in->after->data_disks->len == 0 || (in->after->upgrade_mode == UPGRADE_ROLLING && in->after->policy.rolling.max_surge))
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_SECURITY,
                    "A scale set with data disks can be upgraded to Trusted launch only with properties.upgradePolicy.mode "
                    "'Rolling' and properties.upgradePolicy.rollingUpgradePolicy.maxSurge true; it has %u data disk(s).",
                    in->after->data_disks->len);
}

gboolean
rule_size_supports_trusted_launch(const RuleInput *in, GError **error)
{
    if (!rule_wants_trusted_launch(in) || !in->size ||
        (!in->size->trusted_launch_disabled && !in->size->confidential && (in->size->generations & SIZE_GENERATION_V2)))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_SIZE,
                    "The VM size '%s' is not supported for creation of VMs and Virtual Machine Scale Set with 'TrustedLaunch' "
                    "security type. Choose a size without the capability TrustedLaunchDisabled whose HyperVGenerations has "
                    "V2 (testudo vm list-skus).",
                    in->size->name);
}

gboolean
rule_image_supports(const RuleInput *in, GError **error)
{
    g_autofree char *name = rule_image_asked(in);
    if (!rule_wants_trusted_launch(in) || !in->image || image_supports_trusted_launch(in->image))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_IMAGE,
                    "Use of TrustedLaunch setting is not supported for the provided image. Please select Trusted Launch "
                    "Supported Gen2 OS Image. ('%s' is generation V%u with security type '%s'.)",
                    name, in->image->generation, in->image->security_type);
}

gboolean
rule_image_requires(const RuleInput *in, GError **error)
{
    if (rule_wants_trusted_launch(in) || !in->image || !image_requires_trusted_launch(in->image))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_SECURITY,
                    "The provided gallery image only supports creation of VMs and VM Scale Sets with 'TrustedLaunch' security "
                    "type.");
}

gboolean
rule_uefi_needs_trusted_launch(const RuleInput *in, GError **error)
{
    if (rule_wants_trusted_launch(in) || !in->after->has_uefi_settings)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_UEFI,
                    "Use of UEFI settings is not supported when security type is %s. Leave uefiSettings out (or null), or set "
                    "securityType to 'TrustedLaunch'.",
                    in->after->has_security_type ? "'Standard'" : "not set");
}

gboolean
rule_has_guest_attestation(const Model *model)
{
    return model && model->attestation;
}

/* Where it is, it stays, also without one of them: what was so once comes back so. */
gboolean
rule_attestation_needs_both(const RuleInput *in, GError **error)
{
    if (!rule_has_guest_attestation(in->after) || rule_has_guest_attestation(in->before) || in->is_rollback ||
        (in->after->secure_boot && in->after->vtpm))
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_EXTENSIONS,
                    "The extension 'GuestAttestation' can be added only where securityType is 'TrustedLaunch' and "
                    "secureBootEnabled and vTpmEnabled are both true.");
}
