#include "attest/verdict.h"

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
        if (((Difference *)g_ptr_array_index(differences, i))->pcr != 0)
            return FALSE;
    }
    return TRUE;
}

void
judge(const Evidenced *evidenced, const EventLog *reference, const char *reference_name, Judgement *ret_judgement)
{
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
    ret_judgement->differences = events_compare(reference, evidenced->log, evidenced->quote.pcrs);
    ret_judgement->worst = differences_worst(ret_judgement->differences);
    if (!ret_judgement->worst) {
        ret_judgement->verdict = VERDICT_HEALTHY;
    } else if (only_pcr0(ret_judgement->differences)) {
        ret_judgement->verdict = VERDICT_NOT_JUDGED;
        ret_judgement->reason =
            g_strdup_printf("PCR 0: %s is not of this firmware, size and Secure Boot state; all else is as it "
                            "has it.",
                            reference_name);
    } else {
        ret_judgement->verdict = VERDICT_DEVIATION;
        ret_judgement->reason = difference_text(ret_judgement->worst, reference_name);
    }
}

void
judgement_clear(Judgement *judgement)
{
    g_clear_pointer(&judgement->reason, g_free);
    g_clear_pointer(&judgement->differences, g_ptr_array_unref);
}
