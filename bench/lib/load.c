/* An HTTP/1.1 load client for keep-alive connections over a Unix socket or TLS: one thread, one request under way on each
 * connection, the next one sent when the answer is complete. Prints one JSON object: requests, seconds, latencies in ms.
 * It stands here because common clients (wrk, ab, h2load) do not speak HTTP over Unix sockets. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX        8192
#define CONNECTIONS_MAX 256
#define SAMPLES_MAX     (4u << 20)
#define NSEC_PER_SEC    1000000000ull
#define STALLED_MS      10000

typedef struct {
    const char *socket_path, *ca, *token, *target;
    unsigned port, connections, seconds;
} Options;

typedef struct {
    int fd;
    SSL *tls;            /* NULL: plain */
    char head[HEAD_MAX]; /* of the answer, up to and with the empty line */
    size_t head_length;
    bool in_body;
    size_t body_left;
    uint64_t sent_at;
} Connection;

typedef struct {
    char *request;
    size_t request_length;
    uint64_t *samples; /* ns from the request sent to the answer's last byte */
    size_t n_samples;
    uint64_t bytes, ends_at;
} Run;

static void
die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static uint64_t
now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * NSEC_PER_SEC + (uint64_t)at.tv_nsec;
}

/* ---- bytes ---- */

/* Requests are far smaller than a socket's buffer and go out only when it is empty: no partial writes. */
static void
request_send(Connection *connection, const Run *run)
{
    int length = (int)run->request_length;
    connection->head_length = 0;
    connection->in_body = false;
    connection->sent_at = now_ns();
    ssize_t n = connection->tls ? SSL_write(connection->tls, run->request, length)
                                : write(connection->fd, run->request, run->request_length);
    if (n != length)
        die("a request could not be sent");
}

/* 0: nothing more for now. */
static size_t
bytes_read(Connection *connection, char *block, size_t size)
{
    if (!connection->tls) {
        ssize_t n = read(connection->fd, block, size);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        if (n <= 0)
            die("the server closed a connection");
        return (size_t)n;
    }
    int n = SSL_read(connection->tls, block, (int)size);
    if (n > 0)
        return (size_t)n;
    if (SSL_get_error(connection->tls, n) != SSL_ERROR_WANT_READ)
        die("the server closed a TLS connection");
    return 0;
}

/* ---- answers ---- */

static void
head_read(Connection *connection)
{
    connection->head[connection->head_length] = '\0';
    if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0)
        die(connection->head);
    const char *length = strcasestr(connection->head, "\r\nContent-Length:");
    if (!length)
        die("an answer has no Content-Length");
    connection->body_left = strtoull(length + strlen("\r\nContent-Length:"), NULL, 10);
    connection->in_body = true;
}

/* Takes what belongs to the head; the rest is body. */
static size_t
head_take(Connection *connection, const char *bytes, size_t n)
{
    size_t before = connection->head_length, room = HEAD_MAX - 1 - before;
    size_t copied = n < room ? n : room;
    memcpy(connection->head + before, bytes, copied);
    size_t from = before > 3 ? before - 3 : 0;
    const char *end = memmem(connection->head + from, before + copied - from, "\r\n\r\n", 4);
    if (!end) {
        if (copied == room)
            die("an answer's head is too large");
        connection->head_length += copied;
        return n;
    }
    connection->head_length = (size_t)(end + 4 - connection->head);
    head_read(connection);
    return connection->head_length - before;
}

static bool
answer_feed(Connection *connection, const char *bytes, size_t n)
{
    size_t used = connection->in_body ? 0 : head_take(connection, bytes, n);
    if (!connection->in_body)
        return false;
    if (n - used > connection->body_left)
        die("an answer is longer than its Content-Length");
    connection->body_left -= n - used;
    return connection->body_left == 0;
}

static void
on_readable(Connection *connection, Run *run)
{
    static char block[256 << 10];
    size_t n;
    while ((n = bytes_read(connection, block, sizeof block)) > 0) {
        run->bytes += n;
        if (!answer_feed(connection, block, n))
            continue;
        uint64_t at = now_ns();
        if (run->n_samples == SAMPLES_MAX)
            die("too many samples");
        run->samples[run->n_samples++] = at - connection->sent_at;
        if (at < run->ends_at)
            request_send(connection, run);
        else
            connection->sent_at = 0;
    }
}

/* ---- connections ---- */

static int
unix_connect(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof address.sun_path)
        die("the socket's path is too long");
    strcpy(address.sun_path, path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die(strerror(errno));
    return fd;
}

static int
tcp_connect(unsigned port)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons((uint16_t)port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        die(strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static SSL_CTX *
tls_context(const char *ca)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_load_verify_locations(context, ca, NULL) != 1)
        die("the CA certificate cannot be read");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

static void
connection_open(Connection *connection, const Options *options, SSL_CTX *context)
{
    connection->fd = options->socket_path ? unix_connect(options->socket_path) : tcp_connect(options->port);
    if (context) {
        connection->tls = SSL_new(context);
        SSL_set_fd(connection->tls, connection->fd);
        if (SSL_connect(connection->tls) != 1)
            die("the TLS handshake failed");
    }
    fcntl(connection->fd, F_SETFL, fcntl(connection->fd, F_GETFL) | O_NONBLOCK);
}

/* ---- the run ---- */

static void
run_until_end(Connection *connections, const Options *options, Run *run)
{
    struct epoll_event events[CONNECTIONS_MAX];
    int poll = epoll_create1(EPOLL_CLOEXEC);
    unsigned under_way = options->connections;
    for (unsigned i = 0; i < options->connections; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };
        epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
        request_send(&connections[i], run);
    }
    while (under_way > 0) {
        int n = epoll_wait(poll, events, CONNECTIONS_MAX, STALLED_MS);
        if (n == 0 || (n < 0 && errno != EINTR))
            die("no answer for 10 s");
        for (int i = 0; i < n; i++) {
            Connection *connection = events[i].data.ptr;
            bool was_busy = connection->sent_at != 0;
            on_readable(connection, run);
            under_way -= was_busy && connection->sent_at == 0;
        }
    }
    close(poll);
}

static int
sample_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double
percentile_ms(const Run *run, double fraction)
{
    return (double)run->samples[(size_t)(fraction * (double)(run->n_samples - 1))] / 1e6;
}

static void
report(Run *run, uint64_t took)
{
    double seconds = (double)took / (double)NSEC_PER_SEC;
    qsort(run->samples, run->n_samples, sizeof *run->samples, sample_compare);
    printf("{\"requests\":%zu,\"seconds\":%.3f,\"per_second\":%.1f,\"bytes\":%llu,\"min_ms\":%.3f,\"p50_ms\":%.3f,"
           "\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           run->n_samples, seconds, (double)run->n_samples / seconds, (unsigned long long)run->bytes, percentile_ms(run, 0),
           percentile_ms(run, 0.5), percentile_ms(run, 0.99), percentile_ms(run, 1));
}

static Options
options_read(int argc, char **argv)
{
    Options options = { .connections = 16, .seconds = 3 };
    int option;
    while ((option = getopt(argc, argv, "u:p:a:t:c:s:")) != -1) {
        switch (option) {
        case 'u':
            options.socket_path = optarg;
            break;
        case 'p':
            options.port = (unsigned)atoi(optarg);
            break;
        case 'a':
            options.ca = optarg;
            break;
        case 't':
            options.token = optarg;
            break;
        case 'c':
            options.connections = (unsigned)atoi(optarg);
            break;
        case 's':
            options.seconds = (unsigned)atoi(optarg);
            break;
        default:
            optind = argc;
        }
    }
    bool one_place = (options.socket_path != NULL) != (options.port != 0 && options.ca);
    if (optind + 1 != argc || !one_place || !options.connections || options.connections > CONNECTIONS_MAX || !options.seconds)
        die("usage: load -u SOCKET | -p PORT -a CA.pem  [-t TOKEN] [-c CONNECTIONS (16, at most 256)] [-s SECONDS (3)] TARGET");
    options.target = argv[optind];
    return options;
}

int
main(int argc, char **argv)
{
    const Options options = options_read(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *context = options.socket_path ? NULL : tls_context(options.ca);
    Connection *connections = calloc(options.connections, sizeof *connections);
    Run run = { .samples = calloc(SAMPLES_MAX, sizeof(uint64_t)) };
    int length = asprintf(&run.request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", options.target,
                          options.token ? "Authorization: Bearer " : "", options.token ? options.token : "",
                          options.token ? "\r\n" : "");
    if (!connections || !run.samples || length < 0)
        die("out of memory");
    run.request_length = (size_t)length;
    for (unsigned i = 0; i < options.connections; i++)
        connection_open(&connections[i], &options, context);
    uint64_t began = now_ns();
    run.ends_at = began + options.seconds * NSEC_PER_SEC;
    run_until_end(connections, &options, &run);
    report(&run, now_ns() - began);
    return 0;
}
