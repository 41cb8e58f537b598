/* attest/ecc.h: keys and signatures on the curves P-256 and P-384, from the numbers that a TPM gives. Pure. */
#pragma once

#include "attest/event_log.h"
#include "base/cursor.h"

#include <openssl/types.h>

/* Numbers are big-endian, leading zeros may be left out. curve: a TPM_ECC_CURVE. NULL: it is no point of that curve, or another
 * curve. */
EC_KEY *ecc_key_new(guint16 curve, Cursor x, Cursor y);
void ecc_key_free(EC_KEY *key); /* accepts NULL */

gboolean ecc_key_is(const EC_KEY *key, const EVP_PKEY *other);
/* ECDSA (FIPS 186-4): are r and s this key's signature of the digest? */
gboolean ecc_verifies(EC_KEY *key, const guint8 digest[SHA256_SIZE], Cursor r, Cursor s);
