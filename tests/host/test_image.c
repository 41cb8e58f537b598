/* Images that are taken in, and those that are not: by their first bytes, and by the real qemu-img.
 */
#include "host/image_import.h"
#include "host/image_probe.h"

#include "base/error.h"
#include "base/file.h"
#include "host/run.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- headers ---- */

static void
u32_put(guint8 *at, guint32 value)
{
    for (guint i = 0; i < 4; i++)
        at[i] = (guint8)(value >> (24 - 8 * i));
}

typedef struct {
    guint8 head[IMAGE_PROBE_BYTES], tail[512];
} Ends;

static void
good(ImageFormat format, Ends *ends)
{
    memset(ends, 0, sizeof *ends);
    if (format == IMAGE_QCOW2) {
        u32_put(ends->head, 0x514649fb);
        u32_put(ends->head + 4, 3);
        u32_put(ends->head + 100, 104);
    } else if (format == IMAGE_VHD) {
        memcpy(ends->tail, "conectix", 8);
        u32_put(ends->tail + 60, 3);
    } else if (format == IMAGE_VHDX) {
        memcpy(ends->head, "vhdxfile", 8);
    }
}

static const struct {
    const char *name;
    ImageFormat format;
    gboolean in_tail;
    guint at;
    guint32 value;
    const char *words;
} damages[] = {
    { "qcow2-magic", IMAGE_QCOW2, FALSE, 0, 0x514649fa, "does not begin as one" },
    { "qcow2-version-1", IMAGE_QCOW2, FALSE, 4, 1, "version" },
    { "qcow2-version-4", IMAGE_QCOW2, FALSE, 4, 4, "version" },
    { "qcow2-backing-file-far", IMAGE_QCOW2, FALSE, 8, 1, "backing file" },
    { "qcow2-backing-file", IMAGE_QCOW2, FALSE, 12, 0x120, "backing file" },
    { "qcow2-encrypted", IMAGE_QCOW2, FALSE, 32, 1, "encrypted" },
    { "qcow2-data-file", IMAGE_QCOW2, FALSE, 76, 4, "data file" },
    { "qcow2-unknown-feature", IMAGE_QCOW2, FALSE, 76, 0x20, "not known" },
    { "qcow2-unknown-feature-far", IMAGE_QCOW2, FALSE, 72, 1, "not known" },
    { "vhd-cookie", IMAGE_VHD, TRUE, 0, 0, "footer" },
    { "vhd-differencing", IMAGE_VHD, TRUE, 60, 4, "differencing" },
    { "vhdx-signature", IMAGE_VHDX, FALSE, 4, 0, "does not begin as one" },
};

static void
test_a_good_header_is_taken_and_every_cut_of_it_is_safe(void)
{
    for (guint format = 0; format < IMAGE_N_FORMATS; format++) {
        Ends ends;
        good((ImageFormat)format, &ends);
        g_assert_true(image_probe((ImageFormat)format, ends.head, sizeof ends.head, ends.tail, sizeof ends.tail, NULL));
        for (gsize cut = 0; cut <= sizeof ends.head; cut++) {
            g_autofree guint8 *exact = g_memdup2(ends.head, cut), *tail = g_memdup2(ends.tail, MIN(cut, 512));
            g_autoptr(GError) error = NULL;
            gboolean ok = image_probe((ImageFormat)format, exact, cut, tail, MIN(cut, 512), &error);
            g_assert_cmpint(ok, ==, error == NULL);
            g_assert_true(cut >= 8 || !ok);
        }
    }
}

static void
test_damage(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    Ends ends;
    g_autoptr(GError) error = NULL;
    good(damages[i].format, &ends);
    u32_put((damages[i].in_tail ? ends.tail : ends.head) + damages[i].at, damages[i].value);
    g_assert_false(image_probe(damages[i].format, ends.head, sizeof ends.head, ends.tail, sizeof ends.tail, &error));
    g_assert_error(error, ARM_ERROR, ARM_INVALID_PARAMETER);
    g_assert_nonnull(strstr(error->message, damages[i].words));
}

/* ---- files ---- */

typedef struct {
    char *state_dir, *source;
    ImageInfo *info;
    GError *error;
} Fixture;

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    memset(f, 0, sizeof *f);
    f->state_dir = g_dir_make_tmp("testudo-image-XXXXXX", NULL);
    g_autofree char *images = g_build_filename(f->state_dir, "images", NULL);
    g_assert_true(folder_make(images, NULL));
    /* Looked at by a user who has nothing, where we are root. */
    g_assert_cmpint(chmod(f->state_dir, 0711) | chmod(images, 0711), ==, 0);
    f->source = g_build_filename(f->state_dir, "source", NULL);
    f->info = g_new0(ImageInfo, 1);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    folder_remove(f->state_dir, NULL);
    image_info_free(f->info);
    g_clear_error(&f->error);
    g_free(f->source);
    g_free(f->state_dir);
}

static void
qemu_img(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    run_program(argv, NULL, NULL, &error);
    g_assert_no_error(error);
}

static void
source_make(const Fixture *f, const char *format, const char *size)
{
    const char *const argv[] = { "qemu-img", "create", "-q", "-f", format, f->source, size, NULL };
    qemu_img(argv);
}

static char *
import(Fixture *f, ImageFormat format)
{
    char *file = NULL;
    f->info->format = format;
    return image_import(f->state_dir, f->source, f->info, &file, &f->error) ? file : NULL;
}

static guint
images_count(const Fixture *f)
{
    g_autofree char *images = g_build_filename(f->state_dir, "images", NULL);
    g_autoptr(GDir) dir = g_dir_open(images, 0, NULL);
    guint n = 0;
    while (g_dir_read_name(dir))
        n++;
    return n;
}

static void
refused(Fixture *f, ImageFormat format, const char *words)
{
    g_assert_null(import(f, format));
    g_assert_error(f->error, ARM_ERROR, ARM_INVALID_PARAMETER);
    g_assert_nonnull(strstr(f->error->message, words));
    g_assert_cmpuint(images_count(f), ==, 0);
}

static void
test_every_format_is_taken_in(Fixture *f, const void *data G_GNUC_UNUSED)
{
    for (guint format = 0; format < IMAGE_N_FORMATS; format++) {
        struct stat st;
        g_unlink(f->source);
        g_clear_pointer(&f->info->sha256, g_free);
        source_make(f, image_format_qemu((ImageFormat)format), "8M");
        g_autofree char *file = import(f, (ImageFormat)format);
        g_assert_no_error(f->error);
        g_autofree char *stored = image_stored_path(f->state_dir, f->info), *sha256 = file_sha256(stored, NULL);
        g_assert_cmpstr(sha256, ==, f->info->sha256);
        g_assert_true(g_str_has_prefix(file, sha256));
        g_assert_cmpuint(f->info->virtual_size, >=, 8u << 20);
        g_assert_cmpint(stat(stored, &st), ==, 0);
        g_assert_cmpuint(st.st_mode & 0777, ==, 0444);
    }
}

static void
test_the_same_content_is_stored_once_and_stays_in_place(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat before, after;
    source_make(f, "qcow2", "8M");
    g_autofree char *first = import(f, IMAGE_QCOW2);
    g_autofree char *stored = image_stored_path(f->state_dir, f->info);
    g_assert_cmpint(stat(stored, &before), ==, 0);
    g_autofree char *second = import(f, IMAGE_QCOW2);
    g_assert_cmpstr(first, ==, second);
    g_assert_cmpint(stat(stored, &after), ==, 0);
    g_assert_cmpuint(before.st_ino, ==, after.st_ino);
    g_assert_cmpuint(images_count(f), ==, 1);
}

static void
test_holes_stay_holes(Fixture *f, const void *data G_GNUC_UNUSED)
{
    struct stat st;
    source_make(f, "raw", "64M");
    g_autofree char *file = import(f, IMAGE_RAW);
    g_assert_no_error(f->error);
    g_autofree char *stored = image_stored_path(f->state_dir, f->info), *same = file_sha256(f->source, NULL);
    g_assert_cmpint(stat(stored, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 64 << 20);
    g_assert_cmpint(st.st_blocks, <, 2048);
    g_assert_cmpstr(f->info->sha256, ==, same);
}

static void
test_the_wrong_format_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    source_make(f, "qcow2", "8M");
    refused(f, IMAGE_VHD, "footer");
    g_clear_error(&f->error);
    refused(f, IMAGE_VHDX, "VHDX");
    g_clear_error(&f->error);
    g_unlink(f->source);
    source_make(f, "raw", "8M");
    refused(f, IMAGE_QCOW2, "does not begin as one");
}

static void
test_a_backing_file_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *base = g_build_filename(f->state_dir, "base", NULL);
    const char *const make[] = { "qemu-img", "create", "-q", "-f", "raw", base, "8M", NULL };
    const char *const overlay[] = { "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, f->source, NULL };
    qemu_img(make);
    qemu_img(overlay);
    refused(f, IMAGE_QCOW2, "backing file");
}

static void
test_a_data_file_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *option = g_strdup_printf("data_file=%s/data", f->state_dir);
    const char *const make[] = { "qemu-img", "create", "-q", "-f", "qcow2", "-o", option, f->source, "8M", NULL };
    qemu_img(make);
    refused(f, IMAGE_QCOW2, "data file");
}

static void
test_another_checksum_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    source_make(f, "qcow2", "8M");
    f->info->sha256 = g_strnfill(64, '0');
    refused(f, IMAGE_QCOW2, "SHA-256");
}

static void
test_a_cut_image_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    source_make(f, "qcow2", "8M");
    g_assert_cmpint(truncate(f->source, 200), ==, 0);
    refused(f, IMAGE_QCOW2, "qcow2");
    g_clear_error(&f->error);
    g_unlink(f->source);
    source_make(f, "vpc", "8M");
    g_assert_cmpint(truncate(f->source, 4096), ==, 0);
    refused(f, IMAGE_VHD, "footer");
}

static void
test_what_is_no_file_is_refused(Fixture *f, const void *data G_GNUC_UNUSED)
{
    refused(f, IMAGE_RAW, f->source);
    g_clear_error(&f->error);
    g_assert_true(folder_make(f->source, NULL));
    refused(f, IMAGE_RAW, "not a regular file");
}

static void
test_a_state_folder_that_is_closed_is_named(Fixture *f, const void *data G_GNUC_UNUSED)
{
    if (geteuid() != 0) {
        g_test_skip("only root looks at images as another user");
        return;
    }
    source_make(f, "qcow2", "8M");
    g_assert_cmpint(chmod(f->state_dir, 0700), ==, 0);
    g_assert_null(import(f, IMAGE_QCOW2));
    g_assert_nonnull(strstr(f->error->message, f->state_dir));
    g_assert_nonnull(strstr(f->error->message, "chmod"));
}

/* ---- a disk that is full: a small file system of our own ---- */

static void
test_a_full_disk_is_a_named_state_and_leaves_nothing(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *images = g_build_filename(f->state_dir, "images", NULL);
    const char *const mount[] = { "mount", "-t", "tmpfs", "-o", "size=1m,mode=0711", "tmpfs", images, NULL };
    const char *const umount[] = { "umount", images, NULL };
    if (geteuid() != 0 || !run_program(mount, NULL, NULL, NULL)) {
        g_test_skip("no file system can be mounted here");
        return;
    }
    g_autofree char *noise = g_malloc(4u << 20);
    for (guint i = 0; i < 4u << 20; i++)
        noise[i] = (char)(i * 2654435761u >> 13 | 1);
    g_assert_true(g_file_set_contents(f->source, noise, 4 << 20, NULL));
    g_autofree char *file = import(f, IMAGE_RAW);
    guint left = images_count(f);
    run_program(umount, NULL, NULL, NULL);
    g_assert_null(file);
    g_assert_error(f->error, ARM_ERROR, ARM_HOST_DISK_FULL);
    g_assert_cmpuint(left, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/image/probe/a-good-header-is-taken-and-every-cut-of-it-is-safe",
                    test_a_good_header_is_taken_and_every_cut_of_it_is_safe);
    for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autofree char *path = g_strconcat("/image/probe/", damages[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_damage);
    }
#define ADD(name, test) g_test_add("/image/import/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("every-format-is-taken-in", test_every_format_is_taken_in);
    ADD("the-same-content-is-stored-once-and-stays-in-place", test_the_same_content_is_stored_once_and_stays_in_place);
    ADD("holes-stay-holes", test_holes_stay_holes);
    ADD("the-wrong-format-is-refused", test_the_wrong_format_is_refused);
    ADD("a-backing-file-is-refused", test_a_backing_file_is_refused);
    ADD("a-data-file-is-refused", test_a_data_file_is_refused);
    ADD("another-checksum-is-refused", test_another_checksum_is_refused);
    ADD("a-cut-image-is-refused", test_a_cut_image_is_refused);
    ADD("what-is-no-file-is-refused", test_what_is_no_file_is_refused);
    ADD("a-state-folder-that-is-closed-is-named", test_a_state_folder_that_is_closed_is_named);
    ADD("a-full-disk-is-a-named-state-and-leaves-nothing", test_a_full_disk_is_a_named_state_and_leaves_nothing);
#undef ADD
    return g_test_run();
}
