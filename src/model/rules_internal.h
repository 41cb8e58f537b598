/* model/rules_internal.h: the single rules, for the table in rules.c. A rule holds, or sets *error with code, sentence and
 * target. rules_security.c: who may have Trusted launch; rules_fit.c: size, image, disks and host together; rules_quota.c;
 * rules_upgrade.c. */
#pragma once

#include "base/error.h"
#include "model/rules.h"

#define PROFILE           "properties.virtualMachineProfile."
#define TARGET_SIZE       "sku.name"
#define TARGET_CAPACITY   "sku.capacity"
#define TARGET_MODE       "properties.upgradePolicy.mode"
#define TARGET_OS_UPGRADE "properties.upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade"
#define TARGET_IMAGE      PROFILE "storageProfile.imageReference"
#define TARGET_DISKS      PROFILE "storageProfile.dataDisks"
#define TARGET_OS_DISK    PROFILE "storageProfile.osDisk.diskSizeGB"
#define TARGET_SECURITY   PROFILE "securityProfile.securityType"
#define TARGET_UEFI       PROFILE "securityProfile.uefiSettings"
#define TARGET_EXTENSIONS PROFILE "extensionProfile.extensions"

gboolean rule_wants_trusted_launch(const RuleInput *in);
gboolean rule_has_guest_attestation(const Model *model); /* model: may be NULL */

/* "Testudo:mini:gen2:latest", as the model names it; newly allocated. */
char *rule_image_asked(const RuleInput *in);

gboolean rule_size_exists(const RuleInput *in, GError **error);
gboolean rule_image_exists(const RuleInput *in, GError **error);
gboolean rule_automatic_needs_uniform(const RuleInput *in, GError **error);
gboolean rule_os_upgrade_needs_latest(const RuleInput *in, GError **error);
gboolean rule_os_upgrade_needs_health(const RuleInput *in, GError **error);
gboolean rule_flexible_needs_feature(const RuleInput *in, GError **error);
gboolean rule_no_service_fabric(const RuleInput *in, GError **error);
gboolean rule_data_disks_need_surge(const RuleInput *in, GError **error);
gboolean rule_size_supports_trusted_launch(const RuleInput *in, GError **error);
gboolean rule_size_is_not_confidential(const RuleInput *in, GError **error);
gboolean rule_image_supports(const RuleInput *in, GError **error);
gboolean rule_image_requires(const RuleInput *in, GError **error);
gboolean rule_generations_fit(const RuleInput *in, GError **error);
gboolean rule_uefi_needs_trusted_launch(const RuleInput *in, GError **error);
gboolean rule_attestation_needs_both(const RuleInput *in, GError **error);
gboolean rule_architectures_fit(const RuleInput *in, GError **error);
gboolean rule_host_is_large_enough(const RuleInput *in, GError **error);
gboolean rule_host_can_secure_boot(const RuleInput *in, GError **error);
gboolean rule_data_disks_fit(const RuleInput *in, GError **error);
gboolean rule_os_disk_holds_image(const RuleInput *in, GError **error);
gboolean rule_os_disk_grows(const RuleInput *in, GError **error);
gboolean rule_data_disks_grow(const RuleInput *in, GError **error);
gboolean rule_family_quota_holds(const RuleInput *in, GError **error);
gboolean rule_regional_quota_holds(const RuleInput *in, GError **error);
gboolean rule_machine_quota_holds(const RuleInput *in, GError **error);
gboolean rule_set_quota_holds(const RuleInput *in, GError **error);
