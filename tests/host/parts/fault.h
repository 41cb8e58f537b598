/* tests/host/parts/fault.h: crashes, counted. The calls by which a folder is changed (rename,
 * unlink, unlinkat, fsync) are wrapped by the linker (meson.build): the k-th of them ends the
 * process as a crash would, before it is done. */
#pragma once

#include <glib.h>

/* Runs body(data) in a child that crashes at its k-th change. TRUE: it crashed; FALSE: it made
 * fewer changes, and body's result is asserted to be TRUE. */
gboolean fault_crash_at(guint k, gboolean (*body)(void *data), void *data);
