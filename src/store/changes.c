#include "store/changes.h"

#include "store/sqlite.h"

#define FUNCTION "testudo_changed"

typedef enum {
    ON_INSERT = 1u << 0,
    ON_UPDATE = 1u << 1,
    ON_DELETE = 1u << 2,
    ON_ALL = ON_INSERT | ON_UPDATE | ON_DELETE,
} On;

#define OF_SET "(SELECT \"group\" FROM sets WHERE id = @.set_id), (SELECT name FROM sets WHERE id = @.set_id)"
#define URN    "@.publisher || ':' || @.offer || ':' || @.sku || ':' || @.version"

/* The row's first, second and number, as SQL; "@" stands for new or old. Where first is NULL nothing is told: a set that is
 * gone has told of itself. */
static const struct {
    StoreChangeKind kind;
    On on;
    const char *table, *values;
} watched[] = {
    { STORE_CHANGE_GROUP, ON_ALL, "groups", "@.name, NULL, 0" },
    { STORE_CHANGE_SET, ON_ALL, "sets", "@.\"group\", @.name, 0" },
    { STORE_CHANGE_REVISION, ON_INSERT | ON_DELETE, "models", OF_SET ", @.revision" },
    { STORE_CHANGE_INSTANCE, ON_ALL, "instances", OF_SET ", @.id" },
    { STORE_CHANGE_ATTESTATION, ON_INSERT, "attestations", OF_SET ", @.instance" },
    { STORE_CHANGE_ASSESSMENT, ON_INSERT | ON_UPDATE, "assessments", OF_SET ", @.instance" },
    { STORE_CHANGE_ROLL, ON_INSERT | ON_UPDATE, "rolls", OF_SET ", @.id" },
    { STORE_CHANGE_OPERATION, ON_INSERT | ON_UPDATE, "operations", "@.id, NULL, 0" },
    { STORE_CHANGE_EVENT, ON_INSERT, "events", "'', NULL, @.id" },
    { STORE_CHANGE_IMAGE, ON_ALL, "images", URN ", NULL, 0" },
    { STORE_CHANGE_DISK, ON_ALL, "disks", "@.\"group\", @.id, 0" },
    { STORE_CHANGE_ALERT, ON_ALL, "alerts", "@.name, @.resource, 0" },
    { STORE_CHANGE_SUPPRESSION, ON_ALL, "suppressions", "@.name, NULL, 0" },
    { STORE_CHANGE_UPGRADE, ON_ALL, "upgrades", "@.name, @.resource, 0" },
    { STORE_CHANGE_BASELINE, ON_ALL, "baselines", "'', NULL, @.id" },
    { STORE_CHANGE_COMPONENTS, ON_ALL, "components", "@.image_urn, NULL, 0" },
    { STORE_CHANGE_SETTING, ON_ALL, "settings", "@.name, NULL, 0" },
};

static const struct {
    On on;
    const char *word, *row;
} occasions[] = { { ON_INSERT, "INSERT", "new" }, { ON_UPDATE, "UPDATE", "new" }, { ON_DELETE, "DELETE", "old" } };

/* ---- one change ---- */

static StoreChange *
change_new(StoreChangeKind kind, gboolean gone, const char *first, const char *second, gint64 number)
{
    StoreChange *change = g_atomic_rc_box_new0(StoreChange);
    change->kind = kind;
    change->gone = gone;
    change->first = g_strdup(first);
    change->second = g_strdup(second);
    change->number = number;
    return change;
}

static void
change_clear(void *data)
{
    StoreChange *change = data;
    g_free(change->first);
    g_free(change->second);
}

StoreChange *
store_change_ref(StoreChange *change)
{
    return g_atomic_rc_box_acquire(change);
}

void
store_change_unref(StoreChange *change)
{
    g_atomic_rc_box_release_full(change, change_clear);
}

guint
store_change_hash(gconstpointer data)
{
    const StoreChange *change = data;
    return ((guint)change->kind * 31u + (guint)change->number * 2654435761u) ^ g_str_hash(change->first) ^
           (change->second ? g_str_hash(change->second) : 0);
}

gboolean
store_change_equal(gconstpointer a, gconstpointer b)
{
    const StoreChange *x = a, *y = b;
    return x->kind == y->kind && x->number == y->number && strcmp(x->first, y->first) == 0 &&
           g_strcmp0(x->second, y->second) == 0;
}

/* ---- a transaction's ---- */

void
changes_forget(Store *store)
{
    if (!store->told)
        return;
    g_hash_table_remove_all(store->changed);
    g_ptr_array_set_size(store->changes, 0);
}

void
changes_number(StoreTx *tx)
{
    const Store *store = tx->store;
    for (guint i = 0; store->told && i < store->changes->len; i++) {
        StoreChange *change = g_ptr_array_index(store->changes, i);
        change->revision = tx_next_etag(tx);
    }
}

void
changes_tell(Store *store)
{
    if (store->told && store->changes->len > 0)
        store->told(store->changes, store->told_data);
    changes_forget(store);
}

/* What a trigger calls: kind, gone, first, second, number. */
static void
on_change(sqlite3_context *context, int n, sqlite3_value **values)
{
    Store *store = sqlite3_user_data(context);
    const char *first = (const char *)sqlite3_value_text(values[2]);
    (void)n;
    if (!first)
        return;
    StoreChange *change = change_new((StoreChangeKind)sqlite3_value_int(values[0]), sqlite3_value_int(values[1]), first,
                                     (const char *)sqlite3_value_text(values[3]), sqlite3_value_int64(values[4]));
    StoreChange *known = g_hash_table_lookup(store->changed, change);
    if (known) {
        known->gone = change->gone;
        store_change_unref(change);
        return;
    }
    g_hash_table_add(store->changed, change);
    g_ptr_array_add(store->changes, change);
}

/* ---- triggers ---- */

static void
trigger_append(GString *sql, guint row, guint occasion, gboolean listen)
{
    const char *table = watched[row].table, *word = occasions[occasion].word;
    if (!(watched[row].on & occasions[occasion].on))
        return;
    if (!listen) {
        g_string_append_printf(sql, "DROP TRIGGER IF EXISTS temp.told_%s_%s;", table, word);
        return;
    }
    g_auto(GStrv) parts = g_strsplit(watched[row].values, "@", -1);
    g_autofree char *values = g_strjoinv(occasions[occasion].row, parts);
    g_string_append_printf(sql,
                           "CREATE TEMP TRIGGER told_%s_%s AFTER %s ON main.%s BEGIN SELECT " FUNCTION "(%d, %d, %s); END;",
                           table, word, word, table, (int)watched[row].kind, occasions[occasion].on == ON_DELETE, values);
}

static gboolean
triggers_set(Store *store, gboolean listen, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    for (guint row = 0; row < G_N_ELEMENTS(watched); row++) {
        for (guint occasion = 0; occasion < G_N_ELEMENTS(occasions); occasion++)
            trigger_append(sql, row, occasion, listen);
    }
    sqlite3 *db = store->writer.db;
    return (sqlite3_create_function(db, FUNCTION, 5, SQLITE_UTF8, store, on_change, NULL, NULL) == SQLITE_OK &&
            sqlite3_exec(db, sql->str, NULL, NULL, NULL) == SQLITE_OK) ||
           sql_fail(error, &store->writer, "tell of changes");
}

void
changes_clear(Store *store)
{
    g_clear_pointer(&store->changed, g_hash_table_unref);
    g_clear_pointer(&store->changes, g_ptr_array_unref);
    store->told = NULL;
}

gboolean
store_listen(Store *store, StoreTold told, void *data, guint64 *ret_revision, GError **error)
{
    g_rec_mutex_lock(&store->write_lock);
    g_assert(sqlite3_get_autocommit(store->writer.db));
    gboolean ok = (told != NULL) == (store->told != NULL) || triggers_set(store, told != NULL, error);
    if (!ok)
        triggers_set(store, FALSE, NULL);
    changes_clear(store);
    if (ok && told) {
        store->changed = g_hash_table_new(store_change_hash, store_change_equal);
        store->changes = g_ptr_array_new_with_free_func((GDestroyNotify)store_change_unref);
        store->told = told;
        store->told_data = data;
    }
    if (ok && ret_revision)
        *ret_revision = store->revision;
    g_rec_mutex_unlock(&store->write_lock);
    return ok;
}
