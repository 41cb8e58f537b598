/* api/scale_set_write.h: what changes a scale set as a whole. */
#pragma once

#include "api/call.h"

ApiResponse *scale_set_put(Call *call, GError **error);
ApiResponse *scale_set_patch(Call *call, GError **error);

/* Marks everything of the set for removal under the operation; also a resource group's way to remove its sets. forced: as
 * desire_deletion() has it. */
gboolean scale_set_delete_begin(StoreTx *tx, StoreSet *set, StoreOperation *operation, gboolean forced, UnixTime now,
                                GError **error);
