/* attest/refusals.h: what a kernel says of modules, in JSON and in words. */
#include "attest/refusals.h"
#include "base/json.h"

#include <string.h>

static void
test_words(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "Loading of unsigned module is rejected\n", "one that the kernel does not name" },
        { "hello: module verification failed: signature and/or required key missing - tainting kernel\n",
          "hello (loaded unsigned)" },
        { "Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7", "one that insmod asked for" },
        { "a: module verification failed: x\n\nb: module verification failed: x\n",
          "a (loaded unsigned), b (loaded unsigned)" },
        { "", "" },
        { "\x1b[2J: module verification failed: x\n", "\\x1b[2J (loaded unsigned)" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) text = g_bytes_new_static(cases[i].text, strlen(cases[i].text));
        g_autoptr(json_t) json = refusals_json(text);
        g_autofree char *words = refusals_text(json);
        g_assert_cmpstr(words, ==, cases[i].words);
    }
}

static void
test_json(void)
{
    g_autoptr(GBytes) text = g_bytes_new_static("hello: module verification failed: x\n", 37);
    g_autoptr(json_t) json = refusals_json(text);
    g_autofree char *written = json_text(json);
    g_assert_cmpstr(written, ==, "[{\"name\":\"hello\",\"loaded\":true,\"message\":\"hello: module verification failed: x\"}]");
}

static void
test_has_an_end(void)
{
    g_autofree char *many = g_strnfill(4000, 'x');
    for (guint i = 1; i < 4000; i += 2)
        many[i] = '\n';
    g_autoptr(GBytes) text = g_bytes_new_static(many, 4000);
    g_autoptr(json_t) json = refusals_json(text);
    g_assert_cmpuint(json_array_size(json), ==, REFUSALS_MAX);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest/refusals/words", test_words);
    g_test_add_func("/attest/refusals/json", test_json);
    g_test_add_func("/attest/refusals/has-an-end", test_has_an_end);
    return g_test_run();
}
