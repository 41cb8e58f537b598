/* What tokens say, how long they hold, and which keys are shown for them. */
#include "attest/event_info.h"
#include "attest/event_type.h"
#include "attest/token.h"
#include "cases.h"
#include "edited.h"

#include <string.h>

#define HOUR (3600 * USEC_PER_SEC)
#define NOW  (G_GINT64_CONSTANT(1790000000) * USEC_PER_SEC)

static const TokenFacts facts = {
    .issuer = "https://host.example:8443",
    .id = "an id",
    .nonce = "a nonce",
    .resource_id =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web/virtualMachines/0",
    .vm_id = "a vm",
    .os_type = "Linux",
    .image = "Testudo:mini:gen2:1.0.0",
    .ek = "0123",
    .secure_boot = TRUE,
    .pcrs = 1u << 0 | 1u << 7 | 1u << 14,
    .verified = NOW - HOUR,
    .trust_usec = 100 * HOUR,
};

static void
test_claims(void)
{
    g_autoptr(json_t) claims = token_claims(&facts, NOW);
    g_autoptr(json_t) expected = json_pack(
        "{ss ss ss sI sI sI ss sb ss s[iii] ss ss sb s{s{ss}} ss ss ss sI}", "iss", facts.issuer, "sub", facts.resource_id,
        "jti", "an id", "iat", NOW / USEC_PER_SEC, "nbf", NOW / USEC_PER_SEC, "exp", NOW / USEC_PER_SEC + 28800, "nonce",
        "a nonce", "secureboot", 1, "x-ms-attestation-type", "azurevm", "x-ms-azurevm-attested-pcrs", 0, 7, 14,
        "x-ms-azurevm-vmid", "a vm", "x-ms-azurevm-ostype", "Linux", "x-ms-azurevm-is-windows", 0, "x-ms-runtime",
        "client-payload", "nonce", "YSBub25jZQ==", "x-ms-ver", "1.0", "x-testudo-image", "Testudo:mini:gen2:1.0.0",
        "x-testudo-ek-sha256", "0123", "x-testudo-verified", (NOW - HOUR) / USEC_PER_SEC);
    g_assert_true(json_equal(claims, expected));
    /* Who relies on it is told where the boot is not the baseline's to the digest. */
    TokenFacts other = facts;
    other.accepted_by = "vendorSigned";
    g_autoptr(json_t) more = token_claims(&other, NOW);
    json_object_set_new(expected, "x-testudo-accepted-by", json_string("vendorSigned"));
    g_assert_true(json_equal(more, expected));
}

/* It ends when the verdict that it is about would no longer stand. */
static void
test_end(void)
{
    TokenFacts other = facts;
    g_assert_cmpint(token_end(&facts, NOW), ==, NOW + 8 * HOUR);
    other.trust_usec = 2 * HOUR;
    g_assert_cmpint(token_end(&other, NOW), ==, NOW + HOUR);
    g_assert_cmpint(token_end(&other, NOW + HOUR / 2), ==, NOW + HOUR);
}

static void
test_secure_boot(void)
{
    static const struct {
        const char *folder;
        gboolean on;
    } cases[] = { { "secure", TRUE }, { "sb-off", FALSE }, { "sb-off-tampered-grub", FALSE } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat(cases[i].folder, "/eventlog.bin", NULL);
        g_autoptr(GBytes) bytes = fixture_read(path, /* may_be_absent= */ FALSE);
        g_autoptr(EventLog) log = event_log_parse(bytes, NULL);
        g_assert_cmpint(token_secure_boot(log), ==, cases[i].on);
    }
}

/* Who runs in the guest extends PCR 7 by the event of another boot, and calls that of his own another thing: none of it changes
 * a PCR's value. */
static void
test_secure_boot_made_up(void)
{
    static const guint32 types[] = { EV_EVENT_TAG, EV_EFI_VARIABLE_AUTHORITY };
    g_autoptr(GBytes) off = fixture_read("sb-off/eventlog.bin", FALSE), on = fixture_read("secure/eventlog.bin", FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        const Edit renamed[] = { { EDIT_TYPE, 4, NULL, types[i] }, { EDIT_END, 0, NULL, 0 } };
        g_autoptr(GBytes) hidden = log_edit(off, renamed);
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        gsize size;
        const guint8 *data = g_bytes_get_data(hidden, &size);
        g_byte_array_append(bytes, data, (guint)size);
        g_autoptr(EventLog) other = event_log_parse(on, NULL);
        const LogEvent *event = event_log_get(other, 3);
        /* As it lies in that log: 50 bytes before its data. */
        g_byte_array_append(bytes, event->data - 50, 50 + event->size);
        g_autoptr(GBytes) made_up = g_bytes_new(bytes->data, bytes->len);
        g_autoptr(EventLog) log = event_log_parse(made_up, NULL);
        gboolean is_on;
        g_assert_true(event_is_secure_boot(event_log_get(log, event_log_length(log) - 1), &is_on) && is_on);
        g_assert_false(token_secure_boot(log));
    }
}

static void
test_check(void)
{
    g_autoptr(json_t) claims = token_claims(&facts, NOW);
    static const struct {
        const char *why, *issuer, *nonce, *message;
        gint64 after;
    } cases[] = {
        { "all is as it should be", "https://host.example:8443", "a nonce", NULL, 0 },
        { "nothing is asked for", NULL, NULL, NULL, 0 },
        { "a second before its end", NULL, NULL, NULL, 8 * HOUR - USEC_PER_SEC },
        { "at its end", NULL, NULL, "is over", 8 * HOUR },
        { "before its time", NULL, NULL, "not hold yet", -USEC_PER_SEC },
        { "another issuer", "https://host.example", NULL, "is issued by", 0 },
        { "another nonce", NULL, "A nonce", "another nonce", 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].why);
        g_assert_cmpint(token_claims_check(claims, cases[i].issuer, cases[i].nonce, NOW + cases[i].after, &error), ==,
                        !cases[i].message);
        if (cases[i].message)
            g_assert_nonnull(strstr(error->message, cases[i].message));
    }
    json_object_del(claims, "exp");
    g_assert_false(token_claims_check(claims, NULL, NULL, NOW, NULL));
}

static void
test_nonces(void)
{
    g_autofree char *longest = g_strnfill(TOKEN_NONCE_MAX, 'n'), *longer = g_strconcat(longest, "n", NULL);
    g_assert_true(token_nonce_check("n", NULL));
    g_assert_true(token_nonce_check(longest, NULL));
    g_assert_false(token_nonce_check(longer, NULL));
    g_assert_false(token_nonce_check("", NULL));
    g_assert_false(token_nonce_check(NULL, NULL));
    g_assert_false(token_nonce_check("\xff", NULL));
}

/* ---- keys ---- */

static guint
shown(const TokenKeys *keys, UnixTime now)
{
    g_autoptr(json_t) set = token_keys_public(keys, now);
    return (guint)json_array_size(json_object_get(set, "keys"));
}

static TokenKeys *
again(TokenKeys *keys)
{
    g_autofree char *text = token_keys_text(keys);
    g_autoptr(GError) error = NULL;
    token_keys_free(keys);
    keys = token_keys_parse(text, &error);
    g_assert_no_error(error);
    return keys;
}

static void
test_former_keys_are_shown_until_their_tokens_are_over(void)
{
    g_autoptr(TokenKeys) keys = token_keys_parse(NULL, NULL);
    g_autoptr(json_t) claims = json_object();
    g_auto(Jwt) jwt = { 0 };
    g_assert_null(token_keys_current(keys, 0, NOW));
    g_assert_cmpuint(shown(keys, NOW), ==, 0);
    token_keys_rotate(keys, FALSE, NOW);
    g_autofree char *token = jwt_sign(claims, token_keys_current(keys, 0, NOW), "");
    g_assert_true(jwt_parse(token, &jwt, NULL));
    token_keys_rotate(keys, FALSE, NOW + HOUR);
    keys = again(g_steal_pointer(&keys));
    g_autoptr(json_t) set = token_keys_public(keys, NOW + 10 * HOUR - 1);
    g_assert_true(jwt_is_signed(&jwt, set, NULL));
    g_autoptr(json_t) later = token_keys_public(keys, NOW + 10 * HOUR);
    g_assert_false(jwt_is_signed(&jwt, later, NULL));
    g_assert_cmpuint(shown(keys, NOW + 10 * HOUR), ==, 1);
}

static void
test_a_former_key_signs_nothing(void)
{
    g_autoptr(TokenKeys) keys = token_keys_parse(NULL, NULL);
    token_keys_rotate(keys, FALSE, NOW);
    g_autofree char *secret = jwt_key_private_text(token_keys_current(keys, 0, NOW));
    g_autofree char **lines = g_strsplit(secret, "\n", 3);
    token_keys_rotate(keys, FALSE, NOW + 1);
    g_autofree char *text = token_keys_text(keys);
    g_assert_nonnull(lines[1]);
    g_assert_null(strstr(text, lines[1]));
    g_strfreev(g_steal_pointer(&lines));
}

static void
test_revoked_at_once(void)
{
    g_autoptr(TokenKeys) keys = token_keys_parse(NULL, NULL);
    token_keys_rotate(keys, FALSE, NOW);
    token_keys_rotate(keys, FALSE, NOW);
    g_assert_cmpuint(shown(keys, NOW), ==, 2);
    token_keys_rotate(keys, TRUE, NOW);
    g_assert_cmpuint(shown(keys, NOW), ==, 1);
    g_autoptr(json_t) list = token_keys_list(keys, NOW);
    g_assert_cmpuint(json_array_size(list), ==, 1);
    g_assert_null(json_object_get(json_array_get(list, 0), "retired"));
}

static void
test_age(void)
{
    g_autoptr(TokenKeys) keys = token_keys_parse(NULL, NULL);
    token_keys_rotate(keys, FALSE, NOW);
    g_assert_nonnull(token_keys_current(keys, HOUR, NOW + HOUR - 1));
    g_assert_null(token_keys_current(keys, HOUR, NOW + HOUR));
    g_assert_nonnull(token_keys_current(keys, 0, NOW + 1000 * HOUR));
}

static void
test_damaged_keys(void)
{
    static const char *const texts[] = { "",
                                         "{}",
                                         "[1]",
                                         "[{}]",
                                         "[{\"key\":{},\"created\":1,\"retired\":0}]",
                                         "[{\"key\":{},\"created\":1,\"retired\":0,\"private\":\"none\"}]" };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(token_keys_parse(texts[i], &error));
        g_assert_nonnull(error);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest/token/claims", test_claims);
    g_test_add_func("/attest/token/end", test_end);
    g_test_add_func("/attest/token/secure-boot", test_secure_boot);
    g_test_add_func("/attest/token/secure-boot-made-up", test_secure_boot_made_up);
    g_test_add_func("/attest/token/check", test_check);
    g_test_add_func("/attest/token/nonces", test_nonces);
    g_test_add_func("/attest/token-keys/former-ones-are-shown", test_former_keys_are_shown_until_their_tokens_are_over);
    g_test_add_func("/attest/token-keys/former-ones-sign-nothing", test_a_former_key_signs_nothing);
    g_test_add_func("/attest/token-keys/revoked-at-once", test_revoked_at_once);
    g_test_add_func("/attest/token-keys/age", test_age);
    g_test_add_func("/attest/token-keys/damaged", test_damaged_keys);
    return g_test_run();
}
