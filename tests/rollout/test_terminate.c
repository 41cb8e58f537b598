/* The notice that a guest gets, and what it says to it. */
#include "rollout/terminate.h"

#include <string.h>

static void
test_arguments(void)
{
    g_auto(GStrv) notice = terminate_notice_arguments("E-1", 1700000000 * USEC_PER_SEC, "web_3");
    g_auto(GStrv) ack = terminate_ack_arguments("E-1");
    g_autofree char *notice_text = g_strjoinv(" ", notice), *ack_text = g_strjoinv(" ", ack);
    g_assert_cmpstr(notice_text, ==, "terminate-notice E-1 2023-11-14T22:13:20.000000Z web_3");
    g_assert_cmpstr(ack_text, ==, "terminate-ack E-1");
}

static void
test_answers(void)
{
    static const struct {
        int exit_code;
        const char *out;
        TerminateAnswer answer;
    } cases[] = {
        { 0, "noticed\n", TERMINATE_WAITING },      { 0, "waiting\n", TERMINATE_WAITING },
        { 0, "approved\n", TERMINATE_APPROVED },    { 0, "unknown\n", TERMINATE_UNKNOWN },
        { 1, "approved\n", TERMINATE_UNKNOWN },     { 0, "approved", TERMINATE_UNKNOWN },
        { 0, "approved\nmore", TERMINATE_UNKNOWN }, { 0, "", TERMINATE_UNKNOWN },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const gsize length = strlen(cases[i].out);
        g_autofree char *copy = g_memdup2(cases[i].out, length);
        g_test_message("%d %s", cases[i].exit_code, cases[i].out);
        g_assert_cmpint(terminate_answer_parse(cases[i].exit_code, copy, length), ==, cases[i].answer);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/terminate/arguments", test_arguments);
    g_test_add_func("/terminate/answers", test_answers);
    return g_test_run();
}
