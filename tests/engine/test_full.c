/* Sets that are larger than a pass: how much is written of them, at one time and in all. */
#include "world.h"

#include "engine/pass.h"

#define FULL       600 /* more than two passes hold */
#define OTHER_ROWS 40  /* of the set, its operation, the roll */

typedef struct {
    guint64 writes; /* rows that got a new etag */
    guint64 most;   /* of these, in one turn of the engine's loop */
} Cost;

static void
turns_run(const World *world, Cost *cost)
{
    for (;;) {
        guint64 before = store_revision(world->store);
        if (!g_main_context_iteration(world->context, /* may_block= */ FALSE))
            return;
        cost->most = MAX(cost->most, store_revision(world->store) - before);
    }
}

/* Of a rolling upgrade with all instances in one batch. */
static Cost
upgrade(guint instances)
{
    g_autoptr(World) world = world_new_in_memory();
    Cost cost = { 0 };
    /* All of them boot at one time, and are heard of at one time. */
    world->engine_config.max_starting = instances;
    world_restart(world);
    world_create(world, "s1", instances, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{"
                           "\"maxBatchInstancePercent\":100}}}}"));
    world_settle(world);
    guint64 before = store_revision(world->store);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{"
                           "\"version\":\"1.1.0\"}}}}}"));
    for (turns_run(world, &cost); !engine_idle(world->engine); turns_run(world, &cost))
        clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + USEC_PER_SEC);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    g_autofree char *successful = g_strdup_printf("%u", instances);
    answer_expect(latest, "properties.runningStatus.code", "Completed");
    answer_expect(latest, "properties.progress.successfulInstanceCount", successful);
    cost.writes = store_revision(world->store) - before;
    return cost;
}

/* A pass that is full takes no further rows in hand; about those that it has, it decides: the next one would read and write
 * each of them once more, and come to five writes of each. */
static void
test_upgrade(void)
{
    Cost full = upgrade(FULL);
    g_test_message("%" G_GUINT64_FORMAT " writes, at most %" G_GUINT64_FORMAT " at once", full.writes, full.most);
    g_assert_cmpuint(full.most, >=, PASS_MAX);
    g_assert_cmpuint(full.most, <=, PASS_MAX + OTHER_ROWS);
    g_assert_cmpuint(full.writes, <=, FULL * 4 + OTHER_ROWS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/full/upgrade", test_upgrade);
    return g_test_run();
}
