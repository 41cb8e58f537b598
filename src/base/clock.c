#include "base/clock.h"

typedef struct {
    Clock clock;
    GMainContext *context;
} RealClock;

static UnixTime
real_now(Clock *clock)
{
    (void)clock;
    return g_get_real_time();
}

typedef struct {
    void (*fire)(void *data);
    void *data;
} Timer;

static gboolean
real_fire(void *data)
{
    Timer *timer = data;
    timer->fire(timer->data);
    return G_SOURCE_REMOVE;
}

static gboolean
ready_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    return callback(data);
}

static GSourceFuncs timer_funcs = { .dispatch = ready_dispatch };

static guint
real_timer_add(Clock *clock, UnixTime at, void (*fire)(void *data), void *data)
{
    RealClock *self = (RealClock *)clock;
    Timer *timer = g_new0(Timer, 1);
    GSource *source = g_source_new(&timer_funcs, sizeof(GSource));

    timer->fire = fire;
    timer->data = data;
    /* The wait is on the monotonic clock: a step of the wall clock neither fires nor delays it. */
    g_source_set_ready_time(source, g_get_monotonic_time() + MAX(at - g_get_real_time(), 0));
    g_source_set_callback(source, real_fire, timer, g_free);
    guint id = g_source_attach(source, self->context);
    g_source_unref(source);
    return id;
}

static void
real_timer_remove(Clock *clock, guint id)
{
    RealClock *self = (RealClock *)clock;
    GSource *source = g_main_context_find_source_by_id(self->context, id);
    if (source)
        g_source_destroy(source);
}

Clock *
clock_real_new(GMainContext *context)
{
    RealClock *self = g_new0(RealClock, 1);
    self->clock = (Clock){ real_now, real_timer_add, real_timer_remove };
    self->context = context;
    return &self->clock;
}

void
clock_real_free(Clock *clock)
{
    g_free(clock);
}

typedef struct {
    guint id;
    UnixTime at;
    void (*fire)(void *data);
    void *data;
} VirtualTimer;

typedef struct {
    Clock clock;
    gint64 now; /* atomic enough: written by one thread, aligned 64 bit */
    guint last_id;
    GSequence *timers; /* of VirtualTimer, by time, then id */
} VirtualClock;

static UnixTime
virtual_now(Clock *clock)
{
    return __atomic_load_n(&((VirtualClock *)clock)->now, __ATOMIC_RELAXED);
}

static gint
timer_compare(gconstpointer a, gconstpointer b, gpointer data)
{
    const VirtualTimer *x = a, *y = b;
    (void)data;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static guint
virtual_timer_add(Clock *clock, UnixTime at, void (*fire)(void *data), void *data)
{
    VirtualClock *self = (VirtualClock *)clock;
    VirtualTimer *timer = g_new0(VirtualTimer, 1);
    *timer = (VirtualTimer){ ++self->last_id, at, fire, data };
    g_sequence_insert_sorted(self->timers, timer, timer_compare, NULL);
    return timer->id;
}

static void
virtual_timer_remove(Clock *clock, guint id)
{
    VirtualClock *self = (VirtualClock *)clock;
    GSequenceIter *end = g_sequence_get_end_iter(self->timers);
    for (GSequenceIter *i = g_sequence_get_begin_iter(self->timers); i != end; i = g_sequence_iter_next(i)) {
        const VirtualTimer *timer = g_sequence_get(i);
        if (timer->id == id) {
            g_sequence_remove(i);
            return;
        }
    }
}

Clock *
clock_virtual_new(UnixTime start)
{
    VirtualClock *self = g_new0(VirtualClock, 1);
    self->clock = (Clock){ virtual_now, virtual_timer_add, virtual_timer_remove };
    self->now = start;
    self->timers = g_sequence_new(g_free);
    return &self->clock;
}

void
clock_virtual_free(Clock *clock)
{
    VirtualClock *self = (VirtualClock *)clock;
    if (!self)
        return;
    g_sequence_free(self->timers);
    g_free(self);
}

static gboolean
fire_first_until(VirtualClock *self, UnixTime limit)
{
    GSequenceIter *first = g_sequence_get_begin_iter(self->timers);
    if (g_sequence_iter_is_end(first))
        return FALSE;
    VirtualTimer timer = *(const VirtualTimer *)g_sequence_get(first);
    if (timer.at > limit)
        return FALSE;
    g_sequence_remove(first);
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

void
clock_virtual_advance_to(Clock *clock, UnixTime to)
{
    VirtualClock *self = (VirtualClock *)clock;
    while (fire_first_until(self, to))
        ;
    if (to > self->now)
        __atomic_store_n(&self->now, to, __ATOMIC_RELAXED);
}
