/* The text of expressions: what is one, how it is read, how deep and how long it may be. */
#include "templates.h"

#include "base/error.h"

#define X "template.resources[0].properties.x"

/* clang-format off */
static const struct {
    const char *json, *value;
} values[] = {
    { "'plain'", "'plain'" },
    { "''", "''" },
    { "'['", "'['" },
    { "'[open'", "'[open'" },
    { "'[test] value'", "'[test] value'" },
    { "'[[test value]'", "'[test value]'" },
    { "'[[test'", "'[[test'" },
    { "' [null()]'", "' [null()]'" },
    { "'[null()]'", "null" },
    { "'[ null ( ) ]'", "null" },
    { "'[`it``s`]'", "`it's`" },
    { "'[``]'", "''" },
    { "'[42]'", "42" },
    { "'[-9223372036854775808]'", "-9223372036854775808" },
    { "'[9223372036854775807]'", "9223372036854775807" },
    { "'[CreateArray(1,2)[1]]'", "2" },
    { "'[createArray(1, 2)[sub(2, 1)]]'", "2" },
    { "'[createObject(`a`, createArray(createObject(`B`, 3))).A[0].b]'", "3" },
    { "'[createObject(`a b`, 4)[`A B`]]'", "4" },
    { "'[createObject(`a`, 5) [concat(`a`)]]'", "5" },
    { "'[concat( `a` ,\\t`b` )]'", "'ab'" },
    { "{'a': ['[true()]', {'b': '[add(1, 1)]'}, 1.5, null]}", "{'a':[true,{'b':2},1.5,null]}" },
    { "{'[concat(`a`, `b`)]': 1, '[[c]': 2, 'd': 3}", "{'ab':1,'[c]':2,'d':3}" },
};

static const struct {
    const char *json, *target, *words;
} refused[] = {
    { "'[]'", X, "ends at byte 2|a function" },
    { "'[ ]'", X, "ends at byte 3" },
    { "'[`open]'", X, "closing quote" },
    { "'[concat(]'", X, "ends at byte 9|a function" },
    { "'[concat(`a`]'", X, "',' or ')'" },
    { "'[concat(`a`,)]'", X, "')' at byte 13|a function" },
    { "'[concat(,`a`)]'", X, "',' at byte 9" },
    { "'[concat(`a`) x]'", X, "'x' at byte 14|the end of the expression" },
    { "'[concat]'", X, "'('" },
    { "'[1.5]'", X, "fraction" },
    { "'[1a]'", X, "end of an integer" },
    { "'[-]'", X, "a digit" },
    { "'[9223372036854775808]'", X, "too large|9223372036854775807" },
    { "'[-9223372036854775809]'", X, "too large" },
    { "'[ä]'", X, "'ä' at byte 2" },
    { "'[`a`.b]'", X, "'.' at byte 5" },
    { "'[1[0]]'", X, "the end of the expression" },
    { "'[null().]'", X, "name of a member" },
    { "'[null()[0]'", X, "']'" },
    { "'[null().a]'", X, "null by a text" },
    { "'[createArray(1)[1]]'", X, "element 1 of an array of 1" },
    { "'[createArray(1)[-1]]'", X, "element -1" },
    { "'[createArray(1).a]'", X, "an array by a text" },
    { "'[createObject(`a`, 1).b]'", X, "member 'b'|'a'" },
    { "'[createObject().b]'", X, "has none" },
    { "'[ns.fn()]'", X, "no function 'ns.fn'; it declares none" },
    { "['a', {'b': '[nothing()]'}]", X "[1].b", "nothing" },
    { "{'[createArray()]': 1}", X ".[createArray()]", "gives no text" },
    { "{'[concat(``)]': 1}", X ".[concat('')]", "gives no text" },
    { "{'ab': 1, '[concat(`a`, `b`)]': 2}", X ".[concat('a', 'b')]", "'ab' twice" },
    { "{'ab': 1, '[concat(`A`, `b`)]': 2}", X, "'Ab' twice" },
};
/* clang-format on */

static void
test_values(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *value = value_of("", values[i].json, &error);
        g_autofree char *expected = g_strdelimit(g_strdup(values[i].value), "`", '\'');
        if (error)
            g_error("%s: %s", values[i].json, error->message);
        if (values[i].value[0] == '`') /* one that has a quote */
            expected[0] = value[0] = expected[strlen(expected) - 1] = value[strlen(value) - 1] = ' ';
        g_assert_cmpstr(value, ==, expected);
    }
}

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *value = value_of("", refused[i].json, &error);
        g_test_message("%s", refused[i].json);
        g_assert_null(value);
        assert_refused(error, refused[i].target, refused[i].words);
    }
}

static char *
repeated(const char *before, const char *what, guint n, const char *after)
{
    GString *text = g_string_new(before);
    for (guint i = 0; i < n; i++)
        g_string_append(text, what);
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

/* { what the text is with n = most: taken; with one more: refused } */
static void
test_limits(void)
{
    for (guint more = 0; more < 2; more++) {
        g_autofree char *calls = repeated("'[", "concat(", 31 + more, "`a`"), *ends = repeated("", ")", 31 + more, "]'");
        g_autofree char *deep = g_strconcat(calls, ends, NULL);
        g_autofree char *long_one = repeated("'[`", "a", TEMPLATE_EXPRESSION_MAX - 4 + more, "`]'");
        g_autofree char *value = repeated("", "{\\\"a\\\":", 20, "1"), *closing = repeated("", "}", 20, "");
        g_autofree char *object = g_strconcat("'[json(`", value, closing, "`)", NULL);
        g_autofree char *members = repeated(object, ".a", 20 + more, "]'");
        const char *cases[] = { deep, long_one, members };
        static const char *const words[] = { "deeper than 32", "24577 characters|24576", "an integer by a text" };
        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *made = value_of("", cases[i], &error);
            g_assert_true((made != NULL) == (more == 0));
            if (more)
                assert_refused(error, X, words[i]);
        }
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *chain = repeated("'[null()", "[0]", 33, "]'"), *made = value_of("", chain, &error);
    g_assert_null(made);
    assert_refused(error, X, "32 members in a row");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/expression/values", test_values);
    g_test_add_func("/template/expression/refused", test_refused);
    g_test_add_func("/template/expression/limits", test_limits);
    return g_test_run();
}
