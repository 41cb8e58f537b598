/* Times and durations: what is read, what is not, and the canonical form. */
#include "base/time_text.h"

#define SECOND USEC_PER_SEC
#define HOUR   (3600 * SECOND)

static void
test_durations(void)
{
    /* clang-format off */
    static const struct {
        const char *text;
        gint64 usec;            /* -1: refused */
        const char *canonical;
    } cases[] = {
        { "PT0S", 0, "PT0S" },
        { "PT10M", 600 * SECOND, "PT10M" },
        { "PT90S", 90 * SECOND, "PT1M30S" },
        { "P1DT2H3M4.5S", 26 * HOUR + 184 * SECOND + SECOND / 2, "P1DT2H3M4.5S" },
        { "PT36H", 36 * HOUR, "P1DT12H" },
        { "P2W", 14 * 24 * HOUR, "P14D" },
        { "PT0,25S", SECOND / 4, "PT0.25S" },
        { "PT0.000001S", 1, "PT0.000001S" },
        { "PT0.0000019S", 1, "PT0.000001S" },
        { "P36525D", 36525 * 24 * HOUR, "P36525D" },
        { "P36526D", -1, NULL },
        { "PT821157H999999999S", -1, NULL },
        { "P999999999W", -1, NULL },
        { "PT9999999999S", -1, NULL },
        { "", -1, NULL }, { "P", -1, NULL }, { "PT", -1, NULL }, { "P1DT", -1, NULL }, { "10M", -1, NULL }, { "PT10", -1, NULL },
        { "PTM", -1, NULL }, { "P10M", -1, NULL }, { "P1Y", -1, NULL }, { "PT1S1M", -1, NULL }, { "PT1H1H", -1, NULL },
        { "PT1.5M", -1, NULL }, { "PT1.S", -1, NULL }, { "PT-1S", -1, NULL }, { "-PT1S", -1, NULL }, { "pt1s", -1, NULL },
        { "PT1S ", -1, NULL }, { "PT1ST1S", -1, NULL },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 usec = 0xaa;
        gboolean ok = duration_from_text(cases[i].text, &usec);
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(ok, ==, cases[i].usec >= 0);
        g_assert_cmpint(usec, ==, ok ? cases[i].usec : 0xaa);
        if (!ok)
            continue;
        g_autofree char *canonical = duration_to_text(usec);
        g_assert_cmpstr(canonical, ==, cases[i].canonical);
    }
}

static void
test_times(void)
{
    /* clang-format off */
    static const struct {
        const char *text;
        UnixTime time;          /* -1: refused */
        const char *canonical;
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000000Z" },
        { "2026-11-23T22:51:54.123456Z", G_GINT64_CONSTANT(1795474314123456), "2026-11-23T22:51:54.123456Z" },
        { "2026-11-24T00:51:54.5+02:00", G_GINT64_CONSTANT(1795474314500000), "2026-11-23T22:51:54.500000Z" },
        { "2026-11-23", -1, NULL }, { "2026-13-01T00:00:00Z", -1, NULL }, { "", -1, NULL }, { "now", -1, NULL },
        { "2026-11-23T22:51:54.1234567890123456789012345678901234567890Z", -1, NULL },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        UnixTime time = 0xaa;
        gboolean ok = time_from_text(cases[i].text, &time);
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(ok, ==, cases[i].time >= 0);
        g_assert_cmpint(time, ==, ok ? cases[i].time : 0xaa);
        if (!ok)
            continue;
        g_autofree char *canonical = time_to_text(time);
        g_assert_cmpstr(canonical, ==, cases[i].canonical);
    }
}

static void
test_times_out_of_the_ordinary(void)
{
    static const struct {
        UnixTime time;
        const char *text;
    } cases[] = {
        { -1, "1969-12-31T23:59:59.999999Z" },
        { G_GINT64_CONSTANT(-62135596800) * SECOND, "0001-01-01T00:00:00.000000Z" },
        { G_MAXINT64, "0001-01-01T00:00:00.000000Z" }, /* no such year: the time of nothing */
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = time_to_text(cases[i].time);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/duration/read-and-canonical", test_durations);
    g_test_add_func("/time/read-and-canonical", test_times);
    g_test_add_func("/time/out-of-the-ordinary", test_times_out_of_the_ordinary);
    return g_test_run();
}
