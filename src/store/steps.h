/* store/steps.h: the bookkeeping between operations and the steps of their instances, in one place, because the API (which
 * begins them) and the engine (which ends them) both need it. An instance has at most one step in hand; an operation ends
 * when its last step ends. Everything happens inside the caller's write transaction. */
#pragma once

#include "store/store.h"

/* Inserts a new operation in progress (id made here) and its "Started" activity event. caller: who asked. The set's
 * provisioningState becomes that of this operation when `of_set` is TRUE. total and pending are counted up by step_begin() and
 * step_join(). */
StoreOperation *operation_begin(StoreTx *tx, OperationKind kind, StoreSet *set, const char *resource_id, const char *location,
                                gboolean of_set, const char *caller, UnixTime now, GError **error);

/* An activity event beside those of its beginning and end: something that people should know, and that does not stop it. */
gboolean operation_warn(StoreTx *tx, const StoreOperation *operation, const char *caller, const char *warning, UnixTime now,
                        GError **error);

/* Gives the instance a step of this operation (it must have none), in the row alone. */
void step_take(StoreInstance *instance, const char *operation);
/* The same, counted; writes both rows. The caller has changed the instance's desired members. deadline is set by the engine
 * when it begins to act. */
gboolean step_begin(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error);

/* The same for an instance that may have a step in hand: that one goes on, and takes in what is wanted now. */
gboolean step_begin_or_keep(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error);

/* The same, but one that died and waits for its next start waits on where no launch is asked for: the step is over before. */
gboolean step_begin_beside_revival(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error);
/* FALSE: it died, and what is wanted is brought about by the next start that it waits for. */
gboolean step_is_needed(const StoreInstance *instance);

/* The same where what is wanted ends whatever the step in hand was for: that one is taken out of its operation, whose own hold
 * keeps it open, and becomes this one's. For steps of a rolling upgrade on an instance that is scaled in. */
gboolean step_begin_or_take_over(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error);

/* The steps that begin and end within one transaction, gathered, so that an operation is read and written once however many
 * of them are its own. */
typedef struct StepLedger StepLedger;
StepLedger *step_ledger_new(void);
void step_ledger_free(StepLedger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StepLedger, step_ledger_free)

/* As step_begin(), with the caller writing the row. */
void step_join(StepLedger *ledger, const char *operation, StoreInstance *instance);
/* Ends the instance's step (if any): failure NULL is success. The caller writes the row, or removes it. */
void step_end(StepLedger *ledger, StoreInstance *instance, const GError *failure);
/* Counts the operations up and down, and ends those whose last step ended: Failed when any step failed, with the first
 * failure's code and message and all of them as details. To be called after the rows were written. The ledger is empty then. */
gboolean step_ledger_write(StepLedger *ledger, StoreTx *tx, UnixTime now, GError **error);

/* Ends an operation that has no steps pending; called by the API where nothing was to be done, and by
 * step_ledger_write(). Writes the activity event, and the set's state where it was the set's operation. Of kind
 * DELETE_SCALE_SET: removes the set when it has no instances; of DELETE_GROUP: removes the group when it has no sets. */
gboolean operation_end(StoreTx *tx, StoreOperation *operation, UnixTime now, GError **error);

/* A model change takes over: ends every operation in progress of the set as Canceled (OperationPreempted). Its instances'
 * steps: begun ones (with a deadline, stopping or starting) and deletions move to `successor`; not-begun ones give their
 * desired members back to what runs (run_… and revision), but for instances that never ran, which move to `successor`. Where
 * the successor deletes the set or its group, deletions of single instances move to it too; otherwise they go on under their
 * own operation, and so does a rolling upgrade, which turns to the newer model (store/roll_steps.h). */
gboolean operations_supersede(StoreTx *tx, StoreSet *set, StoreOperation *successor, UnixTime now, GError **error);
