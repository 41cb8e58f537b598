/* Settings and resource groups. */
#include "store/sqlite.h"

gboolean
store_setting_get(StoreTx *tx, const char *name, char **ret_value, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, SQL_SETTING_GET, PARAMS(text_param(name)), error);
    int rc = statement ? sql_step(tx, statement, error) : -1;
    if (rc < 0)
        return FALSE;
    *ret_value = rc > 0 ? g_strdup((const char *)sqlite3_column_text(statement, 0)) : NULL;
    sqlite3_reset(statement);
    return TRUE;
}

gboolean
store_setting_set(StoreTx *tx, const char *name, const char *value, GError **error)
{
    return sql_run(tx, SQL_SETTING_SET, PARAMS(text_param(name), text_param(value)), NULL, error);
}

void
store_group_free(StoreGroup *group)
{
    if (!group)
        return;
    g_free(group->name);
    g_free(group->location);
    g_free(group->tags);
    g_free(group);
}

static const Column group_columns[] = {
    COLUMN_FIXED(StoreGroup, name, COLUMN_TEXT), COLUMN(StoreGroup, location, COLUMN_TEXT),
    COLUMN(StoreGroup, tags, COLUMN_TEXT),       COLUMN(StoreGroup, etag, COLUMN_UINT64),
    COLUMN(StoreGroup, deleting, COLUMN_INT),    { 0 },
};
const RowType group_rows = { "groups", sizeof(StoreGroup), group_columns, 1, (GDestroyNotify)store_group_free };

StoreGroup *
store_group_get(StoreTx *tx, const char *name, GError **error)
{
    return row_get(tx, SQL_GROUP_GET, PARAMS(text_param(name)), error);
}

GPtrArray *
store_group_list(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_GROUP_LIST, NO_PARAMS, error);
}

gboolean
store_group_put(StoreTx *tx, const StoreGroup *group, guint64 *ret_etag, GError **error)
{
    StoreGroup row = *group;
    gboolean known;
    row.etag = tx_next_etag(tx);
    if (!row_update(tx, SQL_GROUP_UPDATE, &row, /* expected_etag= */ 0, &known, error) ||
        (!known && !row_insert(tx, SQL_GROUP_INSERT, &row, error)))
        return FALSE;
    if (ret_etag)
        *ret_etag = row.etag;
    return TRUE;
}

gboolean
store_group_delete(StoreTx *tx, const char *name, GError **error)
{
    return sql_delete(tx, SQL_GROUP_DELETE, PARAMS(text_param(name)), error);
}
