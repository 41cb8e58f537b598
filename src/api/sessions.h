/* api/sessions.h: who has signed in: to the portal, by a one-time code, or as a client such as `az`, by a secret. A code lives
 * in memory, a session in the store, of both the SHA-256 alone. Any thread.
 *
 * A session has the rights of who made its code, or of the secret; but it cannot make codes or sessions itself: what it opens
 * ends with it. */
#pragma once

#include "store/store.h"

/* What a session is for. Those of one kind push out, count as wrong and end none of another. */
typedef enum {
    SESSION_PORTAL,
    SESSION_CLIENT, /* a client is told at the beginning how long it has, so use makes that no longer */
    SESSION_N_KINDS
} SessionKind;

#define CODE_LIFETIME       (10 * 60 * USEC_PER_SEC)
#define SESSION_IDLE        (2 * 3600 * USEC_PER_SEC)
#define SESSION_LIFETIME    (12 * 3600 * USEC_PER_SEC)
#define CLIENT_LIFETIME     (3600 * USEC_PER_SEC)
#define CODES_MAX           16u
#define SESSIONS_MAX        256u
#define CLIENT_SESSIONS_MAX 1024u
/* Wrong codes within a minute, and wrong secrets, before more of them are refused for that. */
#define WRONG_MAX 20u

/* Who comes with the admin token. */
#define CALLER_TOKEN "token"

typedef struct Sessions Sessions;

/* Before that: where the admin token is another one than it was, what the former one has opened is over. */
gboolean sessions_end_with_token(Store *store, const char *token, GError **error);

/* Takes up what the store has; what is over goes. store: borrowed. */
Sessions *sessions_new(Store *store, UnixTime now, GError **error);
void sessions_free(Sessions *sessions); /* accepts NULL */

/* "7K3Q-9F0M-2XWA-TN4E": 80 bits; newly allocated. made_by: a caller that is no session. Of more than CODES_MAX the oldest go.
 */
char *sessions_code_make(Sessions *sessions, const char *made_by, UnixTime now);
/* Who made the code, newly allocated; the code is used up. Case, hyphens and blanks do not matter, nor does O for 0, or I and L
 * for 1. NULL sets *error: ARM_AUTHENTICATION_FAILED, or ARM_TOO_MANY_REQUESTS where too many were wrong. */
char *sessions_code_redeem(Sessions *sessions, const char *code, const char *resource, UnixTime now, GError **error);

/* What somebody came with to open one of this kind is wrong. FALSE: so were too many within a minute; of these the first is
 * noted in the activity log of `resource`. */
gboolean sessions_wrong(Sessions *sessions, SessionKind kind, const char *resource, UnixTime now);

/* A new session of the rights of made_by: its token, which is told to nobody else; newly allocated. It is noted in the activity
 * log of `resource`. client: what it calls itself; NULL: it is of the portal. *ret_end: when it ends if it is not used. Of more
 * than there may be of its kind the one that was not used for longest goes. */
char *sessions_open(Sessions *sessions, const char *made_by, const char *client, const char *resource, UnixTime now,
                    UnixTime *ret_end, GError **error);

/* The name of the session that has this token, as a caller ("portal:3f2a91c0", "client:77d0e41b"), for whom it counts as used;
 * newly allocated. NULL: there is none, or it is over. */
char *sessions_caller(Sessions *sessions, const char *token, UnixTime now);
gboolean sessions_is_session(const char *caller);
gboolean sessions_is_of_portal(const char *caller);
/* Does the session of this caller go on? Asking is no use of it. */
gboolean sessions_lasts(Sessions *sessions, const char *caller, UnixTime now);
/* One of the portal: it ends, which is noted as its beginning was. Whether or not the store took it, its token is good for
 * nothing from then on.
 */
gboolean sessions_close(Sessions *sessions, const char *caller, const char *resource, UnixTime now, GError **error);
