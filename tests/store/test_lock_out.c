/* store/lock_out.h: for how long what was looked up in an instance counts, and what an upgrade locks out by it. */
#include "store/lock_out.h"

#include "base/json.h"

#define LOOKED_UP                                                                                                              \
    "{\"lockedOut\":[{\"kind\":\"LuksVolume\",\"name\":\"/dev/vda3\",\"reason\":\"r\"},"                                       \
    "{\"kind\":\"Credential\",\"name\":\"db\",\"reason\":\"r\"}]}"

/* Looked into at hour 0 in launch 4 with disk 2 and vTPM 3; what the instance has now. */
typedef struct {
    const char *why;
    guint64 epoch, run_disk, run_vtpm, disk, vtpm;
    guint hours;
    Assessed state;
    guint kept, reimaged; /* findings where the vTPM goes and the disk stays, or goes, too */
} Case;

static const Case cases[] = {
    { "the same launch, at once", 4, 2, 3, 2, 3, 0, ASSESSED, 2, 1 },
    { "a day later", 4, 2, 3, 2, 3, 24, ASSESSED, 2, 1 },
    { "more than a day later", 4, 2, 3, 2, 3, 25, ASSESSED_LONG_AGO, 2, 1 },
    { "started again: what was bound is bound", 5, 2, 3, 2, 3, 0, ASSESSED_OTHER_LAUNCH, 2, 1 },
    { "reimaged", 5, 5, 5, 5, 5, 0, ASSESSED_ANOTHER, 0, 0 },
    { "the disk alone is another", 5, 5, 3, 5, 3, 0, ASSESSED_ANOTHER, 0, 0 },
    { "the vTPM alone is another", 5, 2, 5, 2, 5, 0, ASSESSED_ANOTHER, 0, 0 },
    { "the vTPM is gone", 5, 2, 0, 2, 0, 0, ASSESSED_ANOTHER, 0, 0 },
    { "somebody decided already that the vTPM goes", 4, 2, 3, 2, 5, 0, ASSESSED_ANOTHER, 0, 0 },
    { "and the disk", 4, 2, 3, 5, 5, 0, ASSESSED_ANOTHER, 0, 0 },
};

static gsize
findings_count(const StoreAssessment *assessment, const StoreInstance *instance, gboolean vtpm, gboolean os_disk)
{
    g_autoptr(json_t) list = lock_out_findings(assessment, instance, (Losses){ .vtpm = vtpm, .os_disk = os_disk });
    return json_array_size(list);
}

static void
test_case(const void *data)
{
    const Case *c = data;
    const StoreAssessment looked_up = { .epoch = 4, .disk_gen = 2, .vtpm_gen = 3, .document = (char *)LOOKED_UP };
    const StoreInstance instance = {
        .epoch = c->epoch, .run_disk_gen = c->run_disk, .run_vtpm_gen = c->run_vtpm, .disk_gen = c->disk, .vtpm_gen = c->vtpm
    };
    const Assessed state = assessed_state(&looked_up, &instance, c->hours * G_GINT64_CONSTANT(3600) * USEC_PER_SEC);
    g_assert_cmpint(state, ==, c->state);
    g_assert_true((state == ASSESSED) == (assessed_text(state) == NULL));
    g_assert_cmpuint(findings_count(&looked_up, &instance, TRUE, FALSE), ==, c->kept);
    g_assert_cmpuint(findings_count(&looked_up, &instance, TRUE, TRUE), ==, c->reimaged);
    g_assert_cmpuint(findings_count(&looked_up, &instance, FALSE, TRUE), ==, 0);
}

static void
test_nothing_looked_up(void)
{
    const StoreInstance instance = { .epoch = 4, .run_disk_gen = 2, .run_vtpm_gen = 3, .disk_gen = 2, .vtpm_gen = 3 };
    g_assert_cmpint(assessed_state(NULL, &instance, 0), ==, ASSESSED_NEVER);
    g_assert_cmpuint(findings_count(NULL, &instance, TRUE, FALSE), ==, 0);
}

/* A guest that had no TPM of ours has nothing bound to one, whatever its headers say. */
static void
test_without_a_vtpm(void)
{
    const StoreAssessment looked_up = { .epoch = 4, .disk_gen = 2, .vtpm_gen = 0, .document = (char *)LOOKED_UP };
    const StoreInstance instance = { .epoch = 4, .run_disk_gen = 2, .disk_gen = 2 };
    g_assert_cmpint(assessed_state(&looked_up, &instance, 0), ==, ASSESSED);
    g_assert_cmpuint(findings_count(&looked_up, &instance, TRUE, FALSE), ==, 0);
}

static void
test_losses(void)
{
    static const struct {
        Change change;
        gboolean replaced, vtpm, os_disk;
    } rows[] = {
        { { .kind = CHANGE_NOTHING }, TRUE, FALSE, FALSE },
        { { .kind = CHANGE_IN_PLACE }, TRUE, TRUE, TRUE },
        { { .kind = CHANGE_REDEPLOY, .new_size = TRUE }, FALSE, FALSE, FALSE },
        { { .kind = CHANGE_REDEPLOY, .new_size = TRUE }, TRUE, TRUE, TRUE },
        { { .kind = CHANGE_RESTART, .vtpm_lost = TRUE }, FALSE, TRUE, FALSE },
        { { .kind = CHANGE_REIMAGE, .new_os_disk = TRUE, .vtpm_lost = TRUE }, FALSE, TRUE, TRUE },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Losses losses = losses_of_change(&rows[i].change, rows[i].replaced);
        g_assert_cmpint(losses.vtpm, ==, rows[i].vtpm);
        g_assert_cmpint(losses.os_disk, ==, rows[i].os_disk);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/lock-out/%s", cases[i].why);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/lock-out/nothing-looked-up", test_nothing_looked_up);
    g_test_add_func("/lock-out/without-a-vtpm", test_without_a_vtpm);
    g_test_add_func("/lock-out/losses", test_losses);
    return g_test_run();
}
