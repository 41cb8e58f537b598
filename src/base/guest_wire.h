/* base/guest_wire.h: what testudo-guest prints, for it and for the daemon. Words and numbers alone: it is built without GLib.
 *
 * One answer to one question, and exit code 0; 1 where "failed" is the answer or something was refused, 2 for wrong arguments,
 * and more than that from those that ask the TPM (guest/guest.h):
 *   health tcp PORT               tcp open                  it was connected to
 *   health http|https PORT PATH   http STATUS whole|cut     it answered; behind the line the body, cut after
 *                                                           WIRE_BODY_MAX bytes, or where no more of it came
 *   both                          failed WORD               one of the words below
 *   terminate-notice ID TIME      noticed
 *   terminate-ack ID              approved|waiting|unknown
 *   approve ID                    approved|unknown
 *   quote NONCE                   evidence, as below
 *   eventlog FROM                 how its log goes on from there
 *   activate ID-OBJECT SECRET     secret HEX                what the credential for this TPM's keys had in it
 *   these three                   failed WORD               one of those of the TPM below. Where that refused something, then
 *                                                           the command, "TPM_RC_" and a name or "unknown", the code as 0x…,
 *                                                           and what it is about: "handle 1", "parameter 2", "session 1"
 *   assess                        an assessment, as below
 *   token --nonce NONCE           a token, on one line; or failed WORD, one of WIRE_TOKEN_… or timed-out. A guest asks that
 * itself
 *
 * Evidence is a folder in one piece: the line WIRE_EVIDENCE; parts, each a line "NAME LENGTH" and that many bytes; the line
 * WIRE_END. No part is empty. Their names are those of the files that `testudo attest verify-file` finds in a folder, and a
 * reader passes over names that it does not know. WIRE_LOG may come in several, one after the other; it is missing where the
 * kernel has none. Where no more than so many bytes of the log were asked for, the line "more FROM" stands in place of
 * WIRE_END, and what `eventlog FROM` answers, put behind it, goes on. The nonce is not in it: who asked knows it.
 *
 * An assessment is the line WIRE_ASSESSMENT, facts, and the line WIRE_END. A fact is a line of words with one space between
 * them; in a word everything but printable ASCII is '?', and nothing is "-". A reader passes over facts that it does not know:
 *   secure-boot on|off|none|unseen   none: it did not boot by UEFI
 *   tpm yes|no
 *   module-signatures checked|unchecked   unchecked: this kernel was built without
 *   kernel RELEASE STATE             STATE: signed, unsigned, or unseen where the file was not found or is no PE program
 *   loader PATH STATE
 *   module NAME TAINTS STATE         those in use that taint the kernel; TAINTS as in /proc/modules
 *   luks DEVICE UUID systemd-tpm2|clevis-tpm2
 *   crypttab NAME                    to be opened by a TPM
 *   credential PATH                  sealed to a TPM, for systemd
 *   unseen WHAT NAME                 what could not be looked at: modules, loaders, volumes, volume, luks, luks1, clevis,
 *                                    crypttab, credential; or "rest": there is more than may be said */
#pragma once

/* The virtio-serial port by which a guest asks for a token of its own (host/guest_token.h), and why it got none. */
#define WIRE_TOKEN_PORT    "org.testudo.token.0"
#define WIRE_TOKEN_NO_PORT "no-port"
#define WIRE_TOKEN_BUSY    "port-busy"     /* another program asks at the moment */
#define WIRE_TOKEN_REFUSED "token-refused" /* the host says on standard error why */

#define WIRE_EVIDENCE  "evidence 1"
#define WIRE_ATTEST    "quote.attest"   /* TPMS_ATTEST */
#define WIRE_SIGNATURE "quote.sig"      /* TPMT_SIGNATURE */
#define WIRE_AK        "ak.pub"         /* TPM2B_PUBLIC */
#define WIRE_EK        "ek.pub"         /* TPM2B_PUBLIC */
#define WIRE_EK_CERT   "ek-rsa.crt.der" /* where the TPM has one */
/* What the quote covers, bit n for PCR n: all that firmware, boot loaders and kernels are measured into. 10 is IMA's, which
 * goes on after the boot. */
#define WIRE_QUOTED_PCRS (0x3ffu | 0xfu << 11)
#define WIRE_PCRS        "pcrs.bin" /* the values that were quoted, lowest PCR first, 32 bytes each */
#define WIRE_BOOT_ID     "boot-id"  /* the kernel's, 36 characters */
#define WIRE_LOG         "eventlog.bin"
/* Messages of the kernel about modules that it refused, or loaded unsigned, a line each (guest/refused.h). */
#define WIRE_REFUSED_MODULES "refused-modules"
#define WIRE_MORE            "more"
#define WIRE_END             "end"
#define WIRE_SECRET          "secret"

#define WIRE_ASSESSMENT        "assessment 1"
#define WIRE_SECURE_BOOT       "secure-boot"
#define WIRE_TPM               "tpm"
#define WIRE_MODULE_SIGNATURES "module-signatures"
#define WIRE_KERNEL            "kernel"
#define WIRE_LOADER            "loader"
#define WIRE_MODULE            "module"
#define WIRE_LUKS              "luks"
#define WIRE_CRYPTTAB          "crypttab"
#define WIRE_CREDENTIAL        "credential"
#define WIRE_UNSEEN            "unseen"
#define WIRE_SIGNED            "signed"
#define WIRE_UNSIGNED          "unsigned"

#define WIRE_BODY_MAX 4096u

/* Why there was no answer. */
#define WIRE_REFUSED      "refused"      /* nothing listens there */
#define WIRE_TIMED_OUT    "timed-out"    /* no status line and headers within the time */
#define WIRE_CLOSED       "closed"       /* the connection ended before them */
#define WIRE_NOT_HTTP     "not-http"     /* what came is no HTTP/1, or its headers have no end */
#define WIRE_TLS_FAILED   "tls-failed"   /* https: no TLS, or no common version and cipher */
#define WIRE_NO_TLS       "no-tls"       /* https: built without it */
#define WIRE_GUEST_FAILED "guest-failed" /* no loopback, no descriptors, no random numbers */

#define WIRE_NOTICED  "noticed"
#define WIRE_APPROVED "approved"
#define WIRE_WAITING  "waiting"
#define WIRE_UNKNOWN  "unknown" /* no such notice in this boot */

/* What is wrong with the TPM. */
#define WIRE_NO_TPM         "no-tpm"
#define WIRE_TPM_DENIED     "tpm-denied"     /* not root */
#define WIRE_TPM_LOCKED_OUT "tpm-locked-out" /* too many wrong authorizations */
#define WIRE_TPM_BUSY       "tpm-busy"       /* for a second, or another program has the device */
#define WIRE_TPM_ERROR      "tpm-error"
#define WIRE_TPM_NO_BANK    "no-sha256-pcrs"
#define WIRE_TPM_SILENT     "tpm-silent"  /* the device fails, or gives no answer within a minute */
#define WIRE_TPM_GARBLED    "tpm-garbled" /* its answer is none */
#define WIRE_NO_LOG         "no-log"
#define WIRE_LOG_UNREADABLE "log-unreadable"
