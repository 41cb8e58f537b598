/* attest/pcrs.h: the PCRs that a log leads to. Pure.
 * Source: TPM 2.0 Library, Part 1, section 17 (PCR operations); TCG PC Client Platform Firmware Profile 1.06, section 10.4.5.3
 * (the locality that the TPM was started from is PCR 0's first value). */
#pragma once

#include "attest/event_log.h"

typedef struct {
    guint8 values[N_PCRS][SHA256_SIZE];
} Pcrs;

/* From a TPM that was just started. Events of type EV_NO_ACTION extend nothing. */
void pcrs_replay(const EventLog *log, Pcrs *ret_pcrs);

void pcr_extend(Pcrs *pcrs, guint pcr, const guint8 digest[SHA256_SIZE]);

/* PCR 0's first byte from the right: 0 where the log says nothing else before PCR 0 is extended. */
guint8 pcrs_startup_locality(const EventLog *log);

/* What a quote over the PCRs of the mask (bit n: PCR n) has as its digest: that of the values, lowest first. */
void pcrs_digest(const Pcrs *pcrs, guint32 mask, guint8 ret_digest[SHA256_SIZE]);
