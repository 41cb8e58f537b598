/* The CA of vTPMs by REST: revoking a certificate, what follows from it, and who may see what was revoked. */
#include "rows.h"

#include <string.h>

#define S         USEC_PER_SEC
#define AUTHORITY "~/providers/Testudo.Attestation/vtpmAuthority"
#define REVOKE    AUTHORITY "/revoke"
#define INSTANCE  "@/s1/virtualMachines/0"
#define SET                                                                                                                    \
    "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":2},\"properties\":{\"virtualMachineProfile\":{"  \
    "\"securityProfile\":{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":"    \
    "true}},\"extensionProfile\":{\"extensions\":[{\"name\":\"GuestAttestation\",\"properties\":{\"publisher\":"               \
    "\"Microsoft.Azure.Security.LinuxAttestation\",\"type\":\"GuestAttestation\",\"typeHandlerVersion\":\"1.0\"}}]},"          \
    "\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":"       \
    "\"1.0.0\"}}}}}"

static World *
attested_world(void)
{
    World *world = world_new();
    world->authority = "-----BEGIN CERTIFICATE-----\n";
    answer_free(world_ask(world, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 201, "PUT", "@/s1", SET));
    world_settle(world);
    world_advance(world, 60 * S);
    return world;
}

static char *
revoke_body(World *world, const char *id)
{
    g_autofree char *target = world_target(world, "@/s1/virtualMachines/");
    const char *end = strchr(target, '?');
    g_autofree char *path = g_strndup(target, end ? (gsize)(end - target) : strlen(target));
    return g_strdup_printf("{\"instance\":\"%s%s%s\",\"reason\":\"copied\"}", path, g_str_has_suffix(path, "/") ? "" : "/", id);
}

static void
test_an_instances_certificate(void)
{
    g_autoptr(World) world = attested_world();
    g_autofree char *body = revoke_body(world, "0"), *unknown = revoke_body(world, "7");
    const Row rows[] = {
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "NotJudged" },
        { "POST", REVOKE, unknown, 404, NULL, NULL },
        { "POST", REVOKE, body, 200, NULL, NULL },
    };
    const Row after[] = {
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "NotAttested" },
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.code", "certificateRevoked" },
        { "GET", "@/s1/virtualMachines/1/attestation", NULL, 200, "properties.state", "NotJudged" },
        { "GET", AUTHORITY, NULL, 200, "properties.revoked.0.reason", "copied" },
        { "POST", "@/s1/reimage", "{\"instanceIds\":[\"0\"]}", 202, NULL, NULL },
    };
    const Row reimaged[] = { { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "NotJudged" } };
    ROWS_RUN(world, rows);
    world_advance(world, 3700 * S);
    ROWS_RUN(world, after);
    world_settle(world);
    world_advance(world, 60 * S);
    ROWS_RUN(world, reimaged);
}

static void
test_bodies(void)
{
    g_autoptr(World) world = attested_world();
    const Row rows[] = {
        { "POST", REVOKE, "{}", 400, "error.target", "serial" },
        { "POST", REVOKE, "{\"serial\":\"02\",\"instance\":\"/x\"}", 400, "error.target", "serial" },
        { "POST", REVOKE, "{\"serial\":2}", 400, "error.target", "serial" },
        { "POST", REVOKE, "{\"serial\":\"02\",\"more\":\"x\"}", 400, "error.target", "more" },
        { "POST", REVOKE, "{\"instance\":\"x\"}", 400, NULL, NULL },
        { "POST", REVOKE, "{\"serial\":\"02\"}", 200, "serial", "02" },
        { "POST", AUTHORITY "/renew", NULL, 409, "error.target", "rootKey" },
        { "POST", AUTHORITY "/renew", "{\"rootKey\":1}", 400, "error.target", "rootKey" },
        { "POST", AUTHORITY "/renew", "{\"rootKey\":\"/root.pem\"}", 200, "name", "vtpmAuthority" },
        { "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL, 200, "value.0.operationName.value",
          "Testudo.Attestation/vtpmAuthority/renew/action" },
    };
    ROWS_RUN(world, rows);
}

/* Whoever verifies needs no token for it. */
static void
test_the_list_is_public(void)
{
    g_autoptr(World) world = attested_world();
    const ApiRequest request = { .method = "GET", .target = "/crl", .base_url = "https://h" };
    g_autoptr(Answer) answer = world_ask_request(world, &request);
    g_assert_cmpint(answer->response->status, ==, 200);
    g_assert_cmpstr(answer->response->content_type, ==, "application/x-pem-file");
    const ApiRequest closed = { .method = "POST", .target = "/crl", .base_url = "https://h" };
    g_autoptr(Answer) refused = world_ask_request(world, &closed);
    g_assert_cmpint(refused->response->status, >=, 400);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/authority/an-instances-certificate", test_an_instances_certificate);
    g_test_add_func("/authority/bodies", test_bodies);
    g_test_add_func("/authority/the-list-is-public", test_the_list_is_public);
    return g_test_run();
}
