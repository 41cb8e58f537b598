/* host/reach.h: can another user get at a path? Asked before a VM is started under that user, so that the answer names the
 * folder at fault and not "permission denied". */
#pragma once

#include <glib.h>

/* Every folder on the way must be searchable, and the file itself readable, for uid/gid by their mode bits (no ACLs are
 * looked at). *error names the first that is not, and what to do. */
gboolean path_reachable_by(const char *path, guint uid, guint gid, GError **error);
