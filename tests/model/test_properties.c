/* The table of members: complete against the SDK, and every refusal says what was wrong and what would be accepted. */
#include "bodies.h"

#include "base/error.h"
#include "model/properties.h"

#include <string.h>

#define PROFILE             "properties.virtualMachineProfile"
#define IN_PROFILE(members) "{'properties': {'virtualMachineProfile': {" members "}}}"
#define UPGRADE(members)    "{'properties': {'upgradePolicy': {" members "}}}"
#define STORAGE(members)    IN_PROFILE("'storageProfile': {" members "}")
#define USER(members)       IN_PROFILE("'osProfile': {" members "}")
#define EXTENSIONS          PROFILE ".extensionProfile.extensions"
#define HEALTH_PROPERTIES   EXTENSIONS "[0].properties"
#define HEALTH_AS(version, settings, more)                                                                                     \
    IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'h', 'properties': {'publisher': 'Microsoft.ManagedServices', "   \
               "'type': 'ApplicationHealthLinux', 'typeHandlerVersion': '" version "', 'settings': " settings "}}" more "]}")
#define HEALTH(settings) HEALTH_AS("2.0", settings, "")

/* clang-format off */
static const struct {
    const char *body;
    ArmCode code;
    const char *target, *words;
} refusals[] = {
    /* members that are not there */
    { "{'nonsense': 1}", ARM_INVALID_REQUEST_CONTENT, "nonsense", "Could not find member 'nonsense'" },
    { "{'properties': {'upgradePolicy': {'mod': 'Manual'}}}", ARM_INVALID_REQUEST_CONTENT, "properties.upgradePolicy.mod",
      "on object 'properties.upgradePolicy'; accepted: |mode|rollingUpgradePolicy" },
    { "{'properties': {'virtualMachineProfile': {'securityProfile': {'secureboot': true}}}}", ARM_INVALID_REQUEST_CONTENT, PROFILE ".securityProfile.secureboot", "'secureboot'|" PROFILE ".securityProfile" },
    { "{'properties': {'passwordHash': 'x'}}", ARM_INVALID_REQUEST_CONTENT, "properties.passwordHash", "Could not find" },
    { STORAGE("'dataDisks': [{'lun': 0, 'diskSizeGB': 1}, {'lun': 1, 'diskSizeGB': 1, 'colour': 'red'}]"), ARM_INVALID_REQUEST_CONTENT, PROFILE ".storageProfile.dataDisks[1].colour", "'colour'" },
    { "{'Sku': {'name': 'a'}, 'sku': {'name': 'b'}}", ARM_INVALID_REQUEST_CONTENT, "sku", "twice" },
    /* wrong types and values */
    { "{'location': 7}", ARM_INVALID_PARAMETER, "location", "7|a text" },
    { "{'sku': []}", ARM_INVALID_PARAMETER, "sku", "[]|an object" },
    { "{'sku': {'capacity': -1}}", ARM_INVALID_PARAMETER, "sku.capacity", "-1|0 to 1000" },
    { "{'sku': {'capacity': 1001}}", ARM_INVALID_PARAMETER, "sku.capacity", "1001|0 to 1000" },
    { "{'sku': {'capacity': 2.5}}", ARM_INVALID_PARAMETER, "sku.capacity", "2.5|whole number" },
    { "{'sku': {'capacity': '3 '}}", ARM_INVALID_PARAMETER, "sku.capacity", "whole number" },
    { "{'sku': {'capacity': 1e20}}", ARM_INVALID_PARAMETER, "sku.capacity", "whole number" },
    { "{'sku': {'tier': 'Gold'}}", ARM_INVALID_PARAMETER, "sku.tier", "Gold|Standard, Basic" },
    { "{'properties': {'overprovision': 'yes'}}", ARM_INVALID_PARAMETER, "properties.overprovision", "yes|true, false" },
    { "{'properties': {'overprovision': 1}}", ARM_INVALID_PARAMETER, "properties.overprovision", "true, false" },
    { UPGRADE("'rollingUpgradePolicy': {'pauseTimeBetweenBatches': '10m'}"), ARM_INVALID_PARAMETER, "properties.upgradePolicy.rollingUpgradePolicy.pauseTimeBetweenBatches", "10m|PT10M" },
    { UPGRADE("'rollingUpgradePolicy': {'maxBatchInstancePercent': 4}"), ARM_INVALID_PARAMETER, "properties.upgradePolicy.rollingUpgradePolicy.maxBatchInstancePercent", "5 to 100" },
    { "{'tags': {'a': 1}}", ARM_INVALID_PARAMETER, "tags", "'a'|256" },
    { "{'tags': 'a=b'}", ARM_INVALID_PARAMETER, "tags", "at most 50 texts" },
    { "{'properties': {'scaleInPolicy': {'rules': ['Oldest']}}}", ARM_INVALID_PARAMETER, "properties.scaleInPolicy.rules", "Oldest|array of: Default, NewestVM, OldestVM" },
    { "{'properties': {'scaleInPolicy': {'rules': ['Default', 'OldestVM']}}}", ARM_INVALID_PARAMETER, "properties.scaleInPolicy.rules", "2 rules|one of: Default" },
    { "{'properties': {'scaleInPolicy': {'rules': 'OldestVM'}}}", ARM_INVALID_PARAMETER, "properties.scaleInPolicy.rules", "an array of: Default" },
    { "{'properties': {'scaleInPolicy': {'forceDeletion': 'often'}}}", ARM_INVALID_PARAMETER, "properties.scaleInPolicy.forceDeletion", "true, false" },
    { "{'properties': {'scaleInPolicy': {'rules': [1]}}}", ARM_INVALID_PARAMETER, "properties.scaleInPolicy.rules", "array of: Default" },
    { IN_PROFILE("'scheduledEventsProfile': {'terminateNotificationProfile': {'enable': 'soon'}}"), ARM_INVALID_PARAMETER, PROFILE ".scheduledEventsProfile.terminateNotificationProfile.enable", "true, false" },
    { "{'properties': {'automaticRepairsPolicy': {'gracePeriod': 'PT9M59S'}}}", ARM_INVALID_PARAMETER, "properties.automaticRepairsPolicy.gracePeriod", "PT10M to PT90M" },
    { "{'properties': {'automaticRepairsPolicy': {'gracePeriod': 'PT90M1S'}}}", ARM_INVALID_PARAMETER, "properties.automaticRepairsPolicy.gracePeriod", "PT10M to PT90M" },
    { "{'properties': {'automaticRepairsPolicy': {'repairAction': 'Mend'}}}", ARM_INVALID_PARAMETER, "properties.automaticRepairsPolicy.repairAction", "Replace" },
    { IN_PROFILE("'scheduledEventsProfile': {'terminateNotificationProfile': {'notBeforeTimeout': 'PT4M59S'}}"), ARM_INVALID_PARAMETER, PROFILE ".scheduledEventsProfile.terminateNotificationProfile.notBeforeTimeout", "PT5M to PT15M" },
    { IN_PROFILE("'scheduledEventsProfile': {'terminateNotificationProfile': {'notBeforeTimeout': 'PT15M1S'}}"), ARM_INVALID_PARAMETER, PROFILE ".scheduledEventsProfile.terminateNotificationProfile.notBeforeTimeout", "PT5M to PT15M" },
    { IN_PROFILE("'scheduledEventsProfile': {'osImageNotificationProfile': {'enable': true}}"), ARM_BAD_REQUEST, PROFILE ".scheduledEventsProfile.osImageNotificationProfile", "not told" },
    /* what is real but not here */
    { UPGRADE("'mode': 'Sometimes'"), ARM_INVALID_PARAMETER, "properties.upgradePolicy.mode", "Sometimes|Manual" },
    { UPGRADE("'automaticOSUpgradePolicy': {'osRollingUpgradeDeferral': true}"), ARM_BAD_REQUEST, "properties.upgradePolicy.automaticOSUpgradePolicy.osRollingUpgradeDeferral", "not deferred" },
    { UPGRADE("'automaticOSUpgradePolicy': {'enableAutomaticOSUpgrade': 'now'}"), ARM_INVALID_PARAMETER, "properties.upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade", "true, false" },
    { "{'properties': {'orchestrationMode': 'Mixed'}}", ARM_INVALID_PARAMETER, "properties.orchestrationMode", "Mixed|Uniform, Flexible" },
    { "{'zones': ['1']}", ARM_BAD_REQUEST, "zones", "availability zones" },
    { "{'properties': {'additionalCapabilities': {'hibernationEnabled': true}}}", ARM_BAD_REQUEST, "properties.additionalCapabilities.hibernationEnabled", "hibernation|false" },
    { IN_PROFILE("'priority': 'Spot'"), ARM_INVALID_PARAMETER, PROFILE ".priority", "Spot|Regular" },
    { IN_PROFILE("'securityProfile': {'securityType': 'confidentialvm'}"), ARM_BAD_REQUEST, PROFILE ".securityProfile.securityType", "ConfidentialVM|no hardware|'TrustedLaunch'" },
    { IN_PROFILE("'securityProfile': {'securityType': 'Trusted'}"), ARM_INVALID_PARAMETER, PROFILE ".securityProfile.securityType", "Standard, TrustedLaunch" },
    { IN_PROFILE("'securityProfile': {'encryptionAtHost': true}"), ARM_BAD_REQUEST, PROFILE ".securityProfile.encryptionAtHost", "not supported" },
    { IN_PROFILE("'networkProfile': {'healthProbe': {'id': '/x'}}"), ARM_BAD_REQUEST, PROFILE ".networkProfile.healthProbe", "no effect" },
    { IN_PROFILE("'diagnosticsProfile': {'bootDiagnostics': {'enabled': false}}"), ARM_BAD_REQUEST, PROFILE ".diagnosticsProfile.bootDiagnostics.enabled", "always on" },
    { IN_PROFILE("'storageProfile': {'diskControllerType': 'NVMe'}"), ARM_INVALID_PARAMETER, PROFILE ".storageProfile.diskControllerType", "SCSI" },
    { STORAGE("'imageReference': {'id': '/subscriptions/s/resourceGroups/g/providers/microsoft.compute/images/i'}"), ARM_BAD_REQUEST, PROFILE ".storageProfile.imageReference.id", "managed image|publisher, offer, sku" },
    { STORAGE("'imageReference': {'id': '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i'}"), ARM_BAD_REQUEST, PROFILE ".storageProfile.imageReference.id", "not built yet|publisher, offer, sku" },
    { STORAGE("'osDisk': {'diffDiskSettings': {'option': 'Local'}}"), ARM_BAD_REQUEST, PROFILE ".storageProfile.osDisk.diffDiskSettings", "ephemeral" },
    { STORAGE("'osDisk': {'createOption': 'Attach'}"), ARM_INVALID_PARAMETER, PROFILE ".storageProfile.osDisk.createOption", "FromImage" },
    /* disks */
    { STORAGE("'dataDisks': [{'lun': 64, 'diskSizeGB': 1}]"), ARM_INVALID_PARAMETER, PROFILE ".storageProfile.dataDisks[0].lun", "64|0 to 63" },
    { STORAGE("'dataDisks': [{'lun': 0}]"), ARM_INVALID_PARAMETER, PROFILE ".storageProfile.dataDisks[0]", "diskSizeGB" },
    { STORAGE("'dataDisks': [{'lun': 0, 'diskSizeGB': 1}, {'lun': 0, 'diskSizeGB': 2}]"), ARM_INVALID_PARAMETER, PROFILE ".storageProfile.dataDisks[1]", "lun 0" },
    { STORAGE("'dataDisks': [7]"), ARM_INVALID_PARAMETER, PROFILE ".storageProfile.dataDisks[0]", "an object" },
    { STORAGE("'dataDisks': {}"), ARM_INVALID_PARAMETER, PROFILE ".storageProfile.dataDisks", "array of objects" },
    { STORAGE("'dataDisks': [{'lun': 0, 'diskSizeGB': 1, 'diskIOPSReadWrite': 500}]"), ARM_BAD_REQUEST, PROFILE ".storageProfile.dataDisks[0].diskIOPSReadWrite", "host" },
    /* users */
    { USER("'adminUsername': 'root'"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.adminUsername", "root" },
    { USER("'adminUsername': 'Me Myself'"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.adminUsername", "lower-case" },
    { USER("'computerNamePrefix': 'web_1'"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.computerNamePrefix", "web_1|1 to 58" },
    { USER("'customData': 'not base64!'"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.customData", "base64" },
    { USER("'customData': 'YQBi'"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.customData", "not text" },
    { USER("'customData': 'w6nD'"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.customData", "not text" },
    { USER("'linuxConfiguration': {'ssh': {'publicKeys': [{'keyData': 'hello'}]}}"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.linuxConfiguration.ssh.publicKeys[0].keyData", "ssh-ed25519" },
    { USER("'linuxConfiguration': {'ssh': {'publicKeys': [{'path': '/root/.ssh/authorized_keys'}]}}"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.linuxConfiguration.ssh.publicKeys[0].path", "/root/|/home/USER" },
    { USER("'linuxConfiguration': {'patchSettings': {'patchMode': 'AutomaticByPlatform'}}"), ARM_INVALID_PARAMETER, PROFILE ".osProfile.linuxConfiguration.patchSettings.patchMode", "ImageDefault" },
    { USER("'windowsConfiguration': {'timeZone': 'UTC'}"), ARM_BAD_REQUEST, PROFILE ".osProfile.windowsConfiguration", "Windows" },
    /* extensions */
    { IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'x', 'properties': {'publisher': 'P', 'type': 'CustomScript'}}]}"), ARM_INVALID_PARAMETER, PROFILE ".extensionProfile.extensions[0]", "CustomScript|'P'|ApplicationHealthLinux|ServiceFabric" },
    { IN_PROFILE("'extensionProfile': {'extensions': [{'properties': {'publisher': 'P'}}]}"), ARM_INVALID_PARAMETER, PROFILE ".extensionProfile.extensions[0]", "name|publisher|type" },
    { IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'x', 'properties': {'publisher': 'Microsoft.ManagedServices', 'type': 'ApplicationHealthWindows'}}]}"), ARM_INVALID_PARAMETER, EXTENSIONS "[0]", "ApplicationHealthWindows|no Windows guests|ApplicationHealthLinux" },
    { HEALTH_AS("2.0", "{'protocol': 'tcp', 'port': 1}", ", {'name': 'H', 'properties': {'publisher': 'Microsoft.Azure.ServiceFabric', 'type': 't'}}"), ARM_INVALID_PARAMETER, EXTENSIONS "[1]", "another|'H'" },
    { HEALTH_AS("2.0", "{'protocol': 'tcp', 'port': 1}", ", {'name': 'i', 'properties': {'publisher': 'Microsoft.ManagedServices', 'type': 'ApplicationHealthLinux', 'typeHandlerVersion': '1.0', 'settings': {'protocol': 'tcp', 'port': 2}}}"), ARM_INVALID_PARAMETER, EXTENSIONS "[1]", "extensions[0]|has one" },
    { IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'a/b', 'properties': {'publisher': 'Microsoft.Azure.ServiceFabric', 'type': 't'}}]}"), ARM_INVALID_PARAMETER, EXTENSIONS "[0].name", "a/b|1 to 80" },
    /* health */
    { HEALTH("{}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.protocol", "required|tcp, http or https" },
    { HEALTH("null"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.protocol", "required" },
    { HEALTH("'tcp'"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings", "an object" },
    { HEALTH("{'protocol': 'udp'}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.protocol", "udp|tcp, http, https" },
    { HEALTH("{'protocol': 'tcp'}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.port", "required with tcp" },
    { HEALTH("{'protocol': 'tcp', 'port': 0}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.port", "0|1 to 65535" },
    { HEALTH("{'protocol': 'tcp', 'port': 65536}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.port", "65536|1 to 65535" },
    { HEALTH("{'protocol': 'tcp', 'port': 1, 'requestPath': '/x'}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.requestPath", "no path|http" },
    { HEALTH("{'protocol': 'http', 'port': 1}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.requestPath", "required with http" },
    { HEALTH("{'protocol': 'http', 'requestPath': ''}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.requestPath", "visible ASCII" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/a b'}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.requestPath", "visible ASCII" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/a\\r\\nHost: x'}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.requestPath", "visible ASCII" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/x', 'intervalInSeconds': 4}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.intervalInSeconds", "4|5 to 60" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/x', 'intervalInSeconds': 61}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.intervalInSeconds", "61|5 to 60" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/x', 'numberOfProbes': 0}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.numberOfProbes", "0|1 to 24" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/x', 'numberOfProbes': 25}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.numberOfProbes", "25|1 to 24" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/x', 'gracePeriod': 14401}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.gracePeriod", "14401|0 to 14400" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/x', 'vmWatchSettings': {'enabled': true}}"), ARM_BAD_REQUEST, HEALTH_PROPERTIES ".settings.vmWatchSettings", "VM watch" },
    { HEALTH("{'protocol': 'http', 'requestPath': '/x', 'colour': 'red'}"), ARM_INVALID_REQUEST_CONTENT, HEALTH_PROPERTIES ".settings.colour", "'colour'|" HEALTH_PROPERTIES ".settings" },
    { HEALTH_AS("1.0", "{'protocol': 'tcp', 'port': 1, 'gracePeriod': 60}", ""), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".settings.gracePeriod", "1.0|2.0" },
    { HEALTH_AS("1.1", "{'protocol': 'tcp', 'port': 1}", ""), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".typeHandlerVersion", "1.1|1.0|2.0" },
    { IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'h', 'properties': {'publisher': 'Microsoft.ManagedServices', 'type': 'ApplicationHealthLinux', 'settings': {'protocol': 'tcp', 'port': 1}}}]}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".typeHandlerVersion", "needs its version|2.0" },
    { IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'h', 'properties': {'publisher': 'Microsoft.ManagedServices', 'type': 'ApplicationHealthLinux', 'typeHandlerVersion': '2.0', 'settings': {'protocol': 'tcp', 'port': 1}, 'protectedSettings': {'k': 1}}}]}"), ARM_INVALID_PARAMETER, HEALTH_PROPERTIES ".protectedSettings", "has none" },
    /* what is fixed for good */
    { "{'properties': {'orchestrationMode': 'flexible'}}", ARM_PROPERTY_CHANGE_NOT_ALLOWED, "properties.orchestrationMode", "'properties.orchestrationMode'|'Uniform' for good" },
    { "{'location': 'elsewhere'}", ARM_PROPERTY_CHANGE_NOT_ALLOWED, "location", "'local'" },
};
/* clang-format on */

static void
test_refusals(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) stored = small_set_with(NULL);
        g_test_message("%s", refusals[i].body);
        g_assert_null(send_body(stored, refusals[i].body, &error));
        assert_error_says(error, (int)refusals[i].code, refusals[i].target, refusals[i].words);
    }
}

static void
test_passwords(void)
{
    static const char *const refused[] = { "short", "elevenchars",
                                           "1234567890123456789012345678901234567890123456789012345678901234567890123" };
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *body = g_strdup_printf(USER("'adminPassword': '%s'"), refused[i]);
        g_autoptr(json_t) stored = small_set_with(NULL);
        g_assert_null(send_body(stored, body, &error));
        assert_error_says(error, ARM_INVALID_PARAMETER, PROFILE ".osProfile.adminPassword", "12 to 72");
        g_assert_null(strstr(error->message, refused[i]));
    }
}

static void
test_a_password_of_a_wrong_type_is_not_shown(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) stored = small_set_with(NULL);
    g_assert_null(send_body(stored, USER("'adminPassword': ['hunter2hunter2']"), &error));
    g_assert_null(strstr(error->message, "hunter2"));
}

static void
test_create_needs(void)
{
    static const char *const needed[] = { "location", "sku.name", PROFILE ".storageProfile.imageReference.publisher",
                                          PROFILE ".storageProfile.imageReference.offer",
                                          PROFILE ".storageProfile.imageReference.sku" };
    g_autoptr(GError) error = NULL;
    g_assert_null(send_body(NULL, "{}", &error));
    const GPtrArray *details = arm_error_details(error);
    g_assert_cmpuint(details->len, ==, G_N_ELEMENTS(needed));
    for (guint i = 0; i < details->len; i++)
        assert_error_says(g_ptr_array_index(details, i), ARM_INVALID_PARAMETER, needed[i], "required");
}

static void
test_all_violations_in_one_answer(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) stored = small_set_with(NULL);
    g_assert_null(send_body(
        stored, "{'zones': ['1'], 'sku': {'capacity': -1}, 'what': 1, 'properties': {'overprovision': 'maybe'}}", &error));
    g_assert_cmpuint(arm_error_details(error)->len, ==, 4);
    assert_error_says(error, ARM_BAD_REQUEST, "zones", "zones");
}

static void
test_a_flood_of_violations_is_capped(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) body = json_object();
    for (int i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("unknown%d", i);
        json_object_set_new(body, name, json_true());
    }
    g_autoptr(json_t) stored = small_set_with(NULL);
    const DocumentContext context = { "$1$x$" };
    g_assert_null(document_merge(stored, body, &context, &error));
    g_assert_cmpuint(arm_error_details(error)->len, <=, 20);
}

static void
test_a_cut_name_stays_valid_text(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) body = g_string_new("{'");
    for (int i = 0; i < 99; i++)
        g_string_append_c(body, 'a');
    g_string_append(body, "\u00e9\u00e9': 1}"); /* the limit of 100 bytes is in the middle of the first é */
    g_autoptr(json_t) stored = small_set_with(NULL);
    g_assert_null(send_body(stored, body->str, &error));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void
test_body_is_an_object(void)
{
    static const char *const bodies[] = { "[]", "'text'", "7", "null" };
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) stored = small_set_with(NULL);
        g_assert_null(send_body(stored, bodies[i], &error));
        assert_error_says(error, ARM_INVALID_REQUEST_CONTENT, NULL, "JSON object");
    }
}

/* ---- the table itself ---- */

static gboolean
stands_in(const Property *table, const char *path)
{
    if (property_find(table, path))
        return TRUE;
    g_autofree char *parent = g_strdup(path);
    for (char *cut; (cut = strrchr(parent, '.')) != NULL;) {
        *cut = '\0';
        if (g_str_has_suffix(parent, "[]"))
            parent[strlen(parent) - 2] = '\0';
        const Property *row = property_find(table, parent);
        if (row)
            return row->type == PROPERTY_ANY;
    }
    return FALSE;
}

/* sdk-members.txt: every member that @azure/arm-compute 24.1.0 (api-version 2026-03-01) can send for a scale set. */
static void
test_every_member_of_the_sdk_stands_in_the_table(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "tests", "model", "sdk-members.txt", NULL);
    g_autofree char *text = NULL;
    GError *error = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint count = 0;
    for (char **line = lines; *line; line++) {
        if (!**line || g_str_has_suffix(*line, "[]"))
            continue;
        if (!stands_in(scale_set_properties, *line))
            g_error("'%s' is neither accepted nor refused", *line);
        count++;
    }
    g_assert_cmpuint(count, >, 300);
}

static void
test_rows_are_well_formed(void)
{
    const Property *const tables[] = { scale_set_properties, instance_properties };
    for (guint t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const Property *row = tables[t]; row->path; row++) {
            g_test_message("%s", row->path);
            g_assert_true(property_find(tables[t], row->path) == row);
            g_assert_cmpint(row->class == PROPERTY_REFUSED, ==, row->why != NULL);
            if (row->type == PROPERTY_WORD)
                g_assert_nonnull(row->accepted);
            if (row->type == PROPERTY_NUMBER)
                g_assert_true(g_regex_match_simple("^[0-9]+\\.\\.[0-9]+$", row->accepted, 0, 0));
            const char *dot = strrchr(row->path, '.');
            if (dot) {
                g_autofree char *parent = g_strndup(row->path, (gsize)(dot - row->path));
                if (g_str_has_suffix(parent, "[]"))
                    parent[strlen(parent) - 2] = '\0';
                const Property *above = property_find(tables[t], parent);
                g_assert_nonnull(above);
                g_assert_true(above->type == PROPERTY_OBJECT || above->type == PROPERTY_LIST);
            }
        }
    }
}

static void
test_table_as_text(void)
{
    g_autofree char *text = document_table_text();
    g_assert_nonnull(strstr(text, "sku.capacity\teffective\tnumber\t0..1000\n"));
    g_assert_nonnull(strstr(text, "zones\trefused\tany\t"));
    g_assert_nonnull(strstr(text, "id\tread-only\tany\t\n"));
}

/* ---- what clients send ---- */

/* clang-format off */
static const struct {
    const char *file;
    gboolean create;
    const char *refused;    /* target of the first violation; NULL: accepted */
} clients[] = {
    { "az-create.json", TRUE, NULL },
    { "az-create-flexible.json", TRUE, NULL },
    { "az-scale.json", FALSE, NULL },
    { "az-update-tags-hybrid-profile.json", FALSE, NULL },
    { "az-update-enable-secure-boot.json", FALSE, NULL },
    { "az-roll-back-standard.json", FALSE, NULL },
    { "az-extension-set-guest-attestation.json", FALSE, NULL },
    { "az-extension-set-health.json", FALSE, NULL },
    { "sdk-create.json", TRUE, NULL },
    { "sdk-update.json", FALSE, NULL },
};
/* clang-format on */

static void
test_bodies_of_real_clients(void)
{
    const DocumentContext context = { "$1$x$" };
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++) {
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "tests", "model", "bodies", clients[i].file, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        gsize length;
        g_test_message("%s", clients[i].file);
        g_assert_true(g_file_get_contents(path, &text, &length, &error));
        g_autoptr(json_t) body = json_parse(text, length, &error);
        g_assert_no_error(error);
        g_autoptr(json_t) stored = clients[i].create ? NULL : small_set_with(NULL);
        g_autoptr(json_t) document = document_merge(stored, body, &context, &error);
        if (clients[i].refused)
            g_assert_cmpstr(arm_error_target(error), ==, clients[i].refused);
        else
            g_assert_no_error(error);
        g_assert_true((document != NULL) == (clients[i].refused == NULL));
    }
}

/* What a client reads, it may send back: nothing changes, and nothing is refused. */
static void
test_what_is_read_may_be_sent_back(void)
{
    static const char *const changes[] = {
        NULL,
        "{'tags': {'a': 'b'}, 'identity': {'type': 'SystemAssigned'}}",
        IN_PROFILE("'securityProfile': {'securityType': 'TrustedLaunch'}"),
        IN_PROFILE("'securityProfile': {'securityType': 'Standard'}"),
        STORAGE("'osDisk': {'diskSizeGB': 8}, 'dataDisks': [{'lun': 3, 'diskSizeGB': 1}]"),
        USER("'adminUsername': 'lab', 'adminPassword': 'correct horse battery', 'customData': 'YQ=='"),
    };
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(json_t) document = small_set_with(changes[i]);
        g_autoptr(json_t) given = document_public(document, "Linux");
        g_autofree char *text = json_text(given);
        g_autofree char *body = g_strdelimit(g_strdup(text), "\"", '\'');
        g_autoptr(json_t) again = must_send(document, body);
        g_autoptr(Model) before = must_decode(document), after = must_decode(again);
        g_autofree char *key_before = model_effect_key(before), *key_after = model_effect_key(after);
        g_autoptr(json_t) given_again = document_public(again, "Linux");
        g_assert_cmpstr(key_before, ==, key_after);
        g_assert_true(json_equal(given, given_again));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/refusals/each", test_refusals);
    g_test_add_func("/refusals/passwords", test_passwords);
    g_test_add_func("/refusals/a-password-of-a-wrong-type-is-not-shown", test_a_password_of_a_wrong_type_is_not_shown);
    g_test_add_func("/refusals/create-needs", test_create_needs);
    g_test_add_func("/refusals/all-violations-in-one-answer", test_all_violations_in_one_answer);
    g_test_add_func("/refusals/a-flood-of-violations-is-capped", test_a_flood_of_violations_is_capped);
    g_test_add_func("/refusals/a-cut-name-stays-valid-text", test_a_cut_name_stays_valid_text);
    g_test_add_func("/refusals/body-is-an-object", test_body_is_an_object);
    g_test_add_func("/table/every-member-of-the-sdk-stands-in-it", test_every_member_of_the_sdk_stands_in_the_table);
    g_test_add_func("/table/rows-are-well-formed", test_rows_are_well_formed);
    g_test_add_func("/table/as-text", test_table_as_text);
    g_test_add_func("/clients/bodies-of-real-clients", test_bodies_of_real_clients);
    g_test_add_func("/clients/what-is-read-may-be-sent-back", test_what_is_read_may_be_sent_back);
    return g_test_run();
}
