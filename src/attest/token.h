/* attest/token.h: what a token says of an instance whose boot was found healthy. Pure; the time is passed in.
 *
 * The claims are those that Microsoft Azure Attestation gives for an Azure VM (x-ms-attestation-type "azurevm"), as far as they
 * say something that is known here: what only Windows' boot measures, or what another party's policy says, is left out. Those
 * that begin with x-testudo- are Testudo's own. */
#pragma once

#include "attest/event_log.h"
#include "attest/token_keys.h"

/* Of the nonce, in bytes. */
#define TOKEN_NONCE_MAX 256

/* Borrowed. */
typedef struct {
    const char *issuer; /* address below which /certs is; no slash at its end */
    const char *id;     /* another one for each token */
    const char *nonce;  /* the asker's: UTF-8, 1 to TOKEN_NONCE_MAX bytes */
    const char *resource_id, *vm_id;
    const char *os_type;     /* "Linux"; NULL: not known */
    const char *image;       /* exact version; NULL: not known */
    const char *reference;   /* the baseline that its boot is like, for people */
    const char *accepted_by; /* the policy that accepts what differs from that; NULL: nothing does */
    const char *ek;          /* SHA-256 of the endorsement key (StoreVtpm.ek) */
    gboolean secure_boot;    /* as its event log says, which the quote proves */
    guint32 pcrs;            /* that were quoted, bit n for PCR n */
    UnixTime verified;       /* when its evidence last held */
    gint64 trust_usec;       /* so long after that the verdict stands, without any newer one */
} TokenFacts;

/* Whether the nonce is one; FALSE sets *error. NULL is none. */
gboolean token_nonce_check(const char *nonce, GError **error);

/* TOKEN_LIFE from now, but no later than the verdict stands. */
UnixTime token_end(const TokenFacts *facts, UnixTime now);
/* A new reference. */
json_t *token_claims(const TokenFacts *facts, UnixTime now);

/* Was Secure Boot on, by the variable that was measured? Firmware measures it into PCR 7 before all else (TCG PC Client
 * Platform Firmware Profile 1.06, section 3.3.4.8): where that event is called another thing, a later one says nothing, since
 * who runs in the guest extends PCR 7 by what he likes. */
gboolean token_secure_boot(const EventLog *log);

/* Is it one for this nonce and of this issuer (NULL: any), and is now its time? Its signature is another question
 * (jwt_is_signed()). FALSE sets *error. */
gboolean token_claims_check(const json_t *claims, const char *issuer, const char *nonce, UnixTime now, GError **error);
