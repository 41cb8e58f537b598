/* How a body is merged into the stored document: Azure Compute REST as its clients use it. */
#include "bodies.h"

#include "base/error.h"

#include <string.h>

#define PROFILE               "properties.virtualMachineProfile"
#define SECURITY              PROFILE ".securityProfile"
#define IMAGE                 PROFILE ".storageProfile.imageReference"
#define SET_PROFILE(members)  "{'properties': {'virtualMachineProfile': {" members "}}}"
#define SET_SECURITY(members) SET_PROFILE("'securityProfile': {" members "}")
#define SET_IMAGE(members)    SET_PROFILE("'storageProfile': {'imageReference': {" members "}}")
#define TRUSTED               "'securityType': 'TrustedLaunch', 'uefiSettings': {'secureBootEnabled': true, 'vTpmEnabled': false}"
#define KEPT                  "{'secureBootEnabled':true,'vTpmEnabled':false}"

/* clang-format off */
static const struct {
    const char *why;
    const char *first;      /* sent to the small set before; NULL: nothing */
    const char *body;
    const char *path, *expect;
} merges[] = {
    { "an absent member keeps its value", NULL, "{}", "sku.capacity", "3" },
    { "so does an empty object", NULL, "{'sku': {}, 'properties': {}}", "sku.name", "'Standard_A1'" },
    { "scale sends location and sku alone", NULL, "{'location': 'local', 'sku': {'name': 'Standard_A1', 'capacity': 5}}", IMAGE ".sku", "'gen1'" },
    { "and the capacity is taken", NULL, "{'location': 'local', 'sku': {'name': 'Standard_A1', 'capacity': 5}}", "sku.capacity", "5" },
    { "a capacity of nothing is kept", NULL, "{'sku': {'capacity': 0}}", "sku.capacity", "0" },
    { "null is absent", NULL, "{'sku': {'name': null, 'capacity': null}, 'tags': null}", "sku", "{'name':'Standard_A1','capacity':3}" },
    { "keys in any case are one key", NULL, "{'SKU': {'Capacity': 7}}", "sku.capacity", "7" },
    { "and are kept in canonical case", NULL, "{'PROPERTIES': {'OVERPROVISION': true}}", "properties", "{'virtualMachineProfile':{'storageProfile':{'imageReference':{'publisher':'Testudo','offer':'mini','sku':'gen1','version':'1.0.0'}}},'overprovision':true}" },
    { "words in any case are kept in canonical form", NULL, "{'properties': {'upgradePolicy': {'mode': 'manual'}}}", "properties.upgradePolicy.mode", "'Manual'" },
    { "a bool may be a text", NULL, "{'properties': {'overprovision': 'True'}}", "properties.overprovision", "true" },
    { "a number may be a text", NULL, "{'sku': {'capacity': '4'}}", "sku.capacity", "4" },
    { "a whole number may have a point", NULL, "{'sku': {'capacity': 4.0}}", "sku.capacity", "4" },
    { "a duration is kept in canonical form", NULL, "{'properties': {'upgradePolicy': {'rollingUpgradePolicy': {'pauseTimeBetweenBatches': 'PT120S'}}}}", "properties.upgradePolicy.rollingUpgradePolicy.pauseTimeBetweenBatches", "'PT2M'" },

    { "tags are replaced as a whole", "{'tags': {'a': '1', 'b': '2'}}", "{'tags': {'c': '3'}}", "tags", "{'c':'3'}" },
    { "also by none", "{'tags': {'a': '1'}}", "{'tags': {}}", "tags", "{}" },
    { "tag names keep their case and their dots", NULL, "{'tags': {'Cost.Center': 'X'}}", "tags", "{'Cost.Center':'X'}" },
    { "identity is replaced as a whole", "{'identity': {'type': 'UserAssigned', 'x': {}}}", "{'identity': {'type': 'SystemAssigned'}}", "identity", "{'type':'SystemAssigned'}" },
    { "lists are replaced as a whole", SET_PROFILE("'storageProfile': {'dataDisks': [{'lun': 0, 'diskSizeGB': 1}, {'lun': 1, 'diskSizeGB': 1}]}"), SET_PROFILE("'storageProfile': {'dataDisks': [{'lun': 2, 'diskSizeGB': 1}]}"), PROFILE ".storageProfile.dataDisks", "[{'lun':2,'diskSizeGB':1}]" },
    { "an empty list clears", SET_PROFILE("'storageProfile': {'dataDisks': [{'lun': 0, 'diskSizeGB': 1}]}"), SET_PROFILE("'storageProfile': {'dataDisks': []}"), PROFILE ".storageProfile.dataDisks", "[]" },
    { "network interfaces are kept as sent", NULL, SET_PROFILE("'networkProfile': {'networkInterfaceConfigurations': [{'name': 'n', 'properties': {'primary': 'true', 'publicipaddressconfiguration': null}}]}"), PROFILE ".networkProfile", "{'networkInterfaceConfigurations':[{'name':'n','properties':{'primary':'true','publicipaddressconfiguration':null}}]}" },

    { "an empty securityProfile changes nothing", SET_SECURITY(TRUSTED), SET_SECURITY(""), SECURITY ".securityType", "'TrustedLaunch'" },
    { "one on a set that had none neither", NULL, SET_SECURITY(""), SECURITY ".securityType", "absent" },
    { "uefiSettings alone keep the type", SET_SECURITY(TRUSTED), SET_SECURITY("'uefiSettings': {'secureBootEnabled': false}"), SECURITY ".securityType", "'TrustedLaunch'" },
    { "one switch alone keeps the other", SET_SECURITY(TRUSTED), SET_SECURITY("'uefiSettings': {'secureBootEnabled': false}"), SECURITY ".uefiSettings", "{'secureBootEnabled':false,'vTpmEnabled':false}" },
    { "the other one too", SET_SECURITY(TRUSTED), SET_SECURITY("'uefiSettings': {'vTpmEnabled': true}"), SECURITY ".uefiSettings", "{'secureBootEnabled':true,'vTpmEnabled':true}" },
    { "the type alone keeps both", SET_SECURITY(TRUSTED), SET_SECURITY("'securityType': 'trustedlaunch'"), SECURITY ".uefiSettings", KEPT },
    { "Standard takes both off", SET_SECURITY(TRUSTED), SET_SECURITY("'securityType': 'Standard'"), SECURITY, "{'securityType':'Standard'}" },
    { "so does Standard with null beside it", SET_SECURITY(TRUSTED), SET_SECURITY("'securityType': 'STANDARD', 'uefiSettings': null"), SECURITY, "{'securityType':'Standard'}" },
    { "an object beside it stays, for the rule to refuse", SET_SECURITY(TRUSTED), SET_SECURITY("'securityType': 'Standard', 'uefiSettings': {}"), SECURITY ".uefiSettings", KEPT },
    { "an empty one as well", NULL, SET_SECURITY("'securityType': 'Standard', 'uefiSettings': {}"), SECURITY ".uefiSettings", "{}" },
    { "without a type an empty one says nothing", NULL, SET_SECURITY("'uefiSettings': {}"), SECURITY, "{}" },
    { "null for the switches changes nothing", SET_SECURITY(TRUSTED), SET_SECURITY("'uefiSettings': null"), SECURITY ".uefiSettings", KEPT },
    { "null for the whole profile changes nothing", SET_SECURITY(TRUSTED), SET_PROFILE("'securityProfile': null"), SECURITY ".uefiSettings", KEPT },
    { "null for the type changes nothing", SET_SECURITY(TRUSTED), SET_SECURITY("'securityType': null"), SECURITY ".securityType", "'TrustedLaunch'" },
    { "coming back after Standard starts afresh", SET_SECURITY("'securityType': 'Standard'"), SET_SECURITY("'securityType': 'TrustedLaunch'"), SECURITY, "{'securityType':'TrustedLaunch'}" },

    { "naming sku alone keeps the rest", NULL, SET_IMAGE("'sku': 'gen2'"), IMAGE, "{'publisher':'Testudo','offer':'mini','sku':'gen2','version':'1.0.0'}" },
    { "also where the rest says latest", SET_IMAGE("'version': 'latest'"), SET_IMAGE("'sku': 'gen2'"), IMAGE ".version", "'latest'" },
    { "naming version alone keeps the rest", NULL, SET_IMAGE("'version': '1.1.0'"), IMAGE, "{'publisher':'Testudo','offer':'mini','sku':'gen1','version':'1.1.0'}" },
    { "another offer has versions of its own", NULL, SET_IMAGE("'offer': 'maxi'"), IMAGE ".version", "'latest'" },
    { "another publisher too", NULL, SET_IMAGE("'publisher': 'Debian', 'offer': 'debian-12', 'sku': '12-gen2'"), IMAGE ".version", "'latest'" },
    { "unless it is named", NULL, SET_IMAGE("'publisher': 'Debian', 'version': '1.2.3'"), IMAGE ".version", "'1.2.3'" },
    { "the same publisher in another case is the same", NULL, SET_IMAGE("'publisher': 'testudo'"), IMAGE ".version", "'1.0.0'" },
    { "an empty reference changes nothing", NULL, SET_IMAGE(""), IMAGE ".version", "'1.0.0'" },
    { "what is read-only is ignored", NULL, "{'id': '/x', 'name': 7, 'etag': 'y', 'properties': {'provisioningState': 'Failed', 'uniqueId': 1, 'timeCreated': []}}", "properties", "{'virtualMachineProfile':{'storageProfile':{'imageReference':{'publisher':'Testudo','offer':'mini','sku':'gen1','version':'1.0.0'}}}}" },
    { "the operating system is the image's", NULL, SET_PROFILE("'storageProfile': {'osDisk': {'osType': 'Windows', 'caching': 'readwrite'}}"), PROFILE ".storageProfile.osDisk", "{'caching':'ReadWrite'}" },
    { "what is refused may say nothing", NULL, "{'zones': [], 'plan': {}, 'properties': {'zoneBalance': false, 'hostGroup': null}}", "zones", "absent" },
};
/* clang-format on */

static void
test_merge(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(merges); i++) {
        g_autoptr(json_t) stored = small_set_with(merges[i].first);
        g_autoptr(json_t) before = json_deep_copy(stored);
        g_autoptr(json_t) document = must_send(stored, merges[i].body);
        g_autofree char *text = text_at(document, merges[i].path);
        g_test_message("%s", merges[i].why);
        g_assert_cmpstr(text, ==, merges[i].expect);
        g_assert_true(json_equal(stored, before));
    }
}

static void
test_create_fills_in(void)
{
    static const struct {
        const char *body, *path, *expect;
    } cases[] = {
        { "{'location': 'local', 'sku': {'name': 'S'}, 'properties': {'virtualMachineProfile': {'storageProfile': "
          "{'imageReference': {'publisher': 'P', 'offer': 'O', 'sku': 'K'}}}}}",
          IMAGE ".version", "'latest'" },
        { "{'location': 'local', 'sku': {'name': 'S'}, 'properties': {'virtualMachineProfile': {'storageProfile': "
          "{'imageReference': {'publisher': 'P', 'offer': 'O', 'sku': 'K'}}}}}",
          "sku.capacity", "1" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) document = must_send(NULL, cases[i].body);
        g_autofree char *text = text_at(document, cases[i].path);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

/* ---- the exact version ---- */

static void
test_exact_version(void)
{
    /* clang-format off */
    static const struct {
        const char *body;
        gboolean kept;
    } cases[] = {
        { "{'sku': {'capacity': 5}}", TRUE },
        { SET_IMAGE(""), TRUE },
        { SET_IMAGE("'sku': null, 'exactVersion': '1.0.0'"), TRUE },
        { SET_IMAGE("'version': 'latest'"), FALSE },
        { SET_IMAGE("'sku': 'gen1'"), FALSE },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) stored = small_set_with(NULL);
        document_set_exact_version(stored, "1.0.0");
        g_autoptr(json_t) body = body_of(cases[i].body);
        g_autoptr(json_t) document = must_send(stored, cases[i].body);
        g_autofree char *exact = text_at(document, IMAGE ".exactVersion");
        g_test_message("%s", cases[i].body);
        g_assert_cmpstr(exact, ==, cases[i].kept ? "'1.0.0'" : "absent");
        g_assert_cmpint(document_body_names_image(body), ==, !cases[i].kept);
    }
}

/* ---- secrets ---- */

#define SET_PASSWORD(text) SET_PROFILE("'osProfile': {'adminUsername': 'lab', 'adminPassword': '" text "'}")

static void
test_password_is_hashed(void)
{
    g_autoptr(json_t) first = small_set_with(SET_PASSWORD("correct horse battery"));
    g_autoptr(json_t) same = must_send(first, SET_PASSWORD("correct horse battery"));
    g_autoptr(json_t) other = must_send(first, SET_PASSWORD("another passphrase"));
    g_autofree char *all = json_text(other);
    g_autofree char *hash = text_at(first, PROFILE ".osProfile.passwordHash");
    g_autofree char *same_hash = text_at(same, PROFILE ".osProfile.passwordHash");
    g_autofree char *other_hash = text_at(other, PROFILE ".osProfile.passwordHash");

    g_assert_true(g_str_has_prefix(hash, "'$1$testsalt$"));
    g_assert_null(strstr(all, "another passphrase"));
    g_assert_null(strstr(all, "adminPassword"));
    g_assert_cmpstr(hash, ==, same_hash);
    g_assert_cmpstr(hash, !=, other_hash);
}

static void
test_secrets_are_never_given_back(void)
{
    g_autoptr(json_t) document = small_set_with("{'properties': {'virtualMachineProfile': {'osProfile': {'adminPassword': "
                                                "'correct horse battery', 'customData': 'c2VjcmV0'}, "
                                                "'extensionProfile': {'extensions': [{'name': 'sf', 'properties': "
                                                "{'publisher': 'Microsoft.Azure.ServiceFabric', 'type': 't', "
                                                "'settings': {'open': 1}, 'protectedSettings': {'secret': 1}}}]}}}}");
    g_autoptr(json_t) given = document_public(document, "Linux");
    g_autofree char *text = json_text(given);
    static const char *const secrets[] = {
        "passwordHash", "adminPassword", "customData", "c2VjcmV0", "protectedSettings", "$1$"
    };
    for (guint i = 0; i < G_N_ELEMENTS(secrets); i++)
        g_assert_null(strstr(text, secrets[i]));
    g_assert_nonnull(strstr(text, "\"open\""));
}

static void
test_protected_settings_outlive_a_put_without_them(void)
{
#define FABRIC(name, more)                                                                                                     \
    SET_PROFILE("'extensionProfile': {'extensions': [{'name': '" name                                                          \
                "', 'properties': {'publisher': 'Microsoft.Azure.ServiceFabric', 'type': 't'" more "}}]}")
#define HEALTH_NAMED(name)                                                                                                     \
    SET_PROFILE("'extensionProfile': {'extensions': [{'name': '" name                                                          \
                "', 'properties': {'publisher': 'Microsoft.ManagedServices', 'type': 'ApplicationHealthLinux', "               \
                "'typeHandlerVersion': '1.0', 'settings': {'protocol': 'tcp', 'port': 22}}}]}")
    static const struct {
        const char *body, *expect;
    } cases[] = {
        { FABRIC("SF", ""), "{'k':1}" },
        { FABRIC("sf", ", 'protectedSettings': {'k': 2}"), "{'k':2}" },
        { FABRIC("other", ""), "absent" },
        { HEALTH_NAMED("sf"), "absent" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) stored = small_set_with(FABRIC("sf", ", 'protectedSettings': {'k': 1}"));
        g_autoptr(json_t) document = must_send(stored, cases[i].body);
        const json_t *extension = json_array_get(json_path(document, PROFILE ".extensionProfile.extensions"), 0);
        g_autofree char *text = text_at(extension, "properties.protectedSettings");
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

/* ---- what is given back ---- */

static void
test_defaults_given_back(void)
{
    /* clang-format off */
    static const struct {
        const char *change, *path, *expect;
    } cases[] = {
        { NULL, "sku.tier", "'Standard'" },
        { NULL, "properties.orchestrationMode", "'Uniform'" },
        { NULL, "properties.upgradePolicy.mode", "'Manual'" },
        { NULL, PROFILE ".storageProfile.osDisk", "{'createOption':'FromImage','osType':'Linux'}" },
        { NULL, SECURITY, "absent" },
        { SET_SECURITY("'securityType': 'TrustedLaunch'"), SECURITY ".uefiSettings", "{'secureBootEnabled':false,'vTpmEnabled':true}" },
        { SET_SECURITY(TRUSTED), SECURITY ".uefiSettings", KEPT },
        { SET_SECURITY("'securityType': 'Standard'"), SECURITY, "{'securityType':'Standard'}" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) document = small_set_with(cases[i].change);
        g_autoptr(json_t) before = json_deep_copy(document);
        g_autoptr(json_t) given = document_public(document, "Linux");
        g_autofree char *text = text_at(given, cases[i].path);
        g_assert_cmpstr(text, ==, cases[i].expect);
        g_assert_true(json_equal(document, before));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/merge/what-a-body-changes", test_merge);
    g_test_add_func("/merge/create-fills-in", test_create_fills_in);
    g_test_add_func("/merge/exact-version-holds-until-the-image-is-named", test_exact_version);
    g_test_add_func("/secrets/password-is-hashed", test_password_is_hashed);
    g_test_add_func("/secrets/never-given-back", test_secrets_are_never_given_back);
    g_test_add_func("/secrets/protected-settings-outlive-a-put-without-them",
                    test_protected_settings_outlive_a_put_without_them);
    g_test_add_func("/public/defaults", test_defaults_given_back);
    return g_test_run();
}
