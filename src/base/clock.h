/* base/clock.h: where the time comes from. Pure code gets a time as an argument and never sees this.
 *
 * Times are microseconds since 1970-01-01T00:00:00Z (UnixTime); durations are microseconds too. */
#pragma once

#include <glib.h>

typedef gint64 UnixTime;

#define USEC_PER_MSEC G_GINT64_CONSTANT(1000)
#define USEC_PER_SEC  G_GINT64_CONSTANT(1000000)

/* A clock and its timers. Every entry is filled in. Used from the engine's thread, except now(),
 * which any thread may call. */
typedef struct Clock Clock;
struct Clock {
    UnixTime (*now)(Clock *clock);
    /* Runs fire(data) once, at or after `at`, on the engine's thread. Returns a non-zero id. */
    guint (*timer_add)(Clock *clock, UnixTime at, void (*fire)(void *data), void *data);
    void (*timer_remove)(Clock *clock, guint id);
};

/* The system's clock; timers are GSources of `context` (borrowed). Free with clock_real_free(). */
Clock *clock_real_new(GMainContext *context);
void clock_real_free(Clock *clock);

/* A clock that only moves when told to; starts at `start`. Not thread-safe but for now(). */
Clock *clock_virtual_new(UnixTime start);
void clock_virtual_free(Clock *clock);
/* Moves to the earliest timer and fires it; FALSE where there is none. */
gboolean clock_virtual_fire_next(Clock *clock);
/* The same where it is due by `limit`; FALSE where there is none, and the time is then `limit`. */
gboolean clock_virtual_fire_until(Clock *clock, UnixTime limit);
/* Moves to `to`, firing what becomes due on the way, in order of time, then of creation. */
void clock_virtual_advance_to(Clock *clock, UnixTime to);
/* As when somebody sets the system's clock: the time is another one at once, and what timers still have to wait stays. */
void clock_virtual_jump(Clock *clock, gint64 usec);
