/* The state folder: modes, one daemon at a time, the token. */
#include "base/error.h"
#include "base/file.h"
#include "daemon/state.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    char *dir, *state;
} Fixture;

static void
set_up(Fixture *fixture, const void *data)
{
    (void)data;
    fixture->dir = g_dir_make_tmp("state-XXXXXX", NULL);
    fixture->state = g_build_filename(fixture->dir, "testudo", NULL);
}

static void
tear_down(Fixture *fixture, const void *data)
{
    (void)data;
    g_assert_true(folder_remove(fixture->dir, NULL));
    g_free(fixture->dir);
    g_free(fixture->state);
}

static int
must_prepare(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    int lock = state_prepare(fixture->state, &error);
    g_assert_no_error(error);
    return lock;
}

static int
mode_of(const Fixture *fixture, const char *name)
{
    struct stat st;
    g_autofree char *path = g_build_filename(fixture->state, name, NULL);
    g_assert_cmpint(stat(path, &st), ==, 0);
    return st.st_mode & 0777;
}

static void
test_folders_have_their_modes(Fixture *f, const void *data)
{
    (void)data;
    AUTO_FD lock = must_prepare(f);
    g_assert_cmpint(lock, >=, 0);
    g_assert_cmpint(mode_of(f, "."), ==, 0711);
    g_assert_cmpint(mode_of(f, "instances"), ==, 0711);
    g_assert_cmpint(mode_of(f, "disks"), ==, 0700);
    g_assert_cmpint(mode_of(f, "ca"), ==, 0700);
    g_assert_cmpint(mode_of(f, "tls"), ==, 0700);
}

static void
test_one_daemon_at_a_time(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    AUTO_FD first = must_prepare(f);
    g_assert_cmpint(state_prepare(f->state, &error), ==, -1);
    g_assert_error(error, ARM_ERROR, ARM_CONFLICT);
    g_assert_nonnull(strstr(error->message, f->state));
    close(fd_steal(&first));
    AUTO_FD second = must_prepare(f);
    g_assert_cmpint(second, >=, 0);
}

static void
test_a_file_in_the_way_is_named(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(f->state, "x", 1, NULL));
    g_assert_cmpint(state_prepare(f->state, &error), ==, -1);
    g_assert_nonnull(strstr(error->message, f->state));
}

static void
test_the_token_is_private_and_kept(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(GError) readable = NULL, brief = NULL;
    AUTO_FD lock = must_prepare(f);
    g_assert_cmpint(lock, >=, 0);
    g_autofree char *first = state_token(f->state, NULL), *second = state_token(f->state, NULL);
    g_assert_cmpuint(strlen(first), ==, 64);
    g_assert_cmpstr(first, ==, second);
    g_assert_cmpint(mode_of(f, "admin.token"), ==, 0600);
    g_autofree char *path = g_build_filename(f->state, "admin.token", NULL);
    g_chmod(path, 0644);
    g_assert_null(state_token(f->state, &readable));
    g_assert_nonnull(strstr(readable->message, "chmod 600"));
    g_chmod(path, 0600);
    g_assert_true(file_write(path, "short\n", 6, 0600, NULL));
    g_assert_null(state_token(f->state, &brief));
    g_assert_nonnull(strstr(brief->message, path));
}

static void
test_an_operators_data_file_is_read(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    AUTO_FD lock = must_prepare(f);
    g_assert_cmpint(lock, >=, 0);
    g_autoptr(SizeCatalogue) shipped = state_sizes(f->state, NULL);
    g_assert_cmpuint(size_catalogue_count(shipped), >=, 60);
    g_autofree char *path = g_build_filename(f->state, "sizes.json", NULL);
    g_assert_true(file_write(path, "{\"sizes\":[{}]}", 14, 0644, NULL));
    g_assert_null(state_sizes(f->state, &error));
    g_assert_nonnull(strstr(error->message, path));
}

static char *
key_file(const Fixture *f, char digit)
{
    g_autofree char *name = g_strdup_printf("key-%c", digit), *digits = g_strnfill(2 * STATE_KEY_BYTES, digit);
    char *path = g_build_filename(f->dir, name, NULL);
    g_assert_true(file_write(path, digits, strlen(digits), 0600, NULL));
    return path;
}

/* NULL where it is refused, with these words. */
static StateKey *
settle(const Fixture *f, const char *file, const char *words)
{
    g_autoptr(GError) error = NULL;
    StateKey *key = NULL;
    if (!words) {
        state_key_settle(f->state, file, &key, &error);
        g_assert_no_error(error);
        return key;
    }
    g_assert_false(state_key_settle(f->state, file, &key, &error));
    g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
    g_assert_nonnull(strstr(error->message, words));
    g_assert_null(key);
    return NULL;
}

static void
test_the_first_state_key_is_the_only_one(Fixture *f, const void *data)
{
    (void)data;
    AUTO_FD lock = must_prepare(f);
    g_assert_cmpint(lock, >=, 0);
    g_autofree char *file = key_file(f, 'a'), *other = key_file(f, 'b');
    g_assert_null(settle(f, NULL, NULL));
    g_autoptr(StateKey) first = settle(f, file, NULL);
    g_autoptr(StateKey) again = settle(f, file, NULL);
    g_assert_nonnull(first);
    g_assert_nonnull(again);
    g_assert_cmpint(mode_of(f, "state-key.check"), ==, 0600);
    settle(f, other, "not the state key");
    settle(f, NULL, "--state-key");
    g_autofree char *stamp = g_build_filename(f->state, "state-key.check", NULL);
    g_assert_true(file_write(stamp, "1\n", 2, 0600, NULL));
    settle(f, file, "put back the file");
}

static void
test_a_state_key_is_private_and_whole(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *file = key_file(f, 'a'), *stamp = g_build_filename(f->state, "state-key.check", NULL);
    AUTO_FD lock = must_prepare(f);
    g_assert_cmpint(lock, >=, 0);
    g_chmod(file, 0640);
    settle(f, file, "chmod 600");
    g_chmod(file, 0600);
    g_assert_true(file_write(file, "abc\n", 4, 0600, NULL));
    settle(f, file, file);
    g_assert_false(g_file_test(stamp, G_FILE_TEST_EXISTS));
}

static void
test_a_credential_is_a_state_key(Fixture *f, const void *data)
{
    (void)data;
    g_autofree char *file = key_file(f, 'a'), *other = key_file(f, 'b');
    g_autofree char *credential = g_build_filename(f->dir, "testudo-state-key", NULL);
    AUTO_FD lock = must_prepare(f);
    g_assert_cmpint(lock, >=, 0);
    g_setenv("CREDENTIALS_DIRECTORY", f->dir, TRUE);
    g_assert_null(settle(f, NULL, NULL));
    g_assert_cmpint(g_rename(file, credential), ==, 0);
    g_autoptr(StateKey) key = settle(f, NULL, NULL);
    g_assert_nonnull(key);
    settle(f, other, "not the state key");
    g_unsetenv("CREDENTIALS_DIRECTORY");
    settle(f, NULL, "--state-key");
}

#define ADD(name, test) g_test_add("/state/" name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("folders-have-their-modes", test_folders_have_their_modes);
    ADD("one-daemon-at-a-time", test_one_daemon_at_a_time);
    ADD("a-file-in-the-way-is-named", test_a_file_in_the_way_is_named);
    ADD("the-token-is-private-and-kept", test_the_token_is_private_and_kept);
    ADD("the-first-state-key-is-the-only-one", test_the_first_state_key_is_the_only_one);
    ADD("a-state-key-is-private-and-whole", test_a_state_key_is_private_and_whole);
    ADD("a-credential-is-a-state-key", test_a_credential_is_a_state_key);
    ADD("an-operators-data-file-is-read", test_an_operators_data_file_is_read);
    return g_test_run();
}
