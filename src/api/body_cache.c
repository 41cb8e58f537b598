#include "api/body_cache.h"

typedef struct {
    const char *space; /* a literal: compared as text, never freed */
    gint64 set_id;
    guint instance;
    guint64 etag, variant;
    GBytes *body;
    GList link; /* in BodyCache.recent; data is the entry itself */
} Entry;

struct BodyCache {
    GMutex lock;
    GHashTable *entries; /* Entry (as its own key) -> Entry */
    GQueue recent;       /* newest first */
    gsize bytes, max_bytes;
};

static guint
entry_hash(gconstpointer data)
{
    const Entry *entry = data;
    return g_str_hash(entry->space) ^ (guint)entry->set_id * 2654435761u ^ entry->instance * 40503u;
}

static gboolean
entry_equal(gconstpointer a, gconstpointer b)
{
    const Entry *x = a, *y = b;
    return x->set_id == y->set_id && x->instance == y->instance && g_str_equal(x->space, y->space);
}

static void
entry_drop(BodyCache *cache, Entry *entry)
{
    cache->bytes -= g_bytes_get_size(entry->body);
    g_queue_unlink(&cache->recent, &entry->link);
    g_hash_table_remove(cache->entries, entry);
    g_bytes_unref(entry->body);
    g_free(entry);
}

BodyCache *
body_cache_new(gsize max_bytes)
{
    BodyCache *cache = g_new0(BodyCache, 1);
    g_mutex_init(&cache->lock);
    cache->entries = g_hash_table_new(entry_hash, entry_equal);
    g_queue_init(&cache->recent);
    cache->max_bytes = max_bytes;
    return cache;
}

void
body_cache_free(BodyCache *cache)
{
    if (!cache)
        return;
    while (cache->recent.tail)
        entry_drop(cache, cache->recent.tail->data);
    g_hash_table_unref(cache->entries);
    g_mutex_clear(&cache->lock);
    g_free(cache);
}

GBytes *
body_cache_get(BodyCache *cache, const char *space, gint64 set_id, guint instance, guint64 etag, guint64 variant)
{
    const Entry wanted = { .space = space, .set_id = set_id, .instance = instance };
    GBytes *body = NULL;
    g_mutex_lock(&cache->lock);
    Entry *entry = g_hash_table_lookup(cache->entries, &wanted);
    if (entry && entry->etag == etag && entry->variant == variant) {
        body = g_bytes_ref(entry->body);
        g_queue_unlink(&cache->recent, &entry->link);
        g_queue_push_head_link(&cache->recent, &entry->link);
    }
    g_mutex_unlock(&cache->lock);
    return body;
}

void
body_cache_put(BodyCache *cache, const char *space, gint64 set_id, guint instance, guint64 etag, guint64 variant, GBytes *body)
{
    if (g_bytes_get_size(body) > cache->max_bytes / 16)
        return;
    Entry *entry = g_new0(Entry, 1);
    *entry = (Entry){ space, set_id, instance, etag, variant, g_bytes_ref(body), { entry, NULL, NULL } };
    g_mutex_lock(&cache->lock);
    Entry *old = g_hash_table_lookup(cache->entries, entry);
    if (old)
        entry_drop(cache, old);
    g_hash_table_add(cache->entries, entry);
    g_queue_push_head_link(&cache->recent, &entry->link);
    cache->bytes += g_bytes_get_size(body);
    while (cache->bytes > cache->max_bytes)
        entry_drop(cache, cache->recent.tail->data);
    g_mutex_unlock(&cache->lock);
}
