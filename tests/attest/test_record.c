/* attest/record.h: what was signed is verified, and whatever is changed, forged or left out of it is named. */
#include "attest/record.h"

#include "attest/digest.h"
#include "attest/issuer.h"
#include "attest/jws.h"
#include "attest/jwt.h"
#include "base/json.h"
#include "cases.h"

#include <string.h>

#define NOW G_GINT64_CONSTANT(1800000000)

/* A CA, and a key of it that signs records. */
typedef struct {
    EVP_PKEY *root_key, *ca_key, *key;
    X509 *root, *ca, *own;
    char *chain; /* own, ca, root */
    GBytes *pem; /* the root alone */
} Ca;

static Ca
ca_make(gboolean for_records)
{
    Ca ca = { .root_key = issuer_key_new(), .ca_key = issuer_key_new(), .key = jwt_key_new() };
    ca.root = issuer_root_make(ca.root_key, NOW * USEC_PER_SEC);
    const Issuer root = { ca.root_key, ca.root },
                 between = { ca.ca_key, ca.ca = issuer_ca_make(ca.ca_key, &root, NOW * USEC_PER_SEC) };
    ca.own = for_records ? issuer_signer_make(ca.key, "Records", &between, NOW * USEC_PER_SEC)
                         : issuer_ca_make(ca.key, &root, NOW * USEC_PER_SEC);
    g_autofree char *own = issuer_certificate_text(ca.own), *middle = issuer_certificate_text(ca.ca),
                    *top = issuer_certificate_text(ca.root);
    ca.chain = g_strconcat(own, middle, top, NULL);
    ca.pem = g_bytes_new(top, strlen(top));
    return ca;
}

static void
ca_clear(Ca *ca)
{
    EVP_PKEY_free(ca->root_key);
    EVP_PKEY_free(ca->ca_key);
    EVP_PKEY_free(ca->key);
    X509_free(ca->root);
    X509_free(ca->ca);
    X509_free(ca->own);
    g_free(ca->chain);
    g_bytes_unref(ca->pem);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ca, ca_clear)

static char *
base64_of(GBytes *bytes)
{
    return g_base64_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

/* A verdict on the fixture's boot; *ret_log: its log, to be put into the record. */
static json_t *
verdict_of(const Case *one, const char *state, char **ret_digest)
{
    guint8 digest[SHA256_SIZE];
    sha256(g_bytes_get_data(one->evidence.log, NULL), g_bytes_get_size(one->evidence.log), digest);
    *ret_digest = sha256_hex(digest);
    g_autofree char *nonce = base64_of(one->nonce), *quote = base64_of(one->evidence.attest),
                    *signature = base64_of(one->evidence.signature), *ak = base64_of(one->evidence.ak);
    return json_pack("{ss s{ss ss ss ss ss}}", "state", state, "evidence", "nonce", nonce, "quote", quote, "signature",
                     signature, "ak", ak, "log", *ret_digest);
}

/* One instance, with this verdict after the change. */
static json_t *
record_of(const Case *one, const char *state, gboolean with_log)
{
    g_autofree char *digest = NULL, *log = base64_of(one->evidence.log);
    json_t *verdict = verdict_of(one, state, &digest);
    json_t *record = json_pack("{ss ss ss sI s[{ss s{sf} sn so}] s{}}", "id", "r1", "scaleSet", "/s1", "outcome", "Succeeded",
                               "iat", (json_int_t)NOW, "instances", "instanceId", "0", "downtime", "seconds", 2.5, "before",
                               "after", verdict, "logs");
    if (with_log)
        json_set_text(json_object_get(record, "logs"), digest, log);
    return record;
}

static RecordCheck
verify(const char *text, GBytes *ca, const char *path, const char *wanted)
{
    RecordCheck check;
    g_autoptr(json_t) report = record_verify(text, strlen(text), ca, NULL, 0, &check);
    g_assert_cmpstr(json_member_text(report, "verdict"), ==, record_check_text(check));
    g_assert_nonnull(json_member_text(report, "reason"));
    const json_t *instance = json_array_get(json_object_get(report, "instances"), 0);
    if (path)
        g_assert_cmpstr(json_member_text(instance, path), ==, wanted);
    return check;
}

static char *
sign(const json_t *record, const Ca *ca)
{
    g_autoptr(GError) error = NULL;
    char *text = record_sign(record, ca->key, ca->chain, &error);
    g_assert_no_error(error);
    return text;
}

static void
test_it_holds(void)
{
    g_auto(Ca) ca = ca_make(TRUE), other = ca_make(TRUE);
    g_auto(Case) one = case_read("secure");
    g_autoptr(json_t) record = record_of(&one, "Healthy", TRUE);
    g_autofree char *text = sign(record, &ca), *with_end = g_strconcat(text, "\n", NULL);
    g_assert_true(record_is(text, strlen(text)));
    g_assert_cmpint(verify(text, ca.pem, "afterEvidence", "holds"), ==, RECORD_HOLDS);
    g_assert_cmpint(verify(with_end, ca.pem, "beforeEvidence", "none"), ==, RECORD_HOLDS);
    g_assert_cmpint(verify(text, NULL, "after", "Healthy"), ==, RECORD_NOT_TRUSTED);
    g_assert_cmpint(verify(text, other.pem, NULL, NULL), ==, RECORD_OTHER_CA);
    RecordCheck check;
    g_autoptr(json_t) report = record_verify(text, strlen(text), ca.pem, NULL, 0, &check);
    g_assert_cmpstr(json_member_text(report, "scaleSet"), ==, "/s1");
    g_assert_true(g_str_has_prefix(json_member_text(report, "signedBy"), "CN=Records "));
}

/* With this downtime. */
static void
downtime_check(json_t *downtime, double seconds, gboolean still_down)
{
    g_auto(Ca) ca = ca_make(TRUE);
    g_auto(Case) one = case_read("secure");
    g_autoptr(json_t) record = record_of(&one, "Healthy", TRUE);
    RecordCheck check;
    json_set_text(record, "written", "2026-11-30T12:10:00.5Z");
    json_object_set_new(json_array_get(json_object_get(record, "instances"), 0), "downtime", downtime);
    g_autofree char *text = sign(record, &ca);
    g_autoptr(json_t) report = record_verify(text, strlen(text), ca.pem, NULL, 0, &check);
    const json_t *shown = json_array_get(json_object_get(report, "instances"), 0);
    g_assert_cmpint(check, ==, RECORD_HOLDS);
    g_assert_cmpfloat(json_number_value(json_object_get(shown, "downtimeSeconds")), ==, seconds);
    g_assert_cmpint(json_is_true(json_object_get(shown, "stillDown")), ==, still_down);
}

static void
test_downtime(void)
{
    const char *from = "2026-11-30T12:00:00Z", *to = "2026-11-30T12:01:00Z";
    downtime_check(json_pack("{sf s[]}", "seconds", 0.0, "periods"), 0, FALSE);
    downtime_check(
        json_pack("{sf s[{ss ss sI}]}", "seconds", 60.0, "periods", "from", from, "to", to, "usec", (json_int_t)60000000), 60,
        FALSE);
    downtime_check(json_pack("{sf s[{ss sI}]}", "seconds", 600.5, "periods", "from", from, "usec", (json_int_t)600500000),
                   600.5, TRUE);
    /* As it was written once. */
    downtime_check(json_pack("{sf s[{ss}]}", "seconds", 0.0, "periods", "from", from), 600.5, TRUE);
    downtime_check(json_pack("{sf s[{ss}]}", "seconds", 1.5, "periods", "from", "2026-12-24T12:00:00Z"), 1.5, TRUE);
    downtime_check(json_pack("{sf s[{ss}]}", "seconds", 1.5, "periods", "from", "then"), 1.5, TRUE);
}

/* A CA's other keys sign no records. */
static void
test_what_the_key_is_for(void)
{
    g_auto(Ca) ca = ca_make(FALSE);
    g_auto(Case) one = case_read("secure");
    g_autoptr(json_t) record = record_of(&one, "Healthy", TRUE);
    g_autofree char *text = sign(record, &ca);
    g_assert_cmpint(verify(text, ca.pem, NULL, NULL), ==, RECORD_OTHER_CA);
}

static void
test_when_it_was_signed(void)
{
    static const struct {
        gint64 at;
        RecordCheck check;
    } rows[] = {
        { NOW, RECORD_HOLDS },
        { NOW + G_GINT64_CONSTANT(14) * 365 * 86400, RECORD_HOLDS },
        { NOW + G_GINT64_CONSTANT(16) * 365 * 86400, RECORD_OTHER_CA },
        { NOW - G_GINT64_CONSTANT(7) * 86400, RECORD_OTHER_CA },
        { 0, RECORD_OTHER_CA },
        { -1, RECORD_OTHER_CA },
        { G_MAXINT64, RECORD_OTHER_CA },
    };
    g_auto(Ca) ca = ca_make(TRUE);
    g_auto(Case) one = case_read("secure");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(json_t) record = record_of(&one, "Healthy", TRUE);
        json_object_set_new(record, "iat", json_integer(rows[i].at));
        g_autofree char *text = sign(record, &ca);
        g_assert_cmpint(verify(text, ca.pem, NULL, NULL), ==, rows[i].check);
    }
}

static void
text_change(json_t *object, const char *member, const char *text)
{
    json_object_set_new(object, member, json_string(text));
}

/* What a verdict says has to be what its evidence gives. */
static void
test_evidence(void)
{
    static const struct {
        const char *why, *state;
        gboolean with_log;
        const char *member, *text; /* of the evidence, changed; NULL: none */
        const char *evidence;
        RecordCheck check;
    } rows[] = {
        { "as it was", "Healthy", TRUE, NULL, NULL, "holds", RECORD_HOLDS },
        { "another boot", "Deviation", TRUE, NULL, NULL, "holds", RECORD_HOLDS },
        { "its log was not kept", "Healthy", FALSE, NULL, NULL, "notKept", RECORD_HOLDS },
        { "another nonce", "Healthy", TRUE, "nonce", "AAAA", "differs", RECORD_EVIDENCE_DIFFERS },
        { "another nonce, and no log", "Healthy", FALSE, "nonce", "AAAA", "differs", RECORD_EVIDENCE_DIFFERS },
        { "which is what the verdict says", "NotAttested", TRUE, "nonce", "AAAA", "refused", RECORD_HOLDS },
        { "no quote", "Healthy", TRUE, "quote", "", "differs", RECORD_EVIDENCE_DIFFERS },
        { "no base64", "Healthy", TRUE, "signature", "!", "differs", RECORD_EVIDENCE_DIFFERS },
    };
    g_auto(Ca) ca = ca_make(TRUE);
    g_auto(Case) one = case_read("secure");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].why);
        g_autoptr(json_t) record = record_of(&one, rows[i].state, rows[i].with_log);
        json_t *instance = json_array_get(json_object_get(record, "instances"), 0);
        json_t *evidence = json_path(instance, "after.evidence");
        if (rows[i].member)
            text_change(evidence, rows[i].member, rows[i].text);
        g_autofree char *text = sign(record, &ca);
        g_assert_cmpint(verify(text, ca.pem, "afterEvidence", rows[i].evidence), ==, rows[i].check);
    }
}

static void
test_a_log_of_another_boot(void)
{
    g_auto(Ca) ca = ca_make(TRUE);
    g_auto(Case) one = case_read("secure"), other = case_read("secure-smp2");
    g_autoptr(json_t) record = record_of(&one, "Healthy", TRUE);
    json_t *logs = json_object_get(record, "logs");
    g_autofree char *log = base64_of(other.evidence.log);
    const char *digest = json_object_iter_key(json_object_iter(logs));
    g_autofree char *named = g_strdup(digest);
    text_change(logs, named, log);
    g_autofree char *text = sign(record, &ca);
    g_assert_cmpint(verify(text, ca.pem, "afterEvidence", "differs"), ==, RECORD_EVIDENCE_DIFFERS);
    /* A verdict without evidence is a word. */
    g_autoptr(json_t) bare = record_of(&one, "Healthy", TRUE);
    json_object_del(json_path(json_array_get(json_object_get(bare, "instances"), 0), "after"), "evidence");
    g_autofree char *bare_text = sign(bare, &ca);
    g_assert_cmpint(verify(bare_text, ca.pem, "afterEvidence", "differs"), ==, RECORD_EVIDENCE_DIFFERS);
}

/* Any byte that is another, and any end that comes too early. */
static void
test_damage(void)
{
    g_auto(Ca) ca = ca_make(TRUE);
    g_auto(Case) one = case_read("secure");
    g_autoptr(json_t) record = record_of(&one, "Healthy", FALSE);
    g_autofree char *text = sign(record, &ca);
    const gsize length = strlen(text);
    RecordCheck check;
    for (gsize at = 0; at < length; at++) {
        g_autofree char *copy = g_strdup(text);
        copy[at] = copy[at] == 'A' ? 'B' : 'A';
        json_decref(record_verify(copy, length, ca.pem, NULL, 0, &check));
        /* The last characters of base64 carry bits that say nothing. */
        if (check == RECORD_HOLDS)
            g_assert_true(at == length - 1 || text[at + 1] == '.');
        json_decref(record_verify(text, at, ca.pem, NULL, 0, &check));
        g_assert_cmpint(check, !=, RECORD_HOLDS);
    }
}

static void
test_what_is_none(void)
{
    static const char *const texts[] = { "", ".", "..", "a.b.c", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "{}" };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_false(record_is(texts[i], strlen(texts[i])));
        g_assert_cmpint(verify(texts[i], NULL, NULL, NULL), ==, RECORD_MALFORMED);
    }
}

/* What a header names as critical counts, or the file does not. */
static void
test_an_extension_that_has_to_be_known(void)
{
    g_auto(Ca) ca = ca_make(TRUE);
    g_auto(Case) one = case_read("secure");
    g_autoptr(json_t) record = record_of(&one, "Healthy", FALSE);
    g_autofree char *text = sign(record, &ca);
    const char *body = strchr(text, '.');
    gsize size;
    g_autofree guchar *head = jws_url_decode(text, (gsize)(body - text), &size);
    g_autoptr(json_t) header = json_loadb((const char *)head, size, 0, NULL);
    json_object_set_new(header, "crit", json_pack("[s]", "b64"));
    g_autofree char *changed = json_text(header), *encoded = jws_url_encode(changed, strlen(changed)),
                    *whole = g_strconcat(encoded, body, NULL);
    g_assert_cmpint(verify(whole, ca.pem, NULL, NULL), ==, RECORD_MALFORMED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest/record/it-holds", test_it_holds);
    g_test_add_func("/attest/record/downtime", test_downtime);
    g_test_add_func("/attest/record/what-the-key-is-for", test_what_the_key_is_for);
    g_test_add_func("/attest/record/when-it-was-signed", test_when_it_was_signed);
    g_test_add_func("/attest/record/evidence", test_evidence);
    g_test_add_func("/attest/record/a-log-of-another-boot", test_a_log_of_another_boot);
    g_test_add_func("/attest/record/damage", test_damage);
    g_test_add_func("/attest/record/what-is-none", test_what_is_none);
    g_test_add_func("/attest/record/an-extension-that-has-to-be-known", test_an_extension_that_has_to_be_known);
    return g_test_run();
}
