/* attest/components.h: boots of real VMs beside what their image's file has. */
#include "edited.h"
#include "signer.h"

#include "attest/components.h"
#include "attest/digest.h"
#include "attest/event_info.h"
#include "base/json.h"

#include <string.h>

/* As it would be computed of the image of `secure`: its log has the digests. Of a second partition nothing was read, where that
 * is asked for; and the kernel lies there. */
static Components *
components_of_secure(gboolean kernel_elsewhere)
{
    static const struct {
        const char *path;
        guint event, program; /* in the log, from 1; 0: none */
    } files[] = {
        { "/EFI/BOOT/BOOTX64.EFI", 0, 24 },
        { "/EFI/BOOT/GRUBX64.EFI", 0, 30 },
        { "/EFI/debian/grub.cfg", 35, 0 },
        { "/vmlinuz", 37, 43 },
        { "/initrd.gz", 47, 0 },
    };
    g_autoptr(GBytes) bytes = fixture_read("secure/eventlog.bin", FALSE);
    g_autoptr(EventLog) log = event_log_parse(bytes, NULL);
    g_autoptr(json_t) json = json_pack("{ss ss s[{si sb}] s[]}", "image", "a:b:c:1.0.0", "imageSha256", "", "partitions",
                                       "number", 1, "read", 1, "files");
    if (kernel_elsewhere)
        json_array_append_new(json_object_get(json, "partitions"), json_pack("{si sb}", "number", 2, "read", 0));
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        static const guint8 of_nothing[SHA256_SIZE];
        g_autofree char *digest = sha256_hex(files[i].event ? event_log_get(log, files[i].event - 1)->digest : of_nothing);
        g_autofree char *program = files[i].program ? sha256_hex(event_log_get(log, files[i].program - 1)->digest) : NULL;
        json_t *file = json_pack("{si ss ss}", "partition", 1, "path", files[i].path, "sha256", digest);
        if (program)
            json_object_set_new(file, "program", json_string(program));
        if (!kernel_elsewhere || strcmp(files[i].path, "/vmlinuz") != 0)
            json_array_append(json_object_get(json, "files"), file);
        json_decref(file);
    }
    g_autoptr(GError) error = NULL;
    Components *components = components_parse(json, &error);
    g_assert_no_error(error);
    return components;
}

static void
judged(const Components *components, const char *name, Judgement *ret_judgement)
{
    g_auto(Case) one = case_read(name);
    g_auto(Evidenced) seen = { 0 };
    evidence_check(&one.evidence, one.nonce, &seen);
    g_assert_cmpint(seen.check, ==, EVIDENCE_HOLDS);
    components_judge(components, &seen, "image a:b:c:1.0.0", ret_judgement);
}

static void
test_each_case(void)
{
    static const struct {
        const char *name, *worst; /* NULL: nothing differs */
        DifferenceKind kind;
    } cases[] = {
        { "secure", NULL, 0 },
        { "secure-smp2", NULL, 0 },
        { "sb-off", NULL, 0 },
        { "sb-off-tampered-grub", "\\EFI\\BOOT\\grubx64.efi", DIFFERENCE_CHANGED },
        { "sb-off-unsigned-kernel", "(hd0,gpt1)/vmlinuz", DIFFERENCE_CHANGED },
        { "sb-on-initrd-changed", "(hd0,gpt1)/initrd.gz", DIFFERENCE_CHANGED },
        { "sb-on-grubcfg-changed", "(hd0,gpt1)/EFI/debian/grub.cfg", DIFFERENCE_CHANGED },
    };
    g_autoptr(Components) components = components_of_secure(FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Judgement) judgement = { 0 };
        judged(components, cases[i].name, &judgement);
        g_assert_cmpstr(judgement.worst ? judgement.worst->name : NULL, ==, cases[i].worst);
        g_assert_cmpint(judgement.verdict, ==, cases[i].worst ? VERDICT_DEVIATION : VERDICT_NOT_JUDGED);
        g_assert_true(!cases[i].worst || judgement.worst->kind == cases[i].kind);
        if (cases[i].worst)
            g_assert_nonnull(strstr(judgement.reason, "image a:b:c:1.0.0 has "));
    }
}

static void
test_says_what_was_judged(void)
{
    g_autoptr(Components) components = components_of_secure(FALSE);
    g_auto(Judgement) judgement = { 0 };
    judged(components, "secure", &judgement);
    g_assert_true(
        g_str_has_prefix(judgement.reason, "4 programs (PCR 4) and 4 files (PCR 9) are those of image a:b:c:1.0.0. Of"));
}

/* What may lie on a partition that was not read is not said to be wrong, nor right. */
static void
test_what_was_not_read_is_not_judged(void)
{
    g_autoptr(Components) components = components_of_secure(TRUE);
    g_auto(Judgement) judgement = { 0 };
    g_auto(Judgement) tampered = { 0 };
    judged(components, "sb-off-tampered-grub", &tampered);
    g_assert_cmpint(tampered.verdict, ==, VERDICT_DEVIATION);
    g_assert_cmpstr(tampered.worst->name, ==, "\\EFI\\BOOT\\grubx64.efi");
    /* Its kernel is loaded from memory, without a path; as a file it is said to be of the partition that was read, and is not
     * there. */
    judged(components, "secure", &judgement);
    g_assert_cmpint(judgement.verdict, ==, VERDICT_DEVIATION);
    g_assert_cmpint(judgement.worst->kind, ==, DIFFERENCE_NEW);
    g_assert_cmpuint(judgement.differences->len, ==, 2);
    for (guint i = 0; i < 2; i++)
        g_assert_cmpuint(((Difference *)g_ptr_array_index(judgement.differences, i))->pcr, ==, 9);
}

#define OPTIONAL (64 + 4 + 20)
#define HEADERS  512

/* PE32+ without a section; its table of certificates is what lies behind the headers. */
static void
program_add(Components *components, const char *path, gboolean is_signed)
{
    guint8 bytes[HEADERS + 16] = { 'M', 'Z' };
    bytes[0x3c] = 64;
    bytes[64] = 'P';
    bytes[65] = 'E';
    bytes[64 + 4 + 16] = 240;
    bytes[OPTIONAL] = 0x0b;
    bytes[OPTIONAL + 1] = 0x02;
    bytes[OPTIONAL + 61] = HEADERS >> 8;
    bytes[OPTIONAL + 108] = 16;
    if (is_signed)
        bytes[OPTIONAL + 112 + 4 * 8 + 4] = 16;
    components_add_file(components, 1, path, bytes, sizeof bytes);
}

/* Who is root in the guest writes the log, in which only digests are proven. */
static void
test_what_the_log_calls_it_hides_nothing(void)
{
    enum { SHIM = 24, GRUB = 30 };
    static const struct {
        const char *why;
        Edit edits[3];
        Verdict verdict;
        const char *says;
    } cases[] = {
        { "another shim", { { EDIT_DIGEST, SHIM, "x", 0 } }, VERDICT_DEVIATION, "PCR 4: " },
        { "from elsewhere", { { EDIT_DIGEST, SHIM, "x", 0 }, { EDIT_SAYS, SHIM, NULL, 43 } }, VERDICT_DEVIATION, "PCR 4: " },
        { "no program", { { EDIT_DIGEST, SHIM, "x", 0 }, { EDIT_TYPE, SHIM, NULL, 6 } }, VERDICT_DEVIATION, "PCR 4: " },
        { "nor GRUB", { { EDIT_DIGEST, GRUB, "x", 0 }, { EDIT_TYPE, GRUB, NULL, 6 } }, VERDICT_NOT_JUDGED, "1 more could not" },
    };
    const Selection selection = { 0x0b, EVIDENCE_PCRS };
    g_autoptr(Components) components = components_of_secure(FALSE);
    g_autoptr(GBytes) plain = fixture_read("secure/eventlog.bin", FALSE);
    components_add_partition(components, 2, /* read= */ FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) log = log_edit(plain, cases[i].edits);
        g_auto(Case) one = signer_quote_log(log, &selection, 1, EVIDENCE_PCRS);
        g_auto(Evidenced) seen = { 0 };
        g_auto(Judgement) judgement = { 0 };
        g_test_message("%s", cases[i].why);
        evidence_check(&one.evidence, one.nonce, &seen);
        g_assert_cmpint(seen.check, ==, EVIDENCE_HOLDS);
        components_judge(components, &seen, "image a:b:c:1.0.0", &judgement);
        g_assert_cmpint(judgement.verdict, ==, cases[i].verdict);
        g_assert_nonnull(strstr(judgement.reason, cases[i].says));
    }
}

static void
test_boot_chain(void)
{
    static const struct {
        const char *signed_ones, *unsigned_ones;
        int expect; /* -1: it cannot be told */
    } cases[] = {
        { "/EFI/BOOT/BOOTX64.EFI /EFI/BOOT/grubx64.efi", "", TRUE },
        { "/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/grubx64.efi", FALSE },
        { "/EFI/BOOT/BOOTX64.EFI /EFI/BOOT/fbx64.efi", "/EFI/debian/SHIMX64.EFI", FALSE },
        { "", "/efi/boot/bootx64.efi", FALSE },
        /* Programs that are there besides. */
        { "/EFI/BOOT/BOOTX64.EFI", "/EFI/tools/memtest.efi /EFI/other/BOOTX64.EFI", TRUE },
        { "/EFI/debian/grubx64.efi", "", -1 },
        { "", "", -1 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Components) components = components_new("a:b:c:1.0.0", "00");
        for (guint of_signed = 0; of_signed < 2; of_signed++) {
            g_auto(GStrv) paths = g_strsplit(of_signed ? cases[i].signed_ones : cases[i].unsigned_ones, " ", -1);
            for (guint k = 0; paths[k]; k++)
                program_add(components, paths[k][0] ? paths[k] : "/grub.cfg", of_signed == 1);
        }
        gboolean is_signed = -1;
        g_test_message("signed %s, unsigned %s", cases[i].signed_ones, cases[i].unsigned_ones);
        g_assert_true(components_boot_chain(components, &is_signed) == (cases[i].expect >= 0));
        g_assert_cmpint(is_signed, ==, cases[i].expect);
    }
}

static void
test_json_there_and_back(void)
{
    g_autoptr(Components) components = components_new("a:b:c:1.0.0", "00");
    components_add_partition(components, 1, TRUE);
    components_add_file(components, 1, "/x", (const guint8 *)"x", 1);
    program_add(components, "/signed.efi", TRUE);
    g_autoptr(json_t) json = components_json(components);
    g_autoptr(Components) again = components_parse(json, NULL);
    g_autoptr(json_t) json_again = components_json(again);
    g_assert_true(json_equal(json, json_again));
    g_assert_cmpuint(components_n_files(again), ==, 2);
    json_object_set_new(json_array_get(json_object_get(json, "files"), 0), "sha256", json_string("XY"));
    g_assert_null(components_parse(json, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest/components/each-case", test_each_case);
    g_test_add_func("/attest/components/says-what-was-judged", test_says_what_was_judged);
    g_test_add_func("/attest/components/what-was-not-read-is-not-judged", test_what_was_not_read_is_not_judged);
    g_test_add_func("/attest/components/what-the-log-calls-it", test_what_the_log_calls_it_hides_nothing);
    g_test_add_func("/attest/components/boot-chain", test_boot_chain);
    g_test_add_func("/attest/components/json-there-and-back", test_json_there_and_back);
    return g_test_run();
}
