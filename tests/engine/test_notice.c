/* Guests that are told of their end, through the API, store, engine and simulated driver. */
#include "world.h"

#include <string.h>

#define NOTICE(time)                                                                                                           \
    "\"virtualMachineProfile\":{\"scheduledEventsProfile\":{\"terminateNotificationProfile\":{\"enable\":true," time "}}}"
#define FIVE         NOTICE("\"notBeforeTimeout\":\"PT5M\"")
#define IN_SET(more) "{\"properties\":{" more "}}"
#define CAPACITY(n)  "{\"sku\":{\"capacity\":" #n "}}"
#define LAST         "@/s1/virtualMachines/2"
#define VIEW         LAST "?$expand=instanceView"
#define MINUTES(n)   ((n)*60 * USEC_PER_SEC)

/* Three instances, and a policy that holds for them. */
static World *
world_with(const char *sku, const char *policy)
{
    World *world = world_new();
    world_create(world, "s1", 3, "Standard_B1ms", sku, NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", policy));
    world_settle(world);
    return world;
}

static void
expect_there(World *world, gboolean there)
{
    g_autoptr(Answer) answer = world_must(world, there ? 200 : 404, "GET", LAST, NULL);
    if (there)
        answer_expect(answer, "properties.provisioningState", "Deleting");
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, there ? 3 : 2);
}

static void
expect_status(World *world, const char *code)
{
    g_autoptr(Answer) answer = world_must(world, 200, "GET", VIEW, NULL);
    gboolean found = FALSE;
    for (guint i = 0; i < json_array_size(answer_at(answer, "properties.instanceView.statuses")); i++) {
        g_autofree char *path = g_strdup_printf("properties.instanceView.statuses.%u.code", i);
        g_autofree char *text = answer_text(answer, path);
        found = found || strcmp(text, code) == 0;
    }
    g_assert_true(found);
}

static void
test_a_guest_has_its_time(void)
{
    static const struct {
        const char *policy;
        gint64 minutes;
    } cases[] = { { IN_SET(NOTICE("\"notBeforeTimeout\":\"PT15M\"")), 15 }, { IN_SET(FIVE), 5 } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_with("gen2", cases[i].policy);
        g_autoptr(Answer) shrunk = world_must(world, 200, "PATCH", "@/s1", CAPACITY(2));
        world_advance(world, MINUTES(cases[i].minutes) - USEC_PER_SEC);
        expect_there(world, TRUE);
        expect_status(world, "ScheduledEvent/Terminate");
        expect_status(world, "ProvisioningState/deleting");
        expect_status(world, "PowerState/running");
        g_autoptr(Answer) summary = world_must(world, 200, "GET", "@/s1/instanceView", NULL);
        answer_expect(summary, "virtualMachine.statusesSummary.0.code", "ProvisioningState/deleting");
        answer_expect(summary, "virtualMachine.statusesSummary.0.count", "1");
        g_autoptr(Answer) polled = world_poll(world, shrunk);
        answer_expect(polled, "status", "InProgress");
        world_advance(world, 2 * USEC_PER_SEC);
        expect_there(world, FALSE);
        world_expect_operation(world, shrunk, "Succeeded", NULL);
    }
}

static void
test_the_default_is_five_minutes(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET("\"virtualMachineProfile\":{\"scheduledEventsProfile\":{"
                                                       "\"terminateNotificationProfile\":{\"enable\":true}}}"));
    answer_free(world_must(world, 202, "DELETE", LAST, NULL));
    world_advance(world, MINUTES(5) - USEC_PER_SEC);
    expect_there(world, TRUE);
    world_advance(world, 2 * USEC_PER_SEC);
    expect_there(world, FALSE);
}

static void
test_a_guest_may_approve_early(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
    host_simulated_set_approval(world->simulated, TRUE, 20 * USEC_PER_SEC);
    g_autoptr(Answer) deleted = world_must(world, 202, "POST", "@/s1/delete", "{\"instanceIds\":[\"2\"]}");
    world_advance(world, 15 * USEC_PER_SEC);
    expect_there(world, TRUE);
    world_advance(world, 15 * USEC_PER_SEC);
    expect_there(world, FALSE);
    world_expect_operation(world, deleted, "Succeeded", NULL);
}

/* Who is forced, who is not heard, and who is deleted with the whole set has no time. */
static void
test_who_is_deleted_at_once(void)
{
    static const struct {
        const char *why, *sku, *policy;
        const char *before_target; /* POST, or NULL */
        const char *method, *target, *body;
        int status;
        guint alive;
    } cases[] = {
        { "nobody asked for notice", "gen2", IN_SET("\"overprovision\":false"), NULL, "DELETE", LAST, NULL, 202, 2 },
        { "the request forces it", "gen2", IN_SET(FIVE), NULL, "DELETE", LAST "?forceDeletion=true", NULL, 202, 2 },
        { "the scale-in policy forces it", "gen2", IN_SET(FIVE ",\"scaleInPolicy\":{\"forceDeletion\":true}"), NULL, "PATCH",
          "@/s1", CAPACITY(2), 200, 2 },
        { "it is stopped", "gen2", IN_SET(FIVE), LAST "/poweroff", "DELETE", LAST, NULL, 202, 2 },
        { "its guest has no agent", "gen2-noagent", IN_SET(FIVE), NULL, "DELETE", LAST, NULL, 202, 2 },
        { "the whole set goes", "gen2", IN_SET(FIVE), NULL, "DELETE", "@/s1", NULL, 202, 0 },
        { "the whole group goes", "gen2", IN_SET(FIVE), NULL, "DELETE", "~/resourcegroups/g1", NULL, 202, 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_with(cases[i].sku, cases[i].policy);
        g_test_message("%s", cases[i].why);
        if (cases[i].before_target) {
            answer_free(world_must(world, 202, "POST", cases[i].before_target, NULL));
            world_settle(world);
        }
        answer_free(world_must(world, cases[i].status, cases[i].method, cases[i].target, cases[i].body));
        world_advance(world, 60 * USEC_PER_SEC);
        g_assert_cmpuint(host_simulated_alive(world->simulated), ==, cases[i].alive);
    }
}

static void
test_force_ends_a_notice(void)
{
    static const struct {
        const char *method, *target, *body;
    } cases[] = {
        { "DELETE", LAST "?forceDeletion=true", NULL },
        { "POST", "@/s1/delete?forceDeletion=true", "{\"instanceIds\":[\"2\"]}" },
        { "DELETE", "@/s1", NULL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
        g_autoptr(Answer) first = world_must(world, 202, "DELETE", LAST, NULL);
        world_advance(world, 60 * USEC_PER_SEC);
        g_autoptr(Answer) again = world_must(world, 202, "DELETE", LAST, NULL);
        world_advance(world, 60 * USEC_PER_SEC);
        expect_there(world, TRUE);
        g_autoptr(Answer) forced = world_must(world, 202, cases[i].method, cases[i].target, cases[i].body);
        world_advance(world, 60 * USEC_PER_SEC);
        g_assert_cmpuint(host_simulated_alive(world->simulated), ==, i == 2 ? 0 : 2);
    }
}

static gboolean
is_notice(const char *const *argv)
{
    return g_str_has_prefix(argv[0], "terminate-");
}

static int
silent(const char *key, guint64 epoch, const char *const *argv, GString *out, void *data)
{
    (void)key;
    (void)epoch;
    (void)out;
    (void)data;
    return is_notice(argv) ? SIMULATED_GUEST_SILENT : SIMULATED_GUEST_AS_EVER;
}

static void
test_a_guest_that_does_not_answer_has_its_time_too(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
    host_simulated_set_guest(world->simulated, silent, NULL);
    host_simulated_set_approval(world->simulated, TRUE, 0);
    answer_free(world_must(world, 202, "DELETE", LAST, NULL));
    world_advance(world, MINUTES(4));
    expect_there(world, TRUE);
    /* And is told as soon as it can be. */
    host_simulated_set_guest(world->simulated, NULL, NULL);
    world_advance(world, 15 * USEC_PER_SEC);
    expect_there(world, FALSE);
}

static int
words_note(const char *key, guint64 epoch, const char *const *argv, GString *out, void *data)
{
    (void)key;
    (void)epoch;
    (void)out;
    if (is_notice(argv)) {
        g_autofree char *words = g_strjoinv(" ", (char **)argv);
        g_ptr_array_add(data, g_steal_pointer(&words));
    }
    return SIMULATED_GUEST_AS_EVER;
}

static void
test_what_the_guest_is_told(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Answer) instance = world_must(world, 200, "GET", LAST, NULL);
    g_autofree char *id = answer_text(instance, "properties.vmId");
    host_simulated_set_guest(world->simulated, words_note, words);
    UnixTime before = world->clock->now(world->clock);
    answer_free(world_must(world, 202, "DELETE", LAST, NULL));
    world_settle(world);
    g_autofree char *first = g_strdup_printf("terminate-notice %s ", id), *then = g_strdup_printf("terminate-ack %s", id);
    g_assert_cmpuint(words->len, >, 50);
    g_assert_true(g_str_has_prefix(g_ptr_array_index(words, 0), first));
    g_assert_true(g_str_has_suffix(g_ptr_array_index(words, 0), "Z s1_2"));
    for (guint i = 1; i < words->len; i++)
        g_assert_cmpstr(g_ptr_array_index(words, i), ==, then);
    g_assert_cmpint(world->clock->now(world->clock) - before, >=, MINUTES(5));
}

static void
test_a_restart_of_the_daemon(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
    answer_free(world_must(world, 202, "DELETE", LAST, NULL));
    world_advance(world, MINUTES(2));
    world_restart(world);
    world_advance(world, MINUTES(3) - USEC_PER_SEC);
    expect_there(world, TRUE);
    world_advance(world, 2 * USEC_PER_SEC);
    expect_there(world, FALSE);
}

static void
test_what_was_approved_meanwhile_is_heard(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
    host_simulated_set_approval(world->simulated, TRUE, 30 * USEC_PER_SEC);
    answer_free(world_must(world, 202, "DELETE", LAST, NULL));
    world_advance(world, 10 * USEC_PER_SEC);
    world_stop(world);
    clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + MINUTES(1));
    world_start(world);
    world_advance(world, 10 * USEC_PER_SEC);
    expect_there(world, FALSE);
}

static void
test_a_vm_that_dies_meanwhile_is_waited_for_no_more(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
    answer_free(world_must(world, 202, "DELETE", LAST, NULL));
    world_advance(world, MINUTES(1));
    g_autoptr(GPtrArray) keys = host_simulated_keys(world->simulated);
    for (guint i = 0; i < keys->len; i++) {
        if (g_str_has_suffix(g_ptr_array_index(keys, i), ".2"))
            g_assert_true(host_simulated_kill(world->simulated, g_ptr_array_index(keys, i)));
    }
    world_advance(world, 10 * USEC_PER_SEC);
    expect_there(world, FALSE);
}

static void
test_scaling_out_does_not_bring_it_back(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
    answer_free(world_must(world, 200, "PATCH", "@/s1", CAPACITY(2)));
    world_advance(world, MINUTES(1));
    answer_free(world_must(world, 200, "PATCH", "@/s1", CAPACITY(3)));
    world_advance(world, MINUTES(1));
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 4);
    world_settle(world);
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    answer_expect(list, "value.2.instanceId", "3");
    answer_expect(list, "value.3.instanceId", NULL);
}

/* Whoever is made as an older model says is treated as that says. */
static void
test_an_instance_on_an_older_model(void)
{
    g_autoptr(World) world = world_with("gen2", "{\"sku\":{\"name\":\"Standard_B2s\"},\"properties\":{" FIVE
                                                ",\"upgradePolicy\":{\"mode\":\"Manual\"}}}");
    answer_free(world_must(world, 202, "DELETE", LAST, NULL));
    world_advance(world, MINUTES(1));
    expect_there(world, FALSE);
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"1\"]}"));
    world_settle(world);
    answer_free(world_must(world, 202, "POST", "@/s1/delete", "{\"instanceIds\":[\"0\",\"1\"]}"));
    world_advance(world, MINUTES(1));
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 1);
    answer_free(world_must(world, 200, "GET", "@/s1/virtualMachines/1", NULL));
}

/* What a rolling upgrade deletes in favour of new ones has served until then. */
static void
test_surge_tells_the_old_ones(void)
{
    g_autoptr(World) world = world_with(
        "gen2", IN_SET(FIVE ",\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxBatchInstancePercent\":34,"
                            "\"maxSurge\":true}}"));
    answer_free(
        world_must(world, 200, "PATCH", "@/s1",
                   IN_SET("\"virtualMachineProfile\":{\"storageProfile\":{\"imageReference\":{\"version\":\"1.1.0\"}}}")));
    world_advance(world, MINUTES(4));
    g_autoptr(Answer) old = world_must(world, 200, "GET", "@/s1/virtualMachines/0", NULL);
    answer_expect(old, "properties.provisioningState", "Deleting");
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 4);
    world_settle(world);
    g_autoptr(Answer) latest = world_must(world, 200, "GET", "@/s1/rollingUpgrades/latest", NULL);
    answer_expect(latest, "properties.runningStatus.code", "Completed");
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 3);
}

/* A clock that was wrong and is set back makes no notice longer than the longest. */
static void
test_a_clock_that_goes_back(void)
{
    g_autoptr(World) world = world_with("gen2", IN_SET(FIVE));
    answer_free(world_must(world, 202, "DELETE", LAST, NULL));
    world_advance(world, MINUTES(1));
    clock_virtual_jump(world->clock, -MINUTES(24 * 60));
    world_restart(world);
    world_advance(world, MINUTES(15) + USEC_PER_SEC);
    expect_there(world, FALSE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/notice/a-guest-has-its-time", test_a_guest_has_its_time);
    g_test_add_func("/notice/the-default-is-five-minutes", test_the_default_is_five_minutes);
    g_test_add_func("/notice/a-guest-may-approve-early", test_a_guest_may_approve_early);
    g_test_add_func("/notice/who-is-deleted-at-once", test_who_is_deleted_at_once);
    g_test_add_func("/notice/force-ends-it", test_force_ends_a_notice);
    g_test_add_func("/notice/a-guest-that-does-not-answer", test_a_guest_that_does_not_answer_has_its_time_too);
    g_test_add_func("/notice/what-the-guest-is-told", test_what_the_guest_is_told);
    g_test_add_func("/notice/a-restart-of-the-daemon", test_a_restart_of_the_daemon);
    g_test_add_func("/notice/what-was-approved-meanwhile", test_what_was_approved_meanwhile_is_heard);
    g_test_add_func("/notice/a-vm-that-dies-meanwhile", test_a_vm_that_dies_meanwhile_is_waited_for_no_more);
    g_test_add_func("/notice/scaling-out-does-not-bring-it-back", test_scaling_out_does_not_bring_it_back);
    g_test_add_func("/notice/an-instance-on-an-older-model", test_an_instance_on_an_older_model);
    g_test_add_func("/notice/surge-tells-the-old-ones", test_surge_tells_the_old_ones);
    g_test_add_func("/notice/a-clock-that-goes-back", test_a_clock_that_goes_back);
    return g_test_run();
}
