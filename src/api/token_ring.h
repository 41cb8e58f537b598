/* api/token_ring.h: the keys that tokens are signed with, in the store. */
#pragma once

#include "api/call.h"
#include "attest/token_keys.h"

/* Once, before anybody asks: keys that were stored before there was a state key are encrypted by it. FALSE: they cannot be
 * read. */
gboolean token_ring_settle(const Api *api, GError **error);

/* The present key, made anew where there is none or where it is too old; in a transaction of its own. NULL sets *error. */
EVP_PKEY *token_ring_key(Api *api, UnixTime now, GError **error);
