/* Signing in to the portal, and out: a code that somebody with a credential has made is exchanged for a session. */
#include "api/call.h"
#include "api/feed.h"
#include "api/portal.h"
#include "api/sessions.h"
#include "base/time_text.h"

#include <string.h>

#define CODE_EVENT "Testudo.Portal/codes/action"

static json_t *
with_end(json_t *body, UnixTime end)
{
    g_autofree char *text = time_to_text(end);
    json_set_text(body, "expires", text);
    return body;
}

/* ---- codes ---- */

/* What a session has opened ends with it; else a session could be had for ever. */
static gboolean
maker_check(const Call *call, GError **error)
{
    return !sessions_is_session(call->request->caller) ||
           arm_fail(error, ARM_FORBIDDEN, NULL,
                    "A session opens no others, and makes no codes for them: ask by 'testudo portal'.");
}

static gboolean
code_note(const Call *call, GError **error)
{
    g_autofree char *resource = resource_id_subscription(call->api->subscription);
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    return tx &&
           store_event_note(tx, CODE_EVENT, resource, call->request->caller,
                            "A one-time code to sign in to the portal was made.", call->now, error) &&
           store_commit(g_steal_pointer(&tx), error);
}

/* A browser does not reach the Unix socket. */
static gboolean
reach_check(const Call *call, GError **error)
{
    return call->request->link_url || g_str_has_prefix(call->request->base_url, "https://") ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                    "No browser reaches this daemon: it listens on its Unix socket alone. Start testudod with --listen.");
}

/* The address has the code behind '#': browsers send that part to nobody. */
static void
address_set(json_t *body, const Call *call, const char *code)
{
    const char *base = call->request->link_url ? call->request->link_url : call->request->base_url;
    g_autofree char *address = g_strdup_printf("%s" PATH_PORTAL "/#code=%s", base, code);
    json_set_text(body, "url", address);
}

static ApiResponse *
code_make(Call *call, GError **error)
{
    if (!maker_check(call, error) || !portal_check(call->api, error) || !reach_check(call, error) || !code_note(call, error))
        return NULL;
    g_autofree char *code = sessions_code_make(call->api->sessions, call->request->caller, call->now);
    g_autoptr(json_t) body = with_end(json_object(), call->now + CODE_LIFETIME);
    json_set_text(body, "code", code);
    address_set(body, call, code);
    return respond_json_once(201, body);
}

/* ---- sessions ---- */

static gboolean
body_read(const json_t *body, const char **ret_code, GError **error)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)body, name, value)
    {
        if (strcmp(name, "code") != 0 || !json_is_string(value))
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, "code", "The body is {\"code\": \"…\"} and nothing else.");
    }
    *ret_code = json_member_text(body, "code");
    return TRUE;
}

/* By whose right; newly allocated. */
static char *
right_of(const Call *call, const char *code, const char *resource, GError **error)
{
    const char *caller = call->request->caller;
    if (!code && caller && maker_check(call, error))
        return g_strdup(caller);
    if (!code && !caller)
        arm_fail(error, ARM_AUTHENTICATION_FAILED, "code",
                 "Signing in needs the code that 'testudo portal' prints, as {\"code\": \"…\"}, or the header 'Authorization: "
                 "Bearer TOKEN'.");
    if (!code)
        return NULL;
    return sessions_code_redeem(call->api->sessions, code, resource, call->now, error);
}

static ApiResponse *
session_open(Call *call, GError **error)
{
    const char *code = NULL;
    UnixTime end = 0;
    g_autofree char *resource = resource_id_subscription(call->api->subscription);
    if (call->body && !body_read(call->body, &code, error))
        return NULL;
    g_autofree char *made_by = right_of(call, code, resource, error);
    g_autofree char *token =
        made_by ? sessions_open(call->api->sessions, made_by, /* client= */ NULL, resource, call->now, &end, error) : NULL;
    if (!token)
        return NULL;
    g_autoptr(json_t) body = with_end(json_object(), end);
    json_set_text(body, "token", token);
    return respond_json_once(201, body);
}

static ApiResponse *
session_close(Call *call, GError **error)
{
    const char *caller = call->request->caller;
    g_autofree char *resource = resource_id_subscription(call->api->subscription);
    if (!sessions_is_of_portal(caller)) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL, "This is no session of the portal, so it cannot be ended.");
        return NULL;
    }
    gboolean closed = sessions_close(call->api->sessions, caller, resource, call->now, error);
    feed_end(call->api->feed, caller, "session");
    return closed ? respond_empty(204) : NULL;
}

const Route routes_sign_in[] = {
    { "POST", PATH_PORTAL "/codes", code_make, ROUTE_NO_VERSION, NO_QUERY },
    { "POST", PATH_PORTAL "/session", session_open, ROUTE_ANONYMOUS | ROUTE_NO_VERSION | ROUTE_OPTIONAL_BODY, NO_QUERY },
    { "DELETE", PATH_PORTAL "/session", session_close, ROUTE_NO_VERSION, NO_QUERY },
    { 0 },
};
