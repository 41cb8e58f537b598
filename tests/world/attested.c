#include "attested.h"

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
