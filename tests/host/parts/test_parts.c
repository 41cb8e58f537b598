/* parts.json: what is written is read, and nothing else is. */
#include "host/qemu/parts.h"

#include "base/file.h"

#include <string.h>
#include <unistd.h>

static const FolderParts sample = {
    .disk = 5,
    .vars = 6,
    .vtpm = 7,
    .data = 1,
    .os_disk_gib = 30,
    .uid = 61000,
    .retired = 1700000000,
};

static void
test_round_trip(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("testudo-parts-XXXXXX", NULL);
    FolderParts read;
    memset(&read, 0xaa, sizeof read);
    g_assert_true(folder_parts_write(folder, &sample, &error));
    g_assert_true(folder_parts_read(folder, &read, &error));
    g_assert_cmpmem(&read, sizeof read, &sample, sizeof sample);
    folder_remove(folder, NULL);
}

#define REST ",\"variables\":1,\"vtpm\":1,\"data\":1,\"osDiskGiB\":0,\"uid\":0,\"retired\":0}"

static const struct {
    const char *name, *text, *named;
} refused[] = {
    { "a-missing-member", "{\"disk\":1}", "'variables'" },
    { "a-negative-number", "{\"disk\":-1" REST, "'disk'" },
    { "a-huge-number", "{\"disk\":9223372036854775807" REST, "'disk'" },
    { "a-text", "{\"disk\":\"1\"" REST, "'disk'" },
    { "a-fraction", "{\"disk\":1.5" REST, "'disk'" },
    { "a-list", "[]", "'disk'" },
    { "nothing", "", "" },
};

static void
test_refused(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autoptr(GError) error = NULL;
    FolderParts parts = sample;
    g_assert_false(folder_parts_parse(refused[i].text, strlen(refused[i].text), &parts, &error));
    g_assert_nonnull(strstr(error->message, refused[i].named));
    g_assert_cmpmem(&parts, sizeof parts, &sample, sizeof sample);
}

/* The folder belongs to whoever ran in it. */
static void
test_a_link_in_its_place_is_not_followed(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("testudo-parts-XXXXXX", NULL);
    g_autofree char *other = g_build_filename(folder, "other", NULL);
    g_autofree char *link = g_build_filename(folder, PARTS_FILE, NULL);
    FolderParts parts;
    g_assert_true(folder_make(other, NULL) && folder_parts_write(other, &sample, NULL));
    g_assert_cmpint(symlink("other/" PARTS_FILE, link), ==, 0);
    g_assert_false(folder_parts_read(folder, &parts, &error));
    g_assert_nonnull(strstr(error->message, link));
    folder_remove(folder, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parts/round-trip", test_round_trip);
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *path = g_strconcat("/parts/refused/", refused[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_refused);
    }
    g_test_add_func("/parts/a-link-in-its-place-is-not-followed", test_a_link_in_its_place_is_not_followed);
    return g_test_run();
}
