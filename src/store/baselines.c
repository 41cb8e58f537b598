/* What boots of an image should measure: computed from the image, and learnt at a size. */
#include "store/sqlite.h"

void
store_components_free(StoreComponents *components)
{
    if (!components)
        return;
    g_free(components->image_urn);
    g_free(components->document);
    g_free(components);
}

static const Column components_columns[] = {
    COLUMN_FIXED(StoreComponents, image_urn, COLUMN_TEXT),
    COLUMN(StoreComponents, made, COLUMN_INT64),
    COLUMN(StoreComponents, document, COLUMN_TEXT),
    { 0 },
};
const RowType components_rows = { "components", sizeof(StoreComponents), components_columns, 1,
                                  (GDestroyNotify)store_components_free };

StoreComponents *
store_components_get(StoreTx *tx, const char *image_urn, GError **error)
{
    return row_get(tx, SQL_COMPONENTS_GET, PARAMS(text_param(image_urn)), error);
}

gboolean
store_components_put(StoreTx *tx, const StoreComponents *components, GError **error)
{
    return row_insert(tx, SQL_COMPONENTS_PUT, components, error);
}

void
store_baseline_free(StoreBaseline *baseline)
{
    if (!baseline)
        return;
    g_free(baseline->image_urn);
    g_free(baseline->log);
    g_free(baseline->source);
    g_free(baseline->approved_by);
    g_free(baseline->withdrawn_by);
    g_free(baseline);
}

static const Column baseline_columns[] = {
    COLUMN_FIXED(StoreBaseline, id, COLUMN_ROWID),
    COLUMN_FIXED(StoreBaseline, image_urn, COLUMN_TEXT),
    COLUMN_FIXED(StoreBaseline, secure_boot, COLUMN_INT),
    COLUMN_FIXED(StoreBaseline, vcpus, COLUMN_UINT),
    COLUMN_FIXED(StoreBaseline, memory_mib, COLUMN_UINT),
    COLUMN_FIXED(StoreBaseline, log, COLUMN_TEXT),
    COLUMN_FIXED(StoreBaseline, source, COLUMN_TEXT),
    COLUMN_FIXED(StoreBaseline, approved, COLUMN_INT64),
    COLUMN_FIXED(StoreBaseline, approved_by, COLUMN_TEXT),
    COLUMN(StoreBaseline, withdrawn, COLUMN_INT64),
    COLUMN(StoreBaseline, withdrawn_by, COLUMN_TEXT),
    COLUMN(StoreBaseline, superseded, COLUMN_INT),
    { 0 },
};
const RowType baseline_rows = { "baselines", sizeof(StoreBaseline), baseline_columns, 1, (GDestroyNotify)store_baseline_free };

StoreBaseline *
store_baseline_get(StoreTx *tx, gint64 id, GError **error)
{
    return row_get(tx, SQL_BASELINE_GET, PARAMS(number_param(id)), error);
}

GPtrArray *
store_baseline_list(StoreTx *tx, const char *image_urn, GError **error)
{
    return image_urn ? row_list(tx, SQL_BASELINE_LIST_IMAGE, PARAMS(text_param(image_urn)), error)
                     : row_list(tx, SQL_BASELINE_LIST, NO_PARAMS, error);
}

gboolean
store_baseline_add(StoreTx *tx, StoreBaseline *baseline, GError **error)
{
    if (!row_insert(tx, SQL_BASELINE_INSERT, baseline, error))
        return FALSE;
    baseline->id = sqlite3_last_insert_rowid(tx->connection->db);
    return TRUE;
}

gboolean
store_baseline_withdraw(StoreTx *tx, gint64 id, const char *by, gboolean superseded, UnixTime now, GError **error)
{
    return sql_run(tx, SQL_BASELINE_WITHDRAW,
                   PARAMS(number_param(id), number_param(now), text_param(by), number_param(superseded)), NULL, error);
}

GPtrArray *
store_baseline_list_superseded(StoreTx *tx, const char *image_urn, guint vcpus, guint memory_mib, GError **error)
{
    return row_list(tx, SQL_BASELINE_LIST_SUPERSEDED,
                    PARAMS(text_param(image_urn), number_param(vcpus), number_param(memory_mib)), error);
}

GPtrArray *
store_baseline_list_unneeded(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_BASELINE_LIST_UNNEEDED, NO_PARAMS, error);
}

GPtrArray *
store_baseline_list_needed_again(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_BASELINE_LIST_AGAIN, NO_PARAMS, error);
}

gboolean
store_baseline_restore(StoreTx *tx, gint64 id, GError **error)
{
    return sql_run(tx, SQL_BASELINE_RESTORE, PARAMS(number_param(id)), NULL, error);
}
