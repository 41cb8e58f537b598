/* api/exchange.h: one HTTP request and its answer, between libmicrohttpd and api_handle(). */
#pragma once

#include "api/api.h"
#include "api/guard.h"
#include "api/tls_pair.h"

#include <microhttpd.h>

/* What all listeners of a server share. */
typedef struct {
    Api *api;
    Guard *guard;
    char *https_url;   /* "https://127.0.0.1:8443", or NULL */
    GMutex lock;       /* of all below */
    gboolean stopping; /* answers that are not there yet will not be waited for */
    GQueue waiting;    /* of Ticket: requests whose answers come later */
    gint asked;        /* atomic: requests between api_handle() and the end of their answer's sending */
    GCond all_sent;    /* none of these is left */
} Exchanges;

typedef struct {
    Exchanges *exchanges;
    gboolean is_socket; /* the Unix socket: its owner needs no token */
    TlsSlot *tls;       /* NULL: no TLS */
} Listener;

void exchanges_init(Exchanges *exchanges, Api *api, gint64 request_limit_usec);
/* Whoever waits for an answer gets a 503 now; so do new requests. What comes later is dropped. Returns when they have it, or
 * after a second. */
void exchanges_stop(Exchanges *exchanges);
void exchanges_clear(Exchanges *exchanges);

/* Callbacks of libmicrohttpd; data is the Listener (of on_uri too). */
void *exchange_on_uri(void *data, const char *uri, struct MHD_Connection *connection);
enum MHD_Result exchange_on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                    const char *version, const char *upload, size_t *upload_size, void **state);
void exchange_on_completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);
void exchange_on_connection(void *data, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code);
