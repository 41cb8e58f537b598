/* The structure of a template; its resources, what they are called and in which order they come. */
#include "templates.h"

#include "base/error.h"

#include <string.h>

#define SCHEMA(text)       "{'$schema': '" text "', 'contentVersion': '1.0.0.0', 'resources': []}"
#define AZURE              "https://schema.management.azure.com/schemas/"
#define WITH(members)      TEMPLATE(RESOURCES(RESOURCE("a", "x", ", " members)))
#define NEEDS(names)       ", 'dependsOn': [" names "]"
#define R(name, more)      RESOURCE("vnets", name, more)
#define CHILD(name, more)  RESOURCE("vnets/subnets", name, more)
#define NESTED(name, more) ", 'resources': [{'type': 'subnets', 'apiVersion': '2022-01-01', 'name': '" name "'" more "}]"

static void
test_schemas(void)
{
    static const char *const good[] = {
        SCHEMA(AZURE "2019-04-01/deploymentTemplate.json#"), SCHEMA(AZURE "2015-01-01/deploymentTemplate.json"),
        SCHEMA("http://schema.management.azure.com/schemas/2019-08-01/DEPLOYMENTTEMPLATE.json#")
    };
    static const char *const bad[] = { SCHEMA(AZURE "2018-05-01/subscriptionDeploymentTemplate.json#"),
                                       SCHEMA("deploymentTemplate"), "{'contentVersion': '1.0.0.0', 'resources': []}" };
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(Template) made = must_evaluate(good[i], NULL);
        g_assert_cmpuint(made->resources->len, ==, 0);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(evaluate(bad[i], NULL, &error));
        assert_refused(error, "template.$schema", "2019-04-01/deploymentTemplate.json#");
    }
}

static void
test_refused(void)
{
    /* clang-format off */
    static const struct {
        const char *text, *target, *words;
    } cases[] = {
        { "[]", "template", "A template is an object, and this is an array" },
        { "{'$schema': '/deploymentTemplate.json', 'resources': []}", "template.contentVersion", "1.0.0.0" },
        { TEMPLATE("'parameters': {}"), "template.resources", "may be empty" },
        { TEMPLATE("'resource': []"), "template.resource", "no member 'resource'; accepted: '$schema', 'contentVersion', 'parameters', 'variables', 'functions', 'resources', 'outputs', 'metadata'" },
        { TEMPLATE("'apiProfile': 'x', " RESOURCES("")), "template.apiProfile", "not taken" },
        { TEMPLATE("'resources': {}"), "template.resources", "an object; accepted: an array" },
        { TEMPLATE("'Metadata': {}, 'metadata': {}, " RESOURCES("")), "template", "'metadata' twice" },
        { TEMPLATE(RESOURCES("1")), "template.resources[0]", "A resource is an object" },
        { TEMPLATE(RESOURCES("{}")), "template.resources[0]", "'type'" },
        { TEMPLATE(RESOURCES("{'type': 'A/b'}")), "template.resources[0]", "'name'" },
        { TEMPLATE(RESOURCES("{'type': 'A/b', 'name': 'x'}")), "template.resources[0]", "'apiVersion'" },
        { TEMPLATE(RESOURCES("{'type': 'A/b', 'name': 1, 'apiVersion': '2022-01-01'}")), "template.resources[0].name", "an integer; accepted: a text" },
        { TEMPLATE(RESOURCES("{'type': 'A/b', 'name': '[null()]', 'apiVersion': '2022-01-01'}")), "template.resources[0].name", "a text, and is null" },
        { TEMPLATE(RESOURCES("{'type': 'A/b', 'name': '', 'apiVersion': '2022-01-01'}")), "template.resources[0].name", "empty" },
        { TEMPLATE(RESOURCES("{'type': 'A/b', 'name': 'x', 'apiVersion': 'latest'}")), "template.resources[0]", "'latest'|2022-08-01" },
        { TEMPLATE(RESOURCES("{'type': 'A/b', 'name': 'x', 'apiVersion': '2022-01-01x'}")), "template.resources[0]", "2022-01-01x" },
        { TEMPLATE(RESOURCES("{'type': 'b', 'name': 'x', 'apiVersion': '2022-01-01'}")), "template.resources[0]", "'b' is no type" },
        { TEMPLATE(RESOURCES(R("x/y", ""))), "template.resources[0]", "names of 1 part, and here are 2" },
        { TEMPLATE(RESOURCES(CHILD("x", ""))), "template.resources[0]", "names of 2 parts, and here are 1" },
        { TEMPLATE(RESOURCES(R("x?", ""))), "template.resources[0]", "'x?' is no name" },
        { TEMPLATE(RESOURCES(R("x", NESTED("y/z", "")))), "template.resources[0].resources[0]", "names of 2 parts, and here are 3" },
        { TEMPLATE(RESOURCES(R("x", ", 'resources': [" R("y", "") "]"))), "template.resources[0].resources[0]", "relative to it" },
        { TEMPLATE(RESOURCES(R("x", "") ", " R("X", ""))), "template.resources[1]", "twice|template.resources[0]" },
        { TEMPLATE(RESOURCES(R("x", NESTED("y", "")) ", " CHILD("x/Y", ""))), "template.resources[1]", "twice|template.resources[0].resources[0]" },
        { WITH("'scope': 'x'"), "template.resources[0].scope", "not taken" },
        { WITH("'condition': 1"), "template.resources[0].condition", "an integer; accepted: a text or a boolean" },
        { WITH("'condition': '[add(1, 1)]'"), "template.resources[0].condition", "a boolean, and is an integer" },
        { WITH("'dependsOn': 'y'"), "template.resources[0].dependsOn", "an array" },
        { WITH("'dependsOn': [1]"), "template.resources[0].dependsOn[0]", "a text, and is an integer" },
        { WITH("'dependsOn': ['[nothing()]']"), "template.resources[0].dependsOn[0]", "nothing" },
        { WITH("'tags': '[parameters(`p`)]'"), "template.resources[0].tags", "no parameter 'p'" },
        /* also where it is left out */
        { WITH("'condition': false, 'properties': {'a': '[nothing()]'}"), "template.resources[0].properties.a", "nothing" },
        { WITH("'condition': false, 'dependsOn': ['[reference(`a`)]']"), "template.resources[0].dependsOn[0]", "outputs only" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].text);
        g_assert_null(evaluate(cases[i].text, NULL, &error));
        assert_refused(error, cases[i].target, cases[i].words);
    }
}

static void
test_a_resource(void)
{
    g_autoptr(Template) made = must_evaluate(
        TEMPLATE("'parameters': {}, 'variables': {}, 'functions': [], 'outputs': {}, 'metadata': {'a': '[no "
                 "expression'}, " RESOURCES(
                     "{'TYPE': 'Microsoft.Compute/virtualMachineScaleSets', 'apiVersion': '2022-08-01-preview', 'name': "
                     "'[concat(`w`, `eb`)]', "
                     "'comments': 'c', 'metadata': {}, 'condition': '[equals(1, 1)]', 'dependsOn': [], 'location': "
                     "'[resourceGroup().location]', 'sku': {'capacity': '[add(1, 1)]'}, 'zones': null, 'Properties': {'a': "
                     "'[[b]'}}")),
        NULL);
    const TemplateResource *resource = g_ptr_array_index(made->resources, 0);
    g_autofree char *body = text_of(resource->body);
    g_assert_cmpstr(resource->type, ==, "Microsoft.Compute/virtualMachineScaleSets");
    g_assert_cmpstr(resource->name, ==, "web");
    g_assert_cmpstr(resource->id, ==, COMPUTE "virtualMachineScaleSets/web");
    g_assert_cmpstr(resource->api_version, ==, "2022-08-01-preview");
    g_assert_cmpuint(resource->depends_on->len, ==, 0);
    g_assert_cmpstr(body, ==, "{'location':'here','sku':{'capacity':2},'zones':null,'Properties':{'a':'[b]'}}");
}

static void
test_order(void)
{
    /* clang-format off */
    static const struct {
        const char *why, *resources, *order;
    } cases[] = {
        { "as the template has them", R("c", "") "," R("a", "") "," R("b", ""), "c a b" },
        { "by id", R("a", NEEDS("'[resourceId(`Microsoft.Network/vnets`, `b`)]'")) "," R("b", ""), "b a<b" },
        { "by type and name, in another case", R("a", NEEDS("'microsoft.network/VNETS/B'")) "," R("b", ""), "b a<b" },
        { "by name", R("a", NEEDS("'B'")) "," R("b", ""), "b a<b" },
        { "of an expression, once", R("a", NEEDS("'[concat(`Microsoft.Network/vnets/`, `b`)]', 'b'")) "," R("b", ""), "b a<b" },
        { "on several", R("a", NEEDS("'c', 'b'")) "," R("b", NEEDS("'c'")) "," R("c", ""), "c b<c a<c,b" },
        { "what names none is left out", R("a", NEEDS("'x', 'Microsoft.Network/vnets/x', '[resourceId(`other`, `Microsoft.Network/vnets`, `b`)]'")) "," R("b", ""), "a b" },
        { "one that is not made is left out", R("a", NEEDS("'b'")) "," R("b", ", 'condition': false"), "a" },
        { "a parent before its child", CHILD("a/s", "") "," R("A", ""), "A a/s" },
        { "a nested child", R("a", NESTED("s", NEEDS("'a'"))), "a a/s<a" },
        { "a nested child of the one that another needs", R("a", NESTED("s", "")) "," R("b", ""), "a a/s b" },
        { "by the id of a child", R("a", NESTED("s", "")) "," R("b", NEEDS("'[resourceId(`Microsoft.Network/vnets/subnets`, `a`, `s`)]'")), "a a/s b<a/s" },
        { "by the type and name of a child", R("b", NEEDS("'Microsoft.Network/vnets/subnets/a/s'")) "," R("a", NESTED("s", "")), "a a/s b<a/s" },
        { "by the path of a child", R("b", NEEDS("'Microsoft.Network/vnets/a/subnets/s'")) "," R("a", NESTED("s", "")), "a a/s b<a/s" },
        { "a condition does not hold for children", R("a", ", 'condition': '[false()]'" NESTED("s", "")), "a/s" },
        { "two of one id, one of them made", R("a", ", 'condition': false") "," R("a", ""), "a" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf(TEMPLATE("'resources': [%s]"), cases[i].resources),
                        *order = order_of(text, &error);
        g_test_message("%s", cases[i].why);
        g_assert_no_error(error);
        g_assert_cmpstr(order, ==, cases[i].order);
    }
}

static void
test_no_order(void)
{
    /* clang-format off */
    static const struct {
        const char *resources, *target, *words;
    } cases[] = {
        { R("a", NEEDS("'a'")), "template.resources[0]", "'a' -> 'a'" },
        { R("a", "") "," R("b", NEEDS("'c'")) "," R("c", NEEDS("'d'")) "," R("d", NEEDS("'c'")), "template.resources[2]", "'c' -> 'd' -> 'c'" },
        { R("a", NEEDS("'a/s'") NESTED("s", "")), "template.resources[0]", "'a' -> 'a/s' -> 'a'|a child on its parent" },
        { R("a", NEEDS("'b'")) "," R("b", "") "," RESOURCE("others", "b", ""), "template.resources[0].dependsOn[0]", "several resources named 'b'|resourceId" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf(TEMPLATE("'resources': [%s]"), cases[i].resources),
                        *order = order_of(text, &error);
        g_assert_null(order);
        assert_refused(error, cases[i].target, cases[i].words);
    }
}

/* A chain as long as may be, backwards; one more is refused. */
static void
test_many(void)
{
    for (guint more = 0; more < 2; more++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < TEMPLATE_RESOURCES_MAX + more; i++)
            g_string_append_printf(text, "%s" R("r%u", NEEDS("'r%u'")), i > 0 ? "," : "", i, i + 1);
        g_autofree char *whole = g_strdup_printf(TEMPLATE("'resources': [%s]"), text->str);
        g_autoptr(GError) error = NULL;
        g_autoptr(Template) made = evaluate(whole, NULL, &error);
        g_assert_true((made == NULL) == (more == 1));
        if (made)
            g_assert_cmpstr(((const TemplateResource *)g_ptr_array_index(made->resources, 0))->name, ==, "r799");
        else
            assert_refused(error, "template.resources[800]", "800");
    }
}

/* Each depends on all before it, as long as that may be; one entry more is refused. */
static void
test_many_dependencies(void)
{
    for (guint more = 0; more < 2; more++) {
        g_autoptr(GString) text = g_string_new(NULL);
        guint n = 0;
        for (guint i = 0; n < TEMPLATE_DEPENDS_MAX + more; i++) {
            g_autoptr(GString) on = g_string_new(NULL);
            for (guint o = 0; o < i && n < TEMPLATE_DEPENDS_MAX + more; o++, n++)
                g_string_append_printf(on, "%s'r%u'", o > 0 ? "," : "", o);
            g_string_append_printf(text, "%s" R("r%u", NEEDS("%s")), i > 0 ? "," : "", i, on->str);
        }
        g_autofree char *whole = g_strdup_printf(TEMPLATE("'resources': [%s]"), text->str);
        g_autoptr(GError) error = NULL;
        g_autoptr(Template) made = evaluate(whole, NULL, &error);
        g_assert_true((made == NULL) == (more == 1));
        if (!made)
            assert_refused(error, "template.resources[128].dependsOn", "8192");
    }
}

/* Each body is its own, also where all of them are made of one variable. */
static void
test_bodies_share_nothing(void)
{
    g_autoptr(Template) made =
        must_evaluate(TEMPLATE("'variables': {'v': {'a': 1}}, " RESOURCES(
                          R("a", ", 'properties': '[variables(`v`)]'") "," R("b", ", 'properties': '[variables(`v`)]'"))),
                      NULL);
    const TemplateResource *first = g_ptr_array_index(made->resources, 0), *second = g_ptr_array_index(made->resources, 1);
    json_set_text(json_object_get(first->body, "properties"), "a", "changed");
    g_autofree char *body = text_of(second->body);
    g_assert_cmpstr(body, ==, "{'properties':{'a':1}}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/resources/schemas", test_schemas);
    g_test_add_func("/template/resources/refused", test_refused);
    g_test_add_func("/template/resources/a-resource", test_a_resource);
    g_test_add_func("/template/resources/order", test_order);
    g_test_add_func("/template/resources/no-order", test_no_order);
    g_test_add_func("/template/resources/many", test_many);
    g_test_add_func("/template/resources/many-dependencies", test_many_dependencies);
    g_test_add_func("/template/resources/bodies-share-nothing", test_bodies_share_nothing);
    return g_test_run();
}
