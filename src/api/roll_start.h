/* api/roll_start.h: when a change of the model, or a person, sets a rolling upgrade going. */
#pragma once

#include "api/call.h"
#include "model/model.h"
#include "store/roll_steps.h"

/* With maxSurge the new instances of a batch stand beside the old ones: 409 with what is needed where quota has no room for
 * them. set: with `model` as its current revision. */
gboolean roll_room_check(Call *call, StoreTx *tx, const StoreSet *set, const Model *model, GError **error);

/* May the instance be brought from one model to the other in place (model/change.h)? One that never ran may. FALSE sets *error,
 * ARM_OPERATION_NOT_ALLOWED with this target. */
gboolean update_in_place_check(const StoreInstance *instance, const Model *from, const Model *to, const char *target,
                               GError **error);

/* What upgrade mode the set has decides what an accepted model does by itself. Automatic: all instances are brought to it under
 * `operation`; Rolling: a rolling upgrade begins, or turns to it, where an instance is to be made of something else. */
gboolean roll_follow(Call *call, StoreTx *tx, StoreSet *set, const Model *model, StoreOperation *operation, GError **error);
