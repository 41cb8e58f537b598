/* attest/chain.h: does a certificate lead to a CA? Pure; the time is passed in. RFC 5280, section 6. */
#pragma once

#include "base/clock.h"

#include <openssl/x509.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

/* Certificates: the first is the one in question, the others may lie between it and a root. */
typedef STACK_OF(X509) Chain;
Chain *chain_new(void);
void chain_free(Chain *chain); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chain, chain_free)
/* FALSE: it is none. */
gboolean chain_add(Chain *chain, GBytes *der);
X509 *chain_first(const Chain *chain); /* borrowed */
char *chain_name(const Chain *chain);  /* the first one's subject; newly allocated */

/* ca: PEM; its roots (signed by themselves) are trusted, its others may lie between. FALSE also where it has no root. */
gboolean chain_leads(const Chain *chain, GBytes *ca, UnixTime at);
/* Is there a root in it? */
gboolean chain_has_root(GBytes *ca);
