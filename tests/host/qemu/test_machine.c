/* The qemu driver with a QEMU and a swtpm that a test plays (fake_qemu.c, fake_swtpm.c): everything
 * but the VM is real. */
#include "host/host.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/disk.h"
#include "host/qemu/folder.h"
#include "host/qemu/previous.h"
#include "host/qemu/process.h"
#include "host/qemu/run_file.h"
#include "host/reach.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY       "6f1f7c1e-0000-4000-8000-0123456789ab.7"
#define OTHER_KEY "6f1f7c1e-0000-4000-8000-0123456789ab.8"
#define SHA       "0000000000000000000000000000000000000000000000000000000000000000"
/* The clock is ours, and fast: so much of its time goes by in each millisecond of the world's. */
#define STEP       (5 * USEC_PER_MSEC)
#define PATIENCE_S 60
/* No test waits for the end of a command's time. */
#define COMMAND_USEC (60 * USEC_PER_SEC)

typedef struct {
    char *state_dir, *folder, *firmware_dir;
    HostConfig config;
    GMainContext *context;
    Clock *clock;
    Host *host;
    GString *told; /* events, as words */
    gboolean in_call;
} Fixture;

static const char *fake_qemu, *fake_swtpm;

static const char *const words[HOST_N_EVENTS] = {
    [HOST_STARTED] = "started",      [HOST_START_FAILED] = "start-failed",
    [HOST_AGENT_ANSWERED] = "agent", [HOST_BOOT_REFUSED] = "refused",
    [HOST_EXITED] = "exited",        [HOST_DESTROYED] = "destroyed",
    [HOST_WARNING] = "warning",      [HOST_REBOOTED] = "rebooted",
};

static void
on_event(const HostEvent *event, void *data)
{
    Fixture *f = data;
    g_assert_false(f->in_call);
    g_string_append_printf(f->told, "%s %" G_GUINT64_FORMAT " %s%s%s%s%s;", words[event->type], event->epoch,
                           event->code == ARM_N_CODES ? "-" : arm_code_text(event->code), event->file ? " " : "",
                           event->file ? event->file : "", event->guest_shutdown ? " shutdown" : "",
                           g_str_has_suffix(event->key, ".8") ? " other" : "");
    if (event->message)
        g_string_append_printf(f->told, "[%s]", event->message);
}

/* ---- the world ---- */

static void
descriptor_put(const Fixture *f, const char *name, const char *code, const char *vars, const char *features)
{
    g_autofree char *path = g_build_filename(f->firmware_dir, name, NULL);
    g_autofree char *text = g_strdup_printf("{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\",\"executable\":{"
                                            "\"filename\":\"%s/%s\","
                                            "\"format\":\"raw\"},\"nvram-template\":{\"filename\":\"%s/"
                                            "%s\",\"format\":\"raw\"}},\"targets\":[{"
                                            "\"architecture\":\"x86_64\",\"machines\":[\"pc-q35-*\"]}],\"features\":[%s]}",
                                            f->firmware_dir, code, f->firmware_dir, vars, features);
    const char *const files[] = { code, vars };
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *file = g_build_filename(f->firmware_dir, files[i], NULL);
        g_assert_true(g_file_set_contents(file, files[i], -1, NULL));
    }
}

static void
host_up(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    f->host = host_qemu_open(&f->config, f->context, f->clock, on_event, f, &error);
    g_assert_no_error(error);
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const forward_ports[] = { "22", NULL };
    f->state_dir = g_dir_make_tmp("testudo-machine-XXXXXX", NULL);
    f->firmware_dir = g_build_filename(f->state_dir, "firmware", NULL);
    f->folder = folder_path(f->state_dir, KEY);
    g_autofree char *images = g_build_filename(f->state_dir, "images", NULL);
    g_autofree char *disks = g_build_filename(f->state_dir, "disks", NULL);
    g_autofree char *image = g_build_filename(images, SHA ".qcow2", NULL);
    g_assert_true(folder_make(images, NULL) && folder_make(disks, NULL) && folder_make(f->firmware_dir, NULL));
    g_assert_true(disk_data_make(image, 1, (DiskUser){ 0 }, NULL));
    descriptor_put(f, "10-enrolled.json", "secure.code", "enrolled.vars", "\"secure-boot\",\"requires-smm\",\"enrolled-keys\"");
    descriptor_put(f, "11-secure.json", "secure.code", "empty.vars", "\"secure-boot\",\"requires-smm\"");
    descriptor_put(f, "12-plain.json", "plain.code", "plain.vars", "");
    f->config = (HostConfig){
        .state_dir = f->state_dir,
        .forward_ports = forward_ports,
        .serial_cap = 1u << 20,
        .qemu_binary = fake_qemu,
        .swtpm_binary = fake_swtpm,
        .firmware_dir = f->firmware_dir,
    };
    f->context = g_main_context_new();
    f->clock = clock_virtual_new(1700000000 * USEC_PER_SEC);
    f->told = g_string_new(NULL);
    host_up(f);
}

/* Nothing that a test began goes on after it. */
static void
processes_end(const Fixture *f, const char *folder)
{
    g_autoptr(RunFile) run = run_file_read(folder, NULL);
    (void)f;
    if (run && run->qemu)
        kill(run->qemu, SIGKILL);
    if (run && run->swtpm)
        kill(run->swtpm, SIGKILL);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *other = folder_path(f->state_dir, OTHER_KEY);
    host_close(f->host);
    processes_end(f, f->folder);
    processes_end(f, other);
    clock_virtual_free(f->clock);
    g_main_context_unref(f->context);
    folder_remove(f->state_dir, NULL);
    g_string_free(f->told, TRUE);
    g_free(f->folder);
    g_free(f->firmware_dir);
    g_free(f->state_dir);
}

/* ---- time and events ---- */

static void
moment(Fixture *f)
{
    while (g_main_context_iteration(f->context, FALSE))
        ;
    clock_virtual_advance_to(f->clock, f->clock->now(f->clock) + STEP);
    g_usleep(1000);
}

/* Until `word` is told; then it is forgotten with all before it. */
static void
wait_for(Fixture *f, const char *word)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    const char *found;
    while (!(found = strstr(f->told->str, word))) {
        if (g_get_monotonic_time() > until)
            g_error("waited for '%s', and was told '%s'", word, f->told->str);
        moment(f);
    }
    g_string_erase(f->told, 0, found - f->told->str + (gssize)strlen(word));
}

static void
settle(Fixture *f)
{
    for (guint i = 0; i < 100; i++)
        moment(f);
}

/* ---- calls ---- */

static LaunchSpec *
spec_new(const char *name, guint64 epoch)
{
    LaunchSpec *spec = launch_spec_new();
    spec->key = g_strdup(KEY);
    spec->name = g_strdup(name);
    spec->owner = g_strdup("/subscriptions/s");
    spec->vm_id = g_strdup("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    spec->epoch = epoch;
    spec->vcpus = 1;
    spec->memory_mib = 64;
    spec->generation = 2;
    spec->architecture = g_strdup("x64");
    spec->image_urn = g_strdup("Testudo:mini:gen2:1.0.0");
    spec->image_format = g_strdup("qcow2");
    spec->image_sha256 = g_strdup(SHA);
    spec->disk_gen = spec->vars_gen = spec->data_gen = 1;
    return spec;
}

static void
start_spec(Fixture *f, const LaunchSpec *spec)
{
    f->in_call = TRUE;
    host_start(f->host, spec);
    f->in_call = FALSE;
}

static void
start(Fixture *f, const char *name, guint64 epoch)
{
    g_autoptr(LaunchSpec) spec = spec_new(name, epoch);
    start_spec(f, spec);
}

static void
start_trusted(Fixture *f, const char *name, gboolean vtpm)
{
    g_autoptr(LaunchSpec) spec = spec_new(name, 1);
    spec->trusted_launch = spec->secure_boot = TRUE;
    spec->vtpm = vtpm;
    spec->vtpm_gen = vtpm ? 1 : 0;
    start_spec(f, spec);
}

static void
stop(Fixture *f, gint64 grace_usec)
{
    f->in_call = TRUE;
    host_stop(f->host, KEY, grace_usec);
    f->in_call = FALSE;
}

static void
destroy(Fixture *f)
{
    g_autofree char *keep = g_build_filename(f->state_dir, "disks", NULL);
    f->in_call = TRUE;
    host_destroy(f->host, KEY, keep);
    f->in_call = FALSE;
}

static RunFile *
run_of(const Fixture *f)
{
    g_autoptr(GError) error = NULL;
    RunFile *run = run_file_read(f->folder, &error);
    g_assert_no_error(error);
    return run;
}

static void
daemon_restart(Fixture *f)
{
    host_close(f->host);
    g_string_truncate(f->told, 0);
    host_up(f);
}

static HostFound *
found(const Fixture *f)
{
    g_autoptr(GPtrArray) list = host_found(f->host);
    g_assert_cmpuint(list->len, ==, 1);
    return g_ptr_array_steal_index(list, 0);
}

static gboolean
has(const Fixture *f, const char *name)
{
    return folder_has(f->folder, name);
}

/* ---- a life ---- */

static void
test_starts_and_stops(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    wait_for(f, "started 1 -;agent 1 -;");
    g_autoptr(GPtrArray) forwards = host_forwards(f->host, KEY);
    g_assert_cmpuint(forwards->len, ==, 1);
    const HostForward *forward = g_ptr_array_index(forwards, 0);
    g_assert_cmpuint(forward->guest_port, ==, 22);
    g_assert_cmpuint(forward->host_port, ==, 40022);
    stop(f, 60 * USEC_PER_SEC);
    wait_for(f, "exited 1 - shutdown;");
    g_assert_true(has(f, "guest-state.json"));
    settle(f);
    g_assert_cmpstr(f->told->str, ==, "");
}

/* What ran in the folder owned it. */
static void
test_a_pipe_in_the_place_of_a_log_stops_nobody(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat st;
    start(f, "web", 1);
    wait_for(f, "started 1 -;agent 1 -;");
    stop(f, 60 * USEC_PER_SEC);
    wait_for(f, "exited 1 - shutdown;");
    g_autofree char *log = folder_file(f->folder, "qemu.log");
    g_assert_true(unlink(log) == 0 && mkfifo(log, 0600) == 0);
    /* The other end, without which this would wait as long as the daemon did. */
    AUTO_FD end = open(log, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    g_assert_cmpint(end, >=, 0);
    start(f, "web", 2);
    wait_for(f, "started 2 -;agent 2 -;");
    g_assert_true(lstat(log, &st) == 0 && S_ISREG(st.st_mode));
}

static void
test_every_call_may_come_twice(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    start(f, "web", 1);
    wait_for(f, "started 1 -;agent 1 -;");
    stop(f, 60 * USEC_PER_SEC);
    stop(f, 60 * USEC_PER_SEC);
    wait_for(f, "exited 1 - shutdown;");
    stop(f, 0);
    wait_for(f, "exited 1 -;");
    destroy(f);
    destroy(f);
    wait_for(f, "destroyed 0 -;");
    destroy(f);
    wait_for(f, "destroyed 0 -;");
    settle(f);
    g_assert_cmpstr(f->told->str, ==, "");
}

/* Asked again while QEMU has not greeted yet, the answer still comes. */
static void
test_a_start_that_is_repeated_early_is_answered(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    while (!has(f, "run.json"))
        moment(f);
    start(f, "web", 1);
    wait_for(f, "started 1 -;");
}

static void
test_a_stop_during_a_start_ends_it(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    moment(f);
    stop(f, 60 * USEC_PER_SEC);
    settle(f);
    wait_for(f, "exited 1 -");
    g_assert_null(strstr(f->told->str, "start-failed"));
}

static void
test_a_newer_launch_takes_the_place_of_an_older_one(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) first = run_of(f);
    start(f, "web", 2);
    wait_for(f, "exited 1 -;");
    wait_for(f, "started 2 -;");
    g_autoptr(RunFile) second = run_of(f);
    g_assert_cmpint(first->qemu, !=, second->qemu);
    g_assert_cmpuint(second->spec->epoch, ==, 2);
}

static void
test_a_newer_spec_during_preparation_is_the_one_that_is_launched(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    moment(f);
    g_autoptr(LaunchSpec) spec = spec_new("web", 2);
    spec->os_disk_gib = 3;
    start_spec(f, spec);
    wait_for(f, "started 2 -;");
    g_autofree char *disk = folder_read(f->folder, "os.qcow2", 64u << 20, NULL, NULL);
    g_assert_cmpuint(qcow2_size((const guint8 *)disk, 32), ==, G_GUINT64_CONSTANT(3) << 30);
}

static void
test_one_that_does_not_listen_is_ended_by_force(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "stubborn", 1);
    wait_for(f, "agent 1 -;");
    UnixTime asked = f->clock->now(f->clock);
    stop(f, 20 * USEC_PER_SEC);
    wait_for(f, "exited 1 -;");
    g_assert_cmpint(f->clock->now(f->clock) - asked, >=, 20 * USEC_PER_SEC);
    g_assert_false(has(f, "guest-state.json"));
}

/* ---- what goes wrong ---- */

static void
test_qemus_last_words_are_the_reason(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "dies", 1);
    wait_for(f, "start-failed 1 VMStartFailed;[QEMU did not start: the last words]");
}

static void
test_a_qemu_that_does_not_greet_is_given_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "mute", 1);
    wait_for(f, "start-failed 1 VMStartFailed;[QEMU did not greet within 30 s.]");
    stop(f, 0);
    wait_for(f, "exited 1 -;");
}

static void
test_the_death_of_qemu_is_told(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    kill(run->qemu, SIGKILL);
    wait_for(f, "exited 1 VMExited;");
    g_assert_false(has(f, "guest-state.json"));
    start(f, "web", 2);
    wait_for(f, "started 2 -;");
}

static gboolean
vtpm_skipped(void)
{
    g_autofree char *setup = g_find_program_in_path("swtpm_setup");
    g_autofree char *localca = g_find_program_in_path("swtpm_localca");
    if (setup && localca)
        return FALSE;
    g_test_skip("swtpm_setup and swtpm_localca are not installed");
    return TRUE;
}

static void
test_the_death_of_the_vtpm_ends_the_vm(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    start_trusted(f, "web", /* vtpm= */ TRUE);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    g_assert_cmpint(run->swtpm, >, 0);
    kill(run->swtpm, SIGKILL);
    wait_for(f, "exited 1 VTpmFailed;");
    g_assert_cmpint(kill(run->qemu, 0), ==, -1);
}

static void
test_the_vtpm_ends_with_its_vm(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    start_trusted(f, "web", /* vtpm= */ TRUE);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    stop(f, 60 * USEC_PER_SEC);
    wait_for(f, "exited 1 - shutdown;");
    g_assert_cmpint(kill(run->swtpm, 0), ==, -1);
}

/* As on a busy host: that is no death of the vTPM. */
static void
test_a_shut_down_vm_may_outlive_its_vtpm(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    start_trusted(f, "lingers", /* vtpm= */ TRUE);
    wait_for(f, "agent 1 -;");
    stop(f, 60 * USEC_PER_SEC);
    wait_for(f, "exited 1 ");
    g_assert_cmpstr(f->told->str, ==, "- shutdown;");
    g_assert_true(has(f, "guest-state.json"));
}

static void
test_a_folder_in_use_is_left_alone(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    stop(f, 0);
    wait_for(f, "exited 1 -;");
    g_autofree char *path = folder_file(f->folder, "lock");
    AUTO_FD lock = open(path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(flock(lock, LOCK_EX | LOCK_NB), ==, 0);
    start(f, "web", 2);
    wait_for(f, "start-failed 2 VMStartFailed;[A process that is not known holds");
    g_assert_false(has(f, "serial.log.1"));
}

/* ---- the console ---- */

static void
test_a_refusal_is_told_with_its_file(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start_trusted(f, "refused", /* vtpm= */ FALSE);
    wait_for(f, "refused 1 SecureBootValidationFailed \\EFI\\BOOT\\BOOTX64.EFI;[BdsDxe: failed to load");
    /* Nobody in it could shut it down: it is not waited for. */
    stop(f, 3600 * USEC_PER_SEC);
    UnixTime asked = f->clock->now(f->clock);
    wait_for(f, "exited 1 -;");
    g_assert_cmpint(f->clock->now(f->clock) - asked, <, 60 * USEC_PER_SEC);
}

static void
test_without_secure_boot_nothing_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "refused", 1);
    wait_for(f, "started 1 -;");
    settle(f);
    g_assert_cmpstr(f->told->str, ==, "");
}

static void
test_a_flood_is_cut_and_told_once(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat st;
    g_autofree char *path = folder_file(f->folder, "serial.log");
    start(f, "flood", 1);
    wait_for(f, "warning 1 TooManyRequests;[The guest writes more to its serial console than the 1 MiB");
    settle(f);
    g_assert_null(strstr(f->told->str, "warning"));
    /* It may write on: what is too much then is cut at the next look. */
    const gint64 until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    while (stat(path, &st) == 0 && st.st_size > 1 << 20 && g_get_monotonic_time() < until)
        moment(f);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, <=, 1 << 20);
    gsize length;
    g_autofree char *log = host_serial_log(f->host, KEY, 1u << 20, &length, NULL);
    g_assert_cmpuint(length, >, 0);
}

static void
test_five_boots_before_this_one_are_kept(Fixture *f, const void *data G_GNUC_UNUSED)
{
    for (guint64 epoch = 1; epoch <= 8; epoch++) {
        g_autofree char *started = g_strdup_printf("started %" G_GUINT64_FORMAT " -;", epoch);
        start(f, "web", epoch);
        wait_for(f, started);
    }
    g_assert_true(has(f, "serial.log") && has(f, "serial.log.1") && has(f, "serial.log.5"));
    g_assert_false(has(f, "serial.log.6"));
}

/* ---- a full disk ---- */

static void
test_a_vm_that_waits_for_room_goes_on_by_itself(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "full", 1);
    wait_for(f, "warning 1 HostDiskFull;[The host's disk is full");
    wait_for(f, "warning 1 -;");
}

/* ---- quarantine ---- */

/* What QEMU was told of it so far, in order. */
static char *
isolation_told(const Fixture *f)
{
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *log = host_serial_log(f->host, KEY, 4096, &length, &error);
    g_assert_no_error(error);
    g_autoptr(GString) told = g_string_new(NULL);
    for (const char *at = strchr(log, '['); at; at = strchr(at + 1, '['))
        g_string_append_len(told, at, (gssize)strcspn(at, "]") + 1);
    return g_string_free(g_steal_pointer(&told), FALSE);
}

static gboolean
is_isolation_told(const Fixture *f, const char *wanted)
{
    g_autofree char *told = isolation_told(f);
    return strcmp(told, wanted) == 0;
}

/* That, and nothing after it. */
static void
expect_isolation(Fixture *f, gboolean isolated, const char *wanted)
{
    const gint64 until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    while (!is_isolation_told(f, wanted) && g_get_monotonic_time() < until)
        moment(f);
    settle(f);
    g_autofree char *told = isolation_told(f);
    g_autoptr(HostFound) here = found(f);
    g_assert_cmpstr(told, ==, wanted);
    g_assert_cmpint(here->isolated, ==, isolated);
}

static void
isolate(Fixture *f, gboolean isolated)
{
    f->in_call = TRUE;
    host_isolate(f->host, KEY, isolated);
    f->in_call = FALSE;
}

#define CUT     "[net down][stop]"
#define GOES_ON "[cont][net up]"

static void
test_it_stands_still_until_it_is_released(Fixture *f, const void *data G_GNUC_UNUSED)
{
    isolate(f, TRUE); /* nothing runs */
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    expect_isolation(f, FALSE, "");
    isolate(f, TRUE);
    isolate(f, TRUE);
    expect_isolation(f, TRUE, CUT);
    /* The next daemon sees to it too. */
    daemon_restart(f);
    expect_isolation(f, TRUE, CUT CUT);
    isolate(f, FALSE);
    expect_isolation(f, FALSE, CUT CUT GOES_ON);
    daemon_restart(f);
    expect_isolation(f, FALSE, CUT CUT GOES_ON);
    /* And with its end it is over. */
    isolate(f, TRUE);
    settle(f);
    stop(f, 0);
    wait_for(f, "exited 1 -;");
    start(f, "web", 2);
    wait_for(f, "agent 2 -;");
    expect_isolation(f, FALSE, "");
}

/* Room on the disk sets nothing going that is to stand still. */
static void
test_what_waits_for_room_waits_for_its_release_too(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "full", 1);
    wait_for(f, "warning 1 HostDiskFull;");
    isolate(f, TRUE);
    for (guint i = 0; i < 2000; i++)
        moment(f);
    expect_isolation(f, TRUE, CUT);
    isolate(f, FALSE);
    wait_for(f, "warning 1 -;");
}

/* ---- daemons come and go ---- */

static void
test_the_next_daemon_takes_over(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 4);
    wait_for(f, "agent 4 -;");
    g_autoptr(RunFile) before = run_of(f);
    daemon_restart(f);
    g_autoptr(HostFound) here = found(f);
    g_assert_cmpstr(here->key, ==, KEY);
    g_assert_true(here->alive && here->agent);
    g_assert_cmpuint(here->epoch, ==, 4);
    g_autoptr(RunFile) after = run_of(f);
    g_assert_cmpint(before->qemu, ==, after->qemu);
    stop(f, 60 * USEC_PER_SEC);
    wait_for(f, "exited 4 - shutdown;");
}

static void
test_an_agent_that_came_meanwhile_is_noticed(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    wait_for(f, "started 1 -;");
    daemon_restart(f);
    g_autoptr(HostFound) here = found(f);
    if (!here->agent)
        wait_for(f, "agent 1 -;");
}

static void
test_a_refusal_is_remembered(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start_trusted(f, "refused", /* vtpm= */ FALSE);
    wait_for(f, "refused 1");
    daemon_restart(f);
    g_autoptr(HostFound) here = found(f);
    g_assert_cmpstr(here->refused_file, ==, "\\EFI\\BOOT\\BOOTX64.EFI");
}

static void
test_a_refusal_that_nobody_read_is_read(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start_trusted(f, "refused", /* vtpm= */ FALSE);
    wait_for(f, "started 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    host_close(f->host);
    g_clear_pointer(&run->refused_file, g_free);
    g_assert_true(run_file_write(f->folder, run, NULL));
    g_string_truncate(f->told, 0);
    host_up(f);
    wait_for(f, "refused 1 SecureBootValidationFailed");
}

/* A daemon that died right after it started QEMU had not noted its process yet. */
static void
test_a_vm_whose_process_was_not_noted_is_found(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    pid_t qemu = run->qemu;
    host_close(f->host);
    run->qemu = 0;
    run->qemu_start = 0;
    g_assert_true(run_file_write(f->folder, run, NULL));
    host_up(f);
    g_autoptr(HostFound) here = found(f);
    g_assert_true(here->alive);
    g_autoptr(RunFile) after = run_of(f);
    g_assert_cmpint(after->qemu, ==, qemu);
}

static void
test_a_number_that_another_process_has_now_is_not_believed(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    stop(f, 0);
    wait_for(f, "exited 1 -;");
    host_close(f->host);
    run->qemu = getpid();
    g_assert_true(run_file_write(f->folder, run, NULL));
    host_up(f);
    g_autoptr(HostFound) here = found(f);
    g_assert_false(here->alive);
    run->qemu = 0; /* so that nobody ends us */
    g_assert_true(run_file_write(f->folder, run, NULL));
}

static void
test_a_death_between_daemons_is_found(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    host_close(f->host);
    kill(run->qemu, SIGKILL);
    while (kill(run->qemu, 0) == 0 && waitpid(run->qemu, NULL, 0) >= 0)
        ;
    host_up(f);
    g_autoptr(HostFound) here = found(f);
    g_assert_false(here->alive);
    g_assert_cmpuint(here->epoch, ==, 1);
}

static void
test_a_vtpm_that_died_between_daemons_ends_the_vm(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    start_trusted(f, "web", /* vtpm= */ TRUE);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    host_close(f->host);
    kill(run->swtpm, SIGKILL);
    while (kill(run->swtpm, 0) == 0 && waitpid(run->swtpm, NULL, 0) >= 0)
        ;
    host_up(f);
    wait_for(f, "exited 1 VTpmFailed;");
}

static void
user_become(gpointer data)
{
    uid_t user = GPOINTER_TO_UINT(data);
    if (setresuid(user, user, user) != 0)
        _exit(1);
}

/* What is left of a vTPM is ended. Somebody else's process that has the same words in its command line is not taken for it. */
static void
test_only_the_owners_vtpm_is_ended(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        uid_t user;
        gboolean ended;
    } cases[] = { { 65534, FALSE }, { 0, TRUE } };
    g_autofree char *vtpm = folder_file(f->folder, "vtpm");
    g_autofree char *said = g_strdup_printf("type=unixio,dir=%s,mode=0600", vtpm);
    const char *argv[] = { "/bin/sh", "-c", "read -r line", said, NULL };
    if (geteuid() != 0) {
        g_test_skip("only root has processes of two users");
        return;
    }
    g_assert_true(folder_make(vtpm, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        int input, status;
        GPid pid;
        host_close(f->host);
        g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, user_become,
                                 GUINT_TO_POINTER(cases[i].user), &pid, &input, NULL, NULL, &error);
        g_assert_no_error(error);
        host_up(f);
        /* It ends by itself with its input, unless it was ended before. */
        close(input);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmpint(WIFSIGNALED(status), ==, cases[i].ended);
    }
}

static StateKey *
state_key_of(char digit)
{
    g_autofree char *digits = g_strnfill(2 * STATE_KEY_BYTES, digit);
    return state_key_parse(digits, strlen(digits), NULL);
}

static char *
vtpm_digest(const Fixture *f)
{
    g_autofree char *path = folder_file(f->folder, "vtpm/tpm2-00.permall");
    return file_sha256(path, NULL);
}

/* A VM that runs needs it no more; one that starts does. */
static void
test_a_vtpm_needs_its_state_key_to_start(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    g_autoptr(StateKey) key = state_key_of('a'), other = state_key_of('b');
    f->config.state_key = key;
    daemon_restart(f);
    start_trusted(f, "web", /* vtpm= */ TRUE);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    g_autofree char *before = vtpm_digest(f);
    g_assert_true(process_mentions(run->swtpm, ",mode=aes-256-cbc,format=hex"));

    f->config.state_key = NULL;
    daemon_restart(f);
    g_autoptr(HostFound) here = found(f);
    g_assert_true(here->alive);
    stop(f, 60 * USEC_PER_SEC);
    wait_for(f, "exited 1 - shutdown;");
    start_trusted(f, "web", /* vtpm= */ TRUE);
    wait_for(f, "start-failed 1 VTpmFailed;[The vTPM's state in ");
    f->config.state_key = other;
    daemon_restart(f);
    start_trusted(f, "web", /* vtpm= */ TRUE);
    wait_for(f, "start-failed 1 VTpmFailed;[The vTPM's state in ");
    g_autofree char *after = vtpm_digest(f);
    g_assert_cmpstr(after, ==, before);

    f->config.state_key = key;
    daemon_restart(f);
    start_trusted(f, "web", /* vtpm= */ TRUE);
    wait_for(f, "agent 1 -;");
}

static void
test_what_was_half_made_or_half_removed_is_gone(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const leftovers[] = { "instances/" KEY ".new", "instances/" OTHER_KEY ".gone" };
    g_autofree char *import = g_build_filename(f->state_dir, "images", ".import-abc", NULL);
    g_assert_true(g_file_set_contents(import, "x", -1, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(leftovers); i++) {
        g_autofree char *path = g_build_filename(f->state_dir, leftovers[i], "os.qcow2", NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        g_assert_true(folder_make(folder, NULL) && g_file_set_contents(path, "x", -1, NULL));
    }
    daemon_restart(f);
    for (guint i = 0; i < G_N_ELEMENTS(leftovers); i++) {
        g_autofree char *path = g_build_filename(f->state_dir, leftovers[i], NULL);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
    g_assert_false(g_file_test(import, G_FILE_TEST_EXISTS));
}

/* ---- what another took the place of ---- */

static void
days_pass(Fixture *f, guint days)
{
    clock_virtual_advance_to(f->clock, f->clock->now(f->clock) + (days * 86400 + 2 * 3600) * USEC_PER_SEC);
    settle(f);
}

static void
start_held(Fixture *f, guint64 epoch, guint64 generation, gboolean hold)
{
    g_autoptr(LaunchSpec) spec = spec_new("web", epoch);
    g_autofree char *started = g_strdup_printf("started %" G_GUINT64_FORMAT " -;", epoch);
    spec->disk_gen = spec->vars_gen = generation;
    spec->hold = hold;
    start_spec(f, spec);
    wait_for(f, started);
}

static gboolean
is_kept(const Fixture *f, Part part, guint64 generation)
{
    g_autofree char *path = previous_find(f->folder, part, generation);
    return path != NULL;
}

static void
test_what_is_held_goes_when_it_is_let_go(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start_held(f, 1, 1, FALSE);
    start_held(f, 2, 2, TRUE);
    g_assert_true(is_kept(f, PART_DISK, 1) && is_kept(f, PART_VARS, 1));
    days_pass(f, 8);
    g_assert_true(is_kept(f, PART_DISK, 1));
    daemon_restart(f);
    days_pass(f, 8);
    g_assert_true(is_kept(f, PART_DISK, 1) && is_kept(f, PART_VARS, 1));
    host_release(f->host, KEY);
    daemon_restart(f);
    days_pass(f, 0);
    g_assert_false(is_kept(f, PART_DISK, 1) || is_kept(f, PART_VARS, 1));
    g_assert_true(has(f, "os.qcow2") && has(f, "vars.fd"));
}

static void
test_a_former_disk_comes_back(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat before, after;
    g_autofree char *disk = folder_file(f->folder, "os.qcow2");
    start_held(f, 1, 1, FALSE);
    g_assert_cmpint(stat(disk, &before), ==, 0);
    start_held(f, 2, 2, TRUE);
    days_pass(f, 8);
    start_held(f, 3, 1, FALSE);
    g_assert_cmpint(stat(disk, &after), ==, 0);
    g_assert_cmpuint(after.st_ino, ==, before.st_ino);
    g_assert_true(is_kept(f, PART_DISK, 2) && !is_kept(f, PART_DISK, 1));
}

static void
test_what_is_kept_no_longer_is_named(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(LaunchSpec) undone = spec_new("web", 3);
    start_held(f, 1, 1, FALSE);
    start_held(f, 2, 2, FALSE);
    days_pass(f, 8);
    start_spec(f, undone);
    wait_for(f, "start-failed 3 VMStartFailed;[The former OS disk (generation 1)");
}

static void
test_a_kept_data_disk_is_attached_again(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *file = g_build_filename(f->state_dir, "disks", OTHER_KEY "-lun0.qcow2", NULL);
    g_autofree char *kept = g_build_filename(f->state_dir, "disks", KEY "-lun5.qcow2", NULL);
    g_autoptr(LaunchSpec) spec = spec_new("web", 1);
    g_assert_true(disk_data_make(file, 1, (DiskUser){ 0 }, NULL));
    g_ptr_array_add(spec->data_disks, launch_disk_new(5, 1, file));
    start_spec(f, spec);
    wait_for(f, "started 1 -;");
    g_assert_true(has(f, "data-lun5.qcow2"));
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    destroy(f);
    wait_for(f, "destroyed 0 -;");
    g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
}

/* ---- the end ---- */

static void
test_data_disks_outlive_what_is_destroyed(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(LaunchSpec) spec = spec_new("web", 1);
    LaunchDisk *disk = launch_disk_new(5, 1, NULL);
    g_ptr_array_add(spec->data_disks, disk);
    start_spec(f, spec);
    wait_for(f, "started 1 -;");
    destroy(f);
    wait_for(f, "destroyed 0 -;");
    g_autofree char *kept = g_build_filename(f->state_dir, "disks", KEY "-lun5.qcow2", NULL);
    g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(f->folder, G_FILE_TEST_EXISTS));
}

static void
test_what_cannot_be_kept_is_not_destroyed(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(LaunchSpec) spec = spec_new("web", 1);
    LaunchDisk *disk = launch_disk_new(5, 1, NULL);
    g_ptr_array_add(spec->data_disks, disk);
    start_spec(f, spec);
    wait_for(f, "started 1 -;");
    g_autofree char *disks = g_build_filename(f->state_dir, "disks", NULL);
    g_assert_cmpint(g_rmdir(disks), ==, 0);
    g_assert_true(g_file_set_contents(disks, "in the way", -1, NULL));
    destroy(f);
    wait_for(f, "warning 1 InternalServerError;[The instance is not fully removed yet");
    g_assert_true(has(f, "data-lun5.qcow2"));
    g_assert_true(g_unlink(disks) == 0 && folder_make(disks, NULL));
    wait_for(f, "destroyed 0 -;");
}

/* ---- users ---- */

static gboolean
users_skipped(const Fixture *f)
{
    if (geteuid() == 0 && path_reachable_by(fake_qemu, 61000, 61000, NULL) && chmod(f->state_dir, 0711) == 0)
        return FALSE;
    g_test_skip("only root starts VMs under users of their own, and the build folder must be open to them");
    return TRUE;
}

static void
folders_open(const Fixture *f)
{
    static const char *const names[] = { "instances", "images", "firmware" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(f->state_dir, names[i], NULL);
        g_assert_cmpint(chmod(path, 0711), ==, 0);
    }
}

static void
test_each_vm_has_a_user_until_there_are_no_more(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat st;
    if (users_skipped(f))
        return;
    f->config.uid_first = 61000;
    f->config.uid_count = 1;
    daemon_restart(f);
    folders_open(f);
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    g_autoptr(RunFile) run = run_of(f);
    g_autofree char *proc = g_strdup_printf("/proc/%d", (int)run->qemu);
    g_assert_cmpint(stat(proc, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 61000);
    g_assert_cmpint(stat(f->folder, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 61000);

    g_autoptr(LaunchSpec) other = spec_new("web", 1);
    g_free(other->key);
    other->key = g_strdup(OTHER_KEY);
    start_spec(f, other);
    wait_for(f, "start-failed 1 AllocationFailed other;[Every one of the 1 users for VMs");
    destroy(f);
    wait_for(f, "destroyed 0 -;");
    start_spec(f, other);
    wait_for(f, "started 1 - other;");
}

static void
test_a_user_is_kept_over_daemons_and_ranges(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat st;
    if (users_skipped(f))
        return;
    f->config.uid_first = 61000;
    f->config.uid_count = 5;
    daemon_restart(f);
    folders_open(f);
    start(f, "web", 1);
    wait_for(f, "agent 1 -;");
    daemon_restart(f);
    start(f, "web", 2);
    wait_for(f, "started 2 -;");
    g_assert_cmpint(stat(f->folder, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 61000);
    stop(f, 0);
    wait_for(f, "exited 2 -;");
    f->config.uid_first = 62000;
    daemon_restart(f);
    start(f, "web", 3);
    wait_for(f, "started 3 -;");
    g_assert_cmpint(stat(f->folder, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 62000);
}

/* ---- what cannot be opened ---- */

static void
test_a_host_that_lacks_something_says_what(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    HostConfig config = f->config;
    config.qemu_binary = "qemu-that-is-not-there";
    g_assert_null(host_qemu_open(&config, f->context, f->clock, on_event, f, &error));
    g_assert_nonnull(strstr(error->message, "qemu-that-is-not-there"));
    config = f->config;
    config.swtpm_binary = "swtpm-that-is-not-there";
    Host *host = host_qemu_open(&config, f->context, f->clock, on_event, f, NULL);
    g_autoptr(HostInfo) info = host_info(host);
    g_assert_false(info->vtpm);
    g_assert_nonnull(strstr(info->notes, "swtpm-that-is-not-there"));
    g_assert_cmpstr(info->qemu_version, ==, "QEMU emulator version 0.0.0 (played by a test)");
    host_close(host);
}

static void
test_a_state_folder_that_swtpm_cannot_be_told_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *comma = g_build_filename(f->state_dir, "a,b", NULL);
    HostConfig config = f->config;
    config.state_dir = comma;
    g_assert_null(host_qemu_open(&config, f->context, f->clock, on_event, f, &error));
    g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
}

/* ---- questions ---- */

static void
on_exec(int exit_code, const char *out G_GNUC_UNUSED, gsize out_length G_GNUC_UNUSED, const char *err G_GNUC_UNUSED,
        gsize err_length G_GNUC_UNUSED, const GError *error, void *data)
{
    Fixture *f = data;
    g_assert_false(f->in_call);
    g_string_append_printf(f->told, "exec %d %s;", exit_code, error ? error->message : "-");
}

static void
on_screen(gconstpointer bytes G_GNUC_UNUSED, gsize length G_GNUC_UNUSED, const GError *error, void *data)
{
    Fixture *f = data;
    g_assert_false(f->in_call);
    g_string_append_printf(f->told, "screen %s;", error ? error->message : "-");
}

static void
test_what_does_not_run_answers_no_question(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const argv[] = { "true", NULL };
    g_autoptr(GError) error = NULL;
    gsize length;
    f->in_call = TRUE;
    host_exec(f->host, KEY, argv, NULL, COMMAND_USEC, on_exec, f);
    host_screenshot(f->host, KEY, on_screen, f);
    f->in_call = FALSE;
    wait_for(f, "exec -1 The instance does not run.;screen The instance does not run.;");
    g_assert_null(host_serial_log(f->host, KEY, 100, &length, &error));
    g_assert_error(error, ARM_ERROR, ARM_NOT_FOUND);
}

static void
test_without_an_agent_no_command_is_run(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const argv[] = { "true", NULL };
    start(f, "silent", 1);
    wait_for(f, "started 1 -;");
    host_exec(f->host, KEY, argv, NULL, COMMAND_USEC, on_exec, f);
    wait_for(f, "exec -1 The guest agent does not answer.;");
}

/* The next daemon is there, and asked to run something, before QEMU, which ran on, has said anything to it: it is stopped. */
static RunFile *
asked_before_qemu_speaks(Fixture *f, const char *const *argv)
{
    start(f, "web", 1);
    wait_for(f, "started 1 -;agent 1 -;");
    RunFile *run = run_of(f);
    g_assert_cmpint(kill(run->qemu, SIGSTOP), ==, 0);
    daemon_restart(f);
    host_exec(f->host, KEY, argv, NULL, COMMAND_USEC, on_exec, f);
    return run;
}

static void
test_who_asks_a_new_daemon_is_answered(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const argv[] = { "reboot", NULL };
    g_autoptr(RunFile) run = asked_before_qemu_speaks(f, argv);
    for (guint i = 0; i < 50; i++)
        moment(f);
    g_assert_cmpstr(f->told->str, ==, "");
    g_assert_cmpint(kill(run->qemu, SIGCONT), ==, 0);
    wait_for(f, "exec -1 The VM ended, or booted anew, while the command ran.;");
}

/* It says nothing for half a minute, or until the daemon stops. */
static void
test_a_question_does_not_wait_for_ever(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const argv[] = { "true", NULL };
    g_autoptr(RunFile) run = asked_before_qemu_speaks(f, argv);
    host_screenshot(f->host, KEY, on_screen, f);
    const gint64 asked = f->clock->now(f->clock);
    wait_for(f, "exec -1 The instance does not run.;screen The instance does not run.;");
    g_assert_cmpint(f->clock->now(f->clock) - asked, >=, 30 * USEC_PER_SEC);

    daemon_restart(f);
    host_exec(f->host, KEY, argv, NULL, COMMAND_USEC, on_exec, f);
    moment(f);
    host_close(f->host);
    g_assert_cmpstr(f->told->str, ==, "exec -1 The daemon is stopping.;");
    host_up(f);
    g_assert_cmpint(kill(run->qemu, SIGKILL), ==, 0);
}

/* A boot that its agent does not answer in is told of no second time. */
static void
test_a_guest_that_reboots_itself_is_told_of(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const argv[] = { "reboot", NULL };
    start(f, "web", 1);
    wait_for(f, "started 1 -;agent 1 -;");
    host_exec(f->host, KEY, argv, NULL, COMMAND_USEC, on_exec, f);
    wait_for(f, "exec -1 The VM ended, or booted anew, while the command ran.;rebooted 1 -;agent 1 -;");
    start(f, "web", 1);
    wait_for(f, "started 1 -;agent 1 -;");
    stop(f, 60 * USEC_PER_SEC);
    wait_for(f, "exited 1 - shutdown;");
    settle(f);
    g_assert_cmpstr(f->told->str, ==, "");
}

/* What the driver tells an operator's log is no part of these tests, and no failure of them. */
static GLogWriterOutput
on_log(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
    return level & G_LOG_LEVEL_ERROR ? g_log_writer_default(level, fields, n, data) : G_LOG_WRITER_HANDLED;
}

/* Kernels before 5.3 have none, nor has valgrind before 3.20. */
static gboolean
has_pidfds(void)
{
    AUTO_FD fd = pidfd_open(getpid(), 0);
    return fd >= 0;
}

int
main(int argc, char **argv)
{
    if (!has_pidfds()) {
        puts("1..0 # SKIP there are no pidfds here (an old kernel, or valgrind before 3.20)");
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    g_log_set_writer_func(on_log, NULL, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    fake_qemu = argv[1];
    fake_swtpm = argv[2];
#define ADD(name, test) g_test_add("/machine/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("starts-and-stops", test_starts_and_stops);
    ADD("a-pipe-in-the-place-of-a-log", test_a_pipe_in_the_place_of_a_log_stops_nobody);
    ADD("every-call-may-come-twice", test_every_call_may_come_twice);
    ADD("a-start-that-is-repeated-early-is-answered", test_a_start_that_is_repeated_early_is_answered);
    ADD("a-stop-during-a-start-ends-it", test_a_stop_during_a_start_ends_it);
    ADD("a-newer-launch-takes-the-place-of-an-older-one", test_a_newer_launch_takes_the_place_of_an_older_one);
    ADD("a-newer-spec-during-preparation-is-the-one-that-is-launched",
        test_a_newer_spec_during_preparation_is_the_one_that_is_launched);
    ADD("one-that-does-not-listen-is-ended-by-force", test_one_that_does_not_listen_is_ended_by_force);
    ADD("qemus-last-words-are-the-reason", test_qemus_last_words_are_the_reason);
    ADD("a-qemu-that-does-not-greet-is-given-up", test_a_qemu_that_does_not_greet_is_given_up);
    ADD("the-death-of-qemu-is-told", test_the_death_of_qemu_is_told);
    ADD("the-death-of-the-vtpm-ends-the-vm", test_the_death_of_the_vtpm_ends_the_vm);
    ADD("the-vtpm-ends-with-its-vm", test_the_vtpm_ends_with_its_vm);
    ADD("a-shut-down-vm-may-outlive-its-vtpm", test_a_shut_down_vm_may_outlive_its_vtpm);
    ADD("a-folder-in-use-is-left-alone", test_a_folder_in_use_is_left_alone);
    ADD("a-refusal-is-told-with-its-file", test_a_refusal_is_told_with_its_file);
    ADD("without-secure-boot-nothing-is-refused", test_without_secure_boot_nothing_is_refused);
    ADD("a-flood-is-cut-and-told-once", test_a_flood_is_cut_and_told_once);
    ADD("five-boots-before-this-one-are-kept", test_five_boots_before_this_one_are_kept);
    ADD("a-vm-that-waits-for-room-goes-on-by-itself", test_a_vm_that_waits_for_room_goes_on_by_itself);
    ADD("it-stands-still-until-it-is-released", test_it_stands_still_until_it_is_released);
    ADD("what-waits-for-room-waits-for-its-release-too", test_what_waits_for_room_waits_for_its_release_too);
    ADD("the-next-daemon-takes-over", test_the_next_daemon_takes_over);
    ADD("an-agent-that-came-meanwhile-is-noticed", test_an_agent_that_came_meanwhile_is_noticed);
    ADD("a-refusal-is-remembered", test_a_refusal_is_remembered);
    ADD("a-refusal-that-nobody-read-is-read", test_a_refusal_that_nobody_read_is_read);
    ADD("a-vm-whose-process-was-not-noted-is-found", test_a_vm_whose_process_was_not_noted_is_found);
    ADD("a-number-that-another-process-has-now-is-not-believed", test_a_number_that_another_process_has_now_is_not_believed);
    ADD("a-death-between-daemons-is-found", test_a_death_between_daemons_is_found);
    ADD("a-vtpm-needs-its-state-key-to-start", test_a_vtpm_needs_its_state_key_to_start);
    ADD("a-vtpm-that-died-between-daemons-ends-the-vm", test_a_vtpm_that_died_between_daemons_ends_the_vm);
    ADD("only-the-owners-vtpm-is-ended", test_only_the_owners_vtpm_is_ended);
    ADD("what-was-half-made-or-half-removed-is-gone", test_what_was_half_made_or_half_removed_is_gone);
    ADD("what-is-held-goes-when-it-is-let-go", test_what_is_held_goes_when_it_is_let_go);
    ADD("a-former-disk-comes-back", test_a_former_disk_comes_back);
    ADD("what-is-kept-no-longer-is-named", test_what_is_kept_no_longer_is_named);
    ADD("a-kept-data-disk-is-attached-again", test_a_kept_data_disk_is_attached_again);
    ADD("data-disks-outlive-what-is-destroyed", test_data_disks_outlive_what_is_destroyed);
    ADD("what-cannot-be-kept-is-not-destroyed", test_what_cannot_be_kept_is_not_destroyed);
    ADD("each-vm-has-a-user-until-there-are-no-more", test_each_vm_has_a_user_until_there_are_no_more);
    ADD("a-user-is-kept-over-daemons-and-ranges", test_a_user_is_kept_over_daemons_and_ranges);
    ADD("a-host-that-lacks-something-says-what", test_a_host_that_lacks_something_says_what);
    ADD("a-state-folder-that-swtpm-cannot-be-told-is-refused", test_a_state_folder_that_swtpm_cannot_be_told_is_refused);
    ADD("what-does-not-run-answers-no-question", test_what_does_not_run_answers_no_question);
    ADD("without-an-agent-no-command-is-run", test_without_an_agent_no_command_is_run);
    ADD("who-asks-a-new-daemon-is-answered", test_who_asks_a_new_daemon_is_answered);
    ADD("a-question-does-not-wait-for-ever", test_a_question_does_not_wait_for_ever);
    ADD("a-guest-that-reboots-itself-is-told-of", test_a_guest_that_reboots_itself_is_told_of);
#undef ADD
    return g_test_run();
}
