/* api/tls_pair.h: a certificate and its key as handshakes take them: never changed, and counted, as a connection may outlast
 * the certificate that it began with. */
#pragma once

#include <glib.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

typedef struct TlsPair TlsPair;

/* PEM: a chain, the server's own certificate first, and the key of that. NULL sets *error. */
TlsPair *tls_pair_new(const char *certificate, const char *key, GError **error);
void tls_pair_unref(TlsPair *pair); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsPair, tls_pair_unref)

/* Before the session's first handshake: it uses this pair, which outlives it. */
void tls_pair_offer(TlsPair *pair, gnutls_session_t session);
/* MHD_OPTION_HTTPS_CERT_CALLBACK, for sessions that were offered one. */
gnutls_certificate_retrieve_function2 tls_pair_retrieve;

/* The pair that new connections get; any thread. */
typedef struct {
    GMutex lock;
    TlsPair *pair; /* NULL: none yet */
} TlsSlot;

void tls_slot_init(TlsSlot *slot);
void tls_slot_clear(TlsSlot *slot);
void tls_slot_put(TlsSlot *slot, TlsPair *pair); /* takes it */
TlsPair *tls_slot_ref(TlsSlot *slot);            /* give it to tls_pair_unref() */
