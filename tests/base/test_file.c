/* Files and folders, with what goes wrong. */
#include "base/file.h"

#include "base/error.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    char *dir, *path;
} Place;

static void
set_up(Place *place, const void *data G_GNUC_UNUSED)
{
    GError *error = NULL;
    place->dir = g_dir_make_tmp("base-XXXXXX", &error);
    g_assert_no_error(error);
    place->path = g_build_filename(place->dir, "file", NULL);
}

static void
tear_down(Place *place, const void *data G_GNUC_UNUSED)
{
    g_assert_true(folder_remove(place->dir, NULL));
    g_assert_false(g_file_test(place->dir, G_FILE_TEST_EXISTS));
    g_free(place->dir);
    g_free(place->path);
}

static guint
files_in(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint count = 0;
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void
test_write_and_read(Place *place, const void *data G_GNUC_UNUSED)
{
    static const char bytes[] = "a\0b";
    GError *error = NULL;
    struct stat st;
    gsize length = 0;
    g_assert_true(file_write(place->path, "old content that is longer", 26, 0644, &error));
    g_assert_true(file_write(place->path, bytes, 3, 0600, &error));
    g_autofree char *read = file_read(place->path, 3, &length, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(read, length, bytes, 3);
    g_assert_true(read[3] == '\0');
    g_assert_true(stat(place->path, &st) == 0 && (st.st_mode & 07777) == 0600);
    g_assert_cmpuint(files_in(place->dir), ==, 1);
}

static void
test_what_cannot_be_read(Place *place, const void *data G_GNUC_UNUSED)
{
    g_autofree char *fifo = g_build_filename(place->dir, "fifo", NULL);
    g_autoptr(GError) absent = NULL, large = NULL, folder = NULL, pipe = NULL;
    g_assert_null(file_read(place->path, 10, NULL, &absent));
    g_assert_nonnull(strstr(absent->message, place->path));
    g_assert_true(file_write(place->path, "12345678901", 11, 0600, NULL));
    g_assert_null(file_read(place->path, 10, NULL, &large));
    g_assert_true(g_error_matches(large, ARM_ERROR, ARM_TOO_LARGE));
    g_assert_null(file_read(place->dir, 10, NULL, &folder));
    g_assert_true(mkfifo(fifo, 0600) == 0);
    g_assert_null(file_read(fifo, 10, NULL, &pipe)); /* and does not wait for a writer */
    g_assert_nonnull(strstr(pipe->message, "regular"));
}

static void
test_a_failed_write_leaves_nothing(Place *place, const void *data G_GNUC_UNUSED)
{
    g_autofree char *nowhere = g_build_filename(place->dir, "no", "such", "folder", NULL);
    g_autoptr(GError) error = NULL, onto_folder = NULL;
    g_assert_false(file_write(nowhere, "x", 1, 0600, &error));
    g_assert_nonnull(strstr(error->message, nowhere));
    g_assert_true(folder_make(place->path, NULL));
    g_assert_false(file_write(place->path, "x", 1, 0600, &onto_folder));
    g_assert_cmpuint(files_in(place->dir), ==, 1);
}

static void
test_folders(Place *place, const void *data G_GNUC_UNUSED)
{
    g_autofree char *deep = g_build_filename(place->dir, "a", "b", "c", NULL), *top = g_build_filename(place->dir, "a", NULL);
    g_autofree char *inside = g_build_filename(deep, "f", NULL);
    struct stat st;
    g_assert_true(folder_make(deep, NULL) && folder_make(deep, NULL));
    g_assert_true(stat(deep, &st) == 0 && (st.st_mode & 07777) == 0700);
    g_assert_true(file_write(inside, "x", 1, 0400, NULL));
    g_assert_true(folder_remove(top, NULL) && folder_remove(top, NULL));
    g_assert_cmpuint(files_in(place->dir), ==, 0);
}

static void
test_remove_never_follows_a_link(Place *place, const void *data G_GNUC_UNUSED)
{
    g_autofree char *kept = g_build_filename(place->dir, "kept", NULL), *victim = g_build_filename(place->dir, "victim", NULL);
    g_autofree char *file = g_build_filename(kept, "f", NULL), *link = g_build_filename(victim, "link", NULL);
    g_assert_true(folder_make(kept, NULL) && folder_make(victim, NULL) && file_write(file, "x", 1, 0600, NULL));
    g_assert_true(symlink(kept, link) == 0);
    g_assert_true(folder_remove(victim, NULL));
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    g_assert_true(symlink(kept, victim) == 0);
    g_assert_true(folder_remove(victim, NULL));
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(victim, G_FILE_TEST_IS_SYMLINK));
}

/* FIPS 180-4, example "abc". */
static void
test_sha256(Place *place, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(file_sha256(place->path, &error));
    g_assert_true(file_write(place->path, "abc", 3, 0600, NULL));
    g_autofree char *digest = file_sha256(place->path, NULL);
    g_assert_cmpstr(digest, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void
test_a_full_disk_has_a_code_of_its_own(Place *place, const void *data G_GNUC_UNUSED)
{
    static const struct {
        int number;
        ArmCode code;
    } cases[] = { { ENOSPC, ARM_HOST_DISK_FULL }, { EDQUOT, ARM_HOST_DISK_FULL }, { EACCES, ARM_INTERNAL } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        errno = cases[i].number;
        g_assert_false(io_fail(&error, "write", place->path));
        g_assert_cmpint(error->code, ==, (int)cases[i].code);
        g_assert_nonnull(strstr(error->message, "cannot write '"));
    }
}

static void
test_descriptors_close_with_their_scope(Place *place, const void *data G_GNUC_UNUSED)
{
    int number, taken;
    {
        AUTO_FD fd = open(place->dir, O_RDONLY | O_CLOEXEC);
        number = fd;
    }
    g_assert_cmpint(fcntl(number, F_GETFD), ==, -1);
    {
        AUTO_FD fd = open(place->dir, O_RDONLY | O_CLOEXEC);
        taken = fd_steal(&fd);
        g_assert_cmpint(fd, ==, -1);
    }
    g_assert_cmpint(fcntl(taken, F_GETFD), !=, -1);
    close(taken);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/file/" name, Place, NULL, set_up, function, tear_down)
    ADD("write-and-read", test_write_and_read);
    ADD("what-cannot-be-read", test_what_cannot_be_read);
    ADD("a-failed-write-leaves-nothing", test_a_failed_write_leaves_nothing);
    ADD("folders", test_folders);
    ADD("remove-never-follows-a-link", test_remove_never_follows_a_link);
    ADD("sha256", test_sha256);
    ADD("a-full-disk-has-a-code-of-its-own", test_a_full_disk_has_a_code_of_its_own);
    ADD("descriptors-close-with-their-scope", test_descriptors_close_with_their_scope);
    return g_test_run();
}
