/* A scale set is kept at its capacity: what dies is started again. */
#include "world.h"

#define S            USEC_PER_SEC
#define PROVISIONING "properties.instanceView.statuses.0.code"
#define POWER        "properties.instanceView.statuses.1.code"
#define TRUSTED      "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":true}}"

static World *
world_of_one_image(const char *image, const char *security)
{
    World *world = world_new();
    const SimulatedLatency latency = { 0, 5 * S, 0, 0 };
    host_simulated_set_latency(world->simulated, &latency);
    world_create(world, "s1", 1, "Standard_B1ms", image, security);
    return world;
}

static World *
world_of_one(const char *security)
{
    return world_of_one_image("gen2", security);
}

static char *
key_of(World *world)
{
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId");
    return g_strconcat(uid, ".0", NULL);
}

static void
vm_end(World *world, gboolean (*end)(Host *host, const char *key))
{
    g_autofree char *key = key_of(world);
    g_assert_true(end(world->simulated, key));
    world_advance(world, 0);
}

static void
expect(World *world, const char *path, const char *text)
{
    g_autoptr(Answer) instance = world_must(world, 200, "GET", "@/s1/virtualMachines/0?$expand=instanceView", NULL);
    answer_expect(instance, path, text);
}

/* Down until just before its time, and up when its boot after that is over. */
static void
expect_back_after(World *world, gint64 usec)
{
    expect(world, PROVISIONING, "ProvisioningState/failed/VMExited");
    expect(world, POWER, "PowerState/stopped");
    world_advance(world, usec - 1);
    expect(world, POWER, "PowerState/stopped");
    world_advance(world, 1);
    expect(world, POWER, "PowerState/starting");
    world_advance(world, 6 * S);
    expect(world, PROVISIONING, "ProvisioningState/succeeded");
    expect(world, POWER, "PowerState/running");
}

static void
test_what_dies_is_started_again(void)
{
    g_autoptr(World) world = world_of_one(NULL);
    for (guint deaths = 0; deaths < 3; deaths++) {
        vm_end(world, host_simulated_kill);
        expect_back_after(world, (1 << deaths) * S);
    }
    /* Long after that it is the first time again. */
    world_advance(world, 600 * S);
    vm_end(world, host_simulated_kill);
    expect_back_after(world, S);
}

/* A change that asks for no launch waits for nobody who is down, and takes nothing from who is to come back. */
static void
test_a_change_meanwhile(void)
{
    g_autoptr(World) world = world_of_one(NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}"));
    world_settle(world);
    vm_end(world, host_simulated_kill);
    g_autoptr(Answer) changed = world_must(world, 200, "PATCH", "@/s1", "{\"tags\":{\"a\":\"b\"}}");
    world_run_ready(world);
    expect_back_after(world, S);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(set, "properties.provisioningState", "Succeeded");
    expect(world, "properties.latestModelApplied", "true");
}

static void
test_it_is_told(void)
{
    g_autoptr(World) world = world_of_one(NULL);
    vm_end(world, host_simulated_kill);
    g_autoptr(Answer) down = world_must(world, 200, "GET", "@/s1/virtualMachines/0?$expand=instanceView", NULL);
    g_autofree char *message = answer_text(down, "properties.instanceView.statuses.0.message");
    g_assert_nonnull(strstr(message, "It is started again at"));
    world_advance(world, 7 * S);
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    answer_expect(log, "value.0.status.value", "Succeeded");
    answer_expect(log, "value.1.status.value", "Started");
    answer_expect(log, "value.2.status.value", "Active");
    answer_expect(log, "value.2.level", "Warning");
    answer_expect(log, "value.2.operationName.value", "Microsoft.Compute/virtualMachineScaleSets/repair/action");
    g_autofree char *told = answer_text(log, "value.2.description");
    g_assert_nonnull(strstr(told, "death 1 in a row"));
}

static void
test_a_daemon_that_comes_later_goes_on(void)
{
    g_autoptr(World) world = world_of_one(NULL);
    for (guint i = 0; i < 4; i++) {
        vm_end(world, host_simulated_kill);
        if (i < 3)
            world_settle(world);
    }
    /* Between death and next start, which is 8 s away. */
    world_advance(world, 2 * S);
    world_restart(world);
    world_run_ready(world);
    expect_back_after(world, 6 * S);
}

static void
test_who_died_while_nobody_looked(void)
{
    g_autoptr(World) world = world_of_one(NULL);
    g_autofree char *key = key_of(world);
    world_stop(world);
    g_assert_true(host_simulated_kill(world->simulated, key));
    while (clock_virtual_fire_until(world->clock, world->clock->now(world->clock)))
        ;
    world_start(world);
    world_run_ready(world);
    expect_back_after(world, S);
}

/* Its user has switched it off from within: that is no death. */
static void
test_a_guest_that_powers_itself_off_stays_so(void)
{
    g_autoptr(World) world = world_of_one(NULL);
    vm_end(world, host_simulated_power_off);
    world_advance(world, 3600 * S);
    expect(world, POWER, "PowerState/stopped");
    expect(world, PROVISIONING, "ProvisioningState/succeeded");
}

static SimulatedFault
refuse_later(const LaunchSpec *spec, void *data)
{
    (void)data;
    return spec->epoch > 1 ? SIMULATED_REFUSED : SIMULATED_OK;
}

static void
test_a_refused_boot_is_not_repeated(void)
{
    g_autoptr(World) world = world_of_one(TRUSTED);
    host_simulated_set_faults(world->simulated, refuse_later, NULL);
    vm_end(world, host_simulated_kill);
    world_advance(world, 7 * S);
    expect(world, PROVISIONING, "ProvisioningState/failed/SecureBootValidationFailed");
    vm_end(world, host_simulated_kill);
    world_advance(world, 3600 * S);
    expect(world, POWER, "PowerState/stopped");
}

/* A change that needs no other launch is done, and leaves it as it is. */
static void
test_a_refused_boot_is_not_forgotten(void)
{
    g_autoptr(World) world = world_of_one(TRUSTED);
    g_autofree char *key = key_of(world);
    host_simulated_set_faults(world->simulated, refuse_later, NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}"));
    vm_end(world, host_simulated_kill);
    world_advance(world, 7 * S);
    g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", "{\"tags\":{\"owner\":\"blue\"}}");
    world_expect_operation(world, change, "Succeeded", NULL);
    expect(world, "properties.latestModelApplied", "true");
    expect(world, PROVISIONING, "ProvisioningState/failed/SecureBootValidationFailed");
    /* Before the engine has looked at the change, and after. */
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"tags\":{\"owner\":\"green\"}}"));
    g_assert_true(host_simulated_kill(world->simulated, key));
    world_advance(world, 3600 * S);
    expect(world, POWER, "PowerState/stopped");
}

/* Without a guest agent it runs as soon as it is started, and is refused after that. */
static void
test_a_boot_that_is_refused_while_nobody_looks(void)
{
    g_autoptr(World) world = world_of_one_image("gen2-noagent", TRUSTED);
    host_simulated_set_faults(world->simulated, refuse_later, NULL);
    vm_end(world, host_simulated_kill);
    world_advance(world, 2 * S);
    expect(world, POWER, "PowerState/running");
    world_stop(world);
    while (clock_virtual_fire_until(world->clock, world->clock->now(world->clock) + 10 * S))
        ;
    world_start(world);
    world_run_ready(world);
    expect(world, PROVISIONING, "ProvisioningState/failed/SecureBootValidationFailed");
    vm_end(world, host_simulated_kill);
    world_advance(world, 3600 * S);
    expect(world, POWER, "PowerState/stopped");
}

static SimulatedFault
fail_epochs(const LaunchSpec *spec, void *data)
{
    return spec->epoch > 1 && spec->epoch <= *(const guint *)data ? SIMULATED_START_FAILS : SIMULATED_OK;
}

/* A start that fails is tried again where it brings back what died, and only there. */
static void
test_a_start_that_fails_on_the_way(void)
{
    guint last = 3;
    g_autoptr(World) world = world_of_one(NULL);
    host_simulated_set_faults(world->simulated, fail_epochs, &last);
    vm_end(world, host_simulated_kill);
    world_advance(world, 1 * S);
    expect(world, PROVISIONING, "ProvisioningState/failed/VMStartFailed");
    world_advance(world, 2 * S);
    expect(world, PROVISIONING, "ProvisioningState/failed/VMStartFailed");
    world_advance(world, 4 * S + 6 * S);
    expect(world, POWER, "PowerState/running");

    /* Long over its death, a restart of its user's is its user's. */
    last = G_MAXUINT;
    world_advance(world, 600 * S);
    vm_end(world, host_simulated_power_off);
    g_autoptr(Answer) start = world_must(world, 202, "POST", "@/s1/start", NULL);
    world_expect_operation(world, start, "Failed", "VMStartFailed");
}

/* Who is asked to rest in the meantime rests. */
static void
test_a_wish_in_the_meantime_counts(void)
{
    g_autoptr(World) world = world_of_one(NULL);
    vm_end(world, host_simulated_kill);
    g_autoptr(Answer) off = world_must(world, 202, "POST", "@/s1/deallocate", NULL);
    world_expect_operation(world, off, "Succeeded", NULL);
    world_advance(world, 3600 * S);
    expect(world, POWER, "PowerState/deallocated");
    g_autoptr(Answer) on = world_must(world, 202, "POST", "@/s1/start", NULL);
    world_expect_operation(world, on, "Succeeded", NULL);
    expect(world, POWER, "PowerState/running");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keep/what-dies-is-started-again", test_what_dies_is_started_again);
    g_test_add_func("/keep/it-is-told", test_it_is_told);
    g_test_add_func("/keep/a-change-meanwhile", test_a_change_meanwhile);
    g_test_add_func("/keep/a-daemon-that-comes-later-goes-on", test_a_daemon_that_comes_later_goes_on);
    g_test_add_func("/keep/who-died-while-nobody-looked", test_who_died_while_nobody_looked);
    g_test_add_func("/keep/a-guest-that-powers-itself-off-stays-so", test_a_guest_that_powers_itself_off_stays_so);
    g_test_add_func("/keep/a-refused-boot-is-not-repeated", test_a_refused_boot_is_not_repeated);
    g_test_add_func("/keep/a-refused-boot-is-not-forgotten", test_a_refused_boot_is_not_forgotten);
    g_test_add_func("/keep/a-boot-that-is-refused-while-nobody-looks", test_a_boot_that_is_refused_while_nobody_looks);
    g_test_add_func("/keep/a-start-that-fails-on-the-way", test_a_start_that_fails_on_the_way);
    g_test_add_func("/keep/a-wish-in-the-meantime-counts", test_a_wish_in_the_meantime_counts);
    return g_test_run();
}
