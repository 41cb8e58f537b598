#include "api/listen.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

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

static gboolean
leftover_remove(const char *path, GError **error)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT || io_fail(error, "look at", path);
    if (!S_ISSOCK(st.st_mode))
        return arm_fail(error, ARM_CONFLICT, NULL, "'%s' is in the way: it is no socket. Move it, or use another state folder.",
                        path);
    return unlink(path) == 0 || io_fail(error, "replace", path);
}

int
listen_unix(const char *path, GError **error)
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
    if (!leftover_remove(path, error))
        return -1;
    AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The file that bind() makes takes its mode from the socket's; a umask would be every thread's. */
    ok = fd >= 0 && fchmod(fd, 0600) == 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
         listen(fd, BACKLOG) == 0;
    if (!ok) {
        io_fail(error, "listen on", path);
        return -1;
    }
    return fd_steal(&fd);
}

int
listen_tcp(const char *host, guint port, guint *ret_port, GError **error)
{
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *list = NULL;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = { 0 };
    socklen_t length = sizeof bound;
    int problem = getaddrinfo(host, service, &hints, &list), one = 1;
    if (problem) {
        arm_fail(error, ARM_INVALID_PARAMETER, "listen", "--listen: there is no address '%s': %s.", host,
                 gai_strerror(problem));
        return -1;
    }
    AUTO_FD fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    gboolean ok = fd >= 0 && bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0 &&
                  getsockname(fd, &bound.any, &length) == 0;
    freeaddrinfo(list);
    if (!ok) {
        if (errno == EADDRINUSE)
            arm_fail(error, ARM_CONFLICT, "listen",
                     "Port %u on %s is in use by another program; choose another one with --listen (port 0: any free one).",
                     port, host);
        else
            arm_fail(error, ARM_INTERNAL, "listen", "Cannot listen on %s:%u: %s.", host, port, g_strerror(errno));
        return -1;
    }
    *ret_port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return fd_steal(&fd);
}
