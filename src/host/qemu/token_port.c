#include "host/qemu/token_port.h"

#include "host/qemu/folder.h"
#include "host/qemu/line_socket.h"

struct TokenPort {
    const char *folder, *key;
    const HostConfig *config;
    GMainContext *context;
    Clock *clock;
    GuestTokenAllowance allowance;
    LineSocket *socket; /* NULL: none, or it has ended */
    gboolean closed;
};

static void
on_question(const json_t *question, void *data)
{
    TokenPort *port = data;
    g_autoptr(json_t) answer =
        guest_token_answer(port->config, &port->allowance, port->key, question, port->clock->now(port->clock));
    /* Who does not read gets no answer, and can ask again. */
    if (!line_socket_send(port->socket, /* prefix= */ NULL, answer))
        g_debug("instance %s: its guest does not read what it asked for", port->key);
}

static void
on_closed(void *data)
{
    TokenPort *port = data;
    port->closed = TRUE;
}

static void
conversation_begin(TokenPort *port)
{
    g_autofree char *path = folder_file(port->folder, TOKEN_PORT_SOCKET);
    g_clear_pointer(&port->socket, line_socket_free);
    port->closed = FALSE;
    if (!folder_has(port->folder, TOKEN_PORT_SOCKET))
        return;
    g_autoptr(GError) error = NULL;
    port->socket = line_socket_connect(path, GUEST_TOKEN_LINE_MAX, LINES_WITH_GARBAGE, port->context, on_question, on_closed,
                                       port, &error);
    if (!port->socket)
        g_debug("instance %s: %s", port->key, error->message);
}

TokenPort *
token_port_new(const char *folder, const char *key, const HostConfig *config, GMainContext *context, Clock *clock)
{
    TokenPort *port = g_new0(TokenPort, 1);
    port->folder = folder;
    port->key = key;
    port->config = config;
    port->context = context;
    port->clock = clock;
    conversation_begin(port);
    return port;
}

void
token_port_opened(TokenPort *port)
{
    if (!port->socket || port->closed)
        conversation_begin(port);
}

void
token_port_free(TokenPort *port)
{
    if (!port)
        return;
    line_socket_free(port->socket);
    g_free(port);
}
