/* HTTP as it comes over a socket: limits, tokens, slow and broken clients, and the end of the daemon. */
#include "world.h"

#include "base/error.h"
#include "base/json.h"

#include <curl/curl.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define TOKEN       "a-token-of-sixteen-characters"
#define WITHIN      (10 * G_USEC_PER_SEC)
#define SHORT_LIMIT (500 * 1000)

typedef struct {
    gint64 request_limit_usec; /* 0: the usual one */
    World *world;
    Server *server;
    char *socket_path;
    TlsFiles *tls;
} Fixture;

static ServerConfig
config_of(const Fixture *fixture)
{
    return (ServerConfig){
        .socket_path = fixture->socket_path,
        .listen_host = "127.0.0.1",
        .certificate = fixture->tls->certificate,
        .key = fixture->tls->key,
        .threads = 2,
        .request_limit_usec = fixture->request_limit_usec,
    };
}

static void
set_up(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;
    fixture->request_limit_usec = data ? SHORT_LIMIT : 0;
    fixture->world = world_new();
    world_stop(fixture->world);
    fixture->world->api_config.portal = "/test/portal";
    world_start(fixture->world);
    fixture->socket_path = g_build_filename(fixture->world->dir, "testudod.sock", NULL);
    /* curl looks at the real time. */
    fixture->tls = tls_files_prepare(fixture->world->dir, NULL, g_get_real_time(), &error);
    g_assert_no_error(error);
    ServerConfig config = config_of(fixture);
    fixture->server = server_start(fixture->world->api, &config, &error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *fixture, const void *data)
{
    (void)data;
    server_stop(fixture->server);
    tls_files_free(fixture->tls);
    g_free(fixture->socket_path);
    world_free(fixture->world);
}

static int
dial(const Fixture *fixture)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct timeval limit = { .tv_sec = 10 };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, fixture->socket_path, sizeof address.sun_path);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

/* All that comes until the server closes, or says all that it announced. */
static char *
receive(int fd)
{
    GString *text = g_string_new(NULL);
    char bytes[4096];
    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            break;
        g_string_append_len(text, bytes, n);
        const char *end = strstr(text->str, "\r\n\r\n"), *length = strcasestr(text->str, "content-length:");
        if (end && length && strlen(end + 4) >= g_ascii_strtoull(length + 15, NULL, 10))
            break;
    }
    close(fd);
    return g_string_free(text, FALSE);
}

static char *
converse(const Fixture *fixture, const char *sent)
{
    int fd = dial(fixture);
    (void)!send(fd, sent, strlen(sent), MSG_NOSIGNAL);
    return receive(fd);
}

static void
expect(const char *answer, const char *part)
{
    if (!strcasestr(answer, part))
        g_error("'%s' is not in: %s", part, answer);
}

static void
expect_alive(const Fixture *fixture)
{
    g_autofree char *answer =
        converse(fixture, "GET /subscriptions?api-version=2024-07-01 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(answer, "HTTP/1.1 200");
}

static void
test_the_owner_needs_no_token(Fixture *f, const void *data)
{
    (void)data;
    struct stat st;
    g_autofree char *answer = converse(f, "GET /subscriptions?api-version=2024-07-01 HTTP/1.1\r\nHost: localhost\r\n"
                                          "x-ms-client-request-id: mine-17\r\n\r\n");
    expect(answer, "HTTP/1.1 200");
    expect(answer, "x-ms-client-request-id: mine-17");
    expect(answer, "x-ms-request-id: ");
    g_assert_cmpint(stat(f->socket_path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
}

static void
test_large_bodies_are_refused_before_they_are_sent(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *announced = converse(f, "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10485760\r\n\r\n");
    expect(announced, "HTTP/1.1 413");
    expect(announced, "\"RequestEntityTooLarge\"");

    /* One that does not say how much is to come. */
    GString *chunked = g_string_new("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    g_autofree char *block = g_strnfill(65536, 'x');
    for (int i = 0; i < 20; i++)
        g_string_append_printf(chunked, "10000\r\n%s\r\n", block);
    g_string_append(chunked, "0\r\n\r\n");
    g_autofree char *sent = g_string_free(chunked, FALSE), *unannounced = converse(f, sent);
    expect(unannounced, "HTTP/1.1 413");
    expect_alive(f);
}

static void
test_broken_requests_hurt_nobody(Fixture *f, const void *data)
{
    static const char *const broken[] = {
        "GET /subscr",
        "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n{\"locat",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        "GET  HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "\r\n\r\n\r\n",
        "GET /%00%ff%zz?%zz=%00 HTTP/1.1\r\nHost: h\r\n\r\n",
    };
    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        int fd = dial(f);
        (void)!send(fd, broken[i], strlen(broken[i]), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        g_autofree char *answer = receive(fd);
        g_assert_null(strstr(answer, "HTTP/1.1 2"));
    }
    expect_alive(f);
}

static void
test_a_slow_client_is_cut_off(Fixture *f, const void *data)
{
    static const char head[] = "GET /subscriptions?api-version=2024-07-01 HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
    const gint64 begun = g_get_monotonic_time();
    int fd = dial(f);
    gsize sent = 0;
    (void)data;
    for (;;) {
        g_assert_cmpint(g_get_monotonic_time() - begun, <, WITHIN);
        char byte = sent < sizeof head - 1 ? head[sent] : 'x';
        if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
            break;
        sent++;
        g_usleep(5000);
    }
    close(fd);
    g_assert_cmpint(g_get_monotonic_time() - begun, >=, SHORT_LIMIT);
    expect_alive(f);
}

static gboolean
connection_ended(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

/* One request, and a rest. FALSE: the connection is over. */
static gboolean
asks_and_rests(int fd)
{
    static const char request[] = "GET /subscriptions?api-version=2024-07-01 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char answer[8192];
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1 || recv(fd, answer, sizeof answer, 0) <= 0)
        return FALSE;
    g_usleep(50 * 1000);
    return !connection_ended(fd);
}

/* Between two requests the time starts anew; within an answer it does not run. */
static void
test_a_busy_client_is_not_cut_off(Fixture *f, const void *data)
{
    const gint64 give_up = g_get_monotonic_time() + WITHIN;
    int fd = dial(f);
    (void)data;
    gint64 begun = g_get_monotonic_time(), before = begun;
    while (before - begun < 3 * SHORT_LIMIT) {
        const gboolean goes_on = asks_and_rests(fd);
        const gint64 now = g_get_monotonic_time();
        /* Who had no processor for that long was not busy: it begins anew. */
        if (now - before > SHORT_LIMIT / 2) {
            g_assert_cmpint(now, <, give_up);
            close(fd);
            fd = dial(f);
            begun = before = g_get_monotonic_time();
            continue;
        }
        g_assert_true(goes_on);
        before = now;
    }
    close(fd);
}

/* ---- HTTPS ---- */

typedef struct {
    long status;
    GString *head, *body;
} Fetched;

static void
fetched_clear(Fetched *fetched)
{
    g_string_free(fetched->head, TRUE);
    g_string_free(fetched->body, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fetched, fetched_clear)

static size_t
append(char *bytes, size_t size, size_t count, void *data)
{
    g_string_append_len(data, bytes, (gssize)(size * count));
    return size * count;
}

/* from: this end's address; NULL: any. */
static Fetched
fetch_from(const Fixture *fixture, const char *from, const char *address, const char *token)
{
    Fetched fetched = { 0, g_string_new(NULL), g_string_new(NULL) };
    CURL *curl = curl_easy_init();
    g_autofree char *authorization = token ? g_strconcat("Authorization: Bearer ", token, NULL) : NULL;
    struct curl_slist *headers = token ? curl_slist_append(NULL, authorization) : NULL;
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_CAINFO, fixture->tls->ca_file);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_INTERFACE, from);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetched.body);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, fetched.head);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        g_error("%s: %s", address, curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &fetched.status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return fetched;
}

static char *
https_address(const Fixture *fixture, const char *path)
{
    return g_strdup_printf("https://127.0.0.1:%u%s", server_port(fixture->server), path);
}

static Fetched
fetch(const Fixture *fixture, const char *address, const char *token)
{
    return fetch_from(fixture, NULL, address, token);
}

static int
dial_https(const Fixture *fixture)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((in_port_t)server_port(fixture->server)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

/* As many as there may be in all, from one address, which say nothing. */
static void
test_one_address_does_not_shut_out_others(Fixture *f, const void *data)
{
    struct rlimit files = { 0 };
    int idle[512];
    (void)data;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    for (guint i = 0; i < G_N_ELEMENTS(idle); i++)
        idle[i] = dial_https(f);
    g_autofree char *address =
        g_strdup_printf("https://127.0.0.1:%u/subscriptions?api-version=2024-07-01", server_port(f->server));
    g_auto(Fetched) other = fetch_from(f, "127.0.0.2", address, TOKEN);
    g_assert_cmpint(other.status, ==, 200);
    for (guint i = 0; i < G_N_ELEMENTS(idle); i++)
        close(idle[i]);
}

static void
test_https_needs_the_token(Fixture *f, const void *data)
{
    static const char *const wrong[] = { NULL, "", "x", (TOKEN "x"), "b-token-of-sixteen-characters" };
    (void)data;
    g_autofree char *address = https_address(f, "/subscriptions?api-version=2024-07-01");
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(Fetched) refused = fetch(f, address, wrong[i]);
        g_assert_cmpint(refused.status, ==, 401);
        expect(refused.head->str, "WWW-Authenticate: Bearer authorization_uri=");
        expect(refused.body->str, "{\"error\":{\"code\":\"AuthenticationFailed\"");
    }
    g_auto(Fetched) accepted = fetch(f, address, TOKEN);
    g_assert_cmpint(accepted.status, ==, 200);
}

/* Addresses in answers lead back to where the client came from. */
static void
test_links_work_with_and_without_a_token(Fixture *f, const void *data)
{
    (void)data;
    world_create(f->world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    g_autofree char *target = world_target(f->world, "@/s1/virtualMachines/0/retrieveBootDiagnosticsData");
    g_autofree char *request = g_strdup_printf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", target);
    g_autofree char *answer = converse(f, request);
    expect(answer, "HTTP/1.1 200");
    g_autoptr(json_t) body = json_loads(strstr(answer, "\r\n\r\n") + 4, 0, NULL);
    const char *link = json_string_value(json_object_get(body, "serialConsoleLogBlobUri"));
    g_assert_true(g_str_has_prefix(link, "https://127.0.0.1:"));
    g_autofree char *versioned = g_strconcat(link, "&api-version=2024-07-01", NULL);
    const char *const addresses[] = { link, versioned };
    for (guint i = 0; i < G_N_ELEMENTS(addresses); i++) {
        g_auto(Fetched) anonymous = fetch(f, addresses[i], NULL);
        g_assert_cmpint(anonymous.status, ==, 200);
        expect(anonymous.body->str, "simulated VM");
        g_auto(Fetched) known = fetch(f, addresses[i], TOKEN);
        g_assert_cmpint(known.status, ==, 200);
    }
}

/* ---- coming up and going down ---- */

static void
test_what_is_in_use_is_named(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(GError) socket_taken = NULL, port_taken = NULL, no_socket = NULL;
    ServerConfig config = config_of(f);
    config.listen_host = NULL;
    g_assert_null(server_start(f->world->api, &config, &socket_taken));
    g_assert_error(socket_taken, ARM_ERROR, ARM_CONFLICT);
    expect(socket_taken->message, f->socket_path);

    config = config_of(f);
    config.socket_path = NULL;
    config.listen_port = server_port(f->server);
    g_assert_null(server_start(f->world->api, &config, &port_taken));
    g_assert_error(port_taken, ARM_ERROR, ARM_CONFLICT);
    expect(port_taken->message, "in use");

    /* What is no socket is nobody's to remove. */
    g_autofree char *file = g_build_filename(f->world->dir, "notes.txt", NULL);
    g_assert_true(g_file_set_contents(file, "keep me", -1, NULL));
    config = config_of(f);
    config.listen_host = NULL;
    config.socket_path = file;
    g_assert_null(server_start(f->world->api, &config, &no_socket));
    g_assert_error(no_socket, ARM_ERROR, ARM_CONFLICT);
    g_assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));
    expect_alive(f);
}

static void
test_a_stale_socket_is_replaced(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(f->world->dir, "stale.sock", NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    close(fd);
    ServerConfig config = config_of(f);
    config.listen_host = NULL;
    config.socket_path = path;
    Server *server = server_start(f->world->api, &config, &error);
    g_assert_no_error(error);
    server_stop(server);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

typedef struct {
    ProbeForwards done;
    void *done_data;
} Unanswered;

static void
never_forwards(void *data, const char *key, ProbeForwards done, void *done_data)
{
    Unanswered *unanswered = data;
    (void)key;
    unanswered->done = done;
    g_atomic_pointer_set(&unanswered->done_data, done_data);
}

/* An answer that a VM still owes does not hold up the end, and is dropped when it comes after it. */
static void
test_the_end_does_not_wait_for_a_vm(Fixture *f, const void *data)
{
    (void)data;
    Unanswered unanswered = { 0 };
    const ApiProbe probe = { .data = &unanswered, .forwards = never_forwards };
    g_autoptr(GError) error = NULL;
    world_create(f->world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    Api *api = api_new(&f->world->api_config, f->world->store, f->world->clock, &probe, &error);
    g_assert_no_error(error);
    server_stop(f->server);
    ServerConfig config = config_of(f);
    f->server = server_start(api, &config, &error);
    g_assert_no_error(error);

    g_autofree char *target = world_target(f->world, "@/s1/virtualMachines/0/connectionInfo");
    g_autofree char *request = g_strdup_printf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", target);
    int fd = dial(f);
    g_assert_cmpint(send(fd, request, strlen(request), MSG_NOSIGNAL), ==, (ssize_t)strlen(request));
    for (gint64 until = g_get_monotonic_time() + WITHIN; !g_atomic_pointer_get(&unanswered.done_data);) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_usleep(1000);
    }
    server_stop(g_steal_pointer(&f->server));
    g_autofree char *answer = receive(fd);
    expect(answer, "HTTP/1.1 503");
    g_autoptr(GPtrArray) ports = g_ptr_array_new();
    unanswered.done(ports, NULL, unanswered.done_data);
    api_free(api);
}

/* ---- the portal ---- */

static json_t *
body_of(const char *answer)
{
    return json_loads(strstr(answer, "\r\n\r\n") + 4, 0, NULL);
}

static char *
post(const Fixture *f, const char *target, const char *token, const char *body)
{
    g_autofree char *address = https_address(f, target);
    g_autofree char *authorization = g_strconcat("Authorization: Bearer ", token ? token : "none", NULL);
    struct curl_slist *headers = curl_slist_append(NULL, authorization);
    GString *answer = g_string_new(NULL);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_CAINFO, f->tls->ca_file);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADER, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    g_assert_cmpint(curl_easy_perform(curl), ==, CURLE_OK);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return g_string_free(answer, FALSE);
}

static void
test_a_browser_signs_in(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *made = converse(f, "POST /portal/codes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    g_autoptr(json_t) code = body_of(made);
    g_autofree char *address = https_address(f, "/portal/#code=");
    g_assert_true(g_str_has_prefix(json_string_value(json_object_get(code, "url")), address));
    g_autofree char *body = g_strdup_printf("{\"code\":\"%s\"}", json_string_value(json_object_get(code, "code")));
    g_autofree char *signed_in = post(f, "/portal/session", NULL, body);
    expect(signed_in, "201");
    g_autoptr(json_t) session = body_of(signed_in);
    const char *token = json_string_value(json_object_get(session, "token"));
    g_autofree char *api = https_address(f, "/subscriptions?api-version=2024-07-01");
    g_auto(Fetched) answered = fetch(f, api, token);
    g_assert_cmpint(answered.status, ==, 200);
    g_autofree char *refused = post(f, "/portal/codes", token, "");
    expect(refused, "403");
    g_autofree char *again = post(f, "/portal/session", NULL, body);
    expect(again, "401");
}

#define FORM "grant_type=client_credentials&client_id=ci&client_secret="

/* As the addresses that we tell lead: from the refusal to the authority, and to its token. */
static void
test_a_client_signs_in(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *api = https_address(f, "/subscriptions?api-version=2024-07-01");
    g_autofree char *authority = https_address(f, "/adfs");
    g_autofree char *challenge =
        g_strdup_printf("WWW-Authenticate: Bearer authorization_uri=\"%s\", error=\"invalid_token\"", authority);
    g_auto(Fetched) refused = fetch(f, api, "none");
    expect(refused.head->str, challenge);
    g_autofree char *discovery = g_strconcat(authority, "/.well-known/openid-configuration", NULL);
    g_auto(Fetched) found = fetch(f, discovery, NULL);
    g_autoptr(json_t) provider = json_loads(found.body->str, 0, NULL);
    g_autofree char *endpoint = https_address(f, "/adfs/oauth2/token");
    g_assert_cmpstr(json_string_value(json_object_get(provider, "token_endpoint")), ==, endpoint);
    g_autofree char *signed_in = post(f, "/adfs/oauth2/token?client-request-id=1", NULL, FORM TOKEN);
    expect(signed_in, "200");
    expect(signed_in, "Cache-Control: no-store");
    g_autoptr(json_t) session = body_of(signed_in);
    g_auto(Fetched) answered = fetch(f, api, json_string_value(json_object_get(session, "access_token")));
    g_assert_cmpint(answered.status, ==, 200);
    g_autofree char *wrong = post(f, "/adfs/oauth2/token", NULL, FORM "x");
    expect(wrong, "401");
    expect(wrong, "\"invalid_client\"");
}

/* Who has no token makes us keep a few bytes at most, and at two places alone. */
static void
test_signing_in_takes_little(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *padding = g_strnfill(2000, ' '), *long_body = g_strconcat("{}", padding, NULL);
    g_autofree char *refused = post(f, "/portal/session", NULL, long_body);
    expect(refused, "413");
    expect(refused, "1024 bytes");
    g_autofree char *elsewhere = post(f, "/portal/session/x", NULL, "{}");
    expect(elsewhere, "401");
    g_autofree char *more = g_strnfill(15000, 'x'), *form = g_strconcat(FORM TOKEN "&x=", more, NULL);
    g_autofree char *taken = post(f, "/adfs/oauth2/token", NULL, form);
    expect(taken, "\"access_token\"");
    g_autofree char *longer = g_strconcat(form, padding, NULL), *too_long = post(f, "/adfs/oauth2/token", NULL, longer);
    expect(too_long, "413");
    expect(too_long, "16384 bytes");
    expect_alive(f);
}

static void
test_head_tells_the_length(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *got = converse(f, "GET /portal/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    g_autofree char *head = converse(f, "HEAD /portal/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    const char *content = strstr(got, "\r\n\r\n") + 4;
    g_autofree char *length = g_strdup_printf("Content-Length: %zu\r\n", strlen(content));
    g_assert_cmpuint(strlen(content), >, 50);
    expect(got, length);
    expect(head, length);
    g_assert_cmpstr(strstr(head, "\r\n\r\n"), ==, "\r\n\r\n");
}

static void
test_what_a_client_takes_is_sent(Fixture *f, const void *data)
{
    static const struct {
        const char *accept;
        gboolean packed;
    } rows[] = {
        { "gzip", TRUE },       { "br, gzip;q=0.5", TRUE }, { "GZIP", TRUE },
        { "gzip;q=1.0", TRUE }, { "gzip; q=0.1", TRUE },    { "identity", FALSE },
        { "gzip;q=0", FALSE },  { "gzip; q=0.000", FALSE }, { "x-gzipped", FALSE },
        { "", FALSE },
    };
    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *request = g_strdup_printf(
            "GET /portal/ HTTP/1.1\r\nHost: h\r\nAccept-Encoding: %s\r\nConnection: close\r\n\r\n", rows[i].accept);
        g_autofree char *answer = converse(f, request);
        g_test_message("%s", rows[i].accept);
        g_assert_true((strcasestr(answer, "Content-Encoding: gzip") != NULL) == rows[i].packed);
    }
}

/* Receives until the text has this part, or nothing comes any more. */
static gboolean
receive_until(int fd, GString *text, const char *part)
{
    char bytes[4096];
    while (!strstr(text->str, part)) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            return FALSE;
        g_string_append_len(text, bytes, n);
    }
    return TRUE;
}

/* Changes come as they happen, and the end of the daemon does not wait for who reads them, or for who does not. */
static void
test_changes_come_as_they_happen(Fixture *f, const void *data)
{
    static const char request[] = "GET /portal/changes HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (void)data;
    g_autoptr(GString) text = g_string_new(NULL);
    int fd = dial(f), idle = dial(f);
    g_assert_cmpint(send(fd, request, strlen(request), MSG_NOSIGNAL), >, 0);
    g_assert_cmpint(send(idle, request, strlen(request), MSG_NOSIGNAL), >, 0);
    g_assert_true(receive_until(fd, text, "{\"revision\":"));
    expect(text->str, "Transfer-Encoding: chunked");
    for (guint i = 0; i < 20; i++) {
        g_autofree char *target = g_strdup_printf("~/resourceGroups/g%u", i),
                        *told = g_strdup_printf("resourceGroups/g%u\"", i);
        answer_free(world_must(f->world, 201, "PUT", target, "{\"location\":\"local\"}"));
        g_assert_true(receive_until(fd, text, told));
    }
    gint64 begun = g_get_monotonic_time();
    server_stop(f->server);
    f->server = NULL;
    g_assert_cmpint(g_get_monotonic_time() - begun, <, 900 * 1000);
    g_assert_true(receive_until(fd, text, "\"end\":\"stopping\"}"));
    close(fd);
    close(idle);
}

#define ADD(name, test) g_test_add("/server/" name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    ADD("the-owner-needs-no-token", test_the_owner_needs_no_token);
    ADD("large-bodies-are-refused-before-they-are-sent", test_large_bodies_are_refused_before_they_are_sent);
    /* Some of them leave the server waiting for more, until its patience ends. */
    ADD("a-browser-signs-in", test_a_browser_signs_in);
    ADD("a-client-signs-in", test_a_client_signs_in);
    ADD("signing-in-takes-little", test_signing_in_takes_little);
    ADD("changes-come-as-they-happen", test_changes_come_as_they_happen);
    ADD("head-tells-the-length", test_head_tells_the_length);
    ADD("what-a-client-takes-is-sent", test_what_a_client_takes_is_sent);
    g_test_add("/server/broken-requests-hurt-nobody", Fixture, "short", set_up, test_broken_requests_hurt_nobody, tear_down);
    g_test_add("/server/a-slow-client-is-cut-off", Fixture, "short", set_up, test_a_slow_client_is_cut_off, tear_down);
    g_test_add("/server/a-busy-client-is-not-cut-off", Fixture, "short", set_up, test_a_busy_client_is_not_cut_off, tear_down);
    ADD("https-needs-the-token", test_https_needs_the_token);
    ADD("one-address-does-not-shut-out-others", test_one_address_does_not_shut_out_others);
    ADD("links-work-with-and-without-a-token", test_links_work_with_and_without_a_token);
    ADD("what-is-in-use-is-named", test_what_is_in_use_is_named);
    ADD("a-stale-socket-is-replaced", test_a_stale_socket_is_replaced);
    ADD("the-end-does-not-wait-for-a-vm", test_the_end_does_not_wait_for_a_vm);
    int status = g_test_run();
    curl_global_cleanup();
    return status;
}
