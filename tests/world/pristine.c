#include "pristine.h"

#include "store/sqlite.h"

/* Not in use now. */
static GQueue idle = G_QUEUE_INIT;
/* Of every one of them, as it was filled. */
static guint64 revision, issued;

static void
exec(Store *store, const char *text)
{
    if (sqlite3_exec(store->writer.db, text, NULL, NULL, NULL) != SQLITE_OK)
        g_error("%s: %s", text, sqlite3_errmsg(store->writer.db));
}

static GPtrArray *
tables_of(Store *store)
{
    static const char text[] = "SELECT name FROM main.sqlite_schema WHERE type = 'table'";
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->writer.db, text, -1, &statement, NULL);
    while (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        g_ptr_array_add(names, g_strdup((const char *)sqlite3_column_text(statement, 0)));
    sqlite3_finalize(statement);
    g_assert_cmpuint(names->len, >, 0);
    return names;
}

/* In the text "%" stands for the table's name. */
static void
each_table(Store *store, const char *text)
{
    g_autoptr(GPtrArray) tables = tables_of(store);
    g_auto(GStrv) parts = g_strsplit(text, "%", -1);
    for (guint i = 0; i < tables->len; i++) {
        g_autofree char *whole = g_strjoinv(g_ptr_array_index(tables, i), parts);
        exec(store, whole);
    }
}

static Store *
store_make(void (*fill)(Store *store))
{
    g_autoptr(GError) error = NULL;
    Store *store = store_open(":memory:", &error);
    g_assert_no_error(error);
    fill(store);
    each_table(store, "CREATE TABLE temp.\"pristine %\" AS SELECT * FROM main.\"%\"");
    revision = store->revision;
    issued = store->issued;
    return store;
}

Store *
pristine_take(void (*fill)(Store *store))
{
    Store *store = g_queue_pop_head(&idle);
    return store ? store : store_make(fill);
}

void
pristine_give_back(Store *store)
{
    g_assert_true(sqlite3_get_autocommit(store->writer.db));
    store_set_listener(store, NULL, NULL);
    /* Foreign keys stay on: switching them would have every statement compiled anew. */
    exec(store, "BEGIN");
    each_table(store, "DELETE FROM main.\"%\"");
    each_table(store, "INSERT INTO main.\"%\" SELECT * FROM temp.\"pristine %\"");
    exec(store, "COMMIT");
    store->revision = revision;
    store->issued = issued;
    g_queue_push_head(&idle, store);
}
