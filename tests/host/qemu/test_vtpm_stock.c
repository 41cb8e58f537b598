/* The stock of vTPMs, with a swtpm_setup of our own: it writes the name that it is given into the
 * state, so that two vTPMs that were made apart are told apart. */
#include "host/qemu/vtpm_stock.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_USEC (20 * G_USEC_PER_SEC)
#define LOOK_USEC 2000

/* Arguments come as pairs but for --tpm2 and --create-ek-cert. */
static const char setup_text[] = "#!/bin/sh\n"
                                 "while [ $# -gt 0 ]; do\n"
                                 "  case $1 in\n"
                                 "    --tpmstate) state=$2; shift ;;\n"
                                 "    --vmid) name=$2; shift ;;\n"
                                 "  esac\n"
                                 "  shift\n"
                                 "done\n"
                                 "[ ! -e \"${0%/*}/broken\" ] || { echo 'told to fail'; exit 1; }\n"
                                 "[ ! -e \"${0%/*}/late\" ] || name=late\n"
                                 "echo \"$name\" >\"$state/tpm2-00.permall\"\n";

/* Of all tests. */
typedef struct {
    char *programs; /* in PATH */
    gint warnings;  /* atomic: that no vTPM could be made ahead */
} Suite;

typedef struct {
    Suite *suite;
    char *state;
    VtpmMaker *maker;
    VtpmStock *stock;
    guint taken;
} World;

static void
program_write(const char *programs, const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = folder_file(programs, name);
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, &error));
    g_assert_no_error(error);
}

static void
flag_set(const World *world, const char *name)
{
    program_write(world->suite->programs, name, "");
}

static void
flag_clear(const World *world, const char *name)
{
    g_autofree char *path = folder_file(world->suite->programs, name);
    unlink(path);
}

static void
world_set_up(World *world, gconstpointer suite)
{
    g_autoptr(GError) error = NULL;
    world->state = g_dir_make_tmp("vtpm-stock-XXXXXX", &error);
    g_assert_no_error(error);
    world->suite = (Suite *)suite;
    world->maker = vtpm_maker_new(world->state, NULL, NULL, /* state_key= */ NULL, /* authority= */ NULL, &error);
    g_assert_no_error(error);
}

static void
world_tear_down(World *world, gconstpointer data G_GNUC_UNUSED)
{
    vtpm_stock_free(world->stock);
    vtpm_maker_free(world->maker);
    g_assert_true(folder_remove(world->state, NULL));
    g_free(world->state);
    flag_clear(world, "broken");
    flag_clear(world, "late");
}

static void
stock_open(World *world, guint size)
{
    g_autoptr(GError) error = NULL;
    world->stock = vtpm_stock_new(world->state, world->maker, size, &error);
    g_assert_no_error(error);
}

/* The content of one taken, or NULL where none is ready. */
static char *
one_take(World *world)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("taken%u", world->taken);
    g_autofree char *folder = folder_file(world->state, name);
    gsize length;
    gboolean ok = vtpm_stock_take(world->stock, folder, 0, 0, &error);
    g_assert_no_error(error);
    if (!ok)
        return NULL;
    world->taken++;
    char *content = folder_read(folder, "tpm2-00.permall", 100, &length, &error);
    g_assert_no_error(error);
    return content;
}

static char *
one_await(World *world)
{
    gint64 until = g_get_monotonic_time() + WAIT_USEC;
    char *content;
    while (!(content = one_take(world))) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_usleep(LOOK_USEC);
    }
    return content;
}

static guint
stock_count(const World *world)
{
    g_autofree char *folder = folder_file(world->state, "vtpm-ahead");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        n += g_uuid_string_is_valid(name);
    return n;
}

static void
stock_await(const World *world, guint count)
{
    gint64 until = g_get_monotonic_time() + WAIT_USEC;
    while (stock_count(world) != count) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_usleep(LOOK_USEC);
    }
}

static void
test_makes_up_for_what_is_taken(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    stock_open(world, 2);
    for (guint i = 0; i < 3; i++)
        g_assert_true(g_hash_table_add(seen, one_await(world)));
    stock_await(world, 2);
}

static void
test_survives_its_daemon(World *world, gconstpointer data G_GNUC_UNUSED)
{
    stock_open(world, 2);
    stock_await(world, 2);
    g_clear_pointer(&world->stock, vtpm_stock_free);
    flag_set(world, "late");
    stock_open(world, 2);
    g_autofree char *first = one_take(world), *second = one_take(world);
    g_autofree char *third = one_await(world);
    g_assert_cmpstr(first, !=, second);
    g_assert_cmpstr(first, !=, "late\n");
    g_assert_cmpstr(second, !=, "late\n");
    g_assert_cmpstr(third, ==, "late\n");
}

static void
test_drops_what_is_half_made(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_uuid_string_random();
    g_autofree char *half = g_strdup_printf("%s/vtpm-ahead/%s.new", world->state, name);
    g_assert_true(folder_make(half, &error));
    stock_open(world, 1);
    g_assert_false(g_file_test(half, G_FILE_TEST_EXISTS));
    g_autofree char *content = one_await(world);
    g_assert_nonnull(content);
}

/* It belongs to nobody yet, and would stay plain. */
static void
test_drops_what_was_made_before_there_was_a_state_key(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *digits = g_strnfill(2 * STATE_KEY_BYTES, 'a');
    g_autoptr(StateKey) key = state_key_parse(digits, strlen(digits), NULL);
    stock_open(world, 1);
    stock_await(world, 1);
    g_clear_pointer(&world->stock, vtpm_stock_free);
    vtpm_maker_free(world->maker);
    world->maker = vtpm_maker_new(world->state, NULL, NULL, key, /* authority= */ NULL, &error);
    g_assert_no_error(error);
    flag_set(world, "late");
    for (guint i = 0; i < 2; i++) {
        stock_open(world, 1);
        stock_await(world, 1);
        g_clear_pointer(&world->stock, vtpm_stock_free);
        flag_clear(world, "late");
    }
    /* One that is encrypted is kept, as the second time shows. */
    stock_open(world, 1);
    g_autofree char *content = one_take(world);
    g_assert_cmpstr(content, ==, "late\n");
    g_clear_pointer(&world->stock, vtpm_stock_free);
    g_clear_pointer(&world->maker, vtpm_maker_free);
}

/* What is wrong with the maker is said, and none is taken for one that was made. */
static void
test_has_none_while_none_can_be_made(World *world, gconstpointer data G_GNUC_UNUSED)
{
    gint64 until = g_get_monotonic_time() + WAIT_USEC;
    flag_set(world, "broken");
    stock_open(world, 1);
    while (g_atomic_int_get(&world->suite->warnings) == 0) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_usleep(LOOK_USEC);
    }
    g_autofree char *none = one_take(world);
    g_assert_null(none);
    g_assert_cmpuint(stock_count(world), ==, 0);
}

static GLogWriterOutput
on_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    Suite *suite = data;
    g_autofree char *line = g_log_writer_format_fields(level, fields, n_fields, FALSE);
    if (!strstr(line, "no vTPM is made ahead") || !strstr(line, "told to fail"))
        return g_log_writer_default(level, fields, n_fields, NULL);
    g_atomic_int_inc(&suite->warnings);
    return G_LOG_WRITER_HANDLED;
}

static char *
programs_make(void)
{
    g_autoptr(GError) error = NULL;
    char *programs = g_dir_make_tmp("vtpm-programs-XXXXXX", &error);
    g_assert_no_error(error);
    program_write(programs, "swtpm_setup", setup_text);
    program_write(programs, "swtpm", "#!/bin/sh\n");
    program_write(programs, "swtpm_localca", "#!/bin/sh\n");
    g_autofree char *path = g_strconcat(programs, ":", g_getenv("PATH"), NULL);
    g_setenv("PATH", path, TRUE);
    return programs;
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    Suite suite = { .programs = programs_make() };
    g_log_set_writer_func(on_log, &suite, NULL);
    static const struct {
        const char *name;
        void (*run)(World *world, gconstpointer data);
    } tests[] = {
        { "/vtpm-stock/makes-up-for-what-is-taken", test_makes_up_for_what_is_taken },
        { "/vtpm-stock/survives-its-daemon", test_survives_its_daemon },
        { "/vtpm-stock/drops-what-is-half-made", test_drops_what_is_half_made },
        { "/vtpm-stock/drops-what-was-made-before-there-was-a-state-key",
          test_drops_what_was_made_before_there_was_a_state_key },
        { "/vtpm-stock/has-none-while-none-can-be-made", test_has_none_while_none_can_be_made },
    };
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, World, &suite, world_set_up, tests[i].run, world_tear_down);
    int status = g_test_run();
    g_assert_true(folder_remove(suite.programs, NULL));
    g_free(suite.programs);
    return status;
}
