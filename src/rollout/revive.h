/* rollout/revive.h: an instance whose VM came down, and nobody had asked for it: is it started again, and when? Pure.
 * Each death in a row doubles the wait: what dies of itself is not to keep the host busy, and what was killed once is back
 * within seconds. It is never given up, because nobody may be there to notice. */
#pragma once

#include "base/clock.h"
#include "base/error.h"

/* The wait before the first time, and the longest one. */
#define REVIVE_FIRST   (1 * USEC_PER_SEC)
#define REVIVE_LONGEST (300 * USEC_PER_SEC)
/* Who has run that long is over its earlier deaths. */
#define REVIVE_PROVEN (600 * USEC_PER_SEC)

typedef struct {
    gboolean started;     /* its VM ran, and ended; FALSE: a launch never became a VM */
    gboolean in_creation; /* the step that creates it is not over, or failed: it never served */
    gboolean refused;     /* Secure Boot refused this boot */
    ArmCode code;         /* what ended it */
    guint deaths;         /* in a row, before this one */
    gint64 ran_usec;      /* since when it was running; 0: it was not */
} Ending;

typedef struct {
    guint deaths;      /* in a row, this one included; as before where it is not started again */
    gint64 after_usec; /* it is started again so much later; -1: it is not */
} Revival;

/* May the next launch find otherwise what this one failed on? */
gboolean revive_may_pass(ArmCode code);

Revival revive_decide(const Ending *ending);

/* Is the time come? One that lies further away than any wait is of a clock that was set back. */
gboolean revive_is_due(UnixTime at, UnixTime now);
