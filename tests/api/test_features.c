/* Microsoft.Features: what can be registered, and what each registration does. */
#include "rows.h"

#define ALL        "~/providers/Microsoft.Features/features"
#define OF_COMPUTE "~/providers/Microsoft.Features/providers/Microsoft.Compute/features"
#define BY_DEFAULT OF_COMPUTE "/TrustedLaunchByDefaultPreview"
#define STANDARD   OF_COMPUTE "/UseStandardSecurityType"
#define LOG        "~/providers/Microsoft.Insights/eventtypes/management/values"

static void
test_states(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "GET", ALL, NULL, 200, "value.1.name", "Microsoft.Compute/TrustedLaunchByDefaultPreview" },
        { "GET", OF_COMPUTE, NULL, 200, "value.0.type", "Microsoft.Features/providers/features" },
        { "GET", OF_COMPUTE, NULL, 200, "value.0.properties.state", "NotRegistered" },
        { "GET", BY_DEFAULT, NULL, 200, "properties.state", "NotRegistered" },
        { "POST", BY_DEFAULT "/unregister", NULL, 200, "properties.state", "NotRegistered" },
        { "GET", LOG, NULL, 200, "value.0", NULL },
        { "POST", "~/providers/microsoft.features/providers/microsoft.compute/features/trustedlaunchbydefaultpreview/register",
          "{}", 200, "name", "Microsoft.Compute/TrustedLaunchByDefaultPreview" },
        { "GET", BY_DEFAULT, NULL, 200, "properties.state", "Registered" },
        { "GET", ALL, NULL, 200, "value.1.properties.state", "Registered" },
        { "GET", LOG, NULL, 200, "value.0.operationName.value", "Microsoft.Features/providers/features/register/action" },
        /* again: nothing changes, and nothing is logged */
        { "POST", BY_DEFAULT "/register", NULL, 200, "properties.state", "Registered" },
        { "GET", LOG, NULL, 200, "value.1", NULL },
        { "POST", BY_DEFAULT "/unregister", NULL, 200, "properties.state", "Unregistered" },
        { "GET", BY_DEFAULT, NULL, 200, "properties.state", "Unregistered" },
        { "POST", BY_DEFAULT "/register", "{\"a\":1}", 400, "error.code", "InvalidRequestContent" },
        { "GET", "~/providers/Microsoft.Features", NULL, 200, "resourceTypes.0.resourceType", "features" },
        { "POST", "~/providers/Microsoft.Features/register", NULL, 200, "registrationState", "Registered" },
        { "POST", "~/providers/Microsoft.Compute/register", NULL, 200, "registrationState", "Registered" },
    };
    ROWS_RUN(world, rows);
    world_restart(world);
    g_autoptr(Answer) later = world_must(world, 200, "GET", BY_DEFAULT, NULL);
    answer_expect(later, "properties.state", "Unregistered");
}

static void
test_unknown_ones_are_told_what_there_is(void)
{
    static const char *const targets[] = { OF_COMPUTE "/Nonsense", OF_COMPUTE "/Nonsense/register",
                                           OF_COMPUTE "/Nonsense/unregister" };
    g_autoptr(World) world = world_new();
    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autoptr(Answer) answer = world_must(world, 404, i == 0 ? "GET" : "POST", targets[i], NULL);
        g_autofree char *message = answer_text(answer, "error.message");
        answer_expect(answer, "error.code", "FeatureNotFound");
        g_assert_nonnull(strstr(message, "'Nonsense'"));
        g_assert_nonnull(strstr(message, "TrustedLaunchUpgradeFlexPreview, TrustedLaunchByDefaultPreview"));
    }
    const Row rows[] = {
        { "GET", "~/providers/Microsoft.Features/providers/Microsoft.Network/features", NULL, 404, "error.code",
          "FeatureNotFound" },
        { "GET", "~/providers/Microsoft.Features/providers/Microsoft.Network/features/UseStandardSecurityType", NULL, 404,
          "error.code", "FeatureNotFound" },
    };
    ROWS_RUN(world, rows);
}

/* What it permits is permitted to everybody, and its state says so. */
static void
test_standard_may_always_be_named(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "GET", STANDARD, NULL, 200, "properties.state", "Registered" },
        { "POST", STANDARD "/register", NULL, 200, "properties.state", "Registered" },
        { "POST", STANDARD "/unregister", NULL, 409, "error.code", "OperationNotAllowed" },
        { "GET", STANDARD, NULL, 200, "properties.state", "Registered" },
    };
    ROWS_RUN(world, rows);
}

static char *
create_body(const char *size, const char *image_sku, const char *security)
{
    return g_strdup_printf(
        "{\"location\":\"local\",\"sku\":{\"name\":\"%s\",\"capacity\":0},\"properties\":{\"virtualMachineProfile\":{%s"
        "\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"%s\"}}}}}",
        size, security, image_sku);
}

static void
test_trusted_launch_by_default(void)
{
    static const struct {
        const char *why, *size, *image_sku, *security, *type, *secure_boot;
        gboolean host_secure_boot;
    } cases[] = {
        { "nothing said", "Standard_B1ms", "gen2", "", "TrustedLaunch", "true", TRUE },
        { "nothing said in an object", "Standard_B1ms", "gen2", "\"securityProfile\":{},", "TrustedLaunch", "true", TRUE },
        { "null", "Standard_B1ms", "gen2", "\"securityProfile\":null,", "TrustedLaunch", "true", TRUE },
        { "Standard named", "Standard_B1ms", "gen2", "\"securityProfile\":{\"securityType\":\"Standard\"},", "Standard", NULL,
          TRUE },
        { "named with its own switches", "Standard_B1ms", "gen2", "\"securityProfile\":{\"securityType\":\"TrustedLaunch\"},",
          "TrustedLaunch", "false", TRUE },
        { "an image that cannot", "Standard_A1_v2", "gen1", "", NULL, NULL, TRUE },
        { "a size that cannot", "Standard_A1_v2", "gen2", "", NULL, NULL, TRUE },
        { "a host that cannot", "Standard_B1ms", "gen2", "", NULL, NULL, FALSE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        g_autofree char *body = create_body(cases[i].size, cases[i].image_sku, cases[i].security);
        g_test_message("%s", cases[i].why);
        world->host_facts.secure_boot = cases[i].host_secure_boot;
        answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
        answer_free(world_must(world, 200, "POST", BY_DEFAULT "/register", NULL));
        g_autoptr(Answer) created = world_ask(world, "PUT", "@/s1", body);
        /* An A1 runs no generation 2 image, whatever the security type. */
        if (g_str_equal(cases[i].why, "a size that cannot")) {
            g_assert_cmpint(created->response->status, ==, 400);
            answer_expect(created, "error.details.1", NULL);
            continue;
        }
        g_assert_cmpint(created->response->status, ==, 201);
        answer_expect(created, "properties.virtualMachineProfile.securityProfile.securityType", cases[i].type);
        answer_expect(created, "properties.virtualMachineProfile.securityProfile.uefiSettings.secureBootEnabled",
                      cases[i].secure_boot);
    }
}

static void
test_the_default_is_for_what_is_new(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *body = create_body("Standard_B1ms", "gen2", "");
    world_create(world, "s1", 0, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "POST", BY_DEFAULT "/register", NULL));
    const Row rows[] = {
        { "PUT", "@/s1", body, 200, "properties.virtualMachineProfile.securityProfile", NULL },
        { "POST", "@/s2/whatIf", body, 200, "warnings.0",
          "No security type was named: the feature Microsoft.Compute/TrustedLaunchByDefaultPreview makes it TrustedLaunch, "
          "with "
          "Secure Boot and vTPM." },
        { "POST", BY_DEFAULT "/unregister", NULL, 200, NULL, NULL },
        { "POST", "@/s2/whatIf", body, 200, "warnings.0", NULL },
        { "PUT", "@/s2", body, 201, "properties.virtualMachineProfile.securityProfile", NULL },
    };
    ROWS_RUN(world, rows);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/features/states", test_states);
    g_test_add_func("/features/unknown-ones", test_unknown_ones_are_told_what_there_is);
    g_test_add_func("/features/standard", test_standard_may_always_be_named);
    g_test_add_func("/features/trusted-launch-by-default", test_trusted_launch_by_default);
    g_test_add_func("/features/the-default-is-for-what-is-new", test_the_default_is_for_what_is_new);
    return g_test_run();
}
