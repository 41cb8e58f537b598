/* Loops: several of a resource, and arrays of properties, variables and outputs. */
#include "templates.h"

#include "base/error.h"
#include "template/copy.h"

#include <string.h>

#define COPY(members)        ", 'copy': {" members "}"
#define R(name, more)        RESOURCE("vnets", name, more)
#define NEEDS(names)         ", 'dependsOn': [" names "]"
#define NESTED(name, more)   ", 'resources': [{'type': 'subnets', 'apiVersion': '2022-01-01', 'name': '" name "'" more "}]"
#define LIST(name, n, input) "{'name': '" name "', 'count': " n ", 'input': " input "}"
#define COPIES(list)         "{'copy': [" list "]}"
#define COUNT                "'parameters': {'n': {'type': 'int', 'defaultValue': 2}}, "

static void
test_resources(void)
{
    /* clang-format off */
    static const struct {
        const char *why, *members, *order;
    } cases[] = {
        { "by index", RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 3"))), "a0 a1 a2" },
        { "from an offset", RESOURCES(R("[concat(`a`, copyIndex(5))]", COPY("'name': 'c', 'count': 2"))), "a5 a6" },
        { "by the loop's name, in any case", RESOURCES(R("[concat(`a`, copyIndex(`C`), copyIndex(`c`, -1))]", COPY("'name': 'c', 'count': 2"))), "a0-1 a10" },
        { "none", RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 0")) "," R("b", NEEDS("'c'"))), "b" },
        { "as many as a parameter says", COUNT RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': '[parameters(`n`)]'"))), "a0 a1" },
        { "as many as a text says", RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': '2'"))), "a0 a1" },
        { "one for each of an array", "'variables': {'v': ['x', 'y']}, " RESOURCES(R("[variables(`v`)[copyIndex()]]", COPY("'name': 'c', 'count': '[length(variables(`v`))]'"))), "x y" },
        { "a condition of each", RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 3") ", 'condition': '[not(equals(copyIndex(), 1))]'")), "a0 a2" },
        { "all of them are needed", RESOURCES(R("b", NEEDS("'C'")) "," R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2"))), "a0 a1 b<a0,a1" },
        { "those that are made are needed", RESOURCES(R("b", NEEDS("'c'")) "," R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2") ", 'condition': '[equals(copyIndex(), 1)]'")), "a1 b<a1" },
        { "one of them is needed", RESOURCES(R("b", NEEDS("'a1'")) "," R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2"))), "a0 a1 b<a1" },
        { "each needs its own", RESOURCES(R("[concat(`b`, copyIndex())]", COPY("'name': 'd', 'count': 2") NEEDS("'[concat(`a`, copyIndex())]'")) "," R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2"))), "a0 a1 b0<a0 b1<a1" },
        { "children come with each", RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2") NESTED("[concat(`s`, copyIndex(1))]", ""))), "a0 a0/s1 a1 a1/s2" },
        { "children are not among the copies", RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2") NESTED("s", "")) "," R("b", NEEDS("'c'"))), "a0 a0/s a1 a1/s b<a0,a1" },
        { "parallel", RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2, 'mode': 'Parallel'"))), "a0 a1" },
        { "one is not serial", RESOURCES(R("a", COPY("'name': 'c', 'count': 1, 'mode': 'serial'"))), "a" },
        { "none is not serial", RESOURCES(R("a", COPY("'name': 'c', 'count': 0, 'mode': 'serial', 'batchSize': 1"))), "" },
        { "a batch of all is not serial", COUNT RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2, 'mode': 'SERIAL', 'batchSize': '[parameters(`n`)]'"))), "a0 a1" },
        { "what follows a copy that is not made is not evaluated either", RESOURCES(R("a", ", 'condition': false, 'properties': {'copy': [" LIST("b", "1", "1") "], 'z': '[div(1, 0)]'}")), "" },
        { "null is none", RESOURCES(R("a", ", 'copy': null")), "a" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf(TEMPLATE("%s"), cases[i].members), *order = order_of(text, &error);
        g_test_message("%s", cases[i].why);
        g_assert_no_error(error);
        g_assert_cmpstr(order, ==, cases[i].order);
    }
}

/* Each body is its own, with its own index. */
static void
test_bodies(void)
{
    g_autoptr(Template) made = must_evaluate(
        TEMPLATE("'variables': {'v': {'x': 1}}, " RESOURCES(
            R("[concat(`a`, copyIndex())]",
              COPY("'name': 'c', 'count': 2") ", 'tags': '[variables(`v`)]', 'properties': {'i': '[copyIndex(1)]'}"))),
        NULL);
    static const char *const bodies[] = { "{'tags':{'x':'changed'},'properties':{'i':1}}",
                                          "{'tags':{'x':1},'properties':{'i':2}}" };
    json_set_text(json_object_get(((TemplateResource *)g_ptr_array_index(made->resources, 0))->body, "tags"), "x", "changed");
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *body = text_of(((const TemplateResource *)g_ptr_array_index(made->resources, i))->body);
        g_assert_cmpstr(body, ==, bodies[i]);
    }
}

/* clang-format off */
static const struct {
    const char *members, *json, *value;
} values[] = {
    { "", COPIES(LIST("a", "2", "'[copyIndex(`a`)]'")), "{'a':[0,1]}" },
    { "", "{'x': 1, 'Copy': [" LIST("a", "1", "{'i': '[copyIndex(`A`, 7)]'}") "," LIST("b", "0", "1") "], 'y': 2}", "{'x':1,'a':[{'i':7}],'b':[],'y':2}" },
    { "", "{'copy': []}", "{}" },
    { "", "{'copy': 'a text'}", "{'copy':'a text'}" },
    { "", "[" COPIES(LIST("a", "1", "'x'")) "]", "[{'a':['x']}]" },
    { COUNT, COPIES(LIST("a", "'[parameters(`n`)]'", "1")), "{'a':[1,1]}" },
    /* within each other: the inner may count by the outer one, and hides one of the same name */
    { "", COPIES(LIST("a", "3", COPIES(LIST("b", "'[copyIndex(`a`)]'", "'[add(mul(10, copyIndex(`a`)), copyIndex(`b`))]'")))), "{'a':[{'b':[]},{'b':[10]},{'b':[20,21]}]}" },
    { "", COPIES(LIST("a", "2", COPIES(LIST("a", "1", "'[copyIndex(`a`)]'")))), "{'a':[{'a':[0]},{'a':[0]}]}" },
    /* variables, as a whole and within one */
    { "'variables': {'copy': [" LIST("v", "3", "'[concat(`x`, copyIndex(`v`, 1))]'") "]}, ", "'[variables(`V`)]'", "['x1','x2','x3']" },
    { "'variables': {'copy': [" LIST("v", "2", "'[variables(`w`)]'") "], 'w': 1}, ", "'[variables(`v`)]'", "[1,1]" },
    { "'variables': {'v': {'copy': [" LIST("a", "2", "{'i': '[copyIndex(`a`)]'}") "], 'c': 3}}, ", "'[variables(`v`)]'", "{'a':[{'i':0},{'i':1}],'c':3}" },
    { "'variables': {'copy': [" LIST("v", "2", COPIES(LIST("b", "1", "'[copyIndex(`v`)]'"))) "]}, ", "'[variables(`v`)]'", "[{'b':[0]},{'b':[1]}]" },
    /* the data of parameters are data */
    { "'parameters': {'p': {'type': 'object', 'defaultValue': {'copy': [1]}}}, ", "'[parameters(`p`)]'", "{'copy':[1]}" },
};
/* clang-format on */

static void
test_values(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *value = value_of(values[i].members, values[i].json, &error);
        if (error)
            g_error("%s: %s", values[i].json, error->message);
        g_assert_cmpstr(value, ==, values[i].value);
    }
}

/* A variable that a loop asks for is made outside of it, once. */
static void
test_a_variable_within_a_loop(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *value =
        value_of("'variables': {'v': '[copyIndex(`a`)]'}, ", COPIES(LIST("a", "1", "'[variables(`v`)]'")), &error);
    g_assert_null(value);
    assert_refused(error, "template.variables.v", "copyIndex() is taken within a copy only.");
}

static void
test_property_of_copied_resource(void)
{
    g_autoptr(Template) made =
        must_evaluate(TEMPLATE(RESOURCES(R("[concat(`a`, copyIndex(1))]",
                                           COPY("'name': 'c', 'count': 2") ", 'properties': " COPIES(LIST(
                                               "disks", "'[add(copyIndex(), 1)]'",
                                               "'[concat(copyIndex(`c`), `-`, copyIndex(), `-`, copyIndex(`disks`))]'"))))),
                      NULL);
    g_autofree char *body = text_of(((const TemplateResource *)g_ptr_array_index(made->resources, 1))->body);
    g_assert_cmpstr(body, ==, "{'properties':{'disks':['1-1-0','1-1-1']}}");
}

#define X          "template.resources[0].properties.x"
#define IN_X(list) TEMPLATE(RESOURCES(RESOURCE("a", "b", ", 'properties': {'x': " COPIES(list) "}")))

/* clang-format off */
static const struct {
    const char *text, *target, *words;
} refused[] = {
    /* of resources */
    { TEMPLATE(RESOURCES(R("a", ", 'copy': []"))), "template.resources[0].copy", "an array; accepted: an object" },
    { TEMPLATE(RESOURCES(R("a", COPY("'count': 1")))), "template.resources[0].copy", "'name'" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c'")))), "template.resources[0].copy", "'count'" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': '', 'count': 1")))), "template.resources[0].copy", "not empty" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': '[concat(`c`)]', 'count': 1")))), "template.resources[0].copy", "no expression" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 1, 'input': 1")))), "template.resources[0].copy.input", "no member 'input'; accepted: 'name', 'count', 'mode', 'batchSize'" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': -1")))), "template.resources[0].copy.count", "is -1; accepted: 0 to 800" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 801")))), "template.resources[0].copy.count", "is 801; accepted: 0 to 800" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 'many'")))), "template.resources[0].copy.count", "an integer, and is another text" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': '[true()]'")))), "template.resources[0].copy.count", "an integer, and is a boolean" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': true")))), "template.resources[0].copy.count", "a boolean; accepted: a text or an integer" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': '[copyIndex()]'")))), "template.resources[0].copy.count", "within a copy only" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': '[length(reference(`b`))]'")))), "template.resources[0].copy.count", "outputs only" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 1, 'mode': 'slow'")))), "template.resources[0].copy.mode", "'slow'; accepted: 'parallel' or 'serial'" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 2, 'mode': 'serial'")))), "template.resources[0].copy", "'serial', 1 of 2 at a time|none waits for another" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 3, 'mode': 'Serial', 'batchSize': 2")))), "template.resources[0].copy", "2 of 3 at a time" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 3, 'batchSize': 3")))), "template.resources[0].copy", "for 'mode' 'serial' alone" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 3, 'mode': 'serial', 'batchSize': 0")))), "template.resources[0].copy.batchSize", "is 0; accepted: 1 to 800" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 2")))), "template.resources[0]", "twice|It is so where copyIndex('c') is 1." },
    { TEMPLATE(RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 1")) "," R("[concat(`b`, copyIndex())]", COPY("'name': 'C', 'count': 1")))), "template.resources[1]", "two copies of the name 'C'" },
    { TEMPLATE(RESOURCES(R("a", NESTED("s", COPY("'name': 'c', 'count': 1"))))), "template.resources[0].resources[0]", "put it beside that" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 0") ", 'tags': '[nothing()]'"))), "template.resources[0].tags", "nothing" },
    { TEMPLATE(RESOURCES(R("a", COPY("'name': 'c', 'count': 0") ", 'tags': '[copyIndex(`d`)]'"))), "template.resources[0].tags", "copyIndex('d') is of no copy|there is copyIndex('c'), copyIndex()" },
    { TEMPLATE(RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2") ", 'tags': '[div(1, sub(1, copyIndex()))]'"))), "template.resources[0].tags", "divided|where copyIndex('c') is 1." },
    { TEMPLATE(RESOURCES(R("a", NEEDS("'b'")) "," R("b", COPY("'name': 'b', 'count': 1")))), "template.resources[0].dependsOn[0]", "a resource and a copy named 'b'" },
    { TEMPLATE(RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 2") NEEDS("'c'")))), "template.resources[0]", "'a0' -> 'a0'" },
    { TEMPLATE(RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 1") NEEDS("'b'")) "," R("b", NEEDS("'c'")))), "template.resources[0]", "'a0' -> 'b' -> 'a0'" },
    /* of properties */
    { IN_X("1"), X ".copy[0]", "A copy is an object, and this is an integer" },
    { IN_X("{'count': 1, 'input': 1}"), X ".copy[0]", "'name'" },
    { IN_X("{'name': 'a', 'input': 1}"), X ".copy[0]", "'count'" },
    { IN_X("{'name': 'a', 'count': 1}"), X ".copy[0]", "'input'" },
    { IN_X("{'name': 'a', 'count': 1, 'input': 1, 'mode': 'serial'}"), X ".copy[0].mode", "no member 'mode'; accepted: 'name', 'count', 'input'" },
    { IN_X(LIST("a", "1", "1") "," LIST("a", "1", "1")), X ".copy[1]", "'a' twice" },
    { IN_X(LIST("a", "1", "1") "," LIST("A", "1", "1")), X, "'A' twice" },
    { IN_X(LIST("a", "1", "1") "], 'A': [1"), X, "'A' twice" },
    { IN_X(LIST("a", "801", "1")), X ".copy[0].count", "801" },
    { IN_X(LIST("a", "0", "'[nothing()]'")), X ".copy[0].input", "nothing" },
    { IN_X(LIST("a", "1", "'[copyIndex()]'")), X ".copy[0].input", "copyIndex() is of no copy that is around it; there is copyIndex('a')." },
    { IN_X(LIST("a", "1", "'[copyIndex(1)]'")), X ".copy[0].input", "there is copyIndex('a')" },
    { IN_X(LIST("a", "1", "'[copyIndex(`b`)]'")), X ".copy[0].input", "copyIndex('b')|there is copyIndex('a')" },
    { IN_X(LIST("a", "1", "'[copyIndex(concat(`b`))]'")), X ".copy[0].input", "copyIndex('b')" },
    { IN_X(LIST("a", "1", "'[if(true(), 1, copyIndex(`b`))]'")), X ".copy[0].input", "copyIndex('b')" },
    { IN_X(LIST("a", "1", "'[copyIndex(1, 2)]'")), X ".copy[0].input", "there is copyIndex('a')" },
    { IN_X(LIST("a", "2", "'[copyIndex(`a`, 9223372036854775807)]'")), X ".copy[0].input", "too large|where copyIndex('a') is 1" },
    { IN_X(LIST("a", "2", COPIES(LIST("b", "2", "'[div(1, sub(1, mul(copyIndex(`a`), copyIndex(`b`))))]'")))), X ".copy[0].input.copy[0].input", "where copyIndex('b') is 1 and copyIndex('a') is 1." },
    { IN_X(LIST("a", "'[copyIndex(`a`)]'", "1")), X ".copy[0].count", "within a copy only" },
    /* of variables */
    { TEMPLATE("'variables': {'copy': {}}, 'resources': []"), "template.variables.copy", "a list" },
    { TEMPLATE("'variables': {'copy': [{}]}, 'resources': []"), "template.variables.copy[0]", "'name'" },
    { TEMPLATE("'variables': {'copy': [" LIST("v", "1", "1") "], 'V': 1}, 'resources': []"), "template.variables.copy[0]", "variable 'v' twice" },
    { TEMPLATE("'variables': {'copy': [" LIST("v", "1", "1") "," LIST("V", "1", "1") "]}, 'resources': []"), "template.variables.copy[1]", "variable 'V' twice" },
    { TEMPLATE("'variables': {'copy': [" LIST("v", "-1", "1") "]}, 'resources': []"), "template.variables.copy[0].count", "-1" },
    { TEMPLATE("'variables': {'copy': [" LIST("v", "1", "'[copyIndex()]'") "]}, 'resources': []"), "template.variables.copy[0].input", "there is copyIndex('v')" },
    { TEMPLATE("'variables': {'copy': [" LIST("v", "1", "'[variables(`v`)]'") "]}, 'resources': []"), "template.variables.copy[0].input", "made of itself: 'v' -> 'v'" },
    { TEMPLATE("'variables': {'a': 1, 'copy': [" LIST("v", "1", "'[variables(`w`)]'") "], 'b': 1}, 'resources': []"), "template.variables.copy[0].input", "no variable 'w'; it declares 'a', 'v', 'b'" },
    { TEMPLATE("'parameters': {'p': {'type': 'int', 'defaultValue': '[copyIndex()]'}}, 'resources': []"), "template.parameters.p.defaultValue", "within a copy only" },
};
/* clang-format on */

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
        assert_template_refused(refused[i].text, NULL, refused[i].target, refused[i].words);
}

/* ---- outputs ---- */

#define OUTPUT(type, members) "'outputs': {'o': {'type': '" type "', " members "}}, "
#define SECURE                "'parameters': {'pw': {'type': 'securestring', 'defaultValue': 'hunter2'}}, "

static void
test_outputs(void)
{
    /* clang-format off */
    static const struct {
        const char *text, *outputs;
    } cases[] = {
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 2, 'input': '[concat(`x`, copyIndex(1))]'}") "'resources': []"), "['x1','x2']" },
        { TEMPLATE(OUTPUT("array", "'value': null, 'Copy': {'count': '[length(range(0, 1))]', 'input': {'i': '[copyIndex()]'}}") "'resources': []"), "[{'i':0}]" },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 0, 'input': 1}") "'resources': []"), "[]" },
        { TEMPLATE(OUTPUT("array", "'copy': null, 'value': [1]") "'resources': []"), "[1]" },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 2, 'input': '[reference(concat(`v`, copyIndex())).id]'}") RESOURCES(R("[concat(`v`, copyIndex())]", COPY("'name': 'c', 'count': 2")))), "['" NETWORK "vnets/v0','" NETWORK "vnets/v1']" },
        { TEMPLATE(OUTPUT("object", "'value': {'copy': [1]}") "'resources': []"), "{'copy':[1]}" },
    };
    static const struct {
        const char *text, *target, *words;
    } bad[] = {
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 1, 'input': 1}, 'value': []") "'resources': []"), "template.outputs.o", "'value' or 'copy', and not both" },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 1}") "'resources': []"), "template.outputs.o.copy", "'input'" },
        { TEMPLATE(OUTPUT("array", "'copy': {'input': 1}") "'resources': []"), "template.outputs.o.copy", "'count'" },
        { TEMPLATE(OUTPUT("array", "'copy': {'name': 'c', 'count': 1, 'input': 1}") "'resources': []"), "template.outputs.o.copy.name", "no member 'name'; accepted: 'count', 'input'" },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 1, 'input': '[copyIndex(`c`)]'}") "'resources': []"), "template.outputs.o.copy.input", "there is copyIndex()." },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': '[copyIndex()]', 'input': 1}") "'resources': []"), "template.outputs.o.copy.count", "within a copy only" },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 0, 'input': '[nothing()]'}") "'resources': []"), "template.outputs.o.copy.input", "nothing" },
        { TEMPLATE(SECURE OUTPUT("array", "'copy': {'count': 0, 'input': '[parameters(`pw`)]'}") "'resources': []"), "template.outputs.o.copy.input", "'o' uses the secure parameter 'pw'" },
        { TEMPLATE(SECURE OUTPUT("array", "'copy': {'count': '[length(parameters(`pw`))]', 'input': 1}") "'resources': []"), "template.outputs.o.copy.count", "'o' uses the secure parameter 'pw'" },
    };
    static const struct {
        const char *text, *target, *words;
    } later[] = {
        { TEMPLATE(OUTPUT("string", "'copy': {'count': 1, 'input': 'a'}") "'resources': []"), "template.outputs.o.copy", "type String, and its value is an array" },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 801, 'input': 'a'}") "'resources': []"), "template.outputs.o.copy.count", "801" },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 2, 'input': '[div(1, sub(1, copyIndex()))]'}") "'resources': []"), "template.outputs.o.copy.input", "where copyIndex() is 1." },
        { TEMPLATE(SECURE "'variables': {'copy': [" LIST("v", "1", "'[concat(parameters(`pw`))]'") "]}, " OUTPUT("array", "'value': '[variables(concat(`v`))]'") "'resources': []"), "template.variables.copy[0].input", "'o' uses the secure parameter 'pw'" },
        { TEMPLATE("'variables': {'v': '[copyIndex()]'}, " OUTPUT("array", "'copy': {'count': 1, 'input': '[variables(`v`)]'}") "'resources': []"), "template.variables.v", "within a copy only" },
        { TEMPLATE(OUTPUT("array", "'copy': {'count': 1, 'input': '[reference(`v0`).id]'}") RESOURCES(R("[concat(`v`, copyIndex())]", ""))), "template.resources[0].name", "within a copy only" },
        { TEMPLATE(SECURE OUTPUT("array", "'copy': {'count': 1, 'input': '[parameters(concat(`pw`))]'}") "'resources': []"), "template.outputs.o.copy.input", "'o' uses the secure parameter 'pw'" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].text);
        g_autoptr(Template) made = evaluate(cases[i].text, NULL, &error);
        g_assert_no_error(error);
        g_autoptr(json_t) outputs = outputs_of(cases[i].text, NULL, &error);
        g_assert_no_error(error);
        g_autofree char *value = text_of(json_path(outputs, "o.value"));
        g_assert_cmpstr(value, ==, cases[i].outputs);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_template_refused(bad[i].text, NULL, bad[i].target, bad[i].words);
    for (guint i = 0; i < G_N_ELEMENTS(later); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", later[i].text);
        g_autoptr(json_t) outputs = outputs_of(later[i].text, NULL, &error);
        g_assert_null(outputs);
        assert_refused(error, later[i].target, later[i].words);
        g_assert_null(strstr(error->message, "hunter2"));
    }
}

/* A variable made in a loop of a secure parameter is as secret as one without. */
static void
test_secrets_of_variables(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) made =
        evaluate(TEMPLATE(SECURE "'variables': {'copy': [" LIST("v", "1", "'[parameters(`pw`)]'") "]}, " OUTPUT(
                     "string", "'value': '[variables(`v`)[0]]'") "'resources': []"),
                 NULL, &error);
    g_assert_null(made);
    assert_refused(error, "template.outputs.o.value", "'o' uses the secure parameter 'pw'");
}

/* ---- how many ---- */

/* As many resources, and as many dependencies, as without loops. */
static void
test_limits(void)
{
    static const struct {
        const char *members, *target, *words;
    } cases[] = {
        { RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 800"))), NULL, NULL },
        { RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 800")) "," R("b", "")), "template.resources[1]",
          "more than 800 resources" },
        { RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 90")) "," R(
              "[concat(`b`, copyIndex())]", COPY("'name': 'd', 'count': 90") NEEDS("'c'"))),
          NULL, NULL },
        { RESOURCES(R("[concat(`a`, copyIndex())]", COPY("'name': 'c', 'count': 91")) "," R(
              "[concat(`b`, copyIndex())]", COPY("'name': 'd', 'count': 91") NEEDS("'c'"))),
          "template.resources[1].dependsOn[0]", "8192|where copyIndex('d') is 89." },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf(TEMPLATE("%s"), cases[i].members);
        g_autoptr(Template) made = evaluate(text, NULL, &error);
        g_assert_true((made == NULL) == (cases[i].words != NULL));
        if (cases[i].words)
            assert_refused(error, cases[i].target, cases[i].words);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/copy/resources", test_resources);
    g_test_add_func("/template/copy/bodies", test_bodies);
    g_test_add_func("/template/copy/values", test_values);
    g_test_add_func("/template/copy/a-variable-within-a-loop", test_a_variable_within_a_loop);
    g_test_add_func("/template/copy/property-of-copied-resource", test_property_of_copied_resource);
    g_test_add_func("/template/copy/refused", test_refused);
    g_test_add_func("/template/copy/outputs", test_outputs);
    g_test_add_func("/template/copy/secrets-of-variables", test_secrets_of_variables);
    g_test_add_func("/template/copy/limits", test_limits);
    return g_test_run();
}
