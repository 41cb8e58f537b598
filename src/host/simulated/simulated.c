/* VMs as rows in memory, moved on by timers of the injected clock. */
#include "host/simulated/simulated.h"

#include "base/file.h"
#include "base/json.h"

#include <signal.h>
#include <string.h>

#define STATE_FILE     "simulated.json"
#define SETTINGS_FILE  "simulated.conf.json"
#define FILE_MAX       (64u << 20)
#define LATENCY_MAX_MS 86400000

typedef enum { SIM_NONE, SIM_STARTING, SIM_RUNNING, SIM_STOPPING, SIM_DESTROYING } SimPhase;

typedef struct {
    struct Simulated *host;
    LaunchSpec *spec;
    SimPhase phase;
    gboolean alive, agent, refused;
    SimulatedFault fault;
    guint timer;
} Sim;

/* What the settings file makes go wrong. */
typedef struct {
    char *key_suffix;
    guint64 epoch; /* 0: any */
    SimulatedFault fault;
} FaultRule;

typedef struct Simulated {
    Host host;
    Clock *clock;
    HostEventFunc func;
    void *data;
    SimulatedLatency latency;
    SimulatedFault (*fault)(const LaunchSpec *spec, void *data);
    void *fault_data;
    GHashTable *sims;       /* key -> Sim */
    GPtrArray *fault_rules; /* of FaultRule */
    char *state_file;       /* NULL: memory only */
    guint save_timer;
    guint crossings, die_at; /* die_at 0: never */
} Simulated;

static const char *const fault_words[SIMULATED_N_FAULTS] = {
    [SIMULATED_OK] = "none",           [SIMULATED_START_FAILS] = "start-fails",
    [SIMULATED_NO_AGENT] = "no-agent", [SIMULATED_REFUSED] = "refuse",
    [SIMULATED_EXITS] = "exit",        [SIMULATED_DISK_FULL] = "disk-full",
};

static void
sim_free(void *data)
{
    Sim *sim = data;
    if (sim->timer)
        sim->host->clock->timer_remove(sim->host->clock, sim->timer);
    launch_spec_free(sim->spec);
    g_free(sim);
}

static void
fault_rule_free(void *data)
{
    FaultRule *rule = data;
    g_free(rule->key_suffix);
    g_free(rule);
}

/* ---- what outlives the daemon ---- */

static void
save_now(void *data)
{
    Simulated *self = data;
    GHashTableIter iter;
    gpointer value;
    g_autoptr(json_t) list = json_array();
    g_autoptr(GError) error = NULL;

    self->save_timer = 0;
    g_hash_table_iter_init(&iter, self->sims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Sim *sim = value;
        /* One that was only ever stopped or destroyed is nothing to find again. */
        if (!sim->spec->name)
            continue;
        json_array_append_new(list, json_pack("{sb sb sb so}", "alive", sim->alive, "agent", sim->agent, "refused",
                                              sim->refused, "spec", launch_spec_json(sim->spec)));
    }
    g_autofree char *text = json_text(list);
    if (!file_write(self->state_file, text, strlen(text), 0600, &error))
        g_warning("%s", error->message);
}

/* A real VM is there the moment it runs; one in memory has to be written down before anybody hears of it. */
static void
save(Simulated *self)
{
    if (!self->state_file || self->save_timer)
        return;
    if (g_hash_table_size(self->sims) <= 64) {
        save_now(self);
        return;
    }
    UnixTime at = self->clock->now(self->clock) + 50 * USEC_PER_MSEC;
    self->save_timer = self->clock->timer_add(self->clock, at, save_now, self);
}

static gboolean
load(Simulated *self, GError **error)
{
    gsize length;
    if (!g_file_test(self->state_file, G_FILE_TEST_EXISTS))
        return TRUE;
    g_autofree char *text = file_read(self->state_file, FILE_MAX, &length, error);
    g_autoptr(json_t) list = text ? json_parse(text, length, error) : NULL;
    if (!list)
        return FALSE;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        g_autofree char *spec_text = json_text(json_object_get(item, "spec"));
        LaunchSpec *spec = spec_text ? launch_spec_parse(spec_text, strlen(spec_text), error) : NULL;
        if (!spec)
            return FALSE;
        Sim *sim = g_new0(Sim, 1);
        sim->host = self;
        sim->spec = spec;
        sim->alive = json_is_true(json_object_get(item, "alive"));
        sim->agent = json_is_true(json_object_get(item, "agent"));
        sim->refused = json_is_true(json_object_get(item, "refused"));
        sim->phase = sim->alive ? SIM_RUNNING : SIM_NONE;
        g_hash_table_insert(self->sims, sim->spec->key, sim);
    }
    return TRUE;
}

static gboolean
setting_read(const json_t *settings, const char *name, gint64 *ret_usec, GError **error)
{
    const json_t *value = json_object_get(settings, name);
    if (!value)
        return TRUE;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > LATENCY_MAX_MS)
        return arm_fail(error, ARM_INVALID_PARAMETER, name, SETTINGS_FILE ": '%s' is no number from 0 to %d.", name,
                        LATENCY_MAX_MS);
    *ret_usec = json_integer_value(value) * USEC_PER_MSEC;
    return TRUE;
}

static gboolean
settings_load(Simulated *self, const char *path, GError **error)
{
    gsize length;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    g_autofree char *text = file_read(path, 1u << 20, &length, error);
    g_autoptr(json_t) settings = text ? json_parse(text, length, error) : NULL;
    if (!settings)
        return FALSE;
    if (!setting_read(settings, "start_ms", &self->latency.start_usec, error) ||
        !setting_read(settings, "boot_ms", &self->latency.boot_usec, error) ||
        !setting_read(settings, "stop_ms", &self->latency.stop_usec, error) ||
        !setting_read(settings, "destroy_ms", &self->latency.destroy_usec, error))
        return FALSE;
    self->die_at = (guint)json_integer_value(json_object_get(settings, "die_at"));
    const json_t *faults = json_object_get(settings, "faults");
    for (size_t i = 0; i < json_array_size(faults); i++) {
        const json_t *item = json_array_get(faults, i);
        const char *word = json_member_text(item, "fault"), *suffix = json_member_text(item, "key_suffix");
        FaultRule *rule = g_new0(FaultRule, 1);
        g_ptr_array_add(self->fault_rules, rule);
        rule->key_suffix = g_strdup(suffix ? suffix : "");
        rule->epoch = (guint64)json_integer_value(json_object_get(item, "epoch"));
        while (rule->fault < SIMULATED_N_FAULTS && g_strcmp0(fault_words[rule->fault], word) != 0)
            rule->fault++;
        if (rule->fault == SIMULATED_N_FAULTS)
            return arm_fail(error, ARM_INVALID_PARAMETER, "faults", "%s: there is no fault '%s'.", path, word ? word : "");
    }
    return TRUE;
}

/* ---- moving on ---- */

static void
cross(Simulated *self)
{
    self->crossings++;
    if (self->crossings == self->die_at)
        raise(SIGKILL);
}

static void
emit(Sim *sim, HostEventType type, ArmCode code, const char *message)
{
    cross(sim->host);
    HostEvent event = {
        .type = type,
        .key = sim->spec->key,
        .epoch = type == HOST_DESTROYED ? 0 : sim->spec->epoch,
        .code = code,
        .message = message,
        .file = type == HOST_BOOT_REFUSED ? "\\EFI\\BOOT\\grubx64.efi" : NULL,
    };
    sim->host->func(&event, sim->host->data);
}

static void
later(Sim *sim, gint64 usec, void (*fire)(void *data))
{
    Clock *clock = sim->host->clock;
    if (sim->timer)
        clock->timer_remove(clock, sim->timer);
    sim->timer = clock->timer_add(clock, clock->now(clock) + usec, fire, sim);
}

static void
died(void *data)
{
    Sim *sim = data;
    sim->timer = 0;
    sim->alive = FALSE;
    sim->agent = FALSE;
    sim->phase = SIM_NONE;
    save(sim->host);
    emit(sim, HOST_EXITED, ARM_VM_EXITED, "The simulated VM's process ended.");
}

static void
booted(void *data)
{
    Sim *sim = data;
    sim->timer = 0;
    switch (sim->fault) {
    case SIMULATED_NO_AGENT:
        return;
    case SIMULATED_REFUSED:
        sim->refused = TRUE;
        save(sim->host);
        emit(sim, HOST_BOOT_REFUSED, ARM_SECURE_BOOT_REFUSED, "Secure Boot refused the boot loader.");
        return;
    case SIMULATED_EXITS:
        sim->agent = TRUE;
        emit(sim, HOST_AGENT_ANSWERED, ARM_N_CODES, NULL);
        later(sim, 0, died);
        return;
    default:
        sim->agent = TRUE;
        save(sim->host);
        emit(sim, HOST_AGENT_ANSWERED, ARM_N_CODES, NULL);
    }
}

static void
started(void *data)
{
    Sim *sim = data;
    sim->timer = 0;
    if (sim->fault == SIMULATED_START_FAILS || sim->fault == SIMULATED_DISK_FULL) {
        ArmCode code = sim->fault == SIMULATED_DISK_FULL ? ARM_HOST_DISK_FULL : ARM_VM_START_FAILED;
        sim->phase = SIM_NONE;
        emit(sim, HOST_START_FAILED, code, "The simulated start was told to fail.");
        return;
    }
    sim->alive = TRUE;
    sim->phase = SIM_RUNNING;
    save(sim->host);
    emit(sim, HOST_STARTED, ARM_N_CODES, NULL);
    if (sim->spec->guest_agent || sim->fault == SIMULATED_REFUSED)
        later(sim, sim->host->latency.boot_usec, booted);
}

static void
stopped(void *data)
{
    Sim *sim = data;
    sim->timer = 0;
    sim->alive = FALSE;
    sim->agent = FALSE;
    sim->refused = FALSE;
    sim->phase = SIM_NONE;
    save(sim->host);
    emit(sim, HOST_EXITED, ARM_N_CODES, NULL);
}

static void
destroyed(void *data)
{
    Sim *sim = data;
    Simulated *self = sim->host;
    sim->timer = 0;
    g_hash_table_steal(self->sims, sim->spec->key);
    save(self);
    emit(sim, HOST_DESTROYED, ARM_N_CODES, NULL);
    sim_free(sim);
}

static Sim *
sim_get(Simulated *self, const char *key)
{
    Sim *sim = g_hash_table_lookup(self->sims, key);
    if (sim)
        return sim;
    sim = g_new0(Sim, 1);
    sim->host = self;
    sim->spec = launch_spec_new();
    sim->spec->key = g_strdup(key);
    g_hash_table_insert(self->sims, sim->spec->key, sim);
    return sim;
}

static SimulatedFault
fault_of(Simulated *self, const LaunchSpec *spec)
{
    for (guint i = 0; i < self->fault_rules->len; i++) {
        const FaultRule *rule = g_ptr_array_index(self->fault_rules, i);
        if (g_str_has_suffix(spec->key, rule->key_suffix) && (rule->epoch == 0 || rule->epoch == spec->epoch))
            return rule->fault;
    }
    /* What the firmware would do with an image whose boot loader is not signed. */
    if (spec->secure_boot && strstr(spec->image_urn, "unsigned"))
        return SIMULATED_REFUSED;
    return self->fault ? self->fault(spec, self->fault_data) : SIMULATED_OK;
}

/* ---- the driver's table ---- */

static void
simulated_close(Host *host)
{
    Simulated *self = (Simulated *)host;
    if (self->save_timer) {
        self->clock->timer_remove(self->clock, self->save_timer);
        save_now(self);
    }
    g_hash_table_unref(self->sims);
    g_ptr_array_unref(self->fault_rules);
    g_free(self->state_file);
    g_free(self);
}

static HostInfo *
simulated_info(Host *host)
{
    HostInfo *info = g_new0(HostInfo, 1);
    (void)host;
    info->driver = g_strdup("simulated");
    info->accelerator = g_strdup("none");
    info->architecture = g_strdup("x64");
    info->vcpus_max = 1024;
    info->memory_max_mib = 16u << 20;
    info->secure_boot = TRUE;
    info->vtpm = TRUE;
    info->notes = g_strdup("Nothing is run: VMs are simulated.");
    return info;
}

static GPtrArray *
simulated_found(Host *host)
{
    Simulated *self = (Simulated *)host;
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)host_found_free);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, self->sims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Sim *sim = value;
        HostFound *found = g_new0(HostFound, 1);
        found->key = g_strdup(sim->spec->key);
        found->alive = sim->alive;
        found->epoch = sim->spec->epoch;
        found->agent = sim->agent;
        found->refused_file = sim->refused ? g_strdup("\\EFI\\BOOT\\grubx64.efi") : NULL;
        g_ptr_array_add(list, found);
        if (sim->alive && !sim->agent && !sim->refused && sim->spec->guest_agent)
            later(sim, self->latency.boot_usec, booted);
    }
    return list;
}

static void
simulated_start(Host *host, const LaunchSpec *spec)
{
    Simulated *self = (Simulated *)host;
    cross(self);
    Sim *sim = sim_get(self, spec->key);
    if (sim->alive && sim->spec->epoch == spec->epoch) {
        later(sim, 0, started);
        return;
    }
    g_hash_table_steal(self->sims, sim->spec->key);
    launch_spec_free(sim->spec);
    sim->spec = launch_spec_copy(spec);
    g_hash_table_insert(self->sims, sim->spec->key, sim);
    sim->alive = FALSE;
    sim->agent = FALSE;
    sim->refused = FALSE;
    sim->fault = fault_of(self, spec);
    sim->phase = SIM_STARTING;
    later(sim, self->latency.start_usec, started);
}

static void
simulated_stop(Host *host, const char *key, gint64 grace_usec)
{
    Simulated *self = (Simulated *)host;
    cross(self);
    Sim *sim = sim_get(self, key);
    sim->phase = SIM_STOPPING;
    later(sim, grace_usec > 0 ? MIN(self->latency.stop_usec, grace_usec) : 0, stopped);
}

static void
simulated_destroy(Host *host, const char *key, const char *keep_dir)
{
    Simulated *self = (Simulated *)host;
    cross(self);
    Sim *sim = sim_get(self, key);
    (void)keep_dir;
    sim->phase = SIM_DESTROYING;
    later(sim, self->latency.destroy_usec, destroyed);
}

static char *
simulated_serial_log(Host *host, const char *key, gsize max, gsize *ret_length, GError **error)
{
    (void)host;
    (void)error;
    char *text = g_strdup_printf("simulated VM %s: nothing is run, so nothing is written here\n", key);
    *ret_length = MIN(strlen(text), max);
    return text;
}

static void
simulated_screenshot(Host *host, const char *key, HostDone done, void *data)
{
    (void)host;
    g_autoptr(GError) error = NULL;
    arm_fail(&error, ARM_NOT_SUPPORTED, NULL, "The simulated VM %s has no screen.", key);
    done(NULL, 0, error, data);
}

static void
simulated_exec(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, HostExecDone done,
               void *data)
{
    (void)host;
    (void)input;
    (void)timeout_usec;
    g_autoptr(GError) error = NULL;
    arm_fail(&error, ARM_NOT_SUPPORTED, NULL, "The simulated VM %s cannot run '%s'.", key, argv[0]);
    done(-1, "", 0, "", 0, error, data);
}

static GPtrArray *
simulated_forwards(Host *host, const char *key)
{
    (void)host;
    (void)key;
    return g_ptr_array_new();
}

static const HostDriver driver = {
    .name = "simulated",
    .close = simulated_close,
    .info = simulated_info,
    .found = simulated_found,
    .start = simulated_start,
    .stop = simulated_stop,
    .destroy = simulated_destroy,
    .serial_log = simulated_serial_log,
    .screenshot = simulated_screenshot,
    .exec = simulated_exec,
    .forwards = simulated_forwards,
};

Host *
host_simulated_open(const HostConfig *config, Clock *clock, HostEventFunc func, void *data, GError **error)
{
    Simulated *self = g_new0(Simulated, 1);
    gboolean ok = TRUE;
    self->host.driver = &driver;
    self->clock = clock;
    self->func = func;
    self->data = data;
    self->latency = (SimulatedLatency){ 20 * USEC_PER_MSEC, 100 * USEC_PER_MSEC, 50 * USEC_PER_MSEC, 10 * USEC_PER_MSEC };
    self->sims = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, sim_free);
    self->fault_rules = g_ptr_array_new_with_free_func(fault_rule_free);
    if (config->state_dir) {
        g_autofree char *settings = g_build_filename(config->state_dir, SETTINGS_FILE, NULL);
        self->state_file = g_build_filename(config->state_dir, STATE_FILE, NULL);
        ok = settings_load(self, settings, error) && load(self, error);
    }
    if (ok)
        return &self->host;
    simulated_close(&self->host);
    return NULL;
}

void
host_simulated_set_latency(Host *host, const SimulatedLatency *latency)
{
    ((Simulated *)host)->latency = *latency;
}

void
host_simulated_set_faults(Host *host, SimulatedFault (*fault)(const LaunchSpec *spec, void *data), void *data)
{
    ((Simulated *)host)->fault = fault;
    ((Simulated *)host)->fault_data = data;
}

gboolean
host_simulated_kill(Host *host, const char *key)
{
    Simulated *self = (Simulated *)host;
    Sim *sim = g_hash_table_lookup(self->sims, key);
    if (!sim || !sim->alive)
        return FALSE;
    later(sim, 0, died);
    return TRUE;
}

guint
host_simulated_alive(Host *host)
{
    Simulated *self = (Simulated *)host;
    GHashTableIter iter;
    gpointer value;
    guint alive = 0;
    g_hash_table_iter_init(&iter, self->sims);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        alive += ((Sim *)value)->alive ? 1 : 0;
    return alive;
}
