#include "rollout/revive.h"

/* What the next launch may find otherwise: room on the host, a process that did not come up. An image that is gone, a vTPM
 * that is locked or a boot that is refused stay so until somebody does something about it. */
gboolean
revive_may_pass(ArmCode code)
{
    return code == ARM_VM_START_FAILED || code == ARM_VM_EXITED || code == ARM_HOST_DISK_FULL || code == ARM_HOST_CAPACITY;
}

static gboolean
is_wanted_back(const Ending *ending)
{
    if (ending->refused || ending->in_creation)
        return FALSE;
    /* A start that fails is its asker's to repeat, but for the one that was to bring back what had died. */
    return ending->started || (ending->deaths > 0 && revive_may_pass(ending->code));
}

Revival
revive_decide(const Ending *ending)
{
    Revival revival = { .deaths = ending->deaths, .after_usec = -1 };
    if (!is_wanted_back(ending))
        return revival;
    guint before = ending->ran_usec >= REVIVE_PROVEN ? 0 : ending->deaths;
    revival.deaths = before + 1;
    revival.after_usec = REVIVE_FIRST;
    for (guint i = 0; i < before && revival.after_usec < REVIVE_LONGEST; i++)
        revival.after_usec *= 2;
    revival.after_usec = MIN(revival.after_usec, REVIVE_LONGEST);
    return revival;
}

gboolean
revive_is_due(UnixTime at, UnixTime now)
{
    return now >= at || at - now > REVIVE_LONGEST;
}
