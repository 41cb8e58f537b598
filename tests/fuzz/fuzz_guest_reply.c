/* All that is done with what testudo-guest printed: attest/bundle.h, attest/evidence.h, attest/verdict.h, attest/report.h. The
 * nonce is taken from the reply, so that what comes after it is reached; a boot that is its own reference never deviates, and
 * is healthy where its quote covers all that a stub measures, too. */
#include "attest/bundle.h"
#include "attest/identity.h"
#include "attest/report.h"
#include "base/json.h"

#include "fuzz.h"

static void
judged_by(const Evidenced *seen, const EventLog *reference, BaselinePolicy policy)
{
    g_auto(Judgement) judgement = { 0 };
    judge(seen, reference, "the reference", policy, &judgement);
    g_autoptr(json_t) report = report_json(&judgement);
    g_autofree char *text = json_dumps(report, JSON_COMPACT);
    g_assert_nonnull(text);
    g_assert((judgement.verdict == VERDICT_HEALTHY) == (judgement.reason == NULL));
    g_assert(judgement.verdict != VERDICT_DEVIATION || judgement.worst);
    g_assert(seen->check == EVIDENCE_HOLDS || judgement.verdict == VERDICT_NOT_ATTESTED);
    const gboolean is_whole = (seen->quote.pcrs & EVIDENCE_STUB_PCRS) == EVIDENCE_STUB_PCRS;
    const gboolean is_its_own = seen->check == EVIDENCE_HOLDS && reference == seen->log;
    g_assert(!is_its_own || !is_whole || judgement.verdict == VERDICT_HEALTHY);
    g_assert(!is_its_own || judgement.verdict != VERDICT_DEVIATION);
}

static void
judged(const Evidenced *seen, const EventLog *reference)
{
    judged_by(seen, reference, BASELINE_EXACT_DIGESTS);
    judged_by(seen, reference, BASELINE_VENDOR_SIGNED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint8 nonce_of_nobody[32];
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_auto(Bundle) bundle = { 0 };
    g_auto(Evidenced) seen = { 0 };
    Quote quote;
    if (!bundle_parse(bytes, &bundle, NULL))
        return 0;
    const Evidence *evidence = &bundle.evidence;
    const gboolean is_quote = evidence->attest && quote_parse(evidence->attest, &quote) == QUOTE_READ;
    g_autoptr(GBytes) nonce =
        is_quote ? g_bytes_new(quote.nonce, quote.nonce_size) : g_bytes_new_static(nonce_of_nobody, sizeof nonce_of_nobody);
    evidence_check(evidence, nonce, &seen);
    g_assert((seen.reason == NULL) == (seen.check == EVIDENCE_HOLDS));
    judged(&seen, NULL);
    judged(&seen, seen.log);
    /* The signature stands in the way of a fuzzer; what a TPM would have signed goes through all of it too. */
    g_autoptr(EventLog) log = evidence->log ? event_log_parse(evidence->log, NULL) : NULL;
    if (log && seen.check != EVIDENCE_HOLDS) {
        const Evidenced signed_ = { .check = EVIDENCE_HOLDS, .log = log, .quote.pcrs = EVIDENCE_PCRS };
        judged(&signed_, log);
    }
    if (bundle.certificate && evidence->ek)
        identity_is_key_of(bundle.certificate, evidence->ek);
    return 0;
}
