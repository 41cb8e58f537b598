/* Consoles of real boots that Secure Boot refused (QEMU, OVMF, shim, GRUB of Debian 12), and what
 * is not a refusal. */
#include "host/qemu/refusal.h"

#include <string.h>

static const struct {
    const char *sample, *file, *words;
} samples[] = {
    { "tampered-shim-sb-on.serial.bin", "\\EFI\\BOOT\\BOOTX64.EFI", "BdsDxe: failed to load Boot0001" },
    { "tampered-grub-sb-on.serial.bin", "\\EFI\\BOOT\\grubx64.efi", "Verification failed: (0x1A) Security Violation" },
    { "unsigned-kernel-sb-on.serial.bin", "vmlinuz", "bad shim signature" },
};

/* Fed in pieces; where the refusal is complete, or -1. */
static gssize
read_in_pieces(const char *bytes, gsize length, gsize piece, char **ret_file, char **ret_text)
{
    g_autoptr(RefusalReader) reader = refusal_reader_new();
    for (gsize at = 0; at < length; at += piece) {
        if (refusal_reader_feed(reader, bytes + at, MIN(piece, length - at), ret_file, ret_text))
            return (gssize)at;
    }
    return -1;
}

static char *
sample_read(guint i, gsize *ret_length)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "serial", samples[i].sample, NULL);
    g_autoptr(GError) error = NULL;
    char *bytes = NULL;
    g_file_get_contents(path, &bytes, ret_length, &error);
    g_assert_no_error(error);
    return bytes;
}

static void
test_names_what_was_refused_whatever_the_pieces(void)
{
    static const gsize pieces[] = { 1, 2, 7, 64, 4096, G_MAXSSIZE };
    for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
        gsize length;
        g_autofree char *bytes = sample_read(i, &length);
        for (guint k = 0; k < G_N_ELEMENTS(pieces); k++) {
            g_autofree char *file = NULL, *text = NULL;
            g_assert_cmpint(read_in_pieces(bytes, length, pieces[k], &file, &text), >=, 0);
            g_assert_cmpstr(file, ==, samples[i].file);
            g_assert_nonnull(strstr(text, samples[i].words));
        }
    }
}

/* A cut console tells the refusal from the byte on that completes it, and nothing before. */
static void
test_every_prefix_is_silent_until_the_refusal_is_complete(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
        gsize length;
        g_autofree char *bytes = sample_read(i, &length);
        g_autofree char *whole_file = NULL, *whole_text = NULL;
        gssize complete = read_in_pieces(bytes, length, 1, &whole_file, &whole_text);
        for (gsize cut = 0; cut <= length; cut++) {
            g_autofree char *exact = g_memdup2(bytes, cut);
            g_autofree char *file = NULL, *text = NULL;
            gssize at = read_in_pieces(exact, cut, 16, &file, &text);
            g_assert_cmpint(at >= 0, ==, cut > (gsize)complete);
        }
    }
}

static void
test_a_refusal_is_told_once(void)
{
    gsize length;
    g_autofree char *bytes = sample_read(0, &length);
    g_autoptr(RefusalReader) reader = refusal_reader_new();
    guint told = 0;
    for (guint i = 0; i < 3; i++) {
        g_autofree char *file = NULL, *text = NULL;
        told += refusal_reader_feed(reader, bytes, length, &file, &text);
    }
    g_assert_cmpuint(told, ==, 1);
}

static const struct {
    const char *name, *text, *file; /* file NULL: no refusal */
} cases[] = {
    { "the-path-that-the-firmware-names",
      "BdsDxe: failed to load Boot0003 \"x\" from HD(1,GPT)/\\EFI\\debian\\shimx64.efi: Access "
      "Denied\r\n",
      "\\EFI\\debian\\shimx64.efi" },
    { "another-failure-of-the-firmware", "BdsDxe: failed to load Boot0001 \"x\" from PciRoot: Not Found\r\n", NULL },
    { "denied-by-somebody-else", "bash: /root: Access Denied\r\n", NULL },
    { "a-violation-without-a-verification", "kernel: Security Violation in module\r\n", NULL },
    { "failed-without-a-violation", "Verification failed: (0x0E) Not Found\r\n", NULL },
    { "over-line-ends-and-colours", "\x1b[1;31mVerification failed:\x1b[0m\r\n (0x1A) Security Violation",
      "\\EFI\\BOOT\\grubx64.efi" },
    { "a-boot-that-goes-well", "BdsDxe: starting Boot0001\r\nWelcome to GRUB!\r\nLinux version 6.1\r\n", NULL },
};

static void
test_case(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autofree char *file = NULL, *text = NULL;
    read_in_pieces(cases[i].text, strlen(cases[i].text), 1, &file, &text);
    g_assert_cmpstr(file, ==, cases[i].file);
}

static void
test_what_came_long_before_is_forgotten(void)
{
    g_autoptr(RefusalReader) reader = refusal_reader_new();
    g_autofree char *file = NULL, *text = NULL;
    const char *start = "Verification failed", *end = "Security Violation";
    g_assert_false(refusal_reader_feed(reader, start, strlen(start), &file, &text));
    for (guint i = 0; i < 2000; i++)
        g_assert_false(refusal_reader_feed(reader, "more words\n", 11, &file, &text));
    g_assert_false(refusal_reader_feed(reader, end, strlen(end), &file, &text));
}

/* 4 MiB of each. A reader that went back over what it has would not come to their end within the test's time limit. */
static void
test_a_flood_is_read_to_its_end(void)
{
    static const char *const floods[] = { "\n", "\x1b[", "Security Violation\n", ": Access Denied ", "bad shim signatur " };
    for (guint i = 0; i < G_N_ELEMENTS(floods); i++) {
        g_autoptr(RefusalReader) reader = refusal_reader_new();
        g_autoptr(GString) block = g_string_new(NULL);
        g_autofree char *file = NULL, *text = NULL;
        while (block->len < 65536)
            g_string_append(block, floods[i]);
        for (guint k = 0; k < 64; k++)
            g_assert_false(refusal_reader_feed(reader, block->str, block->len, &file, &text));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/refusal/names-what-was-refused-whatever-the-pieces", test_names_what_was_refused_whatever_the_pieces);
    g_test_add_func("/refusal/every-prefix-is-silent-until-the-refusal-is-complete",
                    test_every_prefix_is_silent_until_the_refusal_is_complete);
    g_test_add_func("/refusal/a-refusal-is-told-once", test_a_refusal_is_told_once);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/refusal/", cases[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_case);
    }
    g_test_add_func("/refusal/what-came-long-before-is-forgotten", test_what_came_long_before_is_forgotten);
    g_test_add_func("/refusal/a-flood-is-read-to-its-end", test_a_flood_is_read_to_its_end);
    return g_test_run();
}
