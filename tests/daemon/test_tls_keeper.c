/* Certificates that become another one while HTTPS is served: new connections get it, and nobody is cut off. */
#include "daemon/tls_keeper.h"

#include "base/file.h"
#include "world.h"

#include <curl/curl.h>
#include <glib/gstdio.h>
#include <string.h>

#define TOKEN   "a-token-of-sixteen-characters"
#define HOUR    (3600 * USEC_PER_SEC)
#define MINUTE  (60 * USEC_PER_SEC)
#define DAYS(n) ((n)*24 * HOUR)
#define PEM_MAX (1u << 16)

typedef struct {
    World *world;
    DaemonConfig config;
    Clock *clock;
    TlsKeeper *keeper;
    Server *server;
    char *certificate, *key; /* the operator's */
} Fixture;

static guint warnings;
static char *warned; /* the last one */

static GLogWriterOutput
on_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields, void *data)
{
    if (level & G_LOG_FLAG_FATAL || level & G_LOG_LEVEL_ERROR)
        return g_log_writer_default(level, fields, n_fields, data);
    for (gsize i = 0; level == G_LOG_LEVEL_WARNING && i < n_fields; i++) {
        if (strcmp(fields[i].key, "MESSAGE") != 0)
            continue;
        warnings++;
        g_free(warned);
        warned = g_strdup(fields[i].value);
    }
    return G_LOG_WRITER_HANDLED;
}

static void
expect_warnings(guint n, const char *part)
{
    g_assert_cmpuint(warnings, ==, n);
    if (!strstr(warned, part))
        g_error("'%s' is not in: %s", part, warned);
}

/* ---- files ---- */

/* Whose files may be another daemon's. */
static char *
tls_path(const char *state_dir, const char *name)
{
    return g_build_filename(state_dir, "tls", name, NULL);
}

static char *
other_state(const Fixture *f, const char *name)
{
    g_autoptr(GError) error = NULL;
    char *dir = g_build_filename(f->world->dir, name, NULL);
    g_autoptr(TlsFiles) files = tls_files_prepare(dir, NULL, g_get_real_time(), &error);
    g_assert_no_error(error);
    return dir;
}

static void
copy(const char *from_dir, const char *name, const char *to)
{
    g_autofree char *path = tls_path(from_dir, name), *text = file_read(path, PEM_MAX, NULL, NULL);
    g_assert_nonnull(text);
    g_assert_true(file_write(to, text, strlen(text), 0600, NULL));
}

static void
operator_puts(const Fixture *f, const char *state_dir)
{
    copy(state_dir, "server.pem", f->certificate);
    copy(state_dir, "server.key", f->key);
}

/* ---- daemon and its time ---- */

static void
set_up(Fixture *f, const void *data)
{
    (void)data;
    f->world = world_new();
    f->config.state_dir = f->world->dir;
    f->config.listen_host = g_strdup("127.0.0.1");
    f->certificate = g_build_filename(f->world->dir, "operator.pem", NULL);
    f->key = g_build_filename(f->world->dir, "operator.key", NULL);
    g_clear_pointer(&warned, g_free);
    warnings = 0;
}

static void
serve(Fixture *f, UnixTime now)
{
    g_autoptr(GError) error = NULL;
    f->clock = clock_virtual_new(now);
    f->keeper = tls_keeper_new(&f->config, f->clock, &error);
    g_assert_no_error(error);
    const TlsFiles *files = tls_keeper_files(f->keeper);
    const ServerConfig config = {
        .listen_host = f->config.listen_host, .certificate = files->certificate, .key = files->key, .threads = 2
    };
    f->server = server_start(f->world->api, &config, &error);
    g_assert_no_error(error);
    tls_keeper_attend(f->keeper, f->server);
}

static void
serve_the_operators(Fixture *f, const char *state_dir)
{
    operator_puts(f, state_dir);
    f->config.tls_certificate = f->certificate;
    f->config.tls_key = f->key;
    serve(f, g_get_real_time());
}

static void
pass(const Fixture *f, gint64 usec)
{
    clock_virtual_advance_to(f->clock, f->clock->now(f->clock) + usec);
}

static void
tear_down(Fixture *f, const void *data)
{
    (void)data;
    tls_keeper_free(f->keeper);
    server_stop(f->server);
    clock_virtual_free(f->clock);
    g_free(f->config.listen_host);
    g_free(f->certificate);
    g_free(f->key);
    world_free(f->world);
}

/* ---- clients ---- */

static size_t
ignore(char *bytes, size_t size, size_t count, void *data) /* NOLINT(readability-non-const-parameter): curl's form */
{
    (void)bytes;
    (void)data;
    return size * count;
}

/* Trusts that state folder's CA alone. Connects at its first request, and stays connected. */
static CURL *
client_new(const Fixture *f, const char *state_dir)
{
    CURL *curl = curl_easy_init();
    g_autofree char *address =
        g_strdup_printf("https://127.0.0.1:%u/subscriptions?api-version=2024-07-01", server_port(f->server));
    g_autofree char *ca = tls_path(state_dir, "ca.pem");
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, TOKEN);
    curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    return curl;
}

static long
must_ask(CURL *curl)
{
    long status = 0, connects = 0;
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        g_error("%s", curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
    g_assert_cmpint(status, ==, 200);
    return connects;
}

/* The certificate that a new connection sees, which whoever trusts that folder's CA believes. */
static char *
new_connection_sees(const Fixture *f, const char *state_dir)
{
    CURL *curl = client_new(f, state_dir);
    struct curl_certinfo *info = NULL;
    char *seen = NULL;
    g_assert_cmpint(must_ask(curl), ==, 1);
    g_assert_cmpint(curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info), ==, CURLE_OK);
    g_assert_cmpint(info->num_of_certs, >=, 1);
    for (const struct curl_slist *row = info->certinfo[0]; row; row = row->next) {
        if (g_str_has_prefix(row->data, "Cert:"))
            seen = g_strdup(row->data + strlen("Cert:"));
    }
    g_assert_nonnull(seen);
    curl_easy_cleanup(curl);
    return seen;
}

/* ---- tests ---- */

/* The clock begins so that curl, which looks at the real one, believes the certificate of now and that of a year later. */
static void
test_the_own_one_is_renewed_in_time(Fixture *f, const void *data)
{
    (void)data;
    serve(f, g_get_real_time() - DAYS(367));
    CURL *connected = client_new(f, f->world->dir);
    g_assert_cmpint(must_ask(connected), ==, 1);
    g_autofree char *first = new_connection_sees(f, f->world->dir);
    clock_virtual_jump(f->clock, DAYS(365));
    pass(f, 2 * HOUR);
    g_autofree char *still = new_connection_sees(f, f->world->dir);
    g_assert_cmpstr(first, ==, still);

    clock_virtual_jump(f->clock, DAYS(2));
    pass(f, HOUR);
    g_autofree char *second = new_connection_sees(f, f->world->dir);
    g_assert_cmpstr(first, !=, second);
    g_assert_cmpint(tls_keeper_files(f->keeper)->ends - f->clock->now(f->clock), >, DAYS(395));
    g_assert_cmpint(must_ask(connected), ==, 0);

    pass(f, 24 * HOUR);
    g_autofree char *kept = new_connection_sees(f, f->world->dir);
    g_assert_cmpstr(second, ==, kept);
    g_assert_cmpuint(warnings, ==, 0);
    curl_easy_cleanup(connected);
}

static void
test_the_operators_are_read_again(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *a = other_state(f, "a"), *b = other_state(f, "b");
    serve_the_operators(f, a);
    CURL *connected = client_new(f, a);
    g_assert_cmpint(must_ask(connected), ==, 1);
    operator_puts(f, b);
    g_autofree char *early = new_connection_sees(f, a);
    pass(f, HOUR);
    g_autofree char *late = new_connection_sees(f, b);
    g_assert_cmpstr(early, !=, late);
    g_assert_cmpint(must_ask(connected), ==, 0);

    operator_puts(f, a);
    tls_keeper_reload(f->keeper);
    g_autofree char *asked = new_connection_sees(f, a);
    g_assert_cmpstr(early, ==, asked);
    g_assert_cmpuint(warnings, ==, 0);
    curl_easy_cleanup(connected);
}

/* Said once, and again to who asks; the certificate stays until there is a pair. */
static void
expect_kept(const Fixture *f, const char *good, const char *part)
{
    warnings = 0;
    pass(f, HOUR);
    expect_warnings(1, part);
    expect_warnings(1, "goes on with the certificate that it has");
    pass(f, 3 * HOUR);
    g_assert_cmpuint(warnings, ==, 1);
    tls_keeper_reload(f->keeper);
    g_assert_cmpuint(warnings, ==, 2);
    g_free(new_connection_sees(f, good));
}

static void
test_broken_files_change_nothing(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *a = other_state(f, "a"), *b = other_state(f, "b");
    serve_the_operators(f, a);

    copy(b, "server.pem", f->certificate); /* its key is to come */
    expect_kept(f, a, "operator.key");
    copy(b, "server.key", f->key);
    pass(f, MINUTE);
    g_free(new_connection_sees(f, b));

    g_assert_cmpint(g_unlink(f->certificate), ==, 0);
    expect_kept(f, b, "operator.pem");
    g_assert_true(file_write(f->certificate, "", 0, 0600, NULL));
    expect_kept(f, b, "operator.pem");
    operator_puts(f, a);
    pass(f, MINUTE);
    g_free(new_connection_sees(f, a));
}

/* The first certificate is whole and has its key; what follows is not there yet. */
static void
test_a_chain_that_is_cut_off_changes_nothing(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *a = other_state(f, "a"), *b = other_state(f, "b");
    g_autofree char *server = tls_path(b, "server.pem"), *ca = tls_path(b, "ca.pem");
    g_autofree char *first = file_read(server, PEM_MAX, NULL, NULL), *second = file_read(ca, PEM_MAX, NULL, NULL);
    g_autofree char *chain = g_strconcat(first, second, NULL);
    serve_the_operators(f, a);
    copy(b, "server.key", f->key);
    g_assert_true(file_write(f->certificate, chain, strlen(first) + strlen(second) / 2, 0600, NULL));
    expect_kept(f, a, "cannot use this certificate");
    g_assert_true(file_write(f->certificate, chain, strlen(chain), 0600, NULL));
    pass(f, MINUTE);
    g_free(new_connection_sees(f, b));
}

static void
test_the_end_of_the_authority_is_said_a_year_ahead(Fixture *f, const void *data)
{
    (void)data;
    serve(f, g_get_real_time());
    gint64 left = tls_keeper_files(f->keeper)->ca_ends - f->clock->now(f->clock);
    clock_virtual_jump(f->clock, left - DAYS(366));
    pass(f, 2 * HOUR);
    g_assert_cmpuint(warnings, ==, 0);
    clock_virtual_jump(f->clock, DAYS(1));
    pass(f, 2 * HOUR);
    expect_warnings(1, "tls/ca.pem') ends at 20");
    pass(f, 24 * HOUR);
    g_assert_cmpuint(warnings, ==, 1);
    clock_virtual_jump(f->clock, DAYS(30));
    pass(f, HOUR);
    g_assert_cmpuint(warnings, ==, 2);
    clock_virtual_jump(f->clock, DAYS(365));
    pass(f, HOUR);
    expect_warnings(3, "ended at 20");
}

static void
test_the_end_of_the_operators_is_said_two_weeks_ahead(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *a = other_state(f, "a");
    serve_the_operators(f, a);
    gint64 left = tls_keeper_files(f->keeper)->ends - f->clock->now(f->clock);
    clock_virtual_jump(f->clock, left - DAYS(15));
    pass(f, 2 * HOUR);
    g_assert_cmpuint(warnings, ==, 0);
    clock_virtual_jump(f->clock, DAYS(1));
    pass(f, 2 * HOUR);
    expect_warnings(1, "operator.pem') ends at 20");
    pass(f, 12 * HOUR);
    g_assert_cmpuint(warnings, ==, 1);
    pass(f, 12 * HOUR);
    g_assert_cmpuint(warnings, ==, 2);
    clock_virtual_jump(f->clock, DAYS(14));
    pass(f, HOUR);
    expect_warnings(3, "ended at 20");
}

/* Clients trust it: only who starts a daemon gets another one. */
static void
test_an_authority_that_is_gone_is_not_made_again(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *ca = tls_path(f->world->dir, "ca.pem"), *ca_key = tls_path(f->world->dir, "ca.key");
    g_autofree char *state = other_state(f, "copy"), *trusted = tls_path(state, "ca.pem");
    serve(f, g_get_real_time());
    copy(f->world->dir, "ca.pem", trusted);
    g_assert_cmpint(g_unlink(ca), ==, 0);
    g_assert_cmpint(g_unlink(ca_key), ==, 0);
    expect_kept(f, state, "ca.pem");
    g_assert_false(g_file_test(ca, G_FILE_TEST_EXISTS));
}

typedef struct {
    const Fixture *fixture;
    const char *a;
    gint calls, over; /* atomic */
} Callers;

static void *
call(void *data)
{
    Callers *callers = data;
    while (!g_atomic_int_get(&callers->over)) {
        CURL *curl = client_new(callers->fixture, callers->a);
        /* Whose certificate it is, is chance here. */
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        g_assert_cmpint(must_ask(curl), ==, 1);
        curl_easy_cleanup(curl);
        g_atomic_int_inc(&callers->calls);
    }
    return NULL;
}

/* What a handshake uses is there until it is over: for sanitizers to look at. */
static void
test_handshakes_do_not_mind_a_change(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *a = other_state(f, "a"), *b = other_state(f, "b");
    serve_the_operators(f, a);
    Callers callers = { .fixture = f, .a = a };
    GThread *threads[] = { g_thread_new("a", call, &callers), g_thread_new("b", call, &callers) };
    for (guint changes = 0; changes < 4 || g_atomic_int_get(&callers.calls) < 40; changes++) {
        operator_puts(f, changes % 2 ? a : b);
        tls_keeper_reload(f->keeper);
    }
    g_atomic_int_set(&callers.over, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(warnings, ==, 0);
}

#define ADD(name, test) g_test_add("/tls-keeper/" name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_writer_func(on_log, NULL, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    ADD("the-own-one-is-renewed-in-time", test_the_own_one_is_renewed_in_time);
    ADD("the-operators-are-read-again", test_the_operators_are_read_again);
    ADD("broken-files-change-nothing", test_broken_files_change_nothing);
    ADD("a-chain-that-is-cut-off-changes-nothing", test_a_chain_that_is_cut_off_changes_nothing);
    ADD("the-end-of-the-authority-is-said-a-year-ahead", test_the_end_of_the_authority_is_said_a_year_ahead);
    ADD("the-end-of-the-operators-is-said-two-weeks-ahead", test_the_end_of_the_operators_is_said_two_weeks_ahead);
    ADD("an-authority-that-is-gone-is-not-made-again", test_an_authority_that_is_gone_is_not_made_again);
    ADD("handshakes-do-not-mind-a-change", test_handshakes_do_not_mind_a_change);
    int status = g_test_run();
    curl_global_cleanup();
    g_free(warned);
    return status;
}
