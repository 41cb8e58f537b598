/* store/sqlite.h: inside the store room: connections, the table of statements, and rows that are
 * described by tables of columns. */
#pragma once

#include "store/changes.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stddef.h>

/* Every SQL text that runs in a transaction is a row of one table (statements.c); a connection
 * prepares each of them once, when it is first needed. */
typedef enum {
    SQL_BEGIN_READ,
    SQL_BEGIN_WRITE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_COUNTER_GET,
    SQL_COUNTER_SET,
    SQL_SETTING_GET,
    SQL_SETTING_SET,
    SQL_GROUP_GET,
    SQL_GROUP_LIST,
    SQL_GROUP_INSERT,
    SQL_GROUP_UPDATE,
    SQL_GROUP_DELETE,
    SQL_SET_GET,
    SQL_SET_GET_BY_ID,
    SQL_SET_GET_BY_UID,
    SQL_SET_LIST,
    SQL_SET_LIST_GROUP,
    SQL_SET_CHANGED,
    SQL_SET_INSERT,
    SQL_SET_UPDATE,
    SQL_SET_ETAG,
    SQL_SET_DELETE,
    SQL_MODEL_GET,
    SQL_MODEL_LIST,
    SQL_MODEL_STANDING,
    SQL_MODEL_LIST_STANDING,
    SQL_MODEL_INSERT,
    SQL_MODEL_ALIKE,
    SQL_MODEL_PRUNE,
    SQL_INSTANCE_GET,
    SQL_INSTANCE_LIST,
    SQL_INSTANCE_PAGE,
    SQL_INSTANCE_CHANGED,
    SQL_INSTANCE_UNDOABLE,
    SQL_INSTANCE_INSERT,
    SQL_INSTANCE_UPDATE,
    SQL_INSTANCE_UPDATE_STEP,
    SQL_INSTANCE_ETAG,
    SQL_INSTANCE_DELETE,
    SQL_INSTANCE_ETAGS,
    SQL_INSTANCE_COUNT,
    SQL_INSTANCE_OUTDATED,
    SQL_USAGE_CORES,
    SQL_USAGE_KEPT,
    SQL_USAGE_SETS,
    SQL_OPERATION_GET,
    SQL_OPERATION_INSERT,
    SQL_OPERATION_UPDATE,
    SQL_OPERATION_IN_PROGRESS,
    SQL_OPERATION_IN_PROGRESS_SET,
    SQL_OPERATION_PRUNE,
    SQL_ROLL_ACTIVE,
    SQL_ROLL_LATEST,
    SQL_ROLL_LIST,
    SQL_ROLL_INSERT,
    SQL_ROLL_UPDATE,
    SQL_ROLL_PRUNE,
    SQL_ROLL_COUNT,
    SQL_EVENT_INSERT,
    SQL_EVENT_LIST,
    SQL_EVENT_LIST_RESOURCE,
    SQL_EVENT_PRUNE,
    SQL_IMAGE_GET,
    SQL_IMAGE_LIST,
    SQL_IMAGE_VERSIONS,
    SQL_IMAGE_INSERT,
    SQL_IMAGE_BOOT_CHAIN,
    SQL_IMAGE_DELETE,
    SQL_IMAGE_USES,
    SQL_DISK_GET,
    SQL_DISK_LIST,
    SQL_DISK_LIST_SET,
    SQL_DISK_LIST_INSTANCE,
    SQL_DISK_PUT,
    SQL_DISK_DELETE,
    SQL_VTPM_GET,
    SQL_VTPM_LIST,
    SQL_VTPM_OF_KEY,
    SQL_VTPM_PUT,
    SQL_UPGRADE_LIST_OPEN,
    SQL_UPGRADE_LIST,
    SQL_UPGRADE_GET,
    SQL_UPGRADE_OF_OPERATION,
    SQL_UPGRADE_INSERT,
    SQL_UPGRADE_UPDATE,
    SQL_UPGRADE_PRUNE,
    SQL_UPGRADE_DELETE,
    SQL_UPGRADE_MEMBERS,
    SQL_UPGRADE_MEMBER_DOWN,
    SQL_UPGRADE_MEMBER_UP,
    SQL_UPGRADE_MEMBER_GONE,
    SQL_UPGRADE_UNSETTLED,
    SQL_UPGRADE_MEMBER_ADD,
    SQL_UPGRADE_MEMBERS_DELETE,
    SQL_UPGRADE_WHATS,
    SQL_UPGRADE_WHAT_ADD,
    SQL_UPGRADE_WHATS_DELETE,
    SQL_UPGRADE_RECORD,
    SQL_UPGRADE_RECORD_ADD,
    SQL_ASSESSMENT_GET,
    SQL_ASSESSMENT_PUT,
    SQL_ATTESTATION_LIST,
    SQL_ATTESTATION_INSERT,
    SQL_ATTESTATION_PRUNE,
    SQL_ATTESTATION_FORGET,
    SQL_LOG_GET,
    SQL_LOG_INSERT,
    SQL_LOG_PRUNE,
    SQL_COMPONENTS_GET,
    SQL_COMPONENTS_PUT,
    SQL_BASELINE_GET,
    SQL_BASELINE_LIST,
    SQL_BASELINE_LIST_IMAGE,
    SQL_BASELINE_INSERT,
    SQL_BASELINE_WITHDRAW,
    SQL_BASELINE_RESTORE,
    SQL_BASELINE_LIST_SUPERSEDED,
    SQL_BASELINE_LIST_UNNEEDED,
    SQL_BASELINE_LIST_AGAIN,
    SQL_ALERT_GET,
    SQL_ALERT_GET_BY_ID,
    SQL_ALERT_LIST,
    SQL_ALERT_LIST_GROUP,
    SQL_ALERT_LIST_OPEN,
    SQL_ALERT_LIST_TOLD,
    SQL_ALERT_LIST_SUPPRESSED,
    SQL_ALERT_INSERT,
    SQL_ALERT_UPDATE,
    SQL_ALERT_PRUNE,
    SQL_DELIVERY_INSERT,
    SQL_DELIVERY_NEXT,
    SQL_DELIVERY_UPDATE,
    SQL_DELIVERY_DELETE,
    SQL_SUPPRESSION_GET,
    SQL_SUPPRESSION_LIST,
    SQL_SUPPRESSION_PUT,
    SQL_SUPPRESSION_DELETE,
    SQL_SESSION_LIST,
    SQL_SESSION_INSERT,
    SQL_SESSION_USE,
    SQL_SESSION_DELETE,
    SQL_DEPLOYMENT_GET,
    SQL_DEPLOYMENT_LIST,
    SQL_DEPLOYMENT_PUT,
    SQL_DEPLOYMENT_PRUNE,
    SQL_DEPLOYMENT_OUTPUTS,
    SQL_DEPLOYMENT_DELETE,
    SQL_DEPLOYMENT_PART_INSERT,
    SQL_DEPLOYMENT_PARTS,
    SQL_N
} Sql;

typedef struct {
    sqlite3 *db;
    const char *path; /* the Store's, for messages */
    sqlite3_stmt *statements[SQL_N];
} Connection;

struct Store {
    char *path;
    gboolean in_memory;   /* one connection for everything, under write_lock */
    GRecMutex write_lock; /* held by a write transaction; in memory by each transaction */
    Connection writer;
    GMutex pool_lock; /* of `readers` alone; nothing is called while it is held */
    GQueue readers;   /* of Connection, idle */
    guint64 revision; /* atomic: the counter after the last commit */
    guint64 issued;   /* under write_lock: the highest etag ever given out, aborted ones too */
    void (*committed)(void *data);
    void *committed_data;
    StoreTold told; /* under write_lock, as all below; NULL: nobody listens */
    void *told_data;
    GPtrArray *changes;  /* of StoreChange, what the write transaction has changed so far */
    GHashTable *changed; /* the same, as their own keys */
};

struct StoreTx {
    Store *store;
    Connection *connection;
    gboolean writes;
    guint64 counter;       /* the last etag given out; 0: none in this transaction */
    gint64 changes_before; /* sqlite3_total_changes64() at its beginning */
};

/* ---- connections (sqlite.c) and migrations (schema.c) ---- */

/* Step i brings a file of version i to version i + 1. */
extern const char *const schema_steps[];
extern const guint schema_n_steps;
/* Runs what the file lacks, each step in a transaction of its own. */
gboolean schema_migrate(Connection *connection, const char *const *steps, guint n_steps, GError **error);

gboolean connection_open(Connection *connection, const char *path, gboolean writes, GError **error);
void connection_close(Connection *connection); /* accepts a half-open one */

/* Sets *error from the connection's last problem ("The store failed to <verb>"); returns FALSE. */
gboolean sql_fail(GError **error, const Connection *connection, const char *verb);

/* A new etag for a row that is about to be written. */
guint64 tx_next_etag(StoreTx *tx);

/* ---- what a write transaction changes (changes.c) ---- */
void changes_number(StoreTx *tx); /* gives each its revision, before the commit */
void changes_tell(Store *store);  /* it is committed */
void changes_forget(Store *store);
void changes_clear(Store *store);

/* ---- statements (statements.c) ---- */
typedef enum { PARAM_END, PARAM_NUMBER, PARAM_TEXT, PARAM_BYTES, PARAM_UNUSED } ParamType;
typedef struct {
    ParamType type;
    gint64 number;
    const char *text; /* NULL binds NULL; outlives the call */
    GBytes *bytes;    /* the same */
} Param;

#define PARAMS(...) ((const Param[]){ __VA_ARGS__, { PARAM_END } })
#define NO_PARAMS   ((const Param[]){ { PARAM_END } })

static inline Param
number_param(gint64 number)
{
    return (Param){ .type = PARAM_NUMBER, .number = number };
}

static inline Param
text_param(const char *text)
{
    return (Param){ .type = PARAM_TEXT, .text = text };
}

static inline Param
bytes_param(GBytes *bytes)
{
    return (Param){ .type = PARAM_BYTES, .bytes = bytes };
}

/* The connection's prepared statement, ready to be stepped; owned by the connection. */
sqlite3_stmt *sql_prepare(StoreTx *tx, Sql id, const Param *params, GError **error);
/* The next row: 1 there is one, 0 none, -1 *error is set. The statement is reset but for 1. */
int sql_step(StoreTx *tx, sqlite3_stmt *statement, GError **error);
/* Runs a statement whose rows are of no interest. ret_changes: rows it touched, or NULL. */
gboolean sql_run(StoreTx *tx, Sql id, const Param *params, int *ret_changes, GError **error);
/* A DELETE that raises the store's counter when it removed something. */
gboolean sql_delete(StoreTx *tx, Sql id, const Param *params, GError **error);
/* The one number that a SELECT gives; *ret_found FALSE (and the number 0) where there is no row. */
gboolean sql_number(StoreTx *tx, Sql id, const Param *params, gint64 *ret_number, gboolean *ret_found, GError **error);

/* ---- rows by table (rows.c) ---- */
typedef enum {
    COLUMN_ROWID,  /* gint64, given by SQLite on insert */
    COLUMN_TEXT,   /* char* */
    COLUMN_BYTES,  /* GBytes*; NULL: there are none, and empty ones come back as NULL */
    COLUMN_UINT,   /* guint */
    COLUMN_INT,    /* int, gboolean */
    COLUMN_INT64,  /* gint64 */
    COLUMN_UINT64, /* guint64, up to G_MAXINT64 */
    COLUMN_ENUM,   /* an enum, in its text form */
} ColumnType;

/* Where the row of key (?1, ?2) lies, its rowid. Keys of one ?1 stand together, in the order of ?2; ?2 -1 is before all of
 * them. */
#define PLACE_OF_KEY "((?1 << 32) + ?2)"

typedef struct {
    const char *name;
    ColumnType type;
    gsize offset;
    gboolean fixed;   /* stays as it was created: an update leaves it alone */
    gboolean indexed; /* an index is of it, which an update that names it writes anew, whether its value is another or not */
    gboolean places;  /* the first key column: below 2^31, and with the second one, below 2^32, it is the place of its row */
    const char *(*to_text)(int value);
    gboolean (*from_text)(const char *text, int *ret_value);
} Column;

typedef struct {
    const char *table;
    gsize size;
    const Column *columns; /* ends with a NULL name */
    guint n_keys;          /* the first columns are the key */
    GDestroyNotify free_row;
} RowType;

#define COLUMN(row, member, kind)                                                                                              \
    {                                                                                                                          \
        .name = #member, .type = kind, .offset = offsetof(row, member)                                                         \
    }
#define COLUMN_FIXED(row, member, kind)                                                                                        \
    {                                                                                                                          \
        .name = #member, .type = kind, .offset = offsetof(row, member), .fixed = TRUE                                          \
    }

#define COLUMN_PLACES(row, member, kind)                                                                                       \
    {                                                                                                                          \
        .name = #member, .type = kind, .offset = offsetof(row, member), .fixed = TRUE, .places = TRUE                          \
    }
#define COLUMN_INDEXED(row, member, kind)                                                                                      \
    {                                                                                                                          \
        .name = #member, .type = kind, .offset = offsetof(row, member), .indexed = TRUE                                        \
    }

/* `words`: the prefix of the enum's words_text() and words_from_text(). */
#define ENUM_COLUMN(row, member, words)                                                                                        \
    {                                                                                                                          \
        .name = #member, .type = COLUMN_ENUM, .offset = offsetof(row, member), .to_text = words##_column_write,                \
        .from_text = words##_column_read                                                                                       \
    }
#define DEFINE_ENUM_COLUMN(words, Enum)                                                                                        \
    static const char *words##_column_write(int value)                                                                         \
    {                                                                                                                          \
        return words##_text((Enum)value);                                                                                      \
    }                                                                                                                          \
    static gboolean words##_column_read(const char *text, int *ret_value)                                                      \
    {                                                                                                                          \
        Enum value;                                                                                                            \
        gboolean known = words##_from_text(text, &value);                                                                      \
        if (known)                                                                                                             \
            *ret_value = (int)value;                                                                                           \
        return known;                                                                                                          \
    }

extern const RowType group_rows, set_rows, model_rows, instance_rows, operation_rows, roll_rows, event_rows, image_rows,
    disk_rows, vtpm_rows, attestation_rows, log_rows, baseline_rows, alert_rows, delivery_rows, components_rows,
    assessment_rows, upgrade_rows, upgrade_member_rows, upgrade_what_rows, upgrade_record_rows, suppression_rows, session_rows,
    deployment_rows, deployment_head_rows, deployment_part_rows;

/* The columns of a type as SQL: "a", "b" (the same with its place, for an insert); ?1, ?2; "a" = ?1, … (what an update
 * writes); and "a" = ?1 AND … (its key, and the expected etag). */
char *row_column_list(const RowType *type);
char *row_insert_columns(const RowType *type);
char *row_insert_list(const RowType *type);
char *row_update_list(const RowType *type, gboolean indexed); /* indexed: those columns too */
char *row_key_match(const RowType *type);

/* One row / all rows of a SELECT of the statement's row type. NULL without *error: no such row. */
void *row_get(StoreTx *tx, Sql id, const Param *params, GError **error);
GPtrArray *row_list(StoreTx *tx, Sql id, const Param *params, GError **error);
gboolean row_insert(StoreTx *tx, Sql id, const void *row, GError **error);
/* Writes the row where its key is and, unless expected_etag is 0, its etag is still that one;
 * *ret_written tells whether there was such a row. */
gboolean row_update(StoreTx *tx, Sql id, const void *row, guint64 expected_etag, gboolean *ret_written, GError **error);
const RowType *sql_row_type(Sql id);

/* Why an update found nothing: the row is gone, or its etag is another. `what`: "Scale set 'x'".
 * Returns FALSE. */
gboolean etag_fail(StoreTx *tx, Sql etag_of, const Param *params, guint64 expected_etag, const char *what, GError **error);
