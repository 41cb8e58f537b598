/* Rolling upgrades through the API, store, engine and simulated driver. */
#include "world.h"

#define ROLLING(more)                                                                                                          \
    "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxBatchInstancePercent\":34" more   \
    "}}}}"
#define ANSWERED_503 "http://localhost:8080/health answered with status 503."
#define IMAGE(version)                                                                                                         \
    "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"" version "\"}}}}}"

static World *
world_of_three(const char *policy)
{
    World *world = world_new();
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) answer = world_must(world, 200, "PATCH", "@/s1", policy);
    world_settle(world);
    return world;
}

static void
expect_latest(World *world, const char *code, const char *successful, const char *failed)
{
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", code);
    answer_expect(latest, "properties.progress.successfulInstanceCount", successful);
    answer_expect(latest, "properties.progress.failedInstanceCount", failed);
    answer_expect(latest, "properties.progress.inProgressInstanceCount", "0");
}

/* Of the three: which generations of the disk there are, and whether what was put aside is held. */
static void
expect_disks(const World *world, const char *disks, gboolean held)
{
    g_autoptr(GPtrArray) keys = host_simulated_keys(world->simulated);
    guint seen = 0;
    for (guint i = 0; i < keys->len; i++) {
        g_autoptr(SimulatedParts) parts = host_simulated_parts(world->simulated, g_ptr_array_index(keys, i));
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint j = 0; j < parts->parts->len; j++) {
            const SimulatedPart *part = &g_array_index(parts->parts, SimulatedPart, j);
            if (part->part == PART_DISK)
                g_string_append_printf(text, part->present ? "%d" : "[%d]", (int)part->generation);
        }
        seen += strcmp(text->str, disks) == 0 ? 1 : 0;
        g_assert_cmpint(parts->held, ==, held);
    }
    g_assert_cmpuint(seen, >, 0);
}

static void
test_in_place(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(""));
    g_autoptr(Answer) none = world_must(world, 404, "GET", "@/s1/rollingUpgrades/latest", NULL);
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_settle(world);
    expect_latest(world, "Completed", "3", "0");
    expect_disks(world, "2[1]", /* held= */ FALSE);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    for (guint i = 0; i < 3; i++) {
        g_autofree char *path = g_strdup_printf("value.%u.properties.latestModelApplied", i);
        answer_expect(list, path, "true");
    }
}

static void
test_surge(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"maxSurge\":true"));
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_settle(world);
    expect_latest(world, "Completed", "3", "0");
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(list, "value.0.instanceId", "3");
    answer_expect(list, "value.2.instanceId", "5");
    answer_expect(list, "value.3.instanceId", NULL);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 3);
}

/* What has not taken an old one's place yet may be removed again: nothing else is promised. */
static void
test_surplus_is_not_protected(void)
{
    static const char protect[] = "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleIn\":true}}}";
    g_autoptr(World) world = world_of_three(ROLLING(",\"maxSurge\":true"));
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_run_ready(world);
    g_autoptr(Answer) refused = world_must(world, 409, "PATCH", "@/s1/virtualMachines/3", protect);
    answer_expect(refused, "error.code", "OperationNotAllowed");
    answer_expect(refused, "error.target", "properties.protectionPolicy");
    answer_free(world_must(world, 200, "PATCH", "@/s1/virtualMachines/3", "{\"tags\":{\"a\":\"1\"}}"));
    answer_free(world_must(world, 200, "PATCH", "@/s1/virtualMachines/2", protect));
    world_settle(world);
    g_autoptr(Answer) allowed = world_must(world, 200, "PATCH", "@/s1/virtualMachines/3", protect);
    answer_expect(allowed, "properties.protectionPolicy.protectFromScaleIn", "true");
}

/* Its application is asked three times before it is healthy, and nobody's place is taken until then. */
#define SLOWLY_HEALTHY                                                                                                         \
    "{\"properties\":{\"virtualMachineProfile\":{\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":{"  \
    "\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"2.0\","          \
    "\"settings\":{\"protocol\":\"http\",\"port\":8080,\"requestPath\":\"/health\",\"intervalInSeconds\":30,"                  \
    "\"numberOfProbes\":3,\"gracePeriod\":600}}}]}}}}"

/* Deleting it by name takes nothing from the capacity, and the upgrade makes another one. */
static void
test_surplus_is_no_capacity(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"maxSurge\":true"));
    answer_free(world_must(world, 200, "PATCH", "@/s1", SLOWLY_HEALTHY));
    world_advance(world, 60 * USEC_PER_SEC);
    answer_free(world_must(world, 200, "GET", "@/s1/virtualMachines/0", NULL));
    g_autoptr(Answer) gone = world_must(world, 202, "POST", "@/s1/delete", "{\"instanceIds\":[\"3\"]}");
    world_expect_operation(world, gone, "Succeeded", NULL);
    world_settle(world);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(set, "sku.capacity", "3");
    expect_latest(world, "Completed", "3", "0");
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(list, "value.0.instanceId", "4");
    answer_expect(list, "value.2.instanceId", "6");
    answer_expect(list, "value.3.instanceId", NULL);
}

/* It is started again a second later, at the new model: that is waited for, though the upgrade itself starts nobody. */
static void
test_who_is_dead_already_has_not_failed(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"maxUnhealthyInstancePercent\":100"));
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId"), *key = g_strconcat(uid, ".0", NULL);
    g_assert_true(host_simulated_kill(world->simulated, key));
    world_run_ready(world);
    answer_free(world_must(world, 200, "PATCH", "@/s1", SLOWLY_HEALTHY));
    world_settle(world);
    expect_latest(world, "Completed", "3", "0");
}

/* How many instances the set's view counts with this health. */
static void
expect_health_count(World *world, const char *code, guint count)
{
    g_autoptr(Answer) view = world_must(world, 200, "GET", "@/s1/instanceView", NULL);
    const json_t *summary = answer_at(view, "virtualMachine.statusesSummary");
    json_int_t found = 0;
    for (size_t i = 0; i < json_array_size(summary); i++) {
        const json_t *row = json_array_get(summary, i);
        if (strcmp(json_string_value(json_object_get(row, "code")), code) == 0)
            found += json_integer_value(json_object_get(row, "count"));
    }
    g_assert_cmpint(found, ==, count);
}

static guint
warnings_count(World *world)
{
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    const json_t *events = answer_at(log, "value");
    guint count = 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        gboolean is_warning = strcmp(json_string_value(json_object_get(event, "level")), "Warning") == 0;
        count += is_warning && strstr(json_string_value(json_object_get(event, "description")), "done in place") ? 1 : 0;
    }
    return count;
}

/* Quota is cut under way. It is told when it happens, and once. */
static void
test_want_of_room_is_told_at_once(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"maxSurge\":true,\"pauseTimeBetweenBatches\":\"PT10M\""));
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_advance(world, 60 * USEC_PER_SEC);
    g_assert_cmpuint(warnings_count(world), ==, 0);
    world->quota->virtual_machines = 3;
    world_advance(world, 660 * USEC_PER_SEC);
    expect_latest(world, "RollingForward", "2", "0");
    g_assert_cmpuint(warnings_count(world), ==, 1);
    world_settle(world);
    expect_latest(world, "Completed", "3", "0");
    g_assert_cmpuint(warnings_count(world), ==, 1);
}

static SimulatedFault
fail_epoch_two(const LaunchSpec *spec, void *data)
{
    (void)data;
    return spec->epoch == 2 ? SIMULATED_START_FAILS : SIMULATED_OK;
}

static void
test_undo(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"rollbackFailedInstancesOnPolicyBreach\":true"));
    host_simulated_set_faults(world->simulated, fail_epoch_two, NULL);
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_settle(world);
    expect_latest(world, "Faulted", "0", "1");
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.error.code", "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade");
    g_autoptr(Answer) view = world_must(world, 200, "GET", "@/s1/virtualMachines/0?$expand=instanceView", NULL);
    answer_expect(view, "properties.provisioningState", "Succeeded");
    answer_expect(view, "properties.latestModelApplied", "false");
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 3);
    expect_disks(world, "1[2]", /* held= */ FALSE);
}

static SimulatedFault
fail_first_two(const LaunchSpec *spec, void *data)
{
    const gboolean first = g_str_has_suffix(spec->key, ".0") || g_str_has_suffix(spec->key, ".1");
    return first ? fail_epoch_two(spec, data) : SIMULATED_OK;
}

static RollMark
mark_of_first(const World *world)
{
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", NULL);
    g_autoptr(StoreInstance) row = store_instance_get(tx, set->id, 0, NULL);
    return row->roll_mark;
}

/* Both of a batch failed; one of them waits for its turn to be started as it was, and a newer model comes meanwhile. */
static void
test_undo_goes_on_beside_a_newer_model(void)
{
    g_autoptr(World) world = world_new();
    world->engine_config.max_starting = 1;
    world_restart(world);
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", ROLLING(",\"rollbackFailedInstancesOnPolicyBreach\":true")));
    world_settle(world);
    host_simulated_set_faults(world->simulated, fail_first_two, NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"sku\":{\"capacity\":6},\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{"
                           "\"imageReference\":{\"version\":\"1.1.0\"}}}}}"));
    while (mark_of_first(world) != ROLL_MARK_UNDOING) {
        g_assert_true(clock_virtual_fire_next(world->clock));
        world_run_ready(world);
    }
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":7}}"));
    g_assert_cmpint(mark_of_first(world), ==, ROLL_MARK_UNDOING);
    world_settle(world);
    expect_latest(world, "Completed", "3", "0");
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 7);
}

/* The shares allow it to fail, so that nothing is put back, and its old disk is kept for nobody. */
static void
test_failed_keeps_nothing_after_the_end(void)
{
    g_autoptr(World) world =
        world_of_three(ROLLING(",\"rollbackFailedInstancesOnPolicyBreach\":true,\"maxUnhealthyInstancePercent\":100,"
                               "\"maxUnhealthyUpgradedInstancePercent\":100"));
    host_simulated_set_faults(world->simulated, fail_epoch_two, NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0")));
    world_settle(world);
    expect_latest(world, "Completed", "0", "3");
    expect_disks(world, "2[1]", /* held= */ FALSE);
}

static void
test_automatic(void)
{
    g_autoptr(World) world = world_of_three("{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}");
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_expect_operation(world, change, "Succeeded", NULL);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(list, "value.2.properties.latestModelApplied", "true");
}

/* One that is under way when the mode becomes Automatic turns to the newest model too: it must bring nobody back. */
static void
test_automatic_meanwhile(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"pauseTimeBetweenBatches\":\"PT10M\""));
    answer_free(world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0")));
    world_advance(world, 30 * USEC_PER_SEC);
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}"));
    g_autoptr(Answer) back = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.0.0"));
    world_expect_operation(world, back, "Succeeded", NULL);
    world_settle(world);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", "Completed");
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(list, "value.0.properties.latestModelApplied", "true");
    answer_expect(list, "value.1.properties.latestModelApplied", "true");
    answer_expect(list, "value.2.properties.latestModelApplied", "true");
}

static void
test_cancel(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"pauseTimeBetweenBatches\":\"PT10M\""));
    g_autoptr(Answer) nothing = world_must(world, 409, "POST", "@/s1/rollingUpgrades/cancel", NULL);
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_advance(world, 30 * USEC_PER_SEC);
    g_autoptr(Answer) joined = world_must(world, 202, "POST", "@/s1/osRollingUpgrade", NULL);
    g_autoptr(Answer) cancel = world_must(world, 202, "POST", "@/s1/rollingUpgrades/cancel", NULL);
    world_expect_operation(world, joined, "Canceled", "RollingUpgradeCanceled");
    world_expect_operation(world, cancel, "Succeeded", NULL);
    expect_latest(world, "Cancelled", "1", "0");
}

/* Nobody is left who could end it. */
static void
test_ends_without_instances(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"pauseTimeBetweenBatches\":\"PT10M\""));
    answer_free(world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0")));
    world_advance(world, 30 * USEC_PER_SEC);
    g_autoptr(Answer) joined = world_must(world, 202, "POST", "@/s1/osRollingUpgrade", NULL);
    answer_free(world_must(world, 202, "POST", "@/s1/delete", "{\"instanceIds\":[\"0\",\"1\",\"2\"]}"));
    world_settle(world);
    world_expect_operation(world, joined, "Succeeded", NULL);
}

/* Who cancels it while a batch is in hand waits for that batch; whoever starts it again meanwhile takes the cancel back. */
static void
test_cancel_taken_back(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(""));
    answer_free(world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0")));
    g_autoptr(Answer) cancel = world_must(world, 202, "POST", "@/s1/rollingUpgrades/cancel", NULL);
    g_autoptr(Answer) again = world_must(world, 202, "POST", "@/s1/rollingUpgrades/cancel", NULL);
    g_assert_cmpstr(api_response_header(cancel->response, "Azure-AsyncOperation"), ==,
                    api_response_header(again->response, "Azure-AsyncOperation"));
    g_autoptr(Answer) start = world_must(world, 202, "POST", "@/s1/osRollingUpgrade", NULL);
    world_expect_operation(world, cancel, "Canceled", "OperationPreempted");
    world_expect_operation(world, start, "Succeeded", NULL);
    expect_latest(world, "Completed", "3", "0");
}

static void
test_retarget(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(",\"pauseTimeBetweenBatches\":\"PT10M\""));
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_advance(world, 30 * USEC_PER_SEC);
    g_autoptr(Answer) back = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.0.0"));
    world_settle(world);
    g_autoptr(Answer) history = world_must(world, 200, "GET", "@/s1/osUpgradeHistory", NULL);
    answer_expect(history, "value.0.properties.runningStatus.code", "Completed");
    answer_expect(history, "value.1.properties.runningStatus.code", NULL);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(list, "value.0.properties.latestModelApplied", "true");
}

/* The new image's service answers 503: its agent answers, and its application is ill. */
static void
test_application_health(void)
{
    g_autoptr(World) world = world_of_three(
        "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{"
        "\"rollbackFailedInstancesOnPolicyBreach\":true}},\"virtualMachineProfile\":{\"extensionProfile\":{\"extensions\":[{"
        "\"name\":\"health\",\"properties\":{\"publisher\":\"Microsoft.ManagedServices\",\"type\":"
        "\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\",\"settings\":{\"protocol\":\"http\",\"port\":8080,"
        "\"requestPath\":\"/health\"}}}]}}}}");
    world_advance(world, 30 * USEC_PER_SEC);
    g_autoptr(Answer) well = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(well, "vmHealth.status.code", "HealthState/healthy");
    answer_expect(well, "vmHealth.status.message", NULL);
    expect_health_count(world, "HealthState/healthy", 3);
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.2.0-unhealthy"));
    world_run_ready(world);
    expect_health_count(world, "HealthState/unknown", 1);
    world_advance(world, 60 * USEC_PER_SEC);
    expect_health_count(world, "HealthState/healthy", 2);
    expect_health_count(world, "HealthState/unhealthy", 1);
    expect_health_count(world, "HealthState/unknown", 0);
    g_autoptr(Answer) ill = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(ill, "vmHealth.status.message", ANSWERED_503);
    world_settle(world);
    expect_latest(world, "Faulted", "0", "1");
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    g_autofree char *told = answer_text(latest, "properties.error.message");
    g_assert_nonnull(strstr(told, "The first instance that failed is 0: " ANSWERED_503));
    world_advance(world, 30 * USEC_PER_SEC);
    g_autoptr(Answer) back = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(back, "vmHealth.status.code", "HealthState/healthy");
    answer_expect(back, "vmHealth.status.message", NULL);
    g_autoptr(Answer) untouched = world_must(world, 200, "GET", "@/s1/virtualMachines/1", NULL);
    answer_expect(untouched, "properties.latestModelApplied", "false");
}

#define DISKS_TO_TRUSTED                                                                                                       \
    "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxSurge\":true,"                    \
    "\"maxBatchInstancePercent\":34,\"pauseTimeBetweenBatches\":\"PT1H\"}},\"virtualMachineProfile\":{\"securityProfile\":{"   \
    "\"securityType\":\"TrustedLaunch\"}}}}"

/* The set is a Trusted launch set already, and two of its instances are not: however they are to be brought there, it is not in
 * place, for they have data disks. */
static void
test_data_disks_stay_out_of_place(void)
{
    g_autoptr(World) world = world_of_three(
        "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"dataDisks\":[{\"lun\":0,\"createOption\":\"Empty\","
        "\"diskSizeGB\":4}]}}}}");
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}"));
    world_settle(world);
    answer_free(world_must(world, 200, "PATCH", "@/s1", DISKS_TO_TRUSTED));
    world_advance(world, 600 * USEC_PER_SEC);
    answer_free(world_must(world, 202, "POST", "@/s1/rollingUpgrades/cancel", NULL));
    world_settle(world);
    g_autoptr(Answer) by_hand = world_must(world, 409, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}");
    answer_expect(by_hand, "error.code", "OperationNotAllowed");
    g_autoptr(Answer) automatic =
        world_must(world, 409, "PATCH", "@/s1", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}");
    answer_expect(automatic, "error.code", "OperationNotAllowed");
    g_autoptr(Answer) without =
        world_must(world, 200, "PATCH", "@/s1", ROLLING(",\"maxSurge\":false,\"pauseTimeBetweenBatches\":\"PT0S\""));
    world_settle(world);
    expect_latest(world, "Faulted", "0", "0");
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.error.code", "OperationNotAllowed");
}

/* The quota was enough when the model was accepted, and is no more when the second instance is to be larger. */
static void
test_quota_holds_in_place(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(""));
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_B4ms\"}}");
    world_run_ready(world);
    world->quota->regional_cores = 4 + 1 + 1;
    world_settle(world);
    expect_latest(world, "Faulted", "1", "0");
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.error.code", "OperationNotAllowed");
    world->quota->regional_cores = 4 + 4 + 4;
    g_autoptr(Answer) again = world_must(world, 202, "POST", "@/s1/osRollingUpgrade", NULL);
    world_expect_operation(world, again, "Succeeded", NULL);
    expect_latest(world, "Completed", "2", "0");
}

/* Scaled in while a rolling upgrade has them in hand: the change of the set waits for their end, and the upgrade does not. */
static void
test_scaled_in_from_its_hands(void)
{
    g_autoptr(World) world = world_of_three("{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":"
                                            "{\"maxBatchInstancePercent\":100}}}}");
    answer_free(world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0")));
    world_advance(world, 60 * USEC_PER_MSEC);
    g_autoptr(Answer) fewer = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":1}}");
    g_autoptr(Answer) under_way = world_poll(world, fewer);
    answer_expect(under_way, "status", "InProgress");
    world_expect_operation(world, fewer, "Succeeded", NULL);
    expect_latest(world, "Completed", "1", "0");
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 1);
}

/* Its application answers for the first time, and in the same pass it is asked to be started again: both are done, one after
 * the other. */
static void
test_answer_and_request_in_one_pass(void)
{
    g_autoptr(World) world = world_of_three(
        "{\"properties\":{\"virtualMachineProfile\":{\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":"
        "{"
        "\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\","
        "\"settings\":{\"protocol\":\"tcp\",\"port\":80}}}]}}}}");
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}"));
    world_run_ready(world);
    host_simulated_set_guest_latency(world->simulated, USEC_PER_MSEC);
    /* Asked; answered, which no pass has taken yet. */
    clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + 10 * USEC_PER_MSEC);
    g_autoptr(Answer) restart = world_must(world, 202, "POST", "@/s1/restart", "{\"instanceIds\":[\"*\"]}");
    world_expect_operation(world, restart, "Succeeded", NULL);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 3);
}

/* Who has just booted, and has not been asked yet, is not ill: an upgrade that begins then does not end because of it. */
static void
test_not_asked_yet_is_not_ill(void)
{
    g_autoptr(World) world = world_of_three(
        "{\"properties\":{\"virtualMachineProfile\":{\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":"
        "{"
        "\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\","
        "\"settings\":{\"protocol\":\"tcp\",\"port\":80}}}]}}}}");
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}"));
    world_settle(world);
    g_autoptr(Answer) at_first = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(at_first, "vmHealth.status.code", "HealthState/initializing");
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0"));
    g_autoptr(Answer) roll = world_must(world, 202, "POST", "@/s1/osRollingUpgrade", NULL);
    world_expect_operation(world, roll, "Succeeded", NULL);
}

static void
test_health_of_a_guest_without_agent(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2-noagent", NULL);
    g_autoptr(Answer) set = world_must(
        world, 200, "PATCH", "@/s1",
        "{\"properties\":{\"virtualMachineProfile\":{\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":"
        "{"
        "\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\","
        "\"settings\":{\"protocol\":\"tcp\",\"port\":80}}}]}}}}");
    g_autoptr(Answer) update = world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}");
    world_expect_operation(world, update, "Succeeded", NULL);
    g_autoptr(Answer) view = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(view, "vmHealth.status.code", "HealthState/unknown");
    answer_expect(view, "vmHealth.status.message", "The application cannot be asked: the guest agent does not answer.");
    answer_free(world_must(world, 200, "POST", "@/s1/rollback", "{\"revision\":1}"));
    g_autoptr(Answer) without = world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}");
    world_expect_operation(world, without, "Succeeded", NULL);
    g_autoptr(Answer) unasked = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(unasked, "vmHealth.status.code", "HealthState/healthy");
}

/* Why one is ill is written when it falls ill, not at each question; and it is of that running alone. */
static void
test_reason_of_ill_health(void)
{
    g_autoptr(World) world = world_of_three(
        "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":"
        "\"1.2.0-unhealthy\"}},\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":{"
        "\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\","
        "\"settings\":{\"protocol\":\"http\",\"port\":8080,\"requestPath\":\"/health\"}}}]}}}}");
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}"));
    world_advance(world, 60 * USEC_PER_SEC);
    g_autoptr(Answer) ill = world_must(world, 200, "GET", "@/s1/virtualMachines/0?$expand=instanceView", NULL);
    answer_expect(ill, "properties.instanceView.vmHealth.status.message", ANSWERED_503);
    g_autofree char *etag = answer_text(ill, "etag");
    world_advance(world, 600 * USEC_PER_SEC);
    g_autoptr(Answer) later = world_must(world, 200, "GET", "@/s1/virtualMachines/0", NULL);
    answer_expect(later, "etag", etag);
    world_restart(world);
    world_advance(world, 60 * USEC_PER_SEC);
    g_autoptr(Answer) restarted = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(restarted, "vmHealth.status.message", ANSWERED_503);
    /* A step that leaves it as it runs. */
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"virtualMachineProfile\":{\"scheduledEventsProfile\":{"
                           "\"terminateNotificationProfile\":{\"enable\":true,\"notBeforeTimeout\":\"PT5M\"}}}}}"));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\"]}"));
    world_advance(world, 60 * USEC_PER_SEC);
    g_autoptr(Answer) changed = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(changed, "vmHealth.status.message", ANSWERED_503);
    StoreTx *tx = store_read(world->store, NULL);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", NULL);
    store_abort(tx);
    g_autofree char *key = g_strdup_printf("%s.0", set->uid);
    g_assert_true(host_simulated_power_off(world->simulated, key));
    world_advance(world, 60 * USEC_PER_SEC);
    g_autoptr(Answer) stopped = world_must(world, 200, "GET", "@/s1/virtualMachines/0/instanceView", NULL);
    answer_expect(stopped, "statuses.1.code", "PowerState/stopped");
    answer_expect(stopped, "vmHealth.status.message", NULL);
    tx = store_read(world->store, NULL);
    g_autoptr(StoreInstance) row = store_instance_get(tx, set->id, 0, NULL);
    g_assert_null(row->failure_message);
    store_abort(tx);
}

/* An operation that ends in the pass in which a rolling upgrade ends too: the set is not left waiting for it. */
static void
test_ends_with_another_operation(void)
{
    g_autoptr(World) world = world_of_three(ROLLING(""));
    g_autoptr(Answer) more = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":4}}");
    for (guint event = 0; event < 2; event++) {
        world_run_ready(world);
        g_assert_true(clock_virtual_fire_next(world->clock)); /* it started; it answered, which is told to nobody yet */
    }
    g_autoptr(Answer) roll = world_must(world, 202, "POST", "@/s1/osRollingUpgrade", NULL);
    world_expect_operation(world, roll, "Succeeded", NULL);
    world_expect_operation(world, more, "Succeeded", NULL);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(set, "properties.provisioningState", "Succeeded");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rolls/in-place", test_in_place);
    g_test_add_func("/rolls/surge", test_surge);
    g_test_add_func("/rolls/surplus-is-not-protected", test_surplus_is_not_protected);
    g_test_add_func("/rolls/surplus-is-no-capacity", test_surplus_is_no_capacity);
    g_test_add_func("/rolls/who-is-dead-already-has-not-failed", test_who_is_dead_already_has_not_failed);
    g_test_add_func("/rolls/want-of-room-is-told-at-once", test_want_of_room_is_told_at_once);
    g_test_add_func("/rolls/undo", test_undo);
    g_test_add_func("/rolls/undo-goes-on-beside-a-newer-model", test_undo_goes_on_beside_a_newer_model);
    g_test_add_func("/rolls/ends-without-instances", test_ends_without_instances);
    g_test_add_func("/rolls/failed-keeps-nothing-after-the-end", test_failed_keeps_nothing_after_the_end);
    g_test_add_func("/rolls/automatic", test_automatic);
    g_test_add_func("/rolls/ends-with-another-operation", test_ends_with_another_operation);
    g_test_add_func("/rolls/automatic-meanwhile", test_automatic_meanwhile);
    g_test_add_func("/rolls/cancel", test_cancel);
    g_test_add_func("/rolls/cancel-taken-back", test_cancel_taken_back);
    g_test_add_func("/rolls/retarget", test_retarget);
    g_test_add_func("/rolls/application-health", test_application_health);
    g_test_add_func("/rolls/data-disks-stay-out-of-place", test_data_disks_stay_out_of_place);
    g_test_add_func("/rolls/quota-holds-in-place", test_quota_holds_in_place);
    g_test_add_func("/rolls/scaled-in-from-its-hands", test_scaled_in_from_its_hands);
    g_test_add_func("/rolls/answer-and-request-in-one-pass", test_answer_and_request_in_one_pass);
    g_test_add_func("/rolls/not-asked-yet", test_not_asked_yet_is_not_ill);
    g_test_add_func("/rolls/reason-of-ill-health", test_reason_of_ill_health);
    g_test_add_func("/rolls/health-of-a-guest-without-agent", test_health_of_a_guest_without_agent);
    return g_test_run();
}
