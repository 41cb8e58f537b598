/* api/quota_growth.h: instances that get a model's size now, after it was accepted: others may have taken what they need. */
#pragma once

#include "api/call.h"
#include "model/model.h"

/* Judged from the rows as they would be; where it does not fit, nothing of the transaction is to be kept. before: usage before
 * it (store_usage() of all sets). FALSE sets *error, ARM_OPERATION_NOT_ALLOWED with this target. */
gboolean quota_growth_check(const Call *call, StoreTx *tx, const StoreUsage *before, const Model *model, const char *target,
                            GError **error);
