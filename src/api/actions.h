/* api/actions.h: an action on named instances of a set, whether it comes by the set's route or by an instance's own. */
#pragma once

#include "api/call.h"
#include "store/desire.h"

typedef struct {
    OperationKind kind;
    gboolean is_update; /* bring to the current model; otherwise `desire` */
    Desire desire;
} Action;

/* ids: NULL-terminated texts; NULL: all instances. by_set: the set's own action, which protected instances are kept from. */
ApiResponse *action_run(Call *call, const Action *action, const char *const *ids, gboolean by_set, GError **error);
