/* What an image boots, from a disk that is made here with mtools and qemu-img as builders of images do. */
#include "host/image_components.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "host/run.h"

#include <string.h>
#include <sys/stat.h>

typedef struct {
    char *dir;
    ImageInfo info;
} Fixture;

static gboolean
have_tools(void)
{
    static const char *const tools[] = { "qemu-img", "mkfs.vfat", "mcopy", "sfdisk" };
    for (guint i = 0; i < G_N_ELEMENTS(tools); i++) {
        g_autofree char *path = g_find_program_in_path(tools[i]);
        if (!path)
            return FALSE;
    }
    return TRUE;
}

static void
shell(const char *dir, const char *script)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf("cd '%s' && %s", dir, script);
    const char *const argv[] = { "sh", "-ec", text, NULL };
    const RunLimits limits = { 0 };
    run_program(argv, &limits, NULL, &error);
    g_assert_no_error(error);
}

/* fat: options of mkfs.vfat. */
static void
setup(Fixture *f, const char *fat)
{
    f->dir = g_dir_make_tmp("testudo-components-XXXXXX", NULL);
    g_autofree char *images = g_build_filename(f->dir, "images", NULL);
    g_autofree char *make = g_strdup_printf(
        "truncate -s 40M esp && mkfs.vfat %s esp >/dev/null && mmd -i esp ::/EFI ::/EFI/BOOT ::/EFI/debian && "
        "seq 30000 >BOOTX64.EFI && printf 'a longer name' >'a-file-with-a-name-that-is-longer.cfg' && : >empty && "
        "mcopy -i esp BOOTX64.EFI ::/EFI/BOOT/BOOTX64.EFI && mcopy -i esp a-file-with-a-name-that-is-longer.cfg ::/EFI/debian/ "
        "&& "
        "mcopy -i esp empty ::/ && truncate -s 44M disk && "
        "printf 'label: gpt\\nstart=1MiB, size=40MiB, type=U\\nsize=1MiB, type=L\\n' | sfdisk -q disk && "
        "dd if=esp of=disk bs=1M seek=1 conv=notrunc status=none && "
        "qemu-img convert -f raw -O qcow2 disk images/0123.qcow2",
        fat);
    g_assert_cmpint(chmod(f->dir, 0755), ==, 0);
    g_assert_cmpint(mkdir(images, 0755), ==, 0);
    shell(f->dir, make);
    f->info = (ImageInfo){ .publisher = (char *)"a",
                           .offer = (char *)"b",
                           .sku = (char *)"c",
                           .version = (char *)"1.0.0",
                           .format = IMAGE_QCOW2,
                           .sha256 = (char *)"0123" };
}

static void
teardown(Fixture *f)
{
    folder_remove(f->dir, NULL);
    g_free(f->dir);
}

static const json_t *
file_of(const json_t *json, const char *path)
{
    gsize i;
    const json_t *file;
    json_array_foreach(json_object_get(json, "files"), i, file)
    {
        if (strcmp(json_string_value(json_object_get(file, "path")), path) == 0)
            return file;
    }
    return NULL;
}

static void
test_reads(const void *fat)
{
    Fixture f;
    g_autoptr(GError) error = NULL;
    if (!have_tools()) {
        g_test_skip("qemu-img, mkfs.vfat, mcopy or sfdisk is not installed");
        return;
    }
    setup(&f, fat);
    g_autoptr(Components) components = image_components(f.dir, &f.info, &error);
    g_assert_no_error(error);
    g_autoptr(json_t) json = components_json(components);
    g_autofree char *program = g_build_filename(f.dir, "BOOTX64.EFI", NULL), *sum = file_sha256(program, NULL);
    g_assert_cmpuint(components_n_files(components), ==, 3);
    g_assert_cmpstr(json_string_value(json_object_get(file_of(json, "/EFI/BOOT/BOOTX64.EFI"), "sha256")), ==, sum);
    g_assert_nonnull(file_of(json, "/EFI/debian/a-file-with-a-name-that-is-longer.cfg"));
    g_autofree char *partitions = json_text(json_object_get(json, "partitions"));
    g_assert_cmpstr(partitions, ==, "[{\"number\":1,\"read\":true},{\"number\":2,\"read\":false}]");
    /* Nothing is left of what was copied. */
    g_autofree char *images = g_build_filename(f.dir, "images", NULL);
    g_autoptr(GDir) left = g_dir_open(images, 0, NULL);
    g_assert_cmpstr(g_dir_read_name(left), ==, "0123.qcow2");
    g_assert_null(g_dir_read_name(left));
    teardown(&f);
}

/* The user that qemu-img runs as may be others', too: what it left is not ours to believe. */
static void
test_a_link_in_the_copys_place(void)
{
    Fixture f;
    g_autoptr(GError) error = NULL;
    if (!have_tools()) {
        g_test_skip("qemu-img, mkfs.vfat, mcopy or sfdisk is not installed");
        return;
    }
    setup(&f, "-F 16");
    g_autofree char *real = g_find_program_in_path("qemu-img"), *before = g_strdup(g_getenv("PATH")),
                    *fake = g_build_filename(f.dir, "qemu-img", NULL), *path = g_strdup_printf("%s:%s", f.dir, before);
    g_autofree char *script = g_strdup_printf("#!/bin/sh\n%s \"$@\" || exit\nfor a; do case $a in of=*) part=${a#of=};; esac; "
                                              "done\nmv \"$part\" \"$part.real\" && ln -s \"$part.real\" \"$part\"\n",
                                              real);
    g_assert_true(g_file_set_contents(fake, script, -1, NULL) && chmod(fake, 0755) == 0);
    g_setenv("PATH", path, TRUE);
    g_autoptr(Components) components = image_components(f.dir, &f.info, &error);
    g_setenv("PATH", before, TRUE);
    g_assert_null(components);
    g_assert_nonnull(strstr(error->message, "no regular file"));
    teardown(&f);
}

static void
test_a_disk_without_partitions(void)
{
    Fixture f;
    g_autoptr(GError) error = NULL;
    if (!have_tools()) {
        g_test_skip("qemu-img, mkfs.vfat, mcopy or sfdisk is not installed");
        return;
    }
    setup(&f, "-F 32");
    shell(f.dir, "qemu-img create -q -f qcow2 images/0123.qcow2 10M");
    g_assert_null(image_components(f.dir, &f.info, &error));
    g_assert_nonnull(strstr(error->message, "no GUID partition table"));
    teardown(&f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/host/image-components/fat32", "-F 32", test_reads);
    g_test_add_data_func("/host/image-components/fat16", "-F 16", test_reads);
    g_test_add_data_func("/host/image-components/fat12", "-F 12 -s 32", test_reads);
    g_test_add_func("/host/image-components/a-link-in-the-copys-place", test_a_link_in_the_copys_place);
    g_test_add_func("/host/image-components/a-disk-without-partitions", test_a_disk_without_partitions);
    return g_test_run();
}
