/* A document decoded: defaults, order, and what no document of ours can lack. */
#include "bodies.h"

#include "base/error.h"

#include <string.h>

#define IN_PROFILE(members) "{'properties': {'virtualMachineProfile': {" members "}}}"

static void
test_small_set(void)
{
    g_autoptr(Model) model = model_with(NULL);
    g_assert_cmpstr(model->size_name, ==, "Standard_A1");
    g_assert_cmpuint(model->capacity, ==, 3);
    g_assert_cmpint(model->orchestration, ==, ORCHESTRATION_UNIFORM);
    g_assert_cmpint(model->upgrade_mode, ==, UPGRADE_MANUAL);
    g_assert_cmpint(model->security_type, ==, SECURITY_STANDARD);
    g_assert_true(!model->has_security_type && !model->has_uefi_settings && !model->secure_boot && !model->vtpm);
    g_assert_cmpstr(model->image.version, ==, "1.0.0");
    g_assert_cmpstr(model->image.exact_version, ==, "1.0.0");
    g_assert_cmpstr(model->computer_name_prefix, ==, "web");
    g_assert_true(!model->admin_username && !model->password_hash && !model->custom_data);
    g_assert_cmpuint(model->data_disks->len + model->ssh_keys->len + model->extensions->len + model->os_disk_gib, ==, 0);
}

static void
test_switches(void)
{
    /* clang-format off */
    static const struct {
        const char *security;
        SecurityType type;
        gboolean secure_boot, vtpm;
    } cases[] = {
        { "", SECURITY_STANDARD, FALSE, FALSE },
        { "'securityType': 'Standard'", SECURITY_STANDARD, FALSE, FALSE },
        { "'securityType': 'TrustedLaunch'", SECURITY_TRUSTED_LAUNCH, FALSE, TRUE },
        { "'securityType': 'TrustedLaunch', 'uefiSettings': {}", SECURITY_TRUSTED_LAUNCH, FALSE, TRUE },
        { "'securityType': 'TrustedLaunch', 'uefiSettings': {'secureBootEnabled': true}", SECURITY_TRUSTED_LAUNCH, TRUE, TRUE },
        { "'securityType': 'TrustedLaunch', 'uefiSettings': {'vTpmEnabled': false}", SECURITY_TRUSTED_LAUNCH, FALSE, FALSE },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *body = g_strdup_printf(IN_PROFILE("'securityProfile': {%s}"), cases[i].security);
        g_autoptr(Model) model = model_with(body);
        g_test_message("%s", cases[i].security);
        g_assert_cmpint(model->security_type, ==, cases[i].type);
        g_assert_cmpint(model->secure_boot, ==, cases[i].secure_boot);
        g_assert_cmpint(model->vtpm, ==, cases[i].vtpm);
    }
}

static void
test_os_upgrade(void)
{
    static const struct {
        const char *asked;
        gboolean enabled, rollback;
        guint batch;
    } cases[] = {
        { "{}", FALSE, TRUE, 20 },
        { "{'enableAutomaticOSUpgrade': true}", TRUE, TRUE, 20 },
        { "{'enableAutomaticOSUpgrade': true, 'disableAutomaticRollback': true}", TRUE, FALSE, 20 },
        { "{'useRollingUpgradePolicy': true}", FALSE, TRUE, 50 },
        { "{'useRollingUpgradePolicy': false}", FALSE, TRUE, 20 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *body = g_strdup_printf("{'properties': {'upgradePolicy': {'automaticOSUpgradePolicy': %s, "
                                                "'rollingUpgradePolicy': {'maxBatchInstancePercent': 50}}}}",
                                                cases[i].asked);
        g_autoptr(Model) model = model_with(body);
        const OsUpgradePolicy *policy = &model->policy.os_upgrade;
        g_assert_cmpint(policy->enabled, ==, cases[i].enabled);
        g_assert_cmpint(policy->rollback, ==, cases[i].rollback);
        g_assert_cmpuint(policy->rolling.max_batch_percent, ==, cases[i].batch);
    }
}

static void
test_disks_by_lun(void)
{
    g_autoptr(Model) model =
        model_with(IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': '30'}, 'dataDisks': [{'lun': 5, 'diskSizeGB': 2, "
                              "'deleteOption': 'delete'}, {'lun': '0', 'diskSizeGB': 1}]}"));
    const DataDisk *first = g_ptr_array_index(model->data_disks, 0), *second = g_ptr_array_index(model->data_disks, 1);
    g_assert_cmpuint(model->os_disk_gib, ==, 30);
    g_assert_true(first->lun == 0 && first->size_gib == 1 && !first->delete_with_vm);
    g_assert_true(second->lun == 5 && second->size_gib == 2 && second->delete_with_vm);
}

static void
test_user(void)
{
    g_autoptr(Model) model =
        model_with(IN_PROFILE("'osProfile': {'computerNamePrefix': 'Node', 'adminUsername': 'lab', 'adminPassword': 'correct "
                              "horse battery', 'customData': 'YQ==', "
                              "'linuxConfiguration': {'ssh': {'publicKeys': [{'path': '/home/lab/.ssh/authorized_keys', "
                              "'keyData': 'ssh-ed25519 AAAA me\\n'}, {}]}}}"));
    g_assert_cmpstr(model->computer_name_prefix, ==, "Node");
    g_assert_cmpstr(model->admin_username, ==, "lab");
    g_assert_cmpstr(model->custom_data, ==, "YQ==");
    g_assert_nonnull(model->password_hash);
    g_assert_cmpuint(model->ssh_keys->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(model->ssh_keys, 0), ==, "ssh-ed25519 AAAA me");
}

static void
test_no_password_where_passwords_are_off(void)
{
    g_autoptr(Model) model = model_with(IN_PROFILE("'osProfile': {'adminPassword': 'correct horse battery', "
                                                   "'linuxConfiguration': {'disablePasswordAuthentication': true}}"));
    g_assert_null(model->password_hash);
}

static void
test_host_name_from_set_name(void)
{
    /* clang-format off */
    static const struct {
        const char *set, *prefix;
    } cases[] = {
        { "web", "web" },
        { "My.Set_1", "my-set-1" },
        { "a123456789b123456789c123456789d123456789e123456789f123456789g123", "a123456789b123456789c123456789d123456789e123456789f1234567" },
    };
    /* clang-format on */
    g_autoptr(json_t) document = small_set_with(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Model) model = model_decode(document, cases[i].set, NULL);
        g_assert_cmpstr(model->computer_name_prefix, ==, cases[i].prefix);
    }
}

static void
test_exact_version(void)
{
    g_autoptr(json_t) document = small_set_with(IN_PROFILE("'storageProfile': {'imageReference': {'version': 'latest'}}"));
    g_autoptr(Model) asked = must_decode(document);
    document_set_exact_version(document, "1.1.0");
    g_autoptr(Model) resolved = must_decode(document);
    g_assert_cmpstr(asked->image.exact_version, ==, "latest");
    g_assert_cmpstr(resolved->image.version, ==, "latest");
    g_assert_cmpstr(resolved->image.exact_version, ==, "1.1.0");
    g_assert_false(image_ref_same(&asked->image, &resolved->image));
}

static void
test_what_restores_the_same(void)
{
    static const struct {
        const char *change;
        gboolean same;
    } cases[] = {
        { "{'tags': {'a': 'b'}, 'sku': {'capacity': 7}}", TRUE },
        { "{'properties': {'overprovision': true, 'upgradePolicy': {'mode': 'Rolling'}}}", TRUE },
        { "{'sku': {'name': 'Standard_B2ms'}}", FALSE },
        { IN_PROFILE("'storageProfile': {'imageReference': {'version': 'latest'}}"), FALSE },
        { IN_PROFILE("'securityProfile': {'securityType': 'TrustedLaunch'}"), FALSE },
        /* nothing of an instance is made from it, and it comes back all the same */
        { IN_PROFILE("'scheduledEventsProfile': {'terminateNotificationProfile': {'enable': true}}"), FALSE },
    };
    g_autoptr(json_t) before = small_set_with(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) after = small_set_with(cases[i].change);
        g_autoptr(json_t) back = document_roll_back(after, before), forth = document_roll_back(before, before);
        g_test_message("%s", cases[i].change);
        g_assert_false(json_equal(before, after));
        g_assert_cmpint(document_restores_same(before, after), ==, cases[i].same);
        g_assert_cmpint(json_equal(back, after), ==, cases[i].same);
        g_assert_true(json_equal(forth, before));
    }
}

static void
test_service_fabric_is_seen(void)
{
    g_autoptr(Model) without = model_with(NULL);
    g_autoptr(Model) with =
        model_with(IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'n', 'properties': {'publisher': "
                              "'MICROSOFT.Azure.ServiceFabric', 'type': 'ServiceFabricLinuxNode'}}]}"));
    g_assert_false(model_has_service_fabric(without));
    g_assert_true(model_has_service_fabric(with));
}

#define HEALTH(version, settings)                                                                                              \
    IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'h', 'properties': {'publisher': 'microsoft.managedservices', "   \
               "'type': 'applicationhealthlinux', 'typeHandlerVersion': '" version "', 'settings': {" settings "}}}]}")

static void
test_health(void)
{
    /* clang-format off */
    static const struct {
        const char *change, *expect;    /* protocol port path interval probes grace rich */
    } cases[] = {
        { HEALTH("1.0", "'protocol': 'tcp', 'port': 22"), "tcp 22 (null) 5 1 0 0" },
        { HEALTH("1.0", "'protocol': 'http', 'requestPath': '/health'"), "http 80 /health 5 1 0 0" },
        { HEALTH("2.0", "'Protocol': 'HTTPS', 'requestpath': 'health?a=b'"), "https 443 /health?a=b 5 1 5 1" },
        { HEALTH("2.0", "'protocol': 'http', 'port': 8080, 'requestPath': '/', 'intervalInSeconds': 60, 'numberOfProbes': 24"), "http 8080 / 60 24 1440 1" },
        { HEALTH("2.0", "'protocol': 'tcp', 'port': '1', 'gracePeriod': 14400"), "tcp 1 (null) 5 1 14400 1" },
        { HEALTH("2.0", "'protocol': 'tcp', 'port': 1, 'gracePeriod': 0, 'requestPath': null"), "tcp 1 (null) 5 1 0 1" },
    };
    /* clang-format on */
    g_autoptr(Model) without = model_with(NULL);
    g_assert_null(without->health);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Model) model = model_with(cases[i].change);
        const HealthExtension *health = model->health;
        g_assert_nonnull(health);
        g_autofree char *text = g_strdup_printf("%s %u %s %u %u %u %d", health_protocol_text(health->protocol), health->port,
                                                health->request_path ? health->request_path : "(null)", health->interval_s,
                                                health->probes, health->grace_s, health->rich);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

static void
test_a_broken_document_is_our_fault(void)
{
    static const char *const broken[] = {
        "{}",
        "[]",
        "{'sku': {'name': 'x'}}",
        "{'sku': {'name': 'x'}, 'properties': {'virtualMachineProfile': {'storageProfile': {'imageReference': {'publisher': "
        "'p', 'offer': 'o', "
        "'sku': 's'}}, 'extensionProfile': {'extensions': [{'name': 'n'}]}}}}",
        "{'sku': {'name': 'x'}, 'properties': {'virtualMachineProfile': {'storageProfile': {'imageReference': {'publisher': "
        "'p', 'offer': 'o', 'sku': 's'}}, 'extensionProfile': {'extensions': [{'name': 'n', 'properties': {'publisher': "
        "'Microsoft.ManagedServices', 'type': 'ApplicationHealthLinux'}}]}}}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) document = body_of(broken[i]);
        g_assert_null(model_decode(document, "web", &error));
        assert_error_says(error, ARM_INTERNAL, NULL, "'web'");
    }
}

static void
test_references(void)
{
    Model *model = model_with(NULL);
    g_assert_true(model_ref(model) == model);
    model_unref(model);
    g_assert_cmpstr(model->size_name, ==, "Standard_A1");
    model_unref(model);
    model_unref(NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/small-set", test_small_set);
    g_test_add_func("/model/switches", test_switches);
    g_test_add_func("/model/os-upgrade", test_os_upgrade);
    g_test_add_func("/model/disks-by-lun", test_disks_by_lun);
    g_test_add_func("/model/user", test_user);
    g_test_add_func("/model/no-password-where-passwords-are-off", test_no_password_where_passwords_are_off);
    g_test_add_func("/model/host-name-from-set-name", test_host_name_from_set_name);
    g_test_add_func("/model/exact-version", test_exact_version);
    g_test_add_func("/model/what-restores-the-same", test_what_restores_the_same);
    g_test_add_func("/model/service-fabric-is-seen", test_service_fabric_is_seen);
    g_test_add_func("/model/health", test_health);
    g_test_add_func("/model/a-broken-document-is-our-fault", test_a_broken_document_is_our_fault);
    g_test_add_func("/model/references", test_references);
    return g_test_run();
}
