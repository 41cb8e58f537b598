#include "base/clock.h"

#include "base/timers.h"

#define NEVER (-1)

/* One source for all timers: the loop looks at every source that there is each time that it turns. */
typedef struct {
    Clock clock;
    GSource *source;
    Timers *timers; /* by the monotonic clock: a step of the wall clock neither fires nor delays one */
} RealClock;

static UnixTime
real_now(Clock *clock)
{
    (void)clock;
    return g_get_real_time();
}

static void
real_arm(RealClock *self)
{
    DueTimer first;
    g_source_set_ready_time(self->source, timers_first(self->timers, &first) ? first.at : NEVER);
}

static guint
real_timer_add(Clock *clock, UnixTime at, void (*fire)(void *data), void *data)
{
    RealClock *self = (RealClock *)clock;
    guint id = timers_add(self->timers, g_get_monotonic_time() + MAX(at - g_get_real_time(), 0), fire, data);
    real_arm(self);
    return id;
}

static void
real_timer_remove(Clock *clock, guint id)
{
    RealClock *self = (RealClock *)clock;
    timers_remove(self->timers, id);
    real_arm(self);
}

static gboolean
on_ready(void *data)
{
    RealClock *self = data;
    gint64 now = g_get_monotonic_time();
    guint64 newest = timers_added(self->timers);
    DueTimer timer;
    /* One that is added meanwhile has its turn after the loop's other sources had theirs. */
    while (timers_first(self->timers, &timer) && timer.at <= now && timer.number <= newest) {
        timers_drop_first(self->timers);
        timer.fire(timer.data);
    }
    real_arm(self);
    return G_SOURCE_CONTINUE;
}

static gboolean
ready_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    return callback(data);
}

Clock *
clock_real_new(GMainContext *context)
{
    static GSourceFuncs functions = { .dispatch = ready_dispatch };
    RealClock *self = g_new0(RealClock, 1);
    self->clock = (Clock){ real_now, real_timer_add, real_timer_remove };
    self->timers = timers_new();
    self->source = g_source_new(&functions, sizeof(GSource));
    g_source_set_ready_time(self->source, NEVER);
    g_source_set_callback(self->source, on_ready, self, NULL);
    g_source_attach(self->source, context);
    return &self->clock;
}

void
clock_real_free(Clock *clock)
{
    RealClock *self = (RealClock *)clock;
    if (!self)
        return;
    g_source_destroy(self->source);
    g_source_unref(self->source);
    timers_free(self->timers);
    g_free(self);
}

/* `now` and the timers are as on a clock that nobody ever set; `jumped` is what the time is ahead of it. */
typedef struct {
    Clock clock;
    gint64 now; /* these two are atomic enough: written by one thread, aligned 64 bit */
    gint64 jumped;
    Timers *timers;
} VirtualClock;

static UnixTime
virtual_now(Clock *clock)
{
    const VirtualClock *self = (VirtualClock *)clock;
    return __atomic_load_n(&self->now, __ATOMIC_RELAXED) + __atomic_load_n(&self->jumped, __ATOMIC_RELAXED);
}

static guint
virtual_timer_add(Clock *clock, UnixTime at, void (*fire)(void *data), void *data)
{
    VirtualClock *self = (VirtualClock *)clock;
    return timers_add(self->timers, at - self->jumped, fire, data);
}

static void
virtual_timer_remove(Clock *clock, guint id)
{
    timers_remove(((VirtualClock *)clock)->timers, id);
}

Clock *
clock_virtual_new(UnixTime start)
{
    VirtualClock *self = g_new0(VirtualClock, 1);
    self->clock = (Clock){ virtual_now, virtual_timer_add, virtual_timer_remove };
    self->now = start;
    self->timers = timers_new();
    return &self->clock;
}

void
clock_virtual_free(Clock *clock)
{
    VirtualClock *self = (VirtualClock *)clock;
    if (!self)
        return;
    timers_free(self->timers);
    g_free(self);
}

static gboolean
fire_first_until(VirtualClock *self, gint64 limit)
{
    DueTimer timer;
    if (!timers_first(self->timers, &timer) || timer.at > limit)
        return FALSE;
    timers_drop_first(self->timers);
    if (timer.at > self->now)
        __atomic_store_n(&self->now, timer.at, __ATOMIC_RELAXED);
    timer.fire(timer.data);
    return TRUE;
}

gboolean
clock_virtual_fire_next(Clock *clock)
{
    return fire_first_until((VirtualClock *)clock, G_MAXINT64);
}

gboolean
clock_virtual_fire_until(Clock *clock, UnixTime limit)
{
    VirtualClock *self = (VirtualClock *)clock;
    gint64 until = limit - self->jumped;
    if (fire_first_until(self, until))
        return TRUE;
    if (until > self->now)
        __atomic_store_n(&self->now, until, __ATOMIC_RELAXED);
    return FALSE;
}

void
clock_virtual_advance_to(Clock *clock, UnixTime to)
{
    while (clock_virtual_fire_until(clock, to))
        ;
}

void
clock_virtual_jump(Clock *clock, gint64 usec)
{
    VirtualClock *self = (VirtualClock *)clock;
    __atomic_store_n(&self->jumped, self->jumped + usec, __ATOMIC_RELAXED);
}
