/* Extensions by routes of their own, and the catalogue in which clients look for them. */
#include "base/json.h"
#include "rows.h"

#include <string.h>

#define SETTINGS     "properties.settings"
#define IN_MODEL     "properties.virtualMachineProfile.extensionProfile.extensions"
#define PUBLISHERS   "~/providers/Microsoft.Compute/locations/local/publishers"
#define HEALTH_TYPES PUBLISHERS "/Microsoft.ManagedServices/artifacttypes/vmextension/types"
#define HEALTH(settings)                                                                                                       \
    "{\"properties\":{\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\","                        \
    "\"typeHandlerVersion\":\"1.0\",\"autoUpgradeMinorVersion\":true,\"settings\":" settings "}}"
#define TCP(port) "{\"protocol\":\"tcp\",\"port\":" port "}"
#define FABRIC(more)                                                                                                           \
    "{\"properties\":{\"publisher\":\"Microsoft.Azure.ServiceFabric\",\"type\":\"ServiceFabricLinuxNode\"" more "}}"
#define SECRET(value) ",\"protectedSettings\":{\"k\":" value "}"

static World *
world_with_set(void)
{
    World *world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    return world;
}

static void
test_life_of_an_extension(void)
{
    g_autoptr(World) world = world_with_set();
    const Row rows[] = {
        { "GET", "@/s1/extensions", NULL, 200, "value.0", NULL },
        { "PUT", "@/s1/extensions/Health", HEALTH(TCP("22")), 201, "name", "Health" },
        { "GET", "@/s1", NULL, 200, "properties.revision", "2" },
        { "GET", "@/s1", NULL, 200, IN_MODEL ".0.properties.settings.port", "22" },
        /* the same again is no change */
        { "PUT", "@/s1/extensions/health", HEALTH(TCP("22")), 200, "name", "Health" },
        { "GET", "@/s1", NULL, 200, "properties.revision", "2" },
        { "GET", "@/S1/Extensions/HEALTH", NULL, 200, "type", "Microsoft.Compute/virtualMachineScaleSets/extensions" },
        { "GET", "@/s1/extensions/Health", NULL, 200, "properties.type", "ApplicationHealthLinux" },
        { "GET", "@/s1/extensions/Health", NULL, 200, "properties.provisioningState", "Succeeded" },
        /* PATCH changes what it names, PUT all of it */
        { "PATCH", "@/s1/extensions/Health", "{\"Properties\":{\"Settings\":" TCP("23") "}}", 200, SETTINGS ".port", "23" },
        { "GET", "@/s1/extensions/Health", NULL, 200, "properties.autoUpgradeMinorVersion", "true" },
        { "PUT", "@/s1/extensions/Health",
          "{\"name\":\"HEALTH\",\"properties\":{\"publisher\":\"Microsoft.ManagedServices\",\"type\":"
          "\"ApplicationHealthLinux\","
          "\"typeHandlerVersion\":\"2.0\",\"settings\":" TCP("24") "}}",
          200, "properties.autoUpgradeMinorVersion", NULL },
        { "GET", "@/s1/extensions", NULL, 200, "value.0.properties.typeHandlerVersion", "2.0" },
        { "GET", "@/s1", NULL, 200, "properties.revision", "4" },
        { "DELETE", "@/s1/extensions/health", NULL, 200, NULL, NULL },
        { "GET", "@/s1/extensions/Health", NULL, 404, "error.code", "NotFound" },
        { "DELETE", "@/s1/extensions/Health", NULL, 204, NULL, NULL },
        { "GET", "@/s1", NULL, 200, IN_MODEL ".0", NULL },
        { "GET", "@/s1", NULL, 200, "properties.revision", "5" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/extensions", NULL);
    g_assert_cmpuint(json_array_size(json_object_get(list->body, "value")), ==, 0);
}

static void
test_others_stay(void)
{
    g_autoptr(World) world = world_with_set();
    const Row rows[] = {
        { "PUT", "@/s1/extensions/fabric", FABRIC(SECRET("1")), 201, NULL, NULL },
        { "PUT", "@/s1/extensions/health", HEALTH(TCP("22")), 201, NULL, NULL },
        { "GET", "@/s1/extensions", NULL, 200, "value.1.name", "health" },
        { "DELETE", "@/s1/extensions/health", NULL, 200, NULL, NULL },
        { "GET", "@/s1/extensions", NULL, 200, "value.0.name", "fabric" },
        { "GET", "@/s1/extensions", NULL, 200, "value.1", NULL },
    };
    ROWS_RUN(world, rows);
}

/* What is stored of an extension, which nobody is given. */
static char *
secret_read(World *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", &error);
    g_autoptr(StoreModel) model = store_model_get(tx, set->id, set->revision, &error);
    g_assert_no_error(error);
    g_autoptr(json_t) document = json_loads(model->document, 0, NULL);
    const json_t *first = json_array_get(json_path(document, IN_MODEL), 0);
    const json_t *secret = json_path(first, "properties.protectedSettings.k");
    return secret ? json_text(secret) : NULL;
}

static void
test_protected_settings_are_kept_and_never_shown(void)
{
    static const struct {
        const char *method, *body, *kept;
    } steps[] = {
        { "PUT", FABRIC(SECRET("1")), "1" },
        { "PUT", FABRIC(""), "1" },
        { "PATCH", "{\"properties\":{\"forceUpdateTag\":\"a\"}}", "1" },
        { "PATCH", "{\"properties\":{\"protectedSettings\":{\"k\":2}}}", "2" },
        { "PATCH", "{\"properties\":{\"settings\":{\"open\":true}}}", "2" },
        { "PUT", FABRIC(SECRET("3")), "3" },
        { "PUT", HEALTH(TCP("22")), NULL },
    };
    g_autoptr(World) world = world_with_set();
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(Answer) answer = world_must(world, i ? 200 : 201, steps[i].method, "@/s1/extensions/e", steps[i].body);
        g_autofree char *secret = secret_read(world);
        g_test_message("step %u", i);
        g_assert_cmpstr(secret, ==, steps[i].kept);
        answer_expect(answer, "properties.protectedSettings", NULL);
    }
}

#define ATTESTATION(version, config)                                                                                           \
    "{\"properties\":{\"publisher\":\"Microsoft.Azure.Security.LinuxAttestation\",\"type\":\"GuestAttestation\","              \
    "\"typeHandlerVersion\":" version ",\"settings\":{\"AttestationConfig\":{" config "}}}}"
#define IN_CONFIG IN_MODEL "[0].properties.settings.AttestationConfig"

static void
test_refusals(void)
{
    g_autoptr(World) world = world_with_set();
    const Row rows[] = {
        { "PUT", "@/s1/extensions/x", "{\"properties\":{\"publisher\":\"P\",\"type\":\"CustomScript\"}}", 400, "error.target",
          IN_MODEL "[0]" },
        { "PUT", "@/s1/extensions/x",
          "{\"properties\":{\"publisher\":\"Microsoft.Azure.Security.WindowsAttestation\",\"type\":\"GuestAttestation\"}}", 400,
          "error.target", IN_MODEL "[0]" },
        { "PUT", "@/s1/extensions/x", ATTESTATION("\"2.0\"", ""), 400, "error.target",
          IN_MODEL "[0].properties.typeHandlerVersion" },
        { "PUT", "@/s1/extensions/x", ATTESTATION("\"1.0\"", "\"useCustomToken\":\"true\""), 400, "error.target",
          IN_CONFIG ".useCustomToken" },
        { "PUT", "@/s1/extensions/x", ATTESTATION("\"1.0\"", "\"MaaSettings\":{\"maaEndpoint\":\"https://a\"}"), 400,
          "error.target", IN_CONFIG ".MaaSettings.maaEndpoint" },
        { "PUT", "@/s1/extensions/x", ATTESTATION("\"1.0\"", "\"AscSettings\":{\"ascReportingFrequency\":\"0\"}"), 400,
          "error.target", IN_CONFIG ".AscSettings.ascReportingFrequency" },
        { "PUT", "@/s1/extensions/x", ATTESTATION("\"1.0\"", ""), 409, "error.code", "OperationNotAllowed" },
        { "PUT", "@/s1/extensions/x", HEALTH("{\"protocol\":\"tcp\",\"port\":0}"), 400, "error.target",
          IN_MODEL "[0].properties.settings.port" },
        { "PUT", "@/s1/extensions/x", "{\"properties\":{\"publisher\":7,\"colour\":1}}", 400, "error.details.1.target",
          "properties.colour" },
        { "PUT", "@/s1/extensions/x", "{}", 400, "error.target", IN_MODEL "[0]" },
        { "PUT", "@/s1/extensions/x", NULL, 400, "error.code", "InvalidRequestContent" },
        { "PUT", "@/s1/extensions/x", "{\"name\":\"y\",\"properties\":{}}", 400, "error.target", "name" },
        { "PUT", "@/s1/extensions/a%20b", HEALTH(TCP("1")), 400, "error.target", IN_MODEL "[0].name" },
        { "PUT", "@/s1/extensions/x?$expand=instanceView", HEALTH(TCP("1")), 400, "error.target", "$expand" },
        { "PATCH", "@/s1/extensions/x", HEALTH(TCP("1")), 404, "error.code", "NotFound" },
        { "PUT", "@/none/extensions/x", HEALTH(TCP("1")), 404, "error.code", "ResourceNotFound" },
        { "GET", "@/none/extensions", NULL, 404, "error.code", "ResourceNotFound" },
        { "DELETE", "@/none/extensions/x", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", "@/s1", NULL, 200, "properties.revision", "1" },
    };
    ROWS_RUN(world, rows);
}

static void
test_preconditions(void)
{
    g_autoptr(World) world = world_with_set();
    g_autofree char *target = world_target(world, "@/s1/extensions/health");
    const char *body = HEALTH(TCP("22"));
    const ApiRequest stale = { .method = "PUT",
                               .target = target,
                               .base_url = "https://h",
                               .caller = "owner",
                               .if_match = "\"1\"",
                               .body = body,
                               .body_length = strlen(body) };
    g_autoptr(Answer) refused = world_ask_request(world, &stale);
    g_assert_cmpint(refused->response->status, ==, 412);
    g_autoptr(Answer) made = world_must(world, 201, "PUT", "@/s1/extensions/health", body);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_assert_cmpstr(api_response_header(made->response, "ETag"), ==, api_response_header(set->response, "ETag"));
}

static void
test_catalogue(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "GET", PUBLISHERS, NULL, 200, "0.name", "Testudo" },
        { "GET", PUBLISHERS, NULL, 200, "1.name", "Microsoft.ManagedServices" },
        { "GET", PUBLISHERS, NULL, 200, "2.name", "Microsoft.Azure.Security.LinuxAttestation" },
        { "GET", PUBLISHERS, NULL, 200, "3", NULL },
        { "GET", HEALTH_TYPES, NULL, 200, "0.name", "ApplicationHealthLinux" },
        { "GET", HEALTH_TYPES, NULL, 200, "1", NULL },
        { "GET", PUBLISHERS "/microsoft.azure.security.linuxattestation/artifacttypes/vmextension/types", NULL, 200, "0.name",
          "GuestAttestation" },
        { "GET", PUBLISHERS "/Nobody/artifacttypes/vmextension/types", NULL, 200, "0", NULL },
        { "GET", HEALTH_TYPES "/applicationhealthlinux/versions", NULL, 200, "0.name", "1.0" },
        { "GET", HEALTH_TYPES "/ApplicationHealthLinux/versions", NULL, 200, "1.name", "2.0" },
        { "GET", HEALTH_TYPES "/ApplicationHealthLinux/versions?$top=1&$orderby=name%20desc", NULL, 200, "0.name", "2.0" },
        { "GET", HEALTH_TYPES "/ApplicationHealthLinux/versions?$top=1", NULL, 200, "1", NULL },
        { "GET", HEALTH_TYPES "/ApplicationHealthLinux/versions?$orderby=age", NULL, 400, "error.target", "$orderby" },
        { "GET", HEALTH_TYPES "/CustomScript/versions", NULL, 200, "0", NULL },
        { "GET", HEALTH_TYPES "/ApplicationHealthLinux/versions/2.0", NULL, 200, "properties.operatingSystem", "Linux" },
        { "GET", HEALTH_TYPES "/ApplicationHealthLinux/versions/3.0", NULL, 404, "error.code", "NotFound" },
        { "GET", HEALTH_TYPES "/CustomScript/versions/1.0", NULL, 404, "error.code", "NotFound" },
        { "GET", PUBLISHERS "/Microsoft.ManagedServices/artifacttypes/vmimage/offers", NULL, 200, "0", NULL },
    };
    ROWS_RUN(world, rows);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/extensions/life-of-an-extension", test_life_of_an_extension);
    g_test_add_func("/extensions/others-stay", test_others_stay);
    g_test_add_func("/extensions/protected-settings", test_protected_settings_are_kept_and_never_shown);
    g_test_add_func("/extensions/refusals", test_refusals);
    g_test_add_func("/extensions/preconditions", test_preconditions);
    g_test_add_func("/extensions/catalogue", test_catalogue);
    return g_test_run();
}
