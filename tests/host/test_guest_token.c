/* What a guest is told that asks for a token: its own, and not too often. */
#include "host/guest_token.h"

#include <string.h>

#define S   USEC_PER_SEC
#define KEY "0a-b.7"

/* Gives what it was asked with; no tokens for "refuse". */
static char *
give(const char *key, const char *nonce, void *data, GError **error)
{
    guint *asked = data;
    (*asked)++;
    if (strcmp(nonce, "refuse") != 0)
        return g_strjoin(" ", key, nonce, NULL);
    arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL, "Its boot is NotJudged.");
    return NULL;
}

static json_t *
ask(const HostConfig *config, GuestTokenAllowance *allowance, const char *text, UnixTime now)
{
    g_autoptr(json_t) question = json_loads(text, 0, NULL);
    g_assert_nonnull(question);
    return guest_token_answer(config, allowance, KEY, question, now);
}

static void
expect(json_t *answer, const char *text)
{
    g_autofree char *said = json_text(answer);
    g_assert_cmpstr(said, ==, text);
    json_decref(answer);
}

static void
test_questions_and_answers(void)
{
    static const struct {
        const char *question, *answer;
    } cases[] = {
        { "{\"nonce\":\"n\"}", "{\"nonce\":\"n\",\"token\":\"" KEY " n\"}" },
        { "{\"nonce\":\"refuse\"}",
          "{\"nonce\":\"refuse\",\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"Its boot is NotJudged.\"}}" },
        { "{}",
          "{\"error\":{\"code\":\"InvalidRequestContent\",\"message\":\"A question is {\\\"nonce\\\": \\\"TEXT\\\"}, on one "
          "line.\"}}" },
        { "{\"nonce\":7}", "{\"error\":{\"code\":\"InvalidRequestContent\",\"message\":\"A question is {\\\"nonce\\\": "
                           "\\\"TEXT\\\"}, on one line.\"}}" },
        { "{\"nonce\":\"n\",\"instance\":\"another\"}",
          "{\"nonce\":\"n\",\"error\":{\"code\":\"InvalidRequestContent\",\"message\":\"A question is {\\\"nonce\\\": "
          "\\\"TEXT\\\"}, on one line.\"}}" },
    };
    guint asked = 0;
    const HostConfig config = { .token = give, .token_data = &asked };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GuestTokenAllowance allowance = { 0 };
        expect(ask(&config, &allowance, cases[i].question, 1000 * S), cases[i].answer);
    }
    g_assert_cmpuint(asked, ==, 2);
}

static void
test_a_host_without_tokens(void)
{
    GuestTokenAllowance allowance = { 0 };
    const HostConfig config = { 0 };
    expect(ask(&config, &allowance, "{\"nonce\":\"n\"}", 1000 * S),
           "{\"nonce\":\"n\",\"error\":{\"code\":\"NotSupported\",\"message\":\"This host gives no tokens.\"}}");
}

/* How many of `n` questions, one each `every` s from `from` on, come through. */
static guint
through(GuestTokenAllowance *allowance, guint n, gint64 from, gint64 every)
{
    guint asked = 0;
    const HostConfig config = { .token = give, .token_data = &asked };
    for (guint i = 0; i < n; i++)
        json_decref(ask(&config, allowance, "{\"nonce\":\"n\"}", from + i * every));
    return asked;
}

static void
test_not_too_often(void)
{
    GuestTokenAllowance allowance = { 0 };
    g_assert_cmpuint(through(&allowance, 100, 1000 * S, 0), ==, GUEST_TOKEN_BURST);
    g_assert_cmpuint(through(&allowance, 100, 1010 * S - 1, 0), ==, 0);
    g_assert_cmpuint(through(&allowance, 100, 1010 * S, 0), ==, 1);
    /* Every second for a minute: one each ten. */
    g_assert_cmpuint(through(&allowance, 60, 1011 * S, S), ==, 6);
    /* Long silence is worth no more than the burst. */
    g_assert_cmpuint(through(&allowance, 100, 99999 * S, 0), ==, GUEST_TOKEN_BURST);
    /* The clock was set back. */
    g_assert_cmpuint(through(&allowance, 100, 500 * S, 0), ==, GUEST_TOKEN_BURST);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/guest-token/questions-and-answers", test_questions_and_answers);
    g_test_add_func("/host/guest-token/a-host-without-tokens", test_a_host_without_tokens);
    g_test_add_func("/host/guest-token/not-too-often", test_not_too_often);
    return g_test_run();
}
