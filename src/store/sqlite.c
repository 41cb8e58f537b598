/* The store itself: its connections and its transactions.
 *
 * A file has one connection that writes, under write_lock, and a pool of read-only ones: in WAL
 * mode each of them sees the snapshot of its BEGIN and waits for nobody. So a thread that holds a
 * write transaction may begin a read one: it sees what was committed before.
 *
 * ":memory:" has one connection. Every transaction holds write_lock for as long as it lasts, so
 * reads are serialised too. The lock is recursive: a read begun by the thread that holds a write
 * sees that write's own changes, and a write begun within a read is seen by the read. A thread that
 * waits for another one's transaction while it holds a read of its own would wait for ever; on a
 * file it would not.
 *
 * A thread that begins a second write transaction before it ended the first is a mistake in the
 * program and stops it, on both. */
#include "store/sqlite.h"

#include "base/file.h"

#include <fcntl.h>
#include <string.h>

/* Idle readers are kept up to this many: the threads of the HTTP server and the engine's. */
#define READERS_KEPT 8
/* Of the log, whoever takes the disk's last room: so what a full disk does to instances can be written down. When a checkpoint
 * finds no room for the database, commits go on in the log. Twice what it grows to between two checkpoints (1,000 pages). */
#define LOG_ROOM (8 * 1024 * 1024)
/* Only another process can make us wait, such as a backup of the file. */
#define BUSY_TIMEOUT_MS 10000

static const char setup_sql[] = "PRAGMA foreign_keys = ON;"
                                "PRAGMA cache_size = -2048;" /* KiB */
                                "PRAGMA temp_store = MEMORY;";
static const char writer_sql[] = "PRAGMA synchronous = FULL;"
                                 "PRAGMA journal_size_limit = 67108864;"; /* a burst of writes does not leave its log behind */

/* In memory every page stays in the cache, and a commit after pages were put in order goes through all of them: larger ones are
 * fewer. */
static const char memory_sql[] = "PRAGMA page_size = 16384;";

static gboolean
errno_is_full(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* The errno behind an I/O error. A COMMIT that fails does not leave it with the connection, so the
 * files are asked too: the log, where commits are written, and the database. */
static int
system_errno(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int of_log = 0, of_file = 0;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    /* A journal in memory has no such question. */
    if (log && log->pMethods && log->pMethods->xFileControl)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &of_log);
    sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &of_file);
    if (errno_is_full(of_log))
        return of_log;
    return errno_is_full(of_file) ? of_file : sqlite3_system_errno(db);
}

gboolean
sql_fail(GError **error, const Connection *connection, const char *verb)
{
    int code = connection->db ? sqlite3_errcode(connection->db) & 0xff : SQLITE_NOMEM;
    const char *text = connection->db ? sqlite3_errmsg(connection->db) : "out of memory";
    gboolean is_io = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
    int system = is_io ? system_errno(connection->db) : 0;

    if (code == SQLITE_FULL || errno_is_full(system))
        return arm_fail(error, ARM_HOST_DISK_FULL, NULL,
                        "The disk that holds the store is full: nothing of this change was kept. "
                        "Free some space and repeat it (%s).",
                        text);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return arm_fail(error, ARM_INTERNAL, NULL,
                        "The store '%s' is damaged or is not a database (%s). Stop the daemon, "
                        "keep the file, and put a copy from before in its place.",
                        connection->path, text);
    if (is_io)
        return arm_fail(error, ARM_INTERNAL, NULL, "The store '%s' failed to %s: %s (%s).", connection->path, verb, text,
                        system ? g_strerror(system) : "no reason given");
    return arm_fail(error, ARM_INTERNAL, NULL, "The store '%s' failed to %s: %s.", connection->path, verb, text);
}

void
connection_close(Connection *connection)
{
    for (int i = 0; i < SQL_N; i++)
        sqlite3_finalize(g_steal_pointer(&connection->statements[i]));
    sqlite3_close(g_steal_pointer(&connection->db));
}

static gboolean
is_in_memory(const char *path)
{
    return strcmp(path, ":memory:") == 0;
}

gboolean
connection_open(Connection *connection, const char *path, gboolean writes, GError **error)
{
    /* A connection is used by one thread at a time, which this room sees to. */
    int flags = SQLITE_OPEN_NOMUTEX | (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    connection->path = path;
    if (sqlite3_open_v2(path, &connection->db, flags, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(connection->db, BUSY_TIMEOUT_MS) == SQLITE_OK &&
        (!is_in_memory(path) || sqlite3_exec(connection->db, memory_sql, NULL, NULL, NULL) == SQLITE_OK) &&
        sqlite3_exec(connection->db, setup_sql, NULL, NULL, NULL) == SQLITE_OK &&
        (!writes || sqlite3_exec(connection->db, writer_sql, NULL, NULL, NULL) == SQLITE_OK))
        return TRUE;
    sql_fail(error, connection, "open");
    connection_close(connection);
    return FALSE;
}

static gboolean
wal_begin(Connection *connection, GError **error)
{
    sqlite3_stmt *statement = NULL;
    gboolean known = sqlite3_prepare_v2(connection->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) == SQLITE_OK &&
                     sqlite3_step(statement) == SQLITE_ROW;
    g_autofree char *mode = known ? g_strdup((const char *)sqlite3_column_text(statement, 0)) : NULL;
    if (!known)
        sql_fail(error, connection, "begin its log");
    sqlite3_finalize(statement);
    if (known && g_strcmp0(mode, "wal") != 0)
        return arm_fail(error, ARM_INTERNAL, NULL,
                        "The store '%s' cannot keep a write-ahead log here (its journal mode stays "
                        "'%s'): put it on a "
                        "local file system.",
                        connection->path, mode);
    return known;
}

/* Blocks beyond the log's end, which SQLite does not see. Locks are not lost by closing it: SQLite has none on its log. */
static void
log_reserve(const char *path)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    AUTO_FD fd = open(log, O_WRONLY | O_CLOEXEC);
    /* On a disk that is full already, or a file system that cannot, it takes room as it grows. */
    if (fd < 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, LOG_ROOM) != 0)
        g_info("The store's log has no room of its own: %s.", g_strerror(errno));
}

/* SQLite gives its log the mode of the file. Made here and not under a umask, which all threads
 * share. */
static gboolean
file_prepare(const char *path, GError **error)
{
    AUTO_FD fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 || errno == EEXIST || io_fail(error, "create", path);
}

static gboolean
counter_read(StoreTx *tx, guint64 *ret_counter, GError **error)
{
    gint64 counter;
    gboolean found;
    if (!sql_number(tx, SQL_COUNTER_GET, NO_PARAMS, &counter, &found, error))
        return FALSE;
    if (!found || counter < 0)
        return arm_fail(error, ARM_INTERNAL, NULL, "The store '%s' has lost its counter.", tx->store->path);
    *ret_counter = (guint64)counter;
    return TRUE;
}

static gboolean
store_bring_up(Store *store, GError **error)
{
    StoreTx tx = { .store = store, .connection = &store->writer };
    return (store->in_memory || file_prepare(store->path, error)) &&
           connection_open(&store->writer, store->path, /* writes= */ TRUE, error) &&
           schema_migrate(&store->writer, schema_steps, schema_n_steps, error) &&
           (store->in_memory || wal_begin(&store->writer, error)) && counter_read(&tx, &store->revision, error);
}

/* Nobody asks SQLite how much memory it has: counted, each piece of it takes a lock of the whole process. */
static void
sqlite_set_up(void)
{
    static gsize done = 0;
    if (g_once_init_enter(&done)) {
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        g_once_init_leave(&done, 1);
    }
}

Store *
store_open(const char *path, GError **error)
{
    Store *store = g_new0(Store, 1);
    sqlite_set_up();
    store->path = g_strdup(path);
    store->in_memory = is_in_memory(path);
    g_rec_mutex_init(&store->write_lock);
    g_mutex_init(&store->pool_lock);
    g_queue_init(&store->readers);
    if (store_bring_up(store, error)) {
        if (!store->in_memory)
            log_reserve(store->path);
        return store;
    }
    store_close(store);
    return NULL;
}

static void
reader_free(Connection *reader)
{
    connection_close(reader);
    g_free(reader);
}

void
store_close(Store *store)
{
    if (!store)
        return;
    g_queue_clear_full(&store->readers, (GDestroyNotify)reader_free);
    /* Last, because the last connection is the one that folds the log into the file. */
    connection_close(&store->writer);
    changes_clear(store);
    g_rec_mutex_clear(&store->write_lock);
    g_mutex_clear(&store->pool_lock);
    g_free(store->path);
    g_free(store);
}

void
store_set_listener(Store *store, void (*committed)(void *data), void *data)
{
    store->committed = committed;
    store->committed_data = data;
}

guint64
store_revision(Store *store)
{
    return __atomic_load_n(&store->revision, __ATOMIC_ACQUIRE);
}

static Connection *
reader_take(Store *store, GError **error)
{
    g_mutex_lock(&store->pool_lock);
    Connection *reader = g_queue_pop_head(&store->readers);
    g_mutex_unlock(&store->pool_lock);
    if (reader)
        return reader;
    reader = g_new0(Connection, 1);
    if (connection_open(reader, store->path, /* writes= */ FALSE, error))
        return reader;
    g_free(reader);
    return NULL;
}

static void
reader_give_back(Store *store, Connection *reader)
{
    gboolean keep = sqlite3_get_autocommit(reader->db);
    g_mutex_lock(&store->pool_lock);
    keep = keep && g_queue_get_length(&store->readers) < READERS_KEPT;
    if (keep)
        g_queue_push_head(&store->readers, reader);
    g_mutex_unlock(&store->pool_lock);
    if (!keep)
        reader_free(reader);
}

static void
tx_release(StoreTx *tx)
{
    if (tx->connection == &tx->store->writer)
        g_rec_mutex_unlock(&tx->store->write_lock);
    else
        reader_give_back(tx->store, tx->connection);
    g_free(tx);
}

/* In memory a read has no transaction of SQLite's: the lock is its snapshot, and a write may begin
 * within it. */
static gboolean
tx_is_plain_lock(const StoreTx *tx)
{
    return tx->store->in_memory && !tx->writes;
}

StoreTx *
store_read(Store *store, GError **error)
{
    guint64 counter;
    StoreTx *tx = g_new0(StoreTx, 1);
    tx->store = store;
    if (store->in_memory) {
        g_rec_mutex_lock(&store->write_lock);
        tx->connection = &store->writer;
        return tx;
    }
    tx->connection = reader_take(store, error);
    if (!tx->connection) {
        g_free(tx);
        return NULL;
    }
    /* BEGIN alone takes no snapshot yet: the first read does. */
    if (sql_run(tx, SQL_BEGIN_READ, NO_PARAMS, NULL, error) && counter_read(tx, &counter, error))
        return tx;
    store_abort(tx);
    return NULL;
}

StoreTx *
store_write(Store *store, GError **error)
{
    guint64 counter;
    g_rec_mutex_lock(&store->write_lock);
    g_assert(sqlite3_get_autocommit(store->writer.db));
    StoreTx *tx = g_new0(StoreTx, 1);
    tx->store = store;
    tx->connection = &store->writer;
    tx->writes = TRUE;
    tx->changes_before = sqlite3_total_changes64(store->writer.db);
    if (sql_run(tx, SQL_BEGIN_WRITE, NO_PARAMS, NULL, error) && counter_read(tx, &counter, error)) {
        store->issued = MAX(store->issued, counter);
        return tx;
    }
    store_abort(tx);
    return NULL;
}

/* An etag of an aborted transaction is not given out again: somebody may have kept it with that
 * row's text. */
guint64
tx_next_etag(StoreTx *tx)
{
    g_assert(tx->writes);
    tx->counter = ++tx->store->issued;
    return tx->counter;
}

guint64
store_tx_issued(const StoreTx *tx)
{
    g_assert(tx->writes);
    return tx->store->issued;
}

void
store_abort(StoreTx *tx)
{
    if (!tx)
        return;
    if (!tx_is_plain_lock(tx) && !sqlite3_get_autocommit(tx->connection->db))
        sql_run(tx, SQL_ROLLBACK, NO_PARAMS, NULL, NULL);
    if (tx->writes)
        changes_forget(tx->store);
    tx_release(tx);
}

static gboolean
tx_finish(StoreTx *tx, GError **error)
{
    if (tx_is_plain_lock(tx))
        return TRUE;
    if (tx->writes)
        changes_number(tx);
    if (tx->counter && !sql_run(tx, SQL_COUNTER_SET, PARAMS(number_param((gint64)tx->counter)), NULL, error))
        return FALSE;
    return sql_run(tx, SQL_COMMIT, NO_PARAMS, NULL, error);
}

gboolean
store_commit(StoreTx *tx, GError **error)
{
    Store *store = tx->store;
    if (!tx_finish(tx, error)) {
        store_abort(tx);
        return FALSE;
    }
    gboolean changed = tx->writes && sqlite3_total_changes64(tx->connection->db) != tx->changes_before;
    if (tx->counter)
        __atomic_store_n(&store->revision, tx->counter, __ATOMIC_RELEASE);
    if (tx->writes)
        changes_tell(store);
    tx_release(tx);
    if (changed && store->committed)
        store->committed(store->committed_data);
    return TRUE;
}
