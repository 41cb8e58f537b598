/* attest/authenticode.h: on a small program made here, and on what Debian signed where it is installed. */
#include "attest/authenticode.h"
#include "attest/digest.h"

#include <string.h>

#define HEADERS      512
#define OPTIONAL     (64 + 4 + 20)
#define AT_CHECKSUM  (OPTIONAL + 64)
#define AT_DIRECTORY (OPTIONAL + 112 + 4 * 8)
#define AT_SECTIONS  (OPTIONAL + 240)
#define CODE         256
#define BEHIND       24
#define CERTIFICATE  40
#define SIZE         (HEADERS + 2 * CODE + BEHIND + CERTIFICATE)

static void
put(guint8 *at, guint64 value, guint n)
{
    for (guint i = 0; i < n; i++)
        at[i] = (guint8)(value >> (8 * i));
}

/* PE32+ with two sections, the later one first in the table, and something behind them. */
static guint8 *
program_new(void)
{
    guint8 *bytes = g_malloc0(SIZE);
    for (guint i = HEADERS; i < SIZE; i++)
        bytes[i] = (guint8)i;
    put(bytes, 0x5a4d, 2); /* MZ */
    put(bytes + 0x3c, 64, 4);
    put(bytes + 64, 0x4550, 4); /* PE */
    put(bytes + 64 + 4 + 2, 2, 2);
    put(bytes + 64 + 4 + 16, 240, 2);
    put(bytes + OPTIONAL, 0x20b, 2);
    put(bytes + OPTIONAL + 60, HEADERS, 4);
    put(bytes + OPTIONAL + 108, 16, 4);
    put(bytes + AT_DIRECTORY, SIZE - CERTIFICATE, 4);
    put(bytes + AT_DIRECTORY + 4, CERTIFICATE, 4);
    for (guint i = 0; i < 2; i++) {
        put(bytes + AT_SECTIONS + i * 40 + 16, CODE, 4);
        put(bytes + AT_SECTIONS + i * 40 + 20, HEADERS + (1 - i) * CODE, 4);
    }
    return bytes;
}

/* All but checksum, directory entry and certificates, as it lies in the file. */
static void
test_what_it_covers(void)
{
    g_autofree guint8 *bytes = program_new();
    g_autoptr(GByteArray) covered = g_byte_array_new();
    guint8 digest[SHA256_SIZE], expected[SHA256_SIZE];
    g_byte_array_append(covered, bytes, AT_CHECKSUM);
    g_byte_array_append(covered, bytes + AT_CHECKSUM + 4, AT_DIRECTORY - AT_CHECKSUM - 4);
    g_byte_array_append(covered, bytes + AT_DIRECTORY + 8, SIZE - CERTIFICATE - AT_DIRECTORY - 8);
    sha256(covered->data, covered->len, expected);
    g_assert_true(authenticode_sha256(bytes, SIZE, digest));
    g_assert_cmpmem(digest, SHA256_SIZE, expected, SHA256_SIZE);
}

static void
test_signing_changes_nothing(void)
{
    g_autofree guint8 *bytes = program_new();
    guint8 before[SHA256_SIZE], after[SHA256_SIZE];
    g_assert_true(authenticode_sha256(bytes, SIZE, before));
    put(bytes + AT_CHECKSUM, 0x12345678, 4);
    memset(bytes + SIZE - CERTIFICATE, 0xff, CERTIFICATE);
    g_assert_true(authenticode_sha256(bytes, SIZE, after));
    g_assert_cmpmem(before, SHA256_SIZE, after, SHA256_SIZE);
    /* Without a signature at all. */
    put(bytes + AT_DIRECTORY, 0, 8);
    g_assert_true(authenticode_sha256(bytes, SIZE - CERTIFICATE, after));
    g_assert_cmpmem(before, SHA256_SIZE, after, SHA256_SIZE);
}

static void
test_is_signed(void)
{
    g_autofree guint8 *bytes = program_new();
    g_assert_true(authenticode_is_signed(bytes, SIZE));
    put(bytes + AT_DIRECTORY, 0, 8);
    g_assert_false(authenticode_is_signed(bytes, SIZE));
    bytes[0] = 0;
    g_assert_false(authenticode_is_signed(bytes, SIZE));
}

/* Nothing is read past its end (the sanitizers look), and what lies outside is no program. */
static void
test_every_cut(void)
{
    g_autofree guint8 *bytes = program_new();
    for (gsize size = 0; size < SIZE - CERTIFICATE; size++) {
        g_autofree guint8 *cut = g_memdup2(bytes, MAX(size, 1));
        guint8 digest[SHA256_SIZE];
        const gboolean read = authenticode_sha256(cut, size, digest);
        g_assert_true(!read || size >= HEADERS + 2 * CODE + CERTIFICATE);
    }
}

static void
test_as_osslsigncode(const void *data)
{
    g_autofree char *tool = g_find_program_in_path("osslsigncode"), *out = NULL, *bytes = NULL;
    const char *argv[] = { tool, "verify", data, NULL }, *at;
    gsize size;
    guint8 digest[SHA256_SIZE];
    if (!tool || !g_file_get_contents(data, &bytes, &size, NULL)) {
        g_test_skip("osslsigncode, or the signed program, is not installed");
        return;
    }
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, NULL, NULL));
    if (strstr(out, "Invalid signature")) {
        g_test_skip("this osslsigncode (Debian 12 has 2.5) cannot read how shim is signed");
        return;
    }
    at = strstr(out, "Calculated message digest");
    at = at ? strchr(at, ':') : NULL;
    g_assert_nonnull(at);
    g_autofree char *expected = g_ascii_strdown(at + 2, 2 * SHA256_SIZE);
    g_assert_true(authenticode_sha256((const guint8 *)bytes, size, digest));
    g_autofree char *text = sha256_hex(digest);
    g_assert_cmpstr(text, ==, expected);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest/authenticode/what-it-covers", test_what_it_covers);
    g_test_add_func("/attest/authenticode/signing-changes-nothing", test_signing_changes_nothing);
    g_test_add_func("/attest/authenticode/is-signed", test_is_signed);
    g_test_add_func("/attest/authenticode/every-cut", test_every_cut);
    g_test_add_data_func("/attest/authenticode/shim-as-osslsigncode", "/usr/lib/shim/fbx64.efi.signed", test_as_osslsigncode);
    g_test_add_data_func("/attest/authenticode/grub-as-osslsigncode", "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
                         test_as_osslsigncode);
    return g_test_run();
}
