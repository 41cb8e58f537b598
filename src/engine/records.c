#include "engine/records.h"

#include "base/json.h"
#include "engine/record_json.h"
#include "engine/revisions.h"

#include <string.h>

/* After a record that could not be signed, or written. */
#define SIGN_AGAIN (60 * USEC_PER_SEC)

/* ---- down and up ---- */

/* Does it do what it is there for? */
static gboolean
is_up(Pass *pass, SetTracked *set, const StoreInstance *row, gboolean *ret_up, GError **error)
{
    *ret_up = FALSE;
    if (row->state != INSTANCE_RUNNING || !row->alive || !row->revision)
        return TRUE;
    const Revision *revision = revision_get(pass, set, row->revision, error);
    if (!revision)
        return FALSE;
    *ret_up = instance_shown_health(row->state, revision->model->health != NULL, row->health) == HEALTH_HEALTHY;
    return TRUE;
}

/* In each change of its scale set. Most writes of a row change nothing about this: what is known of it since the newest change
 * began needs no look. */
static gboolean
held_follow(Pass *pass, const Held *held, const GPtrArray *open, GError **error)
{
    const StoreInstance *row = held->row;
    Tracked *tracked = held->tracked;
    const guint newest = (guint)((const StoreUpgrade *)g_ptr_array_index(open, open->len - 1))->id;
    gboolean up = FALSE;
    if (row && !is_up(pass, tracked->set, row, &up, error))
        return FALSE;
    const gboolean down = row && !up && row->want_power == POWER_RUNNING && !row->want_deleted;
    if (row && tracked->change_seen == newest && tracked->down == (guint)down)
        return TRUE;
    /* It may become a member still. */
    tracked->change_seen = 0;
    tracked->down = down;
    for (guint i = 0; i < open->len; i++) {
        const StoreUpgrade *change = g_ptr_array_index(open, i);
        gboolean noted = FALSE;
        if (change->set_id != tracked->set->id)
            continue;
        if (row ? !store_upgrade_member_down(pass->tx, change, tracked->id, down, pass->now, &noted, error)
                : !store_upgrade_member_gone(pass->tx, change, tracked->id, pass->now, error))
            return FALSE;
        if (noted)
            tracked->change_seen = newest;
    }
    return TRUE;
}

/* ---- how it came out ---- */

static void
waits_for(Engine *engine, const StoreUpgrade *change, guint instance)
{
    g_hash_table_insert(engine->unsettled, g_memdup2(&change->id, sizeof change->id), GUINT_TO_POINTER(instance));
}

/* From this instance on; *ret_settled FALSE: it is noted whom it waits for. */
static gboolean
settled_from(Pass *pass, const StoreUpgrade *change, guint from, gboolean *ret_settled, GError **error)
{
    guint instance;
    gboolean found;
    if (!store_upgrade_unsettled(pass->tx, change, from, &instance, &found, error))
        return FALSE;
    if (found)
        waits_for(pass->engine, change, instance);
    *ret_settled = !found;
    return TRUE;
}

/* Whom it waited for is asked first, and those behind it; then all of them once more. */
static gboolean
all_settled(Pass *pass, const StoreUpgrade *change, gboolean *ret_settled, GError **error)
{
    const guint from = GPOINTER_TO_UINT(g_hash_table_lookup(pass->engine->unsettled, &change->id));
    return settled_from(pass, change, from, ret_settled, error) &&
           (!*ret_settled || from == 0 || settled_from(pass, change, 0, ret_settled, error));
}

/* ---- when ---- */

static void on_timer(void *data);

void
records_stop(Engine *engine)
{
    if (engine->records_timer)
        engine->clock->timer_remove(engine->clock, engine->records_timer);
    engine->records_timer = 0;
}

/* The earliest counts: it is armed again then. */
static void
look_at(Engine *engine, UnixTime at)
{
    if (engine->records_timer && engine->records_at <= at)
        return;
    records_stop(engine);
    engine->records_timer = engine->clock->timer_add(engine->clock, at, on_timer, engine);
    engine->records_at = at;
}

void
records_begin(Engine *engine)
{
    if (engine->config.record_sign)
        look_at(engine, engine->clock->now(engine->clock));
}

static gboolean
change_close(Pass *pass, StoreUpgrade *change, const StoreOperation *operation, GError **error)
{
    const EngineConfig *config = &pass->engine->config;
    g_autoptr(GError) unsigned_for = NULL;
    g_autoptr(GPtrArray) members = store_upgrade_members(pass->tx, change, 0, G_MAXINT, error);
    if (!members)
        return FALSE;
    g_hash_table_remove(pass->engine->unsettled, &change->id);
    /* A rolling upgrade that found nothing to do. */
    if (members->len == 0)
        return store_upgrade_delete(pass->tx, change->id, error);
    g_autoptr(json_t) record = record_json(pass, change, operation, members, error);
    if (!record)
        return FALSE;
    g_autofree char *text = config->record_sign(record, config->record_data, &unsigned_for);
    if (!text) {
        g_warning("the change record '%s' is not signed, which is tried again: %s", change->name, unsigned_for->message);
        look_at(pass->engine, pass->now + SIGN_AGAIN);
        return TRUE;
    }
    change->closed = pass->now;
    return store_upgrade_close(pass->tx, change, text, error);
}

/* may_close: a record of many instances takes a while, and what ended is told before it. */
static gboolean
change_consider(Pass *pass, StoreUpgrade *change, gboolean may_close, GError **error)
{
    GError *lookup = NULL;
    gboolean settled = FALSE;
    g_autoptr(StoreOperation) operation = store_operation_get(pass->tx, change->operation, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (operation && operation->status == OPERATION_IN_PROGRESS)
        return TRUE;
    if (change->ended == 0) {
        change->ended = operation ? operation->ended : pass->now;
        if (!store_upgrade_update(pass->tx, change, error))
            return FALSE;
    }
    if (!all_settled(pass, change, &settled, error))
        return FALSE;
    const UnixTime until = change->ended + RECORD_WAIT;
    const gboolean is_due = settled || until <= pass->now;
    if (is_due && may_close)
        return change_close(pass, change, operation, error);
    look_at(pass->engine, is_due ? pass->now : until);
    return TRUE;
}

static gboolean
changes_consider(Pass *pass, const GPtrArray *open, gboolean may_close, GError **error)
{
    for (guint i = 0; i < open->len; i++) {
        if (!change_consider(pass, g_ptr_array_index(open, i), may_close, error))
            return FALSE;
    }
    return TRUE;
}

static void
on_timer(void *data)
{
    Engine *engine = data;
    g_autoptr(GError) error = NULL;
    engine->records_timer = 0;
    g_autoptr(Pass) pass = pass_new(engine, &error);
    g_autoptr(GPtrArray) open = pass ? store_upgrade_list_open(pass->tx, &error) : NULL;
    if (open && changes_consider(pass, open, /* may_close= */ TRUE, &error))
        store_commit(g_steal_pointer(&pass->tx), &error);
    if (!error)
        return;
    g_warning("change records are written later: %s", error->message);
    look_at(engine, engine->clock->now(engine->clock) + SIGN_AGAIN);
}

gboolean
records_follow(Pass *pass, GError **error)
{
    if (!pass->engine->config.record_sign)
        return TRUE;
    g_autoptr(GPtrArray) open = store_upgrade_list_open(pass->tx, error);
    if (!open)
        return FALSE;
    for (guint i = 0; open->len > 0 && i < pass->held->len; i++) {
        const Held *held = g_ptr_array_index(pass->held, i);
        if ((held->written || held->removed) && !held_follow(pass, held, open, error))
            return FALSE;
    }
    return changes_consider(pass, open, /* may_close= */ FALSE, error);
}
