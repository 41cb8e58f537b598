/* The portal's files, and signing in and out. Over HTTP: test_server.c. */
#include "rows.h"

#include "api/portal_files.h"
#include "api/sessions.h"

#include <string.h>

#define BASE "https://h:1"

static World *
world_with_portal(void)
{
    World *world = world_new();
    world_stop(world);
    world->api_config.portal = "/test/portal";
    world_start(world);
    return world;
}

static Answer *
get(World *world, const char *target, gboolean takes_gzip, const char *if_none_match)
{
    const ApiRequest request = {
        .method = "GET", .target = target, .base_url = BASE, .takes_gzip = takes_gzip, .if_none_match = if_none_match
    };
    return world_ask_request(world, &request);
}

/* ---- files ---- */

static void
test_files_need_no_token(void)
{
    static const struct {
        const char *target;
        int status;
        const char *type, *cache;
    } rows[] = {
        { "/portal", 200, "text/html; charset=utf-8", "no-cache" },
        { "/portal/", 200, "text/html; charset=utf-8", "no-cache" },
        { "/portal/index.html", 200, "text/html; charset=utf-8", "no-cache" },
        { "/portal/sets/g1/web", 200, "text/html; charset=utf-8", "no-cache" },
        { "/portal/sets?filter=x", 200, "text/html; charset=utf-8", "no-cache" },
        { "/portal/assets/app-1a2b3c4d.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable" },
        { "/portal/assets/app-00000000.js", 404, NULL, NULL },
        { "/portal/assets/app-1a2b3c4d.js.gz", 404, NULL, NULL },
        { "/portal/app-1a2b3c4d.js", 404, NULL, NULL },
        { "/portal/../index.html", 404, NULL, NULL },
        { "/portal/assets/%2e%2e/index.html", 404, NULL, NULL },
        { "/portal/..%2findex.html", 404, NULL, NULL },
        { "/portal/%2e%2e/%2e%2e/etc/passwd.txt", 404, NULL, NULL },
        { "/portals", 401, NULL, NULL },
    };
    g_autoptr(World) world = world_with_portal();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].target);
        g_autoptr(Answer) answer = get(world, rows[i].target, TRUE, NULL);
        const ApiResponse *response = answer->response;
        g_assert_cmpint(response->status, ==, rows[i].status);
        if (!rows[i].type)
            continue;
        g_assert_cmpstr(response->content_type, ==, rows[i].type);
        g_assert_cmpstr(api_response_header(response, "Cache-Control"), ==, rows[i].cache);
        g_assert_cmpstr(api_response_header(response, "Content-Encoding"), ==, "gzip");
        g_assert_cmpstr(api_response_header(response, "Vary"), ==, "Accept-Encoding");
        g_assert_cmpstr(api_response_header(response, "X-Content-Type-Options"), ==, "nosniff");
        g_assert_cmpstr(api_response_header(response, "Referrer-Policy"), ==, "no-referrer");
        const char *policy = api_response_header(response, "Content-Security-Policy");
        g_assert_nonnull(strstr(policy, "default-src 'none'; script-src 'self';"));
        g_assert_nonnull(strstr(policy, "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"));
    }
}

static void
test_who_takes_no_gzip_gets_plain_text(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autoptr(Answer) packed = get(world, "/portal/", TRUE, NULL), plain = get(world, "/portal/", FALSE, NULL);
    gsize length;
    const guint8 *bytes = g_bytes_get_data(packed->response->body, &length);
    g_assert_cmpuint(length, >, 18);
    g_assert_cmpuint(bytes[0], ==, 0x1f);
    g_assert_cmpuint(bytes[1], ==, 0x8b);
    g_assert_null(api_response_header(plain->response, "Content-Encoding"));
    const char *text = g_bytes_get_data(plain->response->body, &length);
    g_assert_nonnull(g_strstr_len(text, (gssize)length, "src=\"/portal/assets/app-1a2b3c4d.js\""));
    g_assert_cmpstr(api_response_header(packed->response, "ETag"), !=, api_response_header(plain->response, "ETag"));
}

static void
test_what_is_known_is_not_sent_again(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autoptr(Answer) first = get(world, "/portal/", TRUE, NULL);
    const char *etag = api_response_header(first->response, "ETag");
    g_autofree char *weak = g_strconcat("\"x\", W/", etag, NULL);
    const char *const known[] = { etag, weak, "*" }, *const others[] = { "\"x\"", "", "W/" };
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        g_autoptr(Answer) answer = get(world, "/portal/", TRUE, known[i]);
        g_assert_cmpint(answer->response->status, ==, 304);
        g_assert_null(answer->response->body);
        g_assert_cmpstr(api_response_header(answer->response, "ETag"), ==, etag);
    }
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(Answer) answer = get(world, "/portal/", TRUE, others[i]);
        g_assert_cmpint(answer->response->status, ==, 200);
    }
    g_autoptr(Answer) plain = get(world, "/portal/", FALSE, etag);
    g_assert_cmpint(plain->response->status, ==, 200);
}

static void
test_a_program_without_it_says_so(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Answer) page = get(world, "/portal/", TRUE, NULL),
                      code = ask_as(world, BASE, "owner", "POST", "/portal/codes", NULL);
    g_assert_cmpint(page->response->status, ==, 404);
    g_autofree char *message = answer_text(page, "error.message");
    g_assert_nonnull(strstr(message, "built without the portal"));
    g_assert_cmpint(code->response->status, ==, 404);
    g_autoptr(GError) error = NULL;
    g_assert_null(portal_files_new("/nowhere", &error));
    g_assert_nonnull(error);
}

/* ---- signing in ---- */

static char *
code_of(World *world)
{
    g_autoptr(Answer) answer = ask_as(world, BASE, "owner", "POST", "/portal/codes", NULL);
    g_assert_cmpint(answer->response->status, ==, 201);
    g_assert_cmpstr(api_response_header(answer->response, "Cache-Control"), ==, "no-store");
    char *code = answer_text(answer, "code");
    g_autofree char *url = g_strconcat(BASE "/portal/#code=", code, NULL);
    answer_expect(answer, "url", url);
    return code;
}

static Answer *
sign_in(World *world, const char *code)
{
    g_autofree char *body = g_strdup_printf("{\"code\":\"%s\"}", code);
    return ask_as(world, BASE, NULL, "POST", "/portal/session", body);
}

static char *
signed_in(World *world)
{
    g_autofree char *code = code_of(world);
    g_autoptr(Answer) answer = sign_in(world, code);
    g_assert_cmpint(answer->response->status, ==, 201);
    g_assert_cmpstr(api_response_header(answer->response, "Cache-Control"), ==, "no-store");
    return answer_text(answer, "token");
}

/* As the HTTP side asks, from the API's own store: two of them hold the same sessions. */
static char *
caller_by(World *world, const char *token)
{
    g_autoptr(GError) error = NULL;
    UnixTime now = world->clock->now(world->clock);
    Sessions *sessions = sessions_new(world->store, now, &error);
    g_assert_no_error(error);
    char *caller = sessions_caller(sessions, token, now);
    sessions_free(sessions);
    return caller;
}

static void
test_a_code_works_once(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autofree char *code = code_of(world);
    g_assert_true(g_regex_match_simple("^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$", code, 0, 0));
    g_autoptr(Answer) first = sign_in(world, code), second = sign_in(world, code);
    g_assert_cmpint(first->response->status, ==, 201);
    answer_expect(first, "expires", "2024-01-01T02:00:00.000000Z");
    g_assert_cmpint(second->response->status, ==, 401);
    answer_expect(second, "error.code", "AuthenticationFailed");
    g_assert_nonnull(api_response_header(second->response, "WWW-Authenticate"));
}

static void
test_a_code_is_read_as_people_write_it(void)
{
    g_autoptr(World) world = world_with_portal();
    static const char *const forms[] = { "lower", "bare", "letters" };
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *code = code_of(world), *written = g_ascii_strdown(code, -1);
        if (i == 1)
            g_strdelimit(written, "-", ' ');
        for (char *c = written; i == 2 && *c; c++)
            *c = *c == '0' ? 'o' : *c == '1' ? 'L' : *c;
        g_autoptr(Answer) answer = sign_in(world, written);
        g_assert_cmpint(answer->response->status, ==, 201);
    }
}

static void
test_a_code_is_over_after_ten_minutes(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autofree char *early = code_of(world);
    world_advance(world, CODE_LIFETIME - USEC_PER_SEC);
    g_autofree char *late = code_of(world);
    g_autoptr(Answer) in_time = sign_in(world, early);
    g_assert_cmpint(in_time->response->status, ==, 201);
    world_advance(world, CODE_LIFETIME);
    g_autoptr(Answer) too_late = sign_in(world, late);
    g_assert_cmpint(too_late->response->status, ==, 401);
}

static void
test_of_many_codes_the_newest_hold(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autofree char *first = code_of(world);
    g_autoptr(GPtrArray) codes = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < CODES_MAX; i++)
        g_ptr_array_add(codes, code_of(world));
    g_autoptr(Answer) dropped = sign_in(world, first);
    g_assert_cmpint(dropped->response->status, ==, 401);
    for (guint i = 0; i < codes->len; i++) {
        g_autoptr(Answer) answer = sign_in(world, g_ptr_array_index(codes, i));
        g_assert_cmpint(answer->response->status, ==, 201);
    }
}

static guint
noted(World *world, const char *status)
{
    guint n = 0;
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    for (guint i = 0; i < json_array_size(answer_at(log, "value")); i++) {
        g_autofree char *name = g_strdup_printf("value.%u.operationName.value", i),
                        *how = g_strdup_printf("value.%u.status.value", i);
        g_autofree char *event = answer_text(log, name), *ended = answer_text(log, how);
        n += g_str_has_prefix(event, "Testudo.Portal/") && strcmp(ended, status) == 0 ? 1 : 0;
    }
    return n;
}

static void
test_guessing_is_slowed_and_noted_once(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autofree char *right = code_of(world);
    for (guint i = 0; i < 3 * WRONG_MAX; i++) {
        g_autoptr(Answer) answer = sign_in(world, "0000-0000-0000-0000");
        g_assert_cmpint(answer->response->status, ==, i < WRONG_MAX ? 401 : 429);
    }
    g_assert_cmpuint(noted(world, "Failed"), ==, 1);
    /* Who has a code is not kept out by who guesses. */
    g_autoptr(Answer) answer = sign_in(world, right);
    g_assert_cmpint(answer->response->status, ==, 201);
    world_advance(world, 61 * USEC_PER_SEC);
    g_autoptr(Answer) later = sign_in(world, "0000-0000-0000-0000");
    g_assert_cmpint(later->response->status, ==, 401);
}

static void
test_bodies_are_checked(void)
{
    static const struct {
        const char *caller, *body;
        int status;
    } rows[] = {
        { NULL, NULL, 401 },
        { NULL, "{}", 401 },
        { NULL, "{\"code\":1}", 400 },
        { NULL, "{\"code\":\"x\",\"more\":1}", 400 },
        { NULL, "[]", 400 },
        { NULL, "{\"code\":\"\"}", 401 },
        { "token", "{\"code\":\"x\"}", 401 },
        { "token", "{}", 201 },
        { "owner", NULL, 201 },
        { "portal:00000000", NULL, 403 },
    };
    g_autoptr(World) world = world_with_portal();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%u", i);
        g_autoptr(Answer) answer = ask_as(world, BASE, rows[i].caller, "POST", "/portal/session", rows[i].body);
        g_assert_cmpint(answer->response->status, ==, rows[i].status);
    }
}

static void
test_only_a_credential_makes_codes(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autofree char *token = signed_in(world), *session = caller_by(world, token);
    g_autoptr(Answer) nobody = ask_as(world, BASE, NULL, "POST", "/portal/codes", NULL);
    g_autoptr(Answer) by_session = ask_as(world, BASE, session, "POST", "/portal/codes", NULL);
    g_assert_cmpint(nobody->response->status, ==, 401);
    g_assert_cmpint(by_session->response->status, ==, 403);
    const ApiRequest socket = {
        .method = "POST", .target = "/portal/codes", .base_url = "http://localhost", .caller = "owner"
    };
    g_autoptr(Answer) unreachable = world_ask_request(world, &socket);
    g_assert_cmpint(unreachable->response->status, ==, 409);
}

/* ---- sessions ---- */

static void
test_a_session_outlives_the_daemon(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autofree char *token = signed_in(world), *before = caller_by(world, token);
    g_assert_true(sessions_is_session(before));
    world_restart(world);
    g_autofree char *after = caller_by(world, token), *other = caller_by(world, "x");
    g_assert_cmpstr(after, ==, before);
    g_assert_null(other);
    /* What lies in the store opens nothing. */
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(GPtrArray) rows = store_session_list(tx, NULL);
    const StoreSession *row = g_ptr_array_index(rows, 0);
    g_autofree char *by_hash = caller_by(world, row->hash);
    g_assert_cmpstr(row->hash, !=, token);
    g_assert_null(by_hash);
    g_assert_cmpstr(row->made_by, ==, "owner");
}

/* Who had the former one has no more of it than that. */
static void
test_a_session_ends_with_the_token_that_opened_it(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autofree char *of_owner = signed_in(world);
    g_autoptr(Answer) opened = ask_as(world, BASE, CALLER_TOKEN, "POST", "/portal/session", "{}");
    g_autofree char *of_token = answer_text(opened, "token");
    world_restart(world);
    g_autofree char *same = caller_by(world, of_token);
    g_assert_true(sessions_is_session(same));
    world->api_config.token = "another-token-of-more-characters";
    world_restart(world);
    g_autofree char *by_token = caller_by(world, of_token), *by_owner = caller_by(world, of_owner);
    g_assert_null(by_token);
    g_assert_true(sessions_is_session(by_owner));
}

static void
test_a_session_that_ended_is_gone(void)
{
    g_autoptr(World) world = world_with_portal();
    g_autofree char *token = signed_in(world), *session = caller_by(world, token);
    g_autoptr(Answer) other = ask_as(world, BASE, "token", "DELETE", "/portal/session", NULL);
    g_assert_cmpint(other->response->status, ==, 409);
    world_restart(world);
    g_autoptr(Answer) ended = ask_as(world, BASE, session, "DELETE", "/portal/session", NULL);
    g_assert_cmpint(ended->response->status, ==, 204);
    g_autofree char *after = caller_by(world, token);
    g_assert_null(after);
    g_assert_cmpuint(noted(world, "Succeeded"), ==, 3);
}

static void
test_a_session_ends_by_itself(void)
{
    static const struct {
        gint64 uses_every;
        guint uses;
        gint64 lasts;
    } rows[] = {
        { 0, 0, SESSION_IDLE },
        { SESSION_IDLE / 2, 3, 3 * (SESSION_IDLE / 2) + SESSION_IDLE },
        { SESSION_IDLE / 2, 40, SESSION_LIFETIME },
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(World) world = world_with_portal();
        g_autoptr(GError) error = NULL;
        UnixTime begun = world->clock->now(world->clock), end;
        Sessions *sessions = sessions_new(world->store, begun, &error);
        g_autofree char *token = sessions_open(sessions, "owner", /* client= */ NULL, "/subscriptions/x", begun, &end, &error);
        g_assert_no_error(error);
        g_assert_cmpint(end, ==, begun + SESSION_IDLE);
        for (guint use = 1; use <= rows[i].uses; use++)
            g_free(sessions_caller(sessions, token, begun + use * rows[i].uses_every));
        g_autofree char *last = sessions_caller(sessions, token, begun + rows[i].lasts);
        g_assert_null(last);
        /* The store knows of the uses as well, but for the last minutes. */
        Sessions *next = sessions_new(world->store, begun + rows[i].lasts - 6 * 60 * USEC_PER_SEC, &error);
        g_autofree char *still = sessions_caller(next, token, begun + rows[i].lasts - 6 * 60 * USEC_PER_SEC);
        g_assert_true(sessions_is_session(still));
        g_assert_true(sessions_lasts(next, still, begun + MIN(rows[i].lasts, SESSION_LIFETIME) - 1));
        g_assert_false(sessions_lasts(next, still, begun + SESSION_LIFETIME));
        sessions_free(next);
        sessions_free(sessions);
    }
}

static void
test_of_many_sessions_the_used_ones_stay(void)
{
    g_autoptr(World) world = world_with_portal();
    UnixTime now = world->clock->now(world->clock), end;
    Sessions *sessions = sessions_new(world->store, now, NULL);
    g_autofree char *first = sessions_open(sessions, "owner", /* client= */ NULL, "/subscriptions/x", now, &end, NULL);
    g_autofree char *second = sessions_open(sessions, "owner", /* client= */ NULL, "/subscriptions/x", now, &end, NULL);
    g_free(sessions_caller(sessions, first, now + 1));
    for (guint i = 2; i <= SESSIONS_MAX; i++)
        g_free(sessions_open(sessions, "owner", /* client= */ NULL, "/subscriptions/x", now + 1, &end, NULL));
    g_autofree char *used = sessions_caller(sessions, first, now + 2), *unused = sessions_caller(sessions, second, now + 2);
    g_assert_nonnull(used);
    g_assert_null(unused);
    sessions_free(sessions);
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(GPtrArray) rows = store_session_list(tx, NULL);
    g_assert_cmpuint(rows->len, ==, SESSIONS_MAX);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/portal/files-need-no-token", test_files_need_no_token);
    g_test_add_func("/portal/who-takes-no-gzip-gets-plain-text", test_who_takes_no_gzip_gets_plain_text);
    g_test_add_func("/portal/what-is-known-is-not-sent-again", test_what_is_known_is_not_sent_again);
    g_test_add_func("/portal/a-program-without-it-says-so", test_a_program_without_it_says_so);
    g_test_add_func("/portal/a-code-works-once", test_a_code_works_once);
    g_test_add_func("/portal/a-code-is-read-as-people-write-it", test_a_code_is_read_as_people_write_it);
    g_test_add_func("/portal/a-code-is-over-after-ten-minutes", test_a_code_is_over_after_ten_minutes);
    g_test_add_func("/portal/of-many-codes-the-newest-hold", test_of_many_codes_the_newest_hold);
    g_test_add_func("/portal/guessing-is-slowed-and-noted-once", test_guessing_is_slowed_and_noted_once);
    g_test_add_func("/portal/bodies-are-checked", test_bodies_are_checked);
    g_test_add_func("/portal/only-a-credential-makes-codes", test_only_a_credential_makes_codes);
    g_test_add_func("/portal/a-session-outlives-the-daemon", test_a_session_outlives_the_daemon);
    g_test_add_func("/portal/a-session-ends-with-its-token", test_a_session_ends_with_the_token_that_opened_it);
    g_test_add_func("/portal/a-session-that-ended-is-gone", test_a_session_that_ended_is_gone);
    g_test_add_func("/portal/a-session-ends-by-itself", test_a_session_ends_by_itself);
    g_test_add_func("/portal/of-many-sessions-the-used-ones-stay", test_of_many_sessions_the_used_ones_stay);
    return g_test_run();
}
