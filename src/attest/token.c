#include "attest/token.h"

#include "attest/event_info.h"
#include "attest/event_type.h"

#include <string.h>

gboolean
token_nonce_check(const char *nonce, GError **error)
{
    const gsize size = nonce ? strlen(nonce) : 0;
    return (size >= 1 && size <= TOKEN_NONCE_MAX && g_utf8_validate(nonce, -1, NULL)) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "nonce",
                    "A token needs a nonce, which the one who will check it has made up: 1 to %d bytes of UTF-8.",
                    TOKEN_NONCE_MAX);
}

UnixTime
token_end(const TokenFacts *facts, UnixTime now)
{
    return MIN(now + TOKEN_LIFE, facts->verified + facts->trust_usec);
}

static json_t *
seconds_json(UnixTime time)
{
    return json_integer(time / USEC_PER_SEC);
}

static json_t *
pcrs_json(guint32 mask)
{
    json_t *list = json_array();
    for (guint i = 0; i < N_PCRS; i++) {
        if (mask & 1u << i)
            json_array_append_new(list, json_integer(i));
    }
    return list;
}

/* MAA gives the asker's nonce back in base64 here. */
static json_t *
runtime_json(const char *nonce)
{
    g_autofree char *text = g_base64_encode((const guchar *)nonce, strlen(nonce));
    return json_pack("{s{ss}}", "client-payload", "nonce", text);
}

json_t *
token_claims(const TokenFacts *facts, UnixTime now)
{
    json_t *claims = json_object();
    json_set_text(claims, "iss", facts->issuer);
    json_set_text(claims, "sub", facts->resource_id);
    json_set_text(claims, "jti", facts->id);
    json_set_new(claims, "iat", seconds_json(now));
    json_set_new(claims, "nbf", seconds_json(now));
    json_set_new(claims, "exp", seconds_json(token_end(facts, now)));
    json_set_text(claims, "nonce", facts->nonce);
    json_set_new(claims, "secureboot", json_boolean(facts->secure_boot));
    json_set_text(claims, "x-ms-attestation-type", "azurevm");
    json_set_new(claims, "x-ms-azurevm-attested-pcrs", pcrs_json(facts->pcrs));
    json_set_text(claims, "x-ms-azurevm-vmid", facts->vm_id);
    json_set_text(claims, "x-ms-azurevm-ostype", facts->os_type);
    if (facts->os_type)
        json_set_new(claims, "x-ms-azurevm-is-windows", json_boolean(g_ascii_strcasecmp(facts->os_type, "Windows") == 0));
    json_set_new(claims, "x-ms-runtime", runtime_json(facts->nonce));
    json_set_text(claims, "x-ms-ver", "1.0");
    json_set_text(claims, "x-testudo-image", facts->image);
    json_set_text(claims, "x-testudo-reference", facts->reference);
    json_set_text(claims, "x-testudo-accepted-by", facts->accepted_by);
    json_set_text(claims, "x-testudo-ek-sha256", facts->ek);
    json_set_new(claims, "x-testudo-verified", seconds_json(facts->verified));
    return claims;
}

gboolean
token_secure_boot(const EventLog *log)
{
    gboolean on = FALSE;
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *event = event_log_get(log, i);
        if (event->pcr == 7 && event->type != EV_NO_ACTION)
            return event_proof(event) == EVENT_PROOF_HOLDS && event_is_secure_boot(event, &on) && on;
    }
    return FALSE;
}

/* ---- checking ---- */

static gboolean
time_check(const json_t *claims, UnixTime now, GError **error)
{
    const json_t *from = json_object_get(claims, "nbf"), *until = json_object_get(claims, "exp");
    const gint64 now_s = now / USEC_PER_SEC;
    if (!json_is_integer(from) || !json_is_integer(until))
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The token does not say from when until when it holds.");
    if (now_s < json_integer_value(from))
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The token does not hold yet.");
    return now_s < json_integer_value(until) ||
           arm_fail(error, ARM_BAD_REQUEST, NULL, "The token is over since %" G_GINT64_FORMAT " s.",
                    now_s - (gint64)json_integer_value(until));
}

gboolean
token_claims_check(const json_t *claims, const char *issuer, const char *nonce, UnixTime now, GError **error)
{
    const char *seen_issuer = json_string_value(json_object_get(claims, "iss")),
               *seen_nonce = json_string_value(json_object_get(claims, "nonce"));
    if (issuer && g_strcmp0(seen_issuer, issuer) != 0)
        return arm_fail(error, ARM_BAD_REQUEST, NULL, "The token is issued by '%.200s', not by '%s'.",
                        seen_issuer ? seen_issuer : "", issuer);
    if (nonce && g_strcmp0(seen_nonce, nonce) != 0)
        return arm_fail(error, ARM_BAD_REQUEST, NULL,
                        "The token has another nonce: it was asked for by somebody else, or before.");
    return time_check(claims, now, error);
}
