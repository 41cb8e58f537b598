#include "attest/token_keys.h"

#include "base/time_text.h"

#include <string.h>

/* On the way in and out a key is {"key": JWK, "created", "retired"}, the present one with "private". */
typedef struct {
    json_t *public;
    UnixTime created, retired; /* retired 0: the present one */
} TokenKey;

struct TokenKeys {
    GPtrArray *list;  /* of TokenKey, newest first */
    EVP_PKEY *secret; /* of the first; NULL: there is none */
};

static void
key_free(void *data)
{
    TokenKey *key = data;
    json_decref(key->public);
    g_free(key);
}

static TokenKeys *
keys_new(void)
{
    TokenKeys *keys = g_new0(TokenKeys, 1);
    keys->list = g_ptr_array_new_with_free_func(key_free);
    return keys;
}

void
token_keys_free(TokenKeys *keys)
{
    if (!keys)
        return;
    g_ptr_array_unref(keys->list);
    EVP_PKEY_free(keys->secret);
    g_free(keys);
}

static gboolean
key_read(const json_t *json, TokenKeys *keys)
{
    json_t *public = json_member(json, "key");
    const json_t *created = json_member(json, "created"), *retired = json_member(json, "retired");
    if (!json_is_object(public) || !json_is_integer(created) || !json_is_integer(retired))
        return FALSE;
    TokenKey *key = g_new0(TokenKey, 1);
    key->public = json_incref(public);
    key->created = json_integer_value(created);
    key->retired = json_integer_value(retired);
    g_ptr_array_add(keys->list, key);
    if (key->retired)
        return TRUE;
    const char *secret = json_member_text(json, "private");
    keys->secret = secret && !keys->secret ? jwt_key_from_private_text(secret) : NULL;
    return keys->secret != NULL;
}

TokenKeys *
token_keys_parse(const char *text, GError **error)
{
    g_autoptr(TokenKeys) keys = keys_new();
    g_autoptr(json_t) list = text ? json_parse(text, strlen(text), NULL) : json_array();
    gboolean ok = json_is_array(list);
    for (size_t i = 0; ok && i < json_array_size(list); i++)
        ok = key_read(json_array_get(list, i), keys);
    if (ok)
        return g_steal_pointer(&keys);
    arm_fail(error, ARM_INTERNAL, NULL, "The keys that tokens are signed with cannot be read.");
    return NULL;
}

char *
token_keys_text(const TokenKeys *keys)
{
    g_autoptr(json_t) list = json_array();
    for (guint i = 0; i < keys->list->len; i++) {
        const TokenKey *key = g_ptr_array_index(keys->list, i);
        json_t *json = json_pack("{sO sI sI}", "key", key->public, "created", (json_int_t)key->created, "retired",
                                 (json_int_t)key->retired);
        g_autofree char *secret = key->retired ? NULL : jwt_key_private_text(keys->secret);
        json_set_text(json, "private", secret);
        json_array_append_new(list, json);
    }
    return json_text(list);
}

const EVP_PKEY *
token_keys_current(const TokenKeys *keys, gint64 age_usec, UnixTime now)
{
    if (!keys->secret)
        return NULL;
    const TokenKey *present = g_ptr_array_index(keys->list, 0);
    return age_usec == 0 || now - present->created < age_usec ? keys->secret : NULL;
}

static UnixTime
shown_until(const TokenKey *key)
{
    return key->retired ? key->retired + TOKEN_LIFE + TOKEN_KEY_SLACK : G_MAXINT64;
}

void
token_keys_rotate(TokenKeys *keys, gboolean at_once, UnixTime now)
{
    TokenKey *made = g_new0(TokenKey, 1);
    if (keys->secret)
        ((TokenKey *)g_ptr_array_index(keys->list, 0))->retired = now;
    for (guint i = keys->list->len; i > 0; i--) {
        if (at_once || shown_until(g_ptr_array_index(keys->list, i - 1)) <= now)
            g_ptr_array_remove_index(keys->list, i - 1);
    }
    EVP_PKEY_free(keys->secret);
    keys->secret = jwt_key_new();
    made->public = jwt_key_json(keys->secret);
    made->created = now;
    g_ptr_array_insert(keys->list, 0, made);
}

json_t *
token_keys_public(const TokenKeys *keys, UnixTime now)
{
    json_t *list = json_array();
    for (guint i = 0; i < keys->list->len; i++) {
        const TokenKey *key = g_ptr_array_index(keys->list, i);
        if (shown_until(key) > now)
            json_array_append(list, key->public);
    }
    return json_pack("{so}", "keys", list);
}

static void
time_set(json_t *json, const char *name, UnixTime time)
{
    g_autofree char *text = time_to_text(time);
    json_set_text(json, name, text);
}

json_t *
token_keys_list(const TokenKeys *keys, UnixTime now)
{
    json_t *list = json_array();
    for (guint i = 0; i < keys->list->len; i++) {
        const TokenKey *key = g_ptr_array_index(keys->list, i);
        if (shown_until(key) <= now)
            continue;
        json_t *json = json_pack("{ss}", "kid", json_member_text(key->public, "kid"));
        time_set(json, "created", key->created);
        if (key->retired) {
            time_set(json, "retired", key->retired);
            time_set(json, "shownUntil", shown_until(key));
        }
        json_array_append_new(list, json);
    }
    return list;
}
