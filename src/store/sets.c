/* Scale sets and their model revisions. */
#include "store/sqlite.h"

void
store_set_free(StoreSet *set)
{
    if (!set)
        return;
    g_free(set->uid);
    g_free(set->group);
    g_free(set->name);
    g_free(set->location);
    g_free(set->effect_key);
    g_free(set->operation);
    g_free(set->state);
    g_free(set->image_avoided);
    g_free(set);
}

static const Column set_columns[] = {
    COLUMN_FIXED(StoreSet, id, COLUMN_ROWID),
    COLUMN_FIXED(StoreSet, uid, COLUMN_TEXT),
    COLUMN_FIXED(StoreSet, group, COLUMN_TEXT),
    COLUMN_FIXED(StoreSet, name, COLUMN_TEXT),
    COLUMN(StoreSet, location, COLUMN_TEXT),
    COLUMN(StoreSet, etag, COLUMN_UINT64),
    COLUMN(StoreSet, revision, COLUMN_UINT),
    COLUMN(StoreSet, effect_key, COLUMN_TEXT),
    COLUMN(StoreSet, next_instance, COLUMN_UINT),
    COLUMN(StoreSet, capacity, COLUMN_UINT),
    COLUMN(StoreSet, deleting, COLUMN_INT),
    COLUMN(StoreSet, operation, COLUMN_TEXT),
    COLUMN(StoreSet, state, COLUMN_TEXT),
    COLUMN_FIXED(StoreSet, created, COLUMN_INT64),
    COLUMN_FIXED(StoreSet, flexible, COLUMN_INT),
    COLUMN(StoreSet, repairs_suspended, COLUMN_INT),
    COLUMN(StoreSet, repairs_in_vain, COLUMN_UINT),
    COLUMN(StoreSet, image_avoided, COLUMN_TEXT),
    { 0 },
};
const RowType set_rows = { "sets", sizeof(StoreSet), set_columns, 1, (GDestroyNotify)store_set_free };

StoreSet *
store_set_get(StoreTx *tx, const char *group, const char *name, GError **error)
{
    return row_get(tx, SQL_SET_GET, PARAMS(text_param(group), text_param(name)), error);
}

StoreSet *
store_set_get_by_id(StoreTx *tx, gint64 id, GError **error)
{
    return row_get(tx, SQL_SET_GET_BY_ID, PARAMS(number_param(id)), error);
}

StoreSet *
store_set_get_by_uid(StoreTx *tx, const char *uid, GError **error)
{
    return row_get(tx, SQL_SET_GET_BY_UID, PARAMS(text_param(uid)), error);
}

GPtrArray *
store_set_list(StoreTx *tx, const char *group, GError **error)
{
    if (group)
        return row_list(tx, SQL_SET_LIST_GROUP, PARAMS(text_param(group)), error);
    return row_list(tx, SQL_SET_LIST, NO_PARAMS, error);
}

GArray *
store_set_changed(StoreTx *tx, guint64 etag, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, SQL_SET_CHANGED, PARAMS(number_param((gint64)etag)), error);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    int rc = -1;
    while (statement && (rc = sql_step(tx, statement, error)) == 1) {
        gint64 id = sqlite3_column_int64(statement, 0);
        g_array_append_val(ids, id);
    }
    return rc == 0 ? g_steal_pointer(&ids) : NULL;
}

gboolean
store_set_insert(StoreTx *tx, StoreSet *set, GError **error)
{
    StoreSet row = *set;
    row.etag = tx_next_etag(tx);
    if (!row_insert(tx, SQL_SET_INSERT, &row, error))
        return FALSE;
    set->id = sqlite3_last_insert_rowid(tx->connection->db);
    set->etag = row.etag;
    return TRUE;
}

gboolean
store_set_update(StoreTx *tx, StoreSet *set, guint64 expected_etag, GError **error)
{
    StoreSet row = *set;
    gboolean written;
    row.etag = tx_next_etag(tx);
    if (!row_update(tx, SQL_SET_UPDATE, &row, expected_etag, &written, error))
        return FALSE;
    if (!written) {
        g_autofree char *what = g_strdup_printf("Scale set '%s'", set->name);
        return etag_fail(tx, SQL_SET_ETAG, PARAMS(number_param(set->id)), expected_etag, what, error);
    }
    set->etag = row.etag;
    return TRUE;
}

gboolean
store_set_delete(StoreTx *tx, gint64 id, GError **error)
{
    return sql_delete(tx, SQL_SET_DELETE, PARAMS(number_param(id)), error);
}

void
store_model_free(StoreModel *model)
{
    if (!model)
        return;
    g_free(model->document);
    g_free(model->effect_key);
    g_free(model->size_name);
    g_free(model->size_family);
    g_free(model->image_urn);
    g_free(model);
}

/* A StoreModel with the half of its key that callers give beside it. */
typedef struct {
    StoreModel model; /* first: a pointer to the row is one to the model */
    gint64 set_id;
} ModelRow;

static const Column model_columns[] = {
    COLUMN(ModelRow, set_id, COLUMN_INT64),
    COLUMN(StoreModel, revision, COLUMN_UINT),
    COLUMN(StoreModel, document, COLUMN_TEXT),
    COLUMN(StoreModel, effect_key, COLUMN_TEXT),
    COLUMN(StoreModel, size_name, COLUMN_TEXT),
    COLUMN(StoreModel, size_family, COLUMN_TEXT),
    COLUMN(StoreModel, size_vcpus, COLUMN_UINT),
    COLUMN(StoreModel, size_memory_mib, COLUMN_UINT),
    COLUMN(StoreModel, image_urn, COLUMN_TEXT),
    COLUMN(StoreModel, created, COLUMN_INT64),
    COLUMN(StoreModel, since, COLUMN_UINT),
    COLUMN(StoreModel, made, COLUMN_INT64),
    { 0 },
};
const RowType model_rows = { "models", sizeof(ModelRow), model_columns, 2, (GDestroyNotify)store_model_free };

gboolean
store_model_insert(StoreTx *tx, gint64 set_id, const StoreModel *model, GError **error)
{
    ModelRow row = { .model = *model, .set_id = set_id };
    g_assert(model->since > 0 && model->since <= model->revision);
    return row_insert(tx, SQL_MODEL_INSERT, &row, error);
}

StoreModel *
store_model_get(StoreTx *tx, gint64 set_id, guint revision, GError **error)
{
    return row_get(tx, SQL_MODEL_GET, PARAMS(number_param(set_id), number_param(revision)), error);
}

StoreModel *
store_model_standing(StoreTx *tx, gint64 set_id, guint revision, GError **error)
{
    return row_get(tx, SQL_MODEL_STANDING, PARAMS(number_param(set_id), number_param(revision)), error);
}

gboolean
store_model_alike(StoreTx *tx, gint64 set_id, guint revision, guint *ret_newest, GError **error)
{
    gint64 newest;
    gboolean found;
    if (!sql_number(tx, SQL_MODEL_ALIKE, PARAMS(number_param(set_id), number_param(revision)), &newest, &found, error))
        return FALSE;
    *ret_newest = newest > 0 ? (guint)newest : revision;
    return TRUE;
}

GPtrArray *
store_model_list(StoreTx *tx, gint64 set_id, GError **error)
{
    return row_list(tx, SQL_MODEL_LIST, PARAMS(number_param(set_id)), error);
}

GPtrArray *
store_model_list_standing(StoreTx *tx, gint64 set_id, GError **error)
{
    return row_list(tx, SQL_MODEL_LIST_STANDING, PARAMS(number_param(set_id)), error);
}

gboolean
store_model_prune(StoreTx *tx, gint64 set_id, guint keep, GError **error)
{
    return sql_run(tx, SQL_MODEL_PRUNE, PARAMS(number_param(set_id), number_param(keep)), NULL, error);
}
