/* What commits have changed is told: all of it, once, in order, and nothing else. */
#include "fixture.h"

#include "store/suppressions.h"

#define T(text) ((char *)(text))

typedef struct {
    GString *text; /* a line for each change */
    guint64 last;
} Told;

static const char *const kinds[STORE_N_CHANGES] = {
    [STORE_CHANGE_GROUP] = "group",
    [STORE_CHANGE_SET] = "set",
    [STORE_CHANGE_REVISION] = "revision",
    [STORE_CHANGE_INSTANCE] = "instance",
    [STORE_CHANGE_ROLL] = "roll",
    [STORE_CHANGE_ATTESTATION] = "attestation",
    [STORE_CHANGE_OPERATION] = "op",
    [STORE_CHANGE_ASSESSMENT] = "assessment",
    [STORE_CHANGE_EVENT] = "event",
    [STORE_CHANGE_IMAGE] = "image",
    [STORE_CHANGE_DISK] = "disk",
    [STORE_CHANGE_ALERT] = "alert",
    [STORE_CHANGE_SUPPRESSION] = "suppression",
    [STORE_CHANGE_BASELINE] = "baseline",
    [STORE_CHANGE_COMPONENTS] = "components",
    [STORE_CHANGE_SETTING] = "setting",
    [STORE_CHANGE_UPGRADE] = "upgrade",
};

static void
on_told(const GPtrArray *changes, void *data)
{
    Told *told = data;
    g_assert_cmpuint(changes->len, >, 0);
    for (guint i = 0; i < changes->len; i++) {
        const StoreChange *change = g_ptr_array_index(changes, i);
        g_assert_cmpuint(change->revision, >, told->last);
        told->last = change->revision;
        g_string_append_printf(told->text, "%s%s %s", change->gone ? "-" : "+", kinds[change->kind], change->first);
        if (change->second)
            g_string_append_printf(told->text, "/%s", change->second);
        g_string_append_printf(told->text, " %d\n", (int)change->number);
    }
}

static void
listen(Fixture *f, Told *told)
{
    g_autoptr(GError) error = NULL;
    told->text = g_string_new(NULL);
    told->last = 0;
    g_assert_true(store_listen(f->store, on_told, told, &told->last, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(told->last, ==, store_revision(f->store));
}

static void
expect(Told *told, const char *text)
{
    g_assert_cmpstr(told->text->str, ==, text);
    g_string_truncate(told->text, 0);
}

static StoreSet *
set_make(StoreTx *tx, const char *name)
{
    StoreSet *set = g_new0(StoreSet, 1);
    set->uid = g_strdup_printf("u-%s", name);
    set->group = g_strdup("g");
    set->name = g_strdup(name);
    set->location = g_strdup("here");
    set->effect_key = g_strdup("k");
    set->state = g_strdup("Succeeded");
    set->revision = 1;
    g_assert_true(store_set_insert(tx, set, NULL));
    return set;
}

static StoreInstance
instance_of(const StoreSet *set, guint id)
{
    return (StoreInstance){ .set_id = set->id, .id = id, .vm_id = T("v"), .computer_name = T("c"), .want_revision = 1 };
}

static void
test_each_thing_once(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Told told;
    listen(f, &told);
    StoreTx *tx = must_write(f->store);
    g_autoptr(StoreSet) set = set_make(tx, "web");
    StoreInstance a = instance_of(set, 0), b = instance_of(set, 1);
    g_assert_true(store_instance_insert(tx, &a, NULL));
    g_assert_true(store_instance_insert(tx, &b, NULL));
    for (guint i = 0; i < 3; i++)
        g_assert_true(store_instance_update_step(tx, &a, NULL));
    g_assert_true(store_set_update(tx, set, 0, NULL));
    g_assert_cmpuint(told.text->len, ==, 0);
    must_commit(tx);
    g_assert_cmpuint(store_revision(f->store), ==, told.last);
    g_assert_cmpuint(told.last, >, set->etag);
    expect(&told, "+set g/web 0\n+instance g/web 0\n+instance g/web 1\n");

    tx = must_write(f->store);
    g_assert_true(store_instance_update(tx, &b, 0, NULL));
    g_assert_true(store_instance_delete(tx, set->id, 1, NULL));
    must_commit(tx);
    expect(&told, "-instance g/web 1\n");
    g_string_free(told.text, TRUE);
}

static void
test_what_was_taken_back_is_not_told(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Told told;
    listen(f, &told);
    StoreTx *tx = must_write(f->store);
    g_autoptr(StoreSet) lost = set_make(tx, "lost");
    store_abort(tx);
    tx = must_read(f->store);
    store_abort(tx);
    tx = must_write(f->store);
    must_commit(tx);
    tx = must_write(f->store);
    g_autoptr(StoreSet) kept = set_make(tx, "kept");
    must_commit(tx);
    expect(&told, "+set g/kept 0\n");
    g_string_free(told.text, TRUE);
}

/* What SQLite does by itself is told too: what hung on a set, and alerts that end with their instance. */
static void
test_what_follows_is_told(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Told told;
    StoreTx *tx = must_write(f->store);
    g_autoptr(StoreSet) set = set_make(tx, "web");
    StoreInstance instance = instance_of(set, 4);
    StoreAlert alert = { .name = T("a1"), .set_id = set->id, .instance = 4, .resource = T("/r"), .open = TRUE };
    g_assert_true(store_instance_insert(tx, &instance, NULL));
    g_assert_true(store_alert_add(tx, &alert, NULL));
    must_commit(tx);
    listen(f, &told);
    tx = must_write(f->store);
    g_assert_true(store_instance_delete(tx, set->id, 4, NULL));
    must_commit(tx);
    g_assert_nonnull(strstr(told.text->str, "-instance g/web 4\n"));
    g_assert_nonnull(strstr(told.text->str, "+alert a1//r 0\n"));
    g_string_truncate(told.text, 0);
    tx = must_write(f->store);
    g_assert_true(store_instance_insert(tx, &instance, NULL));
    must_commit(tx);
    g_string_truncate(told.text, 0);
    tx = must_write(f->store);
    g_assert_true(store_set_delete(tx, set->id, NULL));
    must_commit(tx);
    expect(&told, "-set g/web 0\n");
    g_string_free(told.text, TRUE);
}

static void
test_every_kind(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Told told;
    StoreTx *tx = must_write(f->store);
    g_autoptr(StoreSet) set = set_make(tx, "web");
    must_commit(tx);
    listen(f, &told);
    tx = must_write(f->store);
    StoreGroup group = { T("g"), T("here"), NULL, 0, FALSE };
    StoreModel model = { .revision = 3,
                         .document = T("{}"),
                         .effect_key = T("k"),
                         .size_name = T("s"),
                         .size_family = T("f"),
                         .image_urn = T("a:b:c:1"),
                         .since = 3 };
    StoreOperation operation = { .id = T("o1"), .resource_id = T("/r"), .location = T("here") };
    StoreRoll roll = { .set_id = set->id, .operation = T("o1") };
    ImageInfo image = { .publisher = T("a"),
                        .offer = T("b"),
                        .sku = T("c"),
                        .version = T("1.0.0"),
                        .architecture = T("x64"),
                        .os_type = T("Linux"),
                        .security_type = T("Standard"),
                        .file = T("/f") };
    StoreDisk disk = { .id = T("d1"), .group = T("g"), .set_name = T("web"), .file = T("/f") };
    StoreAttestation attestation = { .set_id = set->id, .instance = 5 };
    StoreComponents components = { .image_urn = T("a:b:c:1"), .document = T("{}") };
    StoreBaseline baseline = { .image_urn = T("a:b:c:1"), .log = T("l"), .source = T("s"), .approved_by = T("me") };
    StoreSuppression suppression = { .name = T("r1"), .document = T("{}") };
    guint64 etag;
    g_assert_true(store_group_put(tx, &group, &etag, NULL));
    g_assert_true(store_model_insert(tx, set->id, &model, NULL));
    g_assert_true(store_operation_insert(tx, &operation, NULL));
    g_assert_true(store_roll_insert(tx, &roll, NULL));
    g_assert_true(store_event_note(tx, "x/action", "/r", "me", NULL, 1, NULL));
    g_assert_true(store_image_put(tx, &image, NULL));
    g_assert_true(store_disk_put(tx, &disk, NULL));
    g_assert_true(store_attestation_add(tx, &attestation, NULL));
    g_assert_true(store_components_put(tx, &components, NULL));
    g_assert_true(store_baseline_add(tx, &baseline, NULL));
    g_assert_true(store_suppression_put(tx, &suppression, NULL));
    g_assert_true(store_setting_set(tx, "feature/x", "on", NULL));
    must_commit(tx);
    expect(&told, "+group g 0\n+revision g/web 3\n+op o1 0\n+roll g/web 1\n+event  1\n+image a:b:c:1.0.0 0\n"
                  "+setting images.changed 0\n+disk g/d1 0\n+attestation g/web 5\n+components a:b:c:1 0\n+baseline  1\n"
                  "+suppression r1 0\n+setting feature/x 0\n");
    tx = must_write(f->store);
    operation.status = OPERATION_SUCCEEDED;
    operation.ended = 1;
    g_assert_true(store_operation_update(tx, &operation, NULL));
    g_assert_true(store_roll_update(tx, &roll, NULL));
    g_assert_true(store_image_delete(tx, &image, NULL));
    g_assert_true(store_disk_delete(tx, "d1", NULL));
    g_assert_true(store_baseline_withdraw(tx, baseline.id, "me", FALSE, 1, NULL));
    g_assert_true(store_suppression_delete(tx, "R1", NULL));
    g_assert_true(store_group_delete(tx, "g", NULL));
    must_commit(tx);
    expect(&told, "+op o1 0\n+roll g/web 1\n-image a:b:c:1.0.0 0\n-disk g/d1 0\n+baseline  1\n-suppression r1 0\n-group g 0\n");
    /* What is forgotten since it is old is no news. */
    tx = must_write(f->store);
    g_assert_true(store_operation_prune(tx, 5, NULL));
    g_assert_true(store_event_prune(tx, 5, NULL));
    must_commit(tx);
    expect(&told, "");
    g_string_free(told.text, TRUE);
}

/* A table that is added to the schema is told of, or stands here with its reason. */
static void
test_no_table_is_forgotten(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const silent[] = {
        "meta",             /* the counter itself */
        "vtpms",            /* an attestation tells, and the instance */
        "logs",             /* the same */
        "deliveries",       /* no page shows them */
        "sessions",         /* the same */
        "deployments",      /* the same */
        "deployment_parts", /* the same */
        "upgrade_members",  /* their upgrade tells, when it has its record */
        "upgrade_whats",    /* the same */
        "upgrade_records",  /* the same */
        "sqlite_sequence",  /* SQLite's own */
    };
    Told told;
    listen(f, &told);
    sqlite3_stmt *statement = NULL;
    guint n = 0;
    g_assert_cmpint(sqlite3_prepare_v2(f->store->writer.db,
                                       "SELECT name, EXISTS (SELECT 1 FROM temp.sqlite_schema t WHERE t.tbl_name = s.name)"
                                       " FROM main.sqlite_schema s WHERE type = 'table'",
                                       -1, &statement, NULL),
                    ==, SQLITE_OK);
    for (; sqlite3_step(statement) == SQLITE_ROW; n++) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        gboolean excused = FALSE;
        for (guint i = 0; i < G_N_ELEMENTS(silent); i++)
            excused = excused || strcmp(silent[i], name) == 0;
        if ((sqlite3_column_int(statement, 1) != 0) == excused)
            g_error("%s is %s", name, excused ? "told of after all" : "not told of");
    }
    g_assert_cmpuint(n, >, 10);
    sqlite3_finalize(statement);
    g_string_free(told.text, TRUE);
}

static void
test_nothing_is_left_where_nobody_listens(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Told told;
    for (guint round = 0; round < 2; round++) {
        listen(f, &told);
        g_assert_true(store_listen(f->store, NULL, NULL, NULL, NULL));
        StoreTx *tx = must_write(f->store);
        g_autoptr(StoreSet) set = set_make(tx, round ? "a" : "b");
        must_commit(tx);
        /* Without a listener a revision is an etag. */
        g_assert_cmpuint(store_revision(f->store), ==, set->etag);
        expect(&told, "");
        g_string_free(told.text, TRUE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add("each-thing-once", test_each_thing_once);
    fixture_add("what-was-taken-back-is-not-told", test_what_was_taken_back_is_not_told);
    fixture_add("what-follows-is-told", test_what_follows_is_told);
    fixture_add("every-kind", test_every_kind);
    fixture_add("no-table-is-forgotten", test_no_table_is_forgotten);
    fixture_add("nothing-is-left-where-nobody-listens", test_nothing_is_left_where_nobody_listens);
    return g_test_run();
}
