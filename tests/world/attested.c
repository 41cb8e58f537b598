#include "attested.h"

#include "store/alerts.h"

void
attested_settle(World *world)
{
    world_settle(world);
    world_advance(world, 60 * USEC_PER_SEC);
}

void
attested_create(World *world, const char *set, const char *body)
{
    g_autofree char *target = g_strconcat("@/", set, NULL);
    answer_free(world_ask(world, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 201, "PUT", target, body));
    attested_settle(world);
}

void
attested_approve(World *world)
{
    answer_free(world_must(world, 201, "POST", "@/s1/virtualMachines/0/approveBaseline", NULL));
    world_advance(world, ROUND);
}

World *
attested_world(const char *body, SimulatedFault (*fault)(const LaunchSpec *spec, void *data), void *data)
{
    World *world = world_new();
    host_simulated_set_faults(world->simulated, fault, data);
    attested_create(world, "s1", body);
    attested_approve(world);
    return world;
}

void
attested_restart(World *world, const char *instance)
{
    g_autofree char *target = g_strdup_printf("@/s1/virtualMachines/%s/restart", instance);
    answer_free(world_must(world, 202, "POST", target, NULL));
    attested_settle(world);
}

void
attested_expect_deliveries(World *world, const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_write(world->store, &error);
    for (;;) {
        g_autoptr(StoreDelivery) next = store_delivery_next(tx, &error);
        g_assert_no_error(error);
        if (!next)
            break;
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", next->fired ? "raised" : "over");
        g_assert_true(store_delivery_delete(tx, next->id, &error));
    }
    g_assert_true(store_commit(g_steal_pointer(&tx), &error));
    g_assert_cmpstr(text->str, ==, wanted);
}
