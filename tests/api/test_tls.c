/* The daemon's own certificates: made once, kept, renewed, never silently replaced. */
#include "api/api.h"
#include "base/error.h"
#include "base/file.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#define NOW     (G_GINT64_CONSTANT(1704067200) * USEC_PER_SEC)
#define DAYS(n) ((n)*G_GINT64_CONSTANT(86400) * USEC_PER_SEC)

typedef struct {
    char *dir;
} Fixture;

static void
set_up(Fixture *fixture, const void *data)
{
    (void)data;
    fixture->dir = g_dir_make_tmp("tls-XXXXXX", NULL);
    g_assert_nonnull(fixture->dir);
}

static void
tear_down(Fixture *fixture, const void *data)
{
    (void)data;
    g_assert_true(folder_remove(fixture->dir, NULL));
    g_free(fixture->dir);
}

static TlsFiles *
must_prepare(const Fixture *fixture, const char *name, UnixTime now)
{
    g_autoptr(GError) error = NULL;
    const char *const names[] = { name, NULL };
    TlsFiles *files = tls_files_prepare(fixture->dir, names, now, &error);
    g_assert_no_error(error);
    return files;
}

static X509 *
first_certificate(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    g_assert_nonnull(certificate);
    return certificate;
}

static int
mode_of(const Fixture *fixture, const char *name)
{
    struct stat st;
    g_autofree char *path = g_build_filename(fixture->dir, "tls", name, NULL);
    g_assert_cmpint(stat(path, &st), ==, 0);
    return st.st_mode & 0777;
}

static void
test_made_once_and_kept(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(TlsFiles) first = must_prepare(f, NULL, NOW), second = must_prepare(f, NULL, NOW + DAYS(1));
    g_assert_cmpstr(first->certificate, ==, second->certificate);
    g_assert_cmpstr(first->key, ==, second->key);
    g_assert_cmpint(mode_of(f, "ca.key"), ==, 0600);
    g_assert_cmpint(mode_of(f, "server.key"), ==, 0600);

    X509 *server = first_certificate(first->certificate);
    g_assert_cmpint(X509_check_host(server, "localhost", 0, 0, NULL), ==, 1);
    g_assert_cmpint(X509_check_ip_asc(server, "127.0.0.1", 0), ==, 1);
    g_assert_cmpint(X509_check_ip_asc(server, "::1", 0), ==, 1);
    g_assert_cmpint(X509_check_ip_asc(server, "10.0.0.1", 0), ==, 0);
    X509_free(server);
}

static void
test_made_anew_under_the_same_authority(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(TlsFiles) first = must_prepare(f, NULL, NOW);
    g_autofree char *authority = file_read(first->ca_file, 1u << 16, NULL, NULL);
    g_autoptr(TlsFiles) named = must_prepare(f, "host.example", NOW), addressed = must_prepare(f, "192.0.2.7", NOW);
    g_autoptr(TlsFiles) later = must_prepare(f, "192.0.2.7", NOW + DAYS(380));
    g_assert_cmpstr(first->certificate, !=, named->certificate);
    g_assert_cmpstr(named->certificate, !=, addressed->certificate);
    g_assert_cmpstr(addressed->certificate, !=, later->certificate);
    X509 *server = first_certificate(named->certificate);
    g_assert_cmpint(X509_check_host(server, "host.example", 0, 0, NULL), ==, 1);
    X509_free(server);
    g_autofree char *still = file_read(first->ca_file, 1u << 16, NULL, NULL);
    g_assert_cmpstr(authority, ==, still);
}

/* The daemon looks once an hour. */
static void
test_any_name_is_made_once(Fixture *f, const void *data)
{
    static const char *const names[] = {
        "host.example", "*.example", "192.0.2.7", "2001:db8::1", "fe80::1%eth0", "under_score"
    };
    (void)data;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(TlsFiles) first = must_prepare(f, names[i], NOW), second = must_prepare(f, names[i], NOW);
        g_test_message("%s", names[i]);
        g_assert_cmpstr(first->certificate, ==, second->certificate);
    }
}

static void
test_ends_are_told(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(TlsFiles) files = must_prepare(f, NULL, NOW);
    g_autofree char *server = g_build_filename(f->dir, "tls", "server.pem", NULL);
    g_autofree char *server_key = g_build_filename(f->dir, "tls", "server.key", NULL);
    g_autoptr(TlsFiles) own = tls_files_own(server, server_key, NULL);
    g_assert_cmpint(files->ends, ==, NOW + DAYS(396));
    g_assert_cmpint(files->ca_ends, ==, NOW + DAYS(3649));
    g_assert_cmpint(own->ends, ==, files->ends);
    g_assert_cmpint(own->ca_ends, ==, 0);
}

/* Clients trust the authority: one that cannot be read is for a person to look at. */
static void
test_a_damaged_authority_is_not_replaced(Fixture *f, const void *data)
{
    (void)data;
    static const char *const names[] = { "ca.pem", "ca.key" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TlsFiles) files = must_prepare(f, NULL, NOW);
        g_autofree char *path = g_build_filename(f->dir, "tls", names[i], NULL), *good = file_read(path, 1u << 16, NULL, NULL);
        g_assert_true(file_write(path, "damaged", 7, 0600, NULL));
        g_assert_null(tls_files_prepare(f->dir, NULL, NOW, &error));
        g_assert_nonnull(strstr(error->message, "tls/ca"));
        g_autofree char *left = file_read(path, 1u << 16, NULL, NULL);
        g_assert_cmpstr(left, ==, "damaged");
        g_assert_true(file_write(path, good, strlen(good), 0600, NULL));
    }
    /* The server's own pair is ours to make again. */
    g_autofree char *server = g_build_filename(f->dir, "tls", "server.pem", NULL);
    g_assert_true(file_write(server, "damaged", 7, 0600, NULL));
    g_autoptr(TlsFiles) again = must_prepare(f, NULL, NOW);
    g_assert_nonnull(strstr(again->certificate, "BEGIN CERTIFICATE"));
}

static void
test_own_files_are_a_pair(Fixture *f, const void *data)
{
    (void)data;
    g_autoptr(GError) missing = NULL, no_pair = NULL, none = NULL;
    g_autoptr(TlsFiles) files = must_prepare(f, NULL, NOW);
    g_autofree char *server = g_build_filename(f->dir, "tls", "server.pem", NULL);
    g_autofree char *server_key = g_build_filename(f->dir, "tls", "server.key", NULL);
    g_autofree char *ca_key = g_build_filename(f->dir, "tls", "ca.key", NULL);
    g_autoptr(TlsFiles) own = tls_files_own(server, server_key, &none);
    g_assert_no_error(none);
    g_assert_null(tls_files_own(server, ca_key, &no_pair));
    g_assert_error(no_pair, ARM_ERROR, ARM_INVALID_PARAMETER);
    g_assert_null(tls_files_own("/nonexistent/server.pem", server_key, &missing));
    g_assert_nonnull(strstr(missing->message, "/nonexistent/server.pem"));
}

#define ADD(name, test) g_test_add("/tls/" name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("made-once-and-kept", test_made_once_and_kept);
    ADD("made-anew-under-the-same-authority", test_made_anew_under_the_same_authority);
    ADD("any-name-is-made-once", test_any_name_is_made_once);
    ADD("ends-are-told", test_ends_are_told);
    ADD("a-damaged-authority-is-not-replaced", test_a_damaged_authority_is_not_replaced);
    ADD("own-files-are-a-pair", test_own_files_are_a_pair);
    return g_test_run();
}
