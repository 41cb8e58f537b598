/* template/date_format.h: times as .NET writes them in the invariant culture, which is what Azure's functions of dates do.
 * Internal to the room. Source: Microsoft, "Standard date and time format strings" and "Custom date and time format strings".
 */
#pragma once

#include <glib.h>

/* time: in UTC. NULL: it is no format. Newly allocated. */
char *date_format(GDateTime *time, const char *format);
