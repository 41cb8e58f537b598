#include "base/timers.h"

typedef struct {
    guint64 number;
    void (*fire)(void *data);
    void *data;
} Timer;

/* What the heap is ordered by stands in the heap itself: of a hundred thousand timers few are looked at more than that. A timer
 * that is removed leaves its slot behind: no timer has its id and its number any more. So a slot that moves is told to nobody.
 */
typedef struct {
    gint64 at;
    guint64 number;
    guint id;
} Slot;

/* Each slot is before its children, this many from CHILDREN * i + 1 on. The first one's timer is there. */
#define CHILDREN 4

/* Slots that were left behind are swept out when there are half as many as timers, and more than this. */
#define LEFT_BEHIND_MIN 32

struct Timers {
    GArray *heap;      /* of Slot */
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

static const Timer *
timer_of(const Timers *timers, const Slot *slot)
{
    return g_hash_table_lookup(timers->by_id, GUINT_TO_POINTER(slot->id));
}

/* ---- the heap ---- */

static gboolean
is_before(const Slot *a, const Slot *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static gboolean
is_left_behind(const Timers *timers, const Slot *slot)
{
    const Timer *timer = timer_of(timers, slot);
    return !timer || timer->number != slot->number;
}

static void
sift_up(const Timers *timers, guint i)
{
    const Slot slot = *slot_at(timers, i);
    while (i > 0 && is_before(&slot, slot_at(timers, (i - 1) / CHILDREN))) {
        *slot_at(timers, i) = *slot_at(timers, (i - 1) / CHILDREN);
        i = (i - 1) / CHILDREN;
    }
    *slot_at(timers, i) = slot;
}

static void
sift_down(const Timers *timers, guint i)
{
    const Slot slot = *slot_at(timers, i);
    guint n = timers->heap->len, child;
    while ((child = CHILDREN * i + 1) < n) {
        guint first = child, end = MIN(child + CHILDREN, n);
        while (++child < end) {
            if (is_before(slot_at(timers, child), slot_at(timers, first)))
                first = child;
        }
        if (!is_before(slot_at(timers, first), &slot))
            break;
        *slot_at(timers, i) = *slot_at(timers, first);
        i = first;
    }
    *slot_at(timers, i) = slot;
}

static void
heap_drop_first(Timers *timers)
{
    *slot_at(timers, 0) = *slot_at(timers, timers->heap->len - 1);
    g_array_set_size(timers->heap, timers->heap->len - 1);
    if (timers->heap->len > 0)
        sift_down(timers, 0);
}

static void
heap_sweep(Timers *timers)
{
    guint kept = 0;
    for (guint i = 0; i < timers->heap->len; i++) {
        if (!is_left_behind(timers, slot_at(timers, i)))
            *slot_at(timers, kept++) = *slot_at(timers, i);
    }
    g_array_set_size(timers->heap, kept);
    for (guint i = kept / CHILDREN + 1; i > 0; i--) {
        if (i - 1 < kept)
            sift_down(timers, i - 1);
    }
}

/* The first slot's timer is there again, and not too many others are left behind. */
static void
heap_tidy(Timers *timers)
{
    while (timers->heap->len > 0 && is_left_behind(timers, slot_at(timers, 0)))
        heap_drop_first(timers);
    guint live = g_hash_table_size(timers->by_id), left_behind = timers->heap->len - live;
    if (left_behind > MAX(live / 2, LEFT_BEHIND_MIN))
        heap_sweep(timers);
}

/* ---- timers ---- */

guint
timers_add(Timers *timers, gint64 at, void (*fire)(void *data), void *data)
{
    Timer *timer = g_new(Timer, 1);
    do
        timers->last_id++;
    while (timers->last_id == 0 || g_hash_table_contains(timers->by_id, GUINT_TO_POINTER(timers->last_id)));
    *timer = (Timer){ ++timers->added, fire, data };
    g_hash_table_insert(timers->by_id, GUINT_TO_POINTER(timers->last_id), timer);
    const Slot slot = { at, timer->number, timers->last_id };
    g_array_append_val(timers->heap, slot);
    sift_up(timers, timers->heap->len - 1);
    return timers->last_id;
}

void
timers_remove(Timers *timers, guint id)
{
    if (g_hash_table_remove(timers->by_id, GUINT_TO_POINTER(id)))
        heap_tidy(timers);
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
    const Timer *timer = timer_of(timers, first);
    *ret_timer = (DueTimer){ first->at, first->number, timer->fire, timer->data };
    return TRUE;
}

void
timers_drop_first(Timers *timers)
{
    g_hash_table_remove(timers->by_id, GUINT_TO_POINTER(slot_at(timers, 0)->id));
    heap_tidy(timers);
}
