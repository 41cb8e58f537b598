/* How operations and their instances' steps end, on a virtual clock. */
#include "world.h"

#define TRUSTED    "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":true}}"
#define TO_TRUSTED "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":" TRUSTED "}}}"
#define TO_IMAGE(version)                                                                                                      \
    "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"" version "\"}}}}}"
#define SET_OF(capacity)                                                                                                       \
    "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":" capacity "},\"properties\":{"                  \
    "\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\","         \
    "\"sku\":\"gen2\",\"version\":\"1.0.0\"}}}}}"
#define ALL "{\"instanceIds\":[\"*\"]}"
#define ONE "{\"instanceIds\":[\"0\"]}"

static SimulatedFault
the_fault(const LaunchSpec *spec, void *data)
{
    (void)spec;
    return *(const SimulatedFault *)data;
}

static void
expect_instance(World *world, const char *id, const char *path, const char *text)
{
    g_autofree char *target = g_strdup_printf("@/s1/virtualMachines/%s?$expand=instanceView", id);
    g_autoptr(Answer) instance = world_must(world, 200, "GET", target, NULL);
    answer_expect(instance, path, text);
}

/* Of StoreInstance, by id. */
static GPtrArray *
rows_of(World *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", &error);
    GPtrArray *instances = store_instance_list(tx, set->id, &error);
    g_assert_no_error(error);
    return instances;
}

#define PROVISIONING "properties.instanceView.statuses.0.code"
#define POWER        "properties.instanceView.statuses.1.code"

static void
test_a_step_ends_when_the_agent_answers(void)
{
    g_autoptr(World) world = world_new();
    const SimulatedLatency latency = { USEC_PER_SEC, 60 * USEC_PER_SEC, USEC_PER_SEC, USEC_PER_SEC };
    host_simulated_set_latency(world->simulated, &latency);
    world_create(world, "s0", 0, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) created = world_must(world, 201, "PUT", "@/s1", SET_OF("1"));
    world_advance(world, 30 * USEC_PER_SEC);
    expect_instance(world, "0", POWER, "PowerState/starting");
    g_autoptr(Answer) running = world_poll(world, created);
    answer_expect(running, "status", "InProgress");
    world_advance(world, 32 * USEC_PER_SEC);
    g_autoptr(Answer) ended = world_poll(world, created);
    answer_expect(ended, "status", "Succeeded");
    expect_instance(world, "0", POWER, "PowerState/running");
    expect_instance(world, "0", PROVISIONING, "ProvisioningState/succeeded");
}

static void
test_without_an_agent_it_ends_when_the_vm_runs(void)
{
    g_autoptr(World) world = world_new();
    const SimulatedLatency latency = { USEC_PER_SEC, 3600 * USEC_PER_SEC, USEC_PER_SEC, USEC_PER_SEC };
    host_simulated_set_latency(world->simulated, &latency);
    UnixTime before = world->clock->now(world->clock);
    world_create(world, "s1", 1, "Standard_B1ms", "gen2-noagent", NULL);
    g_assert_cmpint(world->clock->now(world->clock) - before, <, 10 * USEC_PER_SEC);
    expect_instance(world, "0", POWER, "PowerState/running");
}

/* What the host does wrong, and how it is told. */
static void
test_failures_end_the_step_with_a_code_of_their_own(void)
{
    static const struct {
        SimulatedFault fault;
        const char *code, *power;
        gint64 within_s;
    } cases[] = {
        { SIMULATED_REFUSED, "SecureBootValidationFailed", "PowerState/running", 5 },
        { SIMULATED_START_FAILS, "VMStartFailed", "PowerState/stopped", 5 },
        { SIMULATED_DISK_FULL, "HostDiskFull", "PowerState/stopped", 5 },
        { SIMULATED_NO_AGENT, "OSProvisioningTimedOut", "PowerState/running", 700 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        SimulatedFault fault = cases[i].fault;
        world_create(world, "s1", 1, "Standard_B1ms", "gen2", TRUSTED);
        host_simulated_set_faults(world->simulated, the_fault, &fault);
        UnixTime before = world->clock->now(world->clock);
        g_autoptr(Answer) restart = world_must(world, 202, "POST", "@/s1/restart", ONE);
        world_expect_operation(world, restart, "Failed", cases[i].code);
        g_assert_cmpint(world->clock->now(world->clock) - before, <=, cases[i].within_s * USEC_PER_SEC);
        g_autofree char *code = g_strconcat("ProvisioningState/failed/", cases[i].code, NULL);
        expect_instance(world, "0", PROVISIONING, code);
        expect_instance(world, "0", POWER, cases[i].power);

        /* It starts again when asked. */
        fault = SIMULATED_OK;
        g_autoptr(Answer) again = world_must(world, 202, "POST", "@/s1/restart", ONE);
        world_expect_operation(world, again, "Succeeded", NULL);
        expect_instance(world, "0", PROVISIONING, "ProvisioningState/succeeded");
        expect_instance(world, "0", POWER, "PowerState/running");
    }
}

static void
test_the_deadline_is_the_configured_one(void)
{
    g_autoptr(World) world = world_new();
    SimulatedFault fault = SIMULATED_NO_AGENT;
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    host_simulated_set_faults(world->simulated, the_fault, &fault);
    g_autoptr(Answer) restart = world_must(world, 202, "POST", "@/s1/restart", ONE);
    world_advance(world, 599 * USEC_PER_SEC);
    g_autoptr(Answer) early = world_poll(world, restart);
    answer_expect(early, "status", "InProgress");
    world_advance(world, 3 * USEC_PER_SEC);
    g_autoptr(Answer) late = world_poll(world, restart);
    answer_expect(late, "error.code", "OSProvisioningTimedOut");
}

static void
test_a_vm_that_dies_is_seen_as_failed(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId"), *key = g_strconcat(uid, ".0", NULL);
    g_assert_true(host_simulated_kill(world->simulated, key));
    world_advance(world, USEC_PER_SEC / 2);
    expect_instance(world, "0", PROVISIONING, "ProvisioningState/failed/VMExited");
    expect_instance(world, "0", POWER, "PowerState/stopped");
    g_autoptr(Answer) start = world_must(world, 202, "POST", "@/s1/start", ONE);
    world_expect_operation(world, start, "Succeeded", NULL);
    expect_instance(world, "0", POWER, "PowerState/running");
}

static void
test_a_busy_instance_is_a_409_that_names_the_operation(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) first = world_must(world, 202, "POST", "@/s1/restart", ONE);
    const char *address = api_response_header(first->response, "Azure-AsyncOperation");
    g_auto(GStrv) parts = g_strsplit(address, "/operations/", 2);
    g_autofree char *id = g_strndup(parts[1], strcspn(parts[1], "?"));
    static const struct {
        const char *method, *target, *body;
    } actions[] = {
        { "POST", "@/s1/restart", ONE },
        { "POST", "@/s1/manualupgrade", ALL },
        { "POST", "@/s1/deallocate", NULL },
        { "POST", "@/s1/reimage", ONE },
        { "POST", "@/s1/virtualMachines/0/start", NULL },
        { "DELETE", "@/s1/virtualMachines/0", NULL },
    };
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"tags\":{\"a\":\"b\"}}"));
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        /* manualupgrade of an instance that is on the newest model touches nothing, but it is busy all the same */
        g_autoptr(Answer) refused = world_must(world, 409, actions[i].method, actions[i].target, actions[i].body);
        answer_expect(refused, "error.code", "OperationNotAllowed");
        g_autofree char *message = answer_text(refused, "error.message");
        g_assert_nonnull(strstr(message, id));
    }
    world_expect_operation(world, first, "Succeeded", NULL);
    g_autoptr(Answer) other = world_must(world, 202, "POST", "@/s1/restart", ONE);
    world_expect_operation(world, other, "Succeeded", NULL);
}

static void
test_a_newer_model_supersedes(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 4, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", TO_IMAGE("1.1.0")));
    world_settle(world);
    g_autoptr(Answer) upgrade = world_must(world, 202, "POST", "@/s1/manualupgrade", ALL);
    g_autoptr(Answer) newer = world_must(world, 200, "PATCH", "@/s1", TO_TRUSTED);
    g_autoptr(Answer) canceled = world_poll(world, upgrade);
    answer_expect(canceled, "status", "Canceled");
    answer_expect(canceled, "error.code", "OperationPreempted");
    world_settle(world);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines?$expand=instanceView", NULL);
    for (guint i = 0; i < 4; i++) {
        g_autofree char *state = g_strdup_printf("value.%u.properties.provisioningState", i);
        g_autofree char *image = g_strdup_printf("value.%u.properties.storageProfile.imageReference.exactVersion", i);
        answer_expect(list, state, "Succeeded");
        /* Nothing had been begun, so nothing was done. */
        answer_expect(list, image, "1.0.0");
    }
    g_autoptr(Answer) again = world_must(world, 202, "POST", "@/s1/manualupgrade", ALL);
    world_expect_operation(world, again, "Succeeded", NULL);
    g_autoptr(Answer) done =
        world_must(world, 200, "GET", "@/s1/virtualMachines?$filter=properties/latestModelApplied%20eq%20true", NULL);
    answer_expect(done, "value.3.instanceId", "3");
}

static void
test_steps_that_were_begun_go_on_under_the_newer_operation(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 4, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", TO_IMAGE("1.1.0")));
    g_autoptr(Answer) upgrade = world_must(world, 202, "POST", "@/s1/manualupgrade", ALL);
    world_run_ready(world); /* all are being stopped */
    g_autoptr(Answer) newer = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":5}}");
    g_autoptr(Answer) canceled = world_poll(world, upgrade);
    answer_expect(canceled, "status", "Canceled");
    world_expect_operation(world, newer, "Succeeded", NULL);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 5);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(list, "value.0.properties.storageProfile.imageReference.exactVersion", "1.1.0");
}

/* An upgrade of an instance at rest is a new disk at its next start, also where that start was superseded once. */
static void
test_an_upgrade_at_rest_is_not_lost(void)
{
    g_autoptr(World) world = world_new();
    world->engine_config.max_starting = 1;
    world_restart(world);
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 202, "POST", "@/s1/deallocate", NULL));
    world_settle(world);
    answer_free(world_must(world, 200, "PATCH", "@/s1", TO_IMAGE("1.1.0")));
    g_autoptr(Answer) upgrade = world_must(world, 202, "POST", "@/s1/manualupgrade", ALL);
    world_expect_operation(world, upgrade, "Succeeded", NULL);
    answer_free(world_must(world, 202, "POST", "@/s1/start", NULL));
    world_run_ready(world); /* one starts, the others wait for the slot */
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":4}}"));
    world_settle(world);
    answer_free(world_must(world, 202, "POST", "@/s1/start", NULL));
    world_settle(world);
    g_autoptr(GPtrArray) instances = rows_of(world);
    for (guint i = 0; i < 3; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        g_assert_cmpint(instance->state, ==, INSTANCE_RUNNING);
        g_assert_cmpuint(instance->run_disk_gen, >, 1);
    }
}

/* A daemon died while two were on their way, and the next one has a slot for one of them: the other comes up all the same. */
static void
test_a_launch_that_comes_late_is_known(void)
{
    const SimulatedLatency latency = { .start_usec = 10 * USEC_PER_SEC, .boot_usec = USEC_PER_SEC };
    g_autoptr(World) world = world_new();
    host_simulated_set_latency(world->simulated, &latency);
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 201, "PUT", "@/s1", SET_OF("2")));
    world_run_ready(world);
    world->engine_config.max_starting = 1;
    world_restart(world);
    world_run_ready(world);
    world_advance(world, 10 * USEC_PER_SEC);
    g_autoptr(GPtrArray) instances = rows_of(world);
    for (guint i = 0; i < 2; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        g_assert_true(instance->alive);
        g_assert_cmpuint(instance->epoch, ==, 1);
    }
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 2);
}

/* A slot that somebody waited for and does not want any more goes to the next one. */
static void
test_starts_are_limited_and_nobody_is_forgotten(void)
{
    g_autoptr(World) world = world_new();
    world->engine_config.max_starting = 1;
    world_restart(world);
    world_create(world, "s1", 5, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 202, "POST", "@/s1/deallocate", NULL));
    world_settle(world);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 0);
    g_autoptr(Answer) start = world_must(world, 202, "POST", "@/s1/start", NULL);
    world_run_ready(world);
    /* The next in the queue is deleted by scaling in of what is protected least: 4 and 3 go. */
    answer_free(world_must(world, 200, "PUT", "@/s1/virtualMachines/3",
                           "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleIn\":true}}}"));
    g_autoptr(Answer) in = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":2}}");
    world_settle(world);
    g_autoptr(Answer) again = world_must(world, 202, "POST", "@/s1/start", NULL);
    world_expect_operation(world, again, "Succeeded", NULL);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 2);
}

/* Whose VM died waits for a slot; each newer model takes its step over. */
static void
test_who_died_comes_back_whatever_supersedes(void)
{
    g_autoptr(World) world = world_new();
    const SimulatedLatency latency = { USEC_PER_SEC, 60 * USEC_PER_SEC, USEC_PER_SEC, USEC_PER_SEC };
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId"), *key = g_strconcat(uid, ".0", NULL);
    host_simulated_set_latency(world->simulated, &latency);
    answer_free(world_must(world, 202, "POST", "@/s1/restart", "{\"instanceIds\":[\"1\",\"2\"]}"));
    world_advance(world, 5 * USEC_PER_SEC);
    g_assert_true(host_simulated_kill(world->simulated, key));
    world_advance(world, 5 * USEC_PER_SEC);
    answer_free(world_must(world, 200, "PATCH", "@/s1", TO_IMAGE("1.1.0")));
    answer_free(world_must(world, 200, "PATCH", "@/s1", TO_IMAGE("1.0.0")));
    world_settle(world);
    expect_instance(world, "0", POWER, "PowerState/running");
}

/* A step that begins after its creation does not make its death one of the creation. */
static void
test_who_died_in_another_step_comes_back(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId"), *key = g_strconcat(uid, ".0", NULL);
    world->crash_at = world->steps + 1; /* the request's commit: the step is begun, and nobody has looked at it */
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"sku\":{\"capacity\":2},\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}"));
    g_assert_true(world->dead);
    g_assert_true(host_simulated_kill(world->simulated, key));
    clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + USEC_PER_SEC);
    world_settle(world);
    world_advance(world, 60 * USEC_PER_SEC);
    expect_instance(world, "0", POWER, "PowerState/running");
}

static void
test_skip_shutdown_stops_at_once(void)
{
    g_autoptr(World) world = world_new();
    const SimulatedLatency latency = { USEC_PER_SEC, USEC_PER_SEC, 20 * USEC_PER_SEC, USEC_PER_SEC };
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    host_simulated_set_latency(world->simulated, &latency);
    UnixTime before = world->clock->now(world->clock);
    answer_free(world_must(world, 202, "POST", "@/s1/poweroff?skipShutdown=false", NULL));
    world_settle(world);
    g_assert_cmpint(world->clock->now(world->clock) - before, >=, 20 * USEC_PER_SEC);
    expect_instance(world, "0", POWER, "PowerState/stopped");
    answer_free(world_must(world, 202, "POST", "@/s1/start", NULL));
    world_settle(world);
    before = world->clock->now(world->clock);
    answer_free(world_must(world, 202, "POST", "@/s1/poweroff?skipShutdown=true", NULL));
    world_settle(world);
    g_assert_cmpint(world->clock->now(world->clock) - before, <, USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/operations/a-step-ends-when-the-agent-answers", test_a_step_ends_when_the_agent_answers);
    g_test_add_func("/operations/without-an-agent-it-ends-when-the-vm-runs", test_without_an_agent_it_ends_when_the_vm_runs);
    g_test_add_func("/operations/failures-have-codes-of-their-own", test_failures_end_the_step_with_a_code_of_their_own);
    g_test_add_func("/operations/the-deadline-is-the-configured-one", test_the_deadline_is_the_configured_one);
    g_test_add_func("/operations/a-vm-that-dies-is-seen-as-failed", test_a_vm_that_dies_is_seen_as_failed);
    g_test_add_func("/operations/a-busy-instance-is-a-409", test_a_busy_instance_is_a_409_that_names_the_operation);
    g_test_add_func("/operations/a-newer-model-supersedes", test_a_newer_model_supersedes);
    g_test_add_func("/operations/begun-steps-go-on", test_steps_that_were_begun_go_on_under_the_newer_operation);
    g_test_add_func("/operations/an-upgrade-at-rest-is-not-lost", test_an_upgrade_at_rest_is_not_lost);
    g_test_add_func("/operations/starts-are-limited-and-nobody-is-forgotten", test_starts_are_limited_and_nobody_is_forgotten);
    g_test_add_func("/operations/a-launch-that-comes-late-is-known", test_a_launch_that_comes_late_is_known);
    g_test_add_func("/operations/who-died-comes-back-whatever-supersedes", test_who_died_comes_back_whatever_supersedes);
    g_test_add_func("/operations/who-died-in-another-step-comes-back", test_who_died_in_another_step_comes_back);
    g_test_add_func("/operations/skip-shutdown-stops-at-once", test_skip_shutdown_stops_at_once);
    return g_test_run();
}
