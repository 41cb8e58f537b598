/* Instances, their counts, and the quota they use. */
#include "store/sqlite.h"

void
store_instance_free(StoreInstance *instance)
{
    if (!instance)
        return;
    g_free(instance->vm_id);
    g_free(instance->computer_name);
    g_free(instance->tags);
    g_free(instance->failure_message);
    g_free(instance->warning);
    g_free(instance->operation);
    g_free(instance);
}

gboolean
store_instance_has_lun(const StoreInstance *instance, guint lun)
{
    return (instance->luns & (G_GUINT64_CONSTANT(1) << lun)) != 0;
}

DEFINE_ENUM_COLUMN(desired_power, DesiredPower)
DEFINE_ENUM_COLUMN(instance_state, InstanceState)
DEFINE_ENUM_COLUMN(health, Health)
DEFINE_ENUM_COLUMN(integrity, Integrity)
DEFINE_ENUM_COLUMN(roll_mark, RollMark)

static const Column instance_columns[] = {
    COLUMN_PLACES(StoreInstance, set_id, COLUMN_INT64),
    COLUMN_FIXED(StoreInstance, id, COLUMN_UINT),
    COLUMN(StoreInstance, etag, COLUMN_UINT64),
    COLUMN_INDEXED(StoreInstance, touched, COLUMN_UINT64),
    COLUMN_FIXED(StoreInstance, vm_id, COLUMN_TEXT),
    COLUMN_FIXED(StoreInstance, computer_name, COLUMN_TEXT),
    COLUMN_FIXED(StoreInstance, created, COLUMN_INT64),
    COLUMN_INDEXED(StoreInstance, want_revision, COLUMN_UINT),
    ENUM_COLUMN(StoreInstance, want_power, desired_power),
    COLUMN(StoreInstance, want_epoch, COLUMN_UINT64),
    COLUMN(StoreInstance, disk_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, vars_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, vtpm_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, data_gen, COLUMN_UINT64),
    COLUMN_INDEXED(StoreInstance, want_deleted, COLUMN_INT),
    COLUMN(StoreInstance, skip_shutdown, COLUMN_INT),
    COLUMN(StoreInstance, protect_scale_in, COLUMN_INT),
    COLUMN(StoreInstance, protect_scale_set_actions, COLUMN_INT),
    COLUMN(StoreInstance, tags, COLUMN_TEXT),
    COLUMN(StoreInstance, revision, COLUMN_UINT),
    COLUMN(StoreInstance, epoch, COLUMN_UINT64),
    ENUM_COLUMN(StoreInstance, state, instance_state),
    COLUMN(StoreInstance, alive, COLUMN_INT),
    COLUMN(StoreInstance, agent, COLUMN_INT),
    COLUMN(StoreInstance, failure, COLUMN_INT),
    COLUMN(StoreInstance, failure_message, COLUMN_TEXT),
    COLUMN(StoreInstance, warning, COLUMN_TEXT),
    COLUMN(StoreInstance, state_since, COLUMN_INT64),
    COLUMN(StoreInstance, run_disk_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, run_vars_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, run_vtpm_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, run_data_gen, COLUMN_UINT64),
    ENUM_COLUMN(StoreInstance, health, health),
    COLUMN(StoreInstance, health_since, COLUMN_INT64),
    COLUMN(StoreInstance, health_phase, COLUMN_UINT),
    COLUMN(StoreInstance, health_skip, COLUMN_INT),
    ENUM_COLUMN(StoreInstance, integrity, integrity),
    COLUMN(StoreInstance, integrity_since, COLUMN_INT64),
    COLUMN(StoreInstance, integrity_by_model, COLUMN_INT),
    COLUMN(StoreInstance, out_of_health, COLUMN_INT),
    COLUMN(StoreInstance, quarantined, COLUMN_INT64),
    COLUMN(StoreInstance, replaced, COLUMN_INT),
    COLUMN(StoreInstance, stands_in, COLUMN_INT),
    COLUMN(StoreInstance, roll, COLUMN_INT64),
    ENUM_COLUMN(StoreInstance, roll_mark, roll_mark),
    COLUMN(StoreInstance, roll_since, COLUMN_INT64),
    COLUMN(StoreInstance, surge, COLUMN_INT),
    COLUMN(StoreInstance, undo_revision, COLUMN_UINT),
    COLUMN(StoreInstance, undo_disk_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, undo_vars_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, undo_vtpm_gen, COLUMN_UINT64),
    COLUMN(StoreInstance, revive_at, COLUMN_INT64),
    COLUMN(StoreInstance, deaths, COLUMN_UINT),
    COLUMN(StoreInstance, attempt, COLUMN_UINT),
    COLUMN(StoreInstance, replaces, COLUMN_UINT),
    COLUMN(StoreInstance, repair_after, COLUMN_INT64),
    COLUMN(StoreInstance, repairing, COLUMN_INT),
    COLUMN(StoreInstance, repair_held, COLUMN_INT64),
    COLUMN(StoreInstance, loss_acknowledged, COLUMN_UINT64),
    COLUMN(StoreInstance, terminate_at, COLUMN_INT64),
    COLUMN(StoreInstance, luns, COLUMN_UINT64),
    COLUMN(StoreInstance, attached, COLUMN_UINT),
    COLUMN(StoreInstance, operation, COLUMN_TEXT),
    COLUMN(StoreInstance, deadline, COLUMN_INT64),
    { 0 },
};
const RowType instance_rows = { "instances", sizeof(StoreInstance), instance_columns, 2, (GDestroyNotify)store_instance_free };

StoreInstance *
store_instance_get(StoreTx *tx, gint64 set_id, guint id, GError **error)
{
    return row_get(tx, SQL_INSTANCE_GET, PARAMS(number_param(set_id), number_param(id)), error);
}

GPtrArray *
store_instance_list(StoreTx *tx, gint64 set_id, GError **error)
{
    return row_list(tx, SQL_INSTANCE_LIST, PARAMS(number_param(set_id)), error);
}

gboolean
store_instance_insert(StoreTx *tx, StoreInstance *instance, GError **error)
{
    StoreInstance row = *instance;
    row.etag = row.touched = tx_next_etag(tx);
    if (!row_insert(tx, SQL_INSTANCE_INSERT, &row, error))
        return FALSE;
    instance->etag = instance->touched = row.etag;
    return TRUE;
}

static gboolean
instance_write(StoreTx *tx, Sql how, StoreInstance *instance, guint64 expected_etag, GError **error)
{
    StoreInstance row = *instance;
    gboolean written;
    row.etag = tx_next_etag(tx);
    if (how == SQL_INSTANCE_UPDATE)
        row.touched = row.etag;
    if (!row_update(tx, how, &row, expected_etag, &written, error))
        return FALSE;
    if (!written) {
        g_autofree char *what = g_strdup_printf("Instance %u", instance->id);
        return etag_fail(tx, SQL_INSTANCE_ETAG, PARAMS(number_param(instance->set_id), number_param(instance->id)),
                         expected_etag, what, error);
    }
    instance->etag = row.etag;
    instance->touched = row.touched;
    return TRUE;
}

gboolean
store_instance_update(StoreTx *tx, StoreInstance *instance, guint64 expected_etag, GError **error)
{
    return instance_write(tx, SQL_INSTANCE_UPDATE, instance, expected_etag, error);
}

gboolean
store_instance_update_step(StoreTx *tx, StoreInstance *instance, GError **error)
{
    return instance_write(tx, SQL_INSTANCE_UPDATE_STEP, instance, /* expected_etag= */ 0, error);
}

gboolean
store_instance_delete(StoreTx *tx, gint64 set_id, guint id, GError **error)
{
    return sql_delete(tx, SQL_INSTANCE_DELETE, PARAMS(number_param(set_id), number_param(id)), error);
}

GPtrArray *
store_instance_page(StoreTx *tx, gint64 set_id, gint64 after, guint limit, GError **error)
{
    return row_list(tx, SQL_INSTANCE_PAGE, PARAMS(number_param(set_id), number_param(after), number_param(limit)), error);
}

static GArray *
keys_read(StoreTx *tx, sqlite3_stmt *statement, GError **error)
{
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(StoreInstanceKey));
    int rc = -1;
    while (statement && (rc = sql_step(tx, statement, error)) == 1) {
        StoreInstanceKey key = { sqlite3_column_int64(statement, 0), (guint)sqlite3_column_int64(statement, 1) };
        g_array_append_val(keys, key);
    }
    return rc == 0 ? g_steal_pointer(&keys) : NULL;
}

GArray *
store_instance_changed(StoreTx *tx, guint64 etag, GError **error)
{
    return keys_read(tx, sql_prepare(tx, SQL_INSTANCE_CHANGED, PARAMS(number_param((gint64)etag)), error), error);
}

GArray *
store_instance_undoable(StoreTx *tx, gint64 set_id, GError **error)
{
    return keys_read(tx, sql_prepare(tx, SQL_INSTANCE_UNDOABLE, PARAMS(number_param(set_id)), error), error);
}

gboolean
store_instance_etags(StoreTx *tx, gint64 set_id, void (*each)(guint id, guint64 etag, void *data), void *data, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, SQL_INSTANCE_ETAGS, PARAMS(number_param(set_id)), error);
    int rc;
    if (!statement)
        return FALSE;
    while ((rc = sql_step(tx, statement, error)) == 1)
        each((guint)sqlite3_column_int64(statement, 0), (guint64)sqlite3_column_int64(statement, 1), data);
    return rc == 0;
}

static gboolean
counts_add(StoreInstanceCounts *counts, sqlite3_stmt *statement, GError **error)
{
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    const char *health_word = (const char *)sqlite3_column_text(statement, 4);
    InstanceState state;
    Health health = HEALTH_UNKNOWN;
    if (!text || !instance_state_from_text(text, &state))
        return arm_fail(error, ARM_INTERNAL, NULL, "The store holds '%s' as instances.state, which this Testudo does not know.",
                        text ? text : "NULL");
    if (health_word && !health_from_text(health_word, &health))
        return arm_fail(error, ARM_INTERNAL, NULL,
                        "The store holds '%s' as instances.health, which this Testudo does not know.", health_word);
    counts->total++;
    counts->by_state[state]++;
    counts->by_health[instance_shown_health(state, /* asked= */ health_word != NULL, health)]++;
    counts->busy += sqlite3_column_int(statement, 1) ? 1 : 0;
    counts->noticed += sqlite3_column_int(statement, 2) ? 1 : 0;
    counts->on_current += sqlite3_column_int(statement, 3) ? 1 : 0;
    return TRUE;
}

gboolean
store_instance_count(StoreTx *tx, gint64 set_id, StoreInstanceCounts *ret_counts, GError **error)
{
    StoreInstanceCounts counts = { 0 };
    sqlite3_stmt *statement = sql_prepare(tx, SQL_INSTANCE_COUNT, PARAMS(number_param(set_id)), error);
    int rc;
    if (!statement)
        return FALSE;
    while ((rc = sql_step(tx, statement, error)) == 1) {
        if (!counts_add(&counts, statement, error)) {
            sqlite3_reset(statement);
            return FALSE;
        }
    }
    if (rc < 0)
        return FALSE;
    counts.failed = counts.by_state[INSTANCE_FAILED];
    *ret_counts = counts;
    return TRUE;
}

gboolean
store_instance_outdated(StoreTx *tx, gint64 set_id, guint *ret_count, guint *ret_serving, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, SQL_INSTANCE_OUTDATED, PARAMS(number_param(set_id)), error);
    if (!statement || sql_step(tx, statement, error) != 1)
        return FALSE;
    *ret_count = (guint)sqlite3_column_int64(statement, 0);
    *ret_serving = (guint)sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    return TRUE;
}
