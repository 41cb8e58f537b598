/* Boot integrity as clients see it. */
#include "attested.h"
#include "rows.h"

#include "base/json.h"

#define S            USEC_PER_SEC
#define INSTANCE     "@/s1/virtualMachines/0"
#define BASELINES    "~/providers/Testudo.Attestation/baselines"
#define NOT_ATTESTED TRUSTED_SET("Standard_B1ms", "1", "1.0.0", UPGRADE_MODE("Manual"), "")

static World *
world_with(const char *body)
{
    World *world = world_new();
    attested_create(world, "s1", body);
    return world;
}

static void
test_from_not_judged_to_healthy(void)
{
    g_autoptr(World) world = world_with(ATTESTED_SET("1", "Manual", ""));
    const Row before[] = {
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "NotJudged" },
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.code", "noReference" },
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.evidence", NULL },
        { "GET", INSTANCE "/instanceView", NULL, 200, "bootIntegrity.status.code", "BootIntegrity/notjudged" },
        { "GET", INSTANCE "/instanceView", NULL, 200, "bootIntegrity.status.level", "Warning" },
        { "GET", BASELINES, NULL, 200, "value.0", NULL },
        { "GET", BASELINES "/1", NULL, 404, "error.code", "NotFound" },
        { "POST", INSTANCE "/approveBaseline", NULL, 201, "properties.image", "Testudo:mini:gen2:1.0.0" },
        { "GET", BASELINES "/1", NULL, 200, "properties.approvedBy", "owner" },
    };
    ROWS_RUN(world, before);
    /* Approval has the instance attested again at once. */
    world_advance(world, 60 * S);
    const Row after[] = {
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "Healthy" },
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.reason", NULL },
        { "GET", INSTANCE "/attestations", NULL, 200, "value.0.properties.state", "Healthy" },
        { "GET", INSTANCE "/attestations", NULL, 200, "value.1.properties.state", "NotJudged" },
        { "GET", INSTANCE "/instanceView", NULL, 200, "bootIntegrity.status.code", "BootIntegrity/healthy" },
        { "DELETE", BASELINES "/1", NULL, 200, NULL, NULL },
        { "GET", BASELINES "/1", NULL, 200, "properties.withdrawnBy", "owner" },
        { "POST", INSTANCE "/attest", NULL, 202, NULL, NULL },
    };
    ROWS_RUN(world, after);
    world_advance(world, 60 * S);
    g_autoptr(Answer) withdrawn = world_must(world, 200, "GET", INSTANCE "/attestation", NULL);
    answer_expect(withdrawn, "properties.state", "NotJudged");
}

static void
test_evidence(void)
{
    static const char *const parts[] = { "nonce.bin", "quote.attest", "quote.sig",     "ak.pub",
                                         "ek.pub",    "eventlog.bin", "ek-rsa.crt.der" };
    g_autoptr(World) world = world_with(ATTESTED_SET("1", "Manual", ""));
    g_autoptr(Answer) answer = world_must(world, 200, "GET", INSTANCE "/attestation?$expand=evidence", NULL);
    const json_t *evidence = answer_at(answer, "properties.evidence");
    g_assert_cmpuint(json_object_size(evidence), ==, G_N_ELEMENTS(parts));
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_true(json_is_string(json_object_get(evidence, parts[i])));
    answer_free(world_must(world, 400, "GET", INSTANCE "/attestation?$expand=all", NULL));
}

/* Nobody looked for hours: what was green then is not green now. */
static void
test_stale(void)
{
    g_autoptr(World) world = world_with(ATTESTED_SET("1", "Manual", ""));
    world_stop(world);
    clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + 3 * 3600 * S);
    world_start(world);
    const Row rows[] = {
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "Unreachable" },
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.code", "stale" },
    };
    ROWS_RUN(world, rows);
    world_advance(world, 60 * S);
    g_autoptr(Answer) again = world_must(world, 200, "GET", INSTANCE "/attestation", NULL);
    answer_expect(again, "properties.state", "NotJudged");
}

static void
test_who_is_not_attested(void)
{
    g_autoptr(World) world = world_with(NOT_ATTESTED);
    const Row rows[] = {
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "None" },
        { "GET", INSTANCE "/instanceView", NULL, 200, "bootIntegrity", NULL },
        { "GET", INSTANCE "/attestations", NULL, 200, "value.0", NULL },
        { "POST", INSTANCE "/attest", NULL, 409, "error.code", "OperationNotAllowed" },
        { "POST", INSTANCE "/approveBaseline", NULL, 409, "error.code", "OperationNotAllowed" },
        { "GET", "@/s1/virtualMachines/7/attestation", NULL, 404, NULL, NULL },
        { "DELETE", BASELINES "/x", NULL, 404, "error.code", "NotFound" },
    };
    ROWS_RUN(world, rows);
}

static char *
log_of_present_boot(World *world)
{
    g_autoptr(Answer) answer = world_must(world, 200, "GET", INSTANCE "/attestation", NULL);
    return g_strdup(json_string_value(answer_at(answer, "properties.eventLogSha256")));
}

/* Who is asked to approve looks at one boot, and the guest may begin another before he answers. */
static void
test_what_was_looked_at_is_approved(void)
{
    g_autoptr(World) world = world_with(ATTESTED_SET("1", "Manual", ""));
    g_autofree char *before = log_of_present_boot(world), *former = g_strdup_printf("{\"eventLogSha256\":\"%s\"}", before);
    g_autoptr(GPtrArray) keys = host_simulated_keys(world->simulated);
    g_assert_true(host_simulated_reboot(world->simulated, g_ptr_array_index(keys, 0), SIMULATED_GRUB_CHANGED));
    world_advance(world, 60 * S);
    g_autofree char *since = log_of_present_boot(world), *present = g_strdup_printf("{\"eventLogSha256\":\"%s\"}", since);
    g_assert_cmpstr(before, !=, since);
    const Row rows[] = {
        { "POST", INSTANCE "/approveBaseline", former, 409, "error.code", "Conflict" },
        { "POST", INSTANCE "/approveBaseline", "{\"eventLogSha256\":1}", 400, "error.code", "InvalidRequestContent" },
        { "POST", INSTANCE "/approveBaseline", "{\"eventLog\":\"\"}", 400, "error.code", "InvalidRequestContent" },
        { "GET", BASELINES, NULL, 200, "value.0", NULL },
        { "POST", INSTANCE "/approveBaseline", present, 201, "properties.eventLogSha256", since },
    };
    ROWS_RUN(world, rows);
}

/* A model that comes while it rests is its own at once, and nothing of it has booted. */
static void
test_a_boot_of_another_image_is_not_approved_as_this_one(void)
{
    g_autoptr(World) world = world_with(ATTESTED_SET("1", "Manual", ""));
    answer_free(world_must(world, 202, "POST", INSTANCE "/poweroff", NULL));
    world_settle(world);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{"
                           "\"version\":\"1.1.0\"}}}}}"));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\"]}"));
    world_settle(world);
    const Row rows[] = {
        { "GET", INSTANCE, NULL, 200, "properties.latestModelApplied", "true" },
        { "POST", INSTANCE "/approveBaseline", NULL, 201, "properties.image", "Testudo:mini:gen2:1.0.0" },
    };
    ROWS_RUN(world, rows);
}

/* A stranger's, as good as any. */
static void
test_who_certifies(void)
{
    g_autoptr(World) world = world_with(NOT_ATTESTED);
    g_autofree char *path = g_build_filename(g_getenv("ATTEST_FIXTURES"), "ca", "root.pem", NULL), *root = NULL;
    const Row none[] = { { "GET", "~/providers/Testudo.Attestation/vtpmAuthority", NULL, 404, "error.code", "NotFound" } };
    ROWS_RUN(world, none);
    g_assert_true(g_file_get_contents(path, &root, NULL, NULL));
    world->authority = root;
    const Row rows[] = {
        { "GET", "~/providers/Testudo.Attestation/vtpmAuthority", NULL, 200, "properties.chain", root },
        { "GET", "~/providers/Testudo.Attestation/vtpmAuthority", NULL, 200, "properties.rootKeyHere", "true" },
        { "GET", "~/providers/Testudo.Attestation/vtpmAuthority", NULL, 200, "properties.certificates.0.subject",
          "CN=swtpm-localca-rootca" },
        { "GET", "~/providers/Testudo.Attestation/vtpmAuthority", NULL, 200, "properties.certificates.0.notAfter",
          "9999-12-31T23:59:59Z" },
        { "GET", "~/providers/Testudo.Attestation/vtpmAuthority", NULL, 200, "properties.certificates.1", NULL },
    };
    ROWS_RUN(world, rows);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/api/attestation/from-not-judged-to-healthy", test_from_not_judged_to_healthy);
    g_test_add_func("/api/attestation/evidence", test_evidence);
    g_test_add_func("/api/attestation/stale", test_stale);
    g_test_add_func("/api/attestation/another-image", test_a_boot_of_another_image_is_not_approved_as_this_one);
    g_test_add_func("/api/attestation/what-was-looked-at", test_what_was_looked_at_is_approved);
    g_test_add_func("/api/attestation/who-is-not-attested", test_who_is_not_attested);
    g_test_add_func("/api/attestation/who-certifies", test_who_certifies);
    return g_test_run();
}
