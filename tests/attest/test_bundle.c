/* Evidence in one piece: what is whole is read, and what was cut or damaged is not. */
#include "attest/bundle.h"

#include <string.h>

#define HEAD "evidence 1\n"

/* clang-format off */
static const struct {
    const char *why, *document;
    const char *says; /* quote, then the log; NULL: refused */
} cases[] = {
    { "nothing in it", HEAD "end\n", "-/-" },
    { "a quote and a log", HEAD "quote.attest 2\nq1eventlog.bin 3\nlogend\n", "q1/log" },
    { "a log in parts", HEAD "eventlog.bin 3\nonequote.attest 1\nqeventlog.bin 3\ntwoend\n", "q/onetwo" },
    { "a log in answers", HEAD "eventlog.bin 3\nonemore 3\neventlog.bin 3\ntwoend\n", "-/onetwo" },
    { "messages of the kernel", HEAD "refused-modules 2\nm\nend\n", "-/-" },
    { "what is not known yet", HEAD "boot-id 1\nxkernel-modules 4\nend\nboot-id 1\nxend\n", "-/-" },
    { "an LF in it", HEAD "quote.attest 2\n\n\nend\n", "\n\n/-" },

    { "no head", "quote.attest 1\nqend\n", NULL },
    { "another form", "evidence 2\nend\n", NULL },
    { "a failure", "failed no-tpm\n", NULL },
    { "no end", HEAD "quote.attest 1\nq", NULL },
    { "a part that is cut", HEAD "quote.attest 5\nend\n", NULL },
    { "an answer that is still to come", HEAD "eventlog.bin 3\nonemore 3\n", NULL },
    { "an answer from another place", HEAD "eventlog.bin 3\nonemore 4\neventlog.bin 3\ntwoend\n", NULL },
    { "more behind the end", HEAD "end\nend\n", NULL },
    { "one part twice", HEAD "quote.attest 1\nqquote.attest 1\nqend\n", NULL },
    { "an empty part", HEAD "quote.attest 0\nend\n", NULL },
    { "no length", HEAD "quote.attest\nend\n", NULL },
    { "a length below nothing", HEAD "quote.attest -1\nend\n", NULL },
    { "a length in another form", HEAD "quote.attest 01\nqend\n", NULL },
    { "a length beyond all", HEAD "quote.attest 18446744073709551617\nqend\n", NULL },
    { "no name", HEAD " 1\nqend\n", NULL },
    { "a line without end", HEAD "quote.attest.quote.attest.quote.attest.quote.attest.quote.attest.quote.attest 1\nqend\n", NULL },
    { "", "", NULL },
};
/* clang-format on */

static char *
part(GBytes *bytes)
{
    gsize size;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    return data ? g_strndup(data, size) : g_strdup("-");
}

static char *
says(const char *document, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(document, length);
    g_auto(Bundle) bundle = { 0 };
    if (!bundle_parse(bytes, &bundle, &error)) {
        g_assert_nonnull(error);
        return NULL;
    }
    g_assert_no_error(error);
    g_autofree char *quote = part(bundle.evidence.attest), *log = part(bundle.evidence.log);
    return g_strconcat(quote, "/", log, NULL);
}

static void
test_documents(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const gsize length = strlen(cases[i].document);
        g_autofree char *said = says(cases[i].document, length);
        g_test_message("%s", cases[i].why);
        g_assert_cmpstr(said, ==, cases[i].says);
        for (gsize cut = 0; cases[i].says && cut < length; cut++) {
            g_autofree char *less = says(cases[i].document, cut);
            g_assert_null(less);
        }
    }
}

static void
test_a_log_has_its_limit(void)
{
    for (guint more = 0; more <= 1; more++) {
        g_autoptr(GString) document = g_string_new(HEAD);
        g_autofree char *log = g_strnfill(EVENT_LOG_MAX_BYTES + more, 'x');
        g_string_append_printf(document, "eventlog.bin %u\n%send\n", EVENT_LOG_MAX_BYTES + more, log);
        g_autofree char *said = says(document->str, document->len);
        g_assert_true((said == NULL) == (more == 1));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest-bundle/documents", test_documents);
    g_test_add_func("/attest-bundle/a-log-has-its-limit", test_a_log_has_its_limit);
    return g_test_run();
}
