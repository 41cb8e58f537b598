#include "host/guest_token.h"

#include <string.h>

/* An allowance is time that was not used, at most as much as the burst takes. */
static gboolean
allowance_take(GuestTokenAllowance *allowance, UnixTime now, GError **error)
{
    const UnixTime earliest = now - GUEST_TOKEN_BURST * GUEST_TOKEN_EVERY_USEC;
    /* Where the clock was set back, all of it is there again. */
    const UnixTime since = allowance->since > now ? earliest : MAX(allowance->since, earliest);
    if (now - since < GUEST_TOKEN_EVERY_USEC)
        return arm_fail(error, ARM_TOO_MANY_REQUESTS, NULL,
                        "This guest asks for tokens too often: %u at once, then one every %d s.", GUEST_TOKEN_BURST,
                        (int)(GUEST_TOKEN_EVERY_USEC / USEC_PER_SEC));
    allowance->since = since + GUEST_TOKEN_EVERY_USEC;
    return TRUE;
}

static const char *
nonce_of(const json_t *question, GError **error)
{
    const char *nonce = json_string_value(json_object_get(question, "nonce"));
    if (nonce && json_object_size(question) == 1)
        return nonce;
    arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "A question is {\"nonce\": \"TEXT\"}, on one line.");
    return NULL;
}

static char *
token_make(const HostConfig *config, const char *key, const char *nonce, GError **error)
{
    if (config->token)
        return config->token(key, nonce, config->token_data, error);
    arm_fail(error, ARM_NOT_SUPPORTED, NULL, "This host gives no tokens.");
    return NULL;
}

json_t *
guest_token_answer(const HostConfig *config, GuestTokenAllowance *allowance, const char *key, const json_t *question,
                   UnixTime now)
{
    g_autoptr(GError) error = NULL;
    json_t *answer = json_object();
    const char *nonce = allowance_take(allowance, now, &error) ? nonce_of(question, &error) : NULL;
    g_autofree char *token = nonce ? token_make(config, key, nonce, &error) : NULL;
    json_set_text(answer, "nonce", json_string_value(json_object_get(question, "nonce")));
    json_set_text(answer, "token", token);
    if (!token) {
        g_autofree char *message = g_utf8_make_valid(error->message, -1);
        const ArmCode code = error->domain == ARM_ERROR ? (ArmCode)error->code : ARM_INTERNAL;
        json_object_set_new(answer, "error", json_pack("{ss ss}", "code", arm_code_text(code), "message", message));
    }
    return answer;
}
