/* api/services.h: orchestration services of a scale set. */
#pragma once

#include "api/call.h"

/* orchestrationServices of a set's instance view. NULL sets *error. */
json_t *services_summary(StoreTx *tx, const StoreSet *set, GError **error);
