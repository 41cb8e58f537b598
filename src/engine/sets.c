#include "engine/sets.h"

#include "engine/revisions.h"

/* Rows read at a time where a set is told of all of them: it may have very many. */
#define ROWS_AT_A_TIME 1024

SetTracked *
engine_set(Engine *engine, StoreTx *tx, gint64 id, GError **error)
{
    SetTracked *set = g_hash_table_lookup(engine->sets, &id);
    if (set)
        return set;
    GError *lookup = NULL;
    g_autoptr(StoreSet) row = store_set_get_by_id(tx, id, &lookup);
    if (!row) {
        if (lookup)
            g_propagate_error(error, lookup);
        else
            arm_fail(error, ARM_INTERNAL, NULL, "Instances are left of scale set number %" G_GINT64_FORMAT ", which is gone.",
                     id);
        return NULL;
    }
    set = g_new0(SetTracked, 1);
    set->engine = engine;
    set->id = id;
    set->uid = g_steal_pointer(&row->uid);
    set->group = g_steal_pointer(&row->group);
    set->name = g_steal_pointer(&row->name);
    g_hash_table_insert(engine->sets, &set->id, set);
    g_hash_table_insert(engine->sets_by_uid, set->uid, set);
    return set;
}

SetTracked *
engine_set_known(Engine *engine, const char *uid, gsize uid_length)
{
    g_autofree char *text = g_strndup(uid, uid_length);
    return g_hash_table_lookup(engine->sets_by_uid, text);
}

void
engine_set_free(void *data)
{
    SetTracked *set = data;
    g_hash_table_remove(set->engine->sets_by_uid, set->uid);
    set->engine->n_stale -= set->stale;
    for (guint i = 0; i < REVISIONS_KEPT; i++)
        revision_free(set->revisions[i]);
    g_free(set->uid);
    g_free(set->group);
    g_free(set->name);
    g_free(set);
}

void
engine_row_seen(Engine *engine G_GNUC_UNUSED, Tracked *tracked, const StoreInstance *row G_GNUC_UNUSED)
{
    if (!tracked->counted)
        tracked->set->n_instances++;
    tracked->counted = TRUE;
}

void
engine_row_gone(Engine *engine G_GNUC_UNUSED, Tracked *tracked)
{
    if (tracked->counted)
        tracked->set->n_instances--;
    tracked->counted = FALSE;
}

void
engine_rows_lost(SetTracked *set)
{
    set->engine->n_stale += !set->stale;
    set->stale = TRUE;
}

static gboolean
set_tell_all(Engine *engine, StoreTx *tx, SetTracked *set, GError **error)
{
    gint64 after = -1;
    guint n;
    set->n_instances = 0;
    do {
        g_autoptr(GPtrArray) rows = store_instance_page(tx, set->id, after, ROWS_AT_A_TIME, error);
        if (!rows)
            return FALSE;
        n = rows->len;
        for (guint i = 0; i < n; i++) {
            const StoreInstance *row = g_ptr_array_index(rows, i);
            Tracked *tracked = engine_track(engine, set, row->id);
            tracked->counted = FALSE;
            engine_row_seen(engine, tracked, row);
            after = row->id;
        }
    } while (n == ROWS_AT_A_TIME);
    engine->n_stale--;
    set->stale = FALSE;
    return TRUE;
}

gboolean
engine_sets_refresh(Engine *engine, StoreTx *tx, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    if (engine->n_stale == 0)
        return TRUE;
    g_hash_table_iter_init(&iter, engine->sets);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        SetTracked *set = value;
        if (set->stale && !set_tell_all(engine, tx, set, error))
            return FALSE;
    }
    return TRUE;
}
