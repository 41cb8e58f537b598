/* Baselines while scale sets go on from an image, and back to it. */
#include "attested.h"

#include "base/json.h"

#include <string.h>

#define SET(mode) ATTESTED_SET("2", mode, "")
#define IMAGE(version)                                                                                                         \
    "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"" version "\"}}}}}"
#define SIZE(name) "{\"sku\":{\"name\":\"" name "\"}}"
#define ONLY(id)   "{\"instanceIds\":[\"" id "\"]}"
#define BASELINES  "~/providers/Testudo.Attestation/baselines"

static void
upgrade(World *world, const char *method, const char *target, const char *body)
{
    answer_free(world_ask(world, method, target, body));
    attested_settle(world);
}

/* "holds", "superseded" or "withdrawn", of the first baseline. */
static void
expect(World *world, const char *wanted)
{
    g_autoptr(Answer) one = world_must(world, 200, "GET", BASELINES "/1", NULL);
    const gboolean withdrawn = answer_at(one, "properties.withdrawnAt") != NULL;
    const char *found = !withdrawn ? "holds" : answer_at(one, "properties.superseded") ? "superseded" : "withdrawn";
    g_assert_cmpstr(found, ==, wanted);
}

static void
expect_integrity(World *world, const char *instance, const char *wanted)
{
    g_autofree char *target = g_strdup_printf("@/s1/virtualMachines/%s/attestation", instance);
    g_autoptr(Answer) answer = world_must(world, 200, "GET", target, NULL);
    answer_expect(answer, "properties.state", wanted);
}

/* How often the activity log says this of a baseline. */
static guint
told(World *world, const char *what)
{
    guint n = 0;
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(GPtrArray) events = store_event_list(tx, NULL, 0, 1000, NULL);
    for (guint i = 0; i < events->len; i++) {
        const StoreEvent *event = g_ptr_array_index(events, i);
        n += strcmp(event->operation_name, operation_kind_text(OPERATION_APPROVE_BASELINE)) == 0 &&
             strstr(event->message, what) && g_str_has_suffix(event->resource_id, "/baselines/1");
    }
    return n;
}

static void
test_withdrawn_with_the_last_instance(void)
{
    g_autoptr(World) world = attested_world(SET("Manual"), NULL, NULL);
    upgrade(world, "PATCH", "@/s1", IMAGE("1.1.0"));
    expect(world, "holds");
    upgrade(world, "POST", "@/s1/manualupgrade", ONLY("0"));
    expect(world, "holds");
    expect_integrity(world, "1", "Healthy");
    upgrade(world, "POST", "@/s1/manualupgrade", ONLY("1"));
    expect(world, "superseded");
    world_restart(world);
    world_advance(world, ROUND);
    expect(world, "superseded");
    g_assert_cmpuint(told(world, "is withdrawn: the last instance that needed it is gone"), ==, 1);
}

static void
test_withdrawn_with_the_last_that_was_deleted(void)
{
    g_autoptr(World) world = attested_world(SET("Manual"), NULL, NULL);
    upgrade(world, "PATCH", "@/s1", IMAGE("1.1.0"));
    upgrade(world, "POST", "@/s1/manualupgrade", ONLY("0"));
    expect(world, "holds");
    upgrade(world, "POST", "@/s1/delete", ONLY("1"));
    expect(world, "superseded");
}

static void
test_back_after_a_roll_back(void)
{
    g_autoptr(World) world = attested_world(SET("Automatic"), NULL, NULL);
    upgrade(world, "PATCH", "@/s1", IMAGE("1.1.0"));
    expect(world, "superseded");
    expect_integrity(world, "0", "NotJudged");
    upgrade(world, "POST", "@/s1/rollback", "{\"revision\":1}");
    expect(world, "holds");
    expect_integrity(world, "0", "Healthy");
    g_assert_cmpuint(told(world, "holds again"), ==, 1);
    upgrade(world, "PATCH", "@/s1", IMAGE("1.1.0"));
    expect(world, "superseded");
}

static void
test_of_its_size(void)
{
    g_autoptr(World) world = attested_world(SET("Automatic"), NULL, NULL);
    upgrade(world, "PATCH", "@/s1", SIZE("Standard_B2s"));
    expect(world, "superseded");
    upgrade(world, "PATCH", "@/s1", SIZE("Standard_B1ms"));
    expect(world, "holds");
}

static void
test_another_scale_set_needs_it(void)
{
    g_autoptr(World) world = attested_world(SET("Automatic"), NULL, NULL);
    answer_free(world_must(world, 201, "PUT", "@/s2", SET("Automatic")));
    world_settle(world);
    upgrade(world, "PATCH", "@/s1", IMAGE("1.1.0"));
    expect(world, "holds");
    upgrade(world, "PATCH", "@/s2", IMAGE("1.1.0"));
    expect(world, "superseded");
}

/* Nothing was gone on from: the next scale set of this image finds it. */
static void
test_outlives_its_scale_set(void)
{
    g_autoptr(World) world = attested_world(SET("Automatic"), NULL, NULL);
    upgrade(world, "DELETE", "@/s1", NULL);
    expect(world, "holds");
}

static void
test_what_an_operator_withdrew_stays_so(void)
{
    g_autoptr(World) world = attested_world(SET("Automatic"), NULL, NULL);
    upgrade(world, "PATCH", "@/s1", IMAGE("1.1.0"));
    expect(world, "superseded");
    answer_free(world_must(world, 200, "DELETE", BASELINES "/1", NULL));
    expect(world, "withdrawn");
    upgrade(world, "POST", "@/s1/rollback", "{\"revision\":1}");
    expect(world, "withdrawn");
    expect_integrity(world, "0", "NotJudged");
}

static SimulatedFault
new_image_is_refused(const LaunchSpec *spec, void *data)
{
    (void)data;
    return g_str_has_suffix(spec->image_urn, ":1.1.0") ? SIMULATED_REFUSED : SIMULATED_OK;
}

/* It fails, and what was upgraded is put back: all that ever booted well is what was approved. */
static void
test_an_upgrade_that_is_put_back(void)
{
    g_autoptr(World) world = attested_world(SET("Rolling"), NULL, NULL);
    host_simulated_set_faults(world->simulated, new_image_is_refused, NULL);
    upgrade(world, "PATCH", "@/s1",
            "{\"properties\":{\"upgradePolicy\":{\"rollingUpgradePolicy\":{\"rollbackFailedInstancesOnPolicyBreach\":true}}}}");
    upgrade(world, "PATCH", "@/s1", IMAGE("1.1.0"));
    world_advance(world, ROUND);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", "Faulted");
    world_advance(world, ROUND);
    expect(world, "holds");
    g_assert_cmpuint(told(world, "withdrawn"), ==, 0);
    expect_integrity(world, "0", "Healthy");
    expect_integrity(world, "1", "Healthy");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/superseded/withdrawn-with-the-last-instance", test_withdrawn_with_the_last_instance);
    g_test_add_func("/engine/superseded/withdrawn-with-the-last-that-was-deleted",
                    test_withdrawn_with_the_last_that_was_deleted);
    g_test_add_func("/engine/superseded/back-after-a-roll-back", test_back_after_a_roll_back);
    g_test_add_func("/engine/superseded/of-its-size", test_of_its_size);
    g_test_add_func("/engine/superseded/another-scale-set-needs-it", test_another_scale_set_needs_it);
    g_test_add_func("/engine/superseded/outlives-its-scale-set", test_outlives_its_scale_set);
    g_test_add_func("/engine/superseded/what-an-operator-withdrew-stays-so", test_what_an_operator_withdrew_stays_so);
    g_test_add_func("/engine/superseded/an-upgrade-that-is-put-back", test_an_upgrade_that_is_put_back);
    return g_test_run();
}
