/* tests/host/qemu/peer.h: the other end of a monitor or agent socket, which says what a test has it
 * say. */
#pragma once

#include <glib.h>

typedef struct {
    char *folder, *path;
    int listener, fd; /* fd: the connection, once there is one */
    GMainContext *context;
} Peer;

void peer_set_up(Peer *peer);
void peer_tear_down(Peer *peer);

void peer_accept(Peer *peer);
void peer_say(Peer *peer, const char *text);
void peer_say_bytes(Peer *peer, const char *bytes, gsize length);
/* The next line that was sent to the peer, without its line end; waits for it. Newly allocated. */
char *peer_hear(Peer *peer);
/* Nothing more has been sent to it. */
gboolean peer_hears_nothing(Peer *peer);
void peer_hang_up(Peer *peer);
/* The other side hung up. */
gboolean peer_is_left(Peer *peer);

/* Runs the main loop until nothing is left to do. */
void peer_settle(Peer *peer);
