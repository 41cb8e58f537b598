#include "attest/pcrs.h"

#include "attest/digest.h"
#include "attest/event_type.h"

#include <string.h>

/* Those of a dynamic launch, which did not take place. */
#define FIRST_OF_ONES 17
#define LAST_OF_ONES  22

static void
start(Pcrs *pcrs)
{
    memset(pcrs, 0, sizeof *pcrs);
    memset(pcrs->values[FIRST_OF_ONES], 0xff, (LAST_OF_ONES - FIRST_OF_ONES + 1) * SHA256_SIZE);
}

static gboolean
is_startup_locality(const LogEvent *event)
{
    return event->pcr == 0 && event->size == 17 && memcmp(event->data, "StartupLocality", 16) == 0;
}

guint8
pcrs_startup_locality(const EventLog *log)
{
    guint8 locality = 0;
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *event = event_log_get(log, i);
        if (event->type == EV_NO_ACTION && is_startup_locality(event))
            locality = event->data[16];
        else if (event->type != EV_NO_ACTION && event->pcr == 0)
            break;
    }
    return locality;
}

void
pcr_extend(Pcrs *pcrs, guint pcr, const guint8 digest[SHA256_SIZE])
{
    sha256_two(pcrs->values[pcr], SHA256_SIZE, digest, SHA256_SIZE, pcrs->values[pcr]);
}

void
pcrs_replay(const EventLog *log, Pcrs *ret_pcrs)
{
    start(ret_pcrs);
    ret_pcrs->values[0][SHA256_SIZE - 1] = pcrs_startup_locality(log);
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *event = event_log_get(log, i);
        if (event->type != EV_NO_ACTION)
            pcr_extend(ret_pcrs, event->pcr, event->digest);
    }
}

void
pcrs_digest(const Pcrs *pcrs, guint32 mask, guint8 ret_digest[SHA256_SIZE])
{
    guint8 all[N_PCRS * SHA256_SIZE];
    gsize size = 0;
    for (guint pcr = 0; pcr < N_PCRS; pcr++) {
        if (!(mask & 1u << pcr))
            continue;
        memcpy(all + size, pcrs->values[pcr], SHA256_SIZE);
        size += SHA256_SIZE;
    }
    sha256(all, size, ret_digest);
}
