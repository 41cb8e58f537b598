/* attest/quote.h: what a TPM signed about its PCRs. Pure.
 * Format: TPM 2.0 Library, Part 2, section 10.12 (TPMS_ATTEST, TPMS_QUOTE_INFO), 11.3 (TPMT_SIGNATURE). */
#pragma once

#include "attest/tpm_key.h"

#define QUOTE_MAX_BYTES 4096

typedef enum {
    QUOTE_READ,
    QUOTE_MALFORMED, /* not a TPMS_ATTEST, cut short, or something is left over */
    QUOTE_NOT_ONE,   /* another thing that a TPM attests to, or of none (magic) */
} QuoteForm;

/* Pointers lead into the bytes. */
typedef struct {
    const guint8 *signer; /* qualified name of the key that signed */
    gsize signer_size;
    const guint8 *nonce; /* extraData, as it was asked for */
    gsize nonce_size;
    guint64 clock;  /* milliseconds; may go back when the TPM was not shut down */
    guint32 resets; /* of the TPM: + 1 with each boot */
    guint32 restarts;
    gboolean safe;
    guint64 firmware;
    guint32 pcrs;         /* of the SHA-256 bank, bit n for PCR n; 0 where only other banks were quoted */
    gboolean other_banks; /* of which there may be no more than none: their digest is in the same sum */
    const guint8 *digest; /* SHA256_SIZE bytes; NULL where it has another size */
} Quote;

/* ret_quote is written where it is QUOTE_READ. bytes stay the caller's. */
QuoteForm quote_parse(GBytes *bytes, Quote *ret_quote);

typedef enum {
    SIGNATURE_HOLDS,
    SIGNATURE_MALFORMED, /* not a TPMT_SIGNATURE of RSASSA, RSAPSS or ECDSA with SHA-256 */
    SIGNATURE_BROKEN,
} SignatureCheck;

/* signature: a TPMT_SIGNATURE over all of `signed_bytes`. */
SignatureCheck signature_check(GBytes *signature, GBytes *signed_bytes, const TpmKey *key);
