#include "host/qemu/line_socket.h"

#include "base/error.h"
#include "base/file.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* What a line leaves allocated for the next one. */
#define LINE_KEPT (64u << 10)
/* All of these are read on one thread: whoever says more than so much waits, and nobody else does. 5,000 lines or 8 MB in a
 * second, and half a second of that at once, is far more than any answer. */
#define LINE_USEC      200
#define BYTES_PER_USEC 8
#define BURST_USEC     (G_USEC_PER_SEC / 2)

struct LineSplitter {
    GString *line;
    gsize line_max;
    LineRules rules;
    guint lines; /* that have ended so far */
};

LineSplitter *
line_splitter_new(gsize line_max, LineRules rules)
{
    LineSplitter *splitter = g_new0(LineSplitter, 1);
    splitter->line = g_string_new(NULL);
    splitter->line_max = line_max;
    splitter->rules = rules;
    return splitter;
}

void
line_splitter_free(LineSplitter *splitter)
{
    if (!splitter)
        return;
    g_string_free(splitter->line, TRUE);
    g_free(splitter);
}

static gboolean
line_end(LineSplitter *splitter, void (*on_object)(const json_t *object, void *data), void *data)
{
    const char *text = splitter->line->str;
    gsize length = splitter->line->len;
    /* QEMU guest agent, guest-sync-delimited: 0xff before an answer says that what came before it
     * is void. */
    const char *delimiter = memrchr(text, 0xff, length);
    if (delimiter) {
        length -= (gsize)(delimiter + 1 - text);
        text = delimiter + 1;
    }
    while (length > 0 && g_ascii_isspace(text[length - 1]))
        length--;
    if (length == 0)
        return TRUE;
    g_autoptr(json_t) object = json_parse(text, length, NULL);
    if (!json_is_object(object))
        return splitter->rules == LINES_WITH_GARBAGE;
    on_object(object, data);
    return TRUE;
}

static void
line_clear(LineSplitter *splitter)
{
    if (splitter->line->allocated_len > LINE_KEPT) {
        g_string_free(splitter->line, TRUE);
        splitter->line = g_string_new(NULL);
    }
    g_string_truncate(splitter->line, 0);
}

gboolean
line_splitter_feed(LineSplitter *splitter, const char *bytes, gsize length, void (*on_object)(const json_t *object, void *data),
                   void *data)
{
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        gsize n = newline ? (gsize)(newline - bytes) : length;
        if (splitter->line->len + n > splitter->line_max)
            return FALSE;
        g_string_append_len(splitter->line, bytes, (gssize)n);
        if (!newline)
            return TRUE;
        splitter->lines++;
        gboolean ok = line_end(splitter, on_object, data);
        line_clear(splitter);
        if (!ok)
            return FALSE;
        bytes += n + 1;
        length -= n + 1;
    }
    return TRUE;
}

struct LineSocket {
    int fd;
    GMainContext *context; /* borrowed */
    GSource *source;       /* what may be read, or the end of the time in which nothing is; NULL: it has ended */
    gint64 paid_until;     /* monotonic time: what was read so far is paid for then */
    LineSplitter *splitter;
    void (*on_object)(const json_t *object, void *data);
    void (*on_closed)(void *data);
    void *data;
    gboolean dispatching, freed;
};

static gboolean
address_fill(const char *path, struct sockaddr_un *address, int *ret_folder, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
    *ret_folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*ret_folder < 0)
        return io_fail(error, "open", folder);
    address->sun_family = AF_UNIX;
    /* Through the folder's descriptor, because socket names are short and state folders need not
     * be. */
    g_snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *ret_folder, name);
    return TRUE;
}

int
line_socket_listen(const char *path, GError **error)
{
    struct sockaddr_un address = { 0 };
    int folder = -1;
    if (!address_fill(path, &address, &folder, error))
        return -1;
    AUTO_FD folder_fd = folder;
    AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0) {
        io_fail(error, "listen on", path);
        return -1;
    }
    return fd_steal(&fd);
}

/* What a hostile process owns the folder of may be a link to somebody else's socket, which would then be spoken with in its
 * place: what is opened here is the thing itself. -1: *error is set. */
static int
socket_find(const struct sockaddr_un *address, const char *path, GError **error)
{
    struct stat st;
    AUTO_FD fd = open(address->sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        io_fail(error, "connect to", path);
        return -1;
    }
    if (S_ISSOCK(st.st_mode))
        return fd_steal(&fd);
    arm_fail(error, ARM_INTERNAL, NULL, "'%s' is no socket.", path);
    return -1;
}

/* FALSE: it has ended, or its owner has freed it. */
static gboolean
take_in(LineSocket *self)
{
    char block[16384];
    ssize_t n = read(self->fd, block, sizeof block);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return TRUE;
    const guint lines = self->splitter->lines;
    self->dispatching = TRUE;
    gboolean ok = n > 0 && line_splitter_feed(self->splitter, block, (gsize)n, self->on_object, self->data);
    self->dispatching = FALSE;
    if (self->freed) {
        line_socket_free(self);
        return FALSE;
    }
    if (ok) {
        self->paid_until = MAX(self->paid_until, g_get_monotonic_time()) + (gint64)(self->splitter->lines - lines) * LINE_USEC +
                           n / BYTES_PER_USEC;
        return TRUE;
    }
    g_clear_pointer(&self->source, g_source_unref);
    shutdown(self->fd, SHUT_RDWR);
    self->on_closed(self->data);
    return FALSE;
}

static void read_on(LineSocket *self);

static gboolean
on_rested(gpointer data)
{
    LineSocket *self = data;
    g_source_unref(self->source);
    read_on(self);
    return G_SOURCE_REMOVE;
}

static gboolean
on_readable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    LineSocket *self = data;
    if (!take_in(self))
        return G_SOURCE_REMOVE;
    const gint64 rest = self->paid_until - g_get_monotonic_time() - BURST_USEC;
    if (rest <= 0)
        return G_SOURCE_CONTINUE;
    g_source_unref(self->source);
    self->source = g_timeout_source_new((guint)(rest / 1000) + 1);
    g_source_set_callback(self->source, on_rested, self, NULL);
    g_source_attach(self->source, self->context);
    return G_SOURCE_REMOVE;
}

static void
read_on(LineSocket *self)
{
    self->source = g_unix_fd_source_new(self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(self->source, G_SOURCE_FUNC(on_readable), self, NULL);
    g_source_attach(self->source, self->context);
}

LineSocket *
line_socket_connect(const char *path, gsize line_max, LineRules rules, GMainContext *context,
                    void (*on_object)(const json_t *object, void *data), void (*on_closed)(void *data), void *data,
                    GError **error)
{
    struct sockaddr_un address = { 0 };
    int folder = -1;
    if (!address_fill(path, &address, &folder, error))
        return NULL;
    AUTO_FD folder_fd = folder;
    AUTO_FD found = socket_find(&address, path, error);
    if (found < 0)
        return NULL;
    g_snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", found);
    AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        io_fail(error, "connect to", path);
        return NULL;
    }
    LineSocket *self = g_new0(LineSocket, 1);
    self->fd = fd_steal(&fd);
    self->splitter = line_splitter_new(line_max, rules);
    self->on_object = on_object;
    self->on_closed = on_closed;
    self->data = data;
    self->context = context;
    read_on(self);
    return self;
}

void
line_socket_drain(LineSocket *self)
{
    struct pollfd in = { self->fd, POLLIN, 0 };
    while (self->source && poll(&in, 1, 0) == 1) {
        g_autoptr(GSource) source = g_source_ref(self->source);
        /* It ended, or its owner freed it: nobody is to be told again. */
        if (!take_in(self)) {
            g_source_destroy(source);
            return;
        }
    }
}

void
line_socket_free(LineSocket *self)
{
    if (!self)
        return;
    if (self->dispatching) {
        self->freed = TRUE;
        return;
    }
    if (self->source) {
        g_source_destroy(self->source);
        g_source_unref(self->source);
    }
    line_splitter_free(self->splitter);
    close(self->fd);
    g_free(self);
}

gboolean
line_socket_send(LineSocket *self, const char *prefix, const json_t *object)
{
    g_autofree char *text = json_text(object);
    g_autofree char *line = g_strconcat(prefix ? prefix : "", text, "\n", NULL);
    gsize length = strlen(line), done = 0;
    while (done < length) {
        ssize_t n = send(self->fd, line + done, length - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        /* What is sent is far smaller than a socket's buffer: a full one means a peer that does not
         * read. */
        if (n <= 0)
            return FALSE;
        done += (gsize)n;
    }
    return TRUE;
}
