/* Settings, groups, sets, models, instances: what is written is what is read, member by member. */
#include "fixture.h"

#define T(text) ((char *)(text))

#define T(text) ((char *)(text))

static void
test_settings(Fixture *f, const void *data G_GNUC_UNUSED)
{
    char *value = T("poison");
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_setting_get(tx, "secret", &value, NULL));
    g_assert_null(value);
    g_assert_true(store_setting_set(tx, "secret", "one", NULL));
    g_assert_true(store_setting_set(tx, "Secret", "two", NULL));
    must_commit(tx);
    tx = must_read(f->store);
    g_assert_true(store_setting_get(tx, "secret", &value, NULL));
    g_assert_cmpstr(value, ==, "two");
    g_free(value);
    store_abort(tx);
}

static void
test_group(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const StoreGroup given_group = { T("Rg-One"), T("westeurope"), T("{\"a\":\"b\"}"), 0, TRUE };
    StoreGroup group = given_group;
    static const StoreGroup given_other = { T("another"), T("x"), NULL, 0, FALSE };
    StoreGroup other = given_other;
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_group_put(tx, &group, &group.etag, NULL));
    g_assert_true(store_group_put(tx, &other, &other.etag, NULL));
    must_commit(tx);
    tx = must_read(f->store);
    g_autoptr(StoreGroup) got = store_group_get(tx, "rG-oNE", NULL);
    assert_same_row(&group_rows, &group, got);
    g_autoptr(GPtrArray) all = store_group_list(tx, NULL);
    g_assert_cmpuint(all->len, ==, 2);
    assert_same_row(&group_rows, &other, g_ptr_array_index(all, 0));
    GError *error = NULL;
    g_assert_null(store_group_get(tx, "none", &error));
    g_assert_no_error(error);
    store_abort(tx);

    /* An update gives the name back as it was created. */
    tx = must_write(f->store);
    StoreGroup changed = { T("RG-ONE"), T("northeurope"), NULL, 0, FALSE };
    guint64 etag;
    g_assert_true(store_group_put(tx, &changed, &etag, NULL));
    g_assert_cmpuint(etag, >, group.etag);
    g_autoptr(StoreGroup) after = store_group_get(tx, "rg-one", NULL);
    g_assert_cmpstr(after->name, ==, "Rg-One");
    g_assert_cmpstr(after->location, ==, "northeurope");
    g_assert_null(after->tags);
    g_assert_true(store_group_delete(tx, "rg-ONE", NULL));
    g_assert_null(store_group_get(tx, "rg-one", NULL));
    must_commit(tx);
}

static StoreSet
full_set(void)
{
    static const StoreSet given = {
        .uid = T("0a000000-0000-4000-8000-00000000000f"),
        .group = T("Rg"),
        .name = T("Web"),
        .location = T("here"),
        .revision = 7,
        .effect_key = T("e7"),
        .next_instance = 12,
        .capacity = 5,
        .deleting = TRUE,
        .operation = T("op"),
        .state = T("Failed"),
        .created = 1234567890123456,
    };
    StoreSet row = given;
    return row;
}

static void
test_set(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreSet set = full_set();
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_set_insert(tx, &set, NULL));
    g_assert_cmpint(set.id, >, 0);
    g_assert_cmpuint(set.etag, >, 0);
    must_commit(tx);
    tx = must_read(f->store);
    g_autoptr(StoreSet) by_name = store_set_get(tx, "rG", "wEB", NULL);
    g_autoptr(StoreSet) by_id = store_set_get_by_id(tx, set.id, NULL);
    g_autoptr(StoreSet) by_uid = store_set_get_by_uid(tx, "0A000000-0000-4000-8000-00000000000F", NULL);
    assert_same_row(&set_rows, &set, by_name);
    assert_same_row(&set_rows, &set, by_id);
    assert_same_row(&set_rows, &set, by_uid);
    store_abort(tx);

    tx = must_write(f->store);
    StoreSet next = set;
    next.group = T("RG");
    next.name = T("WEB");
    next.revision = 8;
    next.effect_key = T("e8");
    next.next_instance = 13;
    next.capacity = 6;
    next.deleting = FALSE;
    next.operation = NULL;
    next.state = T("Succeeded");
    g_assert_true(store_set_update(tx, &next, set.etag, NULL));
    g_assert_cmpuint(next.etag, >, set.etag);
    must_commit(tx);
    tx = must_read(f->store);
    g_autoptr(StoreSet) after = store_set_get(tx, "rg", "web", NULL);
    next.group = set.group;
    next.name = set.name;
    assert_same_row(&set_rows, &next, after);
    store_abort(tx);
}

static void
test_set_list_is_ordered(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        const char *group, *name;
    } given[] = { { "b", "x" }, { "A", "z" }, { "a", "Y" }, { "B", "w" } },
      all[] = { { "a", "Y" }, { "A", "z" }, { "B", "w" }, { "b", "x" } };
    StoreTx *tx = must_write(f->store);
    for (guint i = 0; i < G_N_ELEMENTS(given); i++)
        set_add(tx, given[i].group, given[i].name);
    g_autoptr(GPtrArray) sets = store_set_list(tx, NULL, NULL);
    g_assert_cmpuint(sets->len, ==, G_N_ELEMENTS(all));
    for (guint i = 0; i < sets->len; i++) {
        const StoreSet *set = g_ptr_array_index(sets, i);
        g_assert_cmpstr(set->group, ==, all[i].group);
        g_assert_cmpstr(set->name, ==, all[i].name);
    }
    g_autoptr(GPtrArray) of_group = store_set_list(tx, "B", NULL);
    g_assert_cmpuint(of_group->len, ==, 2);
    g_assert_cmpstr(((StoreSet *)g_ptr_array_index(of_group, 0))->name, ==, "w");
    /* The same name in another case is the same set. */
    StoreSet twin = full_set();
    twin.group = T("A");
    twin.name = T("Z");
    GError *error = NULL;
    g_assert_false(store_set_insert(tx, &twin, &error));
    assert_arm_error(error, ARM_INTERNAL, "UNIQUE");
    store_abort(tx);
}

static void
test_set_id_is_never_reused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 first = set_add(tx, "g", "a");
    instance_add(tx, first, 0, 1);
    g_assert_true(store_set_delete(tx, first, NULL));
    g_assert_null(store_instance_get(tx, first, 0, NULL));
    g_assert_null(store_model_get(tx, first, 1, NULL));
    g_assert_cmpint(set_add(tx, "g", "a"), >, first);
    must_commit(tx);
}

static void
test_model(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const StoreModel given_model = {
        .revision = 2,
        .document = T("{\"name\":\"\xc3\xa4\"}"),
        .effect_key = T("key"),
        .size_name = T("Standard_D2s_v5"),
        .size_family = T("standardDSv5Family"),
        .size_vcpus = 2,
        .size_memory_mib = 8192,
        .image_urn = T("Testudo:mini:gen2:1.0.0"),
        .created = -5,
        .since = 1,
        .made = -6,
    };
    StoreModel model = given_model;
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    g_assert_true(store_model_insert(tx, set_id, &model, NULL));
    must_commit(tx);
    tx = must_read(f->store);
    g_autoptr(StoreModel) got = store_model_get(tx, set_id, 2, NULL);
    RowType plain = model_rows;
    plain.size = sizeof(StoreModel);
    /* The first column is the set, which a StoreModel does not have. */
    plain.columns++;
    assert_same_row(&plain, &model, got);
    g_autoptr(GPtrArray) list = store_model_list(tx, set_id, NULL);
    g_assert_cmpuint(list->len, ==, 2);
    assert_same_row(&plain, &model, g_ptr_array_index(list, 0));
    store_abort(tx);
}

static StoreInstance
full_instance(gint64 set_id)
{
    static const StoreInstance given = {
        .id = 3,
        .vm_id = T("vm"),
        .computer_name = T("web000003"),
        .created = 11,
        .want_revision = 1,
        .want_power = POWER_DEALLOCATED,
        .want_epoch = G_GUINT64_CONSTANT(1) << 40,
        .disk_gen = 2,
        .vars_gen = 3,
        .vtpm_gen = 4,
        .data_gen = 5,
        .want_deleted = TRUE,
        .skip_shutdown = TRUE,
        .protect_scale_in = TRUE,
        .protect_scale_set_actions = TRUE,
        .tags = T("{}"),
        .revision = 6,
        .epoch = 7,
        .state = INSTANCE_FAILED,
        .alive = TRUE,
        .agent = TRUE,
        .failure = ARM_SECURE_BOOT_REFUSED + 1,
        .failure_message = T("shim was refused"),
        .warning = T("serial flood"),
        .state_since = 12,
        .run_disk_gen = 13,
        .run_vars_gen = 14,
        .run_vtpm_gen = 15,
        .run_data_gen = 16,
        .operation = T("op"),
        .deadline = 17,
    };
    StoreInstance row = given;
    row.set_id = set_id;
    return row;
}

static StoreInstance
bare_instance(gint64 set_id, guint id)
{
    static const StoreInstance given = { .vm_id = T("v"), .computer_name = T("c") };
    StoreInstance row = given;
    row.set_id = set_id;
    row.id = id;
    return row;
}

static void
test_instance(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    StoreInstance full = full_instance(set_id);
    StoreInstance bare = bare_instance(set_id, 1);
    g_assert_true(store_instance_insert(tx, &full, NULL));
    g_assert_true(store_instance_insert(tx, &bare, NULL));
    must_commit(tx);

    tx = must_write(f->store);
    g_autoptr(GPtrArray) list = store_instance_list(tx, set_id, NULL);
    g_assert_cmpuint(list->len, ==, 2);
    assert_same_row(&instance_rows, &bare, g_ptr_array_index(list, 0));
    assert_same_row(&instance_rows, &full, g_ptr_array_index(list, 1));
    /* The other way round: what was set becomes NULL, and the reverse. */
    StoreInstance emptied = bare, filled = full_instance(set_id);
    emptied.id = full.id;
    emptied.created = full.created;
    emptied.vm_id = full.vm_id;
    emptied.computer_name = full.computer_name;
    filled.id = bare.id;
    filled.created = bare.created;
    filled.vm_id = bare.vm_id;
    filled.computer_name = bare.computer_name;
    g_assert_true(store_instance_update(tx, &emptied, full.etag, NULL));
    g_assert_true(store_instance_update(tx, &filled, bare.etag, NULL));
    must_commit(tx);

    tx = must_read(f->store);
    g_autoptr(StoreInstance) got_emptied = store_instance_get(tx, set_id, full.id, NULL);
    g_autoptr(StoreInstance) got_filled = store_instance_get(tx, set_id, bare.id, NULL);
    assert_same_row(&instance_rows, &emptied, got_emptied);
    assert_same_row(&instance_rows, &filled, got_filled);
    store_abort(tx);
}

static void
test_every_enum_value(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    for (guint i = 0; i < INSTANCE_N_STATES; i++) {
        StoreInstance instance = bare_instance(set_id, i);
        instance.state = (InstanceState)i;
        instance.want_power = (DesiredPower)(i % POWER_N_STATES);
        g_assert_true(store_instance_insert(tx, &instance, NULL));
        g_autoptr(StoreInstance) got = store_instance_get(tx, set_id, i, NULL);
        assert_same_row(&instance_rows, &instance, got);
    }
    for (guint i = 0; i < OPERATION_N_KINDS; i++) {
        g_autofree char *id = g_strdup_printf("op%u", i);
        static const StoreOperation given = { .resource_id = T("/r"), .location = T("l") };
        StoreOperation operation = given;
        operation.id = id;
        operation.kind = (OperationKind)i;
        operation.status = (OperationStatus)(i % OPERATION_N_STATUSES);
        g_assert_true(store_operation_insert(tx, &operation, NULL));
        g_autoptr(StoreOperation) got = store_operation_get(tx, id, NULL);
        assert_same_row(&operation_rows, &operation, got);
    }
    store_abort(tx);
}

/* All but what is wished. */
static void
test_instance_step(Fixture *f, const void *data G_GNUC_UNUSED)
{
    GError *error = NULL;
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    StoreInstance before = bare_instance(set_id, 3), after = full_instance(set_id);
    after.want_revision = 9;
    after.vm_id = before.vm_id;
    after.computer_name = before.computer_name;
    after.created = before.created;
    g_assert_true(store_instance_insert(tx, &before, NULL));
    g_assert_true(store_instance_update_step(tx, &after, NULL));
    g_assert_cmpuint(after.etag, >, before.etag);
    g_autoptr(StoreInstance) got = store_instance_get(tx, set_id, 3, NULL);
    after.want_revision = before.want_revision;
    after.want_deleted = before.want_deleted;
    after.touched = before.touched;
    assert_same_row(&instance_rows, &after, got);
    after.id = 4;
    g_assert_false(store_instance_update_step(tx, &after, &error));
    assert_arm_error(error, ARM_INTERNAL, "Instance 4 is not in the store");
    store_abort(tx);
}

static void
test_words_we_do_not_know(Fixture *f, const void *data G_GNUC_UNUSED)
{
    GError *error = NULL;
    StoreInstanceCounts counts;
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    instance_add(tx, set_id, 0, 1);
    g_assert_cmpint(sqlite3_exec(f->store->writer.db, "UPDATE instances SET state = 'dancing'", NULL, NULL, NULL), ==, 0);
    g_assert_null(store_instance_get(tx, set_id, 0, &error));
    assert_arm_error(g_steal_pointer(&error), ARM_INTERNAL, "'dancing' as instances.state");
    g_assert_null(store_instance_list(tx, set_id, &error));
    assert_arm_error(g_steal_pointer(&error), ARM_INTERNAL, "'dancing' as instances.state");
    g_assert_false(store_instance_count(tx, set_id, &counts, &error));
    assert_arm_error(g_steal_pointer(&error), ARM_INTERNAL, "'dancing' as instances.state");
    g_assert_cmpint(
        sqlite3_exec(f->store->writer.db, "UPDATE instances SET state = 'running', revision = -1", NULL, NULL, NULL), ==, 0);
    g_assert_null(store_instance_get(tx, set_id, 0, &error));
    assert_arm_error(error, ARM_INTERNAL, "-1 as instances.revision");
    store_abort(tx);
}

/* Every text of the table is SQL that fits the schema. */
static void
test_every_statement(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    for (guint id = 0; id < SQL_N; id++) {
        g_autoptr(GError) error = NULL;
        g_assert_nonnull(sql_prepare(tx, (Sql)id, NO_PARAMS, &error));
        g_assert_no_error(error);
    }
    store_abort(tx);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add("settings", test_settings);
    fixture_add("group", test_group);
    fixture_add("set", test_set);
    fixture_add("set-list-is-ordered", test_set_list_is_ordered);
    fixture_add("set-id-is-never-reused", test_set_id_is_never_reused);
    fixture_add("model", test_model);
    fixture_add("instance", test_instance);
    fixture_add("instance-step", test_instance_step);
    fixture_add("every-enum-value", test_every_enum_value);
    fixture_add("words-we-do-not-know", test_words_we_do_not_know);
    fixture_add("every-statement", test_every_statement);
    return g_test_run();
}
