/* The loop: events in, planned acts out, one transaction per pass. */
#include "attest/event_log.h"
#include "engine/attest.h"
#include "engine/consequences.h"
#include "engine/health.h"
#include "engine/notice.h"
#include "engine/pass.h"
#include "engine/records.h"
#include "engine/references.h"
#include "engine/revisions.h"
#include "engine/sets.h"
#include "engine/superseded.h"

#define RETRY_AFTER USEC_PER_SEC
#define NEVER       (-1)

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
    engine->instances = engine_instances_new();
    engine->sets = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, engine_set_free);
    engine->sets_by_uid = g_hash_table_new(g_str_hash, g_str_equal);
    engine->strangers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_queue_init(&engine->dirty);
    g_queue_init(&engine->dirty_sets);
    g_queue_init(&engine->waiting);
    g_queue_init(&engine->answers);
    g_queue_init(&engine->attested);
    engine->rounds = g_hash_table_new(g_direct_hash, g_direct_equal);
    engine->reference_components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, computed_free);
    engine->unsettled = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    engine->reference_logs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)event_log_free);
    engine->successors = g_hash_table_new(g_direct_hash, g_direct_equal);
    engine->questions = g_hash_table_new(g_direct_hash, g_direct_equal);
    engine->tellings = g_hash_table_new(g_direct_hash, g_direct_equal);
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
    health_abandon(engine);
    notice_abandon(engine);
    attest_abandon(engine);
    superseded_stop(engine);
    records_stop(engine);
    g_hash_table_unref(engine->reference_logs);
    g_hash_table_unref(engine->unsettled);
    g_hash_table_unref(engine->reference_components);
    g_hash_table_unref(engine->strangers);
    g_hash_table_unref(engine->successors);
    g_hash_table_unref(engine->instances);
    g_hash_table_unref(engine->sets);
    g_hash_table_unref(engine->sets_by_uid);
    g_free(engine->subscription);
    g_free(engine);
}

/* Only the newest of its versions says whether a set is to follow: each is asked, and few are there. */
static gboolean
images_collect(Pass *pass, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    gboolean changed;
    if (!store_image_changed(pass->tx, pass->engine->seen, &changed, error))
        return FALSE;
    g_hash_table_iter_init(&iter, pass->engine->sets);
    while (changed && g_hash_table_iter_next(&iter, NULL, &value)) {
        SetTracked *set = value;
        if (set->follows_latest)
            engine_set_mark_dirty(set);
    }
    return TRUE;
}

/* Instances whose rows changed since the last pass, whoever changed them. */
static gboolean
changes_collect(Pass *pass, GError **error)
{
    Engine *engine = pass->engine;
    if (store_tx_issued(pass->tx) == engine->seen)
        return TRUE;
    if (!images_collect(pass, error))
        return FALSE;
    g_autoptr(GArray) sets = store_set_changed(pass->tx, engine->seen, error);
    g_autoptr(GArray) changed = sets ? store_instance_changed(pass->tx, engine->seen, error) : NULL;
    if (!changed)
        return FALSE;
    for (guint i = 0; i < sets->len; i++) {
        SetTracked *set = engine_set(engine, pass->tx, g_array_index(sets, gint64, i), error);
        if (!set)
            return FALSE;
        engine_set_mark_dirty(set);
    }
    for (guint i = 0; i < changed->len; i++) {
        const StoreInstanceKey *key = &g_array_index(changed, StoreInstanceKey, i);
        SetTracked *set = engine_set(engine, pass->tx, key->set_id, error);
        if (!set)
            return FALSE;
        Tracked *tracked = engine_track(engine, set, key->id);
        tracked->news = TRUE;
        engine_mark_dirty(engine, tracked);
    }
    return TRUE;
}

/* Plans what is to be. ret_acted: FALSE where there was nothing. */
static gboolean
held_act(Pass *pass, gboolean *ret_acted, GError **error)
{
    *ret_acted = FALSE;
    for (guint i = 0; i < pass->held->len; i++) {
        Held *held = g_ptr_array_index(pass->held, i);
        if (!held->to_act)
            continue;
        engine_dirty_drop(pass->engine, held->tracked);
        if (!engine_act(pass, held, error))
            return FALSE;
        *ret_acted = TRUE;
    }
    return TRUE;
}

/* The end of a VM whose guest had answered before: the step of that answer is over first, also where both are heard of at
 * once. */
static gboolean
is_for_next_pass(Engine *engine, const HostEvent *event)
{
    const Tracked *tracked = event->type == HOST_EXITED ? engine_find(engine, event->key) : NULL;
    return tracked && tracked->held && tracked->held->to_act;
}

/* What the host said of an instance several times is planned for once, when all of it is known. */
static gboolean
events_take(Pass *pass, GError **error)
{
    const HostEvent *next;
    while (pass->held->len < PASS_MAX && (next = g_queue_peek_head(&pass->engine->events)) &&
           !is_for_next_pass(pass->engine, next)) {
        HostEvent *event = g_queue_pop_head(&pass->engine->events);
        g_queue_push_tail(&pass->events, event);
        if (!engine_apply_event(pass, event, error))
            return FALSE;
    }
    gboolean acted;
    return held_act(pass, &acted, error);
}

static gboolean
dirty_take(Pass *pass, GError **error)
{
    /* As many as there are now: one that the host is to be asked for already comes back for the next pass. */
    for (guint left = g_queue_get_length(&pass->engine->dirty); left > 0 && pass->held->len < PASS_MAX; left--) {
        Tracked *tracked = engine_dirty_pop(pass->engine);
        Held *held = pass_hold(pass, tracked, error);
        if (!held) {
            engine_mark_dirty(pass->engine, tracked);
            return FALSE;
        }
        if (!engine_act(pass, held, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
pass_do(Pass *pass, GError **error)
{
    if (!changes_collect(pass, error) || !engine_sets_refresh(pass->engine, pass->tx, error) || !events_take(pass, error) ||
        !health_take(pass, error) || !attest_take(pass, error) || !dirty_take(pass, error) || !health_follow_all(pass, error) ||
        !attest_follow_all(pass, error))
        return FALSE;
    notice_follow_all(pass);
    pass_tell(pass);
    if (!engine_sets_plan(pass, error))
        return FALSE;
    /* What the plan changed is acted on at once: a pass of its own would read and write every such row again. So is what
     * follows from that: one that it has judged is put into quarantine, and another one is made. */
    for (gboolean acted = TRUE; acted;) {
        if (!held_act(pass, &acted, error) || (acted && (!health_follow_all(pass, error) || !attest_follow_all(pass, error))))
            return FALSE;
        if (acted)
            notice_follow_all(pass);
    }
    pass_tell(pass);
    return pass_write(pass, error) && records_follow(pass, error) && pass_commit(pass, error);
}

static void
on_retry(void *data)
{
    Engine *engine = data;
    engine->retry_timer = 0;
    engine_kick(engine);
}

static gboolean
is_born(const Held *held)
{
    return held->born;
}

static gboolean
is_gone(const Held *held)
{
    return held->row == NULL;
}

static void
forget_where(Pass *pass, gboolean (*is)(const Held *held))
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    for (guint i = 0; i < pass->held->len; i++) {
        const Held *held = g_ptr_array_index(pass->held, i);
        if (is(held))
            g_ptr_array_add(gone, held->tracked);
    }
    pass_let_go(pass);
    for (guint i = 0; i < gone->len; i++)
        engine_forget(pass->engine, g_ptr_array_index(gone, i));
}

/* Nothing of the pass was kept: everything it took is put back, to be tried again a little later. */
static void
pass_undo(Pass *pass)
{
    Engine *engine = pass->engine;
    gpointer event;
    while ((event = g_queue_pop_tail(&pass->events)))
        g_queue_push_head(&engine->events, event);
    for (guint i = 0; i < pass->held->len; i++) {
        const Held *held = g_ptr_array_index(pass->held, i);
        /* A launch that this pass planned gives its slot back; one that is under way keeps its own. */
        if (held->spec)
            engine_slot_release(engine, held->tracked);
        if (held->changed || held->written)
            engine_rows_lost(held->tracked->set);
        health_pass_lost(pass, held->tracked);
        attest_pass_lost(pass, held->tracked);
        held->tracked->change_seen = 0;
        engine_mark_dirty(engine, held->tracked);
    }
    for (guint i = 0; i < pass->planned->len; i++) {
        SetTracked *set = g_ptr_array_index(pass->planned, i);
        revisions_lost(set);
        engine_rows_lost(set);
    }
    forget_where(pass, is_born);
}

static void
retry_arm(Engine *engine)
{
    if (engine->retry_timer)
        return;
    UnixTime at = engine->clock->now(engine->clock) + RETRY_AFTER;
    engine->retry_timer = engine->clock->timer_add(engine->clock, at, on_retry, engine);
}

static void
released_tell(const Pass *pass)
{
    for (guint i = 0; i < pass->held->len; i++) {
        const Held *held = g_ptr_array_index(pass->held, i);
        if (held->release)
            engine_release(pass->engine, held->tracked);
    }
}

/* Is there anything to look at? Most kicks are the echo of our own commits. */
static gboolean
work_waits(Engine *engine)
{
    return !g_queue_is_empty(&engine->events) || !g_queue_is_empty(&engine->dirty) || !g_queue_is_empty(&engine->dirty_sets) ||
           !g_queue_is_empty(&engine->answers) || !g_queue_is_empty(&engine->attested) || engine->n_stale > 0 ||
           store_revision(engine->store) > engine->seen;
}

static void
pass_run(Engine *engine)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Pass) pass = pass_new(engine, &error);
    if (!pass || !pass_do(pass, &error)) {
        g_warning("the store refused a pass, which is tried again: %s", error->message);
        if (pass)
            pass_undo(pass);
        retry_arm(engine);
        return;
    }
    for (guint i = 0; i < pass->due->len; i++)
        engine_call_host(engine, g_ptr_array_index(pass->due, i));
    released_tell(pass);
    isolation_tell(pass);
    if (pass->held->len > 0 || pass->planned->len > 0)
        superseded_look_soon(engine);
    forget_where(pass, is_gone);
    engine_slots_offer(engine);
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
        pass_run(engine);
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

gboolean
engine_idle(Engine *engine)
{
    return !g_atomic_int_get(&engine->kicked) && !work_waits(engine) && g_queue_is_empty(&engine->waiting) &&
           engine->n_rolls == 0 && engine->n_noticed == 0 && engine->n_dead == 0 && engine->calls_in_flight == 0 &&
           engine->slots_taken == 0;
}
