#include "rollout/creation.h"

#include "rollout/revive.h"

gboolean
creation_is_repeated(ArmCode code, guint attempt)
{
    return attempt + 1 < CREATION_ATTEMPTS && revive_may_pass(code);
}
