/* How `az` and Azure's SDKs sign in: what they are told, what they are refused, and what a session of theirs is good for. Over
 * HTTP: test_server.c; the clients themselves: tests/e2e/sim_az.py, sim_identity.py. */
#include "rows.h"

#include "api/form.h"
#include "api/sessions.h"

#include <string.h>

#define BASE   "https://h:1"
#define SECRET "a-token-of-sixteen-characters"
#define TOKEN  "/adfs/oauth2/token"
#define CLIENT "grant_type=client_credentials&client_id=ci"

static Answer *
login(World *world, const char *form)
{
    return ask_as(world, BASE, NULL, "POST", TOKEN, form);
}

static char *
logged_in(World *world, const char *name)
{
    g_autofree char *form = g_strdup_printf("grant_type=client_credentials&client_id=%s&client_secret=" SECRET, name);
    g_autoptr(Answer) answer = login(world, form);
    g_assert_cmpint(answer->response->status, ==, 200);
    return answer_text(answer, "access_token");
}

static Sessions *
sessions_of(World *world)
{
    g_autoptr(GError) error = NULL;
    Sessions *sessions = sessions_new(world->store, world->clock->now(world->clock), &error);
    g_assert_no_error(error);
    return sessions;
}

/* As the HTTP side asks, from the API's own store: two of them hold the same sessions. */
static char *
caller_by(World *world, const char *token, gint64 later)
{
    Sessions *sessions = sessions_of(world);
    char *caller = sessions_caller(sessions, token, world->clock->now(world->clock) + later);
    sessions_free(sessions);
    return caller;
}

/* ---- what clients are told ---- */

#define DISCOVERY                                                                                                              \
    "{\"issuer\":\"https://h:1/adfs\",\"authorization_endpoint\":\"https://h:1/adfs/oauth2/authorize\",\"token_endpoint\":"    \
    "\"https://h:1/adfs/oauth2/token\",\"jwks_uri\":\"https://h:1/adfs/discovery/keys\",\"grant_types_supported\":"            \
    "[\"client_credentials\"],\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],"                             \
    "\"response_types_supported\":[\"token\"]}"

/* To the letter: nothing else of this host is anybody's. */
static void
test_anybody_is_told_where_to_sign_in(void)
{
    static const char endpoints[] =
        "{\"galleryEndpoint\":\"https://h:1\",\"graphEndpoint\":\"https://h:1\",\"portalEndpoint\":\"https://h:1/portal/\","
        "\"authentication\":{\"loginEndpoint\":\"https://h:1/adfs\",\"audiences\":[\"https://h:1\"]}}";
    static const struct {
        const char *target, *body;
    } rows[] = {
        { "/metadata/endpoints?api-version=2015-01-01", endpoints },
        { "/metadata/endpoints", endpoints },
        { "/Metadata/Endpoints?api-version=anything&other=1", endpoints },
        { "/adfs/.well-known/openid-configuration", DISCOVERY },
        { "/adfs/adfs/.well-known/openid-configuration?x=1", DISCOVERY },
        { "/adfs/discovery/keys", "{\"keys\":[]}" },
    };
    g_autoptr(World) world = world_new();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].target);
        g_autoptr(Answer) answer = ask_as(world, BASE, NULL, "GET", rows[i].target, NULL);
        gsize length;
        const char *bytes = g_bytes_get_data(answer->response->body, &length);
        g_autofree char *text = g_strndup(bytes, length);
        g_assert_cmpint(answer->response->status, ==, 200);
        g_assert_cmpstr(text, ==, rows[i].body);
        g_assert_cmpstr(api_response_header(answer->response, "Cache-Control"), ==, "no-store");
    }
    g_autoptr(Answer) beside = ask_as(world, BASE, NULL, "GET", "/metadata", NULL);
    g_assert_cmpint(beside->response->status, ==, 401);
}

/* ---- what is refused ---- */

static void
test_what_is_wrong_is_named(void)
{
    static const char hundred[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    g_autofree char *longest = g_strdup_printf("grant_type=client_credentials&client_id=%s&client_secret=" SECRET, hundred);
    g_autofree char *too_long = g_strdup_printf("grant_type=client_credentials&client_id=%sb&client_secret=" SECRET, hundred);
    const struct {
        const char *form;
        int status;
        const char *error, *says;
    } rows[] = {
        { NULL, 400, "invalid_request", "lacks 'grant_type'" },
        { "", 400, "invalid_request", "lacks 'grant_type'" },
        { "{\"grant_type\":\"client_credentials\"}", 400, "invalid_request", "lacks 'grant_type'" },
        { "grant_type=&client_id=ci&client_secret=x", 400, "invalid_request", "lacks 'grant_type'" },
        { "grant_type=password&client_id=ci&username=u&password=p", 400, "unsupported_grant_type",
          "'password' is not accepted" },
        { "grant_type=%F0%9F%90%A2&client_id=ci", 400, "unsupported_grant_type", "client_credentials" },
        { "grant_type=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%C3%A4", 400, "unsupported_grant_type", "" },
        { "grant_type=client_credentials&client_secret=" SECRET, 400, "invalid_request", "lacks 'client_id'" },
        { "grant_type=client_credentials&client_id=&client_secret=" SECRET, 400, "invalid_request", "lacks 'client_id'" },
        { "grant_type=client_credentials&client_id=a%0Ab&client_secret=" SECRET, 400, "invalid_request", "printable" },
        { "grant_type=client_credentials&client_id=a%E2%80%AEb&client_secret=" SECRET, 400, "invalid_request", "printable" },
        { too_long, 400, "invalid_request", "at most 100 characters" },
        { CLIENT, 400, "invalid_request", "lacks 'client_secret': it is the content of admin.token" },
        { CLIENT "&client_secret=", 400, "invalid_request", "lacks 'client_secret'" },
        { CLIENT "&client_assertion_type=jwt&client_assertion=e30.e30.x", 401, "invalid_client", "certificate" },
        { CLIENT "&client_assertion=x&client_secret=" SECRET, 401, "invalid_client", "certificate" },
        { CLIENT "&client_secret=" SECRET "x", 401, "invalid_client", "it is the content of admin.token" },
        { CLIENT "&client_secret=a", 401, "invalid_client", "it is the content of admin.token" },
        { CLIENT "&client_secret=" SECRET "&client_secret=" SECRET, 400, "invalid_request", "'client_secret' more than once" },
        { CLIENT "&client_secret=%ff", 400, "invalid_request", "not UTF-8" },
        { CLIENT "&client_secret=%00", 400, "invalid_request", "not UTF-8" },
        { longest, 200, NULL, NULL },
        { "client_secret=a%2Dtoken-of-sixteen-characters&client_id=my+ci%20%C3%A4&grant_type=client_credentials&scope=" BASE
          "/.default&client_info=1&claims=%7B%7D",
          200, NULL, NULL },
    };
    g_autoptr(World) world = world_new();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%u: %s", i, rows[i].form);
        g_autoptr(Answer) answer = login(world, rows[i].form);
        g_assert_cmpint(answer->response->status, ==, rows[i].status);
        g_assert_cmpstr(api_response_header(answer->response, "Cache-Control"), ==, "no-store");
        answer_expect(answer, "error", rows[i].error);
        g_autofree char *description = answer_text(answer, "error_description");
        if (rows[i].says && !strstr(description, rows[i].says))
            g_error("'%s' is not in: %s", rows[i].says, description);
        g_assert_true((description == NULL) == (rows[i].error == NULL));
    }
}

static void
test_a_form_has_its_limits(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *padding = g_strnfill(FORM_BYTES_MAX, 'x');
    g_autofree char *large = g_strconcat(CLIENT "&client_secret=" SECRET "&x=", padding, NULL);
    GString *many = g_string_new(CLIENT "&client_secret=" SECRET);
    for (guint i = 3; i < FORM_PAIRS_MAX; i++)
        g_string_append_printf(many, "&x%u=1", i);
    g_autoptr(Answer) most = login(world, many->str), too_large = login(world, large);
    g_string_append(many, "&last=1");
    g_autofree char *form = g_string_free(many, FALSE);
    g_autoptr(Answer) too_many = login(world, form);
    g_assert_cmpint(most->response->status, ==, 200);
    answer_expect(too_many, "error_description", "The form has more than 32 members.");
    answer_expect(too_large, "error_description", "The form is larger than the 16384 bytes that are accepted.");
    const ApiRequest with_nul = {
        .method = "POST", .target = TOKEN, .base_url = BASE, .body = "grant_type=client_credentials\0x", .body_length = 31
    };
    g_autoptr(Answer) nul = world_ask_request(world, &with_nul);
    answer_expect(nul, "error_description", "The form has a NUL byte.");
}

static void
test_a_user_is_told_how_a_client_signs_in(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Answer) browser = ask_as(world, BASE, NULL, "GET", "/adfs/oauth2/authorize?client_id=x&response_type=code", NULL);
    g_autoptr(Answer) device = ask_as(world, BASE, NULL, "POST", "/adfs/oauth2/devicecode", "client_id=x&scope=y");
    const Answer *const answers[] = { browser, device };
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autofree char *description = answer_text(answers[i], "error_description");
        g_assert_cmpint(answers[i]->response->status, ==, 400);
        g_assert_nonnull(strstr(description, "az login --service-principal"));
    }
}

static guint
noted(World *world, const char *operation, const char *status)
{
    guint n = 0;
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    for (guint i = 0; i < json_array_size(answer_at(log, "value")); i++) {
        g_autofree char *name = g_strdup_printf("value.%u.operationName.value", i),
                        *how = g_strdup_printf("value.%u.status.value", i);
        g_autofree char *event = answer_text(log, name), *ended = answer_text(log, how);
        n += strcmp(event, operation) == 0 && strcmp(ended, status) == 0 ? 1 : 0;
    }
    return n;
}

static void
test_guessing_is_slowed_and_noted_once(void)
{
    g_autoptr(World) world = world_new();
    for (guint i = 0; i < 3 * WRONG_MAX; i++) {
        g_autoptr(Answer) answer = login(world, CLIENT "&client_secret=wrong");
        g_assert_cmpint(answer->response->status, ==, i < WRONG_MAX ? 401 : 429);
        answer_expect(answer, "error", i < WRONG_MAX ? "invalid_client" : "temporarily_unavailable");
    }
    g_assert_cmpuint(noted(world, "Testudo.Clients/sessions/write", "Failed"), ==, 1);
    /* Neither who has the secret nor who has a code for the portal is kept out by who guesses. */
    g_free(logged_in(world, "ci"));
    g_autoptr(Answer) code = ask_as(world, BASE, NULL, "POST", "/portal/session", "{\"code\":\"0\"}");
    g_assert_cmpint(code->response->status, ==, 401);
    world_advance(world, 61 * USEC_PER_SEC);
    g_autoptr(Answer) later = login(world, CLIENT "&client_secret=wrong");
    g_assert_cmpint(later->response->status, ==, 401);
}

/* ---- sessions ---- */

static void
test_the_log_has_who_signed_in(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *token = logged_in(world, "portal:00000001"), *caller = caller_by(world, token, 0);
    g_assert_true(g_regex_match_simple("^client:[0-9a-f]{8}$", caller, 0, 0));
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    answer_expect(log, "value.0.caller", caller);
    answer_expect(log, "value.0.description", "Signed in, by right of 'token', as client 'portal:00000001'.");
}

/* Clients ask for a new one shortly before expires_in is over, whether they used it or not. */
static void
test_a_session_lasts_as_long_as_was_told(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Answer) answer = login(world, CLIENT "&client_secret=" SECRET);
    g_autofree char *token = answer_text(answer, "access_token");
    answer_expect(answer, "expires_in", "3600");
    answer_expect(answer, "token_type", "Bearer");
    Sessions *sessions = sessions_of(world);
    UnixTime now = world->clock->now(world->clock);
    for (gint64 later = 0; later < 3600; later += 600) {
        g_autofree char *used = sessions_caller(sessions, token, now + later * USEC_PER_SEC);
        g_assert_nonnull(used);
    }
    g_autofree char *over = sessions_caller(sessions, token, now + 3600 * USEC_PER_SEC);
    sessions_free(sessions);
    g_autofree char *unused = caller_by(world, token, 3600 * USEC_PER_SEC - 1);
    g_assert_null(over);
    g_assert_nonnull(unused);
}

static void
test_a_session_outlives_the_daemon_and_ends_with_the_admin_token(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *token = logged_in(world, "ci"), *before = caller_by(world, token, 0);
    world_restart(world);
    g_autofree char *after = caller_by(world, token, 0);
    g_assert_cmpstr(after, ==, before);
    world->api_config.token = "another-token-of-more-characters";
    world_restart(world);
    g_autofree char *ended = caller_by(world, token, 0);
    g_assert_null(ended);
    g_autoptr(Answer) former = login(world, CLIENT "&client_secret=" SECRET);
    g_assert_cmpint(former->response->status, ==, 401);
}

static void
test_a_client_opens_nothing_and_ends_no_session_of_the_portal(void)
{
    static const struct {
        const char *method, *target;
        int status;
    } rows[] = {
        { "POST", "/portal/codes", 403 },
        { "POST", "/portal/session", 403 },
        { "DELETE", "/portal/session", 409 },
        { "GET", "/subscriptions?api-version=2024-07-01", 200 },
    };
    g_autoptr(World) world = world_new();
    g_autofree char *token = logged_in(world, "ci"), *caller = caller_by(world, token, 0);
    g_autofree char *as_secret = g_strconcat(CLIENT "&client_secret=", token, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Answer) answer = ask_as(world, BASE, caller, rows[i].method, rows[i].target, NULL);
        g_assert_cmpint(answer->response->status, ==, rows[i].status);
    }
    g_autoptr(Answer) again = login(world, as_secret);
    g_assert_cmpint(again->response->status, ==, 401);
    g_autofree char *still = caller_by(world, token, 0);
    g_assert_cmpstr(still, ==, caller);
}

/* In either direction: the first of the one kind is there after more of the other than there may be. */
static void
test_no_kind_pushes_out_another(void)
{
    static const char *const clients[] = { NULL, "ci" };
    static const guint most[] = { SESSIONS_MAX, CLIENT_SESSIONS_MAX };
    g_autoptr(World) world = world_new_in_memory();
    for (guint many = 0; many < G_N_ELEMENTS(most); many++) {
        UnixTime now = world->clock->now(world->clock), end;
        Sessions *sessions = sessions_of(world);
        g_autofree char *other = sessions_open(sessions, CALLER_TOKEN, clients[!many], "/subscriptions/x", now, &end, NULL);
        g_autofree char *first = sessions_open(sessions, CALLER_TOKEN, clients[many], "/subscriptions/x", now, &end, NULL);
        for (guint i = 0; i < most[many]; i++)
            g_free(sessions_open(sessions, CALLER_TOKEN, clients[many], "/subscriptions/x", now + 1, &end, NULL));
        g_autofree char *there = sessions_caller(sessions, other, now + 2), *gone = sessions_caller(sessions, first, now + 2);
        g_assert_nonnull(there);
        g_assert_null(gone);
        sessions_free(sessions);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/login/anybody-is-told-where-to-sign-in", test_anybody_is_told_where_to_sign_in);
    g_test_add_func("/login/what-is-wrong-is-named", test_what_is_wrong_is_named);
    g_test_add_func("/login/a-form-has-its-limits", test_a_form_has_its_limits);
    g_test_add_func("/login/a-user-is-told-how-a-client-signs-in", test_a_user_is_told_how_a_client_signs_in);
    g_test_add_func("/login/guessing-is-slowed-and-noted-once", test_guessing_is_slowed_and_noted_once);
    g_test_add_func("/login/the-log-has-who-signed-in", test_the_log_has_who_signed_in);
    g_test_add_func("/login/a-session-lasts-as-long-as-was-told", test_a_session_lasts_as_long_as_was_told);
    g_test_add_func("/login/a-session-outlives-the-daemon-and-ends-with-the-admin-token",
                    test_a_session_outlives_the_daemon_and_ends_with_the_admin_token);
    g_test_add_func("/login/a-client-opens-nothing-and-ends-no-session-of-the-portal",
                    test_a_client_opens_nothing_and_ends_no_session_of_the_portal);
    g_test_add_func("/login/no-kind-pushes-out-another", test_no_kind_pushes_out_another);
    return g_test_run();
}
