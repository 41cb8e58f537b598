/* engine/verdicts.h: from what a guest handed over to what is known of its boot, and into the store. */
#pragma once

#include "attest/bundle.h"
#include "engine/pass.h"

/* Codes of verdicts that follow from the instance's own model. */
#define VERDICT_NO_VTPM         "noVTpm"
#define VERDICT_SECURE_BOOT_OFF "secureBootOff"

/* What testudo-guest printed, or why it did not. */
typedef struct {
    GBytes *nonce;
    GBytes *out; /* owned, or NULL */
    int exit_code;
    ArmCode error_code; /* ARM_N_CODES: it ran to its end */
    char *error_text;
    Bundle evidence; /* what is in `out`; empty where that is none */
    char *malformed; /* why it cannot be read as evidence, which it says it is; or NULL */
} GuestAnswer;
void guest_answer_clear(GuestAnswer *answer);
/* Once, when `out` is there: for those below. */
void guest_answer_read(GuestAnswer *answer);

/* The vTPM that the instance has now, as it was recorded when it was made; recorded now where it was not, and again where it is
 * another one. NULL sets *error. */
StoreVtpm *vtpm_know(Pass *pass, Held *held, GError **error);

/* The attestation key (TPM2B_PUBLIC) in the answer, where it is not the one that was shown to be in this vTPM; and the
 * endorsement key in it, which is this vTPM's. NULL: there is nothing to be shown. */
GBytes *verdict_new_key(const StoreVtpm *vtpm, const GuestAnswer *answer, GBytes **ret_ek);

/* Judges, and writes what it came to: history, vTPM, row, and the activity log where the verdict is another one. */
gboolean verdict_make(Pass *pass, Held *held, StoreVtpm *vtpm, const GuestAnswer *answer, GError **error);
/* The row says so from now on; nothing changes where it does already. */
void integrity_set(Pass *pass, Held *held, Integrity integrity);
/* Without any evidence: why there is none. */
gboolean verdict_put(Pass *pass, Held *held, Integrity integrity, const char *code, const char *reason, GError **error);
