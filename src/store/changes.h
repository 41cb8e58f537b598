/* store/changes.h: what commits have changed, row by row, for one listener.
 *
 * SQLite itself tells, by triggers that exist as long as somebody listens: nothing that writes can be forgotten, neither what
 * follows from a deletion, and nothing is paid while nobody listens. */
#pragma once

#include "store/store.h"

/* What `first`, `second` and `number` are; the others are NULL and 0. */
typedef enum {
    STORE_CHANGE_GROUP,       /* first: its name */
    STORE_CHANGE_SET,         /* group, name. Gone: so is all that is below it */
    STORE_CHANGE_REVISION,    /* group, name, number of the model's revision */
    STORE_CHANGE_INSTANCE,    /* group, name of its set, instance id */
    STORE_CHANGE_ATTESTATION, /* the same: it was attested */
    STORE_CHANGE_ASSESSMENT,  /* the same: it was looked into before an upgrade */
    STORE_CHANGE_ROLL,        /* group, name of its set, row number */
    STORE_CHANGE_OPERATION,   /* first: its id */
    STORE_CHANGE_EVENT,       /* number: its id */
    STORE_CHANGE_IMAGE,       /* first: its URN */
    STORE_CHANGE_DISK,        /* group, id */
    STORE_CHANGE_ALERT,       /* name, resource that it is about */
    STORE_CHANGE_SUPPRESSION, /* first: name of a rule by which alerts are dismissed */
    STORE_CHANGE_UPGRADE,     /* name, resource: of a change record, or of what will have one */
    STORE_CHANGE_BASELINE,    /* number: its id */
    STORE_CHANGE_COMPONENTS,  /* first: the image's URN */
    STORE_CHANGE_SETTING,     /* first: its name */
    STORE_N_CHANGES
} StoreChangeKind;

typedef struct {
    StoreChangeKind kind;
    gboolean gone;
    guint64 revision; /* the store's, of this change alone: higher than any etag of the rows that it tells of */
    gint64 number;
    char *first, *second;
} StoreChange;

/* Shared, never changed; any thread. */
StoreChange *store_change_ref(StoreChange *change);
void store_change_unref(StoreChange *change);

/* Are they about the same thing? */
guint store_change_hash(gconstpointer change);
gboolean store_change_equal(gconstpointer a, gconstpointer b);

/* A commit's changes (of StoreChange), each thing once, by rising revision; borrowed. On the committing thread, in the order of
 * commits, while the store is locked for writing: it takes no time and calls nothing of the store. */
typedef void (*StoreTold)(const GPtrArray *changes, void *data);

/* From now on `told` is called; NULL: nobody is. *ret_revision (or NULL): what was committed up to it is not told. Waits for
 * the end of a write transaction; not within one. Lines of the activity log and operations that are forgotten are not told. */
gboolean store_listen(Store *store, StoreTold told, void *data, guint64 *ret_revision, GError **error);
