/* In place of SQLite's own functions: the program's definitions are those that its store is linked to. */
#include "disk.h"

#include <dlfcn.h>
#include <sqlite3.h>

static struct {
    DiskWay way;
    guint after, times;
    int code;
    sqlite3 *failed; /* whose last call failed; or NULL */
    guint failures;
} disk;

void
disk_arm(DiskWay way, gboolean is_full, guint after, guint times)
{
    disk.way = way;
    disk.code = is_full ? SQLITE_FULL : SQLITE_IOERR;
    disk.after = after;
    disk.times = times;
}

void
disk_mend(void)
{
    disk.times = 0;
    disk.failed = NULL;
}

void
disk_closed(void)
{
    disk.failed = NULL;
}

guint
disk_failures(void)
{
    return disk.failures;
}

static gboolean
is_meant(sqlite3_stmt *statement)
{
    if (disk.way == DISK_COMMIT_FAILS)
        return g_strcmp0(sqlite3_sql(statement), "COMMIT") == 0;
    /* What begins a transaction counts as a write too. */
    return !sqlite3_stmt_readonly(statement) && !sqlite3_get_autocommit(sqlite3_db_handle(statement));
}

static int
fail(sqlite3 *db)
{
    disk.times--;
    disk.failures++;
    if (disk.way != DISK_WRITE_FAILS && sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        g_error("%s", sqlite3_errmsg(db));
    disk.failed = db;
    return disk.code;
}

int
sqlite3_step(sqlite3_stmt *statement)
{
    static int (*real)(sqlite3_stmt * statement);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_step");
    disk.failed = NULL;
    if (disk.times == 0 || !is_meant(statement))
        return real(statement);
    if (disk.after > 0) {
        disk.after--;
        return real(statement);
    }
    return fail(sqlite3_db_handle(statement));
}

int
sqlite3_errcode(sqlite3 *db)
{
    static int (*real)(sqlite3 * db);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_errcode");
    return disk.failed == db ? disk.code : real(db);
}
