/* host/qemu/install.h: puts the parts that were made in FOLDER/next/ in place, as one step that a crash cannot halve.
 *
 *   next/ without parts.json      half made: thrown away
 *   next/ with parts.json         complete: whoever comes next, today or after a crash, puts it in place
 *
 * A new OS disk moves the former one, with its UEFI variables, vTPM and parts.json, to previous/<its generation>/ first. */
#pragma once

#include <glib.h>

#define NEXT_FOLDER "next"

/* Idempotent. `now`: seconds since 1970, recorded with what is retired. FALSE: call it again; nothing is lost. */
gboolean install_finish(const char *folder, gint64 now, GError **error);

/* Removes the former units whose retention time is over. */
gboolean previous_prune(const char *folder, gint64 now, gint64 retention_s, GError **error);
