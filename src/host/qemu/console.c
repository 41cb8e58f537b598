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
#define BLOCK      65536u
/* What is kept of a log that is cut is held in memory meanwhile. */
#define KEEP_MAX (8u << 20)

struct LogWatcher {
    int fd;
    GSource *source;
    Clock *clock;
    GHashTable *consoles; /* inotify's watch descriptor -> Console */
};

struct Console {
    LogWatcher *watcher;
    int watch;
    guint64 cap;
    ConsoleCallbacks callbacks;
    void *data;
    int log_fd;
    guint timer;
    off_t seen;
    RefusalReader *reader; /* NULL: no refusal is read any more */
    gboolean trusted, flooded;
};

/* ---- one log ---- */

static void
refusals_read(Console *self)
{
    char block[BLOCK];
    ssize_t n;
    while (self->reader && self->trusted && (n = pread(self->log_fd, block, sizeof block, self->seen)) > 0) {
        g_autofree char *file = NULL, *text = NULL;
        self->seen += n;
        if (!refusal_reader_feed(self->reader, block, (gsize)n, &file, &text))
            continue;
        g_clear_pointer(&self->reader, refusal_reader_free);
        self->callbacks.refused(file, text, self->data);
    }
}

/* Takes the oldest bytes away under the writer's hands, where the file system can (ext4, XFS). */
static gboolean
log_collapse(Console *self, const struct stat *st, off_t keep)
{
    off_t block = MAX((off_t)st->st_blksize, 1), cut = (st->st_size - keep) / block * block;
    if (fallocate(self->log_fd, FALLOC_FL_COLLAPSE_RANGE, 0, cut) != 0)
        return FALSE;
    self->seen = MAX(self->seen - cut, 0);
    return TRUE;
}

/* Elsewhere the newest part is written anew; what is written in this very moment is lost. */
static gboolean
log_rewrite(Console *self, off_t size, off_t keep)
{
    g_autofree char *bytes = g_malloc((gsize)keep);
    ssize_t n = pread(self->log_fd, bytes, (size_t)keep, size - keep);
    if (n <= 0 || ftruncate(self->log_fd, 0) != 0)
        return FALSE;
    self->seen = write(self->log_fd, bytes, (size_t)n) == n ? n : 0;
    return TRUE;
}

/* Keeps the newer part: what a flood ends with says more than what it began with. */
static void
log_cut(Console *self, const struct stat *st)
{
    off_t keep = (off_t)MIN(self->cap / 2, KEEP_MAX);
    if (!log_collapse(self, st, keep) && !log_rewrite(self, st->st_size, keep))
        return;
    if (self->flooded)
        return;
    self->flooded = TRUE;
    if (self->callbacks.flooded)
        self->callbacks.flooded(self->cap, self->data);
}

static void
look(void *data)
{
    Console *self = data;
    struct stat st;
    self->timer = 0;
    refusals_read(self);
    if (fstat(self->log_fd, &st) == 0 && (guint64)st.st_size > self->cap)
        log_cut(self, &st);
}

static void
look_soon(Console *self, gint64 after)
{
    Clock *clock = self->watcher->clock;
    if (!self->timer)
        self->timer = clock->timer_add(clock, clock->now(clock) + after, look, self);
}

Console *
console_watch(LogWatcher *watcher, const char *path, guint64 cap, const ConsoleCallbacks *callbacks, void *data, GError **error)
{
    AUTO_FD log_fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    g_autofree char *same = g_strdup_printf("/proc/self/fd/%d", log_fd);
    int watch = log_fd >= 0 ? inotify_add_watch(watcher->fd, same, IN_MODIFY) : -1;
    if (watch < 0) {
        io_fail(error, "watch", path);
        return NULL;
    }
    Console *self = g_new0(Console, 1);
    self->watcher = watcher;
    self->watch = watch;
    self->cap = cap;
    self->callbacks = *callbacks;
    self->data = data;
    self->reader = callbacks->refused ? refusal_reader_new() : NULL;
    self->log_fd = fd_steal(&log_fd);
    g_hash_table_insert(watcher->consoles, GINT_TO_POINTER(watch), self);
    look_soon(self, 0);
    return self;
}

void
console_free(Console *self)
{
    if (!self)
        return;
    if (self->timer)
        self->watcher->clock->timer_remove(self->watcher->clock, self->timer);
    inotify_rm_watch(self->watcher->fd, self->watch);
    g_hash_table_remove(self->watcher->consoles, GINT_TO_POINTER(self->watch));
    close(self->log_fd);
    refusal_reader_free(self->reader);
    g_free(self);
}

void
console_trust(Console *self, gboolean trusted)
{
    if (!self)
        return;
    self->trusted = trusted;
    if (trusted)
        look_soon(self, 0);
    else
        g_clear_pointer(&self->reader, refusal_reader_free);
}

void
console_rotate(const char *folder)
{
    for (int i = FOLDER_SERIAL_KEPT; i > 0; i--) {
        g_autofree char *from =
            i == 1 ? g_strconcat(folder, "/serial.log", NULL) : g_strdup_printf("%s/serial.log.%d", folder, i - 1);
        g_autofree char *to = g_strdup_printf("%s/serial.log.%d", folder, i);
        (void)!rename(from, to);
    }
}

/* ---- all of them ---- */

static gboolean
on_modified(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    LogWatcher *self = data;
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n;
    while ((n = read(fd, events, sizeof events)) > 0) {
        const struct inotify_event *event;
        for (ssize_t at = 0; at < n; at += (ssize_t)sizeof *event + event->len) {
            event = (const void *)(events + at);
            Console *console = g_hash_table_lookup(self->consoles, GINT_TO_POINTER(event->wd));
            if (console)
                look_soon(console, LOOK_AFTER);
        }
    }
    return G_SOURCE_CONTINUE;
}

LogWatcher *
log_watcher_new(GMainContext *context, Clock *clock, GError **error)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        io_fail(error, "make a watch for", "serial logs");
        return NULL;
    }
    LogWatcher *self = g_new0(LogWatcher, 1);
    self->fd = fd;
    self->clock = clock;
    self->consoles = g_hash_table_new(g_direct_hash, g_direct_equal);
    self->source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_callback(self->source, G_SOURCE_FUNC(on_modified), self, NULL);
    g_source_attach(self->source, context);
    return self;
}

void
log_watcher_free(LogWatcher *self)
{
    if (!self)
        return;
    g_source_destroy(self->source);
    g_source_unref(self->source);
    g_hash_table_unref(self->consoles);
    close(self->fd);
    g_free(self);
}
