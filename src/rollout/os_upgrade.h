/* rollout/os_upgrade.h: does a scale set take a newer version of its image by itself? Pure. Level-triggered: the answer follows
 * from what is stored and seen alone, so that it is the same after a restart.
 * Rules: Azure's automatic OS image upgrade; differences are in docs/differences.md. */
#pragma once

#include "rollout/roll.h"

typedef struct {
    gboolean enabled;
    gboolean rolling;    /* a rolling upgrade is under way: it is not disturbed */
    const char *version; /* as the model names it */
    const char *exact;   /* what the set is on */
    const char *newest;  /* that "latest" is now; NULL: there is none */
    const char
        *avoided; /* it failed, or somebody went back from it: it and what is older are not taken by themselves; or NULL */
} OsUpgradeFacts;

typedef enum {
    OS_UPGRADE_NOTHING, /* no newer version is wanted */
    OS_UPGRADE_WAIT,    /* one is, and not now: for the end of a rolling upgrade, or for instances to be well */
    OS_UPGRADE_START,
    OS_UPGRADE_N
} OsUpgradeAct;

/* policy: that it would roll by. */
OsUpgradeAct os_upgrade_next(const OsUpgradeFacts *facts, const RollingPolicy *policy, const FleetCounts *counts);
