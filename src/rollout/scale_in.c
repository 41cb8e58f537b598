#include "rollout/scale_in.h"

static gboolean
is_eligible(const ScaleInCandidate *candidate)
{
    return !candidate->leaving && !candidate->protected;
}

guint
scale_in_choose(const ScaleInCandidate *candidates, guint n, const ScaleInPolicy *policy, guint count, gboolean *ret_goes)
{
    guint chosen = 0;
    for (guint i = 0; i < n; i++)
        ret_goes[i] = FALSE;
    /* First round: only those that serve nobody. */
    for (guint round = policy->prioritize_unhealthy ? 0 : 1; round < 2; round++) {
        for (guint i = 0; i < n && chosen < count; i++) {
            guint at = policy->rule == SCALE_IN_OLDEST_VM ? i : n - 1 - i;
            if (ret_goes[at] || !is_eligible(&candidates[at]) || (round == 0 && !candidates[at].out_of_service))
                continue;
            ret_goes[at] = TRUE;
            chosen++;
        }
    }
    return chosen;
}
