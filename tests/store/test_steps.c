/* Operations and the steps of their instances: begun, ended, taken over. */
#include "fixture.h"

#include "base/json.h"
#include "base/resource_id.h"
#include "store/steps.h"

#include <string.h>

static StoreOperation *
begin(StoreTx *tx, OperationKind kind, gint64 set_id, gboolean of_set)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    g_autofree char *resource = kind == OPERATION_DELETE_GROUP ? resource_id_group("sub", set->group)
                                                               : resource_id_scale_set("sub", set->group, set->name);
    StoreOperation *operation = operation_begin(tx, kind, set, resource, "here", of_set, "owner", 10, &error);
    g_assert_no_error(error);
    return operation;
}

static void
begin_step(StoreTx *tx, StoreOperation *operation, gint64 set_id, guint id)
{
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, id, NULL);
    g_assert_true(step_begin(tx, operation, instance, NULL));
}

static void
end_step(StoreTx *tx, gint64 set_id, guint id, const GError *failure)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StepLedger) ledger = step_ledger_new();
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, id, NULL);
    step_end(ledger, instance, failure);
    g_assert_null(instance->operation);
    g_assert_cmpint(instance->deadline, ==, 0);
    g_assert_true(store_instance_update(tx, instance, 0, NULL));
    step_ledger_write(ledger, tx, 20, &error);
    g_assert_no_error(error);
}

/* "status pending/total code" as the store has it. */
static char *
operation_text(StoreTx *tx, const StoreOperation *of)
{
    g_autoptr(StoreOperation) operation = store_operation_get(tx, of->id, NULL);
    return g_strdup_printf("%s %u/%u %s", operation_status_text(operation->status), operation->pending, operation->total,
                           operation->code ? operation->code : "-");
}

static void
assert_operation(StoreTx *tx, const StoreOperation *operation, const char *wanted)
{
    g_autofree char *text = operation_text(tx, operation);
    g_assert_cmpstr(text, ==, wanted);
}

static void
test_ends_with_its_last_step(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    instance_add(tx, set_id, 0, 1);
    instance_add(tx, set_id, 1, 1);
    g_autoptr(StoreOperation) operation = begin(tx, OPERATION_START, set_id, TRUE);
    g_autoptr(StoreSet) busy = store_set_get_by_id(tx, set_id, NULL);
    g_assert_cmpstr(busy->operation, ==, operation->id);
    begin_step(tx, operation, set_id, 0);
    begin_step(tx, operation, set_id, 1);
    assert_operation(tx, operation, "InProgress 2/2 -");
    end_step(tx, set_id, 1, NULL);
    assert_operation(tx, operation, "InProgress 1/2 -");
    end_step(tx, set_id, 0, NULL);
    assert_operation(tx, operation, "Succeeded 0/2 -");
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    g_assert_null(set->operation);
    g_assert_cmpstr(set->state, ==, "Succeeded");
    g_autoptr(GPtrArray) events = store_event_list(tx, operation->resource_id, 0, 10, NULL);
    g_assert_cmpuint(events->len, ==, 2);
    g_assert_cmpstr(((StoreEvent *)g_ptr_array_index(events, 0))->status, ==, "Succeeded");
    g_assert_cmpstr(((StoreEvent *)g_ptr_array_index(events, 1))->status, ==, "Started");
    store_abort(tx);
}

static void
test_failures_are_collected(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) full = g_error_new(ARM_ERROR, ARM_HOST_DISK_FULL, "the disk is full");
    g_autoptr(GError) refused = g_error_new(ARM_ERROR, ARM_SECURE_BOOT_REFUSED, "shim was refused");
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    g_autoptr(StoreOperation) operation = begin(tx, OPERATION_UPDATE_INSTANCES, set_id, TRUE);
    for (guint id = 0; id < 3; id++) {
        instance_add(tx, set_id, id, 1);
        begin_step(tx, operation, set_id, id);
    }
    end_step(tx, set_id, 2, full);
    end_step(tx, set_id, 0, NULL);
    assert_operation(tx, operation, "InProgress 1/3 HostDiskFull");
    end_step(tx, set_id, 1, refused);
    assert_operation(tx, operation, "Failed 0/3 HostDiskFull");
    g_autoptr(StoreOperation) after = store_operation_get(tx, operation->id, NULL);
    g_assert_cmpstr(after->message, ==, "Instance 2: the disk is full");
    g_assert_cmpint(after->ended, ==, 20);
    g_autoptr(json_t) details = json_parse(after->details, strlen(after->details), NULL);
    g_assert_cmpuint(json_array_size(details), ==, 2);
    g_assert_cmpstr(json_member_text(json_array_get(details, 1), "code"), ==, "SecureBootValidationFailed");
    g_assert_cmpstr(json_member_text(json_array_get(details, 1), "target"), ==, "instances/1");
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    g_assert_cmpstr(set->state, ==, "Failed");
    store_abort(tx);
}

/* Many steps of several operations, some begun and ended in the same breath, as if each had been written by itself. */
static void
test_gathered(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) full = g_error_new(ARM_ERROR, ARM_HOST_DISK_FULL, "the disk is full");
    g_autoptr(GError) error = NULL;
    g_autoptr(StepLedger) ledger = step_ledger_new();
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    g_autoptr(StoreOperation) first = begin(tx, OPERATION_START, set_id, FALSE);
    g_autoptr(StoreOperation) second = begin(tx, OPERATION_RESTART, set_id, FALSE);
    g_autoptr(StoreOperation) third = begin(tx, OPERATION_REIMAGE, set_id, FALSE);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)store_instance_free);
    for (guint id = 0; id < 30; id++) {
        StoreInstance *instance = g_new0(StoreInstance, 1);
        instance->id = id;
        instance->failure = 7;
        instance->deadline = 9;
        instance->failure_message = g_strdup("of the past");
        g_ptr_array_add(rows, instance);
        step_join(ledger, id < 25 ? first->id : id < 28 ? second->id : third->id, instance);
        g_assert_cmpint(instance->failure, ==, 7);
        g_assert_cmpstr(instance->failure_message, ==, "of the past");
        g_assert_cmpint(instance->deadline, ==, 0);
    }
    step_end(ledger, g_ptr_array_index(rows, 29), NULL);
    step_end(ledger, g_ptr_array_index(rows, 28), NULL);
    for (guint id = 1; id < 25; id++)
        step_end(ledger, g_ptr_array_index(rows, id), full);
    step_end(ledger, g_ptr_array_index(rows, 27), NULL);
    step_end(ledger, g_ptr_array_index(rows, 27), full); /* it has none any more: nobody's failure */
    assert_operation(tx, first, "InProgress 0/0 -");
    step_ledger_write(ledger, tx, 20, &error);
    g_assert_no_error(error);
    assert_operation(tx, first, "InProgress 1/25 HostDiskFull");
    assert_operation(tx, second, "InProgress 2/3 -");
    assert_operation(tx, third, "Succeeded 0/2 -");
    g_autoptr(StoreOperation) after = store_operation_get(tx, first->id, NULL);
    g_assert_cmpstr(after->message, ==, "Instance 1: the disk is full");
    g_autoptr(json_t) details = json_parse(after->details, strlen(after->details), NULL);
    g_assert_cmpuint(json_array_size(details), ==, 20);

    /* What was written is not written again. */
    step_end(ledger, g_ptr_array_index(rows, 0), NULL);
    step_ledger_write(ledger, tx, 30, &error);
    g_assert_no_error(error);
    assert_operation(tx, first, "Failed 0/25 HostDiskFull");
    assert_operation(tx, second, "InProgress 2/3 -");
    store_abort(tx);
}

static void
remove_step(StoreTx *tx, gint64 set_id, guint id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StepLedger) ledger = step_ledger_new();
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, id, NULL);
    step_end(ledger, instance, NULL);
    g_assert_true(store_instance_delete(tx, set_id, id, NULL));
    step_ledger_write(ledger, tx, 20, &error);
    g_assert_no_error(error);
}

static void
test_delete_leaves_only_its_record(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        OperationKind kind;
        gboolean set_stays, group_stays;
    } cases[] = {
        { OPERATION_DELETE_INSTANCES, TRUE, TRUE },
        { OPERATION_DELETE_SCALE_SET, FALSE, TRUE },
        { OPERATION_DELETE_GROUP, FALSE, FALSE },
    };
    StoreGroup group = { .name = (char *)"G", .location = (char *)"here" };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        StoreTx *tx = must_write(f->store);
        g_assert_true(store_group_put(tx, &group, NULL, NULL));
        gint64 set_id = set_add(tx, "g", "s");
        g_autoptr(StoreOperation) operation = begin(tx, cases[i].kind, set_id, FALSE);
        for (guint id = 0; id < 2; id++) {
            instance_add(tx, set_id, id, 1);
            begin_step(tx, operation, set_id, id);
        }
        remove_step(tx, set_id, 0);
        assert_operation(tx, operation, "InProgress 1/2 -");
        remove_step(tx, set_id, 1);
        assert_operation(tx, operation, "Succeeded 0/2 -");
        g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
        g_autoptr(StoreGroup) left = store_group_get(tx, "g", NULL);
        g_assert_cmpint(set != NULL, ==, cases[i].set_stays);
        g_assert_cmpint(left != NULL, ==, cases[i].group_stays);
        store_abort(tx);
    }
}

/* What a change of the model does to the steps that it finds; they are of an operation of this kind. */
static void
taken_over(const Fixture *f, OperationKind kind)
{
    static const struct {
        const char *why;
        StoreInstance instance; /* desired revision is 9 in each */
        gboolean moves;
        guint want_revision;
    } cases[] = {
        { "not begun: what is wanted is what runs",
          { .epoch = 3, .revision = 1, .run_disk_gen = 1, .state = INSTANCE_RUNNING, .alive = TRUE },
          FALSE,
          1 },
        { "under way", { .epoch = 3, .revision = 1, .run_disk_gen = 1, .state = INSTANCE_STOPPING, .alive = TRUE }, TRUE, 9 },
        { "on its way up, in the step that it was taken over from",
          { .epoch = 3, .revision = 9, .run_disk_gen = 1, .state = INSTANCE_STARTING },
          TRUE,
          9 },
        { "waited for", { .epoch = 3, .revision = 9, .run_disk_gen = 1, .state = INSTANCE_RUNNING, .deadline = 5 }, TRUE, 9 },
        { "stopped, to be started again when its turn comes",
          { .epoch = 3, .want_epoch = 4, .revision = 1, .run_disk_gen = 1, .state = INSTANCE_STOPPED },
          TRUE,
          9 },
        { "never started", { .state = INSTANCE_CREATING }, TRUE, 9 },
    };
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    g_autoptr(StoreOperation) old = begin(tx, kind, set_id, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        StoreInstance instance = cases[i].instance;
        instance.set_id = set_id;
        instance.id = i;
        instance.vm_id = instance.computer_name = (char *)"x";
        instance.want_revision = 9;
        UnixTime deadline = instance.deadline;
        g_assert_true(store_instance_insert(tx, &instance, NULL));
        begin_step(tx, old, set_id, i);
        g_autoptr(StoreInstance) begun = store_instance_get(tx, set_id, i, NULL);
        begun->deadline = deadline;
        g_assert_true(store_instance_update(tx, begun, 0, NULL));
    }
    g_autoptr(StoreOperation) deletion = begin(tx, OPERATION_DELETE_INSTANCES, set_id, FALSE);
    instance_add(tx, set_id, 90, 1);
    begin_step(tx, deletion, set_id, 90);

    g_autoptr(StoreOperation) successor = begin(tx, OPERATION_PUT_SCALE_SET, set_id, TRUE);
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    g_assert_true(operations_supersede(tx, set, successor, 30, NULL));
    assert_operation(tx, old, "Canceled 0/6 OperationPreempted");
    assert_operation(tx, deletion, "InProgress 1/1 -");
    assert_operation(tx, successor, "InProgress 5/5 -");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, i, NULL);
        if (g_strcmp0(instance->operation, cases[i].moves ? successor->id : NULL) != 0 ||
            instance->want_revision != cases[i].want_revision)
            g_error("%s: operation %s, revision %u", cases[i].why, instance->operation, instance->want_revision);
    }
    /* The set is the successor's: the end of the old one does not end its state. */
    g_autoptr(StoreSet) after = store_set_get_by_id(tx, set_id, NULL);
    g_assert_cmpstr(after->operation, ==, successor->id);

    g_autoptr(StoreOperation) last = begin(tx, OPERATION_DELETE_SCALE_SET, set_id, TRUE);
    g_assert_true(operations_supersede(tx, after, last, 40, NULL));
    assert_operation(tx, deletion, "Canceled 0/1 OperationPreempted");
    store_abort(tx);
}

static void
test_taken_over(Fixture *f, const void *data G_GNUC_UNUSED)
{
    taken_over(f, OPERATION_UPDATE_INSTANCES);
    /* In mode Automatic a change of the model brings everybody to it. */
    taken_over(f, OPERATION_PUT_SCALE_SET);
}

/* A start that was not begun is taken back: it rests as it did. */
static void
test_start_taken_back(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    g_autoptr(StoreOperation) start = begin(tx, OPERATION_START, set_id, FALSE);
    StoreInstance row = { .set_id = set_id, .epoch = 3, .want_epoch = 4, .run_disk_gen = 1, .state = INSTANCE_STOPPED };
    row.vm_id = row.computer_name = (char *)"x";
    g_assert_true(store_instance_insert(tx, &row, NULL));
    begin_step(tx, start, set_id, 0);
    g_autoptr(StoreOperation) successor = begin(tx, OPERATION_PUT_SCALE_SET, set_id, TRUE);
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    g_assert_true(operations_supersede(tx, set, successor, 30, NULL));
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, 0, NULL);
    g_assert_cmpstr(instance->operation, ==, NULL);
    g_assert_cmpint(instance->want_power, ==, POWER_STOPPED);
    g_assert_cmpuint(instance->want_epoch, ==, 3);
    store_abort(tx);
}

/* It died, and its start after that gave way to this one. */
static void
test_start_of_the_dead_goes_on(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const OperationKind kinds[] = { OPERATION_RESTART, OPERATION_START, OPERATION_REIMAGE };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        StoreTx *tx = must_write(f->store);
        gint64 set_id = set_add(tx, "g", "s");
        g_autoptr(StoreOperation) asked = begin(tx, kinds[i], set_id, FALSE);
        StoreInstance row = { .set_id = set_id, .epoch = 3, .want_epoch = 4, .run_disk_gen = 1, .state = INSTANCE_FAILED };
        row.vm_id = row.computer_name = (char *)"x";
        g_assert_true(store_instance_insert(tx, &row, NULL));
        begin_step(tx, asked, set_id, 0);
        g_autoptr(StoreOperation) successor = begin(tx, OPERATION_PUT_SCALE_SET, set_id, TRUE);
        g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
        g_assert_true(operations_supersede(tx, set, successor, 30, NULL));
        g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, 0, NULL);
        g_assert_cmpstr(instance->operation, ==, successor->id);
        g_assert_cmpint(instance->want_power, ==, POWER_RUNNING);
        g_assert_cmpuint(instance->want_epoch, ==, 4);
        store_abort(tx);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add("ends-with-its-last-step", test_ends_with_its_last_step);
    fixture_add("failures-are-collected", test_failures_are_collected);
    fixture_add("gathered", test_gathered);
    fixture_add("delete-leaves-only-its-record", test_delete_leaves_only_its_record);
    fixture_add("taken-over", test_taken_over);
    fixture_add("start-taken-back", test_start_taken_back);
    fixture_add("start-of-the-dead-goes-on", test_start_of_the_dead_goes_on);
    return g_test_run();
}
