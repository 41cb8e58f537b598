/* Strict, bounded JSON and look-ups without regard to case. */
#include "base/json.h"

#include "base/error.h"

#include <string.h>

static void
test_parse(void)
{
    g_autofree char *levels32 = g_strconcat("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", NULL);
    g_autofree char *levels33 = g_strconcat("[", levels32, "]", NULL);
    /* clang-format off */
    const struct {
        const char *text;
        const char *why;        /* word of the message; NULL: accepted */
    } cases[] = {
        { "{}", NULL }, { "7", NULL }, { "\"[[[[\"", NULL }, { levels32, NULL }, { "{\"a\": \"\\\"{\"}", NULL },
        { levels33, "32 levels" }, { "", "line 1" }, { "{", "line 1" }, { "{\"a\": 1,}", "column" }, { "{\"a\": 1, \"a\": 2}", "duplicate" },
        { "\"\\u0000\"", "NUL" }, { "\"\xc3\x28\"", "0xc3" }, { "{}{}", "end of file" }, { "nul", "line 1" }, { "'a'", "line 1" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) value = json_parse(cases[i].text, strlen(cases[i].text), &error);
        g_autofree char *shown = g_strescape(cases[i].text, NULL);
        g_test_message("%s", shown);
        g_assert_true((value != NULL) == (cases[i].why == NULL));
        if (!error)
            continue;
        g_assert_cmpint(error->code, ==, ARM_INVALID_REQUEST_CONTENT);
        if (!g_strstr_len(error->message, -1, cases[i].why))
            g_error("no '%s' in: %s", cases[i].why, error->message);
    }
}

/* A megabyte of open brackets costs a pass over it, not a megabyte of stack. */
static void
test_a_flood_of_brackets(void)
{
    g_autofree char *text = g_strnfill(1 << 20, '[');
    g_autoptr(GError) error = NULL;
    g_assert_null(json_parse(text, 1 << 20, &error));
    g_assert_nonnull(strstr(error->message, "deeper"));
}

static void
test_length_is_kept_to(void)
{
    g_autoptr(json_t) value = json_parse("12345", 2, NULL);
    g_assert_cmpint(json_integer_value(value), ==, 12);
}

/* Whoever looks up a name without regard to case finds one of the two; which, nobody should have to know. */
static void
test_twins(void)
{
    static const struct {
        const char *text, *twin;
    } cases[] = {
        { "7", NULL },
        { "{\"a\": 1, \"b\": {\"a\": 2}}", NULL },
        { "[{\"a\": 1}, {\"A\": 1}]", NULL },
        { "{\"secureBoot\": true, \"SecureBoot\": false}", "SecureBoot" },
        { "{\"a\": [{\"b\": {\"x\": 1, \"y\": 2, \"X\": 3}}]}", "X" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) value = json_parse(cases[i].text, strlen(cases[i].text), NULL);
        g_assert_nonnull(value);
        g_assert_cmpstr(json_twin(value), ==, cases[i].twin);
    }
}

static void
test_members(void)
{
    static const char text[] = "{\"Sku\": {\"NAME\": \"x\", \"name\": \"exact\"}, \"n\": null, \"list\": [1]}";
    g_autoptr(json_t) object = json_parse(text, strlen(text), NULL);
    g_assert_cmpstr(json_member_text(json_member(object, "sKU"), "name"), ==, "exact");
    g_assert_cmpstr(json_string_value(json_path(object, "SKU.name")), ==, "exact");
    g_assert_true(json_is_null(json_member(object, "N")));
    g_assert_null(json_member(object, "absent"));
    g_assert_null(json_member(json_member(object, "list"), "x"));
    g_assert_null(json_member(NULL, "x"));
    g_assert_null(json_member_text(object, "sku"));
    g_assert_null(json_path(object, "sku.name.further"));
    g_assert_null(json_path(NULL, "sku"));
}

static void
test_set_and_text(void)
{
    g_autoptr(json_t) object = json_object();
    json_set_text(object, "b", "x");
    json_set_text(object, "absent", NULL);
    json_set_new(object, "a", json_integer(1));
    json_set_new(object, "absent", NULL);
    g_autofree char *text = json_text(object);
    g_assert_cmpstr(text, ==, "{\"b\":\"x\",\"a\":1}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/parse", test_parse);
    g_test_add_func("/json/a-flood-of-brackets", test_a_flood_of_brackets);
    g_test_add_func("/json/length-is-kept-to", test_length_is_kept_to);
    g_test_add_func("/json/twins", test_twins);
    g_test_add_func("/json/members", test_members);
    g_test_add_func("/json/set-and-text", test_set_and_text);
    return g_test_run();
}
