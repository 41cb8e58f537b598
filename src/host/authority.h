/* host/authority.h: the CA of this host, in STATE/ca/vtpm: a root, and one below it that signs certificates of vTPMs'
 * endorsement keys (by swtpm_localca, whose names the files have) and of the key that signs change records. Made at the first
 * start. The root's private key is needed then, and for a new issuing CA: it may be taken off the host. Blocking; any thread.
 *
 * With a state key, private keys lie in these files sealed (base/state_key.h); those that were there before are sealed at the
 * next start. swtpm_localca gets its key by a file in memory. */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/state_key.h"

#include <jansson.h>

typedef struct Authority Authority;

/* What is missing is made. key: borrowed; NULL: there is none. *error: a file cannot be read or is none. */
Authority *authority_open(const char *state_dir, const StateKey *key, UnixTime now, GError **error);
void authority_free(Authority *authority); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Authority, authority_free)

/* PEM: the root, the CA that signs, and those that signed before it; newly allocated. */
char *authority_chain(Authority *authority);
gboolean authority_root_key_here(const Authority *authority);

/* Where swtpm_localca finds the private key that it signs with; lasts as long as the authority. Between these two calls it
 * belongs to the certificate in issuercert.pem. */
const char *authority_key_path(const Authority *authority);
void authority_use_begin(Authority *authority);
void authority_use_end(Authority *authority);

/* A new CA below the root takes the place of the one that signs; what that one signed goes on being valid. root_key: a file
 * with the root's private key, plain or sealed; NULL: it lies in the folder. */
gboolean authority_renew(Authority *authority, const char *root_key, UnixTime now, GError **error);

/* The certificates with these serial numbers (attest/crl.h; NULL ends them) hold no more, for good: all of them, or none where
 * FALSE sets *error. */
gboolean authority_revoke(Authority *authority, const char *const *serials, const char *reason, UnixTime now, GError **error);
/* certificate: DER. */
gboolean authority_is_revoked(Authority *authority, GBytes *certificate);
/* [{"serial", "at", "reason"}]; a new reference. */
json_t *authority_revoked(Authority *authority);
/* PEM: what is revoked, signed by each CA that signed certificates; made anew once an hour, and when something is revoked. */
char *authority_crls(Authority *authority, UnixTime now);
/* The same in DER, by the CA of that name alone (issuer_id()); a new reference. NULL: there is no such CA. */
GBytes *authority_crl(Authority *authority, const char *id, UnixTime now);

/* Certificates that are made from now on say where that list is: at ADDRESS/ID.crl. NULL: nowhere, as in the beginning. Before
 * any is made. */
void authority_crl_address_set(Authority *authority, const char *address);
const char *authority_crl_address(const Authority *authority); /* borrowed */

/* A change record (attest/record.h), signed by a key that this CA certified; newly allocated. NULL sets *error. */
char *authority_record_sign(Authority *authority, const json_t *record, GError **error);
