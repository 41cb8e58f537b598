/* The store refuses a pass: it is made again, and nothing of the one that failed is left in the engine's memory. */
#include "world.h"

#include "engine/check.h"
#include "store/sqlite.h"

#define COMMITS_AT_MOST 200
#define UPGRADE(surge)                                                                                                         \
    "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxSurge\":" surge                   \
    ",\"maxBatchInstancePercent\":50}},\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":"        \
    "\"1.1.0\"}}}}}"

#define TO_UNHEALTHY                                                                                                           \
    "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxSurge\":true,"                    \
    "\"maxBatchInstancePercent\":50}},\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":"         \
    "\"1.2.0-unhealthy\"}},\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":{"                        \
    "\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\","          \
    "\"settings\":{\"protocol\":\"http\",\"port\":8080,\"requestPath\":\"/health\"}}}]}}}}"

/* New ones take the old ones' places with maxSurge, and their numbers are given out once. */
static const struct {
    const char *name, *body, *first, *last;
} upgrades[] = { { "with-surge", UPGRADE("true"), "4", "7" }, { "in-place", UPGRADE("false"), "0", "3" } };

static guint warnings;

static GLogWriterOutput
on_log(GLogLevelFlags level, const GLogField *fields G_GNUC_UNUSED, gsize n_fields G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
    warnings += (level & G_LOG_LEVEL_WARNING) ? 1 : 0;
    return G_LOG_WRITER_HANDLED;
}

typedef struct {
    guint commits, fails_at, failures;
} Disk;

/* Not 0: SQLite takes the transaction back. */
static int
on_sqlite_commit(void *data)
{
    Disk *disk = data;
    gboolean fails = ++disk->commits == disk->fails_at;
    disk->failures += fails;
    return fails;
}

/* The simulated host's own time goes by at once; the engine tries again after a second. */
static void
settle(World *world)
{
    do {
        g_autofree char *difference = NULL;
        world_run_ready(world);
        engine_check(world->engine, &difference);
        if (difference)
            g_error("%s", difference);
    } while (!engine_idle(world->engine) && clock_virtual_fire_next(world->clock));
    g_assert_true(engine_idle(world->engine));
}

static guint
upgrade_run(guint i, guint fails_at)
{
    Disk disk = { .fails_at = fails_at };
    g_autoptr(World) world = world_new_in_memory();
    g_autofree char *difference = NULL;
    world_create(world, "s1", 4, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", upgrades[i].body));
    sqlite3_commit_hook(world->store->writer.db, on_sqlite_commit, &disk);
    settle(world);
    sqlite3_commit_hook(world->store->writer.db, NULL, NULL);
    g_assert_cmpuint(disk.failures, ==, fails_at > 0 && disk.commits >= fails_at ? 1 : 0);
    g_assert_true(engine_check(world->engine, &difference));
    g_assert_cmpstr(difference, ==, NULL);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", "Completed");
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    g_assert_cmpuint(json_array_size(answer_at(list, "value")), ==, 4);
    answer_expect(list, "value.0.instanceId", upgrades[i].first);
    answer_expect(list, "value.3.instanceId", upgrades[i].last);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 4);
    return disk.commits;
}

static SimulatedFault
first_fails(const LaunchSpec *spec, void *data)
{
    (void)data;
    return g_str_has_suffix(spec->key, ".0") ? SIMULATED_START_FAILS : SIMULATED_OK;
}

/* What cannot be created is replaced. */
static guint
creation_run(guint fails_at)
{
    Disk disk = { .fails_at = fails_at };
    g_autoptr(World) world = world_new_in_memory();
    g_autofree char *difference = NULL;
    host_simulated_set_faults(world->simulated, first_fails, NULL);
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 201, "PUT", "@/s1",
                           "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":2},\"properties\":{"
                           "\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\","
                           "\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":\"1.0.0\"}}}}}"));
    sqlite3_commit_hook(world->store->writer.db, on_sqlite_commit, &disk);
    settle(world);
    sqlite3_commit_hook(world->store->writer.db, NULL, NULL);
    g_assert_true(engine_check(world->engine, &difference));
    g_assert_cmpstr(difference, ==, NULL);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    g_assert_cmpuint(json_array_size(answer_at(list, "value")), ==, 2);
    answer_expect(list, "value.0.instanceId", "1");
    answer_expect(list, "value.1.instanceId", "2");
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 2);
    return disk.commits;
}

static void
test_at_each_commit_of_a_creation(void)
{
    g_assert_cmpuint(creation_run(0), >, 3);
    for (guint at = 1; at < COMMITS_AT_MOST; at++) {
        if (creation_run(at) < at)
            return;
    }
    g_assert_not_reached();
}

static void
test_at_each_commit(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    warnings = 0;
    g_assert_cmpuint(upgrade_run(i, 0), >, 4);
    g_assert_cmpuint(warnings, ==, 0);
    for (guint at = 1; at < COMMITS_AT_MOST; at++) {
        if (upgrade_run(i, at) < at) {
            g_assert_cmpuint(warnings, ==, at - 1);
            return;
        }
    }
    g_assert_not_reached();
}

#define FOLLOWS                                                                                                                \
    "{\"properties\":{\"upgradePolicy\":{\"automaticOSUpgradePolicy\":{\"enableAutomaticOSUpgrade\":true}},"                   \
    "\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"latest\"}},\"extensionProfile\":{"       \
    "\"extensions\":[{\"name\":\"health\",\"properties\":{\"publisher\":\"Microsoft.ManagedServices\","                        \
    "\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\",\"settings\":{\"protocol\":\"http\","                  \
    "\"port\":8080,\"requestPath\":\"/health\"}}}]}}}}"
#define NEWER                                                                                                                  \
    "{\"source\":\"/there\",\"definition\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":"        \
    "\"1.3.0\",\"hyperVGeneration\":\"V2\",\"architecture\":\"x64\",\"osType\":\"Linux\",\"securityType\":"                    \
    "\"TrustedLaunchSupported\",\"guestAgent\":true,\"format\":\"qcow2\"}}"
#define FOLLOWS_NO_MORE                                                                                                        \
    "{\"sku\":{\"capacity\":3},\"properties\":{\"upgradePolicy\":{\"automaticOSUpgradePolicy\":{"                              \
    "\"enableAutomaticOSUpgrade\":false}}}}"

static SimulatedFault
image_note(const LaunchSpec *spec, void *data)
{
    char **urn = data;
    g_free(*urn);
    *urn = g_strdup(spec->image_urn);
    return SIMULATED_OK;
}

/* A pass takes a newer image, and is lost; then somebody's change makes the revision of that number. */
static void
test_revision_of_a_lost_pass(void)
{
    Disk disk = { .fails_at = 1 };
    g_autofree char *urn = NULL;
    g_autoptr(World) world = world_new_in_memory();
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", FOLLOWS));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}"));
    world_settle(world);
    answer_free(world_must(world, 201, "POST", "~/providers/Testudo.Images/import", NEWER));
    sqlite3_commit_hook(world->store->writer.db, on_sqlite_commit, &disk);
    world_run_ready(world);
    sqlite3_commit_hook(world->store->writer.db, NULL, NULL);
    g_assert_cmpuint(disk.failures, ==, 1);
    host_simulated_set_faults(world->simulated, image_note, &urn);
    answer_free(world_must(world, 200, "PATCH", "@/s1", FOLLOWS_NO_MORE));
    settle(world);
    g_assert_cmpstr(urn, ==, "Testudo:mini:gen2:1.1.0");
}

/* The new image's service answers 503: whichever commit fails, no new one takes an old one's place. */
static guint
unhealthy_run(guint fails_at)
{
    Disk disk = { .fails_at = fails_at };
    g_autoptr(World) world = world_new_in_memory();
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", NULL);
    /* The pass is made again before the guest has said anything. */
    host_simulated_set_guest_latency(world->simulated, 5 * USEC_PER_SEC);
    answer_free(world_must(world, 200, "PATCH", "@/s1", TO_UNHEALTHY));
    sqlite3_commit_hook(world->store->writer.db, on_sqlite_commit, &disk);
    settle(world);
    sqlite3_commit_hook(world->store->writer.db, NULL, NULL);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", "Faulted");
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    g_assert_cmpuint(json_array_size(answer_at(list, "value")), ==, 2);
    answer_expect(list, "value.0.instanceId", "0");
    answer_expect(list, "value.1.instanceId", "1");
    return disk.commits;
}

static void
test_at_each_commit_of_an_unhealthy_upgrade(void)
{
    g_assert_cmpuint(unhealthy_run(0), >, 4);
    for (guint at = 1; at < COMMITS_AT_MOST; at++) {
        if (unhealthy_run(at) < at)
            return;
    }
    g_assert_not_reached();
}

#define ATTESTED                                                                                                               \
    "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":1},\"properties\":{"                             \
    "\"virtualMachineProfile\":{\"securityProfile\":{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{"                    \
    "\"secureBootEnabled\":true,\"vTpmEnabled\":true}},\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\","     \
    "\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":\"1.0.0\"}},\"extensionProfile\":{\"extensions\":[{\"name\":"             \
    "\"GuestAttestation\",\"properties\":{\"publisher\":\"Microsoft.Azure.Security.LinuxAttestation\",\"type\":"               \
    "\"GuestAttestation\",\"typeHandlerVersion\":\"1.0\"}}]}}}}"

/* Whichever commit fails, what is found of its boot is known a minute later, and not at the next round an hour later. */
static guint
attested_run(guint fails_at)
{
    Disk disk = { .fails_at = fails_at };
    g_autoptr(World) world = world_new_in_memory();
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 201, "PUT", "@/s1", ATTESTED));
    sqlite3_commit_hook(world->store->writer.db, on_sqlite_commit, &disk);
    settle(world);
    world_advance(world, 60 * USEC_PER_SEC);
    sqlite3_commit_hook(world->store->writer.db, NULL, NULL);
    g_autoptr(Answer) found = world_must(world, 200, "GET", "@/s1/virtualMachines/0/attestation", NULL);
    answer_expect(found, "properties.state", "NotJudged");
    return disk.commits;
}

static void
test_at_each_commit_of_an_attestation(void)
{
    g_assert_cmpuint(attested_run(0), >, 1);
    for (guint at = 1; at < COMMITS_AT_MOST; at++) {
        if (attested_run(at) < at)
            return;
    }
    g_assert_not_reached();
}

static SimulatedFault
no_agent(const LaunchSpec *spec G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
    return SIMULATED_NO_AGENT;
}

/* A daemon died in the middle of a launch, and the next one finds nothing of it, and cannot write down that it makes it again:
 * what comes of the first one, before that is tried again, is waited for as long as any. */
static guint
late_run(guint fails_at)
{
    const SimulatedLatency latency = { .start_usec = USEC_PER_SEC / 10, .boot_usec = USEC_PER_SEC };
    Disk disk = { .fails_at = fails_at };
    g_autoptr(World) world = world_new_in_memory();
    host_simulated_set_latency(world->simulated, &latency);
    host_simulated_set_faults(world->simulated, no_agent, NULL);
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    g_autoptr(Answer) made = world_must(world, 201, "PUT", "@/s1", ATTESTED);
    world_run_ready(world);
    world_restart(world);
    sqlite3_commit_hook(world->store->writer.db, on_sqlite_commit, &disk);
    world_run_ready(world);
    world_advance(world, 2 * world->engine_config.step_timeout_usec);
    sqlite3_commit_hook(world->store->writer.db, NULL, NULL);
    g_assert_true(engine_idle(world->engine));
    g_autoptr(Answer) polled = world_poll(world, made);
    answer_expect(polled, "status", "Failed");
    return disk.commits;
}

static void
test_at_each_commit_after_a_lost_launch(void)
{
    g_assert_cmpuint(late_run(0), >, 1);
    for (guint at = 1; at < COMMITS_AT_MOST; at++) {
        if (late_run(at) < at)
            return;
    }
    g_assert_not_reached();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_writer_func(on_log, NULL, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    for (guint i = 0; i < G_N_ELEMENTS(upgrades); i++) {
        g_autofree char *path = g_strconcat("/engine/refused/at-each-commit-of-an-upgrade-", upgrades[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_at_each_commit);
    }
    g_test_add_func("/engine/refused/revision-of-a-lost-pass", test_revision_of_a_lost_pass);
    g_test_add_func("/engine/refused/at-each-commit-of-a-creation", test_at_each_commit_of_a_creation);
    g_test_add_func("/engine/refused/at-each-commit-of-an-unhealthy-upgrade", test_at_each_commit_of_an_unhealthy_upgrade);
    g_test_add_func("/engine/refused/at-each-commit-of-an-attestation", test_at_each_commit_of_an_attestation);
    g_test_add_func("/engine/refused/at-each-commit-after-a-lost-launch", test_at_each_commit_after_a_lost_launch);
    return g_test_run();
}
