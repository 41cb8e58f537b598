/* store/steps.h: the bookkeeping between operations and the steps of their instances, in one place, because the API (which
 * begins them) and the engine (which ends them) both need it. An instance has at most one step in hand; an operation ends
 * when its last step ends. Everything happens inside the caller's write transaction. */
#pragma once

#include "store/store.h"

/* Inserts a new operation in progress (id made here) and its "Started" activity event. caller: who asked. The set's
 * provisioningState becomes that of this operation when `of_set` is TRUE. total and pending are counted up by step_begin(). */
StoreOperation *operation_begin(StoreTx *tx, OperationKind kind, StoreSet *set, const char *resource_id, const char *location,
                                gboolean of_set, const char *caller, UnixTime now, GError **error);

/* Gives the instance a step of this operation (it must have none) and counts it. The caller has changed the instance's
 * desired members; this writes the row. deadline is set by the engine when it begins to act. */
gboolean step_begin(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error);

/* Ends the instance's step (if any): failure NULL is success; writes the row, counts the operation down and ends it with its
 * last step: Failed when any step failed, with the first failure's code and message and all of them as details. */
gboolean step_end(StoreTx *tx, StoreInstance *instance, const GError *failure, UnixTime now, GError **error);

/* The same for an instance that is gone: removes its row, then counts its operation down. */
gboolean step_end_removed(StoreTx *tx, StoreInstance *instance, UnixTime now, GError **error);

/* Ends an operation that has no steps pending; called by the API where nothing was to be done, and by step_end(). Writes
 * the activity event, and the set's state where it was the set's operation. Of kind DELETE_SCALE_SET: removes the set when it
 * has no instances; of DELETE_GROUP: removes the group when it has no sets. */
gboolean operation_end(StoreTx *tx, StoreOperation *operation, UnixTime now, GError **error);

/* A model change takes over: ends every operation in progress of the set as Canceled (OperationPreempted). Its instances'
 * steps: begun ones (with a deadline, stopping or starting) and deletions move to `successor`; not-begun ones give their
 * desired members back to what runs (run_… and revision), but for instances that never ran, which move to `successor`. Where
 * the successor deletes the set or its group, deletions of single instances move to it too; otherwise they go on under their
 * own operation. */
gboolean operations_supersede(StoreTx *tx, StoreSet *set, StoreOperation *successor, UnixTime now, GError **error);
