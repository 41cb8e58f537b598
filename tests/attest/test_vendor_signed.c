/* The policy vendorSigned: what it accepts of boots that are not the reference to the digest, and what it never does. */
#include "edited.h"
#include "signer.h"

#include "attest/report.h"
#include "base/json.h"

#include <string.h>

#define EDITS_MAX 20

/* Events of `secure`, from 1. */
enum {
    FIRMWARE = 2,
    SECURE_BOOT = 4,
    DBX = 8,
    BOOT_ORDER = 10,
    AUTHORITY_DB = 22,
    PARTITIONS = 23,
    SHIM = 24,
    MOK_LIST = 25,
    SBAT_LEVEL = 27,
    MOK_LIST_TRUSTED = 28,
    AUTHORITY_SHIM = 29,
    GRUB = 30,
    GRUB_CFG = 35,
    KERNEL_SEARCHED = 37,
    TERMINAL = 40,
    LINUX = 41,
    KERNEL_READ = 42,
    KERNEL_VERIFIED = 43,
    KERNEL_VERIFIED_AGAIN = 44,
    COMMAND_LINE = 45,
    INITRD = 46,
    INITRD_READ = 47,
    BOOT = 48,
};

#define OTHER_IMAGE                                                                                                            \
    { EDIT_DIGEST, KERNEL_VERIFIED, "image", 0 },                                                                              \
    {                                                                                                                          \
        EDIT_DIGEST, KERNEL_VERIFIED_AGAIN, "image", 0                                                                         \
    }
#define OTHER_FILE                                                                                                             \
    { EDIT_DIGEST, KERNEL_SEARCHED, "file", 0 },                                                                               \
    {                                                                                                                          \
        EDIT_DIGEST, KERNEL_READ, "file", 0                                                                                    \
    }
#define OTHER_KERNEL OTHER_IMAGE, OTHER_FILE
#define ARGUMENTS    " console=ttyS0 quiet panic=1"
#define NAMED(kernel, initrd)                                                                                                  \
    { EDIT_LABEL, KERNEL_SEARCHED, kernel, 0 }, { EDIT_LABEL, KERNEL_READ, kernel, 0 },                                        \
        { EDIT_TEXT, LINUX, "linuxefi " kernel ARGUMENTS, 0 }, { EDIT_TEXT, COMMAND_LINE, kernel ARGUMENTS, 0 },               \
        { EDIT_TEXT, INITRD, "initrdefi " initrd, 0 },                                                                         \
    {                                                                                                                          \
        EDIT_LABEL, INITRD_READ, initrd, 0                                                                                     \
    }
#define NAMED_BEFORE NAMED("(hd0,gpt1)/boot/vmlinuz-6.1.0-56-amd64", "(hd0,gpt1)/boot/initrd.img-6.1.0-56-amd64")

static const struct {
    const char *why;
    Edit reference[EDITS_MAX], seen[EDITS_MAX];
    Verdict verdict;
    const char *worst; /* the name of the worst difference: what is new has that of its log */
    guint accepted;    /* so many differences are */
} boots[] = {
    /* accepted */
    { "the reference itself", { { 0 } }, { { 0 } }, VERDICT_HEALTHY, NULL, 0 },
    { "another kernel", { { 0 } }, { OTHER_KERNEL }, VERDICT_HEALTHY, NULL, 4 },
    { "the same kernel, signed again", { { 0 } }, { OTHER_FILE }, VERDICT_HEALTHY, NULL, 2 },
    { "another kernel, in a file of another version",
      { NAMED_BEFORE },
      { OTHER_KERNEL, NAMED("(hd0,gpt1)/boot/vmlinuz-6.1.0-57-amd64", "(hd0,gpt1)/boot/initrd.img-6.1.0-57-amd64") },
      VERDICT_HEALTHY,
      NULL,
      7 },
    { "the command line names no device",
      { NAMED("/vmlinuz", "/initrd.gz") },
      { NAMED("/vmlinuz", "/initrd.gz"), OTHER_KERNEL },
      VERDICT_HEALTHY,
      NULL,
      4 },
    { "another kernel at another size",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DIGEST, FIRMWARE, "2 vCPUs", 0 } },
      VERDICT_NOT_JUDGED,
      "firmware volume",
      4 },
    /* a deviation that names what nobody signed */
    { "another kernel and initrd",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DIGEST, INITRD_READ, "x", 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/initrd.gz",
      4 },
    { "another initrd", { { 0 } }, { { EDIT_DIGEST, INITRD_READ, "x", 0 } }, VERDICT_DEVIATION, "(hd0,gpt1)/initrd.gz", 0 },
    /* attacks, with another kernel each: nothing is accepted */
    { "another shim",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DIGEST, SHIM, "x", 0 } },
      VERDICT_DEVIATION,
      "\\EFI\\BOOT\\BOOTX64.EFI",
      0 },
    { "another GRUB",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DIGEST, GRUB, "x", 0 } },
      VERDICT_DEVIATION,
      "\\EFI\\BOOT\\grubx64.efi",
      0 },
    { "another GRUB that says it had no path",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DIGEST, GRUB, "x", 0 }, { EDIT_SAYS, GRUB, NULL, KERNEL_VERIFIED } },
      VERDICT_DEVIATION,
      "an image from memory",
      0 },
    { "Secure Boot off",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_LAST_BYTE, SECURE_BOOT, NULL, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "another dbx",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_LAST_BYTE, DBX, NULL, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "let by db",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_AGAIN, AUTHORITY_SHIM, NULL, AUTHORITY_DB } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "let by a MOK's digest",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_AUTHORITY, AUTHORITY_SHIM, "MokListRT", 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "let by another than shim's",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_LAST_BYTE, AUTHORITY_SHIM, NULL, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "another SBAT level",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_LAST_BYTE, SBAT_LEVEL, NULL, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "Secure Boot events in another order",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_MOVE_BEHIND, SBAT_LEVEL, NULL, AUTHORITY_SHIM } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "a MOK", { { 0 } }, { OTHER_KERNEL, { EDIT_DIGEST, MOK_LIST, "x", 0 } }, VERDICT_DEVIATION, "(hd0,gpt1)/vmlinuz", 0 },
    { "shim's checks switched off",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_AGAIN, MOK_LIST_TRUSTED, NULL, MOK_LIST_TRUSTED } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "another grub.cfg",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DIGEST, GRUB_CFG, "x", 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/EFI/debian/grub.cfg",
      0 },
    { "another grub.cfg that says it is the kernel",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DIGEST, GRUB_CFG, "file", 0 }, { EDIT_SAYS, GRUB_CFG, NULL, KERNEL_READ } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "an initrd that says it is the kernel",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DIGEST, INITRD_READ, "file", 0 }, { EDIT_SAYS, INITRD_READ, NULL, KERNEL_READ } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      4 },
    { "a file in the kernel's place that says it is another",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_LABEL, KERNEL_SEARCHED, "(hd0,gpt1)/other", 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/other",
      0 },
    { "another command line",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_TEXT, COMMAND_LINE, "(hd0,gpt1)/vmlinuz console=ttyS0 quiet panic=1 init=/bin/sh", 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "another version, and an argument more",
      { NAMED_BEFORE },
      { OTHER_KERNEL,
        NAMED("(hd0,gpt1)/boot/vmlinuz-6.1.0-57-amd64", "(hd0,gpt1)/boot/initrd.img-6.1.0-56-amd64"),
        { EDIT_TEXT, COMMAND_LINE, "(hd0,gpt1)/boot/vmlinuz-6.1.0-57-amd64 init=/bin/sh" ARGUMENTS, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/boot/vmlinuz-6.1.0-57-amd64",
      0 },
    { "a version that is an argument",
      { NAMED_BEFORE },
      { OTHER_KERNEL, NAMED("(hd0,gpt1)/boot/vmlinuz-6.1\tinit=/bin/sh", "(hd0,gpt1)/boot/initrd.img-6.1.0-56-amd64") },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/boot/vmlinuz-6.1\\x09init=/bin/sh",
      0 },
    { "a kernel in another folder",
      { NAMED_BEFORE },
      { OTHER_KERNEL, NAMED("(hd0,gpt1)/tmp/vmlinuz-6.1.0-57-amd64", "(hd0,gpt1)/boot/initrd.img-6.1.0-56-amd64") },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/tmp/vmlinuz-6.1.0-57-amd64",
      0 },
    { "another command",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_TEXT, TERMINAL, "linux (hd0,gpt1)/vmlinuz-2", 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "a command more",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_AGAIN, TERMINAL, NULL, TERMINAL } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "a command less", { { 0 } }, { OTHER_KERNEL, { EDIT_DROP, BOOT, NULL, 0 } }, VERDICT_DEVIATION, "(hd0,gpt1)/vmlinuz", 0 },
    { "a file more",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_AGAIN, GRUB_CFG, NULL, GRUB_CFG } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/EFI/debian/grub.cfg",
      0 },
    { "a second initrd",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_AGAIN, INITRD_READ, NULL, INITRD_READ } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "no initrd",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DROP, INITRD_READ, NULL, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "two images in the kernel's places",
      { { 0 } },
      { OTHER_FILE, { EDIT_DIGEST, KERNEL_VERIFIED, "image", 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "two files in the kernel's places",
      { { 0 } },
      { OTHER_IMAGE, { EDIT_DIGEST, KERNEL_READ, "file", 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "an image more",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_AGAIN, KERNEL_VERIFIED, NULL, KERNEL_VERIFIED } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "an image less",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_DROP, KERNEL_VERIFIED, NULL, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "the kernel before GRUB",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_MOVE_BEHIND, GRUB, NULL, KERNEL_VERIFIED } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "another boot order",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_LAST_BYTE, BOOT_ORDER, NULL, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
    { "other partitions",
      { { 0 } },
      { OTHER_KERNEL, { EDIT_LAST_BYTE, PARTITIONS, NULL, 0 } },
      VERDICT_DEVIATION,
      "(hd0,gpt1)/vmlinuz",
      0 },
/* references that prove nothing of the kernel, and boots that are like them but for it */
#define OF_BOTH(edit) { edit }, { edit, OTHER_KERNEL }, VERDICT_DEVIATION, "(hd0,gpt1)/vmlinuz", 0
#define EDIT(...)                                                                                                              \
    {                                                                                                                          \
        __VA_ARGS__                                                                                                            \
    }
    { "Secure Boot was never on", OF_BOTH(EDIT(EDIT_LAST_BYTE, SECURE_BOOT, NULL, 0)) },
    { "db let something be loaded by shim", OF_BOTH(EDIT(EDIT_AGAIN, AUTHORITY_SHIM, NULL, AUTHORITY_DB)) },
    { "so did a digest", OF_BOTH(EDIT(EDIT_AUTHORITY, AUTHORITY_SHIM, "MokListRT", 0)) },
    { "so did a second certificate", OF_BOTH(EDIT(EDIT_AGAIN, AUTHORITY_SHIM, NULL, AUTHORITY_SHIM)) },
    { "an authority that is not known", OF_BOTH(EDIT(EDIT_AUTHORITY, AUTHORITY_DB, "MokSBState", 0)) },
    { "shim let nothing be loaded", OF_BOTH(EDIT(EDIT_DROP, AUTHORITY_SHIM, NULL, 0)) },
    { "shim's checks were off", OF_BOTH(EDIT(EDIT_LABEL, MOK_LIST_TRUSTED, "MokSBState", 0)) },
    { "GRUB without shim", OF_BOTH(EDIT(EDIT_DROP, SHIM, NULL, 0)) },
    { "one more between GRUB and the kernel", OF_BOTH(EDIT(EDIT_AGAIN, GRUB, NULL, GRUB)) },
    { "the firmware loaded something last", OF_BOTH(EDIT(EDIT_AGAIN, KERNEL_VERIFIED_AGAIN, NULL, SHIM)) },
    { "GRUB came from memory", OF_BOTH(EDIT(EDIT_SAYS, GRUB, NULL, KERNEL_VERIFIED)) },
    { "two images were started", OF_BOTH(EDIT(EDIT_DIGEST, KERNEL_VERIFIED, "first", 0)) },
    { "two files were read", OF_BOTH(EDIT(EDIT_DIGEST, KERNEL_READ, "second", 0)) },
    { "the kernel has a path", OF_BOTH(EDIT(EDIT_SAYS, KERNEL_VERIFIED, NULL, GRUB)) },
    { "no command line", OF_BOTH(EDIT(EDIT_DROP, COMMAND_LINE, NULL, 0)) },
    { "two command lines", OF_BOTH(EDIT(EDIT_AGAIN, COMMAND_LINE, NULL, COMMAND_LINE)) },
};

static const Selection usual = { 0x0b, EVIDENCE_PCRS };

static GBytes *
log_of(const char *name, const Edit *edits)
{
    g_autofree char *path = g_build_filename(name, "eventlog.bin", NULL);
    g_autoptr(GBytes) log = fixture_read(path, FALSE);
    return log_edit(log, edits);
}

static void
judge_edited(const Edit *reference_edits, const Edit *seen_edits, BaselinePolicy policy, Judgement *ret_judgement)
{
    g_autoptr(GBytes) reference_log = log_of("secure", reference_edits), seen_log = log_of("secure", seen_edits);
    g_auto(Case) one = signer_quote_log(seen_log, &usual, 1, EVIDENCE_PCRS);
    g_autoptr(EventLog) reference = event_log_parse(reference_log, NULL);
    g_auto(Evidenced) seen = { 0 };
    evidence_check(&one.evidence, one.nonce, &seen);
    g_assert_cmpstr(evidence_check_text(seen.check), ==, "holds");
    judge(&seen, reference, "the reference", policy, ret_judgement);
}

static guint
n_accepted(const Judgement *judgement)
{
    guint n = 0;
    for (guint i = 0; i < judgement->differences->len; i++)
        n += ((const Difference *)g_ptr_array_index(judgement->differences, i))->accepted;
    return n;
}

static void
test_boots(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(boots); i++) {
        g_auto(Judgement) judgement = { 0 };
        g_test_message("%s", boots[i].why);
        judge_edited(boots[i].reference, boots[i].seen, BASELINE_VENDOR_SIGNED, &judgement);
        g_assert_cmpstr(verdict_text(judgement.verdict), ==, verdict_text(boots[i].verdict));
        g_assert_cmpstr(judgement.worst ? judgement.worst->name : NULL, ==, boots[i].worst);
        g_assert_cmpuint(n_accepted(&judgement), ==, boots[i].accepted);
        g_assert_cmpint(judgement.accepted, ==, boots[i].accepted > 0);
    }
}

/* By exact digests each of them deviates but the reference, and another size. */
static void
test_exact(void)
{
    for (guint i = 1; i < G_N_ELEMENTS(boots); i++) {
        g_auto(Judgement) judgement = { 0 };
        g_test_message("%s", boots[i].why);
        judge_edited(boots[i].reference, boots[i].seen, BASELINE_EXACT_DIGESTS, &judgement);
        g_assert_cmpint(judgement.verdict, ==, VERDICT_DEVIATION);
        g_assert_cmpuint(n_accepted(&judgement), ==, 0);
    }
}

/* Real boots read as they do by exact digests: none of them has another kernel alone. */
static void
test_real_boots(void)
{
    static const char *const names[] = { "secure",
                                         "secure-second-boot",
                                         "secure-instance2",
                                         "secure-smp2",
                                         "sb-off",
                                         "sb-off-tampered-grub",
                                         "sb-off-unsigned-kernel",
                                         "sb-on-initrd-changed",
                                         "sb-on-grubcfg-changed" };
    static const char *const references[] = { "secure", "sb-off" };
    for (guint i = 0; i < G_N_ELEMENTS(references) * G_N_ELEMENTS(names); i++) {
        const char *reference_name = references[i / G_N_ELEMENTS(names)], *name = names[i % G_N_ELEMENTS(names)];
        g_auto(Case) known = case_read(reference_name);
        g_auto(Case) one = case_read(name);
        g_autoptr(EventLog) reference = event_log_parse(known.evidence.log, NULL);
        g_auto(Evidenced) seen = { 0 };
        g_auto(Judgement) exact = { 0 };
        g_auto(Judgement) judgement = { 0 };
        g_test_message("%s beside %s", name, reference_name);
        evidence_check(&one.evidence, one.nonce, &seen);
        judge(&seen, reference, "R", BASELINE_EXACT_DIGESTS, &exact);
        judge(&seen, reference, "R", BASELINE_VENDOR_SIGNED, &judgement);
        g_assert_cmpint(judgement.verdict, ==, exact.verdict);
        g_assert_cmpstr(judgement.reason, ==, exact.reason);
        g_assert_cmpuint(judgement.differences->len, ==, exact.differences->len);
        g_assert_cmpuint(n_accepted(&judgement), ==, 0);
    }
}

/* It is healthy, and says what it is not. */
static void
test_it_is_told(void)
{
    static const Edit none[] = { { 0 } }, kernel[] = { OTHER_KERNEL, { 0 } };
    g_auto(Judgement) judgement = { 0 };
    judge_edited(none, kernel, BASELINE_VENDOR_SIGNED, &judgement);
    g_autoptr(json_t) report = report_json(&judgement);
    const json_t *components = json_object_get(report, "components");
    g_assert_cmpstr(json_string_value(json_object_get(report, "verdict")), ==, "Healthy");
    g_assert_true(json_is_null(json_object_get(report, "component")));
    g_assert_true(g_str_has_prefix(judgement.reason, "PCR 9: (hd0,gpt1)/vmlinuz has digest "));
    g_assert_true(g_str_has_suffix(judgement.reason, " The policy vendorSigned accepts it: shim let it be loaded by the "
                                                     "certificate of 'Debian Secure Boot CA'."));
    g_assert_cmpuint(json_array_size(components), ==, 4);
    for (guint i = 0; i < json_array_size(components); i++)
        g_assert_cmpstr(json_string_value(json_object_get(json_array_get(components, i), "acceptedBy")), ==, "vendorSigned");
    g_auto(Judgement) exact = { 0 };
    judge_edited(none, kernel, BASELINE_EXACT_DIGESTS, &exact);
    g_autoptr(json_t) other = report_json(&exact);
    g_assert_null(json_object_get(json_object_get(other, "component"), "acceptedBy"));
}

/* Whichever event but the kernel's it is that differs beside the kernel: it is a deviation, or another size. */
static void
test_any_other_event(void)
{
    static const Edit none[] = { { 0 } };
    for (guint event = 1; event <= 50; event++) {
        const gboolean is_kernel =
            event == KERNEL_SEARCHED || event == KERNEL_READ || event == KERNEL_VERIFIED || event == KERNEL_VERIFIED_AGAIN;
        const Edit edits[] = { OTHER_KERNEL, { is_kernel ? EDIT_END : EDIT_DIGEST, event, "x", 0 }, { 0 } };
        g_autoptr(GBytes) reference_log = log_of("secure", none), seen_log = log_of("secure", edits);
        g_autoptr(EventLog) reference = event_log_parse(reference_log, NULL), log = event_log_parse(seen_log, NULL);
        /* The data of some are not what they are of then: that makes no evidence, and here it does not matter. */
        const Evidenced seen = { .check = EVIDENCE_HOLDS, .log = log, .quote.pcrs = EVIDENCE_PCRS };
        g_auto(Judgement) judgement = { 0 };
        g_test_message("event %u", event);
        judge(&seen, reference, "R", BASELINE_VENDOR_SIGNED, &judgement);
        const guint32 pcr = event_log_get(log, event - 1)->pcr;
        g_assert_cmpint(judgement.verdict, ==, is_kernel ? VERDICT_HEALTHY : pcr == 0 ? VERDICT_NOT_JUDGED : VERDICT_DEVIATION);
        g_assert_cmpuint(n_accepted(&judgement), ==, is_kernel || pcr == 0 || event == INITRD_READ ? 4 : 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vendor-signed/boots", test_boots);
    g_test_add_func("/vendor-signed/exact", test_exact);
    g_test_add_func("/vendor-signed/real-boots", test_real_boots);
    g_test_add_func("/vendor-signed/it-is-told", test_it_is_told);
    g_test_add_func("/vendor-signed/any-other-event", test_any_other_event);
    return g_test_run();
}
