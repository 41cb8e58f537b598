/* api/capacity.h: a scale set's instances brought to the number that its model says. */
#pragma once

#include "store/models.h"
#include "store/steps.h"

typedef struct {
    guint more;      /* instances */
    GArray *leaving; /* ids (guint) */
} Scaling;

void scaling_clear(Scaling *scaling);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scaling, scaling_clear)

/* Decided by what there is before the change takes back what others wanted, as what-if foresees it: whoever was to be stopped
 * goes before those that serve, where the policy says so. */
gboolean capacity_decide(StoreTx *tx, const StoreSet *set, const Model *model, Scaling *ret_scaling, GError **error);
/* The set's capacity is this from now on: a new revision that differs in that alone. No instance is made or removed. */
gboolean capacity_write(StoreTx *tx, StoreSet *set, guint capacity, UnixTime now, GError **error);
/* Done in the operation's name. */
gboolean capacity_meet(StoreTx *tx, StoreSet *set, const Model *model, const Scaling *scaling, StoreOperation *operation,
                       UnixTime now, GError **error);
