/* The file: made, migrated, refused. */
#include "fixture.h"

#include "store/upgrades.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static void
reopen(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    store_close(f->store);
    f->store = store_open(f->path, &error);
    g_assert_no_error(error);
}

static void
sql_on_file(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, text, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

static void
assert_refused(Fixture *f, const char *message_part)
{
    GError *error = NULL;
    g_assert_null(store_open(f->path, &error));
    if (!strstr(error->message, f->path))
        g_error("the path is not in: %s", error->message);
    assert_arm_error(error, ARM_INTERNAL, message_part);
}

static void
test_only_its_owner_reads_it(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    StoreTx *tx = must_write(f->store);
    set_add(tx, "g", "s");
    must_commit(tx);
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);
        struct stat status;
        g_assert_cmpint(stat(path, &status), ==, 0);
        g_assert_cmpuint(status.st_mode & 07777, ==, 0600);
    }
}

/* What durability hangs on; asked for, because a misspelt PRAGMA is no error. */
static void
test_settings_of_the_connection(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_assert_cmpint(number_of(f->store->writer.db, "PRAGMA synchronous"), ==, 2);
    g_assert_cmpint(number_of(f->store->writer.db, "PRAGMA foreign_keys"), ==, 1);
    g_assert_cmpint(number_of(f->store->writer.db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), ==, 1);
    g_assert_cmpint(number_of(f->store->writer.db, "PRAGMA busy_timeout"), ==, 10000);
}

/* Whatever else fills the disk. */
static void
test_log_has_room_of_its_own(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *path = g_strconcat(f->path, "-wal", NULL);
    struct stat status;
    reopen(f);
    g_assert_cmpint(stat(path, &status), ==, 0);
    if (status.st_blocks == 0)
        g_test_skip("the file system reserves no room");
    else
        g_assert_cmpint(status.st_blocks * 512, >=, 8 * 1024 * 1024);
    g_assert_cmpint(status.st_size, <, 1024 * 1024);
}

static void
test_reopened(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    must_commit(tx);
    guint64 revision = store_revision(f->store);
    reopen(f);
    g_assert_cmpuint(store_revision(f->store), ==, revision);
    tx = must_write(f->store);
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    g_assert_cmpstr(set->name, ==, "s");
    g_assert_true(store_set_update(tx, set, 0, NULL));
    g_assert_cmpuint(set->etag, >, revision);
    store_abort(tx);
}

static void
test_empty_file_is_migrated(Fixture *f, const void *data G_GNUC_UNUSED)
{
    store_close(f->store);
    g_assert_cmpint(g_unlink(f->path), ==, 0);
    g_assert_true(g_file_set_contents(f->path, "", 0, NULL));
    f->store = NULL;
    reopen(f);
    g_assert_cmpint(number_of(f->store->writer.db, "PRAGMA user_version"), ==, (int)schema_n_steps);
    StoreTx *tx = must_write(f->store);
    set_add(tx, "g", "s");
    must_commit(tx);
}

static void
test_newer_file_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    store_close(g_steal_pointer(&f->store));
    sql_on_file(f->path, "PRAGMA user_version = 4711");
    assert_refused(f, "schema version 4711, made by a newer Testudo");
}

static void
test_other_databases_are_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    store_close(g_steal_pointer(&f->store));
    g_assert_cmpint(g_unlink(f->path), ==, 0);
    sql_on_file(f->path, "CREATE TABLE contacts (name TEXT)");
    assert_refused(f, "is a database of another program");
    sql_on_file(f->path, "PRAGMA user_version = -3");
    assert_refused(f, "is a database of another program");
}

static void
test_garbage_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    store_close(g_steal_pointer(&f->store));
    g_assert_true(g_file_set_contents(f->path, "this is a text and no database at all, as long as it is", -1, NULL));
    assert_refused(f, "is damaged or is not a database");
}

static void
test_damaged_pages_are_told(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    for (guint id = 0; id < 500; id++)
        instance_add(tx, set_id, id, 1);
    must_commit(tx);
    store_close(g_steal_pointer(&f->store));
    g_autofree char *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(f->path, &bytes, &length, NULL));
    /* All but the first page, which holds the schema. */
    g_assert_cmpuint(length, >, 8192);
    memset(bytes + 4096, 0x5a, length - 4096);
    g_assert_true(g_file_set_contents(f->path, bytes, (gssize)length, NULL));
    GError *error = NULL;
    f->store = store_open(f->path, &error);
    tx = f->store ? store_read(f->store, &error) : NULL;
    g_autoptr(GPtrArray) list = tx ? store_instance_list(tx, set_id, &error) : NULL;
    g_assert_null(list);
    store_abort(tx);
    assert_arm_error(error, ARM_INTERNAL, "is damaged or is not a database");
}

static void
test_missing_folder_is_told(Fixture *f, const void *data G_GNUC_UNUSED)
{
    GError *error = NULL;
    g_autofree char *path = g_build_filename(f->dir, "none", "test.db", NULL);
    g_assert_null(store_open(path, &error));
    assert_arm_error(error, ARM_INTERNAL, path);
}

/* A schema with a past: every version of it is brought to the newest, a step that fails leaves the
 * last good one. */
static void
test_steps(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const steps[] = {
        "CREATE TABLE a (x); INSERT INTO a VALUES (1);",
        "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1;",
        "CREATE TABLE b AS SELECT y * 10 AS z FROM a;",
    };
    const char *const broken[] = { steps[0], "UPDATE a SET x = 5; UPDATE nothing SET x = 1;" };
    for (guint from = 0; from <= G_N_ELEMENTS(steps); from++) {
        g_autofree char *path = g_strdup_printf("%s/steps-%u.db", f->dir, from);
        g_autoptr(GError) error = NULL;
        Connection connection = { 0 };
        g_assert_true(connection_open(&connection, path, /* writes= */ TRUE, NULL));
        g_assert_true(schema_migrate(&connection, steps, from, NULL));
        g_assert_cmpint(number_of(connection.db, "PRAGMA user_version"), ==, (int)from);
        schema_migrate(&connection, steps, G_N_ELEMENTS(steps), &error);
        g_assert_no_error(error);
        g_assert_cmpint(number_of(connection.db, "PRAGMA user_version"), ==, 3);
        g_assert_cmpint(number_of(connection.db, "SELECT z FROM b"), ==, 20);
        connection_close(&connection);
    }
    GError *error = NULL;
    Connection connection = { 0 };
    g_autofree char *path = g_build_filename(f->dir, "broken.db", NULL);
    g_assert_true(connection_open(&connection, path, /* writes= */ TRUE, NULL));
    g_assert_false(schema_migrate(&connection, broken, G_N_ELEMENTS(broken), &error));
    assert_arm_error(error, ARM_INTERNAL, "bring its schema to version 2");
    g_assert_cmpint(number_of(connection.db, "PRAGMA user_version"), ==, 1);
    g_assert_cmpint(number_of(connection.db, "SELECT x FROM a"), ==, 1);
    connection_close(&connection);
}

static void
must_run(sqlite3 *db, const char *text)
{
    char *message = NULL;
    sqlite3_exec(db, text, NULL, NULL, &message);
    if (message)
        g_error("%s: %s", text, message);
}

/* Every column of an instance that is none of its key gets a value of its own, as a file of that version may have it. */
static void
older_file_make(const char *path, guint version)
{
    Connection connection = { 0 };
    g_assert_true(connection_open(&connection, path, /* writes= */ TRUE, NULL));
    g_assert_true(schema_migrate(&connection, schema_steps, version, NULL));
    must_run(connection.db, "CREATE TABLE keys (set_id, id); INSERT INTO keys VALUES (2, 3), (1, 7), (1, 0);"
                            "INSERT INTO sets (id, uid, \"group\", name, location, etag, revision, effect_key, next_instance,"
                            " capacity, deleting, state, created)"
                            " SELECT id, 'u' || id, 'g', 's' || id, 'here', id, 1, 'e', 9, 2, 0, 'Succeeded', 0"
                            " FROM (SELECT DISTINCT set_id AS id FROM keys)");
    g_autoptr(GString) names = g_string_new(NULL), values = g_string_new(NULL);
    sqlite3_stmt *columns = NULL;
    g_assert_cmpint(sqlite3_prepare_v2(connection.db,
                                       "SELECT name, cid + 100 FROM pragma_table_info('instances')"
                                       " WHERE name NOT IN ('set_id', 'id', 'want_power', 'state', 'health', 'roll_mark')",
                                       -1, &columns, NULL),
                    ==, SQLITE_OK);
    while (sqlite3_step(columns) == SQLITE_ROW) {
        g_string_append_printf(names, ", %s", (const char *)sqlite3_column_text(columns, 0));
        g_string_append_printf(values, ", %d + id", sqlite3_column_int(columns, 1));
    }
    sqlite3_finalize(columns);
    g_autofree char *fill =
        g_strdup_printf("INSERT INTO instances (set_id, id, want_power, state%s) SELECT set_id, id, 'stopped', 'failed'%s"
                        " FROM keys; CREATE TABLE older AS SELECT * FROM instances",
                        names->str, values->str);
    must_run(connection.db, fill);
    connection_close(&connection);
}

/* Instances got another place: whatever was in them is there still, and is found where it lies now. */
static void
test_instances_of_an_older_file(Fixture *f, const void *data G_GNUC_UNUSED)
{
    for (guint version = 1; version <= 2; version++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_strdup_printf("%s/older-%u.db", f->dir, version);
        older_file_make(path, version);
        Store *store = store_open(path, &error);
        g_assert_no_error(error);
        sqlite3 *db = store->writer.db;
        g_assert_cmpint(number_of(db, "SELECT count(*) FROM older"), ==, 3);
        sqlite3_stmt *columns = NULL;
        g_assert_cmpint(sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info('older')", -1, &columns, NULL), ==,
                        SQLITE_OK);
        while (sqlite3_step(columns) == SQLITE_ROW) {
            const char *name = (const char *)sqlite3_column_text(columns, 0);
            if (strcmp(name, "repair_after") == 0 || g_str_has_prefix(name, "undo_"))
                continue;
            g_autofree char *same = g_strdup_printf("SELECT count(*) FROM older o JOIN instances i ON i.set_id = o.set_id"
                                                    " AND i.id = o.id AND i.\"%1$s\" IS o.\"%1$s\"",
                                                    name);
            if (number_of(db, same) != 3)
                g_error("version %u: instances.%s is not what it was", version, name);
        }
        sqlite3_finalize(columns);
        StoreTx *tx = must_write(store);
        g_autoptr(StoreInstance) one = store_instance_get(tx, 1, 7, NULL);
        g_assert_cmpuint(one->id, ==, 7);
        /* Whence the grace period of automatic repair is counted. */
        /* No rolling upgrade is under way that could put it back. */
        g_assert_cmpuint(one->undo_revision, ==, 0);
        g_assert_cmpuint(one->undo_disk_gen, ==, 0);
        g_assert_cmpint(one->repair_after, ==, one->state_since);
        g_autoptr(GPtrArray) all = store_instance_list(tx, 1, NULL);
        g_assert_cmpuint(all->len, ==, 2);
        g_assert_true(store_set_delete(tx, 1, NULL));
        must_commit(tx);
        g_assert_cmpint(number_of(db, "SELECT count(*) FROM instances"), ==, 1);
        store_close(store);
    }
}

/* The last version in which what is done to an instance was in its row, and records in their changes'. */
#define CHANGES_AS_THEY_WERE 20

static void
test_changes_of_an_older_file(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strconcat(f->dir, "/changes.db", NULL);
    Connection connection = { 0 };
    g_assert_true(connection_open(&connection, path, /* writes= */ TRUE, NULL));
    g_assert_true(schema_migrate(&connection, schema_steps, CHANGES_AS_THEY_WERE, NULL));
    must_run(
        connection.db,
        "INSERT INTO upgrades (id, name, set_id, resource, kind, operation, caller, target, back, started, ended, closed,"
        " record) VALUES (1, 'a', 5, '/r', 'RollingUpgrade', 'o1', 'owner', 2, 0, 1704067200000000, 0, 0, NULL),"
        " (2, 'b', 5, '/r', 'RollingUpgrade', 'o2', 'owner', 3, 0, 9, 10, 11, 'eyJ.e.s');"
        "INSERT INTO upgrade_members (change, set_id, instance, from_revision, what, before, down_since, downs, gone) VALUES"
        " (1, 5, 0, 1, '{\"change\":\"x\"}', 'b', 7, NULL, 0), (1, 5, 1, 1, '{\"change\":\"y\"}', NULL, 0,"
        " '[{\"from\":\"2024-01-01T00:00:01.500000Z\",\"to\":\"2024-01-01T00:00:03.000000Z\",\"usec\":1500000}]', 8),"
        " (1, 5, 2, 1, '{\"change\":\"x\"}', NULL, 0, NULL, 0), (2, 5, 0, 2, 'over', NULL, 0, NULL, 0)");
    connection_close(&connection);
    Store *store = store_open(path, &error);
    g_assert_no_error(error);
    StoreTx *tx = must_write(store);
    g_autoptr(StoreUpgrade) open = store_upgrade_get(tx, "a", NULL), closed = store_upgrade_get(tx, "b", NULL);
    g_autoptr(GPtrArray) list = store_upgrade_list_open(tx, NULL), whats = store_upgrade_whats(tx, 1, NULL);
    g_autoptr(GPtrArray) members = store_upgrade_members(tx, open, 0, 10, NULL),
                         over = store_upgrade_members(tx, closed, 0, 10, NULL);
    g_autofree char *record = store_upgrade_record(tx, 2, NULL);
    g_assert_true(list->len == 1 && whats->len == 2 && members->len == 3 && over->len == 0 && closed->closed == 11);
    g_assert_cmpstr(record, ==, "eyJ.e.s");
    static const char *const expected[] = { "x 7 - 0", "y 0 [1000000,1500000] 8", "x 0 - 0" };
    for (guint i = 0; i < members->len; i++) {
        const StoreUpgradeMember *member = g_ptr_array_index(members, i);
        const char *what = g_ptr_array_index(whats, member->what);
        g_autofree char *text = g_strdup_printf("%c %" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT, what[strlen("{\"change\":\"")],
                                                member->down_since, member->downs ? member->downs : "-", member->gone);
        g_assert_cmpstr(text, ==, expected[i]);
    }
    store_abort(tx);
    store_close(store);
}

/* The partial indexes have the enum's text in them. */
static void
test_queries_use_their_indexes(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        Sql id;
        const char *index;
    } cases[] = {
        { SQL_OPERATION_IN_PROGRESS_SET, "operations_in_progress" },
        { SQL_OPERATION_PRUNE, "operations_by_end" },
        { SQL_INSTANCE_CHANGED, "instances_by_touch" },
        { SQL_INSTANCE_GET, "INTEGER PRIMARY KEY (rowid=?)" },
        { SQL_INSTANCE_LIST, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
        { SQL_INSTANCE_PAGE, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
        { SQL_INSTANCE_UPDATE_STEP, "INTEGER PRIMARY KEY (rowid=?)" },
        { SQL_INSTANCE_COUNT, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
        { SQL_SET_CHANGED, "COVERING INDEX sets_by_etag" },
        { SQL_USAGE_CORES, "COVERING INDEX instances_by_want" },
        { SQL_IMAGE_USES, "models_by_image" },
    };
    g_assert_cmpstr(operation_status_text(OPERATION_IN_PROGRESS), ==, "InProgress");
    StoreTx *tx = must_write(f->store);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) plan = g_string_new(NULL);
        const char *text = sqlite3_sql(sql_prepare(tx, cases[i].id, NO_PARAMS, NULL));
        g_autofree char *explain = g_strconcat("EXPLAIN QUERY PLAN ", text, NULL);
        sqlite3_stmt *statement = NULL;
        g_assert_cmpint(sqlite3_prepare_v2(f->store->writer.db, explain, -1, &statement, NULL), ==, SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW)
            g_string_append_printf(plan, "%s\n", (const char *)sqlite3_column_text(statement, 3));
        sqlite3_finalize(statement);
        if (!strstr(plan->str, cases[i].index))
            g_error("%s is not used:\n%s%s", cases[i].index, plan->str, text);
    }
    store_abort(tx);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add_file("only-its-owner-reads-it", test_only_its_owner_reads_it);
    fixture_add_file("settings-of-the-connection", test_settings_of_the_connection);
    fixture_add_file("log-has-room-of-its-own", test_log_has_room_of_its_own);
    fixture_add_file("reopened", test_reopened);
    fixture_add_file("empty-file-is-migrated", test_empty_file_is_migrated);
    fixture_add_file("newer-file-is-refused", test_newer_file_is_refused);
    fixture_add_file("other-databases-are-refused", test_other_databases_are_refused);
    fixture_add_file("garbage-is-refused", test_garbage_is_refused);
    fixture_add_file("damaged-pages-are-told", test_damaged_pages_are_told);
    fixture_add_file("missing-folder-is-told", test_missing_folder_is_told);
    fixture_add_file("steps", test_steps);
    fixture_add_file("instances-of-an-older-file", test_instances_of_an_older_file);
    fixture_add_file("changes-of-an-older-file", test_changes_of_an_older_file);
    fixture_add("queries-use-their-indexes", test_queries_use_their_indexes);
    return g_test_run();
}
