/* signer.h: a key that signs quotes as a TPM would, for what no honest TPM signs. */
#pragma once

#include "cases.h"

typedef struct {
    guint16 bank; /* TPM_ALG_ID; 0: no selection of this kind */
    guint32 pcrs; /* bit n: PCR n */
} Selection;

/* Evidence with the log of fixtures/NAME, a fresh key, a nonce of its own and a quote over these selections, whose digest is
 * right for the PCRs of `digest_pcrs` as the log leads to them. */
Case signer_quote(const char *name, const Selection *selections, guint n_selections, guint32 digest_pcrs);
/* The same with this log. */
Case signer_quote_log(GBytes *log, const Selection *selections, guint n_selections, guint32 digest_pcrs);
