/* Boot integrity through the API, store, engine and simulated driver, whose VMs have vTPMs of their own. */
#include "attested.h"

#include "attest/digest.h"
#include "attest/event_info.h"
#include "base/json.h"
#include "store/alerts.h"

#include <string.h>

#define S USEC_PER_SEC
#define SET(capacity, size, version)                                                                                           \
    TRUSTED_SET(size, capacity, version,                                                                                       \
                "\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxBatchInstancePercent\":34}}",          \
                ATTESTATION_EXTENSION(""))
#define IMAGE(version)                                                                                                         \
    "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"" version "\"}}}}}"
#define ROLLING(surge, rollback)                                                                                               \
    "{\"properties\":{\"upgradePolicy\":{\"rollingUpgradePolicy\":{\"maxSurge\":" surge                                        \
    ",\"rollbackFailedInstancesOnPolicyBreach\":" rollback "}}}}"
#define ONLY(id) "{\"instanceIds\":[\"" id "\"]}"

static gint64
set_id(StoreTx *tx, const char *name)
{
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", name, NULL);
    g_assert_nonnull(set);
    return set->id;
}

/* What is known of its last boot. */
static StoreAttestation *
newest(World *world, const char *set, guint id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(GPtrArray) list = store_attestation_list(tx, set_id(tx, set), id, 1, &error);
    g_assert_no_error(error);
    return list->len > 0 ? g_ptr_array_steal_index(list, 0) : NULL;
}

static guint
rounds(World *world, guint id)
{
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(GPtrArray) list = store_attestation_list(tx, set_id(tx, "s1"), id, 100, NULL);
    return list->len;
}

/* "Healthy Deviation": of each instance, lowest first. */
static char *
integrities(World *world, const char *set)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(GPtrArray) rows = store_instance_list(tx, set_id(tx, set), NULL);
    for (guint i = 0; i < rows->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                               integrity_text(((StoreInstance *)g_ptr_array_index(rows, i))->integrity));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
expect(World *world, const char *set, const char *wanted)
{
    g_autofree char *text = integrities(world, set);
    g_assert_cmpstr(text, ==, wanted);
}

/* What this instance measured is what its image is to measure. */
static void
baseline_learn(World *world, const char *set, guint id, const char *urn, guint vcpus, guint memory_mib)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreAttestation) seen = newest(world, set, id);
    StoreTx *tx = store_write(world->store, &error);
    g_autoptr(GBytes) log = store_log_get(tx, seen->log, &error);
    StoreBaseline baseline = {
        .image_urn = (char *)urn,
        .secure_boot = TRUE,
        .vcpus = vcpus,
        .memory_mib = memory_mib,
        .log = seen->log,
        .source = (char *)"a test",
        .approved = world->clock->now(world->clock),
        .approved_by = (char *)"owner",
    };
    g_assert_nonnull(log);
    g_assert_true(store_log_put(tx, seen->log, log, &error) && store_baseline_add(tx, &baseline, &error) &&
                  store_commit(tx, &error));
}

/* Two instances, and what they measured is what they should have. */
static World *
world_of_two(void)
{
    World *world = world_new();
    attested_create(world, "s1", SET("2", "Standard_B1ms", "1.0.0"));
    baseline_learn(world, "s1", 0, "Testudo:mini:gen2:1.0.0", 1, 2048);
    return world;
}

static void
test_judged_as_soon_as_there_is_a_baseline(void)
{
    g_autoptr(World) world = world_new();
    attested_create(world, "s1", SET("2", "Standard_B1ms", "1.0.0"));
    expect(world, "s1", "NotJudged NotJudged");
    g_autoptr(StoreAttestation) first = newest(world, "s1", 0), other = newest(world, "s1", 1);
    g_assert_cmpstr(first->code, ==, "noReference");
    g_assert_cmpuint(first->resets, ==, 1);
    /* Boots of one image at one size measure the same, each quoted for its own nonce by its own key. */
    g_assert_cmpstr(first->log, ==, other->log);
    g_assert_false(g_bytes_equal(first->nonce, other->nonce) || g_bytes_equal(first->ak, other->ak));
    g_assert_cmpuint(rounds(world, 0), ==, 1);

    baseline_learn(world, "s1", 0, "Testudo:mini:gen2:1.0.0", 1, 2048);
    expect(world, "s1", "NotJudged NotJudged");
    world_advance(world, ROUND);
    expect(world, "s1", "Healthy Healthy");
    g_autoptr(StoreAttestation) healthy = newest(world, "s1", 0);
    g_assert_cmpstr(healthy->code, ==, NULL);
    g_assert_cmpstr(healthy->components, ==, "[]");
    g_assert_cmpstr(healthy->reference, ==, "Testudo:mini:gen2:1.0.0, 1 vCPUs, 2048 MiB");
    g_assert_true(g_bytes_equal(healthy->ak, first->ak));
}

/* The next daemon knows the keys. It asks soon: who knows what guests did meanwhile? */
static void
test_over_a_restart(void)
{
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    const guint before = rounds(world, 0);
    g_autoptr(StoreAttestation) first = newest(world, "s1", 0);
    world_restart(world);
    expect(world, "s1", "Healthy Healthy");
    world_advance(world, 61 * S);
    g_assert_cmpuint(rounds(world, 0), ==, before + 1);
    world_advance(world, 50 * 60 * S);
    g_assert_cmpuint(rounds(world, 0), ==, before + 1);
    world_advance(world, 15 * 60 * S);
    g_assert_cmpuint(rounds(world, 0), ==, before + 2);
    expect(world, "s1", "Healthy Healthy");
    g_autoptr(StoreAttestation) again = newest(world, "s1", 0);
    g_assert_true(g_bytes_equal(first->ak, again->ak));
    g_assert_false(g_bytes_equal(first->quote, again->quote));
}

/* What was under way in the guest is asked again. */
static void
test_a_restart_within_a_round(void)
{
    for (guint s = 1; s <= 12; s += 2) {
        g_autoptr(World) world = world_new();
        host_simulated_set_guest_latency(world->simulated, 5 * S);
        answer_free(world_ask(world, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
        answer_free(world_must(world, 201, "PUT", "@/s1", SET("1", "Standard_B1ms", "1.0.0")));
        world_settle(world);
        expect(world, "s1", "Waiting");
        world_advance(world, s * S);
        world_restart(world);
        world_advance(world, 72 * S);
        expect(world, "s1", "NotJudged");
        /* The next daemon asks soon, whatever the one before it heard. */
        g_assert_cmpuint(rounds(world, 0), ==, s < 10 ? 1 : 2);
    }
}

/* The vTPM that runs is the former one, and the one that is wanted is not made yet. */
static void
test_a_restart_before_a_reimage(void)
{
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    answer_free(world_must(world, 202, "POST", "@/s1/virtualMachines/0/reimage", NULL));
    world_restart(world);
    attested_settle(world);
    expect(world, "s1", "Healthy Healthy");
}

/* ---- boots that the guest begins ---- */

static void
reboot(World *world, SimulatedFault how)
{
    g_autoptr(GPtrArray) keys = host_simulated_keys(world->simulated);
    for (guint i = 0; i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);
        if (g_str_has_suffix(key, ".0"))
            g_assert_true(host_simulated_reboot(world->simulated, key, how));
    }
}

static void
test_a_boot_that_the_guest_began(void)
{
    static const SimulatedFault hows[] = { SIMULATED_OK, SIMULATED_GRUB_CHANGED };
    for (guint i = 0; i < G_N_ELEMENTS(hows); i++) {
        g_autoptr(World) world = world_of_two();
        world_advance(world, ROUND);
        expect(world, "s1", "Healthy Healthy");
        reboot(world, hows[i]);
        world_advance(world, S / 20);
        expect(world, "s1", "Waiting Healthy");
        g_autoptr(Answer) state = world_must(world, 200, "GET", "@/s1/virtualMachines/0/attestation", NULL);
        answer_expect(state, "properties.state", "Waiting");
        answer_free(
            world_must(world, 409, "POST", "@/s1/virtualMachines/0/attestationToken", "{\"nonce\":\"0011223344556677\"}"));
        world_advance(world, S);
        expect(world, "s1", hows[i] == SIMULATED_OK ? "Healthy Healthy" : "Deviation Healthy");
        g_autoptr(StoreAttestation) seen = newest(world, "s1", 0);
        g_assert_cmpuint(seen->epoch, ==, 1);
        g_assert_cmpuint(seen->resets, ==, 2);
    }
}

/* Until there is no hope that its agent comes. */
static void
test_a_guest_that_does_not_come_back(void)
{
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    reboot(world, SIMULATED_NO_AGENT);
    world_advance(world, 590 * S);
    expect(world, "s1", "Waiting Healthy");
    world_advance(world, 20 * S);
    expect(world, "s1", "Unreachable Healthy");
}

/* Too late for all that is tried: it is asked when it comes. */
static void
test_a_guest_that_comes_back_late(void)
{
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    host_simulated_set_latency(world->simulated, &(SimulatedLatency){ S, 800 * S, S, S });
    reboot(world, SIMULATED_OK);
    world_advance(world, 790 * S);
    expect(world, "s1", "Unreachable Healthy");
    world_advance(world, 11 * S);
    expect(world, "s1", "Healthy Healthy");
}

/* The daemon ended before it could hear of it. */
static void
test_a_boot_that_nobody_saw(void)
{
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    reboot(world, SIMULATED_GRUB_CHANGED);
    world_restart(world);
    world_advance(world, 61 * S);
    expect(world, "s1", "Deviation Healthy");
}

static int
note_quote(const char *key, guint64 epoch G_GNUC_UNUSED, const char *const *argv, GString *out G_GNUC_UNUSED, void *data)
{
    gboolean *asked = data;
    *asked = *asked || (g_str_has_suffix(key, ".0") && strcmp(argv[0], "quote") == 0);
    return SIMULATED_GUEST_AS_EVER;
}

/* The answer of the former boot, and word that it is over, come at once. */
static void
test_an_answer_of_the_former_boot(void)
{
    gboolean asked = FALSE;
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    host_simulated_set_guest(world->simulated, note_quote, &asked);
    while (!asked) {
        world_run_ready(world);
        g_assert_true(clock_virtual_fire_next(world->clock));
    }
    const guint before = rounds(world, 0);
    reboot(world, SIMULATED_GRUB_CHANGED);
    g_assert_true(clock_virtual_fire_next(world->clock));
    world_run_ready(world);
    expect(world, "s1", "Waiting Healthy");
    g_assert_cmpuint(rounds(world, 0), ==, before);
    world_advance(world, S);
    expect(world, "s1", "Deviation Healthy");
}

/* ---- what is wrong ---- */

static SimulatedFault
second_boot(const LaunchSpec *spec, void *data)
{
    return g_str_has_suffix(spec->key, ".0") && spec->epoch == 2 ? (SimulatedFault)GPOINTER_TO_INT(data) : SIMULATED_OK;
}

static const struct {
    const char *name;
    SimulatedFault fault;
    const char *integrities, *code, *says; /* of the instance's reason */
} wrongs[] = {
    { "nothing", SIMULATED_OK, "Healthy Healthy", NULL, NULL },
    { "another-grub", SIMULATED_GRUB_CHANGED, "Deviation Healthy", "deviation", "PCR 4: \\EFI\\BOOT\\grubx64.efi has digest" },
    { "no-event-log", SIMULATED_NO_LOG, "NotAttested Healthy", "noEventLog", "no event log" },
    { "another-vtpm", SIMULATED_OTHER_VTPM, "NotAttested Healthy", "otherVTpm", "another endorsement key" },
    { "another-key", SIMULATED_OTHER_KEY, "NotAttested Healthy", "keyNotActivated", "was not shown" },
    { "pcrs-left-out", SIMULATED_FEW_PCRS, "NotAttested Healthy", "tooFewPcrs", "all PCRs that were asked for" },
    { "an-older-copy", SIMULATED_ROLLED_BACK, "NotAttested Healthy", "vTpmRolledBack",
      "put back, or its guest has cleared it" },
};

static void
test_wrong(const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    host_simulated_set_faults(world->simulated, second_boot, GINT_TO_POINTER((gint)wrongs[i].fault));
    answer_free(world_must(world, 202, "POST", "@/s1/restart", ONLY("0")));
    attested_settle(world);
    /* It is so at the next time too, and under another daemon. */
    for (guint time = 0; time < 3; time++) {
        g_autoptr(StoreAttestation) seen = newest(world, "s1", 0);
        expect(world, "s1", wrongs[i].integrities);
        g_assert_cmpstr(seen->code, ==, wrongs[i].code);
        if (wrongs[i].says)
            g_assert_nonnull(strstr(seen->reason, wrongs[i].says));
        g_assert_cmpuint(seen->epoch, ==, 2);
        if (time == 0)
            world_restart(world);
        world_advance(world, ROUND);
    }
    /* The next boot is another one. */
    answer_free(world_must(world, 202, "POST", "@/s1/restart", ONLY("0")));
    attested_settle(world);
    expect(world, "s1", "Healthy Healthy");
}

/* Nothing was approved yet, and what there is would be approved unseen. */
static void
test_secure_boot_that_is_off_all_the_same(void)
{
    g_autoptr(World) world = world_new();
    attested_create(world, "s1", SET("2", "Standard_B1ms", "1.0.0"));
    host_simulated_set_faults(world->simulated, second_boot, GINT_TO_POINTER(SIMULATED_UNSECURED));
    answer_free(world_must(world, 202, "POST", "@/s1/restart", ONLY("0")));
    attested_settle(world);
    expect(world, "s1", "Deviation NotJudged");
    g_autoptr(StoreAttestation) seen = newest(world, "s1", 0);
    g_assert_nonnull(strstr(seen->reason, "Secure Boot was off"));
    /* Nor is it well once it was approved. */
    baseline_learn(world, "s1", 0, "Testudo:mini:gen2:1.0.0", 1, 2048);
    world_advance(world, ROUND);
    expect(world, "s1", "Deviation Deviation");
}

/* All that differs is named, and what it should have been. */
static void
test_components(void)
{
    g_autoptr(World) world = world_of_two();
    host_simulated_set_faults(world->simulated, second_boot, GINT_TO_POINTER(SIMULATED_GRUB_CHANGED));
    answer_free(world_must(world, 202, "POST", "@/s1/restart", ONLY("0")));
    attested_settle(world);
    g_autoptr(StoreAttestation) seen = newest(world, "s1", 0);
    g_autoptr(json_t) components = json_loads(seen->components, 0, NULL);
    g_assert_cmpuint(json_array_size(components), ==, 1);
    const json_t *one = json_array_get(components, 0);
    g_assert_cmpstr(json_string_value(json_object_get(one, "name")), ==, "\\EFI\\BOOT\\grubx64.efi");
    g_assert_cmpstr(json_string_value(json_object_get(one, "kind")), ==, "changed");
    g_assert_cmpint(json_integer_value(json_object_get(one, "pcr")), ==, 4);
}

static int
no_quotes(const char *key, guint64 epoch G_GNUC_UNUSED, const char *const *argv, GString *out G_GNUC_UNUSED, void *data)
{
    const gboolean *silent = data;
    return *silent && g_str_has_suffix(key, ".0") && strcmp(argv[0], "quote") == 0 ? SIMULATED_GUEST_SILENT
                                                                                   : SIMULATED_GUEST_AS_EVER;
}

static void
test_silence(void)
{
    gboolean silent = TRUE;
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    host_simulated_set_guest(world->simulated, no_quotes, &silent);
    world_advance(world, ROUND);
    expect(world, "s1", "Unreachable Healthy");
    g_autoptr(StoreAttestation) seen = newest(world, "s1", 0);
    g_assert_cmpstr(seen->code, ==, "noAnswer");
    silent = FALSE;
    world_advance(world, ROUND);
    expect(world, "s1", "Healthy Healthy");
    /* It is asked again much sooner than at the end of the period. */
    silent = TRUE;
    answer_free(world_must(world, 202, "POST", "@/s1/restart", ONLY("0")));
    world_settle(world);
    world_advance(world, 5 * S);
    expect(world, "s1", "Unreachable Healthy");
    silent = FALSE;
    world_advance(world, 30 * S);
    expect(world, "s1", "Healthy Healthy");
}

/* How often the activity log was told of a boot, and of how many that were bad. */
static char *
told(World *world)
{
    guint n = 0, bad = 0;
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(GPtrArray) events = store_event_list(tx, NULL, 0, 1000, NULL);
    for (guint i = 0; i < events->len; i++) {
        const StoreEvent *event = g_ptr_array_index(events, i);
        if (strcmp(event->operation_name, operation_kind_text(OPERATION_ATTEST)) != 0)
            continue;
        n++;
        bad += strcmp(event->status, "Failed") == 0 ? 1 : 0;
    }
    return g_strdup_printf("%u, %u bad", n, bad);
}

static void
expect_told(World *world, const char *wanted)
{
    g_autofree char *text = told(world);
    g_assert_cmpstr(text, ==, wanted);
}

static void
test_alerts(void)
{
    gboolean silent = FALSE;
    g_autoptr(World) world = world_of_two();
    host_simulated_set_guest(world->simulated, no_quotes, &silent);
    world_advance(world, ROUND);
    expect_told(world, "0, 0 bad");
    silent = TRUE;
    world_advance(world, 2 * ROUND);
    expect_told(world, "1, 1 bad");
    silent = FALSE;
    world_advance(world, ROUND);
    expect_told(world, "2, 1 bad");

    answer_free(
        world_must(world, 200, "PATCH", "@/s1/extensions/GuestAttestation", ATTESTATION_PATCH("\"disableAlerts\":\"true\"")));
    world_settle(world);
    world_advance(world, ROUND);
    silent = TRUE;
    world_advance(world, ROUND);
    expect(world, "s1", "Unreachable Healthy");
    expect_told(world, "2, 1 bad");
}

static void
expect_alert(World *world, gboolean open)
{
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(GPtrArray) alerts = store_alert_list(tx, NULL, 0, 10, NULL);
    g_assert_cmpuint(alerts->len, ==, 1);
    const StoreAlert *alert = g_ptr_array_index(alerts, 0);
    g_assert_cmpint(alert->kind, ==, ALERT_KERNEL_MODULE);
    g_assert_cmpint(alert->open, ==, open);
    g_assert_cmpstr(alert->message, ==, "Kernel modules without a signature that counts: one that the kernel does not name.");
}

/* It is told once a boot; the boot is no worse for it. */
static void
test_refused_modules(void)
{
    g_autoptr(World) world = world_of_two();
    world_advance(world, ROUND);
    host_simulated_set_faults(world->simulated, second_boot, GINT_TO_POINTER(SIMULATED_BAD_MODULE));
    answer_free(world_must(world, 202, "POST", "@/s1/restart", ONLY("0")));
    world_settle(world);
    world_advance(world, 2 * ROUND);
    expect(world, "s1", "Healthy Healthy");
    g_autoptr(Answer) answer = world_must(world, 200, "GET", "@/s1/virtualMachines/0/attestation", NULL);
    answer_expect(answer, "properties.refusedModules.0.message", "Loading of unsigned module is rejected");
    answer_expect(answer, "properties.refusedModules.0.loaded", "false");
    g_autoptr(Answer) other = world_must(world, 200, "GET", "@/s1/virtualMachines/1/attestation", NULL);
    answer_expect(other, "properties.refusedModules", NULL);
    expect_told(world, "1, 1 bad");
    expect_alert(world, TRUE);

    answer_free(world_must(world, 202, "POST", "@/s1/restart", ONLY("0")));
    attested_settle(world);
    expect_alert(world, FALSE);
}

/* PCR 0 is another one at another size: there is a reference for neither of the other sizes until one is learnt. */
static void
test_a_baseline_is_of_a_size(void)
{
    g_autoptr(World) world = world_of_two();
    attested_create(world, "s2", SET("1", "Standard_B2s", "1.0.0"));
    expect(world, "s2", "NotJudged");
    g_autoptr(StoreAttestation) seen = newest(world, "s2", 0);
    g_assert_nonnull(strstr(seen->reason, "PCR 0"));
    baseline_learn(world, "s2", 0, "Testudo:mini:gen2:1.0.0", 2, 4096);
    world_advance(world, ROUND);
    expect(world, "s1", "Healthy Healthy");
    expect(world, "s2", "Healthy");
}

/* ---- before anything was approved ---- */

/* As if its image's file had what instance 0 measured, but for `other` in place of GRUB's digest where that is not NULL. */
static void
components_put(World *world, const char *other)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreAttestation) seen = newest(world, "s1", 0);
    StoreTx *tx = store_write(world->store, &error);
    g_autoptr(GBytes) bytes = store_log_get(tx, seen->log, &error);
    g_autoptr(EventLog) log = event_log_parse(bytes, &error);
    g_autoptr(ImageInfo) image = store_image_get(tx, "Testudo", "mini", "gen2", "1.0.0", &error);
    g_autoptr(json_t) json = json_pack("{ss ss s[{si sb}] s[]}", "image", "Testudo:mini:gen2:1.0.0", "imageSha256",
                                       image->sha256 ? image->sha256 : "", "partitions", "number", 1, "read", 1, "files");
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *event = event_log_get(log, i);
        g_auto(EventInfo) info = { 0 };
        event_info_read(event, &info);
        g_autofree char *digest = sha256_hex(event->digest), *path = g_strdelimit(g_strdup(info.name), "\\", '/');
        const gboolean is_grub = strstr(path, "grubx64") != NULL;
        if (event->pcr == 4 || event->pcr == 9)
            json_array_append_new(json_object_get(json, "files"),
                                  json_pack("{si ss ss ss}", "partition", 1, "path", *path == '/' ? path : "/a", "sha256",
                                            digest, "program", is_grub && other ? other : digest));
    }
    g_autofree char *document = json_text(json);
    const StoreComponents components = { (char *)"Testudo:mini:gen2:1.0.0", 1, document };
    g_assert_true(store_components_put(tx, &components, &error) && store_commit(tx, &error));
}

static void
test_computed_before_anything_was_approved(void)
{
    g_autofree char *other = g_strnfill(64, 'e');
    g_autoptr(World) world = world_new();
    attested_create(world, "s1", SET("1", "Standard_B1ms", "1.0.0"));
    components_put(world, NULL);
    world_advance(world, ROUND);
    expect(world, "s1", "NotJudged");
    g_autoptr(StoreAttestation) alike = newest(world, "s1", 0);
    g_assert_nonnull(strstr(alike->reason, "are those of image Testudo:mini:gen2:1.0.0."));

    components_put(world, other);
    world_advance(world, ROUND);
    expect(world, "s1", "Deviation");
    g_autoptr(StoreAttestation) deviates = newest(world, "s1", 0);
    g_assert_nonnull(strstr(deviates->reason, "PCR 4: \\EFI\\BOOT\\grubx64.efi has digest "));
    g_assert_nonnull(strstr(deviates->reason, "image Testudo:mini:gen2:1.0.0 has eeee"));

    /* What an operator approved counts. */
    baseline_learn(world, "s1", 0, "Testudo:mini:gen2:1.0.0", 1, 2048);
    world_advance(world, ROUND);
    expect(world, "s1", "Healthy");
}

static void
test_computed_on_demand(void)
{
    g_autoptr(World) world = world_new();
#define COMPONENTS "~/providers/Testudo.Attestation/components"
    answer_free(world_must(world, 404, "GET", COMPONENTS "/Testudo:mini:gen2:1.0.0", NULL));
    g_autoptr(Answer) made = world_must(world, 200, "POST", COMPONENTS, "{\"image\":\"Testudo:mini:gen2:1.0.0\"}");
    answer_expect(made, "properties.image", "Testudo:mini:gen2:1.0.0");
    g_autoptr(Answer) again = world_must(world, 200, "GET", COMPONENTS "/Testudo:mini:gen2:1.0.0", NULL);
    answer_expect(again, "properties.image", "Testudo:mini:gen2:1.0.0");
    answer_free(world_must(world, 404, "POST", COMPONENTS, "{\"image\":\"Testudo:mini:gen2:9.0.0\"}"));
    answer_free(world_must(world, 400, "POST", COMPONENTS, "{\"image\":\"mini\"}"));
}

/* The same image with Secure Boot off is none of it, and says why. */
static void
test_without_secure_boot(void)
{
    g_autoptr(World) world = world_of_two();
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Automatic\"},\"virtualMachineProfile\":{"
                           "\"securityProfile\":{\"uefiSettings\":{\"secureBootEnabled\":false}}}}}"));
    world_settle(world);
    world_advance(world, ROUND);
    expect(world, "s1", "NotAttested NotAttested");
    g_autoptr(StoreAttestation) seen = newest(world, "s1", 0);
    g_assert_cmpstr(seen->code, ==, "secureBootOff");
}

/* ---- the health gate of a rolling upgrade ---- */

static SimulatedFault
new_image_deviates(const LaunchSpec *spec, void *data)
{
    const gboolean *deviates = data;
    return *deviates && g_str_has_suffix(spec->image_urn, ":1.1.0") ? SIMULATED_GRUB_CHANGED : SIMULATED_OK;
}

static void
expect_latest(World *world, const char *code, const char *successful)
{
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", code);
    answer_expect(latest, "properties.progress.successfulInstanceCount", successful);
}

/* Of each instance, whether it runs the set's model: "true false false". */
static char *
upgraded(World *world)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    for (guint i = 0; i < json_array_size(answer_at(list, "value")); i++) {
        g_autofree char *path = g_strdup_printf("value.%u.properties.latestModelApplied", i);
        g_autofree char *applied = answer_text(list, path);
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", applied);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The extension is left on: what the model itself rules out is held against nobody. */
static void
test_back_to_standard(void)
{
    static const char *const bodies[] = {
        "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":{\"uefiSettings\":{\"secureBootEnabled\":false}}}}}",
        "{\"properties\":{\"virtualMachineProfile\":{\"securityProfile\":{\"securityType\":\"Standard\"}}}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(World) world = world_of_two();
        answer_free(world_must(world, 200, "PATCH", "@/s1", ROLLING("false", "false")));
        world_advance(world, ROUND);
        answer_free(world_must(world, 200, "PATCH", "@/s1", bodies[i]));
        world_settle(world);
        world_advance(world, 3600 * S);
        expect(world, "s1", "NotAttested NotAttested");
        expect_latest(world, "Completed", "2");
    }
}

static const struct {
    const char *name, *policy;
    const char *integrities, *upgraded; /* once it has stopped */
} gates[] = {
    { "stays", ROLLING("false", "false"), "Deviation Healthy Healthy", "true false false" },
    { "is-put-back", ROLLING("false", "true"), "Healthy Healthy Healthy", "false false false" },
    { "serves-in-nobodys-place", ROLLING("true", "false"), "Healthy Healthy Healthy", "false false false" },
};

static void
test_gate(const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    gboolean deviates = FALSE;
    g_autoptr(World) world = world_new();
    host_simulated_set_faults(world->simulated, new_image_deviates, &deviates);
    attested_create(world, "s1", SET("3", "Standard_B1ms", "1.0.0"));
    attested_create(world, "s2", SET("1", "Standard_B1ms", "1.1.0"));
    baseline_learn(world, "s1", 0, "Testudo:mini:gen2:1.0.0", 1, 2048);
    baseline_learn(world, "s2", 0, "Testudo:mini:gen2:1.1.0", 1, 2048);
    answer_free(world_must(world, 200, "PATCH", "@/s1", gates[i].policy));
    world_advance(world, ROUND);
    expect(world, "s1", "Healthy Healthy Healthy");

    deviates = TRUE;
    answer_free(world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0")));
    world_settle(world);
    world_advance(world, 3600 * S);
    expect_latest(world, "Faulted", "0");
    expect(world, "s1", gates[i].integrities);
    g_autofree char *stopped = upgraded(world);
    g_assert_cmpstr(stopped, ==, gates[i].upgraded);

    deviates = FALSE;
    answer_free(world_must(world, 202, "POST", "@/s1/restart", "{\"instanceIds\":[\"*\"]}"));
    attested_settle(world);
    answer_free(world_must(world, 202, "POST", "@/s1/osRollingUpgrade", NULL));
    world_settle(world);
    world_advance(world, 3600 * S);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", "Completed");
    expect(world, "s1", "Healthy Healthy Healthy");
    g_autofree char *at_last = upgraded(world);
    g_assert_cmpstr(at_last, ==, "true true true");
}

/* The first of three was upgraded, and healthy; started again between two batches, it deviates. */
static SimulatedFault
third_boot_deviates(const LaunchSpec *spec, void *data)
{
    (void)data;
    return g_str_has_suffix(spec->key, ".0") && spec->epoch == 3 ? SIMULATED_GRUB_CHANGED : SIMULATED_OK;
}

static void
test_a_deviation_after_its_batch_stops_the_upgrade(void)
{
    g_autoptr(World) world = world_new();
    host_simulated_set_faults(world->simulated, third_boot_deviates, NULL);
    attested_create(world, "s1", SET("3", "Standard_B1ms", "1.0.0"));
    attested_create(world, "s2", SET("1", "Standard_B1ms", "1.1.0"));
    baseline_learn(world, "s2", 0, "Testudo:mini:gen2:1.1.0", 1, 2048);
    answer_free(
        world_must(world, 200, "PATCH", "@/s1",
                   "{\"properties\":{\"upgradePolicy\":{\"rollingUpgradePolicy\":{\"pauseTimeBetweenBatches\":\"PT1H\"}}}}"));
    answer_free(world_must(world, 200, "PATCH", "@/s1", IMAGE("1.1.0")));
    world_advance(world, 600 * S);
    expect_latest(world, "RollingForward", "1");
    expect(world, "s1", "Healthy NotJudged NotJudged");
    answer_free(world_must(world, 202, "POST", "@/s1/restart", ONLY("0")));
    world_advance(world, 600 * S);
    expect(world, "s1", "Deviation NotJudged NotJudged");
    world_settle(world);
    expect_latest(world, "Faulted", "1");
    g_autofree char *stopped = upgraded(world);
    g_assert_cmpstr(stopped, ==, "true false false");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/attest/judged-as-soon-as-there-is-a-baseline", test_judged_as_soon_as_there_is_a_baseline);
    g_test_add_func("/engine/attest/over-a-restart", test_over_a_restart);
    g_test_add_func("/engine/attest/a-restart-within-a-round", test_a_restart_within_a_round);
    g_test_add_func("/engine/attest/a-restart-before-a-reimage", test_a_restart_before_a_reimage);
    g_test_add_func("/engine/attest/a-boot-that-the-guest-began", test_a_boot_that_the_guest_began);
    g_test_add_func("/engine/attest/a-guest-that-does-not-come-back", test_a_guest_that_does_not_come_back);
    g_test_add_func("/engine/attest/a-guest-that-comes-back-late", test_a_guest_that_comes_back_late);
    g_test_add_func("/engine/attest/a-boot-that-nobody-saw", test_a_boot_that_nobody_saw);
    g_test_add_func("/engine/attest/an-answer-of-the-former-boot", test_an_answer_of_the_former_boot);
    g_test_add_func("/engine/attest/components", test_components);
    g_test_add_func("/engine/attest/silence", test_silence);
    g_test_add_func("/engine/attest/alerts", test_alerts);
    g_test_add_func("/engine/attest/refused-modules", test_refused_modules);
    g_test_add_func("/engine/attest/a-baseline-is-of-a-size", test_a_baseline_is_of_a_size);
    g_test_add_func("/engine/attest/computed-before-anything-was-approved", test_computed_before_anything_was_approved);
    g_test_add_func("/engine/attest/computed-on-demand", test_computed_on_demand);
    g_test_add_func("/engine/attest/secure-boot-off-all-the-same", test_secure_boot_that_is_off_all_the_same);
    g_test_add_func("/engine/attest/without-secure-boot", test_without_secure_boot);
    g_test_add_func("/engine/attest/back-to-standard", test_back_to_standard);
    g_test_add_func("/engine/attest/a-deviation-after-its-batch-stops-the-upgrade",
                    test_a_deviation_after_its_batch_stops_the_upgrade);
    for (guint i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        g_autofree char *path = g_strconcat("/engine/attest/wrong/", wrongs[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_wrong);
    }
    for (guint i = 0; i < G_N_ELEMENTS(gates); i++) {
        g_autofree char *path = g_strconcat("/engine/attest/who-deviates-stops-the-upgrade-and-", gates[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_gate);
    }
    return g_test_run();
}
