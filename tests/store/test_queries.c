/* Counts, usage, what changed, what is pruned. */
#include "fixture.h"

#include <string.h>

static void
test_count(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreInstanceCounts counts;
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s"), other = set_add(tx, "g", "t");
    model_add(tx, set_id, 2, "e2", "f", 1);
    model_add(tx, set_id, 3, "e1", "f", 1); /* the effect of the current one, by another number */
    instance_put(tx, set_id, 0, 1, INSTANCE_RUNNING, NULL);
    instance_put(tx, set_id, 1, 1, INSTANCE_RUNNING, "op");
    instance_put(tx, set_id, 2, 2, INSTANCE_RUNNING, NULL);
    instance_put(tx, set_id, 3, 3, INSTANCE_STOPPED, NULL);
    instance_put(tx, set_id, 4, 2, INSTANCE_FAILED, "op");
    instance_put(tx, set_id, 5, 0, INSTANCE_CREATING, "op");
    instance_put(tx, other, 0, 1, INSTANCE_RUNNING, NULL);
    memset(&counts, 0xaa, sizeof counts);
    g_assert_true(store_instance_count(tx, set_id, &counts, NULL));
    g_assert_cmpuint(counts.total, ==, 6);
    g_assert_cmpuint(counts.by_state[INSTANCE_RUNNING], ==, 3);
    g_assert_cmpuint(counts.by_state[INSTANCE_STOPPED], ==, 1);
    g_assert_cmpuint(counts.by_state[INSTANCE_CREATING], ==, 1);
    g_assert_cmpuint(counts.by_state[INSTANCE_DELETING], ==, 0);
    g_assert_cmpuint(counts.busy, ==, 3);
    g_assert_cmpuint(counts.failed, ==, 1);
    g_assert_cmpuint(counts.on_current, ==, 3);
    g_assert_true(store_instance_count(tx, /* set_id= */ 999, &counts, NULL));
    g_assert_cmpuint(counts.total, ==, 0);
    store_abort(tx);
}

static void
etag_collect(guint id, guint64 etag, void *data)
{
    g_string_append_printf(data, "%u:%" G_GUINT64_FORMAT " ", id, etag);
}

static void
assert_key(const GArray *keys, guint at, gint64 set_id, guint id)
{
    const StoreInstanceKey *key = &g_array_index(keys, StoreInstanceKey, at);
    g_assert_cmpint(key->set_id, ==, set_id);
    g_assert_cmpuint(key->id, ==, id);
}

static void
test_changed_and_etags(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s"), other = set_add(tx, "g", "t");
    instance_add(tx, set_id, 7, 1);
    instance_add(tx, other, 7, 1);
    instance_add(tx, set_id, 2, 1);
    must_commit(tx);
    guint64 known = store_revision(f->store);

    tx = must_write(f->store);
    g_autoptr(GArray) all = store_instance_changed(tx, 0, NULL);
    g_assert_cmpuint(all->len, ==, 3);
    g_autoptr(StoreInstance) two = store_instance_get(tx, set_id, 2, NULL);
    g_autoptr(StoreInstance) seven = store_instance_get(tx, other, 7, NULL);
    g_assert_true(store_instance_update(tx, seven, 0, NULL));
    g_assert_true(store_instance_update(tx, two, 0, NULL));
    g_assert_cmpuint(store_tx_issued(tx), ==, two->etag);
    /* A step is not told. */
    g_autoptr(StoreInstance) stepped = store_instance_get(tx, set_id, 7, NULL);
    g_assert_true(store_instance_update_step(tx, stepped, NULL));
    must_commit(tx);

    tx = must_read(f->store);
    g_autoptr(GArray) changed = store_instance_changed(tx, known, NULL);
    g_assert_cmpuint(changed->len, ==, 2);
    assert_key(changed, 0, other, 7);
    assert_key(changed, 1, set_id, 2);
    g_autoptr(GArray) none = store_instance_changed(tx, store_revision(f->store), NULL);
    g_assert_cmpuint(none->len, ==, 0);

    g_autoptr(GString) got = g_string_new(NULL);
    g_autoptr(StoreInstance) first = store_instance_get(tx, set_id, 7, NULL);
    g_autofree char *wanted = g_strdup_printf("2:%" G_GUINT64_FORMAT " 7:%" G_GUINT64_FORMAT " ", two->etag, first->etag);
    g_assert_true(store_instance_etags(tx, set_id, etag_collect, got, NULL));
    g_assert_cmpstr(got->str, ==, wanted);
    store_abort(tx);
}

static char *
page_text(StoreTx *tx, gint64 set_id, gint64 after, guint limit)
{
    g_autoptr(GPtrArray) rows = store_instance_page(tx, set_id, after, limit, NULL);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < rows->len; i++)
        g_string_append_printf(text, "%u ", ((const StoreInstance *)g_ptr_array_index(rows, i))->id);
    return g_string_free(text, FALSE);
}

static void
test_pages(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        gint64 after;
        guint limit;
        const char *ids;
    } pages[] = {
        { -1, 2, "0 3 " }, { 3, 2, "4 9 " }, { 9, 2, "" }, { -1, 9, "0 3 4 9 " }, { 0, 1, "3 " },
    };
    StoreTx *tx = must_write(f->store);
    gint64 set_id = set_add(tx, "g", "s"), other = set_add(tx, "g", "t");
    instance_add(tx, other, 5, 1);
    instance_add(tx, set_id, 9, 1);
    instance_add(tx, set_id, 0, 1);
    instance_add(tx, set_id, 4, 1);
    instance_add(tx, set_id, 3, 1);
    for (guint i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autofree char *ids = page_text(tx, set_id, pages[i].after, pages[i].limit);
        g_assert_cmpstr(ids, ==, pages[i].ids);
    }
    store_abort(tx);
}

static char *
usage_text(StoreTx *tx, gint64 except)
{
    g_autoptr(StoreUsage) usage = store_usage(tx, except, NULL);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%u cores, %u vms, %u sets:", usage->regional_cores, usage->virtual_machines,
                           usage->scale_sets);
    for (guint i = 0; i < usage->families->len; i++) {
        const StoreFamilyCores *cores = g_ptr_array_index(usage->families, i);
        g_string_append_printf(text, " %s=%u", cores->family, cores->cores);
    }
    return g_string_free(text, FALSE);
}

static void
test_usage(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    g_autofree char *empty = usage_text(tx, 0);
    g_assert_cmpstr(empty, ==, "0 cores, 0 vms, 0 sets:");
    gint64 one = set_add(tx, "g", "one"), two = set_add(tx, "g", "two"); /* family standardAFamily, 1 core */
    model_add(tx, one, 2, "e2", "standardDSv5Family", 4);
    model_add(tx, two, 2, "e2", "STANDARDdsv5family", 8);
    instance_add(tx, one, 0, 1);
    instance_add(tx, one, 1, 2);
    instance_add(tx, one, 2, 2);
    instance_add(tx, two, 0, 1);
    instance_add(tx, two, 1, 2);
    g_autofree char *all = usage_text(tx, 0);
    g_assert_cmpstr(all, ==, "18 cores, 5 vms, 2 sets: standardAFamily=2 standardDSv5Family=16");
    g_autofree char *without_two = usage_text(tx, two);
    g_assert_cmpstr(without_two, ==, "9 cores, 3 vms, 1 sets: standardAFamily=1 standardDSv5Family=8");
    /* What is to be deleted is not counted, even while it still runs. */
    g_autoptr(StoreInstance) instance = store_instance_get(tx, one, 2, NULL);
    instance->want_deleted = TRUE;
    g_assert_true(store_instance_update(tx, instance, 0, NULL));
    g_autofree char *less = usage_text(tx, two);
    g_assert_cmpstr(less, ==, "5 cores, 2 vms, 1 sets: standardAFamily=1 standardDSv5Family=4");
    store_abort(tx);
}

/* What runs another size, or may be put back to one, keeps it while that is not over. */
static void
test_usage_of_more_than_one_size(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        guint wanted, running, before;
        const char *usage;
    } cases[] = {
        { 3, 0, 0, "4 cores, 1 vms, 1 sets: standardDSv5Family=4" },
        { 3, 3, 3, "4 cores, 1 vms, 1 sets: standardDSv5Family=4" },
        { 3, 3, 1, "4 cores, 1 vms, 1 sets: standardDSv5Family=4 standardAFamily=1" },
        { 3, 1, 0, "4 cores, 1 vms, 1 sets: standardDSv5Family=4 standardAFamily=1" },
        { 3, 3, 2, "8 cores, 1 vms, 1 sets: standardDSv5Family=8" },
        { 3, 2, 0, "8 cores, 1 vms, 1 sets: standardDSv5Family=8" },
        { 2, 2, 3, "8 cores, 1 vms, 1 sets: standardDSv5Family=8" },
        { 2, 3, 0, "8 cores, 1 vms, 1 sets: standardDSv5Family=8" },
        { 1, 1, 2, "8 cores, 1 vms, 1 sets: standardAFamily=1 standardDSv5Family=8" },
        { 1, 3, 2, "8 cores, 1 vms, 1 sets: standardAFamily=1 standardDSv5Family=8" },
        { 1, 2, 3, "8 cores, 1 vms, 1 sets: standardAFamily=1 standardDSv5Family=8" },
        { 3, 1, 2, "8 cores, 1 vms, 1 sets: standardDSv5Family=8 standardAFamily=1" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        StoreTx *tx = must_write(f->store);
        gint64 set = set_add(tx, "g", "one"); /* its first revision: family standardAFamily, 1 core */
        model_add(tx, set, 2, "e2", "standardDSv5Family", 8);
        model_add(tx, set, 3, "e3", "standardDSv5Family", 4);
        instance_add(tx, set, 0, cases[i].wanted);
        g_autoptr(StoreInstance) instance = store_instance_get(tx, set, 0, NULL);
        instance->revision = cases[i].running;
        instance->undo_revision = cases[i].before;
        g_assert_true(store_instance_update(tx, instance, 0, NULL));
        g_autoptr(StoreRoll) roll = g_new0(StoreRoll, 1);
        roll->set_id = set;
        roll->operation = g_strdup("o");
        g_assert_true(store_roll_insert(tx, roll, NULL));
        g_autofree char *usage = usage_text(tx, 0), *others = usage_text(tx, set);
        g_assert_cmpstr(usage, ==, cases[i].usage);
        g_assert_cmpstr(others, ==, "0 cores, 0 vms, 0 sets:");
        instance->want_deleted = TRUE;
        g_assert_true(store_instance_update(tx, instance, 0, NULL));
        g_autofree char *less = usage_text(tx, 0);
        g_assert_cmpstr(less, ==, "0 cores, 0 vms, 1 sets:");
        store_abort(tx);
    }
}

static void
operation_put(StoreTx *tx, const char *id, gint64 set_id, OperationStatus status, UnixTime started, UnixTime ended)
{
    g_autoptr(GError) error = NULL;
    StoreOperation operation = {
        .id = (char *)id,
        .set_id = set_id,
        .resource_id = (char *)"/r",
        .location = (char *)"l",
        .status = status,
        .started = started,
        .ended = ended,
    };
    store_operation_insert(tx, &operation, &error);
    g_assert_no_error(error);
}

static void
test_operations_in_progress_and_prune(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const left[] = { "a", "b", "d", "e" };
    StoreTx *tx = must_write(f->store);
    operation_put(tx, "a", 1, OPERATION_IN_PROGRESS, 30, 0);
    operation_put(tx, "b", 1, OPERATION_IN_PROGRESS, 10, 0);
    operation_put(tx, "c", 1, OPERATION_SUCCEEDED, 5, 6);
    operation_put(tx, "d", 2, OPERATION_IN_PROGRESS, 20, 0);
    operation_put(tx, "e", 2, OPERATION_CANCELED, 5, 50);
    g_autoptr(GPtrArray) all = store_operation_in_progress(tx, 0, NULL);
    g_assert_cmpuint(all->len, ==, 3);
    g_assert_cmpstr(((StoreOperation *)g_ptr_array_index(all, 0))->id, ==, "b");
    g_assert_cmpstr(((StoreOperation *)g_ptr_array_index(all, 1))->id, ==, "d");
    g_assert_cmpstr(((StoreOperation *)g_ptr_array_index(all, 2))->id, ==, "a");
    g_autoptr(GPtrArray) of_one = store_operation_in_progress(tx, 1, NULL);
    g_assert_cmpuint(of_one->len, ==, 2);
    g_assert_true(store_operation_prune(tx, 50, NULL));
    g_assert_null(store_operation_get(tx, "c", NULL));
    for (guint i = 0; i < G_N_ELEMENTS(left); i++) {
        g_autoptr(StoreOperation) kept = store_operation_get(tx, left[i], NULL);
        g_assert_nonnull(kept);
    }
    must_commit(tx);
}

static guint
uses_of(StoreTx *tx, const char *version)
{
    ImageInfo image = { .publisher = (char *)"p", .offer = (char *)"O", .sku = (char *)"s", .version = (char *)version };
    guint uses = 0xaaaaaaaa;
    g_assert_true(store_image_uses(tx, &image, &uses, NULL));
    return uses;
}

static void
test_image_uses(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    g_assert_cmpuint(uses_of(tx, "1.0.0"), ==, 0);
    gint64 set_id = set_add(tx, "g", "s"); /* P:o:s:1.0.0, as every model here */
    g_assert_cmpuint(uses_of(tx, "1.0.0"), ==, 1);
    g_assert_cmpuint(uses_of(tx, "1.0.1"), ==, 0);
    model_add(tx, set_id, 2, "e", "f", 1);
    model_add(tx, set_id, 3, "e", "f", 1);
    model_add(tx, set_id, 4, "e", "f", 1);
    g_assert_cmpuint(uses_of(tx, "1.0.0"), ==, 1);
    instance_put(tx, set_id, 0, 2, INSTANCE_RUNNING, NULL);
    instance_add(tx, set_id, 1, 3);
    g_assert_cmpuint(uses_of(tx, "1.0.0"), ==, 3);
    /* What an instance may be brought back to stands on its image. */
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set_id, 1, NULL);
    instance->undo_revision = 4;
    g_assert_true(store_instance_update(tx, instance, 0, NULL));
    g_assert_cmpuint(uses_of(tx, "1.0.0"), ==, 4);
    store_abort(tx);
}

static void
attestation_put(StoreTx *tx, gint64 set, guint instance, UnixTime at, const char *log)
{
    g_autoptr(GBytes) bytes = g_bytes_new(log, strlen(log));
    StoreAttestation made = {
        .set_id = set, .instance = instance, .at = at, .integrity = INTEGRITY_HEALTHY, .log = (char *)log
    };
    g_assert_true(store_attestation_add(tx, &made, NULL) && store_log_put(tx, log, bytes, NULL));
}

static guint
logs_there(StoreTx *tx)
{
    guint n = 0;
    for (const char *name = "abcd"; *name; name++) {
        const char digest[] = { *name, '\0' };
        g_autoptr(GBytes) log = store_log_get(tx, digest, NULL);
        n += log ? 1 : 0;
    }
    return n;
}

/* What is kept of instances that are there is not pruned by age, and no log that something names. */
static void
test_attestations_prune(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    gint64 set = set_add(tx, "g", "one");
    instance_add(tx, set, 0, 1);
    StoreVtpm vtpm = { .set_id = set, .instance = 0, .ek = (char *)"k" };
    StoreBaseline baseline = {
        .image_urn = (char *)"a:b:c:1", .log = (char *)"c", .source = (char *)"", .approved_by = (char *)"owner"
    };
    g_assert_true(store_vtpm_put(tx, &vtpm, NULL) && store_baseline_add(tx, &baseline, NULL));
    attestation_put(tx, set, 0, 5, "a");
    attestation_put(tx, set, 1, 5, "b");
    attestation_put(tx, set, 1, 5, "c");
    attestation_put(tx, set, 1, 50, "d");
    g_assert_true(store_attestation_prune(tx, 10, NULL));
    g_autoptr(GPtrArray) there = store_attestation_list(tx, set, 0, 10, NULL);
    g_autoptr(GPtrArray) gone = store_attestation_list(tx, set, 1, 10, NULL);
    g_assert_cmpuint(there->len, ==, 1);
    g_assert_cmpuint(gone->len, ==, 1);
    g_assert_cmpuint(logs_there(tx), ==, 3);
    /* Its vTPM goes with the instance, and only so many are kept of one. */
    for (guint i = 0; i < 2 * STORE_ATTESTATIONS_KEPT; i++)
        attestation_put(tx, set, 0, 60, "a");
    g_autoptr(GPtrArray) newest = store_attestation_list(tx, set, 0, 1000, NULL);
    g_assert_cmpuint(newest->len, ==, STORE_ATTESTATIONS_KEPT);
    g_assert_true(store_instance_delete(tx, set, 0, NULL));
    g_autoptr(StoreVtpm) left = store_vtpm_get(tx, set, 0, NULL);
    g_assert_null(left);
    store_abort(tx);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add("count", test_count);
    fixture_add("changed-and-etags", test_changed_and_etags);
    fixture_add("pages", test_pages);
    fixture_add("usage", test_usage);
    fixture_add("usage-of-more-than-one-size", test_usage_of_more_than_one_size);
    fixture_add("attestations-prune", test_attestations_prune);
    fixture_add("operations-in-progress-and-prune", test_operations_in_progress_and_prune);
    fixture_add("image-uses", test_image_uses);
    return g_test_run();
}
