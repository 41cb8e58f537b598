/* One seed: from its number to what became of it. */
#include "data_disks.h"
#include "disk.h"
#include "rows.h"

#include "base/json.h"

#include <string.h>

/* More steps than this without coming to rest is never coming to rest; but for the questions to applications while a rolling
 * upgrade pauses, and waits for its batches: each is down, up and well, or given up, within BATCH_S seconds. */
#define STEPS_MAX         60000
#define STEPS_OF_QUESTION 4
#define BATCH_S           1200
/* Hours cost: each application is asked for its health all the time. */
#define LONG_WAITS    3
#define VERDICTS_WAIT (20 * 60 * USEC_PER_SEC)
/* Of half a minute: more than it takes to hear of an application, whatever its extension says. */
#define ANSWER_WAITS 40

/* ---- one world ---- */

static SimKind
kind_of(guint64 seed)
{
    Random random = random_from(seed, "kind");
    guint drawn = random_below(&random, 100);
    SimKind kind = {
        .faults = drawn >= 30,
        .kills = drawn < 15 || drawn >= 50,
        .twin = random_chance(&random, 25),
        .on_file = seed % 20 == 0,
        .actions = random_between(&random, 3, 12),
    };
    kind.disk = random_chance(&random, 40);
    kind.hurried = !kind.twin && random_chance(&random, 75);
    kind.kills = kind.kills || kind.twin;
    /* How long the control plane was away decides who is ill when: there is no twin. */
    kind.repairs = random_chance(&random, 25) && !kind.twin;
    kind.images = random_chance(&random, 8);
    kind.disks = !kind.twin && random_chance(&random, 10);
    kind.attested = !kind.twin && random_chance(&random, 10);
    kind.quarantine = kind.attested && random_chance(&random, 75);
    if (kind.images)
        kind.actions += 4;
    if (kind.disks)
        kind.actions += 8;
    if (kind.attested)
        kind.actions += 4;
    return kind;
}

Sim *
sim_begin(guint64 seed, SimKind kind)
{
    Sim *sim = g_new0(Sim, 1);
    random_uuids_begin(seed);
    sim->seed = seed;
    sim->kind = kind;
    sim->world = kind.on_file ? world_new() : world_new_in_memory();
    sim->fleet = random_from(seed, "fleet");
    sim->actions = random_from(seed, "actions");
    sim->faults = random_from(seed, "faults");
    sim->kills = random_from(seed, "kills");
    sim->disk = random_from(seed, "disk");
    sim->kills_left = random_between(&sim->kills, 1, 12);
    sim->began = sim->world->clock->now(sim->world->clock);
    sim->trace.lines = g_ptr_array_new_with_free_func(g_free);
    sim->sets = g_ptr_array_new_with_free_func(sim_set_free);
    sim->operations = g_ptr_array_new_with_free_func(sim_operation_free);
    sim->vms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, vm_free);
    sim->usage = g_hash_table_new(g_str_hash, g_str_equal);
    sim->data_disks = data_disks_new();
    sim->imported = g_new0(gboolean, sim_n_all_images);
    sim->world->engine_config.max_starting = random_between(&sim->fleet, 1, 8);
    world_restart(sim->world);
    answer_free(world_must(sim->world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    watch_begin(sim);
    faults_begin(sim);
    return sim;
}

void
sim_end(Sim *sim)
{
    if (!sim)
        return;
    disk_mend();
    sim->world->watch = (WorldWatch){ 0 };
    rows_unref(sim->rows);
    world_free(sim->world);
    g_ptr_array_unref(sim->trace.lines);
    g_ptr_array_unref(sim->sets);
    g_ptr_array_unref(sim->operations);
    g_hash_table_unref(sim->vms);
    g_hash_table_unref(sim->usage);
    g_free(sim->imported);
    g_hash_table_unref(sim->data_disks);
    g_free(sim->broken);
    g_free(sim->why);
    g_free(sim);
}

/* ---- time ---- */

/* A daemon that cannot write does not start; whoever looks after it tries again. */
static void
start_until_it_does(Sim *sim)
{
    for (;;) {
        const guint failures = disk_failures();
        g_autoptr(GError) error = NULL;
        if (sim->kind.on_file)
            disk_closed();
        if (world_start_try(sim->world, &error))
            return;
        trace_act(sim, "the control plane does not start: %s", error->message);
        if (disk_failures() == failures)
            g_error("it does not start, and the disk is well: %s", error->message);
    }
}

/* Somebody starts the daemon again: at once, or after a while in which nobody hears of what happens to the VMs. */
static void
revive(Sim *sim)
{
    gint64 down = random_chance(&sim->kills, 30) && sim->kind.hurried ? random_between(&sim->kills, 1, 600) * USEC_PER_SEC : 0;
    /* In most starts the disk is well again. */
    if (sim->kind.disk && random_chance(&sim->disk, 25))
        disk_arm_random(sim);
    else
        disk_mend();
    trace_act(sim, "kill: the control plane died at its step %u, and is away for %" G_GINT64_FORMAT " s", sim->world->steps,
              down / USEC_PER_SEC);
    world_stop(sim->world);
    if (down > 0)
        clock_virtual_advance_to(sim->world->clock, sim->world->clock->now(sim->world->clock) + down);
    start_until_it_does(sim);
    if (sim->kind.kills)
        kill_arm(sim);
}

/* What is ready without time having to go on: one piece of it. */
static gboolean
ready_run(Sim *sim)
{
    sim->steps++;
    if (!sim->world->dead)
        return g_main_context_iteration(sim->world->context, /* may_block= */ FALSE);
    revive(sim);
    return TRUE;
}

gboolean
sim_step(Sim *sim)
{
    World *world = sim->world;
    if (!ready_run(sim)) {
        if (engine_idle(world->engine))
            return FALSE;
        if (!clock_virtual_fire_next(world->clock))
            sim_break(sim, "something is left to happen", "the engine waits, and nobody has a timer");
    }
    check_step(sim);
    check_fed(sim, /* at_rest= */ FALSE);
    return !sim->broken;
}

/* A rolling upgrade of the whole set: a batch is one instance at least. */
static guint
roll_longest_s(const SimSet *set)
{
    const SimRolling *policy = &sim_model(set)->policy.rolling;
    const guint whole = set->present->len, batch = MAX(whole * policy->batch / 100, 1);
    return (whole / batch + 1) * (policy->pause_s + BATCH_S);
}

static guint
steps_allowed(const Sim *sim)
{
    guint longest_s = 0, questions = 0;
    for (guint i = 0; i < sim->sets->len; i++)
        longest_s += roll_longest_s(g_ptr_array_index(sim->sets, i));
    for (guint i = 0; i < sim->sets->len; i++) {
        const SimSet *set = g_ptr_array_index(sim->sets, i);
        const SimModel *model = sim_model(set);
        if (model->health > 0)
            questions += longest_s / health_interval_s(model->health) * set->present->len;
    }
    return STEPS_MAX + questions * STEPS_OF_QUESTION;
}

void
sim_settle(Sim *sim)
{
    const guint allowed = steps_allowed(sim), limit = sim->steps + allowed;
    while (!sim->broken && sim_step(sim)) {
        if (sim->steps > limit)
            sim_break(sim, "it comes to rest in a bounded number of steps", "more than %u", allowed);
    }
    if (!sim->broken)
        check_rest(sim);
    check_fed(sim, /* at_rest= */ TRUE);
}

void
sim_wait(Sim *sim, gint64 usec)
{
    Clock *clock = sim->world->clock;
    UnixTime until = clock->now(clock) + usec;
    while (!sim->broken && (ready_run(sim) || clock_virtual_fire_until(clock, until))) {
        check_step(sim);
        check_fed(sim, /* at_rest= */ FALSE);
    }
}

/* An application that was asked, and whose first answers have not come to anything. */
static gboolean
somebody_is_unheard(const Sim *sim)
{
    for (guint i = 0; sim->rows && i < sim->rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(sim->rows->sets, i);
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            if (instance->state == INSTANCE_RUNNING && instance->health_since && instance->health == HEALTH_INITIALIZING)
                return TRUE;
        }
    }
    return FALSE;
}

/* Who is ill goes first in a scale-in, and a killed control plane hears of it later: a user of a twin waits for it; and for
 * what happens at this very moment, which comes before or after what is asked now by chance. */
static void
answers_await(Sim *sim)
{
    if (sim->kind.twin) {
        sim_wait(sim, 0);
        sim_settle(sim);
    }
    for (guint i = 0; sim->kind.twin && i < ANSWER_WAITS && !sim->broken && somebody_is_unheard(sim); i++) {
        sim_wait(sim, 30 * USEC_PER_SEC);
        sim_settle(sim);
    }
}

/* ---- one run ---- */

static void
pause_random(Sim *sim)
{
    if ((sim->kind.repairs || sim->kind.attested) && sim->long_waits < LONG_WAITS && random_chance(&sim->actions, 25)) {
        sim->long_waits++;
        sim_wait(sim, random_between(&sim->actions, 20, 240) * 60 * USEC_PER_SEC);
    }
    guint drawn = random_below(&sim->actions, 100);
    if (!sim->kind.hurried || drawn < 30) {
        sim_settle(sim);
        answers_await(sim);
        return;
    }
    if (drawn < 45)
        return;
    if (drawn < 70) {
        for (guint n = random_between(&sim->actions, 1, 20); n > 0 && sim_step(sim); n--)
            ;
        return;
    }
    sim_wait(sim, random_between(&sim->actions, 1, 120) * USEC_PER_SEC);
}

static gboolean
kills_wanted(const Sim *sim)
{
    return sim->kind.kills;
}

/* Faults of a twin are those of launches only: others come by chance of the moment. */
static void
sim_run(Sim *sim)
{
    for (guint i = 0; i < sim->kind.actions && !sim->broken; i++) {
        if (kills_wanted(sim) && sim->world->crash_at <= sim->world->steps && random_chance(&sim->kills, 60))
            kill_arm(sim);
        if (sim->kind.disk && random_chance(&sim->disk, 40))
            disk_arm_random(sim);
        /* Who asks, asks one that answers. */
        while (sim->world->dead)
            sim_step(sim);
        action_random(sim);
        check_step(sim);
        if (sim->kind.faults && !sim->kind.twin && random_chance(&sim->faults, 30))
            fault_random(sim);
        pause_random(sim);
    }
    sim_settle(sim);
    trace_act(sim, "from here on nothing goes wrong");
    faults_end(sim);
    sim->kind.kills = FALSE;
    sim->kind.disk = FALSE;
    /* What is to go wrong already, such as a boot that will be refused, has gone wrong by then; and who reboots is back, and
     * was asked for its health. */
    sim_wait(sim, (sim->kind.attested ? 300 : 120) * USEC_PER_SEC);
    sim_settle(sim);
    check_well(sim);
    action_heal(sim);
    if (!sim->broken && sim->kind.images)
        action_follow(sim);
    answers_await(sim);
    /* Who runs since a moment ago is asked how it booted, whoever began that boot; and who is ill is repaired meanwhile. */
    if (sim->kind.attested) {
        guest_reboots(sim);
        sim_wait(sim, VERDICTS_WAIT);
        sim_settle(sim);
    }
    if (!sim->broken)
        check_end(sim);
}

/* ---- what it came to, without what tells only how it came about ---- */

/* Where a rolling upgrade was stopped, how many new ones it had made by then depends on when a launch goes wrong and when one
 * begins, which a killed control plane does later: their numbers tell only their order. */
static void
number_hide(json_t *instance, size_t order)
{
    json_object_set_new(instance, "instanceId", json_integer((json_int_t)order));
    json_object_del(instance, "name");
    json_object_del(json_path(instance, "properties.instanceView"), "computerName");
    json_object_del(json_path(instance, "properties.osProfile"), "computerName");
}

static gboolean
roll_faulted(const Sim *sim)
{
    for (guint i = 0; i < sim->sets->len; i++) {
        if (((const SimSet *)g_ptr_array_index(sim->sets, i))->roll_faulted)
            return TRUE;
    }
    return FALSE;
}

static void
part_add(GString *whole, Sim *sim, const char *target, gboolean by_order)
{
    g_autoptr(Answer) answer = world_ask(sim->world, "GET", target, NULL);
    g_autoptr(json_t) copy = answer->body ? json_deep_copy(answer->body) : json_null();
    world_incidental_remove(copy);
    /* What made an application ill is told as it was heard: a killed control plane hears something else. */
    size_t index;
    json_t *instance;
    json_array_foreach(json_object_get(copy, "value"), index, instance)
    {
        json_object_del(json_path(instance, "properties.instanceView.vmHealth.status"), "message");
        if (by_order)
            number_hide(instance, index);
    }
    g_autofree char *text = json_dumps(copy, JSON_SORT_KEYS | JSON_ENCODE_ANY);
    g_string_append_printf(whole, "%s\n", text);
}

static char *
outcome(Sim *sim, gboolean by_order)
{
    GString *whole = g_string_new(NULL);
    for (guint i = 0; i < sim->sets->len; i++) {
        const SimSet *set = g_ptr_array_index(sim->sets, i);
        g_autofree char *target = g_strconcat("@/", set->name, NULL);
        g_autofree char *list = g_strconcat(target, "/virtualMachines?$expand=instanceView", NULL);
        part_add(whole, sim, target, by_order);
        part_add(whole, sim, list, by_order);
    }
    return g_string_free(whole, FALSE);
}

/* The same without the kills, and without failing writes: a crash at any point leads to the same end. */
static void
twin_compare(Sim *sim)
{
    SimKind kind = sim->kind;
    kind.kills = kind.disk = FALSE;
    g_autoptr(Sim) twin = sim_begin(sim->seed, kind);
    sim_run(twin);
    if (twin->broken) {
        sim_break(sim, twin->broken, "(without the kills) %s", twin->why);
        return;
    }
    gboolean by_order = roll_faulted(sim) || roll_faulted(twin);
    g_autofree char *with = outcome(sim, by_order), *without = outcome(twin, by_order);
    if (strcmp(with, without) != 0)
        sim_break(sim, "a crash at any point leads to the same end as no crash", "with the kills:\n%s\nwithout:\n%s", with,
                  without);
}

static Sim *
seed_play(guint64 seed, gboolean steps, gboolean print)
{
    SimKind kind = kind_of(seed);
    Sim *sim = sim_begin(seed, kind);
    sim->trace.steps = steps;
    sim->trace.print = print;
    trace_act(sim, "seed %" G_GUINT64_FORMAT ":%s%s%s%s%s%s%s%s%s%s%s", seed, kind.faults ? " faults" : "",
              kind.kills ? " kills" : "", kind.disk ? " disk" : "", kind.hurried ? " hurried" : "", kind.twin ? " twin" : "",
              kind.on_file ? " on file" : "", kind.repairs ? " repairs" : "", kind.images ? " images" : "",
              kind.disks ? " disks" : "", kind.attested ? " attested" : "", kind.quarantine ? " quarantine" : "");
    sim_run(sim);
    if (!sim->broken && kind.twin)
        twin_compare(sim);
    return sim;
}

/* What was done, and the steps before the end. */
static void
story_append(GString *story, const Trace *trace)
{
    const guint steps_shown = 25;
    for (guint i = 0; i < trace->lines->len; i++) {
        const char *line = g_ptr_array_index(trace->lines, i);
        if (line[0] == '*' || i + steps_shown > trace->lines->len)
            g_string_append_printf(story, "  %s\n", line);
    }
}

char *
seed_run(guint64 seed, gboolean print)
{
    g_autoptr(Sim) sim = seed_play(seed, /* steps= */ print, print);
    if (!sim->broken)
        return NULL;
    GString *story = g_string_new(NULL);
    g_string_append_printf(story, "seed %" G_GUINT64_FORMAT ": %s: %s\n", seed, sim->broken, sim->why);
    if (print)
        return g_string_free(story, FALSE);
    /* Once more, writing down each step. */
    g_autoptr(Sim) again = seed_play(seed, /* steps= */ TRUE, /* print= */ FALSE);
    if (g_strcmp0(again->broken, sim->broken) != 0 || g_strcmp0(again->why, sim->why) != 0)
        g_string_append_printf(story, "  played again it is another one: %s: %s\n", again->broken ? again->broken : "none",
                               again->why ? again->why : "");
    story_append(story, &again->trace);
    g_string_append_printf(story, "  step by step: simulation --seed %" G_GUINT64_FORMAT " --trace\n", seed);
    return g_string_free(story, FALSE);
}
