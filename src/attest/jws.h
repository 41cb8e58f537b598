/* attest/jws.h: what is signed with ES256, in the compact form: JSON Web Signatures. Pure, but for its randomness.
 * RFC 7515; RFC 7518, section 3.4. */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

/* base64url without padding (RFC 7515, appendix C); newly allocated. Decoding: NULL: it is none. */
char *jws_url_encode(const void *bytes, gsize size);
guchar *jws_url_decode(const char *text, gsize length, gsize *ret_size);

/* Is it a key on P-256? NULL is none. */
gboolean jws_is_key(const EVP_PKEY *key);
/* Of "header.payload", in base64url; newly allocated. */
char *jws_signature_make(const char *message, const EVP_PKEY *key);
/* raw: r and s in a row. */
gboolean jws_signature_holds(const char *message, gsize length, const guint8 *raw, gsize size, EVP_PKEY *key);
