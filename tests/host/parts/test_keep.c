/* Data disks leave an instance: one that was attached, or all with its end; each is in one place at every moment. */
#include "folder.h"

#include "base/file.h"
#include "fault.h"
#include "host/kept_file.h"
#include "host/qemu/disk.h"
#include "host/qemu/folder.h"
#include "host/qemu/keep.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "a.1"

static char *
disks_folder(const Fixture *f)
{
    char *disks = g_build_filename(f->state_dir, "disks", NULL);
    g_assert_true(folder_make(disks, NULL));
    return disks;
}

/* An instance with a kept disk of 2 GiB at LUN 5; gives the disk's file. */
static char *
attached_make(Fixture *f)
{
    g_autofree char *disks = disks_folder(f);
    char *path = g_build_filename(disks, "b.7-lun3.qcow2", NULL);
    g_assert_true(disk_data_make(path, 2, (DiskUser){ 0 }, NULL));
    disk_want(f, 0, 1);
    g_ptr_array_add(f->spec->data_disks, launch_disk_new(5, 2, path));
    must_converge(f);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    return path;
}

static void
leave_want(Fixture *f, guint lun, const char *file)
{
    g_ptr_array_set_size(f->spec->data_disks, 1);
    g_ptr_array_add(f->spec->leaving, launch_disk_new(lun, 2, file));
}

static void
test_an_attached_disk_goes_back(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *file = attached_make(f), *disk = identity(f, "data-lun5.qcow2"), *own = identity(f, "data-lun0.qcow2");
    leave_want(f, 5, file);
    for (guint i = 0; i < 2; i++) {
        must_converge(f);
        g_autofree char *kept = inode_of(file), *here = identity(f, "data-lun5.qcow2"), *still = identity(f, "data-lun0.qcow2");
        g_assert_cmpstr(kept, ==, disk);
        g_assert_cmpstr(here, ==, "");
        g_assert_cmpstr(still, ==, own);
    }
    /* A disk of the model may take the LUN now, and is not what is asked to leave. */
    disk_want(f, 5, 1);
    must_converge(f);
    g_autofree char *made = identity(f, "data-lun5.qcow2"), *kept = inode_of(file);
    g_assert_cmpstr(made, !=, "");
    must_converge(f);
    g_autofree char *same = identity(f, "data-lun5.qcow2");
    g_assert_cmpstr(same, ==, made);
    g_assert_cmpstr(kept, ==, disk);
}

static void
test_it_goes_nowhere_else(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *file = attached_make(f), *elsewhere = g_build_filename(f->state_dir, "images", "x.qcow2", NULL);
    leave_want(f, 5, elsewhere);
    must_fail(f, ARM_VM_START_FAILED, "no file of the folder");
    g_autofree char *here = identity(f, "data-lun5.qcow2");
    g_assert_cmpstr(here, !=, "");
    g_assert_false(g_file_test(elsewhere, G_FILE_TEST_EXISTS));
}

static void
test_a_crash_at_any_step_of_leaving_is_made_good(void)
{
    guint k = 0;
    for (gboolean crashed = TRUE; crashed; k++) {
        Fixture f;
        set_up(&f, NULL);
        g_autofree char *file = attached_make(&f), *disk = identity(&f, "data-lun5.qcow2");
        leave_want(&f, 5, file);
        crashed = fault_crash_at(k, run, &f);
        g_autofree char *kept = inode_of(file), *here = identity(&f, "data-lun5.qcow2");
        g_assert_true((strcmp(kept, disk) == 0) != (strcmp(here, disk) == 0));
        must_converge(&f);
        g_autofree char *in_the_end = inode_of(file);
        g_assert_cmpstr(in_the_end, ==, disk);
        tear_down(&f, NULL);
    }
    g_assert_cmpuint(k, >, 2);
}

/* "LUN:GiB …" of what keep_all() gives. */
static char *
keep_all_text(const Fixture *f, const char *keep_dir)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GPtrArray) kept = keep_all(f->folder, KEY, keep_dir, NULL);
    g_assert_nonnull(kept);
    for (guint i = 0; i < kept->len; i++) {
        const HostKeptDisk *disk = g_ptr_array_index(kept, i);
        g_assert_true(g_file_test(disk->file, G_FILE_TEST_EXISTS));
        g_string_append_printf(text, "%u:%u ", disk->lun, disk->size_gib);
    }
    return g_string_free(text, FALSE);
}

static void
test_all_are_kept_with_their_sizes(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *disks = disks_folder(f);
    disk_want(f, 0, 1);
    disk_want(f, 63, 3);
    must_converge(f);
    g_autofree char *first = identity(f, "data-lun0.qcow2"), *none = keep_all_text(f, NULL);
    g_assert_cmpstr(none, ==, "");
    g_autofree char *here = identity(f, "data-lun0.qcow2");
    g_assert_cmpstr(here, ==, first);
    /* Again, as after a crash: they lie there already. */
    for (guint i = 0; i < 2; i++) {
        g_autofree char *text = keep_all_text(f, disks), *path = g_build_filename(disks, KEY "-lun0.qcow2", NULL);
        g_autofree char *kept = inode_of(path);
        g_assert_cmpstr(text, ==, "0:1 63:3 ");
        g_assert_cmpstr(kept, ==, first);
    }
}

static void
test_sizes_and_removal_of_kept_files(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        const char *bytes;
        gsize length;
        guint gib;
    } cases[] = {
        { "QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\x40\0\0\0", 32, 1 },
        { "QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\x40\0\0\1", 32, 2 },
        { "QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\1", 32, 1 },
        { "QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\xff\xff\xff\xff\xff\xff\xff\xff", 32, 0 },
        { "QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\x40\0\0", 31, 0 },
        { "", 0, 0 },
    };
    g_autofree char *disks = disks_folder(f), *path = g_build_filename(disks, "x.qcow2", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(g_file_set_contents(path, cases[i].bytes, (gssize)cases[i].length, NULL));
        g_assert_cmpuint(kept_file_size(path), ==, cases[i].gib);
    }
    for (guint i = 0; i < 2; i++) {
        g_assert_true(kept_file_remove(path, NULL));
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
    g_assert_cmpuint(kept_file_size(path), ==, 0);
    g_assert_false(kept_file_remove(disks, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/keep/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("an-attached-disk-goes-back", test_an_attached_disk_goes_back);
    ADD("it-goes-nowhere-else", test_it_goes_nowhere_else);
    ADD("all-are-kept-with-their-sizes", test_all_are_kept_with_their_sizes);
    ADD("sizes-and-removal-of-kept-files", test_sizes_and_removal_of_kept_files);
#undef ADD
    g_test_add_func("/keep/a-crash-at-any-step-of-leaving-is-made-good", test_a_crash_at_any_step_of_leaving_is_made_good);
    return g_test_run();
}
