/* From options to the body that is sent. */
#include "cli/vmss.h"

#include <glib/gstdio.h>
#include <string.h>

#define PROFILE(rest)   "{'properties':{'virtualMachineProfile':" rest "}}"
#define NOTICE(members) "{'scheduledEventsProfile':{'terminateNotificationProfile':{" members "}}}"
#define IMAGE(sku, version)                                                                                                    \
    PROFILE("{'storageProfile':{'imageReference':{'publisher':'P','offer':'O','sku':'" sku "','version':'" version "'}}}")

static json_t *
body_of(const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("vmss update -g G -n s ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    int n = 0;
    const Command *command = command_find((const char *const *)words, &n);
    g_autoptr(Args) args = args_parse(command, (const char *const *)words + n, error);
    Cli cli = { .command = command, .args = args };
    return args ? vmss_update_body(&cli, NULL, error) : NULL;
}

static void
options_become_members(void)
{
    static const struct {
        const char *line, *body;
    } cases[] = {
        { "--vm-sku Standard_B1ms", "{'sku':{'name':'Standard_B1ms'}}" },
        { "--security-type TrustedLaunch --enable-secure-boot true --enable-vtpm",
          PROFILE("{'securityProfile':{'securityType':'TrustedLaunch','uefiSettings':"
                  "{'secureBootEnabled':true,'vTpmEnabled':true}}}") },
        { "--security-type Standard", PROFILE("{'securityProfile':{'securityType':'Standard'}}") },
        { "--enable-secure-boot false", PROFILE("{'securityProfile':{'uefiSettings':{'secureBootEnabled':false}}}") },
        { "--image P:O:gen2:latest", IMAGE("gen2", "latest") },
        { "--tags a=b c d=e=f", "{'tags':{'a':'b','c':'','d':'e=f'}}" },
        { "--enable-auto-os-upgrade true",
          "{'properties':{'upgradePolicy':{'automaticOSUpgradePolicy':{'enableAutomaticOSUpgrade':true}}}}" },
        { "--upgrade-policy-mode Manual", "{'properties':{'upgradePolicy':{'mode':'Manual'}}}" },
        { "--mode Rolling --max-batch-instance-percent 50 --max-unhealthy-instance-percent 34 "
          "--max-unhealthy-upgraded-instance-percent 0 --pause-time-between-batches PT5M",
          "{'properties':{'upgradePolicy':{'mode':'Rolling','rollingUpgradePolicy':{'maxBatchInstancePercent':50,"
          "'maxUnhealthyInstancePercent':34,'maxUnhealthyUpgradedInstancePercent':0,'pauseTimeBetweenBatches':'PT5M'}}}}" },
        { "--prioritize-unhealthy-instances true --max-surge --rollback-failed-instances false",
          "{'properties':{'upgradePolicy':{'rollingUpgradePolicy':{'prioritizeUnhealthyInstances':true,'maxSurge':true,"
          "'rollbackFailedInstancesOnPolicyBreach':false}}}}" },
        { "--scale-in-policy OldestVM --force-deletion",
          "{'properties':{'scaleInPolicy':{'rules':['OldestVM'],'forceDeletion':true}}}" },
        { "--terminate-notification-time 10", PROFILE(NOTICE("'enable':true,'notBeforeTimeout':'PT10M'")) },
        { "--enable-terminate-notification false", PROFILE(NOTICE("'enable':false")) },
        { "--enable-terminate-notification false --terminate-notification-time 5",
          PROFILE(NOTICE("'enable':false,'notBeforeTimeout':'PT5M'")) },
        { "--custom-data hi", PROFILE("{'osProfile':{'customData':'aGk='}}") },
        { "--vm-sku a --set sku.capacity=3", "{'sku':{'name':'a','capacity':3}}" },
        { "", "{}" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *line = g_strstrip(g_strdup(cases[i].line));
        g_autofree char *quoted = g_strdelimit(g_strdup(cases[i].body), "'", '"');
        g_autoptr(json_t) expected = json_loads(quoted, 0, NULL);
        g_autoptr(json_t) body = *line ? body_of(line, &error) : json_object();
        g_assert_no_error(error);
        g_assert_nonnull(expected);
        if (!json_equal(body, expected)) {
            g_autofree char *text = json_text(body);
            g_error("'%s' sends %s", line, text);
        }
    }
}

static void
custom_data_is_a_file_where_there_is_one(void)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "testudo-body-XXXXXX", NULL);
    g_close(g_mkstemp(path), NULL);
    g_assert_true(g_file_set_contents(path, "#cloud-config\n", -1, NULL));
    g_autofree char *line = g_strconcat("--custom-data ", path, NULL);
    g_autoptr(json_t) body = body_of(line, NULL);
    g_unlink(path);
    g_assert_cmpstr(json_string_value(json_path(body, VMSS_PROFILE ".osProfile.customData")), ==, "I2Nsb3VkLWNvbmZpZwo=");
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) none = body_of("--custom-data @/no/such/file", &error);
    g_assert_null(none);
    g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
}

static void
wrong_image_names_are_refused(void)
{
    static const char *const names[] = { "gen2", "a:b:c", "a:b:c:d:e" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *line = g_strconcat("--image ", names[i], NULL);
        g_autoptr(json_t) body = body_of(line, &error);
        g_assert_null(body);
        g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
        g_assert_nonnull(strstr(error->message, "PUBLISHER:OFFER:SKU:VERSION"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/body/options_become_members", options_become_members);
    g_test_add_func("/body/custom_data_is_a_file_where_there_is_one", custom_data_is_a_file_where_there_is_one);
    g_test_add_func("/body/wrong_image_names_are_refused", wrong_image_names_are_refused);
    return g_test_run();
}
