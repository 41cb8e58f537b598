/* Kept data disks become an instance's: once, whole, and only what is one. */
#include "folder.h"

#include "base/file.h"
#include "fault.h"
#include "host/qemu/disk.h"
#include "host/qemu/folder.h"
#include "host/run.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
keep(const Fixture *f, const char *name)
{
    g_autofree char *disks = g_build_filename(f->state_dir, "disks", NULL);
    char *path = g_build_filename(disks, name, NULL);
    g_assert_true(folder_make(disks, NULL));
    g_assert_true(disk_data_make(path, 2, (DiskUser){ 0 }, NULL));
    return path;
}

static void
attach_want(Fixture *f, guint lun, guint size_gib, const char *file)
{
    g_ptr_array_add(f->spec->data_disks, launch_disk_new(lun, size_gib, file));
}

static void
test_a_kept_disk_is_attached(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *file = keep(f, "a.1-lun3.qcow2"), *disk = inode_of(file);
    disk_want(f, 0, 1);
    attach_want(f, 5, 1, file);
    must_converge(f);
    g_autofree char *here = identity(f, "data-lun5.qcow2");
    g_assert_cmpstr(here, ==, disk);
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    g_assert_cmpuint(size_of(f, "data-lun5.qcow2"), ==, G_GUINT64_CONSTANT(2) << 30);
    /* As often as it is asked for, through a reimage of all and an undo of that. */
    for (guint64 generation = 3; generation > 0; generation--) {
        f->spec->data_gen = generation;
        ((LaunchDisk *)g_ptr_array_index(f->spec->data_disks, 1))->size_gib = 5 - (guint)generation;
        must_converge(f);
        g_autofree char *again = identity(f, "data-lun5.qcow2");
        g_assert_cmpstr(again, ==, disk);
    }
    g_assert_cmpuint(size_of(f, "data-lun5.qcow2"), ==, G_GUINT64_CONSTANT(4) << 30);
}

static void
test_an_attached_disk_is_its_users(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat st;
    if (geteuid() != 0) {
        g_test_skip("only root gives files away");
        return;
    }
    g_autofree char *file = keep(f, "a.1-lun3.qcow2"), *here = folder_data_disk(f->folder, 5);
    g_autofree char *images = g_path_get_dirname(f->image), *instances = g_path_get_dirname(f->folder);
    g_assert_cmpint(chmod(f->state_dir, 0711) | chmod(images, 0711) | chmod(instances, 0711) | chmod(f->image, 0444), ==, 0);
    f->context.uid = f->context.gid = 61234;
    attach_want(f, 5, 4, file);
    must_converge(f);
    g_assert_cmpint(lstat(here, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 61234);
    g_assert_cmpuint(size_of(f, "data-lun5.qcow2"), ==, G_GUINT64_CONSTANT(4) << 30);
}

static const struct {
    const char *name, *path, *says; /* path: below the state folder */
    enum { IS_GOOD, IS_LINK, IS_TWICE, IS_BACKED, IS_TEXT, IS_FOLDER, IS_NOT } what;
} unfit[] = {
    { "elsewhere", "images/a.qcow2", "no file of the folder", IS_GOOD },
    { "above", "disks/../a.qcow2", "no file of the folder", IS_GOOD },
    { "below", "disks/sub/a.qcow2", "no file of the folder", IS_GOOD },
    { "the-folder-itself", "disks/", "no file of the folder", IS_NOT },
    { "hidden", "disks/.a", "no file of the folder", IS_GOOD },
    { "a-link", "disks/a.qcow2", "cannot open", IS_LINK },
    { "a-second-name", "disks/a.qcow2", "no regular file of its own", IS_TWICE },
    { "a-backing-file", "disks/a.qcow2", "backing file", IS_BACKED },
    { "no-qcow2", "disks/a.qcow2", "does not begin as one", IS_TEXT },
    { "a-folder", "disks/a.qcow2", "no regular file of its own", IS_FOLDER },
    { "not-there", "disks/a.qcow2", "it is missing", IS_NOT },
};

static void
unfit_make(const Fixture *f, guint i, const char *path)
{
    const char *const backed[] = { "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", f->image, path, NULL };
    g_autofree char *folder = g_path_get_dirname(path), *other = g_strconcat(path, ".other", NULL);
    g_assert_true(folder_make(folder, NULL));
    switch (unfit[i].what) {
    case IS_NOT:
        return;
    case IS_GOOD:
        g_assert_true(disk_data_make(path, 1, (DiskUser){ 0 }, NULL));
        return;
    case IS_LINK:
        g_assert_cmpint(symlink(f->image, path), ==, 0);
        return;
    case IS_TWICE:
        g_assert_true(disk_data_make(path, 1, (DiskUser){ 0 }, NULL));
        g_assert_cmpint(link(path, other), ==, 0);
        return;
    case IS_BACKED:
        g_assert_true(run_program(backed, NULL, NULL, NULL));
        return;
    case IS_TEXT:
        g_assert_true(g_file_set_contents(path, "no disk", -1, NULL));
        return;
    case IS_FOLDER:
        g_assert_true(folder_make(path, NULL));
        return;
    }
}

static void
test_unfit(Fixture *f, const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autofree char *path = g_strconcat(f->state_dir, "/", unfit[i].path, NULL);
    unfit_make(f, i, path);
    attach_want(f, 5, 1, path);
    must_fail(f, unfit[i].what == IS_LINK ? ARM_INTERNAL : ARM_VM_START_FAILED, unfit[i].says);
    g_assert_true(unfit[i].what == IS_NOT || g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(f->folder, G_FILE_TEST_EXISTS));
}

static void
test_no_disk_is_put_over_another(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *file = keep(f, "a.1-lun3.qcow2");
    disk_want(f, 5, 1);
    must_converge(f);
    g_autofree char *disk = identity(f, "data-lun5.qcow2");
    g_ptr_array_set_size(f->spec->data_disks, 0);
    attach_want(f, 5, 1, file);
    must_fail(f, ARM_VM_START_FAILED, "another disk there");
    g_autofree char *same = identity(f, "data-lun5.qcow2");
    g_assert_cmpstr(same, ==, disk);
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
}

/* At a first start, and at one that finds the folder. */
static void
test_a_crash_at_any_step_of_attaching_is_made_good(const void *data)
{
    gboolean first = GPOINTER_TO_INT(data);
    guint k = 0;
    for (gboolean crashed = TRUE; crashed; k++) {
        Fixture f;
        set_up(&f, NULL);
        g_autofree char *file = keep(&f, "a.1-lun3.qcow2"), *disk = inode_of(file);
        if (!first)
            must_converge(&f);
        attach_want(&f, 5, 3, file);
        crashed = fault_crash_at(k, run, &f);
        g_autofree char *kept = inode_of(file), *half = identity(&f, "data-lun5.qcow2");
        g_assert_true((strcmp(kept, disk) == 0) != (strcmp(half, disk) == 0));
        must_converge(&f);
        g_autofree char *here = identity(&f, "data-lun5.qcow2");
        g_assert_cmpstr(here, ==, disk);
        g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
        tear_down(&f, NULL);
    }
    g_assert_cmpuint(k, >, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(unfit); i++) {
        g_autofree char *path = g_strconcat("/attach/unfit/", unfit[i].name, NULL);
        g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_unfit, tear_down);
    }
#define ADD(name, test) g_test_add("/attach/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("a-kept-disk-is-attached", test_a_kept_disk_is_attached);
    ADD("an-attached-disk-is-its-users", test_an_attached_disk_is_its_users);
    ADD("no-disk-is-put-over-another", test_no_disk_is_put_over_another);
#undef ADD
    g_test_add_data_func("/attach/a-crash-at-any-step-is-made-good/first-start", GINT_TO_POINTER(TRUE),
                         test_a_crash_at_any_step_of_attaching_is_made_good);
    g_test_add_data_func("/attach/a-crash-at-any-step-is-made-good/later", GINT_TO_POINTER(FALSE),
                         test_a_crash_at_any_step_of_attaching_is_made_good);
    return g_test_run();
}
