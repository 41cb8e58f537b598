/* cli/client_error.h: what went wrong between this program and the daemon. */
#pragma once

#include "base/error.h"
#include "base/json.h"

/* An ARM error object as a GError; codes that this program does not know stand in the message. */
GError *client_error_of(const json_t *object, int status);

/* Why a socket cannot be used, NULL where it can; curl speaks of a port where the trouble is a
 * file.
 */
const char *client_socket_problem(const char *path);
