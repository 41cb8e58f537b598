/* daemon/tls_keeper.h: HTTPS has a certificate that is valid, for as long as the daemon lives: its own is renewed in time, the
 * operator's files are read again. Looked at once an hour, and when somebody asks. Used from the clock's thread. */
#pragma once

#include "api/api.h"
#include "daemon/config.h"

typedef struct TlsKeeper TlsKeeper;

/* With the certificate that is to be served now, or *error says why there is none. Both given are borrowed. */
TlsKeeper *tls_keeper_new(const DaemonConfig *config, Clock *clock, GError **error);
void tls_keeper_free(TlsKeeper *keeper); /* before the server ends; accepts NULL */

const TlsFiles *tls_keeper_files(const TlsKeeper *keeper);
/* From now on this server, which was started with those files, gets what is newer. What cannot be used is said in the log,
 * once, and the certificate that is served stays. */
void tls_keeper_attend(TlsKeeper *keeper, Server *server);
/* Looks now; a problem that was said before is said again. Nothing happens before tls_keeper_attend(). */
void tls_keeper_reload(TlsKeeper *keeper);
