/* ARM ids and names. */
#include "base/resource_id.h"

#include "base/error.h"

#include <string.h>

#define SET "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web"

static void
test_parse(void)
{
    /* clang-format off */
    static const struct {
        const char *text;
        const char *parts;      /* subscription|group|provider|type|name|child, "-" where absent; NULL: refused */
    } cases[] = {
        { "/subscriptions/s", "s|-|-|-|-|-" },
        { "/subscriptions/s/resourceGroups/g", "s|g|-|-|-|-" },
        { "/SUBSCRIPTIONS/S/resourcegroups/G", "S|G|-|-|-|-" },
        { SET, "s|g|Microsoft.Compute|virtualMachineScaleSets|web|-" },
        { SET "/virtualMachines/0", "s|g|Microsoft.Compute|virtualMachineScaleSets/virtualMachines|web|0" },
        { "/subscriptions/s/RESOURCEGROUPS/g/PROVIDERS/microsoft.compute/T/n", "s|g|microsoft.compute|T|n|-" },
        { "", NULL }, { "/", NULL }, { "subscriptions/s", NULL }, { "/subscriptions", NULL }, { "/subscriptions/", NULL },
        { "/subscription/s", NULL }, { "/subscriptions/s/", NULL }, { "/subscriptions/s/resourceGroups", NULL },
        { "/subscriptions/s/groups/g", NULL }, { "/subscriptions//resourceGroups/g", NULL },
        { "/subscriptions/s/resourceGroups/g/providers/P/T", NULL }, { SET "/virtualMachines", NULL }, { SET "/a/b/c/d", NULL },
        { "/subscriptions/s/resourceGroups/g/provider/P/T/n", NULL },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ResourceId) id = resource_id_parse(cases[i].text, &error);
        g_test_message("%s", cases[i].text);
        g_assert_true((id != NULL) == (cases[i].parts != NULL) && (error != NULL) == (id == NULL));
        if (!id)
            continue;
#define PART(member) (id->member ? id->member : "-")
        g_autofree char *parts =
            g_strjoin("|", PART(subscription), PART(group), PART(provider), PART(type), PART(name), PART(child_name), NULL);
        g_assert_cmpstr(parts, ==, cases[i].parts);
    }
}

static void
test_too_long(void)
{
    g_autofree char *name = g_strnfill(5000, 'x');
    g_autofree char *text = g_strconcat("/subscriptions/", name, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_null(resource_id_parse(text, &error));
    g_assert_cmpuint(strlen(error->message), <, 1000);
}

static void
test_build(void)
{
    g_autofree char *set = resource_id_scale_set("s", "g", "web"), *instance = resource_id_instance("s", "g", "web", 12);
    g_autofree char *group = resource_id_group("s", "g"), *subscription = resource_id_subscription("s");
    g_assert_cmpstr(set, ==, SET);
    g_assert_cmpstr(instance, ==, SET "/virtualMachines/12");
    g_assert_cmpstr(group, ==, "/subscriptions/s/resourceGroups/g");
    g_assert_cmpstr(subscription, ==, "/subscriptions/s");
    g_assert_true(resource_same("WEB-1", "web-1") && !resource_same("web-1", "web_1"));
    g_autofree char *folded = resource_fold("WeB.1");
    g_assert_cmpstr(folded, ==, "web.1");
}

static void
test_names(void)
{
    g_autofree char *name64 = g_strnfill(64, 'a'), *name65 = g_strnfill(65, 'a'), *name90 = g_strnfill(90, 'a'),
                    *name91 = g_strnfill(91, 'a');
    /* clang-format off */
    const struct {
        const char *name;
        gboolean group, set;
    } cases[] = {
        { "web", TRUE, TRUE }, { "Web-1_b.c", TRUE, TRUE }, { "1", TRUE, TRUE }, { "a_", TRUE, TRUE }, { "rg(1)", TRUE, FALSE },
        { "_a", TRUE, FALSE }, { "-a", TRUE, FALSE }, { ".a", TRUE, FALSE }, { "a-", TRUE, FALSE }, { "a.", FALSE, FALSE },
        { "", FALSE, FALSE }, { "a b", FALSE, FALSE }, { "a/b", FALSE, FALSE }, { "..", FALSE, FALSE }, { "\u00e9", FALSE, FALSE },
        { "a\n", FALSE, FALSE }, { name64, TRUE, TRUE }, { name65, TRUE, FALSE }, { name90, TRUE, FALSE }, { name91, FALSE, FALSE },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) group = NULL, set = NULL;
        g_test_message("%s", cases[i].name);
        g_assert_cmpint(resource_name_check_group(cases[i].name, "name", &group), ==, cases[i].group);
        g_assert_cmpint(resource_name_check_scale_set(cases[i].name, "name", &set), ==, cases[i].set);
        g_assert_true((group == NULL) == cases[i].group && (set == NULL) == cases[i].set);
        if (set)
            g_assert_cmpstr(arm_error_target(set), ==, "name");
    }
}

static void
test_machine_names(void)
{
    static const struct {
        const char *name, *set; /* set NULL: no such name */
        guint instance;
    } cases[] = {
        { "web_0", "web", 0 },
        { "web_12", "web", 12 },
        { "web_1_2", "web_1", 2 },
        { "web__3", "web_", 3 },
        { "w_4294967295", "w", G_MAXUINT32 },
        { "web", NULL, 0 },
        { "web_", NULL, 0 },
        { "_1", NULL, 0 },
        { "web_01", NULL, 0 },
        { "web_00", NULL, 0 },
        { "web_-1", NULL, 0 },
        { "web_+1", NULL, 0 },
        { "web_ 1", NULL, 0 },
        { "web_1a", NULL, 0 },
        { "w_4294967296", NULL, 0 },
        { "", NULL, 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *set = NULL;
        guint instance = 0;
        g_test_message("%s", cases[i].name);
        g_assert_cmpint(resource_machine_parse(cases[i].name, &set, &instance), ==, cases[i].set != NULL);
        g_assert_cmpstr(set, ==, cases[i].set);
        g_assert_cmpuint(instance, ==, cases[i].instance);
        g_autofree char *name = set ? resource_machine_name(set, instance) : NULL;
        g_assert_cmpstr(name, ==, set ? cases[i].name : NULL);
    }
    g_autofree char *id = resource_id_machine("s", "g", "web", 7);
    g_assert_cmpstr(id, ==, "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web_7");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/id/parse", test_parse);
    g_test_add_func("/id/too-long", test_too_long);
    g_test_add_func("/id/build", test_build);
    g_test_add_func("/name/machines", test_machine_names);
    g_test_add_func("/name/accepted-and-refused", test_names);
    return g_test_run();
}
