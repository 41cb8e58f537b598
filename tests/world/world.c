#include "world.h"

#include "attest/crl.h"
#include "attest/issuer.h"
#include "attest/jwt.h"
#include "attest/record.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "door.h"
#include "pristine.h"
#include "rollout/roll.h"

#include <gio/gio.h>
#include <string.h>

/* 2024-01-01T00:00:00Z */
#define START     (G_GINT64_CONSTANT(1704067200) * USEC_PER_SEC)
#define STEPS_MAX 100000

/* ---- what the API asks of VMs ---- */

static void
probe_serial_log(void *data, const char *key, ProbeBytes done, void *done_data)
{
    const World *world = data;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = host_serial_log(world->simulated, key, 1u << 20, &length, &error);
    done(text, length, error, done_data);
}

static void
probe_screenshot(void *data, const char *key, ProbeBytes done, void *done_data)
{
    const World *world = data;
    host_screenshot(world->simulated, key, done, done_data);
}

static void
probe_exec(void *data, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, ProbeExec done,
           void *done_data)
{
    const World *world = data;
    host_exec(world->simulated, key, argv, input, timeout_usec, done, done_data);
}

static void
probe_guest_run(void *data, const char *key, const char *const *argv, gint64 timeout_usec, ProbeExec done, void *done_data)
{
    const World *world = data;
    host_guest_run(world->simulated, key, argv, timeout_usec, done, done_data);
}

static void
probe_forwards(void *data, const char *key, ProbeForwards done, void *done_data)
{
    (void)data;
    (void)key;
    g_autoptr(GPtrArray) ports = g_ptr_array_new();
    ApiForward port = { 22, "127.0.0.1", 40022 };
    g_ptr_array_add(ports, &port);
    done(ports, NULL, done_data);
}

static void
probe_attest(void *data, const char *key)
{
    const World *world = data;
    engine_attest(world->engine, key);
}

static char *
probe_vtpm_authority(void *data, gboolean *ret_root_key, GError **error)
{
    const World *world = data;
    if (!world->authority) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "Nobody certifies vTPMs here.");
        return NULL;
    }
    *ret_root_key = TRUE;
    return g_strdup(world->authority);
}

static gboolean
probe_vtpm_revoke(void *data, const char *const *serials, const char *reason, GError **error)
{
    World *world = data;
    (void)error;
    if (!world->revoked)
        world->revoked = json_array();
    for (; *serials; serials++)
        json_array_append_new(world->revoked,
                              json_pack("{ss sI ss?}", "serial", *serials, "at", (json_int_t)0, "reason", reason));
    return TRUE;
}

static gboolean
probe_vtpm_renew(void *data, const char *root_key, GError **error)
{
    (void)data;
    return root_key != NULL || arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "rootKey", "The root's private key is not here.");
}

static json_t *
probe_vtpm_revoked(void *data)
{
    const World *world = data;
    return world->revoked ? json_deep_copy(world->revoked) : json_array();
}

static char *
probe_vtpm_crls(void *data)
{
    (void)data;
    return g_strdup("-----BEGIN X509 CRL-----\n");
}

static GBytes *
probe_vtpm_crl(void *data, const char *id)
{
    (void)data;
    return strcmp(id, "0f3a91c2") == 0 ? g_bytes_new_static("0", 1) : NULL;
}

/* Images here have no file: nothing can be computed of them but that there is nothing; and a version with the suffix -unsigned
 * boots by what is not signed. */
static char *
probe_image_components(void *data, const ImageInfo *info, BootChain *ret_chain, GError **error)
{
    g_autofree char *urn = image_info_urn(info);
    (void)data;
    (void)error;
    *ret_chain = g_str_has_suffix(urn, "-unsigned") ? BOOT_CHAIN_UNSIGNED : BOOT_CHAIN_UNKNOWN;
    return g_strdup_printf("{\"image\":\"%s\",\"imageSha256\":\"%s\",\"partitions\":[],\"files\":[]}", urn,
                           info->sha256 ? info->sha256 : "");
}

/* A file named "missing" is not there; any other is taken in. */
static gboolean
probe_image_import(void *data, const char *path, ImageInfo *info, GError **error)
{
    (void)data;
    if (g_str_has_suffix(path, "missing"))
        return arm_fail(error, ARM_IMAGE_UNUSABLE, "source", "There is no file '%s'.", path);
    g_free(info->sha256);
    info->sha256 = g_strnfill(64, 'a');
    info->virtual_size = 1u << 30;
    return TRUE;
}

static gboolean
probe_disk_remove(void *data, const char *file, GError **error)
{
    const World *world = data;
    return host_disk_remove(world->simulated, file, error);
}

static char *
on_guest_token(const char *key, const char *nonce, void *data, GError **error)
{
    const World *world = data;
    return api_guest_token(world->api, key, nonce, error);
}

static gboolean
on_certificate_revoked(GBytes *certificate, void *data)
{
    const World *world = data;
    return crl_has(world->revoked, certificate);
}

/* One CA is enough for all worlds of a process. */
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
        X509 *own = issuer_signer_make(key, "Records", &root, START);
        g_autofree char *own_text = issuer_certificate_text(own), *root_text = issuer_certificate_text(root.certificate);
        chain = g_strconcat(own_text, root_text, NULL);
        X509_free(own);
        X509_free(root.certificate);
        EVP_PKEY_free(root.key);
    }
    return record_sign(record, key, chain, error);
}

/* ---- up and down ---- */

static void
image_put(StoreTx *tx, const char *sku, const char *version, guint generation, const char *security, gboolean agent)
{
    g_autoptr(GError) error = NULL;
    ImageInfo image = {
        .publisher = (char *)"Testudo",
        .offer = (char *)"mini",
        .sku = (char *)sku,
        .version = (char *)version,
        .generation = generation,
        .architecture = (char *)"x64",
        .os_type = (char *)"Linux",
        .security_type = (char *)security,
        .guest_agent = agent,
        .format = IMAGE_QCOW2,
        .sha256 = (char *)"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        .virtual_size = 1u << 30,
    };
    store_image_put(tx, &image, &error);
    g_assert_no_error(error);
}

static void
images_put(Store *store)
{
    g_autoptr(GError) error = NULL;
    StoreTx *tx = store_write(store, &error);
    g_assert_no_error(error);
    image_put(tx, "gen1", "1.0.0", 1, "Standard", TRUE);
    image_put(tx, "gen2", "1.0.0", 2, "TrustedLaunchSupported", TRUE);
    image_put(tx, "gen2", "1.1.0", 2, "TrustedLaunchSupported", TRUE);
    image_put(tx, "gen2", "1.2.0-unhealthy", 2, "TrustedLaunchSupported", TRUE);
    image_put(tx, "gen2-unsigned", "1.0.0", 2, "TrustedLaunchSupported", TRUE);
    image_put(tx, "gen2-noagent", "1.0.0", 2, "TrustedLaunchSupported", FALSE);
    store_commit(tx, &error);
    g_assert_no_error(error);
}

static GBytes *
shipped(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strconcat("/testudo/data/", name, NULL);
    GBytes *bytes = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
    g_assert_no_error(error);
    return bytes;
}

/* The same for all worlds: nobody changes it. */
static SizeCatalogue *
sizes_shipped(void)
{
    static SizeCatalogue *sizes;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = shipped("sizes.json");
    if (!sizes)
        sizes = size_catalogue_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), &error);
    g_assert_no_error(error);
    return sizes;
}

static void
catalogue_load(World *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) quota = shipped("quota.json");
    world->sizes = sizes_shipped();
    world->quota = quota_parse(g_bytes_get_data(quota, NULL), g_bytes_get_size(quota), &error);
    g_assert_no_error(error);
}

static void
on_commit(void *data)
{
    World *world = data;
    door_step(world);
    if (!world->dead && world->engine)
        engine_kick(world->engine);
}

static Store *
store_on_file(const World *world, GError **error)
{
    g_autofree char *database = g_build_filename(world->dir, "testudo.db", NULL);
    return store_open(database, error);
}

void
world_stop(World *world)
{
    world->incarnation++;
    /* What a dead process writes, no real one could have written. */
    if (world->dead)
        g_assert_cmpuint(store_revision(world->store), ==, world->revision_at_death);
    world->dead = TRUE;
    world->revision_at_death = store_revision(world->store);
    g_clear_pointer(&world->engine, engine_free);
    door_orphans_return(world);
    g_clear_pointer(&world->api, api_free);
    if (!world->in_memory)
        g_clear_pointer(&world->store, store_close);
}

gboolean
world_start_try(World *world, GError **error)
{
    const ApiProbe probe = { world,
                             probe_serial_log,
                             probe_screenshot,
                             probe_exec,
                             probe_forwards,
                             probe_image_import,
                             probe_image_components,
                             probe_disk_remove,
                             probe_attest,
                             probe_vtpm_authority,
                             probe_vtpm_revoke,
                             probe_vtpm_renew,
                             probe_vtpm_revoked,
                             probe_vtpm_crls,
                             probe_vtpm_crl,
                             probe_guest_run };

    if (!world->store && !(world->store = store_on_file(world, error)))
        return FALSE;
    world->dead = FALSE;
    world->engine = engine_new(world->store, world->clock, &world->engine_config, world->context);
    store_set_listener(world->store, on_commit, world);
    if (!engine_attach(world->engine, world->door, error) ||
        !(world->api = api_new(&world->api_config, world->store, world->clock, &probe, error))) {
        /* What it wrote before is written. */
        world->revision_at_death = store_revision(world->store);
        world_stop(world);
        return FALSE;
    }
    /* One that dies while it starts writes to the end of that: what it writes then is what the next one would write. */
    world->revision_at_death = store_revision(world->store);
    return TRUE;
}

void
world_start(World *world)
{
    g_autoptr(GError) error = NULL;
    world_start_try(world, &error);
    g_assert_no_error(error);
}

void
world_restart(World *world)
{
    world_stop(world);
    world_start(world);
}

/* In memory where there is such a folder: the store waits for the disk at each commit, and durability is tested elsewhere. */
static char *
folder_new(void)
{
    g_autofree char *path = g_strdup("/dev/shm/testudo-world-XXXXXX");
    if (g_mkdtemp(path))
        return g_steal_pointer(&path);
    char *made = g_dir_make_tmp("testudo-world-XXXXXX", NULL);
    g_assert_nonnull(made);
    return made;
}

static World *
world_make(gboolean in_memory)
{
    g_autoptr(GError) error = NULL;
    World *world = g_new0(World, 1);
    world->in_memory = in_memory;
    world->dir = folder_new();
    world->clock = clock_virtual_new(START);
    world->context = g_main_context_new();
    catalogue_load(world);
    world->host_facts = (ApiHost){
        .driver = (char *)"simulated",
        .accelerator = (char *)"none",
        .architecture = (char *)"x64",
        .network = (char *)"10.0.2.0/24",
        .vcpus_max = 64,
        .memory_max_mib = 1u << 20,
        .secure_boot = TRUE,
        .vtpm = TRUE,
    };
    world->api_config = (ApiConfig){
        .location = "local",
        .token = "a-token-of-sixteen-characters",
        .host = &world->host_facts,
        .sizes = world->sizes,
        .quota = world->quota,
        .body_max = 1u << 20,
        .disk_retention_usec = 7 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC,
        .attest_period_usec = 3600 * USEC_PER_SEC,
        .token_issuer = "https://testudo.example",
        .token_key_age_usec = 30 * 24 * 3600 * USEC_PER_SEC,
    };
    world->engine_config = (EngineConfig){
        .state_dir = world->dir,
        .sizes = world->sizes,
        .quota = world->quota,
        .max_starting = 2,
        .step_timeout_usec = 600 * USEC_PER_SEC,
        .health_wait_usec = ROLL_HEALTH_WAIT,
        .attest_period_usec = 3600 * USEC_PER_SEC,
        .stop_grace_usec = 30 * USEC_PER_SEC,
        .disk_retention_usec = 7 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC,
        .operation_retention_usec = 7 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC,
        .record_sign = on_record_sign,
        .certificate_revoked = on_certificate_revoked,
        .revoked_data = world,
    };
    const HostConfig host_config = { .token = on_guest_token, .token_data = world };
    world->simulated = host_simulated_open(&host_config, world->clock, door_event, world, &error);
    g_assert_no_error(error);
    world->door = door_new(world);
    if (in_memory) {
        world->store = pristine_take(images_put);
    } else {
        world->store = store_on_file(world, &error);
        g_assert_no_error(error);
        images_put(world->store);
    }
    world_start(world);
    return world;
}

World *
world_new(void)
{
    return world_make(/* in_memory= */ FALSE);
}

World *
world_new_in_memory(void)
{
    return world_make(/* in_memory= */ TRUE);
}

void
world_free(World *world)
{
    if (!world)
        return;
    world_stop(world);
    if (world->in_memory)
        pristine_give_back(world->store);
    host_close(world->door);
    host_close(world->simulated);
    quota_free(world->quota);
    g_main_context_unref(world->context);
    clock_virtual_free(world->clock);
    g_assert_true(folder_remove(world->dir, NULL));
    g_free(world->dir);
    json_decref(world->revoked);
    g_free(world);
}

/* ---- time ---- */

void
world_run_ready(World *world)
{
    /* Not a step further than its death: what was ready then dies with it. */
    for (guint i = 0; world->dead || g_main_context_iteration(world->context, /* may_block= */ FALSE); i++) {
        g_assert_cmpuint(i, <, STEPS_MAX);
        if (world->dead)
            world_restart(world);
    }
}

void
world_settle(World *world)
{
    for (guint i = 0; i < STEPS_MAX; i++) {
        world_run_ready(world);
        if (engine_idle(world->engine))
            return;
        if (!clock_virtual_fire_next(world->clock))
            g_error("the engine waits for something, and nothing is left to happen");
    }
    g_error("the world did not come to rest within %d steps", STEPS_MAX);
}

void
world_advance(World *world, gint64 usec)
{
    UnixTime until = world->clock->now(world->clock) + usec;
    world_run_ready(world);
    /* Timer by timer, so that what one of them causes is done at its own time. */
    while (clock_virtual_fire_until(world->clock, until))
        world_run_ready(world);
}
