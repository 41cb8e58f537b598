/* api/guard.h: no client may hold a connection by being slow: a request's head and body are to be there within a time that
 * starts anew with each request, however many bytes trickle in. */
#pragma once

#include <glib.h>

typedef struct Guard Guard;
typedef struct Watched Watched;

Guard *guard_new(gint64 limit_usec);
void guard_free(Guard *guard); /* accepts NULL; nothing is watched any more */

/* A connection on this descriptor, which stays open until it is unwatched. The clock of its first request runs. */
Watched *guard_watch(Guard *guard, int fd);
void guard_unwatch(Guard *guard, Watched *watched);
/* The request is complete: the time that the answer takes is ours. */
void guard_pause(Watched *watched);
/* The answer is out: the next request may come. */
void guard_resume(Guard *guard, Watched *watched);
