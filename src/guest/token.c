/* A token that says how this instance booted, for whoever made up the nonce: asked for by a port of its own, which no network
 * leads to. What the host answers: host/guest_token.h. */
#include "base/guest_wire.h"
#include "guest/guest.h"
#include "guest/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PORTS       "/sys/class/virtio-ports"
#define PORT_DIR    "/dev"
#define NONCE_MAX   256u
#define LINE_MAX_   16384u
#define DEVICES_MAX 8u
#define PORTS_MAX   8u
#define NAME_MAX_   64u
#define PATH_SIZE   320u
#define TIMEOUT_MS  30000

typedef struct {
    const char *nonce, *port; /* port NULL: the one by its name */
} Wanted;

/* Such a text needs no escaping in JSON. */
static bool
nonce_is_plain(const char *text)
{
    static const char taken[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_.~-";
    const size_t length = strlen(text);
    return length > 0 && length <= NONCE_MAX && strspn(text, taken) == length;
}

static bool
wanted_read(char **argv, Wanted *wanted)
{
    *wanted = (Wanted){ 0 };
    for (char **at = argv + 1; *at; at += 2) {
        if (!at[1])
            return false;
        if (strcmp(*at, "--nonce") == 0)
            wanted->nonce = at[1];
        else if (strcmp(*at, "--port") == 0)
            wanted->port = at[1];
        else
            return false;
    }
    return wanted->nonce && nonce_is_plain(wanted->nonce);
}

/* Guests without udev have no link by the port's name. */
static bool
port_is_ours(const char *device)
{
    static const char ours[] = WIRE_TOKEN_PORT "\n";
    char buffer[PATH_SIZE], name[NAME_MAX_];
    Text path = TEXT_IN(buffer);
    text_add_all(&path, PORTS "/", device, "/name", NULL);
    const int fd = path.full ? -1 : open(buffer, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, name, sizeof name) : -1;
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(ours) && memcmp(name, ours, strlen(ours)) == 0;
}

/* Counted through: to list a folder takes malloc(), which would be a tenth of this program. */
static int
port_open(const char *given)
{
    if (given)
        return open(given, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    for (unsigned device = 0; device < DEVICES_MAX; device++) {
        for (unsigned port = 0; port < PORTS_MAX; port++) {
            char buffer[NAME_MAX_];
            Text path = TEXT_IN(buffer);
            text_add(&path, PORT_DIR "/vport");
            text_add_number(&path, device, 1);
            text_add(&path, "p");
            text_add_number(&path, port, 1);
            if (port_is_ours(buffer + strlen(PORT_DIR "/")))
                return open(buffer, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        }
    }
    errno = ENOENT;
    return -1;
}

static long
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* false: not in time. */
static bool
ready(int fd, short events, long until_ms)
{
    struct pollfd wait = { fd, events, 0 };
    for (;;) {
        const long left = until_ms - now_ms();
        if (left <= 0)
            return false;
        const int n = poll(&wait, 1, left > 1000 ? 1000 : (int)left);
        if (n > 0 && (wait.revents & events))
            return true;
        /* Nobody at the other end yet: a port says so at once, again and again. */
        if (n > 0)
            poll(NULL, 0, 100);
    }
}

static bool
send_all(int fd, const char *text, long until_ms)
{
    for (size_t left = strlen(text); left > 0;) {
        if (!ready(fd, POLLOUT, until_ms))
            return false;
        const ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        text += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The first line that begins so, without its end; NULL: none in time. What comes before is an answer to somebody else. */
static char *
line_wait(int fd, const char *begins, char line[LINE_MAX_], long until_ms)
{
    size_t length = 0;
    while (length < LINE_MAX_ - 1 && ready(fd, POLLIN, until_ms)) {
        const ssize_t n = read(fd, line + length, LINE_MAX_ - 1 - length);
        if (n <= 0) {
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                return NULL;
            continue;
        }
        length += (size_t)n;
        line[length] = '\0';
        for (char *end; (end = strchr(line, '\n'));) {
            *end = '\0';
            if (strncmp(line, begins, strlen(begins)) == 0)
                return line;
            length -= (size_t)(end + 1 - line);
            memmove(line, end + 1, length + 1);
        }
    }
    return NULL;
}

static int
failed(const char *word)
{
    char buffer[40];
    Text text = TEXT_IN(buffer);
    text_add_all(&text, "failed ", word, "\n", NULL);
    say_text(buffer);
    return GUEST_FAILED;
}

/* rest: behind the nonce. */
static int
answer_say(char *rest)
{
    static const char begins[] = ",\"token\":\"";
    char *end = strncmp(rest, begins, strlen(begins)) == 0 ? strchr(rest + strlen(begins), '"') : NULL;
    if (!end) {
        say_aside(rest[0] == ',' ? rest + 1 : rest);
        return failed(WIRE_TOKEN_REFUSED);
    }
    *end++ = '\n';
    *end = '\0';
    return say_text(rest + strlen(begins)) ? GUEST_OK : GUEST_FAILED;
}

int
token_main(char **argv)
{
    Wanted wanted;
    char question[NONCE_MAX + 32], line[LINE_MAX_], begins[NONCE_MAX + 32];
    Text ask = TEXT_IN(question), expect = TEXT_IN(begins);
    if (!wanted_read(argv, &wanted))
        return say_usage("token --nonce NONCE [--port DEVICE]");
    const int fd = port_open(wanted.port);
    if (fd < 0)
        return failed(errno == EBUSY ? WIRE_TOKEN_BUSY : WIRE_TOKEN_NO_PORT);
    const long until = now_ms() + TIMEOUT_MS;
    text_add_all(&ask, "{\"nonce\":\"", wanted.nonce, "\"}\n", NULL);
    text_add_all(&expect, "{\"nonce\":\"", wanted.nonce, "\"", NULL);
    char *found = send_all(fd, question, until) ? line_wait(fd, begins, line, until) : NULL;
    close(fd);
    return found ? answer_say(found + strlen(begins)) : failed(WIRE_TIMED_OUT);
}
