#include "model/rules.h"

#include "base/error.h"
#include "model/change.h"

#define PROFILE "properties.virtualMachineProfile."
#define TARGET_SIZE "sku.name"
#define TARGET_CAPACITY "sku.capacity"
#define TARGET_IMAGE PROFILE "storageProfile.imageReference"
#define TARGET_DISKS PROFILE "storageProfile.dataDisks"
#define TARGET_SECURITY PROFILE "securityProfile.securityType"
#define TARGET_UEFI PROFILE "securityProfile.uefiSettings"
#define TARGET_OS_DISK PROFILE "storageProfile.osDisk.diskSizeGB"
#define TARGET_EXTENSIONS PROFILE "extensionProfile.extensions"
#define FLEX_FEATURE "Microsoft.Compute/TrustedLaunchUpgradeFlexPreview"
#define GIB (G_GUINT64_CONSTANT(1) << 30)

static gboolean
wants_trusted_launch(const RuleInput *in)
{
    return in->after->security_type == SECURITY_TRUSTED_LAUNCH;
}

static const char *
image_name(const RuleInput *in, char **ret_owned)
{
    const ImageRef *ref = &in->after->image;
    *ret_owned = g_strjoin(":", ref->publisher, ref->offer, ref->sku, ref->version, NULL);
    return *ret_owned;
}

static gboolean
size_exists(const RuleInput *in, GError **error)
{
    return in->size || arm_fail(error, ARM_INVALID_PARAMETER, TARGET_SIZE,
                                "The VM size '%s' does not exist here; 'testudo vm list-sizes' lists the sizes.",
                                in->after->size_name);
}

static gboolean
image_exists(const RuleInput *in, GError **error)
{
    g_autofree char *name = NULL;
    return in->image || arm_fail(error, ARM_IMAGE_NOT_FOUND, TARGET_IMAGE,
                                 "The platform image '%s' is not available; 'testudo image list' lists the images, and "
                                 "'testudo image import' brings one in.",
                                 image_name(in, &name));
}

static gboolean
flexible_needs_feature(const RuleInput *in, GError **error)
{
    if (in->after->orchestration != ORCHESTRATION_FLEXIBLE || in->flexible_feature)
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_SECURITY,
                    "A scale set with orchestration mode 'Flexible' can be upgraded to Trusted launch only with the feature "
                    "'%s' registered on the subscription: POST /subscriptions/{id}/providers/Microsoft.Features/providers/"
                    "Microsoft.Compute/features/TrustedLaunchUpgradeFlexPreview/register.",
                    FLEX_FEATURE);
}

static gboolean
no_service_fabric(const RuleInput *in, GError **error)
{
    return !model_has_service_fabric(in->after) ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_SECURITY,
                    "A scale set that carries the Service Fabric extension cannot be upgraded to Trusted launch; make a new "
                    "scale set with security type 'TrustedLaunch' for the cluster.");
}

static gboolean
data_disks_need_surge(const RuleInput *in, GError **error)
{
    if (in->after->data_disks->len == 0 || (in->after->upgrade_mode == UPGRADE_ROLLING && in->after->max_surge))
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_SECURITY,
                    "A scale set with data disks can be upgraded to Trusted launch only with properties.upgradePolicy.mode "
                    "'Rolling' and properties.upgradePolicy.rollingUpgradePolicy.maxSurge true; it has %u data disk(s).",
                    in->after->data_disks->len);
}

static gboolean
size_supports_trusted_launch(const RuleInput *in, GError **error)
{
    if (!wants_trusted_launch(in) || !in->size ||
        (!in->size->trusted_launch_disabled && !in->size->confidential && (in->size->generations & SIZE_GENERATION_V2)))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_SIZE,
                    "The VM size '%s' is not supported for creation of VMs and Virtual Machine Scale Set with 'TrustedLaunch' "
                    "security type. Choose a size without the capability TrustedLaunchDisabled whose HyperVGenerations has "
                    "V2 (testudo vm list-skus).",
                    in->size->name);
}

static gboolean
size_is_not_confidential(const RuleInput *in, GError **error)
{
    return !in->size || !in->size->confidential ||
           arm_fail(error, ARM_BAD_REQUEST, TARGET_SIZE,
                    "The VM size '%s' is for confidential VMs, for which this host has no hardware; choose another size.",
                    in->size->name);
}

static gboolean
image_supports(const RuleInput *in, GError **error)
{
    g_autofree char *name = NULL;
    if (!wants_trusted_launch(in) || !in->image || image_supports_trusted_launch(in->image))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_IMAGE,
                    "Use of TrustedLaunch setting is not supported for the provided image. Please select Trusted Launch "
                    "Supported Gen2 OS Image. ('%s' is generation V%u with security type '%s'.)",
                    image_name(in, &name), in->image->generation, in->image->security_type);
}

static gboolean
image_requires(const RuleInput *in, GError **error)
{
    if (wants_trusted_launch(in) || !in->image || !image_requires_trusted_launch(in->image))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_SECURITY,
                    "The provided gallery image only supports creation of VMs and VM Scale Sets with 'TrustedLaunch' security "
                    "type.");
}

static gboolean
generations_fit(const RuleInput *in, GError **error)
{
    if (!in->size || !in->image)
        return TRUE;
    guint needed = in->image->generation == 2 ? SIZE_GENERATION_V2 : SIZE_GENERATION_V1;
    g_autofree char *name = NULL;
    if (in->size->generations & needed)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_IMAGE,
                    "The VM size '%s' cannot boot the image '%s': the size runs generation %s images, the image is generation "
                    "V%u.",
                    in->size->name, image_name(in, &name), needed == SIZE_GENERATION_V2 ? "V1" : "V2",
                    in->image->generation);
}

static gboolean
uefi_needs_trusted_launch(const RuleInput *in, GError **error)
{
    if (wants_trusted_launch(in) || !in->after->has_uefi_settings)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_UEFI,
                    "Use of UEFI settings is not supported when security type is %s. Leave uefiSettings out (or null), or set "
                    "securityType to 'TrustedLaunch'.",
                    in->after->has_security_type ? "'Standard'" : "not set");
}

static gboolean
has_guest_attestation(const Model *model)
{
    for (guint i = 0; model && i < model->extensions->len; i++) {
        const ModelExtension *extension = g_ptr_array_index(model->extensions, i);
        if (g_ascii_strcasecmp(extension->type, "GuestAttestation") == 0 &&
            (g_ascii_strcasecmp(extension->publisher, "Microsoft.Azure.Security.LinuxAttestation") == 0 ||
             g_ascii_strcasecmp(extension->publisher, "Microsoft.Azure.Security.WindowsAttestation") == 0))
            return TRUE;
    }
    return FALSE;
}

static gboolean
attestation_needs_both(const RuleInput *in, GError **error)
{
    if (!has_guest_attestation(in->after) || has_guest_attestation(in->before) ||
        (in->after->secure_boot && in->after->vtpm))
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_EXTENSIONS,
                    "The extension 'GuestAttestation' can be added only where securityType is 'TrustedLaunch' and "
                    "secureBootEnabled and vTpmEnabled are both true.");
}

static gboolean
architectures_fit(const RuleInput *in, GError **error)
{
    if (in->size && in->image && g_ascii_strcasecmp(in->size->architecture, in->image->architecture) != 0)
        return arm_fail(error, ARM_BAD_REQUEST, TARGET_SIZE,
                        "The VM size '%s' has architecture '%s', the image has '%s': choose a size and an image of one "
                        "architecture.",
                        in->size->name, in->size->architecture, in->image->architecture);
    if (in->size && g_ascii_strcasecmp(in->size->architecture, in->host_architecture) != 0)
        return arm_fail(error, ARM_BAD_REQUEST, TARGET_SIZE,
                        "The VM size '%s' has architecture '%s', which this host ('%s') cannot run.", in->size->name,
                        in->size->architecture, in->host_architecture);
    return TRUE;
}

static gboolean
host_is_large_enough(const RuleInput *in, GError **error)
{
    if (!in->size || (in->size->vcpus <= in->host_vcpus_max && in->size->memory_mib <= in->host_memory_mib))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_SIZE,
                    "The VM size '%s' (%u vCPUs, %u MiB) is larger than this host runs (%u vCPUs, %u MiB).", in->size->name,
                    in->size->vcpus, in->size->memory_mib, in->host_vcpus_max, in->host_memory_mib);
}

static gboolean
host_can_secure_boot(const RuleInput *in, GError **error)
{
    if (!wants_trusted_launch(in))
        return TRUE;
    if (!in->host_secure_boot)
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_SECURITY,
                        "This host has no UEFI firmware with Secure Boot that works ('testudo host show' says why; on Debian "
                        "it is the package ovmf).");
    if (in->after->vtpm && !in->host_vtpm)
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_UEFI,
                        "This host cannot make vTPMs ('testudo host show' says why; on Debian the packages swtpm and "
                        "swtpm-tools are needed).");
    return TRUE;
}

static gboolean
data_disks_fit(const RuleInput *in, GError **error)
{
    if (!in->size || in->after->data_disks->len <= in->size->max_data_disks)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_DISKS, "The VM size '%s' takes at most %u data disks, not %u.",
                    in->size->name, in->size->max_data_disks, in->after->data_disks->len);
}

static gboolean
os_disk_holds_image(const RuleInput *in, GError **error)
{
    guint gib = in->after->os_disk_gib;
    if (gib == 0 || !in->image || gib * GIB >= in->image->virtual_size)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_OS_DISK,
                    "The OS disk of %u GiB is smaller than the image, which needs %" G_GUINT64_FORMAT " GiB.", gib,
                    (in->image->virtual_size + GIB - 1) / GIB);
}

/* A new image brings a new disk, which may have any size that holds it. */
static gboolean
os_disk_grows(const RuleInput *in, GError **error)
{
    guint before = in->before->os_disk_gib, after = in->after->os_disk_gib;
    if (after >= before || !image_ref_same(&in->after->image, &in->before->image))
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_OS_DISK,
                    "An OS disk can only grow: it has %u GiB, and %u GiB were asked for.", before, after);
}

static gboolean
data_disks_grow(const RuleInput *in, GError **error)
{
    for (guint i = 0; i < in->before->data_disks->len; i++) {
        const DataDisk *before = g_ptr_array_index(in->before->data_disks, i);
        for (guint k = 0; k < in->after->data_disks->len; k++) {
            const DataDisk *after = g_ptr_array_index(in->after->data_disks, k);
            if (after->lun == before->lun && after->size_gib < before->size_gib)
                return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_DISKS,
                                "A data disk can only grow: the one with lun %u has %u GiB, and %u GiB were asked for.",
                                before->lun, before->size_gib, after->size_gib);
        }
    }
    return TRUE;
}

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

static gboolean
family_quota_holds(const RuleInput *in, GError **error)
{
    if (!in->size)
        return TRUE;
    gboolean same = in->size_before && g_ascii_strcasecmp(in->size_before->family, in->size->family) == 0;
    g_autofree char *what = g_strdup_printf("%s cores", in->size->family);
    return quota_allows(what, quota_family_limit(in->quota, in->size->family), in->usage.family_cores,
                        same ? cores_before(in) : 0, in->after->capacity * in->size->vcpus, TARGET_SIZE, error);
}

static gboolean
regional_quota_holds(const RuleInput *in, GError **error)
{
    return !in->size || quota_allows("total regional cores", in->quota->regional_cores, in->usage.regional_cores,
                                     cores_before(in), in->after->capacity * in->size->vcpus, TARGET_SIZE, error);
}

static gboolean
machine_quota_holds(const RuleInput *in, GError **error)
{
    return quota_allows("virtual machines", in->quota->virtual_machines, in->usage.virtual_machines,
                        in->before ? in->before->capacity : 0, in->after->capacity, TARGET_CAPACITY, error);
}

static gboolean
set_quota_holds(const RuleInput *in, GError **error)
{
    return quota_allows("virtual machine scale sets", in->quota->scale_sets, in->usage.scale_sets, in->before ? 1 : 0, 1,
                        "name", error);
}

typedef enum { ON_EVERY_MODEL, ON_UPGRADE, ON_CHANGE } RuleScope;

/* The order decides which violation gives status and code. */
static const struct {
    RuleScope scope;
    gboolean (*holds)(const RuleInput *in, GError **error);
} rules[] = {
    { ON_EVERY_MODEL, size_exists },
    { ON_EVERY_MODEL, image_exists },
    { ON_UPGRADE, flexible_needs_feature },
    { ON_UPGRADE, no_service_fabric },
    { ON_UPGRADE, data_disks_need_surge },
    { ON_EVERY_MODEL, size_supports_trusted_launch },
    { ON_EVERY_MODEL, size_is_not_confidential },
    { ON_EVERY_MODEL, image_supports },
    { ON_EVERY_MODEL, image_requires },
    { ON_EVERY_MODEL, generations_fit },
    { ON_EVERY_MODEL, uefi_needs_trusted_launch },
    { ON_EVERY_MODEL, attestation_needs_both },
    { ON_EVERY_MODEL, architectures_fit },
    { ON_EVERY_MODEL, host_is_large_enough },
    { ON_EVERY_MODEL, host_can_secure_boot },
    { ON_EVERY_MODEL, data_disks_fit },
    { ON_EVERY_MODEL, os_disk_holds_image },
    { ON_CHANGE, os_disk_grows },
    { ON_CHANGE, data_disks_grow },
    { ON_EVERY_MODEL, family_quota_holds },
    { ON_EVERY_MODEL, regional_quota_holds },
    { ON_EVERY_MODEL, machine_quota_holds },
    { ON_EVERY_MODEL, set_quota_holds },
};

static gboolean
is_judged(RuleScope scope, const RuleInput *in)
{
    switch (scope) {
    case ON_EVERY_MODEL:
        return TRUE;
    case ON_CHANGE:
        return in->before != NULL;
    case ON_UPGRADE:
        return in->before && in->before->security_type == SECURITY_STANDARD && wants_trusted_launch(in);
    }
    g_assert_not_reached();
}

gboolean
rules_check(const RuleInput *input, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        GError *violation = NULL;
        if (is_judged(rules[i].scope, input) && !rules[i].holds(input, &violation))
            g_ptr_array_add(violations, violation);
    }
    if (violations->len == 0)
        return TRUE;
    arm_set_error_from_violations(error, violations);
    return FALSE;
}

char **
rules_warnings(const RuleInput *input)
{
    GStrvBuilder *warnings = g_strv_builder_new();
    const Model *before = input->before, *after = input->after;
    if (before) {
        Change change = change_between(before, after);
        g_auto(GStrv) losses = change_losses(&change, input->image ? input->image->generation : 0);
        if (change.other_publisher)
            g_strv_builder_add(warnings, "The image is of another publisher or offer.");
        g_strv_builder_addv(warnings, (const char **)losses);
        if (change.waits_for_reimage)
            g_strv_builder_add(warnings, "User, password, SSH keys, custom data and host name prefix reach an instance with "
                                         "its next reimage.");
    }
    if (after->security_type == SECURITY_TRUSTED_LAUNCH && !after->secure_boot)
        g_strv_builder_add(warnings, "Secure Boot is off: enable it unless you use unsigned kernels or drivers.");
    if (after->security_type == SECURITY_TRUSTED_LAUNCH && !after->vtpm)
        g_strv_builder_add(warnings, "The vTPM is off: nothing can be attested.");
    if (has_guest_attestation(after) && !(after->secure_boot && after->vtpm))
        g_strv_builder_add(warnings, "The extension GuestAttestation stays, and its instances will read NotAttested.");
    char **list = g_strv_builder_end(warnings);
    g_strv_builder_unref(warnings);
    return list;
}
