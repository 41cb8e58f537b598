#include "base/json.h"
#include "base/jsonc.h"

#include <string.h>

static void
test_becomes_json(void)
{
    static const struct {
        const char *text, *json; /* json NULL: it stays wrong */
    } cases[] = {
        { "{\"a\":1}", "{\"a\":1}" },
        { "{a:1, _b$2 : {c:[true, null, -1.5e3]}}", "{\"a\":1,\"_b$2\":{\"c\":[true,null,-1500.0]}}" },
        { "{\"properties\": {\"mode\": \"Incremental\", template:{\r\n \"a\": 1}}}",
          "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"a\":1}}}" },
        { "// first\n{ /* a: \"1\" */ \"a\": 1 // last", NULL },
        { "// first\n{ /* a: \"1\" */ \"a\": 1 // last\n}", "{\"a\":1}" },
        { "{\"a\":\"// no /* comment */ b:1\"}", "{\"a\":\"// no /* comment */ b:1\"}" },
        { "{\"a\":\"\\\"// \\\\\"}", "{\"a\":\"\\\"// \\\\\"}" },
        { "{\"a\":\"one\r\ntwo\n  three\"}", "{\"a\":\"one\\r\\ntwo\\n  three\"}" },
        { "{a:/**/1,/***/b:2}", "{\"a\":1,\"b\":2}" },
        { "{true:false}", "{\"true\":false}" },
        { "{a /* : */ :1}", NULL },
        { "{1a:1}", NULL },
        { "{a-b:1}", NULL },
        { "{a:b}", NULL },
        { "{a:1} /* never ends", "{\"a\":1}" },
        { "{a:1} /", NULL },
        { "{a:\"never ends", NULL },
        { "{a:\"\\", NULL },
        { "{'a':1}", NULL },
        { "", NULL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize length;
        g_autofree char *text = jsonc_to_json(cases[i].text, strlen(cases[i].text), &length);
        g_autoptr(json_t) value = json_parse(text, length, NULL);
        g_autofree char *json = value ? json_text(value) : NULL;
        g_test_message("%s -> %s", cases[i].text, text);
        g_assert_cmpuint(strlen(text), ==, length);
        g_assert_cmpstr(json, ==, cases[i].json);
    }
}

static void
test_errors_name_the_line(void)
{
    static const char text[] = "{\n/* two\nlines */ a:1, // and one\n b:}";
    gsize length;
    g_autofree char *json = jsonc_to_json(text, sizeof text - 1, &length);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) value = json_parse(json, length, &error);
    g_assert_null(value);
    g_assert_nonnull(strstr(error->message, "line 4"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/jsonc/becomes-json", test_becomes_json);
    g_test_add_func("/base/jsonc/errors-name-the-line", test_errors_name_the_line);
    return g_test_run();
}
