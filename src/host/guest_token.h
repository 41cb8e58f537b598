/* host/guest_token.h: what a guest asks by a port of its own, and what it is told. Pure; the time is passed in.
 *
 * The port is a virtio-serial port by the name of WIRE_TOKEN_PORT. One JSON object a line, each way:
 *   {"nonce": "TEXT"}
 *   {"nonce": "TEXT", "token": "…"}  or  {"nonce": "TEXT", "error": {"code", "message"}}
 * The nonce comes back so that an answer that somebody did not wait for is told apart from the one to the next question; it is
 * left out where the question had none. What a guest sends is hostile: it can speak for its own VM alone, and so often. */
#pragma once

#include "base/clock.h"
#include "base/json.h"
#include "host/host.h"

#define GUEST_TOKEN_LINE_MAX 4096u
/* So many at once, and then one each time that so much is over. */
#define GUEST_TOKEN_BURST      5u
#define GUEST_TOKEN_EVERY_USEC (10 * USEC_PER_SEC)

/* Of one VM; zeroed at first. */
typedef struct {
    UnixTime since; /* of the time before that, nothing is left to be asked for */
} GuestTokenAllowance;

/* A new reference. config: who gives tokens. */
json_t *guest_token_answer(const HostConfig *config, GuestTokenAllowance *allowance, const char *key, const json_t *question,
                           UnixTime now);
