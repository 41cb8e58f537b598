/* api/scale_set_write.h: what changes a scale set as a whole. */
#pragma once

#include "api/draft.h"

ApiResponse *scale_set_put(Call *call, GError **error);
ApiResponse *scale_set_patch(Call *call, GError **error);

/* What a request makes of the set: PUT's and PATCH's body, an earlier revision, other extensions. set: NULL where there is
 * none, and the request is one that makes it. NULL sets *error. */
typedef Draft *(*DraftMaker)(Call *call, StoreTx *tx, const StoreSet *set, void *data, GError **error);

/* What came of it. */
typedef struct {
    gint64 set_id;
    gboolean created;
    char *operation; /* NULL: nothing is under way */
} SetChange;
void set_change_clear(SetChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SetChange, set_change_clear)

/* The way of every change of a model: preconditions, draft, rules; then the new revision with all that follows from it, in one
 * transaction. A draft that equals what is stored changes nothing. */
gboolean scale_set_change(Call *call, gboolean must_exist, DraftMaker make, void *data, SetChange *ret_change, GError **error);
/* The same within a transaction of the caller's, which commits it. */
gboolean scale_set_change_in(Call *call, StoreTx *tx, gboolean must_exist, DraftMaker make, void *data, SetChange *ret_change,
                             GError **error);
/* 201 or 200 with the set as it is now, and the operation where one is under way. */
ApiResponse *scale_set_change_respond(Call *call, const SetChange *change, GError **error);

/* Marks everything of the set for removal under the operation; also a resource group's way to remove its sets. forced: as
 * desire_deletion() has it. */
gboolean scale_set_delete_begin(StoreTx *tx, StoreSet *set, StoreOperation *operation, gboolean forced, UnixTime now,
                                GError **error);
