#include "base/timers.h"

typedef struct {
    DueTimer due;
    guint id;
    guint place; /* in Timers.heap */
} Timer;

struct Timers {
    GPtrArray *heap;   /* of Timer: each is before its two children, at 2i + 1 and 2i + 2 */
    GHashTable *by_id; /* id -> Timer, borrowed */
    guint64 added;
    guint last_id;
};

Timers *
timers_new(void)
{
    Timers *timers = g_new0(Timers, 1);
    timers->heap = g_ptr_array_new_with_free_func(g_free);
    timers->by_id = g_hash_table_new(NULL, NULL);
    return timers;
}

void
timers_free(Timers *timers)
{
    if (!timers)
        return;
    g_hash_table_unref(timers->by_id);
    g_ptr_array_unref(timers->heap);
    g_free(timers);
}

static gboolean
is_before(const Timer *a, const Timer *b)
{
    return a->due.at != b->due.at ? a->due.at < b->due.at : a->due.number < b->due.number;
}

static void
put(Timers *timers, Timer *timer, guint place)
{
    timers->heap->pdata[place] = timer;
    timer->place = place;
}

static void
sift_up(Timers *timers, Timer *timer)
{
    guint place = timer->place;
    while (place > 0) {
        Timer *parent = timers->heap->pdata[(place - 1) / 2];
        if (!is_before(timer, parent))
            break;
        put(timers, parent, place);
        place = (place - 1) / 2;
    }
    put(timers, timer, place);
}

static void
sift_down(Timers *timers, Timer *timer)
{
    guint place = timer->place, n = timers->heap->len, child;
    while ((child = 2 * place + 1) < n) {
        if (child + 1 < n && is_before(timers->heap->pdata[child + 1], timers->heap->pdata[child]))
            child++;
        if (!is_before(timers->heap->pdata[child], timer))
            break;
        put(timers, timers->heap->pdata[child], place);
        place = child;
    }
    put(timers, timer, place);
}

guint
timers_add(Timers *timers, gint64 at, void (*fire)(void *data), void *data)
{
    Timer *timer = g_new0(Timer, 1);
    do
        timers->last_id++;
    while (timers->last_id == 0 || g_hash_table_contains(timers->by_id, GUINT_TO_POINTER(timers->last_id)));
    *timer = (Timer){ { at, ++timers->added, fire, data }, timers->last_id, timers->heap->len };
    g_ptr_array_add(timers->heap, timer);
    g_hash_table_insert(timers->by_id, GUINT_TO_POINTER(timer->id), timer);
    sift_up(timers, timer);
    return timer->id;
}

static void
timer_drop(Timers *timers, Timer *timer)
{
    guint place = timer->place;
    Timer *last = g_ptr_array_steal_index_fast(timers->heap, timers->heap->len - 1);
    g_hash_table_remove(timers->by_id, GUINT_TO_POINTER(timer->id));
    /* The last one takes its place, and goes from there to where it belongs. */
    if (last != timer) {
        put(timers, last, place);
        sift_up(timers, last);
        sift_down(timers, last);
    }
    g_free(timer);
}

void
timers_remove(Timers *timers, guint id)
{
    Timer *timer = g_hash_table_lookup(timers->by_id, GUINT_TO_POINTER(id));
    if (timer)
        timer_drop(timers, timer);
}

guint64
timers_added(const Timers *timers)
{
    return timers->added;
}

gboolean
timers_first(const Timers *timers, DueTimer *ret_timer)
{
    if (timers->heap->len == 0)
        return FALSE;
    *ret_timer = ((const Timer *)timers->heap->pdata[0])->due;
    return TRUE;
}

void
timers_drop_first(Timers *timers)
{
    timer_drop(timers, timers->heap->pdata[0]);
}
