/* Automatic instance repairs, and what could not be created replaced: through the API, store, engine and simulated driver. */
#include "world.h"

#include <string.h>

#define S USEC_PER_SEC
#define HEALTH                                                                                                                 \
    "\"virtualMachineProfile\":{\"extensionProfile\":{\"extensions\":[{\"name\":\"health\",\"properties\":{\"publisher\":"     \
    "\"Microsoft.ManagedServices\",\"type\":\"ApplicationHealthLinux\",\"typeHandlerVersion\":\"1.0\",\"settings\":{"          \
    "\"protocol\":\"http\",\"port\":8080,\"requestPath\":\"/health\"}}}]}}"
#define REPAIRS(action)                                                                                                        \
    "\"automaticRepairsPolicy\":{\"enabled\":true,\"gracePeriod\":\"PT15M\",\"repairAction\":\"" action "\"}"
#define SERVICE "@/s1/setOrchestrationServiceState"
#define LOG     "~/providers/Microsoft.Insights/eventtypes/management/values"

/* Whose guest says nothing, up to which launch. */
typedef struct {
    const char *suffix; /* of its key; "": everybody's */
    guint64 epoch;
} Silence;

static int
guest(const char *key, guint64 epoch, const char *const *argv, GString *out, void *data)
{
    const Silence *silence = data;
    (void)argv;
    (void)out;
    return silence->suffix && g_str_has_suffix(key, silence->suffix) && epoch <= silence->epoch ? SIMULATED_GUEST_SILENT
                                                                                                : SIMULATED_GUEST_AS_EVER;
}

/* Three instances that are well, each step of which is a while ago. */
static World *
world_of(const char *policy, const char *security, Silence *silence)
{
    World *world = world_new();
    g_autofree char *body =
        g_strdup_printf("{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"},%s," HEALTH "}}", policy);
    host_simulated_set_guest(world->simulated, guest, silence);
    world_create(world, "s1", 3, "Standard_B1ms", "gen2", security);
    answer_free(world_must(world, 200, "PATCH", "@/s1", body));
    world_settle(world);
    world_advance(world, 3600 * S);
    return world;
}

static World *
world_that(const char *policy, Silence *silence)
{
    return world_of(policy, /* security= */ NULL, silence);
}

/* "0:1 1:2": who is there and by which disk and launch it runs; an instance that does not run in brackets. */
static char *
who(World *world)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(GPtrArray) sets = store_set_list(tx, NULL, &error);
    g_autoptr(GPtrArray) all = store_instance_list(tx, ((StoreSet *)g_ptr_array_index(sets, 0))->id, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < all->len; i++) {
        const StoreInstance *one = g_ptr_array_index(all, i);
        g_string_append_printf(text, one->state == INSTANCE_RUNNING ? "%s%u:%u/%u" : "%s(%u:%u/%u)", i ? " " : "", one->id,
                               (guint)one->disk_gen, (guint)one->epoch);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
expect_who(World *world, const char *expect)
{
    g_autofree char *text = who(world);
    g_assert_cmpstr(text, ==, expect);
}

static void
expect_service(World *world, const char *state)
{
    g_autoptr(Answer) view = world_must(world, 200, "GET", "@/s1/instanceView", NULL);
    answer_expect(view, "orchestrationServices.0.serviceName", "AutomaticRepairs");
    answer_expect(view, "orchestrationServices.0.serviceState", state);
}

static void
test_actions(void)
{
    static const struct {
        const char *policy, *after;
    } cases[] = {
        { REPAIRS("Restart"), "0:1/1 1:1/2 2:1/1" },
        { REPAIRS("Reimage"), "0:1/1 1:2/2 2:1/1" },
        { REPAIRS("Replace"), "0:1/1 2:1/1 3:1/1" },
        { "\"automaticRepairsPolicy\":{\"enabled\":true}", "0:1/1 2:1/1 3:1/1" },
        { "\"automaticRepairsPolicy\":{\"enabled\":false}", "0:1/1 1:1/1 2:1/1" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Silence silence = { NULL, 1 };
        g_autoptr(World) world = world_that(cases[i].policy, &silence);
        expect_service(world, i == 4 ? "NotRunning" : "Running");
        expect_who(world, "0:1/1 1:1/1 2:1/1");
        silence.suffix = ".1";
        world_advance(world, 300 * S);
        g_test_message("%s", cases[i].policy);
        expect_who(world, cases[i].after);
    }
}

static void
test_a_change_gives_grace(void)
{
    Silence silence = { NULL, 9 };
    g_autoptr(World) world = world_that(REPAIRS("Restart"), &silence);
    answer_free(world_must(world, 202, "POST", "@/s1/virtualMachines/1/restart", NULL));
    silence.suffix = ".1";
    world_advance(world, 880 * S);
    expect_who(world, "0:1/1 1:1/2 2:1/1");
    world_advance(world, 60 * S);
    expect_who(world, "0:1/1 1:1/3 2:1/1");
    /* Which is a change, too. */
    world_advance(world, 800 * S);
    expect_who(world, "0:1/1 1:1/3 2:1/1");
}

static void
test_one_at_a_time(void)
{
    Silence silence = { NULL, 1 };
    g_autoptr(World) world = world_that(REPAIRS("Reimage"), &silence);
    const SimulatedLatency slow = { S, 100 * S, S, S };
    host_simulated_set_latency(world->simulated, &slow);
    silence.suffix = "";
    guint down_max = 0;
    for (guint i = 0; i < 3000; i++) {
        world_advance(world, S);
        down_max = MAX(down_max, 3 - host_simulated_alive(world->simulated));
    }
    g_assert_cmpuint(down_max, ==, 1);
    expect_who(world, "0:2/2 1:2/2 2:2/2");
}

static void
test_protected_ones_are_left_alone(void)
{
    static const char *const protections[] = { "\"protectFromScaleIn\":true",
                                               "\"protectFromScaleIn\":true,\"protectFromScaleSetActions\":true" };
    for (guint i = 0; i < G_N_ELEMENTS(protections); i++) {
        Silence silence = { NULL, 9 };
        g_autoptr(World) world = world_that(REPAIRS("Restart"), &silence);
        g_autofree char *body = g_strdup_printf("{\"properties\":{\"protectionPolicy\":{%s}}}", protections[i]);
        answer_free(world_must(world, 200, "PUT", "@/s1/virtualMachines/1", body));
        silence.suffix = ".1";
        world_advance(world, 5000 * S);
        expect_who(world, "0:1/1 1:1/1 2:1/1");
    }
}

static void
test_repairs_in_vain_are_suspended(void)
{
    Silence silence = { NULL, 99 };
    g_autoptr(World) world = world_that(REPAIRS("Restart"), &silence);
    silence.suffix = ".1";
    world_advance(world, 6000 * S);
    expect_who(world, "0:1/1 1:1/4 2:1/1");
    expect_service(world, "Suspended");
    g_autoptr(Answer) log = world_must(world, 200, "GET", LOG, NULL);
    answer_expect(log, "value.0.status.value", "Suspended");
    g_autofree char *told = answer_text(log, "value.0.description");
    g_assert_nonnull(strstr(told, "3 repairs in a row were in vain"));
    /* Also for whoever comes later. */
    world_restart(world);
    world_advance(world, 6000 * S);
    expect_who(world, "0:1/1 1:1/4 2:1/1");

    g_autoptr(Answer) resumed =
        world_must(world, 202, "POST", SERVICE, "{\"serviceName\":\"AutomaticRepairs\",\"action\":\"Resume\"}");
    world_expect_operation(world, resumed, "Succeeded", NULL);
    expect_service(world, "Running");
    silence.suffix = NULL;
    world_advance(world, 6000 * S);
    expect_service(world, "Running");
}

static void
test_a_repair_that_helps_counts_anew(void)
{
    Silence silence = { NULL, 3 };
    g_autoptr(World) world = world_that(REPAIRS("Restart"), &silence);
    silence.suffix = ".1";
    world_advance(world, 6000 * S);
    expect_who(world, "0:1/1 1:1/4 2:1/1");
    expect_service(world, "Running");
    silence = (Silence){ ".2", 3 };
    world_advance(world, 6000 * S);
    expect_who(world, "0:1/1 1:1/4 2:1/4");
    expect_service(world, "Running");
}

static void
test_suspended_by_hand(void)
{
    Silence silence = { NULL, 1 };
    g_autoptr(World) world = world_that(REPAIRS("Restart"), &silence);
    answer_free(world_must(world, 202, "POST", SERVICE, "{\"serviceName\":\"automaticrepairs\",\"action\":\"suspend\"}"));
    expect_service(world, "Suspended");
    silence.suffix = ".1";
    world_advance(world, 5000 * S);
    expect_who(world, "0:1/1 1:1/1 2:1/1");
    answer_free(world_must(world, 202, "POST", SERVICE, "{\"serviceName\":\"AutomaticRepairs\",\"action\":\"Resume\"}"));
    world_advance(world, 60 * S);
    expect_who(world, "0:1/1 1:1/2 2:1/1");
}

static void
test_the_service_route_says_what_it_takes(void)
{
    static const struct {
        const char *body;
        int status;
        const char *code, *target;
    } cases[] = {
        { "{}", 400, "InvalidParameter", "serviceName" },
        { "{\"serviceName\":\"AutomaticRepairs\"}", 400, "InvalidParameter", "action" },
        { "{\"serviceName\":\"AutomaticRepairs\",\"action\":\"Stop\"}", 400, "InvalidParameter", "action" },
        { "{\"serviceName\":\"Other\",\"action\":\"Resume\"}", 400, "InvalidParameter", "serviceName" },
        { "{\"serviceName\":\"AutomaticRepairs\",\"action\":\"Resume\",\"x\":1}", 400, "InvalidRequestContent", "x" },
        { "{\"serviceName\":\"AutomaticRepairs\",\"action\":\"Resume\"}", 409, "OperationNotAllowed", "serviceName" },
    };
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].body);
        g_autoptr(Answer) answer = world_must(world, cases[i].status, "POST", SERVICE, cases[i].body);
        answer_expect(answer, "error.code", cases[i].code);
        answer_expect(answer, "error.target", cases[i].target);
    }
}

/* What died is started again, which is no matter for repair, until it dies over and over. */
static SimulatedFault
second_exits(const LaunchSpec *spec, void *data)
{
    const guint64 *until = data;
    return g_str_has_suffix(spec->key, ".1") && spec->epoch > 1 && spec->epoch <= *until ? SIMULATED_EXITS : SIMULATED_OK;
}

static char *
key_of(World *world, guint id)
{
    g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
    g_autofree char *uid = answer_text(set, "properties.uniqueId");
    return g_strdup_printf("%s.%u", uid, id);
}

static void
test_what_dies_over_and_over_is_repaired(void)
{
    static const struct {
        guint64 until;
        const char *after;
    } cases[] = { { 3, "0:1/1 1:1/4 2:1/1" }, { 99, "0:1/1 2:1/1 3:1/1" } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint64 until = cases[i].until;
        Silence silence = { NULL, 1 };
        g_autoptr(World) world = world_that(REPAIRS("Replace"), &silence);
        g_autofree char *key = key_of(world, 1);
        host_simulated_set_faults(world->simulated, second_exits, &until);
        g_assert_true(host_simulated_kill(world->simulated, key));
        world_advance(world, 600 * S);
        expect_who(world, cases[i].after);
    }
}

/* A rolling upgrade deals with who is ill: nobody else disturbs it. */
static void
test_not_beside_a_rolling_upgrade(void)
{
    Silence silence = { NULL, 1 };
    g_autoptr(World) world = world_that(REPAIRS("Reimage") ",\"overprovision\":false", &silence);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{"
                           "\"maxUnhealthyInstancePercent\":100,\"pauseTimeBetweenBatches\":\"PT30M\"}}}}"));
    world_settle(world);
    world_advance(world, 3600 * S);
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_B2s\"}}"));
    world_advance(world, 300 * S);
    expect_who(world, "0:1/2 1:1/1 2:1/1");
    silence.suffix = ".2";
    world_advance(world, 1200 * S);
    expect_who(world, "0:1/2 1:1/1 2:1/1");
    world_settle(world);
    world_advance(world, 3600 * S);
    expect_who(world, "0:1/2 1:1/2 2:1/2");
}

/* The newest model makes a larger one: as it was, where quota has no room for that. */
static void
test_replaced_within_quota(void)
{
    static const struct {
        guint cores;
        const char *size;
    } cases[] = { { 3, "Standard_B1ms" }, { 4, "Standard_B2s" } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Silence silence = { NULL, 1 };
        g_autoptr(World) world = world_that(REPAIRS("Replace"), &silence);
        answer_free(
            world_must(world, 200, "PATCH", "@/s1",
                       "{\"sku\":{\"name\":\"Standard_B2s\"},\"properties\":{\"upgradePolicy\":{\"mode\":\"Manual\"}}}"));
        world->quota->regional_cores = cases[i].cores;
        silence.suffix = ".1";
        world_advance(world, 300 * S);
        expect_who(world, "0:1/1 2:1/1 3:1/1");
        g_autoptr(Answer) successor = world_must(world, 200, "GET", "@/s1/virtualMachines/3", NULL);
        answer_expect(successor, "properties.hardwareProfile.vmSize", cases[i].size);
    }
}

/* ---- what would be lost ---- */

#define VTPM       "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":true}}"
#define HELD       "statuses.2.code"
#define VOLUME     "{\"kind\":\"LuksVolume\",\"name\":\"/dev/vdb\",\"reason\":\"r\"}"
#define CREDENTIAL "{\"kind\":\"Credential\",\"name\":\"db\",\"reason\":\"r\"}"

/* An assessment of instance 1 has that. */
static void
assessed_put(World *world, const char *locked_out)
{
    g_autoptr(GError) error = NULL;
    StoreTx *tx = store_write(world->store, &error);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", &error);
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set->id, 1, &error);
    g_autofree char *document = g_strdup_printf("{\"lockedOut\":[%s]}", locked_out);
    const StoreAssessment assessment = { .set_id = set->id,
                                         .instance = 1,
                                         .at = S,
                                         .epoch = instance->epoch,
                                         .disk_gen = instance->run_disk_gen,
                                         .vtpm_gen = instance->run_vtpm_gen,
                                         .document = document };
    g_assert_true(store_assessment_put(tx, &assessment, &error) && store_commit(tx, &error));
}

static World *
bound_world(const char *policy, Silence *silence)
{
    World *world = world_of(policy, VTPM, silence);
    assessed_put(world, VOLUME);
    return world;
}

/* How many entries of the activity log say that. */
static guint
told(World *world, const char *part)
{
    g_autoptr(Answer) log = world_must(world, 200, "GET", LOG, NULL);
    guint n = 0;
    json_t *entry;
    size_t i;
    json_array_foreach(json_object_get(log->body, "value"), i, entry)
    {
        g_autofree char *text = json_dumps(entry, JSON_ENCODE_ANY);
        n += strstr(text, part) ? 1 : 0;
    }
    return n;
}

static void
expect_held(World *world, gboolean held)
{
    g_autoptr(Answer) view = world_must(world, 200, "GET", "@/s1/virtualMachines/1/instanceView", NULL);
    answer_expect(view, HELD, held ? "RepairState/held" : NULL);
}

static void
test_what_would_be_lost_is_left_alone(void)
{
    static const struct {
        const char *policy, *verb;
    } cases[] = { { REPAIRS("Replace"), "is not replaced" }, { REPAIRS("Reimage"), "is not reimaged" } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Silence silence = { NULL, 99 };
        g_autoptr(World) world = bound_world(cases[i].policy, &silence);
        silence.suffix = ".1";
        world_advance(world, 300 * S);
        expect_who(world, "0:1/1 1:1/1 2:1/1");
        expect_held(world, TRUE);
        /* However often it is looked at again. */
        world_advance(world, 2 * 3600 * S);
        expect_who(world, "0:1/1 1:1/1 2:1/1");
        g_assert_cmpuint(told(world, cases[i].verb), ==, 1);
        g_assert_cmpuint(told(world, "LuksVolume '/dev/vdb'"), ==, 1);
        expect_service(world, "Running");
        /* It takes nobody else's turn. */
        silence = (Silence){ ".2", 1 };
        world_advance(world, 1300 * S);
        expect_held(world, FALSE);
        expect_who(world, i == 0 ? "0:1/1 1:1/1 3:1/1" : "0:1/1 1:1/1 2:2/2");
    }
}

static void
test_nothing_would_be_lost(void)
{
    static const struct {
        const char *why, *policy, *locked_out, *who;
    } cases[] = {
        { "a restart leaves both", REPAIRS("Restart"), VOLUME, "0:1/1 1:1/2 2:1/1" },
        { "it lies on the OS disk, and goes with it", REPAIRS("Reimage"), CREDENTIAL, "0:1/1 1:2/2 2:1/1" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Silence silence = { NULL, 1 };
        g_autoptr(World) world = world_of(cases[i].policy, VTPM, &silence);
        assessed_put(world, cases[i].locked_out);
        silence.suffix = ".1";
        g_test_message("%s", cases[i].why);
        world_advance(world, 300 * S);
        expect_who(world, cases[i].who);
        g_assert_cmpuint(told(world, "by automatic repair, although it is unhealthy"), ==, 0);
    }
}

/* Nothing is bound any more, by a new assessment: at the next look. */
static void
test_unbound_meanwhile(void)
{
    Silence silence = { NULL, 1 };
    g_autoptr(World) world = bound_world(REPAIRS("Reimage"), &silence);
    silence.suffix = ".1";
    world_advance(world, 300 * S);
    assessed_put(world, "");
    world_advance(world, 500 * S);
    expect_who(world, "0:1/1 1:1/1 2:1/1");
    world_advance(world, 600 * S);
    expect_who(world, "0:1/1 1:2/2 2:1/1");
}

static void
test_an_acknowledged_loss(void)
{
    static const char body[] = "{\"serviceName\":\"AutomaticRepairs\",\"action\":\"Resume\"}";
    Silence silence = { NULL, 1 };
    g_autoptr(World) world = bound_world(REPAIRS("Reimage"), &silence);
    /* Who is not held back yet is not meant. */
    answer_free(world_must(world, 202, "POST", SERVICE "?acknowledgeDataLoss=true", body));
    silence.suffix = ".1";
    world_advance(world, 300 * S);
    expect_held(world, TRUE);
    answer_free(world_must(world, 202, "POST", SERVICE, body));
    world_advance(world, 60 * S);
    expect_who(world, "0:1/1 1:1/1 2:1/1");
    answer_free(world_must(world, 400, "POST", SERVICE "?acknowledgeDataLoss=true",
                           "{\"serviceName\":\"AutomaticRepairs\",\"action\":\"Suspend\"}"));
    g_assert_cmpuint(told(world, "Asked for all the same"), ==, 0);
    answer_free(world_must(world, 202, "POST", SERVICE "?acknowledgeDataLoss=true", body));
    world_advance(world, 60 * S);
    expect_who(world, "0:1/1 1:2/2 2:1/1");
    g_assert_cmpuint(told(world, "Asked for all the same"), ==, 1);
    expect_held(world, FALSE);
    /* It was of that vTPM. */
    assessed_put(world, VOLUME);
    silence.epoch = 99;
    world_advance(world, 2 * 3600 * S);
    expect_who(world, "0:1/1 1:2/2 2:1/1");
    expect_held(world, TRUE);
}

/* ---- what could not be created ---- */

typedef struct {
    guint first, count; /* instances from this one on, so many */
    SimulatedFault fault;
} Failing;

static SimulatedFault
some_fail(const LaunchSpec *spec, void *data)
{
    const Failing *failing = data;
    guint id = (guint)g_ascii_strtoull(strrchr(spec->key, '.') + 1, NULL, 10);
    return id >= failing->first && id < failing->first + failing->count ? failing->fault : SIMULATED_OK;
}

static void
test_creations(void)
{
    static const struct {
        const char *why, *overprovision;
        Failing failing;
        const char *status, *code, *after;
    } cases[] = {
        { "another one comes", "", { 1, 1, SIMULATED_START_FAILS }, "Succeeded", NULL, "0:1/1 2:1/1 3:1/1" },
        { "and another one", "", { 2, 2, SIMULATED_START_FAILS }, "Succeeded", NULL, "0:1/1 1:1/1 4:1/1" },
        { "but not for ever", "", { 2, 3, SIMULATED_START_FAILS }, "Failed", "VMStartFailed", "0:1/1 1:1/1 (4:1/1)" },
        { "who came up and ended is started again", "", { 1, 1, SIMULATED_EXITS }, "Succeeded", NULL, "0:1/1 1:1/2 2:1/1" },
        { "the disk was full", "", { 1, 1, SIMULATED_DISK_FULL }, "Succeeded", NULL, "0:1/1 2:1/1 3:1/1" },
        { "a guest that does not answer stays",
          "",
          { 1, 1, SIMULATED_NO_AGENT },
          "Failed",
          "OSProvisioningTimedOut",
          "0:1/1 (1:1/1) 2:1/1" },
        { "nor where it is not wished for",
          ",\"overprovision\":false",
          { 1, 1, SIMULATED_START_FAILS },
          "Failed",
          "VMStartFailed",
          "0:1/1 (1:1/1) 2:1/1" },
        { "all at once", "", { 0, 3, SIMULATED_START_FAILS }, "Succeeded", NULL, "3:1/1 4:1/1 5:1/1" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Failing failing = cases[i].failing;
        g_autoptr(World) world = world_new();
        answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
        host_simulated_set_faults(world->simulated, some_fail, &failing);
        g_autofree char *body = g_strdup_printf(
            "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":3},\"properties\":{"
            "\"virtualMachineProfile\":{"
            "\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"mini\",\"sku\":\"gen2\","
            "\"version\":\"1.0.0\"}}}%s}}",
            cases[i].overprovision);
        g_test_message("%s", cases[i].why);
        g_autoptr(Answer) created = world_must(world, 201, "PUT", "@/s1", body);
        world_expect_operation(world, created, cases[i].status, cases[i].code);
        expect_who(world, cases[i].after);
        g_autoptr(Answer) set = world_must(world, 200, "GET", "@/s1", NULL);
        answer_expect(set, "sku.capacity", "3");
    }
}

/* The new one waits until the old one has gone: the host need not have room for both. */
static void
test_a_successor_waits(void)
{
    Failing failing = { 0, 1, SIMULATED_START_FAILS };
    g_autoptr(World) world = world_new();
    const SimulatedLatency slow = { S, S, S, 100 * S };
    host_simulated_set_latency(world->simulated, &slow);
    host_simulated_set_faults(world->simulated, some_fail, &failing);
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 201, "PUT", "@/s1",
                           "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":1},\"properties\":{"
                           "\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\","
                           "\"offer\":\"mini\",\"sku\":\"gen2\",\"version\":\"1.0.0\"}}}}}"));
    world_advance(world, 50 * S);
    expect_who(world, "(0:1/1) (1:1/0)");
    world_restart(world);
    world_advance(world, 40 * S);
    expect_who(world, "(0:1/1) (1:1/0)");
    world_settle(world);
    expect_who(world, "1:1/1");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/repairs/actions", test_actions);
    g_test_add_func("/repairs/a-change-gives-grace", test_a_change_gives_grace);
    g_test_add_func("/repairs/one-at-a-time", test_one_at_a_time);
    g_test_add_func("/repairs/protected-ones-are-left-alone", test_protected_ones_are_left_alone);
    g_test_add_func("/repairs/in-vain-are-suspended", test_repairs_in_vain_are_suspended);
    g_test_add_func("/repairs/one-that-helps-counts-anew", test_a_repair_that_helps_counts_anew);
    g_test_add_func("/repairs/suspended-by-hand", test_suspended_by_hand);
    g_test_add_func("/repairs/the-service-route-says-what-it-takes", test_the_service_route_says_what_it_takes);
    g_test_add_func("/repairs/what-dies-over-and-over", test_what_dies_over_and_over_is_repaired);
    g_test_add_func("/repairs/not-beside-a-rolling-upgrade", test_not_beside_a_rolling_upgrade);
    g_test_add_func("/repairs/replaced-within-quota", test_replaced_within_quota);
    g_test_add_func("/repairs/what-would-be-lost", test_what_would_be_lost_is_left_alone);
    g_test_add_func("/repairs/nothing-would-be-lost", test_nothing_would_be_lost);
    g_test_add_func("/repairs/unbound-meanwhile", test_unbound_meanwhile);
    g_test_add_func("/repairs/an-acknowledged-loss", test_an_acknowledged_loss);
    g_test_add_func("/creation/repeated", test_creations);
    g_test_add_func("/creation/a-successor-waits", test_a_successor_waits);
    return g_test_run();
}
