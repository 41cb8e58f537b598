#include "rows.h"

#include <string.h>

static void
row_set_free(void *data)
{
    RowSet *row = data;
    store_set_free(row->set);
    g_ptr_array_unref(row->instances);
    store_roll_free(row->roll);
    g_free(row);
}

void
rows_unref(Rows *rows)
{
    if (!rows || --rows->refs > 0)
        return;
    g_ptr_array_unref(rows->sets);
    g_ptr_array_unref(rows->operations);
    g_free(rows);
}

/* ---- what is the same as before ---- */

typedef struct {
    guint id;
    guint64 etag;
} Etag;

static void
etag_add(guint id, guint64 etag, void *data)
{
    const Etag item = { id, etag };
    g_array_append_val((GArray *)data, item);
}

/* Both are by id. Rows of `before` that are as they were are taken out of it. */
static GPtrArray *
instances_read(StoreTx *tx, gint64 set_id, GPtrArray *before, GError **error)
{
    g_autoptr(GArray) etags = g_array_new(FALSE, FALSE, sizeof(Etag));
    GPtrArray *instances = g_ptr_array_new_with_free_func((GDestroyNotify)store_instance_free);
    guint at = 0;
    if (!store_instance_etags(tx, set_id, etag_add, etags, error))
        return instances;
    for (guint i = 0; i < etags->len && !*error; i++) {
        const Etag *now = &g_array_index(etags, Etag, i);
        while (at < before->len && ((const StoreInstance *)g_ptr_array_index(before, at))->id < now->id)
            at++;
        StoreInstance *was = at < before->len ? g_ptr_array_index(before, at) : NULL;
        if (was && was->id == now->id && was->etag == now->etag)
            before->pdata[at++] = NULL;
        else
            was = store_instance_get(tx, set_id, now->id, error);
        g_ptr_array_add(instances, was);
    }
    return instances;
}

static GPtrArray *
instances_before(const Rows *before, gint64 set_id)
{
    for (guint i = 0; before && i < before->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(before->sets, i);
        if (row->set->id == set_id)
            return row->instances;
    }
    return NULL;
}

static Rows *
rows_read_beside(Sim *sim, const Rows *before)
{
    g_autoptr(GError) error = NULL;
    Rows *rows = g_new0(Rows, 1);
    rows->refs = 1;
    rows->revision = store_revision(sim->world->store);
    g_autoptr(StoreTx) tx = store_read(sim->world->store, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) sets = store_set_list(tx, NULL, &error);
    g_assert_no_error(error);
    rows->sets = g_ptr_array_new_with_free_func(row_set_free);
    for (guint i = 0; i < sets->len; i++) {
        RowSet *row = g_new0(RowSet, 1);
        row->set = g_steal_pointer(&g_ptr_array_index(sets, i));
        GPtrArray *known = instances_before(before, row->set->id);
        row->instances =
            known ? instances_read(tx, row->set->id, known, &error) : store_instance_list(tx, row->set->id, &error);
        g_assert_no_error(error);
        row->roll = store_roll_active(tx, row->set->id, &error);
        g_assert_no_error(error);
        g_ptr_array_add(rows->sets, row);
    }
    rows->operations = store_operation_in_progress(tx, 0, &error);
    g_assert_no_error(error);
    return rows;
}

static Rows *
rows_keep(Sim *sim, Rows *rows)
{
    rows_unref(sim->rows);
    sim->rows = rows;
    rows->refs++;
    return rows;
}

Rows *
rows_read(Sim *sim)
{
    Rows *before = sim->rows;
    if (before && before->revision == store_revision(sim->world->store)) {
        before->refs++;
        return before;
    }
    /* Somebody looks at them now: nothing is taken out of them. */
    gboolean in_use = before && before->refs > 1;
    return rows_keep(sim, rows_read_beside(sim, in_use ? NULL : before));
}

Rows *
rows_read_all(Sim *sim)
{
    return rows_keep(sim, rows_read_beside(sim, /* before= */ NULL));
}

static guint64
folded(guint64 state, guint64 number)
{
    return (state ^ number) * G_GUINT64_CONSTANT(0x100000001b3);
}

guint64
row_set_state(const RowSet *row)
{
    guint64 state = folded(row->set->etag, row->roll ? row->roll->etag : 0);
    for (guint i = 0; i < row->instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(row->instances, i);
        state = folded(folded(state, instance->id), instance->etag);
    }
    return state;
}

const RowSet *
rows_find(const Rows *rows, const char *uid)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        if (strcmp(row->set->uid, uid) == 0)
            return row;
    }
    return NULL;
}
