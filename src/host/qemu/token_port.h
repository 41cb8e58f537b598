/* host/qemu/token_port.h: the guest's port for tokens (host/guest_token.h), on its way through QEMU. A VM that was launched by
 * a former version has none. */
#pragma once

#include "host/guest_token.h"

typedef struct TokenPort TokenPort;

#define TOKEN_PORT_SOCKET "token.sock"
#define TOKEN_PORT_ID     "token"

/* All borrowed. Connects where the socket is there; answers from the main loop. */
TokenPort *token_port_new(const char *folder, const char *key, const HostConfig *config, GMainContext *context, Clock *clock);
/* The guest opened its end: where the conversation had ended, because it broke the rules, a new one begins. */
void token_port_opened(TokenPort *port);
void token_port_free(TokenPort *port); /* accepts NULL */
