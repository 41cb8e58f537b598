/* Readers beside writers, on many threads. */
#include "fixture.h"

#define N_READERS 4
#define N_WRITERS 2
#define N_ROUNDS  100

typedef struct {
    Store *store;
    gint64 set_id;
    gint writing; /* atomic: writers that are still at it */
    gint calls;   /* atomic: of the listener */
} Crowd;

/* Both instances are always written together, so a reader that sees them differ saw half a
 * transaction. */
static gpointer
crowd_read(void *data)
{
    Crowd *crowd = data;
    guint reads = 0;
    guint64 seen = 0;
    while (g_atomic_int_get(&crowd->writing) > 0 || reads == 0) {
        guint64 floor = store_revision(crowd->store);
        StoreTx *tx = must_read(crowd->store);
        g_autoptr(StoreInstance) a = store_instance_get(tx, crowd->set_id, 0, NULL);
        g_autoptr(StoreInstance) b = store_instance_get(tx, crowd->set_id, 1, NULL);
        g_assert_cmpuint(a->epoch, ==, b->epoch);
        g_assert_cmpuint(b->etag, >=, MAX(seen, floor));
        seen = b->etag;
        store_abort(tx);
        reads++;
    }
    return NULL;
}

static gpointer
crowd_write(void *data)
{
    Crowd *crowd = data;
    for (guint i = 0; i < N_ROUNDS; i++) {
        StoreTx *tx = must_write(crowd->store);
        for (guint id = 0; id < 2; id++) {
            g_autoptr(StoreInstance) instance = store_instance_get(tx, crowd->set_id, id, NULL);
            instance->epoch++;
            g_assert_true(store_instance_update(tx, instance, instance->etag, NULL));
        }
        must_commit(tx);
    }
    g_atomic_int_add(&crowd->writing, -1);
    return NULL;
}

static void
crowd_committed(void *data)
{
    g_atomic_int_inc(&((Crowd *)data)->calls);
}

static void
test_readers_beside_writers(Fixture *f, const void *data G_GNUC_UNUSED)
{
    Crowd crowd = { .store = f->store, .writing = N_WRITERS };
    GThread *threads[N_READERS + N_WRITERS];
    StoreTx *tx = must_write(f->store);
    crowd.set_id = set_add(tx, "g", "s");
    instance_add(tx, crowd.set_id, 0, 1);
    instance_add(tx, crowd.set_id, 1, 1);
    must_commit(tx);
    store_set_listener(f->store, crowd_committed, &crowd);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("crowd", i < N_READERS ? crowd_read : crowd_write, &crowd);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    tx = must_read(f->store);
    g_autoptr(StoreInstance) instance = store_instance_get(tx, crowd.set_id, 0, NULL);
    g_assert_cmpuint(instance->epoch, ==, N_WRITERS * N_ROUNDS);
    g_assert_cmpint(crowd.calls, ==, N_WRITERS * N_ROUNDS);
    store_abort(tx);
}

/* More readers at once than are kept. */
static void
test_many_readers(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *readers[24];
    for (guint i = 0; i < G_N_ELEMENTS(readers); i++)
        readers[i] = must_read(f->store);
    for (guint i = 0; i < G_N_ELEMENTS(readers); i++)
        store_abort(readers[i]);
    StoreTx *tx = must_read(f->store);
    g_autoptr(GPtrArray) none = store_set_list(tx, NULL, NULL);
    g_assert_cmpuint(none->len, ==, 0);
    must_commit(tx);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add("readers-beside-writers", test_readers_beside_writers);
    fixture_add("many-readers", test_many_readers);
    return g_test_run();
}
