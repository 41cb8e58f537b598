/* attest/record.h: the change record as a file: what an upgrade or a roll back did, signed. Pure; times are in it.
 *
 * A JSON Web Signature (RFC 7515, compact form, ES256) whose header has the type RECORD_TYPE and the certificates of the key
 * that signed ("x5c": that key's first, the root last), so that it can be verified for as long as somebody has the root. The
 * payload is JSON (engine/records.c writes it):
 *
 *   {"id", "kind", "scaleSet", "operation", "requestedBy", "started", "ended", "written", "iat", "outcome", "error",
 *    "targetRevision", "backTo", "by", "revisions": {"3": {"size", "image", "securityProfile"}},
 *    "instances": [{"instanceId", "fromRevision", "revision", "state", "failure", "deleted", "whatIf": {"change", "parts",
 *                   "lost"}, "downtime": {"seconds", "periods": [{"from", "to", "usec"}]}, "before": VERDICT, "after":
 *                   VERDICT}],
 *    "logs": {SHA-256: base64}}
 *   A period without "to" lasted still when the record was "written", and is counted up to then; records of before wrote no
 *   "usec" of it, and did not count it.
 *   VERDICT: null, or {"state", "at", "code", "reason", "reference", "components", "evidence": {"nonce", "quote", "signature",
 *   "ak" (base64, in the TPM's formats), "log" (SHA-256)}} */
#pragma once

#include "base/clock.h"
#include "base/error.h"

#include <jansson.h>
#include <openssl/evp.h>

#define RECORD_TYPE      "testudo-change-record+jws"
#define RECORD_MAX_BYTES (64u << 20)

/* chain: PEM, the key's own certificate first. Newly allocated; NULL sets *error. */
char *record_sign(const json_t *record, const EVP_PKEY *key, const char *chain, GError **error);

/* Does it look like one? Nothing more is said by that. */
gboolean record_is(const char *text, gsize length);

typedef enum {
    RECORD_HOLDS,
    RECORD_MALFORMED,        /* it is none, or damaged */
    RECORD_WRONG_SIGNATURE,  /* it was changed after it was signed */
    RECORD_NOT_TRUSTED,      /* no CA was given: who signed is what the file says itself */
    RECORD_OTHER_CA,         /* the key's certificate does not chain to the CA, or is not for records */
    RECORD_REVOKED,          /* the certificate of that key was revoked, or there is no list that says it was not */
    RECORD_EVIDENCE_DIFFERS, /* a verdict is not what its own evidence gives */
    RECORD_N
} RecordCheck;

/* "Holds", "Malformed", "WrongSignature", "NotTrusted", "OtherCa", "Revoked", "EvidenceDiffers" */
const char *record_check_text(RecordCheck check);

/* ca: PEM, with the root; crls: PEM, what that CA revoked; NULL: none is at hand. now: what a list has to be of. A new
 * reference, never NULL:
 *   {"verdict", "reason", "id", "kind", "scaleSet", "requestedBy", "started", "ended", "outcome", "signedBy",
 *    "instances": [{"instanceId", "downtimeSeconds", "stillDown", "before", "beforeEvidence", "after", "afterEvidence"}]}
 * Evidence is "holds", "refused" (that it does not hold is what the verdict says), "notKept" (its log is not in the file),
 * "none" or "differs". All but verdict and reason stand there only where the file could be read. */
json_t *record_verify(const char *text, gsize length, GBytes *ca, GBytes *crls, UnixTime now, RecordCheck *ret_check);
