/* The guest's port for tokens: questions in, answers out, and what becomes of a guest that breaks the rules. */
#include "host/qemu/token_port.h"
#include "peer.h"

#include <stdio.h>

#define KEY      "0a-b.7"
#define QUESTION "{\"nonce\":\"n\"}\n"
#define ANSWER   "{\"nonce\":\"n\",\"token\":\"" KEY " n\"}"

typedef struct {
    Peer peer;
    Clock *clock;
    HostConfig config;
    TokenPort *port;
} World;

static char *
give(const char *key, const char *nonce, void *data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return g_strjoin(" ", key, nonce, NULL);
}

static void
world_set_up(World *world, gconstpointer data G_GNUC_UNUSED)
{
    peer_set_up(&world->peer);
    world->clock = clock_virtual_new(1000 * USEC_PER_SEC);
    world->config = (HostConfig){ .token = give };
}

static void
world_tear_down(World *world, gconstpointer data G_GNUC_UNUSED)
{
    token_port_free(world->port);
    clock_virtual_free(world->clock);
    peer_tear_down(&world->peer);
}

static void
port_open(World *world)
{
    world->port = token_port_new(world->peer.folder, KEY, &world->config, world->peer.context, world->clock);
}

/* The peer's socket, by the name that QEMU's has: a link would not be followed. */
static void
socket_name(const World *world)
{
    g_autofree char *path = g_build_filename(world->peer.folder, TOKEN_PORT_SOCKET, NULL);
    g_assert_cmpint(rename(world->peer.path, path), ==, 0);
}

static void
answer_expect(World *world)
{
    peer_say(&world->peer, QUESTION);
    g_autofree char *heard = peer_hear(&world->peer);
    g_assert_cmpstr(heard, ==, ANSWER);
}

static void
test_answers(World *world, gconstpointer data G_GNUC_UNUSED)
{
    socket_name(world);
    port_open(world);
    peer_accept(&world->peer);
    answer_expect(world);
    /* What a former asker left half said, and what is no question. */
    peer_say(&world->peer, "{\"nonce\":\"ha\n[1]\n");
    answer_expect(world);
    g_assert_true(peer_hears_nothing(&world->peer));
}

static void
test_begins_anew_after_a_line_that_is_too_long(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *flood = g_strnfill(GUEST_TOKEN_LINE_MAX + 1, 'x');
    socket_name(world);
    port_open(world);
    peer_accept(&world->peer);
    peer_say(&world->peer, flood);
    g_assert_true(peer_is_left(&world->peer));
    peer_hang_up(&world->peer);
    token_port_opened(world->port);
    peer_accept(&world->peer);
    answer_expect(world);
    /* One that goes on is left alone when the guest opens its end again. */
    token_port_opened(world->port);
    answer_expect(world);
}

/* A VM that a former version launched. */
static void
test_without_a_socket_there_is_nothing(World *world, gconstpointer data G_GNUC_UNUSED)
{
    port_open(world);
    token_port_opened(world->port);
    peer_settle(&world->peer);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *name;
        void (*run)(World *world, gconstpointer data);
    } tests[] = {
        { "/token-port/answers", test_answers },
        { "/token-port/begins-anew-after-a-line-that-is-too-long", test_begins_anew_after_a_line_that_is_too_long },
        { "/token-port/without-a-socket-there-is-nothing", test_without_a_socket_there_is_nothing },
    };
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, World, NULL, world_set_up, tests[i].run, world_tear_down);
    return g_test_run();
}
