/* The instances that the engine knows, the queues that they wait in, and the slots for launches. */
#include "engine/attest.h"
#include "engine/health.h"
#include "engine/notice.h"
#include "engine/replace.h"
#include "engine/sets.h"

#include <string.h>

static guint
tracked_hash(gconstpointer data)
{
    const Tracked *tracked = data;
    return (guint)((guint64)tracked->set->id * 0x9e3779b97f4a7c15u >> 32) + tracked->id;
}

static gboolean
tracked_equal(gconstpointer a, gconstpointer b)
{
    const Tracked *one = a, *other = b;
    return one->id == other->id && one->set == other->set;
}

static void
timer_over(Tracked *tracked)
{
    tracked->deadline_timer = 0;
    tracked->set->engine->n_dead -= tracked->dead;
    tracked->dead = FALSE;
}

static void
deadline_disarm(Tracked *tracked)
{
    Clock *clock = tracked->set->engine->clock;
    if (tracked->deadline_timer)
        clock->timer_remove(clock, tracked->deadline_timer);
    timer_over(tracked);
}

static void
tracked_free(void *data)
{
    deadline_disarm(data);
    health_stop(data);
    notice_stop(data);
    attest_stop(data);
    g_free(data);
}

GHashTable *
engine_instances_new(void)
{
    return g_hash_table_new_full(tracked_hash, tracked_equal, tracked_free, NULL);
}

Tracked *
engine_track(Engine *engine, SetTracked *set, guint id)
{
    const Tracked wanted = { .set = set, .id = id };
    Tracked *tracked = g_hash_table_lookup(engine->instances, &wanted);
    if (!tracked) {
        tracked = g_new(Tracked, 1);
        *tracked = wanted;
        set->n_tracked++;
        g_hash_table_add(engine->instances, tracked);
    }
    return tracked;
}

Tracked *
engine_lookup(Engine *engine, SetTracked *set, guint id)
{
    const Tracked wanted = { .set = set, .id = id };
    return g_hash_table_lookup(engine->instances, &wanted);
}

Tracked *
engine_find(Engine *engine, const char *key)
{
    guint64 id;
    const char *dot = strrchr(key, '.');
    SetTracked *set = dot ? engine_set_known(engine, key, (gsize)(dot - key)) : NULL;
    if (!set || !g_ascii_string_to_unsigned(dot + 1, 10, 0, G_MAXUINT, &id, /* error= */ NULL))
        return NULL;
    return engine_lookup(engine, set, (guint)id);
}

void
engine_forget(Engine *engine, Tracked *tracked)
{
    SetTracked *set = tracked->set;
    engine_slot_release(engine, tracked);
    engine_dirty_drop(engine, tracked);
    engine_call(engine, tracked, CALL_NONE);
    if (tracked->waiting)
        g_queue_delete_link(&engine->waiting, tracked->waiting);
    engine_predecessor_gone(engine, tracked);
    g_hash_table_remove(engine->instances, tracked);
    set->n_tracked--;
}

char *
engine_key_of(const SetTracked *set, guint id)
{
    return g_strdup_printf("%s.%u", set->uid, id);
}

void
engine_mark_dirty(Engine *engine, Tracked *tracked)
{
    if (tracked->dirty)
        return;
    g_queue_push_tail(&engine->dirty, tracked);
    tracked->dirty = engine->dirty.tail;
}

void
engine_dirty_drop(Engine *engine, Tracked *tracked)
{
    if (tracked->dirty)
        g_queue_delete_link(&engine->dirty, g_steal_pointer(&tracked->dirty));
}

Tracked *
engine_dirty_pop(Engine *engine)
{
    Tracked *tracked = g_queue_pop_head(&engine->dirty);
    if (tracked)
        tracked->dirty = NULL;
    return tracked;
}

void
engine_call(Engine *engine, Tracked *tracked, HostCall call)
{
    engine->calls_in_flight -= tracked->in_flight != CALL_NONE;
    engine->calls_in_flight += call != CALL_NONE;
    tracked->in_flight = call;
}

void
engine_slot_hold(Engine *engine, Tracked *tracked)
{
    if (tracked->waiting)
        g_queue_delete_link(&engine->waiting, g_steal_pointer(&tracked->waiting));
    engine->slots_taken += !tracked->holds_slot;
    tracked->holds_slot = TRUE;
}

gboolean
engine_slot_take(Engine *engine, Tracked *tracked)
{
    if (tracked->holds_slot)
        return TRUE;
    if (engine->slots_taken >= engine->config.max_starting) {
        if (!tracked->waiting) {
            g_queue_push_tail(&engine->waiting, tracked);
            tracked->waiting = engine->waiting.tail;
        }
        return FALSE;
    }
    engine_slot_hold(engine, tracked);
    return TRUE;
}

void
engine_slot_release(Engine *engine, Tracked *tracked)
{
    deadline_disarm(tracked);
    if (!tracked->holds_slot)
        return;
    tracked->holds_slot = FALSE;
    engine->slots_taken--;
}

/* Those that wait for a slot are looked at again, as many as there are free ones: some may not want it any more. */
void
engine_slots_offer(Engine *engine)
{
    for (guint taken = engine->slots_taken; taken < engine->config.max_starting; taken++) {
        Tracked *next = g_queue_pop_head(&engine->waiting);
        if (!next)
            return;
        next->waiting = NULL;
        engine_mark_dirty(engine, next);
    }
}

static void
on_deadline(void *data)
{
    Tracked *tracked = data;
    timer_over(tracked);
    engine_mark_dirty(tracked->set->engine, tracked);
    engine_kick(tracked->set->engine);
}

void
engine_deadline_arm(Engine *engine, Tracked *tracked, UnixTime at)
{
    deadline_disarm(tracked);
    tracked->deadline_timer = engine->clock->timer_add(engine->clock, at, on_deadline, tracked);
}

void
engine_revival_arm(Engine *engine, Tracked *tracked, UnixTime at)
{
    if (tracked->dead)
        return;
    engine_deadline_arm(engine, tracked, at);
    tracked->dead = TRUE;
    engine->n_dead++;
}
