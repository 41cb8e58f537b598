#include "api/feed.h"

#include <string.h>

/* Changes of so long are told together. */
#define GATHER_USEC (20 * 1000)
/* Lines that are made at a time. */
#define BATCH 128u

typedef struct {
    GList link; /* in Feed.log; data is the entry itself */
    StoreChange *change;
} Entry;

typedef struct {
    ApiStream stream; /* first */
    Feed *feed;
    char *caller;
    guint64 cursor; /* all up to this revision was told */
    GString *text;  /* lines that were made and not read yet, from `at` on; the reading thread's own */
    gsize at;
    gboolean begun, over; /* the same */
    gint64 said;          /* when a line was made last; under the feed's lock, as all below */
    gboolean asleep;
    const char *why; /* it is to end; NULL: it goes on */
    GList link;      /* in Feed.readers */
} Reader;

struct Feed {
    Store *store;
    FeedConfig config;
    GMutex listening; /* who begins or ends it; taken before `lock` */
    gboolean listens; /* under `listening` */

    GMutex lock;              /* of all below */
    GQueue log;               /* of Entry, by revision */
    GHashTable *log_by_thing; /* StoreChange -> Entry */
    guint64 floor;            /* what was at or before it may be missing from the log */
    guint64 head;             /* of the last change */
    GQueue readers;
    GThread *thread; /* NULL: there was no reader yet */
    GCond stir;      /* for the thread */
    gboolean stirred, ends;
    gint64 deserted; /* when the last reader left */
};

/* ---- the log ---- */

static void
entry_drop(Feed *feed, Entry *entry)
{
    g_queue_unlink(&feed->log, &entry->link);
    g_hash_table_remove(feed->log_by_thing, entry->change);
    store_change_unref(entry->change);
    g_free(entry);
}

static void
log_clear(Feed *feed)
{
    while (feed->log.head)
        entry_drop(feed, feed->log.head->data);
}

static void
log_add(Feed *feed, StoreChange *change)
{
    Entry *older = g_hash_table_lookup(feed->log_by_thing, change);
    if (older)
        entry_drop(feed, older);
    Entry *entry = g_new0(Entry, 1);
    entry->link.data = entry;
    entry->change = store_change_ref(change);
    g_hash_table_insert(feed->log_by_thing, change, entry);
    g_queue_push_tail_link(&feed->log, &entry->link);
    feed->head = change->revision;
    if (feed->log.length > FEED_KEPT) {
        Entry *oldest = feed->log.head->data;
        feed->floor = oldest->change->revision;
        entry_drop(feed, oldest);
    }
}

static void
on_told(const GPtrArray *changes, void *data)
{
    Feed *feed = data;
    g_mutex_lock(&feed->lock);
    for (guint i = 0; i < changes->len; i++)
        log_add(feed, g_ptr_array_index(changes, i));
    if (!feed->stirred && feed->readers.head) {
        feed->stirred = TRUE;
        g_cond_signal(&feed->stir);
    }
    g_mutex_unlock(&feed->lock);
}

/* The first entry after the revision: most readers are near the end. */
static const GList *
log_after(const Feed *feed, guint64 revision)
{
    const GList *at = feed->log.tail, *after = NULL;
    for (; at && ((const Entry *)at->data)->change->revision > revision; at = at->prev)
        after = at;
    return after;
}

/* ---- listening ---- */

/* Under `listening`. */
static gboolean
listening_begin(Feed *feed, GError **error)
{
    guint64 revision = 0;
    if (feed->listens)
        return TRUE;
    g_mutex_lock(&feed->lock);
    feed->head = feed->floor = 0;
    g_mutex_unlock(&feed->lock);
    if (!store_listen(feed->store, on_told, feed, &revision, error))
        return FALSE;
    g_mutex_lock(&feed->lock);
    feed->floor = MAX(feed->floor, revision);
    feed->head = MAX(feed->head, revision);
    g_mutex_unlock(&feed->lock);
    feed->listens = TRUE;
    return TRUE;
}

static void
listening_end(Feed *feed)
{
    g_autoptr(GError) error = NULL;
    if (!feed->listens)
        return;
    if (!store_listen(feed->store, NULL, NULL, NULL, &error)) {
        g_warning("%s", error->message);
        return;
    }
    feed->listens = FALSE;
    g_mutex_lock(&feed->lock);
    log_clear(feed);
    g_mutex_unlock(&feed->lock);
}

static void
listening_end_where_deserted(Feed *feed)
{
    g_mutex_lock(&feed->listening);
    g_mutex_lock(&feed->lock);
    gboolean deserted = !feed->readers.head;
    g_mutex_unlock(&feed->lock);
    if (deserted)
        listening_end(feed);
    g_mutex_unlock(&feed->listening);
}

/* ---- waking readers ---- */

/* Under the lock. */
static void
reader_wake(Reader *reader)
{
    if (!reader->asleep)
        return;
    reader->asleep = FALSE;
    reader->stream.wake(reader->stream.data);
}

static void
reader_look(Feed *feed, Reader *reader, gint64 now)
{
    if (!reader->why && !feed->config.lasts(reader->caller, feed->config.data))
        reader->why = "session";
    if (reader->why || feed->head > reader->cursor || now - reader->said >= FEED_QUIET_MAX)
        reader_wake(reader);
}

/* When the thread has to look again, if nothing happens. */
static gint64
next_look(const Feed *feed, gint64 now)
{
    gint64 next = now + FEED_QUIET_MAX;
    for (const GList *link = feed->readers.head; link; link = link->next) {
        const Reader *reader = link->data;
        next = reader->asleep ? MIN(next, reader->said + FEED_QUIET_MAX) : next;
    }
    return MAX(next, now + GATHER_USEC);
}

static gpointer
feed_run(gpointer data)
{
    Feed *feed = data;
    g_mutex_lock(&feed->lock);
    while (!feed->ends) {
        gint64 now = g_get_monotonic_time(), until = next_look(feed, now);
        while (!feed->stirred && !feed->ends && g_cond_wait_until(&feed->stir, &feed->lock, until))
            ;
        if (feed->stirred && !feed->ends) {
            g_mutex_unlock(&feed->lock);
            g_usleep(GATHER_USEC);
            g_mutex_lock(&feed->lock);
        }
        feed->stirred = FALSE;
        now = g_get_monotonic_time();
        for (GList *link = feed->readers.head; link; link = link->next)
            reader_look(feed, link->data, now);
        if (!feed->readers.head && now - feed->deserted >= FEED_LINGER) {
            g_mutex_unlock(&feed->lock);
            listening_end_where_deserted(feed);
            g_mutex_lock(&feed->lock);
        }
    }
    g_mutex_unlock(&feed->lock);
    return NULL;
}

/* ---- one reader ---- */

/* Under the lock. What there is to tell next, of StoreChange; *ret_left_behind: some of it is not kept any more. */
static GPtrArray *
batch_take(const Feed *feed, const Reader *reader, gboolean *ret_left_behind)
{
    GPtrArray *batch = g_ptr_array_new_with_free_func((GDestroyNotify)store_change_unref);
    *ret_left_behind = reader->cursor < feed->floor;
    const GList *at = *ret_left_behind ? NULL : log_after(feed, reader->cursor);
    for (; at && batch->len < BATCH; at = at->next)
        g_ptr_array_add(batch, store_change_ref(((const Entry *)at->data)->change));
    return batch;
}

static void
mark_append(Reader *reader)
{
    g_string_append_printf(reader->text, "{\"revision\":%" G_GUINT64_FORMAT "}\n", reader->cursor);
}

static void
end_append(Reader *reader, const char *why)
{
    g_string_append_printf(reader->text, "{\"revision\":%" G_GUINT64_FORMAT ",\"end\":\"%s\"}\n", reader->cursor, why);
    reader->over = TRUE;
}

/* Makes the next lines. FALSE: there are none, and the reader sleeps until there are, or it is over where nobody waits for
 * it. */
static gboolean
lines_make(Reader *reader)
{
    Feed *feed = reader->feed;
    gboolean left_behind, slept = FALSE;
    gint64 now = g_get_monotonic_time();
    g_mutex_lock(&feed->lock);
    const char *why = reader->why;
    gboolean first = !reader->begun, quiet = now - reader->said >= FEED_QUIET_MAX;
    g_autoptr(GPtrArray) batch = batch_take(feed, reader, &left_behind);
    if (!why && left_behind)
        why = "slow";
    if (!why && !first && !quiet && batch->len == 0) {
        slept = reader->asleep = reader->stream.sleep(reader->stream.data);
        reader->over = !slept;
    } else {
        reader->said = now;
    }
    g_mutex_unlock(&feed->lock);
    if (slept || reader->over)
        return FALSE;
    if (first)
        mark_append(reader);
    reader->begun = TRUE;
    for (guint i = 0; !why && i < batch->len; i++) {
        const StoreChange *change = g_ptr_array_index(batch, i);
        feed->config.line(reader->text, change, feed->config.data);
        reader->cursor = change->revision;
    }
    if (why)
        end_append(reader, why);
    else if (quiet && batch->len == 0)
        mark_append(reader);
    return TRUE;
}

static gssize
reader_read(ApiStream *stream, char *to, gsize max)
{
    Reader *reader = (Reader *)stream;
    while (reader->at == reader->text->len) {
        g_string_truncate(reader->text, 0);
        reader->at = 0;
        if (reader->over)
            return -1;
        if (!lines_make(reader))
            return reader->over ? -1 : 0;
    }
    gsize n = MIN(max, reader->text->len - reader->at);
    memcpy(to, reader->text->str + reader->at, n);
    reader->at += n;
    return (gssize)n;
}

static void
reader_free(ApiStream *stream)
{
    Reader *reader = (Reader *)stream;
    Feed *feed = reader->feed;
    g_mutex_lock(&feed->lock);
    g_queue_unlink(&feed->readers, &reader->link);
    feed->deserted = g_get_monotonic_time();
    g_mutex_unlock(&feed->lock);
    g_string_free(reader->text, TRUE);
    g_free(reader->caller);
    g_free(reader);
}

static Reader *
reader_new(Feed *feed, const char *caller, guint64 cursor)
{
    Reader *reader = g_new0(Reader, 1);
    reader->stream.read = reader_read;
    reader->stream.free = reader_free;
    reader->feed = feed;
    reader->caller = g_strdup(caller);
    reader->cursor = cursor;
    reader->text = g_string_new(NULL);
    reader->said = g_get_monotonic_time();
    reader->link.data = reader;
    return reader;
}

/* Under the lock. */
static Reader *
reader_admit(Feed *feed, const char *caller, const guint64 *since, GError **error)
{
    if (feed->readers.length >= FEED_READERS_MAX) {
        arm_fail(error, ARM_TOO_MANY_REQUESTS, NULL, "%u streams of changes are being read already.", FEED_READERS_MAX);
        return NULL;
    }
    if (since && (*since < feed->floor || *since > feed->head)) {
        arm_fail(error, ARM_GONE, "since",
                 "What changed after revision %" G_GUINT64_FORMAT " is not kept (revisions %" G_GUINT64_FORMAT
                 " to %" G_GUINT64_FORMAT " are): read everything anew, and begin without 'since'.",
                 *since, feed->floor, feed->head);
        return NULL;
    }
    Reader *reader = reader_new(feed, caller, since ? *since : feed->head);
    g_queue_push_tail_link(&feed->readers, &reader->link);
    if (!feed->thread)
        feed->thread = g_thread_new("changes", feed_run, feed);
    return reader;
}

ApiStream *
feed_read(Feed *feed, const char *caller, const guint64 *since, GError **error)
{
    Reader *reader = NULL;
    g_mutex_lock(&feed->listening);
    if (listening_begin(feed, error)) {
        g_mutex_lock(&feed->lock);
        reader = reader_admit(feed, caller, since, error);
        g_mutex_unlock(&feed->lock);
    }
    g_mutex_unlock(&feed->listening);
    return reader ? &reader->stream : NULL;
}

void
feed_end(Feed *feed, const char *caller, const char *why)
{
    g_mutex_lock(&feed->lock);
    for (GList *link = feed->readers.head; link; link = link->next) {
        Reader *reader = link->data;
        if (caller && strcmp(caller, reader->caller) != 0)
            continue;
        reader->why = reader->why ? reader->why : why;
        reader_wake(reader);
    }
    g_mutex_unlock(&feed->lock);
}

/* ---- all of it ---- */

Feed *
feed_new(Store *store, const FeedConfig *config)
{
    Feed *feed = g_new0(Feed, 1);
    feed->store = store;
    feed->config = *config;
    g_mutex_init(&feed->listening);
    g_mutex_init(&feed->lock);
    g_cond_init(&feed->stir);
    g_queue_init(&feed->log);
    g_queue_init(&feed->readers);
    feed->log_by_thing = g_hash_table_new(store_change_hash, store_change_equal);
    return feed;
}

void
feed_free(Feed *feed)
{
    if (!feed)
        return;
    g_mutex_lock(&feed->lock);
    g_assert(g_queue_is_empty(&feed->readers));
    feed->ends = TRUE;
    g_cond_signal(&feed->stir);
    g_mutex_unlock(&feed->lock);
    if (feed->thread)
        g_thread_join(feed->thread);
    listening_end(feed);
    g_hash_table_unref(feed->log_by_thing);
    g_cond_clear(&feed->stir);
    g_mutex_clear(&feed->lock);
    g_mutex_clear(&feed->listening);
    g_free(feed);
}
