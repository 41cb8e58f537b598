#include "engine/check.h"

#include "engine/sets.h"

static char *
set_diff(StoreTx *tx, const SetTracked *set, GError **error)
{
    g_autoptr(Fleet) afresh = fleet_new_alike(set->fleet);
    g_autoptr(GPtrArray) rows = store_instance_list(tx, set->id, error);
    g_autoptr(StoreRoll) roll = rows ? store_roll_active(tx, set->id, error) : NULL;
    if (*error)
        return NULL;
    for (guint i = 0; i < rows->len; i++) {
        const StoreInstance *row = g_ptr_array_index(rows, i);
        const Member member = member_of(row, set->roll);
        if (member_counts(row))
            fleet_put(afresh, &member);
    }
    if (set->n_instances != rows->len)
        return g_strdup_printf("scale set '%s' was told of %u instances and has %u", set->name, set->n_instances, rows->len);
    if (set->roll && set->roll != (roll ? roll->id : 0))
        return g_strdup_printf("scale set '%s' aims at a rolling upgrade that is over", set->name);
    g_autofree char *fed = fleet_diff(set->fleet, afresh);
    return fed ? g_strdup_printf("scale set '%s', as it was told and as it is: %s", set->name, fed) : NULL;
}

gboolean
engine_check(Engine *engine, char **ret_difference)
{
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer value;
    *ret_difference = NULL;
    if (!engine->attached || engine->n_stale > 0 || !g_queue_is_empty(&engine->dirty) ||
        !g_queue_is_empty(&engine->dirty_sets) || store_revision(engine->store) > engine->seen)
        return FALSE;
    StoreTx *tx = store_read(engine->store, &error);
    g_hash_table_iter_init(&iter, engine->sets);
    while (tx && !error && !*ret_difference && g_hash_table_iter_next(&iter, NULL, &value))
        *ret_difference = set_diff(tx, value, &error);
    store_abort(tx);
    if (error)
        *ret_difference = g_strdup(error->message);
    return TRUE;
}
