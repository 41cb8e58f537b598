/* An instance's own body: what of it is settled, and what is only sent back. */
#include "bodies.h"

#include "base/error.h"
#include "model/instance_body.h"

#define DISKS       "properties.storageProfile.dataDisks"
#define WITH(disks) "{'properties': {'storageProfile': {'dataDisks': " disks "}}}"

static void
test_protection_and_tags(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(InstanceBody) whole = { 0 }, none = { 0 }, wrong = { 0 };
    g_autoptr(json_t) sent =
        body_of("{'id': 'x', 'instanceId': '0', 'tags': {'a': 'b'}, 'properties': {'storageProfile': {'osDisk': {'x': 1}, "
                "'imageReference': {}}, 'latestModelApplied': true, 'protectionPolicy': {'protectFromScaleIn': 'true', "
                "'protectFromScaleSetActions': false}}}");
    g_assert_true(instance_body_read(sent, &whole, &error));
    g_assert_true(whole.has_scale_in && whole.scale_in && whole.has_scale_set_actions && !whole.scale_set_actions);
    g_assert_cmpstr(whole.tags, ==, "{\"a\":\"b\"}");
    g_assert_null(whole.disks);

    g_autoptr(json_t) nothing = body_of("{'tags': null, 'properties': {'protectionPolicy': {'protectFromScaleIn': null}, "
                                        "'storageProfile': {'dataDisks': null}}}");
    g_assert_true(instance_body_read(nothing, &none, &error));
    g_assert_true(!none.has_scale_in && !none.has_scale_set_actions && !none.tags && !none.disks);

    g_autoptr(json_t) odd = body_of("{'properties': {'nonsense': 1}}");
    g_assert_false(instance_body_read(odd, &wrong, &error));
    assert_error_says(error, ARM_INVALID_REQUEST_CONTENT, "properties.nonsense", "Could not find member 'nonsense'");
}

static void
test_disks(void)
{
    /* clang-format off */
    static const struct {
        const char *disk, *expect;  /* lun attach id size cached deleted */
    } cases[] = {
        { "{'lun': 3}", "3 0 (null) 0 0 0" },
        { "{'LUN': '63', 'createOption': 'attach', 'managedDisk': {'Id': '/x', 'storageAccountType': 'Standard_LRS'}}", "63 1 /x 0 0 0" },
        { "{'lun': 0, 'createOption': 'Empty', 'diskSizeGB': 4, 'caching': 'none', 'deleteOption': 'detach', 'name': 'n', 'toBeDetached': false}", "0 0 (null) 4 0 0" },
        { "{'lun': 0, 'createOption': null, 'caching': 'ReadOnly', 'deleteOption': 'Delete', 'vhd': null}", "0 0 (null) 0 1 1" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(InstanceBody) read = { 0 };
        g_autofree char *text = g_strdup_printf(WITH("[%s]"), cases[i].disk);
        g_autoptr(json_t) body = body_of(text);
        g_assert_true(instance_body_read(body, &read, NULL));
        g_assert_cmpuint(read.disks->len, ==, 1);
        const InstanceDisk *disk = g_ptr_array_index(read.disks, 0);
        g_autofree char *found =
            g_strdup_printf("%u %d %s %u %d %d", disk->lun, disk->attach, disk->disk_id ? disk->disk_id : "(null)",
                            disk->size_gib, disk->cached, disk->deleted);
        g_assert_cmpstr(found, ==, cases[i].expect);
    }
    g_auto(InstanceBody) none = { 0 };
    g_autoptr(json_t) empty = body_of(WITH("[]"));
    g_assert_true(instance_body_read(empty, &none, NULL));
    g_assert_cmpuint(none.disks->len, ==, 0);
}

static void
test_disks_that_are_refused(void)
{
    /* clang-format off */
    static const struct {
        const char *disks;
        ArmCode code;
        const char *target, *words;
    } cases[] = {
        { "[{}]", ARM_INVALID_PARAMETER, DISKS "[0].lun", "required|0 to 63" },
        { "[{'lun': 64}]", ARM_INVALID_PARAMETER, DISKS "[0].lun", "64|0 to 63" },
        { "[{'lun': 1}, {'lun': 1}]", ARM_INVALID_PARAMETER, DISKS "[1].lun", "two data disks|LUN 1" },
        { "[{'lun': 1, 'createOption': 'Copy'}]", ARM_INVALID_PARAMETER, DISKS "[0].createOption", "Copy|Empty, Attach" },
        { "[{'lun': 1, 'diskSizeGB': 0}]", ARM_INVALID_PARAMETER, DISKS "[0].diskSizeGB", "1 to 32767" },
        { "[{'lun': 1, 'vhd': {'uri': 'x'}}]", ARM_BAD_REQUEST, DISKS "[0].vhd", "managedDisk" },
        { "[{'lun': 1, 'sourceResource': {'id': 'x'}}]", ARM_BAD_REQUEST, DISKS "[0].sourceResource", "never copied" },
        { "[{'lun': 1, 'detachOption': 'ForceDetach'}]", ARM_BAD_REQUEST, DISKS "[0].detachOption", "orderly" },
        { "[{'lun': 1, 'colour': 'red'}]", ARM_INVALID_REQUEST_CONTENT, DISKS "[0].colour", "'colour'" },
        { "{}", ARM_INVALID_PARAMETER, DISKS, "array of objects" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(InstanceBody) read = { 0 };
        g_autofree char *text = g_strdup_printf(WITH("%s"), cases[i].disks);
        g_autoptr(json_t) body = body_of(text);
        g_assert_false(instance_body_read(body, &read, &error));
        assert_error_says(error, (int)cases[i].code, cases[i].target, cases[i].words);
    }
}

/* What an instance shows of its set's model can be sent back, and nothing else of it. */
static void
test_an_instance_is_made_of_its_sets_model(void)
{
    static const struct {
        const char *body, *target; /* target NULL: accepted */
    } cases[] = {
        { "{}", NULL },
        { "{'location': 'LOCAL', 'sku': {'name': 'standard_b1ms'}, 'id': 'whatever'}", NULL },
        { "{'Properties': {'hardwareprofile': {'vmSize': 'Standard_B1ms'}}}", NULL },
        { "{'properties': {'securityProfile': {'uefiSettings': {'secureBootEnabled': 'true'}}}}", NULL },
        { "{'properties': {'storageProfile': {'osDisk': {'diskSizeGB': 30}, 'dataDisks': [{'lun': 0, 'caching': null}]}}}",
          NULL },
        { "{'properties': {'storageProfile': {'imageReference': null, 'osDisk': {'writeAcceleratorEnabled': false}}}}", NULL },
        { "{'properties': {'userData': '', 'availabilitySet': {}, 'vmId': 'other', 'latestModelApplied': false}}", NULL },
        { "{'properties': {'hardwareProfile': {'vmSize': 'Standard_B2s'}}}", "properties.hardwareProfile.vmSize" },
        { "{'Properties': {'HardwareProfile': {'vmSize': 'Standard_B2s'}}}", "properties.hardwareProfile.vmSize" },
        { "{'sku': {'capacity': 2}}", "sku.capacity" },
        { "{'location': 'mars'}", "location" },
        { "{'zones': ['1']}", "zones" },
        { "{'properties': {'userData': 'aGk='}}", "properties.userData" },
        { "{'properties': {'osProfile': {'adminPassword': 'not-as-before-1'}}}", "properties.osProfile.adminPassword" },
        { "{'properties': {'additionalCapabilities': {'hibernationEnabled': false}}}", NULL },
        { "{'properties': {'securityProfile': {'uefiSettings': {'secureBootEnabled': false}}}}",
          "properties.securityProfile.uefiSettings.secureBootEnabled" },
        /* which disks there are is another matter; what they are is not */
        { WITH("[{'lun': 3}, {'lun': '0', 'createOption': 'Empty', 'managedDisk': {'id': 'x'}}]"), NULL },
        { WITH("[{'lun': 3}, {'Lun': '0', 'diskSizeGB': 2}]"), DISKS "[1].diskSizeGB" },
        { WITH("[{'lun': 0, 'caching': 'ReadOnly'}]"), DISKS "[0].caching" },
        { WITH("[{'lun': 0, 'deleteOption': 'Delete'}]"), DISKS "[0].deleteOption" },
        { "{'properties': {'storageProfile': {'imageReference': {'sku': 'gen1'}}}}",
          "properties.storageProfile.imageReference.sku" },
    };
    g_autoptr(json_t) shown =
        body_of("{'id': 'x', 'location': 'local', 'sku': {'name': 'Standard_B1ms'}, 'properties': {'vmId': 'v', "
                "'hardwareProfile': {'vmSize': 'Standard_B1ms'}, 'securityProfile': {'uefiSettings': {'secureBootEnabled': "
                "true}}, 'storageProfile': {'osDisk': {'diskSizeGB': 30}, 'imageReference': {'sku': 'gen2'}, "
                "'dataDisks': [{'lun': 0, 'diskSizeGB': 1}]}}}");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) body = body_of(cases[i].body);
        g_test_message("%s", cases[i].body);
        g_assert_true(instance_body_fits(body, shown, &error) == (cases[i].target == NULL));
        if (cases[i].target)
            assert_error_says(error, ARM_PROPERTY_CHANGE_NOT_ALLOWED, cases[i].target, "set's model");
        else
            g_assert_no_error(error);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/instance-body/protection-and-tags", test_protection_and_tags);
    g_test_add_func("/instance-body/disks", test_disks);
    g_test_add_func("/instance-body/disks-that-are-refused", test_disks_that_are_refused);
    g_test_add_func("/instance-body/made-of-its-sets-model", test_an_instance_is_made_of_its_sets_model);
    return g_test_run();
}
