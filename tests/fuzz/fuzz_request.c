/* A request as a client sends it: "METHOD TARGET" on the first line ("~" and "@" as in tests/world/world.h, "!" for a target
 * that is taken as it is), the body after it. Every answer is one answer, well formed, and never our own fault. */
#include "fuzz.h"
#include "world.h"

#include <string.h>

static World *world;

/* A kept disk, so that there is one to ask for. */
static void
disk_make(void)
{
    const StoreDisk disk = { .id = (char *)"d15c0000-0000-0000-0000-000000000000",
                             .group = (char *)"g1",
                             .set_name = (char *)"s0",
                             .size_gib = 4,
                             .file = (char *)"/nowhere/d.qcow2",
                             .kept_until = G_MAXINT64 / 2 };
    StoreTx *tx = store_write(world->store, NULL);
    g_assert_true(store_disk_put(tx, &disk, NULL));
    g_assert_true(store_commit(tx, NULL));
}

static void
world_make(void)
{
    world = world_new();
    world_create(world, "s1", 2, "Standard_B1ms", "gen2",
                 "{\"securityType\":\"TrustedLaunch\",\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":true}}");
    disk_make();
}

/* Until somebody makes a change, inputs share a world: making one takes longer than a hundred of them. */
static void
world_renew_where_changed(guint64 revision)
{
    if (store_revision(world->store) == revision)
        return;
    world_settle(world);
    g_clear_pointer(&world, world_free);
}

static void
answer_holds(const Answer *answer, const char *method)
{
    const ApiResponse *response = answer->response;
    g_assert_cmpint(response->status, >=, 200);
    g_assert_cmpint(response->status, <, 600);
    g_assert_cmpint(response->status, !=, 500);
    g_assert_nonnull(api_response_header(response, "x-ms-request-id"));
    if (response->stream || strcmp(method, "HEAD") == 0)
        return;
    if (response->status >= 400) {
        gboolean oauth = json_is_string(answer_at(answer, "error"));
        g_autofree char *code = answer_text(answer, oauth ? "error" : "error.code"),
                        *message = answer_text(answer, oauth ? "error_description" : "error.message");
        g_assert_true(code && *code && message && *message);
    } else if (response->body && g_str_has_prefix(response->content_type, "application/json")) {
        g_assert_nonnull(answer->body);
    }
}

/* What anybody may ask. */
static gboolean
is_open(const char *target)
{
    static const char *const words[] = { "adfs", "metadata", "openid-configuration", "certs", "crl" };
    g_autofree char *plain = g_uri_unescape_string(target, NULL);
    gboolean open = FALSE;
    for (guint i = 0; plain && i < G_N_ELEMENTS(words); i++)
        open = open || strcasestr(plain, words[i]);
    return open;
}

/* Without a token there is nothing but a 401, or what is refused before anybody is asked who they are. */
static void
anonymous_holds(const ApiRequest *request)
{
    ApiRequest anonymous = *request;
    anonymous.caller = NULL;
    g_autoptr(Answer) answer = world_ask_request(world, &anonymous);
    g_assert_true(answer->response->status >= 400 || is_open(request->target));
    answer_holds(answer, request->method);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    gsize line = strcspn(text, "\n"), word = strcspn(text, " \n");
    if (word == line || line == size)
        return 0;
    if (!world)
        world_make();
    g_autofree char *method = g_strndup(text, word), *asked = g_strndup(text + word + 1, line - word - 1);
    g_autofree char *target = world_target(world, asked);
    guint64 revision = store_revision(world->store);
    const ApiRequest request = {
        .method = method,
        .target = target,
        .base_url = "https://h:1",
        .caller = "owner",
        .body = data + line + 1,
        .body_length = size - line - 1,
    };
    anonymous_holds(&request);
    /* Who tries many codes or secrets is noted, and so is who signs in. */
    g_assert_true(store_revision(world->store) == revision || strcasestr(target, "portal") || is_open(target));
    revision = store_revision(world->store);
    g_autoptr(Answer) answer = world_ask_request(world, &request);
    answer_holds(answer, method);
    world_renew_where_changed(revision);
    return 0;
}
