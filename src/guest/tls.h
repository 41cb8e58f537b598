/* guest/tls.h: TLS 1.2 over a stream, as a client that believes any certificate: the application is on this very machine, and
 * what is asked is whether it answers, as Azure's extension asks it. ECDHE with AES-GCM or ChaCha20-Poly1305, RSA or ECDSA on
 * P-256, P-384 or P-521. Not TLS 1.3, which BearSSL does not speak: a service that speaks nothing else is WIRE_TLS_FAILED. */
#pragma once

#include "guest/stream.h"

typedef struct Tls Tls;

/* There is one, for there is one question. NULL: stream->why (WIRE_NO_TLS where this was built without BearSSL). */
Tls *tls_begin(Stream *stream);
/* As stream_read() and stream_write(). */
long tls_read(Tls *tls, void *bytes, size_t max);
bool tls_write_all(Tls *tls, const void *bytes, size_t length);
