/* Automatic OS image upgrade through the API, store, engine and simulated driver. */
#include "world.h"

#include <string.h>

#define HEALTH                                                                                                                 \
    "\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":{\"publisher\":\"Microsoft.ManagedServices\","  \
    "\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\",\"settings\":{\"protocol\":\"http\",\"port\":8080,"    \
    "\"requestPath\":\"/health\"}}}]}"
#define LATEST "\"storageProfile\":{\"imageReference\":{\"version\":\"latest\"}}"
#define FOLLOWS(policy, more)                                                                                                  \
    "{\"properties\":{\"upgradePolicy\":{\"automaticOSUpgradePolicy\":{\"enableAutomaticOSUpgrade\":true" policy "}" more      \
    "},\"virtualMachineProfile\":{" HEALTH "," LATEST "}}}"
#define EXACT "properties.virtualMachineProfile.storageProfile.imageReference.exactVersion"
#define ALL   "{\"instanceIds\":[\"*\"]}"

/* Three instances on version 1.1.0, with the policy. */
static World *
world_that(const char *policy)
{
    World *world = world_new();
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", policy));
    world_settle(world);
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", ALL));
    world_settle(world);
    world_advance(world, 60 * USEC_PER_SEC);
    return world;
}

static void
import(World *world, const char *version, const char *generation)
{
    g_autofree char *body =
        g_strdup_printf("{\"source\":\"/there\",\"definition\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\","
                        "\"version\":\"%s\",\"hyperVGeneration\":\"%s\",\"architecture\":\"x64\",\"osType\":\"Linux\","
                        "\"securityType\":\"%s\",\"guestAgent\":true,\"format\":\"qcow2\"}}",
                        version, generation, strcmp(generation, "V2") == 0 ? "TrustedLaunchSupported" : "Standard");
    answer_free(world_must(world, 201, "POST", "~/providers/Testudo.Images/import", body));
}

/* "Completed Platform 2.0.0 3/0": each that was, the newest first. */
static void
expect_history(World *world, const char *wanted)
{
    g_autoptr(Answer) history = world_must(world, 200, "GET", "@/s1/osUpgradeHistory", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < json_array_size(answer_at(history, "value")); i++) {
        static const char *const members[] = { "runningStatus.code", "startedBy", "targetImageReference.version",
                                               "progress.successfulInstanceCount", "progress.failedInstanceCount" };
        for (guint k = 0; k < G_N_ELEMENTS(members); k++) {
            g_autofree char *path = g_strdup_printf("value.%u.properties.%s", i, members[k]);
            g_autofree char *value = answer_text(history, path);
            g_string_append_printf(text, "%s%s", text->len == 0 ? "" : k == 0 ? "; " : k == 4 ? "/" : " ", value);
        }
    }
    g_assert_cmpstr(text->str, ==, wanted);
}

static void
expect_exact(World *world, const char *version)
{
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    answer_expect(set, EXACT, version);
}

static SimulatedFault
second_is_ill(const LaunchSpec *spec, void *data)
{
    (void)data;
    return g_str_has_suffix(spec->image_urn, ":2.0.0") ? SIMULATED_UNHEALTHY : SIMULATED_OK;
}

static void
test_a_newer_version_is_rolled_out(void)
{
    static const char *const modes[] = { "", ",\"mode\":\"Rolling\"", ",\"mode\":\"Automatic\"" };
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *policy = g_strdup_printf(FOLLOWS("", "%s"), modes[i]);
        g_autoptr(World) world = world_that(policy);
        expect_exact(world, "1.1.0");
        import(world, "1.2.0", "V2");
        world_settle(world);
        expect_exact(world, "1.2.0");
        g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
        answer_expect(list, "value.0.properties.latestModelApplied", "true");
        answer_expect(list, "value.2.properties.latestModelApplied", "true");
        g_autoptr(Answer) history = world_must(world, 200, "GET", "@/s1/osUpgradeHistory", NULL);
        answer_expect(history, "value.0.properties.startedBy", "Platform");
        answer_expect(history, "value.0.properties.runningStatus.code", "Completed");
        answer_expect(history, "value.0.properties.progress.successfulInstanceCount", "3");
        /* One after the other: 20 % of three. */
        answer_expect(history, "value.0.properties.testudo.batch", "3");
    }
}

/* Nobody is there who could acknowledge it: it is told once, and the version waits for somebody who does. */
static int
bound_guest(const char *key G_GNUC_UNUSED, guint64 epoch G_GNUC_UNUSED, const char *const *argv, GString *out,
            void *data G_GNUC_UNUSED)
{
    if (strcmp(argv[0], "assess") != 0)
        return SIMULATED_GUEST_AS_EVER;
    g_string_append(out, "assessment 1\nluks vdb 1-2 systemd-tpm2\nend\n");
    return 0;
}

static void
test_a_version_that_locks_a_volume_out_waits(void)
{
    static const char trusted[] = "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":{\"securityType\":"
                                  "\"TrustedLaunch\"}}}}";
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    answer_free(world_must(world, 200, "PATCH", "@/s1", trusted));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", ALL));
    world_settle(world);
    host_simulated_set_guest_latency(world->simulated, 0);
    host_simulated_set_guest(world->simulated, bound_guest, NULL);
    answer_free(world_must(world, 200, "POST", "@/s1/virtualMachines/1/assess", NULL));
    import(world, "1.2.0", "V2");
    world_settle(world);
    expect_exact(world, "1.1.0");
    g_autoptr(Answer) events =
        world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    g_autofree char *told = json_dumps(events->body, JSON_COMPACT);
    g_assert_nonnull(strstr(told, "does not take the newer image 'Testudo:mini:gen2:1.2.0' by itself: Instance 1 has"));
}

/* Those that come are made from it; the daemon's knowledge of the set outlives its instances. */
static void
test_a_set_without_instances_follows(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":0}}"));
    world_settle(world);
    import(world, "1.2.0", "V2");
    world_settle(world);
    expect_exact(world, "1.2.0");
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":1}}"));
    world_settle(world);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(list, "value.0.properties.latestModelApplied", "true");
}

static void
test_the_history_ends(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    import(world, "2.0.0", "V2");
    /* Nobody is asked for his health meanwhile. */
    answer_free(world_must(world, 202, "POST", "@/s1/deallocate", NULL));
    world_settle(world);
    world_advance(world, 60 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC);
    expect_history(world, "Completed Platform 2.0.0 3/0");
    world_advance(world, 2 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC);
    expect_history(world, "");
}

static void
test_the_rolling_policy_is_its_own(void)
{
    static const struct {
        const char *use, *batches;
    } cases[] = { { ",\"useRollingUpgradePolicy\":true", "1" }, { ",\"useRollingUpgradePolicy\":false", "3" } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *policy =
            g_strdup_printf(FOLLOWS("%s", ",\"rollingUpgradePolicy\":{\"maxBatchInstancePercent\":100}"), cases[i].use);
        g_autoptr(World) world = world_that(policy);
        import(world, "2.0.0", "V2");
        world_settle(world);
        g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
        answer_expect(latest, "properties.testudo.batch", cases[i].batches);
        answer_expect(latest, "properties.policy.maxBatchInstancePercent", i == 0 ? "100" : "20");
    }
}

static void
test_who_does_not_ask_gets_nothing(void)
{
    g_autoptr(World) world =
        world_that("{\"properties\":{\"upgradePolicy\":{\"mode\":\"Manual\",\"automaticOSUpgradePolicy\":{"
                   "\"enableAutomaticOSUpgrade\":false}},\"virtualMachineProfile\":{" HEALTH "," LATEST "}}}");
    import(world, "2.0.0", "V2");
    world_settle(world);
    expect_exact(world, "1.1.0");
    expect_history(world, "");
    /* What is newer already is taken as soon as it is asked for. */
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"upgradePolicy\":{\"automaticOSUpgradePolicy\":{"
                           "\"enableAutomaticOSUpgrade\":true}}}}"));
    world_settle(world);
    expect_history(world, "Completed Platform 2.0.0 3/0");
}

static void
test_an_older_version_and_a_pre_release_are_not_taken(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    import(world, "1.0.5", "V2");
    import(world, "2.0.0-rc1", "V2");
    world_settle(world);
    expect_exact(world, "1.1.0");
    expect_history(world, "");
}

static void
test_what_fails_is_put_back_and_left_alone(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    host_simulated_set_faults(world->simulated, second_is_ill, NULL);
    import(world, "2.0.0", "V2");
    world_settle(world);
    expect_history(world, "Faulted Platform 2.0.0 0/1");
    expect_exact(world, "1.1.0");
    g_autoptr(Answer) first = world_must(world, 200, "GET", "@/s1/virtualMachines/0?$expand=instanceView", NULL);
    answer_expect(first, "properties.latestModelApplied", "true");
    answer_expect(first, "properties.storageProfile.imageReference.exactVersion", "1.1.0");
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    g_autofree char *why = answer_text(latest, "properties.error.message");
    g_assert_nonnull(strstr(why, "version 1.1.0 again; 2.0.0 is not tried again"));
    /* Neither by time, nor by a change, nor by a restart of the daemon. */
    world_restart(world);
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":4}}"));
    world_settle(world);
    /* The new one's application is asked. */
    world_advance(world, 60 * USEC_PER_SEC);
    expect_history(world, "Faulted Platform 2.0.0 0/1");
    import(world, "3.0.0", "V2");
    world_settle(world);
    expect_history(world, "Completed Platform 3.0.0 4/0; Faulted Platform 2.0.0 0/1");
    expect_exact(world, "3.0.0");
}

/* A change of the capacity on the way gives the upgrade a new number to go to, and not another goal. */
static void
test_it_is_put_back_after_a_change_on_the_way_too(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    host_simulated_set_faults(world->simulated, second_is_ill, NULL);
    import(world, "2.0.0", "V2");
    world_advance(world, 20 * USEC_PER_SEC);
    expect_history(world, "RollingForward Platform 2.0.0 0/0");
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"tags\":{\"a\":\"b\"}}"));
    world_settle(world);
    expect_history(world, "Faulted Platform 2.0.0 0/1");
    expect_exact(world, "1.1.0");
}

/* Somebody's own change on the way makes it somebody's own upgrade. */
static void
test_a_users_change_on_the_way_takes_over(void)
{
    g_autoptr(World) world = world_that(
        FOLLOWS(",\"useRollingUpgradePolicy\":true", ",\"rollingUpgradePolicy\":{\"pauseTimeBetweenBatches\":\"PT10M\"}"));
    import(world, "2.0.0", "V2");
    world_advance(world, 60 * USEC_PER_SEC);
    expect_history(world, "RollingForward Platform 2.0.0 1/0");
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_B2s\"}}"));
    world_settle(world);
    expect_history(world, "Completed User 2.0.0 3/0");
}

static void
test_without_rollback_it_stays(void)
{
    g_autoptr(World) world = world_that(FOLLOWS(",\"disableAutomaticRollback\":true", ""));
    host_simulated_set_faults(world->simulated, second_is_ill, NULL);
    import(world, "2.0.0", "V2");
    world_settle(world);
    expect_history(world, "Faulted Platform 2.0.0 0/1");
    expect_exact(world, "2.0.0");
    g_autoptr(Answer) first = world_must(world, 200, "GET", "@/s1/virtualMachines/0", NULL);
    answer_expect(first, "properties.storageProfile.imageReference.exactVersion", "2.0.0");
}

static void
test_it_waits_for_a_rolling_upgrade(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ",\"rollingUpgradePolicy\":{\"pauseTimeBetweenBatches\":\"PT10M\"}"));
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_B2s\"}}"));
    answer_free(world_must(world, 202, "POST", "@/s1/osRollingUpgrade", NULL));
    world_advance(world, 60 * USEC_PER_SEC);
    import(world, "2.0.0", "V2");
    world_advance(world, 60 * USEC_PER_SEC);
    expect_exact(world, "1.1.0");
    world_settle(world);
    expect_history(world, "Completed Platform 2.0.0 3/0; Completed User 1.1.0 3/0");
}

static gboolean ill;

static int
one_is_ill(const char *key, guint64 epoch, const char *const *argv, GString *out, void *data)
{
    (void)epoch;
    (void)data;
    if (!ill || strcmp(argv[0], "health") != 0 || !g_str_has_suffix(key, ".2"))
        return SIMULATED_GUEST_AS_EVER;
    g_string_append(out, "http 503 whole\n{}\n");
    return 0;
}

static void
test_it_waits_for_instances_to_be_well(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    ill = TRUE;
    host_simulated_set_guest(world->simulated, one_is_ill, NULL);
    world_advance(world, 60 * USEC_PER_SEC);
    import(world, "2.0.0", "V2");
    world_advance(world, 3600 * USEC_PER_SEC);
    expect_history(world, "");
    ill = FALSE;
    world_settle(world);
    world_advance(world, 60 * USEC_PER_SEC);
    world_settle(world);
    expect_history(world, "Completed Platform 2.0.0 3/0");
}

static void
test_an_image_that_does_not_fit_is_told_once(void)
{
    g_autoptr(World) world = world_that(
        "{\"properties\":{\"upgradePolicy\":{\"automaticOSUpgradePolicy\":{\"enableAutomaticOSUpgrade\":true}},"
        "\"virtualMachineProfile\":{" HEALTH "," LATEST
        ",\"securityProfile\":{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true}}}}}");
    import(world, "2.0.0", "V1");
    world_settle(world);
    world_restart(world);
    world_settle(world);
    expect_exact(world, "1.1.0");
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    guint told = 0;
    for (guint i = 0; i < json_array_size(answer_at(log, "value")); i++) {
        g_autofree char *path = g_strdup_printf("value.%u.description", i), *text = answer_text(log, path);
        told += text && strstr(text, "does not take the newer image") ? 1 : 0;
    }
    g_assert_cmpuint(told, ==, 1);
}

static void
test_who_goes_back_is_left_there(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *revision = answer_text(set, "properties.revision");
    g_autofree char *to = g_strdup_printf("{\"revision\":%s}", revision);
    import(world, "2.0.0", "V2");
    world_settle(world);
    expect_exact(world, "2.0.0");
    answer_free(world_must(world, 200, "POST", "@/s1/rollback", to));
    world_settle(world);
    expect_exact(world, "1.1.0");
    import(world, "3.0.0", "V2");
    world_settle(world);
    expect_exact(world, "3.0.0");
}

/* The wish follows from the store: it does not matter when the daemon ended. */
static void
test_a_restart_between_import_and_start(void)
{
    g_autoptr(World) world = world_that(FOLLOWS("", ""));
    /* The commit of the import is the last thing that it does. */
    world->crash_at = world->steps + 1;
    import(world, "2.0.0", "V2");
    g_assert_true(world->dead);
    world_settle(world);
    expect_history(world, "Completed Platform 2.0.0 3/0");
}

/* Killed at each of its steps from the import on, it ends alike. */
static void
test_a_crash_at_every_step(void)
{
    for (guint ill_version = 0; ill_version < 2; ill_version++) {
        gboolean died = TRUE;
        for (guint at = 1; died; at++) {
            g_autoptr(World) world = world_that(FOLLOWS("", ""));
            if (ill_version)
                host_simulated_set_faults(world->simulated, second_is_ill, NULL);
            guint incarnation = world->incarnation;
            world->crash_at = world->steps + at;
            import(world, "2.0.0", "V2");
            world_settle(world);
            died = world->incarnation != incarnation;
            g_assert_cmpuint(at, <, 200);
            expect_history(world, ill_version ? "Faulted Platform 2.0.0 0/1" : "Completed Platform 2.0.0 3/0");
            expect_exact(world, ill_version ? "1.1.0" : "2.0.0");
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/os-upgrade/a-newer-version-is-rolled-out", test_a_newer_version_is_rolled_out);
    g_test_add_func("/os-upgrade/a-version-that-locks-a-volume-out-waits", test_a_version_that_locks_a_volume_out_waits);
    g_test_add_func("/os-upgrade/a-set-without-instances-follows", test_a_set_without_instances_follows);
    g_test_add_func("/os-upgrade/the-history-ends", test_the_history_ends);
    g_test_add_func("/os-upgrade/the-rolling-policy-is-its-own", test_the_rolling_policy_is_its_own);
    g_test_add_func("/os-upgrade/who-does-not-ask-gets-nothing", test_who_does_not_ask_gets_nothing);
    g_test_add_func("/os-upgrade/an-older-version-and-a-pre-release", test_an_older_version_and_a_pre_release_are_not_taken);
    g_test_add_func("/os-upgrade/what-fails-is-put-back-and-left-alone", test_what_fails_is_put_back_and_left_alone);
    g_test_add_func("/os-upgrade/put-back-after-a-change-on-the-way", test_it_is_put_back_after_a_change_on_the_way_too);
    g_test_add_func("/os-upgrade/a-users-change-takes-over", test_a_users_change_on_the_way_takes_over);
    g_test_add_func("/os-upgrade/without-rollback-it-stays", test_without_rollback_it_stays);
    g_test_add_func("/os-upgrade/it-waits-for-a-rolling-upgrade", test_it_waits_for_a_rolling_upgrade);
    g_test_add_func("/os-upgrade/it-waits-for-instances-to-be-well", test_it_waits_for_instances_to_be_well);
    g_test_add_func("/os-upgrade/an-image-that-does-not-fit", test_an_image_that_does_not_fit_is_told_once);
    g_test_add_func("/os-upgrade/who-goes-back-is-left-there", test_who_goes_back_is_left_there);
    g_test_add_func("/os-upgrade/a-restart-between-import-and-start", test_a_restart_between_import_and_start);
    g_test_add_func("/os-upgrade/a-crash-at-every-step", test_a_crash_at_every_step);
    return g_test_run();
}
