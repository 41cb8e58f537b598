/* Parameters and variables: what is declared, what comes, what is made of it; and which of it is secret. */
#include "templates.h"

#include "base/error.h"

#include <string.h>

#define NOTHING      "'resources': []"
#define DECLARED(p)  TEMPLATE("'parameters': {" p "}, " NOTHING)
#define ONE(members) DECLARED("'p': {" members "}")

/* clang-format off */
static const struct {
    const char *text, *sent, *shown;
} taken[] = {
    { ONE("'type': 'string', 'defaultValue': 'a'"), NULL, "{'p':{'type':'String','value':'a'}}" },
    { ONE("'type': 'STRING', 'defaultValue': 'a'"), "{'P': {'value': 'b'}}", "{'p':{'type':'String','value':'b'}}" },
    { ONE("'type': 'string', 'defaultValue': 'a'"), "{'p': {'value': null}}", "{'p':{'type':'String','value':'a'}}" },
    { ONE("'type': 'string'"), "{'p': {'value': '[add(1, 1)]'}}", "{'p':{'type':'String','value':'[add(1, 1)]'}}" },
    { ONE("'type': 'int', 'minValue': 1, 'maxValue': 3"), "{'p': {'value': 3}}", "{'p':{'type':'Int','value':3}}" },
    { ONE("'type': 'bool', 'metadata': {'description': 'x'}"), "{'p': {'value': false}}", "{'p':{'type':'Bool','value':false}}" },
    { ONE("'type': 'object', 'defaultValue': {'a': '[resourceGroup().location]'}"), NULL, "{'p':{'type':'Object','value':{'a':'here'}}}" },
    { ONE("'type': 'array', 'allowedValues': [1, 2, 3]"), "{'p': {'value': [3, 1]}}", "{'p':{'type':'Array','value':[3,1]}}" },
    { ONE("'type': 'array', 'allowedValues': [[1, 9]]"), "{'p': {'value': [1, 9]}}", "{'p':{'type':'Array','value':[1,9]}}" },
    { ONE("'type': 'string', 'allowedValues': ['a', 'b']"), "{'p': {'value': 'b'}}", "{'p':{'type':'String','value':'b'}}" },
    { ONE("'type': 'string', 'minLength': 2, 'maxLength': 2"), "{'p': {'value': '日本'}}", "{'p':{'type':'String','value':'日本'}}" },
    { ONE("'type': 'secureString'"), "{'p': {'value': 'x'}}", "{'p':{'type':'SecureString'}}" },
    { ONE("'type': 'secureObject', 'defaultValue': {}"), NULL, "{'p':{'type':'SecureObject'}}" },
    { DECLARED("'a': {'type': 'string', 'defaultValue': '[concat(parameters(`B`), `!`)]'}, 'b': {'type': 'string', 'defaultValue': 'x'}"), NULL,
      "{'a':{'type':'String','value':'x!'},'b':{'type':'String','value':'x'}}" },
    { DECLARED("'a': {'type': 'securestring', 'defaultValue': '[parameters(`b`)]'}, 'b': {'type': 'securestring'}"), "{'b': {'value': 'x'}}",
      "{'a':{'type':'SecureString'},'b':{'type':'SecureString'}}" },
};

static const struct {
    const char *text, *sent, *target, *words;
} refused[] = {
    { DECLARED("'p': 1"), NULL, "template.parameters.p", "is an object, and this is an integer" },
    { ONE(""), NULL, "template.parameters.p", "'type'|SecureObject" },
    { ONE("'type': 'text'"), NULL, "template.parameters.p", "'text'|String, SecureString, Int, Bool, Object, SecureObject, Array" },
    { ONE("'type': 'int', 'default': 1"), NULL, "template.parameters.p.default", "no member 'default'|'defaultValue'" },
    { ONE("'type': 'string', 'minValue': 1"), NULL, "template.parameters.p", "'minValue' is for|Int|type String" },
    { ONE("'type': 'int', 'maxLength': 1"), NULL, "template.parameters.p", "'maxLength' is for" },
    { ONE("'type': 'int', 'minValue': 'a'"), NULL, "template.parameters.p.minValue", "a text; accepted: an integer" },
    { ONE("'type': 'int', 'minValue': 2, 'maxValue': 1"), NULL, "template.parameters.p", "no value" },
    { ONE("'type': 'int'"), NULL, "parameters.p", "'p' is required" },
    { ONE("'type': 'int'"), "{'p': {'value': null}}", "parameters.p", "required" },
    { ONE("'type': 'int'"), "{'p': {'value': '1'}}", "parameters.p.value", "type Int: accepted is an integer, and it is a text" },
    { ONE("'type': 'int'"), "{'p': {'value': 1.5}}", "parameters.p.value", "a number with a fraction" },
    { ONE("'type': 'string', 'defaultValue': '[add(1, 1)]'"), NULL, "template.parameters.p.defaultValue", "accepted is a text, and it is an integer" },
    { ONE("'type': 'int', 'minValue': 1, 'maxValue': 3"), "{'p': {'value': 4}}", "parameters.p.value", "is 4; accepted: at least 1, at most 3" },
    { ONE("'type': 'int', 'minValue': 1"), "{'p': {'value': 0}}", "parameters.p.value", "is 0; accepted: at least 1." },
    { ONE("'type': 'int', 'maxValue': 1, 'defaultValue': 2"), NULL, "template.parameters.p.defaultValue", "is 2; accepted: at most 1." },
    { ONE("'type': 'string', 'minLength': 3"), "{'p': {'value': '日本'}}", "parameters.p.value", "has 2 characters; accepted: at least 3." },
    { ONE("'type': 'array', 'maxLength': 1"), "{'p': {'value': [1, 2]}}", "parameters.p.value", "has 2 elements; accepted: at most 1." },
    { ONE("'type': 'string', 'allowedValues': ['a', 'b']"), "{'p': {'value': 'c'}}", "parameters.p.value", "allowedValues: [\"a\",\"b\"]" },
    { ONE("'type': 'array', 'allowedValues': [1, 2]"), "{'p': {'value': [1, 3]}}", "parameters.p.value", "allowedValues: [1,2]" },
    { ONE("'type': 'string'"), "{'p': {'value': 'a'}, 'q': {'value': 1}}", "parameters.q", "no parameter 'q'; it declares 'p'" },
    { ONE("'type': 'string'"), "{'p': 'a'}", "parameters.p", "an object, and this is a text" },
    { ONE("'type': 'string'"), "{'p': {'val': 'a'}}", "parameters.p.val", "no member 'val'; accepted: 'value'" },
    { ONE("'type': 'string'"), "{'p': {'reference': {'keyVault': {}}}}", "parameters.p.reference", "key vault" },
    { ONE("'type': 'string'"), "[]", "parameters", "no object" },
    { ONE("'type': 'string', 'defaultValue': '[variables(`v`)]'"), NULL, "template.parameters.p.defaultValue", "variables()" },
    { ONE("'type': 'string', 'defaultValue': '[reference(`v`)]'"), NULL, "template.parameters.p.defaultValue", "outputs only" },
    { ONE("'type': 'string', 'defaultValue': '[parameters(`p`)]'"), NULL, "template.parameters.p.defaultValue", "made of itself: 'p' -> 'p'" },
    { DECLARED("'a': {'type': 'string', 'defaultValue': '[parameters(`b`)]'}, 'b': {'type': 'string', 'defaultValue': '[parameters(`A`)]'}"), NULL,
      "template.parameters.b.defaultValue", "'a' is made of itself: 'a' -> 'b' -> 'a'" },
    { DECLARED("'a': {'type': 'string', 'defaultValue': '[parameters(`b`)]'}, 'b': {'type': 'securestring'}"), "{'b': {'value': 'hunter2'}}",
      "template.parameters.a.defaultValue", "'a' has the secure parameter 'b'" },
    { TEMPLATE("'variables': {'v': '[parameters(`q`)]'}, " NOTHING), NULL, "template.variables.v", "no parameter 'q'; it declares none" },
    { TEMPLATE("'variables': {'v': '[variables(`v`)]'}, " NOTHING), NULL, "template.variables.v", "variable 'v' is made of itself: 'v' -> 'v'" },
    { TEMPLATE("'variables': {'a': '[variables(`b`)]', 'b': {'x': ['[variables(`C`)]']}, 'c': '[variables(`a`)]'}, " NOTHING), NULL,
      "template.variables.c", "'a' -> 'b' -> 'c' -> 'a'" },
    { TEMPLATE("'variables': {'v': '[concat(variables(`w`))]'}, " NOTHING), NULL, "template.variables.v", "no variable 'w'; it declares 'v'" },
    { TEMPLATE("'variables': {'v': '[variables(concat(`w`))]'}, " NOTHING), NULL, "template.variables.v", "no variable 'w'" },
    { TEMPLATE("'variables': {'v': '[reference(`w`)]'}, " NOTHING), NULL, "template.variables.v", "outputs only" },
};
/* clang-format on */

static void
test_taken(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(taken); i++) {
        g_autoptr(Template) made = must_evaluate(taken[i].text, taken[i].sent);
        g_autofree char *shown = text_of(made->parameters);
        g_assert_cmpstr(shown, ==, taken[i].shown);
    }
}

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Template) made = evaluate(refused[i].text, refused[i].sent, &error);
        g_test_message("%s", refused[i].text);
        g_assert_null(made);
        assert_refused(error, refused[i].target, refused[i].words);
        g_assert_null(strstr(error->message, "hunter2"));
    }
}

/* What came, first; what is made of it, when that is right. */
static void
test_violations_come_together(void)
{
    const char *text = DECLARED("'a': {'type': 'int'}, 'b': {'type': 'string', 'allowedValues': ['x']}, 'c': {'type': 'bool'}, "
                                "'d': {'type': 'string', 'defaultValue': '[concat(parameters(`b`))]'}");
    static const char *const targets[] = { "parameters.z", "parameters.a.value", "parameters.b.value", "parameters.c" };
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) made = evaluate(text, "{'a': {'value': 'x'}, 'b': {'value': 'y'}, 'z': {'value': 1}}", &error);
    const GPtrArray *details = arm_error_details(error);
    g_assert_null(made);
    g_assert_cmpuint(details->len, ==, G_N_ELEMENTS(targets));
    for (guint i = 0; i < details->len; i++)
        g_assert_cmpstr(arm_error_target(g_ptr_array_index(details, i)), ==, targets[i]);
}

/* No message that is told has the value of a secure parameter, whatever is wrong with it or done with it. */
static void
test_no_message_has_a_secret(void)
{
    static const char *const limits[] = { "'allowedValues': ['x']", "'maxLength': 2", "'minLength': 20" };
    static const char *const uses[] = {
        "int(parameters(`p`))",
        "bool(parameters(`p`))",
        "json(parameters(`p`))",
        "parameters(`p`).member",
        "base64ToString(parameters(`p`))",
        "uri(parameters(`p`), `x`)",
        "format(parameters(`p`))",
        "add(parameters(`p`), 1)",
        "createArray(parameters(`p`))[1]",
        "substring(parameters(`p`), 90)",
        "createObject(`a`, 1)[parameters(`p`)]",
        "variables(parameters(`p`))",
        "resourceId(`a/b`, concat(parameters(`p`), `/`))",
        "providers(parameters(`p`))",
    };
    for (guint i = 0; i < G_N_ELEMENTS(limits) + G_N_ELEMENTS(uses); i++) {
        const gboolean limited = i < G_N_ELEMENTS(limits);
        g_autofree char *text =
            limited ? g_strdup_printf(ONE("'type': 'securestring', %s"), limits[i])
                    : g_strdup_printf(
                          TEMPLATE("'parameters': {'p': {'type': 'securestring'}}, 'variables': {'v': '[%s]'}, " NOTHING),
                          uses[i - G_N_ELEMENTS(limits)]);
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) declared = json_of(text), sent = json_of("{'P': {'value': '{hunter2'}}");
        g_autoptr(Template) made = template_evaluate(declared, sent, &test_scope, &error);
        g_assert_true(error && arm_error_target(error));
        g_autofree char *told = template_message_without_secrets(declared, sent, error->message);
        g_test_message("%s", told);
        g_assert_null(strstr(told, "hunter2"));
    }
}

static void
test_what_is_hidden(void)
{
    static const struct {
        const char *message, *told;
    } cases[] = {
        { "'hunter2' and hunter2hunter2", "'***' and ******" },
        { "hunter hunter1", "hunter hunter1" },
        { "'hunter2-and-more' is more", "'***' is more" }, /* not the shorter of two */
        { "'a-long-one-that-is-cu'", "'***'" },            /* its beginning */
        { "a-long", "a-long" },
        { "grüße-an-alle, grüße-aß", "***, ***ß" }, /* whole characters */
        { "default: swordfish", "default: ***" },
        { "nested-text in nested-list", "*** in ***" },
        { "abc open-text", "abc open-text" },
    };
    g_autoptr(json_t) text = json_of(TEMPLATE(
        "'parameters': {'a': {'type': 'securestring'}, 'b': {'type': 'securestring'}, 'c': {'type': 'SecureString'}, 'd': "
        "{'type': 'secureString', 'DefaultValue': 'swordfish'}, 'e': {'type': 'secureObject'}, 'f': {'type': 'string'}, 'g': "
        "{'type': 'securestring'}, 'h': {'type': 'securestring'}}, " NOTHING));
    g_autoptr(json_t) sent = json_of(
        "{'A': {'Value': 'hunter2'}, 'b': {'value': 'hunter2-and-more'}, 'c': {'value': 'a-long-one-that-is-cut'}, 'e': "
        "{'value': {'x': 'nested-text', 'y': ['nested-list', 7]}}, 'f': {'value': 'open-text'}, 'g': {'value': 'abc'}, "
        "'h': {'value': 'grüße-an-alle'}, 'none': {'value': 'default:'}}");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *told = template_message_without_secrets(text, sent, cases[i].message);
        g_assert_cmpstr(told, ==, cases[i].told);
    }
}

static void
test_variables(void)
{
    g_autofree char *value = value_of("'variables': {'A': {'x': '[variables(`b`)[1]]'}, 'b': [1, '[concat(`y`)]']}, ",
                                      "['[variables(`a`).X]', '[variables(`B`)]']", NULL);
    g_assert_cmpstr(value, ==, "['y',[1,'y']]");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/parameters/taken", test_taken);
    g_test_add_func("/template/parameters/refused", test_refused);
    g_test_add_func("/template/parameters/violations-come-together", test_violations_come_together);
    g_test_add_func("/template/parameters/no-message-has-a-secret", test_no_message_has_a_secret);
    g_test_add_func("/template/parameters/what-is-hidden", test_what_is_hidden);
    g_test_add_func("/template/parameters/variables", test_variables);
    return g_test_run();
}
