/* Instances that have failed are brought to a newer model as others are, and what is said of it is what came of it. */
#include "world.h"

#define IN_PLACE                                                                                                               \
    "{\"properties\":{\"virtualMachineProfile\":{\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":{"  \
    "\"publisher\":\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\","          \
    "\"settings\":{\"protocol\":\"tcp\",\"port\":80}}}]}}}}"
#define RESTART                                                                                                                \
    "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{"   \
    "\"secureBootEnabled\":true,\"vTpmEnabled\":true}}}}}"
#define NEW_DISK                                                                                                               \
    "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"1.1.0\"}}}}}"
/* Whoever is ill already does not keep a rolling upgrade from beginning. */
#define ROLLS        "{\"properties\":{\"upgradePolicy\":{\"rollingUpgradePolicy\":{\"maxUnhealthyInstancePercent\":100}}}}"
#define UPGRADED_ILL "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
#define ONE          "{\"instanceIds\":[\"0\"]}"
#define ALL          "{\"instanceIds\":[\"*\"]}"
#define IMAGE        "Testudo", "mini", "gen2", "1.1.0"

static SimulatedFault
the_fault(const LaunchSpec *spec, void *data)
{
    (void)spec;
    return *(const SimulatedFault *)data;
}

static StoreInstance *
row_of(const World *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", &error);
    StoreInstance *row = store_instance_get(tx, set->id, 0, &error);
    g_assert_no_error(error);
    return row;
}

static void
row_write(const World *world, StoreInstance *row)
{
    g_autoptr(GError) error = NULL;
    StoreTx *tx = store_write(world->store, &error);
    g_assert_true(store_instance_update(tx, row, 0, &error) && store_commit(tx, &error));
    g_assert_no_error(error);
}

static void
expect_latest(World *world, const char *latest)
{
    g_autoptr(Answer) instance = world_must(world, 200, "GET", "@/s1/virtualMachines/0", NULL);
    answer_expect(instance, "properties.latestModelApplied", latest);
}

static World *
world_of_one(void)
{
    World *world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    return world;
}

static void
vm_kill(World *world)
{
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId"), *key = g_strconcat(uid, ".0", NULL);
    g_assert_true(host_simulated_kill(world->simulated, key));
    world_advance(world, USEC_PER_SEC / 2);
}

static void
expect_post(World *world, const char *action, const char *body, const char *status, const char *code)
{
    g_autofree char *target = g_strconcat("@/s1/", action, NULL);
    g_autoptr(Answer) answer = world_must(world, 202, "POST", target, body);
    world_expect_operation(world, answer, status, code);
}

/* How it failed: a restart with this fault; SIMULATED_OK: its VM died, and is started again by itself in a second. */
static void
fail(World *world, SimulatedFault *fault, SimulatedFault how)
{
    *fault = how;
    host_simulated_set_faults(world->simulated, the_fault, fault);
    if (how == SIMULATED_OK)
        vm_kill(world);
    else
        answer_free(world_must(world, 202, "POST", "@/s1/restart", ONE));
    if (how != SIMULATED_OK)
        world_settle(world);
    g_autoptr(StoreInstance) row = row_of(world);
    g_assert_cmpint(row->state, ==, INSTANCE_FAILED);
    g_assert_cmpint(row->alive, ==, how == SIMULATED_NO_AGENT || how == SIMULATED_REFUSED);
    g_assert_cmpint(row->revive_at > 0, ==, how == SIMULATED_OK);
}

typedef struct {
    const char *why;
    SimulatedFault how;
    const char *change;
    gboolean goes_on; /* the fault is there still */
    gboolean rests;   /* it was powered off meanwhile */
    const char *status, *code;
    gboolean launched;
    InstanceState state;
} Case;

/* clang-format off */
static const Case cases[] = {
    { "no launch is needed: none is made, and it is as failed as it was",
      SIMULATED_NO_AGENT, IN_PLACE, TRUE, FALSE, "Succeeded", NULL, FALSE, INSTANCE_FAILED },
    { "nor for one that does not run",
      SIMULATED_START_FAILS, IN_PLACE, TRUE, FALSE, "Succeeded", NULL, FALSE, INSTANCE_FAILED },
    { "nor for one whose boot was refused",
      SIMULATED_REFUSED, IN_PLACE, TRUE, FALSE, "Succeeded", NULL, FALSE, INSTANCE_FAILED },
    { "who has died is started again as it would have been",
      SIMULATED_OK, IN_PLACE, FALSE, FALSE, "Succeeded", NULL, TRUE, INSTANCE_RUNNING },
    { "who rests stays at rest",
      SIMULATED_NO_AGENT, IN_PLACE, TRUE, TRUE, "Succeeded", NULL, FALSE, INSTANCE_STOPPED },
    { "what needs a launch is launched, and is well",
      SIMULATED_NO_AGENT, RESTART, FALSE, FALSE, "Succeeded", NULL, TRUE, INSTANCE_RUNNING },
    { "also one that does not run",
      SIMULATED_START_FAILS, RESTART, FALSE, FALSE, "Succeeded", NULL, TRUE, INSTANCE_RUNNING },
    { "also one that has died",
      SIMULATED_OK, RESTART, FALSE, FALSE, "Succeeded", NULL, TRUE, INSTANCE_RUNNING },
    { "or fails again, for the reason of that launch",
      SIMULATED_NO_AGENT, RESTART, TRUE, FALSE, "Failed", "OSProvisioningTimedOut", TRUE, INSTANCE_FAILED },
    { "not one at rest: its next start makes it so",
      SIMULATED_NO_AGENT, RESTART, FALSE, TRUE, "Succeeded", NULL, FALSE, INSTANCE_STOPPED },
    { "it gets its new disk",
      SIMULATED_NO_AGENT, NEW_DISK, FALSE, FALSE, "Succeeded", NULL, TRUE, INSTANCE_RUNNING },
    { "or the reason why it does not come up from it",
      SIMULATED_START_FAILS, NEW_DISK, TRUE, FALSE, "Failed", "VMStartFailed", TRUE, INSTANCE_FAILED },
};
/* clang-format on */

static void
check_case(const Case *one, const char *ids)
{
    g_autoptr(World) world = world_of_one();
    SimulatedFault fault = SIMULATED_OK;
    g_test_message("%s", one->why);
    fail(world, &fault, one->how);
    if (one->rests) {
        answer_free(world_must(world, 202, "POST", "@/s1/poweroff", ONE));
        world_settle(world);
    }
    answer_free(world_must(world, 200, "PATCH", "@/s1", one->change));
    if (!one->goes_on)
        fault = SIMULATED_OK;
    expect_latest(world, "false");
    g_autoptr(StoreInstance) before = row_of(world);
    expect_post(world, "manualupgrade", ids, one->status, one->code);
    expect_latest(world, "true");
    world_advance(world, 5 * USEC_PER_SEC);
    g_autoptr(StoreInstance) after = row_of(world);
    g_assert_cmpstr(instance_state_text(after->state), ==, instance_state_text(one->state));
    g_assert_cmpint(after->epoch > before->epoch, ==, one->launched);
    if (one->launched)
        g_assert_cmpint(after->run_disk_gen > before->run_disk_gen, ==, one->change == (const char *)NEW_DISK);
    else if (!one->rests)
        g_assert_cmpstr(after->failure_message, ==, before->failure_message);

    /* It is where it was to be: nothing is left to be done. */
    expect_post(world, "manualupgrade", ids, "Succeeded", NULL);
    g_autoptr(StoreInstance) again = row_of(world);
    g_assert_cmpuint(again->epoch, ==, after->epoch);
}

static void
test_it_is_upgraded_as_the_change_needs(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check_case(&cases[i], i % 2 ? ALL : ONE);
}

/* Its operation does not wait for the next start, nor end without it, and takes nothing from that start. */
static void
test_who_died_is_upgraded_before_it_starts(void)
{
    g_autoptr(World) world = world_of_one();
    SimulatedFault fault = SIMULATED_OK;
    fail(world, &fault, SIMULATED_OK);
    answer_free(world_must(world, 200, "PATCH", "@/s1", IN_PLACE));
    g_autoptr(StoreInstance) before = row_of(world);
    g_autoptr(Answer) upgrade = world_must(world, 202, "POST", "@/s1/manualupgrade", ONE);
    g_autoptr(Answer) begun = world_poll(world, upgrade);
    answer_expect(begun, "status", "InProgress");
    world_run_ready(world);
    g_autoptr(Answer) ended = world_poll(world, upgrade);
    answer_expect(ended, "status", "Succeeded");
    expect_latest(world, "true");
    g_autoptr(StoreInstance) after = row_of(world);
    g_assert_cmpuint(after->epoch, ==, before->epoch);
    g_assert_cmpint(after->revive_at, ==, before->revive_at);
    g_assert_cmpuint(after->deaths, ==, before->deaths);
}

/* A rolling upgrade takes it too, and says that it is not well. */
static void
test_a_rolling_upgrade_reaches_it(void)
{
    static const struct {
        const char *change, *status;
        gboolean goes_on, launched;
    } rolls[] = {
        { IN_PLACE, "Failed", TRUE, FALSE },
        { RESTART, "Failed", TRUE, TRUE },
        { RESTART, "Succeeded", FALSE, TRUE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(rolls); i++) {
        g_autoptr(World) world = world_of_one();
        SimulatedFault fault = SIMULATED_OK;
        answer_free(world_must(world, 200, "PATCH", "@/s1", ROLLS));
        fail(world, &fault, SIMULATED_NO_AGENT);
        answer_free(world_must(world, 200, "PATCH", "@/s1", rolls[i].change));
        if (!rolls[i].goes_on)
            fault = SIMULATED_OK;
        g_autoptr(StoreInstance) before = row_of(world);
        expect_post(world, "osRollingUpgrade", NULL, rolls[i].status, rolls[i].goes_on ? UPGRADED_ILL : NULL);
        expect_latest(world, "true");
        g_autoptr(StoreInstance) after = row_of(world);
        g_assert_cmpint(after->epoch > before->epoch, ==, rolls[i].launched);
    }
}

/* What a former Testudo left behind: it said that it was done. */
static void
test_whoever_was_left_behind_is_upgraded(void)
{
    static const struct {
        const char *action, *body, *status, *code;
    } ways[] = {
        { "manualupgrade", ONE, "Succeeded", NULL },
        { "manualupgrade", ALL, "Succeeded", NULL },
        { "osRollingUpgrade", NULL, "Failed", UPGRADED_ILL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(World) world = world_of_one();
        SimulatedFault fault = SIMULATED_OK;
        answer_free(world_must(world, 200, "PATCH", "@/s1", ROLLS));
        fail(world, &fault, SIMULATED_NO_AGENT);
        answer_free(world_must(world, 200, "PATCH", "@/s1", IN_PLACE));
        g_autoptr(StoreInstance) row = row_of(world);
        row->want_revision = 3;
        row_write(world, row);
        expect_post(world, ways[i].action, ways[i].body, ways[i].status, ways[i].code);
        expect_latest(world, "true");
    }
}

/* A change that needs no launch came during one that then failed: it is said so, and the change has reached it. */
static void
test_a_change_during_a_launch_that_fails_reaches_it(void)
{
    static const SimulatedLatency slow = { .start_usec = 5 * USEC_PER_SEC };
    static const struct {
        SimulatedFault how;
        const char *code;
    } ways[] = {
        { SIMULATED_NO_AGENT, "OSProvisioningTimedOut" },
        { SIMULATED_START_FAILS, "VMStartFailed" },
        { SIMULATED_REFUSED, "SecureBootValidationFailed" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(World) world = world_of_one();
        SimulatedFault fault = ways[i].how;
        answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"}}}"));
        world_settle(world);
        host_simulated_set_faults(world->simulated, the_fault, &fault);
        host_simulated_set_latency(world->simulated, &slow);
        answer_free(world_must(world, 202, "POST", "@/s1/restart", ONE));
        world_advance(world, 2 * USEC_PER_SEC);
        g_autoptr(StoreInstance) during = row_of(world);
        g_assert_cmpint(during->state, ==, INSTANCE_STARTING);
        g_autoptr(Answer) change = world_must(world, 200, "PATCH", "@/s1", IN_PLACE);
        world_expect_operation(world, change, "Failed", ways[i].code);
        expect_latest(world, "true");
        g_autoptr(StoreInstance) after = row_of(world);
        g_assert_cmpint(after->state, ==, INSTANCE_FAILED);
        g_assert_cmpuint(after->epoch, ==, during->epoch);
    }
}

static void
image_be(World *world, const ImageInfo *image, gboolean there)
{
    g_autoptr(GError) error = NULL;
    StoreTx *tx = store_write(world->store, &error);
    g_assert_true(there ? store_image_put(tx, image, &error) : store_image_delete(tx, image, &error));
    g_assert_true(store_commit(tx, &error));
}

/* The image had gone when it was to be launched; when it is there again, it is asked for once more. */
static void
test_what_could_not_be_launched_is_tried_again(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(World) world = world_of_one();
    answer_free(world_must(world, 200, "PATCH", "@/s1", NEW_DISK));
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(ImageInfo) image = store_image_get(tx, IMAGE, &error);
    image_be(world, image, FALSE);
    expect_post(world, "manualupgrade", ONE, "Failed", "ImageUnusable");
    expect_latest(world, "false");
    expect_post(world, "manualupgrade", ALL, "Failed", "ImageUnusable");
    /* What comes then needs no launch of its own, but that one is owed. */
    image_be(world, image, TRUE);
    answer_free(world_must(world, 200, "PATCH", "@/s1", IN_PLACE));
    image_be(world, image, FALSE);
    expect_post(world, "manualupgrade", ONE, "Failed", "ImageUnusable");
    expect_latest(world, "false");
    image_be(world, image, TRUE);
    expect_post(world, "manualupgrade", ONE, "Succeeded", NULL);
    expect_latest(world, "true");
    g_autoptr(StoreInstance) row = row_of(world);
    g_assert_cmpuint(row->run_disk_gen, >, 1);
    g_assert_cmpint(row->state, ==, INSTANCE_RUNNING);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/failed/it-is-upgraded-as-the-change-needs", test_it_is_upgraded_as_the_change_needs);
    g_test_add_func("/failed/who-died-is-upgraded-before-it-starts", test_who_died_is_upgraded_before_it_starts);
    g_test_add_func("/failed/a-rolling-upgrade-reaches-it", test_a_rolling_upgrade_reaches_it);
    g_test_add_func("/failed/whoever-was-left-behind-is-upgraded", test_whoever_was_left_behind_is_upgraded);
    g_test_add_func("/failed/a-change-during-a-launch-that-fails-reaches-it",
                    test_a_change_during_a_launch_that_fails_reaches_it);
    g_test_add_func("/failed/what-could-not-be-launched-is-tried-again", test_what_could_not_be_launched_is_tried_again);
    return g_test_run();
}
