/* Parts that are put in place: whole, or as if nothing had happened, whenever a crash comes. */
#include "host/qemu/install.h"

#include "base/file.h"
#include "fault.h"
#include "host/qemu/parts.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define NOW 1700000000
#define DAY 86400

typedef struct {
    char *folder;
} Fixture;

static void
put(const Fixture *f, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(f->folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
put_parts(const Fixture *f, const char *name, const FolderParts *parts)
{
    g_autofree char *path = g_build_filename(f->folder, name, NULL);
    g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
    g_assert_true(folder_parts_write(path, parts, NULL));
}

static void
holds(const Fixture *f, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(f->folder, name, NULL);
    g_autofree char *found = NULL;
    g_file_get_contents(path, &found, NULL, NULL);
    g_assert_cmpstr(found, ==, text);
}

static void
holds_parts(const Fixture *f, const char *name, const FolderParts *parts)
{
    g_autofree char *path = g_build_filename(f->folder, name, NULL);
    FolderParts found = { 0 };
    g_autoptr(GError) error = NULL;
    folder_parts_read(path, &found, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(&found, sizeof found, parts, sizeof *parts);
}

static void
lacks(const Fixture *f, const char *name)
{
    g_autofree char *path = g_build_filename(f->folder, name, NULL);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static const FolderParts old_parts = { .disk = 1, .vars = 1, .vtpm = 1, .data = 1 };

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->folder = g_dir_make_tmp("testudo-install-XXXXXX", NULL);
    put(f, "os.qcow2", "old disk");
    put(f, "vars.fd", "old vars");
    put(f, "vtpm/tpm2-00.permall", "old vtpm");
    put(f, "seed.iso", "old seed");
    put(f, "data-lun0.qcow2", "data");
    put(f, "guest-state.json", "{}");
    put_parts(f, "", &old_parts);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    folder_remove(f->folder, NULL);
    g_clear_pointer(&f->folder, g_free);
}

/* ---- three things that happen to instances, and what is there afterwards ---- */

static const FolderParts reimaged = { .disk = 2, .vars = 2, .vtpm = 2, .data = 1 };

static void
reimage_prepare(const Fixture *f)
{
    put(f, "next/os.qcow2", "new disk");
    put(f, "next/vars.fd", "new vars");
    put(f, "next/vtpm/tpm2-00.permall", "new vtpm");
    put(f, "next/seed.iso", "new seed");
    put_parts(f, "next", &reimaged);
}

static void
reimage_check(const Fixture *f)
{
    FolderParts retired = old_parts;
    retired.retired = NOW;
    holds(f, "os.qcow2", "new disk");
    holds(f, "vars.fd", "new vars");
    holds(f, "vtpm/tpm2-00.permall", "new vtpm");
    holds(f, "seed.iso", "new seed");
    holds_parts(f, "", &reimaged);
    holds(f, "previous/1/os.qcow2", "old disk");
    holds(f, "previous/1/vars.fd", "old vars");
    holds(f, "previous/1/vtpm/tpm2-00.permall", "old vtpm");
    holds_parts(f, "previous/1", &retired);
}

static const FolderParts toggled = { .disk = 1, .vars = 2, .vtpm = 1, .data = 1 };

static void
toggle_prepare(const Fixture *f)
{
    put(f, "next/vars.fd", "new vars");
    put_parts(f, "next", &toggled);
}

static void
toggle_check(const Fixture *f)
{
    holds(f, "os.qcow2", "old disk");
    holds(f, "vars.fd", "new vars");
    holds(f, "vtpm/tpm2-00.permall", "old vtpm");
    holds_parts(f, "", &toggled);
    lacks(f, "previous");
}

static const FolderParts standard = { .disk = 1, .vars = 2, .vtpm = 0, .data = 1 };

static void
standard_prepare(const Fixture *f)
{
    put(f, "next/vars.fd", "new vars");
    put_parts(f, "next", &standard);
}

static void
standard_check(const Fixture *f)
{
    holds(f, "os.qcow2", "old disk");
    holds(f, "vars.fd", "new vars");
    lacks(f, "vtpm");
    holds_parts(f, "", &standard);
    lacks(f, "previous");
}

static const FolderParts trusted = { .disk = 1, .vars = 2, .vtpm = 2, .data = 1 };

static void
vtpm_prepare(const Fixture *f)
{
    put(f, "next/vars.fd", "new vars");
    put(f, "next/vtpm/tpm2-00.permall", "new vtpm");
    put_parts(f, "next", &trusted);
}

static void
vtpm_check(const Fixture *f)
{
    holds(f, "os.qcow2", "old disk");
    holds(f, "vtpm/tpm2-00.permall", "new vtpm");
    holds_parts(f, "", &trusted);
    lacks(f, "previous");
}

static const struct {
    const char *name;
    void (*prepare)(const Fixture *f), (*check)(const Fixture *f);
    guint changes; /* that it makes at least */
} stories[] = {
    { "reimage", reimage_prepare, reimage_check, 12 },
    { "secure-boot-toggle", toggle_prepare, toggle_check, 4 },
    { "back-to-standard", standard_prepare, standard_check, 5 },
    { "a-new-vtpm-on-the-same-disk", vtpm_prepare, vtpm_check, 6 },
};

static gboolean
install(void *data)
{
    return install_finish(((const Fixture *)data)->folder, NOW, NULL);
}

static void
test_story(Fixture *f, const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    stories[i].prepare(f);
    g_assert_true(install(f));
    stories[i].check(f);
    holds(f, "data-lun0.qcow2", "data");
    lacks(f, "next");
    lacks(f, "previous.new");
    lacks(f, "guest-state.json");
}

static void
test_a_crash_at_any_step_is_rolled_forward(const void *data)
{
    guint i = GPOINTER_TO_UINT(data), k = 0;
    for (gboolean crashed = TRUE; crashed; k++) {
        Fixture f;
        set_up(&f, NULL);
        stories[i].prepare(&f);
        crashed = fault_crash_at(k, install, &f);
        g_assert_true(install(&f));
        stories[i].check(&f);
        holds(&f, "data-lun0.qcow2", "data");
        lacks(&f, "next");
        lacks(&f, "previous.new");
        tear_down(&f, NULL);
    }
    g_assert_cmpuint(k, >, stories[i].changes);
}

/* ---- what is not complete ---- */

static void
test_half_made_parts_are_thrown_away(Fixture *f, const void *data G_GNUC_UNUSED)
{
    put(f, "next/os.qcow2", "half");
    g_assert_true(install(f));
    holds(f, "os.qcow2", "old disk");
    holds_parts(f, "", &old_parts);
    lacks(f, "next");
}

static void
test_nothing_to_do_changes_nothing(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_assert_true(install(f));
    holds_parts(f, "", &old_parts);
    holds(f, "guest-state.json", "{}");
}

static void
test_a_data_disk_that_comes_new_takes_the_old_ones_place(Fixture *f, const void *data G_GNUC_UNUSED)
{
    FolderParts parts = old_parts;
    parts.data = 2;
    put(f, "next/data-lun0.qcow2", "fresh");
    put(f, "next/data-lun63.qcow2", "last");
    put_parts(f, "next", &parts);
    g_assert_true(install(f));
    holds(f, "data-lun0.qcow2", "fresh");
    holds(f, "data-lun63.qcow2", "last");
    holds(f, "os.qcow2", "old disk");
}

/* The folder was its VM's: links that it left lead us nowhere. */
static void
test_links_are_not_followed(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const names[] = { "next", "previous", "previous.new" };
    g_autofree char *elsewhere = g_dir_make_tmp("testudo-elsewhere-XXXXXX", NULL);
    g_autofree char *kept = g_build_filename(elsewhere, "os.qcow2", NULL);
    g_assert_true(g_file_set_contents(kept, "precious", -1, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *link = g_build_filename(f->folder, names[i], NULL);
        g_assert_cmpint(symlink(elsewhere, link), ==, 0);
        g_assert_true(install(f));
        g_assert_false(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
        g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
    }
    folder_remove(elsewhere, NULL);
}

/* ---- what is kept, and how long ---- */

static void
test_a_unit_is_kept_for_its_time_and_no_longer(Fixture *f, const void *data G_GNUC_UNUSED)
{
    reimage_prepare(f);
    g_assert_true(install(f));
    g_assert_true(previous_prune(f->folder, NOW + 7 * DAY - 1, 7 * DAY, NULL));
    reimage_check(f);
    g_assert_true(previous_prune(f->folder, NOW + 7 * DAY, 7 * DAY, NULL));
    lacks(f, "previous/1");
    holds(f, "os.qcow2", "new disk");
}

static void
test_each_reimage_keeps_a_unit_of_its_own(Fixture *f, const void *data G_GNUC_UNUSED)
{
    FolderParts third = { .disk = 3, .vars = 3, .vtpm = 3, .data = 1 };
    reimage_prepare(f);
    g_assert_true(install(f));
    put(f, "next/os.qcow2", "third disk");
    put_parts(f, "next", &third);
    g_assert_true(install(f));
    holds(f, "previous/1/os.qcow2", "old disk");
    holds(f, "previous/2/os.qcow2", "new disk");
    holds(f, "os.qcow2", "third disk");
}

static void
test_a_link_among_the_kept_is_removed_alone(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *elsewhere = g_dir_make_tmp("testudo-elsewhere-XXXXXX", NULL);
    g_autofree char *kept = g_build_filename(elsewhere, "precious", NULL);
    g_autofree char *link = g_build_filename(f->folder, "previous", "9", NULL);
    g_assert_true(g_file_set_contents(kept, "precious", -1, NULL));
    put(f, "previous/8/x", "no parts.json");
    g_assert_cmpint(symlink(elsewhere, link), ==, 0);
    g_assert_true(previous_prune(f->folder, NOW, 7 * DAY, NULL));
    lacks(f, "previous/8");
    g_assert_false(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
    folder_remove(elsewhere, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *story = g_strconcat("/install/", stories[i].name, NULL);
        g_autofree char *crash = g_strconcat("/install/a-crash-at-any-step-is-rolled-forward/", stories[i].name, NULL);
        g_test_add(story, Fixture, GUINT_TO_POINTER(i), set_up, test_story, tear_down);
        g_test_add_data_func(crash, GUINT_TO_POINTER(i), test_a_crash_at_any_step_is_rolled_forward);
    }
#define ADD(name, test) g_test_add("/install/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("half-made-parts-are-thrown-away", test_half_made_parts_are_thrown_away);
    ADD("nothing-to-do-changes-nothing", test_nothing_to_do_changes_nothing);
    ADD("a-data-disk-that-comes-new-takes-the-old-ones-place", test_a_data_disk_that_comes_new_takes_the_old_ones_place);
    ADD("links-are-not-followed", test_links_are_not_followed);
    ADD("a-unit-is-kept-for-its-time-and-no-longer", test_a_unit_is_kept_for_its_time_and_no_longer);
    ADD("each-reimage-keeps-a-unit-of-its-own", test_each_reimage_keeps_a_unit_of_its_own);
    ADD("a-link-among-the-kept-is-removed-alone", test_a_link_among_the_kept_is_removed_alone);
#undef ADD
    return g_test_run();
}
