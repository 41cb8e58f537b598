/* host/kept_file.h: the file of a data disk that belongs to no instance. A former guest wrote what is in it. Any thread. */
#pragma once

#include <glib.h>

/* Virtual size in whole GiB, as the header has it; 0: it cannot be told. */
guint kept_file_size(const char *path);

/* One that is not there is removed. */
gboolean kept_file_remove(const char *path, GError **error);
