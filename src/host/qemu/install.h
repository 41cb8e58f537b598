/* host/qemu/install.h: puts the parts that a launch wants in place, as one step that a crash cannot halve: what was made in
 * FOLDER/next/, and what lies in FOLDER/previous/ (previous.h) from before.
 *
 *   next/ without parts.json      half made: thrown away
 *   next/ with parts.json         complete: whoever comes next, today or after a crash, puts in place what it names
 *
 * What these take the place of goes to previous/ first. */
#pragma once

#include <glib.h>

#define NEXT_FOLDER "next"

/* Idempotent. FALSE: call it again; nothing is lost. */
gboolean install_finish(const char *folder, GError **error);
