/* base/time_text.h: what is read is written in canonical form, and that form reads as the same time. */
#include "base/time_text.h"

#include "fuzz.h"

static void
duration_holds(const char *text)
{
    gint64 usec = -1, again = -1;
    if (!duration_from_text(text, &usec))
        return;
    g_assert(usec >= 0);
    g_autofree char *canonical = duration_to_text(usec);
    g_assert(duration_from_text(canonical, &again) && again == usec);
}

static void
time_holds(const char *text)
{
    UnixTime time = 0, again = 0;
    if (!time_from_text(text, &time))
        return;
    g_autofree char *canonical = time_to_text(time);
    g_assert(time_from_text(canonical, &again) && again == time);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    duration_holds(text);
    time_holds(text);
    return 0;
}
