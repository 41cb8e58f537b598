/* VMs as rows in memory, moved on by timers of the injected clock. */
#include "host/simulated/fleet.h"

#include <signal.h>
#include <string.h>

#define RETENTION_DEFAULT (7 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC)

Sim *
sim_new(Simulated *self, const char *key)
{
    Sim *sim = g_malloc0(G_STRUCT_OFFSET(Sim, key) + strlen(key) + 1);
    sim->host = self;
    memcpy(sim->key, key, strlen(key) + 1);
    return sim;
}

void
sim_free(void *data)
{
    Sim *sim = data;
    if (sim->timer)
        sim->host->clock->timer_remove(sim->host->clock, sim->timer);
    g_clear_error(&sim->why_not);
    g_free(sim->previous);
    g_free(sim->disks);
    g_free(sim);
}

static void
sim_boot_fault(Sim *sim, SimulatedFault fault)
{
    sim->fault = fault;
    sim->tampered = fault >= SIMULATED_GRUB_CHANGED ? fault : SIMULATED_OK;
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
        .key = sim->key,
        .epoch = sim->epoch,
        .code = code,
        .message = message,
        .file = type == HOST_BOOT_REFUSED ? "\\EFI\\BOOT\\grubx64.efi" : NULL,
        .guest_shutdown = type == HOST_EXITED && code == ARM_N_CODES,
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
ended(Sim *sim, ArmCode code, const char *message)
{
    sim->timer = 0;
    sim->alive = FALSE;
    sim->agent = FALSE;
    sim->isolated = FALSE;
    simulated_keep(sim->host);
    emit(sim, HOST_EXITED, code, message);
}

static void
died(void *data)
{
    ended(data, ARM_VM_EXITED, "The simulated VM's process ended.");
}

static void
powered_off(void *data)
{
    ended(data, ARM_N_CODES, /* message= */ NULL);
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
        simulated_keep(sim->host);
        emit(sim, HOST_BOOT_REFUSED, ARM_SECURE_BOOT_REFUSED, "Secure Boot refused the boot loader.");
        return;
    case SIMULATED_EXITS:
        sim->agent = TRUE;
        emit(sim, HOST_AGENT_ANSWERED, ARM_N_CODES, NULL);
        later(sim, 0, died);
        return;
    default:
        sim->agent = TRUE;
        simulated_keep(sim->host);
        emit(sim, HOST_AGENT_ANSWERED, ARM_N_CODES, NULL);
    }
}

static void
started(void *data)
{
    Sim *sim = data;
    sim->timer = 0;
    if (sim->why_not) {
        g_autoptr(GError) why_not = g_steal_pointer(&sim->why_not);
        emit(sim, HOST_START_FAILED, (ArmCode)why_not->code, why_not->message);
        return;
    }
    sim->alive = TRUE;
    simulated_keep(sim->host);
    emit(sim, HOST_STARTED, ARM_N_CODES, NULL);
    if (sim->has_agent || sim->fault == SIMULATED_REFUSED)
        later(sim, sim->host->latency.boot_usec, booted);
}

static void
stopped(void *data)
{
    Sim *sim = data;
    sim->timer = 0;
    sim->alive = FALSE;
    sim->agent = FALSE;
    sim->isolated = FALSE;
    sim->refused = FALSE;
    simulated_keep(sim->host);
    emit(sim, HOST_EXITED, ARM_N_CODES, NULL);
}

static void
destroyed(void *data)
{
    Sim *sim = data;
    Simulated *self = sim->host;
    sim->timer = 0;
    g_autoptr(GPtrArray) kept = sim_parts_destroy(sim);
    sim_tpms_forget(sim);
    g_hash_table_steal(self->sims, sim->key);
    g_hash_table_remove(self->notices, sim->key);
    g_hash_table_remove(self->allowances, sim->key);
    simulated_keep(self);
    cross(self);
    self->func(&(HostEvent){ .type = HOST_DESTROYED, .key = sim->key, .code = ARM_N_CODES, .kept = kept }, self->data);
    sim_free(sim);
}

static Sim *
sim_get(Simulated *self, const char *key)
{
    Sim *sim = g_hash_table_lookup(self->sims, key);
    if (sim)
        return sim;
    sim = sim_new(self, key);
    g_hash_table_insert(self->sims, sim->key, sim);
    return sim;
}

/* ---- the driver's table ---- */

static void
simulated_close(Host *host)
{
    Simulated *self = (Simulated *)host;
    simulated_asks_end(self);
    simulated_keep_close(self);
    g_hash_table_unref(self->notices);
    g_hash_table_unref(self->allowances);
    g_hash_table_unref(self->sims);
    g_hash_table_unref(self->kept_disks);
    g_hash_table_unref(self->tpms);
    g_string_chunk_free(self->texts);
    g_ptr_array_unref(self->fault_rules);
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
    info->network = g_strdup("10.0.2.0/24");
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
        found->key = g_strdup(sim->key);
        found->alive = sim->alive;
        found->epoch = sim->epoch;
        found->agent = sim->agent;
        found->isolated = sim->isolated;
        found->refused_file = sim->refused ? g_strdup("\\EFI\\BOOT\\grubx64.efi") : NULL;
        g_ptr_array_add(list, found);
        if (sim->alive && !sim->agent && !sim->refused && sim->has_agent)
            later(sim, self->latency.boot_usec, booted);
    }
    return list;
}

/* A disk that is full is seen before anything is made; what else keeps a VM from its start comes after. */
static gboolean
prepare(Sim *sim, const LaunchSpec *spec, GError **error)
{
    static const char told[] = "The simulated start was told to fail.";
    if (sim->fault == SIMULATED_DISK_FULL)
        return arm_fail(error, ARM_HOST_DISK_FULL, NULL, told);
    return sim_parts_converge(sim, spec, error) &&
           (sim->fault != SIMULATED_START_FAILS || arm_fail(error, ARM_VM_START_FAILED, NULL, told));
}

static void
simulated_start(Host *host, const LaunchSpec *spec)
{
    Simulated *self = (Simulated *)host;
    cross(self);
    Sim *sim = sim_get(self, spec->key);
    if (sim->alive && sim->epoch == spec->epoch) {
        later(sim, 0, started);
        return;
    }
    sim->epoch = spec->epoch;
    sim->alive = FALSE;
    sim->agent = FALSE;
    sim->refused = FALSE;
    sim->isolated = FALSE;
    sim->has_agent = spec->guest_agent != 0;
    sim_boot_fault(sim, simulated_fault_of(self, spec));
    sim->unhealthy = sim->fault == SIMULATED_UNHEALTHY || (spec->image_urn && g_str_has_suffix(spec->image_urn, "-unhealthy"));
    sim_boot_remember(sim, spec);
    g_clear_error(&sim->why_not);
    prepare(sim, spec, &sim->why_not);
    sim->hold = spec->hold != 0;
    simulated_keep(self);
    later(sim, self->latency.start_usec, started);
}

static void
simulated_release(Host *host, const char *key)
{
    Simulated *self = (Simulated *)host;
    Sim *sim = g_hash_table_lookup(self->sims, key);
    if (!sim || !sim->hold)
        return;
    cross(self);
    sim->hold = FALSE;
    simulated_keep(self);
}

static void
simulated_isolate(Host *host, const char *key, gboolean isolated)
{
    Simulated *self = (Simulated *)host;
    Sim *sim = g_hash_table_lookup(self->sims, key);
    if (!sim || !sim->alive)
        return;
    cross(self);
    sim->isolated = isolated != 0;
    simulated_keep(self);
}

static void
simulated_stop(Host *host, const char *key, gint64 grace_usec)
{
    Simulated *self = (Simulated *)host;
    cross(self);
    Sim *sim = sim_get(self, key);
    later(sim, grace_usec > 0 ? MIN(self->latency.stop_usec, grace_usec) : 0, stopped);
}

static void
simulated_destroy(Host *host, const char *key, const char *keep_dir)
{
    Simulated *self = (Simulated *)host;
    cross(self);
    Sim *sim = sim_get(self, key);
    sim->keep_dir = keep_dir ? g_string_chunk_insert_const(self->texts, keep_dir) : NULL;
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

static GPtrArray *
simulated_forwards(Host *host, const char *key)
{
    (void)host;
    (void)key;
    return g_ptr_array_new();
}

static gboolean
simulated_disk_remove(Host *host, const char *file, GError **error)
{
    (void)error;
    host_simulated_kept_disk_removed(host, file);
    return TRUE;
}

static const HostDriver driver = {
    .name = "simulated",
    .close = simulated_close,
    .info = simulated_info,
    .found = simulated_found,
    .start = simulated_start,
    .release = simulated_release,
    .isolate = simulated_isolate,
    .stop = simulated_stop,
    .destroy = simulated_destroy,
    .disk_remove = simulated_disk_remove,
    .serial_log = simulated_serial_log,
    .vtpm_certificate = simulated_vtpm_certificate,
    .screenshot = simulated_screenshot,
    .exec = simulated_exec,
    .guest_run = simulated_guest_run,
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
    self->guest_usec = 5 * USEC_PER_MSEC;
    self->approve_usec = -1;
    self->tokens.token = config->token;
    self->tokens.token_data = config->token_data;
    self->allowances = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->notices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->sims = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, sim_free);
    self->kept_disks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->tpms = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)sim_tpm_free);
    self->texts = g_string_chunk_new(256);
    self->retention_s = (config->retention_usec ? config->retention_usec : RETENTION_DEFAULT) / USEC_PER_SEC;
    self->fault_rules = g_ptr_array_new_with_free_func(simulated_fault_rule_free);
    if (config->state_dir)
        ok = simulated_settings_load(self, config->state_dir, error) && simulated_keep_load(self, config->state_dir, error);
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

void
host_simulated_set_guest(Host *host, SimulatedGuest guest, void *data)
{
    ((Simulated *)host)->guest = guest;
    ((Simulated *)host)->guest_data = data;
}

void
host_simulated_set_guest_latency(Host *host, gint64 usec)
{
    ((Simulated *)host)->guest_usec = usec;
}

void
host_simulated_set_approval(Host *host, gboolean approves, gint64 after_usec)
{
    ((Simulated *)host)->approve_usec = approves ? after_usec : -1;
}

static gboolean
end_now(Host *host, const char *key, void (*end)(void *data))
{
    Simulated *self = (Simulated *)host;
    Sim *sim = g_hash_table_lookup(self->sims, key);
    if (!sim || !sim->alive)
        return FALSE;
    later(sim, 0, end);
    return TRUE;
}

gboolean
host_simulated_kill(Host *host, const char *key)
{
    return end_now(host, key, died);
}

gboolean
host_simulated_power_off(Host *host, const char *key)
{
    return end_now(host, key, powered_off);
}

static void
rebooted(void *data)
{
    Sim *sim = data;
    sim->timer = 0;
    emit(sim, HOST_REBOOTED, ARM_N_CODES, /* message= */ NULL);
    later(sim, sim->host->latency.boot_usec, booted);
}

gboolean
host_simulated_reboot(Host *host, const char *key, SimulatedFault how)
{
    Simulated *self = (Simulated *)host;
    Sim *sim = g_hash_table_lookup(self->sims, key);
    if (!sim || !sim->agent || sim->isolated || sim->timer)
        return FALSE;
    sim->agent = FALSE;
    sim->reboots++;
    sim_boot_fault(sim, how);
    g_hash_table_remove(self->notices, key);
    simulated_keep(self);
    later(sim, 0, rebooted);
    return TRUE;
}

gboolean
host_simulated_isolated(Host *host, const char *key)
{
    const Sim *sim = g_hash_table_lookup(((Simulated *)host)->sims, key);
    return sim && sim->isolated;
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
