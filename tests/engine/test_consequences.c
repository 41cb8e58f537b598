/* What follows from a deviation, through the API, store, engine and simulated driver. */
#include "attested.h"

#include "base/json.h"

#include <string.h>

#define S                   USEC_PER_SEC
#define SET(mode, settings) ATTESTED_SET("2", mode, settings)
#define QUARANTINE          "\"onDeviation\":\"quarantine\""
#define INSTANCE(id)        "@/s1/virtualMachines/" id

/* Ids whose second boot deviates, and any boot of those from that id on. */
typedef struct {
    const char *second_boot;
    guint from;
    const char *unborn; /* whose VM cannot be made; NULL: nobody's */
} Deviants;

static SimulatedFault
deviates(const LaunchSpec *spec, void *data)
{
    const Deviants *deviants = data;
    const char *id = strrchr(spec->key, '.') + 1;
    if (g_strcmp0(id, deviants->unborn) == 0)
        return SIMULATED_START_FAILS;
    const gboolean second = spec->epoch == 2 && strcmp(id, deviants->second_boot) == 0;
    return second || g_ascii_strtoull(id, NULL, 10) >= deviants->from ? SIMULATED_GRUB_CHANGED : SIMULATED_OK;
}

/* "0:healthy 1:unhealthy 2q:unhealthy": q is in quarantine. */
static char *
healths(World *world)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines?$expand=instanceView", NULL);
    for (guint i = 0; i < json_array_size(answer_at(list, "value")); i++) {
        const json_t *one = json_array_get(answer_at(list, "value"), i);
        const json_t *statuses = json_path(one, "properties.instanceView.statuses");
        const char *health = json_string_value(json_path(one, "properties.instanceView.vmHealth.status.code"));
        gboolean isolated = FALSE;
        for (size_t j = 0; j < json_array_size(statuses); j++)
            isolated = isolated ||
                       g_strcmp0(json_member_text(json_array_get(statuses, j), "code"), "QuarantineState/quarantined") == 0;
        g_string_append_printf(text, "%s%s%s:%s", i > 0 ? " " : "", json_member_text(one, "instanceId"), isolated ? "q" : "",
                               strchr(health, '/') + 1);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
expect(World *world, const char *wanted)
{
    g_autofree char *text = healths(world);
    g_assert_cmpstr(text, ==, wanted);
}

static void
expect_capacity(World *world, const char *capacity)
{
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(set, "sku.capacity", capacity);
}

static gboolean
stands_still(World *world, const char *id)
{
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId");
    g_autofree char *key = g_strconcat(uid, ".", id, NULL);
    return host_simulated_isolated(world->simulated, key);
}

/* ---- report, and out of health ---- */

static const struct {
    const char *name, *body, *healths, *message;
} policies[] = {
    { "nothing-by-default", SET("Manual", ""), "0:healthy 1:healthy", NULL },
    { "report", SET("Manual", "\"onDeviation\":\"Report\""), "0:healthy 1:healthy", NULL },
    { "out-of-health", SET("Manual", "\"onDeviation\":\"keepOutOfHealth\""), "0:unhealthy 1:healthy",
      "Boot integrity: Deviation." },
};

static void
test_policy(const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(policies[i].body, deviates, &deviants);
    expect(world, "0:healthy 1:healthy");
    attested_restart(world, "0");
    expect(world, policies[i].healths);
    g_autoptr(Answer) view = world_must(world, 200, "GET", INSTANCE("0") "/instanceView", NULL);
    answer_expect(view, "bootIntegrity.status.code", "BootIntegrity/deviation");
    answer_expect(view, "vmHealth.status.message", policies[i].message);
    world_restart(world);
    world_advance(world, ROUND);
    expect(world, policies[i].healths);
    /* The next boot is another one. */
    attested_restart(world, "0");
    expect(world, "0:healthy 1:healthy");
}

/* It holds for what is running, both ways. */
static void
test_a_change_of_the_policy(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Automatic", ""), deviates, &deviants);
    attested_restart(world, "0");
    expect(world, "0:healthy 1:healthy");
    answer_free(world_must(world, 200, "PATCH", "@/s1/extensions/GuestAttestation",
                           ATTESTATION_PATCH("\"onDeviation\":\"keepOutOfHealth\"")));
    world_settle(world);
    expect(world, "0:unhealthy 1:healthy");
    g_autoptr(Answer) view = world_must(world, 200, "GET", "@/s1/instanceView", NULL);
    g_autofree char *counts = json_dumps(view->body, JSON_COMPACT);
    g_assert_nonnull(strstr(counts, "\"code\":\"HealthState/unhealthy\",\"count\":1"));
    answer_free(
        world_must(world, 200, "PATCH", "@/s1/extensions/GuestAttestation", ATTESTATION_PATCH("\"onDeviation\":\"report\"")));
    world_settle(world);
    expect(world, "0:healthy 1:healthy");
    g_autoptr(Answer) wrong =
        world_must(world, 400, "PATCH", "@/s1/extensions/GuestAttestation", ATTESTATION_PATCH("\"onDeviation\":\"delete\""));
    g_autofree char *message = answer_text(wrong, "error.message");
    g_assert_nonnull(strstr(message, "report"));
    g_assert_nonnull(strstr(message, "keepOutOfHealth"));
}

/* ---- quarantine ---- */

static void
test_quarantine(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    attested_restart(world, "0");
    world_settle(world);
    expect(world, "0q:unhealthy 1:healthy 2:healthy");
    expect_capacity(world, "2");
    g_assert_true(stands_still(world, "0"));
    g_assert_false(stands_still(world, "1"));
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 3);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/quarantine", NULL);
    answer_expect(list, "value.0.instanceId", "0");
    answer_expect(list, "value.0.properties.state", "Deviation");
    answer_expect(list, "value.0.properties.replaced", "true");
    answer_expect(list, "value.1", NULL);
    g_autofree char *reason = answer_text(list, "value.0.properties.reason");
    g_assert_nonnull(strstr(reason, "grubx64.efi"));
    /* What was found of it stays, and it is not asked any more. */
    world_advance(world, 5 * ROUND);
    expect(world, "0q:unhealthy 1:healthy 2:healthy");
    g_autoptr(Answer) found = world_must(world, 200, "GET", INSTANCE("0") "/attestation", NULL);
    answer_expect(found, "properties.state", "Deviation");
}

/* Nothing is done with it but what somebody asks of it by name, and then it is deleted or released. */
static void
test_it_is_left_alone(void)
{
    static const char *const actions[] = { "start", "poweroff", "restart", "deallocate", "reimage", "redeploy", "attest" };
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    attested_restart(world, "0");
    world_settle(world);
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_autofree char *target = g_strconcat(INSTANCE("0") "/", actions[i], NULL);
        g_autoptr(Answer) refused = world_must(world, 409, "POST", target, NULL);
        g_autofree char *message = answer_text(refused, "error.message");
        g_assert_nonnull(strstr(message, "in quarantine"));
    }
    answer_free(world_must(world, 409, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\"]}"));
    answer_free(world_must(world, 202, "POST", "@/s1/restart", NULL));
    attested_settle(world);
    expect(world, "0q:unhealthy 1:healthy 2:healthy");
    g_assert_true(stands_still(world, "0"));
    /* Scaling counts what serves. */
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":1}}"));
    world_settle(world);
    expect(world, "0q:unhealthy 1:healthy");
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":2}}"));
    attested_settle(world);
    expect(world, "0q:unhealthy 1:healthy 3:healthy");
    answer_free(world_must(world, 202, "DELETE", INSTANCE("0"), NULL));
    world_settle(world);
    expect(world, "1:healthy 3:healthy");
    expect_capacity(world, "2");
}

/* Ill as it is, no rolling upgrade counts it, or takes it. */
static void
test_no_plan_has_it(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Rolling", QUARANTINE), deviates, &deviants);
    attested_restart(world, "0");
    world_settle(world);
    expect(world, "0q:unhealthy 1:healthy 2:healthy");
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{"
                           "\"version\":\"1.1.0\"}}}}}"));
    world_settle(world);
    world_advance(world, ROUND);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", "Completed");
    answer_expect(latest, "properties.progress.successfulInstanceCount", "2");
    g_autoptr(Answer) kept = world_must(world, 200, "GET", INSTANCE("0"), NULL);
    answer_expect(kept, "properties.latestModelApplied", "false");
    g_assert_true(stands_still(world, "0"));
}

static void
test_release(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    answer_free(world_must(world, 409, "POST", INSTANCE("0") "/release", NULL));
    attested_restart(world, "0");
    world_settle(world);
    /* What it booted is still the same: it comes back, and this time another one is made too. */
    g_autoptr(Answer) first = world_must(world, 202, "POST", INSTANCE("0") "/release", NULL);
    world_expect_operation(world, first, "Succeeded", NULL);
    expect_capacity(world, "3");
    world_advance(world, 60 * S);
    expect(world, "0q:unhealthy 1:healthy 2:healthy 3:healthy");
    g_assert_true(stands_still(world, "0"));
    /* Approved, it stays. */
    answer_free(world_must(world, 201, "POST", INSTANCE("0") "/approveBaseline", NULL));
    g_autoptr(Answer) released = world_must(world, 202, "POST", INSTANCE("0") "/release", NULL);
    world_expect_operation(world, released, "Succeeded", NULL);
    g_assert_false(stands_still(world, "0"));
    world_advance(world, 60 * S);
    expect(world, "0:healthy 1:healthy 2:healthy 3:healthy");
    expect_capacity(world, "4");
    world_advance(world, ROUND);
    expect(world, "0:healthy 1:healthy 2:healthy 3:healthy");
}

/* It stays on its model, and so does what follows from a deviation. */
static void
test_another_policy_by_then(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Automatic", QUARANTINE), deviates, &deviants);
    attested_restart(world, "0");
    world_settle(world);
    expect(world, "0q:unhealthy 1:healthy 2:healthy");
    answer_free(
        world_must(world, 200, "PATCH", "@/s1/extensions/GuestAttestation", ATTESTATION_PATCH("\"onDeviation\":\"report\"")));
    world_settle(world);
    answer_free(world_must(world, 202, "POST", INSTANCE("0") "/release", NULL));
    world_settle(world);
    world_advance(world, 60 * S);
    expect(world, "0q:unhealthy 1:healthy 2:healthy 3:healthy");
}

/* What comes in its place and deviates too is taken out of service as well, and that is the end of it. */
static void
test_no_third_one(void)
{
    Deviants deviants = { "0", 2, NULL };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    attested_restart(world, "0");
    world_settle(world);
    world_advance(world, 2 * ROUND);
    expect(world, "0q:unhealthy 1:healthy 2q:unhealthy");
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/quarantine", NULL);
    answer_expect(list, "value.1.properties.replaced", "false");
    expect_capacity(world, "2");
    /* It has a place of its own: that goes with it. */
    answer_free(world_must(world, 202, "DELETE", INSTANCE("2"), NULL));
    world_settle(world);
    expect(world, "0q:unhealthy 1:healthy");
    expect_capacity(world, "1");
    answer_free(world_must(world, 202, "DELETE", INSTANCE("0"), NULL));
    world_settle(world);
    expect_capacity(world, "1");
}

/* Who comes in its place cannot be made, and who is made then has the same place. */
static void
test_no_third_one_after_one_that_failed(void)
{
    Deviants deviants = { "0", 2, "2" };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    attested_restart(world, "0");
    world_settle(world);
    world_advance(world, 2 * ROUND);
    expect(world, "0q:unhealthy 1:healthy 3q:unhealthy");
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/quarantine", NULL);
    answer_expect(list, "value.1.properties.replaced", "false");
    expect_capacity(world, "2");
}

/* A rolling upgrade lets go of it in the pass in which it is judged. */
static void
test_left_by_a_rolling_upgrade(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Rolling", QUARANTINE), deviates, &deviants);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"sku\":{\"name\":\"Standard_B2s\"},\"properties\":{\"upgradePolicy\":{\"rollingUpgradePolicy\":{"
                           "\"maxUnhealthyInstancePercent\":100,\"maxUnhealthyUpgradedInstancePercent\":100}}}}"));
    attested_settle(world);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", "Completed");
    answer_expect(latest, "properties.progress.failedInstanceCount", "1");
    expect(world, "0q:unhealthy 1:healthy 2:healthy");
}

static void
test_protected(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    answer_free(world_must(world, 200, "PATCH", INSTANCE("0"),
                           "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleSetActions\":true}}}"));
    attested_restart(world, "0");
    world_settle(world);
    expect(world, "0:unhealthy 1:healthy");
    g_assert_false(stands_still(world, "0"));
}

/* Quotas count what the capacity counts. */
static void
test_quota(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    g_autoptr(Answer) before = world_must(world, 200, "GET", "~/providers/Microsoft.Compute/locations/local/usages", NULL);
    attested_restart(world, "0");
    world_settle(world);
    expect(world, "0q:unhealthy 1:healthy 2:healthy");
    g_autoptr(Answer) after = world_must(world, 200, "GET", "~/providers/Microsoft.Compute/locations/local/usages", NULL);
    g_assert_true(json_equal(before->body, after->body));
    answer_free(world_must(world, 202, "POST", INSTANCE("0") "/release", NULL));
    g_autoptr(Answer) released = world_must(world, 200, "GET", "~/providers/Microsoft.Compute/locations/local/usages", NULL);
    g_assert_false(json_equal(before->body, released->body));
}

/* Its VM ends in quarantine: it is not started again, until it is released. */
static void
test_the_end_of_its_vm(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    attested_restart(world, "0");
    world_settle(world);
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId"), *key = g_strconcat(uid, ".0", NULL);
    g_assert_true(host_simulated_kill(world->simulated, key));
    world_settle(world);
    world_advance(world, 2 * ROUND);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 2);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/quarantine", NULL);
    answer_expect(list, "value.0.properties.running", "false");
    g_autoptr(Answer) released = world_must(world, 202, "POST", INSTANCE("0") "/release", NULL);
    world_expect_operation(world, released, "Succeeded", NULL);
    world_advance(world, 60 * S);
    expect(world, "0:healthy 1:healthy 2:healthy");
}

/* A daemon that is killed at any step of it: the next one comes to the same. */
static void
test_killed_at_any_step(void)
{
    guint at;
    for (at = 1;; at++) {
        Deviants deviants = { "0", 10, NULL };
        g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
        answer_free(world_must(world, 202, "POST", INSTANCE("0") "/restart", NULL));
        const guint incarnation = world->incarnation;
        world->steps = 0;
        world->crash_at = at;
        attested_settle(world);
        world_settle(world);
        const gboolean crashed = world->incarnation > incarnation;
        world_advance(world, ROUND);
        expect(world, "0q:unhealthy 1:healthy 2:healthy");
        g_assert_true(stands_still(world, "0"));
        /* And out of it again. */
        answer_free(world_must(world, 202, "POST", INSTANCE("0") "/release", NULL));
        world_run_ready(world);
        g_assert_false(stands_still(world, "0"));
        if (!crashed)
            break;
    }
    g_assert_cmpuint(at, >, 10);
}

/* Who was let go by a daemon that did not live to say so goes on all the same. */
static void
test_released_by_one_that_was_killed(void)
{
    Deviants deviants = { "0", 10, NULL };
    g_autoptr(World) world = attested_world(SET("Manual", QUARANTINE), deviates, &deviants);
    attested_restart(world, "0");
    world_settle(world);
    world_restart(world);
    world_settle(world);
    g_assert_true(stands_still(world, "0"));
    answer_free(world_must(world, 201, "POST", INSTANCE("0") "/approveBaseline", NULL));
    answer_free(world_must(world, 202, "POST", INSTANCE("0") "/release", NULL));
    /* Before any pass saw it. */
    world_stop(world);
    world_start(world);
    world_settle(world);
    g_assert_false(stands_still(world, "0"));
    world_advance(world, ROUND);
    expect(world, "0:healthy 1:healthy 2:healthy");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(policies); i++) {
        g_autofree char *path = g_strconcat("/engine/consequences/", policies[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_policy);
    }
    g_test_add_func("/engine/consequences/a-change-of-the-policy", test_a_change_of_the_policy);
    g_test_add_func("/engine/consequences/quarantine", test_quarantine);
    g_test_add_func("/engine/consequences/it-is-left-alone", test_it_is_left_alone);
    g_test_add_func("/engine/consequences/no-plan-has-it", test_no_plan_has_it);
    g_test_add_func("/engine/consequences/release", test_release);
    g_test_add_func("/engine/consequences/another-policy-by-then", test_another_policy_by_then);
    g_test_add_func("/engine/consequences/no-third-one", test_no_third_one);
    g_test_add_func("/engine/consequences/no-third-one-after-one-that-failed", test_no_third_one_after_one_that_failed);
    g_test_add_func("/engine/consequences/left-by-a-rolling-upgrade", test_left_by_a_rolling_upgrade);
    g_test_add_func("/engine/consequences/protected", test_protected);
    g_test_add_func("/engine/consequences/quota", test_quota);
    g_test_add_func("/engine/consequences/the-end-of-its-vm", test_the_end_of_its_vm);
    g_test_add_func("/engine/consequences/killed-at-any-step", test_killed_at_any_step);
    g_test_add_func("/engine/consequences/released-by-one-that-was-killed", test_released_by_one_that_was_killed);
    return g_test_run();
}
