/* Rows between C structs and SQL, by tables of columns. */
#include "store/sqlite.h"

static guint
column_count(const RowType *type)
{
    guint n = 0;
    while (type->columns[n].name)
        n++;
    return n;
}

static void item_append(GString *text, const char *separator, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
item_append(GString *text, const char *separator, const char *format, ...)
{
    va_list args;
    if (text->len)
        g_string_append(text, separator);
    va_start(args, format);
    g_string_append_vprintf(text, format, args);
    va_end(args);
}

char *
row_column_list(const RowType *type)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; type->columns[i].name; i++)
        item_append(text, ", ", "\"%s\"", type->columns[i].name);
    return g_string_free(text, FALSE);
}

char *
row_insert_columns(const RowType *type)
{
    g_autofree char *columns = row_column_list(type);
    return g_strconcat(columns, type->columns[0].places ? ", place" : "", NULL);
}

/* Parameter numbers are those of the columns everywhere, so that one function binds a whole row. */
char *
row_insert_list(const RowType *type)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; type->columns[i].name; i++)
        item_append(text, ", ", "?%u", i + 1);
    if (type->columns[0].places)
        item_append(text, ", ", "%s", PLACE_OF_KEY);
    return g_string_free(text, FALSE);
}

char *
row_update_list(const RowType *type, gboolean indexed)
{
    GString *text = g_string_new(NULL);
    for (guint i = type->n_keys; type->columns[i].name; i++) {
        if (!type->columns[i].fixed && (indexed || !type->columns[i].indexed))
            item_append(text, ", ", "\"%s\" = ?%u", type->columns[i].name, i + 1);
    }
    return g_string_free(text, FALSE);
}

/* The parameter after the columns is the expected etag. */
char *
row_key_match(const RowType *type)
{
    GString *text = g_string_new(NULL);
    guint expected = column_count(type) + 1;
    if (type->columns[0].places)
        item_append(text, " AND ", "place = %s", PLACE_OF_KEY);
    for (guint i = 0; !type->columns[0].places && i < type->n_keys; i++)
        item_append(text, " AND ", "\"%s\" = ?%u", type->columns[i].name, i + 1);
    item_append(text, " AND ", "(?%u = 0 OR etag = ?%u)", expected, expected);
    return g_string_free(text, FALSE);
}

static Param
column_param(const Column *column, const void *row)
{
    const void *at = (const char *)row + column->offset;
    switch (column->type) {
    case COLUMN_ROWID:
    case COLUMN_INT64:
        return number_param(*(const gint64 *)at);
    case COLUMN_UINT64:
        return number_param((gint64) * (const guint64 *)at);
    case COLUMN_UINT:
        return number_param(*(const guint *)at);
    case COLUMN_INT:
        return number_param(*(const int *)at);
    case COLUMN_TEXT:
        return text_param(*(char *const *)at);
    case COLUMN_BYTES:
        return bytes_param(*(GBytes *const *)at);
    case COLUMN_ENUM:
        return text_param(column->to_text(*(const int *)at));
    }
    g_assert_not_reached();
}

/* More columns than any row type has, with one place each for the expected etag and the end. */
#define PARAMS_MAX 80

static guint
row_params(const RowType *type, const void *row, Param *ret_params)
{
    guint n = column_count(type);
    g_assert(n + 2 <= PARAMS_MAX);
    for (guint i = 0; i < n; i++)
        ret_params[i] = column_param(&type->columns[i], row);
    return n;
}

gboolean
row_insert(StoreTx *tx, Sql id, const void *row, GError **error)
{
    const RowType *type = sql_row_type(id);
    Param params[PARAMS_MAX];
    guint n = row_params(type, row, params);
    params[n] = (Param){ PARAM_END };
    if (type->columns[0].type == COLUMN_ROWID)
        params[0] = text_param(NULL);
    return sql_run(tx, id, params, NULL, error);
}

gboolean
row_update(StoreTx *tx, Sql id, const void *row, guint64 expected_etag, gboolean *ret_written, GError **error)
{
    Param params[PARAMS_MAX];
    int changes;
    const RowType *type = sql_row_type(id);
    guint n = row_params(type, row, params);
    for (guint i = type->n_keys; i < n; i++) {
        if (type->columns[i].fixed)
            params[i].type = PARAM_UNUSED;
    }
    params[n] = number_param((gint64)expected_etag);
    params[n + 1] = (Param){ PARAM_END };
    if (!sql_run(tx, id, params, &changes, error))
        return FALSE;
    *ret_written = changes > 0;
    return TRUE;
}

static gboolean
number_fail(GError **error, const RowType *type, const Column *column, gint64 number)
{
    return arm_fail(error, ARM_INTERNAL, NULL, "The store holds %" G_GINT64_FORMAT " as %s.%s, which is out of its range.",
                    number, type->table, column->name);
}

static GBytes *
bytes_read(sqlite3_stmt *statement, int index)
{
    const void *bytes = sqlite3_column_blob(statement, index);
    return bytes ? g_bytes_new(bytes, (gsize)sqlite3_column_bytes(statement, index)) : NULL;
}

static gboolean
column_read(sqlite3_stmt *statement, int index, const RowType *type, const Column *column, void *row, GError **error)
{
    void *at = (char *)row + column->offset;
    const char *text = NULL;
    gint64 number = 0;
    if (column->type == COLUMN_TEXT || column->type == COLUMN_ENUM)
        text = (const char *)sqlite3_column_text(statement, index);
    else if (column->type != COLUMN_BYTES)
        number = sqlite3_column_int64(statement, index);

    switch (column->type) {
    case COLUMN_ROWID:
    case COLUMN_INT64:
        *(gint64 *)at = number;
        return TRUE;
    case COLUMN_UINT64:
        if (number < 0)
            return number_fail(error, type, column, number);
        *(guint64 *)at = (guint64)number;
        return TRUE;
    case COLUMN_UINT:
        if (number < 0 || number > G_MAXUINT)
            return number_fail(error, type, column, number);
        *(guint *)at = (guint)number;
        return TRUE;
    case COLUMN_INT:
        if (number < G_MININT || number > G_MAXINT)
            return number_fail(error, type, column, number);
        *(int *)at = (int)number;
        return TRUE;
    case COLUMN_TEXT:
        *(char **)at = g_strdup(text);
        return TRUE;
    case COLUMN_BYTES:
        *(GBytes **)at = bytes_read(statement, index);
        return TRUE;
    case COLUMN_ENUM:
        if (text && column->from_text(text, at))
            return TRUE;
        return arm_fail(error, ARM_INTERNAL, NULL, "The store holds '%s' as %s.%s, which this Testudo does not know.",
                        text ? text : "NULL", type->table, column->name);
    }
    g_assert_not_reached();
}

static void *
row_read(const RowType *type, sqlite3_stmt *statement, GError **error)
{
    void *row = g_malloc0(type->size);
    for (int i = 0; type->columns[i].name; i++) {
        if (!column_read(statement, i, type, &type->columns[i], row, error)) {
            type->free_row(row);
            return NULL;
        }
    }
    return row;
}

void *
row_get(StoreTx *tx, Sql id, const Param *params, GError **error)
{
    sqlite3_stmt *statement = sql_prepare(tx, id, params, error);
    if (!statement || sql_step(tx, statement, error) != 1)
        return NULL;
    void *row = row_read(sql_row_type(id), statement, error);
    sqlite3_reset(statement);
    return row;
}

GPtrArray *
row_list(StoreTx *tx, Sql id, const Param *params, GError **error)
{
    const RowType *type = sql_row_type(id);
    sqlite3_stmt *statement = sql_prepare(tx, id, params, error);
    if (!statement)
        return NULL;
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(type->free_row);
    int rc;
    while ((rc = sql_step(tx, statement, error)) == 1) {
        void *row = row_read(type, statement, error);
        if (!row) {
            sqlite3_reset(statement);
            return NULL;
        }
        g_ptr_array_add(rows, row);
    }
    return rc < 0 ? NULL : g_steal_pointer(&rows);
}

gboolean
etag_fail(StoreTx *tx, Sql etag_of, const Param *params, guint64 expected_etag, const char *what, GError **error)
{
    gint64 etag;
    gboolean found;
    if (!sql_number(tx, etag_of, params, &etag, &found, error))
        return FALSE;
    if (found)
        return arm_fail(error, ARM_PRECONDITION_FAILED, NULL,
                        "%s was changed meanwhile: its ETag is \"%" G_GINT64_FORMAT "\", not \"%" G_GUINT64_FORMAT
                        "\". Read it again and repeat the change.",
                        what, etag, expected_etag);
    if (expected_etag)
        return arm_fail(error, ARM_PRECONDITION_FAILED, NULL, "%s was deleted meanwhile.", what);
    return arm_fail(error, ARM_INTERNAL, NULL, "%s is not in the store: it cannot be updated.", what);
}
