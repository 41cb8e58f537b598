/* The overlay's bytes, as qemu-img reads them. */
#include "host/qemu/overlay.h"

#include "base/file.h"
#include "base/json.h"
#include "host/run.h"

#include <string.h>

#define GIB (G_GUINT64_CONSTANT(1) << 30)

static json_t *
image_ask(const char *what, const char *path)
{
    const char *const argv[] = { "qemu-img", what, "--output=json", "-f", "qcow2", path, NULL };
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    g_assert_true(run_program(argv, NULL, &output, &error));
    g_assert_no_error(error);
    json_t *answer = json_parse(output, strlen(output), &error);
    g_assert_no_error(error);
    return answer;
}

static void
file_put(const char *path, gconstpointer bytes, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(file_write(path, bytes, length, 0600, &error));
    g_assert_no_error(error);
}

static void
test_qemu_reads_what_was_asked_for(void)
{
    static const struct {
        const char *why;
        guint64 size;
    } cases[] = {
        { "less than one entry of the first-level table", 512 },
        { "exactly one", GIB / 2 },
        { "one sector more", GIB / 2 + 512 },
        { "a broken sector", GIB + 511 },
        { "the largest", OVERLAY_SIZE_MAX },
        { "an operating system's", 30 * GIB },
        { "a first-level table of exactly one cluster", 4096 * GIB },
        { "one that goes on in a second cluster", 4097 * GIB },
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("overlay-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *base = g_build_filename(folder, "base, with a comma.raw", NULL);
    g_autofree char *path = g_build_filename(folder, "overlay.qcow2", NULL);
    file_put(base, "base", 4);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].why);
        g_autoptr(GBytes) bytes = overlay_bytes(base, "raw", cases[i].size);
        file_put(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        g_autoptr(json_t) info = image_ask("info", path);
        g_autoptr(json_t) check = image_ask("check", path);
        g_assert_cmpuint((guint64)json_integer_value(json_object_get(info, "virtual-size")), ==, cases[i].size / 512 * 512);
        g_assert_cmpstr(json_member_text(info, "backing-filename"), ==, base);
        g_assert_cmpstr(json_member_text(info, "backing-filename-format"), ==, "raw");
        g_assert_cmpint(json_integer_value(json_object_get(check, "check-errors")), ==, 0);
        g_assert_null(json_object_get(check, "leaks"));
        g_assert_null(json_object_get(check, "corruptions"));
    }
    g_assert_true(folder_remove(folder, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *qemu_img = g_find_program_in_path("qemu-img");
    if (!qemu_img) {
        g_print("1..0 # SKIP qemu-img is not installed\n");
        return 0;
    }
    g_test_add_func("/overlay/qemu-reads-what-was-asked-for", test_qemu_reads_what_was_asked_for);
    return g_test_run();
}
