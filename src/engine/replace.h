/* engine/replace.h: a new instance in the place of one that goes. Its row is there at once, so that the scale set is never
 * short of one, and it is launched when the old one is gone (StoreInstance.replaces): the host need not have room for both. */
#pragma once

#include "engine/pass.h"
#include "engine/sets.h"

/* Makes the new one, on the set's newest model (or, where that is larger and quota has no room for it, on the old one's), with
 * a step of the operation; the old one is not on its way out yet, so that it counts. `row` is the set's, and is written. What
 * becomes of the old one is the caller's; `like` is its row. Rows in hand have been written, and `row` read after that: quota
 * is a sum over the store's rows, and steps that end change the set's. NULL sets *error. */
Held *engine_successor_add(Pass *pass, SetTracked *set, StoreSet *row, const StoreInstance *like, const char *operation,
                           GError **error);

/* A step that creates an instance has failed for what its row says. Where another one is to come in its place, the instance is
 * on its way out, and the operation has a step for the other one besides; *ret_replaced: it is so. */
gboolean engine_creation_repeat(Pass *pass, Held *held, gboolean *ret_replaced, GError **error);

/* What the instance comes in the place of is still there; the instance is looked at again when it has gone. */
gboolean engine_predecessor_awaited(Engine *engine, const Tracked *tracked, const StoreInstance *instance);
/* It has gone: whoever waits for that is planned. */
void engine_predecessor_gone(Engine *engine, const Tracked *tracked);
