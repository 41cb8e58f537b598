/* Operations and activity events. */
#include "store/sqlite.h"

#include <string.h>

void
store_operation_free(StoreOperation *operation)
{
    if (!operation)
        return;
    g_free(operation->id);
    g_free(operation->resource_id);
    g_free(operation->location);
    g_free(operation->code);
    g_free(operation->message);
    g_free(operation->details);
    g_free(operation->output);
    g_free(operation);
}

DEFINE_ENUM_COLUMN(operation_kind, OperationKind)
DEFINE_ENUM_COLUMN(operation_status, OperationStatus)

static const Column operation_columns[] = {
    COLUMN_FIXED(StoreOperation, id, COLUMN_TEXT),    ENUM_COLUMN(StoreOperation, kind, operation_kind),
    COLUMN(StoreOperation, resource_id, COLUMN_TEXT), COLUMN(StoreOperation, set_id, COLUMN_INT64),
    COLUMN(StoreOperation, location, COLUMN_TEXT),    ENUM_COLUMN(StoreOperation, status, operation_status),
    COLUMN(StoreOperation, code, COLUMN_TEXT),        COLUMN(StoreOperation, message, COLUMN_TEXT),
    COLUMN(StoreOperation, details, COLUMN_TEXT),     COLUMN(StoreOperation, output, COLUMN_TEXT),
    COLUMN(StoreOperation, started, COLUMN_INT64),    COLUMN(StoreOperation, ended, COLUMN_INT64),
    COLUMN(StoreOperation, total, COLUMN_UINT),       COLUMN(StoreOperation, pending, COLUMN_UINT),
    COLUMN(StoreOperation, etag, COLUMN_UINT64),      { 0 },
};
const RowType operation_rows = { "operations", sizeof(StoreOperation), operation_columns, 1,
                                 (GDestroyNotify)store_operation_free };

StoreOperation *
store_operation_get(StoreTx *tx, const char *id, GError **error)
{
    return row_get(tx, SQL_OPERATION_GET, PARAMS(text_param(id)), error);
}

gboolean
store_operation_insert(StoreTx *tx, StoreOperation *operation, GError **error)
{
    StoreOperation row = *operation;
    row.etag = tx_next_etag(tx);
    if (!row_insert(tx, SQL_OPERATION_INSERT, &row, error))
        return FALSE;
    operation->etag = row.etag;
    return TRUE;
}

gboolean
store_operation_update(StoreTx *tx, StoreOperation *operation, GError **error)
{
    StoreOperation row = *operation;
    gboolean written;
    row.etag = tx_next_etag(tx);
    if (!row_update(tx, SQL_OPERATION_UPDATE, &row, /* expected_etag= */ 0, &written, error))
        return FALSE;
    if (!written)
        return arm_fail(error, ARM_INTERNAL, NULL, "Operation '%s' is not in the store: it cannot be updated.", operation->id);
    operation->etag = row.etag;
    return TRUE;
}

GPtrArray *
store_operation_in_progress(StoreTx *tx, gint64 set_id, GError **error)
{
    if (set_id)
        return row_list(tx, SQL_OPERATION_IN_PROGRESS_SET, PARAMS(number_param(set_id)), error);
    return row_list(tx, SQL_OPERATION_IN_PROGRESS, NO_PARAMS, error);
}

gboolean
store_operation_prune(StoreTx *tx, UnixTime before, GError **error)
{
    return sql_delete(tx, SQL_OPERATION_PRUNE, PARAMS(number_param(before)), error);
}

void
store_event_free(StoreEvent *event)
{
    if (!event)
        return;
    g_free(event->level);
    g_free(event->operation_name);
    g_free(event->status);
    g_free(event->resource_id);
    g_free(event->caller);
    g_free(event->correlation);
    g_free(event->message);
    g_free(event);
}

static const Column event_columns[] = {
    COLUMN_FIXED(StoreEvent, id, COLUMN_ROWID), COLUMN(StoreEvent, time, COLUMN_INT64),
    COLUMN(StoreEvent, level, COLUMN_TEXT),     COLUMN(StoreEvent, operation_name, COLUMN_TEXT),
    COLUMN(StoreEvent, status, COLUMN_TEXT),    COLUMN(StoreEvent, resource_id, COLUMN_TEXT),
    COLUMN(StoreEvent, caller, COLUMN_TEXT),    COLUMN(StoreEvent, correlation, COLUMN_TEXT),
    COLUMN(StoreEvent, message, COLUMN_TEXT),   { 0 },
};
const RowType event_rows = { "events", sizeof(StoreEvent), event_columns, 1, (GDestroyNotify)store_event_free };

gboolean
store_event_add(StoreTx *tx, StoreEvent *event, GError **error)
{
    if (!row_insert(tx, SQL_EVENT_INSERT, event, error))
        return FALSE;
    event->id = sqlite3_last_insert_rowid(tx->connection->db);
    return TRUE;
}

gboolean
store_event_note(StoreTx *tx, const char *operation_name, const char *resource_id, const char *caller, const char *message,
                 UnixTime now, GError **error)
{
    StoreEvent event = {
        .time = now,
        .level = (char *)"Informational",
        .operation_name = (char *)operation_name,
        .status = (char *)"Succeeded",
        .resource_id = (char *)resource_id,
        .caller = (char *)caller,
        .message = (char *)message,
    };
    return store_event_add(tx, &event, error);
}

GPtrArray *
store_event_list(StoreTx *tx, const char *resource_prefix, gint64 before_id, guint limit, GError **error)
{
    Param before = number_param(before_id ? before_id : G_MAXINT64), most = number_param(limit);
    if (!resource_prefix)
        return row_list(tx, SQL_EVENT_LIST, PARAMS(before, most), error);
    gsize length = strlen(resource_prefix);
    while (length > 0 && resource_prefix[length - 1] == '/')
        length--;
    g_autofree char *id = g_strndup(resource_prefix, length);
    return row_list(tx, SQL_EVENT_LIST_RESOURCE, PARAMS(before, most, text_param(id)), error);
}

gboolean
store_event_prune(StoreTx *tx, UnixTime before, GError **error)
{
    return sql_run(tx, SQL_EVENT_PRUNE, PARAMS(number_param(before)), NULL, error);
}
