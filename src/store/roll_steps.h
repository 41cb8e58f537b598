/* store/roll_steps.h: the bookkeeping of a rolling upgrade, in one place, because the API begins, turns and cancels it and the
 * engine does it and ends it. A rolling upgrade has one operation, which it holds open itself; the steps of its instances
 * belong to it besides. Everything happens inside the caller's write transaction.
 *
 * Whatever changes a rolling upgrade raises its set's etag: that is how the engine hears of it. */
#pragma once

#include "model/change.h"
#include "store/steps.h"

/* Rolling upgrades that stay readable after their end. */
#define ROLLS_KEPT 20

/* To the set's current revision: begins one, or gives it as the new target to the one that is under way, or joins it where it
 * has that target. os_upgrade: a newer image is what began it. The roll as it is then, with the id of its operation; NULL sets
 * *error. */
StoreRoll *roll_begin(StoreTx *tx, StoreSet *set, const char *resource_id, gboolean os_upgrade, const char *caller,
                      UnixTime now, GError **error);

/* It ends with the batch in hand. The roll as it is then; its cancel_operation ends when it has, as a success. NULL with
 * ARM_CONFLICT where none is under way. */
StoreRoll *roll_cancel(StoreTx *tx, StoreSet *set, const char *resource_id, const char *caller, UnixTime now, GError **error);

/* Ends it, and its operation. code ARM_N_CODES: nothing went wrong; message: or NULL. */
gboolean roll_end(StoreTx *tx, StoreRoll *roll, RollStatus status, ArmCode code, const char *message, UnixTime now,
                  GError **error);

/* ---- what it makes of an instance, in the row alone ---- */

void roll_mark(StoreInstance *instance, const StoreRoll *roll, RollMark mark, UnixTime now);
/* Remembers what it runs, then wants it on the target. */
void roll_take(StoreInstance *instance, const StoreRoll *roll, const Change *change, const Model *after, UnixTime now);
/* It goes back to what roll_take() remembered. */
void roll_undo(StoreInstance *instance, const StoreRoll *roll, UnixTime now);
/* What was remembered is needed no more. */
void roll_forget(StoreInstance *instance);
