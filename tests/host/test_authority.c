/* host/authority.h: a CA is made once, found again, and signs records that lead to its root. */
#include "host/authority.h"

#include "attest/crl.h"
#include "attest/issuer.h"
#include "attest/record.h"
#include "base/file.h"
#include "base/json.h"
#include "host/qemu/folder.h"
#include "host/qemu/vtpm.h"
#include "host/qemu/vtpm_certify.h"
#include "host/run.h"

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
    Authority *authority = authority_open(fixture->dir, NULL, NOW, &error);
    g_assert_no_error(error);
    return authority;
}

static StateKey *
key_of(char digit)
{
    g_autofree char *text = g_strnfill(64, digit);
    StateKey *key = state_key_parse(text, 64, NULL);
    g_assert_nonnull(key);
    return key;
}

static Authority *
open_with(const Fixture *fixture, const StateKey *key)
{
    g_autoptr(GError) error = NULL;
    Authority *authority = authority_open(fixture->dir, key, NOW, &error);
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
    json_decref(record_verify(text, strlen(text), ca, NULL, 0, &check));
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
        g_assert_null(authority_open(fixture->dir, NULL, NOW, &error));
        g_assert_nonnull(strstr(error->message, names[i]));
        g_assert_true(file_write(path, kept, strlen(kept), 0600, NULL));
    }
}

static const char *const key_files[] = { "swtpm-localca-rootca-privkey.pem", "signkey.pem", "records-key.pem" };

static guint
plain_keys(const Fixture *fixture)
{
    guint n = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(key_files); i++) {
        g_autofree char *path = path_of(fixture, key_files[i]), *text = file_read(path, 65536, NULL, NULL);
        n += strstr(text, "PRIVATE KEY") != NULL ? 1 : 0;
    }
    return n;
}

/* Keys that were there before there was a state key are sealed by it, and open by no other. */
static void
test_sealed(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(StateKey) key = key_of('a'), other = key_of('b');
    g_autoptr(Authority) plain = open_it(fixture);
    g_autofree char *chain = authority_chain(plain);
    g_assert_cmpuint(plain_keys(fixture), ==, 3);
    g_autoptr(Authority) sealed = open_with(fixture, key);
    g_assert_cmpuint(plain_keys(fixture), ==, 0);
    expect_signs(sealed, chain);
    g_autoptr(Authority) again = open_with(fixture, key);
    expect_signs(again, chain);
    g_autoptr(GError) error = NULL;
    g_assert_null(authority_open(fixture->dir, other, NOW, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_null(authority_open(fixture->dir, NULL, NOW, &error));
    g_assert_nonnull(error);
    /* What swtpm_localca is given is the key itself. */
    g_autofree char *shown = NULL;
    g_assert_true(g_file_get_contents(authority_key_path(again), &shown, NULL, NULL));
    g_assert_nonnull(strstr(shown, "PRIVATE KEY"));
}

static void
test_renewed(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(StateKey) key = key_of('a');
    g_autoptr(Authority) authority = open_with(fixture, key);
    g_autoptr(GError) error = NULL;
    g_autofree char *before = authority_chain(authority), *path = path_of(fixture, key_files[0]);
    g_autofree char *away = g_build_filename(fixture->dir, "root.pem", NULL), *key_before = NULL, *key_after = NULL;
    g_assert_true(g_file_get_contents(authority_key_path(authority), &key_before, NULL, NULL));
    g_assert_cmpint(rename(path, away), ==, 0);
    g_assert_false(authority_renew(authority, NULL, NOW, &error));
    g_assert_error(error, ARM_ERROR, ARM_OPERATION_NOT_ALLOWED);
    g_clear_error(&error);
    g_assert_true(authority_renew(authority, away, NOW, &error));
    g_assert_no_error(error);
    g_autofree char *after = authority_chain(authority);
    /* The same root leads to what both have signed. */
    expect_signs(authority, before);
    expect_signs(authority, after);
    g_assert_cmpuint(strlen(after), >, strlen(before));
    g_assert_true(g_file_get_contents(authority_key_path(authority), &key_after, NULL, NULL));
    g_assert_cmpstr(key_before, !=, key_after);
    g_autoptr(Authority) again = open_with(fixture, key);
    g_autofree char *same = authority_chain(again);
    g_assert_cmpstr(after, ==, same);
    expect_signs(again, after);
}

/* The daemon dies between any two of the renewal's steps. */
static void
test_renewal_cut_short(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *file, *was;
    } put_back[] = { { "issuercert.pem", "next-issuercert.pem" }, { "signkey.pem", "next-signkey.pem" } };
    for (gsize steps = 1; steps <= G_N_ELEMENTS(put_back); steps++) {
        g_autoptr(Authority) authority = open_it(fixture);
        char *kept[G_N_ELEMENTS(put_back)];
        for (gsize i = 0; i < G_N_ELEMENTS(put_back); i++) {
            g_autofree char *path = path_of(fixture, put_back[i].file);
            kept[i] = file_read(path, 65536, NULL, NULL);
        }
        g_assert_true(authority_renew(authority, NULL, NOW, NULL));
        for (gsize i = 0; i < G_N_ELEMENTS(put_back); i++) {
            g_autofree char *path = path_of(fixture, put_back[i].file), *was = path_of(fixture, put_back[i].was);
            if (i < steps) {
                g_assert_cmpint(rename(path, was), ==, 0);
                g_assert_true(file_write(path, kept[i], strlen(kept[i]), 0600, NULL));
            }
            g_free(kept[i]);
        }
        g_autoptr(Authority) again = open_it(fixture);
        g_autofree char *chain = authority_chain(again), *other = authority_chain(authority);
        g_assert_cmpstr(chain, ==, other);
        expect_signs(again, chain);
    }
}

static CrlAnswer
ask(Authority *authority, GBytes *certificate, UnixTime made, UnixTime now)
{
    g_autofree char *chain_text = authority_chain(authority), *list = authority_crls(authority, made);
    g_autoptr(GBytes) ca = g_bytes_new(chain_text, strlen(chain_text)), crls = g_bytes_new(list, strlen(list));
    g_autoptr(Chain) chain = chain_new();
    g_assert_true(chain_add(chain, certificate));
    return crl_ask(chain, ca, crls, now);
}

/* As swtpm has it from us: its endorsement key's certificate leads to our root, and is revoked by its number. */
static void
test_vtpm_certificates(Fixture *fixture, gconstpointer data)
{
    g_autoptr(StateKey) key = data ? key_of('a') : NULL;
    g_autofree char *setup = g_find_program_in_path("swtpm_setup"), *localca = g_find_program_in_path("swtpm_localca");
    if (!setup || !localca) {
        g_test_skip("there is no swtpm with its tools");
        return;
    }
    g_autoptr(Authority) authority = open_with(fixture, key);
    g_autoptr(GError) error = NULL;
    static const char *const names[] = { "ek-rsa2048.crt", "ek-secp384r1.crt" };
    g_autofree char *folder = g_build_filename(fixture->dir, "vtpm", NULL);
    GBytes *certificates[2];
    for (guint i = 0; i < 2; i++) {
        VtpmMaker *maker = vtpm_maker_new(fixture->dir, NULL, NULL, key, authority, &error);
        g_assert_no_error(error);
        g_assert_true(folder_remove(folder, NULL));
        vtpm_make(maker, folder, 0, 0, &error);
        g_assert_no_error(error);
        vtpm_maker_free(maker);
        g_autofree char *file = folder_file(folder, names[i]);
        gsize size = 0;
        char *bytes = file_read(file, 65536, &size, &error);
        g_assert_no_error(error);
        certificates[i] = g_bytes_new_take(bytes, size);
        /* The second one is made by another CA. */
        g_assert_true(i > 0 || authority_renew(authority, NULL, NOW, NULL));
    }
    g_autofree char *chain_text = authority_chain(authority);
    g_autoptr(GBytes) ca = g_bytes_new(chain_text, strlen(chain_text));
    const UnixTime today = g_get_real_time();
    for (guint i = 0; i < 2; i++) {
        g_autoptr(Chain) chain = chain_new();
        g_assert_true(chain_add(chain, certificates[i]));
        g_assert_true(chain_leads(chain, ca, NOW + USEC_PER_SEC) || chain_leads(chain, ca, today));
        g_assert_cmpint(ask(authority, certificates[i], NOW, NOW), ==, CRL_GOOD);
        g_assert_cmpint(ask(authority, certificates[i], NOW, NOW + 2 * CRL_LIFE), ==, CRL_UNKNOWN);
        g_autofree char *serial = crl_serial_of(chain_first(chain));
        g_assert_false(authority_is_revoked(authority, certificates[i]));
        g_assert_true(authority_revoke(authority, (const char *const[]){ serial, NULL }, "a test", NOW, &error));
        g_assert_no_error(error);
        g_assert_cmpint(ask(authority, certificates[i], NOW, NOW), ==, CRL_REVOKED);
        g_autoptr(Authority) again = open_with(fixture, key);
        g_assert_true(authority_is_revoked(again, certificates[i]));
        g_assert_cmpint(ask(again, certificates[i], NOW, NOW), ==, CRL_REVOKED);
    }
    g_bytes_unref(certificates[0]);
    g_bytes_unref(certificates[1]);
}

static GBytes *
bytes_read(const char *folder, const char *name)
{
    g_autoptr(GError) error = NULL;
    gsize size = 0;
    char *bytes = folder_read(folder, name, 65536, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(bytes, size);
}

/* What openssl says of it, as whoever verifies would ask it; its exit status has to be 0. */
static char *
openssl_says(const char *const *arguments)
{
    const RunLimits limits = { 0 };
    g_autoptr(GError) error = NULL;
    char *said = NULL;
    run_program(arguments, &limits, &said, &error);
    g_assert_no_error(error);
    return said;
}

static char *
file_with(const Fixture *fixture, const char *name, const void *bytes, gsize size)
{
    char *path = g_build_filename(fixture->dir, name, NULL);
    g_assert_true(file_write(path, bytes, size, 0600, NULL));
    return path;
}

#define ADDRESS "http://host.example:8080/crl"

/* $0: a certificate, $1: its issuer's list, both DER; $2: the CA, PEM. */
static const char verify_script[] = "openssl crl -inform der -in $1 -out $1.pem && openssl x509 -inform der -in $0 -out $0.pem "
                                    "&& openssl verify -partial_chain "
                                    "-no_check_time -ignore_critical -CAfile $2 -crl_check -CRLfile $1.pem $0.pem 2>&1 || true";

/* One of a vTPM's certificates names its issuer's list, and openssl finds it good by that list, and then revoked. */
static void
expect_listed(const Fixture *fixture, Authority *authority, const char *vtpm, const char *name)
{
    g_autoptr(GBytes) certificate = bytes_read(vtpm, name);
    g_autoptr(Chain) chain = chain_new();
    g_assert_true(chain_add(chain, certificate));
    g_autofree char *address = issuer_crl_address_of(chain_first(chain)), *path = g_build_filename(vtpm, name, NULL);
    g_assert_true(g_str_has_prefix(address, ADDRESS "/") && g_str_has_suffix(address, ".crl"));
    g_autofree char *id = g_strndup(address + strlen(ADDRESS "/"), 8),
                    *uri = g_strconcat("URI:" ADDRESS "/", id, ".crl\n", NULL);
    g_assert_cmpuint(strlen(address), ==, strlen(ADDRESS "/12345678.crl"));
    const char *const show[] = { "openssl", "x509", "-inform", "der", "-in", path, "-noout", "-ext", "crlDistributionPoints",
                                 NULL };
    g_autofree char *shown = openssl_says(show), *ca_text = authority_chain(authority);
    g_assert_nonnull(strstr(shown, uri));
    g_autofree char *ca = file_with(fixture, "ca.pem", ca_text, strlen(ca_text)), *serial = crl_serial_of(chain_first(chain));
    for (guint revoked = 0; revoked < 2; revoked++) {
        const UnixTime now = g_get_real_time();
        g_autoptr(GBytes) list = authority_crl(authority, id, now);
        g_assert_nonnull(list);
        g_autofree char *crl = file_with(fixture, "list.crl", g_bytes_get_data(list, NULL), g_bytes_get_size(list));
        const char *const verify[] = { "sh", "-c", verify_script, path, crl, ca, NULL };
        g_autofree char *said = openssl_says(verify);
        if (!strstr(said, revoked ? "certificate revoked" : ": OK"))
            g_error("%s", said);
        g_assert_true(authority_revoke(authority, (const char *const[]){ serial, NULL }, NULL, now, NULL));
    }
}

static void
test_where_the_list_is(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *setup = g_find_program_in_path("swtpm_setup"), *localca = g_find_program_in_path("swtpm_localca");
    g_autofree char *openssl = g_find_program_in_path("openssl");
    if (!setup || !localca || !openssl) {
        g_test_skip("there is no swtpm with its tools, or no openssl");
        return;
    }
    g_autoptr(StateKey) key = key_of('a');
    g_autoptr(Authority) authority = open_with(fixture, key);
    g_autoptr(GError) error = NULL;
    g_autofree char *plain = g_build_filename(fixture->dir, "plain", NULL),
                    *vtpm = g_build_filename(fixture->dir, "vtpm", NULL);
    VtpmMaker *nowhere = vtpm_maker_new(fixture->dir, NULL, NULL, key, authority, &error);
    g_assert_true(vtpm_make(nowhere, plain, 0, 0, &error));
    authority_crl_address_set(authority, ADDRESS);
    VtpmMaker *somewhere = vtpm_maker_new(fixture->dir, NULL, NULL, key, authority, &error);
    vtpm_make(somewhere, vtpm, 0, 0, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) without = bytes_read(plain, "ek-rsa2048.crt");
    g_autoptr(Chain) chain = chain_new();
    g_assert_true(chain_add(chain, without));
    g_assert_null(issuer_crl_address_of(chain_first(chain)));
    expect_listed(fixture, authority, vtpm, "ek-rsa2048.crt");
    expect_listed(fixture, authority, vtpm, "ek-secp384r1.crt");
    g_assert_null(authority_crl(authority, "00000000", NOW));
    /* What was made by other settings is told from what would be made now. */
    g_assert_true(vtpm_is_as_made_now(somewhere, vtpm));
    g_assert_false(vtpm_is_as_made_now(somewhere, plain));
    authority_crl_address_set(authority, ADDRESS "/of");
    g_assert_false(vtpm_is_as_made_now(somewhere, vtpm));
    authority_crl_address_set(authority, NULL);
    g_assert_false(vtpm_is_as_made_now(nowhere, vtpm));
    g_assert_true(vtpm_is_as_made_now(nowhere, plain));
    vtpm_maker_free(nowhere);
    vtpm_maker_free(somewhere);
}

/* After a renewal each certificate's own list is still there. */
static void
test_a_list_of_each_ca(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(Authority) authority = open_it(fixture);
    g_autofree char *before = path_of(fixture, "issuercert.pem"), *text = NULL, *text_after = NULL;
    g_assert_true(g_file_get_contents(before, &text, NULL, NULL));
    g_assert_true(authority_renew(authority, NULL, NOW, NULL));
    g_assert_true(g_file_get_contents(before, &text_after, NULL, NULL));
    const char *const certificates[] = { text, text_after };
    for (guint i = 0; i < G_N_ELEMENTS(certificates); i++) {
        g_autoptr(X509) certificate = issuer_certificate_parse(certificates[i]);
        g_autofree char *id = issuer_id(certificate);
        g_autoptr(GBytes) list = authority_crl(authority, id, NOW);
        const guint8 *at = g_bytes_get_data(list, NULL);
        X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)g_bytes_get_size(list));
        g_assert_nonnull(crl);
        g_assert_cmpint(X509_CRL_verify(crl, X509_get0_pubkey(certificate)), ==, 1);
        X509_CRL_free(crl);
    }
}

static void
test_serial_numbers(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *text, *serial; /* NULL: refused */
    } rows[] = { { "02", "02" },     { "2", "02" },  { "ab", "AB" },
                 { "0000AB", "AB" }, { "", NULL },   { "0", NULL },
                 { "xy", NULL },     { "-2", NULL }, { "0102030405060708090a0b0c0d0e0f10111213141516", NULL } };
    g_autoptr(Authority) authority = open_it(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *serial = crl_serial_read(rows[i].text);
        g_assert_cmpstr(serial, ==, rows[i].serial);
        g_assert_cmpint(authority_revoke(authority, (const char *const[]){ rows[i].text, NULL }, NULL, NOW, NULL), ==,
                        rows[i].serial != NULL);
    }
    g_autoptr(json_t) list = authority_revoked(authority);
    g_assert_cmpuint(json_array_size(list), ==, 2);
}

static guint
revoked_count(const Fixture *fixture)
{
    g_autoptr(Authority) authority = open_it(fixture);
    g_autoptr(json_t) list = authority_revoked(authority);
    return (guint)json_array_size(list);
}

/* Those of one vTPM: all of them, or none. */
static void
test_several_at_once(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(Authority) authority = open_it(fixture);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of(fixture, "revoked.json"), *file = path_of(fixture, "revoked.json/file");
    const char *const one_is_none[] = { "0A", "xy", NULL }, *const two[] = { "0B", "0C", NULL },
                      *const more[] = { "0C", "0D", NULL };
    g_assert_false(authority_revoke(authority, one_is_none, NULL, NOW, NULL));
    g_assert_cmpuint(revoked_count(fixture), ==, 0);
    /* It cannot be written. */
    g_assert_cmpint(g_mkdir_with_parents(file, 0700), ==, 0);
    g_assert_false(authority_revoke(authority, two, NULL, NOW, NULL));
    g_autoptr(json_t) unchanged = authority_revoked(authority);
    g_assert_cmpuint(json_array_size(unchanged), ==, 0);
    g_assert_true(folder_remove(path, NULL));
    g_assert_true(authority_revoke(authority, two, NULL, NOW, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(revoked_count(fixture), ==, 2);
    g_assert_true(authority_revoke(authority, more, NULL, NOW, &error));
    g_assert_cmpuint(revoked_count(fixture), ==, 3);
}

int
main(int argc, char **argv)
{
    if (vtpm_certify_asked(argv[0]))
        return vtpm_certify(argc, argv);
    g_test_init(&argc, &argv, NULL);
    g_test_add("/authority/made-once", Fixture, NULL, set_up, test_made_once, tear_down);
    g_test_add("/authority/without-the-root-key", Fixture, NULL, set_up, test_without_the_root_key, tear_down);
    g_test_add("/authority/half-made", Fixture, NULL, set_up, test_half_made, tear_down);
    g_test_add("/authority/damaged", Fixture, NULL, set_up, test_damaged, tear_down);
    g_test_add("/authority/sealed", Fixture, NULL, set_up, test_sealed, tear_down);
    g_test_add("/authority/renewed", Fixture, NULL, set_up, test_renewed, tear_down);
    g_test_add("/authority/renewal-cut-short", Fixture, NULL, set_up, test_renewal_cut_short, tear_down);
    g_test_add("/authority/vtpm-certificates", Fixture, NULL, set_up, test_vtpm_certificates, tear_down);
    g_test_add("/authority/vtpm-certificates-by-a-sealed-key", Fixture, "sealed", set_up, test_vtpm_certificates, tear_down);
    g_test_add("/authority/where-the-list-is", Fixture, NULL, set_up, test_where_the_list_is, tear_down);
    g_test_add("/authority/a-list-of-each-ca", Fixture, NULL, set_up, test_a_list_of_each_ca, tear_down);
    g_test_add("/authority/serial-numbers", Fixture, NULL, set_up, test_serial_numbers, tear_down);
    g_test_add("/authority/several-at-once", Fixture, NULL, set_up, test_several_at_once, tear_down);
    return g_test_run();
}
