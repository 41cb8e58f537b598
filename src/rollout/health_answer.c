/* What testudo-guest printed, which is a guest's word. */
#include "rollout/health.h"

#include "base/json.h"

#include <string.h>

#define LINE_MAX_BYTES 64u

static const char *const why_words[HEALTH_WHY_N] = {
    [HEALTH_WHY_REFUSED] = WIRE_REFUSED,           [HEALTH_WHY_TIMED_OUT] = WIRE_TIMED_OUT,   [HEALTH_WHY_CLOSED] = WIRE_CLOSED,
    [HEALTH_WHY_NOT_HTTP] = WIRE_NOT_HTTP,         [HEALTH_WHY_TLS_FAILED] = WIRE_TLS_FAILED, [HEALTH_WHY_NO_TLS] = WIRE_NO_TLS,
    [HEALTH_WHY_GUEST_FAILED] = WIRE_GUEST_FAILED,
};

char **
health_arguments(const HealthExtension *asked)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *timeout = g_strdup_printf("%u", HEALTH_TIMEOUT_S), *port = g_strdup_printf("%u", asked->port);
    g_strv_builder_add_many(builder, "health", health_protocol_text(asked->protocol), port, NULL);
    if (asked->protocol != HEALTH_TCP)
        g_strv_builder_add(builder, asked->request_path);
    g_strv_builder_add_many(builder, "--timeout", timeout, NULL);
    return g_strv_builder_end(builder);
}

static HealthAnswer
failure(const HealthExtension *asked, HealthWhy why)
{
    const gboolean can_be_unknown = asked->rich && asked->protocol != HEALTH_TCP;
    return (HealthAnswer){ .said = can_be_unknown ? HEALTH_UNKNOWN : HEALTH_UNHEALTHY, .why = why };
}

HealthAnswer
health_answer_none(const HealthExtension *asked)
{
    return failure(asked, HEALTH_WHY_NOT_ASKED);
}

/* ---- the body of a rich answer ---- */

static gboolean
metrics_read(const json_t *metrics, HealthAnswer *answer)
{
    const json_t *upgrade = json_member(metrics, "rollingUpgrade");
    const json_t *phase = json_member(upgrade, "PhaseOrderingNumber"), *skip = json_member(upgrade, "SkipUpgrade");
    if (!json_is_object(metrics) || (upgrade && !json_is_object(upgrade)))
        return FALSE;
    if (phase && (!json_is_integer(phase) || json_integer_value(phase) < 0 || json_integer_value(phase) > G_MAXINT32))
        return FALSE;
    if (skip && !json_is_boolean(skip))
        return FALSE;
    answer->has_phase = phase != NULL;
    answer->phase = phase ? (guint)json_integer_value(phase) : 0;
    answer->skip_upgrade = json_is_true(skip);
    return TRUE;
}

/* The application's health stands, whatever it says about the order of upgrades. */
static void
custom_metrics_read(const json_t *body, HealthAnswer *answer)
{
    const json_t *text = json_member(body, "customMetrics");
    if (!text || json_is_null(text))
        return;
    g_autoptr(json_t) metrics =
        json_is_string(text) ? json_parse(json_string_value(text), json_string_length(text), NULL) : NULL;
    answer->metrics_invalid = !metrics_read(metrics, answer);
}

static HealthAnswer
rich_read(const HealthExtension *asked, const char *bytes, gsize length)
{
    g_autoptr(json_t) body = json_parse(bytes, length, NULL);
    const char *state = json_is_object(body) ? json_member_text(body, "ApplicationHealthState") : NULL;
    HealthAnswer answer = failure(asked, HEALTH_WHY_BODY);
    if (g_strcmp0(state, "Healthy") == 0)
        answer = (HealthAnswer){ .said = HEALTH_HEALTHY };
    else if (g_strcmp0(state, "Unhealthy") == 0)
        answer = (HealthAnswer){ .said = HEALTH_UNHEALTHY, .why = HEALTH_WHY_SAID };
    else
        return answer;
    custom_metrics_read(body, &answer);
    return answer;
}

/* ---- the line ---- */

static HealthAnswer
http_read(const HealthExtension *asked, char **words, const char *body, gsize length)
{
    guint64 status;
    const gboolean cut = g_strcmp0(words[2], "cut") == 0;
    if (g_strv_length(words) != 3 || !g_ascii_string_to_unsigned(words[1], 10, 100, 999, &status, NULL) ||
        (!cut && strcmp(words[2], "whole") != 0) || length > WIRE_BODY_MAX)
        return failure(asked, HEALTH_WHY_GARBLED);
    HealthAnswer answer = failure(asked, HEALTH_WHY_STATUS);
    if (!asked->rich && status == 200)
        answer = (HealthAnswer){ .said = HEALTH_HEALTHY };
    else if (asked->rich && status >= 200 && status <= 299)
        answer = cut ? failure(asked, HEALTH_WHY_CUT) : rich_read(asked, body, length);
    answer.status = (guint)status;
    return answer;
}

static HealthAnswer
failed_read(const HealthExtension *asked, const char *word)
{
    for (int why = 0; word && why < HEALTH_WHY_N; why++) {
        if (g_strcmp0(why_words[why], word) == 0)
            return failure(asked, (HealthWhy)why);
    }
    return failure(asked, HEALTH_WHY_GARBLED);
}

/* testudo-guest ends with 0 where there was an answer, and with 1 where there was none. */
HealthAnswer
health_answer_parse(const HealthExtension *asked, int exit_code, const char *out, gsize length)
{
    const char *end = length > 0 ? memchr(out, '\n', MIN(length, LINE_MAX_BYTES)) : NULL;
    if (!end || memchr(out, '\0', (gsize)(end - out)))
        return failure(asked, HEALTH_WHY_GARBLED);
    g_autofree char *line = g_strndup(out, (gsize)(end - out));
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    const gsize rest = length - (gsize)(end + 1 - out);

    if (exit_code == 0 && asked->protocol != HEALTH_TCP && g_strcmp0(words[0], "http") == 0)
        return http_read(asked, words, end + 1, rest);
    if (exit_code == 0 && asked->protocol == HEALTH_TCP && strcmp(line, "tcp open") == 0 && rest == 0)
        return (HealthAnswer){ .said = HEALTH_HEALTHY };
    if (exit_code == 1 && g_strcmp0(words[0], "failed") == 0 && g_strv_length(words) == 2 && rest == 0)
        return failed_read(asked, words[1]);
    return failure(asked, HEALTH_WHY_GARBLED);
}

/* ---- for people ---- */

static const char *const why_sentences[HEALTH_WHY_N] = {
    [HEALTH_WHY_NOTHING] = "is healthy",
    [HEALTH_WHY_REFUSED] = "does not listen",
    [HEALTH_WHY_TIMED_OUT] = "did not answer in time",
    [HEALTH_WHY_CLOSED] = "closed the connection without an answer",
    [HEALTH_WHY_NOT_HTTP] = "answered with something that is not HTTP/1",
    [HEALTH_WHY_TLS_FAILED] = "did not agree on TLS 1.2",
    [HEALTH_WHY_NO_TLS] = "was not asked: testudo-guest was built without TLS",
    [HEALTH_WHY_GUEST_FAILED] = "was not asked: the guest has no loopback, memory or descriptors left",
    [HEALTH_WHY_CUT] = "answered with a body that is longer than 4096 bytes or did not come whole",
    [HEALTH_WHY_BODY] = "answered without an ApplicationHealthState of Healthy or Unhealthy",
    [HEALTH_WHY_SAID] = "says of itself that it is unhealthy",
    [HEALTH_WHY_GARBLED] = "was asked, and the guest's answer cannot be read",
    [HEALTH_WHY_NOT_ASKED] = "was not asked: the guest agent did not run testudo-guest",
};

char *
health_answer_text(const HealthExtension *asked, const HealthAnswer *answer)
{
    g_autofree char *place = g_strdup_printf("%s://localhost:%u%s", health_protocol_text(asked->protocol), asked->port,
                                             asked->request_path ? asked->request_path : "");
    if (answer->why == HEALTH_WHY_STATUS)
        return g_strdup_printf("%s answered with status %u.", place, answer->status);
    return g_strdup_printf("%s %s.", place, why_sentences[answer->why]);
}
