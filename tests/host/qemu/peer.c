#include "peer.h"

#include "base/file.h"
#include "host/qemu/line_socket.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define HEAR_TIMEOUT_MS 10000

void
peer_set_up(Peer *peer)
{
    g_autoptr(GError) error = NULL;
    peer->folder = g_dir_make_tmp("testudo-peer-XXXXXX", &error);
    g_assert_no_error(error);
    peer->path = g_build_filename(peer->folder, "peer.sock", NULL);
    peer->listener = line_socket_listen(peer->path, &error);
    g_assert_no_error(error);
    peer->fd = -1;
    peer->context = g_main_context_new();
}

void
peer_tear_down(Peer *peer)
{
    peer_hang_up(peer);
    close(peer->listener);
    g_main_context_unref(peer->context);
    folder_remove(peer->folder, NULL);
    g_free(peer->path);
    g_free(peer->folder);
}

void
peer_accept(Peer *peer)
{
    peer->fd = accept(peer->listener, NULL, NULL);
    g_assert_cmpint(peer->fd, >=, 0);
}

void
peer_say_bytes(Peer *peer, const char *bytes, gsize length)
{
    while (length > 0) {
        ssize_t n = send(peer->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            bytes += n;
            length -= (gsize)n;
        } else if (n < 0 && errno != EAGAIN) {
            return;
        }
        peer_settle(peer);
    }
    peer_settle(peer);
}

void
peer_say(Peer *peer, const char *text)
{
    peer_say_bytes(peer, text, strlen(text));
}

static gboolean
readable(const Peer *peer, int timeout_ms)
{
    struct pollfd in = { peer->fd, POLLIN, 0 };
    return poll(&in, 1, timeout_ms) == 1;
}

char *
peer_hear(Peer *peer)
{
    GString *line = g_string_new(NULL);
    char c;
    peer_settle(peer);
    for (;;) {
        g_assert_true(readable(peer, HEAR_TIMEOUT_MS));
        g_assert_cmpint(read(peer->fd, &c, 1), ==, 1);
        if (c == '\n')
            return g_string_free(line, FALSE);
        g_string_append_c(line, c);
    }
}

gboolean
peer_hears_nothing(Peer *peer)
{
    peer_settle(peer);
    return !readable(peer, 0);
}

void
peer_hang_up(Peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
}

gboolean
peer_is_left(Peer *peer)
{
    char c;
    peer_settle(peer);
    return readable(peer, 0) && recv(peer->fd, &c, 1, MSG_PEEK) <= 0;
}

void
peer_settle(Peer *peer)
{
    while (g_main_context_iteration(peer->context, FALSE))
        ;
}
