/* cli/progress.h: what is said on standard error while somebody waits: one line that is drawn anew on a terminal, a line per
 * step elsewhere. */
#pragma once

#include <glib.h>

typedef struct {
    const char *what; /* "Starting 2 instances"; borrowed */
    gint64 begun;     /* monotonic, µs */
    char *note;       /* what it waits for just now, or NULL */
    int percent;
    gboolean terminal;
    guint drawn;
} Progress;

typedef enum {
    PROGRESS_DONE,
    PROGRESS_FAILED,
    PROGRESS_LOST, /* the daemon does not answer: what was begun goes on under the next one */
} ProgressEnd;

Progress progress_begin(const char *what);

/* percent: -1 where it is not known. */
void progress_step(int percent, Progress *progress);

/* What it waits for from now on ("the guest has notice until 12:30:05"); NULL: nothing in particular. */
void progress_note(Progress *progress, const char *note);

/* The daemon does not answer, and is tried again for so long; it answers again. Of a Progress, as ClientWatch calls them. */
void progress_lost(guint seconds, void *progress);
void progress_back(void *progress);

/* afterwards: what is said beside the word ("1 failed: 2 (why)"), or NULL. Frees what `progress` owns. */
void progress_end(Progress *progress, ProgressEnd end, const char *afterwards);
