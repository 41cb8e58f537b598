/* Runs a fuzz target without libFuzzer: over each file of a corpus, over what is left of it after every cut, and over
 * every small damage to it. With files in place of a folder, over exactly those (to look at a finding).
 * Prints TAP: one test a file. */
#include "fuzz.h"
#include "init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Files up to so many bytes are cut at every byte and damaged in every byte; larger ones at so many places. The second
 * argument says it. */
#define PLACES_MAX 1024u
#define FILES_MAX  2000

/* A copy of exactly `size` bytes from malloc, so that the sanitizers see one byte too far. */
static void
run(const char *bytes, gsize size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void
run_cut_and_damaged(char *bytes, gsize size, guint places)
{
    gsize step = size / places + 1;
    for (gsize at = 0; at < size; at += step) {
        static const char masks[] = { 0x01, 0x20, (char)0x80 };
        run(bytes, at);
        for (gsize i = 0; i < G_N_ELEMENTS(masks); i++) {
            bytes[at] = (char)(bytes[at] ^ masks[i]);
            run(bytes, size);
            bytes[at] = (char)(bytes[at] ^ masks[i]);
        }
    }
}

/* places: 0: it is run as it is. */
static gboolean
replay(const char *path, guint places)
{
    g_autofree char *bytes = NULL;
    gsize size = 0;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &bytes, &size, &error)) {
        printf("Bail out! %s\n", error->message);
        return FALSE;
    }
    run(bytes, size);
    if (places > 0)
        run_cut_and_damaged(bytes, size, places);
    g_autofree char *name = g_path_get_basename(path);
    printf("ok - %s\n", name);
    return TRUE;
}

static int
compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
replay_folder(const char *folder, guint places)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)) && paths->len < FILES_MAX)
        g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    if (paths->len == 0) {
        printf("Bail out! no corpus in %s%s%s\n", folder, error ? ": " : "", error ? error->message : "");
        return EXIT_FAILURE;
    }
    g_ptr_array_sort(paths, compare_texts);
    printf("1..%u\n", paths->len);
    for (guint i = 0; i < paths->len; i++) {
        if (!replay(g_ptr_array_index(paths, i), places))
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    LLVMFuzzerInitialize(&argc, &argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc >= 2 && argc <= 3 && g_file_test(argv[1], G_FILE_TEST_IS_DIR)) {
        guint64 places = PLACES_MAX;
        if (argc < 3 || g_ascii_string_to_unsigned(argv[2], 10, 1, PLACES_MAX, &places, NULL))
            return replay_folder(argv[1], (guint)places);
    }
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER [PLACES] | FILE…\n", argv[0]);
        return 2;
    }
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        if (!replay(argv[i], /* places= */ 0))
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
