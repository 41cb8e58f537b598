#include "model/rules_internal.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)

char *
rule_image_asked(const RuleInput *in)
{
    const ImageRef *ref = &in->after->image;
    return g_strjoin(":", ref->publisher, ref->offer, ref->sku, ref->version, NULL);
}

gboolean
rule_size_exists(const RuleInput *in, GError **error)
{
    return in->size ||
           arm_fail(error, ARM_INVALID_PARAMETER, TARGET_SIZE,
                    "The VM size '%s' does not exist here; 'testudo vm list-sizes' lists the sizes.", in->after->size_name);
}

gboolean
rule_image_exists(const RuleInput *in, GError **error)
{
    g_autofree char *name = rule_image_asked(in);
    return in->image || arm_fail(error, ARM_IMAGE_NOT_FOUND, TARGET_IMAGE,
                                 "The platform image '%s' is not available; 'testudo image list' lists the images, and "
                                 "'testudo image import' brings one in.",
                                 name);
}

gboolean
rule_automatic_needs_uniform(const RuleInput *in, GError **error)
{
    return in->after->upgrade_mode != UPGRADE_AUTOMATIC || in->after->orchestration == ORCHESTRATION_UNIFORM ||
           arm_fail(error, ARM_BAD_REQUEST, TARGET_MODE,
                    "The upgrade mode 'Automatic' is for scale sets with orchestration mode 'Uniform'; this one is 'Flexible'. "
                    "Accepted: 'Manual', 'Rolling'.");
}

gboolean
rule_size_is_not_confidential(const RuleInput *in, GError **error)
{
    return !in->size || !in->size->confidential ||
           arm_fail(error, ARM_BAD_REQUEST, TARGET_SIZE,
                    "The VM size '%s' is for confidential VMs, for which this host has no hardware; choose another size.",
                    in->size->name);
}

gboolean
rule_generations_fit(const RuleInput *in, GError **error)
{
    if (!in->size || !in->image)
        return TRUE;
    guint needed = in->image->generation == 2 ? SIZE_GENERATION_V2 : SIZE_GENERATION_V1;
    g_autofree char *name = rule_image_asked(in);
    if (in->size->generations & needed)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_IMAGE,
                    "The VM size '%s' cannot boot the image '%s': the size runs generation %s images, the image is generation "
                    "V%u.",
                    in->size->name, name, needed == SIZE_GENERATION_V2 ? "V1" : "V2", in->image->generation);
}

gboolean
rule_architectures_fit(const RuleInput *in, GError **error)
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

gboolean
rule_host_is_large_enough(const RuleInput *in, GError **error)
{
    if (!in->size || (in->size->vcpus <= in->host_vcpus_max && in->size->memory_mib <= in->host_memory_mib))
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_SIZE,
                    "The VM size '%s' (%u vCPUs, %u MiB) is larger than this host runs (%u vCPUs, %u MiB).", in->size->name,
                    in->size->vcpus, in->size->memory_mib, in->host_vcpus_max, in->host_memory_mib);
}

gboolean
rule_host_can_secure_boot(const RuleInput *in, GError **error)
{
    if (!rule_wants_trusted_launch(in))
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

gboolean
rule_data_disks_fit(const RuleInput *in, GError **error)
{
    if (!in->size || in->after->data_disks->len <= in->size->max_data_disks)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_DISKS, "The VM size '%s' takes at most %u data disks, not %u.",
                    in->size->name, in->size->max_data_disks, in->after->data_disks->len);
}

gboolean
rule_os_disk_holds_image(const RuleInput *in, GError **error)
{
    guint gib = in->after->os_disk_gib;
    if (gib == 0 || !in->image || gib * GIB >= in->image->virtual_size)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, TARGET_OS_DISK,
                    "The OS disk of %u GiB is smaller than the image, which needs %" G_GUINT64_FORMAT " GiB.", gib,
                    (in->image->virtual_size + GIB - 1) / GIB);
}

/* A new image brings a new disk, which may have any size that holds it. */
gboolean
rule_os_disk_grows(const RuleInput *in, GError **error)
{
    guint before = in->before->os_disk_gib, after = in->after->os_disk_gib;
    if (after >= before || !image_ref_same(&in->after->image, &in->before->image))
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, TARGET_OS_DISK,
                    "An OS disk can only grow: it has %u GiB, and %u GiB were asked for.", before, after);
}

gboolean
rule_data_disks_grow(const RuleInput *in, GError **error)
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
