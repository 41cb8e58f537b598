/* attest/baseline.h: what was exported is what boots are compared with, and what was damaged is refused. */
#include "cases.h"

#include "attest/baseline.h"
#include "attest/digest.h"
#include "base/json.h"

#include <string.h>

/* As the daemon answers; change: a member of "properties" and its value, or NULL to leave it out. */
static GBytes *
exported(const char *member, json_t *value)
{
    g_autoptr(GBytes) log = fixture_read("secure/eventlog.bin", FALSE);
    guint8 digest[SHA256_SIZE];
    sha256(g_bytes_get_data(log, NULL), g_bytes_get_size(log), digest);
    g_autofree char *hex = sha256_hex(digest), *text = g_base64_encode(g_bytes_get_data(log, NULL), g_bytes_get_size(log));
    g_autoptr(json_t) body = json_pack("{ss s{ss si si ss ss}}", "name", "1", "properties", "image", "Testudo:mini:gen2:1.0.0",
                                       "vCPUs", 1, "memoryMiB", 512, "eventLogSha256", hex, "eventLog", text);
    json_t *properties = json_object_get(body, "properties");
    if (value)
        json_object_set_new(properties, member, value);
    else if (member)
        json_object_del(properties, member);
    char *all = json_text(body);
    return g_bytes_new_take(all, strlen(all));
}

static void
test_reads(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = exported(NULL, NULL);
    g_autoptr(Baseline) baseline = baseline_parse(bytes, &error);
    g_auto(Case) other = case_read("secure-instance2");
    g_auto(Case) changed = case_read("sb-on-initrd-changed");
    g_assert_no_error(error);
    g_assert_cmpstr(baseline->name, ==, "image Testudo:mini:gen2:1.0.0 (1 vCPUs, 512 MiB)");

    g_auto(Evidenced) seen = { 0 };
    g_auto(Judgement) judgement = { 0 };
    evidence_check(&other.evidence, other.nonce, &seen);
    judge(&seen, baseline->log, baseline->name, BASELINE_EXACT_DIGESTS, &judgement);
    g_assert_cmpint(judgement.verdict, ==, VERDICT_HEALTHY);

    g_auto(Evidenced) seen_changed = { 0 };
    g_auto(Judgement) deviates = { 0 };
    evidence_check(&changed.evidence, changed.nonce, &seen_changed);
    judge(&seen_changed, baseline->log, baseline->name, BASELINE_EXACT_DIGESTS, &deviates);
    g_assert_cmpint(deviates.verdict, ==, VERDICT_DEVIATION);
    g_assert_nonnull(strstr(deviates.reason, "image Testudo:mini:gen2:1.0.0 (1 vCPUs, 512 MiB) has"));
}

static void
test_says_that_it_was_withdrawn(void)
{
    g_autoptr(GBytes) bytes = exported("withdrawnAt", json_string("2026-01-01T00:00:00Z"));
    g_autoptr(Baseline) baseline = baseline_parse(bytes, NULL);
    g_assert_true(g_str_has_prefix(baseline->name, "the withdrawn baseline of image Testudo"));
}

static void
test_refuses(void)
{
    static const struct {
        const char *member, *value; /* NULL: left out */
        const char *says;
    } cases[] = {
        { "image", NULL, "'image'" },
        { "vCPUs", "one", "'vCPUs'" },
        { "memoryMiB", NULL, "'memoryMiB'" },
        { "eventLog", NULL, "'eventLog'" },
        { "eventLogSha256", NULL, "'eventLogSha256'" },
        { "eventLog", "AAAA", "was damaged" },
        { "eventLogSha256", "00", "was damaged" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = exported(cases[i].member, cases[i].value ? json_string(cases[i].value) : NULL);
        g_assert_null(baseline_parse(bytes, &error));
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_assert_null(baseline_parse(empty, &error));
    g_assert_nonnull(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest/baseline/reads", test_reads);
    g_test_add_func("/attest/baseline/says-that-it-was-withdrawn", test_says_that_it_was_withdrawn);
    g_test_add_func("/attest/baseline/refuses", test_refuses);
    return g_test_run();
}
