/* The control plane is killed at each of its steps (commit, host call, host event) and started again over the same VMs: what
 * was asked for ends as it would have. */
#include "world.h"

#include "base/json.h"

#define ALL           "{\"instanceIds\":[\"*\"]}"
#define STEPS_AT_MOST 400

typedef struct {
    const char *name;
    const char *before;                 /* PATCH of s1, brought to all instances, before anything is counted; or NULL */
    const char *method, *target, *body; /* what is asked, of a settled set s1 with 3 instances of generation 1 */
    const char *then_method, *then_target, *then_body; /* and then, or NULL */
} Scenario;

#define ROLLING(more)                                                                                                          \
    "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxBatchInstancePercent\":34" more   \
    "}},\"virtualMachineProfile\":{\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":{\"publisher\":"  \
    "\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\",\"settings\":{"          \
    "\"protocol\":\"http\",\"port\":8080,\"requestPath\":\"/\",\"intervalInSeconds\":60}}}]}}}}"
#define TO_UNHEALTHY                                                                                                           \
    "{\"sku\":{\"name\":\"Standard_B1ms\"},\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":" \
    "{\"sku\":\"gen2\",\"version\":\"1.2.0-unhealthy\"}}}}}"
#define TO_TRUSTED                                                                                                             \
    "{\"sku\":{\"name\":\"Standard_B1ms\"},\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":" \
    "{\"sku\":\"gen2\",\"version\":"                                                                                           \
    "\"1.0.0\"}},\"securityProfile\":{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,"        \
    "\"vTpmEnabled\":true}}}}}"

#define TOLD_TO_GO                                                                                                             \
    "{\"sku\":{\"capacity\":1},\"properties\":{\"virtualMachineProfile\":{\"scheduledEventsProfile\":{"                        \
    "\"terminateNotificationProfile\":{\"enable\":true}}}}}"

static const Scenario scenarios[] = {
    { "roll-surge", ROLLING(",\"maxSurge\":true"), "PATCH", "@/s1", TO_TRUSTED, NULL, NULL, NULL },
    { "roll-undo", ROLLING(",\"rollbackFailedInstancesOnPolicyBreach\":true"), "PATCH", "@/s1", TO_UNHEALTHY, NULL, NULL,
      NULL },
    { "upgrade", NULL, "PATCH", "@/s1", TO_TRUSTED, "POST", "@/s1/manualupgrade", ALL },
    { "scale-out", NULL, "PATCH", "@/s1", "{\"sku\":{\"capacity\":5}}", NULL, NULL, NULL },
    { "scale-in", NULL, "PATCH", "@/s1", "{\"sku\":{\"capacity\":1}}", NULL, NULL, NULL },
    { "scale-in-with-notice", NULL, "PATCH", "@/s1", TOLD_TO_GO, NULL, NULL, NULL },
    { "restart", NULL, "POST", "@/s1/restart", ALL, NULL, NULL, NULL },
    { "reimage", NULL, "POST", "@/s1/reimage", NULL, NULL, NULL, NULL },
    { "deallocate", NULL, "POST", "@/s1/deallocate", NULL, NULL, NULL, NULL },
    { "power-off", NULL, "POST", "@/s1/poweroff?skipShutdown=true", NULL, NULL, NULL, NULL },
    { "delete-instances", NULL, "POST", "@/s1/delete", "{\"instanceIds\":[\"1\"]}", NULL, NULL, NULL },
    { "delete", NULL, "DELETE", "@/s1", NULL, NULL, NULL, NULL },
    { "delete-group", NULL, "DELETE", "~/resourcegroups/g1", NULL, NULL, NULL, NULL },
};

static void
part_add(json_t *whole, World *world, const char *target)
{
    g_autoptr(Answer) answer = world_ask(world, "GET", target, NULL);
    json_t *copy = answer->body ? json_deep_copy(answer->body) : json_null();
    world_incidental_remove(copy);
    json_array_append_new(whole, copy);
}

static json_t *
vm_parts_json(World *world, guint id)
{
    json_t *list = json_array();
    g_autoptr(Answer) set = world_ask(world, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId"), *key = g_strdup_printf("%s.%u", uid ? uid : "", id);
    g_autoptr(SimulatedParts) parts = host_simulated_parts(world->simulated, key);
    for (guint i = 0; parts && i < parts->parts->len; i++) {
        const SimulatedPart *part = &g_array_index(parts->parts, SimulatedPart, i);
        json_array_append_new(list, json_pack("[iib]", (int)part->part, (int)part->generation, part->present));
    }
    if (parts)
        json_array_append_new(list, json_boolean(parts->held));
    return list;
}

/* Which disks and guest states the VMs have, and which are put aside. */
static json_t *
parts_json(World *world)
{
    json_t *list = json_array();
    for (guint id = 0; id < 8; id++)
        json_array_append_new(list, vm_parts_json(world, id));
    return list;
}

/* What a client sees in the end, and what runs. */
static char *
outcome(World *world)
{
    g_autoptr(json_t) whole = json_array();
    part_add(whole, world, "@/s1");
    part_add(whole, world, "@/s1/instanceView");
    part_add(whole, world, "@/s1/virtualMachines?$expand=instanceView");
    part_add(whole, world, "@/s1/osUpgradeHistory");
    json_array_append_new(whole, json_integer(host_simulated_alive(world->simulated)));
    json_array_append_new(whole, parts_json(world));
    return json_text(whole);
}

/* The answer may have been lost with the daemon; what was asked for is in the store, or it never happened and is asked again.
 */
static char *
scenario_run(const Scenario *scenario, guint crash_at, guint *ret_steps)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 3, "Standard_A1_v2", "gen1", NULL);
    host_simulated_set_approval(world->simulated, TRUE, 7 * USEC_PER_SEC);
    if (scenario->before) {
        answer_free(world_must(world, 200, "PATCH", "@/s1", scenario->before));
        answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", ALL));
        world_advance(world, 600 * USEC_PER_SEC);
        world_settle(world);
    }
    world->steps = 0;
    world->crash_at = crash_at;
    g_autoptr(Answer) asked = world_ask(world, scenario->method, scenario->target, scenario->body);
    g_assert_cmpint(asked->response->status, <, 300);
    world_settle(world);
    if (scenario->then_method) {
        g_autoptr(Answer) then = world_must(world, 202, scenario->then_method, scenario->then_target, scenario->then_body);
        world_expect_operation(world, then, "Succeeded", NULL);
    }
    if (api_response_header(asked->response, "Azure-AsyncOperation"))
        world_expect_operation(world, asked, "Succeeded", NULL);
    *ret_steps = world->steps;
    return outcome(world);
}

static void
test_every_step(const void *data)
{
    const Scenario *scenario = data;
    guint steps = 0, all_steps = 0;
    g_autofree char *undisturbed = scenario_run(scenario, 0, &all_steps);
    g_assert_cmpuint(all_steps, >, 2);
    for (guint crash_at = 1; crash_at <= STEPS_AT_MOST; crash_at++) {
        g_autofree char *disturbed = scenario_run(scenario, crash_at, &steps);
        if (g_strcmp0(disturbed, undisturbed) != 0)
            g_error("killed at step %u of %s:\n%s\nin place of:\n%s", crash_at, scenario->name, disturbed, undisturbed);
        /* The steps end before this one: it was never reached. */
        if (steps < crash_at)
            return;
    }
    g_error("%s does not end within %d steps", scenario->name, STEPS_AT_MOST);
}

/* The launch was begun, its disk may have been made, and then it was forgotten that it was begun: a newer model comes with an
 * upgrade, and not to an instance that counts as one that never ran. */
static void
test_what_a_lost_launch_made_is_there(void)
{
    g_autoptr(World) world = world_new();
    answer_free(world_ask(world, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    world->crash_at = world->steps + 3; /* the request's commit, the pass's, the call of the host */
    answer_free(world_must(world, 201, "PUT", "@/s1",
                           "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":1},\"properties\":{"
                           "\"upgradePolicy\":{\"mode\":\"Manual\"},\"virtualMachineProfile\":{\"storageProfile\":{"
                           "\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":"
                           "\"1.0.0\"}}}}}"));
    while (!world->dead)
        g_assert_true(g_main_context_iteration(world->context, /* may_block= */ FALSE));
    world_restart(world);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":"
                           "\"1.1.0\"}}}}}"));
    world_settle(world);
    g_autoptr(Answer) instance = world_must(world, 200, "GET", "@/s1/virtualMachines/0", NULL);
    answer_expect(instance, "properties.storageProfile.imageReference.exactVersion", "1.0.0");
    answer_expect(instance, "properties.latestModelApplied", "false");
}

/* A start is so slow that its time is over, and another one is due by then: the slow one is ended, and the step that asks for
 * the other does not fail for it. The daemon may die on the way, too. */
static void
test_a_slow_start_is_no_failure_of_the_next(void)
{
    static const SimulatedLatency slow = { .start_usec = 700 * USEC_PER_SEC };
    for (guint crash_after = 0; crash_after < 4; crash_after++) {
        g_autoptr(World) world = world_new();
        answer_free(world_ask(world, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
        host_simulated_set_latency(world->simulated, &slow);
        answer_free(world_must(world, 201, "PUT", "@/s1",
                               "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":1},\"properties\":{"
                               "\"upgradePolicy\":{\"mode\":\"Automatic\"},\"virtualMachineProfile\":{\"storageProfile\":{"
                               "\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":"
                               "\"1.0.0\"}}}}}"));
        world_advance(world, USEC_PER_SEC);
        g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_B2s\"}}");
        world_advance(world, 598 * USEC_PER_SEC);
        host_simulated_set_latency(world->simulated, &(SimulatedLatency){ .start_usec = USEC_PER_SEC });
        world->crash_at = crash_after ? world->steps + crash_after : 0;
        world_advance(world, 2 * USEC_PER_SEC);
        g_assert_cmpuint(world->steps, >, world->crash_at);
        world_expect_operation(world, change, "Succeeded", NULL);
        g_autoptr(Answer) instance = world_must(world, 200, "GET", "@/s1/virtualMachines/0?$expand=instanceView", NULL);
        answer_expect(instance, "properties.provisioningState", "Succeeded");
        answer_expect(instance, "properties.latestModelApplied", "true");
        answer_expect(instance, "properties.instanceView.statuses.1.code", "PowerState/running");
        g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 1);
    }
}

/* A launch was under way at the host when the daemon died; the next one recorded that it is to be made again, and died too. By
 * then it has started, and says nothing more by itself: its image has no agent. */
static void
test_started_while_nobody_listened(void)
{
    static const SimulatedLatency slow = { .start_usec = 5 * USEC_PER_SEC };
    g_autoptr(World) world = world_new();
    answer_free(world_ask(world, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    host_simulated_set_latency(world->simulated, &slow);
    g_autoptr(Answer) made =
        world_must(world, 201, "PUT", "@/s1",
                   "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":1},\"properties\":{"
                   "\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\","
                   "\"offer\":\"mini\",\"sku\":\"gen2-noagent\",\"version\":\"1.0.0\"}}}}}");
    world_advance(world, USEC_PER_SEC);
    world->crash_at = world->steps + 1;
    world_restart(world);
    g_assert_true(world->dead);
    clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + 10 * USEC_PER_SEC);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 1);
    world_restart(world);
    world_expect_operation(world, made, "Succeeded", NULL);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_autofree char *path = g_strconcat("/crash/", scenarios[i].name, NULL);
        g_test_add_data_func(path, &scenarios[i], test_every_step);
    }
    g_test_add_func("/crash/a-slow-start", test_a_slow_start_is_no_failure_of_the_next);
    g_test_add_func("/crash/started-while-nobody-listened", test_started_while_nobody_listened);
    g_test_add_func("/crash/lost-launch", test_what_a_lost_launch_made_is_there);
    return g_test_run();
}
