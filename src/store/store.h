/* store/store.h: what Testudo remembers, as typed functions inside transactions. No policy.
 *
 * A Store may be used from any thread. A transaction belongs to the thread that began it. Write transactions are
 * serialised (one at a time; store_write() waits for its turn; a thread that begins a second one before it ended the
 * first is stopped by an assertion); read transactions see the snapshot of their beginning and never wait. A thread may
 * hold a read and a write at once, in either order. In ":memory:" reads take their turn too, and a read beside the same
 * thread's write sees what that wrote. Rows are plain structs owned by the caller (…_free()); texts in a row passed to
 * an insert/update stay the caller's.
 * Ids and names are compared without regard to ASCII case and given back as they were created.
 *
 * Every change of a scale set, instance, operation or image raises one counter, the store's revision; a row's `etag`
 * is the counter's value at its last change, so (id, etag) names one state of a row for ever.
 *
 * Errors: ARM_HOST_DISK_FULL where the disk is full, ARM_PRECONDITION_FAILED where an expected etag does not match,
 * ARM_INTERNAL for the rest. A function that looks up a row gives NULL without an error when there is none. */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "model/image.h"
#include "model/instance.h"
#include "model/integrity.h"
#include "model/operation.h"
#include "model/roll.h"

typedef struct Store Store;
typedef struct StoreTx StoreTx;

/* path: a file, made where it is absent (mode 0600), migrated to the newest schema; ":memory:" for one that lasts as
 * long as the Store. A schema newer than this program's is an error that says so. */
Store *store_open(const char *path, GError **error);
void store_close(Store *store);

/* `committed` is called after each commit that changed something, on the committing thread, outside of any lock. One
 * listener at most; set it before other threads use the store. */
void store_set_listener(Store *store, void (*committed)(void *data), void *data);

/* The counter's value after the last commit; any thread, no lock waited for. */
guint64 store_revision(Store *store);

/* The highest etag that was ever given out, this write transaction's included; what is written after its commit gets higher
 * ones. */
guint64 store_tx_issued(const StoreTx *tx);

StoreTx *store_read(Store *store, GError **error);
StoreTx *store_write(Store *store, GError **error);
/* Ends the transaction and frees tx, whatever it returns; FALSE: nothing of it was kept. For a read transaction too. */
gboolean store_commit(StoreTx *tx, GError **error);
void store_abort(StoreTx *tx); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreTx, store_abort)

/* ---- settings: small texts by name (subscription id, secrets for signed links, …) ---- */
gboolean store_setting_get(StoreTx *tx, const char *name, char **ret_value, GError **error); /* NULL where absent */
gboolean store_setting_set(StoreTx *tx, const char *name, const char *value, GError **error);

/* ---- resource groups ---- */
typedef struct {
    char *name;
    char *location;
    char *tags; /* JSON object text, or NULL */
    guint64 etag;
    gboolean deleting;
} StoreGroup;
void store_group_free(StoreGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreGroup, store_group_free)

StoreGroup *store_group_get(StoreTx *tx, const char *name, GError **error);
GPtrArray *store_group_list(StoreTx *tx, GError **error);                                          /* of StoreGroup, by name */
gboolean store_group_put(StoreTx *tx, const StoreGroup *group, guint64 *ret_etag, GError **error); /* insert or update */
gboolean store_group_delete(StoreTx *tx, const char *name, GError **error);

/* ---- scale sets and their model revisions ---- */
typedef struct {
    gint64 id; /* row number; never reused */
    char *uid; /* UUID: the API's uniqueId, and the first half of instance keys */
    char *group;
    char *name;
    char *location;
    guint64 etag;
    guint revision;      /* the current one; the first is 1 */
    char *effect_key;    /* of the current revision: model_effect_key() */
    guint next_instance; /* the next instance id; never goes back */
    guint capacity;      /* of the current revision */
    gboolean flexible;   /* orchestration mode Flexible, for good */
    gboolean deleting;
    char *operation; /* id of the operation in hand that makes provisioningState, or NULL */
    char *state;     /* provisioningState when no operation is in hand: "Succeeded", "Failed", "Canceled" */
    UnixTime created;
    gboolean repairs_suspended; /* automatic repairs rest until somebody sets them going again */
    guint repairs_in_vain;      /* repairs in a row after which the instance was not healthy */
    char *image_avoided; /* the version that automatic OS upgrade failed on, or that was gone back from: it and what is older
                          * are not taken by themselves any more; or NULL */
} StoreSet;
void store_set_free(StoreSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreSet, store_set_free)

StoreSet *store_set_get(StoreTx *tx, const char *group, const char *name, GError **error);
StoreSet *store_set_get_by_id(StoreTx *tx, gint64 id, GError **error);
StoreSet *store_set_get_by_uid(StoreTx *tx, const char *uid, GError **error);
/* Ordered by group, name; group NULL: all. after_id 0 begins; at most `limit` (0: all) */
GPtrArray *store_set_list(StoreTx *tx, const char *group, GError **error);
gboolean store_set_insert(StoreTx *tx, StoreSet *set, GError **error); /* writes id and etag into *set */
/* Writes every settable column of the row (all but uid, group, name and created); expected_etag 0: whatever it is. Writes
 * the new etag into *set. A row that is gone: ARM_PRECONDITION_FAILED, with expected_etag 0 ARM_INTERNAL. */
gboolean store_set_update(StoreTx *tx, StoreSet *set, guint64 expected_etag, GError **error);
gboolean store_set_delete(StoreTx *tx, gint64 id, GError **error); /* with revisions, instances and rolling upgrades */
/* Ids (gint64) of the sets that were changed after `etag` (0: all), by etag; what the engine reads on a kick. */
GArray *store_set_changed(StoreTx *tx, guint64 etag, GError **error);

typedef struct {
    guint revision;
    char *document; /* canonical JSON text (model/document.h), exactVersion included */
    char *effect_key;
    char *size_name; /* copies of what quota is summed by */
    char *size_family;
    guint size_vcpus;
    guint size_memory_mib;
    char *image_urn; /* "Pub:Offer:Sku:Version", exact */
    UnixTime created;
    /* From `since` to this revision, going back to any makes the same of the set (document_restores_same()): what was changed
     * in between is capacity, policy, tags. */
    guint since;
    UnixTime made; /* when `since` was created */
} StoreModel;
void store_model_free(StoreModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreModel, store_model_free)

gboolean store_model_insert(StoreTx *tx, gint64 set_id, const StoreModel *model, GError **error);
StoreModel *store_model_get(StoreTx *tx, gint64 set_id, guint revision, GError **error);
/* The newest revision that makes the same of an instance as this one (its effect key). */
gboolean store_model_alike(StoreTx *tx, gint64 set_id, guint revision, guint *ret_newest, GError **error);
GPtrArray *store_model_list(StoreTx *tx, gint64 set_id, GError **error); /* of StoreModel, newest first */
/* The newest of those in a row that restore the same as this revision, which itself may be gone. */
StoreModel *store_model_standing(StoreTx *tx, gint64 set_id, guint revision, GError **error);
/* Of StoreModel, newest first: of each row of revisions that restore the same, its newest. */
GPtrArray *store_model_list_standing(StoreTx *tx, gint64 set_id, GError **error);
/* Revisions, and models that restore something different, that stay although nothing runs them. */
#define STORE_REVISIONS_KEPT 20
/* Removes revisions that no instance runs, should run or can be brought back to, but for the set's current one, the newest
 * `keep`, and the newest revision of each of the newest `keep` rows of revisions that restore the same. */
gboolean store_model_prune(StoreTx *tx, gint64 set_id, guint keep, GError **error);

/* ---- instances ---- */
typedef struct {
    gint64 set_id;
    guint id;    /* instance id within the set */
    char *vm_id; /* UUID; it, the name and the time stay as they were inserted */
    char *computer_name;
    UnixTime created;
    guint64 etag;
    guint64 touched; /* the etag of its last change that was not a step's; the store's own */

    /* desired */
    guint want_revision;
    DesiredPower want_power;
    guint64 want_epoch; /* launch counter: a launch is due while `epoch` is below it and want_power is running */
    guint64 disk_gen;   /* OS disk generation wanted, from 1 */
    guint64 vars_gen;   /* UEFI variables wanted, from 1 */
    guint64 vtpm_gen;   /* 0: no vTPM */
    guint64 data_gen;   /* reimageall: data disks made afresh; from 1 */
    gboolean want_deleted;
    gboolean skip_shutdown; /* how the next stop is done: by force at once */
    gboolean protect_scale_in;
    gboolean protect_scale_set_actions;
    char *tags; /* JSON object text, or NULL */

    /* observed */
    guint revision; /* that it runs or last ran; 0: none yet */
    guint64 epoch;  /* of the last launch that was begun; 0: none */
    InstanceState state;
    gboolean alive;        /* its QEMU process exists */
    gboolean agent;        /* the guest agent has answered in this boot */
    int failure;           /* ArmCode + 1 of what went wrong; 0: nothing */
    char *failure_message; /* of that; without `failure`: the answer of its application that made it ill; or NULL */
    char *warning;         /* a named state beside the power state (serial flood, …), or NULL */
    UnixTime state_since;
    /* what the last launch was begun with: a step that was not begun yet goes back to these when it is superseded */
    guint64 run_disk_gen; /* 0: no launch was ever begun, also where `epoch` was set back to have one made again */
    guint64 run_vars_gen;
    guint64 run_vtpm_gen;
    guint64 run_data_gen;

    /* health, as its extension says; without one it follows from the state (rollout/health.h) */
    Health health;
    UnixTime health_since;
    guint health_phase;   /* the rolling upgrade's phase that the service asks for, plus 1; 0: none, the last */
    gboolean health_skip; /* the service asks not to be upgraded */

    /* how it booted (StoreVtpm and StoreAttestation have the rest) */
    Integrity integrity;
    UnixTime integrity_since;
    gboolean integrity_by_model; /* its own model rules out that it is attested (no vTPM, or Secure Boot off): the verdict is
                                  * held against nobody */
    gboolean out_of_health;      /* for that it is unhealthy, whatever its application says */
    UnixTime quarantined;        /* for that it is out of service since then: nothing is done with it until somebody releases or
                                  * deletes it; 0: it is not */
    gboolean replaced;           /* quarantined, and another one came in its place: no part of the capacity, nor of quotas */
    gboolean stands_in;          /* it came in the place of one in quarantine */

    /* rolling upgrade */
    gint64 roll; /* id of the one that `roll_mark` is of; 0: none */
    RollMark roll_mark;
    UnixTime roll_since; /* when it got that mark */
    gboolean surge;      /* beyond the capacity, until an old one is gone in its favour */
    /* what it can be brought back to: revision and generations before its last upgrade; revision 0: nothing */
    guint undo_revision;
    guint64 undo_disk_gen;
    guint64 undo_vars_gen;
    guint64 undo_vtpm_gen;

    /* keeping it at capacity */
    UnixTime revive_at;    /* died: started again at this time; 0: not due */
    guint deaths;          /* in a row, without a long healthy time between them */
    guint attempt;         /* how many instances before it failed to be created in its place */
    guint replaces;        /* id + 1 of the one in whose place it comes: it is launched when that is gone; 0: none */
    UnixTime repair_after; /* when its last step ended that was not begun because it had died, whence the grace period of
                            * automatic repair is counted; 0: it never came up */
    gboolean repairing;    /* automatic repair took it, and has not heard of it being well since */
    UnixTime repair_held;  /* in this launch it was to be repaired, and was left alone instead: it would have lost what its vTPM
                            * opens; the last such time, 0: none */
    guint64 loss_acknowledged; /* generation of the vTPM that automatic repair may take all the same, with what it opens */
    UnixTime terminate_at;     /* to be deleted: at the latest then, or as soon as its guest approves; 0: at once */

    /* data disks */
    guint64 luns;   /* bit N: its folder holds, or may hold, a data disk of LUN N, also one that no model names any more;
                     * of an attached one: a launch was begun that takes it from where it lay */
    guint attached; /* how many rows of `disks` it has */

    /* the step in hand */
    char *operation;   /* operation id, or NULL: no step */
    UnixTime deadline; /* of the step; 0: none */
} StoreInstance;
void store_instance_free(StoreInstance *instance);
gboolean store_instance_has_lun(const StoreInstance *instance, guint lun); /* or may have (luns) */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreInstance, store_instance_free)

StoreInstance *store_instance_get(StoreTx *tx, gint64 set_id, guint id, GError **error);
GPtrArray *store_instance_list(StoreTx *tx, gint64 set_id, GError **error); /* of StoreInstance, by id */
gboolean store_instance_insert(StoreTx *tx, StoreInstance *instance, GError **error);
gboolean store_instance_update(StoreTx *tx, StoreInstance *instance, guint64 expected_etag, GError **error);
/* The engine's own, for half the price: where want_revision and want_deleted are as the store has them, and the engine need not
 * be told of the change. */
gboolean store_instance_update_step(StoreTx *tx, StoreInstance *instance, GError **error);
gboolean store_instance_delete(StoreTx *tx, gint64 set_id, guint id, GError **error);

/* A part of a set's instances, by id: the first `limit` of those whose id is above `after` (-1: from the first). */
GPtrArray *store_instance_page(StoreTx *tx, gint64 set_id, gint64 after, guint limit, GError **error);

typedef struct {
    gint64 set_id;
    guint id;
} StoreInstanceKey;
/* Instances that were changed after `etag` (0: all) and not by store_instance_update_step(), over all sets, in the order of
 * that: of StoreInstanceKey; what the engine reads on a kick. */
GArray *store_instance_changed(StoreTx *tx, guint64 etag, GError **error);
/* A set's instances that have something to go back to, of StoreInstanceKey. */
GArray *store_instance_undoable(StoreTx *tx, gint64 set_id, GError **error);

/* Calls each(instance id, etag, data) without reading whole rows, by id; what the API's list joins cached bodies by.
 * `each` does not call the store with this tx. */
gboolean store_instance_etags(StoreTx *tx, gint64 set_id, void (*each)(guint id, guint64 etag, void *data), void *data,
                              GError **error);

/* Counts for a set's instance view: by state, with and without a step in hand, and by health. */
typedef struct {
    guint total;
    guint by_state[INSTANCE_N_STATES];
    guint by_health[HEALTH_N]; /* as its view shows it (instance_shown_health()) */
    guint busy;                /* with a step in hand */
    guint failed;              /* state failed */
    guint noticed;             /* to be deleted, and running on while their guests still have time */
    guint on_current;          /* whose revision has the effect key of the set's current revision */
} StoreInstanceCounts;
gboolean store_instance_count(StoreTx *tx, gint64 set_id, StoreInstanceCounts *ret_counts, GError **error);

/* Instances that an upgrade of the set would bring to its current revision: not protected from it, not being deleted, and to be
 * made of something else so far. *ret_serving: of these, meant to run. */
gboolean store_instance_outdated(StoreTx *tx, gint64 set_id, guint *ret_count, guint *ret_serving, GError **error);

/* ---- quota: sums over all instances that are not being deleted, by the size of the revision they should run. What runs
 * another one so far, or may be put back by a rolling upgrade, counts with the largest of these sizes, and in the families of
 * all of them: so that there is room for it, and for a step that is taken back, whatever else is asked for meanwhile. ---- */
typedef struct {
    char *family;
    guint cores;
} StoreFamilyCores;
typedef struct {
    guint regional_cores;
    guint virtual_machines;
    guint scale_sets;
    GPtrArray *families; /* of StoreFamilyCores */
} StoreUsage;
/* except_set: a set id that is left out, 0 for none. */
StoreUsage *store_usage(StoreTx *tx, gint64 except_set, GError **error);
void store_usage_free(StoreUsage *usage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreUsage, store_usage_free)
guint store_usage_family_cores(const StoreUsage *usage, const char *family); /* 0 where nothing of it is in use */

/* ---- operations ---- */
typedef struct {
    char *id; /* UUID */
    OperationKind kind;
    char *resource_id; /* ARM id of what it works on */
    gint64 set_id;     /* 0: none */
    char *location;
    OperationStatus status;
    char *code; /* wire code of the error, or NULL */
    char *message;
    char *details; /* JSON array text of {"code","message","target"}, or NULL */
    char *output;  /* JSON text for properties.output, or NULL */
    UnixTime started;
    UnixTime ended; /* 0: not yet */
    guint total;    /* instances it has steps for */
    guint pending;  /* of these, not ended yet */
    guint64 etag;
} StoreOperation;
void store_operation_free(StoreOperation *operation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreOperation, store_operation_free)

StoreOperation *store_operation_get(StoreTx *tx, const char *id, GError **error);
gboolean store_operation_insert(StoreTx *tx, StoreOperation *operation, GError **error);
gboolean store_operation_update(StoreTx *tx, StoreOperation *operation, GError **error);
/* In progress, of one set (0: of all), oldest first. */
GPtrArray *store_operation_in_progress(StoreTx *tx, gint64 set_id, GError **error);
/* Removes operations that ended before `before`, but those of deployments (store/deployments.h). */
gboolean store_operation_prune(StoreTx *tx, UnixTime before, GError **error);

/* ---- rolling upgrades: one of a set is under way at most; those that ended are its history ---- */
typedef struct {
    gint64 id; /* row number; never reused */
    gint64 set_id;
    guint64 etag;
    guint target; /* the model revision that it brings instances to */
    RollStatus status;
    RollPhase phase;
    gboolean cancel;     /* asked for: it ends with the batch in hand */
    gboolean os_upgrade; /* begun because a newer version of the image came */
    gboolean surge;      /* the batch in hand is made of new instances */
    guint batch;         /* number of the batch in hand, or of the last one; from 1, 0: none yet */
    guint batch_left;    /* members that the batch in hand still takes */
    UnixTime until;      /* phase pause: its end */
    UnixTime started;
    UnixTime last_action; /* start, retarget or cancel */
    UnixTime ended;       /* 0: not yet */
    guint successful;     /* written at its end; while it is under way instances' marks are counted */
    guint failed;
    char *code; /* wire code of why it stopped, or NULL */
    char *message;
    char *warning; /* such as: a batch was done in place, because quota was short; or NULL */
    char *operation;
    char *cancel_operation; /* of who canceled it last, or NULL; it may have ended by now */
    char *image_before;     /* os_upgrade: the exact version that the set's model had before; else NULL */
} StoreRoll;
void store_roll_free(StoreRoll *roll);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreRoll, store_roll_free)

StoreRoll *store_roll_active(StoreTx *tx, gint64 set_id, GError **error); /* the one under way, or NULL */
StoreRoll *store_roll_latest(StoreTx *tx, gint64 set_id, GError **error);
GPtrArray *store_roll_list(StoreTx *tx, gint64 set_id, GError **error);   /* of StoreRoll, newest first */
gboolean store_roll_insert(StoreTx *tx, StoreRoll *roll, GError **error); /* writes id and etag into *roll */
gboolean store_roll_update(StoreTx *tx, StoreRoll *roll, GError **error);
/* Removes all but the newest `keep` of those that ended. */
gboolean store_roll_prune(StoreTx *tx, gint64 set_id, guint keep, GError **error);

/* How many of a set's instances have each mark of this rolling upgrade. */
gboolean store_roll_count(StoreTx *tx, gint64 set_id, gint64 roll, guint ret_marks[ROLL_N_MARKS], GError **error);

/* ---- activity events: append only ---- */
typedef struct {
    gint64 id;
    UnixTime time;
    char *level;          /* "Informational", "Warning", "Error" */
    char *operation_name; /* operation_kind_text(), or an event's own name */
    char *status;         /* "Started", "Succeeded", "Failed", "Canceled" */
    char *resource_id;
    char *caller;      /* "owner" (socket), "token", "portal:…" (a session), "engine" */
    char *correlation; /* operation id, or NULL */
    char *message;     /* or NULL */
} StoreEvent;
void store_event_free(StoreEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreEvent, store_event_free)

gboolean store_event_add(StoreTx *tx, StoreEvent *event, GError **error);
/* Something was done at once: level Informational, status Succeeded. message: may be NULL. */
gboolean store_event_note(StoreTx *tx, const char *operation_name, const char *resource_id, const char *caller,
                          const char *message, UnixTime now, GError **error);
/* Newest first; resource_prefix: that resource and what lies below it, NULL: all; before_id 0: from the newest; at most
 * limit. */
GPtrArray *store_event_list(StoreTx *tx, const char *resource_prefix, gint64 before_id, guint limit, GError **error);
gboolean store_event_prune(StoreTx *tx, UnixTime before, GError **error);

/* ---- images ---- */
GPtrArray *store_image_list(StoreTx *tx, GError **error); /* of ImageInfo: publisher, offer, sku, version order */
/* version "latest": the newest by image_version_compare(), a pre-release only where there is nothing else. */
ImageInfo *store_image_get(StoreTx *tx, const char *publisher, const char *offer, const char *sku, const char *version,
                           GError **error);
gboolean store_image_put(StoreTx *tx, const ImageInfo *image, GError **error); /* the same version again: ARM_CONFLICT */
/* Was any image put in place after the store's revision was `revision`? */
gboolean store_image_changed(StoreTx *tx, guint64 revision, gboolean *ret_changed, GError **error);
gboolean store_image_boot_chain_set(StoreTx *tx, const ImageInfo *image, BootChain chain, GError **error);
gboolean store_image_delete(StoreTx *tx, const ImageInfo *image, GError **error);
/* How many revisions in use name this exact image: sets' current ones, and those that instances run, should run or can be
 * brought back to. */
gboolean store_image_uses(StoreTx *tx, const ImageInfo *image, guint *ret_uses, GError **error);

/* ---- data disks that were kept from removed instances ----
 * Such a disk lies at `file` and belongs to no instance, until it is attached to one. Then the file is the instance's from a
 * launch on, and comes back to `file`, or to another place where the instance is removed. */
typedef struct {
    char *id;    /* UUID */
    char *group; /* of the set that it was kept from first */
    char *set_name;
    guint instance; /* of set_name: that has it, or had it last */
    guint lun;
    guint size_gib;
    char *file; /* absolute path */
    UnixTime kept_until;
    UnixTime created; /* when it was kept first */
    gint64 set_id;    /* of the instance that has it; 0: none, and set_name's instance is one that had it */
    guint64 leaves;   /* the first launch of the instance (epoch) that puts it back at `file`; 0: it is to stay */
} StoreDisk;
void store_disk_free(StoreDisk *disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreDisk, store_disk_free)
StoreDisk *store_disk_get(StoreTx *tx, const char *id, GError **error);
GPtrArray *store_disk_list(StoreTx *tx, GError **error);                       /* of StoreDisk, by group, set, instance, LUN */
GPtrArray *store_disk_list_of_set(StoreTx *tx, gint64 set_id, GError **error); /* that its instances have, by instance, LUN */
GPtrArray *store_disk_list_of_instance(StoreTx *tx, gint64 set_id, guint instance, GError **error);
gboolean store_disk_put(StoreTx *tx, const StoreDisk *disk, GError **error); /* insert or replace */
gboolean store_disk_delete(StoreTx *tx, const char *id, GError **error);

/* ---- boot integrity ---- */

/* The vTPM that an instance has now, and how it stands with it. Its row goes with the instance. */
typedef struct {
    gint64 set_id;
    guint instance;
    guint64 generation;   /* of the vTPM, as the instance has it */
    char *ek;             /* SHA-256 of the endorsement key (RSA), as SubjectPublicKeyInfo, in hexadecimal */
    GBytes *certificate;  /* of that key, DER */
    char *serial_p384;    /* serial number of the certificate of its other endorsement key (attest/crl.h); NULL: not recorded */
    GBytes *ak;           /* TPM2B_PUBLIC: the attestation key that is in the same TPM as that key; NULL: not shown yet */
    UnixTime bound;       /* when that was shown */
    guint resets;         /* of the TPM, as it was quoted last */
    guint64 resets_epoch; /* the launch that this was in */
    UnixTime tried;       /* when it was asked last; 0: never */
    UnixTime verified;    /* when evidence last held; 0: never */
} StoreVtpm;
void store_vtpm_free(StoreVtpm *vtpm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreVtpm, store_vtpm_free)
StoreVtpm *store_vtpm_get(StoreTx *tx, gint64 set_id, guint instance, GError **error);
GPtrArray *store_vtpm_list(StoreTx *tx, gint64 set_id, GError **error); /* of StoreVtpm, by instance */
GPtrArray *store_vtpm_list_of_key(StoreTx *tx, const char *ek, GError **error);
gboolean store_vtpm_put(StoreTx *tx, const StoreVtpm *vtpm, GError **error); /* insert or replace */

/* One time that an instance was attested: append only. Of each instance the newest are kept. */
#define STORE_ATTESTATIONS_KEPT 32
typedef struct {
    gint64 id;
    gint64 set_id;
    guint instance;
    UnixTime at;
    guint64 epoch;  /* the launch that it is about */
    guint revision; /* of the model that it was launched with, or that comes to the same; 0: not written down */
    Integrity integrity;
    char *code;   /* a word for the reason: "wrongNonce", "deviation"; healthy: the policy that accepts what differs, or NULL */
    char *reason; /* a sentence; NULL where it is healthy, and nothing differs */
    char *components; /* JSON text, a list of what differs, accepted or not, in log order; NULL: nothing was compared */
    char *reference;  /* what it was compared with, for people; or NULL */
    char *refused;    /* JSON text, modules that its kernel refused (attest/refusals.h); NULL: none */
    guint resets;
    char *log;                              /* its event log (store_log_get()), or NULL */
    GBytes *nonce, *quote, *signature, *ak; /* or NULL */
    GBytes *ek;                             /* TPM2B_PUBLIC: the endorsement key that it names; or NULL */
} StoreAttestation;
void store_attestation_free(StoreAttestation *attestation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreAttestation, store_attestation_free)
GPtrArray *store_attestation_list(StoreTx *tx, gint64 set_id, guint instance, guint limit, GError **error); /* newest first */
gboolean store_attestation_add(StoreTx *tx, const StoreAttestation *attestation, GError **error);
/* Those of instances that are gone, and older than that; and event logs that nothing names any more. */
gboolean store_attestation_prune(StoreTx *tx, UnixTime before, GError **error);

/* What was last looked up in an instance before an upgrade (attest/assessment.h). Its row goes with the instance. */
typedef struct {
    gint64 set_id;
    guint instance;
    UnixTime at;
    guint64 epoch;              /* the launch that was looked into, and what it ran with */
    guint64 disk_gen, vtpm_gen; /* vtpm_gen 0: it had none */
    char *document;             /* JSON: assessment_json() */
} StoreAssessment;
void store_assessment_free(StoreAssessment *assessment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreAssessment, store_assessment_free)
StoreAssessment *store_assessment_get(StoreTx *tx, gint64 set_id, guint instance, GError **error);
gboolean store_assessment_put(StoreTx *tx, const StoreAssessment *assessment, GError **error); /* insert or replace */

/* Event logs, by their SHA-256 in hexadecimal: the logs of alike boots are one. */
typedef struct {
    char *digest;
    GBytes *bytes;
} StoreLog;
GBytes *store_log_get(StoreTx *tx, const char *digest, GError **error); /* NULL without *error: there is none */
gboolean store_log_put(StoreTx *tx, const char *digest, GBytes *bytes, GError **error);

/* What an image boots, as far as it was computed from its file (attest/components.h has the document's form). */
typedef struct {
    char *image_urn;
    UnixTime made;
    char *document; /* JSON */
} StoreComponents;
void store_components_free(StoreComponents *components);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreComponents, store_components_free)
StoreComponents *store_components_get(StoreTx *tx, const char *image_urn,
                                      GError **error); /* NULL without *error: not computed */
gboolean store_components_put(StoreTx *tx, const StoreComponents *components, GError **error); /* insert or replace */

/* What a boot of an image should measure, at a size. */
typedef struct {
    gint64 id;
    char *image_urn; /* exact version */
    gboolean secure_boot;
    guint vcpus, memory_mib;
    char *log;
    char *source; /* "learnt from <ARM id>", for people */
    UnixTime approved;
    char *approved_by;
    UnixTime withdrawn; /* 0: it holds */
    char *withdrawn_by;
    gboolean superseded; /* withdrawn since nothing needed it any more: it holds again where something does */
} StoreBaseline;
void store_baseline_free(StoreBaseline *baseline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreBaseline, store_baseline_free)
StoreBaseline *store_baseline_get(StoreTx *tx, gint64 id, GError **error);
/* image_urn NULL: all, withdrawn ones too; else those that hold, newest first. */
GPtrArray *store_baseline_list(StoreTx *tx, const char *image_urn, GError **error);
gboolean store_baseline_add(StoreTx *tx, StoreBaseline *baseline, GError **error); /* writes id */
gboolean store_baseline_withdraw(StoreTx *tx, gint64 id, const char *by, gboolean superseded, UnixTime now, GError **error);
/* Only what was superseded. */
gboolean store_baseline_restore(StoreTx *tx, gint64 id, GError **error);
/* Superseded ones of this image and size. */
GPtrArray *store_baseline_list_superseded(StoreTx *tx, const char *image_urn, guint vcpus, guint memory_mib, GError **error);
/* Those that hold, and whose image and size every scale set that had them has gone on from: no model in force has them, no
 * instance is on one that has, goes to one or may be put back to one, and no rolling upgrade that may put some back is under
 * way. */
GPtrArray *store_baseline_list_unneeded(StoreTx *tx, GError **error);
/* Superseded ones of which that is true no more. */
GPtrArray *store_baseline_list_needed_again(StoreTx *tx, GError **error);

/* ---- who has signed in ---- */
typedef struct {
    char *hash;    /* SHA-256 of the session's token, in hexadecimal; the token itself is nowhere */
    char *name;    /* what the activity log calls it */
    char *made_by; /* the caller whose right it has */
    UnixTime created;
    UnixTime used; /* last, within some minutes */
} StoreSession;
void store_session_free(StoreSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreSession, store_session_free)
GPtrArray *store_session_list(StoreTx *tx, GError **error); /* of StoreSession, the oldest first */
gboolean store_session_insert(StoreTx *tx, const StoreSession *session, GError **error);
/* Nothing where there is no such session any more. */
gboolean store_session_use(StoreTx *tx, const char *hash, UnixTime used, GError **error);
gboolean store_session_delete(StoreTx *tx, const char *hash, GError **error);
