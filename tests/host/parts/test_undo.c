/* A disk, variables and a vTPM that were put aside come back: the very same, once, whenever a crash comes. */
#include "folder.h"

#include "fault.h"
#include "host/qemu/folder.h"
#include "host/qemu/previous.h"

#include <glib/gstdio.h>
#include <string.h>

/* A launch, and which of what was first seen under a name is there under another afterwards. Generations of disk, variables,
 * vTPM; `there`: of each name what number it was seen under first. */
static const struct {
    const char *name;
    guint64 wanted[6][3];
    gboolean vtpm;
} undos[] = {
    { "a-new-disk-and-back", { { 1, 1, 0 }, { 2, 2, 0 }, { 1, 1, 0 }, { 2, 2, 0 }, { 3, 3, 0 }, { 1, 1, 0 } }, FALSE },
    { "trusted-launch-on-the-same-disk-and-back", { { 1, 1, 0 }, { 1, 2, 2 }, { 1, 1, 0 }, { 1, 2, 2 }, { 1, 3, 2 } }, TRUE },
    { "a-new-disk-with-trusted-launch-and-back", { { 1, 1, 0 }, { 2, 2, 2 }, { 1, 1, 0 }, { 3, 3, 3 }, { 2, 2, 2 } }, TRUE },
};

/* Whatever a number first named is what it names ever after, and is in one place. */
static void
test_undo(Fixture *f, const void *data)
{
    static const char *const here[N_PARTS] = { "os.qcow2", "vars.fd", "vtpm/tpm2-00.permall" };
    static const char *const words[N_PARTS] = { "disk", "variables", "vtpm" };
    guint story = GPOINTER_TO_UINT(data);
    char *first[N_PARTS][8] = { 0 };
    if (undos[story].vtpm && vtpm_skipped())
        return;
    disk_want(f, 0, 1);
    for (guint i = 0; i < G_N_ELEMENTS(undos[story].wanted) && undos[story].wanted[i][0]; i++) {
        const guint64 *wanted = undos[story].wanted[i];
        want(f, wanted[0], wanted[1], wanted[2]);
        must_converge(f);
        g_autofree char *lun = identity(f, "data-lun0.qcow2");
        g_assert_cmpstr(lun, !=, "");
        for (Part part = 0; part < N_PARTS; part++) {
            g_autofree char *now = identity(f, here[part]);
            g_autofree char *name = g_strdup_printf("%s-%d", words[part], (int)wanted[part]);
            g_autofree char *kept = previous(f, name);
            if (wanted[part] && !first[part][wanted[part]])
                first[part][wanted[part]] = g_strdup(now);
            g_assert_cmpstr(now, ==, wanted[part] ? first[part][wanted[part]] : "");
            g_assert_cmpstr(kept, ==, "");
        }
        g_assert_false(folder_has(f->folder, "next"));
    }
    for (Part part = 0; part < N_PARTS; part++) {
        for (guint generation = 0; generation < 8; generation++)
            g_free(first[part][generation]);
    }
}

/* A disk is told by its inode, and in its vTPM by its key; a disk that comes back keeps its seed's instance-id. */
static void
test_the_same_keys_come_back(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    want(f, 1, 1, 1);
    must_converge(f);
    g_autofree char *key = text_of(f, "vtpm/ek-rsa2048.crt");
    want(f, 2, 2, 2);
    must_converge(f);
    g_autofree char *other = text_of(f, "vtpm/ek-rsa2048.crt");
    g_assert_cmpstr(other, !=, key);
    want(f, 1, 1, 1);
    must_converge(f);
    g_autofree char *again = text_of(f, "vtpm/ek-rsa2048.crt");
    g_assert_cmpstr(again, ==, key);
}

/* And with them the stamp that says by which key they are encrypted. */
static void
test_encrypted_keys_come_back_with_their_stamp(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    g_autofree char *digits = g_strnfill(2 * STATE_KEY_BYTES, 'a');
    g_autoptr(StateKey) key = state_key_parse(digits, strlen(digits), NULL);
    vtpm_maker_free(f->context.vtpm_maker);
    f->context.vtpm_maker = vtpm_maker_new(f->state_dir, NULL, NULL, key, NULL, NULL);
    want(f, 1, 1, 1);
    must_converge(f);
    g_autofree char *stamp = text_of(f, "vtpm/state-key");
    g_assert_cmpint(state_key_match(key, stamp), ==, STATE_KEY_RIGHT);
    want(f, 2, 2, 2);
    must_converge(f);
    g_autofree char *other = text_of(f, "vtpm/state-key");
    g_assert_cmpint(state_key_match(key, other), ==, STATE_KEY_RIGHT);
    g_assert_cmpstr(other, !=, stamp);
    want(f, 1, 1, 1);
    must_converge(f);
    g_autofree char *again = text_of(f, "vtpm/state-key");
    g_assert_cmpstr(again, ==, stamp);
    g_clear_pointer(&f->context.vtpm_maker, vtpm_maker_free);
}

/* A key that is there for the first time: of the vTPM that is there, and of a former one that comes back. */
static void
test_plain_keys_are_brought_under_the_key(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (vtpm_skipped())
        return;
    g_autofree char *digits = g_strnfill(2 * STATE_KEY_BYTES, 'a');
    g_autoptr(StateKey) key = state_key_parse(digits, strlen(digits), NULL);
    want(f, 1, 1, 1);
    must_converge(f);
    g_autofree char *former = text_of(f, "vtpm/ek-rsa2048.crt");
    want(f, 2, 2, 2);
    must_converge(f);
    g_autofree char *present = text_of(f, "vtpm/ek-rsa2048.crt");
    vtpm_maker_free(f->context.vtpm_maker);
    f->context.vtpm_maker = vtpm_maker_new(f->state_dir, NULL, NULL, key, NULL, NULL);
    const char *const certificates[] = { present, former };
    for (guint i = 0; i < G_N_ELEMENTS(certificates); i++) {
        must_converge(f);
        g_autofree char *stamp = text_of(f, "vtpm/state-key"), *same = text_of(f, "vtpm/ek-rsa2048.crt");
        g_assert_cmpint(state_key_match(key, stamp), ==, STATE_KEY_RIGHT);
        g_assert_cmpstr(same, ==, certificates[i]);
        want(f, 1, 1, 1);
    }
    g_clear_pointer(&f->context.vtpm_maker, vtpm_maker_free);
}

static void
test_what_comes_back_grows_like_the_others(Fixture *f, const void *data G_GNUC_UNUSED)
{
    must_converge(f);
    want(f, 2, 2, 0);
    must_converge(f);
    want(f, 1, 1, 0);
    f->spec->os_disk_gib = 3;
    must_converge(f);
    g_assert_cmpuint(size_of(f, "os.qcow2"), ==, G_GUINT64_CONSTANT(3) << 30);
}

static void
test_what_is_kept_no_longer_fails_the_launch(Fixture *f, const void *data G_GNUC_UNUSED)
{
    must_converge(f);
    want(f, 2, 2, 0);
    must_converge(f);
    f->context.now += f->context.retention_s;
    must_converge(f);
    g_autofree char *disk = identity(f, "os.qcow2");
    want(f, 1, 2, 0);
    must_fail(f, ARM_VM_START_FAILED, "former OS disk (generation 1)");
    want(f, 2, 1, 0);
    must_fail(f, ARM_VM_START_FAILED, "former UEFI variables (generation 1)");
    want(f, 2, 2, 0);
    must_converge(f);
    g_autofree char *same = identity(f, "os.qcow2");
    g_assert_cmpstr(same, ==, disk);
}

/* Also where the numbers went back meanwhile. */
static void
test_a_number_that_there_was_is_never_made_again(Fixture *f, const void *data G_GNUC_UNUSED)
{
    must_converge(f);
    want(f, 2, 2, 0);
    must_converge(f);
    want(f, 1, 1, 0);
    must_converge(f);
    f->context.now += f->context.retention_s;
    must_converge(f);
    want(f, 2, 2, 0);
    must_fail(f, ARM_VM_START_FAILED, "former OS disk (generation 2)");
}

static void
test_data_disks_know_no_way_back(Fixture *f, const void *data G_GNUC_UNUSED)
{
    disk_want(f, 0, 1);
    f->spec->data_gen = 2;
    must_converge(f);
    g_autofree char *lun = identity(f, "data-lun0.qcow2");
    for (guint64 generation = 1; generation <= 2; generation++) {
        f->spec->data_gen = generation;
        must_converge(f);
        g_autofree char *same = identity(f, "data-lun0.qcow2");
        g_assert_cmpstr(same, ==, lun);
    }
    f->spec->data_gen = 3;
    must_converge(f);
    g_autofree char *other = identity(f, "data-lun0.qcow2");
    g_assert_cmpstr(other, !=, lun);
}

static void
test_what_is_held_or_wanted_outlives_its_time(Fixture *f, const void *data G_GNUC_UNUSED)
{
    must_converge(f);
    g_autofree char *disk = identity(f, "os.qcow2");
    want(f, 2, 2, 0);
    f->spec->hold = TRUE;
    must_converge(f);
    f->context.now += 10 * f->context.retention_s;
    must_converge(f);
    f->spec->hold = FALSE;
    want(f, 1, 1, 0);
    must_converge(f);
    g_autofree char *same = identity(f, "os.qcow2");
    g_assert_cmpstr(same, ==, disk);
}

/* What was written down as in place, and is gone, is neither made again nor put back from somewhere else. */
static void
test_a_vtpm_without_its_state_does_not_come_back(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *state = NULL;
    if (vtpm_skipped())
        return;
    want(f, 1, 1, 1);
    must_converge(f);
    want(f, 1, 2, 0);
    must_converge(f);
    g_autofree char *kept = previous_find(f->folder, PART_VTPM, 1);
    state = folder_file(kept, "tpm2-00.permall");
    g_assert_cmpint(g_unlink(state), ==, 0);
    want(f, 1, 1, 1);
    must_fail(f, ARM_VTPM_FAILED, "vTPM's state is missing");
    g_autofree char *vars = text_of(f, "vars.fd");
    g_assert_cmpstr(vars, ==, "plain.vars");
}

static void
test_a_crash_at_any_step_of_an_undo_is_made_good(void)
{
    guint k = 0;
    for (gboolean crashed = TRUE; crashed; k++) {
        Fixture f;
        set_up(&f, NULL);
        disk_want(&f, 0, 1);
        must_converge(&f);
        g_autofree char *disk = identity(&f, "os.qcow2"), *vars = identity(&f, "vars.fd");
        g_autofree char *lun = identity(&f, "data-lun0.qcow2");
        want(&f, 2, 2, 0);
        must_converge(&f);
        g_autofree char *second = identity(&f, "os.qcow2");
        want(&f, 1, 1, 0);
        crashed = fault_crash_at(k, run, &f);
        must_converge(&f);
        g_autofree char *now = identity(&f, "os.qcow2"), *now_vars = identity(&f, "vars.fd");
        g_autofree char *kept = previous(&f, "disk-2"), *now_lun = identity(&f, "data-lun0.qcow2");
        g_assert_cmpstr(now, ==, disk);
        g_assert_cmpstr(now_vars, ==, vars);
        g_assert_cmpstr(kept, ==, second);
        g_assert_cmpstr(now_lun, ==, lun);
        tear_down(&f, NULL);
    }
    g_assert_cmpuint(k, >, 12);
}

/* Half of it is done when the engine changes its mind, and wants what was there. */
static void
test_a_crash_and_another_wish_lose_nothing(void)
{
    guint k = 0;
    for (gboolean crashed = TRUE; crashed; k++) {
        Fixture f;
        set_up(&f, NULL);
        must_converge(&f);
        g_autofree char *disk = identity(&f, "os.qcow2");
        want(&f, 2, 2, 0);
        crashed = fault_crash_at(k, run, &f);
        want(&f, 1, 1, 0);
        must_converge(&f);
        g_autofree char *now = identity(&f, "os.qcow2");
        g_assert_cmpstr(now, ==, disk);
        tear_down(&f, NULL);
    }
    g_assert_cmpuint(k, >, 12);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(undos); i++) {
        g_autofree char *path = g_strconcat("/undo/", undos[i].name, NULL);
        g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_undo, tear_down);
    }
#define ADD(name, test) g_test_add("/undo/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("the-same-keys-come-back", test_the_same_keys_come_back);
    ADD("encrypted-keys-come-back-with-their-stamp", test_encrypted_keys_come_back_with_their_stamp);
    ADD("plain-keys-are-brought-under-the-key", test_plain_keys_are_brought_under_the_key);
    ADD("what-comes-back-grows-like-the-others", test_what_comes_back_grows_like_the_others);
    ADD("what-is-kept-no-longer-fails-the-launch", test_what_is_kept_no_longer_fails_the_launch);
    ADD("a-number-that-there-was-is-never-made-again", test_a_number_that_there_was_is_never_made_again);
    ADD("data-disks-know-no-way-back", test_data_disks_know_no_way_back);
    ADD("what-is-held-or-wanted-outlives-its-time", test_what_is_held_or_wanted_outlives_its_time);
    ADD("a-vtpm-without-its-state-does-not-come-back", test_a_vtpm_without_its_state_does_not_come_back);
#undef ADD
    g_test_add_func("/undo/a-crash-at-any-step-of-an-undo-is-made-good", test_a_crash_at_any_step_of_an_undo_is_made_good);
    g_test_add_func("/undo/a-crash-and-another-wish-lose-nothing", test_a_crash_and_another_wish_lose_nothing);
    return g_test_run();
}
