/* engine/os_upgrade.h: automatic OS image upgrade: a set that wants it follows `latest` by itself. What to do is derived from
 * the store each time the set is planned (rollout/os_upgrade.h); nothing is remembered in between. */
#pragma once

#include "engine/pass.h"
#include "engine/sets.h"

/* Begins a rolling upgrade to the newest version of the set's image where that is due: a new revision of the model that differs
 * in imageReference.exactVersion alone. `row` is the set's, and is written. */
gboolean os_upgrade_consider(Pass *pass, SetTracked *set, StoreSet *row, GError **error);

/* The rolling upgrade that ended failed on the newer version: the model goes back to the version before, so that new instances
 * come from that, and the newer one is avoided. The caller writes `row`. *ret_back: it did; FALSE where the older image is not
 * on this host any more, and the model stays as it is. */
gboolean os_upgrade_go_back(Pass *pass, SetTracked *set, StoreSet *row, const StoreRoll *roll, gboolean *ret_back,
                            GError **error);
