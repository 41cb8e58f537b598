/* host/authority.h: a CA is made once, found again, and signs records that lead to its root. */
#include "host/authority.h"

#include "attest/record.h"
#include "base/file.h"
#include "base/json.h"

#include <string.h>

#define NOW (G_GINT64_CONSTANT(1800000000) * USEC_PER_SEC)

typedef struct {
    char *dir;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    fixture->dir = g_dir_make_tmp("authority-XXXXXX", NULL);
    g_assert_nonnull(fixture->dir);
}

static void
tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    folder_remove(fixture->dir, NULL);
    g_free(fixture->dir);
}

static Authority *
open_it(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Authority *authority = authority_open(fixture->dir, NOW, &error);
    g_assert_no_error(error);
    return authority;
}

static char *
path_of(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->dir, "ca", "vtpm", name, NULL);
}

static void
expect_signs(Authority *authority, const char *chain)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) record = json_pack("{ss sI s[]}", "id", "r", "iat", (json_int_t)(NOW / USEC_PER_SEC), "instances");
    g_autofree char *text = authority_record_sign(authority, record, &error);
    g_autoptr(GBytes) ca = g_bytes_new(chain, strlen(chain));
    RecordCheck check;
    g_assert_no_error(error);
    json_decref(record_verify(text, strlen(text), ca, &check));
    g_assert_cmpint(check, ==, RECORD_HOLDS);
}

static void
test_made_once(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(Authority) first = open_it(fixture);
    g_autofree char *chain = authority_chain(first);
    g_autoptr(Authority) second = open_it(fixture);
    g_autofree char *again = authority_chain(second);
    g_assert_cmpstr(chain, ==, again);
    g_assert_true(authority_root_key_here(second));
    expect_signs(second, chain);
}

static void
test_without_the_root_key(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(Authority) first = open_it(fixture);
    g_autofree char *chain = authority_chain(first), *key = path_of(fixture, "swtpm-localca-rootca-privkey.pem");
    g_assert_cmpint(unlink(key), ==, 0);
    g_autoptr(Authority) second = open_it(fixture);
    g_assert_false(authority_root_key_here(second));
    expect_signs(second, chain);
}

/* A crash between any two files: what is not there yet is made. */
static void
test_half_made(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const newest_first[] = { "records-cert.pem", "records-key.pem", "issuercert.pem", "signkey.pem",
                                                "swtpm-localca-rootca-cert.pem" };
    for (gsize gone = 1; gone <= G_N_ELEMENTS(newest_first); gone++) {
        authority_free(open_it(fixture));
        for (gsize i = 0; i < gone; i++) {
            g_autofree char *path = path_of(fixture, newest_first[i]);
            g_assert_cmpint(unlink(path), ==, 0);
        }
        g_autoptr(Authority) authority = open_it(fixture);
        g_autofree char *chain = authority_chain(authority);
        expect_signs(authority, chain);
    }
}

static void
test_damaged(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const names[] = { "swtpm-localca-rootca-privkey.pem",
                                         "swtpm-localca-rootca-cert.pem",
                                         "signkey.pem",
                                         "issuercert.pem",
                                         "records-key.pem",
                                         "records-cert.pem" };
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        authority_free(open_it(fixture));
        g_autofree char *path = path_of(fixture, names[i]), *kept = file_read(path, 65536, NULL, NULL);
        g_assert_true(file_write(path, "x", 1, 0600, NULL));
        g_assert_null(authority_open(fixture->dir, NOW, &error));
        g_assert_nonnull(strstr(error->message, names[i]));
        g_assert_true(file_write(path, kept, strlen(kept), 0600, NULL));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/authority/made-once", Fixture, NULL, set_up, test_made_once, tear_down);
    g_test_add("/authority/without-the-root-key", Fixture, NULL, set_up, test_without_the_root_key, tear_down);
    g_test_add("/authority/half-made", Fixture, NULL, set_up, test_half_made, tear_down);
    g_test_add("/authority/damaged", Fixture, NULL, set_up, test_damaged, tear_down);
    return g_test_run();
}
