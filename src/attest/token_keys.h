/* attest/token_keys.h: the keys that tokens are signed with, the present one and those before. Pure, but for its randomness;
 * the time is passed in.
 *
 * A former key has lost its private half, and is shown to verifiers until the last token that it can have signed is over. */
#pragma once

#include "attest/jwt.h"
#include "base/clock.h"

/* No token lives longer. */
#define TOKEN_LIFE (8 * 3600 * USEC_PER_SEC)
/* A former key is shown so much longer: verifiers' clocks differ. */
#define TOKEN_KEY_SLACK (3600 * USEC_PER_SEC)

typedef struct TokenKeys TokenKeys;

/* As token_keys_text() wrote it; NULL text: there are none. NULL sets *error. */
TokenKeys *token_keys_parse(const char *text, GError **error);
void token_keys_free(TokenKeys *keys); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TokenKeys, token_keys_free)
/* With the present key's private half; newly allocated. */
char *token_keys_text(const TokenKeys *keys);

/* The present one, borrowed; NULL: there is none, or it is older than age_usec (0: that is no matter). */
const EVP_PKEY *token_keys_current(const TokenKeys *keys, gint64 age_usec, UnixTime now);
/* A new one takes the present one's place, and what is over goes. at_once: so do all former ones, and no token that they
 * signed holds any more. */
void token_keys_rotate(TokenKeys *keys, gboolean at_once, UnixTime now);

/* For verifiers, newest first: {"keys": [JWK, …]} (RFC 7517, section 5). A new reference. */
json_t *token_keys_public(const TokenKeys *keys, UnixTime now);
/* For operators: [{"kid", "created", "retired", "shownUntil"}, …], newest first, times as text; the last two of former ones
 * alone. A new reference. */
json_t *token_keys_list(const TokenKeys *keys, UnixTime now);
