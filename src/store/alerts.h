/* store/alerts.h: what people are alerted to, and what of it is still to be delivered. As store/store.h says of rows. */
#pragma once

#include "model/alert.h"
#include "store/store.h"

typedef struct {
    gint64 id;
    char *name; /* UUID */
    gint64 set_id;
    guint instance;
    char *resource; /* ARM id of the instance */
    AlertKind kind;
    char *code;    /* the reason in a word: as StoreAttestation has it */
    char *message; /* a sentence */
    AlertStatus status;
    gboolean open; /* it is so still, as far as is known; with its instance that ends */
    UnixTime raised;
    UnixTime seen; /* when it was found last */
    UnixTime changed;
    char *changed_by;    /* who changed its status last: "engine", or a caller; NULL: nobody yet */
    char *suppressed_by; /* name of the rule that dismissed it (store/suppressions.h); NULL: none did */
} StoreAlert;
void store_alert_free(StoreAlert *alert);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreAlert, store_alert_free)

StoreAlert *store_alert_get(StoreTx *tx, const char *name, GError **error);
/* Newest first; group NULL: of all; before 0: from the newest; at most limit. */
GPtrArray *store_alert_list(StoreTx *tx, const char *group, gint64 before, guint limit, GError **error);
GPtrArray *store_alert_list_open(StoreTx *tx, gint64 set_id, guint instance, GError **error);
/* Of all that are open: those that people are told of (Active, InProgress), and those that a rule dismissed. */
GPtrArray *store_alert_list_told(StoreTx *tx, GError **error);
GPtrArray *store_alert_list_suppressed(StoreTx *tx, GError **error);
gboolean store_alert_add(StoreTx *tx, StoreAlert *alert, GError **error); /* writes id */
/* Status, open, message, seen, changed, changed_by, suppressed_by. */
gboolean store_alert_update(StoreTx *tx, const StoreAlert *alert, GError **error);
/* Those that are over, and were not seen or changed since. */
gboolean store_alert_prune(StoreTx *tx, UnixTime before, GError **error);

/* ---- to be delivered: an alert that was raised, or that is over ---- */
typedef struct {
    gint64 id;
    gint64 alert;
    gboolean fired; /* FALSE: it is over */
    UnixTime at;
    guint tries;
    UnixTime due; /* not before this */
} StoreDelivery;
void store_delivery_free(StoreDelivery *delivery);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDelivery, store_delivery_free)

gboolean store_delivery_add(StoreTx *tx, const StoreDelivery *delivery, GError **error);
/* The oldest one, due or not: they keep their order. NULL without *error: there is none. */
StoreDelivery *store_delivery_next(StoreTx *tx, GError **error);
gboolean store_delivery_update(StoreTx *tx, const StoreDelivery *delivery, GError **error); /* tries and due */
gboolean store_delivery_delete(StoreTx *tx, gint64 id, GError **error);
StoreAlert *store_alert_get_by_id(StoreTx *tx, gint64 id, GError **error);
