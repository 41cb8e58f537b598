/* Tokens of instances, as clients and those who verify get them. */
#include "attested.h"
#include "rows.h"

#include "attest/token.h"
#include "base/json.h"

#include <string.h>

#define S        USEC_PER_SEC
#define HOUR     (3600 * S)
#define INSTANCE "@/s1/virtualMachines/0"
#define TOKEN    INSTANCE "/attestationToken"
#define NONCE    "{\"nonce\":\"n\"}"
#define KEYS     "~/providers/Testudo.Attestation/tokenKeys"
#define ROTATE   "~/providers/Testudo.Attestation/rotateTokenKey"

static World *
world_not_judged(void)
{
    World *world = world_new();
    attested_create(world, "s1", ATTESTED_SET("1", "Manual", ""));
    return world;
}

static World *
world_healthy(void)
{
    World *world = world_not_judged();
    answer_free(world_must(world, 201, "POST", INSTANCE "/approveBaseline", NULL));
    world_advance(world, 60 * S);
    return world;
}

/* Without a token, as a stranger asks. */
static json_t *
stranger_get(World *world, const char *target)
{
    const ApiRequest request = { .method = "GET", .target = target, .base_url = "https://127.0.0.1:1" };
    g_autoptr(Answer) answer = world_ask_request(world, &request);
    g_assert_cmpint(answer->response->status, ==, 200);
    return json_incref(answer->body);
}

static void
message_has(const Answer *answer, const char *part)
{
    g_autofree char *message = answer_text(answer, "error.message");
    g_assert_nonnull(message);
    g_assert_nonnull(strstr(message, part));
}

static Jwt
token_get(World *world)
{
    g_autoptr(Answer) answer = world_must(world, 200, "POST", TOKEN, NONCE);
    Jwt jwt = { 0 };
    g_autofree char *token = answer_text(answer, "token");
    g_assert_true(jwt_parse(token, &jwt, NULL));
    g_assert_cmpstr(api_response_header(answer->response, "Cache-Control"), ==, "no-store");
    return jwt;
}

static gboolean
is_signed_now(World *world, const Jwt *jwt)
{
    g_autoptr(json_t) keys = stranger_get(world, "/certs");
    return jwt_is_signed(jwt, keys, NULL);
}

static void
test_a_stranger_verifies_it(void)
{
    g_autoptr(World) world = world_healthy();
    g_auto(Jwt) jwt = token_get(world);
    g_autoptr(json_t) provider = stranger_get(world, "/.well-known/openid-configuration");
    const UnixTime now = world->clock->now(world->clock);
    g_autoptr(GError) error = NULL;
    g_assert_true(is_signed_now(world, &jwt));
    token_claims_check(jwt.claims, json_member_text(provider, "issuer"), "n", now, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_member_text(provider, "jwks_uri"), ==, "https://testudo.example/certs");
    g_assert_cmpstr(json_member_text(jwt.header, "jku"), ==, "https://testudo.example/certs");
    g_assert_true(json_is_true(json_member(jwt.claims, "secureboot")));
    g_assert_cmpstr(json_member_text(jwt.claims, "x-testudo-image"), ==, "Testudo:mini:gen2:1.0.0");
    g_assert_cmpuint(json_array_size(json_member(jwt.claims, "x-ms-azurevm-attested-pcrs")), ==, 14);
    g_autoptr(Answer) vm = world_must(world, 200, "GET", INSTANCE, NULL);
    answer_expect(vm, "properties.vmId", json_member_text(jwt.claims, "x-ms-azurevm-vmid"));
    answer_expect(vm, "id", json_member_text(jwt.claims, "sub"));
    /* Each claim is one that the provider says it makes. */
    const json_t *supported = json_member(provider, "claims_supported");
    const char *name;
    json_t *value;
    json_object_foreach(jwt.claims, name, value)
    {
        gboolean is_named = FALSE;
        for (size_t i = 0; i < json_array_size(supported); i++)
            is_named = is_named || g_strcmp0(json_string_value(json_array_get(supported, i)), name) == 0;
        g_assert_true(is_named);
    }
}

/* Every hour it is attested: what was not heard of for two is green no more, and so long its tokens hold. */
static void
test_it_holds_no_longer_than_its_verdict(void)
{
    g_autoptr(World) world = world_healthy();
    g_auto(Jwt) jwt = token_get(world);
    const gint64 verified = json_integer_value(json_member(jwt.claims, "x-testudo-verified"));
    g_assert_cmpint(json_integer_value(json_member(jwt.claims, "exp")), ==, verified + 7200);
    world_stop(world);
    clock_virtual_advance_to(world->clock, (verified + 7199) * S);
    world_start(world);
    answer_free(world_must(world, 200, "POST", TOKEN, NONCE));
    world_stop(world);
    clock_virtual_advance_to(world->clock, (verified + 7200) * S);
    world_start(world);
    g_autoptr(Answer) old = world_must(world, 409, "POST", TOKEN, NONCE);
    message_has(old, "evidence is too old");
    world_stop(world);
    clock_virtual_advance_to(world->clock, (verified + 7201) * S);
    world_start(world);
    g_autoptr(Answer) stale = world_must(world, 409, "POST", TOKEN, NONCE);
    message_has(stale, "Unreachable (stale): It was not attested for 720");
}

static void
test_who_gets_none(void)
{
    g_autoptr(World) world = world_not_judged();
    g_autofree char *longer = g_strnfill(TOKEN_NONCE_MAX + 1, 'n'), *too_long = g_strdup_printf("{\"nonce\":\"%s\"}", longer);
    const Row rows[] = {
        { "POST", TOKEN, "{}", 400, "error.target", "nonce" },
        { "POST", TOKEN, "{\"nonce\":\"\"}", 400, "error.target", "nonce" },
        { "POST", TOKEN, "{\"nonce\":7}", 400, "error.target", "nonce" },
        { "POST", TOKEN, too_long, 400, "error.target", "nonce" },
        { "POST", TOKEN, "{\"nonce\":\"n\",\"audience\":\"x\"}", 400, "error.target", "audience" },
        { "POST", TOKEN, NULL, 400, NULL, NULL },
        { "POST", "@/s1/virtualMachines/7/attestationToken", NONCE, 404, NULL, NULL },
        { "POST", TOKEN, NONCE, 409, "error.code", "OperationNotAllowed" },
    };
    ROWS_RUN(world, rows);
    g_autoptr(Answer) refused = world_must(world, 409, "POST", TOKEN, NONCE);
    message_has(refused, "its boot is NotJudged (noReference): ");
    answer_free(world_must(world, 202, "POST", "@/s1/poweroff", NULL));
    world_settle(world);
    g_autoptr(Answer) off = world_must(world, 409, "POST", TOKEN, NONCE);
    message_has(off, "it does not run");
}

/* A boot that nobody looked at yet has no part in what the one before was. */
static void
test_a_new_boot_is_waited_for(void)
{
    g_autoptr(World) world = world_healthy();
    answer_free(world_must(world, 202, "POST", INSTANCE "/restart", NULL));
    world_run_ready(world);
    answer_free(world_must(world, 409, "POST", TOKEN, NONCE));
    attested_settle(world);
    answer_free(world_must(world, 200, "POST", TOKEN, NONCE));
}

static json_t *
guest_ask(World *world, const char *nonce)
{
    g_autoptr(GPtrArray) keys = host_simulated_keys(world->simulated);
    g_autoptr(json_t) question = json_pack("{ss}", "nonce", nonce);
    g_assert_cmpuint(keys->len, ==, 1);
    json_t *answer = host_simulated_ask_token(world->simulated, g_ptr_array_index(keys, 0), question);
    g_assert_nonnull(answer);
    return answer;
}

static void
test_a_guest_asks_for_its_own(void)
{
    g_autoptr(World) world = world_not_judged();
    g_autoptr(json_t) refused = guest_ask(world, "mine");
    g_assert_cmpstr(json_string_value(json_path(refused, "error.code")), ==, "OperationNotAllowed");
    g_assert_nonnull(strstr(json_string_value(json_path(refused, "error.message")), "NotJudged"));
    answer_free(world_must(world, 201, "POST", INSTANCE "/approveBaseline", NULL));
    world_advance(world, 60 * S);
    g_autoptr(json_t) given = guest_ask(world, "mine");
    g_auto(Jwt) jwt = { 0 };
    g_assert_true(jwt_parse(json_member_text(given, "token"), &jwt, NULL));
    g_assert_true(is_signed_now(world, &jwt));
    g_assert_cmpstr(json_member_text(jwt.claims, "nonce"), ==, "mine");
    g_assert_true(g_str_has_suffix(json_member_text(jwt.claims, "sub"), "/virtualMachineScaleSets/s1/virtualMachines/0"));
    g_autoptr(json_t) none = guest_ask(world, "");
    g_assert_cmpstr(json_string_value(json_path(none, "error.code")), ==, "InvalidParameter");
}

static void
test_without_an_address_there_are_none(void)
{
    g_autoptr(World) world = world_healthy();
    world_stop(world);
    world->api_config.token_issuer = NULL;
    world_start(world);
    g_autoptr(Answer) answer = world_must(world, 409, "POST", TOKEN, NONCE);
    message_has(answer, "--token-issuer");
    answer_free(world_must(world, 404, "GET", "!/.well-known/openid-configuration", NULL));
    api_listens_at(world->api, "https://127.0.0.1:8443");
    g_auto(Jwt) jwt = token_get(world);
    g_assert_cmpstr(json_member_text(jwt.claims, "iss"), ==, "https://127.0.0.1:8443");
}

static void
test_keys_are_rotated_by_command(void)
{
    g_autoptr(World) world = world_healthy();
    const Row none[] = {
        { "GET", KEYS, NULL, 200, "value.0", NULL },
        { "GET", "!/certs", NULL, 200, "keys.0", NULL },
    };
    ROWS_RUN(world, none);
    g_auto(Jwt) jwt = token_get(world);
    const Row rows[] = {
        { "GET", KEYS, NULL, 200, "value.0.kid", json_member_text(jwt.header, "kid") },
        { "POST", ROTATE, "{\"revokeFormer\":1}", 400, "error.target", "revokeFormer" },
        { "POST", ROTATE, "{\"revoke\":true}", 400, "error.target", "revokeFormer" },
        { "POST", ROTATE, NULL, 200, "value.1.kid", json_member_text(jwt.header, "kid") },
    };
    g_assert_true(is_signed_now(world, &jwt));
    ROWS_RUN(world, rows);
    g_assert_true(is_signed_now(world, &jwt));
    g_auto(Jwt) newer = token_get(world);
    g_assert_cmpstr(json_member_text(newer.header, "kid"), !=, json_member_text(jwt.header, "kid"));
    world_restart(world);
    g_assert_true(is_signed_now(world, &jwt));
    answer_free(world_must(world, 200, "POST", ROTATE, "{\"revokeFormer\":true}"));
    g_assert_false(is_signed_now(world, &jwt));
    g_assert_false(is_signed_now(world, &newer));
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    answer_expect(log, "value.0.operationName.value", "Testudo.Attestation/rotateTokenKey/action");
    answer_expect(log, "value.0.caller", "owner");
}

static void
test_keys_are_rotated_by_age(void)
{
    g_autoptr(World) world = world_healthy();
    world_stop(world);
    world->api_config.token_key_age_usec = 24 * HOUR;
    world_start(world);
    g_auto(Jwt) first = token_get(world);
    world_advance(world, 23 * HOUR);
    g_auto(Jwt) same = token_get(world);
    g_assert_cmpstr(json_member_text(same.header, "kid"), ==, json_member_text(first.header, "kid"));
    world_advance(world, HOUR);
    g_auto(Jwt) newer = token_get(world);
    g_assert_cmpstr(json_member_text(newer.header, "kid"), !=, json_member_text(first.header, "kid"));
    g_assert_true(is_signed_now(world, &first));
    world_advance(world, 10 * HOUR);
    g_assert_false(is_signed_now(world, &first));
    g_assert_true(is_signed_now(world, &newer));
}

static char *
keys_stored(World *world)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_assert_true(store_setting_get(tx, "token-keys", &text, &error));
    g_assert_no_error(error);
    return text;
}

/* Also one that is there already when a state key is first given; verifiers see the same key as before. */
static void
test_keys_are_encrypted_by_the_state_key(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *digits = g_strnfill(2 * STATE_KEY_BYTES, 'a'), *others = g_strnfill(2 * STATE_KEY_BYTES, 'b');
    g_autoptr(StateKey) key = state_key_parse(digits, strlen(digits), NULL);
    g_autoptr(StateKey) other = state_key_parse(others, strlen(others), NULL);
    g_autoptr(World) world = world_new();
    answer_free(world_must(world, 200, "POST", ROTATE, NULL));
    g_autoptr(json_t) before = stranger_get(world, "/certs");
    g_autofree char *plain = keys_stored(world);
    g_assert_false(state_key_is_sealed(plain));

    world->api_config.state_key = key;
    world_restart(world);
    g_autofree char *sealed = keys_stored(world);
    g_autoptr(json_t) after = stranger_get(world, "/certs");
    g_assert_true(state_key_is_sealed(sealed));
    g_assert_true(json_equal(before, after));
    answer_free(world_must(world, 200, "POST", ROTATE, NULL));
    g_autofree char *rotated = keys_stored(world);
    g_assert_true(state_key_is_sealed(rotated));
    world_restart(world);
    g_autofree char *kept = keys_stored(world);
    g_assert_cmpstr(kept, ==, rotated);

    world_stop(world);
    world->api_config.state_key = other;
    g_assert_false(world_start_try(world, &error));
    g_assert_nonnull(strstr(error->message, "another state key"));
    world->api_config.state_key = key;
    world_start(world);
    g_autofree char *unharmed = keys_stored(world);
    g_assert_cmpstr(unharmed, ==, rotated);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/api/tokens/a-stranger-verifies-it", test_a_stranger_verifies_it);
    g_test_add_func("/api/tokens/it-holds-no-longer-than-its-verdict", test_it_holds_no_longer_than_its_verdict);
    g_test_add_func("/api/tokens/who-gets-none", test_who_gets_none);
    g_test_add_func("/api/tokens/a-new-boot-is-waited-for", test_a_new_boot_is_waited_for);
    g_test_add_func("/api/tokens/a-guest-asks-for-its-own", test_a_guest_asks_for_its_own);
    g_test_add_func("/api/tokens/without-an-address-there-are-none", test_without_an_address_there_are_none);
    g_test_add_func("/api/tokens/keys-are-rotated-by-command", test_keys_are_rotated_by_command);
    g_test_add_func("/api/tokens/keys-are-rotated-by-age", test_keys_are_rotated_by_age);
    g_test_add_func("/api/tokens/keys-are-encrypted-by-the-state-key", test_keys_are_encrypted_by_the_state_key);
    return g_test_run();
}
