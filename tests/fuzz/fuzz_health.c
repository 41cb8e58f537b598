/* rollout/health.h: what testudo-guest printed, by a guest that prints what it likes. The first byte says the exit code. Every
 * input is an answer; healthy only without a reason why not, and a track takes whatever comes. */
#include "rollout/health.h"

#include "fuzz.h"

static void
ask(const HealthExtension *asked, int exit_code, const char *out, gsize length)
{
    const HealthAnswer answer = health_answer_parse(asked, exit_code, out, length);
    const gboolean can_be_unknown = asked->rich && asked->protocol != HEALTH_TCP;
    g_assert((answer.said == HEALTH_HEALTHY) == (answer.why == HEALTH_WHY_NOTHING));
    g_assert(answer.said == HEALTH_HEALTHY || answer.said == HEALTH_UNHEALTHY || answer.said == HEALTH_UNKNOWN);
    g_assert(can_be_unknown || answer.said != HEALTH_UNKNOWN);
    g_assert(!(answer.has_phase || answer.skip_upgrade) || (can_be_unknown && !answer.metrics_invalid));
    g_assert(answer.phase <= G_MAXINT32 && (answer.status == 0 || (answer.status >= 100 && answer.status <= 999)));
    g_assert(answer.said != HEALTH_HEALTHY || exit_code == 0);

    g_autofree char *text = health_answer_text(asked, &answer);
    g_assert(g_utf8_validate(text, -1, NULL));
    HealthTrack track = health_begin(asked, 0);
    for (guint i = 0; i < asked->probes; i++)
        track = health_next(asked, &track, &answer, i);
    g_assert(track.health == answer.said || track.health == HEALTH_INITIALIZING);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const HealthExtension kinds[] = {
        { HEALTH_TCP, 22, .interval_s = 5, .probes = 2 },
        { HEALTH_HTTPS, 443, (char *)"/h", .interval_s = 5, .probes = 2 },
        { HEALTH_HTTP, 80, (char *)"/h", .interval_s = 5, .probes = 2, .grace_s = 10, .rich = TRUE },
    };
    if (size == 0)
        return 0;
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        ask(&kinds[i], data[0] - '0', (const char *)data + 1, size - 1);
    return 0;
}
