#include "folder.h"

#include "base/file.h"
#include "host/qemu/disk.h"
#include "host/qemu/folder.h"

#include <string.h>
#include <sys/stat.h>

#define KEY "6f1f7c1e-0000-4000-8000-0123456789ab.7"
#define SHA "0000000000000000000000000000000000000000000000000000000000000000"

static char *
blob(const Fixture *f, const char *name)
{
    char *path = g_build_filename(f->state_dir, name, NULL);
    g_assert_true(g_file_set_contents(path, name, -1, NULL));
    return path;
}

static gboolean
has_vtpm_tools(void)
{
    g_autofree char *setup = g_find_program_in_path("swtpm_setup");
    g_autofree char *localca = g_find_program_in_path("swtpm_localca");
    return setup && localca;
}

void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    memset(f, 0, sizeof *f);
    f->state_dir = g_dir_make_tmp("testudo-converge-XXXXXX", NULL);
    f->folder = folder_path(f->state_dir, KEY);
    f->image = g_build_filename(f->state_dir, "images", SHA ".qcow2", NULL);
    g_autofree char *images = g_path_get_dirname(f->image), *instances = g_path_get_dirname(f->folder);
    g_assert_true(folder_make(images, NULL) && folder_make(instances, NULL));
    g_assert_true(disk_data_make(f->image, 1, (DiskUser){ 0 }, NULL));
    f->firmware = (FirmwareSet){
        .plain_code = blob(f, "plain.code"),
        .plain_vars = blob(f, "plain.vars"),
        .secure_code = blob(f, "secure.code"),
        .secure_vars_enrolled = blob(f, "enrolled.vars"),
        .secure_vars_empty = blob(f, "empty.vars"),
    };
    f->context = (ConvergeContext){
        .state_dir = f->state_dir,
        .firmware = &f->firmware,
        .vtpm_maker = has_vtpm_tools() ? vtpm_maker_new(f->state_dir, NULL, NULL, NULL, NULL, NULL) : NULL,
        .why_no_vtpm = "there is no vTPM in this test",
        .now = NOW,
        .retention_s = 7 * 86400,
    };
    f->spec = launch_spec_new();
    f->spec->key = g_strdup(KEY);
    f->spec->name = g_strdup("web000007");
    f->spec->vm_id = g_strdup("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
    f->spec->generation = 2;
    f->spec->image_urn = g_strdup("Testudo:mini:gen2:1.0.0");
    f->spec->image_format = g_strdup("qcow2");
    f->spec->image_sha256 = g_strdup(SHA);
    f->spec->disk_gen = f->spec->vars_gen = f->spec->data_gen = 1;
}

void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    vtpm_maker_free(f->context.vtpm_maker);
    launch_spec_free(f->spec);
    folder_remove(f->state_dir, NULL);
    g_free(f->firmware.plain_code);
    g_free(f->firmware.plain_vars);
    g_free(f->firmware.secure_code);
    g_free(f->firmware.secure_vars_enrolled);
    g_free(f->firmware.secure_vars_empty);
    g_free(f->image);
    g_free(f->folder);
    g_free(f->state_dir);
    g_clear_error(&f->error);
}

gboolean
run(void *data)
{
    const Fixture *f = data;
    return converge(f->spec, &f->context, NULL);
}

void
must_converge(Fixture *f)
{
    gboolean ok = converge(f->spec, &f->context, &f->error);
    g_assert_no_error(f->error);
    g_assert_true(ok);
}

void
must_fail(Fixture *f, ArmCode code, const char *words)
{
    g_assert_false(converge(f->spec, &f->context, &f->error));
    g_assert_error(f->error, ARM_ERROR, (int)code);
    g_assert_nonnull(strstr(f->error->message, words));
    g_clear_error(&f->error);
}

void
disk_want(Fixture *f, guint lun, guint size_gib)
{
    g_ptr_array_add(f->spec->data_disks, launch_disk_new(lun, size_gib, NULL));
}

char *
identity(const Fixture *f, const char *name)
{
    struct stat st;
    g_autofree char *path = folder_file(f->folder, name);
    return lstat(path, &st) == 0 ? g_strdup_printf("%lu", (gulong)st.st_ino) : g_strdup("");
}

char *
previous(const Fixture *f, const char *begins)
{
    g_autofree char *path = folder_file(f->folder, "previous");
    g_autofree char *prefix = g_strconcat(begins, ".", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_strconcat("previous/", name, NULL);
        if (g_str_has_prefix(name, prefix))
            return identity(f, file);
    }
    return g_strdup("");
}

guint64
size_of(const Fixture *f, const char *name)
{
    gsize length;
    g_autofree char *bytes = folder_read(f->folder, name, 64u << 20, &length, NULL);
    return bytes ? qcow2_size((const guint8 *)bytes, length) : 0;
}

char *
text_of(const Fixture *f, const char *name)
{
    return folder_read(f->folder, name, 1u << 20, NULL, NULL);
}

void
trust(Fixture *f)
{
    f->spec->trusted_launch = f->spec->secure_boot = f->spec->vtpm = TRUE;
    f->spec->vtpm_gen = f->spec->disk_gen;
}

gboolean
vtpm_skipped(void)
{
    if (has_vtpm_tools())
        return FALSE;
    g_test_skip("swtpm_setup and swtpm_localca are not installed");
    return TRUE;
}

void
want(Fixture *f, guint64 disk, guint64 vars, guint64 vtpm)
{
    f->spec->disk_gen = disk;
    f->spec->vars_gen = vars;
    f->spec->vtpm_gen = vtpm;
    f->spec->trusted_launch = f->spec->secure_boot = f->spec->vtpm = vtpm != 0;
    f->context.now += 60;
}

char *
inode_of(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? g_strdup_printf("%lu", (gulong)st.st_ino) : g_strdup("");
}
