/* Every rule: where it holds, where it does not, and what is said then; several at once; the order of the first. */
#include "bodies.h"

#include "base/error.h"
#include "model/rules.h"

#include <string.h>

#define PROFILE "properties.virtualMachineProfile"
#define TRUSTED                                                                                                                \
    "'securityProfile': {'securityType': 'TrustedLaunch', 'uefiSettings': {'secureBootEnabled': true, 'vTpmEnabled': true}}"
#define IN_PROFILE(members) "{'properties': {'virtualMachineProfile': {" members "}}}"
#define DISKS(members)      "'storageProfile': {'dataDisks': [" members "]}"

#define TEXT(literal) ((char *)literal)
#define V1            SIZE_GENERATION_V1
#define V2            SIZE_GENERATION_V2
#define A_SIZE(named, of_family, n, mib, disks, gens, arch, ...)                                                               \
    {                                                                                                                          \
        .name = TEXT(named), .family = TEXT(of_family), .vcpus = n, .memory_mib = mib, .max_data_disks = disks,                \
        .generations = gens, .architecture = TEXT(arch), __VA_ARGS__                                                           \
    }

static SizeInfo sizes[] = {
    A_SIZE("V1only", "a", 1, 1024, 2, V1, "x64", .trusted_launch_disabled = TRUE),
    A_SIZE("Both", "b", 2, 2048, 4, V1 | V2, "x64", .tier = NULL),
    A_SIZE("V2only", "b", 2, 2048, 4, V2, "x64", .tier = NULL),
    A_SIZE("Disabled", "m", 4, 4096, 4, V1 | V2, "x64", .trusted_launch_disabled = TRUE),
    A_SIZE("Confidential", "dc", 2, 2048, 4, V2, "x64", .confidential = TRUE),
    A_SIZE("Arm", "p", 2, 2048, 4, V2, "Arm64", .tier = NULL),
    A_SIZE("Huge", "m", 64, 1048576, 64, V1 | V2, "x64", .tier = NULL),
};

#define IMAGE(word, gen, arch, type)                                                                                           \
    {                                                                                                                          \
        .publisher = TEXT("Testudo"), .offer = TEXT("mini"), .sku = TEXT(word), .version = TEXT("1.0.0"), .generation = gen,   \
        .architecture = TEXT(arch), .os_type = TEXT("Linux"), .security_type = TEXT(type),                                     \
        .virtual_size = G_GUINT64_CONSTANT(3) << 30                                                                            \
    }

static ImageInfo images[] = {
    IMAGE("gen1", 1, "x64", "Standard"),
    IMAGE("gen2", 2, "x64", "TrustedLaunchSupported"),
    IMAGE("gen2plain", 2, "x64", "Standard"),
    IMAGE("gen2both", 2, "x64", "TrustedLaunchAndConfidentialVmSupported"),
    IMAGE("gen2only", 2, "x64", "TrustedLaunch"),
    IMAGE("gen2cvm", 2, "x64", "ConfidentialVM"),
    IMAGE("gen1claims", 1, "x64", "TrustedLaunchSupported"),
    IMAGE("arm", 2, "Arm64", "TrustedLaunchSupported"),
};

static const SizeInfo *
size_named(const char *name)
{
    for (guint i = 0; name && i < G_N_ELEMENTS(sizes); i++) {
        if (strcmp(sizes[i].name, name) == 0)
            return &sizes[i];
    }
    return NULL;
}

static const ImageInfo *
image_named(const char *sku)
{
    for (guint i = 0; i < G_N_ELEMENTS(images); i++) {
        if (strcmp(images[i].sku, sku) == 0)
            return &images[i];
    }
    return NULL;
}

/* A quota of 100 for all, and a host that can do everything; tests change what they are about. */
typedef struct {
    Quota quota;
    RuleInput in;
    Model *before, *after;
} Case;

static void
case_clear(Case *c)
{
    g_ptr_array_unref(c->quota.families);
    g_clear_pointer(&c->before, model_unref);
    g_clear_pointer(&c->after, model_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

static void
family_limit_add(Case *c, const char *family, guint limit)
{
    QuotaFamily *entry = g_new0(QuotaFamily, 1);
    entry->family = (char *)family;
    entry->limit = limit;
    g_ptr_array_add(c->quota.families, entry);
}

static Model *
model_of(const char *size, const char *sku, const char *change)
{
    g_autofree char *body =
        g_strdup_printf("{'sku': {'name': '%s'}, 'properties': {'virtualMachineProfile': {'storageProfile': "
                        "{'imageReference': {'sku': '%s'}}}}}",
                        size, sku);
    g_autoptr(json_t) first = small_set_with(body);
    g_autoptr(json_t) document = must_send(first, change ? change : "{}");
    return must_decode(document);
}

static void
case_begin(Case *c, const char *size, const char *sku, const char *change)
{
    *c = (Case){ .quota = { 100, 100, 100, g_ptr_array_new_with_free_func(g_free) } };
    c->after = model_of(size, sku, change);
    c->in = (RuleInput){ .after = c->after,
                         .size = size_named(size),
                         .image = image_named(sku),
                         .quota = &c->quota,
                         .host_architecture = "x64",
                         .host_vcpus_max = 8,
                         .host_memory_mib = 65536,
                         .host_secure_boot = TRUE,
                         .host_vtpm = TRUE };
}

static void
case_before(Case *c, const char *size, const char *sku, const char *change)
{
    c->before = model_of(size, sku, change);
    c->in.before = c->before;
    c->in.size_before = size_named(size);
}

/* The codes and targets of all violations: "409 sku.name; 400 …", or "" where there are none. */
static char *
verdict(const Case *c)
{
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    gboolean accepted = rules_check(&c->in, &error);
    g_assert_true(accepted == (error == NULL));
    const GPtrArray *details = error ? arm_error_details(error) : NULL;
    for (guint i = 0; details && i < details->len; i++) {
        const GError *detail = g_ptr_array_index(details, i);
        const char *target = arm_error_target(detail);
        const char *shown = g_str_has_prefix(target, PROFILE ".") ? target + strlen(PROFILE ".") : target;
        g_string_append_printf(text, "%s%d %s", i ? "; " : "", arm_code_http((ArmCode)detail->code), shown);
    }
    if (details) {
        const GError *first = g_ptr_array_index(details, 0);
        g_assert_cmpint(first->code, ==, error->code);
        g_assert_cmpstr(first->message, ==, error->message);
        g_assert_cmpstr(arm_error_target(first), ==, arm_error_target(error));
    }
    return g_string_free(text, FALSE);
}

#define SIZE "400 sku.name"
#define IMG  "400 storageProfile.imageReference"
#define TYPE "400 securityProfile.securityType"
#define UEFI "400 securityProfile.uefiSettings"

/* ---- state rules, on a create ---- */

static void
test_states(void)
{
    /* clang-format off */
    static const struct {
        const char *size, *image, *change, *expect;
    } cases[] = {
        { "V1only", "gen1", NULL, "" },
        { "Both", "gen1", NULL, "" },
        { "Both", "gen2", NULL, "" },
        { "Both", "gen2plain", NULL, "" },
        { "Disabled", "gen2", NULL, "" },
        { "Both", "gen2", IN_PROFILE(TRUSTED), "" },
        { "V2only", "gen2both", IN_PROFILE(TRUSTED), "" },
        { "Both", "gen2only", IN_PROFILE(TRUSTED), "" },
        /* size */
        { "V1only", "gen2", IN_PROFILE(TRUSTED), SIZE "; " IMG },
        { "Disabled", "gen2", IN_PROFILE(TRUSTED), SIZE },
        { "Confidential", "gen2", IN_PROFILE(TRUSTED), SIZE "; " SIZE },
        { "Confidential", "gen2", NULL, SIZE },
        { "Nowhere", "gen2", NULL, SIZE },
        /* image */
        { "Both", "gen1", IN_PROFILE(TRUSTED), IMG },
        { "Both", "gen2plain", IN_PROFILE(TRUSTED), IMG },
        { "Both", "gen2cvm", IN_PROFILE(TRUSTED), IMG },
        { "Both", "gen1claims", IN_PROFILE(TRUSTED), IMG },
        { "Both", "none", NULL, IMG },
        { "Both", "gen2only", NULL, TYPE },
        { "Both", "gen2only", IN_PROFILE("'securityProfile': {'securityType': 'Standard'}"), TYPE },
        /* generations */
        { "V1only", "gen2", NULL, IMG },
        { "V2only", "gen1", NULL, IMG },
        /* switches without Trusted launch */
        { "Both", "gen2", IN_PROFILE("'securityProfile': {'securityType': 'Standard', 'uefiSettings': {}}"), UEFI },
        { "Both", "gen2", IN_PROFILE("'securityProfile': {'uefiSettings': {'vTpmEnabled': false}}"), UEFI },
        /* architecture, host */
        { "Arm", "gen2", NULL, SIZE },
        { "Arm", "arm", NULL, SIZE },
        { "Both", "arm", NULL, SIZE },
        { "Huge", "gen2", NULL, SIZE "; 409 sku.name" },
        /* disks */
        { "V1only", "gen1", IN_PROFILE(DISKS("{'lun': 0, 'diskSizeGB': 1}, {'lun': 1, 'diskSizeGB': 1}")), "" },
        { "V1only", "gen1", IN_PROFILE(DISKS("{'lun': 0, 'diskSizeGB': 1}, {'lun': 1, 'diskSizeGB': 1}, {'lun': 2, 'diskSizeGB': 1}")), "400 storageProfile.dataDisks" },
        { "V1only", "gen1", IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 3}}"), "" },
        { "V1only", "gen1", IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 2}}"), "400 storageProfile.osDisk.diskSizeGB" },
        /* data disks, Service Fabric: no rule on a create */
        { "Both", "gen2", IN_PROFILE(TRUSTED ", " DISKS("{'lun': 0, 'diskSizeGB': 1}")), "" },
        { "Both", "gen2", IN_PROFILE(TRUSTED ", 'extensionProfile': {'extensions': [{'name': 'sf', 'properties': {'publisher': 'Microsoft.Azure.ServiceFabric', 'type': 't'}}]}"), "" },
        /* several at once, in the order of the table */
        { "V1only", "gen2plain", IN_PROFILE(TRUSTED), SIZE "; " IMG "; " IMG },
        { "Nowhere", "none", NULL, SIZE "; " IMG },
        { "Arm", "gen1", IN_PROFILE(TRUSTED), IMG "; " IMG "; " SIZE },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, cases[i].size, cases[i].image, cases[i].change);
        g_autofree char *text = verdict(&c);
        g_test_message("%s %s %s", cases[i].size, cases[i].image, cases[i].change);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

/* ---- transition rules ---- */

#define FABRIC                                                                                                                 \
    "'extensionProfile': {'extensions': [{'name': 'sf', 'properties': {'publisher': 'microsoft.azure.servicefabric', 'type': " \
    "'t'}}]}"
#define ONE_DISK    DISKS("{'lun': 0, 'diskSizeGB': 4}")
#define NOT_ALLOWED "409 securityProfile.securityType"

static void
test_transitions(void)
{
    /* clang-format off */
    static const struct {
        const char *why, *before, *after;   /* changes of a generation 2 set on Both */
        const char *expect;
    } cases[] = {
        { "an upgrade without any of it", "{}", IN_PROFILE(TRUSTED), "" },
        { "Service Fabric: never", IN_PROFILE(FABRIC), IN_PROFILE(TRUSTED ", " FABRIC), NOT_ALLOWED },
        { "also where it comes with the upgrade", "{}", IN_PROFILE(TRUSTED ", " FABRIC), NOT_ALLOWED },
        { "not where it was Trusted launch before", IN_PROFILE(TRUSTED), IN_PROFILE(TRUSTED ", " FABRIC), "" },
        { "nor on the way back", IN_PROFILE(TRUSTED ", " FABRIC), IN_PROFILE(FABRIC), "" },
        { "data disks need Rolling and surge", IN_PROFILE(ONE_DISK), IN_PROFILE(TRUSTED ", " ONE_DISK), NOT_ALLOWED },
        { "not where it was Trusted launch before", IN_PROFILE(TRUSTED), IN_PROFILE(TRUSTED ", " ONE_DISK), "" },
        { "nor on the way back", IN_PROFILE(TRUSTED ", " ONE_DISK), IN_PROFILE(ONE_DISK), "" },
        { "both at once", "{}", IN_PROFILE(TRUSTED ", " ONE_DISK ", " FABRIC), NOT_ALLOWED "; " NOT_ALLOWED },
        { "a data disk grows", IN_PROFILE(ONE_DISK), IN_PROFILE(DISKS("{'lun': 0, 'diskSizeGB': 5}")), "" },
        { "but does not shrink", IN_PROFILE(ONE_DISK), IN_PROFILE(DISKS("{'lun': 0, 'diskSizeGB': 3}")), "409 storageProfile.dataDisks" },
        { "another one may be smaller", IN_PROFILE(ONE_DISK), IN_PROFILE(DISKS("{'lun': 1, 'diskSizeGB': 3}")), "" },
        { "an OS disk grows", "{}", IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 4}}"), "" },
        { "but does not shrink", IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 5}}"), IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 4}}"), "409 storageProfile.osDisk.diskSizeGB" },
        { "a new image's may", IN_PROFILE("'storageProfile': {'imageReference': {'version': '0.9.0'}, 'osDisk': {'diskSizeGB': 5}}"), IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 4}}"), "" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", cases[i].after);
        case_before(&c, "Both", "gen2", cases[i].before);
        g_autofree char *text = verdict(&c);
        g_test_message("%s", cases[i].why);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

/* What no request can ask for yet, and a stored model may. */
static void
test_surge_opens_the_way_for_data_disks(void)
{
    static const struct {
        UpgradeMode mode;
        gboolean max_surge;
        const char *expect;
    } cases[] = {
        { UPGRADE_MANUAL, TRUE, NOT_ALLOWED },
        { UPGRADE_AUTOMATIC, TRUE, NOT_ALLOWED },
        { UPGRADE_ROLLING, FALSE, NOT_ALLOWED },
        { UPGRADE_ROLLING, TRUE, "" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", IN_PROFILE(TRUSTED ", " ONE_DISK));
        case_before(&c, "Both", "gen2", IN_PROFILE(ONE_DISK));
        c.after->upgrade_mode = cases[i].mode;
        c.after->policy.rolling.max_surge = cases[i].max_surge;
        g_autofree char *text = verdict(&c);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

static void
test_flexible_needs_its_feature(void)
{
    static const struct {
        gboolean existing, registered;
        const char *expect;
    } cases[] = { { TRUE, FALSE, NOT_ALLOWED }, { TRUE, TRUE, "" }, { FALSE, FALSE, "" } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", IN_PROFILE(TRUSTED));
        if (cases[i].existing)
            case_before(&c, "Both", "gen2", NULL);
        c.after->orchestration = ORCHESTRATION_FLEXIBLE;
        c.in.flexible_feature = cases[i].registered;
        g_autofree char *text = verdict(&c);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

#define FOLLOW(version)                                                                                                        \
    "{'properties': {'upgradePolicy': {'automaticOSUpgradePolicy': {'enableAutomaticOSUpgrade': true}}, "                      \
    "'virtualMachineProfile': {'storageProfile': {'imageReference': {'version': '" version "'}}}}}"
#define OS_UPGRADE "400 properties.upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade"

static void
test_os_upgrade_needs_latest_and_health(void)
{
    static const struct {
        const char *change;
        gboolean health;
        const char *expect;
    } cases[] = {
        { FOLLOW("latest"), TRUE, "" },
        { FOLLOW("Latest"), TRUE, "" },
        { FOLLOW("latest"), FALSE, OS_UPGRADE },
        { FOLLOW("1.0.0"), TRUE, OS_UPGRADE },
        { FOLLOW("1.0.0"), FALSE, OS_UPGRADE "; " OS_UPGRADE },
        { "{}", FALSE, "" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        HealthExtension health = { 0 };
        case_begin(&c, "Both", "gen2", cases[i].change);
        if (cases[i].health)
            c.after->health = &health;
        g_autofree char *text = verdict(&c);
        c.after->health = NULL;
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

/* Nobody is asked where a newer version comes by itself: it is to do what the model says. */
static void
test_another_version_of_the_image(void)
{
    static const struct {
        const char *change, *image, *says; /* says NULL: it fits */
    } cases[] = {
        { "{}", "gen2", NULL },
        { "{}", "gen1", NULL },
        { IN_PROFILE(TRUSTED), "gen2both", NULL },
        { IN_PROFILE(TRUSTED), "gen1", "TrustedLaunch" },
        { IN_PROFILE(TRUSTED), "gen2plain", "TrustedLaunch" },
        { "{}", "gen2only", "only supports" },
        { "{}", "arm", "architecture" },
        { IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 2}}"), "gen2", "smaller" },
        { IN_PROFILE("'storageProfile': {'osDisk': {'diskSizeGB': 3}}"), "gen2", NULL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        g_autoptr(GError) error = NULL;
        case_begin(&c, "Both", "gen2", cases[i].change);
        gboolean fits = rules_image_fits(c.after, c.in.size, image_named(cases[i].image), &error);
        g_assert_cmpint(fits, ==, cases[i].says == NULL);
        g_assert_true(fits || strstr(error->message, cases[i].says));
    }
    g_autoptr(GError) error = NULL;
    g_auto(Case) c = { 0 };
    case_begin(&c, "V2only", "gen2", NULL);
    g_assert_false(rules_image_fits(c.after, c.in.size, image_named("gen1"), &error));
    g_assert_nonnull(strstr(error->message, "cannot boot"));
}

static void
test_sizes_that_a_set_can_have(void)
{
    static const struct {
        const char *change, *image, *size, *says;
    } cases[] = {
        { IN_PROFILE(TRUSTED), "gen2", "V2only", NULL },
        { IN_PROFILE(TRUSTED), "gen2", "Disabled", "TrustedLaunch" },
        { "{}", "gen2", "Disabled", NULL },
        { "{}", "gen2", "Confidential", "confidential" },
        { "{}", "gen1", "V2only", "cannot boot" },
        { "{}", NULL, "V2only", NULL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        g_autoptr(GError) error = NULL;
        case_begin(&c, "Both", "gen2", cases[i].change);
        const ImageInfo *image = cases[i].image ? image_named(cases[i].image) : NULL;
        gboolean fits = rules_size_fits(c.after, size_named(cases[i].size), image, &error);
        g_assert_cmpint(fits, ==, cases[i].says == NULL);
        g_assert_true(fits || strstr(error->message, cases[i].says));
    }
}

/* On what is new and on what is there alike. */
static void
test_automatic_is_for_uniform_sets(void)
{
    static const struct {
        OrchestrationMode orchestration;
        UpgradeMode mode;
        const char *expect;
    } cases[] = {
        { ORCHESTRATION_UNIFORM, UPGRADE_AUTOMATIC, "" },
        { ORCHESTRATION_FLEXIBLE, UPGRADE_MANUAL, "" },
        { ORCHESTRATION_FLEXIBLE, UPGRADE_ROLLING, "" },
        { ORCHESTRATION_FLEXIBLE, UPGRADE_AUTOMATIC, "400 properties.upgradePolicy.mode" },
    };
    for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", NULL);
        if (i % 2)
            case_before(&c, "Both", "gen2", NULL);
        c.after->orchestration = cases[i / 2].orchestration;
        c.after->upgrade_mode = cases[i / 2].mode;
        g_autofree char *text = verdict(&c);
        g_assert_cmpstr(text, ==, cases[i / 2].expect);
    }
}

/* ---- Guest Attestation ---- */

static void
attestation_add(Model *model)
{
    model->attestation = g_new0(AttestationExtension, 1);
}

static void
test_attestation_is_added_where_both_are_on(void)
{
    /* clang-format off */
    static const struct {
        gboolean there_before, is_rollback, secure_boot, vtpm;
        const char *expect;
    } cases[] = {
        { FALSE, FALSE, TRUE, TRUE, "" },
        { FALSE, FALSE, FALSE, TRUE, "409 extensionProfile.extensions" },
        { FALSE, FALSE, TRUE, FALSE, "409 extensionProfile.extensions" },
        { TRUE, FALSE, FALSE, TRUE, "" },
        { TRUE, FALSE, FALSE, FALSE, "" },
        { FALSE, TRUE, FALSE, TRUE, "" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", IN_PROFILE(TRUSTED));
        case_before(&c, "Both", "gen2", IN_PROFILE(TRUSTED));
        attestation_add(c.after);
        if (cases[i].there_before)
            attestation_add(c.before);
        c.after->secure_boot = cases[i].secure_boot;
        c.after->vtpm = cases[i].vtpm;
        c.in.is_rollback = cases[i].is_rollback;
        g_autofree char *text = verdict(&c);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

/* ---- the host ---- */

static void
test_host_abilities(void)
{
    /* clang-format off */
    static const struct {
        gboolean secure_boot, vtpm;
        const char *change, *expect;
    } cases[] = {
        { FALSE, FALSE, "{}", "" },
        { FALSE, TRUE, IN_PROFILE(TRUSTED), NOT_ALLOWED },
        { TRUE, FALSE, IN_PROFILE(TRUSTED), "409 securityProfile.uefiSettings" },
        { TRUE, FALSE, IN_PROFILE("'securityProfile': {'securityType': 'TrustedLaunch', 'uefiSettings': {'vTpmEnabled': false}}"), "" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", cases[i].change);
        c.in.host_secure_boot = cases[i].secure_boot;
        c.in.host_vtpm = cases[i].vtpm;
        g_autofree char *text = verdict(&c);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

/* ---- quota: three instances of two cores each; used is what others take ---- */

static void
test_quota(void)
{
    /* clang-format off */
    static const struct {
        const char *why;
        const char *before;     /* size of the set as it is; NULL: a create */
        guint family, regional, machines, sets;                 /* limits */
        QuotaUsage used;
        const char *expect;
    } cases[] = {
        { "just enough", NULL, 6, 6, 3, 1, { 0, 0, 0, 0 }, "" },
        { "one core short in the family", NULL, 5, 6, 3, 1, { 0, 0, 0, 0 }, "409 sku.name" },
        { "one core short in the region", NULL, 6, 5, 3, 1, { 0, 0, 0, 0 }, "409 sku.name" },
        { "one machine short", NULL, 6, 6, 2, 1, { 0, 0, 0, 0 }, "409 sku.capacity" },
        { "one set short", NULL, 6, 6, 3, 0, { 0, 0, 0, 0 }, "409 name" },
        { "others count", NULL, 10, 100, 100, 100, { 5, 5, 3, 1 }, "409 sku.name" },
        { "all at once", NULL, 1, 1, 1, 0, { 0, 0, 0, 0 }, "409 sku.name; 409 sku.name; 409 sku.capacity; 409 name" },
        { "lowered meanwhile: no more is taken", "Both", 1, 1, 1, 0, { 0, 0, 0, 0 }, "" },
        { "another size of the family neither", "V2only", 1, 1, 1, 0, { 0, 0, 0, 0 }, "" },
        { "another family is taken anew", "V1only", 5, 100, 3, 1, { 0, 0, 0, 0 }, "409 sku.name" },
        { "and takes more in the region", "V1only", 100, 5, 3, 1, { 0, 0, 0, 0 }, "409 sku.name" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", NULL);
        if (cases[i].before)
            case_before(&c, cases[i].before, "gen2", NULL);
        family_limit_add(&c, "B", cases[i].family);
        c.quota.regional_cores = cases[i].regional;
        c.quota.virtual_machines = cases[i].machines;
        c.quota.scale_sets = cases[i].sets;
        c.in.usage = cases[i].used;
        g_autofree char *text = verdict(&c);
        g_test_message("%s", cases[i].why);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

/* Instances that are on an older revision keep its size, and what is made now comes beside them. */
static void
test_quota_counts_what_there_is(void)
{
    static const struct {
        const char *why;
        guint capacity; /* of 2 vCPUs each */
        guint limit;
        QuotaUsage own;
        const char *expect;
    } cases[] = {
        { "larger ones are there, and one is made", 3, 9, { 8, 8, 2, 1 }, "409 sku.capacity; 409 sku.capacity" },
        { "and it fits", 3, 10, { 8, 8, 2, 1 }, "" },
        { "none is made", 2, 4, { 8, 8, 2, 1 }, "" },
        { "smaller ones are there: all will have the new size", 3, 5, { 2, 2, 2, 1 }, "409 sku.name; 409 sku.name" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", NULL);
        Model after = *c.in.after;
        after.capacity = cases[i].capacity;
        c.in.after = &after;
        family_limit_add(&c, "B", cases[i].limit);
        c.quota.regional_cores = cases[i].limit;
        c.in.own = cases[i].own;
        g_autofree char *text = verdict(&c);
        g_test_message("%s", cases[i].why);
        g_assert_cmpstr(text, ==, cases[i].expect);
    }
}

static void
test_quota_says_limit_usage_and_need(void)
{
    g_auto(Case) c = { 0 };
    g_autoptr(GError) error = NULL;
    case_begin(&c, "Both", "gen2", NULL);
    family_limit_add(&c, "b", 10);
    c.in.usage = (QuotaUsage){ 7, 7, 3, 1 };
    g_assert_false(rules_check(&c.in, &error));
    assert_error_says(error, ARM_OPERATION_NOT_ALLOWED, "sku.name", "b cores|Limit: 10|: 7,|needed by it: 6");
}

/* ---- the sentences that Azure's clients match on ---- */

static void
test_sentences(void)
{
    /* clang-format off */
    static const struct {
        const char *size, *image, *change;
        ArmCode code;
        const char *target, *words;
    } cases[] = {
        { "Disabled", "gen2", IN_PROFILE(TRUSTED), ARM_BAD_REQUEST, "sku.name", "The VM size 'Disabled' is not supported for creation of VMs and Virtual Machine Scale Set with 'TrustedLaunch' security type." },
        { "Both", "gen1", IN_PROFILE(TRUSTED), ARM_BAD_REQUEST, PROFILE ".storageProfile.imageReference", "Use of TrustedLaunch setting is not supported for the provided image. Please select Trusted Launch Supported Gen2 OS Image.|Testudo:mini:gen1:1.0.0" },
        { "Both", "gen2only", NULL, ARM_BAD_REQUEST, PROFILE ".securityProfile.securityType", "The provided gallery image only supports creation of VMs and VM Scale Sets with 'TrustedLaunch' security type." },
        { "V1only", "gen2", NULL, ARM_BAD_REQUEST, PROFILE ".storageProfile.imageReference", "V1only|gen2|V1|V2" },
        { "Both", "gen2", IN_PROFILE("'securityProfile': {'securityType': 'Standard', 'uefiSettings': {}}"), ARM_BAD_REQUEST, PROFILE ".securityProfile.uefiSettings", "Use of UEFI settings is not supported when security type is 'Standard'." },
        { "Both", "gen2", IN_PROFILE("'securityProfile': {'uefiSettings': {'vTpmEnabled': true}}"), ARM_BAD_REQUEST, PROFILE ".securityProfile.uefiSettings", "Use of UEFI settings is not supported when security type is not set." },
        { "Nowhere", "gen2", NULL, ARM_INVALID_PARAMETER, "sku.name", "Nowhere|list-sizes" },
        { "Both", "none", NULL, ARM_IMAGE_NOT_FOUND, PROFILE ".storageProfile.imageReference", "none|image list" },
        { "Arm", "gen2", NULL, ARM_BAD_REQUEST, "sku.name", "Arm64|x64" },
        { "Arm", "arm", NULL, ARM_BAD_REQUEST, "sku.name", "Arm64|this host|x64" },
        { "Huge", "gen2", NULL, ARM_BAD_REQUEST, "sku.name", "64 vCPUs|8 vCPUs" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        g_autoptr(GError) error = NULL;
        case_begin(&c, cases[i].size, cases[i].image, cases[i].change);
        g_assert_false(rules_check(&c.in, &error));
        assert_error_says(error, (int)cases[i].code, cases[i].target, cases[i].words);
    }
}

static void
test_transition_sentences(void)
{
    static const struct {
        const char *after, *words;
        gboolean flexible;
    } cases[] = {
        { IN_PROFILE(TRUSTED ", " FABRIC), "Service Fabric", FALSE },
        { IN_PROFILE(TRUSTED ", " ONE_DISK), "upgradePolicy.mode 'Rolling'|maxSurge true|1 data disk", FALSE },
        { IN_PROFILE(TRUSTED), "Microsoft.Compute/TrustedLaunchUpgradeFlexPreview|register", TRUE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        g_autoptr(GError) error = NULL;
        case_begin(&c, "Both", "gen2", cases[i].after);
        case_before(&c, "Both", "gen2", NULL);
        if (cases[i].flexible)
            c.after->orchestration = ORCHESTRATION_FLEXIBLE;
        g_assert_false(rules_check(&c.in, &error));
        assert_error_says(error, ARM_OPERATION_NOT_ALLOWED, PROFILE ".securityProfile.securityType", cases[i].words);
    }
}

/* From generation 1 straight to Trusted launch, size, image and security type in one request. */
static void
test_generation_1_to_trusted_launch_at_once(void)
{
    g_auto(Case) c = { 0 };
    case_begin(&c, "Both", "gen2", IN_PROFILE(TRUSTED));
    case_before(&c, "V1only", "gen1", NULL);
    g_autofree char *text = verdict(&c);
    g_assert_cmpstr(text, ==, "");
}

/* ---- warnings ---- */

static void
test_warnings(void)
{
    /* clang-format off */
    static const struct {
        const char *before, *after;     /* before NULL: a create */
        const char *words;              /* one word for each warning that is due, in order */
    } cases[] = {
        { NULL, "{}", "" },
        { NULL, IN_PROFILE(TRUSTED), "" },
        { NULL, IN_PROFILE("'securityProfile': {'securityType': 'TrustedLaunch'}"), "Secure Boot is off" },
        { NULL, IN_PROFILE("'securityProfile': {'securityType': 'TrustedLaunch', 'uefiSettings': {'vTpmEnabled': false}}"), "Secure Boot is off|vTPM is off" },
        { "{}", IN_PROFILE("'storageProfile': {'imageReference': {'offer': 'else'}}"), "another publisher|OS disk" },
        { IN_PROFILE(TRUSTED), "{}", "vTPM: every key|UEFI variables" },
        { "{}", IN_PROFILE("'osProfile': {'adminUsername': 'lab'}"), "next reimage" },
        { "{}", IN_PROFILE(TRUSTED ", 'osProfile': {'adminUsername': 'lab'}"), "UEFI variables|next reimage" },
        { "{}", "{'sku': {'capacity': 9}}", "" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", cases[i].after);
        if (cases[i].before)
            case_before(&c, "Both", "gen2", cases[i].before);
        g_auto(GStrv) warnings = rules_warnings(&c.in), words = g_strsplit(cases[i].words, "|", -1);
        g_test_message("%s -> %s", cases[i].before, cases[i].after);
        g_assert_cmpuint(g_strv_length(warnings), ==, g_strv_length(words));
        for (guint k = 0; words[k]; k++)
            g_assert_nonnull(strstr(warnings[k], words[k]));
    }
}

/* Only where Secure Boot is to be on: without it, any image boots. */
static void
test_unsigned_image(void)
{
    static const struct {
        const char *after, *word; /* word NULL: no warning */
    } cases[] = {
        { IN_PROFILE(TRUSTED), "without a signature" },
        { IN_PROFILE("'securityProfile': {'securityType': 'TrustedLaunch', 'uefiSettings': {'vTpmEnabled': true}}"),
          "Secure Boot is off" },
        { "{}", NULL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Case) c = { 0 };
        case_begin(&c, "Both", "gen2", cases[i].after);
        ImageInfo image = *c.in.image;
        image.boot_chain = BOOT_CHAIN_UNSIGNED;
        c.in.image = &image;
        g_auto(GStrv) warnings = rules_warnings(&c.in);
        g_assert_cmpuint(g_strv_length(warnings), ==, cases[i].word ? 1 : 0);
        g_assert_true(!cases[i].word || strstr(warnings[0], cases[i].word));
    }
}

static void
test_attestation_stays_with_a_warning(void)
{
    g_auto(Case) c = { 0 };
    case_begin(&c, "Both", "gen2", NULL);
    case_before(&c, "Both", "gen2", IN_PROFILE(TRUSTED));
    attestation_add(c.before);
    attestation_add(c.after);
    g_autofree char *text = verdict(&c);
    g_auto(GStrv) warnings = rules_warnings(&c.in);
    g_autofree char *all = g_strjoinv("\n", warnings);
    g_assert_cmpstr(text, ==, "");
    g_assert_nonnull(strstr(all, "NotAttested"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/states", test_states);
    g_test_add_func("/rules/transitions", test_transitions);
    g_test_add_func("/rules/surge-opens-the-way-for-data-disks", test_surge_opens_the_way_for_data_disks);
    g_test_add_func("/rules/flexible-needs-its-feature", test_flexible_needs_its_feature);
    g_test_add_func("/rules/os-upgrade-needs-latest-and-health", test_os_upgrade_needs_latest_and_health);
    g_test_add_func("/rules/another-version-of-the-image", test_another_version_of_the_image);
    g_test_add_func("/rules/automatic-is-for-uniform-sets", test_automatic_is_for_uniform_sets);
    g_test_add_func("/rules/attestation-is-added-where-both-are-on", test_attestation_is_added_where_both_are_on);
    g_test_add_func("/rules/host-abilities", test_host_abilities);
    g_test_add_func("/rules/quota", test_quota);
    g_test_add_func("/rules/quota-counts-what-there-is", test_quota_counts_what_there_is);
    g_test_add_func("/rules/quota-says-limit-usage-and-need", test_quota_says_limit_usage_and_need);
    g_test_add_func("/rules/sentences", test_sentences);
    g_test_add_func("/rules/transition-sentences", test_transition_sentences);
    g_test_add_func("/rules/generation-1-to-trusted-launch-at-once", test_generation_1_to_trusted_launch_at_once);
    g_test_add_func("/rules/sizes-that-a-set-can-have", test_sizes_that_a_set_can_have);
    g_test_add_func("/warnings/each", test_warnings);
    g_test_add_func("/warnings/unsigned-image", test_unsigned_image);
    g_test_add_func("/warnings/attestation-stays", test_attestation_stays_with_a_warning);
    return g_test_run();
}
