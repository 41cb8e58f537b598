/* attest/evidence.h: does what a guest handed over prove which events its boot had? Pure.
 *
 * It proves them where a key of a TPM signed, for this nonce, PCRs to which the log leads. Whether these are the events that
 * there should have been is another question: attest/compare.h. Whose TPM it is, is a third: attest/identity.h. */
#pragma once

#include "attest/quote.h"

/* A quote has to cover these PCRs: firmware, boot code, Secure Boot, what GRUB does, and MOK. */
#define EVIDENCE_PCRS (0x3ffu | 1u << 14)
/* Command lines, credentials and extensions: what the stub of a unified kernel image and systemd-boot take in besides. A boot
 * that measures any of it needs all of these, too. */
#define EVIDENCE_STUB_PCRS (7u << 11)

/* From a guest, in the TPM's own formats. Borrowed; NULL: there is none. */
typedef struct {
    GBytes *attest;    /* TPMS_ATTEST */
    GBytes *signature; /* TPMT_SIGNATURE */
    GBytes *ak;        /* TPM2B_PUBLIC of the key that signed */
    GBytes *ek;        /* TPM2B_PUBLIC of the endorsement key; needed where the ak is below it */
    GBytes *log;       /* TCG event log */
} Evidence;

/* In the order in which they are looked for; the first one that is so is the answer. */
typedef enum {
    EVIDENCE_HOLDS,
    EVIDENCE_NO_QUOTE, /* one of attest, signature and ak is not there */
    EVIDENCE_QUOTE_MALFORMED,
    EVIDENCE_NOT_A_QUOTE,
    EVIDENCE_WRONG_NONCE, /* an old one again, or one for somebody else */
    EVIDENCE_KEY_MALFORMED,
    EVIDENCE_KEY_UNFIT, /* it may sign what did not come from the TPM */
    EVIDENCE_WRONG_KEY, /* the quote names another key, or this one is not in the endorsement hierarchy */
    EVIDENCE_SIGNATURE_MALFORMED,
    EVIDENCE_WRONG_SIGNATURE,
    EVIDENCE_WRONG_BANK, /* no SHA-256 PCRs, or others besides */
    EVIDENCE_TOO_FEW_PCRS,
    EVIDENCE_NO_LOG,
    EVIDENCE_LOG_MALFORMED,
    EVIDENCE_LOG_UNTRUE,   /* an event's data is not what its digest is of */
    EVIDENCE_NOT_REPLAYED, /* the log leads to other PCRs than those that were signed */
    EVIDENCE_N_CHECKS
} EvidenceCheck;

/* "wrongNonce" */
const char *evidence_check_text(EvidenceCheck check);

typedef struct {
    EvidenceCheck check;
    char *reason;  /* a sentence; NULL where it holds */
    EventLog *log; /* where it was read */
    Quote quote;   /* where it was read; leads into the evidence's bytes */
    TpmKey *ak;    /* where it was read */
} Evidenced;

/* nonce: what was asked for. */
void evidence_check(const Evidence *evidence, GBytes *nonce, Evidenced *ret_evidenced);
/* It holds no more where the quote is over fewer than these: what is measured into the others, the log alone says. */
void evidence_need_pcrs(Evidenced *evidenced, guint32 pcrs);
void evidenced_clear(Evidenced *evidenced);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Evidenced, evidenced_clear)
