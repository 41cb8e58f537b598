/* virtualMachineScaleSets: create, change, read, delete. */
#include "rows.h"

#define TRUSTED    "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":true}}"
#define IMAGE(sku) "{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"" sku "\",\"version\":\"1.0.0\"}"
#define BODY(size, capacity, image)                                                                                            \
    "{\"location\":\"local\",\"sku\":{\"name\":\"" size "\",\"capacity\":" capacity                                            \
    "},\"properties\":{\"virtualMachineProfile\":"                                                                             \
    "{\"storageProfile\":{\"imageReference\":" IMAGE(image) "}}}}"
#define SHARES(percent)                                                                                                        \
    "{\"properties\":{\"upgradePolicy\":{\"rollingUpgradePolicy\":{\"maxBatchInstancePercent\":" percent "}}}}"
#define SECURITY(profile) "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":" profile "}}}"
#define SECURITY_PUT(profile)                                                                                                  \
    "{\"location\":\"local\",\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":" profile "}}}"
#define UEFI "properties.virtualMachineProfile.securityProfile.uefiSettings"

static void
test_create_answers_201_and_an_operation(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Answer) group = world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}");
    g_autoptr(Answer) created = world_must(world, 201, "PUT", "@/s1", BODY("Standard_A1_v2", "2", "gen1"));

    answer_expect(created, "properties.provisioningState", "Creating");
    answer_expect(created, "name", "s1");
    answer_expect(created, "type", "Microsoft.Compute/virtualMachineScaleSets");
    answer_expect(created, "sku.capacity", "2");
    answer_expect(created, "properties.virtualMachineProfile.storageProfile.osDisk.osType", "Linux");
    g_assert_cmpstr(api_response_header(created->response, "Retry-After"), ==, "1");
    g_assert_null(api_response_header(created->response, "Location"));

    g_autoptr(Answer) polled = world_poll(world, created);
    answer_expect(polled, "status", "InProgress");
    g_assert_cmpstr(api_response_header(polled->response, "Retry-After"), ==, "1");
    world_expect_operation(world, created, "Succeeded", NULL);
    g_autoptr(Answer) ended = world_poll(world, created);
    g_assert_null(api_response_header(ended->response, "Retry-After"));

    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(set, "properties.provisioningState", "Succeeded");
    g_autoptr(Answer) again = world_must(world, 200, "PUT", "@/s1", BODY("Standard_A1_v2", "2", "gen1"));
    answer_expect(again, "properties.provisioningState", "Succeeded");
    g_assert_null(api_response_header(again->response, "Azure-AsyncOperation"));
}

static void
test_a_put_merges(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", TRUSTED);
    const Row rows[] = {
        /* az vmss scale */
        { "PUT", "@/s1", "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":2}}", 200,
          UEFI ".vTpmEnabled", "true" },
        { "GET", "@/s1", NULL, 200, "sku.capacity", "2" },
        /* a client that does not know securityProfile sends it empty */
        { "PUT", "@/s1", SECURITY_PUT("{}"), 200, UEFI ".secureBootEnabled", "true" },
        { "PUT", "@/s1", SECURITY_PUT("null"), 200, "properties.virtualMachineProfile.securityProfile.securityType",
          "TrustedLaunch" },
        /* az vmss update --enable-secure-boot false */
        { "PUT", "@/s1", SECURITY_PUT("{\"uefiSettings\":{\"secureBootEnabled\":false}}"), 200, UEFI ".secureBootEnabled",
          "false" },
        { "GET", "@/s1", NULL, 200, UEFI ".vTpmEnabled", "true" },
        { "GET", "@/s1", NULL, 200, "properties.virtualMachineProfile.securityProfile.securityType", "TrustedLaunch" },
        /* the image reference dropped, as az vmss update does */
        { "PUT", "@/s1",
          "{\"location\":\"local\",\"tags\":{\"a\":\"b\"},\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{"
          "\"osDisk\":{\"createOption\":\"FromImage\"}}}}}",
          200, "properties.virtualMachineProfile.storageProfile.imageReference.sku", "gen2" },
        { "PATCH", "@/s1", "{\"tags\":{\"c\":\"d\"}}", 200, "tags.c", "d" },
        { "GET", "@/s1", NULL, 200, "tags.a", NULL },
        /* another version alone keeps the rest of the reference */
        { "PATCH", "@/s1",
          "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"1.1.0\"}}}}}", 200,
          "properties.virtualMachineProfile.storageProfile.imageReference.exactVersion", "1.1.0" },
        { "PATCH", "@/s1", SECURITY("{\"securityType\":\"Standard\"}"), 200, UEFI, NULL },
        { "PATCH", "@/s1", SECURITY("{\"securityType\":\"Standard\",\"uefiSettings\":{}}"), 400, "error.code", "BadRequest" },
        { "PATCH", "@/s1", SECURITY("{\"securityType\":\"trustedlaunch\"}"), 200,
          "properties.virtualMachineProfile.securityProfile.securityType", "TrustedLaunch" },
        { "GET", "@/s1", NULL, 200, UEFI ".secureBootEnabled", "false" },
        /* null reads as absent */
        { "PATCH", "@/s1", SECURITY("{\"securityType\":\"Standard\",\"uefiSettings\":null}"), 200, UEFI, NULL },
    };
    ROWS_RUN(world, rows);
}

static void
test_refusals_name_what_is_wrong(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_A1_v2", "gen1", NULL);
    const Row rows[] = {
        { "PUT", "@/new", "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\"},\"propertys\":{}}", 400, "error.target",
          "propertys" },
        { "PUT", "@/new", BODY("Standard_Nope", "1", "gen1"), 400, "error.target", "sku.name" },
        { "PUT", "@/new", BODY("Standard_B1ms", "1", "gen9"), 400, "error.code", "PlatformImageNotFound" },
        { "PUT", "@/new", BODY("Standard_B1ms", "1001", "gen2"), 400, "error.target", "sku.capacity" },
        { "PUT", "@/-bad-", BODY("Standard_B1ms", "1", "gen2"), 400, "error.target", "name" },
        { "PUT", "@/new", "{\"sku\":{\"name\":\"Standard_B1ms\"}}", 400, "error.code", "InvalidParameter" },
        { "PUT", "@/new", "[1]", 400, "error.code", "InvalidRequestContent" },
        { "PUT", "@/new", "{\"location\":", 400, "error.code", "InvalidRequestContent" },
        { "PUT", "@/new", NULL, 400, "error.code", "InvalidRequestContent" },
        { "PUT", "@/new",
          "{\"location\":\"mars\",\"sku\":{\"name\":\"Standard_B1ms\"},\"properties\":{\"virtualMachineProfile\":{"
          "\"storageProfile\":{\"imageReference\":" IMAGE("gen2") "}}}}",
          400, "error.code", "LocationNotAvailableForResourceType" },
        /* every rule that is broken, in one answer */
        { "PATCH", "@/s1", SECURITY(TRUSTED), 400, "error.details.1.target",
          "properties.virtualMachineProfile.storageProfile.imageReference" },
        { "GET", "@/s1", NULL, 200, "properties.virtualMachineProfile.securityProfile", NULL },
        { "PATCH", "@/none", SECURITY(TRUSTED), 404, "error.code", "ResourceNotFound" },
        { "PUT", "~/resourceGroups/none/providers/Microsoft.Compute/virtualMachineScaleSets/s1",
          BODY("Standard_A1_v2", "1", "gen1"), 404, "error.code", "ResourceGroupNotFound" },
    };
    ROWS_RUN(world, rows);
}

static void
test_preconditions(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_A1_v2", "gen1", NULL);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    const char *etag = api_response_header(set->response, "ETag");
    const struct {
        const char *target, *if_match, *if_none_match;
        int status;
    } cases[] = {
        { "@/s1", "\"1\"", NULL, 412 },
        { "@/s1", NULL, "*", 412 },
        { "@/s1", NULL, etag, 412 },
        { "@/s1", "\"1\", \"2\"", NULL, 412 },
        { "@/new", "*", NULL, 412 },
        { "@/new", etag, NULL, 412 },
        { "@/s1", etag, NULL, 200 },
        /* the row has another etag by now */
        { "@/s1", etag, NULL, 412 },
        { "@/s1", "*", NULL, 200 },
        { "@/s1", NULL, etag, 200 },
        { "@/new", NULL, "*", 201 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *target = world_target(world, cases[i].target);
        g_autofree char *body = g_strdup_printf(
            "{\"location\":\"local\",\"tags\":{\"n\":\"%u\"},\"sku\":{\"name\":\"Standard_A1_v2\"},\"properties\":"
            "{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":" IMAGE("gen1") "}}}}",
            cases[i].status == 200 ? i : 0);
        const ApiRequest request = {
            .method = "PUT",
            .target = target,
            .base_url = "https://h",
            .caller = "owner",
            .if_match = cases[i].if_match,
            .if_none_match = cases[i].if_none_match,
            .body = body,
            .body_length = strlen(body),
        };
        g_autoptr(Answer) answer = world_ask_request(world, &request);
        g_test_message("case %u", i);
        g_assert_cmpint(answer->response->status, ==, cases[i].status);
        if (cases[i].status == 412)
            answer_expect(answer, "error.code", "PreconditionFailed");
    }
}

static void
test_names_are_found_in_any_case_and_kept_as_created(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "MySet", 1, "Standard_A1_v2", "gen1", NULL);
    const Row rows[] = {
        { "GET", "~/RESOURCEGROUPS/G1/PROVIDERS/microsoft.compute/VIRTUALMACHINESCALESETS/MYSET", NULL, 200, "name", "MySet" },
        { "GET", "~/resourceGroups/G1/providers/Microsoft.Compute/virtualMachineScaleSets/myset/virtualmachines/0", NULL, 200,
          "name", "MySet_0" },
        { "PUT", "@/MYSET", "{\"location\":\"LOCAL\",\"SKU\":{\"CAPACITY\":\"1\"},\"Tags\":{\"K\":\"v\"}}", 200, "name",
          "MySet" },
        { "GET", "@/myset/", NULL, 200, "tags.K", "v" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/MYSET", NULL);
    g_autofree char *wanted = world_target(world, "@/MySet?api-version=x");
    *strchr(wanted, '?') = '\0';
    answer_expect(set, "id", wanted);
}

static void
test_capacity_follows_the_model(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_A1_v2", "gen1", NULL);
    g_autoptr(Answer) out = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":3}}");
    answer_expect(out, "properties.provisioningState", "Updating");
    world_expect_operation(world, out, "Succeeded", NULL);
    g_autoptr(Answer) three = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(three, "value.2.instanceId", "2");
    answer_expect(three, "value.2.properties.provisioningState", "Succeeded");

    answer_free(world_must(world, 200, "PUT", "@/s1/virtualMachines/2",
                           "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleIn\":true}}}"));
    g_autoptr(Answer) in = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":2}}");
    world_expect_operation(world, in, "Succeeded", NULL);
    g_autoptr(Answer) two = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(two, "value.1.instanceId", "2");
    answer_expect(two, "value.2", NULL);
    answer_free(world_must(world, 409, "PATCH", "@/s1", "{\"sku\":{\"capacity\":0}}"));
    answer_free(world_must(world, 200, "GET", "@/s1/virtualMachines/0", NULL));
    /* Ids are never used twice. */
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":3}}"));
    world_settle(world);
    answer_free(world_must(world, 404, "GET", "@/s1/virtualMachines/1", NULL));
    answer_free(world_must(world, 200, "GET", "@/s1/virtualMachines/3", NULL));
}

static void
test_delete(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 2, "Standard_A1_v2", "gen1", NULL);
    g_autoptr(Answer) deleted = world_must(world, 202, "DELETE", "@/s1?forceDeletion=true", NULL);
    g_assert_null(deleted->response->body);
    g_autoptr(Answer) meanwhile = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(meanwhile, "properties.provisioningState", "Deleting");
    g_autoptr(Answer) again = world_must(world, 202, "DELETE", "@/s1", NULL);
    g_assert_cmpstr(api_response_header(again->response, "Azure-AsyncOperation"), ==,
                    api_response_header(deleted->response, "Azure-AsyncOperation"));
    answer_free(world_must(world, 409, "PATCH", "@/s1", "{\"sku\":{\"capacity\":3}}"));
    answer_free(world_must(world, 409, "POST", "@/s1/start", NULL));
    world_expect_operation(world, deleted, "Succeeded", NULL);
    const Row rows[] = {
        { "GET", "@/s1", NULL, 404, "error.code", "ResourceNotFound" },
        { "DELETE", "@/s1", NULL, 204, NULL, NULL },
        { "GET", "@", NULL, 200, "value.0", NULL },
    };
    ROWS_RUN(world, rows);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 0);
}

static void
test_lists_and_views(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 2, "Standard_A1_v2", "gen1", NULL);
    world_create(world, "s2", 0, "Standard_A1_v2", "gen1", NULL);
    const Row rows[] = {
        { "GET", "@", NULL, 200, "value.1.name", "s2" },
        { "GET", "~/providers/Microsoft.Compute/virtualMachineScaleSets", NULL, 200, "value.0.name", "s1" },
        { "GET", "~/providers/Microsoft.Compute/locations/local/virtualMachineScaleSets", NULL, 200, "value.1.name", "s2" },
        { "GET", "~/resourceGroups/none/providers/Microsoft.Compute/virtualMachineScaleSets", NULL, 404, "error.code",
          "ResourceGroupNotFound" },
        { "GET", "@/s1/instanceView", NULL, 200, "virtualMachine.statusesSummary.0.code", "ProvisioningState/succeeded" },
        { "GET", "@/s1/instanceView", NULL, 200, "virtualMachine.statusesSummary.0.count", "2" },
        { "GET", "@/s1/instanceView", NULL, 200, "statuses.0.code", "ProvisioningState/succeeded" },
        { "GET", "@/s1/instanceView", NULL, 200, "latestModel.instanceCount", "2" },
        { "GET", "@/s1/skus", NULL, 200, "value.0.resourceType", "Microsoft.Compute/virtualMachineScaleSets" },
        { "GET", "@/none/instanceView", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", "@/s1?$expand=userData", NULL, 200, "name", "s1" },
        { "GET", "@/s1?$expand=everything", NULL, 400, "error.target", "$expand" },
    };
    ROWS_RUN(world, rows);
}

static void
test_what_if_tells_and_changes_nothing(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) before = world_must(world, 200, "GET", "@/s1", NULL);
    const Row rows[] = {
        { "POST", "@/s1/whatIf", SECURITY(TRUSTED), 200, "status", "Accepted" },
        { "POST", "@/s1/whatIf", SECURITY(TRUSTED), 200, "summary.restart", "3" },
        { "POST", "@/s1/whatIf", SECURITY(TRUSTED), 200, "instances.0.change", "restart" },
        { "POST", "@/s1/whatIf", "{\"sku\":{\"name\":\"Standard_B2s\"}}", 200, "instances.2.change", "redeploy" },
        { "POST", "@/s1/whatIf",
          "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"1.1.0\"}}}}}", 200,
          "instances.0.change", "reimage" },
        { "POST", "@/s1/whatIf", "{\"tags\":{\"a\":\"b\"}}", 200, "instances.0.change", "nothing" },
        { "POST", "@/s1/whatIf", "{\"sku\":{\"capacity\":5}}", 200, "summary.create", "2" },
        { "POST", "@/s1/whatIf", "{\"sku\":{\"capacity\":2}}", 200, "summary.delete", "1" },
        { "POST", "@/s1/whatIf", "{\"sku\":{\"capacity\":2}}", 200, "instances.2.change", "delete" },
        { "POST", "@/s1/whatIf", "{\"sku\":{\"capacity\":2}}", 200, "summary.nothing", "2" },
        { "POST", "@/s1/whatIf", "{\"sku\":{\"name\":\"Standard_A1_v2\"}}", 200, "status", "Refused" },
        { "POST", "@/s1/whatIf", "{\"sku\":{\"name\":\"Standard_A1_v2\"}}", 200, "error.code", "BadRequest" },
        { "POST", "@/s1/whatIf", "{\"nonsense\":1}", 400, "error.target", "nonsense" },
        { "POST", "@/new/whatIf", BODY("Standard_B1ms", "2", "gen2"), 200, "summary.create", "2" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) after = world_must(world, 200, "GET", "@/s1", NULL);
    g_assert_true(json_equal(before->body, after->body));
}

/* With few instances a share may be less than one. It is said before and, where it is accepted, in the activity log. */
static void
test_shares_that_cannot_be_met_are_warned_about(void)
{
    static const char log[] = "~/providers/Microsoft.Insights/eventtypes/management/values";
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", NULL);
    const Row rows[] = {
        { "POST", "@/s1/whatIf", "{\"tags\":{\"a\":\"b\"}}", 200, "warnings.0", NULL },
        { "POST", "@/s1/whatIf", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\"}}}", 200, "warnings.0",
          "properties.upgradePolicy.rollingUpgradePolicy.maxBatchInstancePercent: 20 percent of 2 instance(s) is less than "
          "one, "
          "so a batch is one instance all the same; the smallest value that comes to one is 50." },
        { "PATCH", "@/s1", SHARES("50,\"maxUnhealthyInstancePercent\":30,\"maxUnhealthyUpgradedInstancePercent\":0"), 200, NULL,
          NULL },
        { "GET", log, NULL, 200, "value.1.level", "Warning" },
        { "GET", log, NULL, 200, "value.1.operationName.value", "Microsoft.Compute/virtualMachineScaleSets/write" },
        { "GET", log, NULL, 200, "value.1.description",
          "properties.upgradePolicy.rollingUpgradePolicy.maxUnhealthyInstancePercent: 30 percent of 2 instance(s) is less than "
          "one, so a single unhealthy instance stops a rolling upgrade; the smallest value that comes to one is 50." },
        { "GET", log, NULL, 200, "value.2.level", "Informational" },
        { "PATCH", "@/s1", SHARES("50,\"maxUnhealthyInstancePercent\":50"), 200, NULL, NULL },
        { "GET", log, NULL, 200, "value.0.level", "Informational" },
        { "GET", log, NULL, 200, "value.1.level", "Informational" },
    };
    ROWS_RUN(world, rows);
}

static void
test_secrets_are_never_given_back(void)
{
    g_autoptr(World) world = world_new();
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 201, "PUT", "@/s1",
                           "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":1},\"properties\":{"
                           "\"virtualMachineProfile\":{"
                           "\"osProfile\":{\"adminUsername\":\"tester\",\"adminPassword\":\"Correct-Horse-77\",\"customData\":"
                           "\"c2VjcmV0LWRhdGE=\"},"
                           "\"storageProfile\":{\"imageReference\":" IMAGE("gen2") "}}}}"));
    world_settle(world);
    static const char *const targets[] = { "@/s1", "@", "@/s1/virtualMachines/0?$expand=instanceView", "@/s1/virtualMachines" };
    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autoptr(Answer) answer = world_must(world, 200, "GET", targets[i], NULL);
        gsize length;
        const char *text = g_bytes_get_data(answer->response->body, &length);
        g_assert_null(g_strstr_len(text, (gssize)length, "Correct-Horse"));
        g_assert_null(g_strstr_len(text, (gssize)length, "$6$"));
        g_assert_null(g_strstr_len(text, (gssize)length, "c2VjcmV0"));
        g_assert_nonnull(g_strstr_len(text, (gssize)length, "tester"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scale-sets/create-answers-201-and-an-operation", test_create_answers_201_and_an_operation);
    g_test_add_func("/scale-sets/a-put-merges", test_a_put_merges);
    g_test_add_func("/scale-sets/refusals-name-what-is-wrong", test_refusals_name_what_is_wrong);
    g_test_add_func("/scale-sets/preconditions", test_preconditions);
    g_test_add_func("/scale-sets/names-in-any-case", test_names_are_found_in_any_case_and_kept_as_created);
    g_test_add_func("/scale-sets/capacity-follows-the-model", test_capacity_follows_the_model);
    g_test_add_func("/scale-sets/delete", test_delete);
    g_test_add_func("/scale-sets/lists-and-views", test_lists_and_views);
    g_test_add_func("/scale-sets/what-if-tells-and-changes-nothing", test_what_if_tells_and_changes_nothing);
    g_test_add_func("/scale-sets/shares-that-cannot-be-met", test_shares_that_cannot_be_met_are_warned_about);
    g_test_add_func("/scale-sets/secrets-are-never-given-back", test_secrets_are_never_given_back);
    return g_test_run();
}
