/* Alerts, and what of them is still to be delivered. */
#include "store/alerts.h"

#include "store/sqlite.h"

void
store_alert_free(StoreAlert *alert)
{
    if (!alert)
        return;
    g_free(alert->name);
    g_free(alert->resource);
    g_free(alert->code);
    g_free(alert->message);
    g_free(alert->changed_by);
    g_free(alert->suppressed_by);
    g_free(alert);
}

DEFINE_ENUM_COLUMN(alert_kind, AlertKind)
DEFINE_ENUM_COLUMN(alert_status, AlertStatus)

static const Column alert_columns[] = {
    COLUMN_FIXED(StoreAlert, id, COLUMN_ROWID),      COLUMN_FIXED(StoreAlert, name, COLUMN_TEXT),
    COLUMN_FIXED(StoreAlert, set_id, COLUMN_INT64),  COLUMN_FIXED(StoreAlert, instance, COLUMN_UINT),
    COLUMN_FIXED(StoreAlert, resource, COLUMN_TEXT), ENUM_COLUMN(StoreAlert, kind, alert_kind),
    COLUMN_FIXED(StoreAlert, code, COLUMN_TEXT),     COLUMN(StoreAlert, message, COLUMN_TEXT),
    ENUM_COLUMN(StoreAlert, status, alert_status),   COLUMN(StoreAlert, open, COLUMN_INT),
    COLUMN_FIXED(StoreAlert, raised, COLUMN_INT64),  COLUMN(StoreAlert, seen, COLUMN_INT64),
    COLUMN(StoreAlert, changed, COLUMN_INT64),       COLUMN(StoreAlert, changed_by, COLUMN_TEXT),
    COLUMN(StoreAlert, suppressed_by, COLUMN_TEXT),  { 0 },
};
const RowType alert_rows = { "alerts", sizeof(StoreAlert), alert_columns, 1, (GDestroyNotify)store_alert_free };

StoreAlert *
store_alert_get(StoreTx *tx, const char *name, GError **error)
{
    return row_get(tx, SQL_ALERT_GET, PARAMS(text_param(name)), error);
}

StoreAlert *
store_alert_get_by_id(StoreTx *tx, gint64 id, GError **error)
{
    return row_get(tx, SQL_ALERT_GET_BY_ID, PARAMS(number_param(id)), error);
}

GPtrArray *
store_alert_list(StoreTx *tx, const char *group, gint64 before, guint limit, GError **error)
{
    const gint64 from = before ? before : G_MAXINT64;
    if (!group)
        return row_list(tx, SQL_ALERT_LIST, PARAMS(number_param(from), number_param(limit)), error);
    g_autofree char *within = g_strdup_printf("/resourceGroups/%s/", group);
    return row_list(tx, SQL_ALERT_LIST_GROUP, PARAMS(number_param(from), number_param(limit), text_param(within)), error);
}

GPtrArray *
store_alert_list_open(StoreTx *tx, gint64 set_id, guint instance, GError **error)
{
    return row_list(tx, SQL_ALERT_LIST_OPEN, PARAMS(number_param(set_id), number_param(instance)), error);
}

GPtrArray *
store_alert_list_told(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_ALERT_LIST_TOLD, NO_PARAMS, error);
}

GPtrArray *
store_alert_list_suppressed(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_ALERT_LIST_SUPPRESSED, NO_PARAMS, error);
}

gboolean
store_alert_add(StoreTx *tx, StoreAlert *alert, GError **error)
{
    if (!row_insert(tx, SQL_ALERT_INSERT, alert, error))
        return FALSE;
    alert->id = sqlite3_last_insert_rowid(tx->connection->db);
    return TRUE;
}

gboolean
store_alert_update(StoreTx *tx, const StoreAlert *alert, GError **error)
{
    return sql_run(tx, SQL_ALERT_UPDATE,
                   PARAMS(number_param(alert->id), text_param(alert_status_text(alert->status)), number_param(alert->open),
                          text_param(alert->message), number_param(alert->seen), number_param(alert->changed),
                          text_param(alert->changed_by), text_param(alert->suppressed_by)),
                   NULL, error);
}

gboolean
store_alert_prune(StoreTx *tx, UnixTime before, GError **error)
{
    return sql_run(tx, SQL_ALERT_PRUNE, PARAMS(number_param(before)), NULL, error);
}

/* ---- deliveries ---- */

void
store_delivery_free(StoreDelivery *delivery)
{
    g_free(delivery);
}

static const Column delivery_columns[] = {
    COLUMN_FIXED(StoreDelivery, id, COLUMN_ROWID),
    COLUMN_FIXED(StoreDelivery, alert, COLUMN_INT64),
    COLUMN_FIXED(StoreDelivery, fired, COLUMN_INT),
    COLUMN_FIXED(StoreDelivery, at, COLUMN_INT64),
    COLUMN(StoreDelivery, tries, COLUMN_UINT),
    COLUMN(StoreDelivery, due, COLUMN_INT64),
    { 0 },
};
const RowType delivery_rows = { "deliveries", sizeof(StoreDelivery), delivery_columns, 1, (GDestroyNotify)store_delivery_free };

gboolean
store_delivery_add(StoreTx *tx, const StoreDelivery *delivery, GError **error)
{
    return row_insert(tx, SQL_DELIVERY_INSERT, delivery, error);
}

StoreDelivery *
store_delivery_next(StoreTx *tx, GError **error)
{
    return row_get(tx, SQL_DELIVERY_NEXT, NO_PARAMS, error);
}

gboolean
store_delivery_update(StoreTx *tx, const StoreDelivery *delivery, GError **error)
{
    return sql_run(tx, SQL_DELIVERY_UPDATE,
                   PARAMS(number_param(delivery->id), number_param(delivery->tries), number_param(delivery->due)), NULL, error);
}

gboolean
store_delivery_delete(StoreTx *tx, gint64 id, GError **error)
{
    return sql_run(tx, SQL_DELIVERY_DELETE, PARAMS(number_param(id)), NULL, error);
}
