/* Who has signed in. */
#include "store/sqlite.h"

void
store_session_free(StoreSession *session)
{
    if (!session)
        return;
    g_free(session->hash);
    g_free(session->name);
    g_free(session->made_by);
    g_free(session);
}

static const Column session_columns[] = {
    COLUMN(StoreSession, hash, COLUMN_TEXT),    COLUMN(StoreSession, name, COLUMN_TEXT),
    COLUMN(StoreSession, made_by, COLUMN_TEXT), COLUMN(StoreSession, created, COLUMN_INT64),
    COLUMN(StoreSession, used, COLUMN_INT64),   { 0 },
};
const RowType session_rows = { "sessions", sizeof(StoreSession), session_columns, 1, (GDestroyNotify)store_session_free };

GPtrArray *
store_session_list(StoreTx *tx, GError **error)
{
    return row_list(tx, SQL_SESSION_LIST, NO_PARAMS, error);
}

gboolean
store_session_insert(StoreTx *tx, const StoreSession *session, GError **error)
{
    return row_insert(tx, SQL_SESSION_INSERT, session, error);
}

gboolean
store_session_use(StoreTx *tx, const char *hash, UnixTime used, GError **error)
{
    return sql_run(tx, SQL_SESSION_USE, PARAMS(text_param(hash), number_param(used)), NULL, error);
}

gboolean
store_session_delete(StoreTx *tx, const char *hash, GError **error)
{
    return sql_run(tx, SQL_SESSION_DELETE, PARAMS(text_param(hash)), NULL, error);
}
