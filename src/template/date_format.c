#include "template/date_format.h"

#include <string.h>

#define FRACTION_DIGITS 7 /* .NET counts in 100 ns */

static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December" };

/* A format of one letter stands for a longer one. */
static const struct {
    char letter;
    const char *format;
} standard[] = {
    { 'd', "MM/dd/yyyy" },
    { 'D', "dddd, dd MMMM yyyy" },
    { 'f', "dddd, dd MMMM yyyy HH:mm" },
    { 'F', "dddd, dd MMMM yyyy HH:mm:ss" },
    { 'g', "MM/dd/yyyy HH:mm" },
    { 'G', "MM/dd/yyyy HH:mm:ss" },
    { 'm', "MMMM dd" },
    { 'M', "MMMM dd" },
    { 'o', "yyyy-MM-dd'T'HH:mm:ss.fffffffK" },
    { 'O', "yyyy-MM-dd'T'HH:mm:ss.fffffffK" },
    { 'r', "ddd, dd MMM yyyy HH:mm:ss 'GMT'" },
    { 'R', "ddd, dd MMM yyyy HH:mm:ss 'GMT'" },
    { 's', "yyyy-MM-dd'T'HH:mm:ss" },
    { 't', "HH:mm" },
    { 'T', "HH:mm:ss" },
    { 'u', "yyyy-MM-dd HH:mm:ss'Z'" },
    { 'U', "dddd, dd MMMM yyyy HH:mm:ss" },
    { 'y', "yyyy MMMM" },
    { 'Y', "yyyy MMMM" },
};

static void
append_number(GString *text, int number, guint digits)
{
    g_string_append_printf(text, "%0*d", (int)digits, number);
}

/* Four and more: in full; three: its beginning; else the number. */
static void
append_name(GString *text, const char *name, int number, guint n)
{
    if (n > 2)
        g_string_append_len(text, name, n == 3 ? 3 : (gssize)strlen(name));
    else
        append_number(text, number, n);
}

static void
append_year(GString *text, int year, guint n)
{
    append_number(text, n > 2 ? year : year % 100, n);
}

/* trim: without zeros at its end, and without the point before it where nothing is left. */
static gboolean
append_fraction(GString *text, int microsecond, guint n, gboolean trim)
{
    g_autofree char *digits = g_strdup_printf("%06d0", microsecond);
    gsize length = n;
    if (n > FRACTION_DIGITS)
        return FALSE;
    while (trim && length > 0 && digits[length - 1] == '0')
        length--;
    g_string_append_len(text, digits, (gssize)length);
    if (length == 0 && text->len > 0 && text->str[text->len - 1] == '.')
        g_string_truncate(text, text->len - 1);
    return TRUE;
}

/* UTC. */
static void
append_offset(GString *text, guint n)
{
    g_string_append(text, n == 1 ? "+0" : n == 2 ? "+00" : "+00:00");
}

/* A letter, n times; FALSE: there is no such. */
static gboolean
append_part(GString *text, GDateTime *time, char letter, guint n)
{
    const int hour = g_date_time_get_hour(time), day = g_date_time_get_day_of_week(time), month = g_date_time_get_month(time);
    switch (letter) {
    case 'd':
        append_name(text, days[day - 1], g_date_time_get_day_of_month(time), n);
        return TRUE;
    case 'M':
        append_name(text, months[month - 1], month, n);
        return TRUE;
    case 'y':
        append_year(text, g_date_time_get_year(time), n);
        return TRUE;
    case 'H':
        append_number(text, hour, MIN(n, 2));
        return TRUE;
    case 'h':
        append_number(text, hour % 12 == 0 ? 12 : hour % 12, MIN(n, 2));
        return TRUE;
    case 'm':
        append_number(text, g_date_time_get_minute(time), MIN(n, 2));
        return TRUE;
    case 's':
        append_number(text, g_date_time_get_second(time), MIN(n, 2));
        return TRUE;
    case 'f':
    case 'F':
        return append_fraction(text, g_date_time_get_microsecond(time), n, letter == 'F');
    case 't':
        g_string_append_len(text, hour < 12 ? "AM" : "PM", n == 1 ? 1 : 2);
        return TRUE;
    case 'g':
        g_string_append(text, "A.D.");
        return TRUE;
    case 'z':
        append_offset(text, n);
        return TRUE;
    default:
        return FALSE;
    }
}

/* At a quote; behind the closing one, or NULL: there is none. */
static const char *
append_quoted(GString *text, const char *at)
{
    const char quote = *at++;
    for (; *at && *at != quote; at++) {
        if (*at == '\\' && *++at == '\0')
            return NULL;
        g_string_append_c(text, *at);
    }
    return *at ? at + 1 : NULL;
}

static guint
repeated(const char *at)
{
    guint n = 1;
    while (at[n] == *at)
        n++;
    return n;
}

/* Behind what was read, or NULL. */
static const char *
append_next(GString *text, GDateTime *time, const char *at)
{
    const guint n = repeated(at);
    if (*at == '\'' || *at == '"')
        return append_quoted(text, at);
    if (*at == '\\' || *at == '%') { /* the next one as it is; the next one alone */
        if (at[1] == '\0' || (*at == '%' && at[1] == '%'))
            return NULL;
        if (*at == '%')
            return at + 1;
        g_string_append_c(text, at[1]);
        return at + 2;
    }
    if (*at == 'K') {
        g_string_append_c(text, 'Z');
        return at + 1;
    }
    if (strchr("dMyHhmsfFtgz", *at))
        return append_part(text, time, *at, n) ? at + n : NULL;
    g_string_append_c(text, *at);
    return at + 1;
}

static char *
format_custom(GDateTime *time, const char *format)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (const char *at = format; *at;) {
        at = append_next(text, time, at);
        if (!at)
            return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
date_format(GDateTime *time, const char *format)
{
    if (format[0] == '\0')
        return format_custom(time, "MM/dd/yyyy HH:mm:ss");
    if (format[1] != '\0')
        return format_custom(time, format);
    for (guint i = 0; i < G_N_ELEMENTS(standard); i++) {
        if (standard[i].letter == format[0])
            return format_custom(time, standard[i].format);
    }
    return NULL;
}
