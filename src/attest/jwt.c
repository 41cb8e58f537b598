#include "attest/jwt.h"

#include "attest/digest.h"
#include "attest/jws.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <string.h>

/* Of a coordinate, and of each half of a signature. */
#define NUMBER_SIZE 32
#define POINT_SIZE  (1 + 2 * NUMBER_SIZE)
#define GROUP       "prime256v1"

typedef OSSL_PARAM Params;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Params, OSSL_PARAM_free)

static char *
json_url_encode(const json_t *value)
{
    g_autofree char *text = json_text(value);
    return jws_url_encode(text, strlen(text));
}

/* ---- keys ---- */

EVP_PKEY *
jwt_key_new(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    /* Without random numbers there is nothing to go on with. */
    g_assert(key);
    return key;
}

/* RFC 7638, section 3: the members that a key on a curve must have, in the order of their names. */
static char *
thumbprint(const char *x, const char *y)
{
    g_autofree char *text = g_strdup_printf("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
    guint8 digest[SHA256_SIZE];
    sha256(text, strlen(text), digest);
    return jws_url_encode(digest, sizeof digest);
}

json_t *
jwt_key_json(const EVP_PKEY *key)
{
    guint8 point[POINT_SIZE];
    size_t size = 0;
    g_assert(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) == 1 &&
             size == sizeof point);
    g_autofree char *x = jws_url_encode(point + 1, NUMBER_SIZE), *y = jws_url_encode(point + 1 + NUMBER_SIZE, NUMBER_SIZE);
    g_autofree char *id = thumbprint(x, y);
    return json_pack("{ss ss ss ss ss ss ss}", "kty", "EC", "crv", "P-256", "x", x, "y", y, "use", "sig", "alg", "ES256", "kid",
                     id);
}

/* NULL: it is none. */
static EVP_PKEY *
key_of_json(const json_t *json)
{
    const char *x = json_member_text(json, "x"), *y = json_member_text(json, "y");
    guint8 point[POINT_SIZE] = { POINT_CONVERSION_UNCOMPRESSED };
    gsize x_size = 0, y_size = 0;
    EVP_PKEY *key = NULL;
    g_autofree guchar *x_bytes = x ? jws_url_decode(x, strlen(x), &x_size) : NULL;
    g_autofree guchar *y_bytes = y ? jws_url_decode(y, strlen(y), &y_size) : NULL;
    if (g_strcmp0(json_member_text(json, "crv"), "P-256") != 0 || x_size != NUMBER_SIZE || y_size != NUMBER_SIZE)
        return NULL;
    memcpy(point + 1, x_bytes, NUMBER_SIZE);
    memcpy(point + 1 + NUMBER_SIZE, y_bytes, NUMBER_SIZE);
    g_autoptr(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
    if (!build || OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, GROUP, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) != 1)
        return NULL;
    g_autoptr(Params) params = OSSL_PARAM_BLD_to_param(build);
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

char *
jwt_key_private_text(const EVP_PKEY *key)
{
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    g_assert(out && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1);
    long size = BIO_get_mem_data(out, &bytes);
    return g_strndup(bytes, (gsize)size);
}

EVP_PKEY *
jwt_key_from_private_text(const char *pem)
{
    g_autoptr(BIO) in = BIO_new_mem_buf(pem, -1);
    g_autoptr(EVP_PKEY) key = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;
    return jws_is_key(key) ? g_steal_pointer(&key) : NULL;
}

/* ---- tokens ---- */

static gboolean
jwt_holds(const Jwt *jwt, EVP_PKEY *key)
{
    gsize size;
    const guint8 *raw = g_bytes_get_data(jwt->signature, &size);
    return jws_signature_holds(jwt->message, strlen(jwt->message), raw, size, key);
}

char *
jwt_sign(const json_t *claims, const EVP_PKEY *key, const char *address)
{
    g_autoptr(json_t) public = jwt_key_json(key);
    g_autoptr(json_t) header =
        json_pack("{ss ss ss ss}", "alg", "ES256", "jku", address, "kid", json_member_text(public, "kid"), "typ", "JWT");
    g_autofree char *head = json_url_encode(header), *body = json_url_encode(claims);
    g_autofree char *message = g_strjoin(".", head, body, NULL), *signature = jws_signature_make(message, key);
    return g_strjoin(".", message, signature, NULL);
}

/* NULL sets *error. */
static json_t *
part_parse(const char *text, gsize length, GError **error)
{
    gsize size = 0;
    g_autofree guchar *bytes = jws_url_decode(text, length, &size);
    g_autoptr(json_t) value = bytes ? json_parse((const char *)bytes, size, NULL) : NULL;
    if (json_is_object(value))
        return g_steal_pointer(&value);
    arm_fail(error, ARM_BAD_REQUEST, NULL, "This is no token: header and claims are JSON objects in base64url.");
    return NULL;
}

static gboolean
parts_read(const char *text, Jwt *jwt, GError **error)
{
    const char *claims = strchr(text, '.'), *signature = claims ? strchr(claims + 1, '.') : NULL;
    gsize size = 0;
    if (!signature || strchr(signature + 1, '.') || strlen(text) > JWT_MAX_BYTES)
        return arm_fail(error, ARM_BAD_REQUEST, NULL,
                        "This is no token: three parts separated by dots, at most %d bytes, are one.", JWT_MAX_BYTES);
    jwt->header = part_parse(text, (gsize)(claims - text), error);
    jwt->claims = jwt->header ? part_parse(claims + 1, (gsize)(signature - claims - 1), error) : NULL;
    if (!jwt->claims)
        return FALSE;
    if (g_strcmp0(json_member_text(jwt->header, "alg"), "ES256") != 0)
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The token is not signed with ES256.");
    /* RFC 7515, section 4.1.11: what it names has to be understood. */
    if (json_object_get(jwt->header, "crit"))
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The token needs an extension ('crit') that is not known here.");
    guchar *bytes = jws_url_decode(signature + 1, strlen(signature + 1), &size);
    if (!bytes)
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The token's signature is not base64url.");
    jwt->signature = g_bytes_new_take(bytes, size);
    jwt->message = g_strndup(text, (gsize)(signature - text));
    return TRUE;
}

gboolean
jwt_parse(const char *text, Jwt *ret_jwt, GError **error)
{
    Jwt jwt = { 0 };
    if (parts_read(text, &jwt, error)) {
        *ret_jwt = jwt;
        return TRUE;
    }
    jwt_clear(&jwt);
    return FALSE;
}

void
jwt_clear(Jwt *jwt)
{
    json_decref(g_steal_pointer(&jwt->header));
    json_decref(g_steal_pointer(&jwt->claims));
    g_clear_pointer(&jwt->signature, g_bytes_unref);
    g_clear_pointer(&jwt->message, g_free);
}

gboolean
jwt_is_signed(const Jwt *jwt, const json_t *key_set, GError **error)
{
    const char *id = json_member_text(jwt->header, "kid");
    const json_t *keys = json_member(key_set, "keys");
    for (size_t i = 0; id && i < json_array_size(keys); i++) {
        const json_t *json = json_array_get(keys, i);
        if (g_strcmp0(json_member_text(json, "kid"), id) != 0)
            continue;
        g_autoptr(EVP_PKEY) key = key_of_json(json);
        return (key && jwt_holds(jwt, key)) ||
               arm_fail(error, ARM_BAD_REQUEST, NULL, "The token is not signed by key '%.64s': it was changed, or made up.",
                        id);
    }
    return arm_fail(error, ARM_BAD_REQUEST, NULL,
                    "There is no key '%.64s' in the key set: another issuer's, or one that is gone.", id ? id : "");
}
