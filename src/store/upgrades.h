/* store/upgrades.h: upgrades and roll backs, from what was asked until each has its change record (engine/records.h).
 *
 * A change begins with the operation that brings instances to another model revision: manualupgrade, a change of the set in
 * mode Automatic, or a rolling upgrade. Its members are the instances that it takes. Records outlive their scale set. */
#pragma once

#include "model/change.h"
#include "store/store.h"

#include <jansson.h>

/* Records of one scale set that are kept. */
#define UPGRADES_KEPT 200

typedef struct {
    gint64 id;
    char *name; /* UUID */
    gint64 set_id;
    char *resource; /* ARM id of the scale set */
    char *kind;     /* "ManualUpgrade", "AutomaticUpgrade", "RollingUpgrade" */
    char *operation;
    char *caller; /* who asked; "engine": a newer image did */
    guint target; /* revision */
    guint back;   /* an earlier revision that makes the same of an instance: it is a roll back to that one; 0: it is none */
    UnixTime started;
    UnixTime ended;  /* of its operation; 0: it is under way */
    UnixTime closed; /* it has its record; 0: not yet */
} StoreUpgrade;
void store_upgrade_free(StoreUpgrade *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreUpgrade, store_upgrade_free)

GPtrArray *store_upgrade_list_open(StoreTx *tx, GError **error);                        /* of StoreUpgrade, without a record */
GPtrArray *store_upgrade_list(StoreTx *tx, const char *resource, GError **error);       /* of this scale set, newest first */
StoreUpgrade *store_upgrade_get(StoreTx *tx, const char *name, GError **error);         /* NULL without *error: none */
gboolean store_upgrade_update(StoreTx *tx, const StoreUpgrade *change, GError **error); /* ended */
/* With its record, as it is signed (attest/record.h). Its members are gone then. */
gboolean store_upgrade_close(StoreTx *tx, const StoreUpgrade *change, const char *record, GError **error);
char *store_upgrade_record(StoreTx *tx, gint64 id, GError **error); /* NULL without *error: it has none */
gboolean store_upgrade_delete(StoreTx *tx, gint64 id, GError **error);

/* An instance of a change. */
typedef struct {
    gint64 change;
    gint64 set_id;
    guint instance;
    guint from_revision;
    guint what;          /* place in store_upgrade_whats() */
    char *before;        /* JSON text: its last verdict then (attested_json()); NULL: none */
    UnixTime down_since; /* 0: it is up, or is to rest */
    char *downs;         /* JSON texts "[from, length]" of those that are over, comma between: microseconds since the change
                          * started, and microseconds; after some fifty no more are written down; NULL: none */
    UnixTime gone;       /* it was deleted; 0: it is there */
} StoreUpgradeMember;
void store_upgrade_member_free(StoreUpgradeMember *member);
/* By instance, `limit` at most, from this one on. They are there until the change is closed. */
GPtrArray *store_upgrade_members(StoreTx *tx, const StoreUpgrade *change, guint from, guint limit, GError **error);
/* What is done to instances, which is the same for many: JSON text of {"change", "parts", "lost"}, as what-if has them; gone
 * with the members. NULL sets *error; g_ptr_array_unref(). */
GPtrArray *store_upgrade_whats(StoreTx *tx, gint64 change, GError **error);
/* If it is a member: it is down, or up again, from now on. *ret_noted: it is one, and was not before. */
gboolean store_upgrade_member_down(StoreTx *tx, const StoreUpgrade *change, guint instance, gboolean down, UnixTime now,
                                   gboolean *ret_noted, GError **error);
/* If it is a member: it was deleted, and is down no longer. The first time counts. */
gboolean store_upgrade_member_gone(StoreTx *tx, const StoreUpgrade *change, guint instance, UnixTime now, GError **error);
/* The first member, from this one on, that is still in hand: a step is asked of it, it is down though it is to run, or its last
 * boot is not attested yet. One that failed, is in quarantine or is to rest is waited for no longer. */
gboolean store_upgrade_unsettled(StoreTx *tx, const StoreUpgrade *change, guint from, guint *ret_instance, gboolean *ret_found,
                                 GError **error);

/* Begins one, or gives the one of this operation the set's present revision as its target. NULL sets *error. */
StoreUpgrade *upgrade_open(StoreTx *tx, const StoreSet *set, const char *resource, const char *kind, const char *operation,
                           const char *caller, UnixTime now, GError **error);
/* Is anything done to it? What never ran has nothing to be changed. */
gboolean upgrade_takes(const StoreInstance *instance, const Change *what);
/* The instance is taken by it, or will be; nothing where nothing is done to it, or it is a member already.
 * replaced: a new one comes in its place. */
gboolean upgrade_enlist(StoreTx *tx, const StoreUpgrade *change, const StoreInstance *instance, const Change *what,
                        gboolean replaced, UnixTime now, GError **error);
/* One that comes in the place of another, by the change of this operation; it is down until it is up. */
gboolean upgrade_enlist_new(StoreTx *tx, const char *operation, const StoreInstance *instance, GError **error);
/* All that a rolling upgrade to this model would take. */
gboolean upgrade_enlist_all(StoreTx *tx, const StoreUpgrade *change, const StoreSet *set, const Model *target, gboolean surge,
                            UnixTime now, GError **error);

/* A verdict with its evidence, without the event log, which is named by its SHA-256; a new reference. */
json_t *attested_json(const StoreAttestation *attestation);
