#include "base/timers.h"

typedef struct {
    guint id;
    guint place; /* in Timers.heap */
    void (*fire)(void *data);
    void *data;
} Timer;

/* What the heap is ordered by stands in the heap itself: of a hundred thousand timers few are looked at more than that. */
typedef struct {
    gint64 at;
    guint64 number;
    Timer *timer;
} Slot;

struct Timers {
    GArray *heap;      /* of Slot: each is before its two children, at 2i + 1 and 2i + 2 */
    GHashTable *by_id; /* id -> Timer */
    guint64 added;
    guint last_id;
};

Timers *
timers_new(void)
{
    Timers *timers = g_new0(Timers, 1);
    timers->heap = g_array_new(FALSE, FALSE, sizeof(Slot));
    timers->by_id = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return timers;
}

void
timers_free(Timers *timers)
{
    if (!timers)
        return;
    g_hash_table_unref(timers->by_id);
    g_array_unref(timers->heap);
    g_free(timers);
}

static Slot *
slot_at(const Timers *timers, guint place)
{
    return &g_array_index(timers->heap, Slot, place);
}

static gboolean
is_before(const Slot *a, const Slot *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void
put(Timers *timers, Slot slot, guint place)
{
    *slot_at(timers, place) = slot;
    slot.timer->place = place;
}

static void
sift_up(Timers *timers, Slot slot, guint place)
{
    while (place > 0) {
        const Slot *parent = slot_at(timers, (place - 1) / 2);
        if (!is_before(&slot, parent))
            break;
        put(timers, *parent, place);
        place = (place - 1) / 2;
    }
    put(timers, slot, place);
}

static void
sift_down(Timers *timers, Slot slot, guint place)
{
    guint n = timers->heap->len, child;
    while ((child = 2 * place + 1) < n) {
        if (child + 1 < n && is_before(slot_at(timers, child + 1), slot_at(timers, child)))
            child++;
        if (!is_before(slot_at(timers, child), &slot))
            break;
        put(timers, *slot_at(timers, child), place);
        place = child;
    }
    put(timers, slot, place);
}

guint
timers_add(Timers *timers, gint64 at, void (*fire)(void *data), void *data)
{
    Timer *timer = g_new(Timer, 1);
    do
        timers->last_id++;
    while (timers->last_id == 0 || g_hash_table_contains(timers->by_id, GUINT_TO_POINTER(timers->last_id)));
    *timer = (Timer){ timers->last_id, timers->heap->len, fire, data };
    const Slot slot = { at, ++timers->added, timer };
    g_array_append_val(timers->heap, slot);
    g_hash_table_insert(timers->by_id, GUINT_TO_POINTER(timer->id), timer);
    sift_up(timers, slot, timer->place);
    return timer->id;
}

static void
timer_drop(Timers *timers, const Timer *timer)
{
    guint place = timer->place;
    const Slot last = *slot_at(timers, timers->heap->len - 1);
    g_array_set_size(timers->heap, timers->heap->len - 1);
    /* The last one takes its place, and goes from there to where it belongs. */
    if (last.timer != timer) {
        sift_up(timers, last, place);
        sift_down(timers, last, last.timer->place);
    }
    g_hash_table_remove(timers->by_id, GUINT_TO_POINTER(timer->id));
}

void
timers_remove(Timers *timers, guint id)
{
    const Timer *timer = g_hash_table_lookup(timers->by_id, GUINT_TO_POINTER(id));
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
    const Slot *first = slot_at(timers, 0);
    *ret_timer = (DueTimer){ first->at, first->number, first->timer->fire, first->timer->data };
    return TRUE;
}

void
timers_drop_first(Timers *timers)
{
    timer_drop(timers, slot_at(timers, 0)->timer);
}
