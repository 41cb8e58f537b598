/* What is not a scale set: subscriptions, groups, resources, images, sizes, quota; and what holds for every request. */
#include "rows.h"

#define LOCATION "~/providers/Microsoft.Compute/locations/local"
#define OFFERS   LOCATION "/publishers/testudo/artifacttypes/vmimage/offers"
#define VERSIONS OFFERS "/mini/skus/gen2/versions"

static void
test_subscriptions(void)
{
    g_autoptr(World) world = world_new();
    const char *id = api_subscription(world->api);
    const Row rows[] = {
        { "GET", "/subscriptions", NULL, 200, "value.0.subscriptionId", id },
        { "GET", "~", NULL, 200, "state", "Enabled" },
        { "GET", "/subscriptions/00000000-0000-0000-0000-000000000000", NULL, 404, "error.code", "SubscriptionNotFound" },
        { "GET", "~/locations", NULL, 200, "value.0.name", "local" },
        { "GET", "/tenants", NULL, 200, "value.0.displayName", "Testudo" },
        { "GET", "~/providers/microsoft.compute", NULL, 200, "registrationState", "Registered" },
        { "POST", "~/providers/Microsoft.Compute/register", NULL, 200, "namespace", "Microsoft.Compute" },
        { "GET", "~/providers/Microsoft.Nothing", NULL, 404, "error.code", "NotFound" },
        { "GET", "~/providers/Testudo.Host/hosts/local", NULL, 200, "properties.driver", "simulated" },
    };
    ROWS_RUN(world, rows);
}

static void
test_every_request_is_checked(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "GET", "!/subscriptions", NULL, 400, "error.code", "MissingApiVersionParameter" },
        { "GET", "!/subscriptions?api-version=", NULL, 400, "error.code", "MissingApiVersionParameter" },
        { "GET", "!/subscriptions?api-version=2024", NULL, 400, "error.code", "InvalidApiVersionParameter" },
        { "GET", "!/subscriptions?api-version=2024-13-01", NULL, 400, "error.code", "InvalidApiVersionParameter" },
        { "GET", "!/subscriptions?api-version=2024-07-01x", NULL, 400, "error.code", "InvalidApiVersionParameter" },
        { "GET", "!/subscriptions?API-VERSION=2015-01-01", NULL, 200, NULL, NULL },
        { "GET", "!/subscriptions?api-version=2030-12-31-preview", NULL, 200, NULL, NULL },
        { "GET", "!/subscriptions?api-version=2024-07-01&api-version=2024-07-01", NULL, 400, "error.code", "InvalidParameter" },
        { "GET", "/subscriptions?surprise=1", NULL, 400, "error.target", "surprise" },
        { "GET", "/subscriptions/", NULL, 200, NULL, NULL },
        { "GET", "//subscriptions", NULL, 200, NULL, NULL },
        { "GET", "/nowhere", NULL, 404, "error.code", "NotFound" },
        { "GET", "/", NULL, 404, "error.code", "NotFound" },
        { "GET", "/%ff", NULL, 400, "error.code", "BadRequest" },
        { "GET", "/subscriptions?%ff=1", NULL, 400, "error.code", "BadRequest" },
        { "PATCH", "/subscriptions", NULL, 405, "error.code", "MethodNotAllowed" },
        { "get", "/subscriptions", NULL, 405, "error.code", "MethodNotAllowed" },
        { "GET", "~/providers/Microsoft.Compute/locations/mars/vmSizes", NULL, 400, "error.code",
          "LocationNotAvailableForResourceType" },
        { "GET", "/subscriptions", "{\"a\":1}", 400, "error.code", "InvalidRequestContent" },
        { "GET", "/subscriptions", "{}", 200, NULL, NULL },
        { "PUT", "~/resourcegroups/g", "\xff", 400, "error.code", "InvalidRequestContent" },
        { "PUT", "~/resourcegroups/g", "{\"location\":\"\xc3\x28\"}", 400, "error.code", "InvalidRequestContent" },
        { "PUT", "~/resourcegroups/g", "{\"location\":\"local\",\"location\":\"local\"}", 400, "error.code",
          "InvalidRequestContent" },
    };
    ROWS_RUN(world, rows);

    g_autoptr(Answer) not_allowed = world_must(world, 405, "PUT", "/subscriptions", "{}");
    g_assert_cmpstr(api_response_header(not_allowed->response, "Allow"), ==, "GET");
    GString *deep = g_string_new("{\"tags\":");
    for (int i = 0; i < 5000; i++)
        g_string_append(deep, "[");
    g_autofree char *deep_text = g_string_free(deep, FALSE);
    g_autoptr(Answer) deep_answer = world_must(world, 400, "PUT", "~/resourcegroups/g", deep_text);
    answer_expect(deep_answer, "error.code", "InvalidRequestContent");
    g_autofree char *long_path = g_strnfill(9000, 'x'), *long_target = g_strconcat("/", long_path, NULL);
    answer_free(world_must(world, 400, "GET", long_target, NULL));
}

/* A message that quotes a name cut in the middle of a character is a message all the same. */
static void
test_errors_are_valid_utf8(void)
{
    g_autoptr(World) world = world_new();
    GString *name = g_string_new("~/resourcegroups/x");
    for (int i = 0; i < 60; i++)
        g_string_append(name, "%C3%A4");
    g_autofree char *target = g_string_free(name, FALSE);
    g_autoptr(Answer) missing = world_must(world, 404, "GET", target, NULL);
    answer_expect(missing, "error.code", "ResourceGroupNotFound");
    g_autofree char *message = answer_text(missing, "error.message");
    g_assert_nonnull(message);
}

static void
test_without_a_token(void)
{
    g_autoptr(World) world = world_new();
    static const char *const targets[] = { "/subscriptions?api-version=2024-07-01", "/subscriptions", "/nowhere", "/%20" };
    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        const ApiRequest request = {
            .method = "GET", .target = targets[i], .base_url = "https://h:1", .client_request_id = "c-1"
        };
        g_autoptr(Answer) answer = world_ask_request(world, &request);
        g_assert_cmpint(answer->response->status, ==, 401);
        answer_expect(answer, "error.code", "AuthenticationFailed");
        g_assert_true(g_str_has_prefix(api_response_header(answer->response, "WWW-Authenticate"),
                                       "Bearer authorization_uri=\"https://h:1/adfs\""));
        g_assert_cmpstr(api_response_header(answer->response, "x-ms-client-request-id"), ==, "c-1");
    }
}

static void
test_groups(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "HEAD", "~/resourcegroups/g1", NULL, 404, NULL, NULL },
        { "GET", "~/resourcegroups/g1", NULL, 404, "error.code", "ResourceGroupNotFound" },
        { "PUT", "~/resourcegroups/g1", "{}", 400, "error.target", "location" },
        { "PUT", "~/resourcegroups/g1", "{\"location\":\"mars\"}", 400, "error.code", "LocationNotAvailableForResourceType" },
        { "PUT", "~/resourcegroups/g1", "{\"location\":\"local\",\"managedBy\":\"x\"}", 400, "error.target", "managedBy" },
        { "PUT", "~/resourcegroups/g1", "{\"location\":\"local\",\"tags\":{\"a\":1}}", 400, "error.code", "InvalidParameter" },
        { "PUT", "~/resourcegroups/bad.", "{\"location\":\"local\"}", 400, "error.target", "name" },
        { "PATCH", "~/resourcegroups/g1", "{\"tags\":{}}", 404, "error.code", "ResourceGroupNotFound" },
        { "PUT", "~/resourcegroups/G1", "{\"location\":\"LOCAL\",\"tags\":{\"Env\":\"it's\"}}", 201,
          "properties.provisioningState", "Succeeded" },
        { "PUT", "~/resourceGroups/g1", "{\"location\":\"local\",\"properties\":{}}", 200, "name", "G1" },
        { "PUT", "~/resourceGroups/g1", "{\"location\":\"local\",\"properties\":{\"x\":1}}", 400, "error.target",
          "properties" },
        { "GET", "~/resourcegroups/g1", NULL, 200, "tags.Env", "it's" },
        { "HEAD", "~/resourcegroups/g1", NULL, 204, NULL, NULL },
        { "PATCH", "~/resourcegroups/g1", "{\"tags\":{\"b\":\"c\"}}", 200, "tags.Env", NULL },
        { "PUT", "~/resourcegroups/a2", "{\"location\":\"local\"}", 201, NULL, NULL },
        { "GET", "~/resourcegroups", NULL, 200, "value.0.name", "a2" },
        { "GET", "~/resourcegroups?$filter=tagName%20eq%20'b'", NULL, 200, "value.0.name", "G1" },
        { "GET", "~/resourcegroups?$filter=tagName%20eq%20'b'%20and%20tagValue%20eq%20'x'", NULL, 200, "value.0", NULL },
        { "GET", "~/resourcegroups?$filter=tagValue%20eq%20'x'", NULL, 400, "error.target", "$filter" },
        { "GET", "~/resourcegroups?$top=1", NULL, 200, "value.1", NULL },
        { "DELETE", "~/resourcegroups/none", NULL, 404, "error.code", "ResourceGroupNotFound" },
    };
    ROWS_RUN(world, rows);
}

static void
expect_result(World *world, const Answer *accepted, int status)
{
    const char *location = api_response_header(accepted->response, "Location");
    g_assert_true(g_str_has_prefix(location, "https://127.0.0.1:8443/"));
    g_assert_cmpstr(api_response_header(accepted->response, "Retry-After"), ==, "1");
    g_assert_null(api_response_header(accepted->response, "Azure-AsyncOperation"));
    g_autofree char *target = g_strconcat("!", location + strlen("https://127.0.0.1:8443"), NULL);
    g_autoptr(Answer) result = world_must(world, status, "GET", target, NULL);
    g_assert_null(result->response->body);
}

static void
test_a_group_is_deleted_with_all_that_is_in_it(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", NULL);
    world_create(world, "s2", 0, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) deleted = world_must(
        world, 202, "DELETE", "~/resourcegroups/g1?forceDeletionTypes=Microsoft.Compute/virtualMachineScaleSets", NULL);
    expect_result(world, deleted, 202);
    /* Asked for again, it is the same deletion, and not over before it is. */
    g_autoptr(Answer) again = world_must(world, 202, "DELETE", "~/resourcegroups/g1", NULL);
    expect_result(world, again, 202);
    answer_free(world_must(world, 409, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 409, "PUT", "@/s3", "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\"}}"));
    world_settle(world);
    expect_result(world, deleted, 200);
    expect_result(world, again, 200);
    answer_free(world_must(world, 404, "GET", "~/resourcegroups/g1", NULL));
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 0);
}

static void
test_resources(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 0, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"tags\":{\"k\":\"v\"}}"));
    const Row rows[] = {
        { "GET", "~/resources", NULL, 200, "value.0.name", "s1" },
        { "GET", "~/resources", NULL, 200, "value.0.tags.k", "v" },
        { "GET", "~/resources", NULL, 200, "value.0.createdTime", NULL },
        { "GET", "~/resources?$filter=resourceGroup%20eq%20'G1'&$expand=createdTime,changedTime,provisioningState", NULL, 200,
          "value.0.provisioningState", "Succeeded" },
        { "GET", "~/resources?$filter=resourceType%20eq%20'microsoft.compute/virtualmachinescalesets'%20and%20name%20eq%20's1'",
          NULL, 200, "value.0.name", "s1" },
        { "GET", "~/resources?$filter=resourceType%20eq%20'Microsoft.Compute/disks'", NULL, 200, "value.0", NULL },
        { "GET", "~/resources?$filter=tagName%20eq%20'K'%20and%20tagValue%20eq%20'v'", NULL, 200, "value.0.name", "s1" },
        { "GET", "~/resources?$filter=tagName%20eq%20'k'", NULL, 200, "value.0.name", "s1" },
        { "GET", "~/resources?$filter=tagName%20eq%20'k'%20and%20tagValue%20eq%20'V'", NULL, 200, "value.0", NULL },
        { "GET", "~/resources?$filter=tagName%20eq%20'v'", NULL, 200, "value.0", NULL },
        { "GET", "~/resources?$filter=tagValue%20eq%20'v'", NULL, 400, "error.target", "$filter" },
        { "GET", "~/resources?$filter=substringof('s',name)", NULL, 400, "error.target", "$filter" },
        { "GET", "~/resources?$expand=everything", NULL, 400, "error.target", "$expand" },
        { "GET", "~/resourcegroups/g1/resources", NULL, 200, "value.0.type", "Microsoft.Compute/virtualMachineScaleSets" },
        { "GET", "~/resourcegroups/g1/resources?$filter=name%20eq%20'x'", NULL, 200, "value.0", NULL },
        { "GET", "~/resourcegroups/none/resources", NULL, 404, "error.code", "ResourceGroupNotFound" },
    };
    ROWS_RUN(world, rows);
}

static void
test_the_image_catalogue_is_bare_arrays(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "GET", LOCATION "/publishers", NULL, 200, "0.name", "Testudo" },
        { "GET", LOCATION "/publishers", NULL, 200, "1.name", "Microsoft.ManagedServices" },
        { "GET", OFFERS, NULL, 200, "0.name", "mini" },
        { "GET", OFFERS "/MINI/skus", NULL, 200, "1.name", "gen2" },
        { "GET", VERSIONS, NULL, 200, "0.name", "1.0.0" },
        { "GET", VERSIONS "?$top=1&$orderby=name%20desc", NULL, 200, "0.name", "1.2.0-unhealthy" },
        { "GET", VERSIONS "?$top=1&$orderby=name%20desc", NULL, 200, "1", NULL },
        { "GET", VERSIONS "?$orderby=name%20asc&$expand=properties", NULL, 200, "0.properties.hyperVGeneration", "V2" },
        { "GET", VERSIONS "?$orderby=date", NULL, 400, "error.target", "$orderby" },
        { "GET", VERSIONS "?$top=0", NULL, 400, "error.target", "$top" },
        { "GET", VERSIONS "/1.1.0", NULL, 200, "properties.features.0.value", "TrustedLaunchSupported" },
        { "GET", VERSIONS "/latest", NULL, 200, "name", "1.1.0" },
        { "GET", VERSIONS "/9.9.9", NULL, 404, "error.code", "NotFound" },
        { "GET", OFFERS "/none/skus", NULL, 200, "0", NULL },
    };
    ROWS_RUN(world, rows);
}

#define IMPORTED LOCATION "/publishers/P/artifacttypes/vmimage/offers/o/skus/s/versions"
#define DEFINITION(version)                                                                                                    \
    "{\"publisher\":\"P\",\"offer\":\"o\",\"sku\":\"s\",\"version\":\"" version                                                \
    "\",\"hyperVGeneration\":\"V2\",\"architecture\":\"x64\","                                                                 \
    "\"osType\":\"Linux\",\"securityType\":\"Standard\",\"guestAgent\":false,\"format\":\"raw\"}"

static void
test_images_come_and_go(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "POST", "~/providers/Testudo.Images/import", "{\"source\":\"/x/disk.raw\",\"definition\":" DEFINITION("1.0.0") "}",
          201, "publisher", "P" },
        { "POST", "~/providers/Testudo.Images/import", "{\"source\":\"/x/disk.raw\",\"definition\":" DEFINITION("1.0.0") "}",
          409, "error.code", "Conflict" },
        { "POST", "~/providers/Testudo.Images/import", "{\"source\":\"/x/missing\",\"definition\":" DEFINITION("2.0.0") "}",
          409, "error.code", "ImageUnusable" },
        { "POST", "~/providers/Testudo.Images/import", "{\"source\":\"disk.raw\",\"definition\":" DEFINITION("2.0.0") "}", 400,
          "error.target", "source" },
        { "POST", "~/providers/Testudo.Images/import", "{\"source\":\"/x\",\"definition\":{}}", 400, NULL, NULL },
        { "POST", "~/providers/Testudo.Images/import",
          "{\"source\":\"/x/disk.raw\",\"definition\":" DEFINITION("1.0.0-unsigned") "}", 201, NULL, NULL },
        { "GET", IMPORTED "/1.0.0-unsigned", NULL, 200, "properties.bootChain", "Unsigned" },
        { "GET", IMPORTED "/1.0.0", NULL, 200, "properties.bootChain", "Unknown" },
        { "DELETE", IMPORTED "/1.0.0", NULL, 200, NULL, NULL },
        { "GET", IMPORTED "/1.0.0", NULL, 404, "error.code", "NotFound" },
    };
    ROWS_RUN(world, rows);
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) in_use = world_must(world, 409, "DELETE", VERSIONS "/1.0.0", NULL);
    answer_expect(in_use, "error.code", "OperationNotAllowed");
}

static void
test_sizes_and_quota(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 2, "Standard_B2s", "gen2", NULL);
    const Row rows[] = {
        { "GET", "~/providers/Microsoft.Compute/skus", NULL, 200, "value.0.resourceType", "virtualMachines" },
        { "GET", "~/providers/Microsoft.Compute/skus?$filter=location%20eq%20'LOCAL'", NULL, 200,
          "value.0.locationInfo.0.location", "local" },
        { "GET", "~/providers/Microsoft.Compute/skus?$filter=location%20eq%20'mars'", NULL, 200, "value.0", NULL },
        { "GET", "~/providers/Microsoft.Compute/skus?$filter=size%20eq%20'x'", NULL, 400, "error.target", "$filter" },
        { "GET", LOCATION "/vmSizes", NULL, 200, "value.0.name", "Basic_A0" },
        { "GET", LOCATION "/usages", NULL, 200, "value.0.currentValue", "4" },
        { "GET", LOCATION "/usages", NULL, 200, "value.1.currentValue", "2" },
        { "GET", LOCATION "/usages", NULL, 200, "value.2.currentValue", "1" },
        { "GET", "~/providers/Microsoft.Compute/locations/local/operations/none", NULL, 404, "error.code", "NotFound" },
    };
    ROWS_RUN(world, rows);
}

static void
test_the_activity_log_tells_who_and_how(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) restart = world_must(world, 202, "POST", "@/s1/restart", NULL);
    world_expect_operation(world, restart, "Succeeded", NULL);
    answer_free(world_must(world, 200, "PUT", "@/s1/virtualMachines/0", "{\"tags\":{\"a\":\"b\"}}"));
    static const char log[] = "~/providers/Microsoft.Insights/eventtypes/management/values";
    g_autoptr(Answer) all = world_must(world, 200, "GET", log, NULL);
    answer_expect(all, "value.0.status.value", "Succeeded");
    answer_expect(all, "value.1.caller", "owner");
    answer_expect(all, "value.2.operationName.value", "Microsoft.Compute/virtualMachineScaleSets/restart/action");
    g_autofree char *id = world_target(world, "@/s1?api-version=x");
    *strchr(id, '?') = '\0';
    g_autofree char *filtered = g_strdup_printf("%s?$filter=resourceUri%%20eq%%20'%s'", log, id);
    g_autoptr(Answer) of_set = world_must(world, 200, "GET", filtered, NULL);
    answer_expect(of_set, "value.5.status.value", "Started");
    static const struct {
        const char *filter;
        gboolean finds;
    } rows[] = {
        { "eventTimestamp%20ge%202000-01-01T00:00:00.000001%20and%20eventTimestamp%20le%202999-01-01T00:00:00Z%20and%20"
          "resourceGroupName%20eq%20'G1'",
          TRUE },
        { "eventTimestamp%20ge%20'2999-01-01T00:00:00Z'", FALSE },
        { "resourceGroupName%20eq%20'other'", FALSE },
        { "resourceProvider%20eq%20'microsoft.compute'", TRUE },
        { "resourceProvider%20eq%20'Microsoft.Network'", FALSE },
        { "caller%20eq%20'Owner'%20and%20status%20eq%20'started'", TRUE },
        { "caller%20eq%20'token'", FALSE },
        { "status%20eq%20'Failed'", FALSE },
        { "correlationId%20eq%20'none'", FALSE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *target = g_strdup_printf("%s?$filter=%s", log, rows[i].filter);
        g_autoptr(Answer) answer = world_must(world, 200, "GET", target, NULL);
        g_autofree char *value = answer_text(answer, "value.0.eventDataId");
        if ((value != NULL) != rows[i].finds)
            g_error("%s: found %s", rows[i].filter, value ? value : "nothing");
    }
    static const char *const wrong[] = { "level%20eq%20'x'", "eventTimestamp%20eq%202000-01-01T00:00:00Z",
                                         "eventTimestamp%20ge%20yesterday", "caller%20ge%20'a'",
                                         "resourceId%20eq%20'/a'%20and%20resourceGroupName%20eq%20'g1'" };
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *target = g_strdup_printf("%s?$filter=%s", log, wrong[i]);
        g_autoptr(Answer) answer = world_must(world, 400, "GET", target, NULL);
        answer_expect(answer, "error.target", "$filter");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/subscription/subscriptions", test_subscriptions);
    g_test_add_func("/subscription/every-request-is-checked", test_every_request_is_checked);
    g_test_add_func("/subscription/errors-are-valid-utf8", test_errors_are_valid_utf8);
    g_test_add_func("/subscription/without-a-token", test_without_a_token);
    g_test_add_func("/subscription/groups", test_groups);
    g_test_add_func("/subscription/a-group-is-deleted-with-all", test_a_group_is_deleted_with_all_that_is_in_it);
    g_test_add_func("/subscription/resources", test_resources);
    g_test_add_func("/subscription/image-catalogue", test_the_image_catalogue_is_bare_arrays);
    g_test_add_func("/subscription/images-come-and-go", test_images_come_and_go);
    g_test_add_func("/subscription/sizes-and-quota", test_sizes_and_quota);
    g_test_add_func("/subscription/activity-log", test_the_activity_log_tells_who_and_how);
    return g_test_run();
}
