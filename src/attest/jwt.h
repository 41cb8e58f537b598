/* attest/jwt.h: JSON Web Tokens that are signed with ES256, and the keys for it. Pure, but for its randomness.
 * RFC 7515 (compact form), RFC 7517 and RFC 7518, sections 3.4 and 6.2 (ES256, keys on P-256), RFC 7638 (a key's id is its
 * thumbprint). */
#pragma once

#include "base/error.h"
#include "base/json.h"

#include <openssl/evp.h>

#define JWT_MAX_BYTES 16384

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

/* A key pair on P-256. */
EVP_PKEY *jwt_key_new(void);
/* Its public half: {"kty": "EC", "crv": "P-256", "x", "y", "use": "sig", "alg": "ES256", "kid"}; a new reference. */
json_t *jwt_key_json(const EVP_PKEY *key);
/* The private half, PKCS #8 in PEM, and back; NULL: it is none on P-256. */
char *jwt_key_private_text(const EVP_PKEY *key);
EVP_PKEY *jwt_key_from_private_text(const char *pem);

/* The token; newly allocated. address: of the key set, the header's "jku". */
char *jwt_sign(const json_t *claims, const EVP_PKEY *key, const char *address);

/* A token taken apart. Nothing in it is to be believed before jwt_is_signed(). */
typedef struct {
    json_t *header, *claims; /* objects */
    char *message;           /* what is signed */
    GBytes *signature;
} Jwt;
/* At most JWT_MAX_BYTES, alg ES256. FALSE sets *error. */
gboolean jwt_parse(const char *text, Jwt *ret_jwt, GError **error);
void jwt_clear(Jwt *jwt);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Jwt, jwt_clear)

/* By the key of the set ({"keys": […]}) that the header names. FALSE sets *error: no such key, or it did not sign this. */
gboolean jwt_is_signed(const Jwt *jwt, const json_t *key_set, GError **error);
