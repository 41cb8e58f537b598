/* Deployments of templates: made at once or not at all, followed until they end, and what is kept of them. */
#include "base/json.h"
#include "rows.h"
#include "store/deployments.h"

#include <string.h>

#define GROUP       "~/resourceGroups/g1"
#define DEPLOYMENTS GROUP "/providers/Microsoft.Resources/deployments"
#define LOG         "~/providers/Microsoft.Insights/eventtypes/management/values"
#define SCHEMA      "\"$schema\":\"https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#\","
#define TEMPLATE(members)                                                                                                      \
    "{\"properties\":{\"mode\":\"incremental\",\"template\":{" SCHEMA "\"contentVersion\":\"1.0.0.0\"" members "}}}"
#define RESOURCES(list) TEMPLATE(",\"resources\":[" list "]")
#define SET(name, size, more)                                                                                                  \
    "{\"type\":\"Microsoft.Compute/virtualMachineScaleSets\",\"apiVersion\":\"2022-08-01\",\"name\":\"" name "\","             \
    "\"location\":\"[resourceGroup().location]\",\"sku\":{\"name\":\"" size "\",\"capacity\":2},\"properties\":{"              \
    "\"upgradePolicy\":{\"mode\":\"Manual\"},\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{"              \
    "\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":\"1.0.0\"}}}}" more "}"
#define WHAT_IF(format)                                                                                                        \
    TEMPLATE(",\"resources\":[" SET("web", "Standard_B2s", "") "]},\"whatIfSettings\":{\"resultFormat\":\"" format "\"")
#define WEB SET("web", "Standard_B1ms", "")
#define HEALTH(name, more)                                                                                                     \
    "{\"type\":\"Microsoft.Compute/virtualMachineScaleSets/extensions\",\"apiVersion\":\"2022-08-01\",\"name\":\"" name "\","  \
    "\"properties\":{\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\","                         \
    "\"typeHandlerVersion\":\"1.0\",\"settings\":{\"protocol\":\"tcp\",\"port\":22}}" more "}"
#define FABRIC(name)                                                                                                           \
    "{\"type\":\"Microsoft.Compute/virtualMachineScaleSets/extensions\",\"apiVersion\":\"2022-08-01\",\"name\":\"" name "\","  \
    "\"properties\":{\"publisher\":\"Microsoft.Azure.ServiceFabric\",\"type\":\"ServiceFabricLinuxNode\"}}"
#define IN_MODEL "properties.virtualMachineProfile.extensionProfile.extensions"

static World *
world_with_group(void)
{
    World *world = world_new();
    answer_free(world_must(world, 201, "PUT", GROUP, "{\"location\":\"local\",\"tags\":{\"team\":\"red\"}}"));
    return world;
}

static void
test_one_set(void)
{
    g_autoptr(World) world = world_with_group();
    g_autoptr(Answer) put = world_must(
        world, 201, "PUT", DEPLOYMENTS "/d1",
        TEMPLATE(",\"parameters\":{\"name\":{\"type\":\"string\"}},\"resources\":[" SET(
            "[parameters('name')]", "Standard_B1ms",
            "") "],\"outputs\":{\"VMSS\":{\"type\":\"object\",\"value\":\"[reference(resourceId("
                "'Microsoft.Compute/virtualMachineScaleSets', parameters('name')))]\"}}},\"parameters\":{\"name\":{\"value\":"
                "\"web\"}"));
    const Row running[] = {
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.provisioningState", "Running" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.outputs", NULL },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.0.properties.provisioningState", "Running" },
        { "PUT", DEPLOYMENTS "/d1", RESOURCES(WEB), 409, "error.code", "Conflict" },
        { "DELETE", DEPLOYMENTS "/d1", NULL, 409, "error.code", "Conflict" },
    };
    answer_expect(put, "properties.provisioningState", "Running");
    answer_expect(put, "properties.parameters.name.value", "web");
    answer_expect(put, "properties.mode", "Incremental");
    answer_expect(put, "properties.providers.0.resourceTypes.0.resourceType", "virtualMachineScaleSets");
    g_autoptr(Answer) first = world_poll(world, put);
    answer_expect(first, "status", "Running");
    g_assert_nonnull(api_response_header(first->response, "Retry-After"));
    ROWS_RUN(world, running);
    world_expect_operation(world, put, "Succeeded", NULL);
    const Row ended[] = {
        { "GET", DEPLOYMENTS "/D1", NULL, 200, "name", "d1" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.provisioningState", "Succeeded" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.outputs.vmss.value.provisioningState", "Succeeded" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.error", NULL },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.0.properties.targetResource.resourceName", "web" },
        { "GET", GROUP "/deployments/d1/operations", NULL, 200, "value.0.properties.targetResource.resourceName", "web" },
        { "POST", DEPLOYMENTS "/d1/cancel", NULL, 409, "error.code", "OperationNotAllowed" },
        { "GET", DEPLOYMENTS, NULL, 200, "value.0.name", "d1" },
        { "GET", DEPLOYMENTS "?$filter=provisioningState%20eq%20'succeeded'", NULL, 200, "value.0.name", "d1" },
        { "GET", DEPLOYMENTS "?$filter=provisioningState%20eq%20'Failed'", NULL, 200, "value.0", NULL },
        { "HEAD", DEPLOYMENTS "/d1", NULL, 204, NULL, NULL },
        { "POST", DEPLOYMENTS "/d1/exportTemplate", NULL, 200, "template.contentVersion", "1.0.0.0" },
        { "GET", "@/web", NULL, 200, "sku.capacity", "2" },
        /* outputs stay as they were */
        { "DELETE", "@/web", NULL, 202, NULL, NULL },
    };
    ROWS_RUN(world, ended);
    world_settle(world);
    const Row later[] = {
        { "GET", "@/web", NULL, 404, NULL, NULL },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.outputs.vmss.value.provisioningState", "Succeeded" },
        { "DELETE", DEPLOYMENTS "/d1", NULL, 204, NULL, NULL },
        { "DELETE", DEPLOYMENTS "/d1", NULL, 204, NULL, NULL },
        { "HEAD", DEPLOYMENTS "/d1", NULL, 404, NULL, NULL },
        { "GET", DEPLOYMENTS "/d1", NULL, 404, "error.code", "DeploymentNotFound" },
        { "GET", LOG, NULL, 200, "value.0.operationName.value", "Microsoft.Resources/deployments/delete" },
    };
    ROWS_RUN(world, later);
}

/* The second set breaks a rule: the first is not made either. */
static void
test_all_or_nothing(void)
{
    g_autoptr(World) world = world_with_group();
    g_autoptr(Answer) refused =
        world_must(world, 400, "PUT", DEPLOYMENTS "/d1", RESOURCES(WEB "," SET("db", "Standard_None", "")));
    g_autofree char *message = answer_text(refused, "error.message");
    g_assert_nonnull(strstr(message, "'db'"));
    g_assert_nonnull(strstr(message, "Standard_None"));
    const Row rows[] = {
        { "GET", "@/web", NULL, 404, NULL, NULL },
        { "GET", DEPLOYMENTS "/d1", NULL, 404, NULL, NULL },
        { "GET", DEPLOYMENTS, NULL, 200, "value.0", NULL },
        { "GET", LOG, NULL, 200, "value.0", NULL },
        /* the same is seen by asking only, and nothing is made */
        { "POST", DEPLOYMENTS "/d1/validate", RESOURCES(WEB "," SET("db", "Standard_None", "")), 400, "error.target",
          "sku.name" },
        { "POST", DEPLOYMENTS "/d1/validate", RESOURCES(WEB), 200, "properties.provisioningState", "Succeeded" },
        { "POST", DEPLOYMENTS "/d1/validate", RESOURCES(WEB), 200, "properties.validatedResources.1", NULL },
        { "GET", "@/web", NULL, 404, NULL, NULL },
        { "GET", LOG, NULL, 200, "value.0", NULL },
        { "PUT", DEPLOYMENTS "/d1", RESOURCES(WEB), 201, NULL, NULL },
        { "GET", "@/web", NULL, 200, "properties.provisioningState", "Creating" },
    };
    ROWS_RUN(world, rows);
}

static void
test_what_is_refused(void)
{
    static const struct {
        const char *body, *code, *said;
    } cases[] = {
        { "{\"properties\":{}}", "InvalidRequestContent", "'properties.template' is required" },
        { "{\"location\":\"local\",\"properties\":{}}", "InvalidRequestContent", "'location'" },
        { "{\"properties\":{\"template\":[]}}", "InvalidRequestContent", "'properties.template' is a JSON object" },
        { "{\"properties\":{\"templateLink\":{\"uri\":\"http://x\"}}}", "InvalidParameter", "'properties.templateLink'" },
        { "{\"properties\":{\"mode\":\"Complete\",\"template\":{}}}", "InvalidParameter", "accepted: 'Incremental'" },
        { "{\"properties\":{\"more\":1}}", "InvalidRequestContent", "accepted: template, parameters, mode" },
        { RESOURCES("{\"type\":\"Microsoft.Network/loadBalancers\",\"apiVersion\":\"2022-01-01\",\"name\":\"lb\"}"),
          "InvalidTemplate", "--load-balancer \"\" --public-ip-address \"\"" },
        { RESOURCES("{\"type\":\"Microsoft.Storage/storageAccounts\",\"apiVersion\":\"2022-01-01\",\"name\":\"s\"}"),
          "InvalidTemplate", "accepted: Microsoft.Compute/virtualMachineScaleSets" },
        { RESOURCES(WEB "," SET("db", "Standard_B1ms", ",\"dependsOn\":[\"web\"]")), "InvalidTemplate",
          "'db' depends on the scale set 'web'" },
        { RESOURCES(WEB "," HEALTH("web/h", ",\"dependsOn\":[\"web\"]") "," HEALTH("web2/h", ",\"dependsOn\":[\"web\"]")),
          "InvalidTemplate", "'web2/h' depends on the scale set 'web'" },
        { TEMPLATE(",\"resources\":[],\"outputs\":{\"o\":{\"type\":\"object\",\"value\":\"[reference(resourceId("
                   "'Microsoft.Network/virtualNetworks', 'v'))]\"}}"),
          "InvalidTemplate", "the id of a scale set of this subscription" },
        { TEMPLATE(",\"resources\":[],\"outputs\":{\"o\":{\"type\":\"object\",\"value\":\"[reference(resourceId("
                   "'Microsoft.Compute/virtualMachineScaleSets', 'none'))]\"}}"),
          "ResourceNotFound", "virtualMachineScaleSets/none" },
        { RESOURCES("{\"type\":\"Microsoft.Compute/virtualMachineScaleSets\",\"apiVersion\":\"2022-08-01\",\"name\":\"-\"}"),
          "InvalidParameter", "'-'" },
    };
    g_autoptr(World) world = world_with_group();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Answer) answer = world_ask(world, "PUT", DEPLOYMENTS "/d1", cases[i].body);
        g_autofree char *message = answer_text(answer, "error.message");
        g_test_message("%s: %s", cases[i].body, message);
        answer_expect(answer, "error.code", cases[i].code);
        g_assert_nonnull(strstr(message, cases[i].said));
    }
    const Row rows[] = {
        { "PUT", DEPLOYMENTS "/a%20b", RESOURCES(""), 400, "error.target", "name" },
        { "PUT", "~/resourceGroups/none/providers/Microsoft.Resources/deployments/d", RESOURCES(""), 404, "error.code",
          "ResourceGroupNotFound" },
        { "GET", DEPLOYMENTS, NULL, 200, "value.0", NULL },
    };
    ROWS_RUN(world, rows);
}

static void
test_what_if(void)
{
    g_autoptr(World) world = world_with_group();
    const Row before[] = {
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(WEB), 200, "properties.changes.0.changeType", "Create" },
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(WEB), 200, "properties.changes.0.before", NULL },
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(WEB), 200, "properties.changes.0.after.sku.capacity", "2" },
        { "GET", "@/web", NULL, 404, NULL, NULL },
        { "PUT", DEPLOYMENTS "/d1", RESOURCES(WEB "," SET("db", "Standard_B1ms", "")), 201, NULL, NULL },
    };
    ROWS_RUN(world, before);
    world_settle(world);
    const Row after[] = {
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(WEB), 200, "properties.changes.0.changeType", "Ignore" },
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(WEB), 200, "properties.changes.1.changeType", "NoChange" },
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(WEB), 200, "properties.changes.1.delta", NULL },
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(SET("WEB", "Standard_B2s", "")), 200, "properties.changes.1.delta.0.path",
          "sku.name" },
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(HEALTH("web/h", "")), 200, "properties.changes.1.delta.0.path",
          "properties.virtualMachineProfile.extensionProfile" },
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(HEALTH("web/h", "")), 200,
          "properties.changes.1.delta.0.propertyChangeType", "Create" },
        { "POST", DEPLOYMENTS "/d1/whatIf", WHAT_IF("ResourceIdOnly"), 200, "properties.changes.1.changeType", "Modify" },
        { "POST", DEPLOYMENTS "/d1/whatIf", WHAT_IF("ResourceIdOnly"), 200, "properties.changes.1.after", NULL },
        { "POST", DEPLOYMENTS "/d1/whatIf", WHAT_IF("resourceIdOnly"), 200, "properties.changes.1.delta", NULL },
        { "POST", DEPLOYMENTS "/d1/whatIf", WHAT_IF("FullResourcePayloads"), 200, "properties.changes.1.delta.0.after",
          "Standard_B2s" },
        { "POST", DEPLOYMENTS "/d1/whatIf", WHAT_IF("Some"), 400, "error.target", "properties.whatIfSettings" },
        { "PUT", DEPLOYMENTS "/d1", WHAT_IF("ResourceIdOnly"), 400, "error.target", "whatIfSettings" },
        { "POST", DEPLOYMENTS "/d1/whatIf", RESOURCES(SET("web", "Standard_None", "")), 400, "error.target", "sku.name" },
        { "GET", "@/web", NULL, 200, "properties.revision", "1" },
    };
    ROWS_RUN(world, after);
}

/* As people write it, and as 'az deployment' sends it. */
static void
test_a_template_has_comments(void)
{
    g_autoptr(World) world = world_with_group();
    const Row rows[] = {
        { "PUT", DEPLOYMENTS "/d1",
          "{\"properties\": {\"mode\": \"Incremental\", template:{\r\n " SCHEMA
          " contentVersion: \"1.0.0.0\", // none yet\n \"resources\": [/* here */]}}}",
          201, "properties.provisioningState", "Succeeded" },
        /* elsewhere JSON is JSON */
        { "PATCH", GROUP, "{tags:{}}", 400, "error.code", "InvalidRequestContent" },
    };
    ROWS_RUN(world, rows);
}

/* An extension is part of its set's model: of the template's, or of one that is there. */
static void
test_extensions(void)
{
    g_autoptr(World) world = world_with_group();
    answer_free(
        world_must(world, 201, "PUT", DEPLOYMENTS "/d1", RESOURCES(HEALTH("web/h", ",\"dependsOn\":[\"web\"]") "," WEB)));
    const Row first[] = {
        { "GET", "@/web", NULL, 200, "properties.revision", "1" },
        { "GET", "@/web", NULL, 200, IN_MODEL ".0.name", "h" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.dependencies.0.resourceName", "web/h" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.providers.0.resourceTypes.1.resourceType",
          "virtualMachineScaleSets/extensions" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.providers.1", NULL },
        { "GET", DEPLOYMENTS, NULL, 200, "value.0.properties.providers.0.namespace", "Microsoft.Compute" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.dependencies.0.dependsOn.0.resourceName", "web" },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.0.properties.targetResource.resourceType",
          "Microsoft.Compute/virtualMachineScaleSets" },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.1.properties.targetResource.resourceName", "web/h" },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.2", NULL },
    };
    ROWS_RUN(world, first);
    world_settle(world);
    const Row later[] = {
        /* its set alone: the extension that it has stays */
        { "PUT", DEPLOYMENTS "/d2", RESOURCES(SET("web", "Standard_B1ms", ",\"tags\":{\"a\":\"b\"}")), 201,
          "properties.provisioningState", "Succeeded" },
        { "GET", "@/web", NULL, 200, IN_MODEL ".0.name", "h" },
        { "GET", "@/web", NULL, 200, "tags.a", "b" },
        /* the same by its own name, and a set that is not there */
        { "PUT", DEPLOYMENTS "/d3", RESOURCES(HEALTH("web/H", "")), 201, "properties.provisioningState", "Succeeded" },
        { "GET", "@/web", NULL, 200, IN_MODEL ".1", NULL },
        { "PUT", DEPLOYMENTS "/d5", RESOURCES(FABRIC("web/f")), 201, NULL, NULL },
        { "GET", "@/web", NULL, 200, IN_MODEL ".0.name", "h" },
        { "GET", "@/web", NULL, 200, IN_MODEL ".1.name", "f" },
        { "PUT", DEPLOYMENTS "/d4", RESOURCES(HEALTH("none/h", "")), 404, "error.code", "ResourceNotFound" },
        { "GET", DEPLOYMENTS, NULL, 200, "value.4", NULL },
    };
    ROWS_RUN(world, later);
}

#define COPY(count) ",\"copy\":{\"name\":\"webs\",\"count\":" count "}"
#define WEBS(more)                                                                                                             \
    TEMPLATE(",\"parameters\":{\"n\":{\"type\":\"int\"}},\"resources\":[" SET("[concat('web', copyIndex(1))]",                 \
                                                                              "Standard_B1ms", COPY("\"[parameters('n')]\""))  \
                 more "],\"outputs\":{\"states\":{\"type\":\"array\",\"copy\":{\"count\":\"[parameters('n')]\",\"input\":\"["  \
                      "reference(concat('web', "                                                                               \
                      "copyIndex(1))).provisioningState]\"}}}},\"parameters\":{\"n\":{\"value\":2}")

/* As many sets as a parameter says, each with an extension of its own. */
static void
test_copies(void)
{
#define WEBS_WITH_HEALTH                                                                                                       \
    WEBS("," HEALTH("[concat('web', copyIndex(1), '/h')]", ",\"copy\":{\"name\":\"healths\",\"count\":\"[parameters('n')]\"}," \
                                                           "\"dependsOn\":[\"[concat('web', copyIndex(1))]\"]"))
    g_autoptr(World) world = world_with_group();
    const Row rows[] = {
        { "POST", DEPLOYMENTS "/d1/validate", WEBS_WITH_HEALTH, 200, "properties.validatedResources.4", NULL },
        { "POST", DEPLOYMENTS "/d1/validate", WEBS_WITH_HEALTH, 200, "properties.dependencies.1.dependsOn.0.resourceName",
          "web2" },
        { "POST", DEPLOYMENTS "/d1/whatIf", WEBS_WITH_HEALTH, 200, "properties.changes.1.after.name", "web2" },
        { "POST", DEPLOYMENTS "/d1/whatIf", WEBS_WITH_HEALTH, 200, "properties.changes.1.after." IN_MODEL ".0.name", "h" },
        { "POST", DEPLOYMENTS "/d1/whatIf", WEBS_WITH_HEALTH, 200, "properties.changes.2", NULL },
        { "GET", "@/web1", NULL, 404, NULL, NULL },
        { "PUT", DEPLOYMENTS "/d1", WEBS("," SET("db", "Standard_B1ms", ",\"dependsOn\":[\"webs\"]")), 400, "error.target",
          "template.resources" },
        { "PUT", DEPLOYMENTS "/d1", RESOURCES(SET("web", "Standard_B1ms", COPY("2,\"mode\":\"serial\""))), 400, "error.target",
          "template.resources[0].copy" },
        { "PUT", DEPLOYMENTS "/d1", RESOURCES(SET("[concat('web', copyIndex())]", "Standard_B1ms", COPY("0"))), 201,
          "properties.provisioningState", "Succeeded" },
        { "PUT", DEPLOYMENTS "/d1", WEBS_WITH_HEALTH, 200, "properties.provisioningState", "Running" },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.3.properties.targetResource.resourceName", "web2/h" },
        { "GET", "@/web1", NULL, 200, IN_MODEL ".0.name", "h" },
        { "GET", "@/web0", NULL, 404, NULL, NULL },
        { "GET", "@/web3", NULL, 404, NULL, NULL },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
    const Row later[] = {
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.outputs.states.value.1", "Succeeded" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.outputs.states.value.2", NULL },
        { "POST", DEPLOYMENTS "/d1/exportTemplate", NULL, 200, "template.resources.0.copy.name", "webs" },
        { "POST", DEPLOYMENTS "/d1/whatIf", WEBS_WITH_HEALTH, 200, "properties.changes.1.changeType", "NoChange" },
    };
    ROWS_RUN(world, later);
}

/* A time and a GUID that a default makes are the deployment's, however late its outputs are asked for; the next one has others.
 */
static void
test_defaults_that_are_new(void)
{
#define NEW                                                                                                                    \
    TEMPLATE(                                                                                                                  \
        ",\"parameters\":{\"now\":{\"type\":\"string\",\"defaultValue\":\"[utcNow('o')]\"},\"guid\":{\"type\":\"string\","     \
        "\"defaultValue\":\"[newGuid()]\"},\"secret\":{\"type\":\"securestring\",\"defaultValue\":\"[newGuid()]\"}},"          \
        "\"resources\":[" SET(                                                                                                 \
            "web", "Standard_B1ms",                                                                                            \
            ",\"tags\":{\"now\":\"[parameters('now')]\",\"guid\":"                                                             \
            "\"[parameters('guid')]\",\"secret\":\"[parameters('secret')]\"}") "],\"outputs\":{\"now\":{\"type\":\"string\","  \
                                                                               "\"value\":\"[parameters('now')]\"},\"guid\":{" \
                                                                               "\"type\":\"string\","                          \
                                                                               "\"value\":\"[parameters('guid')]\"}}")
    g_autoptr(World) world = world_with_group();
    g_autoptr(Answer) first = world_must(world, 201, "PUT", DEPLOYMENTS "/d1", NEW);
    g_autofree char *now = answer_text(first, "properties.parameters.now.value");
    g_autofree char *guid = answer_text(first, "properties.parameters.guid.value");
    g_assert_true(g_uuid_string_is_valid(guid));
    world_settle(world);
    world_restart(world);
    world_advance(world, 60 * USEC_PER_SEC);
    const Row later[] = {
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.outputs.now.value", now },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.outputs.guid.value", guid },
        { "GET", "@/web", NULL, 200, "tags.now", now },
        { "GET", "@/web", NULL, 200, "tags.guid", guid },
    };
    ROWS_RUN(world, later);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/web", NULL);
    g_autofree char *secret = answer_text(set, "tags.secret");
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(StoreDeployment) row = store_deployment_get(tx, "g1", "d1", &error);
    g_assert_no_error(error);
    g_assert_true(g_uuid_string_is_valid(secret));
    g_assert_nonnull(strstr(row->document, guid));
    g_assert_null(strstr(row->document, secret));
    g_clear_pointer(&tx, store_abort);
    g_autoptr(Answer) second = world_must(world, 200, "PUT", DEPLOYMENTS "/d1", NEW);
    g_autofree char *other_now = answer_text(second, "properties.parameters.now.value");
    g_autofree char *other_guid = answer_text(second, "properties.parameters.guid.value");
    g_assert_cmpstr(now, !=, other_now);
    g_assert_cmpstr(guid, !=, other_guid);
}

/* What a newer request takes over has failed as part of the deployment. */
static void
test_a_failure_is_told(void)
{
    g_autoptr(World) world = world_with_group();
    g_autoptr(Answer) put = world_must(world, 201, "PUT", DEPLOYMENTS "/d1", RESOURCES(WEB "," HEALTH("web/h", "")));
    /* What changes nothing waits for what is under way all the same. */
    g_autoptr(Answer) same = world_must(world, 201, "PUT", DEPLOYMENTS "/d2", RESOURCES(WEB));
    answer_expect(same, "properties.provisioningState", "Running");
    answer_free(world_must(world, 200, "PATCH", "@/web", "{\"sku\":{\"capacity\":3}}"));
    world_expect_operation(world, put, "Failed", "DeploymentFailed");
    g_autoptr(Answer) got = world_must(world, 200, "GET", DEPLOYMENTS "/d1", NULL);
    answer_expect(got, "properties.provisioningState", "Failed");
    answer_expect(got, "properties.error.details.0.code", "OperationPreempted");
    answer_expect(got, "properties.error.details.1", NULL);
    answer_expect(got, "properties.outputs", NULL);
    const Row rows[] = {
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.0.properties.statusMessage.error.code", "OperationPreempted" },
        /* again, by the same name: a run of its own, and the former one's address leads nowhere */
        { "PUT", DEPLOYMENTS "/d1", RESOURCES(WEB), 200, NULL, NULL },
    };
    ROWS_RUN(world, rows);
    const char *address = strstr(api_response_header(put->response, "Azure-AsyncOperation"), "/subscriptions/");
    g_autofree char *target = g_strconcat("!", address, NULL);
    answer_free(world_must(world, 404, "GET", target, NULL));
}

/* Whatever the request writes: a deployment keeps its first name, and its resources are called as they are. */
static void
test_case_of_names(void)
{
    g_autoptr(World) world = world_with_group();
    answer_free(world_must(world, 201, "PUT", DEPLOYMENTS "/d1", RESOURCES(WEB)));
    world_settle(world);
    const Row rows[] = {
        { "PUT", DEPLOYMENTS "/D1",
          RESOURCES("{\"type\":\"microsoft.compute/VIRTUALMachineScaleSets\",\"apiVersion\":\"2022-08-01\",\"name\":\"WEB\"}"
                    ",{\"type\":\"microsoft.compute/virtualMachineScaleSets/Extensions\",\"apiVersion\":\"2022-08-01\","
                    "\"name\":\"Web/f\",\"properties\":{\"publisher\":\"Microsoft.Azure.ServiceFabric\",\"type\":"
                    "\"ServiceFabricLinuxNode\"}}"),
          200, "name", "d1" },
        { "GET", DEPLOYMENTS "/D1", NULL, 200, "name", "d1" },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.0.properties.targetResource.resourceName", "web" },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.0.properties.targetResource.resourceType",
          "Microsoft.Compute/virtualMachineScaleSets" },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.1.properties.targetResource.resourceName", "web/f" },
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.1.properties.targetResource.resourceType",
          "Microsoft.Compute/virtualMachineScaleSets/extensions" },
    };
    ROWS_RUN(world, rows);
}

/* The value of a secure parameter reaches the set, and is written down nowhere else. */
static void
test_secrets_are_not_kept(void)
{
    g_autoptr(World) world = world_with_group();
    answer_free(world_must(
        world, 201, "PUT", DEPLOYMENTS "/d1",
        TEMPLATE(",\"parameters\":{\"p\":{\"type\":\"securestring\",\"defaultValue\":\"swordfish-1\"},\"q\":{\"type\":"
                 "\"secureString\"}},\"resources\":[" SET("web", "Standard_B1ms",
                                                          ",\"tags\":{\"a\":\"[concat(parameters('p'),"
                                                          "parameters('q'))]\"}") "]},\"parameters\":{"
                                                                                  "\"q\":{\"value\":"
                                                                                  "\"swordfish-2\"}")));
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(StoreDeployment) row = store_deployment_get(tx, "G1", "D1", &error);
    g_assert_no_error(error);
    g_assert_null(strstr(row->document, "swordfish"));
    g_clear_pointer(&tx, store_abort);
    const Row rows[] = {
        { "GET", "@/web", NULL, 200, "tags.a", "swordfish-1swordfish-2" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.parameters.q.type", "SecureString" },
        { "GET", DEPLOYMENTS "/d1", NULL, 200, "properties.parameters.q.value", NULL },
    };
    ROWS_RUN(world, rows);
}

/* A password that the template has written out is kept as its set keeps it: as a hash. */
static void
test_a_password_is_not_kept(void)
{
    g_autoptr(World) world = world_with_group();
    answer_free(
        world_must(world, 201, "PUT", DEPLOYMENTS "/d1",
                   RESOURCES("{\"type\":\"Microsoft.Compute/virtualMachineScaleSets\",\"apiVersion\":\"2022-08-01\","
                             "\"name\":\"web\",\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\"},\"properties\":{"
                             "\"upgradePolicy\":{\"mode\":\"Manual\"},\"virtualMachineProfile\":{\"osProfile\":{"
                             "\"computerNamePrefix\":\"web\",\"adminUsername\":\"joe\",\"adminPassword\":\"Swordfish!12345\"},"
                             "\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":"
                             "\"gen2\",\"version\":\"1.0.0\"}}}}}")));
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(StoreDeployment) row = store_deployment_get(tx, "g1", "d1", &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(row->document, "joe"));
    g_assert_null(strstr(row->document, "Swordfish"));
    g_clear_pointer(&tx, store_abort);
    g_autoptr(Answer) exported = world_must(world, 200, "POST", DEPLOYMENTS "/d1/exportTemplate", NULL);
    g_autofree char *all = json_text(exported->body);
    g_assert_nonnull(strstr(all, "adminUsername"));
    g_assert_null(strstr(all, "adminPassword"));
}

/* Rules quote what they refuse, and that is no reason to tell a secret. */
static void
test_errors_tell_no_secret(void)
{
#define SECURE(size, name)                                                                                                     \
    TEMPLATE(",\"parameters\":{\"p\":{\"type\":\"securestring\"}},\"resources\":[" SET(                                        \
        name, size, "") "]},\"parameters\":{\"p\":{\"value\":\"swordfish!\"}")
    static const struct {
        const char *path, *body, *told;
    } cases[] = {
        { DEPLOYMENTS "/d1", SECURE("[parameters('p')]", "web"), "The VM size '***' does not exist here" },
        { DEPLOYMENTS "/d1/validate", SECURE("[parameters('p')]", "web"), "The VM size '***' does not exist here" },
        { DEPLOYMENTS "/d1/validate",
          TEMPLATE(
              ",\"parameters\":{\"p\":{\"type\":\"securestring\"}},\"variables\":{\"copy\":[{\"name\":\"sizes\",\"count\":1,"
              "\"input\":\"[parameters('p')]\"}]},\"resources\":[" SET(
                  "web", "[variables('sizes')[copyIndex()]]", COPY("1")) "]},\"parameters\":{\"p\":{\"value\":\"swordfish!\"}"),
          "The VM size '***' does not exist here" },
        { DEPLOYMENTS "/d1/whatIf", SECURE("Standard_B1ms", "[parameters('p')]"), "The scale set name '***' is not accepted" },
    };
    g_autoptr(World) world = world_with_group();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Answer) answer = world_ask(world, i == 0 ? "PUT" : "POST", cases[i].path, cases[i].body);
        g_autofree char *all = json_text(answer->body);
        g_test_message("%s", all);
        g_assert_nonnull(strstr(all, cases[i].told));
        g_assert_null(strstr(all, "swordfish"));
    }
}

/* Operations are forgotten after a week, those of deployments are not; and a deployment goes with its group. */
static void
test_it_lasts_as_long_as_its_group(void)
{
    g_autoptr(World) world = world_with_group();
    answer_free(world_must(world, 201, "PUT", DEPLOYMENTS "/d1", RESOURCES(WEB)));
    world_settle(world);
    world_restart(world);
    world_advance(world, G_GINT64_CONSTANT(30) * 86400 * USEC_PER_SEC);
    const Row rows[] = {
        { "GET", DEPLOYMENTS "/d1/operations", NULL, 200, "value.0.properties.provisioningState", "Succeeded" },
        { "DELETE", GROUP, NULL, 202, NULL, NULL },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
    const Row again[] = {
        { "PUT", GROUP, "{\"location\":\"local\"}", 201, NULL, NULL },
        { "GET", DEPLOYMENTS "/d1", NULL, 404, "error.code", "DeploymentNotFound" },
    };
    ROWS_RUN(world, again);
}

static void
test_network_of_the_host(void)
{
    g_autoptr(World) world = world_with_group();
#define NETWORKS GROUP "/providers/Microsoft.Network/virtualNetworks"
    const Row rows[] = {
        { "GET", NETWORKS, NULL, 200, "value.0.name", "host" },
        { "GET", NETWORKS, NULL, 200, "value.0.location", "local" },
        { "GET", NETWORKS "/HOST", NULL, 200, "properties.subnets.0.properties.addressPrefix", "10.0.2.0/24" },
        { "GET", NETWORKS "/host/subnets", NULL, 200, "value.0.name", "default" },
        { "GET", NETWORKS "/host/subnets/default", NULL, 200, "properties.addressPrefix", "10.0.2.0/24" },
        { "GET", NETWORKS "/other", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", NETWORKS "/host/subnets/other", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", "~/resourceGroups/none/providers/Microsoft.Network/virtualNetworks", NULL, 404, "error.code",
          "ResourceGroupNotFound" },
        { "PUT", NETWORKS "/mine", "{}", 405, "error.code", "MethodNotAllowed" },
        { "GET", "~/providers/Microsoft.Network", NULL, 200, "resourceTypes.0.resourceType", "virtualNetworks" },
    };
    ROWS_RUN(world, rows);
    world->host_facts.network = NULL;
    const Row unknown[] = {
        { "GET", NETWORKS, NULL, 200, "value.0", NULL },
        { "GET", NETWORKS "/host", NULL, 404, "error.code", "ResourceNotFound" },
    };
    ROWS_RUN(world, unknown);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/api/deployments/one-set", test_one_set);
    g_test_add_func("/api/deployments/all-or-nothing", test_all_or_nothing);
    g_test_add_func("/api/deployments/what-is-refused", test_what_is_refused);
    g_test_add_func("/api/deployments/what-if", test_what_if);
    g_test_add_func("/api/deployments/a-template-has-comments", test_a_template_has_comments);
    g_test_add_func("/api/deployments/extensions", test_extensions);
    g_test_add_func("/api/deployments/copies", test_copies);
    g_test_add_func("/api/deployments/defaults-that-are-new", test_defaults_that_are_new);
    g_test_add_func("/api/deployments/a-failure-is-told", test_a_failure_is_told);
    g_test_add_func("/api/deployments/case-of-names", test_case_of_names);
    g_test_add_func("/api/deployments/secrets-are-not-kept", test_secrets_are_not_kept);
    g_test_add_func("/api/deployments/a-password-is-not-kept", test_a_password_is_not_kept);
    g_test_add_func("/api/deployments/errors-tell-no-secret", test_errors_tell_no_secret);
    g_test_add_func("/api/deployments/it-lasts-as-long-as-its-group", test_it_lasts_as_long_as_its_group);
    g_test_add_func("/api/deployments/network-of-the-host", test_network_of_the_host);
    return g_test_run();
}
