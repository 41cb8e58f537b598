/* attest/baseline.h: what boots of an image are to measure, as a daemon hands it out. Pure.
 *
 * Form: JSON, as `GET …/Testudo.Attestation/baselines/{id}` answers. Of its "properties" these are read: "image" (exact
 * version), "vCPUs", "memoryMiB", "eventLog" (a TCG event log, base64), "eventLogSha256" (its digest, hexadecimal: a file that
 * was damaged is seen), and "withdrawnAt" where boots are compared with it no more. */
#pragma once

#include "attest/event_log.h"

typedef struct {
    char *name; /* how a reason calls it: "image Testudo:mini:gen2:1.0.0 (1 vCPUs, 512 MiB)" */
    EventLog *log;
} Baseline;

/* NULL sets *error: what is wrong with it. */
Baseline *baseline_parse(GBytes *bytes, GError **error);
void baseline_free(Baseline *baseline); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Baseline, baseline_free)
