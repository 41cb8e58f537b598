#include "model/rules.h"

#include "model/change.h"
#include "model/rules_internal.h"

typedef enum { ON_EVERY_MODEL, ON_UPGRADE, ON_CHANGE } RuleScope;

/* The order decides which violation gives status and code. */
static const struct {
    RuleScope scope;
    gboolean (*holds)(const RuleInput *in, GError **error);
} rules[] = {
    { ON_EVERY_MODEL, rule_size_exists },
    { ON_EVERY_MODEL, rule_image_exists },
    { ON_EVERY_MODEL, rule_automatic_needs_uniform },
    { ON_EVERY_MODEL, rule_os_upgrade_needs_latest },
    { ON_EVERY_MODEL, rule_os_upgrade_needs_health },
    { ON_UPGRADE, rule_flexible_needs_feature },
    { ON_UPGRADE, rule_no_service_fabric },
    { ON_UPGRADE, rule_data_disks_need_surge },
    { ON_EVERY_MODEL, rule_size_supports_trusted_launch },
    { ON_EVERY_MODEL, rule_size_is_not_confidential },
    { ON_EVERY_MODEL, rule_image_supports },
    { ON_EVERY_MODEL, rule_image_requires },
    { ON_EVERY_MODEL, rule_generations_fit },
    { ON_EVERY_MODEL, rule_uefi_needs_trusted_launch },
    { ON_EVERY_MODEL, rule_attestation_needs_both },
    { ON_EVERY_MODEL, rule_architectures_fit },
    { ON_EVERY_MODEL, rule_host_is_large_enough },
    { ON_EVERY_MODEL, rule_host_can_secure_boot },
    { ON_EVERY_MODEL, rule_data_disks_fit },
    { ON_EVERY_MODEL, rule_os_disk_holds_image },
    { ON_CHANGE, rule_os_disk_grows },
    { ON_CHANGE, rule_data_disks_grow },
    { ON_EVERY_MODEL, rule_family_quota_holds },
    { ON_EVERY_MODEL, rule_regional_quota_holds },
    { ON_EVERY_MODEL, rule_machine_quota_holds },
    { ON_EVERY_MODEL, rule_set_quota_holds },
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
        return in->before && in->before->security_type == SECURITY_STANDARD && rule_wants_trusted_launch(in);
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

typedef gboolean (*RuleCheck)(const RuleInput *in, GError **error);

static gboolean
all_hold(const RuleCheck *checks, guint n, const RuleInput *input, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    for (guint i = 0; i < n; i++) {
        GError *violation = NULL;
        if (!checks[i](input, &violation))
            g_ptr_array_add(violations, violation);
    }
    if (violations->len == 0)
        return TRUE;
    arm_set_error_from_violations(error, violations);
    return FALSE;
}

gboolean
rules_image_fits(const Model *model, const SizeInfo *size, const ImageInfo *image, GError **error)
{
    static const RuleCheck of_image[] = {
        rule_image_supports, rule_image_requires, rule_generations_fit, rule_architectures_fit, rule_os_disk_holds_image,
    };
    const RuleInput input = {
        .before = model,
        .after = model,
        .size_before = size,
        .size = size,
        .image = image,
        .host_architecture = size->architecture,
    };
    return all_hold(of_image, G_N_ELEMENTS(of_image), &input, error);
}

gboolean
rules_size_fits(const Model *model, const SizeInfo *size, const ImageInfo *image, GError **error)
{
    static const RuleCheck of_size[] = {
        rule_size_is_not_confidential, rule_size_supports_trusted_launch, rule_generations_fit, rule_architectures_fit,
        rule_data_disks_fit,
    };
    const RuleInput input = {
        .before = model,
        .after = model,
        .size = size,
        .image = image,
        .host_architecture = size->architecture,
    };
    return all_hold(of_size, G_N_ELEMENTS(of_size), &input, error);
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
    if (after->security_type == SECURITY_TRUSTED_LAUNCH && after->secure_boot && input->image &&
        input->image->boot_chain == BOOT_CHAIN_UNSIGNED)
        g_strv_builder_add(warnings, "The image boots by a program without a signature, which Secure Boot refuses: use another "
                                     "image, or turn Secure Boot off.");
    if (after->security_type == SECURITY_TRUSTED_LAUNCH && !after->vtpm)
        g_strv_builder_add(warnings, "The vTPM is off: nothing can be attested.");
    if (rule_has_guest_attestation(after) && !(after->secure_boot && after->vtpm))
        g_strv_builder_add(warnings, "The extension GuestAttestation stays, and its instances will read NotAttested.");
    char **list = g_strv_builder_end(warnings);
    g_strv_builder_unref(warnings);
    return list;
}
