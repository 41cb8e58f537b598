/* Suppression rules: what is accepted, what is refused with which words, and which alerts a rule matches. */
#include "bodies.h"

#include "base/error.h"
#include "base/time_text.h"
#include "model/suppression.h"

#include <string.h>

#define P                "properties."
#define SCOPE            P "suppressionAlertsScope"
#define RULE(members)    "{'properties': {" members "}}"
#define ENABLED          "'state': 'Enabled', 'reason': 'FalsePositive'"
#define DEVIATION        "'alertType': 'Testudo.BootIntegrity.Deviation'"
#define SCOPED(elements) RULE(DEVIATION ", " ENABLED ", 'suppressionAlertsScope': {'allOf': [" elements "]}")
#define RESOURCE         "'field': 'entities.azureresource.resourceid'"
#define SET              "/subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web"

static Suppression *
must_read(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) body = body_of(text);
    Suppression *suppression = suppression_read(body, &error);
    g_assert_no_error(error);
    return suppression;
}

/* What is kept is canonical, and reads the same. */
static void
test_kept_as_it_is_read(void)
{
    g_autoptr(Suppression) first = must_read(
        "{'id': 'x', 'name': 'y', 'type': 'z', 'systemData': {}, 'properties': {'ALERTTYPE': "
        "'testudo.bootintegrity.deviation', "
        "'state': 'disabled', 'reason': 'Other', 'comment': null, 'lastModifiedUtc': '2020', 'expirationDateUtc': "
        "'2030-01-02T03:04:05+01:00', 'suppressionAlertsScope': {'allOf': [{'field': 'Entities.AzureResource.ResourceId', "
        "'contains': '/WEB/'}, {'field': 'extendedproperties.REASON', 'in': ['deviation']}]}}}");
    g_assert_true(!first->enabled && !first->every_kind && first->kind == ALERT_DEVIATION);
    g_autofree char *expires = time_to_text(first->expires);
    g_assert_cmpstr(expires, ==, "2030-01-02T02:04:05.000000Z");
    g_autofree char *text = json_text(first->body);
    g_strdelimit(text, "\"", '\'');
    g_assert_cmpstr(text, ==,
                    "{'properties':{'alertType':'Testudo.BootIntegrity.Deviation','state':'Disabled','reason':'Other',"
                    "'expirationDateUtc':'2030-01-02T02:04:05.000000Z','suppressionAlertsScope':{'allOf':[{'field':"
                    "'entities.azureresource.resourceid','contains':'/WEB/'},{'field':'extendedProperties.reason','in':"
                    "['deviation']}]}}}");
    g_autoptr(Suppression) again = suppression_read(first->body, NULL);
    g_assert_true(json_equal(again->body, first->body));
    g_assert_cmpint(again->expires, ==, first->expires);
}

static void
test_refused(void)
{
    /* clang-format off */
    static const struct {
        const char *body;
        ArmCode code;
        const char *target, *words;
    } cases[] = {
        { "[]", ARM_INVALID_REQUEST_CONTENT, NULL, "JSON object" },
        { "{}", ARM_INVALID_PARAMETER, P "alertType", "required" },
        { RULE(DEVIATION ", 'reason': 'x'"), ARM_INVALID_PARAMETER, P "state", "required" },
        { RULE(DEVIATION ", 'state': 'Enabled', 'reason': null"), ARM_INVALID_PARAMETER, P "reason", "required" },
        { RULE(DEVIATION ", 'state': 'Enabled', 'reason': ''"), ARM_INVALID_PARAMETER, P "reason", "empty" },
        { RULE("'alertType': 'IpAnomaly', " ENABLED), ARM_INVALID_PARAMETER, P "alertType", "IpAnomaly|'*', 'Testudo.BootIntegrity.Deviation'|KernelModuleRefused" },
        { RULE(DEVIATION ", 'reason': 'x', 'state': 'On'"), ARM_INVALID_PARAMETER, P "state", "On|Enabled, Disabled" },
        { RULE(DEVIATION ", 'reason': 'x', 'state': 'expired'"), ARM_INVALID_PARAMETER, P "state", "later expirationDateUtc" },
        { RULE(DEVIATION ", " ENABLED ", 'expirationDateUtc': 'tomorrow'"), ARM_INVALID_PARAMETER, P "expirationDateUtc", "tomorrow|2026-12-31T00:00:00Z" },
        { RULE(DEVIATION ", " ENABLED ", 'expirationDateUtc': '1960-01-01T00:00:00Z'"), ARM_INVALID_PARAMETER, P "expirationDateUtc", "1960" },
        { RULE(DEVIATION ", " ENABLED ", 'severity': 'Low'"), ARM_INVALID_REQUEST_CONTENT, P "severity", "Could not find member 'severity'" },
        { RULE(DEVIATION ", " ENABLED ", 'suppressionAlertsScope': {}"), ARM_INVALID_PARAMETER, SCOPE ".allOf", "required" },
        { RULE(DEVIATION ", " ENABLED ", 'suppressionAlertsScope': {'anyOf': []}"), ARM_INVALID_REQUEST_CONTENT, SCOPE ".anyOf", "anyOf" },
        { SCOPED("{'field': 'entities.ip.address', 'in': ['10.0.0.1']}"), ARM_INVALID_PARAMETER, SCOPE ".allOf[0].field", "entities.ip.address|entities.azureresource.resourceid" },
        { SCOPED("{'contains': 'x'}"), ARM_INVALID_PARAMETER, SCOPE ".allOf[0].field", "required" },
        { SCOPED("{" RESOURCE ", 'contains': 'x'}, {" RESOURCE "}"), ARM_INVALID_PARAMETER, SCOPE ".allOf[1]", "either" },
        { SCOPED("{" RESOURCE ", 'contains': 'x', 'in': ['x']}"), ARM_INVALID_PARAMETER, SCOPE ".allOf[0]", "either" },
        { SCOPED("{" RESOURCE ", 'contains': ''}"), ARM_INVALID_PARAMETER, SCOPE ".allOf[0].contains", "empty" },
        { SCOPED("{" RESOURCE ", 'in': []}"), ARM_INVALID_PARAMETER, SCOPE ".allOf[0].in", "0 values|1 to 100" },
        { SCOPED("{" RESOURCE ", 'in': ['x', '']}"), ARM_INVALID_PARAMETER, SCOPE ".allOf[0].in", "empty" },
        { SCOPED("{" RESOURCE ", 'in': 'x'}"), ARM_INVALID_PARAMETER, SCOPE ".allOf[0].in", "array of texts" },
        { SCOPED("{" RESOURCE ", 'equals': 'x'}"), ARM_INVALID_REQUEST_CONTENT, SCOPE ".allOf[0].equals", "equals" },
        { SCOPED("7"), ARM_INVALID_PARAMETER, SCOPE ".allOf[0]", "an object" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) body = body_of(cases[i].body);
        g_autoptr(Suppression) read = suppression_read(body, &error);
        g_assert_null(read);
        assert_error_says(error, (int)cases[i].code, cases[i].target, cases[i].words);
    }
}

static void
test_too_much(void)
{
    g_autofree char *comment = g_strnfill(1025, 'a');
    g_autofree char *long_one = g_strdup_printf(RULE(DEVIATION ", " ENABLED ", 'comment': '%s'"), comment);
    g_autoptr(GString) many = g_string_new("{" RESOURCE ", 'contains': 'x'}");
    for (guint i = 0; i < 16; i++)
        g_string_append(many, ", {" RESOURCE ", 'contains': 'x'}");
    g_autofree char *wide = g_strdup_printf(SCOPED("%s"), many->str);
    const struct {
        const char *body, *target, *words;
    } cases[] = { { long_one, P "comment", "1024" }, { wide, SCOPE ".allOf", "17 conditions|16" } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) body = body_of(cases[i].body);
        g_assert_null(suppression_read(body, &error));
        assert_error_says(error, ARM_INVALID_PARAMETER, cases[i].target, cases[i].words);
    }
}

#define NOW (G_GINT64_CONSTANT(1893456000) * USEC_PER_SEC) /* 2030-01-01T00:00:00Z */

static void
test_matches(void)
{
    /* clang-format off */
    static const struct {
        const char *body;
        gboolean matches;
    } cases[] = {
        { RULE(DEVIATION ", " ENABLED), TRUE },
        { RULE("'alertType': '*', " ENABLED), TRUE },
        { RULE("'alertType': 'Testudo.BootIntegrity.NoAnswer', " ENABLED), FALSE },
        { RULE(DEVIATION ", 'state': 'Disabled', 'reason': 'x'"), FALSE },
        { RULE(DEVIATION ", " ENABLED ", 'expirationDateUtc': '2030-01-01T00:00:00Z'"), FALSE },
        { RULE(DEVIATION ", " ENABLED ", 'expirationDateUtc': '2030-01-01T00:00:01Z'"), TRUE },
        { RULE(DEVIATION ", " ENABLED ", 'suppressionAlertsScope': null"), TRUE },
        { SCOPED(""), TRUE },
        { SCOPED("{" RESOURCE ", 'contains': '/virtualmachinescalesets/WEB/'}"), TRUE },
        { SCOPED("{" RESOURCE ", 'contains': '/virtualMachineScaleSets/we/'}"), FALSE },
        { SCOPED("{'field': 'entities.azure-resource.resourceId', 'in': ['no', '" SET "/VIRTUALMACHINES/0']}"), TRUE },
        { SCOPED("{" RESOURCE ", 'in': ['" SET "']}"), FALSE },
        { SCOPED("{'field': 'extendedProperties.reason', 'in': ['other', 'Deviation']}"), TRUE },
        { SCOPED("{'field': 'extendedProperties.reason', 'contains': 'viat'}, {" RESOURCE ", 'contains': 'web'}"), TRUE },
        { SCOPED("{'field': 'extendedProperties.reason', 'contains': 'viat'}, {" RESOURCE ", 'contains': 'db'}"), FALSE },
    };
    /* clang-format on */
    static const SuppressedAlert alert = { ALERT_DEVIATION, SET "/virtualMachines/0", "deviation" };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Suppression) suppression = must_read(cases[i].body);
        if (suppression_matches(suppression, &alert, NOW) != cases[i].matches)
            g_error("'%s' %s", cases[i].body, cases[i].matches ? "does not match" : "matches");
    }
    g_autoptr(Suppression) by_reason = must_read(SCOPED("{'field': 'extendedProperties.reason', 'contains': 'x'}"));
    static const SuppressedAlert no_reason = { ALERT_DEVIATION, SET "/virtualMachines/0", NULL };
    g_assert_false(suppression_matches(by_reason, &no_reason, NOW));
}

static void
test_names(void)
{
    static const char *const good[] = { "a", "dismiss-IpAnomaly_2" }, *const bad[] = { "", "a b", "a/b", "ä", "a\n" };
    g_autofree char *longest = g_strnfill(260, 'a'), *too_long = g_strnfill(261, 'a');
    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(suppression_name_check(good[i], NULL));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(suppression_name_check(bad[i], NULL));
    g_assert_true(suppression_name_check(longest, NULL));
    g_assert_false(suppression_name_check(too_long, NULL));
}

static void
test_fields(void)
{
    for (int i = 0; i < SUPPRESSION_N_FIELDS; i++) {
        SuppressionField field;
        g_assert_true(suppression_field_from_text(suppression_field_text((SuppressionField)i), &field));
        g_assert_cmpint((int)field, ==, i);
    }
    SuppressionField none;
    g_assert_false(suppression_field_from_text("entities.ip.address", &none));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/suppression/kept-as-it-is-read", test_kept_as_it_is_read);
    g_test_add_func("/suppression/refused", test_refused);
    g_test_add_func("/suppression/too-much", test_too_much);
    g_test_add_func("/suppression/matches", test_matches);
    g_test_add_func("/suppression/names", test_names);
    g_test_add_func("/suppression/fields", test_fields);
    return g_test_run();
}
