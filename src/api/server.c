/* HTTP on a Unix socket and HTTPS: what listens, and how it ends. */
#include "api/exchange.h"
#include "api/listen.h"

#include <string.h>
#include <unistd.h>

/* Without a byte for so long, a connection is closed. */
#define IDLE_TIMEOUT_S 120
/* For a request's head and body together, however they trickle in. */
#define REQUEST_LIMIT   (120 * G_USEC_PER_SEC)
#define CONNECTIONS_MAX 512
/* Of these, from one address: whoever is idle on purpose does not shut out the others. */
#define CONNECTIONS_OF_ONE 256
#define HEADER_MEMORY      (32u << 10)
#define TLS_PRIORITIES     "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"

struct Server {
    Exchanges exchanges;
    Listener on_socket, on_https;
    TlsSlot tls;
    struct MHD_Daemon *socket_daemon, *https_daemon;
    char *socket_path;
    guint https_port;
};

/* Takes the descriptor. */
static struct MHD_Daemon *
daemon_start(Listener *listener, int fd, const ServerConfig *config, GError **error)
{
    gboolean tls = listener->tls != NULL;
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0);
    const struct MHD_OptionItem tls_options[] = {
        { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)tls_pair_retrieve },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES },
        { MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_OF_ONE, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem no_options[] = { { MHD_OPTION_END, 0, NULL } };
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, exchange_on_request, listener, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
        exchange_on_uri, listener, MHD_OPTION_NOTIFY_COMPLETED, exchange_on_completed, listener, MHD_OPTION_NOTIFY_CONNECTION,
        exchange_on_connection, listener, MHD_OPTION_THREAD_POOL_SIZE, MAX(config->threads, 2), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned int)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MEMORY, MHD_OPTION_ARRAY, tls ? tls_options : no_options,
        MHD_OPTION_END);
    if (daemon)
        return daemon;
    close(fd);
    arm_fail(error, ARM_INTERNAL, NULL,
             tls ? "The HTTPS server could not be started." : "The HTTP server on the Unix socket could not be started.");
    return NULL;
}

static gboolean
https_start(Server *server, const ServerConfig *config, GError **error)
{
    gboolean colons = strchr(config->listen_host, ':') != NULL;
    if (!server_certificate_set(server, config->certificate, config->key, error))
        return FALSE;
    int fd = listen_tcp(config->listen_host, config->listen_port, &server->https_port, error);
    if (fd < 0)
        return FALSE;
    server->exchanges.https_url =
        g_strdup_printf(colons ? "https://[%s]:%u" : "https://%s:%u", config->listen_host, server->https_port);
    api_listens_at(server->exchanges.api, server->exchanges.https_url);
    server->https_daemon = daemon_start(&server->on_https, fd, config, error);
    return server->https_daemon != NULL;
}

static gboolean
socket_start(Server *server, const ServerConfig *config, GError **error)
{
    int fd = listen_unix(config->socket_path, error);
    if (fd < 0)
        return FALSE;
    server->socket_path = g_strdup(config->socket_path);
    server->socket_daemon = daemon_start(&server->on_socket, fd, config, error);
    return server->socket_daemon != NULL;
}

Server *
server_start(Api *api, const ServerConfig *config, GError **error)
{
    Server *server = g_new0(Server, 1);
    exchanges_init(&server->exchanges, api, config->request_limit_usec ? config->request_limit_usec : REQUEST_LIMIT);
    tls_slot_init(&server->tls);
    server->on_socket = (Listener){ &server->exchanges, TRUE, NULL };
    server->on_https = (Listener){ &server->exchanges, FALSE, &server->tls };
    if ((!config->listen_host || https_start(server, config, error)) &&
        (!config->socket_path || socket_start(server, config, error)))
        return server;
    server_stop(server);
    return NULL;
}

gboolean
server_certificate_set(Server *server, const char *certificate, const char *key, GError **error)
{
    TlsPair *pair = tls_pair_new(certificate, key, error);
    if (!pair)
        return FALSE;
    tls_slot_put(&server->tls, pair);
    return TRUE;
}

guint
server_port(const Server *server)
{
    return server->https_port;
}

void
server_stop(Server *server)
{
    if (!server)
        return;
    /* libmicrohttpd ends the process where a connection still sleeps when it is stopped. */
    exchanges_stop(&server->exchanges);
    g_clear_pointer(&server->socket_daemon, MHD_stop_daemon);
    g_clear_pointer(&server->https_daemon, MHD_stop_daemon);
    if (server->socket_path)
        unlink(server->socket_path);
    g_free(server->socket_path);
    exchanges_clear(&server->exchanges);
    tls_slot_clear(&server->tls);
    g_free(server);
}
