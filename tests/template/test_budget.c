/* A template that grows: ends in an error that says so, soon, and without taking the machine's memory. */
#include "templates.h"

#include "base/error.h"

#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#define MOST_SECONDS 5
#define MOST_MIB     48 /* that a template may add to the process */

/* Variables that are each made of the one before: v0 is `first`, the others `step`, in which ~ stands for the one before.
 * backwards: the last is declared first, so that all are in hand at once. */
static char *
chain(const char *first, const char *step, guint n, gboolean backwards)
{
    g_autoptr(GString) text = g_string_new("'variables': {");
    for (guint i = 0; i <= n; i++) {
        const guint number = backwards ? n - i : i;
        g_autofree char *before = g_strdup_printf("variables(`v%u`)", number - 1);
        g_auto(GStrv) parts = g_strsplit(step, "~", -1);
        g_autofree char *made = g_strjoinv(before, parts);
        if (number == 0)
            g_string_append_printf(text, "%s'v0': %s", i > 0 ? ", " : "", first);
        else
            g_string_append_printf(text, "%s'v%u': '[%s]'", i > 0 ? ", " : "", number, made);
    }
    g_string_append(text, "}, ");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

#define TOO_LARGE "more than 4194304 bytes of values"

/* clang-format off */
static const struct {
    const char *first, *step;
    guint n;
    const char *words; /* NULL: it is made */
} cases[] = {
    { "'0123456789abcdef'", "concat(~, ~)", 40, TOO_LARGE },
    { "['a']", "concat(~, ~)", 40, TOO_LARGE },
    { "'a'", "createArray(~, ~)", 25, TOO_LARGE },
    { "'a'", "createArray(~)", 27, NULL },
    { "'a'", "createArray(~)", 40, "nested deeper than 28" },
    { "'a'", "createObject(`a`, ~, `b`, ~)", 25, TOO_LARGE },
    { "'a'", "createObject(`a`, ~)", 40, "nested deeper than 28" },
    { "'aaaaaaaaaaaaaaaa'", "replace(~, `a`, ~)", 20, TOO_LARGE },
    { "'{0}{0}{0}{0}'", "format(~, ~)", 30, TOO_LARGE },
    { "['a', 'b', 'c', 'd']", "split(join(~, join(~, `xxxxxxxx`)), `x`)", 20, TOO_LARGE },
    { "'a'", "base64(concat(~, ~))", 40, TOO_LARGE },
    { "[1]", "concat(~, range(0, 10000))", 40, TOO_LARGE },
    { "'a'", "string(createArray(~, ~))", 40, TOO_LARGE },
    { "'a'", "uriComponent(concat(~, ~))", 40, TOO_LARGE },
    { "'0,0'", "concat(~, `,`, ~)", 14, NULL },
    { "[1]", "union(createArray(~), concat(~, ~))", 30, TOO_LARGE },
    { "'[concat(`1`)]'", "json(format(`[{0},{0}]`, string(~)))", 24, TOO_LARGE },
    { "'[concat(`a`)]'", "variables(`v0`)", 500, NULL },
    { "'a'", "concat(~)", 300, NULL },
};
/* clang-format on */

/* ---- memory ---- */

static glong
peak_mib(void)
{
    g_autofree char *status = NULL;
    g_assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
    const char *peak = strstr(status, "VmHWM:");
    g_assert_nonnull(peak);
    return strtol(peak + strlen("VmHWM:"), NULL, 10) / 1024;
}

/* What was freed is given back, and the peak is counted from here. */
static glong
peak_begin(void)
{
    malloc_trim(0);
    const int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(write(fd, "5", 1), ==, 1);
    close(fd);
    return peak_mib();
}

/* Neither AddressSanitizer nor valgrind, which keep what is freed and are slow: does it count what is taken? */
static gboolean
is_measured(void)
{
#ifdef __SANITIZE_ADDRESS__
    return FALSE;
#else
    const char *preloaded = g_getenv("LD_PRELOAD");
    return !preloaded || !strstr(preloaded, "vgpreload");
#endif
}

static void
assert_memory_since(glong before)
{
    if (is_measured())
        g_assert_cmpint(peak_mib() - before, <, MOST_MIB);
}

static void
test_each(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *members = chain(cases[i].first, cases[i].step, cases[i].n, /* backwards= */ FALSE);
        const gint64 begin = g_get_monotonic_time();
        const glong before = peak_begin();
        g_autofree char *value = value_of(members, "1", &error);
        g_test_message("%s: %s", cases[i].step, error ? error->message : "made");
        if (is_measured())
            g_assert_cmpint(g_get_monotonic_time() - begin, <, MOST_SECONDS * G_USEC_PER_SEC);
        assert_memory_since(before);
        g_assert_true((value != NULL) == (cases[i].words == NULL));
        if (error) {
            g_assert_true(g_error_matches(error, ARM_ERROR, ARM_INVALID_TEMPLATE));
            g_assert_nonnull(strstr(error->message, cases[i].words));
        }
    }
}

/* All of them wait for the one that is declared last: as many as the stack has room for. */
static void
test_a_long_wait(void)
{
    static const struct {
        guint n;
        gboolean made;
    } waits[] = { { 60, TRUE }, { 511, FALSE } };
    for (guint i = 0; i < G_N_ELEMENTS(waits); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *members = chain("1", "add(~, 1)", waits[i].n, /* backwards= */ TRUE);
        g_autofree char *text = g_strdup_printf(TEMPLATE("%s 'resources': []"), members);
        g_autoptr(Template) made = evaluate(text, NULL, &error);
        g_assert_true((made != NULL) == waits[i].made);
        g_assert_true(made || strstr(error->message, "deeper than 256"));
    }
}

/* Text that is cheap to write and dear to keep is counted before it is made. */
static void
test_a_large_parameter(void)
{
    g_autofree char *commas = g_strnfill(1000000, ',');
    g_autofree char *sent = g_strdup_printf("{'p': {'value': '[1%s1]'}}", commas);
    static const char *const uses[] = { "split(parameters(`p`), `,`)", "json(parameters(`p`))",
                                        "join(range(0, 1000), parameters(`p`))",
                                        "replace(parameters(`p`), `,`, parameters(`p`))",
                                        "length(concat(parameters(`p`), parameters(`p`), parameters(`p`)))" };
    for (guint i = 0; i < G_N_ELEMENTS(uses); i++) {
        g_autofree char *text = g_strdup_printf(
            TEMPLATE("'parameters': {'p': {'type': 'string'}}, 'variables': {'v': '[%s]'}, 'resources': []"), uses[i]);
        g_autoptr(GError) error = NULL;
        const glong before = peak_begin();
        g_assert_null(evaluate(text, sent, &error));
        g_assert_nonnull(strstr(error->message, TOO_LARGE));
        assert_memory_since(before);
    }
}

/* Little text that goes round often. */
static void
test_loops(void)
{
    g_autofree char *letters = g_strnfill(20000, 'a');
    g_autofree char *literal = g_strdup_printf("'%s'", letters),
                    *expression = g_strdup_printf("'[if(true(), 1, `%s`)]'", letters);
#define ROUNDS(name, count, input) "{'copy': [{'name': '" name "', 'count': " count ", 'input': " input "}]}"
    const struct {
        const char *around, *input, *words;
    } loops[] = {
        { ROUNDS("a", "800", "%s"), "1", NULL },
        { ROUNDS("a", "800", "%s"), literal, TOO_LARGE },
        { ROUNDS("a", "800", "%s"), expression, TOO_LARGE },
        { ROUNDS("a", "800", ROUNDS("b", "800", "%s")), "1", TOO_LARGE },
        { ROUNDS("a", "800", ROUNDS("b", "800", ROUNDS("c", "0", "%s"))), "1", TOO_LARGE },
        { ROUNDS("a", "800", ROUNDS("b", "800", ROUNDS("c", "800", "%s"))), "'[copyIndex(`a`)]'", TOO_LARGE },
        { ROUNDS("a", "800", ROUNDS("b", "0", "%s")), literal, TOO_LARGE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(loops); i++) {
        g_auto(GStrv) parts = g_strsplit(loops[i].around, "%s", 2);
        g_autofree char *json = g_strjoinv(loops[i].input, parts);
        g_autoptr(GError) error = NULL;
        const gint64 begin = g_get_monotonic_time();
        const glong before = peak_begin();
        g_autofree char *value = value_of("", json, &error);
        g_test_message("%s: %s", loops[i].around, error ? error->message : "made");
        if (is_measured())
            g_assert_cmpint(g_get_monotonic_time() - begin, <, MOST_SECONDS * G_USEC_PER_SEC);
        assert_memory_since(before);
        g_assert_true((value != NULL) == (loops[i].words == NULL));
        if (error)
            g_assert_nonnull(strstr(error->message, loops[i].words));
    }
}

/* The same of resources, made or not: what they say is counted each time. */
static void
test_loops_of_resources(void)
{
    g_autofree char *letters = g_strnfill(20000, 'a');
    static const char *const more[] = { ", 'x': '%s'", ", 'condition': false, 'x': '[toLower(`%s`)]'",
                                        ", 'condition': '[equals(`%s`, `b`)]'", ", 'dependsOn': ['%s']" };
    for (guint i = 0; i < G_N_ELEMENTS(more); i++) {
        g_auto(GStrv) parts = g_strsplit(more[i], "%s", 2);
        g_autofree char *members = g_strjoinv(letters, parts);
        g_autofree char *text = g_strdup_printf(
            TEMPLATE(RESOURCES(RESOURCE("a", "[concat(`b`, copyIndex())]", ", 'copy': {'name': 'c', 'count': 800}%s"))),
            members);
        g_autoptr(GError) error = NULL;
        const gint64 begin = g_get_monotonic_time();
        const glong before = peak_begin();
        g_assert_null(evaluate(text, NULL, &error));
        if (is_measured())
            g_assert_cmpint(g_get_monotonic_time() - begin, <, MOST_SECONDS * G_USEC_PER_SEC);
        assert_memory_since(before);
        g_assert_nonnull(strstr(error->message, TOO_LARGE));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/budget/each", test_each);
    g_test_add_func("/template/budget/a-long-wait", test_a_long_wait);
    g_test_add_func("/template/budget/loops", test_loops);
    g_test_add_func("/template/budget/loops-of-resources", test_loops_of_resources);
    g_test_add_func("/template/budget/a-large-parameter", test_a_large_parameter);
    return g_test_run();
}
