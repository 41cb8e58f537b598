/* The loop: events in, planned acts out, one transaction per pass. */
#include "engine/internal.h"

/* So that one pass never holds the store's writer for long. */
#define PASS_MAX    256
#define RETRY_AFTER USEC_PER_SEC
#define NEVER       (-1)

static void
tracked_free(void *data)
{
    Tracked *tracked = data;
    if (tracked->deadline_timer)
        tracked->engine->clock->timer_remove(tracked->engine->clock, tracked->deadline_timer);
    launch_spec_free(tracked->spec);
    g_free(tracked->key);
    g_free(tracked);
}

static gboolean on_kick(void *data);

static gboolean
kick_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    return callback(data);
}

/* One source that lives as long as the engine and becomes ready when it is kicked: from any thread, without allocating. */
static GSource *
kick_source_new(Engine *engine)
{
    static GSourceFuncs functions = { .dispatch = kick_dispatch };
    GSource *source = g_source_new(&functions, sizeof(GSource));
    g_source_set_ready_time(source, NEVER);
    g_source_set_callback(source, on_kick, engine, NULL);
    g_source_attach(source, engine->context);
    return source;
}

Engine *
engine_new(Store *store, Clock *clock, const EngineConfig *config, GMainContext *context)
{
    Engine *engine = g_new0(Engine, 1);
    engine->store = store;
    engine->clock = clock;
    engine->config = *config;
    engine->config.max_starting = MAX(config->max_starting, 1);
    engine->context = context;
    engine->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, tracked_free);
    engine->models = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)model_unref);
    g_queue_init(&engine->dirty);
    g_queue_init(&engine->waiting);
    g_queue_init(&engine->events);
    engine->kick = kick_source_new(engine);
    return engine;
}

void
engine_free(Engine *engine)
{
    if (!engine)
        return;
    g_source_destroy(engine->kick);
    g_source_unref(engine->kick);
    if (engine->retry_timer)
        engine->clock->timer_remove(engine->clock, engine->retry_timer);
    if (engine->upkeep_timer)
        engine->clock->timer_remove(engine->clock, engine->upkeep_timer);
    g_queue_clear(&engine->dirty);
    g_queue_clear(&engine->waiting);
    g_queue_clear_full(&engine->events, (GDestroyNotify)host_event_free);
    g_hash_table_unref(engine->by_key);
    g_hash_table_unref(engine->models);
    g_free(engine);
}

Tracked *
engine_track(Engine *engine, const char *set_uid, gint64 set_id, guint id)
{
    g_autofree char *key = g_strdup_printf("%s.%u", set_uid, id);
    Tracked *tracked = g_hash_table_lookup(engine->by_key, key);
    if (!tracked) {
        tracked = g_new0(Tracked, 1);
        tracked->engine = engine;
        tracked->key = g_steal_pointer(&key);
        tracked->set_id = set_id;
        tracked->id = id;
        g_hash_table_insert(engine->by_key, tracked->key, tracked);
    }
    return tracked;
}

void
engine_forget(Engine *engine, Tracked *tracked)
{
    engine_slot_release(engine, tracked);
    if (tracked->dirty)
        g_queue_remove(&engine->dirty, tracked);
    if (tracked->waiting)
        g_queue_remove(&engine->waiting, tracked);
    g_hash_table_remove(engine->by_key, tracked->key);
}

void
engine_mark_dirty(Engine *engine, Tracked *tracked)
{
    if (tracked->dirty)
        return;
    tracked->dirty = TRUE;
    g_queue_push_tail(&engine->dirty, tracked);
}

/* Rows that changed since the last pass, whoever changed them. */
static gboolean
changes_collect(Engine *engine, StoreTx *tx, GError **error)
{
    g_autoptr(GPtrArray) changed = store_instance_changed(tx, engine->seen_etag, error);
    g_autoptr(StoreSet) set = NULL;
    if (!changed)
        return FALSE;
    for (guint i = 0; i < changed->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(changed, i);
        if (!set || set->id != instance->set_id) {
            g_clear_pointer(&set, store_set_free);
            set = engine_set(tx, instance->set_id, error);
            if (!set)
                return FALSE;
        }
        engine_mark_dirty(engine, engine_track(engine, set->uid, instance->set_id, instance->id));
        engine->seen_etag = MAX(engine->seen_etag, instance->etag);
    }
    return TRUE;
}

static gboolean
events_apply(Engine *engine, StoreTx *tx, UnixTime now, GQueue *ret_taken, GError **error)
{
    HostEvent *event;
    for (guint i = 0; i < PASS_MAX && (event = g_queue_pop_head(&engine->events)); i++) {
        g_queue_push_tail(ret_taken, event);
        if (!engine_apply_event(engine, tx, event, now, error))
            return FALSE;
    }
    return TRUE;
}

typedef struct {
    Tracked *tracked;
    Act act;
} Due;

static gboolean
dirty_act(Engine *engine, StoreTx *tx, UnixTime now, GArray *ret_due, GQueue *ret_taken, GError **error)
{
    Tracked *tracked;
    for (guint i = 0; i < PASS_MAX && (tracked = g_queue_pop_head(&engine->dirty)); i++) {
        Due due = { tracked, ACT_NONE };
        tracked->dirty = FALSE;
        g_queue_push_tail(ret_taken, tracked);
        if (!engine_act(engine, tx, tracked, now, &due.act, error))
            return FALSE;
        if (due.act != ACT_NONE)
            g_array_append_val(ret_due, due);
    }
    return TRUE;
}

/* Those that wait for a slot are looked at again, as many as there are free ones: some may not want it any more. */
static void
slots_offer(Engine *engine)
{
    Tracked *next;
    for (guint taken = engine->slots_taken; taken < engine->config.max_starting; taken++) {
        next = g_queue_pop_head(&engine->waiting);
        if (!next)
            return;
        next->waiting = FALSE;
        engine_mark_dirty(engine, next);
    }
}

static gboolean
pass_write(Engine *engine, UnixTime now, GArray *due, GQueue *events, GQueue *acted, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(engine->store, error);
    return tx && changes_collect(engine, tx, error) && events_apply(engine, tx, now, events, error) &&
           dirty_act(engine, tx, now, due, acted, error) && store_commit(g_steal_pointer(&tx), error);
}

static void
on_retry(void *data)
{
    Engine *engine = data;
    engine->retry_timer = 0;
    engine_kick(engine);
}

/* Nothing of the pass was kept: everything it took is put back, to be tried again a little later. */
static void
pass_undo(Engine *engine, GQueue *events, GQueue *acted)
{
    gpointer item;
    while ((item = g_queue_pop_tail(events)))
        g_queue_push_head(&engine->events, item);
    while ((item = g_queue_pop_tail(acted))) {
        Tracked *tracked = item;
        /* A launch that this pass planned gives its slot back; one that is under way keeps its own. */
        if (tracked->spec) {
            g_clear_pointer(&tracked->spec, launch_spec_free);
            engine_slot_release(engine, tracked);
        }
        engine_mark_dirty(engine, tracked);
    }
    if (!engine->retry_timer) {
        UnixTime at = engine->clock->now(engine->clock) + RETRY_AFTER;
        engine->retry_timer = engine->clock->timer_add(engine->clock, at, on_retry, engine);
    }
}

static void
gone_forget(Engine *engine, const GQueue *events)
{
    for (const GList *link = events->head; link; link = link->next) {
        const HostEvent *event = link->data;
        Tracked *tracked = event->type == HOST_DESTROYED ? g_hash_table_lookup(engine->by_key, event->key) : NULL;
        if (tracked)
            engine_forget(engine, tracked);
    }
}

/* Is there anything to look at? Asked without the writer's lock, because most kicks are the echo of our own commits. */
static gboolean
work_waits(Engine *engine)
{
    if (!g_queue_is_empty(&engine->events) || !g_queue_is_empty(&engine->dirty))
        return TRUE;
    g_autoptr(StoreTx) tx = store_read(engine->store, NULL);
    if (!tx)
        return TRUE;
    g_autoptr(GPtrArray) changed = store_instance_changed(tx, engine->seen_etag, NULL);
    return !changed || changed->len > 0;
}

static void
pass(Engine *engine)
{
    UnixTime now = engine->clock->now(engine->clock);
    g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(Due));
    g_autoptr(GError) error = NULL;
    GQueue events = G_QUEUE_INIT, acted = G_QUEUE_INIT;

    if (!pass_write(engine, now, due, &events, &acted, &error)) {
        g_warning("the store refused a pass, which is tried again: %s", error->message);
        pass_undo(engine, &events, &acted);
        return;
    }
    for (guint i = 0; i < due->len; i++) {
        const Due *item = &g_array_index(due, Due, i);
        engine_call_host(engine, item->tracked, item->act);
    }
    gone_forget(engine, &events);
    slots_offer(engine);
    g_queue_clear_full(&events, (GDestroyNotify)host_event_free);
    g_queue_clear(&acted);
    if (work_waits(engine))
        engine_kick(engine);
}

static gboolean
on_kick(void *data)
{
    Engine *engine = data;
    g_source_set_ready_time(engine->kick, NEVER);
    g_atomic_int_set(&engine->kicked, 0);
    if (engine->attached && work_waits(engine))
        pass(engine);
    return G_SOURCE_CONTINUE;
}

void
engine_kick(Engine *engine)
{
    if (g_atomic_int_compare_and_exchange(&engine->kicked, 0, 1))
        g_source_set_ready_time(engine->kick, 0);
}

void
engine_host_event(const HostEvent *event, void *data)
{
    Engine *engine = data;
    g_queue_push_tail(&engine->events, host_event_copy(event));
    engine_kick(engine);
}

/* Compares one set's instances with what runs; what is looked at leaves `found`. */
static gboolean
set_adopt(Engine *engine, StoreTx *tx, const StoreSet *set, GHashTable *found, UnixTime now, GError **error)
{
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    if (!instances)
        return FALSE;
    for (guint i = 0; i < instances->len; i++) {
        StoreInstance *instance = g_ptr_array_index(instances, i);
        Tracked *tracked = engine_track(engine, set->uid, set->id, instance->id);
        const HostFound *here = g_hash_table_lookup(found, tracked->key);
        if (!engine_apply_found(engine, tx, tracked, instance, here, now, error))
            return FALSE;
        if (instance->state == INSTANCE_STARTING && instance->deadline)
            engine_deadline_arm(engine, tracked, instance->deadline);
        g_hash_table_remove(found, tracked->key);
        engine_mark_dirty(engine, tracked);
    }
    return TRUE;
}

gboolean
engine_attach(Engine *engine, Host *host, GError **error)
{
    UnixTime now = engine->clock->now(engine->clock);
    g_autoptr(GPtrArray) list = host_found(host);
    g_autoptr(GHashTable) found = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < list->len; i++) {
        HostFound *item = g_ptr_array_index(list, i);
        g_hash_table_insert(found, item->key, item);
    }
    engine->host = host;

    g_autoptr(StoreTx) tx = store_write(engine->store, error);
    g_autoptr(GPtrArray) sets = tx ? store_set_list(tx, NULL, error) : NULL;
    if (!sets)
        return FALSE;
    for (guint i = 0; i < sets->len; i++) {
        if (!set_adopt(engine, tx, g_ptr_array_index(sets, i), found, now, error))
            return FALSE;
    }
    if (!store_commit(g_steal_pointer(&tx), error))
        return FALSE;

    /* What the store does not know is nobody's: it was being removed when the daemon ended. */
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_autofree char *keep = g_build_filename(engine->config.state_dir, "disks", NULL);
        g_message("removing what is left of instance %s, which no scale set has", (const char *)key);
        host_destroy(host, key, keep);
    }
    engine->attached = TRUE;
    engine_upkeep(engine);
    engine_kick(engine);
    return TRUE;
}

gboolean
engine_idle(Engine *engine)
{
    GHashTableIter iter;
    gpointer value;
    if (g_atomic_int_get(&engine->kicked) || work_waits(engine) || !g_queue_is_empty(&engine->waiting))
        return FALSE;
    g_hash_table_iter_init(&iter, engine->by_key);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Tracked *tracked = value;
        if (tracked->in_flight != CALL_NONE || tracked->holds_slot)
            return FALSE;
    }
    return TRUE;
}
