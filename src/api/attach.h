/* api/attach.h: kept data disks that are attached to an instance, and detached from it. */
#pragma once

#include "api/call.h"
#include "model/instance_body.h"
#include "model/model.h"

/* Makes the instance's attached disks those that `asked` (of InstanceDisk) lists beside its model's: writes the disks' rows and
 * changes the instance's, which the caller writes. *ret_relaunch: it is to be launched again. All violations in one error;
 * nothing is to be kept then. */
gboolean attach_apply(Call *call, StoreTx *tx, const StoreSet *set, StoreInstance *instance, const GPtrArray *asked,
                      gboolean *ret_relaunch, GError **error);

/* Has the model a data disk of this LUN? */
gboolean attach_model_has(const Model *model, guint lun);

/* Does the model leave room for what is attached to the set's instances? Violations (GError*) are appended. size: the model's,
 * or NULL. */
gboolean attach_judge(StoreTx *tx, const StoreSet *set, const Model *model, const SizeInfo *size, GPtrArray *violations,
                      GError **error);

/* Adds the instance's attached disks to the data disks of its body. */
gboolean attach_show(const Call *call, StoreTx *tx, const StoreInstance *instance, json_t *storage_profile, GError **error);
