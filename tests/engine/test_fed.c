/* What the engine keeps in memory is fed change by change. After every pass it is compared with what the store says. */
#include "world.h"

#include "engine/check.h"
#include "engine/sets.h"

#define CAPACITY 12
#define WALKS    30

/* Compares, where the engine has looked at everything. */
static guint
compare(const World *world)
{
    g_autofree char *difference = NULL;
    gboolean compared = engine_check(world->engine, &difference);
    if (difference)
        g_error("%s", difference);
    return compared ? 1 : 0;
}

static guint
ready_run(const World *world)
{
    guint compared = compare(world);
    while (g_main_context_iteration(world->context, /* may_block= */ FALSE))
        compared += compare(world);
    return compared;
}

static guint
settle(const World *world)
{
    guint compared = ready_run(world);
    while (!engine_idle(world->engine)) {
        g_assert_true(clock_virtual_fire_next(world->clock));
        compared += ready_run(world);
    }
    return compared;
}

/* ---- a random walk ---- */

static SimulatedFault
fault_random(const LaunchSpec *spec, void *data)
{
    (void)spec;
    guint drawn = (guint)g_rand_int_range(data, 0, 20);
    return drawn == 0 ? SIMULATED_START_FAILS : drawn == 1 ? SIMULATED_REFUSED : drawn == 2 ? SIMULATED_EXITS : SIMULATED_OK;
}

static void
ask(World *world, const char *method, const char *target, const char *body)
{
    answer_free(world_ask(world, method, target, body));
}

static void
action_random(World *world, GRand *rand)
{
    g_autofree char *one = g_strdup_printf("@/s1/virtualMachines/%d", g_rand_int_range(rand, 0, CAPACITY + 4));
    g_autofree char *body = NULL;
    switch (g_rand_int_range(rand, 0, 9)) {
    case 0:
    case 1:
    case 2:
        body = g_strdup_printf("{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{"
                               "\"version\":\"1.%d.0\"}}}}}",
                               g_rand_int_range(rand, 0, 2));
        ask(world, "PATCH", "@/s1", body);
        return;
    case 3:
        body = g_strdup_printf("{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{"
                               "\"maxSurge\":%s,\"prioritizeUnhealthyInstances\":%s,\"maxBatchInstancePercent\":%d,"
                               "\"maxUnhealthyInstancePercent\":80,\"rollbackFailedInstancesOnPolicyBreach\":%s}}}}",
                               g_rand_boolean(rand) ? "true" : "false", g_rand_boolean(rand) ? "true" : "false",
                               g_rand_int_range(rand, 10, 60), g_rand_boolean(rand) ? "true" : "false");
        ask(world, "PATCH", "@/s1", body);
        return;
    case 4:
        ask(world, "POST", "@/s1/rollingUpgrades/cancel", NULL);
        return;
    case 5:
        body = g_strdup_printf("{\"sku\":{\"capacity\":%d}}", g_rand_int_range(rand, CAPACITY - 4, CAPACITY + 1));
        ask(world, "PATCH", "@/s1", body);
        return;
    case 6: {
        g_autofree char *target = g_strconcat(one, g_rand_boolean(rand) ? "/deallocate" : "/start", NULL);
        ask(world, "POST", target, NULL);
        return;
    }
    case 7: {
        g_autoptr(GPtrArray) keys = host_simulated_keys(world->simulated);
        if (keys->len > 0)
            host_simulated_kill(world->simulated, g_ptr_array_index(keys, (guint)g_rand_int_range(rand, 0, (gint)keys->len)));
        return;
    }
    default:
        world_restart(world);
    }
}

static void
test_walk(void)
{
    guint compared = 0;
    for (guint32 seed = 0; seed < WALKS; seed++) {
        g_autoptr(World) world = world_new_in_memory();
        GRand *rand = g_rand_new_with_seed(seed);
        world_create(world, "s1", CAPACITY, "Standard_B1ms", "gen2", NULL);
        host_simulated_set_faults(world->simulated, fault_random, rand);
        for (guint i = 0; i < 12; i++) {
            action_random(world, rand);
            for (gint steps = g_rand_int_range(rand, 0, 30); steps > 0; steps--) {
                compared += ready_run(world);
                if (engine_idle(world->engine) || !clock_virtual_fire_next(world->clock))
                    break;
            }
        }
        compared += settle(world);
        g_rand_free(rand);
    }
    g_assert_cmpuint(compared, >, 20 * WALKS);
}

/* ---- what is not fed is noticed ---- */

static SetTracked *
only_set(const World *world)
{
    GHashTableIter iter;
    gpointer set = NULL;
    g_hash_table_iter_init(&iter, world->engine->sets);
    g_assert_true(g_hash_table_iter_next(&iter, NULL, &set));
    return set;
}

static void
expect_difference(const World *world, const char *text)
{
    g_autofree char *difference = NULL;
    g_assert_true(engine_check(world->engine, &difference));
    g_assert_nonnull(difference);
    if (!strstr(difference, text))
        g_error("'%s' is not in: %s", text, difference);
}

static void
row_write_unheard(const World *world)
{
    g_autoptr(GError) error = NULL;
    StoreTx *tx = store_write(world->store, &error);
    g_autoptr(StoreInstance) row = store_instance_get(tx, only_set(world)->id, 2, &error);
    g_assert_no_error(error);
    row->protect_scale_set_actions = TRUE;
    g_assert_true(store_instance_update(tx, row, 0, &error) && store_commit(tx, &error));
    world->engine->seen = store_revision(world->store);
}

static void
test_row_not_fed(void)
{
    g_autoptr(World) world = world_new_in_memory();
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    settle(world);
    row_write_unheard(world);
    expect_difference(world, "member 2 is not the same");
}

static void
test_row_gone_not_fed(void)
{
    g_autoptr(World) world = world_new_in_memory();
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    settle(world);
    fleet_remove(only_set(world)->fleet, 1);
    expect_difference(world, "there are 2 members in the one and 3 in the other");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/fed/walk", test_walk);
    g_test_add_func("/engine/fed/row-not-fed", test_row_not_fed);
    g_test_add_func("/engine/fed/row-gone-not-fed", test_row_gone_not_fed);
    return g_test_run();
}
