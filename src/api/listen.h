/* api/listen.h: the sockets that the server listens on. Each gives a descriptor, -1 sets *error. */
#pragma once

#include <glib.h>

/* A Unix socket with mode 0600. A stale file of a daemon that is gone is replaced; one that a daemon answers on, or anything
 * else at the path, is an error. The path may be longer than socket names are. */
int listen_unix(const char *path, GError **error);
/* port 0: any free one; *ret_port is the one it became. */
int listen_tcp(const char *host, guint port, guint *ret_port, GError **error);
