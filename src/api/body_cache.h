/* api/body_cache.h: encoded bodies by (id, etag): a row that did not change is encoded once. Bounded by bytes; thread-safe. */
#pragma once

#include <glib.h>

typedef struct BodyCache BodyCache;
BodyCache *body_cache_new(gsize max_bytes);
void body_cache_free(BodyCache *cache);
/* NULL on a miss; else a new reference. `space` tells kinds of bodies apart ("set", "vm", "vm+view"). */
GBytes *body_cache_get(BodyCache *cache, const char *space, gint64 set_id, guint instance, guint64 etag, guint64 variant);
/* variant: what else the body depends on (the set's current revision, for latestModelApplied). Replaces older etags. */
void body_cache_put(BodyCache *cache, const char *space, gint64 set_id, guint instance, guint64 etag, guint64 variant,
                    GBytes *body);
