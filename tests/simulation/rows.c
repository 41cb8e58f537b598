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

Rows *
rows_read(Sim *sim)
{
    g_autoptr(GError) error = NULL;
    Rows *rows = g_new0(Rows, 1);
    g_autoptr(StoreTx) tx = store_read(sim->world->store, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) sets = store_set_list(tx, NULL, &error);
    g_assert_no_error(error);
    rows->sets = g_ptr_array_new_with_free_func(row_set_free);
    for (guint i = 0; i < sets->len; i++) {
        RowSet *row = g_new0(RowSet, 1);
        row->set = g_steal_pointer(&g_ptr_array_index(sets, i));
        row->instances = store_instance_list(tx, row->set->id, &error);
        g_assert_no_error(error);
        row->roll = store_roll_active(tx, row->set->id, &error);
        g_assert_no_error(error);
        g_ptr_array_add(rows->sets, row);
    }
    rows->operations = store_operation_in_progress(tx, 0, &error);
    g_assert_no_error(error);
    return rows;
}

void
rows_free(Rows *rows)
{
    if (!rows)
        return;
    g_ptr_array_unref(rows->sets);
    g_ptr_array_unref(rows->operations);
    g_free(rows);
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
