/* What is recommended, and how things stand: Microsoft.Security assessments, Microsoft.ResourceHealth. */
#include "attested.h"
#include "rows.h"

#include "base/json.h"

#include <string.h>

#define ASSESSMENTS "/providers/Microsoft.Security/assessments"
#define HEALTH      "/providers/Microsoft.ResourceHealth/availabilityStatuses/current"
#define EACH        "/providers/Microsoft.ResourceHealth/childResources"
#define TRUSTED(secure_boot, vtpm)                                                                                             \
    "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":" secure_boot ",\"vTpmEnabled\":" vtpm "}}"

static const struct {
    const char *name, *security, *sku;
    const char *secure_boot, *vtpm, *attestation;
} models[] = {
    { "standard", NULL, "gen2", "Unhealthy", "Unhealthy", "NotApplicable" },
    { "generation-1", NULL, "gen1", "NotApplicable", "NotApplicable", "NotApplicable" },
    { "vtpm-alone", TRUSTED("false", "true"), "gen2", "Unhealthy", "Healthy", "NotApplicable" },
    { "both", TRUSTED("true", "true"), "gen2", "Healthy", "Healthy", "Unhealthy" },
};

static void
expect_assessment(World *world, const char *scope, const char *name, const char *code)
{
    g_autofree char *target = g_strconcat(scope, ASSESSMENTS "/", name, NULL);
    g_autoptr(Answer) one = world_must(world, 200, "GET", target, NULL);
    answer_expect(one, "properties.status.code", code);
    answer_expect(one, "properties.metadata.severity", "Low");
}

static void
test_assessments(const void *data)
{
    static const char *const scopes[] = { "@/s1", "@/s1/virtualMachines/0" };
    const guint i = GPOINTER_TO_UINT(data);
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", models[i].sku, models[i].security);
    for (guint j = 0; j < G_N_ELEMENTS(scopes); j++) {
        expect_assessment(world, scopes[j], "secureBootEnabled", models[i].secure_boot);
        expect_assessment(world, scopes[j], "vTpmEnabled", models[i].vtpm);
        expect_assessment(world, scopes[j], "guestAttestationInstalled", models[i].attestation);
    }
}

static void
test_where_assessments_are(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", TRUSTED("true", "true"));
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g2", "{\"location\":\"local\"}"));
    const Row rows[] = {
        { "GET", "~" ASSESSMENTS, NULL, 200, "value.2.name", "guestAttestationInstalled" },
        { "GET", "~" ASSESSMENTS, NULL, 200, "value.3", NULL },
        { "GET", "~/resourceGroups/g1" ASSESSMENTS, NULL, 200, "value.0.type", "Microsoft.Security/assessments" },
        { "GET", "~/resourceGroups/g2" ASSESSMENTS, NULL, 200, "value.0", NULL },
        { "GET", "~/resourceGroups/g3" ASSESSMENTS, NULL, 404, "error.code", "ResourceGroupNotFound" },
        { "GET", "@/s1" ASSESSMENTS, NULL, 200, "value.1.name", "vTpmEnabled" },
        { "GET", "@/s1/virtualMachines/1" ASSESSMENTS, NULL, 200, "value.1.properties.status.code", "Healthy" },
        { "GET", "@/s1/virtualMachines/9" ASSESSMENTS, NULL, 404, "error.code", "InstanceIdNotFound" },
        { "GET", "@/s1" ASSESSMENTS "/other", NULL, 404, "error.code", "NotFound" },
        { "GET", "~/providers/Microsoft.Security", NULL, 200, "resourceTypes.0.resourceType", "alerts" },
    };
    ROWS_RUN(world, rows);
    /* Instances have what they run: the model is another one already. */
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":{\"uefiSettings\":{"
                           "\"secureBootEnabled\":false}}}}}"));
    expect_assessment(world, "@/s1", "secureBootEnabled", "Unhealthy");
    expect_assessment(world, "@/s1/virtualMachines/0", "secureBootEnabled", "Healthy");
}

/* Whoever looks at the one member, and not at the other, would be told another thing than is done. */
static void
test_a_name_is_there_once(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", TRUSTED("true", "true"));
    const Row rows[] = {
        { "PATCH", "@/s1",
          "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":{\"uefiSettings\":{"
          "\"secureBootEnabled\":true,\"SecureBootEnabled\":false}}}}}",
          400, "error.target", "SecureBootEnabled" },
        { "GET", "@/s1", NULL, 200, "properties.virtualMachineProfile.securityProfile.uefiSettings.secureBootEnabled", "true" },
    };
    ROWS_RUN(world, rows);
}

/* ---- resource health ---- */

static SimulatedFault
refused(const LaunchSpec *spec, void *data)
{
    (void)data;
    return g_str_has_suffix(spec->key, ".0") && spec->epoch == 2 ? SIMULATED_REFUSED : SIMULATED_OK;
}

/* The list's pages, one instance each, have what each instance says itself. */
static void
each_is_as_by_itself(World *world)
{
    g_autofree char *page = g_strdup("@/s1" EACH "?$top=1");
    for (guint i = 0; i < 2; i++) {
        g_autofree char *target = g_strdup_printf("@/s1/virtualMachines/%u" HEALTH, i);
        g_autoptr(Answer) list = world_must(world, 200, "GET", page, NULL), one = world_must(world, 200, "GET", target, NULL);
        const json_t *value = json_object_get(list->body, "value");
        g_assert_cmpuint(json_array_size(value), ==, 1);
        g_assert_true(json_equal(json_array_get(value, 0), one->body));
        g_autofree char *link = answer_text(list, "nextLink");
        g_free(page);
        page = link ? g_strconcat("!", strstr(link, "/subscriptions"), NULL) : NULL;
    }
    g_assert_null(page);
}

static void
test_health(void)
{
    g_autoptr(World) world = world_new();
    host_simulated_set_faults(world->simulated, refused, NULL);
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", TRUSTED("true", "true"));
    const Row well[] = {
        { "GET", "@/s1" HEALTH, NULL, 200, "properties.availabilityState", "Available" },
        { "GET", "@/s1" HEALTH, NULL, 200, "properties.summary", "2 of 2 instances are available." },
        { "GET", "@/s1/virtualMachines/0" HEALTH, NULL, 200, "properties.availabilityState", "Available" },
        { "GET", "@/s1/virtualMachines/0" HEALTH, NULL, 200, "name", "current" },
        { "GET", "@/s1/virtualMachines/7" HEALTH, NULL, 404, "error.code", "InstanceIdNotFound" },
        { "POST", "@/s1/virtualMachines/0/restart", NULL, 202, NULL, NULL },
    };
    ROWS_RUN(world, well);
    world_settle(world);
    const Row not_booted[] = {
        { "GET", "@/s1/virtualMachines/0" HEALTH, NULL, 200, "properties.availabilityState", "Unavailable" },
        { "GET", "@/s1/virtualMachines/0" HEALTH, NULL, 200, "properties.title", "Not booted: Secure Boot validation failed" },
        { "GET", "@/s1" HEALTH, NULL, 200, "properties.availabilityState", "Degraded" },
        { "GET", "@/s1" HEALTH, NULL, 200, "properties.summary", "1 of 2 instances are available." },
        { "POST", "@/s1/virtualMachines/1/deallocate", NULL, 202, NULL, NULL },
    };
    ROWS_RUN(world, not_booted);
    world_settle(world);
    const Row none[] = {
        { "GET", "@/s1/virtualMachines/1" HEALTH, NULL, 200, "properties.title", "Deallocated" },
        { "GET", "@/s1/virtualMachines/1" HEALTH, NULL, 200, "properties.reasonType", "UserInitiated" },
        { "GET", "@/s1" HEALTH, NULL, 200, "properties.availabilityState", "Unavailable" },
    };
    ROWS_RUN(world, none);
    each_is_as_by_itself(world);
}

#define OF_POLICY(policy)                                                                                                      \
    TRUSTED_SET("Standard_B1ms", "1", "1.0.0", "\"orchestrationMode\":\"Flexible\"",                                           \
                ATTESTATION_EXTENSION("\"onDeviation\":\"" policy "\""))
#define MACHINE "~/resourceGroups/g1/providers/Microsoft.Compute/virtualMachines/s1_0"

static SimulatedFault
second_boot(const LaunchSpec *spec, void *data)
{
    (void)data;
    return g_str_has_suffix(spec->key, ".0") && spec->epoch == 2 ? SIMULATED_GRUB_CHANGED : SIMULATED_OK;
}

static void
expect_boot(const char *body, const char *state, const char *title)
{
    g_autoptr(World) world = attested_world(body, second_boot, NULL);
    attested_restart(world, "0");
    g_autoptr(Answer) health = world_must(world, 200, "GET", MACHINE HEALTH, NULL);
    answer_expect(health, "properties.availabilityState", state);
    answer_expect(health, "properties.title", title);
    g_autofree char *summary = answer_text(health, "properties.summary"), *id = answer_text(health, "id");
    g_assert_nonnull(strstr(summary, "grubx64.efi"));
    g_assert_nonnull(strstr(id, "/virtualMachines/s1_0/providers/"));
    expect_assessment(world, MACHINE, "guestAttestationInstalled", "Healthy");
}

static void
test_health_of_a_boot(void)
{
    expect_boot(OF_POLICY("report"), "Degraded", "Its boot deviates from what it should be");
    expect_boot(OF_POLICY("quarantine"), "Unavailable", "In quarantine");
}

/* ---- suppression rules ---- */

#define RULES      "~/providers/Microsoft.Security/alertsSuppressionRules"
#define RULE(more) "{\"properties\":{\"state\":\"Enabled\",\"reason\":\"Other\"," more "}}"
#define EVERY      "\"alertType\":\"*\""
#define DEVIATION  "Testudo.BootIntegrity.Deviation"
#define SILENCE    "Testudo.BootIntegrity.NoAnswer"
#define OF(type)   "\"alertType\":\"" type "\""
#define ACTIVITY   "~/providers/Microsoft.Insights/eventtypes/management/values"

static void
test_suppression_rules(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "GET", RULES, NULL, 200, "value.0", NULL },
        { "GET", RULES "/r1", NULL, 404, "error.code", "NotFound" },
        { "DELETE", RULES "/r1", NULL, 204, NULL, NULL },
        { "PUT", RULES "/r1", RULE(EVERY), 200, "properties.state", "Enabled" },
        { "GET", ACTIVITY, NULL, 200, "value.0.operationName.value", "Microsoft.Security/alertsSuppressionRules/write" },
        { "GET", RULES "/R1", NULL, 200, "name", "r1" },
        { "GET", RULES "/r1", NULL, 200, "type", "Microsoft.Security/alertsSuppressionRules" },
        { "GET", RULES "/r1", NULL, 200, "properties.lastModifiedUtc", "2024-01-01T00:00:00.000000Z" },
        { "GET", RULES "/r1", NULL, 200, "properties.suppressionAlertsScope", NULL },
        { "PUT", RULES "/R1", RULE(OF(DEVIATION) ",\"comment\":\"c\""), 200, "name", "r1" },
        { "PUT", RULES "/r2", RULE(OF(SILENCE)), 200, "name", "r2" },
        { "GET", RULES, NULL, 200, "value.0.properties.comment", "c" },
        { "GET", RULES, NULL, 200, "value.1.name", "r2" },
        { "GET", RULES, NULL, 200, "value.2", NULL },
        { "GET", RULES "?AlertType=" SILENCE, NULL, 200, "value.0.name", "r2" },
        { "GET", RULES "?AlertType=" SILENCE, NULL, 200, "value.1", NULL },
        { "GET", RULES "?ALERTTYPE=" SILENCE, NULL, 200, "value.0.name", "r2" },
        { "GET", RULES "?AlertType=IpAnomaly", NULL, 400, "error.target", "AlertType" },
        { "PUT", RULES "/r%203", RULE(EVERY), 400, "error.target", "name" },
        { "PUT", RULES "/r3", "{\"properties\":{}}", 400, "error.details.2.target", "properties.state" },
        { "PUT", RULES "/r3", RULE(EVERY ",\"expirationDateUtc\":\"2020-01-01T00:00:00Z\""), 400, "error.target",
          "properties.expirationDateUtc" },
        { "GET", RULES "/r3", NULL, 404, NULL, NULL },
        { "DELETE", RULES "/R2", NULL, 204, NULL, NULL },
        { "GET", ACTIVITY, NULL, 200, "value.0.operationName.value", "Microsoft.Security/alertsSuppressionRules/delete" },
        { "GET", RULES "/r2", NULL, 404, NULL, NULL },
        { "POST", RULES "/r1", NULL, 405, NULL, NULL },
    };
    ROWS_RUN(world, rows);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(models); i++) {
        g_autofree char *path = g_strconcat("/api/security/assessments/", models[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_assessments);
    }
    g_test_add_func("/api/security/where-assessments-are", test_where_assessments_are);
    g_test_add_func("/api/security/a-name-is-there-once", test_a_name_is_there_once);
    g_test_add_func("/api/security/health", test_health);
    g_test_add_func("/api/security/suppression-rules", test_suppression_rules);
    g_test_add_func("/api/security/health-of-a-boot", test_health_of_a_boot);
    return g_test_run();
}
