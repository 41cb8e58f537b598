/* Etags and the counter, the listener, what a transaction sees and keeps. */
#include "fixture.h"

static void
test_optimistic_concurrency(Fixture *f, const void *data G_GNUC_UNUSED)
{
    GError *error = NULL;
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "web");
    instance_add(tx, set_id, 4, 1);
    must_commit(tx);

    tx = must_write(f->store);
    g_autoptr(StoreSet) mine = store_set_get_by_id(tx, set_id, NULL);
    g_autoptr(StoreSet) theirs = store_set_get_by_id(tx, set_id, NULL);
    guint64 seen = mine->etag;
    theirs->capacity = 9;
    g_assert_true(store_set_update(tx, theirs, seen, NULL));
    mine->capacity = 1;
    g_assert_false(store_set_update(tx, mine, seen, &error));
    assert_arm_error(g_steal_pointer(&error), ARM_PRECONDITION_FAILED, "Scale set 'web' was changed meanwhile");
    g_assert_cmpuint(mine->etag, ==, seen);
    g_autoptr(StoreSet) kept = store_set_get_by_id(tx, set_id, NULL);
    g_assert_cmpuint(kept->capacity, ==, 9);
    g_assert_cmpuint(kept->etag, ==, theirs->etag);
    /* 0: whatever it is. */
    g_assert_true(store_set_update(tx, mine, 0, NULL));

    g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, 4, NULL);
    g_assert_false(store_instance_update(tx, instance, instance->etag + 1, &error));
    assert_arm_error(g_steal_pointer(&error), ARM_PRECONDITION_FAILED, "Instance 4 was changed meanwhile");
    g_assert_true(store_instance_delete(tx, set_id, 4, NULL));
    g_assert_false(store_instance_update(tx, instance, instance->etag, &error));
    assert_arm_error(g_steal_pointer(&error), ARM_PRECONDITION_FAILED, "Instance 4 was deleted meanwhile");
    g_assert_false(store_instance_update(tx, instance, 0, &error));
    assert_arm_error(error, ARM_INTERNAL, "Instance 4 is not in the store");
    must_commit(tx);
}

static void
count_call(void *data)
{
    (*(guint *)data)++;
}

static void
test_listener(Fixture *f, const void *data G_GNUC_UNUSED)
{
    guint calls = 0;
    store_set_listener(f->store, count_call, &calls);
    StoreTx *tx = must_write(f->store);
    must_commit(tx);
    g_assert_cmpuint(calls, ==, 0);
    tx = must_write(f->store);
    set_add(tx, "g", "s");
    g_assert_cmpuint(calls, ==, 0);
    must_commit(tx);
    g_assert_cmpuint(calls, ==, 1);
    tx = must_write(f->store);
    set_add(tx, "g", "t");
    store_abort(tx);
    tx = must_read(f->store);
    must_commit(tx);
    tx = must_write(f->store);
    g_assert_true(store_group_delete(tx, "none", NULL));
    must_commit(tx);
    g_assert_cmpuint(calls, ==, 1);
    /* What has no etag of its own is a change too. */
    tx = must_write(f->store);
    g_assert_true(store_setting_set(tx, "a", "b", NULL));
    must_commit(tx);
    g_assert_cmpuint(calls, ==, 2);
}

/* The listener may use the store: no lock is held. */
static void
write_again(void *data)
{
    Fixture *f = data;
    store_set_listener(f->store, NULL, NULL);
    StoreTx *tx = must_write(f->store);
    set_add(tx, "g", "of-the-listener");
    must_commit(tx);
}

static gpointer
find_set(void *data)
{
    Fixture *f = data;
    StoreTx *tx = must_write(f->store);
    g_autoptr(StoreSet) set = store_set_get(tx, "g", "of-the-listener", NULL);
    store_abort(tx);
    return GINT_TO_POINTER(set != NULL);
}

static void
find_elsewhere(void *data)
{
    g_autoptr(GThread) thread = g_thread_new("other", find_set, data);
    g_assert_nonnull(thread);
    g_thread_join(g_steal_pointer(&thread));
}

static void
test_listener_is_called_without_locks(Fixture *f, const void *data G_GNUC_UNUSED)
{
    store_set_listener(f->store, write_again, f);
    StoreTx *tx = must_write(f->store);
    set_add(tx, "g", "s");
    must_commit(tx);
    g_assert_true(GPOINTER_TO_INT(find_set(f)));
    store_set_listener(f->store, find_elsewhere, f);
    tx = must_write(f->store);
    set_add(tx, "g", "t");
    must_commit(tx);
}

static void
test_counter(Fixture *f, const void *data G_GNUC_UNUSED)
{
    guint64 start = store_revision(f->store);
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s");
    g_assert_cmpuint(store_revision(f->store), ==, start);
    must_commit(tx);
    guint64 after = store_revision(f->store);
    g_assert_cmpuint(after, >, start);

    /* The etag of an aborted change is not given out again: somebody may know that row by it. */
    tx = must_write(f->store);
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, set_id, NULL);
    g_assert_cmpuint(set->etag, ==, after);
    g_assert_true(store_set_update(tx, set, 0, NULL));
    guint64 aborted = set->etag;
    store_abort(tx);
    g_assert_cmpuint(store_revision(f->store), ==, after);
    tx = must_write(f->store);
    g_assert_true(store_set_update(tx, set, after, NULL));
    g_assert_cmpuint(set->etag, >, aborted);
    must_commit(tx);
    g_assert_cmpuint(store_revision(f->store), ==, set->etag);

    guint64 before_delete = set->etag;
    tx = must_write(f->store);
    g_assert_true(store_set_delete(tx, set_id, NULL));
    must_commit(tx);
    g_assert_cmpuint(store_revision(f->store), >, before_delete);
}

static void
test_abort_keeps_nothing(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    set_add(tx, "g", "s");
    store_abort(tx);
    {
        g_autoptr(StoreTx) left_behind = must_write(f->store);
        set_add(left_behind, "g", "t");
    }
    tx = must_read(f->store);
    g_autoptr(GPtrArray) sets = store_set_list(tx, NULL, NULL);
    g_assert_cmpuint(sets->len, ==, 0);
    store_abort(tx);
}

static guint
sets_seen(StoreTx *tx)
{
    g_autoptr(GPtrArray) sets = store_set_list(tx, NULL, NULL);
    return sets->len;
}

static void
test_read_within_write(Fixture *f, const void *data)
{
    StoreTx *writing = must_write(f->store);
    set_add(writing, "g", "s");
    StoreTx *reading = must_read(f->store);
    g_assert_cmpuint(sets_seen(reading), ==, data ? 0 : 1);
    store_abort(reading);
    must_commit(writing);
    reading = must_read(f->store);
    g_assert_cmpuint(sets_seen(reading), ==, 1);
    must_commit(reading);
}

static void
test_write_within_read(Fixture *f, const void *data)
{
    StoreTx *reading = must_read(f->store);
    g_assert_cmpuint(sets_seen(reading), ==, 0);
    StoreTx *writing = must_write(f->store);
    set_add(writing, "g", "s");
    must_commit(writing);
    g_assert_cmpuint(sets_seen(reading), ==, data ? 0 : 1);
    store_abort(reading);
    reading = must_read(f->store);
    g_assert_cmpuint(sets_seen(reading), ==, 1);
    store_abort(reading);
}

/* A read sees what was there when it began, not when it first looked. */
static void
test_snapshot_begins_at_once(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *reading = must_read(f->store);
    StoreTx *writing = must_write(f->store);
    set_add(writing, "g", "s");
    must_commit(writing);
    g_assert_cmpuint(sets_seen(reading), ==, 0);
    store_abort(reading);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add("optimistic-concurrency", test_optimistic_concurrency);
    fixture_add("listener", test_listener);
    fixture_add("listener-is-called-without-locks", test_listener_is_called_without_locks);
    fixture_add("counter", test_counter);
    fixture_add("abort-keeps-nothing", test_abort_keeps_nothing);
    fixture_add("read-within-write", test_read_within_write);
    fixture_add("write-within-read", test_write_within_read);
    fixture_add_file("snapshot-begins-at-once", test_snapshot_begins_at_once);
    return g_test_run();
}
