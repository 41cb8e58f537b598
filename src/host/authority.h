/* host/authority.h: the CA of this host, in STATE/ca/vtpm: a root, and one below it that signs certificates of vTPMs'
 * endorsement keys (by swtpm_localca, whose names the files have) and of the key that signs change records. Made at the first
 * start. The root's private key is needed then, and for a new issuing CA: it may be taken off the host. Blocking; any thread.
 */
#pragma once

#include "base/clock.h"
#include "base/error.h"

#include <jansson.h>

typedef struct Authority Authority;

/* What is missing is made. *error: a file cannot be read or is none. */
Authority *authority_open(const char *state_dir, UnixTime now, GError **error);
void authority_free(Authority *authority); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Authority, authority_free)

/* PEM: the root, and the one that signs; newly allocated. */
char *authority_chain(Authority *authority);
gboolean authority_root_key_here(const Authority *authority);

/* A change record (attest/record.h), signed by a key that this CA certified; newly allocated. NULL sets *error. */
char *authority_record_sign(Authority *authority, const json_t *record, GError **error);
