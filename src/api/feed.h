/* api/feed.h: what changed of late, for those who read it as it happens (GET /portal/changes).
 *
 * The newest change of each thing is kept, FEED_KEPT of them, in memory: a reader who is slow is told of each thing once, and
 * one who is left behind by more than is kept is sent away. The store is listened to while somebody reads, and for FEED_LINGER
 * more. A thread of the feed's wakes readers, so that a commit costs no more than noting its changes. Any thread. */
#pragma once

#include "api/api.h"
#include "store/changes.h"

#define FEED_KEPT        16384u
#define FEED_READERS_MAX 128u
#define FEED_LINGER      (10 * 60 * G_USEC_PER_SEC)
/* A line comes at least this often. */
#define FEED_QUIET_MAX (15 * G_USEC_PER_SEC)

typedef struct Feed Feed;

typedef struct {
    void *data;
    /* Appends the change as a line, or nothing where it is not to be told; outside of any lock. */
    void (*line)(GString *text, const StoreChange *change, void *data);
    /* Does the caller's right to read last? */
    gboolean (*lasts)(const char *caller, void *data);
} FeedConfig;

/* store: borrowed. Nothing is begun before there is a reader. */
Feed *feed_new(Store *store, const FeedConfig *config);
/* After its readers; accepts NULL. */
void feed_free(Feed *feed);

/* A reader of all changes from now on, or (since is not NULL) after that revision. *error: ARM_GONE, ARM_TOO_MANY_REQUESTS, or
 * the store's. */
ApiStream *feed_read(Feed *feed, const char *caller, const guint64 *since, GError **error);

/* The streams of this caller end (NULL: all of them), with this as their last line's word. */
void feed_end(Feed *feed, const char *caller, const char *why);
