/* What it takes to go from one model to another, and what is lost on the way. */
#include "bodies.h"

#include "model/change.h"

#include <string.h>

#define IN_PROFILE(members) "{'properties': {'virtualMachineProfile': {" members "}}}"
#define SECURITY(members)   IN_PROFILE("'securityProfile': {" members "}")
#define TRUSTED             "'securityType': 'TrustedLaunch', 'uefiSettings': {'secureBootEnabled': true, 'vTpmEnabled': true}"
#define UEFI(boot, tpm)                                                                                                        \
    SECURITY("'securityType': 'TrustedLaunch', 'uefiSettings': {'secureBootEnabled': " boot ", 'vTpmEnabled': " tpm "}")
#define IMAGE(members) IN_PROFILE("'storageProfile': {'imageReference': {" members "}}")
#define USER(members)  IN_PROFILE("'osProfile': {" members "}")
#define HEALTH(version, settings)                                                                                              \
    IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'h', 'properties': {'publisher': 'Microsoft.ManagedServices', "   \
               "'type': 'ApplicationHealthLinux', 'typeHandlerVersion': '" version "', 'settings': {" settings "}}}]}")
#define ATTESTED(settings)                                                                                                     \
    IN_PROFILE("'securityProfile': {" TRUSTED                                                                                  \
               "}, 'extensionProfile': {'extensions': [{'name': 'a', 'properties': {'publisher': "                             \
               "'Microsoft.Azure.Security.LinuxAttestation', 'type': 'GuestAttestation', 'typeHandlerVersion': '1.0', "        \
               "'settings': {'AttestationConfig': {" settings "}}}}]}")
#define DISK(size) IN_PROFILE("'storageProfile': {'dataDisks': [{'lun': 0, 'diskSizeGB': " size "}]}")

/* flags: b another baseline policy, s new size, d new OS disk, g new guest state, v new variables, t new vTPM, l vTPM lost, w
 * waits for a reimage, p other publisher. */
/* clang-format off */
static const struct {
    const char *why, *before, *after;   /* changes of the small set */
    ChangeKind kind;
    const char *flags;
} changes[] = {
    { "nothing differs", "{}", "{}", CHANGE_NOTHING, "" },
    { "capacity and tags are no matter of an instance", "{}", "{'sku': {'capacity': 9}, 'tags': {'a': 'b'}}", CHANGE_NOTHING, "" },
    { "nor is the upgrade policy", "{}", "{'properties': {'upgradePolicy': {'rollingUpgradePolicy': {'maxSurge': true}}}}", CHANGE_NOTHING, "" },
    { "nor what becomes of a disk later", DISK("1, 'deleteOption': 'Detach'"), DISK("1, 'deleteOption': 'Delete'"), CHANGE_NOTHING, "" },
    { "a size in other letters is the same", "{}", "{'sku': {'name': 'STANDARD_a1'}}", CHANGE_NOTHING, "" },
    { "an image in other letters too", "{}", IMAGE("'publisher': 'TESTUDO', 'sku': 'GEN1', 'version': '1.0.0'"), CHANGE_NOTHING, "" },
    { "Standard, said or not", "{}", SECURITY("'securityType': 'Standard'"), CHANGE_NOTHING, "" },

    { "a user name waits", "{}", USER("'adminUsername': 'lab'"), CHANGE_IN_PLACE, "w" },
    { "a host name waits", "{}", USER("'computerNamePrefix': 'x'"), CHANGE_IN_PLACE, "w" },
    { "a password waits", "{}", USER("'adminPassword': 'correct horse battery'"), CHANGE_IN_PLACE, "w" },
    { "custom data waits", "{}", USER("'customData': 'YQ=='"), CHANGE_IN_PLACE, "w" },
    { "a key waits", "{}", USER("'linuxConfiguration': {'ssh': {'publicKeys': [{'keyData': 'ssh-rsa AAAA'}]}}"), CHANGE_IN_PLACE, "w" },
    { "password log-in turned off waits", USER("'adminPassword': 'correct horse battery'"), USER("'adminPassword': 'correct horse battery', 'linuxConfiguration': {'disablePasswordAuthentication': true}"), CHANGE_IN_PLACE, "w" },
    { "an extension is recorded", "{}", IN_PROFILE("'extensionProfile': {'extensions': [{'name': 'sf', 'properties': {'publisher': 'Microsoft.Azure.ServiceFabric', 'type': 't'}}]}"), CHANGE_IN_PLACE, "" },
    { "what follows from a deviation", ATTESTED(""), ATTESTED("'onDeviation': 'quarantine'"), CHANGE_IN_PLACE, "" },
    { "in what a boot may differ", ATTESTED(""), ATTESTED("'baselinePolicy': 'vendorSigned'"), CHANGE_IN_PLACE, "b" },
    { "and no more", ATTESTED("'baselinePolicy': 'vendorSigned'"), ATTESTED(""), CHANGE_IN_PLACE, "b" },
    { "in nothing, said or not", ATTESTED(""), ATTESTED("'baselinePolicy': 'exactDigests'"), CHANGE_NOTHING, "" },
    { "health is asked for", "{}", HEALTH("1.0", "'protocol': 'tcp', 'port': 80"), CHANGE_IN_PLACE, "" },
    { "health by another protocol", HEALTH("1.0", "'protocol': 'http', 'port': 1, 'requestPath': '/'"), HEALTH("1.0", "'protocol': 'https', 'port': 1, 'requestPath': '/'"), CHANGE_IN_PLACE, "" },
    { "health at another port", HEALTH("1.0", "'protocol': 'tcp', 'port': 80"), HEALTH("1.0", "'protocol': 'tcp', 'port': 81"), CHANGE_IN_PLACE, "" },
    { "health at another path", HEALTH("1.0", "'protocol': 'http', 'requestPath': '/a'"), HEALTH("1.0", "'protocol': 'http', 'requestPath': '/b'"), CHANGE_IN_PLACE, "" },
    { "health asked less often", HEALTH("1.0", "'protocol': 'tcp', 'port': 80"), HEALTH("1.0", "'protocol': 'tcp', 'port': 80, 'intervalInSeconds': 6"), CHANGE_IN_PLACE, "" },
    { "health asked more patiently", HEALTH("1.0", "'protocol': 'tcp', 'port': 80"), HEALTH("1.0", "'protocol': 'tcp', 'port': 80, 'numberOfProbes': 2"), CHANGE_IN_PLACE, "" },
    { "health with rich states", HEALTH("1.0", "'protocol': 'tcp', 'port': 80"), HEALTH("2.0", "'protocol': 'tcp', 'port': 80, 'gracePeriod': 0"), CHANGE_IN_PLACE, "" },
    { "health with more grace", HEALTH("2.0", "'protocol': 'tcp', 'port': 80"), HEALTH("2.0", "'protocol': 'tcp', 'port': 80, 'gracePeriod': 6"), CHANGE_IN_PLACE, "" },
    { "health's defaults, said or not", HEALTH("2.0", "'protocol': 'HTTP', 'requestPath': 'a'"), HEALTH("2.0", "'protocol': 'http', 'port': '80', 'requestPath': '/a', 'intervalInSeconds': 5, 'NumberOfProbes': 1, 'gracePeriod': 5"), CHANGE_NOTHING, "" },

    { "a data disk more", "{}", DISK("1"), CHANGE_RESTART, "" },
    { "a data disk less", DISK("1"), "{}", CHANGE_RESTART, "" },
    { "a larger data disk", DISK("1"), DISK("2"), CHANGE_RESTART, "" },
    { "a larger OS disk", "{}", IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 9}}"), CHANGE_RESTART, "" },
    { "Standard to Trusted launch", "{}", SECURITY(TRUSTED), CHANGE_RESTART, "gvt" },
    { "without a vTPM", "{}", UEFI("true", "false"), CHANGE_RESTART, "gv" },
    { "Trusted launch to Standard", SECURITY(TRUSTED), "{}", CHANGE_RESTART, "gvl" },
    { "without a vTPM", UEFI("true", "false"), "{}", CHANGE_RESTART, "gv" },
    { "Secure Boot off keeps the vTPM", UEFI("true", "true"), UEFI("false", "true"), CHANGE_RESTART, "v" },
    { "Secure Boot on keeps the vTPM", UEFI("false", "true"), UEFI("true", "true"), CHANGE_RESTART, "v" },
    { "vTPM off keeps the variables", UEFI("true", "true"), UEFI("true", "false"), CHANGE_RESTART, "l" },
    { "vTPM on keeps the variables", UEFI("true", "false"), UEFI("true", "true"), CHANGE_RESTART, "t" },
    { "both switches off", UEFI("true", "true"), UEFI("false", "false"), CHANGE_RESTART, "vl" },

    { "another size keeps everything", "{}", "{'sku': {'name': 'Standard_B1ms'}}", CHANGE_REDEPLOY, "s" },
    { "under Trusted launch too", SECURITY(TRUSTED), "{'sku': {'name': 'Standard_B1ms'}, 'properties': {'virtualMachineProfile': {'securityProfile': {" TRUSTED "}}}}", CHANGE_REDEPLOY, "s" },
    { "size with Secure Boot off", SECURITY(TRUSTED), "{'sku': {'name': 'Standard_B1ms'}, 'properties': {'virtualMachineProfile': {'securityProfile': {'securityType': 'TrustedLaunch', 'uefiSettings': {'secureBootEnabled': false}}}}}", CHANGE_REDEPLOY, "sv" },

    { "another version", "{}", IMAGE("'version': '1.1.0'"), CHANGE_REIMAGE, "dgv" },
    { "another sku", "{}", IMAGE("'sku': 'gen2'"), CHANGE_REIMAGE, "dgv" },
    { "another offer", "{}", IMAGE("'offer': 'maxi', 'version': '1.0.0'"), CHANGE_REIMAGE, "dgvp" },
    { "another publisher", "{}", IMAGE("'publisher': 'Debian', 'version': '1.0.0'"), CHANGE_REIMAGE, "dgvp" },
    { "under Trusted launch the vTPM is made afresh", SECURITY(TRUSTED), IN_PROFILE("'storageProfile': {'imageReference': {'version': '1.1.0'}}, 'securityProfile': {" TRUSTED "}"), CHANGE_REIMAGE, "dgvtl" },
    { "what waited comes with it", "{}", IN_PROFILE("'storageProfile': {'imageReference': {'version': '1.1.0'}}, 'osProfile': {'adminUsername': 'lab'}"), CHANGE_REIMAGE, "dgv" },
    { "all at once: size, image, Trusted launch", "{}", "{'sku': {'name': 'Standard_B1ms'}, 'properties': {'virtualMachineProfile': {'storageProfile': {'imageReference': {'sku': 'gen2'}}, 'securityProfile': {" TRUSTED "}}}}", CHANGE_REIMAGE, "sdgvt" },
    { "and all the way back", "{'sku': {'name': 'Standard_B1ms'}, 'properties': {'virtualMachineProfile': {'storageProfile': {'imageReference': {'sku': 'gen2'}}, 'securityProfile': {" TRUSTED "}}}}", "{}", CHANGE_REIMAGE, "sdgvl" },
};
/* clang-format on */

static void
flag_add(GString *text, gboolean set, char letter)
{
    if (set)
        g_string_append_c(text, letter);
}

static char *
flags_of(const Change *change)
{
    GString *text = g_string_new(NULL);
    flag_add(text, change->new_baseline_policy, 'b');
    flag_add(text, change->new_size, 's');
    flag_add(text, change->new_os_disk, 'd');
    flag_add(text, change->new_guest_state, 'g');
    flag_add(text, change->new_variables, 'v');
    flag_add(text, change->new_vtpm, 't');
    flag_add(text, change->vtpm_lost, 'l');
    flag_add(text, change->waits_for_reimage, 'w');
    flag_add(text, change->other_publisher, 'p');
    return g_string_free(text, FALSE);
}

static void
test_changes(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(Model) before = model_with(changes[i].before), after = model_with(changes[i].after);
        Change change = change_between(before, after);
        g_autofree char *flags = flags_of(&change);
        g_test_message("%s", changes[i].why);
        g_assert_cmpstr(change_kind_text(change.kind), ==, change_kind_text(changes[i].kind));
        g_assert_cmpstr(flags, ==, changes[i].flags);
    }
}

static void
test_needs_surge(void)
{
    /* clang-format off */
    static const struct {
        const char *why, *before, *after;
        gboolean needs;
    } cases[] = {
        { "to Trusted launch without data disks", "{}", SECURITY(TRUSTED), FALSE },
        { "with them", "{}", IN_PROFILE("'storageProfile': {'dataDisks': [{'lun': 0, 'createOption': 'Empty', 'diskSizeGB': 4}]}, 'securityProfile': {" TRUSTED "}"), TRUE },
        { "it is Trusted launch already", SECURITY(TRUSTED), IN_PROFILE("'storageProfile': {'dataDisks': [{'lun': 0, 'createOption': 'Empty', 'diskSizeGB': 4}]}, 'securityProfile': {" TRUSTED "}"), FALSE },
        { "it stays Standard", "{}", IN_PROFILE("'storageProfile': {'dataDisks': [{'lun': 0, 'createOption': 'Empty', 'diskSizeGB': 4}]}"), FALSE },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Model) before = model_with(cases[i].before), after = model_with(cases[i].after);
        g_test_message("%s", cases[i].why);
        g_assert_cmpint(change_needs_surge(before, after), ==, cases[i].needs);
    }
}

/* The key is what the store compares; it and the change must never disagree, whatever the two models are. */
static void
test_key_and_change_agree(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        for (guint k = 0; k < G_N_ELEMENTS(changes); k++) {
            g_autoptr(Model) a = model_with(changes[i].after), b = model_with(changes[k].after);
            g_autofree char *key_a = model_effect_key(a), *key_b = model_effect_key(b);
            Change change = change_between(a, b), back = change_between(b, a);
            g_assert_cmpint(change.kind == CHANGE_NOTHING, ==, strcmp(key_a, key_b) == 0);
            g_assert_cmpint(change.kind, ==, back.kind);
        }
    }
}

static void
test_parts(void)
{
    /* clang-format off */
    static const struct {
        Change change;
        const char *parts;
    } cases[] = {
        { { .kind = CHANGE_RESTART }, "" },
        { { .new_size = TRUE, .new_os_disk = TRUE, .new_guest_state = TRUE, .new_variables = TRUE, .new_vtpm = TRUE }, "new size|new OS disk|new guest state" },
        { { .new_baseline_policy = TRUE }, "in what a boot may differ from its baseline" },
        { { .new_variables = TRUE }, "new UEFI variables" },
        { { .new_vtpm = TRUE }, "new vTPM" },
        { { .vtpm_lost = TRUE }, "vTPM removed" },
        { { .new_guest_state = TRUE, .new_variables = TRUE, .vtpm_lost = TRUE }, "new guest state" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) parts = change_parts(&cases[i].change);
        g_autofree char *text = g_strjoinv("|", parts);
        g_assert_cmpstr(text, ==, cases[i].parts);
    }
}

static void
test_losses(void)
{
    /* clang-format off */
    static const struct {
        Change change;
        guint generation;
        const char *words;
    } cases[] = {
        { { .kind = CHANGE_REDEPLOY }, 2, "" },
        { { .new_os_disk = TRUE, .new_variables = TRUE, .new_guest_state = TRUE }, 2, "OS disk" },
        { { .new_os_disk = TRUE, .new_variables = TRUE, .vtpm_lost = TRUE }, 2, "OS disk|vTPM" },
        { { .vtpm_lost = TRUE }, 2, "vTPM" },
        { { .new_variables = TRUE }, 2, "UEFI variables" },
        { { .new_variables = TRUE }, 0, "UEFI variables" },
        { { .new_variables = TRUE }, 1, "" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) losses = change_losses(&cases[i].change, cases[i].generation),
                      words = g_strsplit(cases[i].words, "|", -1);
        g_assert_cmpuint(g_strv_length(losses), ==, g_strv_length(words));
        for (guint k = 0; words[k]; k++)
            g_assert_true(g_str_has_prefix(losses[k], words[k]));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change/needs-surge", test_needs_surge);
    g_test_add_func("/change/each-pair", test_changes);
    g_test_add_func("/change/effect-key-agrees", test_key_and_change_agree);
    g_test_add_func("/change/parts", test_parts);
    g_test_add_func("/change/losses", test_losses);
    return g_test_run();
}
