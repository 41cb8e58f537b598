#include "fixture.h"

#include "base/file.h"

#include <string.h>

static void
set_up(Fixture *fixture, const void *data)
{
    g_autoptr(GError) error = NULL;
    if (data) {
        fixture->dir = g_dir_make_tmp("store-XXXXXX", &error);
        g_assert_no_error(error);
        fixture->path = g_build_filename(fixture->dir, "test.db", NULL);
    } else {
        fixture->path = g_strdup(":memory:");
    }
    fixture->store = store_open(fixture->path, &error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *fixture, const void *data G_GNUC_UNUSED)
{
    store_close(fixture->store);
    if (fixture->dir)
        g_assert_true(folder_remove(fixture->dir, NULL));
    g_free(fixture->dir);
    g_free(fixture->path);
}

void
fixture_add_file(const char *name, void (*test)(Fixture *fixture, const void *data))
{
    g_autofree char *path = g_strconcat("/file/", name, NULL);
    g_test_add(path, Fixture, "file", set_up, test, tear_down);
}

void
fixture_add(const char *name, void (*test)(Fixture *fixture, const void *data))
{
    g_autofree char *path = g_strconcat("/memory/", name, NULL);
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
    fixture_add_file(name, test);
}

StoreTx *
must_read(Store *store)
{
    g_autoptr(GError) error = NULL;
    StoreTx *tx = store_read(store, &error);
    g_assert_no_error(error);
    return tx;
}

StoreTx *
must_write(Store *store)
{
    g_autoptr(GError) error = NULL;
    StoreTx *tx = store_write(store, &error);
    g_assert_no_error(error);
    return tx;
}

void
must_commit(StoreTx *tx)
{
    g_autoptr(GError) error = NULL;
    store_commit(tx, &error);
    g_assert_no_error(error);
}

void
assert_same_columns(const RowType *type, const void *wanted, const void *got)
{
    g_autofree char *a = g_memdup2(wanted, type->size), *b = g_memdup2(got, type->size);
    for (const Column *column = type->columns; column->name; column++) {
        char *x = a + column->offset, *y = b + column->offset;
        if (column->type == COLUMN_TEXT) {
            char **text_x = (char **)(void *)x, **text_y = (char **)(void *)y;
            g_assert_cmpstr(*text_x, ==, *text_y);
            *text_x = *text_y = NULL;
            continue;
        }
        gboolean is_long = column->type == COLUMN_ROWID || column->type == COLUMN_INT64 || column->type == COLUMN_UINT64;
        gsize length = is_long ? sizeof(gint64) : sizeof(int);
        if (memcmp(x, y, length) != 0)
            g_error("%s.%s is not what was written", type->table, column->name);
    }
    if (WHOLE_ROWS)
        g_assert_cmpmem(a, type->size, b, type->size);
}

void
assert_arm_error(GError *error, ArmCode code, const char *message_part)
{
    g_assert_error(error, ARM_ERROR, (int)code);
    if (!strstr(error->message, message_part))
        g_error("'%s' is not in: %s", message_part, error->message);
    g_error_free(error);
}

gint64
set_add(StoreTx *tx, const char *group, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uid = g_strdup_printf("uid-%s-%s", group, name);
    StoreSet set = {
        .uid = uid,
        .group = (char *)group,
        .name = (char *)name,
        .location = (char *)"here",
        .revision = 1,
        .effect_key = (char *)"e1",
        .state = (char *)"Succeeded",
    };
    store_set_insert(tx, &set, &error);
    g_assert_no_error(error);
    model_add(tx, set.id, 1, "e1", "standardAFamily", 1);
    return set.id;
}

void
model_add(StoreTx *tx, gint64 set_id, guint revision, const char *effect_key, const char *family, guint vcpus)
{
    model_add_since(tx, set_id, revision, revision, effect_key, family, vcpus);
}

void
model_add_since(StoreTx *tx, gint64 set_id, guint revision, guint since, const char *effect_key, const char *family,
                guint vcpus)
{
    g_autoptr(GError) error = NULL;
    StoreModel model = {
        .revision = revision,
        .document = (char *)"{}",
        .effect_key = (char *)effect_key,
        .size_name = (char *)"Size",
        .size_family = (char *)family,
        .size_vcpus = vcpus,
        .image_urn = (char *)"P:o:s:1.0.0",
        .since = since,
    };
    store_model_insert(tx, set_id, &model, &error);
    g_assert_no_error(error);
}

void
instance_put(StoreTx *tx, gint64 set_id, guint id, guint revision, InstanceState state, const char *operation)
{
    g_autoptr(GError) error = NULL;
    StoreInstance instance = {
        .set_id = set_id,
        .id = id,
        .vm_id = (char *)"v",
        .computer_name = (char *)"c",
        .want_revision = 1,
        .revision = revision,
        .state = state,
        .operation = (char *)operation,
    };
    store_instance_insert(tx, &instance, &error);
    g_assert_no_error(error);
}

void
instance_add(StoreTx *tx, gint64 set_id, guint id, guint want_revision)
{
    g_autoptr(GError) error = NULL;
    StoreInstance instance = {
        .set_id = set_id,
        .id = id,
        .vm_id = (char *)"vm",
        .computer_name = (char *)"host",
        .want_revision = want_revision,
    };
    store_instance_insert(tx, &instance, &error);
    g_assert_no_error(error);
}

int
number_of(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_prepare_v2(db, text, -1, &statement, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    int value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return value;
}
