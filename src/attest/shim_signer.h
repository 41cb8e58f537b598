/* attest/shim_signer.h: by whose certificate did shim let be loaded all that it loaded? Pure.
 * Source: shim, verify.c (check_allowlist) and tpm.c (tpm_measure_variable): each authority that something was let by is an
 * event of its own in PCR 7, once, and also where the firmware has measured the same one for shim itself; mok.c: which
 * variables are measured, and where to. */
#pragma once

#include "attest/event_log.h"

/* The name of that certificate, newly allocated. NULL where that cannot be told: Secure Boot is not on, there is another
 * authority than the firmware's one, SBAT and one certificate of shim's, or MOK state that switches checks off. log: one whose
 * texts are believed. */
char *shim_signer(const EventLog *log);
