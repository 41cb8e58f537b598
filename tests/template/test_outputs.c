/* Outputs: what they are called, what they may read, and that no secret gets there. */
#include "templates.h"

#include "base/error.h"

#include <string.h>

#define OUTPUTS(outputs) TEMPLATE("'outputs': {" outputs "}, 'resources': []")
#define ONE(type, value) OUTPUTS("'o': {'type': '" type "', 'value': " value "}")
#define SECURE(more)                                                                                                           \
    TEMPLATE("'parameters': {'pw': {'type': 'securestring'}, 'p': {'type': 'string', 'defaultValue': 'x'}}, " more)
#define SECURE_ONE(value) SECURE("'outputs': {'o': {'type': 'string', 'value': " value "}}, 'resources': []")
#define LOOKED_UP(id)     "{'o':{'type':'Object','value':{'id':'" id "','full':false}}}"
#define VNET(members)     RESOURCES(RESOURCE("vnets", "v", "")) ", 'outputs': {'o': {'type': 'object', 'value': " members "}}"

static void
test_values(void)
{
    /* clang-format off */
    static const struct {
        const char *text, *outputs;
    } cases[] = {
        { OUTPUTS(""), "{}" },
        { ONE("string", "'a'"), "{'o':{'type':'String','value':'a'}}" },
        { ONE("INT", "'[add(1, 1)]'"), "{'o':{'type':'Int','value':2}}" },
        { ONE("bool", "false"), "{'o':{'type':'Bool','value':false}}" },
        { ONE("array", "['[deployment().name]']"), "{'o':{'type':'Array','value':['d']}}" },
        { ONE("object", "{'a': '[resourceGroup().name]'}"), "{'o':{'type':'Object','value':{'a':'g'}}}" },
        { OUTPUTS("'a': {'type': 'int', 'value': 1, 'condition': '[equals(1, 2)]'}, 'b': {'type': 'int', 'value': 2, 'condition': true, 'metadata': {}}"), "{'b':{'type':'Int','value':2}}" },
        { OUTPUTS("'a': {'type': 'int', 'value': '[div(1, 0)]', 'condition': false}"), "{}" },
        /* names */
        { OUTPUTS("'VMSS': {'type': 'int', 'value': 1}"), "{'vmss':{'type':'Int','value':1}}" },
        { OUTPUTS("'VMSSName': {'type': 'int', 'value': 1}"), "{'vmssName':{'type':'Int','value':1}}" },
        { OUTPUTS("'MyName': {'type': 'int', 'value': 1}"), "{'myName':{'type':'Int','value':1}}" },
        { OUTPUTS("'myName': {'type': 'int', 'value': 1}"), "{'myName':{'type':'Int','value':1}}" },
        { OUTPUTS("'A': {'type': 'int', 'value': 1}"), "{'a':{'type':'Int','value':1}}" },
        { OUTPUTS("'A1': {'type': 'int', 'value': 1}"), "{'a1':{'type':'Int','value':1}}" },
        { OUTPUTS("'_A': {'type': 'int', 'value': 1}"), "{'_A':{'type':'Int','value':1}}" },
        /* reference() */
        { ONE("object", "'[reference(resourceId(`Microsoft.Network/vnets`, `v`), `2022-01-01`)]'"), LOOKED_UP(NETWORK "vnets/v") },
        { ONE("object", "'[reference(`/SUBSCRIPTIONS/s/resourcegroups/G/Providers/a/b/c`)]'"), LOOKED_UP("/subscriptions/s/resourceGroups/G/providers/a/b/c") },
        { ONE("bool", "'[reference(resourceId(`Microsoft.Network/vnets`, `v`), `2022-01-01`, `FULL`).full]'"), "{'o':{'type':'Bool','value':true}}" },
        { TEMPLATE(VNET("'[reference(`V`)]'")), LOOKED_UP(NETWORK "vnets/v") },
        { TEMPLATE(VNET("'[reference(`microsoft.network/vnets/v`)]'")), LOOKED_UP(NETWORK "vnets/v") },
        { TEMPLATE(VNET("'[if(true(), reference(concat(`v`)), null())]'")), LOOKED_UP(NETWORK "vnets/v") },
        { TEMPLATE("'variables': {'w': 1}, 'outputs': {'o': {'type': 'array', 'value': ['[variables(`w`)]', '[reference(`v`).full]']}}, " RESOURCES(RESOURCE("vnets", "v", ""))), "{'o':{'type':'Array','value':[1,false]}}" },
        /* as az vmss create has it */
        { OUTPUTS("'VMSS': {'type': 'object', 'value': '[reference(resourceId(`Microsoft.Compute/virtualMachineScaleSets`, `web`),providers(`Microsoft.Compute`, `virtualMachineScaleSets`).apiVersions[0])]'}"),
          "{'vmss':{'type':'Object','value':{'id':'" COMPUTE "virtualMachineScaleSets/web','full':false}}}" },
        /* a secure parameter that is not kept does not matter where it is not used */
        { SECURE("'variables': {'v': '[parameters(`pw`)]'}, 'outputs': {'o': {'type': 'string', 'value': '[parameters(`p`)]'}}, " RESOURCES(RESOURCE("a", "b", ", 'x': '[parameters(`pw`)]'"))), "{'o':{'type':'String','value':'x'}}" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].text);
        g_autoptr(json_t) outputs = outputs_of(cases[i].text, NULL, &error);
        g_assert_no_error(error);
        g_autofree char *text = text_of(outputs);
        g_assert_cmpstr(text, ==, cases[i].outputs);
    }
}

static void
test_refused_as_they_are_evaluated(void)
{
    /* clang-format off */
    static const struct {
        const char *text, *target, *words;
    } cases[] = {
        { ONE("string", "1"), "template.outputs.o.value", "type String, and its value is an integer" },
        { ONE("string", "'[div(1, 0)]'"), "template.outputs.o.value", "divided" },
        { ONE("object", "'[reference(`nobody`)]'"), "template.outputs.o.value", "'nobody'|resourceId()" },
        { ONE("object", "'[reference(`/subscriptions/s/x`)]'"), "template.outputs.o.value", "neither the id" },
        { ONE("object", "'[reference(`/subscriptions/s/resourceGroups/g/providers/a/b/c`, `x`, `Half`)]'"), "template.outputs.o.value", "'Full'" },
        { TEMPLATE("'variables': {'v': '[reference(`a`)]'}, 'outputs': {'o': {'type': 'object', 'value': '[variables(`v`)]'}}, 'resources': []"), "template.variables.v", "outputs only" },
        { OUTPUTS("'o': {'type': 'int', 'value': 1, 'condition': '[null()]'}"), "template.outputs.o.condition", "boolean" },
        { TEMPLATE(RESOURCES("1") ", 'outputs': {'o': {'type': 'object', 'value': '[reference(`a`)]'}}"), "template.resources[0]", "object" },
        /* by a name that is not seen before */
        { SECURE_ONE("'[parameters(concat(`P`, `W`))]'"), "template.outputs.o.value", "'o'|'pw'" },
        { SECURE("'variables': {'v': '[concat(parameters(`pw`), `x`)]'}, 'outputs': {'o': {'type': 'string', 'value': '[variables(`v`)]'}}, 'resources': []"), "template.variables.v", "output 'o'|parameter 'pw'" },
        { SECURE("'outputs': {'o': {'type': 'object', 'value': '[reference(`a`)]'}}, " RESOURCES(RESOURCE("a", "[parameters(`pw`)]", ""))), "template.resources[0].name", "output 'o'|'pw'" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].text);
        g_autoptr(json_t) outputs = outputs_of(cases[i].text, NULL, &error);
        g_assert_null(outputs);
        assert_refused(error, cases[i].target, cases[i].words);
    }
}

/* Before anything is made, as far as that can be seen. */
static void
test_refused_at_once(void)
{
    /* clang-format off */
    static const struct {
        const char *text, *target, *words;
    } cases[] = {
        { OUTPUTS("'o': 1"), "template.outputs.o", "An output is an object" },
        { OUTPUTS("'o': {'value': 1}"), "template.outputs.o", "'type'|String, Int, Bool, Object, Array" },
        { ONE("text", "1"), "template.outputs.o", "'text'" },
        { ONE("securestring", "'a'"), "template.outputs.o", "'securestring'; accepted: String, Int" },
        { OUTPUTS("'o': {'type': 'string'}"), "template.outputs.o", "'value'" },
        { OUTPUTS("'o': {'type': 'string', 'value': 'a', 'nullable': true}"), "template.outputs.o.nullable", "'metadata'" },
        { ONE("string", "'[nothing()]'"), "template.outputs.o.value", "nothing" },
        { ONE("string", "'[parameters(`p`)]'"), "template.outputs.o.value", "no parameter 'p'" },
        { ONE("string", "'[variables(`p`)]'"), "template.outputs.o.value", "no variable 'p'" },
        { SECURE_ONE("'[parameters(`PW`)]'"), "template.outputs.o.value", "output 'o' uses the secure parameter 'pw'" },
        { SECURE_ONE("'[if(false(), parameters(`pw`), `a`)]'"), "template.outputs.o.value", "'o'|'pw'" },
        { SECURE_ONE("'[resourceGroup()[parameters(`pw`)]]'"), "template.outputs.o.value", "'o'|'pw'" },
        { SECURE("'variables': {'v': '[concat(parameters(`pw`), variables(`w`))]', 'w': 'x'}, 'outputs': {'o': {'type': 'string', 'value': '[variables(`v`)]'}}, 'resources': []"), "template.outputs.o.value", "'o'|'pw'" },
        { SECURE("'variables': {'v': {'a': '[variables(`w`)]'}, 'w': '[parameters(`pw`)]'}, 'outputs': {'o': {'type': 'string', 'value': '[variables(`v`).b]'}}, 'resources': []"), "template.outputs.o.value", "'o'|'pw'" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].text);
        g_assert_null(evaluate(cases[i].text, strstr(cases[i].text, "'pw'") ? "{'pw': {'value': 'hunter2'}}" : NULL, &error));
        assert_refused(error, cases[i].target, cases[i].words);
        g_assert_null(strstr(error->message, "hunter2"));
    }
}

/* An error of the lookup is told as it is. */
static void
test_a_resource_that_is_missing(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) outputs = outputs_of(ONE("object", "'[reference(resourceId(`A/b`, `missing`))]'"), NULL, &error);
    g_assert_null(outputs);
    g_assert_true(g_error_matches(error, ARM_ERROR, ARM_RESOURCE_NOT_FOUND));
}

#define DECLARATIONS                                                                                                           \
    "'parameters': {'a': {'type': 'securestring', 'defaultValue': 's3cret'}, 'b': {'type': 'SecureObject', 'DefaultValue': "   \
    "{'x': 's3cret'}}, 'c': {'type': 'string', 'defaultValue': 'open'}, 'd': {'type': 'string', 'defaultValue': "              \
    "'[concat(parameters(`c`), `!`)]'}, 'e': {'type': 'securestring', 'defaultValue': '[newGuid()]'}}"

static void
test_what_may_be_stored(void)
{
    g_autoptr(json_t) text = json_of(TEMPLATE(DECLARATIONS ", 'resources': []"));
    g_autoptr(json_t) sent = json_of("{'A': {'value': 's3cret'}, 'b': {'value': {'y': 's3cret'}}, 'C': {'value': 'opened'}}");
    g_autoptr(json_t) before = json_deep_copy(text);
    g_autoptr(Template) made = template_evaluate(text, sent, &test_scope, NULL);
    g_autoptr(json_t) bare = template_without_secrets(text), bare_sent = template_parameters_without_secrets(made);
    g_autofree char *declared = text_of(json_object_get(bare, "parameters")), *values = text_of(bare_sent);
    g_assert_cmpstr(declared, ==,
                    "{'a':{'type':'securestring'},'b':{'type':'SecureObject'},'c':{'type':'string','defaultValue':'open'},'d':{"
                    "'type':'string','defaultValue':'[concat(parameters('c'), '!')]'},'e':{'type':'securestring'}}");
    g_assert_cmpstr(values, ==, "{'c':{'value':'opened'},'d':{'value':'opened!'}}");
    g_assert_true(json_equal(text, before));
}

static void
test_literals_that_are_removed(void)
{
    static const char *const names[] = { "pw", "hidden", NULL };
    g_autoptr(json_t) text = json_of(TEMPLATE("'variables': {'pw': 'x'}, " RESOURCES(
        RESOURCE("a", "b",
                 ", 'o': {'PW': 's3cret', 'name': 'x'}, 'p': [{'pw': '[parameters(`pw`)]'}, {'pw': '[[s3cret]'}], 'Hidden': "
                 "{'a': 's3cret', 'b': ['s3cret', '[c()]', ['s3cret', 7]], 'c': {'d': '[c()]', 'e': 1}}"))));
    template_remove_literals(text, names);
    g_autofree char *left = text_of(json_array_get(json_object_get(text, "resources"), 0));
    g_assert_cmpstr(left, ==,
                    "{'type':'Microsoft.Network/a','apiVersion':'2022-01-01','name':'b','o':{'name':'x'},'p':[{'pw':"
                    "'[parameters('pw')]'},{}],'Hidden':{'b':['[c()]',[]],'c':{'d':'[c()]'}}}");
    g_assert_cmpstr(json_string_value(json_path(text, "variables.pw")), ==, "x");
}

static void
test_outputs_of_what_is_stored(void)
{
    g_autoptr(json_t) text =
        json_of(SECURE("'variables': {'v': '[parameters(`pw`)]'}, 'outputs': {'O': {'type': 'string', 'value': "
                       "'[parameters(`p`)]'}}, " RESOURCES(RESOURCE("a", "b", ", 'x': '[variables(`v`)]'"))));
    g_autoptr(json_t) sent = json_of("{'pw': {'value': 's3cret'}, 'p': {'value': 'y'}}");
    g_autoptr(Template) made = template_evaluate(text, sent, &test_scope, NULL);
    g_autofree char *shown = text_of(made->parameters);
    g_assert_cmpstr(shown, ==, "{'pw':{'type':'SecureString'},'p':{'type':'String','value':'y'}}");
    g_autoptr(json_t) bare = template_without_secrets(text), bare_sent = template_parameters_without_secrets(made);
    g_autoptr(json_t) outputs = template_outputs(bare, bare_sent, &test_scope, NULL, NULL, NULL);
    g_autofree char *values = text_of(outputs);
    g_assert_cmpstr(values, ==, "{'o':{'type':'String','value':'y'}}");
}

/* Its time and its new GUIDs are those of the deployment, whenever the outputs are asked for. */
static void
test_outputs_later(void)
{
    g_autoptr(json_t) text =
        json_of(TEMPLATE("'parameters': {'now': {'type': 'string', 'defaultValue': '[utcNow()]'}, 'guids': {'type': 'array', "
                         "'defaultValue': ['[newGuid()]', '[newGuid()]']}}, 'outputs': {'o': {'type': 'array', 'value': "
                         "'[concat(createArray(parameters(`now`)), parameters(`guids`))]'}}, 'resources': []"));
    TemplateScope later = test_scope;
    later.now += USEC_PER_SEC;
    later.seed = "another";
    g_autoptr(Template) made = template_evaluate(text, NULL, &test_scope, NULL),
                        other = template_evaluate(text, NULL, &later, NULL);
    g_autoptr(json_t) sent = template_parameters_without_secrets(made);
    g_autoptr(json_t) outputs = template_outputs(text, sent, &later, NULL, NULL, NULL);
    const json_t *guids = json_path(made->parameters, "guids.value"), *values = json_path(outputs, "o.value");
    g_assert_cmpstr(json_string_value(json_array_get(values, 0)), ==, "20200313T135358Z");
    g_assert_true(json_equal(json_array_get(values, 1), json_array_get(guids, 0)));
    g_assert_true(json_equal(json_array_get(values, 2), json_array_get(guids, 1)));
    g_assert_false(json_equal(json_array_get(guids, 0), json_array_get(guids, 1)));
    g_assert_false(json_equal(guids, json_path(other->parameters, "guids.value")));
    g_assert_cmpstr(json_string_value(json_path(other->parameters, "now.value")), ==, "20200313T135359Z");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/outputs/values", test_values);
    g_test_add_func("/template/outputs/refused-as-they-are-evaluated", test_refused_as_they_are_evaluated);
    g_test_add_func("/template/outputs/refused-at-once", test_refused_at_once);
    g_test_add_func("/template/outputs/a-resource-that-is-missing", test_a_resource_that_is_missing);
    g_test_add_func("/template/outputs/what-may-be-stored", test_what_may_be_stored);
    g_test_add_func("/template/outputs/literals-that-are-removed", test_literals_that_are_removed);
    g_test_add_func("/template/outputs/of-what-is-stored", test_outputs_of_what_is_stored);
    g_test_add_func("/template/outputs/later", test_outputs_later);
    return g_test_run();
}
