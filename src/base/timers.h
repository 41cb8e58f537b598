/* base/timers.h: what is to be done at which time: a heap, in which adding and taking the first cost the logarithm of how many
 * there are, and removing costs nothing much: most deadlines are removed. What both clocks keep their timers in; it knows no
 * clock itself. */
#pragma once

#include <glib.h>

typedef struct Timers Timers;

typedef struct {
    gint64 at;
    guint64 number; /* the how manieth that was ever added, from 1 */
    void (*fire)(void *data);
    void *data;
} DueTimer;

Timers *timers_new(void);
void timers_free(Timers *timers); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Timers, timers_free)

/* Gives an id that is not 0 and of no other timer that is still there. */
guint timers_add(Timers *timers, gint64 at, void (*fire)(void *data), void *data);
void timers_remove(Timers *timers, guint id); /* one that is not there any more is no mistake */

guint64 timers_added(const Timers *timers); /* how many so far: the newest one's number */
/* The first by time, then by order of adding; FALSE: there is none. */
gboolean timers_first(const Timers *timers, DueTimer *ret_timer);
/* Removes the first; there is one. */
void timers_drop_first(Timers *timers);
