/* Functions that a template declares itself: called as others are, with parameters of their own and nothing else. */
#include "templates.h"

#include "base/error.h"

#include <string.h>

#define NOTHING                  "'resources': []"
#define FUNCTIONS(members)       "'functions': [{'namespace': 'contoso', 'members': {" members "}}], "
#define TAKES(name, type)        "{'name': '" name "', 'type': '" type "'}"
#define F(name, takes, type, to) "'" name "': {'parameters': [" takes "], 'output': {'type': '" type "', 'value': " to "}}"
#define SAMPLES                                                                                                                      \
    FUNCTIONS(                                                                                                                       \
        F("unique", TAKES("Prefix", "string"), "string", "'[concat(toLower(parameters(`prefix`)), `-`, uniqueString(`a`))]'") "," F( \
            "sum", TAKES("a", "int") "," TAKES("b", "int"), "int",                                                                   \
            "'[add(parameters(`a`), parameters(concat(`b`)))]'") "," F("pair", TAKES("x", "object"), "object",                       \
                                                                       "{'one': ['[parameters(`x`)]', 2], 'copy': [1], "             \
                                                                       "'[concat(`a`, `b`)]': true}") "," F("none", "",              \
                                                                                                            "array",                 \
                                                                                                            "'[createArray()]"       \
                                                                                                            "'") "," F("div",        \
                                                                                                                       TAKES(        \
                                                                                                                           "a",      \
                                                                                                                           "i"       \
                                                                                                                           "n"       \
                                                                                                                           "t"),     \
                                                                                                                       "int",        \
                                                                                                                       "'["          \
                                                                                                                       "div("        \
                                                                                                                       "1, "         \
                                                                                                                       "param"       \
                                                                                                                       "eters"       \
                                                                                                                       "(`a`)"       \
                                                                                                                       ")]'"))
#define X "template.resources[0].properties.x"

/* clang-format off */
static const struct {
    const char *json, *value;
} values[] = {
    { "'[contoso.unique(`WEB`)]'", "'web-eveiun73364hy'" },
    { "'[CONTOSO.Unique(`WEB`)]'", "'web-eveiun73364hy'" },
    { "'[contoso.sum(1, contoso.sum(2, 3))]'", "6" },
    { "'[ contoso.sum ( 1 , 2 ) ]'", "3" },
    { "'[contoso.pair(createObject(`y`, 1)).one[0].y]'", "1" },
    { "'[contoso.pair(createObject())]'", "{'one':[{},2],'copy':[1],'ab':true}" },
    { "'[contoso.none()]'", "[]" },
    { "{'copy': [{'name': 'c', 'count': 2, 'input': '[contoso.sum(copyIndex(`c`), 1)]'}]}", "{'c':[1,2]}" },
    { "'[if(true(), 1, contoso.div(0))]'", "1" },
};

static const struct {
    const char *json, *target, *words;
} refused_calls[] = {
    { "'[contoso.other()]'", X, "no function 'contoso.other'|'contoso.sum'" },
    { "'[other.sum(1, 2)]'", X, "no function 'other.sum'" },
    { "'[sum(1, 2)]'", X, "no function 'sum'; those that are known" },
    { "'[contoso.sum(1)]'", X, "contoso.sum() takes 2 arguments, and gets 1" },
    { "'[contoso.unique()]'", X, "contoso.unique() takes 1 argument, and gets 0" },
    { "'[if(true(), 1, contoso.sum(1))]'", X, "takes 2 arguments" },
    { "'[contoso.sum(1, `2`)]'", X, "contoso.sum() takes an integer as argument 2, and gets a text" },
    { "'[contoso.]'", X, "'.' at byte 9" },
    { "'[contoso.a.b()]'", X, "'.' at byte 11" },
    { "'[contoso.sum]'", X, "'('" },
    { "'[contoso.div(0)]'", "template.functions[0].members.div.output.value", "divided" },
    { "{'copy': [{'name': 'c', 'count': 2, 'input': '[contoso.div(sub(1, copyIndex(`c`)))]'}]}", "template.functions[0].members.div.output.value", "divided|It is so where copyIndex('c') is 1." },
};

#define DECLARED(members) TEMPLATE(FUNCTIONS(members) NOTHING)
#define BODY(text)        DECLARED(F("f", "", "string", "'[" text "]'"))
#define MEMBERS           "template.functions[0].members"

static const struct {
    const char *text, *target, *words;
} refused[] = {
    { TEMPLATE("'functions': [1], " NOTHING), "template.functions[0]", "A namespace of functions is an object" },
    { TEMPLATE("'functions': [{'members': {}}], " NOTHING), "template.functions[0]", "The name of a namespace is ''; accepted: letters, digits and '_'" },
    { TEMPLATE("'functions': [{'namespace': 'a.b'}], " NOTHING), "template.functions[0]", "'a.b'" },
    { TEMPLATE("'functions': [{'namespace': 'a', 'more': 1}], " NOTHING), "template.functions[0].more", "no member 'more'; accepted: 'namespace', 'members'" },
    { DECLARED("'a b': {}"), MEMBERS ".a b", "The name of a function is 'a b'" },
    { DECLARED("'f': 1"), MEMBERS ".f", "is an object, and this is an integer" },
    { DECLARED("'f': {}"), MEMBERS ".f.output", "The output of a function is an object, and this is absent" },
    { DECLARED("'f': {'output': {'type': 'string'}}"), MEMBERS ".f.output", "'value'" },
    { DECLARED("'f': {'output': {'value': 'a'}}"), MEMBERS ".f.output", "'type' is ''; accepted: String" },
    { DECLARED("'f': {'variables': {}, 'output': {'type': 'string', 'value': 'a'}}"), MEMBERS ".f.variables", "no member 'variables'; accepted: 'parameters', 'output'" },
    { DECLARED(F("f", "1", "string", "'a'")), MEMBERS ".f.parameters[0]", "A parameter of a function is an object" },
    { DECLARED(F("f", "{'type': 'int'}", "string", "'a'")), MEMBERS ".f.parameters[0]", "'name'" },
    { DECLARED(F("f", "{'name': 'a'}", "string", "'a'")), MEMBERS ".f.parameters[0]", "'type'" },
    { DECLARED(F("f", "{'name': 'a', 'type': 'int', 'defaultValue': 1}", "string", "'a'")), MEMBERS ".f.parameters[0].defaultValue", "gets all of its parameters" },
    { DECLARED(F("f", TAKES("a", "int") "," TAKES("A", "int"), "string", "'a'")), MEMBERS ".f.parameters[1]", "'A' twice" },
    { TEMPLATE("'functions': [{'namespace': 'a', 'members': {" F("f", "", "string", "'a'") "}}, {'namespace': 'A', 'members': {" F("F", "", "string", "'a'") "}}], " NOTHING), "template.functions[1].members.F", "'A.F' twice" },
    /* bodies, called or not */
    { BODY("parameters(`p`)"), MEMBERS ".f.output.value", "contoso.f() has no parameter 'p'" },
    { BODY("variables(`v`)"), MEMBERS ".f.output.value", "its own parameters alone" },
    { BODY("reference(`v`)"), MEMBERS ".f.output.value", "outputs only" },
    { BODY("copyIndex()"), MEMBERS ".f.output.value", "within a copy only" },
    { BODY("newGuid()"), MEMBERS ".f.output.value", "default values of parameters only" },
    { BODY("contoso.f()"), MEMBERS ".f.output.value", "calls none of its kind" },
    { BODY("nothing()"), MEMBERS ".f.output.value", "no function 'nothing'" },
    { TEMPLATE("'variables': {'v': '[contoso.f()]'}, " FUNCTIONS(F("f", "", "string", "'[add(1, 1)]'")) NOTHING), MEMBERS ".f.output.value", "contoso.f() gives values of type String, and this one is an integer" },
    { TEMPLATE("'parameters': {'p': {'type': 'int', 'defaultValue': 1}}, 'variables': {'v': '[contoso.f(`p`)]'}, " FUNCTIONS(F("f", TAKES("n", "string"), "int", "'[parameters(parameters(`n`))]'")) NOTHING), MEMBERS ".f.output.value", "contoso.f() has no parameter 'p'" },
};
/* clang-format on */

static void
test_values(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *value = value_of(SAMPLES, values[i].json, &error);
        if (error)
            g_error("%s: %s", values[i].json, error->message);
        g_assert_cmpstr(value, ==, values[i].value);
    }
}

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused_calls); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *value = value_of(SAMPLES, refused_calls[i].json, &error);
        g_test_message("%s", refused_calls[i].json);
        g_assert_null(value);
        assert_refused(error, refused_calls[i].target, refused_calls[i].words);
    }
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
        assert_template_refused(refused[i].text, NULL, refused[i].target, refused[i].words);
}

/* They are called everywhere: in a default, in a variable and in an output, which has the loop of its own back behind a call.
 */
static void
test_everywhere(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) outputs =
        outputs_of(TEMPLATE(SAMPLES "'parameters': {'p': {'type': 'int', 'defaultValue': '[contoso.sum(1, 1)]'}}, 'variables': "
                                    "{'v': '[contoso.sum(parameters(`p`), 1)]'}, 'outputs': {'o': {'type': 'array', 'copy': "
                                    "{'count': 2, 'input': '[add(contoso.sum(variables(`v`), 1), copyIndex())]'}}}, " NOTHING),
                   NULL, &error);
    g_assert_no_error(error);
    g_autofree char *value = text_of(json_path(outputs, "o.value"));
    g_assert_cmpstr(value, ==, "[4,5]");
}

/* What a function makes of a secret is one. */
static void
test_secrets(void)
{
    static const struct {
        const char *output, *target;
    } cases[] = {
        { "[contoso.unique(parameters(`pw`))]", "template.outputs.o.value" },
        { "[variables(`v`)]", "template.outputs.o.value" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf(
            TEMPLATE(SAMPLES
                     "'parameters': {'pw': {'type': 'securestring', 'defaultValue': 'hunter2'}}, 'variables': {'v': "
                     "'[contoso.unique(parameters(`pw`))]'}, 'outputs': {'o': {'type': 'string', 'value': '%s'}}, " NOTHING),
            cases[i].output);
        g_autoptr(Template) made = evaluate(text, NULL, &error);
        g_assert_null(made);
        assert_refused(error, cases[i].target, "output 'o' uses the secure parameter 'pw'");
    }
}

/* A long function that is called often is read each time. */
static void
test_often(void)
{
    g_autofree char *letters = g_strnfill(20000, 'a');
    g_autofree char *members = g_strdup_printf(FUNCTIONS(F("f", "", "int", "'[if(true(), 1, length(`%s`))]'")), letters);
    g_autoptr(GString) calls = g_string_new("[");
    for (guint i = 0; i < 1000; i++)
        g_string_append(calls, i > 0 ? ",'[contoso.f()]'" : "'[contoso.f()]'");
    g_string_append_c(calls, ']');
    g_autoptr(GError) error = NULL;
    g_autofree char *value = value_of(members, calls->str, &error);
    g_assert_null(value);
    g_assert_nonnull(strstr(error->message, "more than 4194304 bytes"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/own-functions/values", test_values);
    g_test_add_func("/template/own-functions/refused", test_refused);
    g_test_add_func("/template/own-functions/everywhere", test_everywhere);
    g_test_add_func("/template/own-functions/secrets", test_secrets);
    g_test_add_func("/template/own-functions/often", test_often);
    return g_test_run();
}
