/* One rolling upgrade, measured: roll INSTANCES [STORE]. Real engine, planner and store, the simulated driver, a virtual clock;
 * the store is in memory, or the file STORE, which must not be there yet. Prints one JSON object. */
#include "attest/issuer.h"
#include "attest/jwt.h"
#include "attest/record.h"
#include "base/error.h"
#include "base/json.h"
#include "engine/engine.h"
#include "host/simulated/simulated.h"
#include "store/desire.h"
#include "store/models.h"
#include "store/roll_steps.h"
#include "store/upgrades.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START G_GINT64_CONSTANT(1704067200) * USEC_PER_SEC

/* A set of this many is rolled first: what is made once, such as prepared statements, is no part of the measured one. */
#define SMALL 5

/* A batch is 20 % of the instances; no pause, since time costs nothing here. */
static const char document_form[] =
    "{\"location\":\"local\",\"sku\":{\"name\":\"Standard_B1ms\",\"capacity\":0},\"properties\":{\"upgradePolicy\":{"
    "\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxBatchInstancePercent\":20,\"maxUnhealthyInstancePercent\":20,"
    "\"maxUnhealthyUpgradedInstancePercent\":20,\"pauseTimeBetweenBatches\":\"PT0S\"}},\"virtualMachineProfile\":{"
    "\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\",\"offer\":\"bench\",\"sku\":\"gen2\",\"version\":\"%s\"}"
    "},"
    "\"osProfile\":{\"computerNamePrefix\":\"bench\"},\"securityProfile\":{\"securityType\":\"TrustedLaunch\","
    "\"uefiSettings\":{\"secureBootEnabled\":true,\"vTpmEnabled\":true}}}}}";
static const char *const versions[] = { "1.0.0", "1.1.0" };

typedef struct {
    guint instances;
    Clock *clock;
    GMainContext *context;
    Store *store;
    Host *host;
    Engine *engine;
    gint64 set;
    gsize most;    /* bytes of the heap in use, at the most so far */
    double looked; /* seconds of the processor that it took to find that out */
} Bench;

/* A bench that something went wrong in has measured nothing. */
static void
must(gboolean ok, GError *error, const char *what)
{
    if (ok)
        return;
    g_printerr("roll: %s: %s\n", what, error ? error->message : "it is not what it should be");
    exit(1);
}

static StoreTx *
write_begin(const Bench *bench)
{
    GError *error = NULL;
    StoreTx *tx = store_write(bench->store, &error);
    must(tx != NULL, error, "store_write");
    return tx;
}

static void
commit(StoreTx *tx)
{
    GError *error = NULL;
    must(store_commit(tx, &error), error, "store_commit");
}

/* ---- the control plane ---- */

/* The upgrade ends with its change record. */
static char *
on_record_sign(const json_t *record, void *data, GError **error)
{
    static EVP_PKEY *key;
    static char *chain;
    (void)data;
    if (!key) {
        Issuer root = { .key = issuer_key_new() };
        root.certificate = issuer_root_make(root.key, START);
        key = jwt_key_new();
        chain = issuer_certificate_text(issuer_signer_make(key, "Records", &root, START));
    }
    return record_sign(record, key, chain, error);
}

static void
on_commit(void *data)
{
    engine_kick(((const Bench *)data)->engine);
}

static void
on_event(const HostEvent *event, void *data)
{
    engine_host_event(event, ((const Bench *)data)->engine);
}

static void
bring_up(Bench *bench, const char *path)
{
    GError *error = NULL;
    const HostConfig host_config = { 0 };
    const EngineConfig config = {
        .state_dir = "/nonexistent",
        .max_starting = bench->instances, /* a batch starts as a whole */
        .step_timeout_usec = 600 * USEC_PER_SEC,
        .stop_grace_usec = 30 * USEC_PER_SEC,
        .operation_retention_usec = 7 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC,
        .record_sign = on_record_sign,
    };
    bench->clock = clock_virtual_new(START);
    bench->context = g_main_context_new();
    bench->store = store_open(path, &error);
    must(bench->store != NULL, error, "store_open");
    bench->host = host_simulated_open(&host_config, bench->clock, on_event, bench, &error);
    must(bench->host != NULL, error, "host_simulated_open");
    bench->engine = engine_new(bench->store, bench->clock, &config, bench->context);
    store_set_listener(bench->store, on_commit, bench);
    must(engine_attach(bench->engine, bench->host, &error), error, "engine_attach");
}

static void
tear_down(Bench *bench)
{
    engine_free(bench->engine);
    host_close(bench->host);
    store_close(bench->store);
    g_main_context_unref(bench->context);
    clock_virtual_free(bench->clock);
}

static gsize
heap_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static double
cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The allocator goes through all that is free, which no daemon asks it to. */
static void
heap_look(Bench *bench)
{
    double began = cpu_seconds();
    bench->most = MAX(bench->most, heap_in_use());
    bench->looked += cpu_seconds() - began;
}

/* Time goes to what is due first, and everything that is due by then happens before the engine looks: so does the real clock,
 * whose timers are one source of the main loop. */
static void
settle(Bench *bench)
{
    for (;;) {
        while (g_main_context_iteration(bench->context, /* may_block= */ FALSE))
            ;
        heap_look(bench);
        if (engine_idle(bench->engine))
            return;
        must(clock_virtual_fire_next(bench->clock), NULL, "the engine waits, and nobody has a timer");
        clock_virtual_advance_to(bench->clock, bench->clock->now(bench->clock));
        heap_look(bench);
    }
}

/* ---- the scale set ---- */

static void
images_put(const Bench *bench)
{
    GError *error = NULL;
    StoreTx *tx = write_begin(bench);
    for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
        const ImageInfo image = {
            .publisher = (char *)"Testudo",
            .offer = (char *)"bench",
            .sku = (char *)"gen2",
            .version = (char *)versions[i],
            .generation = 2,
            .architecture = (char *)"x64",
            .os_type = (char *)"Linux",
            .security_type = (char *)"TrustedLaunchSupported",
            .guest_agent = TRUE,
            .format = IMAGE_QCOW2,
            .sha256 = (char *)"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            .virtual_size = 1u << 30,
        };
        must(store_image_put(tx, &image, &error), error, "store_image_put");
    }
    commit(tx);
}

static Model *
model_add(StoreTx *tx, gint64 set, guint revision)
{
    GError *error = NULL;
    const char *version = versions[revision - 1];
    g_autofree char *text = g_strdup_printf(document_form, version);
    g_autofree char *urn = g_strconcat("Testudo:bench:gen2:", version, NULL);
    g_autoptr(json_t) document = json_parse(text, strlen(text), &error);
    Model *model = document ? model_decode(document, "bench", &error) : NULL;
    must(model != NULL, error, "the model");
    g_autofree char *key = model_effect_key(model);
    const StoreModel row = {
        .revision = revision,
        .document = text,
        .effect_key = key,
        .size_name = model->size_name,
        .size_family = (char *)"standardBSFamily",
        .size_vcpus = 1,
        .size_memory_mib = 2048,
        .image_urn = urn,
        .created = START,
        .since = revision,
        .made = START,
    };
    must(store_model_insert(tx, set, &row, &error), error, "store_model_insert");
    return model;
}

static StoreSet *
set_read(const Bench *bench, StoreTx *tx)
{
    GError *error = NULL;
    StoreSet *set = store_set_get_by_id(tx, bench->set, &error);
    must(set != NULL, error, "store_set_get_by_id");
    return set;
}

static void
set_create(Bench *bench, const char *name)
{
    GError *error = NULL;
    StoreTx *tx = write_begin(bench);
    g_autofree char *uid = g_uuid_string_random();
    StoreSet set = {
        .uid = uid,
        .group = (char *)"bench",
        .name = (char *)name,
        .location = (char *)"local",
        .revision = 1,
        .effect_key = (char *)"",
        .capacity = bench->instances,
        .state = (char *)"Succeeded",
        .created = START,
    };
    must(store_set_insert(tx, &set, &error), error, "store_set_insert");
    bench->set = set.id;
    model_unref(model_add(tx, set.id, 1));
    commit(tx);
}

/* As the API creates them; they are started by the engine. */
static void
instances_create(const Bench *bench, guint count)
{
    GError *error = NULL;
    StoreTx *tx = write_begin(bench);
    g_autoptr(StoreSet) set = set_read(bench, tx);
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, 1, NULL, NULL, &error);
    must(model != NULL, error, "model_of_revision");
    g_autoptr(StoreOperation) operation = operation_begin(tx, OPERATION_PUT_SCALE_SET, set, "/bench", "local",
                                                          /* of_set= */ TRUE, "bench", START, &error);
    must(operation != NULL, error, "operation_begin");
    for (guint i = 0; i < count; i++) {
        g_autoptr(StoreInstance) instance = instance_new(set, model, set->next_instance++, START);
        instance->operation = g_strdup(operation->id);
        must(store_instance_insert(tx, instance, &error), error, "store_instance_insert");
    }
    operation->total = operation->pending = count;
    must(store_operation_update(tx, operation, &error) && store_set_update(tx, set, 0, &error), error, "the set");
    commit(tx);
}

/* As the API accepts a new model and begins its rolling upgrade. Gives the operation. */
static char *
roll_start(const Bench *bench)
{
    GError *error = NULL;
    StoreTx *tx = write_begin(bench);
    g_autoptr(StoreSet) set = set_read(bench, tx);
    g_autoptr(Model) model = model_add(tx, set->id, 2);
    g_free(set->effect_key);
    set->effect_key = model_effect_key(model);
    set->revision = 2;
    g_autoptr(StoreRoll) roll =
        roll_begin(tx, set, "/bench", /* os_upgrade= */ FALSE, "bench", bench->clock->now(bench->clock), &error);
    must(roll != NULL, error, "roll_begin");
    char *operation = g_strdup(roll->operation);
    commit(tx);
    return operation;
}

/* What is over gets its record, in a transaction of its own. Seconds of the processor. */
static double
records_write(Bench *bench)
{
    double began = cpu_seconds();
    clock_virtual_advance_to(bench->clock, bench->clock->now(bench->clock));
    double seconds = cpu_seconds() - began;
    settle(bench);
    return seconds;
}

/* ---- what it came to ---- */

static guint
upgraded_count(const Bench *bench, StoreTx *tx)
{
    GError *error = NULL;
    gint64 after = -1;
    guint upgraded = 0, n;
    do {
        g_autoptr(GPtrArray) rows = store_instance_page(tx, bench->set, after, 1024, &error);
        must(rows != NULL, error, "store_instance_page");
        n = rows->len;
        for (guint i = 0; i < n; i++) {
            const StoreInstance *row = g_ptr_array_index(rows, i);
            upgraded += row->revision == 2 && row->want_revision == 2 && row->run_disk_gen > 1 &&
                                row->state == INSTANCE_RUNNING && row->roll_mark == ROLL_MARK_DONE && !row->operation
                            ? 1
                            : 0;
            after = row->id;
        }
    } while (n > 0);
    return upgraded;
}

static void
result_check(const Bench *bench, const char *operation_id)
{
    GError *error = NULL;
    StoreTx *tx = store_read(bench->store, &error);
    must(tx != NULL, error, "store_read");
    g_autoptr(StoreOperation) operation = store_operation_get(tx, operation_id, &error);
    g_autoptr(StoreRoll) roll = store_roll_latest(tx, bench->set, &error);
    must(operation && operation->status == OPERATION_SUCCEEDED, error, "the operation succeeded");
    must(roll && roll->status == ROLL_COMPLETED && roll->batch == 5, error, "the roll completed, in five batches");
    must(roll->successful == bench->instances && roll->failed == 0, NULL, "the roll counted every instance as upgraded");
    must(upgraded_count(bench, tx) == bench->instances, NULL, "every instance is upgraded, running and settled");
    g_autoptr(GPtrArray) open = store_upgrade_list_open(tx, &error);
    must(open && open->len == 0, error, "the upgrade has its record");
    must(host_simulated_alive(bench->host) == bench->instances + SMALL, NULL, "every VM runs");
    store_abort(tx);
}

/* Of this program: what getrusage() has was that of whoever executed it, where that was more. */
static guint64
resident_most_kib(void)
{
    g_autofree char *status = NULL;
    const char *line = g_file_get_contents("/proc/self/status", &status, NULL, NULL) ? strstr(status, "\nVmHWM:") : NULL;
    return line ? g_ascii_strtoull(line + strlen("\nVmHWM:"), NULL, 10) : 0;
}

int
main(int argc, char **argv)
{
    guint64 instances = 0;
    if (argc < 2 || argc > 3 || !g_ascii_string_to_unsigned(argv[1], 10, 5, 10000000, &instances, NULL)) {
        g_printerr("usage: roll INSTANCES [STORE]\n");
        return 2;
    }
    Bench bench = { .instances = (guint)instances };
    bring_up(&bench, argc > 2 ? argv[2] : ":memory:");
    images_put(&bench);
    set_create(&bench, "small");
    instances_create(&bench, SMALL);
    settle(&bench);
    g_free(roll_start(&bench));
    settle(&bench);
    records_write(&bench);

    set_create(&bench, "measured");
    settle(&bench);
    gsize before = heap_in_use();
    instances_create(&bench, bench.instances);
    settle(&bench);
    bench.most = 0;
    bench.looked = 0;
    double began = cpu_seconds();
    g_autofree char *operation = roll_start(&bench);
    settle(&bench);
    double seconds = cpu_seconds() - began - bench.looked;
    double record_seconds = records_write(&bench);
    result_check(&bench, operation);
    g_print("{\"cpu_us\": %.3f, \"record_us\": %.3f, \"bytes\": %.1f, \"resident_mb\": %.2f}\n",
            seconds * 1e6 / (double)instances, record_seconds * 1e6 / (double)instances,
            ((double)bench.most - (double)before) / (double)instances, (double)resident_most_kib() / 1e3);
    tear_down(&bench);
    return 0;
}
