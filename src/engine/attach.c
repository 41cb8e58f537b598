/* The beginning: what the store remembers is compared with what the host found running. */
#include "engine/attest.h"
#include "engine/disks.h"
#include "engine/health.h"
#include "engine/notice.h"
#include "engine/records.h"
#include "engine/sets.h"
#include "engine/superseded.h"

/* Rows in hand at a time: all of them are gone through, in one transaction. */
#define ROWS_AT_A_TIME 1024

static gboolean
row_adopt(Pass *pass, SetTracked *set, StoreInstance *row, GHashTable *found, GError **error)
{
    Engine *engine = pass->engine;
    Tracked *tracked = engine_track(engine, set, row->id);
    Held *held = pass_hold_row(pass, tracked, row);
    g_autofree char *key = engine_key_of(set, row->id);
    tracked->news = TRUE;
    if (!engine_apply_found(pass, held, g_hash_table_lookup(found, key), error))
        return FALSE;
    const HostFound *seen = g_hash_table_lookup(found, key);
    tracked->isolated = seen && seen->isolated;
    if (row->state == INSTANCE_STARTING && row->deadline)
        engine_deadline_arm(engine, tracked, row->deadline);
    /* A crash may have come between the end of an undo and the host's hearing of it. */
    if (row->undo_revision == 0 && g_hash_table_contains(found, key))
        host_release(engine->host, key);
    g_hash_table_remove(found, key);
    engine_mark_dirty(engine, tracked);
    return TRUE;
}

static gboolean
page_adopt(Pass *pass, SetTracked *set, GPtrArray *rows, GHashTable *found, GError **error)
{
    for (guint i = 0; i < rows->len; i++) {
        if (!row_adopt(pass, set, g_steal_pointer(&rows->pdata[i]), found, error))
            return FALSE;
    }
    if (!health_follow_all(pass, error) || !attest_follow_all(pass, error))
        return FALSE;
    notice_follow_all(pass);
    pass_tell(pass);
    if (!pass_write(pass, error))
        return FALSE;
    pass_let_go(pass);
    return TRUE;
}

/* What is looked at leaves `found`. */
static gboolean
set_adopt(Pass *pass, gint64 set_id, GHashTable *found, GError **error)
{
    gint64 after = -1;
    guint n;
    do {
        g_autoptr(GPtrArray) rows = store_instance_page(pass->tx, set_id, after, ROWS_AT_A_TIME, error);
        if (!rows)
            return FALSE;
        n = rows->len;
        if (n == 0)
            return TRUE;
        after = ((const StoreInstance *)g_ptr_array_index(rows, n - 1))->id;
        SetTracked *set = engine_set(pass->engine, pass->tx, set_id, error);
        if (!set || !page_adopt(pass, set, rows, found, error))
            return FALSE;
    } while (n == ROWS_AT_A_TIME);
    return TRUE;
}

/* What the store does not know is nobody's: it was being removed when the daemon ended. */
static void
strangers_remove(Engine *engine, GHashTable *found)
{
    g_autofree char *keep = g_build_filename(engine->config.state_dir, "disks", NULL);
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const HostFound *stranger = value;
        g_hash_table_insert(engine->strangers, g_strdup(key), g_strdup(stranger->owner));
        g_message("removing what is left of instance %s, which no scale set has", (const char *)key);
        host_destroy(engine->host, key, keep);
    }
}

gboolean
engine_attach(Engine *engine, Host *host, GError **error)
{
    g_autoptr(GPtrArray) list = host_found(host);
    g_autoptr(GHashTable) found = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < list->len; i++) {
        HostFound *item = g_ptr_array_index(list, i);
        g_hash_table_insert(found, item->key, item);
    }
    engine->host = host;
    engine->attached_at = engine->clock->now(engine->clock);

    g_autoptr(Pass) pass = pass_new(engine, error);
    g_autoptr(GPtrArray) sets = pass ? store_set_list(pass->tx, NULL, error) : NULL;
    if (!sets)
        return FALSE;
    for (guint i = 0; i < sets->len; i++) {
        gint64 id = ((const StoreSet *)g_ptr_array_index(sets, i))->id;
        SetTracked *set = set_adopt(pass, id, found, error) ? engine_set(engine, pass->tx, id, error) : NULL;
        if (!set)
            return FALSE;
        engine_set_mark_dirty(set);
    }
    if (!engine_disks_sweep(pass, error) || !pass_commit(pass, error))
        return FALSE;

    strangers_remove(engine, found);
    engine->attached = TRUE;
    engine_upkeep(engine);
    superseded_look_soon(engine);
    records_begin(engine);
    engine_kick(engine);
    return TRUE;
}
