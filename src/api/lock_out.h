/* api/lock_out.h: what would lock a volume out is refused, unless the request says that this is known. */
#pragma once

#include "api/call.h"
#include "store/lock_out.h"

/* What the query of such a request may have. */
#define ACKNOWLEDGE "acknowledgeDataLoss=true,false"

/* violations: of lock_out_judge(). None: TRUE. Acknowledged: TRUE, and the activity log has them. Else FALSE with a 409 that
 * has them all. */
gboolean lock_out_settle(Call *call, StoreTx *tx, const StoreSet *set, const GPtrArray *violations, GError **error);

/* The same for a rolling upgrade to the set's current model. */
gboolean lock_out_check_roll(Call *call, StoreTx *tx, const StoreSet *set, const Model *target, GError **error);
