/* attest/verdict.h: has an instance booted what it should have? Pure. */
#pragma once

#include "attest/compare.h"
#include "attest/evidence.h"
#include "base/baseline_policy.h"

typedef enum {
    VERDICT_HEALTHY,
    VERDICT_DEVIATION,    /* the evidence holds, and says that something else booted */
    VERDICT_NOT_JUDGED,   /* the evidence holds, and there is nothing to compare it with */
    VERDICT_NOT_ATTESTED, /* the evidence does not hold, or is not known to be of a TPM that counts */
    VERDICT_N
} Verdict;

/* "Healthy", "Deviation", "NotJudged", "NotAttested" */
const char *verdict_text(Verdict verdict);

typedef struct {
    Verdict verdict;
    char *reason;            /* a sentence; NULL where it is healthy, and as the reference to the digest */
    gboolean accepted;       /* some of the differences are, by the policy */
    GPtrArray *differences;  /* of Difference, in log order; NULL where nothing was compared */
    const Difference *worst; /* of those that are not accepted, or NULL */
} Judgement;

/* reference: what should have been measured; NULL where that is not known. reference_name: how the reason calls it ("the
 * reference", an image's URN). PCR 0 depends on firmware, size and Secure Boot, so that a boot that differs there alone has no
 * reference. What the policy accepts is listed, and makes no deviation. */
void judge(const Evidenced *evidenced, const EventLog *reference, const char *reference_name, BaselinePolicy policy,
           Judgement *ret_judgement);
/* Secure Boot was to be on, and this boot has measured that it was not: a deviation, also where there was nothing to compare it
 * with, or it was approved like that. */
void judgement_need_secure_boot(Judgement *judgement, const Evidenced *evidenced);
/* Whose TPM it was that said so is not known, for this reason: it is not attested, whatever it says. What was amiss before
 * that stays the reason. */
void judgement_disown(Judgement *judgement, const char *reason);
void judgement_clear(Judgement *judgement);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Judgement, judgement_clear)
