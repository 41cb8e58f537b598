/* host/qemu/placer.h: puts testudo-guest into one guest through its agent, where it can be run.
 *
 * It goes to the first of these places that will do (many systems mount /run so that nothing can be run from it): both are
 * root's own. The agent makes files that everybody may write; so the folder around it is made first, with mode 0700. What lies
 * there from before (another daemon's, or another boot's on a disk) is compared byte by byte, and written anew where it
 * differs; what was written is read back before it is made executable. */
#pragma once

#include "host/qemu/qga.h"

#define PLACER_PLACES                                                                                                          \
    {                                                                                                                          \
        "/run/testudo/bin", "/var/lib/testudo/bin"                                                                             \
    }
#define PLACER_NAME "testudo-guest"

typedef struct Placer Placer;

/* file: where it lies, executable. NULL: there is none, because of error (the agent could not be asked), or, where that is NULL
 * too, because no place will do (placer_why_not()). */
typedef void (*PlacerDone)(const char *file, const QgaError *error, void *data);

/* qga is borrowed and outlives it; so does program. done is called once for each call of the two below, never after
 * placer_free(). */
Placer *placer_new(Qga *qga, GBytes *program, PlacerDone done, void *data);
void placer_free(Placer *placer); /* accepts NULL */
/* At the first place that will do. */
void placer_put(Placer *placer);
/* It does not run where it was put, for the reason that `words` gives: at one of the places after that. */
void placer_put_elsewhere(Placer *placer, const char *words);
/* Which places there are and why the last of them would not do; a sentence's end, without the full stop. Owned by the caller.
 */
char *placer_why_not(const Placer *placer);
