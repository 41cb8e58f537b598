/* Times, in UTC. */
#include "template/date_format.h"
#include "template/functions.h"

#include <string.h>

#define DAY_S   (24 * 60 * 60)
#define ISO     "yyyy-MM-ddTHH:mm:ss.FFFFFFFZ"
#define COMPACT "yyyyMMddTHHmmssZ"

static json_t *
formatted(const Evaluation *evaluation, GDateTime *time, const char *function, const char *format, GError **error)
{
    g_autofree char *text = date_format(time, format);
    if (text)
        return json_string(text);
    evaluation_fail(evaluation, error,
                    "%s() takes a format as .NET has them, such as 'd', 'u' or 'yyyy-MM-dd', and gets '%.60s'.", function,
                    format);
    return NULL;
}

/* ISO 8601, with what does not matter left out: "2026-11-23T22:51:54Z", "2026-11-23 22:51:54", "20261123T225154Z",
 * "2026-11-23". */
static GDateTime *
time_read(const Evaluation *evaluation, const Arguments *arguments, const char *function, GError **error)
{
    const char *text = argument_text(arguments, 0);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *whole = strpbrk(text, "Tt ") ? NULL : g_strconcat(text, "T00:00:00Z", NULL);
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole ? whole : text, utc);
    GDateTime *made = time ? g_date_time_to_utc(time) : NULL;
    if (!made)
        evaluation_fail(evaluation, error,
                        "%s() takes a time as ISO 8601 writes it, such as '2026-11-23T22:51:54Z', and gets "
                        "another text.",
                        function);
    return made;
}

/* ---- durations ---- */

static gboolean
take_number(const char **at, gint64 *ret_number)
{
    const gsize length = strspn(*at, G_CSET_DIGITS);
    g_autofree char *digits = g_strndup(*at, length);
    *at += length;
    return g_ascii_string_to_signed(digits, 10, 0, G_MAXINT64, ret_number, NULL);
}

/* At the point. Of a second, in microseconds; what is behind the sixth digit is dropped. */
static gboolean
take_fraction(const char **at, gint64 *ret_usec)
{
    const gsize length = strspn(++*at, G_CSET_DIGITS);
    gint64 usec = 0;
    for (gsize i = 0; i < 6; i++)
        usec = usec * 10 + (i < length ? (*at)[i] - '0' : 0);
    *at += length;
    *ret_usec = usec;
    return length > 0;
}

/* Takes a number and its designator off the text, and adds so many of its unit. FALSE: there is none. */
static gboolean
take_part(const char **at, gboolean of_time, gint64 *usec)
{
    static const struct {
        char designator;
        gboolean of_time;
        gint64 seconds;
    } units[] = {
        { 'Y', FALSE, 365 * DAY_S }, { 'M', FALSE, 30 * DAY_S }, { 'W', FALSE, 7 * DAY_S }, { 'D', FALSE, DAY_S },
        { 'H', TRUE, 60 * 60 },      { 'M', TRUE, 60 },          { 'S', TRUE, 1 },
    };
    gint64 n = 0, fraction = 0;
    if (!take_number(at, &n) || (**at == '.' && !take_fraction(at, &fraction)))
        return FALSE;
    const char designator = *(*at)++;
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        if (units[i].designator == designator && units[i].of_time == of_time && (fraction == 0 || designator == 'S'))
            return !__builtin_mul_overflow(n, units[i].seconds * USEC_PER_SEC, &n) &&
                   !__builtin_add_overflow(n, fraction, &n) && !__builtin_add_overflow(*usec, n, usec);
    }
    return FALSE;
}

/* "P1Y2DT3H", "-P9D": as Azure counts, a year has 365 days and a month 30. */
static gboolean
duration_read(const char *text, gint64 *ret_usec)
{
    const gboolean negative = *text == '-';
    const char *at = text + negative;
    gint64 usec = 0;
    guint parts = 0;
    gboolean of_time = FALSE;
    if (*at++ != 'P')
        return FALSE;
    for (; *at; parts++) {
        if (*at == 'T' && !of_time) {
            of_time = TRUE;
            at++;
        }
        if (!take_part(&at, of_time, &usec))
            return FALSE;
    }
    *ret_usec = negative ? -usec : usec;
    return parts > 0;
}

/* ---- functions ---- */

static json_t *
call_utc_now(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    const UnixTime now = evaluation->scope->now;
    g_autoptr(GDateTime) second = g_date_time_new_from_unix_utc(now / USEC_PER_SEC);
    g_autoptr(GDateTime) time = g_date_time_add(second, now % USEC_PER_SEC);
    return formatted(evaluation, time, "utcNow", arguments->n > 0 ? argument_text(arguments, 0) : COMPACT, error);
}

static json_t *
call_date_time_add(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    gint64 usec;
    g_autoptr(GDateTime) base = time_read(evaluation, arguments, "dateTimeAdd", error);
    if (!base)
        return NULL;
    if (!duration_read(argument_text(arguments, 1), &usec)) {
        evaluation_fail(evaluation, error,
                        "dateTimeAdd() takes a duration as ISO 8601 writes it, such as 'P3Y', '-P9D' or 'PT1H30M', and gets "
                        "another text.");
        return NULL;
    }
    g_autoptr(GDateTime) time = g_date_time_add(base, usec);
    if (time)
        return formatted(evaluation, time, "dateTimeAdd", arguments->n > 2 ? argument_text(arguments, 2) : ISO, error);
    evaluation_fail(evaluation, error, "dateTimeAdd() gives a time that is in none of the years 1 to 9999.");
    return NULL;
}

static json_t *
call_date_time_to_epoch(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autoptr(GDateTime) time = time_read(evaluation, arguments, "dateTimeToEpoch", error);
    return time ? json_integer(g_date_time_to_unix(time)) : NULL;
}

static json_t *
call_date_time_from_epoch(Evaluation *evaluation, const Arguments *arguments, GError **error)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(argument_integer(arguments, 0));
    if (time)
        return formatted(evaluation, time, "dateTimeFromEpoch", ISO, error);
    evaluation_fail(evaluation, error, "dateTimeFromEpoch() takes seconds of the years 1 to 9999.");
    return NULL;
}

/* clang-format off */
const Function functions_date[] = {
    { "utcNow", 0, 1, { KIND_TEXT }, USE_NEW, call_utc_now, NULL },
    { "dateTimeAdd", 2, 3, { KIND_TEXT }, USE_NOTHING, call_date_time_add, NULL },
    { "dateTimeToEpoch", 1, 1, { KIND_TEXT }, USE_NOTHING, call_date_time_to_epoch, NULL },
    { "dateTimeFromEpoch", 1, 1, { KIND_INTEGER }, USE_NOTHING, call_date_time_from_epoch, NULL },
    { 0 },
};
/* clang-format on */
