/* What a request writes into the desired members of an instance. */
#include "store/desire.h"

#include <glib.h>

/* A Trusted launch instance that runs, after one launch. */
static StoreInstance
running(void)
{
    return (StoreInstance){
        .state = INSTANCE_RUNNING,
        .alive = TRUE,
        .want_power = POWER_RUNNING,
        .epoch = 1,
        .want_epoch = 1,
        .disk_gen = 1,
        .vars_gen = 1,
        .vtpm_gen = 1,
        .data_gen = 1,
        .run_disk_gen = 1,
        .run_vars_gen = 1,
        .run_vtpm_gen = 1,
        .run_data_gen = 1,
    };
}

/* A reimage throws the OS disk away, so its guest is stopped by force; whoever stops later has not
 * asked for that. */
static void
test_no_later_stop_is_forced_because_of_a_reimage(void)
{
    static const Desire later[] = { DESIRE_START, DESIRE_RESTART, DESIRE_POWER_OFF, DESIRE_DEALLOCATE };
    const Change restart = { .kind = CHANGE_RESTART };
    const Model after = { .vtpm = TRUE };

    for (guint i = 0; i < G_N_ELEMENTS(later); i++) {
        StoreInstance instance = running();
        g_assert_true(desire_apply(&instance, DESIRE_REIMAGE, FALSE));
        g_assert_true(instance.skip_shutdown);
        desire_apply(&instance, later[i], FALSE);
        g_assert_false(instance.skip_shutdown);
    }
    StoreInstance instance = running();
    g_assert_true(desire_apply(&instance, DESIRE_REIMAGE, FALSE));
    desire_update(&instance, 2, &restart, &after);
    g_assert_false(instance.skip_shutdown);
}

static void
test_what_is_made_afresh_belongs_to_the_launch_that_makes_it(void)
{
    StoreInstance instance = running();
    g_assert_true(desire_apply(&instance, DESIRE_REIMAGE, FALSE));
    g_assert_cmpuint(instance.want_epoch, ==, 2);
    g_assert_cmpuint(instance.disk_gen, ==, 2);
    g_assert_cmpuint(instance.vars_gen, ==, 2);
    g_assert_cmpuint(instance.vtpm_gen, ==, 2);
    g_assert_cmpuint(instance.data_gen, ==, 1);
    g_assert_true(desire_apply(&instance, DESIRE_REIMAGE_ALL, FALSE));
    g_assert_cmpuint(instance.data_gen, ==, 3);
    g_assert_cmpuint(instance.want_epoch, ==, 3);
}

/* Secure Boot alone: new variables, and the vTPM with its keys stays. Standard: no vTPM. */
static void
test_a_change_renews_what_it_names_and_nothing_else(void)
{
    static const struct {
        const char *what;
        Change change;
        gboolean vtpm_after;
        guint64 disk, vars, vtpm, epoch;
    } cases[] = {
        { "in place", { .kind = CHANGE_IN_PLACE }, TRUE, 1, 1, 1, 1 },
        { "size", { .kind = CHANGE_REDEPLOY }, TRUE, 1, 1, 1, 2 },
        { "Secure Boot toggled", { .kind = CHANGE_RESTART, .new_variables = TRUE }, TRUE, 1, 2, 1, 2 },
        { "to Standard", { .kind = CHANGE_RESTART, .new_variables = TRUE }, FALSE, 1, 2, 0, 2 },
        { "image", { .kind = CHANGE_REIMAGE, .new_os_disk = TRUE, .new_variables = TRUE, .new_vtpm = TRUE }, TRUE, 2, 2, 2, 2 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        StoreInstance instance = running();
        const Model after = { .vtpm = cases[i].vtpm_after };
        g_test_message("%s", cases[i].what);
        desire_update(&instance, 2, &cases[i].change, &after);
        g_assert_cmpuint(instance.want_revision, ==, 2);
        g_assert_cmpuint(instance.disk_gen, ==, cases[i].disk);
        g_assert_cmpuint(instance.vars_gen, ==, cases[i].vars);
        g_assert_cmpuint(instance.vtpm_gen, ==, cases[i].vtpm);
        g_assert_cmpuint(instance.want_epoch, ==, cases[i].epoch);
        g_assert_cmpuint(instance.data_gen, ==, 1);
    }
}

/* Where it did not get to what it was to be, and nobody is at it, an update starts from what it is, and renews nothing else. */
static void
test_an_update_starts_from_what_it_is(void)
{
    const Change in_place = { .kind = CHANGE_IN_PLACE };
    const Model after = { .vtpm = TRUE };
    static const struct {
        const char *why;
        guint revision;
        gboolean has_step;
        guint64 run_disk_gen;
        guint base;
        guint64 disk_gen;
    } cases[] = {
        { "left behind", 1, FALSE, 1, 1, 1 },
        { "on its way", 1, TRUE, 1, 2, 5 },
        { "it is there", 2, FALSE, 1, 2, 5 },
        { "it never ran", 0, FALSE, 0, 2, 5 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        StoreInstance instance = running();
        instance.want_revision = 2;
        instance.revision = cases[i].revision;
        instance.operation = cases[i].has_step ? (char *)"o" : NULL;
        instance.run_disk_gen = cases[i].run_disk_gen;
        instance.disk_gen = instance.vars_gen = instance.vtpm_gen = 5;
        g_test_message("%s", cases[i].why);
        g_assert_cmpuint(desire_base(&instance), ==, cases[i].base);
        desire_update(&instance, 3, &in_place, &after);
        g_assert_cmpuint(instance.want_revision, ==, 3);
        g_assert_cmpuint(instance.disk_gen, ==, cases[i].disk_gen);
        g_assert_cmpuint(instance.vars_gen, ==, cases[i].disk_gen);
        g_assert_cmpuint(instance.vtpm_gen, ==, cases[i].disk_gen);
    }
}

/* What is deleted by force is not told before: an earlier reimage by force does not make a deletion one. */
static void
test_a_deletion_is_forced_where_it_is_asked(void)
{
    StoreInstance instance = running();
    g_assert_true(desire_apply(&instance, DESIRE_REIMAGE, FALSE));
    g_assert_true(desire_apply(&instance, DESIRE_DELETE, FALSE));
    g_assert_true(instance.want_deleted);
    g_assert_false(instance.skip_shutdown);
    g_assert_true(desire_apply(&instance, DESIRE_DELETE, TRUE));
    g_assert_true(instance.skip_shutdown);
}

/* Who is told of its end, and how long it has. */
static void
test_a_guest_that_hears_is_told(void)
{
    static const struct {
        const char *why;
        gint64 policy;
        gboolean forced;
        InstanceState state;
        gboolean alive, agent;
        UnixTime expect;
    } cases[] = {
        { "it hears", 300, FALSE, INSTANCE_RUNNING, TRUE, TRUE, 1300 },
        { "the policy has no notice", 0, FALSE, INSTANCE_RUNNING, TRUE, TRUE, 0 },
        { "it is forced", 300, TRUE, INSTANCE_RUNNING, TRUE, TRUE, 0 },
        { "it has not answered yet", 300, FALSE, INSTANCE_RUNNING, TRUE, FALSE, 0 },
        { "it does not run", 300, FALSE, INSTANCE_RUNNING, FALSE, TRUE, 0 },
        { "it is on its way up", 300, FALSE, INSTANCE_STARTING, TRUE, TRUE, 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        StoreInstance instance = { .state = cases[i].state, .alive = cases[i].alive, .agent = cases[i].agent };
        const Policy policy = { .terminate_usec = cases[i].policy };
        g_test_message("%s", cases[i].why);
        desire_deletion(&instance, cases[i].forced);
        desire_notice(&instance, &policy, 1000);
        g_assert_cmpint(instance.terminate_at, ==, cases[i].expect);
        g_assert_cmpint(desire_notice_end(&instance), ==, cases[i].expect != 0);
        g_assert_cmpint(instance.terminate_at, ==, 0);
        g_assert_cmpint(instance.skip_shutdown, ==, cases[i].forced || cases[i].expect != 0);
        g_assert_false(desire_notice_end(&instance));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/desire/no_later_stop_is_forced_because_of_a_reimage", test_no_later_stop_is_forced_because_of_a_reimage);
    g_test_add_func("/desire/what_is_made_afresh_belongs_to_the_launch_that_makes_it",
                    test_what_is_made_afresh_belongs_to_the_launch_that_makes_it);
    g_test_add_func("/desire/a_change_renews_what_it_names_and_nothing_else",
                    test_a_change_renews_what_it_names_and_nothing_else);
    g_test_add_func("/desire/an_update_starts_from_what_it_is", test_an_update_starts_from_what_it_is);
    g_test_add_func("/desire/a_deletion_is_forced_where_it_is_asked", test_a_deletion_is_forced_where_it_is_asked);
    g_test_add_func("/desire/a_guest_that_hears_is_told", test_a_guest_that_hears_is_told);
    return g_test_run();
}
