/* virtualMachines of a set, and actions by the set's routes and by an instance's own. */
#include "rows.h"

#define TRUSTED "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":true}}"
#define VM      "@/s1/virtualMachines/0"

static World *
world_with(guint capacity)
{
    World *world = world_new();
    world_create(world, "s1", capacity, "Standard_B1ms", "gen2", TRUSTED);
    return world;
}

static void
test_reading(void)
{
    g_autoptr(World) world = world_with(2);
    const Row rows[] = {
        { "GET", "@/s1/virtualMachines", NULL, 200, "value.1.instanceId", "1" },
        { "GET", "@/s1/virtualMachines", NULL, 200, "value.0.properties.latestModelApplied", "true" },
        { "GET", "@/s1/virtualMachines", NULL, 200, "value.0.properties.instanceView", NULL },
        { "GET", "@/s1/virtualMachines", NULL, 200, "nextLink", NULL },
        { "GET", "@/s1/virtualMachines?$expand=instanceView", NULL, 200, "value.0.properties.instanceView.statuses.1.code",
          "PowerState/running" },
        { "GET", "@/s1/virtualMachines?$select=instanceView&$expand=instanceView", NULL, 200,
          "value.1.properties.instanceView.statuses.0.code", "ProvisioningState/succeeded" },
        { "GET", "@/s1/virtualMachines?$select=instanceView&$expand=instanceView", NULL, 200, "value.1.properties.vmId", NULL },
        { "GET", "@/s1/virtualMachines?$filter=properties/latestModelApplied%20eq%20true", NULL, 200, "value.1.name", "s1_1" },
        { "GET", "@/s1/virtualMachines?$filter=properties/latestModelApplied+eq+false", NULL, 200, "value.0", NULL },
        { "GET", "@/s1/virtualMachines?$filter=name%20eq%20'x'", NULL, 400, "error.target", "$filter" },
        { "GET", "@/s1/virtualMachines?$select=name", NULL, 400, "error.target", "$select" },
        { "GET", "@/s1/virtualMachines?$orderby=name", NULL, 400, "error.target", "$orderby" },
        { "GET", "@/s1/virtualMachines?$top=x", NULL, 400, "error.target", "$top" },
        { "GET", VM, NULL, 200, "properties.storageProfile.imageReference.sku", "gen2" },
        { "GET", VM, NULL, 200, "properties.securityProfile.uefiSettings.secureBootEnabled", "true" },
        { "GET", VM "?$expand=instanceView", NULL, 200, "properties.instanceView.vmAgent.statuses.0.displayStatus", "Ready" },
        { "GET", VM "/instanceView", NULL, 200, "statuses.1.code", "PowerState/running" },
        { "GET", "@/s1/virtualMachines/7", NULL, 404, "error.code", "InstanceIdNotFound" },
        { "GET", "@/s1/virtualMachines/x", NULL, 404, "error.code", "InstanceIdNotFound" },
        { "GET", "@/none/virtualMachines", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", "@/s1/virtualMachines/0/nothing", NULL, 404, "error.code", "NotFound" },
    };
    ROWS_RUN(world, rows);
}

static void
test_pages_are_followed_as_they_are_given(void)
{
    g_autoptr(World) world = world_with(5);
    g_autofree char *next = g_strdup("@/s1/virtualMachines?$top=2");
    GString *seen = g_string_new(NULL);
    for (guint pages = 0; next; pages++) {
        g_assert_cmpuint(pages, <, 4);
        g_autoptr(Answer) page = world_must(world, 200, "GET", next, NULL);
        for (guint i = 0; i < 2; i++) {
            g_autofree char *path = g_strdup_printf("value.%u.instanceId", i), *id = answer_text(page, path);
            g_string_append(seen, id ? id : "");
        }
        g_autofree char *link = answer_text(page, "nextLink");
        g_assert_true(!link || g_str_has_prefix(link, "https://127.0.0.1:8443/subscriptions/"));
        g_free(next);
        next = link ? g_strconcat("!", link + strlen("https://127.0.0.1:8443"), NULL) : NULL;
        /* What goes away between two pages shifts nothing. */
        if (pages == 0) {
            answer_free(world_must(world, 202, "DELETE", VM, NULL));
            world_settle(world);
        }
    }
    g_assert_cmpstr(seen->str, ==, "01234");
    g_string_free(seen, TRUE);
}

static void
test_protection_and_tags(void)
{
    g_autoptr(World) world = world_with(2);
    const Row rows[] = {
        { "PUT", VM, "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleSetActions\":true}}}", 200,
          "properties.protectionPolicy.protectFromScaleIn", "true" },
        { "PUT", VM, "{\"tags\":{\"a\":\"b\"}}", 200, "tags.a", "b" },
        { "GET", VM, NULL, 200, "properties.protectionPolicy.protectFromScaleSetActions", "true" },
        { "PUT", VM,
          "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleSetActions\":true,\"protectFromScaleIn\":false}}}", 400,
          "error.code", "InvalidParameter" },
        { "PUT", VM, "{\"properties\":{\"nonsense\":true}}", 400, "error.target", "properties.nonsense" },
        { "PUT", "@/s1/virtualMachines/9", "{}", 404, "error.code", "InstanceIdNotFound" },
        { "POST", "@/s1/reimage", "{\"instanceIds\":[\"0\"]}", 409, "error.code", "OperationNotAllowed" },
        { "POST", "@/s1/deallocate", NULL, 202, NULL, NULL },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines?$expand=instanceView", NULL);
    answer_expect(list, "value.0.properties.instanceView.statuses.1.code", "PowerState/running");
    answer_expect(list, "value.1.properties.instanceView.statuses.1.code", "PowerState/deallocated");
}

static void
test_what_an_action_says_is_done_or_refused(void)
{
    g_autoptr(World) world = world_with(2);
    const Row rows[] = {
        { "POST", "@/s1/manualupgrade", NULL, 400, "error.code", "InvalidRequestContent" },
        { "POST", "@/s1/manualupgrade", "{}", 400, "error.target", "instanceIds" },
        { "POST", "@/s1/delete", "{\"instanceIds\":[]}", 400, "error.target", "instanceIds" },
        { "POST", "@/s1/restart", "{\"instanceIds\":[0]}", 400, "error.target", "instanceIds" },
        { "POST", "@/s1/restart", "{\"instanceIds\":\"*\"}", 400, "error.target", "instanceIds" },
        { "POST", "@/s1/restart", "{\"instances\":[\"0\"]}", 400, "error.target", "instances" },
        { "POST", "@/s1/restart", "{\"instanceIds\":[\"0\",\"9\"]}", 404, "error.code", "InstanceIdNotFound" },
        { "POST", "@/s1/reimage", "{\"instanceIds\":[\"0\"],\"exactVersion\":\"1.0.0\"}", 400, "error.target", "exactVersion" },
        { "POST", VM "/restart", "{\"instanceIds\":[\"1\"]}", 400, "error.target", "instanceIds" },
        { "POST", "@/s1/poweroff?skipShutdown=maybe", NULL, 400, "error.target", "skipShutdown" },
        { "POST", "@/s1/start?skipShutdown=true", NULL, 400, "error.target", "skipshutdown" },
        { "POST", "@/s1/deallocate?hibernate=true", NULL, 400, "error.target", "hibernate" },
        { "POST", "@/s1/explode", NULL, 404, "error.code", "NotFound" },
        { "GET", "@/s1/restart", NULL, 405, "error.code", "MethodNotAllowed" },
        { "DELETE", VM, "{\"why\":1}", 400, "error.code", "InvalidRequestContent" },
        { "DELETE", "@/s1/virtualMachines/9", NULL, 204, NULL, NULL },
        { "POST", "@/s1/deallocate?hibernate=false", "{\"instanceIds\":[\"1\"]}", 202, NULL, NULL },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
    g_autoptr(Answer) refused = world_must(world, 409, "POST", "@/s1/restart", "{\"instanceIds\":[\"1\"]}");
    g_autofree char *message = answer_text(refused, "error.message");
    g_assert_nonnull(strstr(message, "deallocated"));
    /* All of them are those that can be restarted. */
    g_autoptr(Answer) all = world_must(world, 202, "POST", "@/s1/restart", "{}");
    world_expect_operation(world, all, "Succeeded", NULL);
}

/* Every action: 202, nothing in it, an operation; and what the instance is afterwards. */
static void
test_actions(void)
{
    static const struct {
        const char *method, *target, *body, *power;
    } steps[] = {
        { "POST", "@/s1/poweroff", NULL, "PowerState/stopped" },
        { "POST", "@/s1/start", "{}", "PowerState/running" },
        { "POST", "@/s1/restart", "{\"instanceIds\":[\"*\"]}", "PowerState/running" },
        { "POST", "@/s1/deallocate", "{\"instanceIds\":[\"0\"]}", "PowerState/deallocated" },
        { "POST", VM "/start", NULL, "PowerState/running" },
        { "POST", VM "/poweroff?skipShutdown=true", NULL, "PowerState/stopped" },
        { "POST", VM "/deallocate", NULL, "PowerState/deallocated" },
        { "POST", VM "/poweroff", NULL, "PowerState/stopped" },
        { "POST", VM "/reimage", NULL, "PowerState/stopped" },
        { "POST", "@/s1/start", NULL, "PowerState/running" },
        { "POST", "@/s1/reimage", NULL, "PowerState/running" },
        { "POST", "@/s1/reimageall", NULL, "PowerState/running" },
        { "POST", VM "/reimageall", "{}", "PowerState/running" },
        { "POST", "@/s1/redeploy", NULL, "PowerState/running" },
        { "POST", VM "/redeploy", NULL, "PowerState/running" },
        { "POST", VM "/restart", NULL, "PowerState/running" },
        { "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\"]}", "PowerState/running" },
        { "POST", "@/s1/start", NULL, "PowerState/running" },
    };
    g_autoptr(World) world = world_with(1);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_test_message("%s", steps[i].target);
        g_autoptr(Answer) accepted = world_must(world, 202, steps[i].method, steps[i].target, steps[i].body);
        g_assert_null(accepted->response->body);
        g_assert_cmpstr(api_response_header(accepted->response, "Retry-After"), ==, "1");
        g_assert_null(api_response_header(accepted->response, "Location"));
        world_expect_operation(world, accepted, "Succeeded", NULL);
        g_autoptr(Answer) view = world_must(world, 200, "GET", VM "/instanceView", NULL);
        answer_expect(view, "statuses.1.code", steps[i].power);
    }
}

static void
test_deleting_instances_lowers_the_capacity(void)
{
    g_autoptr(World) world = world_with(4);
    g_autoptr(Answer) by_set =
        world_must(world, 202, "POST", "@/s1/delete?forceDeletion=true", "{\"instanceIds\":[\"1\",\"1\"]}");
    g_autoptr(Answer) capacity = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(capacity, "sku.capacity", "3");
    /* Again, while it is under way: the same operation, and no other instance goes. */
    g_autoptr(Answer) again = world_must(world, 202, "POST", "@/s1/delete", "{\"instanceIds\":[\"1\"]}");
    g_assert_cmpstr(api_response_header(again->response, "Azure-AsyncOperation"), ==,
                    api_response_header(by_set->response, "Azure-AsyncOperation"));
    answer_free(world_must(world, 409, "POST", "@/s1/start", "{\"instanceIds\":[\"1\"]}"));
    world_expect_operation(world, by_set, "Succeeded", NULL);
    g_autoptr(Answer) own = world_must(world, 202, "DELETE", VM "?forceDeletion=false", NULL);
    world_expect_operation(world, own, "Succeeded", NULL);
    const Row rows[] = {
        { "GET", "@/s1", NULL, 200, "sku.capacity", "2" },
        { "GET", "@/s1/virtualMachines", NULL, 200, "value.1.instanceId", "3" },
        { "GET", "@/s1/virtualMachines", NULL, 200, "value.2", NULL },
        { "GET", "@/s1/virtualMachines", NULL, 200, "value.0.properties.latestModelApplied", "true" },
        { "POST", "@/s1/delete", "{\"instanceIds\":[\"1\"]}", 404, "error.code", "InstanceIdNotFound" },
    };
    ROWS_RUN(world, rows);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 2);
}

static void
test_boot_diagnostics(void)
{
    g_autoptr(World) world = world_with(1);
    g_autoptr(Answer) answer =
        world_must(world, 200, "POST", VM "/retrieveBootDiagnosticsData?sasUriExpirationTimeInMinutes=10", NULL);
    g_autofree char *serial = answer_text(answer, "serialConsoleLogBlobUri"),
                    *screen = answer_text(answer, "consoleScreenshotBlobUri");
    g_assert_true(g_str_has_prefix(serial, "https://127.0.0.1:8443/links/serial/"));
    g_assert_true(g_str_has_prefix(screen, "https://127.0.0.1:8443/links/screen/"));
    const char *path = serial + strlen("https://127.0.0.1:8443");
    g_autofree char *versioned = g_strconcat(path, "&api-version=2024-07-01", NULL);
    g_autofree char *other_kind = g_strconcat("/links/screen/", path + strlen("/links/serial/"), NULL);
    g_autofree char *tampered = g_strdup(path);
    tampered[strlen(tampered) - 1] ^= 1;
    const struct {
        const char *target, *caller;
        int status;
    } cases[] = {
        { path, NULL, 200 },       { path, "token", 200 },  { versioned, NULL, 200 },
        { other_kind, NULL, 403 }, { tampered, NULL, 403 }, { "/links/serial/x", NULL, 403 },
    };
    for (guint late = 0; late < 2; late++) {
        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
            const ApiRequest request = {
                .method = "GET", .target = cases[i].target, .base_url = "https://h", .caller = cases[i].caller
            };
            g_autoptr(Answer) got = world_ask_request(world, &request);
            g_assert_cmpint(got->response->status, ==, late ? 403 : cases[i].status);
            g_assert_nonnull(api_response_header(got->response, "x-ms-request-id"));
        }
        world_advance(world, 0);
        clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + 601 * USEC_PER_SEC);
    }
    answer_free(world_must(world, 400, "POST", VM "/retrieveBootDiagnosticsData?sasUriExpirationTimeInMinutes=0", NULL));
    answer_free(world_must(world, 404, "POST", "@/s1/virtualMachines/5/retrieveBootDiagnosticsData", NULL));
}

static void
test_run_command_reads_its_body(void)
{
    g_autoptr(World) world = world_with(1);
    const Row rows[] = {
        { "POST", VM "/runCommand", "{\"commandId\":\"RunShellScript\",\"script\":[\"id\"]}", 501, "error.code",
          "NotSupported" },
        { "POST", VM "/runCommand", "{\"commandId\":\"RunPowerShellScript\",\"script\":[\"id\"]}", 400, "error.target",
          "commandId" },
        { "POST", VM "/runCommand", "{\"commandId\":\"RunShellScript\",\"script\":[]}", 400, "error.target", "script" },
        { "POST", VM "/runCommand", "{\"commandId\":\"RunShellScript\",\"script\":[1]}", 400, "error.target", "script" },
        { "POST", VM "/runCommand",
          "{\"commandId\":\"RunShellScript\",\"script\":[\"id\"],\"parameters\":[{\"name\":\"a\",\"value\":\"b\"}]}", 400,
          "error.target", "parameters" },
        { "POST", VM "/connectionInfo", NULL, 200, "value.0.guestPort", "22" },
        { "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL, 200, "value.0.operationName.value",
          "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action" },
    };
    ROWS_RUN(world, rows);
}

/* data: what it prints; NULL: nothing, with an exit code. */
static int
assessed_guest(const char *key G_GNUC_UNUSED, guint64 epoch G_GNUC_UNUSED, const char *const *argv, GString *out, void *data)
{
    if (strcmp(argv[0], "assess") != 0)
        return SIMULATED_GUEST_AS_EVER;
    g_string_append(out, data ? data : "");
    return data ? 0 : 2;
}

static void
test_assessing_tells_what_is_lost(void)
{
    static char told[] = "assessment 1\nsecure-boot off\ntpm yes\nmodule-signatures checked\nmodule nvidia POE unsigned\n"
                         "luks vda3 1-2 systemd-tpm2\nend\n";
    static char cut[] = "assessment 1\nluks vda3 1-2 systemd-tpm2\n";
    g_autoptr(World) world = world_with(1);
    const Row as_ever[] = {
        { "POST", VM "/assess", NULL, 200, "instanceId", "0" },
        { "POST", VM "/assess", NULL, 200, "secureBoot", "unseen" },
        { "POST", VM "/assess", NULL, 200, "refused.0", NULL },
        { "POST", VM "/assess", NULL, 200, "lockedOut.0", NULL },
        { "POST", VM "/assess?x=1", NULL, 400, NULL, NULL },
        { "POST", "@/s1/virtualMachines/5/assess", NULL, 404, NULL, NULL },
        { "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL, 200, "value.0.operationName.value",
          "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/assess/action" },
    };
    const Row with_findings[] = {
        { "POST", VM "/assess", NULL, 200, "refused.0.name", "nvidia" },
        { "POST", VM "/assess", NULL, 200, "refused.0.kind", "KernelModule" },
        { "POST", VM "/assess", NULL, 200, "lockedOut.0.name", "/dev/vda3" },
    };
    const Row broken[] = { { "POST", VM "/assess", NULL, 409, "error.code", "GuestRunFailed" } };
    const Row off[] = { { "POST", VM "/assess", NULL, 409, "error.code", "OperationNotAllowed" } };
    host_simulated_set_guest_latency(world->simulated, 0);
    ROWS_RUN(world, as_ever);
    host_simulated_set_guest(world->simulated, assessed_guest, told);
    ROWS_RUN(world, with_findings);
    host_simulated_set_guest(world->simulated, assessed_guest, cut);
    ROWS_RUN(world, broken);
    host_simulated_set_guest(world->simulated, assessed_guest, NULL);
    ROWS_RUN(world, broken);
    answer_free(world_must(world, 202, "POST", "@/s1/poweroff", NULL));
    world_settle(world);
    ROWS_RUN(world, off);
}

/* Quota that was there when the model was accepted may be gone when an instance is to be made so. */
/* In mode Automatic the instances come to a model that was accepted before. */
static void
test_a_change_of_mode_is_judged_by_the_quota_of_its_hour(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_B2s\"}}"));
    world->quota->regional_cores = 5;
    g_autoptr(Answer) refused =
        world_must(world, 409, "PATCH", "@/s1", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}");
    answer_expect(refused, "error.code", "OperationNotAllowed");
    answer_expect(refused, "error.target", "properties.upgradePolicy.mode");
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(set, "properties.upgradePolicy.mode", "Manual");
    world->quota->regional_cores = 6;
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}"));
}

static void
test_an_update_is_judged_by_the_quota_of_its_hour(void)
{
    g_autoptr(World) world = world_with(2);
    world->quota->regional_cores = 10;
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_B2s\"}}"));
    world_create(world, "s2", 7, "Standard_B1ms", "gen2", NULL);
    const Row rows[] = {
        { "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}", 409, "error.code", "OperationNotAllowed" },
        { "POST", "@/s1/reimage", "{\"instanceIds\":[\"0\"]}", 202, NULL, NULL },
        /* one of them fits */
        { "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"1\"]}", 202, NULL, NULL },
        { "GET", "~/providers/Microsoft.Compute/locations/local/usages", NULL, 200, "value.0.currentValue", "10" },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
    g_autoptr(Answer) refused = world_must(world, 409, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\"]}");
    g_autofree char *message = answer_text(refused, "error.message");
    g_assert_nonnull(strstr(message, "Limit: 10, in use: 10, needed besides: 1"));
    g_autoptr(Answer) untouched = world_must(world, 200, "GET", VM, NULL);
    answer_expect(untouched, "properties.hardwareProfile.vmSize", "Standard_B1ms");
    answer_expect(untouched, "properties.provisioningState", "Succeeded");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/instances/reading", test_reading);
    g_test_add_func("/instances/pages", test_pages_are_followed_as_they_are_given);
    g_test_add_func("/instances/protection-and-tags", test_protection_and_tags);
    g_test_add_func("/instances/done-or-refused", test_what_an_action_says_is_done_or_refused);
    g_test_add_func("/instances/actions", test_actions);
    g_test_add_func("/instances/deleting-lowers-the-capacity", test_deleting_instances_lowers_the_capacity);
    g_test_add_func("/instances/boot-diagnostics", test_boot_diagnostics);
    g_test_add_func("/instances/run-command-reads-its-body", test_run_command_reads_its_body);
    g_test_add_func("/instances/assessing-tells-what-is-lost", test_assessing_tells_what_is_lost);
    g_test_add_func("/instances/mode-and-quota", test_a_change_of_mode_is_judged_by_the_quota_of_its_hour);
    g_test_add_func("/instances/update-and-quota", test_an_update_is_judged_by_the_quota_of_its_hour);
    return g_test_run();
}
