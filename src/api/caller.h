/* api/caller.h: who sends a request, and by what name they call us. */
#pragma once

#include "api/exchange.h"

/* A header of the request; NULL where it has none. Borrowed. */
const char *request_header(struct MHD_Connection *connection, const char *name);

/* RFC 9110, 12.5.3: is gzip named, and not with a weight of 0? Pure; list may be NULL. */
gboolean takes_gzip(const char *list);

/* "owner" on the Unix socket, "token" with the right one, the name of a session with its token, else NULL: not
 * authenticated. Newly allocated. */
char *caller_of(const Listener *listener, struct MHD_Connection *connection);

/* What addresses for this client begin with; newly allocated. */
char *caller_base_url(const Listener *listener, struct MHD_Connection *connection);
