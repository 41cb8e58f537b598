/* The driver without processes, on a clock that the test moves. */
#include "host/simulated/simulated.h"

#include "base/error.h"
#include "base/file.h"

#include <string.h>

#define KEY   "6f1f7c1e-0000-4000-8000-0123456789ab.3"
#define START (1700000000 * USEC_PER_SEC)

typedef struct {
    char *state_dir;
    Clock *clock;
    Host *host;
    GString *told; /* "started 1 @20;" : event, epoch, milliseconds since the test began */
    gboolean in_call;
} Fixture;

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
    g_string_append_printf(f->told, "%s %" G_GUINT64_FORMAT "%s%s @%d;", words[event->type], event->epoch,
                           event->code == ARM_N_CODES ? "" : " ", event->code == ARM_N_CODES ? "" : arm_code_text(event->code),
                           (int)((f->clock->now(f->clock) - START) / USEC_PER_MSEC));
}

static void
host_up(Fixture *f)
{
    const SimulatedLatency latency = { 20 * USEC_PER_MSEC, 100 * USEC_PER_MSEC, 50 * USEC_PER_MSEC, 10 * USEC_PER_MSEC };
    const HostConfig config = { .state_dir = f->state_dir };
    g_autoptr(GError) error = NULL;
    f->host = host_simulated_open(&config, f->clock, on_event, f, &error);
    g_assert_no_error(error);
    host_simulated_set_latency(f->host, &latency);
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->state_dir = g_dir_make_tmp("testudo-simulated-XXXXXX", NULL);
    f->clock = clock_virtual_new(START);
    f->told = g_string_new(NULL);
    host_up(f);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    host_close(f->host);
    clock_virtual_free(f->clock);
    folder_remove(f->state_dir, NULL);
    g_string_free(f->told, TRUE);
    g_free(f->state_dir);
}

static LaunchSpec *
spec_new(guint64 epoch)
{
    LaunchSpec *spec = launch_spec_new();
    spec->key = g_strdup(KEY);
    spec->name = g_strdup("web000003");
    spec->vm_id = g_strdup("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    spec->owner = g_strdup("/subscriptions/s");
    spec->epoch = epoch;
    spec->vcpus = 1;
    spec->memory_mib = 64;
    spec->generation = 2;
    spec->architecture = g_strdup("x64");
    spec->image_urn = g_strdup("Testudo:mini:gen2:1.0.0");
    spec->image_format = g_strdup("qcow2");
    spec->image_sha256 = g_strdup("00");
    spec->guest_agent = TRUE;
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
start(Fixture *f, guint64 epoch)
{
    g_autoptr(LaunchSpec) spec = spec_new(epoch);
    start_spec(f, spec);
}

/* Until nothing is due any more; what was told is compared and forgotten. */
static void
told(Fixture *f, const char *expected)
{
    while (clock_virtual_fire_next(f->clock))
        ;
    g_assert_cmpstr(f->told->str, ==, expected);
    g_string_truncate(f->told, 0);
}

static void
test_takes_the_time_that_it_is_given(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    g_assert_cmpuint(host_simulated_alive(f->host), ==, 1);
    host_stop(f->host, KEY, USEC_PER_SEC);
    told(f, "exited 1 @170;");
    host_destroy(f->host, KEY, NULL);
    told(f, "destroyed 0 @180;");
    g_assert_cmpuint(host_simulated_alive(f->host), ==, 0);
}

static void
test_grace_is_never_longer_than_asked(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    host_stop(f->host, KEY, 5 * USEC_PER_MSEC);
    told(f, "exited 1 @125;");
}

static void
test_every_call_may_come_twice(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    start(f, 1);
    told(f, "started 1 @120;agent 1 @220;");
    host_stop(f->host, KEY, 0);
    host_stop(f->host, KEY, 0);
    told(f, "exited 1 @220;");
    host_stop(f->host, KEY, 0);
    told(f, "exited 1 @220;");
    host_destroy(f->host, KEY, NULL);
    host_destroy(f->host, KEY, NULL);
    told(f, "destroyed 0 @230;");
    host_destroy(f->host, KEY, NULL);
    told(f, "destroyed 0 @240;");
}

static void
test_a_stop_during_a_start_ends_it(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    host_stop(f->host, KEY, 0);
    told(f, "exited 1 @0;");
}

static void
daemon_restart(Fixture *f)
{
    host_close(f->host);
    g_string_truncate(f->told, 0);
    host_up(f);
}

/* ---- faults ---- */

static SimulatedFault
fault_given(const LaunchSpec *spec G_GNUC_UNUSED, void *data)
{
    return (SimulatedFault)GPOINTER_TO_INT(data);
}

static const struct {
    const char *name, *told;
} faults[SIMULATED_N_FAULTS] = {
    [SIMULATED_OK] = { "none", "started 1 @20;agent 1 @120;" },
    [SIMULATED_START_FAILS] = { "start-fails", "start-failed 1 VMStartFailed @20;" },
    [SIMULATED_NO_AGENT] = { "no-agent", "started 1 @20;" },
    [SIMULATED_REFUSED] = { "refused", "started 1 @20;refused 1 SecureBootValidationFailed @120;" },
    [SIMULATED_EXITS] = { "exits", "started 1 @20;agent 1 @120;exited 1 VMExited @120;" },
    [SIMULATED_DISK_FULL] = { "disk-full", "start-failed 1 HostDiskFull @20;" },
    [SIMULATED_UNHEALTHY] = { "unhealthy", "started 1 @20;agent 1 @120;" },
    [SIMULATED_GRUB_CHANGED] = { "grub-changed", "started 1 @20;agent 1 @120;" },
    [SIMULATED_NO_LOG] = { "no-event-log", "started 1 @20;agent 1 @120;" },
    [SIMULATED_OTHER_VTPM] = { "other-vtpm", "started 1 @20;agent 1 @120;" },
    [SIMULATED_OTHER_KEY] = { "other-key", "started 1 @20;agent 1 @120;" },
    [SIMULATED_ROLLED_BACK] = { "rolled-back", "started 1 @20;agent 1 @120;" },
    [SIMULATED_BAD_MODULE] = { "bad-module", "started 1 @20;agent 1 @120;" },
    [SIMULATED_VOLUME_BOUND] = { "volume-bound", "started 1 @20;agent 1 @120;" },
    [SIMULATED_KERNEL_CHANGED] = { "kernel-changed", "started 1 @20;agent 1 @120;" },
    [SIMULATED_UNSECURED] = { "secure-boot-off", "started 1 @20;agent 1 @120;" },
    [SIMULATED_FEW_PCRS] = { "few-pcrs", "started 1 @20;agent 1 @120;" },
};

static void
test_fault(Fixture *f, const void *data)
{
    gint fault = GPOINTER_TO_INT(data);
    host_simulated_set_faults(f->host, fault_given, GINT_TO_POINTER(fault));
    start(f, 1);
    told(f, faults[fault].told);
}

static void
test_a_kill_is_told_once_and_the_next_start_works(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_assert_false(host_simulated_kill(f->host, KEY));
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    g_assert_true(host_simulated_kill(f->host, KEY));
    told(f, "exited 1 VMExited @120;");
    g_assert_false(host_simulated_kill(f->host, KEY));
    start(f, 2);
    told(f, "started 2 @140;agent 2 @240;");
}

/* A newer launch that fails leaves nothing of the older one. */
static void
test_a_failed_newer_launch_leaves_nothing_running(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    host_simulated_set_faults(f->host, fault_given, GINT_TO_POINTER(SIMULATED_START_FAILS));
    start(f, 2);
    told(f, "start-failed 2 VMStartFailed @140;");
    g_assert_cmpuint(host_simulated_alive(f->host), ==, 0);
}

/* ---- inside the guest ---- */

static void
on_output(int exit_code, const char *out, gsize out_length, const char *err G_GNUC_UNUSED, gsize err_length G_GNUC_UNUSED,
          const GError *error, void *data)
{
    Fixture *f = data;
    const int at = (int)((f->clock->now(f->clock) - START) / USEC_PER_MSEC);
    g_assert_false(f->in_call);
    if (error)
        g_string_append_printf(f->told, "%s: %s @%d;", arm_code_text((ArmCode)error->code), error->message, at);
    else
        g_string_append_printf(f->told, "exit %d %.*s@%d;", exit_code, (int)out_length, out, at);
}

static void
on_shot(gconstpointer bytes G_GNUC_UNUSED, gsize length G_GNUC_UNUSED, const GError *error, void *data)
{
    on_output(-1, "", 0, "", 0, error, data);
}

static void
ask(Fixture *f, const char *arguments)
{
    g_auto(GStrv) argv = g_strsplit(arguments, " ", -1);
    f->in_call = TRUE;
    host_guest_run(f->host, KEY, (const char *const *)argv, 60 * USEC_PER_SEC, on_output, f);
    f->in_call = FALSE;
}

static const struct {
    const char *name, *image;
    SimulatedFault fault;
    const char *asked, *told;
} asked[] = {
    { "http", NULL, SIMULATED_OK, "health http 80 /",
      "exit 0 http 200 whole\n{\"ApplicationHealthState\":\"Healthy\"}\n@125;" },
    { "tcp", NULL, SIMULATED_OK, "health tcp 80", "exit 0 tcp open\n@125;" },
    { "http-unhealthy-image", "Testudo:mini:gen2:1.2.0-unhealthy", SIMULATED_OK, "health https 443 /",
      "exit 0 http 503 whole\n{\"ApplicationHealthState\":\"Unhealthy\"}\n@125;" },
    { "tcp-unhealthy-image", "Testudo:mini:gen2:1.2.0-unhealthy", SIMULATED_OK, "health tcp 80",
      "exit 1 failed refused\n@125;" },
    { "http-fault", NULL, SIMULATED_UNHEALTHY, "health http 80 /",
      "exit 0 http 503 whole\n{\"ApplicationHealthState\":\"Unhealthy\"}\n@125;" },
    { "no-agent", NULL, SIMULATED_NO_AGENT, "health tcp 80", "OperationNotAllowed: The guest agent does not answer. @125;" },
    { "dead", NULL, SIMULATED_EXITS, "health tcp 80", "OperationNotAllowed: The instance does not run. @125;" },
    { "no-such-word", NULL, SIMULATED_OK, "explode", "exit 2 @125;" },
};

static void
test_asked(Fixture *f, const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    host_simulated_set_faults(f->host, fault_given, GINT_TO_POINTER((gint)asked[i].fault));
    g_autoptr(LaunchSpec) spec = spec_new(1);
    if (asked[i].image) {
        g_free(spec->image_urn);
        spec->image_urn = g_strdup(asked[i].image);
    }
    start_spec(f, spec);
    clock_virtual_advance_to(f->clock, START + 120 * USEC_PER_MSEC);
    g_string_truncate(f->told, 0);
    ask(f, asked[i].asked);
    told(f, asked[i].told);
}

static int
guest_given(const char *key, guint64 epoch, const char *const *argv, GString *out, void *data)
{
    g_assert_cmpstr(key, ==, KEY);
    g_assert_cmpuint(epoch, ==, 1);
    g_string_append_printf(out, "%s\n", argv[0]);
    return GPOINTER_TO_INT(data);
}

static void
test_the_guest_can_be_played_by_a_test(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    host_simulated_set_guest(f->host, guest_given, GINT_TO_POINTER(7));
    ask(f, "health tcp 80");
    told(f, "exit 7 health\n@125;");
    host_simulated_set_guest(f->host, guest_given, GINT_TO_POINTER(SIMULATED_GUEST_SILENT));
    ask(f, "health tcp 80");
    told(f, "OperationNotAllowed: The guest agent does not answer. @130;");
}

static void
test_one_answer_after_the_other_in_the_order_of_the_questions(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    ask(f, "health tcp 80");
    ask(f, "explode");
    told(f, "exit 0 tcp open\n@125;exit 2 @125;");
}

static void
test_an_answer_that_takes_longer_than_it_may(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    host_simulated_set_guest_latency(f->host, 3600 * USEC_PER_SEC);
    ask(f, "health tcp 80");
    told(f, "GuestRunFailed: testudo-guest did not end in time. @60120;");
}

static void
test_there_is_no_screen_and_no_shell(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const argv[] = { "/bin/sh", NULL };
    f->in_call = TRUE;
    host_screenshot(f->host, KEY, on_shot, f);
    host_exec(f->host, KEY, argv, NULL, USEC_PER_SEC, on_output, f);
    f->in_call = FALSE;
    told(f, "NotSupported: The simulated VM " KEY " has no screen. @0;NotSupported: The simulated VM " KEY
            " cannot run '/bin/sh'. @0;");
}

static void
test_who_waits_when_the_host_is_closed_is_told(Fixture *f, const void *data G_GNUC_UNUSED)
{
    ask(f, "health tcp 80");
    host_close(f->host);
    g_assert_cmpstr(f->told->str, ==, "OperationNotAllowed: The host was closed before the answer. @0;");
    g_string_truncate(f->told, 0);
    host_up(f);
}

static void
test_a_notice_is_approved_in_its_time_or_never(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    told(f, "started 1 @20;agent 1 @120;");
    ask(f, "terminate-ack E1");
    told(f, "exit 0 unknown\n@125;");
    ask(f, "terminate-notice E1 2026-11-23T22:51:54Z");
    ask(f, "terminate-ack E1");
    told(f, "exit 0 noticed\n@130;exit 0 waiting\n@130;");
    host_simulated_set_approval(f->host, TRUE, 20 * USEC_PER_MSEC);
    for (guint i = 0; i < 3; i++) {
        ask(f, "terminate-notice E1 2026-11-23T22:51:54Z");
        ask(f, "terminate-ack E1");
    }
    told(f, "exit 0 noticed\n@135;exit 0 waiting\n@135;exit 0 noticed\n@135;exit 0 waiting\n@135;"
            "exit 0 noticed\n@135;exit 0 waiting\n@135;");
    clock_virtual_advance_to(f->clock, START + 145 * USEC_PER_MSEC);
    ask(f, "terminate-ack E1");
    ask(f, "terminate-ack E2");
    told(f, "exit 0 approved\n@150;exit 0 unknown\n@150;");
}

/* ---- daemons come and go ---- */

static void
test_the_next_daemon_finds_what_runs(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 7);
    told(f, "started 7 @20;agent 7 @120;");
    daemon_restart(f);
    g_autoptr(GPtrArray) list = host_found(f->host);
    g_assert_cmpuint(list->len, ==, 1);
    const HostFound *found = g_ptr_array_index(list, 0);
    g_assert_cmpstr(found->key, ==, KEY);
    g_assert_true(found->alive && found->agent);
    g_assert_cmpuint(found->epoch, ==, 7);
    told(f, "");
}

static void
test_a_notice_outlives_the_daemon(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 7);
    told(f, "started 7 @20;agent 7 @120;");
    ask(f, "terminate-notice E1 2026-11-23T22:51:54Z");
    told(f, "exit 0 noticed\n@125;");
    daemon_restart(f);
    ask(f, "terminate-ack E1");
    told(f, "exit 0 waiting\n@130;");
    start(f, 8);
    ask(f, "terminate-ack E1");
    told(f, "OperationNotAllowed: The instance does not run. @135;started 8 @150;agent 8 @250;");
    ask(f, "terminate-ack E1");
    told(f, "exit 0 unknown\n@255;");
}

static void
test_a_boot_goes_on_under_the_next_daemon(Fixture *f, const void *data G_GNUC_UNUSED)
{
    start(f, 1);
    clock_virtual_advance_to(f->clock, START + 30 * USEC_PER_MSEC);
    daemon_restart(f);
    g_autoptr(GPtrArray) list = host_found(f->host);
    g_assert_cmpuint(list->len, ==, 1);
    told(f, "agent 1 @130;");
}

static void
test_what_was_only_ever_stopped_keeps_no_daemon_from_starting(Fixture *f, const void *data G_GNUC_UNUSED)
{
    host_stop(f->host, KEY, 0);
    told(f, "exited 0 @0;");
    daemon_restart(f);
    g_autoptr(GPtrArray) list = host_found(f->host);
    g_assert_cmpuint(list->len, ==, 0);
}

/* ---- disks and keys ---- */

/* A launch wants generations of disk, variables and vTPM; afterwards there is what `there` says: the part and its generation,
 * then which of all things made it is, in brackets what was put aside. NULL: the launch fails. */
typedef struct {
    guint64 disk, vars, vtpm;
    gboolean hold;
    guint days; /* that go by first */
    const char *there;
} PartsStep;

static const struct {
    const char *name;
    PartsStep steps[5];
} parts_stories[] = {
    { "a-first-start-makes-all", { { 1, 1, 1, FALSE, 0, "d1#1 v1#2 t1#3 " } } },
    { "a-restart-makes-nothing", { { 1, 1, 0, FALSE, 0, "d1#1 v1#2 " }, { 1, 1, 0, FALSE, 0, "d1#1 v1#2 " } } },
    { "an-undo-puts-the-same-back",
      { { 1, 1, 1, FALSE, 0, "d1#1 v1#2 t1#3 " },
        { 2, 2, 2, FALSE, 0, "d2#4 v2#5 t2#6 [d1#1][v1#2][t1#3]" },
        { 1, 1, 1, FALSE, 0, "d1#1 v1#2 t1#3 [d2#4][v2#5][t2#6]" },
        { 2, 2, 2, FALSE, 0, "d2#4 v2#5 t2#6 [d1#1][v1#2][t1#3]" } } },
    { "guest-state-alone-and-back",
      { { 1, 1, 0, FALSE, 0, "d1#1 v1#2 " },
        { 1, 2, 2, FALSE, 0, "d1#1 v2#3 t2#4 [v1#2]" },
        { 1, 1, 0, FALSE, 0, "d1#1 v1#2 [v2#3][t2#4]" },
        { 1, 3, 3, FALSE, 0, "d1#1 v3#5 t3#6 [v1#2][v2#3][t2#4]" } } },
    { "time-takes-what-is-kept",
      { { 1, 1, 1, FALSE, 0, "d1#1 v1#2 t1#3 " },
        { 1, 2, 1, FALSE, 0, "d1#1 t1#3 v2#4 [v1#2]" },
        { 1, 1, 1, FALSE, 7, NULL },
        { 1, 3, 1, FALSE, 0, "d1#1 t1#3 v3#5 [v2#4]" } } },
    { "what-is-held-outlives-its-time",
      { { 1, 1, 1, FALSE, 0, "d1#1 v1#2 t1#3 " },
        { 2, 2, 2, TRUE, 0, "d2#4 v2#5 t2#6 [d1#1][v1#2][t1#3]" },
        { 1, 1, 1, FALSE, 100, "d1#1 v1#2 t1#3 [d2#4][v2#5][t2#6]" },
        { 1, 1, 1, FALSE, 7, "d1#1 v1#2 t1#3 " } } },
    { "what-no-launch-came-to-make-is-made",
      { { 1, 1, 0, FALSE, 0, "d1#1 v1#2 " },
        { 5, 5, 5, FALSE, 0, "d5#3 v5#4 t5#5 [d1#1][v1#2]" },
        { 4, 5, 5, FALSE, 0, "v5#4 t5#5 d4#6 [d1#1][v1#2][d5#3]" },
        { 5, 5, 4, FALSE, 0, "d5#3 v5#4 t4#7 [d1#1][v1#2][t5#5][d4#6]" } } },
};

static gint
by_id(gconstpointer a, gconstpointer b)
{
    const SimulatedPart *one = a, *other = b;
    return one->present != other->present ? (one->present ? -1 : 1) : (one->id < other->id ? -1 : 1);
}

static char *
parts_text(const Fixture *f)
{
    GString *text = g_string_new(NULL);
    g_autoptr(SimulatedParts) parts = host_simulated_parts(f->host, KEY);
    g_array_sort(parts->parts, by_id);
    for (guint i = 0; i < parts->parts->len; i++) {
        const SimulatedPart *part = &g_array_index(parts->parts, SimulatedPart, i);
        g_string_append_printf(text, part->present ? "%c%d#%d " : "[%c%d#%d]", "dvt"[part->part], (int)part -> generation,
                               (int)part -> id);
    }
    return g_string_free(text, FALSE);
}

/* Each story is told twice: by one daemon, and by one that is restarted after each step. */
static void
parts_story(Fixture *f, guint story, gboolean restarts)
{
    for (guint i = 0; i < G_N_ELEMENTS(parts_stories[story].steps); i++) {
        const PartsStep *step = &parts_stories[story].steps[i];
        if (step->disk == 0)
            return;
        g_autofree char *before = i > 0 ? parts_text(f) : NULL;
        g_autoptr(LaunchSpec) spec = spec_new(i + 1);
        spec->disk_gen = step->disk;
        spec->vars_gen = step->vars;
        spec->vtpm_gen = step->vtpm;
        spec->trusted_launch = spec->vtpm = step->vtpm != 0;
        spec->hold = step->hold;
        clock_virtual_advance_to(f->clock, f->clock->now(f->clock) + step->days * 86400 * USEC_PER_SEC);
        g_string_truncate(f->told, 0);
        start_spec(f, spec);
        while (clock_virtual_fire_next(f->clock))
            ;
        g_assert_true(g_str_has_prefix(f->told->str, step->there ? "started" : "start-failed"));
        if (restarts)
            daemon_restart(f);
        g_autofree char *there = parts_text(f);
        if (step->there || step->days == 0)
            g_assert_cmpstr(there, ==, step->there ? step->there : before);
    }
}

static void
test_parts(Fixture *f, const void *data)
{
    parts_story(f, GPOINTER_TO_UINT(data), /* restarts= */ FALSE);
}

static void
test_parts_over_restarts(Fixture *f, const void *data)
{
    parts_story(f, GPOINTER_TO_UINT(data), /* restarts= */ TRUE);
}

static guint64
disk_id(const Fixture *f, guint lun)
{
    g_autoptr(SimulatedParts) parts = host_simulated_parts(f->host, KEY);
    for (guint i = 0; parts && i < parts->disks->len; i++) {
        const SimulatedDisk *disk = &g_array_index(parts->disks, SimulatedDisk, i);
        if (disk->lun == lun)
            return disk->id;
    }
    return 0;
}

static LaunchSpec *
spec_with_disk(guint64 epoch, guint64 data_gen, const char *file)
{
    LaunchSpec *spec = spec_new(epoch);
    spec->data_gen = data_gen;
    g_ptr_array_add(spec->data_disks, launch_disk_new(4, 1, file));
    return spec;
}

static void
test_a_data_disk_is_in_one_place(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char file[] = "/keep/" KEY "-lun4.qcow2";
    g_autoptr(LaunchSpec) first = spec_with_disk(1, 1, NULL), again = spec_with_disk(2, 1, NULL);
    start_spec(f, first);
    guint64 id = disk_id(f, 4);
    g_assert_cmpuint(id, !=, 0);
    start_spec(f, again);
    g_assert_cmpuint(disk_id(f, 4), ==, id);
    host_destroy(f->host, KEY, "/keep");
    while (clock_virtual_fire_next(f->clock))
        ;
    daemon_restart(f);
    g_autoptr(GArray) kept = host_simulated_kept_disks(f->host);
    g_assert_cmpuint(kept->len, ==, 1);
    g_assert_cmpuint(g_array_index(kept, SimulatedDisk, 0).id, ==, id);
    g_assert_cmpstr(g_array_index(kept, SimulatedDisk, 0).file, ==, file);

    /* Attached again: there, and kept no longer; a second time it changes nothing. */
    for (guint64 epoch = 1; epoch <= 2; epoch++) {
        g_autoptr(LaunchSpec) attached = spec_with_disk(epoch, epoch, file);
        start_spec(f, attached);
        g_assert_cmpuint(disk_id(f, 4), ==, id);
        g_autoptr(GArray) none = host_simulated_kept_disks(f->host);
        g_assert_cmpuint(none->len, ==, 0);
    }
    /* Data disks made afresh are others. */
    g_autoptr(LaunchSpec) afresh = spec_with_disk(3, 3, NULL);
    start_spec(f, afresh);
    g_assert_cmpuint(disk_id(f, 4), !=, id);
    g_autoptr(LaunchSpec) older = spec_with_disk(4, 1, NULL);
    guint64 second = disk_id(f, 4);
    start_spec(f, older);
    g_assert_cmpuint(disk_id(f, 4), ==, second);
}

static void
test_a_missing_kept_disk_fails_the_start(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(LaunchSpec) spec = spec_with_disk(1, 1, "/keep/nothing");
    start_spec(f, spec);
    told(f, "start-failed 1 VMStartFailed @20;");
    g_assert_cmpuint(disk_id(f, 4), ==, 0);
}

/* ---- settings ---- */

/* A slip of the pen in the settings must not pass for a fleet without faults. */
static void
test_settings_that_mean_nothing_are_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "[]", "no JSON object" },
        { "{\"boot\": 1}", "accepted: start_ms" },
        { "{\"boot_ms\": -1}", "'boot_ms'" },
        { "{\"stop_ms\": \"1\"}", "'stop_ms'" },
        { "{\"die_at\": 1.5}", "'die_at'" },
        { "{\"guest_ms\": true}", "'guest_ms'" },
        { "{\"approve_ms\": -1}", "'approve_ms'" },
        { "{\"faults\": {}}", "array" },
        { "{\"faults\": [{\"fault\": \"explode\"}]}", "start-fails" },
        { "{\"faults\": [{\"key\": \".1\", \"fault\": \"exit\"}]}", "key_suffix" },
        { "{\"faults\": [{\"key_suffix\": 1, \"fault\": \"exit\"}]}", "key_suffix" },
        { "{\"faults\": [{\"epoch\": \"1\", \"fault\": \"exit\"}]}", "'epoch'" },
    };
    const HostConfig config = { .state_dir = f->state_dir };
    g_autofree char *path = g_build_filename(f->state_dir, "simulated.conf.json", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(g_file_set_contents(path, cases[i].text, -1, NULL));
        g_assert_null(host_simulated_open(&config, f->clock, NULL, NULL, &error));
        g_test_message("%s: %s", cases[i].text, error->message);
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/simulated/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("settings-that-mean-nothing-are-refused", test_settings_that_mean_nothing_are_refused);
    ADD("takes-the-time-that-it-is-given", test_takes_the_time_that_it_is_given);
    ADD("grace-is-never-longer-than-asked", test_grace_is_never_longer_than_asked);
    ADD("every-call-may-come-twice", test_every_call_may_come_twice);
    ADD("a-stop-during-a-start-ends-it", test_a_stop_during_a_start_ends_it);
    ADD("a-kill-is-told-once-and-the-next-start-works", test_a_kill_is_told_once_and_the_next_start_works);
    ADD("a-failed-newer-launch-leaves-nothing-running", test_a_failed_newer_launch_leaves_nothing_running);
    ADD("the-guest-can-be-played-by-a-test", test_the_guest_can_be_played_by_a_test);
    ADD("one-answer-after-the-other-in-the-order-of-the-questions",
        test_one_answer_after_the_other_in_the_order_of_the_questions);
    ADD("an-answer-that-takes-longer-than-it-may", test_an_answer_that_takes_longer_than_it_may);
    ADD("there-is-no-screen-and-no-shell", test_there_is_no_screen_and_no_shell);
    ADD("who-waits-when-the-host-is-closed-is-told", test_who_waits_when_the_host_is_closed_is_told);
    ADD("a-notice-is-approved-in-its-time-or-never", test_a_notice_is_approved_in_its_time_or_never);
    ADD("a-notice-outlives-the-daemon", test_a_notice_outlives_the_daemon);
    ADD("the-next-daemon-finds-what-runs", test_the_next_daemon_finds_what_runs);
    ADD("a-boot-goes-on-under-the-next-daemon", test_a_boot_goes_on_under_the_next_daemon);
    ADD("a-data-disk-is-in-one-place", test_a_data_disk_is_in_one_place);
    ADD("a-missing-kept-disk-fails-the-start", test_a_missing_kept_disk_fails_the_start);
    ADD("what-was-only-ever-stopped-keeps-no-daemon-from-starting",
        test_what_was_only_ever_stopped_keeps_no_daemon_from_starting);
#undef ADD
    for (guint i = 0; i < G_N_ELEMENTS(parts_stories); i++) {
        g_autofree char *path = g_strconcat("/simulated/parts/", parts_stories[i].name, NULL);
        g_autofree char *restarts = g_strconcat(path, "/over-restarts", NULL);
        g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_parts, tear_down);
        g_test_add(restarts, Fixture, GUINT_TO_POINTER(i), set_up, test_parts_over_restarts, tear_down);
    }
    for (gint i = 0; i < SIMULATED_N_FAULTS; i++) {
        g_autofree char *path = g_strconcat("/simulated/fault/", faults[i].name, NULL);
        g_test_add(path, Fixture, GINT_TO_POINTER(i), set_up, test_fault, tear_down);
    }
    for (guint i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autofree char *path = g_strconcat("/simulated/asked/", asked[i].name, NULL);
        g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_asked, tear_down);
    }
    return g_test_run();
}
