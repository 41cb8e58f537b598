/* From options to the body of a create or an update. */
#include "cli/set_path.h"
#include "cli/ssh_key.h"
#include "cli/vmss.h"

#include <string.h>

#define FILE_MAX      65535
#define SIZE_DEFAULT  "Standard_B1ms"
#define COUNT_DEFAULT 2

#define VMSS_REPAIRS "properties.automaticRepairsPolicy"
#define VMSS_NOTICE  VMSS_PROFILE ".scheduledEventsProfile.terminateNotificationProfile"
#define ROLLING      "properties.upgradePolicy.rollingUpgradePolicy."

/* Options that are one member of the body. */
static const struct {
    const char *option, *path;
} members[] = {
    { "vm-sku", "sku.name" },
    { "location", "location" },
    { "instance-count", "sku.capacity" },
    { "security-type", VMSS_PROFILE ".securityProfile.securityType" },
    { "enable-secure-boot", VMSS_PROFILE ".securityProfile.uefiSettings.secureBootEnabled" },
    { "enable-vtpm", VMSS_PROFILE ".securityProfile.uefiSettings.vTpmEnabled" },
    { "admin-username", VMSS_PROFILE ".osProfile.adminUsername" },
    { "admin-password", VMSS_PROFILE ".osProfile.adminPassword" },
    { "computer-name-prefix", VMSS_PROFILE ".osProfile.computerNamePrefix" },
    { "upgrade-policy-mode", "properties.upgradePolicy.mode" },
    { "max-batch-instance-percent", ROLLING "maxBatchInstancePercent" },
    { "max-unhealthy-instance-percent", ROLLING "maxUnhealthyInstancePercent" },
    { "max-unhealthy-upgraded-instance-percent", ROLLING "maxUnhealthyUpgradedInstancePercent" },
    { "pause-time-between-batches", ROLLING "pauseTimeBetweenBatches" },
    { "prioritize-unhealthy-instances", ROLLING "prioritizeUnhealthyInstances" },
    { "max-surge", ROLLING "maxSurge" },
    { "rollback-failed-instances-on-policy-breach", ROLLING "rollbackFailedInstancesOnPolicyBreach" },
    { "enable-auto-os-upgrade", "properties.upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade" },
    { "orchestration-mode", "properties.orchestrationMode" },
    { "force-deletion", "properties.scaleInPolicy.forceDeletion" },
    { "os-disk-size-gb", VMSS_PROFILE ".storageProfile.osDisk.diskSizeGB" },
};

static json_t *
option_value(const Args *args, const char *name)
{
    gboolean truth;
    guint number;
    switch (option_find(name)->type) {
    case OPTION_BOOL:
        return args_bool(args, name, &truth) ? json_boolean(truth) : NULL;
    case OPTION_NUMBER:
        return args_number(args, name, &number) ? json_integer(number) : NULL;
    case OPTION_TEXT:
    case OPTION_FLAG:
    case OPTION_LIST:
        break;
    }
    const char *text = args_text(args, name);
    return text ? json_string(text) : NULL;
}

static gboolean
members_put(const Args *args, json_t *body, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        const char *option = members[i].option;
        if (!args_flag(args, option))
            continue;
        json_t *value = option_value(args, option);
        if (!value)
            return arm_fail(error, ARM_INVALID_PARAMETER, option, "--%s is UTF-8 text.", option);
        body_put(body, members[i].path, value);
    }
    return TRUE;
}

static gboolean
image_put(const Args *args, json_t *body, GError **error)
{
    static const char *const names[] = { "publisher", "offer", "sku", "version" };
    const char *urn = args_text(args, "image");
    if (!urn)
        return TRUE;
    g_auto(GStrv) parts = g_strsplit(urn, ":", -1);
    if (g_strv_length(parts) != 4 || !g_utf8_validate(urn, -1, NULL))
        return arm_fail(error, ARM_INVALID_PARAMETER, "image",
                        "--image is PUBLISHER:OFFER:SKU:VERSION (VERSION may be latest), not '%s'; "
                        "'testudo image list' shows what there is.",
                        urn);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat(VMSS_PROFILE ".storageProfile.imageReference.", names[i], NULL);
        body_put(body, path, json_string(parts[i]));
    }
    return TRUE;
}

char *
text_or_file(const char *text, const char *option, GError **error)
{
    g_autofree char *content = NULL;
    g_autoptr(GError) problem = NULL;
    gsize length;
    const char *path = text[0] == '@' ? text + 1 : text;
    if (path == text && !g_file_test(text, G_FILE_TEST_IS_REGULAR))
        return g_strdup(text);
    if (!g_file_get_contents(path, &content, &length, &problem)) {
        arm_fail(error, ARM_INVALID_PARAMETER, option, "--%s: %s", option, problem->message);
        return NULL;
    }
    if (length <= FILE_MAX && strlen(content) == length && g_utf8_validate(content, -1, NULL))
        return g_steal_pointer(&content);
    arm_fail(error, ARM_INVALID_PARAMETER, option, "--%s: '%s' is not UTF-8 text of at most %d bytes.", option, path, FILE_MAX);
    return NULL;
}

/* As `az` chooses it: who asks, or azureuser where that is root. */
static const char *
user_name(const Args *args)
{
    const char *given = args_text(args, "admin-username"), *own = g_get_user_name();
    return given ? given : strcmp(own, "root") == 0 ? "azureuser" : own;
}

static void
key_add(json_t *keys, const char *user, const char *key)
{
    g_autofree char *path = g_strdup_printf("/home/%s/.ssh/authorized_keys", user);
    json_array_append_new(keys, json_pack("{ss ss}", "path", path, "keyData", key));
}

static gboolean
login_put(const Args *args, json_t *body, GError **error)
{
    g_autoptr(json_t) keys = json_array();
    const char *user = user_name(args);
    for (const char *const *word = args_list(args, "ssh-key-values"); word && *word; word++) {
        g_autofree char *key = text_or_file(*word, "ssh-key-values", error);
        if (!key)
            return FALSE;
        key_add(keys, user, g_strstrip(key));
    }
    if (args_flag(args, "generate-ssh-keys") && json_array_size(keys) == 0) {
        g_autofree char *key = ssh_key_own(error);
        if (!key)
            return FALSE;
        key_add(keys, user, key);
    }
    if (json_array_size(keys) > 0)
        body_put(body, VMSS_PROFILE ".osProfile.linuxConfiguration.ssh.publicKeys", json_incref(keys));
    if (json_array_size(keys) > 0 || args_text(args, "admin-password"))
        body_put(body, VMSS_PROFILE ".osProfile.adminUsername", json_string(user));
    return TRUE;
}

static gboolean
custom_data_put(const Args *args, json_t *body, GError **error)
{
    const char *given = args_text(args, "custom-data");
    g_autofree char *text = given ? text_or_file(given, "custom-data", error) : NULL;
    if (!text)
        return given == NULL;
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    body_put(body, VMSS_PROFILE ".osProfile.customData", json_string(encoded));
    return TRUE;
}

static gboolean
data_disks_put(const Args *args, json_t *body, GError **error)
{
    g_autoptr(json_t) disks = json_array();
    int lun = 0;
    for (const char *const *word = args_list(args, "data-disk-sizes-gb"); word && *word; word++) {
        guint64 size;
        if (!g_ascii_string_to_unsigned(*word, 10, 1, 32767, &size, NULL))
            return arm_fail(error, ARM_INVALID_PARAMETER, "data-disk-sizes-gb",
                            "--data-disk-sizes-gb is sizes from 1 to 32767, separated by blanks, not '%s'.", *word);
        json_array_append_new(disks, json_pack("{si ss si}", "lun", lun++, "createOption", "Empty", "diskSizeGB", (int)size));
    }
    if (lun > 0)
        body_put(body, VMSS_PROFILE ".storageProfile.dataDisks", json_incref(disks));
    return TRUE;
}

static gboolean
scale_in_put(const Args *args, json_t *body, GError **error)
{
    g_autoptr(json_t) rules = json_array();
    const char *const *word = args_list(args, "scale-in-policy");
    if (!word)
        return TRUE;
    for (; *word; word++) {
        json_t *rule = json_string(*word);
        if (!rule)
            return arm_fail(error, ARM_INVALID_PARAMETER, "scale-in-policy", "--scale-in-policy is UTF-8 text.");
        json_array_append_new(rules, rule);
    }
    body_put(body, "properties.scaleInPolicy.rules", json_incref(rules));
    return TRUE;
}

/* Who says how long says that. */
static void
notice_put(const Args *args, json_t *body)
{
    guint minutes;
    gboolean enable = TRUE, timed = args_number(args, "terminate-notification-time", &minutes);
    if (!args_bool(args, "enable-terminate-notification", &enable) && !timed)
        return;
    body_put(body, VMSS_NOTICE ".enable", json_boolean(enable));
    if (timed)
        body_put(body, VMSS_NOTICE ".notBeforeTimeout", json_sprintf("PT%uM", minutes));
}

/* The same of repairs, as in az. */
static void
repairs_put(const Args *args, json_t *body)
{
    guint minutes;
    gboolean enable = TRUE, graced = args_number(args, "automatic-repairs-grace-period", &minutes);
    const char *action = args_text(args, "automatic-repairs-action");
    if (!args_bool(args, "enable-automatic-repairs", &enable) && !graced && !action)
        return;
    body_put(body, VMSS_REPAIRS ".enabled", json_boolean(enable));
    if (graced)
        body_put(body, VMSS_REPAIRS ".gracePeriod", json_sprintf("PT%uM", minutes));
    if (action)
        body_put(body, VMSS_REPAIRS ".repairAction", json_string(action));
}

static gboolean
sets_apply(const Args *args, json_t *body, const json_t *model, GError **error)
{
    for (const char *const *word = args_list(args, "set"); word && *word; word++) {
        if (!set_path_apply(body, model, *word, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
tags_put(const Cli *cli, json_t *body, GError **error)
{
    if (!args_list(cli->args, "tags"))
        return TRUE;
    json_t *tags = cli_tags(cli, error);
    if (tags)
        json_object_set_new(body, "tags", tags);
    return tags != NULL;
}

/* What both commands read alike. */
static gboolean
options_put(const Cli *cli, json_t *body, const json_t *model, GError **error)
{
    notice_put(cli->args, body);
    repairs_put(cli->args, body);
    return members_put(cli->args, body, error) && image_put(cli->args, body, error) && login_put(cli->args, body, error) &&
           custom_data_put(cli->args, body, error) && data_disks_put(cli->args, body, error) &&
           scale_in_put(cli->args, body, error) && tags_put(cli, body, error) && sets_apply(cli->args, body, model, error);
}

json_t *
vmss_update_body(Cli *cli, const json_t *model, GError **error)
{
    g_autoptr(json_t) body = json_object();
    return options_put(cli, body, model, error) ? g_steal_pointer(&body) : NULL;
}

json_t *
vmss_create_body(Cli *cli, const json_t *model, GError **error)
{
    g_autoptr(json_t) body = json_object();
    if (!model) {
        body_put(body, "location", json_string(client_location(cli->client)));
        body_put(body, "sku.name", json_string(SIZE_DEFAULT));
        body_put(body, "sku.capacity", json_integer(COUNT_DEFAULT));
    }
    return options_put(cli, body, model, error) ? g_steal_pointer(&body) : NULL;
}
