/* parts.json: what is written is read, and nothing else is. */
#include "host/qemu/parts.h"

#include "base/file.h"

#include <string.h>
#include <unistd.h>

static const FolderParts sample = {
    .of = { 5, 6, 0 },
    .past = { { 5, 0 }, { 8, 1 }, { 7, 0xffffffff } },
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

/* What a former version wrote, and what says that there never was what is there. */
static void
test_the_highest_is_never_below_what_is_there(void)
{
    static const char *const texts[] = {
        "{\"disk\":2,\"variables\":3,\"vtpm\":0,\"data\":1,\"osDiskGiB\":0,\"uid\":0,\"retired\":0}",
        "{\"disk\":2,\"variables\":3,\"vtpm\":0,\"diskHighest\":1,\"variablesHighest\":0,\"vtpmHighest\":0,\"data\":1,"
        "\"osDiskGiB\":0,\"uid\":0,\"retired\":0}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        FolderParts parts;
        g_assert_true(folder_parts_parse(texts[i], strlen(texts[i]), &parts, NULL));
        for (Part part = 0; part < N_PARTS; part++) {
            g_assert_cmpuint(parts.past[part].highest, ==, parts.of[part]);
            g_assert_cmpuint(parts.past[part].skipped, ==, 0);
        }
    }
}

#define REST ",\"variables\":1,\"vtpm\":1,\"data\":1,\"osDiskGiB\":0,\"uid\":0,\"retired\":0}"

static const struct {
    const char *name, *text, *named;
} refused[] = {
    { "a-missing-member", "{\"disk\":1}", "'variables'" },
    { "a-negative-number", "{\"disk\":-1" REST, "'disk'" },
    { "a-huge-number", "{\"disk\":9223372036854775807" REST, "'disk'" },
    { "a-negative-highest", "{\"vtpmHighest\":-1,\"disk\":1" REST, "'vtpmHighest'" },
    { "too-many-skipped", "{\"diskSkipped\":4294967296,\"disk\":1" REST, "'diskSkipped'" },
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
    g_test_add_func("/parts/the-highest-is-never-below-what-is-there", test_the_highest_is_never_below_what_is_there);
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *path = g_strconcat("/parts/refused/", refused[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_refused);
    }
    g_test_add_func("/parts/a-link-in-its-place-is-not-followed", test_a_link_in_its_place_is_not_followed);
    return g_test_run();
}
