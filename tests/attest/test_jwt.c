/* Signed tokens: what RFC 7515 has signed is verified, and nothing that differs from what was signed. */
#include "attest/jwt.h"

#include <openssl/ec.h>
#include <string.h>

#define ADDRESS "https://host.example/certs"

/* RFC 7515, appendix A.3. */
static const char example[] = "eyJhbGciOiJFUzI1NiJ9."
                              "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
                              "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static json_t *
set_of(json_t *key)
{
    return json_pack("{s[o]}", "keys", key);
}

static void
test_rfc_example(void)
{
    g_auto(Jwt) jwt = { 0 };
    g_autoptr(json_t) keys =
        set_of(json_pack("{ss ss ss ss ss}", "kty", "EC", "crv", "P-256", "kid", "a3", "x",
                         "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
    g_assert_true(jwt_parse(example, &jwt, NULL));
    g_assert_cmpstr(json_member_text(jwt.claims, "iss"), ==, "joe");
    /* It names no key; whose it is, is the appendix's to say. */
    g_assert_false(jwt_is_signed(&jwt, keys, NULL));
    json_set_text(jwt.header, "kid", "a3");
    g_assert_true(jwt_is_signed(&jwt, keys, NULL));
    jwt.message[30] ^= 1;
    g_assert_false(jwt_is_signed(&jwt, keys, NULL));
}

static void
test_what_is_signed_is_verified(void)
{
    g_autoptr(json_t) claims = json_pack("{ss si}", "iss", "https://host.example", "exp", 17);
    /* Numbers of a signature that begin with zeros are rare: many signatures have some. */
    for (guint i = 0; i < 300; i++) {
        g_autoptr(EVP_PKEY) key = jwt_key_new();
        g_autofree char *token = jwt_sign(claims, key, ADDRESS);
        g_autoptr(json_t) keys = set_of(jwt_key_json(key));
        g_auto(Jwt) jwt = { 0 };
        g_assert_true(jwt_parse(token, &jwt, NULL));
        g_assert_true(jwt_is_signed(&jwt, keys, NULL));
        g_assert_true(json_equal(jwt.claims, claims));
        g_assert_cmpstr(json_member_text(jwt.header, "jku"), ==, ADDRESS);
        g_assert_cmpstr(json_member_text(jwt.header, "kid"), ==,
                        json_member_text(json_array_get(json_member(keys, "keys"), 0), "kid"));
    }
}

/* Each character of a token, and each cut of it. */
static void
test_what_was_changed_is_not(void)
{
    g_autoptr(EVP_PKEY) key = jwt_key_new();
    g_autoptr(json_t) keys = set_of(jwt_key_json(key));
    g_autoptr(json_t) claims = json_pack("{ss}", "sub", "an instance");
    g_autofree char *token = jwt_sign(claims, key, ADDRESS);
    const gsize length = strlen(token);
    for (gsize i = 0; i < length; i++) {
        g_autofree char *changed = g_strdup(token), *cut = g_strndup(token, i);
        /* The last two bits of the last character are no part of the signature. */
        changed[i] = changed[i] == 'A' ? 'Q' : 'A';
        g_auto(Jwt) jwt = { 0 };
        g_auto(Jwt) short_one = { 0 };
        g_assert_false(jwt_parse(changed, &jwt, NULL) && jwt_is_signed(&jwt, keys, NULL));
        g_assert_false(jwt_parse(cut, &short_one, NULL) && jwt_is_signed(&short_one, keys, NULL));
    }
}

static void
test_another_key_did_not_sign(void)
{
    g_autoptr(EVP_PKEY) key = jwt_key_new(), other = jwt_key_new();
    g_autoptr(json_t) claims = json_object();
    g_autofree char *token = jwt_sign(claims, key, ADDRESS);
    json_t *stranger = jwt_key_json(other);
    g_autoptr(json_t) strangers = set_of(stranger);
    g_autoptr(GError) unknown = NULL, wrong = NULL;
    g_auto(Jwt) jwt = { 0 };
    g_assert_true(jwt_parse(token, &jwt, NULL));
    g_assert_false(jwt_is_signed(&jwt, strangers, &unknown));
    g_assert_nonnull(strstr(unknown->message, "There is no key"));
    json_set_text(stranger, "kid", json_member_text(jwt.header, "kid"));
    g_assert_false(jwt_is_signed(&jwt, strangers, &wrong));
    g_assert_nonnull(strstr(wrong->message, "is not signed by"));
}

static void
test_what_is_no_token(void)
{
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "e30.e30",
        "e30.e30.e30.e30",
        "e30.e30.!",
        "W10.e30.",
        "eyJhbGciOiJub25lIn0.e30.",                                   /* alg none */
        "eyJhbGciOiJIUzI1NiJ9.e30.x",                                 /* HS256: the public key is no secret */
        "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiZXhwIl0sImV4cCI6MH0.e30.AA", /* "crit":["exp"]: an extension that nobody knows here */
    };
    g_autofree char *long_one = g_strnfill(JWT_MAX_BYTES, 'A'), *longer = g_strconcat(long_one, "..", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        Jwt jwt;
        memset(&jwt, 0xaa, sizeof jwt);
        g_autoptr(GError) error = NULL;
        g_assert_false(jwt_parse(texts[i], &jwt, &error));
        g_assert_nonnull(error);
    }
    Jwt jwt;
    g_assert_false(jwt_parse(longer, &jwt, NULL));
}

static void
test_private_keys(void)
{
    g_autoptr(EVP_PKEY) key = jwt_key_new(), other_curve = EVP_EC_gen("P-384");
    g_autofree char *text = jwt_key_private_text(key), *other_text = jwt_key_private_text(other_curve);
    g_autoptr(EVP_PKEY) again = jwt_key_from_private_text(text);
    g_assert_cmpint(EVP_PKEY_eq(key, again), ==, 1);
    g_assert_null(jwt_key_from_private_text(other_text));
    g_assert_null(jwt_key_from_private_text("nothing"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attest/jwt/rfc-example", test_rfc_example);
    g_test_add_func("/attest/jwt/what-is-signed-is-verified", test_what_is_signed_is_verified);
    g_test_add_func("/attest/jwt/what-was-changed-is-not", test_what_was_changed_is_not);
    g_test_add_func("/attest/jwt/another-key-did-not-sign", test_another_key_did_not_sign);
    g_test_add_func("/attest/jwt/what-is-no-token", test_what_is_no_token);
    g_test_add_func("/attest/jwt/private-keys", test_private_keys);
    return g_test_run();
}
