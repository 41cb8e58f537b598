/* attest/digest.h: SHA-256, as PCRs use it (FIPS 180-4). Pure. */
#pragma once

#include "attest/event_log.h"

void sha256(const void *bytes, gsize size, guint8 ret_digest[SHA256_SIZE]);
/* Of two in a row: what extending a PCR is. */
void sha256_two(const guint8 *first, gsize first_size, const guint8 *second, gsize second_size, guint8 ret_digest[SHA256_SIZE]);
gboolean sha256_is(const void *bytes, gsize size, const guint8 digest[SHA256_SIZE]);
char *sha256_hex(const guint8 digest[SHA256_SIZE]); /* newly allocated, lower case */
