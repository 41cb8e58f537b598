/* What was committed stays: through a kill, and when the disk is full. */
#include "fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child writes sets "0", "1", … and tells after each commit; it is killed while it writes. */
static G_NORETURN void
write_until_killed(const char *path, int told)
{
    Store *store = store_open(path, NULL);
    for (guint i = 0; store; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        StoreTx *tx = store_write(store, NULL);
        gint64 set_id = set_add(tx, "g", name);
        for (guint id = 0; id < 20; id++)
            instance_add(tx, set_id, id, 1);
        if (!store_commit(tx, NULL) || write(told, &i, sizeof i) != sizeof i)
            break;
    }
    _exit(1);
}

static void
killed_once(Fixture *f, guint round)
{
    int told[2];
    guint last = 0, n_told = 0;
    g_autofree char *path = g_strdup_printf("%s/killed-%u.db", f->dir, round);
    g_assert_cmpint(pipe(told), ==, 0);
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0)
        write_until_killed(path, told[1]);
    close(told[1]);
    /* A different moment each time, and always in the midst of writing. */
    while (n_told < 3 + round * 5 && read(told[0], &last, sizeof last) == sizeof last)
        n_told++;
    g_assert_cmpuint(n_told, ==, 3 + round * 5);
    kill(child, SIGKILL);
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFSIGNALED(status));
    while (read(told[0], &last, sizeof last) == sizeof last)
        n_told++;
    close(told[0]);

    g_autoptr(GError) error = NULL;
    Store *store = store_open(path, &error);
    g_assert_no_error(error);
    StoreTx *tx = must_write(store);
    g_autoptr(GPtrArray) sets = store_set_list(tx, "g", NULL);
    g_assert_cmpuint(sets->len, >=, n_told);
    g_assert_cmpuint(sets->len, <=, n_told + 1); /* committed, but killed before it told */
    for (guint i = 0; i < n_told; i++) {
        StoreInstanceCounts counts;
        g_autofree char *name = g_strdup_printf("%u", i);
        g_autoptr(StoreSet) set = store_set_get(tx, "g", name, NULL);
        g_assert_nonnull(set);
        g_assert_true(store_instance_count(tx, set->id, &counts, NULL));
        g_assert_cmpuint(counts.total, ==, 20);
        g_assert_cmpuint(set->etag, <=, store_revision(store));
    }
    set_add(tx, "g", "after");
    must_commit(tx);
    g_assert_cmpint(number_of(store->writer.db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), ==, 1);
    store_close(store);
}

static void
test_killed_while_writing(Fixture *f, const void *data G_GNUC_UNUSED)
{
    for (guint round = 0; round < 6; round++)
        killed_once(f, round);
}

/* Fills the store until it cannot grow; gives what the failing call said, NULL where none did. */
static GError *
fill_until_full(Store *store, guint *ret_kept)
{
    GError *error = NULL;
    g_autofree char *large = g_strnfill(100000, 'x');
    for (*ret_kept = 0; *ret_kept < 1000; (*ret_kept)++) {
        g_autofree char *name = g_strdup_printf("%u", *ret_kept);
        StoreTx *tx = store_write(store, &error);
        if (!tx)
            return error;
        if (!store_setting_set(tx, name, large, &error)) {
            store_abort(tx);
            return error;
        }
        if (!store_commit(tx, &error))
            return error;
    }
    return NULL;
}

static void
assert_kept(Store *store, guint kept)
{
    StoreTx *tx = must_read(store);
    for (guint i = 0; i <= kept; i++) {
        g_autofree char *name = g_strdup_printf("%u", i), *value = NULL;
        g_assert_true(store_setting_get(tx, name, &value, NULL));
        if (i < kept)
            g_assert_cmpuint(strlen(value), ==, 100000);
        else
            g_assert_null(value);
    }
    store_abort(tx);
}

static void
test_full_by_pages(Fixture *f, const void *data G_GNUC_UNUSED)
{
    guint kept;
    sqlite3_exec(f->store->writer.db, "PRAGMA max_page_count = 200", NULL, NULL, NULL);
    GError *error = fill_until_full(f->store, &kept);
    assert_arm_error(error, ARM_HOST_DISK_FULL, "The disk that holds the store is full");
    g_assert_cmpuint(kept, >, 2);
    assert_kept(f->store, kept);
    sqlite3_exec(f->store->writer.db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    StoreTx *tx = must_write(f->store);
    set_add(tx, "g", "s");
    must_commit(tx);
}

/* A call that comes after the one that failed must not be kept alone. */
static void
test_full_and_going_on(Fixture *f, const void *data G_GNUC_UNUSED)
{
    GError *error = NULL;
    g_autofree char *large = g_strnfill(10000000, 'x');
    sqlite3_exec(f->store->writer.db, "PRAGMA max_page_count = 200", NULL, NULL, NULL);
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_setting_set(tx, "first", "1", NULL));
    g_assert_false(store_setting_set(tx, "large", large, &error));
    assert_arm_error(g_steal_pointer(&error), ARM_HOST_DISK_FULL, "full");
    sqlite3_exec(f->store->writer.db, "ROLLBACK", NULL, NULL, NULL); /* as SQLite may do by itself */
    g_assert_false(store_setting_set(tx, "second", "2", &error));
    assert_arm_error(g_steal_pointer(&error), ARM_INTERNAL, "took this transaction back");
    g_assert_false(store_commit(tx, &error));
    assert_arm_error(error, ARM_INTERNAL, "took this transaction back");
    tx = must_read(f->store);
    g_autofree char *first = NULL, *second = NULL;
    g_assert_true(store_setting_get(tx, "first", &first, NULL));
    g_assert_true(store_setting_get(tx, "second", &second, NULL));
    g_assert_null(first);
    g_assert_null(second);
    store_abort(tx);
}

static G_NORETURN void
fill_under_a_limit(const char *path)
{
    guint kept;
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    Store *store = store_open(path, NULL);
    if (!store || getrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(2);
    limit.rlim_cur = 1000000;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(2);
    g_autoptr(GError) error = fill_until_full(store, &kept);
    if (!error)
        _exit(3);
    if (!g_error_matches(error, ARM_ERROR, ARM_HOST_DISK_FULL))
        g_error("not known as a full disk: %s", error->message);
    if (kept < 3)
        _exit(4);
    assert_kept(store, kept);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(2);
    StoreTx *tx = must_write(store);
    set_add(tx, "g", "after");
    must_commit(tx);
    _exit(0);
}

static void
test_full_file(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(f->dir, "limited.db", NULL);
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0)
        fill_under_a_limit(path);
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add_file("killed-while-writing", test_killed_while_writing);
    fixture_add("full-by-pages", test_full_by_pages);
    fixture_add("full-and-going-on", test_full_and_going_on);
    fixture_add_file("full-file", test_full_file);
    return g_test_run();
}
