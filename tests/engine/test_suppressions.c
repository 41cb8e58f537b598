/* Suppression rules through the API, store, engine and simulated driver: which alerts they dismiss, who is told, and what is
 * when they are over. */
#include "attested.h"

#include "base/json.h"

#include <string.h>

#define S         USEC_PER_SEC
#define ALERTS    "~/providers/Microsoft.Security/alerts"
#define RULES     "~/providers/Microsoft.Security/alertsSuppressionRules"
#define DEVIATION "Testudo.BootIntegrity.Deviation"
#define RULE(type, state, more)                                                                                                \
    "{\"properties\":{\"alertType\":\"" type "\",\"state\":\"" state "\",\"reason\":\"FalsePositive\"" more "}}"
#define ONE_SET(name)                                                                                                          \
    ",\"suppressionAlertsScope\":{\"allOf\":[{\"field\":\"entities.azureresource.resourceid\",\"contains\":"                   \
    "\"/virtualMachineScaleSets/" name "/\"}]}"

static SimulatedFault
odd_boots(const LaunchSpec *spec, void *data)
{
    (void)data;
    return g_str_has_suffix(spec->key, ".0") && spec->epoch % 2 == 0 ? SIMULATED_GRUB_CHANGED : SIMULATED_OK;
}

/* The first boot of instance 0 is well, and each second one is not. */
static World *
world_healthy(void)
{
    World *world = world_new();
    host_simulated_set_faults(world->simulated, odd_boots, NULL);
    world->engine_config.alerts_delivered = TRUE;
    world->api_config.alerts_delivered = TRUE;
    world_restart(world);
    attested_create(world, "s1", ATTESTED_SET("2", "Manual", ""));
    attested_approve(world);
    return world;
}

static void
put(World *world, const char *name, const char *body)
{
    g_autofree char *target = g_strconcat(RULES "/", name, NULL);
    answer_free(world_must(world, 200, "PUT", target, body));
}

static void
expect_newest(World *world, const char *status, const char *rule)
{
    g_autoptr(Answer) list = world_must(world, 200, "GET", ALERTS, NULL);
    answer_expect(list, "value.0.properties.status", status);
    answer_expect(list, "value.0.properties.extendedProperties.suppressedBy", rule);
}

static void
newest_change(World *world, const char *action)
{
    g_autoptr(Answer) list = world_must(world, 200, "GET", ALERTS, NULL);
    g_autofree char *id = answer_text(list, "value.0.id"), *target = g_strconcat(id, action, NULL);
    answer_free(world_must(world, 204, "POST", target, NULL));
}

static void
test_nobody_is_told(void)
{
    g_autoptr(World) world = world_healthy();
    put(world, "quiet", RULE(DEVIATION, "Enabled", ONE_SET("s1")));
    attested_restart(world, "0");
    expect_newest(world, "Dismissed", "quiet");
    world_advance(world, 2 * ROUND);
    expect_newest(world, "Dismissed", "quiet");
    attested_restart(world, "0");
    expect_newest(world, "Dismissed", "quiet");
    attested_expect_deliveries(world, "");
    /* Found anew, it is dismissed anew, also by another daemon. */
    world_restart(world);
    attested_restart(world, "0");
    g_autoptr(Answer) list = world_must(world, 200, "GET", ALERTS, NULL);
    answer_expect(list, "value.0.properties.status", "Dismissed");
    answer_expect(list, "value.1.properties.status", "Dismissed");
    attested_expect_deliveries(world, "");
}

static const struct {
    const char *name, *body;
} others[] = {
    { "another-set", RULE(DEVIATION, "Enabled", ONE_SET("s2")) },
    { "another-type", RULE("Testudo.BootIntegrity.NoAnswer", "Enabled", "") },
    { "disabled", RULE(DEVIATION, "Disabled", "") },
};

static void
test_of_others(const void *data)
{
    g_autoptr(World) world = world_healthy();
    put(world, "other", others[GPOINTER_TO_UINT(data)].body);
    attested_restart(world, "0");
    expect_newest(world, "Active", NULL);
    attested_expect_deliveries(world, "raised");
}

/* What there is when a rule is made is dismissed by it; activated by somebody, it stays so. */
static void
test_alerts_that_there_are(void)
{
    g_autoptr(World) world = world_healthy();
    attested_restart(world, "0");
    attested_expect_deliveries(world, "raised");
    put(world, "quiet", RULE("*", "Enabled", ""));
    expect_newest(world, "Dismissed", "quiet");
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    answer_expect(log, "value.0.operationName.value", "Microsoft.Security/alertsSuppressionRules/write");
    answer_expect(log, "value.0.properties.statusMessage", NULL);
    newest_change(world, "/activate");
    world_advance(world, 2 * ROUND);
    expect_newest(world, "Active", NULL);
    attested_expect_deliveries(world, "");
    attested_restart(world, "0");
    expect_newest(world, "Resolved", NULL);
    attested_expect_deliveries(world, "over");
}

/* An alert that lasts longer than its rule is told of then. */
static void
test_rule_that_is_over(void)
{
    static const char *const ends[] = { "delete", "disable", "narrow" };
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autoptr(World) world = world_healthy();
        put(world, "quiet", RULE(DEVIATION, "Enabled", ""));
        attested_restart(world, "0");
        expect_newest(world, "Dismissed", "quiet");
        if (i == 0)
            answer_free(world_must(world, 204, "DELETE", RULES "/QUIET", NULL));
        else
            put(world, "quiet", i == 1 ? RULE(DEVIATION, "Disabled", "") : RULE(DEVIATION, "Enabled", ONE_SET("s2")));
        expect_newest(world, "Active", NULL);
        attested_expect_deliveries(world, "raised");
        attested_restart(world, "0");
        expect_newest(world, "Resolved", NULL);
        attested_expect_deliveries(world, "over");
    }
}

static void
test_rule_that_expires(void)
{
    g_autoptr(World) world = world_healthy();
    g_autofree char *body = NULL;
    g_autoptr(GDateTime) end = g_date_time_new_from_unix_utc(world->clock->now(world->clock) / S + 6 * 3600);
    g_autofree char *text = g_date_time_format(end, "%Y-%m-%dT%H:%M:%SZ");
    body = g_strdup_printf("{\"properties\":{\"alertType\":\"*\",\"state\":\"Enabled\",\"reason\":\"x\",\"expirationDateUtc\":"
                           "\"%s\"}}",
                           text);
    put(world, "quiet", body);
    attested_restart(world, "0");
    world_advance(world, 4 * 3600 * S);
    expect_newest(world, "Dismissed", "quiet");
    world_advance(world, 3 * ROUND);
    expect_newest(world, "Active", NULL);
    attested_expect_deliveries(world, "raised");
    g_autoptr(Answer) rule = world_must(world, 200, "GET", RULES "/quiet", NULL);
    answer_expect(rule, "properties.state", "Expired");
    /* As it is read it is not accepted: nothing would come of it. */
    g_autofree char *shown = json_text(rule->body);
    answer_free(world_must(world, 400, "PUT", RULES "/quiet", shown));
    g_autoptr(Answer) over = world_must(world, 400, "PUT", RULES "/quiet", body);
    answer_expect(over, "error.target", "properties.expirationDateUtc");
}

/* With two of them, one is enough. */
static void
test_two_rules(void)
{
    g_autoptr(World) world = world_healthy();
    put(world, "a", RULE("*", "Enabled", ""));
    put(world, "b", RULE(DEVIATION, "Enabled", ""));
    attested_restart(world, "0");
    expect_newest(world, "Dismissed", "a");
    answer_free(world_must(world, 204, "DELETE", RULES "/a", NULL));
    expect_newest(world, "Dismissed", "b");
    attested_expect_deliveries(world, "");
    answer_free(world_must(world, 204, "DELETE", RULES "/b", NULL));
    expect_newest(world, "Active", NULL);
    attested_expect_deliveries(world, "raised");
}

/* Dismissed by a person, it is theirs. */
static void
test_dismissed_by_somebody(void)
{
    g_autoptr(World) world = world_healthy();
    put(world, "quiet", RULE("*", "Enabled", ""));
    attested_restart(world, "0");
    newest_change(world, "/dismiss");
    expect_newest(world, "Dismissed", NULL);
    answer_free(world_must(world, 204, "DELETE", RULES "/quiet", NULL));
    world_advance(world, 2 * ROUND);
    expect_newest(world, "Dismissed", NULL);
    attested_expect_deliveries(world, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/suppressions/nobody-is-told", test_nobody_is_told);
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *path = g_strconcat("/engine/suppressions/of-others/", others[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_of_others);
    }
    g_test_add_func("/engine/suppressions/alerts-that-there-are", test_alerts_that_there_are);
    g_test_add_func("/engine/suppressions/rule-that-is-over", test_rule_that_is_over);
    g_test_add_func("/engine/suppressions/rule-that-expires", test_rule_that_expires);
    g_test_add_func("/engine/suppressions/two-rules", test_two_rules);
    g_test_add_func("/engine/suppressions/dismissed-by-somebody", test_dismissed_by_somebody);
    return g_test_run();
}
