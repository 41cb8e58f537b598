/* attest/issuer.h: certificates that Testudo makes itself: of its CA, and of the key that signs change records. Pure, but for
 * randomness; the time is passed in. RFC 5280; extended key usage "document signing": RFC 9336. */
#pragma once

#include "base/clock.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Who signs. Borrowed. */
typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
} Issuer;

/* On P-384, for CAs. */
EVP_PKEY *issuer_key_new(void);
/* PEM; newly allocated. Back: NULL: it is none. */
char *issuer_key_text(const EVP_PKEY *key);
EVP_PKEY *issuer_key_parse(const char *pem);
char *issuer_certificate_text(X509 *certificate);
X509 *issuer_certificate_parse(const char *pem);

/* Never NULL. Each has a random serial number; the names end with 8 digits of their own key, so that two are told apart. */
X509 *issuer_root_make(EVP_PKEY *key, UnixTime now);
/* A CA below the root, that signs no other CA. */
X509 *issuer_ca_make(EVP_PKEY *key, const Issuer *root, UnixTime now);
/* May sign documents, and nothing else. */
X509 *issuer_signer_make(EVP_PKEY *key, const char *name, const Issuer *by, UnixTime now);
gboolean issuer_is_signer(X509 *certificate);

/* "0f3a91c2": those 8 digits of its name, by which a CA's list is told from those of others; newly allocated. */
char *issuer_id(X509 *certificate);
/* RFC 5280, 4.2.1.13: the certificate, which `by` signed, says that what is revoked is at ADDRESS/ID.crl (ID: of `by`), and is
 * signed by it anew. address: http or https. */
void issuer_crl_address_add(X509 *certificate, const Issuer *by, const char *address);
/* Where it says that; newly allocated. NULL: nowhere. */
char *issuer_crl_address_of(X509 *certificate);

/* Is the key that of the certificate? */
gboolean issuer_fits(const Issuer *issuer);
