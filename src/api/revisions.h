/* api/revisions.h: a scale set's recorded model revisions, and going back to one. */
#pragma once

#include "api/draft.h"

/* The draft that {"MEMBER": N} asks for (the call's body): the set as it was in revision N, but for its capacity, policies and
 * tags. Another member beside it, or a revision that is not recorded (any more): *error names what there is. */
Draft *rollback_draft(Call *call, StoreTx *tx, const StoreSet *set, const char *member, GError **error);
