/* api/webhook.h: alerts delivered to an address of the operator's: what the engine put into the store's deliveries, oldest
 * first, each until it is taken. On a thread of its own: nobody waits for the receiver, and what is not delivered yet when the
 * daemon ends is the next one's.
 *
 * Each is a POST of JSON in Azure Monitor's common alert schema. X-Testudo-Timestamp has seconds since 1970; with a secret,
 * X-Testudo-Signature has "sha256=" and, in hexadecimal, HMAC-SHA256 of the timestamp, a full stop and the body. Any status
 * from 200 to 299 takes it; else it is tried again, later each time. */
#pragma once

#include "store/alerts.h"

typedef struct {
    const char *url; /* http:// or https:// */
    GBytes *secret;  /* NULL: nothing is signed */
    const char *subscription, *location;
    gint64 retry_usec; /* after the first failure, doubled with each one more, at most an hour */
    gint64 keep_usec;  /* what could not be delivered for so long is given up */
} WebhookConfig;

#define WEBHOOK_RETRY_USEC (5 * G_GINT64_CONSTANT(1000000))
#define WEBHOOK_KEEP_USEC  (7 * G_GINT64_CONSTANT(86400000000))

typedef struct Webhook Webhook;

/* Everything given is copied or referenced, but for the store, which outlives it. */
Webhook *webhook_start(const WebhookConfig *config, Store *store);
void webhook_kick(Webhook *webhook); /* there may be something to deliver; any thread; accepts NULL */
void webhook_stop(Webhook *webhook); /* breaks off what is under way; accepts NULL */

/* When it is tried again after so many tries, from the last one on. Pure. */
gint64 webhook_wait(gint64 retry_usec, guint tries);
