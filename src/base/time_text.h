/* base/time_text.h: times and durations as ARM writes them. Pure.
 * ISO 8601-1:2019, 5.4 (combined date and time) and 5.5.2.4 (durations with designators; years and
 * months are refused, as they have no fixed length). */
#pragma once

#include "base/clock.h"

/* "2026-11-23T22:51:54.123456Z"; newly allocated. */
char *time_to_text(UnixTime time);
gboolean time_from_text(const char *text, UnixTime *ret_time);

/* "PT10M", "P1DT2H", "PT0.5S" <-> microseconds. Canonical output: P[nD][T[nH][nM][n[.f]S]], "PT0S". At most 100 years;
 * decimals are for seconds only, and those behind the sixth are dropped. */
char *duration_to_text(gint64 usec);
gboolean duration_from_text(const char *text, gint64 *ret_usec);
