/* The qemu driver's table, and what is found out once when it is opened. */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "base/file.h"
#include "host/image_import.h"
#include "host/kept_file.h"
#include "host/qemu/folder.h"
#include "host/qemu/previous.h"
#include "host/qemu/tap.h"
#include "host/run.h"

#include <string.h>
#include <unistd.h>

/* Under TCG every virtual processor is a thread that competes with the others; more than this is
 * never useful. */
#define VCPUS_PER_CPU       4u
#define MEMORY_FOR_HOST_MIB 1024u
#define SERIAL_CAP_DEFAULT  (G_GUINT64_CONSTANT(16) << 20)
#define RETENTION_DEFAULT   (7 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC)
/* What has been kept for its time goes within the hour. */
#define PRUNE_EVERY (3600 * USEC_PER_SEC)

static Qemu *
self_of(Host *host)
{
    return (Qemu *)host;
}

/* ---- open ---- */

/* KVM counts where a machine with SMM really starts on it: /dev/kvm alone says nothing. One that does takes its leave when it
 * is asked to; one that does not may greet all the same, before it fails. */
static gboolean
kvm_works(const char *qemu)
{
    static const char script[] = "printf '%s\\n%s\\n' '{\"execute\":\"qmp_capabilities\"}' '{\"execute\":\"quit\"}' |"
                                 " timeout 5 \"$0\" -nodefaults -no-user-config -display none -machine q35,smm=on,accel=kvm"
                                 " -S -qmp stdio";
    const char *const argv[] = { "sh", "-c", script, qemu, NULL };
    return access("/dev/kvm", R_OK | W_OK) == 0 && run_program(argv, NULL, NULL, NULL);
}

static char *
version_of(const char *qemu)
{
    const char *const argv[] = { qemu, "--version", NULL };
    g_autofree char *output = NULL;
    if (!run_program(argv, NULL, &output, NULL))
        return NULL;
    char *end = strchr(output, '\n');
    if (end)
        *end = '\0';
    return g_strdup(output);
}

static char *
program_find(const char *given, const char *name, const char *package, GError **error)
{
    char *path = g_find_program_in_path(given ? given : name);
    if (!path)
        arm_fail(error, ARM_VM_START_FAILED, NULL, "The program '%s' is not installed (on Debian: package %s).",
                 given ? given : name, package);
    return path;
}

static gboolean
programs_find(Qemu *self, const HostConfig *config, GError **error)
{
    g_autofree char *img = program_find(NULL, "qemu-img", "qemu-utils", error);
    g_autofree char *iso = img ? program_find(NULL, "genisoimage", "genisoimage", error) : NULL;
    g_autoptr(GError) no_vtpm = NULL;

    self->qemu = iso ? program_find(config->qemu_binary, "qemu-system-x86_64", "qemu-system-x86", error) : NULL;
    if (!self->qemu)
        return FALSE;
    self->vtpm_maker = vtpm_maker_new(self->state_dir, config->swtpm_setup_binary, config->swtpm_binary, config->state_key,
                                      config->authority, &no_vtpm);
    if (!self->vtpm_maker)
        self->why_no_vtpm = g_strdup(no_vtpm->message);
    self->state_key = config->state_key;
    self->swtpm = g_strdup(config->swtpm_binary ? config->swtpm_binary : "swtpm");
    self->qemu_version = version_of(self->qemu);
    self->accelerator = g_strdup(kvm_works(self->qemu) ? "kvm" : "tcg");
    return TRUE;
}

static gboolean
ports_take(Qemu *self, const char *const *ports, GError **error)
{
    for (; ports && *ports; ports++) {
        guint64 port;
        if (self->n_forward_ports == FORWARD_PORTS_MAX)
            return arm_fail(error, ARM_INVALID_PARAMETER, "forward-ports", "At most %u guest ports are forwarded.",
                            FORWARD_PORTS_MAX);
        if (!g_ascii_string_to_unsigned(*ports, 10, 1, G_MAXUINT16, &port, NULL))
            return arm_fail(error, ARM_INVALID_PARAMETER, "forward-ports", "'%s' is no port from 1 to 65535.", *ports);
        self->forward_ports[self->n_forward_ports++] = (guint)port;
    }
    return TRUE;
}

/* swtpm's options know no way to write a comma in a path. */
static gboolean
state_dir_check(const char *state_dir, GError **error)
{
    return !strchr(state_dir, ',') || arm_fail(error, ARM_INVALID_PARAMETER, "state-dir",
                                               "The state folder '%s' has a comma in its path, "
                                               "which swtpm cannot be given; choose another one.",
                                               state_dir);
}

/* What an import that never ended has copied so far. */
static void
imports_drop(const char *state_dir)
{
    g_autofree char *images = g_build_filename(state_dir, "images", NULL);
    g_autoptr(GDir) dir = g_dir_open(images, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(images, name, NULL);
        if (g_str_has_prefix(name, IMAGE_IMPORT_PREFIX))
            folder_remove(path, NULL);
    }
}

/* Every folder that a former daemon left: half-made and half-removed ones go, the others become
 * machines. */
static gboolean
folders_scan(Qemu *self, GError **error)
{
    g_autofree char *root = g_build_filename(self->state_dir, "instances", NULL);
    const char *name;
    if (!folder_make(root, error))
        return FALSE;
    imports_drop(self->state_dir);
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(root, name, NULL);
        if (g_str_has_suffix(name, ".new") || g_str_has_suffix(name, ".gone")) {
            folder_remove(path, NULL);
            continue;
        }
        if (!g_regex_match_simple("^[0-9a-f-]{36}\\.[0-9]{1,10}$", name, 0, 0)) {
            g_warning("'%s' is no instance's folder; it is left alone", path);
            continue;
        }
        machine_adopt(machine_get(self, name));
    }
    return TRUE;
}

static void
on_prune(void *data)
{
    Qemu *self = data;
    GHashTableIter iter;
    gpointer value;
    UnixTime now = self->clock->now(self->clock);
    g_hash_table_iter_init(&iter, self->machines);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Machine *machine = value;
        g_autoptr(GError) error = NULL;
        /* A launch that waits for its turn may want what lies there. */
        if (machine->working || machine->wish == WISH_START)
            continue;
        if (!previous_prune(machine->folder, machine->spec, now / USEC_PER_SEC, self->retention_s, &error))
            g_warning("%s", error->message);
    }
    self->prune_timer = self->clock->timer_add(self->clock, now + PRUNE_EVERY, on_prune, self);
}

static void qemu_close(Host *host);
static const HostDriver driver;

static gboolean
stock_open(Qemu *self, guint size, GError **error)
{
    if (!self->vtpm_maker || size == 0)
        return TRUE;
    self->vtpm_stock = vtpm_stock_new(self->state_dir, self->vtpm_maker, size, error);
    return self->vtpm_stock != NULL;
}

Host *
host_qemu_open(const HostConfig *config, GMainContext *context, Clock *clock, HostEventFunc func, void *data, GError **error)
{
    Qemu *self = g_new0(Qemu, 1);
    const char *const firmware_dirs[] = { config->firmware_dir, FIRMWARE_DIRS, NULL };
    gint64 retention = config->retention_usec ? config->retention_usec : RETENTION_DEFAULT;

    self->host.driver = &driver;
    self->state_dir = g_strdup(config->state_dir);
    self->bridge = g_strdup(config->bridge);
    self->outbound = config->outbound;
    self->uid_first = config->uid_first;
    self->uid_count = config->uid_count;
    self->guest_program = config->guest_program ? g_bytes_ref(config->guest_program) : NULL;
    self->tokens.token = config->token;
    self->tokens.token_data = config->token_data;
    self->serial_cap = config->serial_cap ? config->serial_cap : SERIAL_CAP_DEFAULT;
    self->retention_s = retention / USEC_PER_SEC;
    self->context = context;
    self->clock = clock;
    self->func = func;
    self->func_data = data;
    self->machines = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)machine_free);
    self->firmware = firmware_find(config->firmware_dir ? firmware_dirs : NULL);
    self->logs = log_watcher_new(context, clock, error);
    if (self->logs && state_dir_check(config->state_dir, error) && ports_take(self, config->forward_ports, error) &&
        programs_find(self, config, error) && folders_scan(self, error) && stock_open(self, config->vtpm_ahead, error)) {
        on_prune(self);
        return &self->host;
    }
    qemu_close(&self->host);
    return NULL;
}

static void
qemu_close(Host *host)
{
    Qemu *self = self_of(host);
    GHashTableIter iter;
    gpointer value;
    gboolean working = TRUE;

    /* Threads that are in a folder come back to this context; they are waited for, so that nothing
     * is half made. */
    self->closing = TRUE;
    while (working) {
        working = FALSE;
        g_hash_table_iter_init(&iter, self->machines);
        while (g_hash_table_iter_next(&iter, NULL, &value))
            working = working || ((Machine *)value)->working;
        if (working)
            g_main_context_iteration(self->context, TRUE);
    }
    if (self->prune_timer)
        self->clock->timer_remove(self->clock, self->prune_timer);
    g_hash_table_unref(self->machines);
    log_watcher_free(self->logs);
    vtpm_stock_free(self->vtpm_stock);
    vtpm_maker_free(self->vtpm_maker);
    firmware_set_free(self->firmware);
    g_free(self->state_dir);
    g_free(self->qemu);
    g_free(self->swtpm);
    g_free(self->bridge);
    if (self->guest_program)
        g_bytes_unref(self->guest_program);
    g_free(self->why_no_vtpm);
    g_free(self->accelerator);
    g_free(self->qemu_version);
    g_free(self);
}

/* ---- what this host is ---- */

static guint
memory_mib(void)
{
    return (guint)((guint64)sysconf(_SC_PHYS_PAGES) * (guint64)sysconf(_SC_PAGESIZE) >> 20);
}

static void
note_add(GString *notes, const char *text)
{
    if (text)
        g_string_append_printf(notes, "%s%s", notes->len ? "\n" : "", text);
}

static HostInfo *
qemu_info(Host *host)
{
    const Qemu *self = self_of(host);
    HostInfo *info = g_new0(HostInfo, 1);
    GString *notes = g_string_new(NULL);
    guint memory = memory_mib();

    info->driver = g_strdup("qemu");
    info->accelerator = g_strdup(self->accelerator);
    info->architecture = g_strdup("x64");
    info->vcpus_max = g_get_num_processors() * VCPUS_PER_CPU;
    info->memory_max_mib = memory > 2 * MEMORY_FOR_HOST_MIB ? memory - MEMORY_FOR_HOST_MIB : memory / 2;
    info->secure_boot = self->firmware->why_not_secure == NULL;
    info->vtpm = self->vtpm_maker != NULL;
    info->qemu_version = g_strdup(self->qemu_version);
    info->firmware_secure = g_strdup(self->firmware->secure_code);
    info->firmware_plain = g_strdup(self->firmware->plain_code);
    if (strcmp(self->accelerator, "tcg") == 0)
        note_add(notes, "KVM with SMM does not work here: VMs run under TCG, several times slower.");
    note_add(notes, self->firmware->why_not_secure);
    note_add(notes, self->firmware->why_not_plain);
    note_add(notes, self->why_no_vtpm);
    if (!self->guest_program)
        note_add(notes, "This build has no testudo-guest (it needs musl-gcc): the health of applications cannot be asked for.");
    if (self->uid_count == 0)
        note_add(notes, "VMs run as the daemon's own user.");
    /* QEMU's own, of each VM's user-mode network: netdev user, "net". */
    info->network = self->bridge ? bridge_network(self->bridge) : g_strdup("10.0.2.0/24");
    info->notes = g_string_free(notes, FALSE);
    return info;
}

static GPtrArray *
qemu_found(Host *host)
{
    Qemu *self = self_of(host);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)host_found_free);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, self->machines);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Machine *machine = value;
        HostFound *found = g_new0(HostFound, 1);
        found->key = g_strdup(machine->key);
        found->alive = machine->qemu_watch != NULL;
        found->epoch = machine->spec ? machine->spec->epoch : 0;
        found->agent = machine->agent;
        found->isolated = machine->isolated;
        found->refused_file = g_strdup(machine->refused_file);
        found->owner = machine->spec ? g_strdup(machine->spec->owner) : NULL;
        g_ptr_array_add(list, found);
    }
    return list;
}

/* ---- wishes ---- */

static void
qemu_start(Host *host, const LaunchSpec *spec)
{
    Machine *machine = machine_get(self_of(host), spec->key);
    launch_spec_free(machine->wanted);
    machine->wanted = launch_spec_copy(spec);
    machine->wish = WISH_START;
    machine_nudge(machine);
}

static void
qemu_release(Host *host, const char *key)
{
    Machine *machine = g_hash_table_lookup(self_of(host)->machines, key);
    if (!machine)
        return;
    if (machine->wanted)
        machine->wanted->hold = FALSE;
    if (!machine->spec || !machine->spec->hold)
        return;
    machine->spec->hold = FALSE;
    machine_run_write(machine);
}

static void
qemu_isolate(Host *host, const char *key, gboolean isolated)
{
    Machine *machine = g_hash_table_lookup(self_of(host)->machines, key);
    if (!machine || !machine->qemu_watch || machine->isolated == isolated)
        return;
    machine->isolated = isolated;
    machine_run_write(machine);
    machine_isolation_apply(machine);
}

static void
qemu_stop(Host *host, const char *key, gint64 grace_usec)
{
    Machine *machine = machine_get(self_of(host), key);
    machine->wish = WISH_STOP;
    machine->grace_usec = grace_usec;
    machine_nudge(machine);
}

static void
qemu_destroy(Host *host, const char *key, const char *keep_dir)
{
    Machine *machine = machine_get(self_of(host), key);
    machine->wish = WISH_DESTROY;
    g_free(machine->keep_dir);
    machine->keep_dir = g_strdup(keep_dir);
    machine_nudge(machine);
}

static gboolean
qemu_disk_remove(Host *host G_GNUC_UNUSED, const char *file, GError **error)
{
    return kept_file_remove(file, error);
}

static const HostDriver driver = {
    .name = "qemu",
    .close = qemu_close,
    .info = qemu_info,
    .found = qemu_found,
    .start = qemu_start,
    .release = qemu_release,
    .isolate = qemu_isolate,
    .stop = qemu_stop,
    .destroy = qemu_destroy,
    .disk_remove = qemu_disk_remove,
    .serial_log = qemu_serial_log,
    .vtpm_certificate = qemu_vtpm_certificate,
    .screenshot = qemu_screenshot,
    .exec = qemu_exec,
    .guest_run = qemu_guest_run,
    .forwards = qemu_forwards,
};
