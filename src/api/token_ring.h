/* api/token_ring.h: the keys that tokens are signed with, in the store. */
#pragma once

#include "api/call.h"
#include "attest/token_keys.h"

/* The present key, made anew where there is none or where it is too old; in a transaction of its own. NULL sets *error. */
EVP_PKEY *token_ring_key(Api *api, UnixTime now, GError **error);
