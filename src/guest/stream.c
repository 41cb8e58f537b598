#include "guest/stream.h"

#include "base/guest_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
fail(Stream *stream, const char *why)
{
    if (!stream->why)
        stream->why = why;
    return false;
}

static bool
await(Stream *stream, short events)
{
    for (;;) {
        const int64_t left = stream->deadline - now_ms();
        struct pollfd waited = { stream->fd, events, 0 };
        if (left <= 0)
            return fail(stream, WIRE_TIMED_OUT);
        const int n = poll(&waited, 1, (int)left);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return fail(stream, WIRE_GUEST_FAILED);
    }
}

static const char *
why_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return WIRE_REFUSED;
    case ETIMEDOUT:
        return WIRE_TIMED_OUT;
    case ECONNRESET:
    case EPIPE:
        return WIRE_CLOSED;
    default:
        return WIRE_GUEST_FAILED;
    }
}

static bool
connect_to(Stream *stream, const struct sockaddr *address, socklen_t length)
{
    int error = 0;
    socklen_t size = sizeof error;
    stream->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (stream->fd < 0)
        return fail(stream, WIRE_GUEST_FAILED);
    if (connect(stream->fd, address, length) == 0)
        return true;
    if (errno != EINPROGRESS)
        return fail(stream, why_of(errno));
    if (!await(stream, POLLOUT))
        return false;
    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return fail(stream, why_of(error));
    return true;
}

bool
stream_open(Stream *stream, unsigned port, unsigned timeout_s)
{
    const struct sockaddr_in four = { .sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct sockaddr_in6 six = { .sin6_family = AF_INET6,
                                      .sin6_port = htons((uint16_t)port),
                                      .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    *stream = (Stream){ .fd = -1, .deadline = now_ms() + (int64_t)timeout_s * 1000 };
    if (connect_to(stream, (const struct sockaddr *)&four, sizeof four))
        return true;
    const char *why = stream->why;
    stream_close(stream);
    stream->why = NULL;
    if (connect_to(stream, (const struct sockaddr *)&six, sizeof six))
        return true;
    /* Where there is no IPv6 the first is what counts. */
    stream_close(stream);
    stream->why = why;
    return false;
}

void
stream_close(Stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

long
stream_read(Stream *stream, void *bytes, size_t max)
{
    for (;;) {
        if (!await(stream, POLLIN))
            return -1;
        const ssize_t n = recv(stream->fd, bytes, max, 0);
        if (n >= 0)
            return (long)n;
        if (errno == EAGAIN || errno == EINTR)
            continue;
        fail(stream, why_of(errno));
        return -1;
    }
}

long
stream_write(Stream *stream, const void *bytes, size_t length)
{
    for (;;) {
        if (!await(stream, POLLOUT))
            return -1;
        const ssize_t n = send(stream->fd, bytes, length, MSG_NOSIGNAL);
        if (n > 0)
            return (long)n;
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        fail(stream, why_of(errno));
        return -1;
    }
}
