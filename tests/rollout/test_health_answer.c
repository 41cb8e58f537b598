/* What testudo-guest printed, and what a guest that is not honest might have it print. */
#include "rollout/health.h"

#include <string.h>

static const HealthExtension kinds[] = {
    { HEALTH_TCP, 8080, .interval_s = 5, .probes = 1 },
    { HEALTH_HTTP, 8080, (char *)"/health", .interval_s = 5, .probes = 1 },
    { HEALTH_HTTP, 8080, (char *)"/health", .interval_s = 5, .probes = 1, .grace_s = 5, .rich = TRUE },
    { HEALTH_TCP, 8080, .interval_s = 5, .probes = 1, .grace_s = 5, .rich = TRUE },
};
enum { TCP, BINARY, RICH, RICH_TCP };

#define OK        "http 200 whole\n"
#define APP(rest) OK "{\"ApplicationHealthState\":" rest "}"

/* clang-format off */
static const struct {
    const char *why;
    int kind, exit_code;
    const char *out;
    Health said;
    const char *text;
} cases[] = {
    { "a connection", TCP, 0, "tcp open\n", HEALTH_HEALTHY, "tcp://localhost:8080 is healthy." },
    { "none", TCP, 1, "failed refused\n", HEALTH_UNHEALTHY, "tcp://localhost:8080 does not listen." },
    { "none, rich", RICH_TCP, 1, "failed timed-out\n", HEALTH_UNHEALTHY, "tcp://localhost:8080 did not answer in time." },
    { "200", BINARY, 0, OK, HEALTH_HEALTHY, "http://localhost:8080/health is healthy." },
    { "200 with a long page", BINARY, 0, "http 200 cut\n<html>", HEALTH_HEALTHY, "http://localhost:8080/health is healthy." },
    { "204 is not 200", BINARY, 0, "http 204 whole\n", HEALTH_UNHEALTHY, "http://localhost:8080/health answered with status 204." },
    { "503", BINARY, 0, "http 503 whole\nno", HEALTH_UNHEALTHY, "http://localhost:8080/health answered with status 503." },
    { "what the body says means nothing here", BINARY, 0, APP("\"Unhealthy\""), HEALTH_HEALTHY, NULL },
    { "nobody there", BINARY, 1, "failed refused\n", HEALTH_UNHEALTHY, "http://localhost:8080/health does not listen." },

    { "it says so", RICH, 0, APP("\"Healthy\""), HEALTH_HEALTHY, "http://localhost:8080/health is healthy." },
    { "any 2xx will do", RICH, 0, "http 207 whole\n{\"applicationHealthState\":\"Healthy\"}", HEALTH_HEALTHY, NULL },
    { "it says the contrary", RICH, 0, APP("\"Unhealthy\""), HEALTH_UNHEALTHY,
      "http://localhost:8080/health says of itself that it is unhealthy." },
    { "a word of its own", RICH, 0, APP("\"Fine\""), HEALTH_UNKNOWN,
      "http://localhost:8080/health answered without an ApplicationHealthState of Healthy or Unhealthy." },
    { "the words are exact", RICH, 0, APP("\"healthy\""), HEALTH_UNKNOWN, NULL },
    { "no word at all", RICH, 0, OK "{}", HEALTH_UNKNOWN, NULL },
    { "no object", RICH, 0, OK "[\"Healthy\"]", HEALTH_UNKNOWN, NULL },
    { "no body", RICH, 0, OK, HEALTH_UNKNOWN, NULL },
    { "no JSON", RICH, 0, OK "Healthy", HEALTH_UNKNOWN, NULL },
    { "another status, whatever the body", RICH, 0, "http 503 whole\n{\"ApplicationHealthState\":\"Healthy\"}", HEALTH_UNKNOWN,
      "http://localhost:8080/health answered with status 503." },
    { "300 is no 2xx", RICH, 0, "http 300 whole\n{\"ApplicationHealthState\":\"Healthy\"}", HEALTH_UNKNOWN, NULL },
    { "nor is 199", RICH, 0, "http 199 whole\n{\"ApplicationHealthState\":\"Healthy\"}", HEALTH_UNKNOWN, NULL },
    { "a redirection is not followed", RICH, 0, "http 302 whole\n", HEALTH_UNKNOWN, NULL },
    { "a body that is not all there", RICH, 0, "http 200 cut\n{\"ApplicationHealthState\":\"Healthy\"}", HEALTH_UNKNOWN,
      "http://localhost:8080/health answered with a body that is longer than 4096 bytes or did not come whole." },
    { "silence", RICH, 1, "failed timed-out\n", HEALTH_UNKNOWN, "http://localhost:8080/health did not answer in time." },

    { "nothing", BINARY, 0, "", HEALTH_UNHEALTHY, "http://localhost:8080/health was asked, and the guest's answer cannot be read." },
    { "nothing, rich", RICH, 0, "", HEALTH_UNKNOWN, NULL },
    { "no line", RICH, 0, "http 200 whole", HEALTH_UNKNOWN, NULL },
    { "a shell's words", RICH, 127, "sh: not found\n", HEALTH_UNKNOWN, NULL },
    { "an answer with the exit code of none", BINARY, 1, OK, HEALTH_UNHEALTHY, NULL },
    { "none with the exit code of an answer", BINARY, 0, "failed refused\n", HEALTH_UNHEALTHY, NULL },
    { "an answer, and it says that there was none", TCP, 1, "tcp open\n", HEALTH_UNHEALTHY, NULL },
    { "an answer to another question", BINARY, 0, "tcp open\n", HEALTH_UNHEALTHY, NULL },
    { "and the other way round", TCP, 0, OK, HEALTH_UNHEALTHY, NULL },
    { "more than was asked for", TCP, 0, "tcp open\nand more", HEALTH_UNHEALTHY, NULL },
    { "a status that is none", BINARY, 0, "http 20 whole\n", HEALTH_UNHEALTHY, NULL },
    { "a status with a sign", BINARY, 0, "http +200 whole\n", HEALTH_UNHEALTHY, NULL },
    { "a status with more behind it", BINARY, 0, "http 200.0 whole\n", HEALTH_UNHEALTHY, NULL },
    { "neither whole nor cut", BINARY, 0, "http 200 half\n", HEALTH_UNHEALTHY, NULL },
    { "a word too many", BINARY, 0, "http 200 whole whole\n", HEALTH_UNHEALTHY, NULL },
    { "a word too few", BINARY, 0, "http 200\n", HEALTH_UNHEALTHY, NULL },
    { "a failure without a word", TCP, 1, "failed\n", HEALTH_UNHEALTHY, NULL },
    { "a failure that is none of ours", TCP, 1, "failed well\n", HEALTH_UNHEALTHY,
      "tcp://localhost:8080 was asked, and the guest's answer cannot be read." },
    { "a line without an end", BINARY, 0, "http 200 whole                                                              \n", HEALTH_UNHEALTHY, NULL },
};

static const struct {
    const char *why, *metrics;
    gboolean invalid;
    int phase; /* -1: none */
    gboolean skip;
} metrics[] = {
    { "none", NULL, FALSE, -1, FALSE },
    { "null", "null", FALSE, -1, FALSE },
    { "a phase", "\"{ \\\"rollingUpgrade\\\": { \\\"PhaseOrderingNumber\\\": 0 } }\"", FALSE, 0, FALSE },
    { "skipped", "\"{\\\"rollingUpgrade\\\":{\\\"SkipUpgrade\\\":true}}\"", FALSE, -1, TRUE },
    { "both", "\"{\\\"rollingUpgrade\\\":{\\\"SkipUpgrade\\\":false,\\\"PhaseOrderingNumber\\\":7}}\"", FALSE, 7, FALSE },
    { "the largest phase", "\"{\\\"rollingUpgrade\\\":{\\\"PhaseOrderingNumber\\\":2147483647}}\"", FALSE, G_MAXINT32, FALSE },
    { "other metrics", "\"{\\\"load\\\":1}\"", FALSE, -1, FALSE },
    { "an object, not its text", "{\"rollingUpgrade\":{\"SkipUpgrade\":true}}", TRUE, -1, FALSE },
    { "no JSON", "\"{\"", TRUE, -1, FALSE },
    { "no object", "\"7\"", TRUE, -1, FALSE },
    { "rollingUpgrade is no object", "\"{\\\"rollingUpgrade\\\":7}\"", TRUE, -1, FALSE },
    { "a phase below all", "\"{\\\"rollingUpgrade\\\":{\\\"PhaseOrderingNumber\\\":-1}}\"", TRUE, -1, FALSE },
    { "a phase beyond all", "\"{\\\"rollingUpgrade\\\":{\\\"PhaseOrderingNumber\\\":2147483648}}\"", TRUE, -1, FALSE },
    { "a phase as a text", "\"{\\\"rollingUpgrade\\\":{\\\"PhaseOrderingNumber\\\":\\\"1\\\"}}\"", TRUE, -1, FALSE },
    { "skip as a text", "\"{\\\"rollingUpgrade\\\":{\\\"SkipUpgrade\\\":\\\"true\\\"}}\"", TRUE, -1, FALSE },
};
/* clang-format on */

static HealthAnswer
parse(int kind, int exit_code, const char *out, gsize length)
{
    /* A copy without a NUL behind it, so that the sanitizers see one byte too far. */
    g_autofree char *copy = g_memdup2(out, length);
    return health_answer_parse(&kinds[kind], exit_code, copy, length);
}

static void
test_answers(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HealthAnswer answer = parse(cases[i].kind, cases[i].exit_code, cases[i].out, strlen(cases[i].out));
        g_autofree char *text = health_answer_text(&kinds[cases[i].kind], &answer);
        g_test_message("%s: %s", cases[i].why, text);
        g_assert_cmpstr(health_text(answer.said), ==, health_text(cases[i].said));
        g_assert_cmpint(answer.said == HEALTH_HEALTHY, ==, answer.why == HEALTH_WHY_NOTHING);
        if (cases[i].text)
            g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_metrics(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(metrics); i++) {
        g_autofree char *out =
            g_strdup_printf(OK "{\"ApplicationHealthState\":\"Unhealthy\"%s%s}",
                            metrics[i].metrics ? ",\"customMetrics\":" : "", metrics[i].metrics ? metrics[i].metrics : "");
        const HealthAnswer answer = parse(RICH, 0, out, strlen(out));
        g_test_message("%s: %s", metrics[i].why, out);
        g_assert_cmpint(answer.said, ==, HEALTH_UNHEALTHY);
        g_assert_cmpint(answer.metrics_invalid, ==, metrics[i].invalid);
        g_assert_cmpint(answer.has_phase ? (int)answer.phase : -1, ==, metrics[i].phase);
        g_assert_cmpint(answer.skip_upgrade, ==, metrics[i].skip);
    }
}

static void
test_every_cut_is_an_answer(void)
{
    const char out[] = APP("\"Healthy\",\"customMetrics\":\"{\\\"rollingUpgrade\\\":{\\\"SkipUpgrade\\\":true}}\"");
    for (gsize length = 0; length < strlen(out); length++)
        g_assert_cmpint(parse(RICH, 0, out, length).said, ==, HEALTH_UNKNOWN);
    g_assert_cmpint(parse(RICH, 0, out, strlen(out)).said, ==, HEALTH_HEALTHY);
}

static void
test_a_body_of_4096_bytes_and_one_more(void)
{
    static const char begin[] = APP("\"Healthy\"");
    for (gsize more = 0; more <= 1; more++) {
        const gsize length = strlen(OK) + WIRE_BODY_MAX + more;
        g_autofree char *out = g_strnfill(length, ' ');
        for (gsize i = 0; begin[i]; i++)
            out[i] = begin[i];
        g_assert_cmpint(parse(RICH, 0, out, length).said, ==, more ? HEALTH_UNKNOWN : HEALTH_HEALTHY);
    }
}

static void
test_what_could_not_be_asked_is_never_healthy(void)
{
    static const Health expected[] = { HEALTH_UNHEALTHY, HEALTH_UNHEALTHY, HEALTH_UNKNOWN, HEALTH_UNHEALTHY };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const HealthAnswer answer = health_answer_none(&kinds[i]);
        g_autofree char *text = health_answer_text(&kinds[i], &answer);
        g_assert_cmpint(answer.said, ==, expected[i]);
        g_assert_nonnull(strstr(text, "was not asked"));
    }
}

static void
test_arguments(void)
{
    static const char *const expected[] = {
        "health tcp 8080 --timeout 30",
        "health http 8080 /health --timeout 30",
    };
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_auto(GStrv) argv = health_arguments(&kinds[i]);
        g_autofree char *text = g_strjoinv(" ", argv);
        g_assert_cmpstr(text, ==, expected[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/health-answer/answers", test_answers);
    g_test_add_func("/health-answer/metrics", test_metrics);
    g_test_add_func("/health-answer/every-cut-is-an-answer", test_every_cut_is_an_answer);
    g_test_add_func("/health-answer/a-body-of-4096-bytes-and-one-more", test_a_body_of_4096_bytes_and_one_more);
    g_test_add_func("/health-answer/what-could-not-be-asked-is-never-healthy", test_what_could_not_be_asked_is_never_healthy);
    g_test_add_func("/health-answer/arguments", test_arguments);
    return g_test_run();
}
