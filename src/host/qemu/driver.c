/* The qemu driver's table, and what is found out once when it is opened. */
#include "host/qemu/machine.h"

#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/screen.h"
#include "host/run.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PPM_MAX (256u << 20)
/* Under TCG every virtual processor is a thread that competes with the others; more than this is never useful. */
#define VCPUS_PER_CPU 4u
#define MEMORY_FOR_HOST_MIB 1024u

static Qemu *
self_of(Host *host)
{
    return (Qemu *)host;
}

/* ---- open ---- */

/* KVM counts where a machine with SMM really starts on it: /dev/kvm alone says nothing. */
static gboolean
kvm_works(const char *qemu)
{
    const char *const argv[] = { "timeout", "5", qemu, "-nodefaults", "-no-user-config", "-display", "none", "-machine",
                                 "q35,smm=on,accel=kvm", "-S", "-qmp", "stdio", NULL };
    g_autofree char *output = NULL;
    if (access("/dev/kvm", R_OK | W_OK) != 0)
        return FALSE;
    /* stdin is empty, so QEMU greets, sees its monitor's end, and goes on; the greeting is what tells. */
    g_autoptr(GError) error = NULL;
    run_program(argv, NULL, &output, &error);
    return output && strstr(output, "\"QMP\"") != NULL;
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
    self->vtpm_maker = vtpm_maker_new(self->state_dir, config->swtpm_setup_binary, config->swtpm_binary, &no_vtpm);
    if (!self->vtpm_maker)
        self->why_no_vtpm = g_strdup(no_vtpm->message);
    self->swtpm = g_strdup(config->swtpm_binary ? config->swtpm_binary : "swtpm");
    self->qemu_version = version_of(self->qemu);
    self->accelerator = g_strdup(kvm_works(self->qemu) ? "kvm" : "tcg");
    return TRUE;
}

static void
ports_take(Qemu *self, const char *const *ports)
{
    for (; ports && *ports && self->n_forward_ports < G_N_ELEMENTS(self->forward_ports); ports++)
        self->forward_ports[self->n_forward_ports++] = (guint)g_ascii_strtoull(*ports, NULL, 10);
}

static gboolean
ends_with(const char *name, const char *suffix)
{
    return g_str_has_suffix(name, suffix);
}

/* Every folder that a former daemon left: half-made and half-removed ones go, the others become machines. */
static gboolean
folders_scan(Qemu *self, GError **error)
{
    g_autofree char *root = g_build_filename(self->state_dir, "instances", NULL);
    const char *name;
    if (!folder_make(root, error))
        return FALSE;
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(root, name, NULL);
        if (ends_with(name, ".new") || ends_with(name, ".gone")) {
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

static void qemu_close(Host *host);
static const HostDriver driver;

Host *
host_qemu_open(const HostConfig *config, GMainContext *context, Clock *clock, HostEventFunc func, void *data, GError **error)
{
    Qemu *self = g_new0(Qemu, 1);
    const char *const own_dirs[] = { config->firmware_dir, "/etc/qemu/firmware", "/usr/share/qemu/firmware", NULL };

    self->host.driver = &driver;
    self->state_dir = g_strdup(config->state_dir);
    self->bridge = g_strdup(config->bridge);
    self->outbound = config->outbound;
    self->uid_first = config->uid_first;
    self->uid_count = config->uid_count;
    self->serial_cap = config->serial_cap ? config->serial_cap : 16u << 20;
    self->context = context;
    self->clock = clock;
    self->func = func;
    self->func_data = data;
    self->machines = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)machine_free);
    self->firmware = firmware_find(config->firmware_dir ? own_dirs : NULL);
    ports_take(self, config->forward_ports);
    if (programs_find(self, config, error) && folders_scan(self, error))
        return &self->host;
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

    /* Threads that are in a folder come back to this context; they are waited for, so that nothing is half made. */
    self->closing = TRUE;
    while (working) {
        working = FALSE;
        g_hash_table_iter_init(&iter, self->machines);
        while (g_hash_table_iter_next(&iter, NULL, &value))
            working = working || ((Machine *)value)->working;
        if (working)
            g_main_context_iteration(self->context, TRUE);
    }
    g_hash_table_unref(self->machines);
    vtpm_maker_free(self->vtpm_maker);
    firmware_set_free(self->firmware);
    g_free(self->state_dir);
    g_free(self->qemu);
    g_free(self->swtpm);
    g_free(self->bridge);
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
    if (self->uid_count == 0)
        note_add(notes, "VMs run as the daemon's own user.");
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
        g_ptr_array_add(list, found);
    }
    return list;
}

/* ---- wishes ---- */

static void
qemu_start(Host *host, const LaunchSpec *spec)
{
    Machine *machine = machine_get(self_of(host), spec->key);
    if (!machine->qemu_watch) {
        launch_spec_free(machine->spec);
        machine->spec = launch_spec_copy(spec);
    }
    machine->wish = WISH_START;
    machine_go_on(machine);
}

static void
qemu_stop(Host *host, const char *key, gint64 grace_usec)
{
    Machine *machine = machine_get(self_of(host), key);
    machine->wish = WISH_STOP;
    machine->grace_usec = grace_usec;
    machine_go_on(machine);
}

static void
qemu_destroy(Host *host, const char *key, const char *keep_dir)
{
    Machine *machine = machine_get(self_of(host), key);
    machine->wish = WISH_DESTROY;
    g_free(machine->keep_dir);
    machine->keep_dir = g_strdup(keep_dir);
    machine_go_on(machine);
}

/* ---- looking in ---- */

static char *
qemu_serial_log(Host *host, const char *key, gsize max, gsize *ret_length, GError **error)
{
    const Qemu *self = self_of(host);
    g_autofree char *folder = folder_path(self->state_dir, key), *path = folder_file(folder, "serial.log");
    struct stat st;
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "The instance has not been started yet: there is no serial log.");
        return NULL;
    }
    if (fd < 0 || fstat(fd, &st) != 0) {
        io_fail(error, "read", path);
        return NULL;
    }
    gsize length = MIN((gsize)st.st_size, max);
    g_autofree char *bytes = g_malloc(length + 1);
    ssize_t n = pread(fd, bytes, length, st.st_size - (off_t)length);
    if (n < 0) {
        io_fail(error, "read", path);
        return NULL;
    }
    bytes[n] = '\0';
    *ret_length = (gsize)n;
    return g_steal_pointer(&bytes);
}

static Machine *
running(Qemu *self, const char *key, GError **error)
{
    Machine *machine = g_hash_table_lookup(self->machines, key);
    if (machine && machine->qemu_watch && machine->greeted)
        return machine;
    arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL, "The instance does not run.");
    return NULL;
}

typedef struct {
    char *file;
    HostDone done;
    void *data;
} Shot;

static void
on_dumped(const json_t *result, const char *error_text, void *data)
{
    g_autofree Shot *shot = data;
    g_autofree char *file = shot->file;
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *ppm = NULL;
    g_autoptr(GBytes) png = NULL;

    if (!result)
        arm_fail(&error, ARM_INTERNAL, NULL, "The screen could not be read: %s.", error_text);
    else if ((ppm = file_read(file, PPM_MAX, &length, &error)))
        png = screen_png_from_ppm(ppm, length, &error);
    unlink(file);
    if (png)
        shot->done(g_bytes_get_data(png, NULL), g_bytes_get_size(png), NULL, shot->data);
    else
        shot->done(NULL, 0, error, shot->data);
}

static void
qemu_screenshot(Host *host, const char *key, HostDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    Machine *machine = running(self_of(host), key, &error);
    if (!machine) {
        done(NULL, 0, error, data);
        return;
    }
    Shot *shot = g_new0(Shot, 1);
    g_autofree char *name = g_strdup_printf("screen-%u.ppm", g_random_int());
    *shot = (Shot){ folder_file(machine->folder, name), done, data };
    qmp_command(machine->qmp, "screendump", json_pack("{ss}", "filename", shot->file), on_dumped, shot);
}

typedef struct {
    HostExecDone done;
    void *data;
} ExecQuestion;

static void
on_executed(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const char *error_text,
            void *data)
{
    g_autofree ExecQuestion *question = data;
    g_autoptr(GError) error = NULL;
    if (error_text)
        arm_fail(&error, ARM_OPERATION_NOT_ALLOWED, NULL, "%s", error_text);
    question->done(exit_code, out, out_length, err, err_length, error, question->data);
}

static void
qemu_exec(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, HostExecDone done,
          void *data)
{
    g_autoptr(GError) error = NULL;
    Machine *machine = running(self_of(host), key, &error);
    if (machine && (!machine->agent || !machine->qga)) {
        arm_fail(&error, ARM_OPERATION_NOT_ALLOWED, NULL, "The guest agent does not answer.");
        machine = NULL;
    }
    if (!machine) {
        done(-1, "", 0, "", 0, error, data);
        return;
    }
    ExecQuestion *question = g_new0(ExecQuestion, 1);
    *question = (ExecQuestion){ done, data };
    qga_exec(machine->qga, argv, input, timeout_usec, on_executed, question);
}

static GPtrArray *
qemu_forwards(Host *host, const char *key)
{
    const Machine *machine = g_hash_table_lookup(self_of(host)->machines, key);
    return machine ? g_ptr_array_ref(machine->forwards) : g_ptr_array_new();
}

static const HostDriver driver = {
    .name = "qemu",
    .close = qemu_close,
    .info = qemu_info,
    .found = qemu_found,
    .start = qemu_start,
    .stop = qemu_stop,
    .destroy = qemu_destroy,
    .serial_log = qemu_serial_log,
    .screenshot = qemu_screenshot,
    .exec = qemu_exec,
    .forwards = qemu_forwards,
};
