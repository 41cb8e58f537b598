/* Real boots and forged evidence: each gets its verdict, and the component or the reason. */
#include "edited.h"
#include "signer.h"

#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    Verdict verdict;
    int pcr; /* of the worst difference; -1: none */
    const char *component;
    guint differences;
    const char *reason; /* a part of it */
} boots[] = {
    { "secure", VERDICT_HEALTHY, -1, NULL, 0, NULL },
    { "secure-second-boot", VERDICT_HEALTHY, -1, NULL, 0, NULL },
    { "secure-instance2", VERDICT_HEALTHY, -1, NULL, 0, NULL },
    { "secure-smp2", VERDICT_NOT_JUDGED, 0, "firmware volume", 1, "PCR 0" },
    { "secure-mem1024", VERDICT_NOT_JUDGED, 0, "firmware volume", 1, "PCR 0" },
    { "sb-off", VERDICT_DEVIATION, 7, "SecureBoot", 11, "SecureBoot is 'off', the reference has 'on'" },
    { "sb-off-tampered-grub", VERDICT_DEVIATION, 4, "\\EFI\\BOOT\\grubx64.efi", 12, "has digest c7cfd35d" },
    { "sb-off-unsigned-kernel", VERDICT_DEVIATION, 9, "(hd0,gpt1)/vmlinuz", 13, "the reference has 51349501" },
    { "sb-off-legacy-linux", VERDICT_NOT_ATTESTED, -1, NULL, 0, "no event log" },
    { "sb-on-initrd-changed", VERDICT_DEVIATION, 9, "(hd0,gpt1)/initrd.gz", 1, "has digest ca687e72" },
    { "sb-on-grubcfg-changed", VERDICT_DEVIATION, 9, "(hd0,gpt1)/EFI/debian/grub.cfg", 3, "has digest ef1ce9b9" },
};

static void
test_boots(void)
{
    g_auto(Case) known = case_read("secure");
    g_autoptr(EventLog) reference = event_log_parse(known.evidence.log, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(boots); i++) {
        g_auto(Case) one = case_read(boots[i].name);
        g_auto(Evidenced) seen = { 0 };
        g_auto(Judgement) judgement = { 0 };
        g_test_message("%s", boots[i].name);
        evidence_check(&one.evidence, one.nonce, &seen);
        judge(&seen, reference, "the reference", BASELINE_EXACT_DIGESTS, &judgement);
        g_assert_cmpstr(verdict_text(judgement.verdict), ==, verdict_text(boots[i].verdict));
        g_assert_cmpuint(judgement.differences ? judgement.differences->len : 0, ==, boots[i].differences);
        g_assert_cmpint(judgement.worst ? (int)judgement.worst->pcr : -1, ==, boots[i].pcr);
        g_assert_cmpstr(judgement.worst ? judgement.worst->name : NULL, ==, boots[i].component);
        g_assert_true(boots[i].reason ? strstr(judgement.reason, boots[i].reason) != NULL : judgement.reason == NULL);
    }
}

/* The command line is another one too, and both that have it are told, in the order in which they were measured. */
static void
test_all_are_listed(void)
{
    static const char *const names[] = { "(hd0,gpt1)/EFI/debian/grub.cfg", "grub_cmd", "kernel_cmdline" };
    g_auto(Case) known = case_read("secure");
    g_auto(Case) one = case_read("sb-on-grubcfg-changed");
    g_autoptr(EventLog) reference = event_log_parse(known.evidence.log, NULL);
    g_autoptr(EventLog) seen = event_log_parse(one.evidence.log, NULL);
    g_autoptr(GPtrArray) found = events_compare(reference, seen, EVIDENCE_PCRS, NULL);
    g_assert_cmpuint(found->len, ==, 3);
    for (guint i = 0; i < found->len; i++) {
        const Difference *difference = g_ptr_array_index(found, i);
        g_assert_cmpstr(difference->name, ==, names[i]);
        g_assert_cmpint(difference->kind, ==, DIFFERENCE_CHANGED);
    }
    const Difference *last = g_ptr_array_index(found, 2);
    g_autofree char *text = difference_text(last, "image X");
    g_assert_cmpstr(
        text, ==,
        "PCR 8: kernel_cmdline is '(hd0,gpt1)/vmlinuz console=ttyS0 quiet panic=1 init=/init systemd.debug-shell=1', "
        "image X has '(hd0,gpt1)/vmlinuz console=ttyS0 quiet panic=1'.");
}

/* Seen from the other side, what was missing is new. */
static void
test_new_and_missing(void)
{
    g_auto(Case) secure = case_read("secure");
    g_auto(Case) off = case_read("sb-off");
    g_autoptr(EventLog) a = event_log_parse(secure.evidence.log, NULL);
    g_autoptr(EventLog) b = event_log_parse(off.evidence.log, NULL);
    g_autoptr(GPtrArray) found = events_compare(a, b, 1u << 4, NULL);
    g_autoptr(GPtrArray) back = events_compare(b, a, 1u << 4, NULL);
    g_assert_cmpuint(found->len, ==, 2);
    g_assert_cmpuint(back->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        const Difference *missing = g_ptr_array_index(found, i), *new_one = g_ptr_array_index(back, i);
        g_assert_cmpint(missing->kind, ==, DIFFERENCE_MISSING);
        g_assert_null(missing->seen);
        g_assert_cmpint(new_one->kind, ==, DIFFERENCE_NEW);
        g_assert_cmpstr(new_one->seen, ==, missing->expected);
        g_assert_cmpstr(new_one->name, ==, "an image from memory");
    }
}

static void
test_without_reference(void)
{
    g_auto(Case) one = case_read("secure");
    g_auto(Evidenced) seen = { 0 };
    g_auto(Judgement) judgement = { 0 };
    evidence_check(&one.evidence, one.nonce, &seen);
    judge(&seen, NULL, "the reference", BASELINE_EXACT_DIGESTS, &judgement);
    g_assert_cmpint(judgement.verdict, ==, VERDICT_NOT_JUDGED);
    g_assert_nonnull(strstr(judgement.reason, "no reference"));
}

/* ---- forged ---- */

static void
replace(GBytes **bytes, GBytes *with)
{
    g_bytes_unref(*bytes);
    *bytes = g_bytes_ref(with);
}

/* Offset and length of an event in the log of `secure`, whose header has 65 bytes and whose events have one digest. */
static gsize
event_at(GBytes *log, guint number, gsize *ret_length)
{
    gsize size, at = 65;
    const guint8 *bytes = g_bytes_get_data(log, &size);
    for (guint i = 1;; i++) {
        gsize data = bytes[at + 46] | (gsize)bytes[at + 47] << 8;
        *ret_length = 50 + data;
        if (i == number)
            return at;
        at += *ret_length;
    }
}

static void
nothing(Case *one G_GNUC_UNUSED, Case *other G_GNUC_UNUSED)
{
}

static void
other_instances_quote(Case *one, Case *other)
{
    replace(&one->evidence.attest, other->evidence.attest);
    replace(&one->evidence.signature, other->evidence.signature);
    replace(&one->nonce, other->nonce);
}

static void
old_quote(Case *one, Case *other)
{
    replace(&one->nonce, other->nonce);
}

static void
no_nonce(Case *one, Case *other G_GNUC_UNUSED)
{
    g_bytes_unref(one->nonce);
    one->nonce = g_bytes_new(NULL, 0);
}

static void
other_key(Case *one, Case *other)
{
    replace(&one->evidence.ak, other->evidence.ak);
}

/* Not restricted: it signs whatever it is given. */
static void
unfit_key(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_damage(&one->evidence.ak, 7, 0x01);
}

static void
key_cut(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_cut(&one->evidence.ak, 80, 10);
}

static void
signature_changed(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_damage(&one->evidence.signature, 20, 0x01);
}

static void
signature_cut(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_cut(&one->evidence.signature, 70, 2);
}

static void
signature_of_sha1(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_damage(&one->evidence.signature, 3, 0x0b ^ 0x04);
}

static void
magic_changed(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_damage(&one->evidence.attest, 0, 0x01);
}

static void
quote_cut(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_cut(&one->evidence.attest, 140, 5);
}

/* The bytes say PCRs 0 to 8, and the signature no longer holds. */
static void
selection_changed(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_damage(&one->evidence.attest, 109, 0x02);
}

static void
quote_missing(Case *one, Case *other G_GNUC_UNUSED)
{
    g_clear_pointer(&one->evidence.attest, g_bytes_unref);
}

static void
log_missing(Case *one, Case *other G_GNUC_UNUSED)
{
    g_clear_pointer(&one->evidence.log, g_bytes_unref);
}

static void
log_of_other_boot(Case *one, Case *other)
{
    replace(&one->evidence.log, other->evidence.log);
}

static void
event_dropped(Case *one, Case *other G_GNUC_UNUSED)
{
    gsize length, at = event_at(one->evidence.log, 47, &length);
    bytes_cut(&one->evidence.log, at, length);
}

static void
event_added(Case *one, Case *other G_GNUC_UNUSED)
{
    gsize length, size, at = event_at(one->evidence.log, 47, &length);
    const guint8 *bytes = g_bytes_get_data(one->evidence.log, &size);
    GByteArray *more = g_byte_array_new();
    g_byte_array_append(more, bytes, (guint)(at + length));
    g_byte_array_append(more, bytes + at, (guint)(size - at));
    g_bytes_unref(one->evidence.log);
    one->evidence.log = g_byte_array_free_to_bytes(more);
}

static void
events_reordered(Case *one, Case *other G_GNUC_UNUSED)
{
    gsize first_length, second_length, size;
    gsize first = event_at(one->evidence.log, 31, &first_length), second = event_at(one->evidence.log, 32, &second_length);
    const guint8 *bytes = g_bytes_get_data(one->evidence.log, &size);
    GByteArray *turned = g_byte_array_new();
    g_byte_array_append(turned, bytes, (guint)first);
    g_byte_array_append(turned, bytes + second, (guint)second_length);
    g_byte_array_append(turned, bytes + first, (guint)first_length);
    g_byte_array_append(turned, bytes + second + second_length, (guint)(size - second - second_length));
    g_bytes_unref(one->evidence.log);
    one->evidence.log = g_byte_array_free_to_bytes(turned);
}

static void
digest_changed(Case *one, Case *other G_GNUC_UNUSED)
{
    gsize length, at = event_at(one->evidence.log, 30, &length);
    bytes_damage(&one->evidence.log, at + 20, 0x01);
}

/* "SecureBoot" says off, the digest says on. */
static void
secure_boot_lies(Case *one, Case *other G_GNUC_UNUSED)
{
    gsize length, at = event_at(one->evidence.log, 4, &length);
    bytes_damage(&one->evidence.log, at + length - 1, 0x01);
}

static void
command_line_lies(Case *one, Case *other G_GNUC_UNUSED)
{
    gsize length, at = event_at(one->evidence.log, 45, &length);
    bytes_damage(&one->evidence.log, at + length - 3, 0x01);
}

static void
log_cut_in_event(Case *one, Case *other G_GNUC_UNUSED)
{
    bytes_cut(&one->evidence.log, g_bytes_get_size(one->evidence.log) - 7, 7);
}

static void
log_without_end(Case *one, Case *other G_GNUC_UNUSED)
{
    gsize length, at = event_at(one->evidence.log, 50, &length);
    bytes_cut(&one->evidence.log, at, length);
}

static const struct {
    const char *why;
    void (*forge)(Case *one, Case *other);
    const char *other;
    EvidenceCheck check;
    const char *reason; /* has this word in it */
} forgeries[] = {
    { "as it was", nothing, "secure", EVIDENCE_HOLDS, NULL },
    { "another instance's quote", other_instances_quote, "secure-instance2", EVIDENCE_WRONG_KEY, "key" },
    { "an old quote", old_quote, "secure-second-boot", EVIDENCE_WRONG_NONCE, "nonce" },
    { "nobody knows what was asked", no_nonce, "secure", EVIDENCE_WRONG_NONCE, "nonce" },
    { "another TPM's key", other_key, "secure-instance2", EVIDENCE_WRONG_KEY, "key" },
    { "a key that is not restricted", unfit_key, "secure", EVIDENCE_KEY_UNFIT, "key" },
    { "half a key", key_cut, "secure", EVIDENCE_KEY_MALFORMED, "key" },
    { "another signature", signature_changed, "secure", EVIDENCE_WRONG_SIGNATURE, "signature" },
    { "half a signature", signature_cut, "secure", EVIDENCE_SIGNATURE_MALFORMED, "signature" },
    { "SHA-1 signed", signature_of_sha1, "secure", EVIDENCE_SIGNATURE_MALFORMED, "signature" },
    { "another magic", magic_changed, "secure", EVIDENCE_NOT_A_QUOTE, "not a quote" },
    { "half a quote", quote_cut, "secure", EVIDENCE_QUOTE_MALFORMED, "quote" },
    { "other PCRs than were signed", selection_changed, "secure", EVIDENCE_WRONG_SIGNATURE, "signature" },
    { "no quote", quote_missing, "secure", EVIDENCE_NO_QUOTE, "no quote" },
    { "no log", log_missing, "secure", EVIDENCE_NO_LOG, "no event log" },
    { "a log that hides the initrd", log_of_other_boot, "sb-on-initrd-changed", EVIDENCE_NOT_REPLAYED, "replay" },
    { "an event dropped", event_dropped, "secure", EVIDENCE_NOT_REPLAYED, "replay" },
    { "an event added", event_added, "secure", EVIDENCE_NOT_REPLAYED, "replay" },
    { "two events turned", events_reordered, "secure", EVIDENCE_NOT_REPLAYED, "replay" },
    { "a digest changed", digest_changed, "secure", EVIDENCE_NOT_REPLAYED, "replay" },
    { "data that is not what was measured", secure_boot_lies, "secure", EVIDENCE_LOG_UNTRUE, "truth" },
    { "a command line that was not measured", command_line_lies, "secure", EVIDENCE_LOG_UNTRUE, "truth" },
    { "a log that ends within an event", log_cut_in_event, "secure", EVIDENCE_LOG_MALFORMED, "event 50" },
    { "a log without its last event", log_without_end, "secure", EVIDENCE_NOT_REPLAYED, "replay" },
};

static void
test_forged(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        g_auto(Case) one = case_read("secure");
        g_auto(Case) other = case_read(forgeries[i].other);
        g_auto(Evidenced) seen = { 0 };
        g_test_message("%s", forgeries[i].why);
        forgeries[i].forge(&one, &other);
        evidence_check(&one.evidence, one.nonce, &seen);
        g_assert_cmpstr(evidence_check_text(seen.check), ==, evidence_check_text(forgeries[i].check));
        g_assert_true(forgeries[i].reason ? strstr(seen.reason, forgeries[i].reason) != NULL : seen.reason == NULL);
    }
}

/* What was signed or shown is not what is there, whichever bit it is. Only the texts that no digest covers may change. */
static void
test_every_byte_counts(void)
{
    const guint8 masks[] = { 0x01, 0x80 };
    for (guint part = 0; part < 4; part++) {
        g_auto(Case) whole = case_read("secure");
        GBytes *const bytes[] = { whole.evidence.attest, whole.evidence.signature, whole.evidence.ak, whole.nonce };
        for (gsize at = 0; at < g_bytes_get_size(bytes[part]); at++) {
            g_auto(Case) one = case_read("secure");
            g_auto(Evidenced) seen = { 0 };
            GBytes **const damaged[] = { &one.evidence.attest, &one.evidence.signature, &one.evidence.ak, &one.nonce };
            bytes_damage(damaged[part], at, masks[at % G_N_ELEMENTS(masks)]);
            evidence_check(&one.evidence, one.nonce, &seen);
            g_assert_cmpint(seen.check, !=, EVIDENCE_HOLDS);
        }
    }
}

/* Signed as it should be, over other PCRs than are needed, or other banks. */
static const struct {
    const char *why;
    Selection selections[2];
    guint n_selections;
    guint32 digest_pcrs;
    EvidenceCheck check;
} signed_quotes[] = {
    { "PCRs 0 to 9 and 14", { { 0x0b, EVIDENCE_PCRS } }, 1, EVIDENCE_PCRS, EVIDENCE_HOLDS },
    { "those of a unified kernel too", { { 0x0b, 0x7bff } }, 1, 0x7bff, EVIDENCE_HOLDS },
    { "all of them", { { 0x0b, 0xffffff } }, 1, 0xffffff, EVIDENCE_HOLDS },
    { "without PCR 9", { { 0x0b, EVIDENCE_PCRS & ~(1u << 9) } }, 1, EVIDENCE_PCRS & ~(1u << 9), EVIDENCE_TOO_FEW_PCRS },
    { "without PCR 14", { { 0x0b, 0x3ff } }, 1, 0x3ff, EVIDENCE_TOO_FEW_PCRS },
    { "the digest is that of fewer", { { 0x0b, EVIDENCE_PCRS } }, 1, 0x3ff, EVIDENCE_NOT_REPLAYED },
    { "SHA-1 alone", { { 0x04, EVIDENCE_PCRS } }, 1, EVIDENCE_PCRS, EVIDENCE_WRONG_BANK },
    { "SHA-1 besides", { { 0x04, EVIDENCE_PCRS }, { 0x0b, EVIDENCE_PCRS } }, 2, EVIDENCE_PCRS, EVIDENCE_WRONG_BANK },
    { "SHA-256 twice", { { 0x0b, 0x3ff }, { 0x0b, EVIDENCE_PCRS } }, 2, EVIDENCE_PCRS, EVIDENCE_WRONG_BANK },
    { "a bank of which nothing is taken", { { 0x04, 0 }, { 0x0b, EVIDENCE_PCRS } }, 2, EVIDENCE_PCRS, EVIDENCE_HOLDS },
    { "nothing", { { 0 } }, 0, 0, EVIDENCE_WRONG_BANK },
};

static void
test_signed(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(signed_quotes); i++) {
        g_auto(Case) one =
            signer_quote("secure", signed_quotes[i].selections, signed_quotes[i].n_selections, signed_quotes[i].digest_pcrs);
        g_auto(Evidenced) seen = { 0 };
        g_test_message("%s", signed_quotes[i].why);
        evidence_check(&one.evidence, one.nonce, &seen);
        g_assert_cmpstr(evidence_check_text(seen.check), ==, evidence_check_text(signed_quotes[i].check));
    }
}

/* Whatever it is compared with. */
static void
test_secure_boot(void)
{
    static const struct {
        const char *name;
        Verdict verdict;
    } cases[] = { { "secure", VERDICT_HEALTHY }, { "sb-off", VERDICT_DEVIATION } };
    for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        const guint n = i / 2;
        const gboolean approved = i % 2 == 0;
        g_auto(Case) one = case_read(cases[n].name);
        g_auto(Evidenced) seen = { 0 };
        g_auto(Judgement) judgement = { 0 };
        evidence_check(&one.evidence, one.nonce, &seen);
        judge(&seen, approved ? seen.log : NULL, "itself", BASELINE_EXACT_DIGESTS, &judgement);
        const Verdict without = approved ? VERDICT_HEALTHY : VERDICT_NOT_JUDGED;
        g_assert_cmpint(judgement.verdict, ==, without);
        judgement_need_secure_boot(&judgement, &seen);
        g_assert_cmpint(judgement.verdict, ==, cases[n].verdict == VERDICT_HEALTHY ? without : VERDICT_DEVIATION);
        g_assert_true(judgement.verdict != VERDICT_DEVIATION || strstr(judgement.reason, "Secure Boot was off"));
    }
}

/* What a stub takes in besides its image is judged, or there is no verdict: who could leave it out of the quote would. */
static const struct {
    const char *why, *measured;
    guint32 pcrs;
    Verdict verdict;
    const char *reason;
} stubs[] = {
    { "the same", "console=ttyS0", 0x7bff, VERDICT_HEALTHY, NULL },
    { "another one", "init=/bin/sh", 0x7bff, VERDICT_DEVIATION, "PCR 12: " },
    { "another one, which is not quoted", "init=/bin/sh", EVIDENCE_PCRS, VERDICT_NOT_ATTESTED, "PCRs 11 to 13" },
    { "nor are the others", "console=ttyS0", EVIDENCE_PCRS | 1u << 12, VERDICT_NOT_ATTESTED, "PCRs 11 to 13" },
};

/* By a quote over these PCRs, beside the log of `reference`. */
static void
edited_judge(const char *name, const Edit *edits, guint32 pcrs, const EventLog *reference, Judgement *ret_judgement)
{
    const Selection selection = { 0x0b, pcrs };
    g_autofree char *path = g_build_filename(name, "eventlog.bin", NULL);
    g_autoptr(GBytes) plain = fixture_read(path, FALSE), log = log_edit(plain, edits);
    g_auto(Case) one = signer_quote_log(log, &selection, 1, pcrs);
    g_auto(Evidenced) seen = { 0 };
    evidence_check(&one.evidence, one.nonce, &seen);
    g_assert_cmpint(seen.check, ==, EVIDENCE_HOLDS);
    judge(&seen, reference, "the reference", BASELINE_EXACT_DIGESTS, ret_judgement);
}

static void
expect_not_healthy(const Edit *edits, guint32 pcrs, Verdict verdict, const char *reason, Judgement *ret_judgement)
{
    g_autoptr(GBytes) plain = fixture_read("secure/eventlog.bin", FALSE);
    g_autoptr(EventLog) reference = event_log_parse(plain, NULL);
    edited_judge("secure", edits, pcrs, reference, ret_judgement);
    g_assert_cmpstr(verdict_text(ret_judgement->verdict), ==, verdict_text(verdict));
    g_assert_nonnull(strstr(ret_judgement->reason, reason));
}

/* The log says itself that a stub took in what no reference has. */
static void
test_stub_that_was_not_expected(void)
{
    const Edit edits[] = { { EDIT_STUB, 1, "init=/bin/sh", 12 }, { EDIT_END, 0, NULL, 0 } };
    g_auto(Judgement) few = { 0 };
    g_auto(Judgement) all = { 0 };
    expect_not_healthy(edits, EVIDENCE_PCRS, VERDICT_NOT_ATTESTED, "PCRs 11 to 13, where its own event log has events", &few);
    expect_not_healthy(edits, 0x7bff, VERDICT_DEVIATION, "PCR 12: init=/bin/sh was measured", &all);
}

/* Boot code goes before Secure Boot's lists, in the PCRs of a stub as in the others; and where Secure Boot is off by the model,
 * it alone is a deviation (engine/verdicts.c). */
static void
test_stub_is_boot_code(void)
{
    const Edit edits[] = { { EDIT_LAST_BYTE, 8, NULL, 0 }, { EDIT_STUB, 9, "init=/bin/sh", 12 }, { EDIT_END, 0, NULL, 0 } };
    g_auto(Judgement) judgement = { 0 };
    expect_not_healthy(edits, 0x7bff, VERDICT_DEVIATION, "PCR 12: ", &judgement);
    g_assert_cmpuint(judgement.differences->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        const Difference *difference = g_ptr_array_index(judgement.differences, i);
        g_assert_cmpint(difference_is_of_boot_code(difference), ==, difference->pcr == 12);
    }
}

/* systemd goes on in PCR 11, and no log of the firmware's has it: what is signed is behind the log by some of its words. */
static const struct {
    const char *why;
    gboolean has_image; /* a stub has measured one */
    const char *words[5];
    EvidenceCheck check;
} phases[] = {
    { "none yet", TRUE, { NULL }, EVIDENCE_HOLDS },
    { "in the initrd", TRUE, { "enter-initrd" }, EVIDENCE_HOLDS },
    { "all", TRUE, { "enter-initrd", "leave-initrd", "sysinit", "ready" }, EVIDENCE_HOLDS },
    { "without systemd in the initrd", TRUE, { "sysinit", "ready" }, EVIDENCE_HOLDS },
    { "without its beginning", TRUE, { "ready" }, EVIDENCE_NOT_REPLAYED },
    { "twice", TRUE, { "sysinit", "sysinit" }, EVIDENCE_NOT_REPLAYED },
    { "another word", TRUE, { "enter-initrd", "leave-initrd", "init=/bin/sh" }, EVIDENCE_NOT_REPLAYED },
    { "where no stub was", FALSE, { "sysinit" }, EVIDENCE_NOT_REPLAYED },
};

static void
test_phases(void)
{
    g_autoptr(GBytes) plain = fixture_read("secure/eventlog.bin", FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(phases); i++) {
        const Selection selection = { 0x0b, 0x7bff };
        const Edit image[] = { { phases[i].has_image ? EDIT_STUB : EDIT_END, 50, "an image", 11 }, { EDIT_END, 0, NULL, 0 } };
        Edit measured[8] = { { EDIT_END, 0, NULL, 0 } };
        guint n = 0;
        /* Each is put before those that are there. */
        for (guint word = G_N_ELEMENTS(phases[i].words); word-- > 0;) {
            if (phases[i].words[word])
                measured[n++] = (Edit){ EDIT_STUB, 50, phases[i].words[word], 11 };
        }
        measured[n] = image[0];
        measured[n + 1] = (Edit){ EDIT_END, 0, NULL, 0 };
        g_autoptr(GBytes) whole = log_edit(plain, measured), shown = log_edit(plain, image);
        g_auto(Case) one = signer_quote_log(whole, &selection, 1, selection.pcrs);
        g_auto(Evidenced) seen = { 0 };
        g_test_message("%s", phases[i].why);
        replace(&one.evidence.log, shown);
        evidence_check(&one.evidence, one.nonce, &seen);
        g_assert_cmpstr(evidence_check_text(seen.check), ==, evidence_check_text(phases[i].check));
    }
}

/* No event's digest covers where PCR 0 began, and the quote does. */
static void
test_startup_locality(void)
{
    const Edit three[] = { { EDIT_LOCALITY, 1, NULL, 3 }, { EDIT_END, 0, NULL, 0 } };
    const Edit zero[] = { { EDIT_LOCALITY, 1, NULL, 0 }, { EDIT_END, 0, NULL, 0 } };
    g_auto(Judgement) other = { 0 };
    g_auto(Judgement) same = { 0 };
    expect_not_healthy(three, EVIDENCE_PCRS, VERDICT_NOT_JUDGED, "PCR 0: ", &other);
    g_assert_cmpuint(other.differences->len, ==, 1);
    g_autofree char *text = difference_text(other.worst, "image X");
    g_assert_cmpstr(text, ==, "PCR 0: StartupLocality is '3', image X has '0'.");
    /* Said, and as it is where nothing is said. */
    g_autoptr(GBytes) plain = fixture_read("secure/eventlog.bin", FALSE);
    g_autoptr(EventLog) reference = event_log_parse(plain, NULL);
    edited_judge("secure", zero, EVIDENCE_PCRS, reference, &same);
    g_assert_cmpint(same.verdict, ==, VERDICT_HEALTHY);
}

/* Who is root in a guest measures what he likes, as often as he likes: it must not keep the daemon busy. */
static void
test_a_flood_of_events(void)
{
    enum { EXPECTED = 400, SEEN = 4000 };
    Edit *edits = g_new0(Edit, SEEN + 1);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) plain = fixture_read("secure/eventlog.bin", FALSE);
    for (guint i = 0; i < SEEN; i++) {
        g_ptr_array_add(texts, g_strdup_printf("%u%0200u", i, 0));
        edits[i] = (Edit){ EDIT_STUB, 50, texts->pdata[i], 8 };
    }
    g_autoptr(GBytes) seen_bytes = log_edit(plain, edits);
    edits[EXPECTED].kind = EDIT_END;
    for (guint i = 0; i < EXPECTED; i++)
        edits[i].text = i % 2 ? "set this=that" : "set that=this";
    g_autoptr(GBytes) expected_bytes = log_edit(plain, edits);
    g_autoptr(EventLog) seen = event_log_parse(seen_bytes, NULL), expected = event_log_parse(expected_bytes, NULL);
    const clock_t before = clock();
    g_autoptr(GPtrArray) found = events_compare(expected, seen, EVIDENCE_PCRS, NULL);
    g_assert_cmpfloat((double)(clock() - before) / CLOCKS_PER_SEC, <, 1);
    g_assert_cmpuint(found->len, ==, EXPECTED + SEEN);
    g_free(edits);
}

static void
test_stub(void)
{
    const Edit expected[] = { { EDIT_STUB, 1, "console=ttyS0", 12 }, { EDIT_END, 0, NULL, 0 } };
    g_autoptr(GBytes) plain = fixture_read("secure/eventlog.bin", FALSE), reference_log = log_edit(plain, expected);
    g_autoptr(EventLog) reference = event_log_parse(reference_log, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(stubs); i++) {
        const Edit edits[] = { { EDIT_STUB, 1, stubs[i].measured, 12 }, { EDIT_END, 0, NULL, 0 } };
        const Selection selection = { 0x0b, stubs[i].pcrs };
        g_autoptr(GBytes) log = log_edit(plain, edits);
        g_auto(Case) one = signer_quote_log(log, &selection, 1, stubs[i].pcrs);
        g_auto(Evidenced) seen = { 0 };
        g_auto(Judgement) judgement = { 0 };
        g_test_message("%s", stubs[i].why);
        evidence_check(&one.evidence, one.nonce, &seen);
        judge(&seen, reference, "the reference", BASELINE_EXACT_DIGESTS, &judgement);
        g_assert_cmpstr(verdict_text(judgement.verdict), ==, verdict_text(stubs[i].verdict));
        g_assert_true(stubs[i].reason ? strstr(judgement.reason, stubs[i].reason) != NULL : judgement.reason == NULL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verdict/boots", test_boots);
    g_test_add_func("/verdict/all-are-listed", test_all_are_listed);
    g_test_add_func("/verdict/new-and-missing", test_new_and_missing);
    g_test_add_func("/verdict/without-reference", test_without_reference);
    g_test_add_func("/verdict/secure-boot", test_secure_boot);
    g_test_add_func("/verdict/stub", test_stub);
    g_test_add_func("/verdict/stub-that-was-not-expected", test_stub_that_was_not_expected);
    g_test_add_func("/verdict/stub-is-boot-code", test_stub_is_boot_code);
    g_test_add_func("/evidence/phases", test_phases);
    g_test_add_func("/verdict/startup-locality", test_startup_locality);
    g_test_add_func("/verdict/a-flood-of-events", test_a_flood_of_events);
    g_test_add_func("/evidence/forged", test_forged);
    g_test_add_func("/evidence/signed", test_signed);
    g_test_add_func("/evidence/every-byte-counts", test_every_byte_counts);
    return g_test_run();
}
