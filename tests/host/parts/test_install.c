/* Parts that are put in place: whole, or as if nothing had happened, whenever a crash comes. */
#include "host/qemu/install.h"

#include "base/file.h"
#include "fault.h"
#include "host/qemu/previous.h"

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

/* ---- what is there at first, and what comes ---- */

#define WAS 1690000000
#define PARTS(disk, vars, vtpm, d, v, t)                                                                                       \
    {                                                                                                                          \
        .of = { disk, vars, vtpm }, .past = { { d, 0 }, { v, 0 }, { t, 0 } }, .data = 1, .retired = NOW                        \
    }

typedef struct {
    const char *name, *text;
} Thing;

/* A Trusted launch instance, third of its kind: its first disk and vTPM lie in previous/. */
static const Thing at_first[] = {
    { "os.qcow2", "disk 3" },
    { "vars.fd", "variables 3" },
    { "vtpm/tpm2-00.permall", "vtpm 3" },
    { "seed.iso", "seed 3" },
    { "data-lun0.qcow2", "data" },
    { "guest-state.json", "{}" },
    { "previous/disk-1.1690000000", "disk 1" },
    { "previous/variables-1.1690000000", "variables 1" },
    { "previous/vtpm-1.1690000000/tpm2-00.permall", "vtpm 1" },
};

static const FolderParts old_parts = { .of = { 3, 3, 3 }, .past = { { 3, 0 }, { 3, 0 }, { 3, 0 } }, .data = 1, .retired = WAS };

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->folder = g_dir_make_tmp("testudo-install-XXXXXX", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(at_first); i++)
        put(f, at_first[i].name, at_first[i].text);
    put_parts(f, "", &old_parts);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    folder_remove(f->folder, NULL);
    g_clear_pointer(&f->folder, g_free);
}

/* ---- stories: what was made, and where everything is afterwards ---- */

#define KEPT_DISK  "previous/disk-3.1700000000"
#define KEPT_VARS  "previous/variables-3.1700000000"
#define KEPT_VTPM  "previous/vtpm-3.1700000000"
#define FIRST_DISK "previous/disk-1.1690000000"
#define FIRST_VARS "previous/variables-1.1690000000"
#define FIRST_VTPM "previous/vtpm-1.1690000000"
#define STATE      "/tpm2-00.permall"

static const struct {
    const char *name;
    FolderParts parts;
    Thing made[6], after[14]; /* text NULL: is not there */
    guint changes;            /* that it makes at least */
} stories[] = {
    { "a-reimage",
      PARTS(4, 4, 4, 4, 4, 4),
      { { "os.qcow2", "disk 4" }, { "vars.fd", "variables 4" }, { "vtpm" STATE, "vtpm 4" }, { "seed.iso", "seed 4" } },
      { { "os.qcow2", "disk 4" },
        { "vars.fd", "variables 4" },
        { "vtpm" STATE, "vtpm 4" },
        { "seed.iso", "seed 4" },
        { KEPT_DISK, "disk 3" },
        { KEPT_VARS, "variables 3" },
        { KEPT_VTPM STATE, "vtpm 3" },
        { FIRST_DISK, "disk 1" },
        { FIRST_VARS, "variables 1" },
        { FIRST_VTPM STATE, "vtpm 1" } },
      10 },
    { "secure-boot-toggled",
      PARTS(3, 4, 3, 3, 4, 3),
      { { "vars.fd", "variables 4" } },
      { { "os.qcow2", "disk 3" }, { "vars.fd", "variables 4" }, { "vtpm" STATE, "vtpm 3" }, { KEPT_VARS, "variables 3" } },
      5 },
    { "to-standard-on-the-same-disk",
      PARTS(3, 4, 0, 3, 4, 3),
      { { "vars.fd", "variables 4" } },
      { { "os.qcow2", "disk 3" },
        { "vars.fd", "variables 4" },
        { "vtpm", NULL },
        { KEPT_VARS, "variables 3" },
        { KEPT_VTPM STATE, "vtpm 3" } },
      6 },
    { "a-new-vtpm-on-the-same-disk",
      PARTS(3, 3, 4, 3, 3, 4),
      { { "vtpm" STATE, "vtpm 4" } },
      { { "os.qcow2", "disk 3" }, { "vars.fd", "variables 3" }, { "vtpm" STATE, "vtpm 4" }, { KEPT_VTPM STATE, "vtpm 3" } },
      5 },
    { "all-of-the-former-put-back",
      PARTS(1, 1, 1, 3, 3, 3),
      { { "seed.iso", "seed 1" } },
      { { "os.qcow2", "disk 1" },
        { "vars.fd", "variables 1" },
        { "vtpm" STATE, "vtpm 1" },
        { "seed.iso", "seed 1" },
        { KEPT_DISK, "disk 3" },
        { KEPT_VARS, "variables 3" },
        { KEPT_VTPM STATE, "vtpm 3" },
        { FIRST_DISK, NULL },
        { FIRST_VARS, NULL },
        { FIRST_VTPM, NULL } },
      9 },
    { "the-former-disk-put-back-with-new-variables-and-no-vtpm",
      PARTS(1, 4, 0, 3, 4, 3),
      { { "seed.iso", "seed 1" }, { "vars.fd", "variables 4" } },
      { { "os.qcow2", "disk 1" },
        { "vars.fd", "variables 4" },
        { "vtpm", NULL },
        { KEPT_DISK, "disk 3" },
        { KEPT_VARS, "variables 3" },
        { KEPT_VTPM STATE, "vtpm 3" },
        { FIRST_DISK, NULL },
        { FIRST_VARS, "variables 1" },
        { FIRST_VTPM STATE, "vtpm 1" } },
      8 },
    { "variables-that-were-lost-made-again",
      PARTS(3, 3, 3, 3, 3, 3),
      { { "vars.fd", "variables 3 again" } },
      { { "os.qcow2", "disk 3" }, { "vars.fd", "variables 3 again" }, { "vtpm" STATE, "vtpm 3" }, { KEPT_VARS, NULL } },
      3 },
    { "data-disks-made-afresh",
      PARTS(3, 3, 3, 3, 3, 3),
      { { "data-lun0.qcow2", "data" }, { "data-lun63.qcow2", "last" } },
      { { "data-lun63.qcow2", "last" }, { "os.qcow2", "disk 3" } },
      4 },
};

static void
made_put(const Fixture *f, guint story)
{
    for (guint i = 0; i < G_N_ELEMENTS(stories[story].made) && stories[story].made[i].name; i++) {
        g_autofree char *name = g_strconcat("next/", stories[story].made[i].name, NULL);
        put(f, name, stories[story].made[i].text);
    }
    put_parts(f, "next", &stories[story].parts);
}

static guint
regular_files(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint n = 0;
    if (!dir)
        return 1;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        n += regular_files(below);
    }
    return n;
}

static void
after_check(const Fixture *f, guint story)
{
    for (guint i = 0; i < G_N_ELEMENTS(stories[story].after) && stories[story].after[i].name; i++) {
        const Thing *thing = &stories[story].after[i];
        if (thing->text)
            holds(f, thing->name, thing->text);
        else
            lacks(f, thing->name);
    }
    holds_parts(f, "", &stories[story].parts);
    holds(f, "data-lun0.qcow2", "data");
    lacks(f, "next");
    lacks(f, "guest-state.json");
}

static gboolean
install(void *data)
{
    return install_finish(((const Fixture *)data)->folder, NULL);
}

static void
test_story(Fixture *f, const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    made_put(f, i);
    g_assert_true(install(f));
    after_check(f, i);
}

/* Whatever moment a crash comes at, the next call ends where it would have ended, with as many files. */
static void
test_a_crash_at_any_step_is_rolled_forward(const void *data)
{
    guint i = GPOINTER_TO_UINT(data), k = 0, files = 0;
    for (gboolean crashed = TRUE; crashed; k++) {
        Fixture f;
        set_up(&f, NULL);
        made_put(&f, i);
        crashed = fault_crash_at(k, install, &f);
        g_assert_true(install(&f));
        after_check(&f, i);
        g_assert_true(files == 0 || files == regular_files(f.folder));
        files = regular_files(f.folder);
        tear_down(&f, NULL);
    }
    g_assert_cmpuint(k, >, stories[i].changes);
}

/* And where the second call crashes too. */
static void
test_two_crashes_are_rolled_forward(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    for (guint k = 0; k <= stories[i].changes; k++) {
        for (guint again = 0; again <= 2; again++) {
            Fixture f;
            set_up(&f, NULL);
            made_put(&f, i);
            fault_crash_at(k, install, &f);
            fault_crash_at(again, install, &f);
            g_assert_true(install(&f));
            after_check(&f, i);
            tear_down(&f, NULL);
        }
    }
}

/* ---- what is not complete ---- */

static void
test_half_made_parts_are_thrown_away(Fixture *f, const void *data G_GNUC_UNUSED)
{
    put(f, "next/os.qcow2", "half");
    g_assert_true(install(f));
    holds(f, "os.qcow2", "disk 3");
    holds_parts(f, "", &old_parts);
    lacks(f, "next");
}

static void
test_nothing_to_do_changes_nothing(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_assert_true(install(f));
    for (guint i = 0; i < G_N_ELEMENTS(at_first); i++)
        holds(f, at_first[i].name, at_first[i].text);
    holds_parts(f, "", &old_parts);
}

/* The folder was its VM's: links that it left lead us nowhere. */
static void
test_links_are_not_followed(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const names[] = { "next", "previous", "vtpm" };
    g_autofree char *elsewhere = g_dir_make_tmp("testudo-elsewhere-XXXXXX", NULL);
    g_autofree char *kept = g_build_filename(elsewhere, "os.qcow2", NULL);
    g_assert_true(g_file_set_contents(kept, "precious", -1, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *link = g_build_filename(f->folder, names[i], NULL);
        folder_remove(link, NULL);
        g_assert_cmpint(symlink(elsewhere, link), ==, 0);
        g_assert_true(install(f));
        g_assert_false(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
        g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
    }
    folder_remove(elsewhere, NULL);
}

/* ---- what is kept, and how long ---- */

/* A former part that its owner made a link of is not there; nor is one that is of another type. */
static void
test_only_what_is_itself_is_found(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        const char *name;
        Part part;
        guint64 generation;
        gboolean found;
    } cases[] = {
        { "previous/disk-7.1", PART_DISK, 7, TRUE },      { "previous/disk-7.1", PART_DISK, 8, FALSE },
        { "previous/disk-7.1", PART_VARS, 7, FALSE },     { "previous/disk-77.1", PART_DISK, 7, FALSE },
        { "previous/disk-7.", PART_DISK, 7, FALSE },      { "previous/disk-7", PART_DISK, 7, FALSE },
        { "previous/disk--7.1", PART_DISK, 7, FALSE },    { "previous/disk-7.-1", PART_DISK, 7, FALSE },
        { "previous/diskette-7.1", PART_DISK, 7, FALSE }, { "previous/disk-7.1/os.qcow2", PART_DISK, 7, FALSE },
        { "previous/variables-7.1", PART_VARS, 7, TRUE }, { "previous/vtpm-7.1", PART_VTPM, 7, FALSE },
        { "previous/vtpm-7.1/x", PART_VTPM, 7, TRUE },
    };
    g_autofree char *link = g_build_filename(f->folder, "previous", "disk-9.1", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_build_filename(f->folder, cases[i].name, NULL);
        put(f, cases[i].name, "x");
        g_autofree char *found = previous_find(f->folder, cases[i].part, cases[i].generation);
        g_test_message("%s", cases[i].name);
        g_assert_cmpint(found != NULL, ==, cases[i].found);
        g_autofree char *previous = g_build_filename(f->folder, "previous", NULL);
        folder_remove(previous, NULL);
    }
    put(f, "previous/x", "x");
    g_assert_cmpint(symlink("x", link), ==, 0);
    g_assert_null(previous_find(f->folder, PART_DISK, 9));
}

/* ---- how long ---- */

/* Of the launch that made the folder what it is. */
static const LaunchSpec present = { .generation = 2, .disk_gen = 3, .vars_gen = 3, .vtpm_gen = 3, .hold = FALSE };

static void
test_a_part_is_kept_for_its_time_and_no_longer(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const names[] = { "previous/disk-1.1690000000", "previous/variables-1.1690000000",
                                         "previous/vtpm-1.1690000000" };
    put(f, "previous/disk-2.1690000001", "disk 2");
    g_assert_true(previous_prune(f->folder, &present, WAS + 7 * DAY - 1, 7 * DAY, NULL));
    holds(f, FIRST_DISK, "disk 1");
    holds(f, FIRST_VTPM STATE, "vtpm 1");
    g_assert_true(previous_prune(f->folder, &present, WAS + 7 * DAY, 7 * DAY, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        lacks(f, names[i]);
    holds(f, "previous/disk-2.1690000001", "disk 2");
    holds(f, "os.qcow2", "disk 3");
    holds(f, "vtpm/tpm2-00.permall", "vtpm 3");
}

/* An undo may be under way, or on its way. */
static void
test_what_may_be_wanted_stays(Fixture *f, const void *data G_GNUC_UNUSED)
{
    LaunchSpec held = present, undone = present, without = present;
    held.hold = TRUE;
    undone.disk_gen = 1;
    without.vtpm_gen = 0;
    const LaunchSpec *const specs[] = { NULL, &held, &undone, &without };
    for (guint i = 0; i < G_N_ELEMENTS(specs); i++) {
        g_assert_true(previous_prune(f->folder, specs[i], NOW, 7 * DAY, NULL));
        holds(f, FIRST_DISK, "disk 1");
    }
    /* What is on its way in was made complete, and may be it that is put back. */
    put_parts(f, "next", &(FolderParts)PARTS(1, 1, 1, 3, 3, 3));
    g_assert_true(previous_prune(f->folder, &present, NOW, 7 * DAY, NULL));
    holds(f, FIRST_DISK, "disk 1");
    g_assert_true(install(f));
    holds(f, "os.qcow2", "disk 1");
}

/* Former versions kept a unit as a folder. */
static void
test_what_a_former_version_kept_goes_in_its_time(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const FolderParts unit = { .of = { 2, 2, 2 }, .past = { { 2, 0 }, { 2, 0 }, { 2, 0 } }, .data = 1, .retired = NOW };
    put(f, "previous/2/os.qcow2", "disk 2");
    put_parts(f, "previous/2", &unit);
    g_assert_true(previous_prune(f->folder, &present, NOW + 7 * DAY - 1, 7 * DAY, NULL));
    holds(f, "previous/2/os.qcow2", "disk 2");
    g_assert_true(previous_prune(f->folder, &present, NOW + 7 * DAY, 7 * DAY, NULL));
    lacks(f, "previous/2");
}

static void
test_a_link_among_the_kept_is_removed_alone(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *elsewhere = g_dir_make_tmp("testudo-elsewhere-XXXXXX", NULL);
    g_autofree char *kept = g_build_filename(elsewhere, "precious", NULL);
    g_autofree char *link = g_build_filename(f->folder, "previous", "vtpm-9.1", NULL);
    g_assert_true(g_file_set_contents(kept, "precious", -1, NULL));
    put(f, "previous/8/x", "no parts.json");
    g_assert_cmpint(symlink(elsewhere, link), ==, 0);
    g_assert_true(previous_prune(f->folder, &present, NOW, 7 * DAY, NULL));
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
        g_autofree char *two = g_strconcat("/install/two-crashes-are-rolled-forward/", stories[i].name, NULL);
        g_test_add(story, Fixture, GUINT_TO_POINTER(i), set_up, test_story, tear_down);
        g_test_add_data_func(crash, GUINT_TO_POINTER(i), test_a_crash_at_any_step_is_rolled_forward);
        g_test_add_data_func(two, GUINT_TO_POINTER(i), test_two_crashes_are_rolled_forward);
    }
#define ADD(name, test) g_test_add("/install/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("half-made-parts-are-thrown-away", test_half_made_parts_are_thrown_away);
    ADD("nothing-to-do-changes-nothing", test_nothing_to_do_changes_nothing);
    ADD("links-are-not-followed", test_links_are_not_followed);
    ADD("only-what-is-itself-is-found", test_only_what_is_itself_is_found);
    ADD("a-part-is-kept-for-its-time-and-no-longer", test_a_part_is_kept_for_its_time_and_no_longer);
    ADD("what-may-be-wanted-stays", test_what_may_be_wanted_stays);
    ADD("what-a-former-version-kept-goes-in-its-time", test_what_a_former_version_kept_goes_in_its_time);
    ADD("a-link-among-the-kept-is-removed-alone", test_a_link_among_the_kept_is_removed_alone);
#undef ADD
    return g_test_run();
}
