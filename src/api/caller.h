/* api/caller.h: who sends a request, and by what name they call us. */
#pragma once

#include "api/exchange.h"

/* A header of the request; NULL where it has none. Borrowed. */
const char *request_header(struct MHD_Connection *connection, const char *name);

/* "owner" on the Unix socket, "token" with the right one, else NULL: not authenticated. */
const char *caller_of(const Listener *listener, struct MHD_Connection *connection);

/* What addresses for this client begin with; newly allocated. */
char *caller_base_url(const Listener *listener, struct MHD_Connection *connection);
