/* What the engine keeps in memory, fed change by change, and the store. */
#include "sim.h"

#include "engine/check.h"

/* Of the steps that wrote. It reads every row: what went wrong in one of the others is wrong still, or will be at rest. */
#define FED_EVERY 3

void
check_fed(Sim *sim, gboolean at_rest)
{
    World *world = sim->world;
    guint64 revision = store_revision(world->store);
    g_autofree char *difference = NULL;
    if (world->dead || sim->broken || (!at_rest && sim->fed_at == revision && sim->fed_in == world->incarnation))
        return;
    if (!at_rest && sim->fed_left > 0) {
        sim->fed_left--;
        sim->fed_at = revision;
        sim->fed_in = world->incarnation;
        return;
    }
    sim->fed_left = FED_EVERY - 1;
    if (engine_check(world->engine, &difference)) {
        sim->fed_at = revision;
        sim->fed_in = world->incarnation;
    } else if (at_rest) {
        sim_break(sim, "at rest the engine has looked at everything", "it has not");
    }
    if (difference)
        sim_break(sim, "counters and queues that are kept up to date are those of a rebuild", "%s", difference);
}
