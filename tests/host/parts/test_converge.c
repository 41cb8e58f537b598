/* From a LaunchSpec to a folder, without a VM. */
#include "folder.h"

#include "base/file.h"
#include "fault.h"
#include "host/qemu/disk.h"
#include "host/qemu/folder.h"
#include "host/qemu/guest_state.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the plan, which is pure ---- */

/* wanted: disk, variables, vTPM, data. kept: of the wanted ones, which lie in previous/: d, v, t. plan: where disk, variables
 * and vTPM come from: = is there, + made, < put back, - none, ! lost; then s: a seed is made, v: variables, D: data disks
 * afresh. */
static const struct {
    const char *name;
    FolderParts parts;
    guint64 wanted[4];
    const char *kept;
    gboolean no_files, gen1;
    const char *plan;
} plans[] = {
#define HAS(disk, vars, vtpm, d, v, t)                                                                                         \
    {                                                                                                                          \
        .of = { disk, vars, vtpm }, .past = { { d, 0 }, { v, 0 }, { t, 0 } }, .data = 1                                        \
    }
    { "a-new-folder-gets-everything", { .data = 0 }, { 1, 1, 1, 1 }, "", TRUE, FALSE, "+++sv" },
    { "a-new-folder-whatever-the-numbers", { .data = 0 }, { 7, 5, 3, 2 }, "", TRUE, FALSE, "+++sv" },
    { "nothing-changed", HAS(1, 1, 1, 1, 1, 1), { 1, 1, 1, 1 }, "", FALSE, FALSE, "===" },
    { "secure-boot-toggle-keeps-the-vtpm", HAS(1, 1, 1, 1, 1, 1), { 1, 2, 1, 1 }, "", FALSE, FALSE, "=+=v" },
    { "standard-to-trusted", HAS(1, 1, 0, 1, 1, 0), { 1, 2, 2, 1 }, "", FALSE, FALSE, "=++v" },
    { "trusted-to-standard", HAS(1, 1, 1, 1, 1, 1), { 1, 2, 0, 1 }, "", FALSE, FALSE, "=+-v" },
    { "a-reimage", HAS(1, 1, 1, 1, 1, 1), { 2, 2, 2, 1 }, "", FALSE, FALSE, "+++sv" },
    { "undone", HAS(2, 2, 2, 2, 2, 2), { 1, 1, 1, 1 }, "dvt", FALSE, FALSE, "<<<s" },
    { "undone-on-the-same-disk", HAS(1, 2, 2, 1, 2, 2), { 1, 1, 0, 1 }, "v", FALSE, FALSE, "=<-" },
    { "undone-where-nothing-was-done", HAS(1, 1, 1, 1, 1, 1), { 1, 1, 1, 1 }, "", FALSE, FALSE, "===" },
    { "what-is-kept-no-longer-is-lost", HAS(2, 2, 2, 2, 2, 2), { 1, 1, 1, 1 }, "v", FALSE, FALSE, "!<!s" },
    { "a-number-between-is-lost-too", HAS(1, 5, 0, 3, 5, 4), { 2, 5, 3, 1 }, "", FALSE, FALSE, "!=!s" },
    { "a-number-is-not-made-again-after-an-undo", HAS(1, 1, 0, 2, 2, 2), { 1, 2, 2, 1 }, "", FALSE, FALSE, "=!!" },
    { "a-new-number-after-an-undo", HAS(1, 1, 0, 2, 2, 2), { 3, 3, 3, 1 }, "", FALSE, FALSE, "+++sv" },
    { "a-first-vtpm-has-any-number", HAS(4, 4, 0, 4, 4, 0), { 4, 4, 1, 1 }, "", FALSE, FALSE, "==+" },
    { "data-disks-too", HAS(1, 1, 0, 1, 1, 0), { 2, 2, 0, 2 }, "", FALSE, FALSE, "++-svD" },
    { "an-older-number-touches-no-data-disk",
      { .of = { 1, 1 }, .past = { { 1, 0 }, { 1, 0 } }, .data = 3 },
      { 1, 1, 0, 1 },
      "",
      FALSE,
      FALSE,
      "==-" },
    { "what-can-be-made-again-is", HAS(1, 1, 0, 1, 1, 0), { 1, 1, 0, 1 }, "", TRUE, FALSE, "==-sv" },
    { "generation-1-has-no-variables", { .data = 0 }, { 1, 1, 0, 1 }, "", TRUE, TRUE, "+--s" },
    { "back-to-generation-1", HAS(2, 2, 2, 2, 2, 2), { 1, 1, 0, 1 }, "d", TRUE, TRUE, "<--s" },
#undef HAS
};

static void
test_plan(const void *data)
{
    static const char sources[] = {
        [SOURCE_NONE] = '-', [SOURCE_PRESENT] = '=', [SOURCE_PREVIOUS] = '<', [SOURCE_FRESH] = '+', [SOURCE_LOST] = '!'
    };
    guint i = GPOINTER_TO_UINT(data);
    const LaunchSpec spec = {
        .generation = plans[i].gen1 ? 1 : 2,
        .disk_gen = plans[i].wanted[0],
        .vars_gen = plans[i].wanted[1],
        .vtpm_gen = plans[i].wanted[2],
        .data_gen = plans[i].wanted[3],
    };
    gboolean is_kept[N_PARTS];
    for (Part part = 0; part < N_PARTS; part++)
        is_kept[part] = strchr(plans[i].kept, "dvt"[part]) != NULL;
    ConvergePlan plan = converge_plan(&spec, &plans[i].parts, is_kept, !plans[i].no_files, !plans[i].no_files);
    g_autofree char *text = g_strdup_printf("%c%c%c%s%s%s", sources[plan.part[0]], sources[plan.part[1]], sources[plan.part[2]],
                                            plan.seed ? "s" : "", plan.vars ? "v" : "", plan.data ? "D" : "");
    g_assert_cmpstr(text, ==, plans[i].plan);
}

/* ---- folders ---- */

static void
test_a_standard_folder(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat st;
    disk_want(f, 3, 2);
    must_converge(f);
    g_assert_cmpuint(size_of(f, "os.qcow2"), ==, G_GUINT64_CONSTANT(1) << 30);
    g_assert_cmpuint(size_of(f, "data-lun3.qcow2"), ==, G_GUINT64_CONSTANT(2) << 30);
    g_autofree char *vars = text_of(f, "vars.fd");
    g_assert_cmpstr(vars, ==, "plain.vars");
    g_assert_true(folder_has(f->folder, "seed.iso"));
    g_assert_false(folder_has(f->folder, "vtpm"));
    g_assert_cmpint(stat(f->folder, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0700);
}

static void
test_again_changes_nothing(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const names[] = { "os.qcow2", "vars.fd", "seed.iso", "data-lun0.qcow2", PARTS_FILE };
    char *before[G_N_ELEMENTS(names)];
    disk_want(f, 0, 1);
    must_converge(f);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        before[i] = identity(f, names[i]);
    must_converge(f);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *old = before[i], *now = identity(f, names[i]);
        g_assert_cmpstr(old, ==, now);
    }
}

static void
test_disks_grow_and_never_shrink(Fixture *f, const void *data G_GNUC_UNUSED)
{
    disk_want(f, 0, 2);
    must_converge(f);
    LaunchDisk *disk = g_ptr_array_index(f->spec->data_disks, 0);
    disk->size_gib = 3;
    f->spec->os_disk_gib = 5;
    must_converge(f);
    g_assert_cmpuint(size_of(f, "data-lun0.qcow2"), ==, G_GUINT64_CONSTANT(3) << 30);
    g_assert_cmpuint(size_of(f, "os.qcow2"), ==, G_GUINT64_CONSTANT(5) << 30);
    disk->size_gib = 1;
    f->spec->os_disk_gib = 2;
    must_converge(f);
    g_assert_cmpuint(size_of(f, "data-lun0.qcow2"), ==, G_GUINT64_CONSTANT(3) << 30);
    g_assert_cmpuint(size_of(f, "os.qcow2"), ==, G_GUINT64_CONSTANT(5) << 30);
}

static void
test_an_os_disk_is_never_smaller_than_its_image(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_unlink(f->image);
    g_assert_true(disk_data_make(f->image, 4, (DiskUser){ 0 }, NULL));
    f->spec->os_disk_gib = 2;
    must_converge(f);
    g_assert_cmpuint(size_of(f, "os.qcow2"), ==, G_GUINT64_CONSTANT(4) << 30);
}

static void
test_a_reimage_keeps_the_data_disk_and_the_former_disk(Fixture *f, const void *data G_GNUC_UNUSED)
{
    disk_want(f, 0, 1);
    must_converge(f);
    g_autofree char *disk = identity(f, "os.qcow2"), *lun = identity(f, "data-lun0.qcow2");
    f->spec->disk_gen = f->spec->vars_gen = 2;
    must_converge(f);
    g_autofree char *kept = previous(f, "disk-1"), *same = identity(f, "data-lun0.qcow2");
    g_autofree char *now = identity(f, "os.qcow2");
    g_assert_cmpstr(kept, ==, disk);
    g_assert_cmpstr(same, ==, lun);
    g_assert_cmpstr(now, !=, disk);
}

static void
test_secure_boot_chooses_the_variables(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->spec->trusted_launch = TRUE;
    must_converge(f);
    g_autofree char *off = text_of(f, "vars.fd");
    g_assert_cmpstr(off, ==, "empty.vars");
    f->spec->secure_boot = TRUE;
    f->spec->vars_gen = 2;
    must_converge(f);
    g_autofree char *on = text_of(f, "vars.fd");
    g_assert_cmpstr(on, ==, "enrolled.vars");
}

/* ---- vTPM ---- */

static void
test_a_vtpm_lives_as_long_as_it_should(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    trust(f);
    must_converge(f);
    g_autofree char *first = identity(f, "vtpm/tpm2-00.permall");
    g_assert_cmpstr(first, !=, "");
    g_assert_true(folder_has(f->folder, "vtpm/ek-rsa2048.crt"));
    f->spec->secure_boot = FALSE;
    f->spec->vars_gen = 2;
    must_converge(f);
    g_autofree char *toggled = identity(f, "vtpm/tpm2-00.permall");
    g_assert_cmpstr(toggled, ==, first);
    f->spec->vtpm = FALSE;
    f->spec->vtpm_gen = 0;
    must_converge(f);
    g_assert_false(folder_has(f->folder, "vtpm"));
}

static void
test_a_lost_vtpm_is_said_and_not_replaced(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    trust(f);
    must_converge(f);
    g_autofree char *state = folder_file(f->folder, "vtpm/tpm2-00.permall");
    g_unlink(state);
    must_fail(f, ARM_VTPM_FAILED, "vTPM's state is missing");
    g_assert_false(folder_has(f->folder, "vtpm/tpm2-00.permall"));
}

static void
test_no_two_vtpms_are_alike(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    trust(f);
    must_converge(f);
    g_autofree char *first = text_of(f, "vtpm/ek-rsa2048.crt"), *second = NULL;
    f->spec->disk_gen = f->spec->vars_gen = f->spec->vtpm_gen = 2;
    must_converge(f);
    second = text_of(f, "vtpm/ek-rsa2048.crt");
    g_assert_cmpstr(first, !=, second);
}

static void
test_without_swtpm_the_reason_is_given_and_nothing_is_left(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_clear_pointer(&f->context.vtpm_maker, vtpm_maker_free);
    trust(f);
    must_fail(f, ARM_VTPM_FAILED, f->context.why_no_vtpm);
    g_assert_false(g_file_test(f->folder, G_FILE_TEST_EXISTS));
}

/* ---- what goes wrong ---- */

static void
test_a_failed_reimage_leaves_all_as_it_was(Fixture *f, const void *data G_GNUC_UNUSED)
{
    must_converge(f);
    g_autofree char *disk = identity(f, "os.qcow2"), *parts = text_of(f, PARTS_FILE);
    g_clear_pointer(&f->context.vtpm_maker, vtpm_maker_free);
    trust(f);
    f->spec->disk_gen = f->spec->vars_gen = f->spec->vtpm_gen = 2;
    must_fail(f, ARM_VTPM_FAILED, "no vTPM");
    g_autofree char *same = identity(f, "os.qcow2"), *same_parts = text_of(f, PARTS_FILE);
    g_assert_cmpstr(disk, ==, same);
    g_assert_cmpstr(parts, ==, same_parts);
    g_assert_false(folder_has(f->folder, "next"));
    g_assert_false(folder_has(f->folder, "previous"));
}

static void
test_a_missing_image_is_named(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_unlink(f->image);
    must_fail(f, ARM_IMAGE_UNUSABLE, f->image);
    g_assert_false(g_file_test(f->folder, G_FILE_TEST_EXISTS));
}

static void
test_an_image_that_is_none_is_an_error(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_assert_true(g_file_set_contents(f->image, "no image", -1, NULL));
    g_assert_false(converge(f->spec, &f->context, &f->error));
    g_assert_false(g_file_test(f->folder, G_FILE_TEST_EXISTS));
}

static void
test_missing_firmware_is_the_reason(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->firmware.why_not_plain = (char *)"no such firmware";
    must_fail(f, ARM_VM_START_FAILED, "no such firmware");
}

static void
test_a_lost_os_disk_is_said_and_not_replaced(Fixture *f, const void *data G_GNUC_UNUSED)
{
    must_converge(f);
    g_autofree char *path = folder_file(f->folder, "os.qcow2");
    g_unlink(path);
    must_fail(f, ARM_VM_START_FAILED, "OS disk is missing");
}

static void
test_a_folder_that_says_not_what_it_holds_is_left_alone(Fixture *f, const void *data G_GNUC_UNUSED)
{
    must_converge(f);
    g_autofree char *path = folder_file(f->folder, PARTS_FILE), *disk = identity(f, "os.qcow2");
    g_assert_true(g_file_set_contents(path, "{}", -1, NULL));
    f->spec->disk_gen = 2;
    g_assert_false(converge(f->spec, &f->context, &f->error));
    g_assert_nonnull(strstr(f->error->message, "left as it is"));
    g_autofree char *same = identity(f, "os.qcow2");
    g_assert_cmpstr(disk, ==, same);
}

static void
test_another_user_takes_all_of_the_folder_over(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const names[] = { "", "os.qcow2", "vars.fd", "seed.iso" };
    struct stat st;
    if (geteuid() != 0) {
        g_test_skip("only root gives files away");
        return;
    }
    must_converge(f);
    g_assert_cmpint(chmod(f->state_dir, 0711), ==, 0);
    g_autofree char *images = g_path_get_dirname(f->image), *instances = g_path_get_dirname(f->folder);
    g_assert_cmpint(chmod(images, 0711) | chmod(instances, 0711) | chmod(f->image, 0444), ==, 0);
    f->context.uid = f->context.gid = 61234;
    must_converge(f);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = folder_file(f->folder, names[i]);
        g_assert_cmpint(lstat(path, &st), ==, 0);
        g_assert_cmpuint(st.st_uid, ==, 61234);
    }
    f->spec->disk_gen = f->spec->vars_gen = 2;
    must_converge(f);
    g_autofree char *disk = folder_file(f->folder, "os.qcow2");
    g_assert_cmpint(lstat(disk, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 61234);
}

static void
test_a_folder_that_the_vms_user_cannot_reach_is_named(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (geteuid() != 0) {
        g_test_skip("only root starts VMs under another user");
        return;
    }
    f->context.uid = f->context.gid = 61234;
    g_assert_cmpint(chmod(f->state_dir, 0700), ==, 0);
    must_fail(f, ARM_VM_START_FAILED, f->state_dir);
    g_assert_false(g_file_test(f->folder, G_FILE_TEST_EXISTS));
}

/* ---- crashes ---- */

/* After a crash at any change, the next try ends where it would have ended, the former disk is kept
 * once, no data disk is touched. */
static void
test_a_crash_at_any_step_of_a_reimage_is_made_good(void)
{
    guint k = 0;
    for (gboolean crashed = TRUE; crashed; k++) {
        Fixture f;
        set_up(&f, NULL);
        disk_want(&f, 0, 1);
        must_converge(&f);
        g_autofree char *disk = identity(&f, "os.qcow2"), *lun = identity(&f, "data-lun0.qcow2");
        f.spec->disk_gen = f.spec->vars_gen = 2;
        crashed = fault_crash_at(k, run, &f);
        must_converge(&f);
        g_autofree char *kept = previous(&f, "disk-1"), *same = identity(&f, "data-lun0.qcow2");
        g_assert_cmpstr(kept, ==, disk);
        g_assert_cmpstr(same, ==, lun);
        g_assert_false(folder_has(f.folder, "next"));
        g_assert_cmpuint(size_of(&f, "os.qcow2"), ==, G_GUINT64_CONSTANT(1) << 30);
        tear_down(&f, NULL);
    }
    g_assert_cmpuint(k, >, 15);
}

static void
test_a_crash_at_any_step_of_the_first_start_is_made_good(void)
{
    guint k = 0;
    for (gboolean crashed = TRUE; crashed; k++) {
        Fixture f;
        set_up(&f, NULL);
        crashed = fault_crash_at(k, run, &f);
        must_converge(&f);
        g_assert_cmpuint(size_of(&f, "os.qcow2"), ==, G_GUINT64_CONSTANT(1) << 30);
        tear_down(&f, NULL);
    }
    g_assert_cmpuint(k, >, 8);
}

/* ---- what lies still does not change ---- */

static void
test_a_change_of_guest_state_while_off_is_seen(Fixture *f, const void *data G_GNUC_UNUSED)
{
    must_converge(f);
    g_assert_null(guest_state_changed(f->folder));
    guest_state_record(f->folder);
    g_assert_null(guest_state_changed(f->folder));
    g_autofree char *vars = folder_file(f->folder, "vars.fd");
    g_assert_true(g_file_set_contents(vars, "other", -1, NULL));
    g_assert_cmpstr(guest_state_changed(f->folder), ==, "UEFI variables");
    guest_state_forget(f->folder);
    g_assert_null(guest_state_changed(f->folder));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(plans); i++) {
        g_autofree char *path = g_strconcat("/converge/plan/", plans[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_plan);
    }
#define ADD(name, test) g_test_add("/converge/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("a-standard-folder", test_a_standard_folder);
    ADD("again-changes-nothing", test_again_changes_nothing);
    ADD("disks-grow-and-never-shrink", test_disks_grow_and_never_shrink);
    ADD("an-os-disk-is-never-smaller-than-its-image", test_an_os_disk_is_never_smaller_than_its_image);
    ADD("a-reimage-keeps-the-data-disk-and-the-former-disk", test_a_reimage_keeps_the_data_disk_and_the_former_disk);
    ADD("secure-boot-chooses-the-variables", test_secure_boot_chooses_the_variables);
    ADD("a-vtpm-lives-as-long-as-it-should", test_a_vtpm_lives_as_long_as_it_should);
    ADD("a-lost-vtpm-is-said-and-not-replaced", test_a_lost_vtpm_is_said_and_not_replaced);
    ADD("no-two-vtpms-are-alike", test_no_two_vtpms_are_alike);
    ADD("without-swtpm-the-reason-is-given-and-nothing-is-left", test_without_swtpm_the_reason_is_given_and_nothing_is_left);
    ADD("a-failed-reimage-leaves-all-as-it-was", test_a_failed_reimage_leaves_all_as_it_was);
    ADD("a-missing-image-is-named", test_a_missing_image_is_named);
    ADD("an-image-that-is-none-is-an-error", test_an_image_that_is_none_is_an_error);
    ADD("missing-firmware-is-the-reason", test_missing_firmware_is_the_reason);
    ADD("a-lost-os-disk-is-said-and-not-replaced", test_a_lost_os_disk_is_said_and_not_replaced);
    ADD("a-folder-that-says-not-what-it-holds-is-left-alone", test_a_folder_that_says_not_what_it_holds_is_left_alone);
    ADD("another-user-takes-all-of-the-folder-over", test_another_user_takes_all_of_the_folder_over);
    ADD("a-folder-that-the-vms-user-cannot-reach-is-named", test_a_folder_that_the_vms_user_cannot_reach_is_named);
    ADD("a-change-of-guest-state-while-off-is-seen", test_a_change_of_guest_state_while_off_is_seen);
#undef ADD
    g_test_add_func("/converge/a-crash-at-any-step-of-a-reimage-is-made-good",
                    test_a_crash_at_any_step_of_a_reimage_is_made_good);
    g_test_add_func("/converge/a-crash-at-any-step-of-the-first-start-is-made-good",
                    test_a_crash_at_any_step_of_the_first_start_is_made_good);
    return g_test_run();
}
