#include "engine/pass.h"

#include "engine/sets.h"

static void
held_free(void *data)
{
    Held *held = data;
    held->tracked->held = NULL;
    store_instance_free(held->row);
    launch_spec_free(held->spec);
    g_free(held);
}

Pass *
pass_new(Engine *engine, GError **error)
{
    StoreTx *tx = store_write(engine->store, error);
    if (!tx)
        return NULL;
    Pass *pass = g_new0(Pass, 1);
    pass->engine = engine;
    pass->tx = tx;
    pass->now = engine->clock->now(engine->clock);
    pass->number = ++engine->passes;
    pass->held = g_ptr_array_new_with_free_func(held_free);
    pass->due = g_ptr_array_new();
    pass->planned = g_ptr_array_new();
    pass->ledger = step_ledger_new();
    return pass;
}

void
pass_free(Pass *pass)
{
    if (!pass)
        return;
    store_abort(pass->tx);
    g_ptr_array_unref(pass->due);
    g_ptr_array_unref(pass->planned);
    g_ptr_array_unref(pass->held);
    step_ledger_free(pass->ledger);
    g_queue_clear_full(&pass->events, (GDestroyNotify)host_event_free);
    g_free(pass);
}

/* What the store has, or will have when what was written is committed. */
static void
wish_noted(Held *held)
{
    held->was_revision = held->row ? held->row->want_revision : 0;
    held->was_deleted = held->row && held->row->want_deleted;
}

Held *
pass_hold_row(Pass *pass, Tracked *tracked, StoreInstance *row)
{
    g_assert(!tracked->held);
    Held *held = g_new0(Held, 1);
    held->tracked = tracked;
    held->row = row;
    wish_noted(held);
    tracked->held = held;
    g_ptr_array_add(pass->held, held);
    return held;
}

Held *
pass_hold(Pass *pass, Tracked *tracked, GError **error)
{
    if (tracked->held)
        return tracked->held;
    GError *lookup = NULL;
    StoreInstance *row = store_instance_get(pass->tx, tracked->set->id, tracked->id, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!row)
        tracked->news = TRUE;
    return pass_hold_row(pass, tracked, row);
}

Held *
pass_hold_planned(Pass *pass, SetTracked *set, guint id, GError **error)
{
    Held *held = pass_hold(pass, engine_track(pass->engine, set, id), error);
    if (held && !held->row) {
        arm_fail(error, ARM_INTERNAL, NULL, "Instance %u of scale set '%s' is planned for, and is not in the store.", id,
                 set->name);
        return NULL;
    }
    return held;
}

Held *
pass_add(Pass *pass, SetTracked *set, StoreSet *row, StoreInstance *instance, GError **error)
{
    g_autoptr(StoreInstance) taken = instance;
    row->next_instance++;
    if (!store_instance_insert(pass->tx, taken, error) || !store_set_update(pass->tx, row, 0, error))
        return NULL;
    Tracked *tracked = engine_track(pass->engine, set, taken->id);
    Held *held = pass_hold_row(pass, tracked, g_steal_pointer(&taken));
    held->born = TRUE;
    held->to_act = TRUE;
    pass_changed(held);
    return held;
}

StoreSet *
pass_set_row(const Pass *pass, const SetTracked *set, GError **error)
{
    GError *lookup = NULL;
    StoreSet *row = store_set_get_by_id(pass->tx, set->id, &lookup);
    if (!row && !lookup)
        arm_fail(&lookup, ARM_INTERNAL, NULL, "Scale set '%s' is not in the store.", set->name);
    if (lookup)
        g_propagate_error(error, lookup);
    return row;
}

void
pass_changed(Held *held)
{
    held->changed = TRUE;
    held->tracked->news = TRUE;
}

void
pass_changed_now(Held *held)
{
    held->changed = TRUE;
    held->tracked->news = FALSE;
    engine_row_seen(held->tracked->set->engine, held->tracked, held->row);
}

void
pass_remove(Held *held)
{
    g_clear_pointer(&held->row, store_instance_free);
    held->removed = TRUE;
    pass_changed(held);
}

void
pass_tell(Pass *pass)
{
    for (guint i = 0; i < pass->held->len; i++) {
        const Held *held = g_ptr_array_index(pass->held, i);
        if (!held->tracked->news)
            continue;
        held->tracked->news = FALSE;
        if (held->row)
            engine_row_seen(pass->engine, held->tracked, held->row);
        else
            engine_row_gone(pass->engine, held->tracked);
    }
}

static gboolean
held_write(Pass *pass, Held *held, GError **error)
{
    const Tracked *tracked = held->tracked;
    StoreInstance *row = held->row;
    if (held->removed)
        return store_instance_delete(pass->tx, tracked->set->id, tracked->id, error);
    if (row->want_revision == held->was_revision && row->want_deleted == held->was_deleted)
        return store_instance_update_step(pass->tx, row, error);
    wish_noted(held);
    return store_instance_update(pass->tx, row, /* expected_etag= */ 0, error);
}

gboolean
pass_write(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->held->len; i++) {
        Held *held = g_ptr_array_index(pass->held, i);
        if (!held->changed)
            continue;
        if (!held_write(pass, held, error))
            return FALSE;
        held->changed = FALSE;
        held->written = TRUE;
    }
    return step_ledger_write(pass->ledger, pass->tx, pass->now, error);
}

void
pass_let_go(Pass *pass)
{
    g_ptr_array_set_size(pass->due, 0);
    g_ptr_array_set_size(pass->held, 0);
}

gboolean
pass_commit(Pass *pass, GError **error)
{
    /* The writer's lock is held: whatever gets a higher etag than this is written after our commit. */
    guint64 seen = store_tx_issued(pass->tx);
    if (!store_commit(g_steal_pointer(&pass->tx), error))
        return FALSE;
    pass->engine->seen = seen;
    return TRUE;
}
