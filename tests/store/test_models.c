/* Model revisions: which stay, and which stand for others that restore the same. */
#include "fixture.h"

static char *
revisions_text(StoreTx *tx, gint64 set_id)
{
    g_autoptr(GPtrArray) models = store_model_list(tx, set_id, NULL);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < models->len; i++)
        g_string_append_printf(text, "%u ", ((const StoreModel *)g_ptr_array_index(models, i))->revision);
    return g_string_free(text, FALSE);
}

static void
test_model_prune(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        guint keep;
        const char *left;
    } steps[] = {
        { 20, "10 9 8 7 6 5 4 3 2 1 " },
        { 6, "10 9 8 7 6 5 4 3 2 " }, /* 4 is run, 3 is wanted, 2 can be undone to; 1 is none of these */
        { 3, "10 9 8 5 4 3 2 " },     /* 5 is the set's own */
        { 0, "5 4 3 2 " },
    };
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s"), other = set_add(tx, "g", "t");
    for (guint revision = 2; revision <= 10; revision++)
        model_add(tx, set_id, revision, "e", "f", 1);
    instance_put(tx, set_id, 0, 4, INSTANCE_RUNNING, NULL);
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, 0, NULL);
    instance->want_revision = 3;
    instance->undo_revision = 2;
    g_assert_true(store_instance_update(tx, instance, 0, NULL));
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    set->revision = 5;
    g_assert_true(store_set_update(tx, set, 0, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_assert_true(store_model_prune(tx, set_id, steps[i].keep, NULL));
        g_autofree char *left = revisions_text(tx, set_id);
        g_assert_cmpstr(left, ==, steps[i].left);
    }
    g_autofree char *untouched = revisions_text(tx, other);
    g_assert_cmpstr(untouched, ==, "1 ");
    store_abort(tx);
}

/* Numbers of each row of revisions that restore the same: "7-9 4-6 ". */
static char *
standing_text(StoreTx *tx, gint64 set_id)
{
    g_autoptr(GPtrArray) models = store_model_list_standing(tx, set_id, NULL);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < models->len; i++) {
        const StoreModel *model = g_ptr_array_index(models, i);
        g_string_append_printf(text, "%u-%u ", model->since, model->revision);
    }
    return g_string_free(text, FALSE);
}

/* 1 to 3, 4 to 6 and 7 to 9 restore the same; how often what is the set's own was changed says nothing of what stays. */
static void
test_model_prune_by_what_is_restored(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        guint keep;
        const char *left, *standing;
        guint asked, found; /* 0: none */
    } steps[] = {
        { 20, "9 8 7 6 5 4 3 2 1 ", "7-9 4-6 1-3 ", 2, 3 },
        { 3, "9 8 7 6 4 3 ", "7-9 4-6 1-3 ", 1, 3 }, /* 4 is run */
        { 3, "9 8 7 6 4 3 ", "7-9 4-6 1-3 ", 4, 6 },
        { 3, "9 8 7 6 4 3 ", "7-9 4-6 1-3 ", 9, 9 },
        { 2, "9 8 6 4 ", "7-9 4-6 ", 3, 0 },
        { 2, "9 8 6 4 ", "7-9 4-6 ", 7, 9 },
        { 2, "9 8 6 4 ", "7-9 4-6 ", 10, 0 },
        { 1, "9 4 ", "7-9 4-4 ", 4, 4 },
        { 1, "9 4 ", "7-9 4-4 ", 6, 0 },
    };
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s"), other = set_add(tx, "g", "t");
    for (guint revision = 2; revision <= 9; revision++)
        model_add_since(tx, set_id, revision, (revision - 1) / 3 * 3 + 1, "e", "f", 1);
    instance_put(tx, set_id, 0, 4, INSTANCE_RUNNING, NULL);
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, 0, NULL);
    instance->want_revision = 4;
    g_assert_true(store_instance_update(tx, instance, 0, NULL));
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    set->revision = 9;
    g_assert_true(store_set_update(tx, set, 0, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(store_model_prune(tx, set_id, steps[i].keep, NULL));
        g_autofree char *left = revisions_text(tx, set_id), *standing = standing_text(tx, set_id);
        g_assert_cmpstr(left, ==, steps[i].left);
        g_assert_cmpstr(standing, ==, steps[i].standing);
        g_autoptr(StoreModel) found = store_model_standing(tx, set_id, steps[i].asked, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(found ? found->revision : 0, ==, steps[i].found);
    }
    g_autofree char *untouched = standing_text(tx, other);
    g_assert_cmpstr(untouched, ==, "1-1 ");
    store_abort(tx);
}

/* The last version in which no revision said since when the same is restored. */
#define MODELS_ALONE 28

/* Each of them stands for itself: whether they restore the same was not written down. */
static void
test_models_of_an_older_file(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strconcat(f->dir, "/models.db", NULL);
    Connection connection = { 0 };
    g_assert_true(connection_open(&connection, path, /* writes= */ TRUE, NULL));
    g_assert_true(schema_migrate(&connection, schema_steps, MODELS_ALONE, NULL));
    g_assert_cmpint(
        sqlite3_exec(connection.db,
                     "INSERT INTO sets (id, uid, \"group\", name, location, etag, revision, effect_key, next_instance,"
                     " capacity, deleting, state, created) VALUES (1, 'u', 'g', 's', 'here', 1, 2, 'e', 0, 0, 0,"
                     " 'Succeeded', 0);"
                     "INSERT INTO models (set_id, revision, effect_key, size_name, size_family, size_vcpus,"
                     " size_memory_mib, image_urn, created, document) VALUES (1, 1, 'e', 's', 'f', 1, 1, 'i', 5, '{}'),"
                     " (1, 2, 'e', 's', 'f', 1, 1, 'i', 6, '{}')",
                     NULL, NULL, NULL),
        ==, SQLITE_OK);
    connection_close(&connection);
    Store *store = store_open(path, &error);
    g_assert_no_error(error);
    StoreTx *tx = must_read(store);
    g_autofree char *standing = standing_text(tx, 1);
    g_assert_cmpstr(standing, ==, "2-2 1-1 ");
    g_autoptr(StoreModel) first = store_model_get(tx, 1, 1, NULL);
    g_assert_cmpint(first->made, ==, 5);
    store_abort(tx);
    store_close(store);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add("prune", test_model_prune);
    fixture_add("prune-by-what-is-restored", test_model_prune_by_what_is_restored);
    fixture_add_file("models-of-an-older-file", test_models_of_an_older_file);
    return g_test_run();
}
