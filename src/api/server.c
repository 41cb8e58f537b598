/* HTTP on a Unix socket and HTTPS: bytes in and out, nothing else. */
#include "api/call.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CONNECTION_TIMEOUT_S 120
#define CONNECTIONS_MAX 512
#define HEADER_MEMORY (32u << 10)
#define HOST_MAX 255u
#define TLS_PRIORITIES "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"

typedef struct {
    Server *server;
    struct MHD_Daemon *daemon;
    gboolean is_socket;         /* the Unix socket: its owner needs no token */
} Listener;

struct Server {
    Api *api;
    Listener socket, https;
    char *socket_path;
    char *https_url;            /* "https://127.0.0.1:8443", or NULL */
    guint https_port;
};

typedef struct {
    char *target;
    GByteArray *body;
    gboolean begun, asked, too_large;
    GMutex lock;
    ApiResponse *response;
    gboolean suspended;
    struct MHD_Connection *connection;
} Exchange;

static void *
on_uri(void *data, const char *uri, struct MHD_Connection *connection)
{
    Exchange *exchange = g_new0(Exchange, 1);
    (void)data;
    exchange->target = g_strdup(uri);
    exchange->connection = connection;
    g_mutex_init(&exchange->lock);
    return exchange;
}

static void
on_completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    Exchange *exchange = *state;
    (void)data;
    (void)connection;
    (void)code;
    if (!exchange)
        return;
    g_free(exchange->target);
    if (exchange->body)
        g_byte_array_unref(exchange->body);
    api_response_free(exchange->response);
    g_mutex_clear(&exchange->lock);
    g_free(exchange);
    *state = NULL;
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Takes as long whatever differs first. */
static gboolean
token_is_right(const Api *api, const char *authorization)
{
    const char *token = api->config.token;
    if (!token || !authorization || g_ascii_strncasecmp(authorization, "Bearer ", 7) != 0)
        return FALSE;
    authorization += 7;
    gsize length = strlen(token);
    guint8 difference = 0;
    if (strlen(authorization) != length)
        return FALSE;
    for (gsize i = 0; i < length; i++)
        difference |= (guint8)(token[i] ^ authorization[i]);
    return difference == 0;
}

/* A name or address with or without a port. */
static gboolean
is_host(const char *text)
{
    gsize length = strspn(text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS ".:[]-");
    return length > 0 && length <= HOST_MAX && text[length] == '\0';
}

/* What the client calls us is what absolute addresses begin with, if it is a host name at all. */
static char *
base_url(const Listener *listener, struct MHD_Connection *connection)
{
    const char *host = header(connection, "Host");
    const Server *server = listener->server;
    if (listener->is_socket)
        return g_strdup(server->https_url ? server->https_url : "http://localhost");
    if (host && is_host(host))
        return g_strconcat("https://", host, NULL);
    return g_strdup(server->https_url);
}

static void
on_answer(ApiResponse *response, void *data)
{
    Exchange *exchange = data;
    g_mutex_lock(&exchange->lock);
    exchange->response = response;
    gboolean resume = exchange->suspended;
    g_mutex_unlock(&exchange->lock);
    if (resume)
        MHD_resume_connection(exchange->connection);
}

static enum MHD_Result
response_send(Exchange *exchange)
{
    const ApiResponse *ours = exchange->response;
    gsize length = 0;
    const void *bytes = ours->body ? g_bytes_get_data(ours->body, &length) : "";
    struct MHD_Response *theirs = MHD_create_response_from_buffer(length, (void *)bytes, MHD_RESPMEM_PERSISTENT);
    if (ours->content_type)
        MHD_add_response_header(theirs, "Content-Type", ours->content_type);
    for (guint i = 0; i + 1 < ours->headers->len; i += 2)
        MHD_add_response_header(theirs, g_ptr_array_index(ours->headers, i), g_ptr_array_index(ours->headers, i + 1));
    enum MHD_Result result = MHD_queue_response(exchange->connection, (unsigned int)ours->status, theirs);
    MHD_destroy_response(theirs);
    return result;
}

static void
too_large_answer(Exchange *exchange, const Api *api)
{
    g_autoptr(GError) error = NULL;
    arm_fail(&error, ARM_TOO_LARGE, NULL, "The body is larger than the %u bytes that are accepted.", api->config.body_max);
    exchange->response = respond_error(error);
    api_response_set_header(exchange->response, "Connection", "close");
}

static gboolean
announces_too_much(struct MHD_Connection *connection, const Api *api)
{
    const char *text = header(connection, "Content-Length");
    guint64 length;
    return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &length, NULL) && length > api->config.body_max;
}

static void
ask(Listener *listener, Exchange *exchange, const char *method)
{
    struct MHD_Connection *connection = exchange->connection;
    Api *api = listener->server->api;
    g_autofree char *base = base_url(listener, connection);
    const ApiRequest request = {
        .method = method,
        .target = exchange->target,
        .base_url = base,
        .caller = listener->is_socket ? "owner" : token_is_right(api, header(connection, "Authorization")) ? "token" : NULL,
        .if_match = header(connection, "If-Match"),
        .if_none_match = header(connection, "If-None-Match"),
        .client_request_id = header(connection, "x-ms-client-request-id"),
        .body = exchange->body ? exchange->body->data : NULL,
        .body_length = exchange->body ? exchange->body->len : 0,
    };
    exchange->asked = TRUE;
    api_handle(api, &request, on_answer, exchange);
}

static enum MHD_Result
on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
           const char *upload, size_t *upload_size, void **state)
{
    Listener *listener = data;
    Exchange *exchange = *state;
    const Api *api = listener->server->api;
    (void)url;
    (void)version;

    if (!exchange)
        return MHD_NO;
    if (!exchange->begun) {
        exchange->begun = TRUE;
        if (!announces_too_much(connection, api))
            return MHD_YES;
        too_large_answer(exchange, api);
        return response_send(exchange);
    }
    if (*upload_size > 0) {
        if (!exchange->body)
            exchange->body = g_byte_array_new();
        exchange->too_large = exchange->too_large || exchange->body->len + *upload_size > api->config.body_max;
        if (!exchange->too_large)
            g_byte_array_append(exchange->body, (const guint8 *)upload, (guint)*upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (exchange->too_large && !exchange->response)
        too_large_answer(exchange, api);
    else if (!exchange->asked)
        ask(listener, exchange, method);
    g_mutex_lock(&exchange->lock);
    gboolean answered = exchange->response != NULL;
    if (!answered) {
        exchange->suspended = TRUE;
        MHD_suspend_connection(connection);
    }
    g_mutex_unlock(&exchange->lock);
    return answered ? response_send(exchange) : MHD_YES;
}

/* ---- listening ---- */

/* The path goes through a descriptor of its folder, because socket names are short and state folders need not be. */
static gboolean
socket_address(const char *path, struct sockaddr_un *ret_address, int *ret_folder, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
    *ret_folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*ret_folder < 0)
        return io_fail(error, "open", folder);
    ret_address->sun_family = AF_UNIX;
    int n = g_snprintf(ret_address->sun_path, sizeof ret_address->sun_path, "/proc/self/fd/%d/%s", *ret_folder, name);
    return n < (int)sizeof ret_address->sun_path ||
           arm_fail(error, ARM_INVALID_PARAMETER, NULL, "The socket's name '%s' is too long.", name);
}

static int
socket_listen(const char *path, GError **error)
{
    struct sockaddr_un address = { 0 };
    int folder = -1;
    gboolean ok = socket_address(path, &address, &folder, error);
    AUTO_FD folder_fd = folder;
    if (!ok)
        return -1;
    AUTO_FD probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(probe, (struct sockaddr *)&address, sizeof address) == 0) {
        arm_fail(error, ARM_CONFLICT, NULL, "Another daemon answers on '%s'; stop it or use another state folder.", path);
        return -1;
    }
    unlink(path);
    AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 128) == 0;
    umask(mask);
    if (!ok) {
        io_fail(error, "listen on", path);
        return -1;
    }
    return fd_steal(&fd);
}

static int
tcp_listen(const char *host, guint port, guint *ret_port, GError **error)
{
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *list = NULL;
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    int problem = getaddrinfo(host, service, &hints, &list), one = 1;
    if (problem) {
        arm_fail(error, ARM_INVALID_PARAMETER, "listen", "--listen: there is no address '%s': %s.", host, gai_strerror(problem));
        return -1;
    }
    AUTO_FD fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    gboolean ok = fd >= 0 && bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, 128) == 0 &&
                  getsockname(fd, (struct sockaddr *)&bound, &length) == 0;
    freeaddrinfo(list);
    if (!ok) {
        if (errno == EADDRINUSE)
            arm_fail(error, ARM_CONFLICT, "listen",
                     "Port %u on %s is in use by another program; choose another one with --listen (port 0: any free one).", port,
                     host);
        else
            arm_fail(error, ARM_INTERNAL, "listen", "Cannot listen on %s:%u: %s.", host, port, g_strerror(errno));
        return -1;
    }
    *ret_port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                  : ((struct sockaddr_in *)&bound)->sin_port);
    return fd_steal(&fd);
}

static gboolean
listener_start(Listener *listener, int fd, const ServerConfig *config, gboolean tls, GError **error)
{
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0);
    const struct MHD_OptionItem tls_options[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)config->certificate },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)config->key },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem no_options[] = { { MHD_OPTION_END, 0, NULL } };
    listener->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, listener, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_THREAD_POOL_SIZE, MAX(config->threads, 2),
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)CONNECTION_TIMEOUT_S, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MEMORY, MHD_OPTION_ARRAY,
        tls ? tls_options : no_options, MHD_OPTION_END);
    if (listener->daemon)
        return TRUE;
    close(fd);
    return arm_fail(error, ARM_INTERNAL, NULL,
                    tls ? "The HTTPS server could not be started: are certificate and key a pair?"
                        : "The HTTP server on the Unix socket could not be started.");
}

Server *
server_start(Api *api, const ServerConfig *config, GError **error)
{
    Server *server = g_new0(Server, 1);
    gboolean ok = TRUE;
    server->api = api;
    server->socket = (Listener){ server, NULL, TRUE };
    server->https = (Listener){ server, NULL, FALSE };
    if (config->listen_host) {
        gboolean colons = strchr(config->listen_host, ':') != NULL;
        int fd = tcp_listen(config->listen_host, config->listen_port, &server->https_port, error);
        ok = fd >= 0;
        if (ok) {
            server->https_url = g_strdup_printf(colons ? "https://[%s]:%u" : "https://%s:%u", config->listen_host,
                                                server->https_port);
            ok = listener_start(&server->https, fd, config, /* tls= */ TRUE, error);
        }
    }
    if (ok && config->socket_path) {
        int fd = socket_listen(config->socket_path, error);
        ok = fd >= 0;
        if (ok) {
            server->socket_path = g_strdup(config->socket_path);
            ok = listener_start(&server->socket, fd, config, /* tls= */ FALSE, error);
        }
    }
    if (ok)
        return server;
    server_stop(server);
    return NULL;
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
    if (server->socket.daemon)
        MHD_stop_daemon(server->socket.daemon);
    if (server->https.daemon)
        MHD_stop_daemon(server->https.daemon);
    if (server->socket_path)
        unlink(server->socket_path);
    g_free(server->socket_path);
    g_free(server->https_url);
    g_free(server);
}
