/* Keys for tokens: what verifiers fetch of them (as of a Microsoft Azure Attestation provider), and what operators do with
 * them. OpenID Connect Discovery 1.0, section 3 (provider metadata). */
#include "api/token_ring.h"

#include "base/json.h"

#include <string.h>

#define SETTING   "token-keys"
#define LABEL     "testudo token keys"
#define PROVIDER  "/subscriptions/{subscription}/providers/Testudo.Attestation"
#define CERTS     "/certs"
#define DISCOVERY "/.well-known/openid-configuration"

static TokenKeys *
ring_read(const Api *api, StoreTx *tx, GError **error)
{
    g_autofree char *stored = NULL;
    if (!store_setting_get(tx, SETTING, &stored, error))
        return NULL;
    char *text = stored ? state_key_open(api->config.state_key, LABEL, stored, error) : NULL;
    TokenKeys *keys = stored && !text ? NULL : token_keys_parse(text, error);
    state_key_text_free(text);
    return keys;
}

static gboolean
ring_write(const Api *api, StoreTx *tx, const TokenKeys *keys, GError **error)
{
    char *text = token_keys_text(keys);
    g_autofree char *stored = state_key_seal(api->config.state_key, LABEL, text);
    state_key_text_free(text);
    return store_setting_set(tx, SETTING, stored, error);
}

gboolean
token_ring_settle(const Api *api, GError **error)
{
    g_autofree char *stored = NULL;
    g_autoptr(StoreTx) tx = store_write(api->store, error);
    if (!tx || !store_setting_get(tx, SETTING, &stored, error))
        return FALSE;
    if (!stored)
        return TRUE;
    g_autoptr(TokenKeys) keys = ring_read(api, tx, error);
    if (!keys)
        return FALSE;
    if (!api->config.state_key || state_key_is_sealed(stored))
        return TRUE;
    return ring_write(api, tx, keys, error) && store_commit(g_steal_pointer(&tx), error);
}

static gboolean
rotation_note(const Api *api, StoreTx *tx, const TokenKeys *keys, gboolean at_once, const char *caller, UnixTime now,
              GError **error)
{
    g_autoptr(json_t) list = token_keys_list(keys, now);
    const char *id = json_member_text(json_array_get(list, 0), "kid");
    g_autofree char *resource =
        g_strdup_printf("/subscriptions/%s/providers/Testudo.Attestation/tokenKeys/%s", api->subscription, id);
    g_autofree char *message = g_strdup_printf("Tokens are signed with key %s%s.", id,
                                               at_once ? "; no token that another key signed holds any more" : "");
    return store_event_note(tx, operation_kind_text(OPERATION_ROTATE_TOKEN_KEY), resource, caller, message, now, error);
}

static gboolean
ring_rotate(const Api *api, StoreTx *tx, TokenKeys *keys, gboolean at_once, const char *caller, UnixTime now, GError **error)
{
    token_keys_rotate(keys, at_once, now);
    return ring_write(api, tx, keys, error) && rotation_note(api, tx, keys, at_once, caller, now, error);
}

EVP_PKEY *
token_ring_key(Api *api, UnixTime now, GError **error)
{
    const gint64 age = api->config.token_key_age_usec;
    g_autoptr(StoreTx) reading = store_read(api->store, error);
    g_autoptr(TokenKeys) keys = reading ? ring_read(api, reading, error) : NULL;
    if (!keys)
        return NULL;
    if (!token_keys_current(keys, age, now)) {
        g_clear_pointer(&reading, store_abort);
        g_clear_pointer(&keys, token_keys_free);
        g_autoptr(StoreTx) tx = store_write(api->store, error);
        keys = tx ? ring_read(api, tx, error) : NULL;
        /* Somebody else may have been first. */
        const gboolean due = keys && !token_keys_current(keys, age, now);
        if (!keys || (due && (!ring_rotate(api, tx, keys, /* at_once= */ FALSE, "engine", now, error) ||
                              !store_commit(g_steal_pointer(&tx), error))))
            return NULL;
    }
    EVP_PKEY *key = (EVP_PKEY *)token_keys_current(keys, age, now);
    EVP_PKEY_up_ref(key);
    return key;
}

/* ---- for verifiers ---- */

static ApiResponse *
certs_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(TokenKeys) keys = tx ? ring_read(call->api, tx, error) : NULL;
    g_autoptr(json_t) body = keys ? token_keys_public(keys, call->now) : NULL;
    return body ? respond_json(200, body) : NULL;
}

static ApiResponse *
discovery_get(Call *call, GError **error)
{
    static const char *const claims[] = { "exp",
                                          "iat",
                                          "iss",
                                          "jti",
                                          "nbf",
                                          "nonce",
                                          "secureboot",
                                          "sub",
                                          "x-ms-attestation-type",
                                          "x-ms-azurevm-attested-pcrs",
                                          "x-ms-azurevm-is-windows",
                                          "x-ms-azurevm-ostype",
                                          "x-ms-azurevm-vmid",
                                          "x-ms-runtime",
                                          "x-ms-ver",
                                          "x-testudo-accepted-by",
                                          "x-testudo-ek-sha256",
                                          "x-testudo-image",
                                          "x-testudo-reference",
                                          "x-testudo-verified" };
    const char *issuer = api_token_issuer(call->api);
    if (!issuer) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "This daemon issues no tokens: it has neither --listen nor --token-issuer.");
        return NULL;
    }
    g_autofree char *address = g_strconcat(issuer, CERTS, NULL);
    json_t *list = json_array();
    for (guint i = 0; i < G_N_ELEMENTS(claims); i++)
        json_array_append_new(list, json_string(claims[i]));
    g_autoptr(json_t) body = json_pack("{ss ss s[ss] s[s] s[s] so}", "issuer", issuer, "jwks_uri", address,
                                       "response_types_supported", "token", "none", "subject_types_supported", "public",
                                       "id_token_signing_alg_values_supported", "ES256", "claims_supported", list);
    return respond_json(200, body);
}

/* ---- for operators ---- */

static ApiResponse *
keys_respond(const TokenKeys *keys, UnixTime now)
{
    g_autoptr(json_t) body = json_pack("{so}", "value", token_keys_list(keys, now));
    return respond_json(200, body);
}

static ApiResponse *
keys_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(TokenKeys) keys = tx ? ring_read(call->api, tx, error) : NULL;
    return keys ? keys_respond(keys, call->now) : NULL;
}

/* {"revokeFormer": true} or nothing. */
static gboolean
rotation_read(const json_t *body, gboolean *ret_at_once, GError **error)
{
    const json_t *value = json_member(body, "revokeFormer");
    if (json_object_size(body) > (value ? 1 : 0) || (value && !json_is_boolean(value)))
        return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, "revokeFormer",
                        "The body of this action is empty, or has revokeFormer, true or false.");
    *ret_at_once = json_is_true(value);
    return TRUE;
}

static ApiResponse *
rotate(Call *call, GError **error)
{
    gboolean at_once = FALSE;
    if (!rotation_read(call->body, &at_once, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(TokenKeys) keys = tx ? ring_read(call->api, tx, error) : NULL;
    if (!keys || !ring_rotate(call->api, tx, keys, at_once, call->request->caller, call->now, error) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return keys_respond(keys, call->now);
}

const Route routes_token_ring[] = {
    { "GET", CERTS, certs_get, ROUTE_ANONYMOUS | ROUTE_NO_VERSION, NO_QUERY },
    { "GET", DISCOVERY, discovery_get, ROUTE_ANONYMOUS | ROUTE_NO_VERSION, NO_QUERY },
    { "GET", PROVIDER "/tokenKeys", keys_get, 0, NO_QUERY },
    { "POST", PROVIDER "/rotateTokenKey", rotate, ROUTE_OPTIONAL_BODY, NO_QUERY },
    { 0 },
};
