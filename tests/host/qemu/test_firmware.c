/* Firmware descriptors of invented firmware in folders of our own: what is installed here plays no
 * part. */
#include "host/qemu/firmware.h"

#include "base/file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *root, *first, *second;
} Fixture;

static char last_warning[512];

static GLogWriterOutput
on_log(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data G_GNUC_UNUSED)
{
    for (gsize i = 0; i < n; i++) {
        if ((level & G_LOG_LEVEL_WARNING) && strcmp(fields[i].key, "MESSAGE") == 0)
            g_strlcpy(last_warning, fields[i].value, sizeof last_warning);
    }
    return G_LOG_WRITER_HANDLED;
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->root = g_dir_make_tmp("testudo-firmware-XXXXXX", NULL);
    f->first = g_build_filename(f->root, "first", NULL);
    f->second = g_build_filename(f->root, "second", NULL);
    g_assert_true(folder_make(f->first, NULL) && folder_make(f->second, NULL));
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    folder_remove(f->root, NULL);
    g_free(f->root);
    g_free(f->first);
    g_free(f->second);
}

/* A file that a descriptor names, made where it is not there. */
static char *
blob(const Fixture *f, const char *name)
{
    char *path = g_build_filename(f->root, name, NULL);
    g_assert_true(g_file_set_contents(path, name, -1, NULL));
    return path;
}

typedef struct {
    const char *code, *vars, *features;
    const char *device, *format, *machine, *interface, *mode; /* NULL: what is right */
} Descriptor;

#define D(c, v, f)                                                                                                             \
    &(Descriptor)                                                                                                              \
    {                                                                                                                          \
        .code = c, .vars = v, .features = f                                                                                    \
    }

static void
describe(const Fixture *f, const char *dir, const char *name, const Descriptor *d)
{
    g_autofree char *code = blob(f, d->code), *vars = blob(f, d->vars);
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *text =
        g_strdup_printf("{\"description\":\"invented\",\"interface-types\":[\"%s\"],\"mapping\":{\"device\":\"%s\"%"
                        "s%s%s,"
                        "\"executable\":{\"filename\":\"%s\",\"format\":\"%s\"},\"nvram-template\":{\"filename\":"
                        "\"%s\",\"format\":\"raw\"}},"
                        "\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"%s\"]}],\"features\":[%s],"
                        "\"tags\":[]}",
                        d->interface ? d->interface : "uefi", d->device ? d->device : "flash", d->mode ? ",\"mode\":\"" : "",
                        d->mode ? d->mode : "", d->mode ? "\"" : "", code, d->format ? d->format : "raw", vars,
                        d->machine ? d->machine : "pc-q35-*", d->features);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

#define SECURE   "\"secure-boot\",\"requires-smm\""
#define ENROLLED SECURE ",\"enrolled-keys\",\"invented-feature-1\""

static void
describe_all(const Fixture *f, const char *dir)
{
    describe(f, dir, "40-enrolled.json", D("sb.code", "ms.vars", ENROLLED));
    describe(f, dir, "50-secure.json", D("sb.code", "empty.vars", SECURE));
    describe(f, dir, "60-plain.json", D("plain.code", "plain.vars", "\"invented-feature-2\""));
}

static FirmwareSet *
find(const Fixture *f)
{
    const char *const dirs[] = { f->first, f->second, NULL };
    return firmware_find(dirs);
}

static void
assert_ends(const char *path, const char *name)
{
    g_assert_nonnull(path);
    g_autofree char *base = g_path_get_basename(path);
    g_assert_cmpstr(base, ==, name);
}

static void
test_finds_one_of_each_kind(Fixture *f, const void *data G_GNUC_UNUSED)
{
    describe_all(f, f->second);
    g_autoptr(FirmwareSet) set = find(f);
    assert_ends(set->plain_code, "plain.code");
    assert_ends(set->plain_vars, "plain.vars");
    assert_ends(set->secure_code, "sb.code");
    assert_ends(set->secure_vars_enrolled, "ms.vars");
    assert_ends(set->secure_vars_empty, "empty.vars");
    g_assert_null(set->why_not_secure);
    g_assert_null(set->why_not_plain);
}

static void
test_says_what_is_missing_where_there_is_none(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(FirmwareSet) set = find(f);
    g_assert_nonnull(strstr(set->why_not_secure, "Secure Boot"));
    g_assert_nonnull(strstr(set->why_not_secure, "ovmf"));
    g_assert_nonnull(strstr(set->why_not_plain, "UEFI"));
}

/* Distributions give one firmware two names by a link. */
static void
test_one_code_under_two_names_is_one_firmware(Fixture *f, const void *data G_GNUC_UNUSED)
{
    describe(f, f->second, "40-enrolled.json", D("ms.code", "ms.vars", ENROLLED));
    describe(f, f->second, "50-secure.json", D("sb.code", "empty.vars", SECURE));
    g_autofree char *link = g_build_filename(f->root, "ms.code", NULL);
    g_assert_true(g_unlink(link) == 0 && symlink("sb.code", link) == 0);
    g_autoptr(FirmwareSet) set = find(f);
    assert_ends(set->secure_code, "sb.code");
    assert_ends(set->secure_vars_empty, "empty.vars");
}

static void
test_a_toggle_never_changes_the_code(Fixture *f, const void *data G_GNUC_UNUSED)
{
    describe(f, f->second, "40-enrolled.json", D("ms.code", "ms.vars", ENROLLED));
    describe(f, f->second, "50-secure.json", D("other.code", "empty.vars", SECURE));
    g_autoptr(FirmwareSet) set = find(f);
    g_assert_null(set->secure_vars_empty);
    g_assert_nonnull(set->why_not_secure);
}

static void
test_the_earlier_folder_wins_by_name(Fixture *f, const void *data G_GNUC_UNUSED)
{
    describe_all(f, f->second);
    describe(f, f->first, "60-plain.json", D("mine.code", "mine.vars", ""));
    g_autoptr(FirmwareSet) set = find(f);
    assert_ends(set->plain_code, "mine.code");
}

static void
test_an_empty_file_hides_its_namesake(Fixture *f, const void *data G_GNUC_UNUSED)
{
    describe_all(f, f->second);
    g_autofree char *path = g_build_filename(f->first, "60-plain.json", NULL);
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    g_autoptr(FirmwareSet) set = find(f);
    g_assert_null(set->plain_code);
    g_assert_nonnull(set->why_not_plain);
}

static void
test_among_several_the_first_name_wins(Fixture *f, const void *data G_GNUC_UNUSED)
{
    describe(f, f->first, "70-plain.json", D("later.code", "later.vars", ""));
    describe(f, f->second, "20-plain.json", D("sooner.code", "sooner.vars", ""));
    g_autoptr(FirmwareSet) set = find(f);
    assert_ends(set->plain_code, "sooner.code");
}

static const struct {
    const char *name;
    Descriptor descriptor;
} unfit[] = {
    { "another-machine", { .code = "c", .vars = "v", .features = "", .machine = "microvm" } },
    { "in-memory", { .code = "c", .vars = "v", .features = "", .device = "memory" } },
    { "qcow2", { .code = "c", .vars = "v", .features = "", .format = "qcow2" } },
    { "bios", { .code = "c", .vars = "v", .features = "", .interface = "bios" } },
    { "one-file-for-both", { .code = "c", .vars = "v", .features = "", .mode = "combined" } },
    { "secure-boot-without-smm", { .code = "c", .vars = "v", .features = "\"secure-boot\"" } },
    { "enrolled-without-secure-boot", { .code = "c", .vars = "v", .features = "\"enrolled-keys\"" } },
};

static void
test_unfit_is_passed_over(Fixture *f, const void *data)
{
    const Descriptor *descriptor = data;
    describe(f, f->first, "10-unfit.json", descriptor);
    g_autoptr(FirmwareSet) set = find(f);
    g_assert_null(set->plain_code);
    g_assert_null(set->secure_code);
}

static void
test_a_file_that_is_not_there_is_passed_over(Fixture *f, const void *data G_GNUC_UNUSED)
{
    describe_all(f, f->second);
    g_autofree char *path = g_build_filename(f->root, "ms.vars", NULL);
    g_unlink(path);
    g_autoptr(FirmwareSet) set = find(f);
    g_assert_null(set->secure_code);
    assert_ends(set->plain_code, "plain.code");
}

static void
test_garbage_is_passed_over_with_a_warning(Fixture *f, const void *data G_GNUC_UNUSED)
{
    describe_all(f, f->second);
    g_autofree char *path = g_build_filename(f->first, "10-garbage.json", NULL);
    g_assert_true(g_file_set_contents(path, "[\"not a descriptor\"]", -1, NULL));
    g_autoptr(FirmwareSet) set = find(f);
    g_assert_nonnull(strstr(last_warning, "10-garbage.json"));
    assert_ends(set->plain_code, "plain.code");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_writer_func(on_log, NULL, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
#define ADD(name, test) g_test_add("/firmware/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("finds-one-of-each-kind", test_finds_one_of_each_kind);
    ADD("says-what-is-missing-where-there-is-none", test_says_what_is_missing_where_there_is_none);
    ADD("one-code-under-two-names-is-one-firmware", test_one_code_under_two_names_is_one_firmware);
    ADD("a-toggle-never-changes-the-code", test_a_toggle_never_changes_the_code);
    ADD("the-earlier-folder-wins-by-name", test_the_earlier_folder_wins_by_name);
    ADD("an-empty-file-hides-its-namesake", test_an_empty_file_hides_its_namesake);
    ADD("among-several-the-first-name-wins", test_among_several_the_first_name_wins);
    ADD("a-file-that-is-not-there-is-passed-over", test_a_file_that_is_not_there_is_passed_over);
    ADD("garbage-is-passed-over-with-a-warning", test_garbage_is_passed_over_with_a_warning);
#undef ADD
    for (guint i = 0; i < G_N_ELEMENTS(unfit); i++) {
        g_autofree char *path = g_strconcat("/firmware/unfit/", unfit[i].name, NULL);
        g_test_add(path, Fixture, &unfit[i].descriptor, set_up, test_unfit_is_passed_over, tear_down);
    }
    return g_test_run();
}
