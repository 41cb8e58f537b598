/* tests/store/fixture.h: a store to test with, in memory and in a file, and rows to fill it with.
 */
#pragma once

#include "store/sqlite.h"

typedef struct {
    Store *store;
    char *dir;  /* NULL in memory */
    char *path; /* of the file, or ":memory:" */
} Fixture;

/* Adds the test twice: /memory/NAME and /file/NAME. */
void fixture_add(const char *name, void (*test)(Fixture *fixture, const void *data));
/* Adds it for a file only. */
void fixture_add_file(const char *name, void (*test)(Fixture *fixture, const void *data));

StoreTx *must_read(Store *store);
StoreTx *must_write(Store *store);
void must_commit(StoreTx *tx);

/* Compares two rows, all bytes but padding, and their texts by content: a member that the table of
 * columns lacks is seen too (where the compiler can tell padding from members). */
#if __has_builtin(__builtin_clear_padding)
#define PADDING_CLEAR(row) __builtin_clear_padding(row)
#define WHOLE_ROWS         TRUE
#else
#define PADDING_CLEAR(row)
#define WHOLE_ROWS FALSE
#endif
#define assert_same_row(type, wanted, got)                                                                                     \
    do {                                                                                                                       \
        __typeof__(*(wanted)) wanted_row_ = *(wanted);                                                                         \
        PADDING_CLEAR(&wanted_row_);                                                                                           \
        assert_same_columns(type, &wanted_row_, got);                                                                          \
    } while (0)
void assert_same_columns(const RowType *type, const void *wanted, const void *got);

void assert_arm_error(GError *error, ArmCode code, const char *message_part); /* frees it */

/* The one number that a SELECT or PRAGMA gives. */
int number_of(sqlite3 *db, const char *text);

/* Rows with the least that makes sense; `set` is inserted with revision 1 and model effect key
 * "e1". */
gint64 set_add(StoreTx *tx, const char *group, const char *name);
void model_add(StoreTx *tx, gint64 set_id, guint revision, const char *effect_key, const char *family, guint vcpus);
/* One that restores the same as all from `since` to it. */
void model_add_since(StoreTx *tx, gint64 set_id, guint revision, guint since, const char *effect_key, const char *family,
                     guint vcpus);
void instance_add(StoreTx *tx, gint64 set_id, guint id, guint want_revision);
/* One that runs `revision`, and should run 1. */
void instance_put(StoreTx *tx, gint64 set_id, guint id, guint revision, InstanceState state, const char *operation);
