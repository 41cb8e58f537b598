#include "cli/progress.h"

#include <unistd.h>

Progress
progress_begin(const char *what)
{
    Progress progress = { .what = what, .begun = g_get_monotonic_time(), .percent = -1, .terminal = isatty(STDERR_FILENO) };
    if (!progress.terminal)
        g_printerr("%s\n", what);
    return progress;
}

static int
seconds_of(const Progress *progress)
{
    return (int)((g_get_monotonic_time() - progress->begun) / G_USEC_PER_SEC);
}

void
progress_step(int percent, Progress *progress)
{
    static const char turning[] = "|/-\\";
    g_autofree char *share = percent > 0 ? g_strdup_printf(": %d %%", percent) : g_strdup("");
    const char *note = progress->note ? progress->note : "", *separator = !progress->note ? "" : *share ? ", " : ": ";
    if (progress->terminal)
        g_printerr("\r\033[K%c %s%s%s%s (%d s)", turning[progress->drawn++ % 4], progress->what, share, separator, note,
                   seconds_of(progress));
    else if (percent > progress->percent && percent > 0 && percent < 100)
        g_printerr("%s%s%s%s (%d s)\n", progress->what, share, separator, note, seconds_of(progress));
    progress->percent = percent;
}

void
progress_note(Progress *progress, const char *note)
{
    if (g_strcmp0(note, progress->note) == 0)
        return;
    g_free(progress->note);
    progress->note = g_strdup(note);
    if (note && !progress->terminal)
        g_printerr("%s: %s (%d s)\n", progress->what, note, seconds_of(progress));
}

void
progress_lost(guint seconds, void *data)
{
    const Progress *progress = data;
    g_printerr("%sThe daemon does not answer any more; it is tried again for %u s.\n", progress->terminal ? "\r\033[K" : "",
               seconds);
}

void
progress_back(void *data)
{
    const Progress *progress = data;
    g_printerr("%sThe daemon answers again.\n", progress->terminal ? "\r\033[K" : "");
}

void
progress_end(Progress *progress, ProgressEnd end, const char *afterwards)
{
    static const char *const words[] = {
        [PROGRESS_DONE] = "done",
        [PROGRESS_FAILED] = "failed",
        [PROGRESS_LOST] = "not known how it ends",
    };
    double seconds = (double)(g_get_monotonic_time() - progress->begun) / G_USEC_PER_SEC;
    g_printerr("%s%s: %s%s%s (%.1f s)\n", progress->terminal ? "\r\033[K" : "", progress->what, words[end],
               afterwards ? ", " : "", afterwards ? afterwards : "", seconds);
    g_clear_pointer(&progress->note, g_free);
}
