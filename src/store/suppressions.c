#include "store/suppressions.h"

#include "base/json.h"
#include "model/suppression.h"
#include "store/sqlite.h"

#include <string.h>

void
store_suppression_free(StoreSuppression *suppression)
{
    if (!suppression)
        return;
    g_free(suppression->name);
    g_free(suppression->document);
    g_free(suppression);
}

static const Column suppression_columns[] = {
    COLUMN_FIXED(StoreSuppression, name, COLUMN_TEXT),
    COLUMN(StoreSuppression, modified, COLUMN_INT64),
    COLUMN(StoreSuppression, document, COLUMN_TEXT),
    { 0 },
};
const RowType suppression_rows = { "suppressions", sizeof(StoreSuppression), suppression_columns, 1,
                                   (GDestroyNotify)store_suppression_free };

StoreSuppression *
store_suppression_get(StoreTx *tx, const char *name, GError **error)
{
    return row_get(tx, SQL_SUPPRESSION_GET, PARAMS(text_param(name)), error);
}

GPtrArray *
store_suppression_list(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_SUPPRESSION_LIST, NO_PARAMS, error);
}

gboolean
store_suppression_put(StoreTx *tx, const StoreSuppression *suppression, GError **error)
{
    return row_insert(tx, SQL_SUPPRESSION_PUT, suppression, error);
}

gboolean
store_suppression_delete(StoreTx *tx, const char *name, GError **error)
{
    return sql_run(tx, SQL_SUPPRESSION_DELETE, PARAMS(text_param(name)), NULL, error);
}

/* ---- rules and alerts ---- */

static gboolean
row_matches(const StoreSuppression *row, const StoreAlert *alert, UnixTime now, gboolean *ret_matches, GError **error)
{
    const SuppressedAlert asked = { alert->kind, alert->resource, alert->code };
    g_autoptr(json_t) body = json_parse(row->document, strlen(row->document), error);
    g_autoptr(Suppression) suppression = body ? suppression_read(body, error) : NULL;
    *ret_matches = suppression && suppression_matches(suppression, &asked, now);
    return suppression != NULL;
}

gboolean
store_suppression_find(StoreTx *tx, const StoreAlert *alert, UnixTime now, char **ret_name, GError **error)
{
    g_autoptr(GPtrArray) rows = store_suppression_list(tx, error);
    *ret_name = NULL;
    for (guint i = 0; rows && !*ret_name && i < rows->len; i++) {
        const StoreSuppression *row = g_ptr_array_index(rows, i);
        gboolean matches;
        if (!row_matches(row, alert, now, &matches, error))
            return FALSE;
        *ret_name = matches ? g_strdup(row->name) : NULL;
    }
    return rows != NULL;
}

static gboolean
alert_turn(StoreTx *tx, StoreAlert *alert, AlertStatus status, const char *rule, UnixTime now, GError **error)
{
    alert->status = status;
    alert->changed = now;
    g_free(alert->changed_by);
    alert->changed_by = g_strdup("engine");
    g_free(alert->suppressed_by);
    alert->suppressed_by = g_strdup(rule);
    return store_alert_update(tx, alert, error);
}

gboolean
store_suppression_begin(StoreTx *tx, const StoreSuppression *suppression, UnixTime now, guint *ret_n, GError **error)
{
    g_autoptr(GPtrArray) told = store_alert_list_told(tx, error);
    *ret_n = 0;
    for (guint i = 0; told && i < told->len; i++) {
        StoreAlert *alert = g_ptr_array_index(told, i);
        gboolean matches;
        if (!row_matches(suppression, alert, now, &matches, error) ||
            (matches && !alert_turn(tx, alert, ALERT_DISMISSED, suppression->name, now, error)))
            return FALSE;
        *ret_n += matches ? 1 : 0;
    }
    return told != NULL;
}

static gboolean
alert_follow(StoreTx *tx, StoreAlert *alert, gboolean deliver, UnixTime now, guint *n, GError **error)
{
    g_autofree char *rule = NULL;
    const StoreDelivery delivery = { .alert = alert->id, .fired = TRUE, .at = now, .due = now };
    if (!store_suppression_find(tx, alert, now, &rule, error))
        return FALSE;
    if (rule && strcmp(rule, alert->suppressed_by) == 0)
        return TRUE;
    if (rule)
        return alert_turn(tx, alert, ALERT_DISMISSED, rule, now, error);
    (*n)++;
    return alert_turn(tx, alert, ALERT_ACTIVE, /* rule= */ NULL, now, error) &&
           (!deliver || store_delivery_add(tx, &delivery, error));
}

gboolean
store_suppressions_end(StoreTx *tx, gboolean deliver, UnixTime now, guint *ret_n, GError **error)
{
    g_autoptr(GPtrArray) suppressed = store_alert_list_suppressed(tx, error);
    *ret_n = 0;
    for (guint i = 0; suppressed && i < suppressed->len; i++) {
        if (!alert_follow(tx, g_ptr_array_index(suppressed, i), deliver, now, ret_n, error))
            return FALSE;
    }
    return suppressed != NULL;
}
