/* Data disks that are, or were, kept from removed instances. */
#include "store/sqlite.h"

void
store_disk_free(StoreDisk *disk)
{
    if (!disk)
        return;
    g_free(disk->id);
    g_free(disk->group);
    g_free(disk->set_name);
    g_free(disk->file);
    g_free(disk);
}

static const Column disk_columns[] = {
    COLUMN(StoreDisk, id, COLUMN_TEXT),       COLUMN(StoreDisk, group, COLUMN_TEXT),
    COLUMN(StoreDisk, set_name, COLUMN_TEXT), COLUMN(StoreDisk, instance, COLUMN_UINT),
    COLUMN(StoreDisk, lun, COLUMN_UINT),      COLUMN(StoreDisk, size_gib, COLUMN_UINT),
    COLUMN(StoreDisk, file, COLUMN_TEXT),     COLUMN(StoreDisk, kept_until, COLUMN_INT64),
    COLUMN(StoreDisk, created, COLUMN_INT64), COLUMN(StoreDisk, set_id, COLUMN_INT64),
    COLUMN(StoreDisk, leaves, COLUMN_UINT64), { 0 },
};
const RowType disk_rows = { "disks", sizeof(StoreDisk), disk_columns, 1, (GDestroyNotify)store_disk_free };

GPtrArray *
store_disk_list(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_DISK_LIST, NO_PARAMS, error);
}

StoreDisk *
store_disk_get(StoreTx *tx, const char *id, GError **error)
{
    return row_get(tx, SQL_DISK_GET, PARAMS(text_param(id)), error);
}

GPtrArray *
store_disk_list_of_set(StoreTx *tx, gint64 set_id, GError **error)
{
    return row_list(tx, SQL_DISK_LIST_SET, PARAMS(number_param(set_id)), error);
}

GPtrArray *
store_disk_list_of_instance(StoreTx *tx, gint64 set_id, guint instance, GError **error)
{
    return row_list(tx, SQL_DISK_LIST_INSTANCE, PARAMS(number_param(set_id), number_param(instance)), error);
}

gboolean
store_disk_put(StoreTx *tx, const StoreDisk *disk, GError **error)
{
    return row_insert(tx, SQL_DISK_PUT, disk, error);
}

gboolean
store_disk_delete(StoreTx *tx, const char *id, GError **error)
{
    return sql_run(tx, SQL_DISK_DELETE, PARAMS(text_param(id)), NULL, error);
}
