/* Which instances go when a set is made smaller, and what protection keeps from an instance. */
#include "rows.h"

#define INSTANCE(n)     "@/s1/virtualMachines/" #n
#define PROTECT(member) "{\"properties\":{\"protectionPolicy\":{" member "}}}"
#define SHRINK(policy)  "{\"sku\":{\"capacity\":2},\"properties\":{\"scaleInPolicy\":{" policy "}}}"

static World *
world_with(guint capacity)
{
    World *world = world_new();
    world_create(world, "s1", capacity, "Standard_A1_v2", "gen1", NULL);
    return world;
}

/* "0 3": the ids that the set has. */
static char *
ids_of(World *world)
{
    g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines", NULL);
    GString *ids = g_string_new(NULL);
    for (guint i = 0;; i++) {
        g_autofree char *path = g_strdup_printf("value.%u.instanceId", i), *id = answer_text(list, path);
        if (!id)
            return g_string_free(ids, FALSE);
        g_string_append_printf(ids, "%s%s", i > 0 ? " " : "", id);
    }
}

/* The ids that what-if says would be deleted. */
static char *
foretold(World *world, const char *body)
{
    g_autoptr(Answer) answer = world_must(world, 200, "POST", "@/s1/whatIf", body);
    GString *ids = g_string_new(NULL);
    for (guint i = 0;; i++) {
        g_autofree char *id_path = g_strdup_printf("instances.%u.instanceId", i), *id = answer_text(answer, id_path);
        g_autofree char *path = g_strdup_printf("instances.%u.change", i), *change = answer_text(answer, path);
        if (!id)
            return g_string_free(ids, FALSE);
        if (g_strcmp0(change, "delete") == 0)
            g_string_append_printf(ids, "%s%s", ids->len > 0 ? " " : "", id);
    }
}

static void
test_the_policy_decides_who_goes(void)
{
    static const struct {
        const char *body, *goes, *left;
    } cases[] = {
        { SHRINK(""), "2 4", "1 3" },
        { SHRINK("\"rules\":[\"Default\"]"), "2 4", "1 3" },
        { SHRINK("\"rules\":[\"newestvm\"],\"forceDeletion\":true"), "2 4", "1 3" },
        { SHRINK("\"rules\":[\"OldestVM\"]"), "1 2", "3 4" },
        { SHRINK("\"prioritizeUnhealthyVMs\":true"), "1 4", "2 3" },
        { SHRINK("\"rules\":[\"OldestVM\"],\"prioritizeUnhealthyVMs\":\"true\""), "1 2", "3 4" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        /* Ids 1 to 4: number 1 is deallocated, number 3 is protected. */
        g_autoptr(World) world = world_with(5);
        g_test_message("%s", cases[i].body);
        answer_free(world_must(world, 202, "DELETE", INSTANCE(0), NULL));
        answer_free(world_must(world, 202, "POST", INSTANCE(1) "/deallocate", NULL));
        answer_free(world_must(world, 200, "PUT", INSTANCE(3), PROTECT("\"protectFromScaleIn\":true")));
        world_settle(world);
        g_autofree char *goes = foretold(world, cases[i].body);
        g_assert_cmpstr(goes, ==, cases[i].goes);
        g_autoptr(Answer) shrunk = world_must(world, 200, "PATCH", "@/s1", cases[i].body);
        world_expect_operation(world, shrunk, "Succeeded", NULL);
        g_autofree char *left = ids_of(world);
        g_assert_cmpstr(left, ==, cases[i].left);
    }
}

/* Scaled in before the engine has stopped what was to be deallocated: it goes, as what-if says, and not another one for it. */
static void
test_what_was_to_stop_goes(void)
{
    static const char shrink[] = SHRINK("\"rules\":[\"OldestVM\"],\"prioritizeUnhealthyVMs\":true");
    g_autoptr(World) world = world_with(3);
    g_autoptr(Answer) stopped = world_must(world, 202, "POST", INSTANCE(2) "/deallocate", NULL);
    g_autofree char *goes = foretold(world, shrink);
    g_assert_cmpstr(goes, ==, "2");
    g_autoptr(Answer) shrunk = world_must(world, 200, "PATCH", "@/s1", shrink);
    world_expect_operation(world, shrunk, "Succeeded", NULL);
    world_expect_operation(world, stopped, "Canceled", "OperationPreempted");
    g_autofree char *left = ids_of(world);
    g_assert_cmpstr(left, ==, "0 1");
}

static void
test_the_policy_is_kept_and_read_anew(void)
{
    g_autoptr(World) world = world_with(3);
    const Row rows[] = {
        { "PATCH", "@/s1", "{\"properties\":{\"scaleInPolicy\":{\"rules\":[\"oldestvm\"],\"forceDeletion\":false}}}", 200,
          "properties.scaleInPolicy.rules.0", "OldestVM" },
        { "PATCH", "@/s1", "{\"properties\":{\"scaleInPolicy\":{\"prioritizeUnhealthyVMs\":true}}}", 200,
          "properties.scaleInPolicy.rules.0", "OldestVM" },
        { "PATCH", "@/s1", "{\"sku\":{\"capacity\":2}}", 200, "properties.scaleInPolicy.prioritizeUnhealthyVMs", "true" },
        { "PATCH", "@/s1", "{\"properties\":{\"scaleInPolicy\":{\"rules\":[]}}}", 200, "properties.scaleInPolicy.rules.0",
          NULL },
        { "PATCH", "@/s1", "{\"properties\":{\"scaleInPolicy\":{\"rules\":[\"Default\",\"OldestVM\"]}}}", 400, "error.target",
          "properties.scaleInPolicy.rules" },
    };
    ROWS_RUN(world, rows);
    world_settle(world);
    g_autofree char *left = ids_of(world);
    g_assert_cmpstr(left, ==, "1 2");
}

/* Protection from scaling in: nothing else is kept away. */
static void
test_scale_in_protection_keeps_from_scaling_in_alone(void)
{
    static const struct {
        const char *method, *target, *body;
    } steps[] = {
        { "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"1\"]}" }, { "POST", "@/s1/reimage", "{\"instanceIds\":[\"1\"]}" },
        { "POST", "@/s1/deallocate", "{\"instanceIds\":[\"1\"]}" },    { "POST", "@/s1/start", "{\"instanceIds\":[\"1\"]}" },
        { "POST", "@/s1/delete", "{\"instanceIds\":[\"1\"]}" },
    };
    g_autoptr(World) world = world_with(2);
    answer_free(world_must(world, 200, "PUT", INSTANCE(1), PROTECT("\"protectFromScaleIn\":true")));
    answer_free(world_must(world, 200, "PUT", INSTANCE(0), PROTECT("\"protectFromScaleIn\":true")));
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_A2_v2\"}}"));
    g_autoptr(Answer) refused = world_must(world, 409, "PATCH", "@/s1", "{\"sku\":{\"capacity\":1}}");
    answer_expect(refused, "error.target", "sku.capacity");
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(Answer) accepted = world_must(world, 202, steps[i].method, steps[i].target, steps[i].body);
        world_expect_operation(world, accepted, "Succeeded", NULL);
        if (i == 0) {
            g_autoptr(Answer) updated = world_must(world, 200, "GET", INSTANCE(1), NULL);
            answer_expect(updated, "properties.latestModelApplied", "true");
        }
    }
    g_autofree char *left = ids_of(world);
    g_assert_cmpstr(left, ==, "0");
}

/* Protection from what the set does: upgrades, reimages, deallocations and scaling in pass by; a person's own actions on the
 * instance, and deleting it or the set, do not. */
static void
test_set_actions_protection(void)
{
    g_autoptr(World) world = world_with(2);
    answer_free(world_must(world, 200, "PUT", INSTANCE(1), PROTECT("\"protectFromScaleSetActions\":true")));
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_A2_v2\"}}"));
    const Row named[] = {
        { "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"1\"]}", 409, "error.code", "OperationNotAllowed" },
        { "POST", "@/s1/reimage", "{\"instanceIds\":[\"1\"]}", 409, "error.code", "OperationNotAllowed" },
        { "POST", "@/s1/reimageall", "{\"instanceIds\":[\"1\"]}", 409, "error.code", "OperationNotAllowed" },
        { "POST", "@/s1/deallocate", "{\"instanceIds\":[\"0\",\"1\"]}", 409, "error.code", "OperationNotAllowed" },
    };
    ROWS_RUN(world, named);
    static const char *const by_set[] = { "manualupgrade", "reimage", "deallocate" };
    for (guint i = 0; i < G_N_ELEMENTS(by_set); i++) {
        g_autofree char *target = g_strconcat("@/s1/", by_set[i], NULL);
        g_autoptr(Answer) accepted = world_must(world, 202, "POST", target, "{\"instanceIds\":[\"*\"]}");
        world_expect_operation(world, accepted, "Succeeded", NULL);
        g_autoptr(Answer) list = world_must(world, 200, "GET", "@/s1/virtualMachines?$expand=instanceView", NULL);
        answer_expect(list, "value.0.properties.latestModelApplied", "true");
        answer_expect(list, "value.1.properties.latestModelApplied", "false");
        answer_expect(list, "value.1.properties.instanceView.statuses.1.code", "PowerState/running");
    }
    /* The older one goes, although it is not the newest. */
    g_autoptr(Answer) shrunk = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":1}}");
    world_expect_operation(world, shrunk, "Succeeded", NULL);
    g_autofree char *left = ids_of(world);
    g_assert_cmpstr(left, ==, "1");
    static const char *const own[] = { "deallocate", "start", "reimage", "restart" };
    for (guint i = 0; i < G_N_ELEMENTS(own); i++) {
        g_autofree char *target = g_strconcat(INSTANCE(1) "/", own[i], NULL);
        g_autoptr(Answer) accepted = world_must(world, 202, "POST", target, NULL);
        world_expect_operation(world, accepted, "Succeeded", NULL);
    }
    g_autoptr(Answer) deleted = world_must(world, 202, "DELETE", "@/s1", NULL);
    world_expect_operation(world, deleted, "Succeeded", NULL);
    answer_free(world_must(world, 404, "GET", "@/s1", NULL));
}

/* Nor do upgrades that begin by themselves touch it, and protection from scaling in alone does not keep from them. */
static void
test_upgrades_by_themselves_pass_protected_instances_by(void)
{
    static const char *const modes[] = { "Automatic", "Rolling" };
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(World) world = world_with(3);
        g_autofree char *body = g_strdup_printf(
            "{\"sku\":{\"name\":\"Standard_A2_v2\"},\"properties\":{\"upgradePolicy\":{\"mode\":\"%s\"}}}", modes[i]);
        g_test_message("%s", modes[i]);
        answer_free(world_must(world, 200, "PUT", INSTANCE(1), PROTECT("\"protectFromScaleSetActions\":true")));
        answer_free(world_must(world, 200, "PUT", INSTANCE(2), PROTECT("\"protectFromScaleIn\":true")));
        answer_free(world_must(world, 200, "PATCH", "@/s1", body));
        world_settle(world);
        const Row rows[] = {
            { "GET", INSTANCE(0), NULL, 200, "properties.hardwareProfile.vmSize", "Standard_A2_v2" },
            { "GET", INSTANCE(1), NULL, 200, "properties.hardwareProfile.vmSize", "Standard_A1_v2" },
            { "GET", INSTANCE(1), NULL, 200, "properties.provisioningState", "Succeeded" },
            { "GET", INSTANCE(2), NULL, 200, "properties.hardwareProfile.vmSize", "Standard_A2_v2" },
        };
        ROWS_RUN(world, rows);
    }
}

static void
test_protection_that_contradicts_itself_is_refused(void)
{
    g_autoptr(World) world = world_with(1);
    const Row rows[] = {
        { "PUT", INSTANCE(0), PROTECT("\"protectFromScaleSetActions\":true,\"protectFromScaleIn\":false"), 400, "error.target",
          "properties.protectionPolicy.protectFromScaleIn" },
        { "GET", INSTANCE(0), NULL, 200, "properties.protectionPolicy", NULL },
        { "PUT", INSTANCE(0), PROTECT("\"protectFromScaleSetActions\":true"), 200,
          "properties.protectionPolicy.protectFromScaleIn", "true" },
        /* What is there already counts. */
        { "PUT", INSTANCE(0), PROTECT("\"protectFromScaleIn\":false"), 400, "error.target",
          "properties.protectionPolicy.protectFromScaleIn" },
        { "PUT", INSTANCE(0), PROTECT("\"protectFromScaleIn\":false,\"protectFromScaleSetActions\":false"), 200,
          "properties.protectionPolicy", NULL },
        { "PUT", "@/s1", "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleIn\":true}}}", 400, "error.code",
          "InvalidRequestContent" },
    };
    ROWS_RUN(world, rows);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scaling/the-policy-decides-who-goes", test_the_policy_decides_who_goes);
    g_test_add_func("/scaling/what-was-to-stop-goes", test_what_was_to_stop_goes);
    g_test_add_func("/scaling/the-policy-is-kept", test_the_policy_is_kept_and_read_anew);
    g_test_add_func("/scaling/scale-in-protection", test_scale_in_protection_keeps_from_scaling_in_alone);
    g_test_add_func("/scaling/set-actions-protection", test_set_actions_protection);
    g_test_add_func("/scaling/upgrades-by-themselves", test_upgrades_by_themselves_pass_protected_instances_by);
    g_test_add_func("/scaling/contradictions", test_protection_that_contradicts_itself_is_refused);
    return g_test_run();
}
