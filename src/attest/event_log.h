/* attest/event_log.h: what a boot measured into the TPM, in order. Pure.
 *
 * Format: TCG PC Client Platform Firmware Profile 1.06, section 10 (crypto-agile log): one TCG_PCR_EVENT that holds the Spec ID
 * event, then TCG_PCR_EVENT2 after TCG_PCR_EVENT2. Of each event's digests the SHA-256 one is used. The log is a guest's word:
 * nothing in it is believed before it replays to PCRs that a TPM signed (attest/pcrs.h, attest/evidence.h). */
#pragma once

#include "base/error.h"

#define SHA256_SIZE          32
#define EVENT_LOG_MAX_BYTES  (1u << 20)
#define EVENT_LOG_MAX_EVENTS 4096
#define N_PCRS               24

/* data is what the event says about itself; which part of it the digest covers differs by type (attest/event_info.h). Both
 * point into the log. */
typedef struct {
    guint32 pcr; /* below N_PCRS */
    guint32 type;
    const guint8 *digest; /* SHA256_SIZE bytes */
    const guint8 *data;
    guint32 size;
} LogEvent;

typedef struct EventLog EventLog;

/* NULL sets *error: what is wrong, in which event, at which byte. Keeps a reference of bytes. */
EventLog *event_log_parse(GBytes *bytes, GError **error);
void event_log_free(EventLog *log); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventLog, event_log_free)

/* The events after the Spec ID event. */
guint event_log_length(const EventLog *log);
const LogEvent *event_log_get(const EventLog *log, guint index);
