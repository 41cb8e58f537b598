/* Whose TPM: endorsement key, certificate, CA. And keys below the endorsement key, as tpm2-tools makes them. */
#include "attest/identity.h"
#include "cases.h"

#include <string.h>

#define NOW (1798761600 * (gint64)G_USEC_PER_SEC) /* 2027-01-01: the certificates are from November 2026 */

static GBytes *
ca_read(const char *const *names)
{
    GByteArray *all = g_byte_array_new();
    for (; *names; names++) {
        g_autoptr(GBytes) one = fixture_read(*names, FALSE);
        g_byte_array_append(all, g_bytes_get_data(one, NULL), (guint)g_bytes_get_size(one));
    }
    return g_byte_array_free_to_bytes(all);
}

static const char *const whole_ca[] = { "ca/issuer.pem", "ca/root.pem", NULL };
static const char *const root_only[] = { "ca/root.pem", NULL };
static const char *const no_root[] = { "ca/issuer.pem", NULL };

static const struct {
    const char *why, *certificate, *ek;
    const char *const *ca;
    UnixTime now;
    Identity identity;
} cases[] = {
    { "its own", "secure/ek-rsa.crt.der", "secure/ek.pub", whole_ca, NOW, IDENTITY_CERTIFIED },
    { "another instance's certificate", "secure-instance2/ek-rsa.crt.der", "secure/ek.pub", whole_ca, NOW, IDENTITY_OTHER_KEY },
    { "the other key's certificate", "secure/ek-ecc.crt.der", "secure/ek.pub", whole_ca, NOW, IDENTITY_OTHER_KEY },
    { "nothing between it and the root", "secure/ek-rsa.crt.der", "secure/ek.pub", root_only, NOW, IDENTITY_NOT_CERTIFIED },
    { "nobody to trust", "secure/ek-rsa.crt.der", "secure/ek.pub", no_root, NOW, IDENTITY_UNREADABLE },
    { "before it was made", "secure/ek-rsa.crt.der", "secure/ek.pub", whole_ca, G_USEC_PER_SEC, IDENTITY_NOT_CERTIFIED },
    { "no certificate", "secure/ek.pub", "secure/ek.pub", whole_ca, NOW, IDENTITY_UNREADABLE },
    { "none at all", NULL, "secure/ek.pub", whole_ca, NOW, IDENTITY_NO_CERTIFICATE },
    { "nobody's", "secure/ek-rsa.crt.der", NULL, whole_ca, NOW, IDENTITY_NO_KEY },
    { "no key", "secure/ek-rsa.crt.der", "secure/nonce.bin", whole_ca, NOW, IDENTITY_UNREADABLE },
};

static void
test_identity(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) certificate = cases[i].certificate ? fixture_read(cases[i].certificate, FALSE) : NULL;
        g_autoptr(GBytes) ek = cases[i].ek ? fixture_read(cases[i].ek, FALSE) : NULL;
        g_autoptr(GBytes) ca = ca_read(cases[i].ca);
        g_test_message("%s", cases[i].why);
        g_assert_cmpstr(identity_text(identity_check(certificate, ek, ca, NULL, cases[i].now)), ==,
                        identity_text(cases[i].identity));
    }
}

/* As the daemon asks, which has the digest ready. */
static void
test_digests(void)
{
    static const char *const folders[] = { "secure", "secure-instance2", "sb-off" };
    g_autoptr(GBytes) nobody = g_bytes_new_static("", 0), ecc = fixture_read("secure/ak.pub", FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *certificate_path = g_strconcat(folders[i], "/ek-rsa.crt.der", NULL);
        g_autoptr(GBytes) certificate = fixture_read(certificate_path, FALSE);
        g_autofree char *digest = identity_key_digest(certificate, NULL);
        g_assert_nonnull(digest);
        for (guint j = 0; j < G_N_ELEMENTS(folders); j++) {
            g_autofree char *ek_path = g_strconcat(folders[j], "/ek.pub", NULL);
            g_autoptr(GBytes) ek = fixture_read(ek_path, FALSE);
            g_assert_cmpint(identity_has_digest(ek, digest), ==, i == j);
            g_assert_cmpint(identity_is_key_of(certificate, ek), ==, i == j);
        }
        g_assert_false(identity_has_digest(nobody, digest));
        g_assert_false(identity_has_digest(ecc, digest));
    }
}

/* Name and key are those that tpm2-tools wrote beside it. */
static void
test_names(void)
{
    static const char *const keys[] = { "secure/ak", "sb-off/ak", "secure-tpm2tools/ak_ecc", "secure-tpm2tools/ak_rsa" };
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *key_path = g_strconcat(keys[i], ".pub", NULL);
        g_autofree char *name_path = g_strconcat(keys[i], ".name", NULL);
        g_autoptr(GBytes) bytes = fixture_read(key_path, FALSE);
        g_autoptr(GBytes) name = fixture_read(name_path, FALSE);
        g_autoptr(TpmKey) key = tpm_key_parse(bytes, NULL);
        g_assert_nonnull(key);
        g_assert_cmpmem(key->name, TPM_NAME_SIZE, g_bytes_get_data(name, NULL), g_bytes_get_size(name));
        g_assert_true(tpm_key_attests(key));
    }
    g_autoptr(GBytes) ek_bytes = fixture_read("secure/ek.pub", FALSE);
    g_autoptr(TpmKey) ek = tpm_key_parse(ek_bytes, NULL);
    g_assert_cmpint(ek->type, ==, TPM_KEY_RSA);
    g_assert_false(tpm_key_attests(ek));
}

static Case
tools_case(const char *kind)
{
    g_autofree char *attest = g_strdup_printf("secure-tpm2tools/quote_%s.msg", kind);
    g_autofree char *signature = g_strdup_printf("secure-tpm2tools/quote_%s.sig", kind);
    g_autofree char *ak = g_strdup_printf("secure-tpm2tools/ak_%s.pub", kind);
    return (Case){ .evidence = { .attest = fixture_read(attest, FALSE),
                                 .signature = fixture_read(signature, FALSE),
                                 .ak = fixture_read(ak, FALSE),
                                 .ek = fixture_read("secure-tpm2tools/ek_rsa.pub", FALSE),
                                 .log = fixture_read("secure-tpm2tools/eventlog.bin", FALSE) },
                   .nonce = fixture_read("secure-tpm2tools/nonce.bin", FALSE) };
}

/* The RSA one signs by RSASSA and is below this endorsement key; the other is below one that nobody kept. */
static void
test_below_endorsement_key(void)
{
    g_auto(Case) rsa = tools_case("rsa");
    g_auto(Case) ecc = tools_case("ecc");
    g_auto(Evidenced) with = { 0 };
    g_auto(Evidenced) without = { 0 };
    g_auto(Evidenced) other = { 0 };
    evidence_check(&rsa.evidence, rsa.nonce, &with);
    g_assert_cmpstr(with.reason, ==, NULL);
    g_clear_pointer(&rsa.evidence.ek, g_bytes_unref);
    evidence_check(&rsa.evidence, rsa.nonce, &without);
    g_assert_cmpint(without.check, ==, EVIDENCE_WRONG_KEY);
    evidence_check(&ecc.evidence, ecc.nonce, &other);
    g_assert_cmpint(other.check, ==, EVIDENCE_WRONG_KEY);
}

/* A restart in between is seen. */
static void
test_counters(void)
{
    g_autoptr(GBytes) first = fixture_read("secure/quote.attest", FALSE);
    g_autoptr(GBytes) second = fixture_read("secure-second-boot/quote.attest", FALSE);
    Quote a, b;
    g_assert_cmpint(quote_parse(first, &a), ==, QUOTE_READ);
    g_assert_cmpint(quote_parse(second, &b), ==, QUOTE_READ);
    g_assert_cmpuint(a.resets, ==, 2);
    g_assert_cmpuint(b.resets, ==, 3);
    g_assert_cmpuint(a.restarts, ==, 0);
    g_assert_true(a.safe);
    g_assert_cmphex(a.firmware, ==, 0x2019102300163636);
    g_assert_cmphex(a.pcrs, ==, EVIDENCE_PCRS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/identity/certificates", test_identity);
    g_test_add_func("/identity/digests", test_digests);
    g_test_add_func("/identity/names", test_names);
    g_test_add_func("/identity/below-endorsement-key", test_below_endorsement_key);
    g_test_add_func("/identity/counters", test_counters);
    return g_test_run();
}
