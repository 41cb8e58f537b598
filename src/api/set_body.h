/* api/set_body.h: how scale sets and their instances look on the wire. */
#pragma once

#include "api/call.h"

/* The set's body, encoded once per state of its row. */
GBytes *set_body(Call *call, StoreTx *tx, const StoreSet *set, GError **error);
/* provisioningState; borrowed. */
const char *set_provisioning(const StoreSet *set);

/* An instance's body; with_view adds properties.instanceView. Encoded once per state of its row and its set's revision. */
GBytes *instance_body(Call *call, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, gboolean with_view,
    GError **error);
/* What GET …/virtualMachines/I/instanceView answers. */
json_t *instance_view(const StoreInstance *instance);
