/* The peer of bench/api: libmicrohttpd with the daemon's own listener settings, and one answer from memory. What the daemon
 * takes longer than this is routing, the store and the answer's making; the rest is the library, TLS and the kernel. */
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define THREADS        4u
#define TLS_PRIORITIES "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"

typedef struct {
    char *bytes;
    size_t length;
} Text;

static void
die(const char *what)
{
    perror(what);
    exit(1);
}

static Text
file_text(const char *path)
{
    Text text = { NULL, 0 };
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die(path);
    text.length = (size_t)ftell(file);
    text.bytes = calloc(text.length + 1, 1);
    rewind(file);
    if (!text.bytes || fread(text.bytes, 1, text.length, file) != text.length)
        die(path);
    fclose(file);
    return text;
}

static enum MHD_Result
on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
           const char *upload, size_t *upload_size, void **state)
{
    const Text *answer = data;
    (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    /* An answer to the first call, which has the head alone, would end the connection. */
    if (!*state) {
        *state = (void *)answer;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(answer->length, answer->bytes, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json; charset=utf-8");
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

static int
unix_listen(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 128) != 0)
        die(path);
    return fd;
}

int
main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("usage: bare SOCKET CERTIFICATE KEY ANSWER-FILE   (prints its HTTPS port, ends with SIGTERM)\n", stderr);
        return 2;
    }
    Text certificate = file_text(argv[2]), key = file_text(argv[3]), answer = file_text(argv[4]);
    sigset_t ends;
    int which;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    struct MHD_Daemon *plain =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, &answer, MHD_OPTION_LISTEN_SOCKET,
                         unix_listen(argv[1]), MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_END);
    struct MHD_Daemon *tls =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS, 0, NULL, NULL, on_request, &answer,
                         MHD_OPTION_HTTPS_MEM_CERT, certificate.bytes, MHD_OPTION_HTTPS_MEM_KEY, key.bytes,
                         MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES, MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_END);
    if (!plain || !tls)
        die("libmicrohttpd");
    printf("%u\n", MHD_get_daemon_info(tls, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    sigwait(&ends, &which);
    MHD_stop_daemon(plain);
    MHD_stop_daemon(tls);
    return 0;
}
