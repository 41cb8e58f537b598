#include "attest/evidence.h"

#include "attest/digest.h"
#include "attest/event_info.h"
#include "attest/pcrs.h"

#include <string.h>

/* A unified kernel image's own. */
#define STUB_PCR 11u

static const char *const evidence_check_words[EVIDENCE_N_CHECKS] = {
    [EVIDENCE_HOLDS] = "holds",
    [EVIDENCE_NO_QUOTE] = "noQuote",
    [EVIDENCE_QUOTE_MALFORMED] = "quoteMalformed",
    [EVIDENCE_NOT_A_QUOTE] = "notAQuote",
    [EVIDENCE_WRONG_NONCE] = "wrongNonce",
    [EVIDENCE_KEY_MALFORMED] = "keyMalformed",
    [EVIDENCE_KEY_UNFIT] = "keyUnfit",
    [EVIDENCE_WRONG_KEY] = "wrongKey",
    [EVIDENCE_SIGNATURE_MALFORMED] = "signatureMalformed",
    [EVIDENCE_WRONG_SIGNATURE] = "wrongSignature",
    [EVIDENCE_WRONG_BANK] = "wrongBank",
    [EVIDENCE_TOO_FEW_PCRS] = "tooFewPcrs",
    [EVIDENCE_NO_LOG] = "noEventLog",
    [EVIDENCE_LOG_MALFORMED] = "eventLogMalformed",
    [EVIDENCE_LOG_UNTRUE] = "eventLogUntrue",
    [EVIDENCE_NOT_REPLAYED] = "notReplayed",
};

static const char *const sentences[EVIDENCE_N_CHECKS] = {
    [EVIDENCE_NO_QUOTE] = "There is no quote: it needs the attestation, its signature and the attestation key.",
    [EVIDENCE_QUOTE_MALFORMED] = "The quote cannot be read: it is not a TPMS_ATTEST.",
    [EVIDENCE_NOT_A_QUOTE] = "What was signed is not a quote of a TPM.",
    [EVIDENCE_WRONG_NONCE] = "The quote is for another nonce: it is an old one, or one that was made for somebody else.",
    [EVIDENCE_KEY_UNFIT] =
        "The key is no attestation key: one that is restricted to what its TPM made, and fixed to it, is needed.",
    [EVIDENCE_WRONG_KEY] = "The quote was signed by another key, or by one outside the endorsement hierarchy.",
    [EVIDENCE_SIGNATURE_MALFORMED] =
        "The signature cannot be read: ECDSA, RSASSA or RSAPSS with SHA-256, as a TPMT_SIGNATURE, is taken.",
    [EVIDENCE_WRONG_SIGNATURE] = "The signature of the quote is not one of this key.",
    [EVIDENCE_WRONG_BANK] = "The quote is not over the SHA-256 bank of PCRs alone.",
    [EVIDENCE_TOO_FEW_PCRS] = "The quote does not cover PCRs 0 to 9 and 14.",
    [EVIDENCE_NO_LOG] = "There is a quote and no event log: the kernel was booted past its EFI stub, or the guest hides it.",
    [EVIDENCE_NOT_REPLAYED] =
        "The event log does not replay to the PCRs that were signed: it was shortened, added to or changed.",
};

const char *
evidence_check_text(EvidenceCheck check)
{
    return evidence_check_words[check];
}

static EvidenceCheck
quote_check(const Evidence *evidence, GBytes *nonce, Quote *quote)
{
    gsize size;
    const guint8 *asked = g_bytes_get_data(nonce, &size);
    if (!evidence->attest || !evidence->signature || !evidence->ak)
        return EVIDENCE_NO_QUOTE;
    switch (quote_parse(evidence->attest, quote)) {
    case QUOTE_MALFORMED:
        return EVIDENCE_QUOTE_MALFORMED;
    case QUOTE_NOT_ONE:
        return EVIDENCE_NOT_A_QUOTE;
    case QUOTE_READ:
        break;
    }
    return size > 0 && quote->nonce_size == size && memcmp(quote->nonce, asked, size) == 0 ? EVIDENCE_HOLDS
                                                                                           : EVIDENCE_WRONG_NONCE;
}

/* Right under the endorsement hierarchy, or under the endorsement key. */
static gboolean
names_key(const Quote *quote, const TpmKey *ak, GBytes *ek_bytes)
{
    guint8 name[TPM_NAME_SIZE];
    if (quote->signer_size != TPM_NAME_SIZE)
        return FALSE;
    tpm_key_qualified_name(ak, /* parent= */ NULL, TPM_RH_ENDORSEMENT, name);
    if (memcmp(quote->signer, name, TPM_NAME_SIZE) == 0)
        return TRUE;
    /* An endorsement key that cannot be read is as good as none. */
    g_autoptr(TpmKey) ek = ek_bytes ? tpm_key_parse(ek_bytes, NULL) : NULL;
    if (!ek)
        return FALSE;
    tpm_key_qualified_name(ak, ek, TPM_RH_ENDORSEMENT, name);
    return memcmp(quote->signer, name, TPM_NAME_SIZE) == 0;
}

static EvidenceCheck
key_check(const Evidence *evidence, Evidenced *evidenced)
{
    GError *error = NULL;
    evidenced->ak = tpm_key_parse(evidence->ak, &error);
    if (!evidenced->ak) {
        evidenced->reason = g_strdup(error->message);
        g_error_free(error);
        return EVIDENCE_KEY_MALFORMED;
    }
    if (!tpm_key_attests(evidenced->ak))
        return EVIDENCE_KEY_UNFIT;
    if (!names_key(&evidenced->quote, evidenced->ak, evidence->ek))
        return EVIDENCE_WRONG_KEY;
    switch (signature_check(evidence->signature, evidence->attest, evidenced->ak)) {
    case SIGNATURE_MALFORMED:
        return EVIDENCE_SIGNATURE_MALFORMED;
    case SIGNATURE_BROKEN:
        return EVIDENCE_WRONG_SIGNATURE;
    case SIGNATURE_HOLDS:
        break;
    }
    return EVIDENCE_HOLDS;
}

static EvidenceCheck
pcrs_check(const Quote *quote)
{
    if (quote->pcrs == 0 || quote->other_banks || quote->pcrs >> N_PCRS != 0)
        return EVIDENCE_WRONG_BANK;
    return (quote->pcrs & EVIDENCE_PCRS) == EVIDENCE_PCRS ? EVIDENCE_HOLDS : EVIDENCE_TOO_FEW_PCRS;
}

/* What is shown of an event must be what was measured. */
static EvidenceCheck
events_check(Evidenced *evidenced)
{
    for (guint i = 0; i < event_log_length(evidenced->log); i++) {
        const LogEvent *event = event_log_get(evidenced->log, i);
        if (event_proof(event) != EVENT_PROOF_BROKEN)
            continue;
        evidenced->reason =
            g_strdup_printf("The event log does not tell the truth: the data of event %u (PCR %u) is not what its "
                            "digest is of.",
                            i + 1, event->pcr);
        return EVIDENCE_LOG_UNTRUE;
    }
    return EVIDENCE_HOLDS;
}

static gboolean
is_signed(const Quote *quote, const Pcrs *pcrs)
{
    guint8 digest[SHA256_SIZE];
    pcrs_digest(pcrs, quote->pcrs, digest);
    return quote->digest && memcmp(quote->digest, digest, SHA256_SIZE) == 0;
}

/* systemd-pcrphase(8): where a stub has measured its image into PCR 11, systemd extends that by how far the boot has come,
 * which is in no log of the firmware's. Everybody knows these words: they say nothing of what ran, and stand for nothing else.
 */
static gboolean
is_signed_in_a_phase(const Quote *quote, const Pcrs *pcrs)
{
    static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit", "ready" };
    static const guint firsts[] = { 0, 2 }; /* with systemd in the initrd, and without */
    static const guint8 untouched[SHA256_SIZE];
    if (!(quote->pcrs & 1u << STUB_PCR) || memcmp(pcrs->values[STUB_PCR], untouched, SHA256_SIZE) == 0)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(firsts); i++) {
        Pcrs later = *pcrs;
        for (guint phase = firsts[i]; phase < G_N_ELEMENTS(phases); phase++) {
            guint8 digest[SHA256_SIZE];
            sha256(phases[phase], strlen(phases[phase]), digest);
            pcr_extend(&later, STUB_PCR, digest);
            if (is_signed(quote, &later))
                return TRUE;
        }
    }
    return FALSE;
}

static EvidenceCheck
log_check(const Evidence *evidence, Evidenced *evidenced)
{
    GError *error = NULL;
    Pcrs pcrs;
    if (!evidence->log)
        return EVIDENCE_NO_LOG;
    evidenced->log = event_log_parse(evidence->log, &error);
    if (!evidenced->log) {
        evidenced->reason = g_strdup(error->message);
        g_error_free(error);
        return EVIDENCE_LOG_MALFORMED;
    }
    pcrs_replay(evidenced->log, &pcrs);
    if (!is_signed(&evidenced->quote, &pcrs) && !is_signed_in_a_phase(&evidenced->quote, &pcrs))
        return EVIDENCE_NOT_REPLAYED;
    return events_check(evidenced);
}

void
evidence_check(const Evidence *evidence, GBytes *nonce, Evidenced *ret_evidenced)
{
    *ret_evidenced = (Evidenced){ 0 };
    ret_evidenced->check = quote_check(evidence, nonce, &ret_evidenced->quote);
    if (ret_evidenced->check == EVIDENCE_HOLDS)
        ret_evidenced->check = key_check(evidence, ret_evidenced);
    if (ret_evidenced->check == EVIDENCE_HOLDS)
        ret_evidenced->check = pcrs_check(&ret_evidenced->quote);
    if (ret_evidenced->check == EVIDENCE_HOLDS)
        ret_evidenced->check = log_check(evidence, ret_evidenced);
    if (!ret_evidenced->reason)
        ret_evidenced->reason = g_strdup(sentences[ret_evidenced->check]);
}

void
evidence_need_pcrs(Evidenced *evidenced, guint32 pcrs)
{
    if (evidenced->check != EVIDENCE_HOLDS || (evidenced->quote.pcrs & pcrs) == pcrs)
        return;
    evidenced->check = EVIDENCE_TOO_FEW_PCRS;
    evidenced->reason =
        g_strdup("The quote does not cover all PCRs that were asked for: something may be hidden in the others.");
}

void
evidenced_clear(Evidenced *evidenced)
{
    g_clear_pointer(&evidenced->reason, g_free);
    g_clear_pointer(&evidenced->log, event_log_free);
    g_clear_pointer(&evidenced->ak, tpm_key_free);
}
