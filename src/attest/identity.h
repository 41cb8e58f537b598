/* attest/identity.h: whose TPM is it? Pure; the time is passed in.
 * Source: TCG EK Credential Profile 2.5, section 3 (EK certificates). */
#pragma once

#include "attest/tpm_key.h"
#include "base/clock.h"

typedef enum {
    IDENTITY_CERTIFIED,      /* the certificate is of this endorsement key, and chains to one of the CA's */
    IDENTITY_NO_KEY,         /* there is no endorsement key */
    IDENTITY_NO_CERTIFICATE, /* there is a key, and no certificate */
    IDENTITY_UNREADABLE,     /* certificate, key or CA cannot be read */
    IDENTITY_OTHER_KEY,      /* the certificate is another key's */
    IDENTITY_NOT_CERTIFIED,  /* it does not chain to the CA, or not at this time */
    IDENTITY_REVOKED,        /* it was revoked, or the list that was given does not say that it was not */
    IDENTITY_N
} Identity;

/* A sentence of it. */
const char *identity_text(Identity identity);

/* SHA-256 of the certified key, as SubjectPublicKeyInfo, in hexadecimal: what tells one TPM from another. NULL sets *error. */
char *identity_key_digest(GBytes *certificate, GError **error);
/* Is ek (TPM2B_PUBLIC) the certified key? To read a certificate takes twice as long as to verify a quote. */
gboolean identity_is_key_of(GBytes *certificate, GBytes *ek);
/* The same of an RSA key by the certified key's digest, as identity_key_digest() gives it; of any other key FALSE. */
gboolean identity_has_digest(GBytes *ek, const char *digest);

/* certificate: DER. ek: TPM2B_PUBLIC. Either may be NULL: there is none. ca: PEM, a root (signed by itself) and what stands
 * between, in any order. crls: PEM, what that CA revoked; NULL: that is not looked at. */
Identity identity_check(GBytes *certificate, GBytes *ek, GBytes *ca, GBytes *crls, UnixTime now);
