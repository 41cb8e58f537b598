/* vTPMs that are encrypted at rest, with the real swtpm and swtpm_setup: what starts with which key, and what does not. */
#include "host/qemu/vtpm_key.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/argv.h"
#include "host/qemu/folder.h"
#include "host/qemu/guest_state.h"
#include "host/qemu/process.h"
#include "host/qemu/vtpm.h"
#include "host/qemu/vtpm_control.h"
#include "host/qemu/vtpm_seal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define STATE "vtpm/tpm2-00.permall"
#define STAMP "vtpm/state-key"
/* swtpm's control channel (swtpm_ioctls(3)): CMD_INIT with no flags, answered by a TPM result. */
#define CMD_INIT 2
#define FILE_MAX 65536u

static char *shared; /* the CA of all tests: it takes a second to make */

typedef struct {
    char *folder; /* the instance's */
    StateKey *key, *other;
} Fixture;

static StateKey *
key_new(char digit)
{
    g_autofree char *text = g_strnfill(2 * STATE_KEY_BYTES, digit);
    return state_key_parse(text, strlen(text), NULL);
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->folder = g_dir_make_tmp("vtpm-key-XXXXXX", NULL);
    f->key = key_new('a');
    f->other = key_new('b');
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_assert_true(folder_remove(f->folder, NULL));
    g_free(f->folder);
    state_key_free(f->key);
    state_key_free(f->other);
}

static gboolean
skipped(void)
{
    static const char *const programs[] = { "swtpm", "swtpm_setup", "swtpm_localca" };
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *path = g_find_program_in_path(programs[i]);
        if (!path) {
            g_test_skip("there is no swtpm with its tools");
            return TRUE;
        }
    }
    return FALSE;
}

static void
make(const Fixture *f, const StateKey *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *vtpm = folder_file(f->folder, "vtpm");
    VtpmMaker *maker = vtpm_maker_new(shared, NULL, NULL, key, /* authority= */ NULL, &error);
    g_assert_no_error(error);
    g_assert_true(folder_remove(vtpm, NULL));
    vtpm_make(maker, vtpm, 0, 0, &error);
    g_assert_no_error(error);
    vtpm_maker_free(maker);
}

static char *
content(const Fixture *f, const char *name, gsize *ret_length)
{
    char *bytes = folder_read(f->folder, name, FILE_MAX, ret_length, NULL);
    g_assert_nonnull(bytes);
    return bytes;
}

/* Runs swtpm as a VM has it, with the key in key_fd (taken; -1: none), until the TPM is up or not. */
static gboolean
swtpm_comes_up(const Fixture *f, int key_fd)
{
    static const guint8 init[] = { 0, 0, 0, CMD_INIT, 0, 0, 0, 0 };
    guint8 result[4] = { 0xaa, 0xaa, 0xaa, 0xaa };
    int pair[2];
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    AUTO_FD key = key_fd;
    const ArgvContext context = { .swtpm = "swtpm", .folder = f->folder, .swtpm_fd = pair[1], .key_fd = key_fd };
    g_auto(GStrv) argv = argv_swtpm(&context);
    const int keep[] = { pair[1], key_fd, -1 };
    g_autofree char *log = folder_file(f->folder, "swtpm.log");
    const ProcessStart start = { .argv = (const char *const *)argv, .keep_fds = keep, .log_file = log };
    const pid_t pid = process_start(&start, &error);
    g_assert_no_error(error);
    close(pair[1]);
    g_assert_true(fd_write_all(pair[0], init, sizeof init));
    g_assert_cmpint(recv(pair[0], result, sizeof result, MSG_WAITALL), ==, sizeof result);
    close(pair[0]);
    /* --terminate is about the data channel, which QEMU gives it later. */
    kill(pid, SIGTERM);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    return memcmp(result, "\0\0\0", sizeof result) == 0;
}

static int
key_fd_of(const Fixture *f, const StateKey *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *vtpm = folder_file(f->folder, "vtpm");
    int fd = -2;
    vtpm_key_open(key, vtpm, &fd, &error);
    g_assert_no_error(error);
    return fd;
}

static void
key_is_refused(const Fixture *f, const StateKey *key, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *vtpm = folder_file(f->folder, "vtpm");
    int fd = -2;
    g_assert_false(vtpm_key_open(key, vtpm, &fd, &error));
    g_assert_error(error, ARM_ERROR, ARM_VTPM_FAILED);
    g_assert_nonnull(strstr(error->message, words));
    g_assert_cmpint(fd, ==, -2);
}

static void
log_has(const Fixture *f, const char *words)
{
    gsize length;
    g_autofree char *log = content(f, "swtpm.log", &length);
    g_assert_nonnull(strstr(log, words));
}

static void
test_starts_with_its_key_again_and_again(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (skipped())
        return;
    make(f, f->key);
    for (guint i = 0; i < 2; i++) {
        const int fd = key_fd_of(f, f->key);
        g_assert_cmpint(fd, >=, 0);
        g_assert_true(swtpm_comes_up(f, fd));
    }
}

/* And its state is as it was. */
static void
test_another_key_and_none_are_refused_by_name(Fixture *f, const void *data G_GNUC_UNUSED)
{
    gsize before_length, after_length;
    if (skipped())
        return;
    make(f, f->key);
    g_autofree char *before = content(f, STATE, &before_length);
    key_is_refused(f, f->other, "another state key");
    key_is_refused(f, NULL, "--state-key");
    g_autofree char *path = folder_file(f->folder, STAMP);
    g_assert_true(g_file_set_contents(path, "1 00", -1, NULL));
    key_is_refused(f, f->key, "put back the file");
    g_autofree char *after = content(f, STATE, &after_length);
    g_assert_cmpmem(before, before_length, after, after_length);
}

/* What is told of it (ends.c) rests on these words of swtpm's. */
static void
test_swtpm_refuses_what_does_not_fit(Fixture *f, const void *data G_GNUC_UNUSED)
{
    gsize before_length, after_length;
    if (skipped())
        return;
    make(f, f->key);
    g_autofree char *before = content(f, STATE, &before_length);
    g_assert_false(swtpm_comes_up(f, /* key_fd= */ -1));
    log_has(f, "Could not find plain data");
    g_autofree char *stamp = state_key_stamp(f->other), *path = folder_file(f->folder, STAMP);
    g_assert_true(g_file_set_contents(path, stamp, -1, NULL));
    g_assert_false(swtpm_comes_up(f, key_fd_of(f, f->other)));
    log_has(f, "Verification of HMAC failed");
    g_autofree char *after = content(f, STATE, &after_length);
    g_assert_cmpmem(before, before_length, after, after_length);
}

static void
test_each_has_a_key_of_its_own(Fixture *f, const void *data G_GNUC_UNUSED)
{
    gsize length;
    if (skipped())
        return;
    make(f, f->key);
    g_autofree char *stamp = content(f, STAMP, &length), *path = folder_file(f->folder, STAMP);
    make(f, f->key);
    g_autofree char *own = content(f, STAMP, &length);
    g_assert_true(g_file_set_contents(path, stamp, -1, NULL));
    g_assert_false(swtpm_comes_up(f, key_fd_of(f, f->key)));
    g_assert_true(g_file_set_contents(path, own, -1, NULL));
    g_assert_true(swtpm_comes_up(f, key_fd_of(f, f->key)));
}

/* ---- what was made plain ---- */

static gboolean
seal(const Fixture *f, const StateKey *key, const char *swtpm, GError **error)
{
    const VtpmSeal how = { .swtpm = swtpm, .key = key };
    return vtpm_seal(&how, f->folder, error);
}

static void
must_seal(const Fixture *f, const StateKey *key)
{
    g_autoptr(GError) error = NULL;
    seal(f, key, "swtpm", &error);
    g_assert_no_error(error);
    g_assert_false(folder_has(f->folder, "vtpm.sealed"));
}

/* Seeds, keys and NVRAM, by another way than what lies in the folder. */
static GBytes *
secrets_of(const Fixture *f, const char *vtpm, const StateKey *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = folder_file(f->folder, vtpm);
    gsize size = 0;
    AUTO_FD fd = key ? key_fd_of(f, key) : -1;
    g_autoptr(VtpmControl) control = vtpm_control_open("swtpm", folder, fd, 0, 0, &error);
    g_assert_no_error(error);
    g_assert_true(vtpm_control_init(control, &error));
    guint8 *state = vtpm_control_state_get(control, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(state, size);
}

/* Taken in by a swtpm without a key: what libtpms writes of it at any start. */
static GBytes *
secrets_written_plain(const Fixture *f, GBytes *state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = folder_file(f->folder, "beside");
    g_assert_true(folder_make(folder, &error));
    VtpmControl *control = vtpm_control_open("swtpm", folder, -1, 0, 0, &error);
    g_assert_no_error(error);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(state, &size);
    g_assert_true(vtpm_control_state_set(control, bytes, size, &error) && vtpm_control_init(control, &error));
    vtpm_control_close(control);
    return secrets_of(f, "beside", NULL);
}

static void
test_what_was_made_plain_is_brought_under_the_key(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const certificates[] = { "vtpm/ek-rsa2048.crt", "vtpm/ek-secp384r1.crt" };
    gsize lengths[2], length, after_length;
    if (skipped())
        return;
    make(f, NULL);
    g_assert_false(folder_has(f->folder, STAMP));
    g_autofree char *first = content(f, certificates[0], &lengths[0]), *second = content(f, certificates[1], &lengths[1]);
    const char *const before[] = { first, second };
    g_autoptr(GBytes) secrets = secrets_of(f, "vtpm", NULL), written = secrets_written_plain(f, secrets);
    guest_state_record(f->folder);
    must_seal(f, f->key);
    g_assert_true(folder_has(f->folder, STAMP));
    g_assert_true(swtpm_comes_up(f, key_fd_of(f, f->key)));
    g_assert_false(swtpm_comes_up(f, /* key_fd= */ -1));
    g_autoptr(GBytes) kept = secrets_of(f, "vtpm", f->key);
    g_assert_true(g_bytes_equal(kept, written));
    for (guint i = 0; i < G_N_ELEMENTS(certificates); i++) {
        g_autofree char *same = content(f, certificates[i], &length);
        g_assert_cmpmem(same, length, before[i], lengths[i]);
    }
    g_assert_null(guest_state_changed(f->folder));
    /* Once is enough. */
    g_autofree char *state = content(f, STATE, &length);
    must_seal(f, f->key);
    must_seal(f, f->other);
    must_seal(f, NULL);
    g_autofree char *after = content(f, STATE, &after_length);
    g_assert_cmpmem(state, length, after, after_length);
}

static void
test_without_a_key_it_stays_plain(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (skipped())
        return;
    make(f, NULL);
    must_seal(f, NULL);
    g_assert_false(folder_has(f->folder, STAMP));
    g_assert_true(swtpm_comes_up(f, key_fd_of(f, f->key)));
}

/* A program that is no swtpm, one that is not there, and a state that is none: the plain one is as it was. */
static void
test_what_goes_wrong_leaves_it_plain(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const programs[] = { "false", "/nonexistent/swtpm", "swtpm" };
    gsize length, after_length;
    if (skipped())
        return;
    make(f, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = folder_file(f->folder, STATE);
        if (i == 2)
            g_assert_true(g_file_set_contents(path, "no state", -1, NULL));
        g_autofree char *before = content(f, STATE, &length);
        guest_state_record(f->folder);
        g_assert_false(seal(f, f->key, programs[i], &error));
        g_assert_nonnull(error);
        g_assert_false(folder_has(f->folder, "vtpm.sealed"));
        g_assert_false(folder_has(f->folder, STAMP));
        g_autofree char *after = content(f, STATE, &after_length);
        g_assert_cmpmem(before, length, after, after_length);
        g_assert_null(guest_state_changed(f->folder));
    }
}

/* The daemon is killed before the two change places, and right after. */
static void
test_a_crash_leaves_the_one_or_the_other(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (skipped())
        return;
    make(f, NULL);
    guest_state_record(f->folder);
    g_autofree char *left = folder_file(f->folder, "vtpm.sealed"), *stamp = folder_file(left, "state-key");
    g_autofree char *vtpm = folder_file(f->folder, "vtpm"), *state = folder_file(left, "tpm2-00.permall");
    g_assert_true(folder_make(left, NULL) && g_file_set_contents(stamp, "1 00", -1, NULL));
    g_assert_true(g_file_set_contents(state, "half", -1, NULL));
    g_assert_true(guest_state_expect_vtpm(f->folder, "vtpm.sealed/tpm2-00.permall", NULL));
    g_assert_null(guest_state_changed(f->folder));
    g_assert_cmpint(renameat2(AT_FDCWD, left, AT_FDCWD, vtpm, RENAME_EXCHANGE), ==, 0);
    g_assert_null(guest_state_changed(f->folder));
    g_assert_cmpint(renameat2(AT_FDCWD, left, AT_FDCWD, vtpm, RENAME_EXCHANGE), ==, 0);
    must_seal(f, f->key);
    g_assert_true(swtpm_comes_up(f, key_fd_of(f, f->key)));
    /* What the plain one was goes, also where the key was taken away meanwhile. */
    g_assert_true(folder_make(left, NULL) && g_file_set_contents(state, "plain", -1, NULL));
    must_seal(f, NULL);
    g_assert_true(swtpm_comes_up(f, key_fd_of(f, f->key)));
}

static void
test_another_state_is_still_noticed(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (skipped())
        return;
    make(f, NULL);
    guest_state_record(f->folder);
    must_seal(f, f->key);
    g_autofree char *path = folder_file(f->folder, STATE);
    g_assert_true(g_file_set_contents(path, "another", -1, NULL));
    g_assert_cmpstr(guest_state_changed(f->folder), ==, "vTPM");
}

static gpointer
sleep_start(gpointer data)
{
    const Fixture *f = data;
    static const char *const argv[] = { "sleep", "60", NULL };
    g_autofree char *log = folder_file(f->folder, "sleep.log");
    const ProcessStart start = { .argv = argv, .log_file = log, .ends_with_us = TRUE };
    return GINT_TO_POINTER(process_start(&start, NULL));
}

/* A daemon that is killed leaves no swtpm in the folder. */
static void
test_what_takes_part_does_not_outlive_us(Fixture *f, const void *data G_GNUC_UNUSED)
{
    int status = 0;
    const pid_t pid = GPOINTER_TO_INT(g_thread_join(g_thread_new("start", sleep_start, f)));
    g_assert_cmpint(pid, >, 0);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Nothing in the folder has the key, in any form. */
static void
test_the_key_lies_nowhere(Fixture *f, const void *data G_GNUC_UNUSED)
{
    char digits[2 * STATE_KEY_BYTES] = { 0 };
    guint8 bytes[STATE_KEY_BYTES];
    if (skipped())
        return;
    make(f, f->key);
    AUTO_FD fd = key_fd_of(f, f->key);
    g_assert_cmpint(read(fd, digits, sizeof digits), ==, sizeof digits);
    for (guint i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8)(g_ascii_xdigit_value(digits[2 * i]) << 4 | g_ascii_xdigit_value(digits[2 * i + 1]));
    g_autofree char *vtpm = folder_file(f->folder, "vtpm");
    g_autoptr(GDir) dir = g_dir_open(vtpm, 0, NULL);
    const char *name;
    guint n = 0;
    while ((name = g_dir_read_name(dir))) {
        gsize length;
        g_autofree char *file = folder_read(vtpm, name, FILE_MAX, &length, NULL);
        g_assert_nonnull(file);
        g_assert_null(memmem(file, length, digits, sizeof digits));
        g_assert_null(memmem(file, length, bytes, sizeof bytes));
        n++;
    }
    g_assert_cmpuint(n, >=, 4);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    shared = g_dir_make_tmp("vtpm-key-ca-XXXXXX", NULL);
    static const struct {
        const char *name;
        void (*run)(Fixture *f, const void *data);
    } tests[] = {
        { "/vtpm-key/starts-with-its-key-again-and-again", test_starts_with_its_key_again_and_again },
        { "/vtpm-key/another-key-and-none-are-refused-by-name", test_another_key_and_none_are_refused_by_name },
        { "/vtpm-key/swtpm-refuses-what-does-not-fit", test_swtpm_refuses_what_does_not_fit },
        { "/vtpm-key/each-has-a-key-of-its-own", test_each_has_a_key_of_its_own },
        { "/vtpm-key/what-was-made-plain", test_what_was_made_plain_is_brought_under_the_key },
        { "/vtpm-key/without-a-key-it-stays-plain", test_without_a_key_it_stays_plain },
        { "/vtpm-key/what-goes-wrong-leaves-it-plain", test_what_goes_wrong_leaves_it_plain },
        { "/vtpm-key/a-crash-leaves-the-one-or-the-other", test_a_crash_leaves_the_one_or_the_other },
        { "/vtpm-key/another-state-is-still-noticed", test_another_state_is_still_noticed },
        { "/vtpm-key/what-takes-part-does-not-outlive-us", test_what_takes_part_does_not_outlive_us },
        { "/vtpm-key/the-key-lies-nowhere", test_the_key_lies_nowhere },
    };
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    const int status = g_test_run();
    g_assert_true(folder_remove(shared, NULL));
    g_free(shared);
    return status;
}
