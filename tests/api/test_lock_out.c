/* What was looked up in instances before an upgrade is kept: what-if shows it, and what would lock a volume out is refused. */
#include "rows.h"

#include <string.h>

#define TRUSTED       "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":false,\"vTpmEnabled\":true}}"
#define ALL           "{\"instanceIds\":[\"*\"]}"
#define KNOWN         "?acknowledgeDataLoss=true"
#define PROFILE(text) "{\"properties\":{\"virtualMachineProfile\":" text "}}"
#define STANDARD      PROFILE("{\"securityProfile\":{\"securityType\":\"Standard\",\"uefiSettings\":null}}")
#define BOOTED        PROFILE("{\"securityProfile\":{\"uefiSettings\":{\"secureBootEnabled\":true}}}")
#define MODE(mode)    "{\"properties\":{\"upgradePolicy\":{\"mode\":\"" mode "\"}}}"
#define SURGE         "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxSurge\":true}}}}"
#define SIZE          "{\"sku\":{\"name\":\"Standard_B2s\"}}"
#define EVENTS        "~/providers/Microsoft.Insights/eventtypes/management/values"
#define REFUSED(method, target, body)                                                                                          \
    {                                                                                                                          \
        method, target, body, 409, "error.code", "OperationNotAllowed"                                                         \
    }

/* Instance 0 has a volume and a module; instance 1 has nothing, instance 2 is never asked. */
static int
guest(const char *key, guint64 epoch G_GNUC_UNUSED, const char *const *argv, GString *out, void *data G_GNUC_UNUSED)
{
    if (strcmp(argv[0], "assess") != 0)
        return SIMULATED_GUEST_AS_EVER;
    g_string_append(out, "assessment 1\nsecure-boot off\ntpm yes\nmodule-signatures checked\n");
    if (g_str_has_suffix(key, ".0"))
        g_string_append(out, "module nvidia POE unsigned\nluks vda3 1-2 systemd-tpm2\n");
    g_string_append(out, "end\n");
    return 0;
}

static World *
assessed_world(void)
{
    const Row rows[] = {
        { "POST", "@/s1/virtualMachines/0/assess", NULL, 200, "lockedOut.0.name", "/dev/vda3" },
        { "POST", "@/s1/virtualMachines/1/assess", NULL, 200, "lockedOut.0", NULL },
    };
    World *world = world_new();
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", TRUSTED);
    host_simulated_set_guest_latency(world->simulated, 0);
    host_simulated_set_guest(world->simulated, guest, NULL);
    ROWS_RUN(world, rows);
    return world;
}

static void
test_what_if_shows_what_was_looked_up(void)
{
    g_autoptr(World) world = assessed_world();
    const Row rows[] = {
        { "POST", "@/s1/whatIf", STANDARD, 200, "status", "Accepted" },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.0.assessment.status", "Assessed" },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.0.assessment.lockedOut.0.name", "/dev/vda3" },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.0.assessment.refused", NULL },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.1.assessment.status", "Assessed" },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.1.assessment.lockedOut.0", NULL },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.2.assessment.status", "NotAssessed" },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.2.assessment.reason", "It was never assessed." },
        { "POST", "@/s1/whatIf", BOOTED, 200, "instances.0.assessment.refused.0.name", "nvidia" },
        { "POST", "@/s1/whatIf", BOOTED, 200, "instances.0.assessment.lockedOut.0", NULL },
        { "POST", "@/s1/whatIf", SIZE, 200, "instances.0.assessment", NULL },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) answer = world_must(world, 200, "POST", "@/s1/whatIf", STANDARD);
    const json_t *warnings = answer_at(answer, "warnings");
    const char *warning = json_string_value(json_array_get(warnings, json_array_size(warnings) - 1));
    g_autofree char *lost = answer_text(answer, "instances.0.lost.2");
    g_assert_true(g_str_has_prefix(lost, "LuksVolume '/dev/vda3': LUKS volume 1-2"));
    g_assert_nonnull(strstr(warning, "Instance 0"));
    answer_expect(answer, "instances.1.lost.2", NULL);
}

static void
test_what_is_old_or_of_another_launch_assesses_nothing(void)
{
    g_autoptr(World) world = assessed_world();
    const Row restarted[] = {
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.1.assessment.reason",
          "It was started again since it was assessed." },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.0.assessment.lockedOut.0.name", "/dev/vda3" },
        { "POST", "@/s1/virtualMachines/1/assess", NULL, 200, "instanceId", "1" },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.1.assessment.status", "Assessed" },
    };
    const Row late[] = {
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.1.assessment.reason", "It was assessed more than a day ago." },
    };
    answer_free(world_must(world, 202, "POST", "@/s1/restart", NULL));
    world_settle(world);
    ROWS_RUN(world, restarted);
    world_advance(world, G_GINT64_CONSTANT(25) * 3600 * USEC_PER_SEC);
    ROWS_RUN(world, late);
}

static void
test_an_upgrade_of_named_instances(void)
{
    g_autoptr(World) world = assessed_world();
    const Row rows[] = {
        { "PATCH", "@/s1", STANDARD, 200, NULL, NULL },
        REFUSED("POST", "@/s1/manualupgrade", ALL),
        REFUSED("POST", "@/s1/manualupgrade?acknowledgeDataLoss=false", ALL),
        { "POST", "@/s1/manualupgrade?acknowledgeDataLoss=maybe", ALL, 400, "error.target", "acknowledgeDataLoss" },
        { "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"1\",\"2\"]}", 202, NULL, NULL },
        { "POST", "@/s1/manualupgrade" KNOWN, "{\"instanceIds\":[\"0\"]}", 202, NULL, NULL },
        { "GET", EVENTS, NULL, 200, "value.0.operationName.value",
          "Microsoft.Compute/virtualMachineScaleSets/acknowledgeDataLoss/action" },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
    g_autoptr(Answer) done = world_must(world, 200, "GET", "@/s1/virtualMachines/0", NULL);
    answer_expect(done, "properties.latestModelApplied", "true");
}

static void
test_the_refusal_names_instance_and_volume(void)
{
    g_autoptr(World) world = assessed_world();
    g_autoptr(Answer) refused = world_must(world, 409, "POST", "@/s1/reimage", ALL);
    g_autofree char *message = answer_text(refused, "error.message");
    g_assert_nonnull(strstr(message, "Instance 0 "));
    g_assert_nonnull(strstr(message, "LuksVolume '/dev/vda3'"));
    g_assert_nonnull(strstr(message, "acknowledgeDataLoss=true"));
    answer_expect(refused, "error.target", "acknowledgeDataLoss");
    answer_expect(refused, "error.details.1", NULL);
}

static void
test_a_reimage_and_what_comes_after_it(void)
{
    g_autoptr(World) world = assessed_world();
    const Row rows[] = {
        REFUSED("POST", "@/s1/reimage", "{\"instanceIds\":[\"0\"]}"),
        REFUSED("POST", "@/s1/reimageall", "{\"instanceIds\":[\"0\"]}"),
        REFUSED("POST", "@/s1/virtualMachines/0/reimage", NULL),
        REFUSED("POST", "@/s1/virtualMachines/0/reimageall", NULL),
        { "POST", "@/s1/restart", "{\"instanceIds\":[\"1\"]}", 202, NULL, NULL },
        { "POST", "@/s1/virtualMachines/0/reimage" KNOWN, NULL, 202, NULL, NULL },
    };
    /* Nothing of it is bound to the vTPM that it has now. */
    const Row after[] = {
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.0.assessment.reason",
          "Its OS disk or vTPM were replaced since it was assessed." },
        { "POST", "@/s1/whatIf", STANDARD, 200, "instances.0.lost.2", NULL },
        { "POST", "@/s1/virtualMachines/0/reimage", NULL, 202, NULL, NULL },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
    ROWS_RUN(world, after);
}

static void
test_instances_that_follow_by_themselves(void)
{
    static const char *const modes[] = { MODE("Automatic"), MODE("Rolling"), SURGE };
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(World) world = assessed_world();
        const Row rows[] = {
            { "PATCH", "@/s1", modes[i], 200, NULL, NULL },
            { "POST", "@/s1/whatIf", STANDARD, 200, "error.target", "acknowledgeDataLoss" },
            { "POST", "@/s1/whatIf" KNOWN, STANDARD, 200, "status", "Accepted" },
            REFUSED("PATCH", "@/s1", STANDARD),
            { "GET", "@/s1/revisions", NULL, 200, "value.0.properties.revision", "2" },
            { "PATCH", "@/s1" KNOWN, STANDARD, 200, NULL, NULL },
            /* Asked once, what is under way is not asked about again. */
            { "PATCH", "@/s1", "{\"tags\":{\"a\":\"b\"}}", 200, NULL, NULL },
        };
        ROWS_RUN(world, rows);
        world_settle(world);
    }
}

static void
test_a_rolling_upgrade(void)
{
    g_autoptr(World) world = assessed_world();
    const Row rows[] = {
        { "PATCH", "@/s1", STANDARD, 200, NULL, NULL },
        REFUSED("POST", "@/s1/osRollingUpgrade", NULL),
        REFUSED("PATCH", "@/s1", MODE("Rolling")),
        REFUSED("PATCH", "@/s1", MODE("Automatic")),
        { "POST", "@/s1/osRollingUpgrade" KNOWN, NULL, 202, NULL, NULL },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
}

/* A larger size keeps the vTPM, but where a new instance comes in place of the old one. */
static void
test_replacing_instances(void)
{
    g_autoptr(World) world = assessed_world();
    const Row rows[] = {
        { "PATCH", "@/s1", MODE("Rolling"), 200, NULL, NULL },
        { "POST", "@/s1/whatIf", SIZE, 200, "status", "Accepted" },
        { "PATCH", "@/s1", SURGE, 200, NULL, NULL },
        { "POST", "@/s1/whatIf", SIZE, 200, "status", "Refused" },
        REFUSED("PATCH", "@/s1", SIZE),
    };
    ROWS_RUN(world, rows);
}

static void
test_going_back(void)
{
    g_autoptr(World) world = world_new();
    const Row rows[] = {
        { "PATCH", "@/s1", PROFILE("{\"securityProfile\":" TRUSTED "}"), 200, NULL, NULL },
        { "POST", "@/s1/manualupgrade", ALL, 202, NULL, NULL },
    };
    const Row back[] = {
        { "POST", "@/s1/virtualMachines/0/assess", NULL, 200, "lockedOut.0.name", "/dev/vda3" },
        { "PATCH", "@/s1", MODE("Automatic"), 200, NULL, NULL },
        { "POST", "@/s1/whatIf", "{\"rollbackTo\":1}", 200, "status", "Refused" },
        REFUSED("POST", "@/s1/rollback", "{\"revision\":1}"),
        { "POST", "@/s1/rollback" KNOWN, "{\"revision\":1}", 200, NULL, NULL },
    };
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    host_simulated_set_guest_latency(world->simulated, 0);
    host_simulated_set_guest(world->simulated, guest, NULL);
    ROWS_RUN(world, rows);
    world_settle(world);
    ROWS_RUN(world, back);
    world_settle(world);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lock-out/what-if-shows-what-was-looked-up", test_what_if_shows_what_was_looked_up);
    g_test_add_func("/lock-out/what-is-old-or-of-another-launch-assesses-nothing",
                    test_what_is_old_or_of_another_launch_assesses_nothing);
    g_test_add_func("/lock-out/an-upgrade-of-named-instances", test_an_upgrade_of_named_instances);
    g_test_add_func("/lock-out/the-refusal-names-instance-and-volume", test_the_refusal_names_instance_and_volume);
    g_test_add_func("/lock-out/a-reimage-and-what-comes-after-it", test_a_reimage_and_what_comes_after_it);
    g_test_add_func("/lock-out/instances-that-follow-by-themselves", test_instances_that_follow_by_themselves);
    g_test_add_func("/lock-out/a-rolling-upgrade", test_a_rolling_upgrade);
    g_test_add_func("/lock-out/replacing-instances", test_replacing_instances);
    g_test_add_func("/lock-out/going-back", test_going_back);
    return g_test_run();
}
