/* The CA of vTPMs by REST: revoking a certificate, what follows from it, and who may see what was revoked. */
#include "attested.h"
#include "rows.h"

#include "attest/chain.h"
#include "attest/crl.h"
#include "base/json.h"

#include <string.h>

#define AUTHORITY "~/providers/Testudo.Attestation/vtpmAuthority"
#define REVOKE    AUTHORITY "/revoke"
#define INSTANCE  "@/s1/virtualMachines/0"

static World *
world_not_judged(void)
{
    World *world = world_new();
    world->authority = "-----BEGIN CERTIFICATE-----\n";
    attested_create(world, "s1", ATTESTED_SET("2", "Manual", ""));
    return world;
}

static char *
revoke_body(World *world, const char *id)
{
    g_autofree char *target = world_target(world, "@/s1/virtualMachines/");
    const char *end = strchr(target, '?');
    g_autofree char *path = g_strndup(target, end ? (gsize)(end - target) : strlen(target));
    return g_strdup_printf("{\"instance\":\"%s%s%s\",\"reason\":\"copied\"}", path, g_str_has_suffix(path, "/") ? "" : "/", id);
}

static void
test_an_instances_certificate(void)
{
    g_autoptr(World) world = world_not_judged();
    g_autofree char *body = revoke_body(world, "0"), *unknown = revoke_body(world, "7");
    const Row rows[] = {
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "NotJudged" },
        { "POST", REVOKE, unknown, 404, NULL, NULL },
        { "POST", REVOKE, body, 200, "revoked.1.key", "P-384" },
    };
    const Row after[] = {
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "NotAttested" },
        { "GET", INSTANCE "/attestation", NULL, 200, "properties.code", "certificateRevoked" },
        { "GET", "@/s1/virtualMachines/1/attestation", NULL, 200, "properties.state", "NotJudged" },
        { "GET", AUTHORITY, NULL, 200, "properties.revoked.0.reason", "copied" },
        { "GET", AUTHORITY, NULL, 200, "properties.revoked.1.reason", "copied" },
        { "GET", AUTHORITY, NULL, 200, "properties.revoked.2", NULL },
        { "POST", "@/s1/reimage", "{\"instanceIds\":[\"0\"]}", 202, NULL, NULL },
    };
    const Row reimaged[] = { { "GET", INSTANCE "/attestation", NULL, 200, "properties.state", "NotJudged" } };
    ROWS_RUN(world, rows);
    world_advance(world, ROUND);
    ROWS_RUN(world, after);
    attested_settle(world);
    ROWS_RUN(world, reimaged);
}

static StoreVtpm *
recorded(World *world, guint id)
{
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", NULL);
    StoreVtpm *vtpm = store_vtpm_get(tx, set->id, id, NULL);
    g_assert_nonnull(vtpm);
    return vtpm;
}

static void
record(World *world, const StoreVtpm *vtpm)
{
    StoreTx *tx = store_write(world->store, NULL);
    g_assert_true(store_vtpm_put(tx, vtpm, NULL) && store_commit(tx, NULL));
}

/* The serial numbers are those of the certificates that its host has. */
static void
test_both_certificates(void)
{
    g_autoptr(World) world = world_not_judged();
    g_autofree char *body = revoke_body(world, "0");
    g_autoptr(Answer) answer = world_must(world, 200, "POST", REVOKE, body);
    g_autoptr(GPtrArray) found = host_found(world->simulated);
    const json_t *revoked = json_object_get(answer->body, "revoked");
    const HostFound *first = g_ptr_array_index(found, 0);
    if (!g_str_has_suffix(first->key, ".0"))
        first = g_ptr_array_index(found, 1);
    g_assert_cmpuint(json_array_size(revoked), ==, VTPM_N_EKS);
    for (VtpmEk ek = 0; ek < VTPM_N_EKS; ek++) {
        g_autoptr(GBytes) certificate = host_vtpm_certificate(world->simulated, first->key, ek, NULL);
        g_autoptr(Chain) chain = chain_new();
        g_assert_true(chain_add(chain, certificate));
        g_autofree char *serial = crl_serial_of(chain_first(chain));
        g_assert_cmpstr(serial, ==, json_member_text(json_array_get(revoked, ek), "serial"));
    }
}

/* What is recorded is of the vTPM that it had: to revoke that would help nobody. */
static void
test_a_vtpm_that_was_not_attested_yet(void)
{
    g_autoptr(World) world = world_not_judged();
    g_autofree char *body = revoke_body(world, "0");
    g_autoptr(StoreVtpm) vtpm = recorded(world, 0);
    const Row refused[] = { { "POST", REVOKE, body, 409, "error.target", "instance" },
                            { "GET", AUTHORITY, NULL, 200, "properties.revoked.0", NULL } };
    vtpm->generation--;
    record(world, vtpm);
    ROWS_RUN(world, refused);
}

/* An older daemon recorded it: the other number comes when it is attested again. */
static void
test_one_certificate_recorded(void)
{
    g_autoptr(World) world = world_not_judged();
    g_autofree char *body = revoke_body(world, "0"), *serial = NULL;
    g_autoptr(StoreVtpm) vtpm = recorded(world, 0);
    const Row one[] = { { "POST", REVOKE, body, 200, "revoked.1", NULL } };
    serial = g_steal_pointer(&vtpm->serial_p384);
    g_assert_nonnull(serial);
    record(world, vtpm);
    ROWS_RUN(world, one);
    world_advance(world, ROUND);
    g_autoptr(StoreVtpm) later = recorded(world, 0);
    g_assert_cmpstr(later->serial_p384, ==, serial);
    const Row both[] = { { "POST", REVOKE, body, 200, "revoked.1.serial", serial } };
    ROWS_RUN(world, both);
}

static void
test_bodies(void)
{
    g_autoptr(World) world = world_not_judged();
    const Row rows[] = {
        { "POST", REVOKE, "{}", 400, "error.target", "serial" },
        { "POST", REVOKE, "{\"serial\":\"02\",\"instance\":\"/x\"}", 400, "error.target", "serial" },
        { "POST", REVOKE, "{\"serial\":2}", 400, "error.target", "serial" },
        { "POST", REVOKE, "{\"serial\":\"02\",\"more\":\"x\"}", 400, "error.target", "more" },
        { "POST", REVOKE, "{\"instance\":\"x\"}", 400, NULL, NULL },
        { "POST", REVOKE, "{\"serial\":\"02\"}", 200, "revoked.0.serial", "02" },
        { "POST", AUTHORITY "/renew", NULL, 409, "error.target", "rootKey" },
        { "POST", AUTHORITY "/renew", "{\"rootKey\":1}", 400, "error.target", "rootKey" },
        { "POST", AUTHORITY "/renew", "{\"rootKey\":\"/root.pem\"}", 200, "name", "vtpmAuthority" },
        { "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL, 200, "value.0.operationName.value",
          "Testudo.Attestation/vtpmAuthority/renew/action" },
    };
    ROWS_RUN(world, rows);
}

/* Whoever verifies needs no token for it. */
static void
test_the_list_is_public(void)
{
    g_autoptr(World) world = world_not_judged();
    const ApiRequest request = { .method = "GET", .target = "/crl", .base_url = "https://h" };
    g_autoptr(Answer) answer = world_ask_request(world, &request);
    g_assert_cmpint(answer->response->status, ==, 200);
    g_assert_cmpstr(answer->response->content_type, ==, "application/x-pem-file");
    const ApiRequest closed = { .method = "POST", .target = "/crl", .base_url = "https://h" };
    g_autoptr(Answer) refused = world_ask_request(world, &closed);
    g_assert_cmpint(refused->response->status, >=, 400);
}

/* As a certificate names it: of one CA, DER. */
static void
test_one_list_is_public(void)
{
    g_autoptr(World) world = world_not_judged();
    const ApiRequest request = { .method = "GET", .target = "/crl/0f3a91c2.crl", .base_url = "https://h" };
    g_autoptr(Answer) answer = world_ask_request(world, &request);
    g_assert_cmpint(answer->response->status, ==, 200);
    g_assert_cmpstr(answer->response->content_type, ==, "application/pkix-crl");
    static const char *const none[] = { "/crl/0f3a91c3.crl", "/crl/0f3a91c2", "/crl/.crl", "/crl/0f3a91c2.crl/x" };
    for (guint i = 0; i < G_N_ELEMENTS(none); i++) {
        const ApiRequest other = { .method = "GET", .target = none[i], .base_url = "https://h" };
        g_autoptr(Answer) refused = world_ask_request(world, &other);
        g_assert_cmpint(refused->response->status, ==, i < 3 ? 404 : 401);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/authority/an-instances-certificate", test_an_instances_certificate);
    g_test_add_func("/authority/both-certificates", test_both_certificates);
    g_test_add_func("/authority/a-vtpm-that-was-not-attested-yet", test_a_vtpm_that_was_not_attested_yet);
    g_test_add_func("/authority/one-certificate-recorded", test_one_certificate_recorded);
    g_test_add_func("/authority/bodies", test_bodies);
    g_test_add_func("/authority/the-list-is-public", test_the_list_is_public);
    g_test_add_func("/authority/one-list-is-public", test_one_list_is_public);
    return g_test_run();
}
