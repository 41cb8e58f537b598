/* Evidence as it lies in files. */
#include "cli/evidence_files.h"

#include <glib/gstdio.h>

static void
is_written_as_it_is_read(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("testudo-evidence-XXXXXX", NULL), *folder = g_build_filename(dir, "one", NULL);
    g_autofree char *stray = g_build_filename(dir, "stray", NULL), *within = g_build_filename(folder, "other", NULL);
    g_autoptr(json_t) evidence =
        json_pack("{ss ss ss ss}", "quote.attest", "AQI=", "nonce.bin", "Aw==", "../stray", "BA==", "other", "BQ==");
    g_auto(Folder) read = { 0 };

    evidence_write(evidence, folder, &error);
    g_assert_no_error(error);
    evidence_read(folder, &read, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(read.evidence.attest, NULL), g_bytes_get_size(read.evidence.attest), "\1\2", 2);
    g_assert_cmpmem(g_bytes_get_data(read.nonce, NULL), g_bytes_get_size(read.nonce), "\3", 1);
    g_assert_null(read.evidence.signature);
    /* Whoever answers in the daemon's place writes nowhere else. */
    g_assert_false(g_file_test(stray, G_FILE_TEST_EXISTS) || g_file_test(within, G_FILE_TEST_EXISTS));

    /* A folder that is there has evidence of another time. */
    g_assert_false(evidence_write(evidence, folder, &error));
    g_assert_nonnull(strstr(error->message, folder));
    g_clear_error(&error);
    g_autoptr(json_t) none = json_object();
    g_assert_false(evidence_write(none, folder, &error));
    g_assert_error(error, ARM_ERROR, ARM_OPERATION_NOT_ALLOWED);
    const char *const made[] = { "quote.attest", "nonce.bin" };
    for (guint i = 0; i < G_N_ELEMENTS(made); i++) {
        g_autofree char *path = g_build_filename(folder, made[i], NULL);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/evidence-files/is-written-as-it-is-read", is_written_as_it_is_read);
    return g_test_run();
}
