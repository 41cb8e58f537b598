#include "host/qemu/console.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/refusal.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>

/* A serial port comes byte by byte: one look after this long sees many of them. */
#define LOOK_AFTER (50 * USEC_PER_MSEC)
#define BLOCK 65536u

struct Console {
    char *path;
    guint64 cap;
    Clock *clock;
    ConsoleCallbacks callbacks;
    void *data;
    int log_fd, notify_fd;
    GSource *source;
    guint timer;
    off_t seen;
    RefusalReader *reader;      /* NULL: no refusal is read any more */
    gboolean flooded;
};

static void
refusal_look(Console *self, const char *bytes, gsize length)
{
    g_autofree char *file = NULL, *text = NULL;
    if (!self->reader || !refusal_reader_feed(self->reader, bytes, length, &file, &text))
        return;
    g_clear_pointer(&self->reader, refusal_reader_free);
    self->callbacks.refused(file, text, self->data);
}

/* Keeps the newer half: what a flood ends with says more than what it began with. */
static void
log_cut(Console *self, off_t size)
{
    off_t keep = (off_t)(self->cap / 2), from = size - keep;
    g_autofree char *bytes = g_malloc((gsize)keep);
    ssize_t n = pread(self->log_fd, bytes, (size_t)keep, from);
    if (n <= 0 || ftruncate(self->log_fd, 0) != 0 || write(self->log_fd, bytes, (size_t)n) != n)
        return;
    self->seen = n;
    if (self->flooded)
        return;
    self->flooded = TRUE;
    self->callbacks.flooded(self->cap, self->data);
}

static void
look(void *data)
{
    Console *self = data;
    char block[BLOCK];
    struct stat st;
    ssize_t n = 0;
    self->timer = 0;
    while (self->reader && (n = pread(self->log_fd, block, sizeof block, self->seen)) > 0) {
        self->seen += n;
        refusal_look(self, block, (gsize)n);
    }
    if (fstat(self->log_fd, &st) == 0 && (guint64)st.st_size > self->cap)
        log_cut(self, st.st_size);
}

static gboolean
on_modified(gint fd, GIOCondition condition, gpointer data)
{
    Console *self = data;
    char events[4096];
    (void)condition;
    while (read(fd, events, sizeof events) > 0)
        ;
    if (!self->timer)
        self->timer = self->clock->timer_add(self->clock, self->clock->now(self->clock) + LOOK_AFTER, look, self);
    return G_SOURCE_CONTINUE;
}

Console *
console_watch(const char *path, guint64 cap, GMainContext *context, Clock *clock, const ConsoleCallbacks *callbacks, void *data,
              GError **error)
{
    AUTO_FD log_fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    AUTO_FD notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (log_fd < 0 || notify_fd < 0 || inotify_add_watch(notify_fd, path, IN_MODIFY) < 0) {
        io_fail(error, "watch", path);
        return NULL;
    }
    Console *self = g_new0(Console, 1);
    self->path = g_strdup(path);
    self->cap = cap;
    self->clock = clock;
    self->callbacks = *callbacks;
    self->data = data;
    self->reader = refusal_reader_new();
    self->log_fd = fd_steal(&log_fd);
    self->notify_fd = fd_steal(&notify_fd);
    self->source = g_unix_fd_source_new(self->notify_fd, G_IO_IN);
    g_source_set_callback(self->source, G_SOURCE_FUNC(on_modified), self, NULL);
    g_source_attach(self->source, context);
    self->timer = clock->timer_add(clock, clock->now(clock), look, self);
    return self;
}

void
console_free(Console *self)
{
    if (!self)
        return;
    if (self->timer)
        self->clock->timer_remove(self->clock, self->timer);
    g_source_destroy(self->source);
    g_source_unref(self->source);
    close(self->log_fd);
    close(self->notify_fd);
    refusal_reader_free(self->reader);
    g_free(self->path);
    g_free(self);
}

void
console_trust_ends(Console *self)
{
    g_clear_pointer(&self->reader, refusal_reader_free);
}

void
console_rotate(const char *folder)
{
    for (int i = FOLDER_SERIAL_KEPT; i > 0; i--) {
        g_autofree char *from = i == 1 ? g_strconcat(folder, "/serial.log", NULL)
                                       : g_strdup_printf("%s/serial.log.%d", folder, i - 1);
        g_autofree char *to = g_strdup_printf("%s/serial.log.%d", folder, i);
        (void)!rename(from, to);
    }
}
