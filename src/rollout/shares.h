/* rollout/shares.h: limits of a rolling upgrade in percent that a set of this size can never meet, because its share is less
 * than one instance. Pure. The arithmetic is that of roll.h: a share that is exceeded stops the upgrade, and a batch is the
 * share rounded down, at least one. */
#pragma once

#include "model/model.h"

typedef enum { SHARE_BATCH, SHARE_UNHEALTHY, SHARE_UNHEALTHY_UPGRADED, SHARE_N } Share;

/* The smallest percentage that comes to one of `capacity` instances: 50 of 2, 34 of 3. 0 where the limit can be met as it is:
 * it comes to one instance, there are no instances, or it is 0, which asks for none to be ill. */
guint share_needed(const RollingPolicy *policy, Share share, guint capacity);

/* A sentence for each limit that cannot be met, which names its member, what comes of it and the smallest value that works;
 * NULL-terminated, g_strfreev(). They are told when they are set: where a share is another one than before, and, in a set that
 * is rolled by itself (mode Rolling, automatic OS upgrade), also where that begins or the capacity changes. before: NULL on
 * create; then a share is set where it is not the default. */
char **shares_warnings(const Model *before, const Model *after);
