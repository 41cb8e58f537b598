/* The health that counts, answer by answer. */
#include "rollout/health.h"

#define START (1700000000 * USEC_PER_SEC)

/* One letter an answer, an interval apart from the first at second 0: H healthy, U unhealthy, ? unknown. What counts after
 * each: H, U, ? and i, initializing. */
static const struct {
    const char *why;
    HealthExtension asked;
    const char *said, *counts;
} cases[] = {
    { "binary: the first answer counts at once", { .interval_s = 5, .probes = 3 }, "H", "H" },
    { "it never initializes", { .interval_s = 5, .probes = 1, .grace_s = 600 }, "U", "U" },
    { "and so does a bad one", { .interval_s = 5, .probes = 3 }, "U", "U" },
    { "one of three changes nothing", { .interval_s = 5, .probes = 3 }, "HUUHUUUU", "HHHHHHUU" },
    { "three in a row do, both ways", { .interval_s = 5, .probes = 3 }, "HUUUHHH", "HHHUUUH" },
    { "one is enough where one is asked for", { .interval_s = 5, .probes = 1 }, "HUHU", "HUHU" },
    { "24 are the most that can be asked for",
      { .interval_s = 5, .probes = 24 },
      "HUUUUUUUUUUUUUUUUUUUUUUUUU",
      "HHHHHHHHHHHHHHHHHHHHHHHHUU" },

    { "rich: healthy ends the initializing",
      { HEALTH_HTTP, .interval_s = 5, .probes = 1, .grace_s = 600, .rich = TRUE },
      "H",
      "H" },
    { "unhealthy does too", { HEALTH_HTTP, .interval_s = 5, .probes = 1, .grace_s = 600, .rich = TRUE }, "U", "U" },
    { "unknown does not", { HEALTH_HTTP, .interval_s = 5, .probes = 1, .grace_s = 600, .rich = TRUE }, "???H", "iiiH" },
    { "so many in a row are needed here too",
      { HEALTH_HTTP, .interval_s = 5, .probes = 3, .grace_s = 600, .rich = TRUE },
      "HHUHUHHH",
      "iiiiiiiH" },
    { "when its time is over it is unknown",
      { HEALTH_HTTP, .interval_s = 5, .probes = 2, .grace_s = 12, .rich = TRUE },
      "????HH",
      "iii??H" },
    { "at its last moment an answer is in time",
      { HEALTH_HTTP, .interval_s = 5, .probes = 2, .grace_s = 10, .rich = TRUE },
      "?HHUU",
      "iiHHU" },
    { "what was said in a row before the time was over goes on",
      { HEALTH_HTTP, .interval_s = 5, .probes = 3, .grace_s = 10, .rich = TRUE },
      "??HHH",
      "ii??H" },
    { "as long as the answers that it takes, unless told otherwise",
      { HEALTH_HTTP, .interval_s = 5, .probes = 3, .grace_s = 15, .rich = TRUE },
      "HHH",
      "iiH" },
    { "initializing comes once", { HEALTH_HTTP, .interval_s = 5, .probes = 1, .grace_s = 600, .rich = TRUE }, "H?H?", "H?H?" },
    { "unknown after healthy takes as many",
      { HEALTH_HTTP, .interval_s = 5, .probes = 2, .grace_s = 600, .rich = TRUE },
      "HH?H??U?UU",
      "iHHHH????U" },
    { "no grace period: the first answer counts",
      { HEALTH_HTTP, .interval_s = 5, .probes = 3, .grace_s = 0, .rich = TRUE },
      "?HHH",
      "???H" },

    { "tcp, rich: a connection ends the initializing",
      { HEALTH_TCP, .interval_s = 5, .probes = 1, .grace_s = 600, .rich = TRUE },
      "UUH",
      "iiH" },
    { "tcp, rich: no connection in time is unhealthy",
      { HEALTH_TCP, .interval_s = 5, .probes = 1, .grace_s = 10, .rich = TRUE },
      "UUUUH",
      "iiUUH" },
};

static HealthAnswer
answer_of(char letter)
{
    const HealthAnswer answer = { .said = letter == 'H' ? HEALTH_HEALTHY : letter == 'U' ? HEALTH_UNHEALTHY : HEALTH_UNKNOWN };
    return answer;
}

static char
letter_of(Health health)
{
    return "?iHU"[health];
}

static void
test_tracks(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HealthExtension *asked = &cases[i].asked;
        HealthTrack track = health_begin(asked, START);
        g_autoptr(GString) counts = g_string_new(NULL);
        for (guint n = 0; cases[i].said[n]; n++) {
            const HealthAnswer answer = answer_of(cases[i].said[n]);
            track = health_next(asked, &track, &answer, START + n * asked->interval_s * USEC_PER_SEC);
            g_string_append_c(counts, letter_of(track.health));
        }
        g_test_message("%s: %s", cases[i].why, cases[i].said);
        g_assert_cmpstr(counts->str, ==, cases[i].counts);
    }
}

static const HealthExtension rich = { HEALTH_HTTP, .interval_s = 5, .probes = 2, .grace_s = 60, .rich = TRUE };
static const HealthExtension binary = { HEALTH_HTTP, .interval_s = 5, .probes = 2 };

static void
test_before_the_first_answer(void)
{
    g_assert_cmpint(health_begin(&rich, START).health, ==, HEALTH_INITIALIZING);
    g_assert_cmpint(health_begin(&binary, START).health, ==, HEALTH_UNKNOWN);
    HealthExtension at_once = rich;
    at_once.grace_s = 0;
    g_assert_cmpint(health_begin(&at_once, START).health, ==, HEALTH_UNKNOWN);
}

/* Another daemon goes on: what counted still counts, and is changed by as many answers as ever. */
static void
test_resumed(void)
{
    static const struct {
        const char *why;
        const HealthExtension *asked;
        Health stored;
        guint after_s; /* since it began */
        const char *said, *counts;
    } resumed[] = {
        { "healthy stays so until two say otherwise", &rich, HEALTH_HEALTHY, 3600, "UHUU", "HHHU" },
        { "and with two states", &binary, HEALTH_HEALTHY, 3600, "UU", "HU" },
        { "unknown too", &rich, HEALTH_UNKNOWN, 3600, "HH", "?H" },
        { "of two states unknown is none yet", &binary, HEALTH_UNKNOWN, 3600, "H", "H" },
        { "initializing, what is left of its time", &rich, HEALTH_INITIALIZING, 50, "????", "ii??" },
        { "and where nothing is left, as many answers as it takes", &rich, HEALTH_INITIALIZING, 3600, "HH", "iH" },
        { "which are no reason to wait for more", &rich, HEALTH_INITIALIZING, 3600, "??H", "ii?" },
        { "initializing of what knows none now", &binary, HEALTH_INITIALIZING, 50, "U", "U" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(resumed); i++) {
        const UnixTime now = START + resumed[i].after_s * USEC_PER_SEC;
        HealthTrack track = health_resume(resumed[i].asked, resumed[i].stored, START, now);
        g_autoptr(GString) counts = g_string_new(NULL);
        for (guint n = 0; resumed[i].said[n]; n++) {
            const HealthAnswer answer = answer_of(resumed[i].said[n]);
            track = health_next(resumed[i].asked, &track, &answer, now + n * 5 * USEC_PER_SEC);
            g_string_append_c(counts, letter_of(track.health));
        }
        g_test_message("%s", resumed[i].why);
        g_assert_cmpstr(counts->str, ==, resumed[i].counts);
    }
}

static void
test_a_clock_that_goes_back_makes_nothing_longer(void)
{
    const HealthAnswer unknown = answer_of('?');
    HealthTrack track = health_begin(&rich, START);
    track = health_next(&rich, &track, &unknown, START - 86400 * USEC_PER_SEC);
    g_assert_cmpint(track.health, ==, HEALTH_INITIALIZING);
    track = health_next(&rich, &track, &unknown, START - (86400 - 60) * USEC_PER_SEC);
    g_assert_cmpint(track.health, ==, HEALTH_UNKNOWN);
    /* Began in the future, says a store that another clock wrote. */
    track = health_resume(&rich, HEALTH_INITIALIZING, START, START - 3600 * USEC_PER_SEC);
    g_assert_cmpint(track.grace_until, ==, START - (3600 - 60) * USEC_PER_SEC);
}

static void
test_custom_metrics_are_those_of_the_last_word(void)
{
    const HealthAnswer third = { .said = HEALTH_HEALTHY, .has_phase = TRUE, .phase = 3, .skip_upgrade = TRUE };
    const HealthAnswer silence = answer_of('?'), none = answer_of('U');
    HealthTrack track = health_begin(&rich, START);
    track = health_next(&rich, &track, &third, START);
    g_assert_true(track.has_phase && track.phase == 3 && track.skip_upgrade);
    track = health_next(&rich, &track, &silence, START);
    g_assert_true(track.has_phase && track.phase == 3 && track.skip_upgrade);
    track = health_next(&rich, &track, &none, START);
    g_assert_false(track.has_phase || track.skip_upgrade);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/health/tracks", test_tracks);
    g_test_add_func("/health/before-the-first-answer", test_before_the_first_answer);
    g_test_add_func("/health/resumed", test_resumed);
    g_test_add_func("/health/a-clock-that-goes-back-makes-nothing-longer", test_a_clock_that_goes_back_makes_nothing_longer);
    g_test_add_func("/health/custom-metrics-are-those-of-the-last-word", test_custom_metrics_are_those_of_the_last_word);
    return g_test_run();
}
