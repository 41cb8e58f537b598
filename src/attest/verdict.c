#include "attest/verdict.h"

#include "attest/event_type.h"
#include "attest/token.h"
#include "attest/vendor_signed.h"

static const char *const verdict_words[VERDICT_N] = {
    [VERDICT_HEALTHY] = "Healthy",
    [VERDICT_DEVIATION] = "Deviation",
    [VERDICT_NOT_JUDGED] = "NotJudged",
    [VERDICT_NOT_ATTESTED] = "NotAttested",
};

const char *
verdict_text(Verdict verdict)
{
    return verdict_words[verdict];
}

static gboolean
only_pcr0(const GPtrArray *differences)
{
    for (guint i = 0; i < differences->len; i++) {
        const Difference *difference = g_ptr_array_index(differences, i);
        if (difference->pcr != 0 && !difference->accepted)
            return FALSE;
    }
    return TRUE;
}

static gboolean
measures_stub(const EventLog *log)
{
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *event = event_log_get(log, i);
        if (event->type != EV_NO_ACTION && (EVIDENCE_STUB_PCRS & 1u << event->pcr))
            return TRUE;
    }
    return FALSE;
}

static const Difference *
first_accepted(const GPtrArray *differences)
{
    for (guint i = 0; i < differences->len; i++) {
        const Difference *difference = g_ptr_array_index(differences, i);
        if (difference->accepted)
            return difference;
    }
    return NULL;
}

/* It is healthy, and not as the reference. */
static char *
acceptance_text(const Judgement *judgement, const char *reference, BaselinePolicy policy, const char *signer)
{
    g_autofree char *text = difference_text(first_accepted(judgement->differences), reference);
    return g_strdup_printf("%s The policy %s accepts it: shim let it be loaded by the certificate of '%s'.", text,
                           baseline_policy_text(policy), signer);
}

void
judge(const Evidenced *evidenced, const EventLog *reference, const char *reference_name, BaselinePolicy policy,
      Judgement *ret_judgement)
{
    const guint32 mask = evidenced->quote.pcrs;
    g_autofree char *signer = NULL;
    *ret_judgement = (Judgement){ .verdict = VERDICT_NOT_ATTESTED };
    if (evidenced->check != EVIDENCE_HOLDS) {
        ret_judgement->reason = g_strdup(evidenced->reason);
        return;
    }
    if (!reference) {
        ret_judgement->verdict = VERDICT_NOT_JUDGED;
        ret_judgement->reason = g_strdup("There is no reference to compare this boot with.");
        return;
    }
    /* Who may leave a PCR out of the quote may leave its events out of the log. */
    const gboolean covers_stub = (mask & EVIDENCE_STUB_PCRS) == EVIDENCE_STUB_PCRS, expects_stub = measures_stub(reference);
    if (!covers_stub && (expects_stub || measures_stub(evidenced->log))) {
        ret_judgement->reason = g_strdup_printf("The quote does not cover PCRs 11 to 13, where %s has events.",
                                                expects_stub ? reference_name : "its own event log");
        return;
    }
    ret_judgement->differences = policy == BASELINE_VENDOR_SIGNED
                                     ? vendor_signed_compare(reference, evidenced->log, mask, &signer)
                                     : events_compare(reference, evidenced->log, mask, /* stands_for= */ NULL);
    ret_judgement->accepted = signer != NULL;
    ret_judgement->worst = differences_worst(ret_judgement->differences);
    if (!ret_judgement->worst) {
        ret_judgement->verdict = VERDICT_HEALTHY;
        ret_judgement->reason = ret_judgement->accepted ? acceptance_text(ret_judgement, reference_name, policy, signer) : NULL;
    } else if (only_pcr0(ret_judgement->differences)) {
        ret_judgement->verdict = VERDICT_NOT_JUDGED;
        ret_judgement->reason =
            g_strdup_printf("PCR 0: %s is not of this firmware, size and Secure Boot state; all else is as it "
                            "has it%s%s.",
                            reference_name, ret_judgement->accepted ? ", or accepted by the policy " : "",
                            ret_judgement->accepted ? baseline_policy_text(policy) : "");
    } else {
        ret_judgement->verdict = VERDICT_DEVIATION;
        ret_judgement->reason = difference_text(ret_judgement->worst, reference_name);
    }
}

void
judgement_need_secure_boot(Judgement *judgement, const Evidenced *evidenced)
{
    if ((judgement->verdict != VERDICT_HEALTHY && judgement->verdict != VERDICT_NOT_JUDGED) ||
        token_secure_boot(evidenced->log))
        return;
    judgement->verdict = VERDICT_DEVIATION;
    judgement->accepted = FALSE;
    g_free(judgement->reason);
    judgement->reason = g_strdup("PCR 7: Secure Boot was off in this boot, and the model has it on.");
}

void
judgement_disown(Judgement *judgement, const char *reason)
{
    if (judgement->verdict == VERDICT_NOT_ATTESTED)
        return;
    judgement_clear(judgement);
    *judgement = (Judgement){ .verdict = VERDICT_NOT_ATTESTED, .reason = g_strdup(reason) };
}

void
judgement_clear(Judgement *judgement)
{
    g_clear_pointer(&judgement->reason, g_free);
    g_clear_pointer(&judgement->differences, g_ptr_array_unref);
}
