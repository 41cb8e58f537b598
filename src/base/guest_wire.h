/* base/guest_wire.h: what testudo-guest prints, for it and for the daemon. Words and numbers alone: it is built without GLib.
 *
 * One answer to one question, and exit code 0; 1 where "failed" is the answer or something was refused, 2 for wrong arguments:
 *   health tcp PORT               tcp open                  it was connected to
 *   health http|https PORT PATH   http STATUS whole|cut     it answered; behind the line the body, cut after WIRE_BODY_MAX bytes,
 *                                                           or where no more of it came
 *   both                          failed WORD               one of the words below
 *   terminate-notice ID TIME      noticed
 *   terminate-ack ID              approved|waiting|unknown
 *   approve ID                    approved|unknown */
#pragma once

#define WIRE_BODY_MAX 4096u

/* Why there was no answer. */
#define WIRE_REFUSED      "refused"      /* nothing listens there */
#define WIRE_TIMED_OUT    "timed-out"    /* no status line and headers within the time */
#define WIRE_CLOSED       "closed"       /* the connection ended before them */
#define WIRE_NOT_HTTP     "not-http"     /* what came is no HTTP/1, or its headers have no end */
#define WIRE_TLS_FAILED   "tls-failed"   /* https: no TLS, or no common version and cipher */
#define WIRE_NO_TLS       "no-tls"       /* https: built without it */
#define WIRE_GUEST_FAILED "guest-failed" /* no loopback, no descriptors, no random numbers */

#define WIRE_NOTICED  "noticed"
#define WIRE_APPROVED "approved"
#define WIRE_WAITING  "waiting"
#define WIRE_UNKNOWN  "unknown" /* no such notice in this boot */
