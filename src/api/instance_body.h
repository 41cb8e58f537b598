/* api/instance_body.h: how a scale set's instances look on the wire: their bodies (instance_body.c), and what they say of
 * themselves (instance_view.c). */
#pragma once

#include "api/call.h"

/* An instance's body, of a set's virtualMachines or, with call->as_machine, as a VM of its own; with_view adds
 * properties.instanceView. Encoded once per state of its row and its set's revision. */
GBytes *instance_body(Call *call, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, gboolean with_view,
                      GError **error);
/* The same where it has been encoded already, by the row's etag alone; NULL where it has not. */
GBytes *instance_body_known(const Call *call, const StoreSet *set, guint id, guint64 etag, gboolean with_view);
/* Its provisioningState: one that is to go is Deleting, also while its guest still has its time. */
const char *instance_provisioning(const StoreInstance *instance);
/* latestModelApplied: does it run what the set's current model makes? */
gboolean instance_is_latest(StoreTx *tx, const StoreSet *set, const StoreInstance *instance, gboolean *ret_latest,
                            GError **error);
/* What GET …/virtualMachines/I/instanceView answers. */
json_t *instance_view(const StoreSet *set, const StoreInstance *instance);
