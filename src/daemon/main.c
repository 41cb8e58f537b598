/* The order in which testudod comes up and goes down. Up: state folder, store, images, engine, host (adopts what runs),
 * API, HTTP. Down: HTTP first, so that nothing new is accepted; VMs go on running. */
#include "api/api.h"
#include "api/webhook.h"
#include "base/error.h"
#include "base/file.h"
#include "daemon/config.h"
#include "daemon/notify.h"
#include "daemon/probe.h"
#include "daemon/state.h"
#include "daemon/tls_keeper.h"
#include "engine/engine.h"
#include "host/authority.h"
#include "host/image_components.h"
#include "host/image_import.h"
#include "host/qemu/vtpm_certify.h"
#include "host/simulated/simulated.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define PORTAL_RESOURCES "/testudo/portal"

typedef struct {
    DaemonConfig *config;
    int lock;
    GMainContext *context;
    GMainLoop *loop;
    Clock *clock;
    SizeCatalogue *sizes;
    Quota *quota;
    Store *store;
    Engine *engine;
    Authority *authority;
    GBytes *guest_program; /* testudo-guest; NULL: this build has none */
    Host *host;
    HostInfo *info;
    ApiHost host_facts; /* borrowed from info */
    Probe *probe;
    char *token;
    Api *api;
    TlsKeeper *tls;
    Server *server;
    StateKey *state_key; /* NULL: nothing is encrypted */
    GBytes *webhook_secret;
    Webhook *webhook; /* NULL: alerts are delivered nowhere */
} Daemon;

static void
on_commit(void *data)
{
    const Daemon *daemon = data;
    engine_kick(daemon->engine);
    webhook_kick(daemon->webhook);
}

static BootChain
boot_chain_read(const Daemon *daemon, const ImageInfo *info)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Components) components = info->generation == 2 ? image_components(daemon->config->state_dir, info, &error) : NULL;
    if (error)
        g_message("%s", error->message);
    return components ? image_boot_chain(components) : BOOT_CHAIN_UNKNOWN;
}

/* An image that is there already, with the same content, is not an error: the same folder may be given at each start. */
static gboolean
image_record(const ImageInfo *info, const char *stored_file, void *data, GError **error)
{
    Daemon *daemon = data;
    g_autofree char *urn = image_info_urn(info);
    g_autoptr(StoreTx) tx = store_write(daemon->store, error);
    if (!tx)
        return FALSE;
    GError *lookup = NULL;
    g_autoptr(ImageInfo) known = store_image_get(tx, info->publisher, info->offer, info->sku, info->version, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (known && g_strcmp0(known->sha256, info->sha256) == 0)
        return TRUE;
    if (known)
        return arm_fail(error, ARM_CONFLICT, "images",
                        "Image '%s' is here already with other content (SHA-256 %s, not %s); give the new "
                        "content another version.",
                        urn, known->sha256, info->sha256);
    if (!store_image_put(tx, info, error) || !store_image_boot_chain_set(tx, info, boot_chain_read(daemon, info), error))
        return FALSE;
    g_message("took in image %s as %s", urn, stored_file);
    return store_commit(g_steal_pointer(&tx), error);
}

static gboolean
images_take_in(Daemon *daemon, GError **error)
{
    for (char **dir = daemon->config->image_dirs; dir && *dir; dir++) {
        if (!image_import_folder(daemon->config->state_dir, *dir, image_record, daemon, error))
            return FALSE;
    }
    return TRUE;
}

/* A guest may be quicker than we are: it asks again. */
static char *
on_guest_token(const char *key, const char *nonce, void *data, GError **error)
{
    const Daemon *daemon = data;
    if (daemon->api)
        return api_guest_token(daemon->api, key, nonce, error);
    arm_fail(error, ARM_UNAVAILABLE, NULL, "The daemon is starting.");
    return NULL;
}

static char *
on_record_sign(const json_t *record, void *data, GError **error)
{
    const Daemon *daemon = data;
    return authority_record_sign(daemon->authority, record, error);
}

static gboolean
on_certificate_revoked(GBytes *certificate, void *data)
{
    const Daemon *daemon = data;
    return authority_is_revoked(daemon->authority, certificate);
}

static Host *
host_open(Daemon *daemon, GError **error)
{
    const DaemonConfig *config = daemon->config;
    HostConfig host_config = {
        .state_dir = config->state_dir,
        .forward_ports = (const char *const *)config->forward_ports,
        .bridge = config->bridge,
        .outbound = config->outbound,
        .uid_first = config->uid_first,
        .uid_count = config->uid_count,
        .serial_cap = config->serial_cap,
        .vtpm_ahead = config->vtpm_ahead,
        /* 0 would be the host's own default. */
        .retention_usec = MAX(config->retention_usec, 1),
        .qemu_binary = config->qemu,
        .swtpm_binary = config->swtpm,
        .swtpm_setup_binary = config->swtpm_setup,
        .firmware_dir = config->firmware_dir,
        .state_key = daemon->state_key,
        .authority = daemon->authority,
        .guest_program = daemon->guest_program,
        .token = on_guest_token,
        .token_data = daemon,
    };
    if (strcmp(config->driver, "simulated") == 0)
        return host_simulated_open(&host_config, daemon->clock, engine_host_event, daemon->engine, error);
    return host_qemu_open(&host_config, daemon->context, daemon->clock, engine_host_event, daemon->engine, error);
}

static gboolean
core_start(Daemon *daemon, GError **error)
{
    const DaemonConfig *config = daemon->config;
    EngineConfig engine_config = {
        .state_dir = config->state_dir,
        .max_starting = config->max_starting,
        .step_timeout_usec = config->step_timeout_usec,
        .health_wait_usec = config->health_wait_usec,
        .attest_period_usec = config->attest_period_usec,
        .alerts_delivered = config->webhook != NULL,
        .stop_grace_usec = config->stop_grace_usec,
        .disk_retention_usec = config->retention_usec,
        .operation_retention_usec = 7 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC,
        .record_sign = on_record_sign,
        .record_data = daemon,
        .certificate_revoked = on_certificate_revoked,
        .revoked_data = daemon,
    };
    g_autofree char *database = g_build_filename(config->state_dir, "testudo.db", NULL);

    daemon->lock = state_prepare(config->state_dir, error);
    if (daemon->lock < 0)
        return FALSE;
    if (!state_key_settle(config->state_dir, config->state_key, &daemon->state_key, error))
        return FALSE;
    if (config->webhook_secret && !(daemon->webhook_secret = state_webhook_secret(config->webhook_secret, error)))
        return FALSE;
    daemon->authority = authority_open(config->state_dir, daemon->state_key, daemon->clock->now(daemon->clock), error);
    if (!daemon->authority)
        return FALSE;
    authority_crl_address_set(daemon->authority, config->crl_url);
    daemon->sizes = state_sizes(config->state_dir, error);
    daemon->quota = daemon->sizes ? state_quota(config->state_dir, error) : NULL;
    engine_config.sizes = daemon->sizes;
    engine_config.quota = daemon->quota;
    daemon->store = daemon->quota ? store_open(database, error) : NULL;
    if (!daemon->store || !images_take_in(daemon, error))
        return FALSE;
    daemon->engine = engine_new(daemon->store, daemon->clock, &engine_config, daemon->context);
    store_set_listener(daemon->store, on_commit, daemon);
    daemon->guest_program =
        g_resources_lookup_data("/testudo/guest/testudo-guest", G_RESOURCE_LOOKUP_FLAGS_NONE, /* error= */ NULL);
    daemon->host = host_open(daemon, error);
    return daemon->host && engine_attach(daemon->engine, daemon->host, error);
}

static gboolean
resources_have(const char *folder)
{
    g_auto(GStrv) names = g_resources_enumerate_children(folder, G_RESOURCE_LOOKUP_FLAGS_NONE, /* error= */ NULL);
    return names != NULL;
}

static gboolean
api_start(Daemon *daemon, GError **error)
{
    const DaemonConfig *config = daemon->config;
    daemon->info = host_info(daemon->host);
    daemon->host_facts = (ApiHost){
        .driver = daemon->info->driver,
        .accelerator = daemon->info->accelerator,
        .architecture = daemon->info->architecture,
        .qemu_version = daemon->info->qemu_version,
        .firmware_secure = daemon->info->firmware_secure,
        .firmware_plain = daemon->info->firmware_plain,
        .network = daemon->info->network,
        .notes = daemon->info->notes,
        .vcpus_max = daemon->info->vcpus_max,
        .memory_max_mib = daemon->info->memory_max_mib,
        .secure_boot = daemon->info->secure_boot,
        .vtpm = daemon->info->vtpm,
    };
    daemon->token = state_token(config->state_dir, error);
    if (!daemon->token)
        return FALSE;
    ApiConfig api_config = {
        .location = config->location,
        .token = daemon->token,
        .host = &daemon->host_facts,
        .sizes = daemon->sizes,
        .quota = daemon->quota,
        .body_max = 4u << 20,
        .disk_retention_usec = config->retention_usec,
        .attest_period_usec = config->attest_period_usec,
        .alerts_delivered = config->webhook != NULL,
        .token_issuer = config->token_issuer,
        .token_key_age_usec = config->token_key_age_usec,
        .state_key = daemon->state_key,
        .portal = resources_have(PORTAL_RESOURCES) ? PORTAL_RESOURCES : NULL,
    };
    daemon->probe = probe_new(daemon->host, daemon->engine, daemon->authority, daemon->context, config->state_dir);
    daemon->api = api_new(&api_config, daemon->store, daemon->clock, probe_table(daemon->probe), error);
    return daemon->api != NULL;
}

static gboolean
server_bring_up(Daemon *daemon, GError **error)
{
    const DaemonConfig *config = daemon->config;
    g_autofree char *socket_path = g_build_filename(config->state_dir, "testudod.sock", NULL);

    daemon->tls = tls_keeper_new(config, daemon->clock, error);
    if (!daemon->tls)
        return FALSE;
    ServerConfig server_config = {
        .socket_path = socket_path,
        .listen_host = config->listen_host,
        .listen_port = config->listen_port,
        .certificate = tls_keeper_files(daemon->tls)->certificate,
        .key = tls_keeper_files(daemon->tls)->key,
        .threads = config->threads,
    };
    daemon->server = server_start(daemon->api, &server_config, error);
    if (!daemon->server)
        return FALSE;
    if (!config->listen_host) {
        g_message("listening on %s", socket_path);
        return TRUE;
    }
    g_message("listening on %s and https://%s:%u", socket_path, config->listen_host, server_port(daemon->server));
    tls_keeper_attend(daemon->tls, daemon->server);
    return TRUE;
}

/* Before there are other threads whose commits kick it. */
static gboolean
webhook_bring_up(Daemon *daemon)
{
    if (!daemon->config->webhook)
        return TRUE;
    const WebhookConfig config = {
        .url = daemon->config->webhook,
        .secret = daemon->webhook_secret,
        .subscription = api_subscription(daemon->api),
        .location = daemon->config->location,
        .retry_usec = WEBHOOK_RETRY_USEC,
        .keep_usec = WEBHOOK_KEEP_USEC,
    };
    daemon->webhook = webhook_start(&config, daemon->store);
    return TRUE;
}

static gboolean
on_terminate(void *data)
{
    Daemon *daemon = data;
    g_message("stopping; VMs go on running");
    g_main_loop_quit(daemon->loop);
    return G_SOURCE_REMOVE;
}

static gboolean
on_hang_up(void *data)
{
    const Daemon *daemon = data;
    tls_keeper_reload(daemon->tls);
    return G_SOURCE_CONTINUE;
}

static void
daemon_bring_down(Daemon *daemon)
{
    tls_keeper_free(daemon->tls);
    server_stop(daemon->server);
    /* Answers that still come on the engine's thread find their askers alive up to here. */
    if (daemon->store)
        store_set_listener(daemon->store, NULL, NULL);
    webhook_stop(daemon->webhook);
    if (daemon->webhook_secret)
        g_bytes_unref(daemon->webhook_secret);
    host_close(daemon->host);
    if (daemon->guest_program)
        g_bytes_unref(daemon->guest_program);
    engine_free(daemon->engine);
    authority_free(daemon->authority);
    api_free(daemon->api);
    probe_free(daemon->probe);
    host_info_free(daemon->info);
    store_close(daemon->store);
    state_key_free(daemon->state_key);
    g_free(daemon->token);
    quota_free(daemon->quota);
    size_catalogue_free(daemon->sizes);
    clock_real_free(daemon->clock);
    g_main_loop_unref(daemon->loop);
    g_main_context_unref(daemon->context);
    if (daemon->lock >= 0)
        close(daemon->lock);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (vtpm_certify_asked(argv[0]))
        return vtpm_certify(argc, argv);
    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN);
    g_autoptr(DaemonConfig) config = daemon_config_parse(argc, argv, &error);
    if (!config) {
        fprintf(stderr, "testudod: %s\n", error->message);
        return 2;
    }
    if (config->show_version) {
        puts("testudod " TESTUDO_VERSION);
        return 0;
    }

    Daemon daemon = { .config = config, .lock = -1 };
    daemon.context = g_main_context_ref(g_main_context_default());
    daemon.loop = g_main_loop_new(daemon.context, /* is_running= */ FALSE);
    daemon.clock = clock_real_new(daemon.context);
    g_unix_signal_add(SIGTERM, on_terminate, &daemon);
    g_unix_signal_add(SIGINT, on_terminate, &daemon);
    g_unix_signal_add(SIGHUP, on_hang_up, &daemon);

    int status = 0;
    if (core_start(&daemon, &error) && api_start(&daemon, &error) && webhook_bring_up(&daemon) &&
        server_bring_up(&daemon, &error)) {
        notify_service_manager("READY=1");
        g_main_loop_run(daemon.loop);
        notify_service_manager("STOPPING=1");
    } else {
        fprintf(stderr, "testudod: %s\n", error->message);
        status = 1;
    }
    daemon_bring_down(&daemon);
    return status;
}
