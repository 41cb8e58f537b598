/* attest/crl.h: certificates that hold no more. Pure; the time is passed in. RFC 5280, section 5.
 *
 * Serial numbers are unique over all issuing CAs of one host, so that one list of them is what each of these CAs signs. */
#pragma once

#include "attest/chain.h"
#include "attest/issuer.h"

#include <jansson.h>

/* A list is signed anew when it is asked for; one that is older than that says nothing any more. */
#define CRL_LIFE (7 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC)

/* "02AF": in hexadecimal, as OpenSSL shows it; newly allocated. */
char *crl_serial_of(X509 *certificate);
/* In that form; NULL: it is no number of 1 to 20 bytes. */
char *crl_serial_read(const char *text);

/* revoked: as below. Is a certificate (DER) in it? One that cannot be read is not. */
gboolean crl_has(const json_t *revoked, GBytes *certificate);
gboolean crl_has_serial(const json_t *revoked, const char *serial);

/* revoked: [{"serial", "at" (seconds since 1970)}]. DER; a new reference. */
GBytes *crl_make(const json_t *revoked, const Issuer *by, UnixTime now);
/* The same in PEM; newly allocated. */
char *crl_text(GBytes *der);

typedef enum {
    CRL_GOOD,
    CRL_REVOKED,
    CRL_UNKNOWN, /* there is no list of its issuer's, or none that is of this time */
} CrlAnswer;

/* Of the chain's first certificate. ca, crls: PEM. A revoked certificate counts for nothing, whenever it was used. */
CrlAnswer crl_ask(const Chain *chain, GBytes *ca, GBytes *crls, UnixTime now);
