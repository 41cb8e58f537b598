/* Rolling upgrades: the one under way and those before it. */
#include "store/sqlite.h"

void
store_roll_free(StoreRoll *roll)
{
    if (!roll)
        return;
    g_free(roll->code);
    g_free(roll->message);
    g_free(roll->warning);
    g_free(roll->operation);
    g_free(roll->cancel_operation);
    g_free(roll->image_before);
    g_free(roll);
}

DEFINE_ENUM_COLUMN(roll_status, RollStatus)
DEFINE_ENUM_COLUMN(roll_phase, RollPhase)

static const Column roll_columns[] = {
    COLUMN_FIXED(StoreRoll, id, COLUMN_ROWID),
    COLUMN_FIXED(StoreRoll, set_id, COLUMN_INT64),
    COLUMN(StoreRoll, etag, COLUMN_UINT64),
    COLUMN(StoreRoll, target, COLUMN_UINT),
    ENUM_COLUMN(StoreRoll, status, roll_status),
    ENUM_COLUMN(StoreRoll, phase, roll_phase),
    COLUMN(StoreRoll, cancel, COLUMN_INT),
    COLUMN(StoreRoll, os_upgrade, COLUMN_INT),
    COLUMN(StoreRoll, surge, COLUMN_INT),
    COLUMN(StoreRoll, batch, COLUMN_UINT),
    COLUMN(StoreRoll, batch_left, COLUMN_UINT),
    COLUMN(StoreRoll, until, COLUMN_INT64),
    COLUMN_FIXED(StoreRoll, started, COLUMN_INT64),
    COLUMN(StoreRoll, last_action, COLUMN_INT64),
    COLUMN(StoreRoll, ended, COLUMN_INT64),
    COLUMN(StoreRoll, successful, COLUMN_UINT),
    COLUMN(StoreRoll, failed, COLUMN_UINT),
    COLUMN(StoreRoll, code, COLUMN_TEXT),
    COLUMN(StoreRoll, message, COLUMN_TEXT),
    COLUMN(StoreRoll, warning, COLUMN_TEXT),
    COLUMN(StoreRoll, operation, COLUMN_TEXT),
    COLUMN(StoreRoll, image_before, COLUMN_TEXT),
    COLUMN(StoreRoll, cancel_operation, COLUMN_TEXT),
    { 0 },
};
const RowType roll_rows = { "rolls", sizeof(StoreRoll), roll_columns, 1, (GDestroyNotify)store_roll_free };

StoreRoll *
store_roll_active(StoreTx *tx, gint64 set_id, GError **error)
{
    return row_get(tx, SQL_ROLL_ACTIVE, PARAMS(number_param(set_id)), error);
}

StoreRoll *
store_roll_latest(StoreTx *tx, gint64 set_id, GError **error)
{
    return row_get(tx, SQL_ROLL_LATEST, PARAMS(number_param(set_id)), error);
}

GPtrArray *
store_roll_list(StoreTx *tx, gint64 set_id, GError **error)
{
    return row_list(tx, SQL_ROLL_LIST, PARAMS(number_param(set_id)), error);
}

gboolean
store_roll_insert(StoreTx *tx, StoreRoll *roll, GError **error)
{
    StoreRoll row = *roll;
    row.etag = tx_next_etag(tx);
    if (!row_insert(tx, SQL_ROLL_INSERT, &row, error))
        return FALSE;
    roll->id = sqlite3_last_insert_rowid(tx->connection->db);
    roll->etag = row.etag;
    return TRUE;
}

gboolean
store_roll_update(StoreTx *tx, StoreRoll *roll, GError **error)
{
    StoreRoll row = *roll;
    gboolean written;
    row.etag = tx_next_etag(tx);
    if (!row_update(tx, SQL_ROLL_UPDATE, &row, /* expected_etag= */ 0, &written, error))
        return FALSE;
    if (!written)
        return arm_fail(error, ARM_INTERNAL, NULL,
                        "Rolling upgrade %" G_GINT64_FORMAT " is not in the store: it cannot be updated.", roll->id);
    roll->etag = row.etag;
    return TRUE;
}

gboolean
store_roll_prune(StoreTx *tx, gint64 set_id, guint keep, GError **error)
{
    return sql_run(tx, SQL_ROLL_PRUNE, PARAMS(number_param(set_id), number_param(keep)), NULL, error);
}

gboolean
store_roll_count(StoreTx *tx, gint64 set_id, gint64 roll, guint ret_marks[ROLL_N_MARKS], GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, SQL_ROLL_COUNT, PARAMS(number_param(set_id), number_param(roll)), error);
    int rc;
    for (guint i = 0; i < ROLL_N_MARKS; i++)
        ret_marks[i] = 0;
    if (!statement)
        return FALSE;
    while ((rc = sql_step(tx, statement, error)) == 1) {
        RollMark mark;
        if (!roll_mark_from_text((const char *)sqlite3_column_text(statement, 0), &mark)) {
            sqlite3_reset(statement);
            return arm_fail(error, ARM_INTERNAL, NULL,
                            "The store holds a mark in instances.roll_mark that this Testudo does "
                            "not know.");
        }
        ret_marks[mark]++;
    }
    return rc == 0;
}
