#include "base/time_text.h"

#include <string.h>

char *
time_to_text(UnixTime time)
{
    gint64 seconds = time / USEC_PER_SEC, usec = time % USEC_PER_SEC;
    if (usec < 0) {
        usec += USEC_PER_SEC;
        seconds--;
    }
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    if (!date)
        return g_strdup("0001-01-01T00:00:00.000000Z");
    /* Not g_date_time_format(): its %Y has no leading zeros. */
    return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", g_date_time_get_year(date), g_date_time_get_month(date),
                           g_date_time_get_day_of_month(date), g_date_time_get_hour(date), g_date_time_get_minute(date),
                           g_date_time_get_second(date), (int)usec);
}

gboolean
time_from_text(const char *text, UnixTime *ret_time)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    if (!strchr(text, 'T') || strlen(text) > 40)
        return FALSE;
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, utc);
    if (!date)
        return FALSE;
    *ret_time = g_date_time_to_unix(date) * USEC_PER_SEC + g_date_time_get_microsecond(date);
    return TRUE;
}

char *
duration_to_text(gint64 usec)
{
    g_return_val_if_fail(usec >= 0, NULL);
    if (usec == 0)
        return g_strdup("PT0S");
    GString *text = g_string_new("P");
    gint64 seconds = usec / USEC_PER_SEC, fraction = usec % USEC_PER_SEC;
    gint64 days = seconds / 86400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;
    seconds %= 60;
    if (days)
        g_string_append_printf(text, "%" G_GINT64_FORMAT "D", days);
    if (hours || minutes || seconds || fraction)
        g_string_append_c(text, 'T');
    if (hours)
        g_string_append_printf(text, "%" G_GINT64_FORMAT "H", hours);
    if (minutes)
        g_string_append_printf(text, "%" G_GINT64_FORMAT "M", minutes);
    if (seconds || fraction) {
        g_string_append_printf(text, "%" G_GINT64_FORMAT, seconds);
        if (fraction) {
            g_string_append_printf(text, ".%06" G_GINT64_FORMAT, fraction);
            while (text->str[text->len - 1] == '0')
                g_string_truncate(text, text->len - 1);
        }
        g_string_append_c(text, 'S');
    }
    return g_string_free(text, FALSE);
}

/* The designators in the order in which they may come, with their worth. */
static const struct {
    char letter;
    gboolean after_t;
    gint64 seconds;
} designators[] = {
    { 'W', FALSE, 604800 }, { 'D', FALSE, 86400 }, { 'H', TRUE, 3600 }, { 'M', TRUE, 60 }, { 'S', TRUE, 1 },
};

/* 100 years: nothing that is configured here lasts longer, and no sum of five such amounts overflows. */
#define DURATION_MAX_S (G_GINT64_CONSTANT(36525) * 86400)

/* Digits, with decimals of which those behind the sixth are dropped; FALSE where there are none, or more than nine before
 * the point. */
static gboolean
amount_read(const char **at, gint64 *ret_whole, gint64 *ret_micro, gboolean *ret_fraction)
{
    const char *p = *at;
    gint64 whole = 0, micro = 0, unit = 100000;
    if (!g_ascii_isdigit(*p))
        return FALSE;
    for (int digits = 0; g_ascii_isdigit(*p); p++, digits++) {
        if (digits == 9)
            return FALSE;
        whole = whole * 10 + (*p - '0');
    }
    *ret_fraction = *p == '.' || *p == ',';
    if (*ret_fraction) {
        if (!g_ascii_isdigit(*++p))
            return FALSE;
        for (; g_ascii_isdigit(*p); p++, unit /= 10)
            micro += (*p - '0') * unit;
    }
    *ret_whole = whole;
    *ret_micro = micro;
    *at = p;
    return TRUE;
}

gboolean
duration_from_text(const char *text, gint64 *ret_usec)
{
    const char *at = text;
    gboolean after_t = FALSE, any = FALSE;
    gint64 total = 0;
    guint next = 0;

    if (*at++ != 'P' || strlen(text) > 64)
        return FALSE;
    while (*at) {
        if (*at == 'T') {
            if (after_t || !at[1])
                return FALSE;
            after_t = TRUE;
            at++;
            continue;
        }
        gint64 whole, micro;
        gboolean fraction;
        if (!amount_read(&at, &whole, &micro, &fraction))
            return FALSE;
        while (next < G_N_ELEMENTS(designators) && (designators[next].letter != *at || designators[next].after_t != after_t))
            next++;
        /* Only seconds have decimals here: a fraction of a day is nobody's habit. */
        if (next == G_N_ELEMENTS(designators) || (fraction && *at != 'S'))
            return FALSE;
        if (whole > DURATION_MAX_S / designators[next].seconds)
            return FALSE;
        total += whole * designators[next].seconds * USEC_PER_SEC + micro;
        next++;
        at++;
        any = TRUE;
    }
    if (!any || total > DURATION_MAX_S * USEC_PER_SEC)
        return FALSE;
    *ret_usec = total;
    return TRUE;
}
