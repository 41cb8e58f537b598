/* Flexible sets: the mode itself, and their instances as resources of type virtualMachines. */
#include "rows.h"

#define GROUP   "~/resourceGroups/g1/providers/Microsoft.Compute"
#define VMS     GROUP "/virtualMachines"
#define VM(n)   VMS "/flex_" #n
#define COMPUTE "~/providers/Microsoft.Compute"
#define OWN     "@/flex/virtualMachines"

/* Sets "flex" (Flexible) and "plain" (Uniform) of two instances each, and "flex-2" of one. */
static World *
world_with_sets(void)
{
    World *world = world_new();
    static const struct {
        const char *name, *mode;
        guint capacity;
    } sets[] = { { "flex", "Flexible", 2 }, { "plain", "Uniform", 2 }, { "flex-2", "flexible", 1 } };
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *target = g_strconcat("@/", sets[i].name, NULL);
        g_autofree char *body =
            g_strdup_printf("{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":%u},\"properties\":{"
                            "\"orchestrationMode\":\"%s\",\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{"
                            "\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\"}}}}}",
                            sets[i].capacity, sets[i].mode);
        answer_free(world_must(world, 201, "PUT", target, body));
    }
    world_settle(world);
    return world;
}

static void
test_the_mode_is_for_good(void)
{
    g_autoptr(World) world = world_with_sets();
    const Row rows[] = {
        { "GET", "@/flex", NULL, 200, "properties.orchestrationMode", "Flexible" },
        { "GET", "@/flex-2", NULL, 200, "properties.orchestrationMode", "Flexible" },
        { "GET", "@/plain", NULL, 200, "properties.orchestrationMode", "Uniform" },
        { "PATCH", "@/flex", "{\"properties\":{\"orchestrationMode\":\"Uniform\"}}", 409, "error.code",
          "PropertyChangeNotAllowed" },
        { "PATCH", "@/plain", "{\"properties\":{\"orchestrationMode\":\"Flexible\"}}", 409, "error.target",
          "properties.orchestrationMode" },
        { "PATCH", "@/flex", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}", 400, "error.target",
          "properties.upgradePolicy.mode" },
        { "PATCH", "@/plain", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}", 200, NULL, NULL },
        { "PATCH", "@/flex-2", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\"}}}", 200, NULL, NULL },
        { "PATCH", "@/flex", "{\"properties\":{\"orchestrationMode\":\"flexible\"},\"tags\":{\"a\":\"b\"}}", 200, "tags.a",
          "b" },
    };
    ROWS_RUN(world, rows);
}

#define TRUSTED "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":{\"securityType\":\"TrustedLaunch\"}}}}"
#define FEATURE "~/providers/Microsoft.Features/providers/Microsoft.Compute/features/TrustedLaunchUpgradeFlexPreview"

static void
test_the_upgrade_needs_its_feature(void)
{
    g_autoptr(World) world = world_with_sets();
    const Row rows[] = {
        { "PATCH", "@/plain", TRUSTED, 200, NULL, NULL },
        { "PATCH", "@/flex", TRUSTED, 409, "error.code", "OperationNotAllowed" },
        { "POST", "@/flex/whatIf", TRUSTED, 200, "status", "Refused" },
        { "POST", FEATURE "/register", NULL, 200, NULL, NULL },
        { "POST", "@/flex/whatIf", TRUSTED, 200, "status", "Accepted" },
        { "PATCH", "@/flex", TRUSTED, 200, "properties.virtualMachineProfile.securityProfile.securityType", "TrustedLaunch" },
        { "POST", FEATURE "/unregister", NULL, 200, NULL, NULL },
        /* what is Trusted launch stays so */
        { "PATCH", "@/flex", "{\"tags\":{\"a\":\"b\"}}", 200, NULL, NULL },
        { "PATCH", "@/flex-2", TRUSTED, 409, "error.code", "OperationNotAllowed" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) upgraded = world_must(world, 202, "POST", "@/flex/manualupgrade", "{\"instanceIds\":[\"*\"]}");
    world_expect_operation(world, upgraded, "Succeeded", NULL);
    g_autoptr(Answer) machine = world_must(world, 200, "GET", VM(1), NULL);
    answer_expect(machine, "properties.securityProfile.securityType", "TrustedLaunch");
}

/* A target without its query is an id. */
static char *
id_of(const World *world, const char *target)
{
    char *id = world_target(world, target);
    *strchr(id, '?') = '\0';
    return id;
}

static void
test_reading(void)
{
    g_autoptr(World) world = world_with_sets();
    g_autofree char *set_id = id_of(world, "@/flex"), *id = id_of(world, VM(1));
    const Row rows[] = {
        { "GET", VM(1), NULL, 200, "name", "flex_1" },
        { "GET", VM(1), NULL, 200, "type", "Microsoft.Compute/virtualMachines" },
        { "GET", VM(1), NULL, 200, "id", id },
        { "GET", VM(1), NULL, 200, "properties.virtualMachineScaleSet.id", set_id },
        { "GET", VM(1), NULL, 200, "properties.hardwareProfile.vmSize", "Standard_B1ms" },
        { "GET", VM(1), NULL, 200, "properties.storageProfile.imageReference.sku", "gen2" },
        { "GET", VM(1), NULL, 200, "properties.osProfile.computerName", "flex000001" },
        { "GET", VM(1), NULL, 200, "properties.provisioningState", "Succeeded" },
        { "GET", VM(1), NULL, 200, "instanceId", NULL },
        { "GET", VM(1), NULL, 200, "properties.instanceView", NULL },
        { "GET", VM(1) "?$expand=instanceView", NULL, 200, "properties.instanceView.statuses.1.code", "PowerState/running" },
        { "GET", VM(1) "?$expand=everything", NULL, 400, "error.target", "$expand" },
        { "GET", VM(1) "/instanceView", NULL, 200, "statuses.1.code", "PowerState/running" },
        { "GET", VM(1) "/instanceView", NULL, 200, "platformUpdateDomain", NULL },
        { "GET", "@/plain/virtualMachines/1/instanceView", NULL, 200, "platformUpdateDomain", "0" },
        { "GET", "~/resourcegroups/G1/providers/microsoft.compute/VIRTUALMACHINES/Flex_1", NULL, 200, "name", "flex_1" },
        /* the same instance, as a part of its set: by its number and by its name */
        { "GET", OWN "/1", NULL, 200, "type", "Microsoft.Compute/virtualMachineScaleSets/virtualMachines" },
        { "GET", OWN "/flex_1", NULL, 200, "instanceId", "1" },
        { "GET", OWN "/other_1", NULL, 404, "error.code", "InstanceIdNotFound" },
        /* what is not there */
        { "GET", VM(7), NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", VMS "/flex_01", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", VMS "/flex", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", VMS "/_1", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", VMS "/none_1", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", VMS "/plain_1", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", "~/resourceGroups/none/providers/Microsoft.Compute/virtualMachines/flex_1", NULL, 404, "error.code",
          "ResourceGroupNotFound" },
        { "POST", VMS "/plain_1/start", NULL, 404, "error.code", "ResourceNotFound" },
        { "DELETE", VMS "/plain_1", NULL, 204, NULL, NULL },
        { "GET", "@/plain/virtualMachines/1", NULL, 200, NULL, NULL },
        { "GET", "~/providers/Microsoft.Compute", NULL, 200, "resourceTypes.2.resourceType", "virtualMachines" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) machine = world_must(world, 200, "GET", VM(1), NULL);
    g_assert_true(json_is_array(answer_at(machine, "properties.networkProfile.networkInterfaces")));
}

/* Names of a list, separated by blanks. */
static char *
names_of(World *world, const char *target)
{
    g_autoptr(Answer) list = world_must(world, 200, "GET", target, NULL);
    GString *names = g_string_new(NULL);
    for (guint i = 0;; i++) {
        g_autofree char *path = g_strdup_printf("value.%u.name", i), *name = answer_text(list, path);
        if (!name)
            return g_string_free(names, FALSE);
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", name);
    }
}

static void
test_lists(void)
{
    static const struct {
        const char *target, *names;
    } cases[] = {
        { VMS, "flex_0 flex_1 flex-2_0" },
        { COMPUTE "/virtualMachines?statusOnly=false", "flex_0 flex_1 flex-2_0" },
        { COMPUTE "/locations/local/virtualMachines", "flex_0 flex_1 flex-2_0" },
        { VMS "?$top=1", "flex_0" },
        { VMS "?$skiptoken=g1%20flex%200000000001", "flex_1 flex-2_0" },
        { "~/resourceGroups/g1/resources", "flex flex_0 flex_1 flex-2 flex-2_0 plain" },
        { "~/resources?$filter=resourceType%20eq%20'Microsoft.Compute/virtualMachines'", "flex_0 flex_1 flex-2_0" },
        { "~/resources?$filter=resourceGroup%20eq%20'g1'%20and%20name%20eq%20'FLEX_1'", "flex_1" },
        { "~/resources?$filter=resourceGroup%20eq%20'g2'", "" },
        { "@/plain/virtualMachines", "plain_0 plain_1" },
        { OWN, "flex_0 flex_1" },
    };
    g_autoptr(World) world = world_with_sets();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *names = names_of(world, cases[i].target);
        g_test_message("%s", cases[i].target);
        g_assert_cmpstr(names, ==, cases[i].names);
    }
    /* As the Azure command line asks for the instances of a Flexible set. */
    static const char *const sets[][2] = {
        { "flex", "flex_0 flex_1" }, { "FLEX-2", "flex-2_0" }, { "plain", "" }, { "no", "" }
    };
    for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *path = g_strconcat("@/", sets[i][0], NULL), *id = id_of(world, path);
        g_autofree char *quoted = g_strdup_printf("'virtualMachineScaleSet/id' eq '%s'", id);
        g_autofree char *escaped = g_uri_escape_string(quoted, NULL, FALSE);
        g_autofree char *target = g_strconcat(COMPUTE "/virtualMachines?$expand=instanceView&$filter=", escaped, NULL);
        g_autofree char *names = names_of(world, target);
        g_assert_cmpstr(names, ==, sets[i][1]);
    }
    const Row rows[] = {
        { "GET", VMS "?$expand=instanceView", NULL, 200, "value.2.properties.instanceView.statuses.1.code",
          "PowerState/running" },
        { "GET", VMS, NULL, 200, "value.2.properties.instanceView", NULL },
        { "GET", VMS, NULL, 200, "value.0.type", "Microsoft.Compute/virtualMachines" },
        { "GET", VMS "?$filter=name%20eq%20'x'", NULL, 400, "error.target", "$filter" },
        { "GET", COMPUTE "/virtualMachines?statusOnly=true", NULL, 400, "error.target", "statusOnly" },
        { "GET", "~/resourceGroups/none/providers/Microsoft.Compute/virtualMachines", NULL, 404, "error.code",
          "ResourceGroupNotFound" },
        { "GET", "~/resources?$expand=provisioningState,createdTime,changedTime", NULL, 200, "value.1.provisioningState",
          "Succeeded" },
        { "GET", "~/resources?$expand=createdTime", NULL, 200, "value.1.createdTime", "2024-01-01T00:00:00.000000Z" },
    };
    ROWS_RUN(world, rows);
}

/* Every action by the VM's own address does to the instance what the instance's does. */
static void
test_actions(void)
{
    static const struct {
        const char *action, *body, *power;
    } steps[] = {
        { "powerOff?skipShutdown=true", NULL, "PowerState/stopped" },
        { "start", "{}", "PowerState/running" },
        { "restart", NULL, "PowerState/running" },
        { "deallocate?hibernate=false", NULL, "PowerState/deallocated" },
        { "start", NULL, "PowerState/running" },
        { "reimage", "{\"tempDisk\":false}", "PowerState/running" },
        { "redeploy", NULL, "PowerState/running" },
    };
    g_autoptr(World) world = world_with_sets();
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *target = g_strconcat(VM(1) "/", steps[i].action, NULL);
        g_test_message("%s", target);
        g_autoptr(Answer) accepted = world_must(world, 202, "POST", target, steps[i].body);
        world_expect_operation(world, accepted, "Succeeded", NULL);
        g_autoptr(Answer) own = world_must(world, 200, "GET", OWN "/1/instanceView", NULL);
        answer_expect(own, "statuses.1.code", steps[i].power);
        g_autoptr(Answer) other = world_must(world, 200, "GET", OWN "/0/instanceView", NULL);
        answer_expect(other, "statuses.1.code", "PowerState/running");
    }
    const Row rows[] = {
        { "POST", VM(1) "/retrieveBootDiagnosticsData?sasUriExpirationTimeInMinutes=5", NULL, 200, NULL, NULL },
        { "POST", VM(1) "/runCommand", "{\"commandId\":\"RunPowerShellScript\",\"script\":[\"id\"]}", 400, "error.target",
          "commandId" },
        { "POST", VM(1) "/connectionInfo", NULL, 200, "value.0.instanceId", "1" },
        { "POST", VM(1) "/powerOff?skipShutdown=maybe", NULL, 400, "error.target", "skipShutdown" },
        { "POST", VM(1) "/generalize", NULL, 404, "error.code", "NotFound" },
        { "GET", VM(1) "/start", NULL, 405, "error.code", "MethodNotAllowed" },
    };
    ROWS_RUN(world, rows);
    /* By names, as Azure's clients name the instances of Flexible sets; twice the same is once. */
    g_autoptr(Answer) named =
        world_must(world, 202, "POST", "@/flex/restart", "{\"instanceIds\":[\"flex_0\",\"0\",\"FLEX_0\"]}");
    world_expect_operation(world, named, "Succeeded", NULL);
    answer_free(world_must(world, 404, "POST", "@/flex/restart", "{\"instanceIds\":[\"plain_0\"]}"));
}

static void
test_tags_and_protection_are_all_that_is_set(void)
{
    g_autoptr(World) world = world_with_sets();
    g_autoptr(Answer) read = world_must(world, 200, "GET", VM(0), NULL);
    g_autofree char *whole = json_dumps(read->body, 0);
    const Row rows[] = {
        { "PUT", VM(0), whole, 200, "name", "flex_0" },
        { "PATCH", VM(0), "{\"tags\":{\"a\":\"b\"}}", 200, "tags.a", "b" },
        { "GET", OWN "/0", NULL, 200, "tags.a", "b" },
        { "GET", "~/resources", NULL, 200, "value.1.tags.a", "b" },
        { "PATCH", VM(0), "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleIn\":true}}}", 200,
          "properties.protectionPolicy.protectFromScaleIn", "true" },
        { "PATCH", OWN "/1", "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleIn\":true}}}", 200, "instanceId", "1" },
        { "PATCH", "@/flex", "{\"sku\":{\"capacity\":1}}", 409, "error.target", "sku.capacity" },
        { "PATCH", VM(0), "{\"properties\":{\"hardwareProfile\":{\"vmSize\":\"Standard_B2s\"}}}", 409, "error.code",
          "PropertyChangeNotAllowed" },
        { "PUT", OWN "/0", "{\"properties\":{\"hardwareProfile\":{\"vmSize\":\"Standard_B2s\"}}}", 409, "error.target",
          "properties.hardwareProfile.vmSize" },
        { "PATCH", VM(0), "{\"properties\":{\"nonsense\":1}}", 400, "error.target", "properties.nonsense" },
        { "PUT", VMS "/alone", "{\"location\":\"local\",\"properties\":{}}", 400, "error.code", "BadRequest" },
        { "PUT", VM(5), "{\"location\":\"local\",\"properties\":{}}", 400, "error.code", "BadRequest" },
        { "PATCH", VMS "/alone", "{\"tags\":{}}", 404, "error.code", "ResourceNotFound" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) refused = world_must(world, 400, "PUT", VMS "/alone", "{\"location\":\"local\"}");
    g_autofree char *message = answer_text(refused, "error.message");
    g_assert_nonnull(strstr(message, "only scale sets"));
}

static void
test_deleting_one_lowers_the_capacity(void)
{
    g_autoptr(World) world = world_with_sets();
    g_autoptr(Answer) deleted = world_must(world, 202, "DELETE", VM(0) "?forceDeletion=true", NULL);
    world_expect_operation(world, deleted, "Succeeded", NULL);
    const Row rows[] = {
        { "GET", "@/flex", NULL, 200, "sku.capacity", "1" },
        { "GET", VM(0), NULL, 404, "error.code", "ResourceNotFound" },
        { "DELETE", VM(0), NULL, 204, NULL, NULL },
        { "GET", VMS, NULL, 200, "value.0.name", "flex_1" },
    };
    ROWS_RUN(world, rows);
    /* A set of the same name that is Uniform has none. */
    g_autoptr(Answer) gone = world_must(world, 202, "DELETE", "@/flex", NULL);
    world_expect_operation(world, gone, "Succeeded", NULL);
    world_create(world, "flex", 1, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 404, "GET", VM(0), NULL));
    g_autofree char *names = names_of(world, VMS);
    g_assert_cmpstr(names, ==, "flex-2_0");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/machines/the-mode-is-for-good", test_the_mode_is_for_good);
    g_test_add_func("/machines/the-upgrade-needs-its-feature", test_the_upgrade_needs_its_feature);
    g_test_add_func("/machines/reading", test_reading);
    g_test_add_func("/machines/lists", test_lists);
    g_test_add_func("/machines/actions", test_actions);
    g_test_add_func("/machines/tags-and-protection", test_tags_and_protection_are_all_that_is_set);
    g_test_add_func("/machines/deleting-one", test_deleting_one_lowers_the_capacity);
    return g_test_run();
}
