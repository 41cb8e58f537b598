/* rollout/scale_in.h: which instances go when a scale set is made smaller. Pure.
 * Rules: Azure's scaleInPolicy. A host is one zone and one fault domain, so nothing is to be balanced before the rule decides;
 * and as ids rise with every creation, the order of ids is that of age, whatever the clock did: Default and NewestVM come to
 * the same, the highest ids first. */
#pragma once

#include "model/policy.h"

typedef struct {
    guint id;
    gboolean protected;      /* by either flag of its protection policy: it never goes */
    gboolean leaving;        /* on its way out already: it is not there to be chosen */
    gboolean out_of_service; /* unhealthy, or neither running nor on its way to: prioritizeUnhealthyVMs lets these go first */
} ScaleInCandidate;

/* Chooses `count` of n candidates, which are ordered by id. ret_goes: n flags, each of them written. Returns how many were
 * chosen: fewer than `count` where the rest are protected. Linear in n. */
guint scale_in_choose(const ScaleInCandidate *candidates, guint n, const ScaleInPolicy *policy, guint count,
                      gboolean *ret_goes);
