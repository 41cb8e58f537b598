/* How `az` and Azure's SDKs sign in: what this cloud consists of, and OAuth 2.0's client credentials grant (RFC 6749, 4.4) in
 * the form of AD FS, which is what they take where a cloud is not Azure's own. Addresses begin with what the client calls us,
 * and nothing else of this host is told. */
#include "api/login.h"

#include "api/call.h"
#include "api/form.h"
#include "api/portal.h"
#include "api/sessions.h"
#include "base/secret.h"

#include <string.h>

#define PATH_AUTHORIZE PATH_AUTHORITY "/oauth2/authorize"
#define PATH_KEYS      PATH_AUTHORITY "/discovery/keys"
#define DISCOVERY      "/.well-known/openid-configuration"

#define CLIENT_ID_MAX 100
#define GRANT         "client_credentials"
#define NAME_OF_TOKEN "the content of admin.token in the daemon's state folder"

static char *
address(const Call *call, const char *path)
{
    return g_strconcat(call->request->base_url, path, NULL);
}

/* ---- what there is ---- */

/* An audience without a slash at its end: clients put "/.default" behind it. */
static ApiResponse *
endpoints_get(Call *call, GError **error)
{
    (void)error;
    const char *base = call->request->base_url;
    g_autofree char *authority = address(call, PATH_AUTHORITY), *portal = address(call, PATH_PORTAL "/");
    g_autoptr(json_t) body =
        json_pack("{ss ss ss s{ss s[s]}}", "galleryEndpoint", base, "graphEndpoint", base, "portalEndpoint", portal,
                  "authentication", "loginEndpoint", authority, "audiences", base);
    return respond_json_once(200, body);
}

/* OpenID Connect Discovery 1.0, 3, as far as these clients ask: who has no place for users to sign in must name one
 * all the same. */
static ApiResponse *
authority_get(Call *call, GError **error)
{
    (void)error;
    g_autofree char *authority = address(call, PATH_AUTHORITY), *token = address(call, PATH_TOKEN),
                    *authorize = address(call, PATH_AUTHORIZE), *keys = address(call, PATH_KEYS);
    g_autoptr(json_t) body =
        json_pack("{ss ss ss ss s[s] s[s] s[s]}", "issuer", authority, "authorization_endpoint", authorize, "token_endpoint",
                  token, "jwks_uri", keys, "grant_types_supported", GRANT, "token_endpoint_auth_methods_supported",
                  "client_secret_post", "response_types_supported", "token");
    return respond_json_once(200, body);
}

/* Nobody but this daemon can tell anything from its tokens, so no key verifies them. */
static ApiResponse *
keys_get(Call *call, GError **error)
{
    (void)call;
    (void)error;
    g_autoptr(json_t) body = json_pack("{s[]}", "keys");
    return respond_json_once(200, body);
}

/* ---- tokens ---- */

/* RFC 6749, 5.2: people see the description, and no client shows the errors of ARM here. */
static ApiResponse *refuse(int status, const char *code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static ApiResponse *
refuse(int status, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    /* A value that is quoted may be cut in the middle of a character. */
    g_autofree char *description = g_utf8_make_valid(text, -1);
    g_autoptr(json_t) body = json_pack("{ss ss}", "error", code, "error_description", description);
    return respond_json_once(status, body);
}

/* RFC 6749, 3.2: what has no value is not there. */
static const char *
field(GHashTable *form, const char *name)
{
    const char *value = g_hash_table_lookup(form, name);
    return value && *value ? value : NULL;
}

static gboolean
is_name(const char *text)
{
    if (g_utf8_strlen(text, -1) > CLIENT_ID_MAX)
        return FALSE;
    for (; *text; text = g_utf8_next_char(text)) {
        if (!g_unichar_isprint(g_utf8_get_char(text)))
            return FALSE;
    }
    return TRUE;
}

static ApiResponse *
lack_refuse(const char *name, const char *what)
{
    return refuse(400, "invalid_request", "The form lacks '%s': %s.", name, what);
}

/* NULL: the form asks for what there is, and says who asks. */
static ApiResponse *
form_refuse(GHashTable *form)
{
    const char *grant = field(form, "grant_type"), *client = field(form, "client_id");
    if (!grant)
        return lack_refuse("grant_type", "it is '" GRANT "'");
    if (strcmp(grant, GRANT) != 0)
        return refuse(400, "unsupported_grant_type",
                      "The grant type '%.60s' is not accepted here; accepted: '" GRANT "', which is what 'az login "
                      "--service-principal' asks for.",
                      grant);
    if (!client)
        return lack_refuse("client_id", "it is a name of your choice, which the activity log shows");
    if (!is_name(client))
        return refuse(400, "invalid_request",
                      "The form's 'client_id' is a name of at most %d characters, all of them printable.", CLIENT_ID_MAX);
    if (field(form, "client_assertion"))
        return refuse(
            401, "invalid_client",
            "A certificate ('client_assertion') is not accepted here: sign in by a client secret, which is " NAME_OF_TOKEN ".");
    return field(form, "client_secret") ? NULL : lack_refuse("client_secret", "it is " NAME_OF_TOKEN);
}

static ApiResponse *
wrong_refuse(const Call *call, const char *resource)
{
    if (sessions_wrong(call->api->sessions, SESSION_CLIENT, resource, call->now))
        return refuse(401, "invalid_client", "The client secret is wrong: it is " NAME_OF_TOKEN ".");
    return refuse(429, "temporarily_unavailable", "More than %u wrong client secrets came within a minute; wait for one.",
                  WRONG_MAX);
}

static ApiResponse *
session_open(const Call *call, const char *client, const char *resource, GError **error)
{
    UnixTime end;
    g_autofree char *token = sessions_open(call->api->sessions, CALLER_TOKEN, client, resource, call->now, &end, error);
    if (!token)
        return NULL;
    g_autoptr(json_t) body = json_pack("{ss sI ss}", "token_type", "Bearer", "expires_in",
                                       (json_int_t)((end - call->now) / USEC_PER_SEC), "access_token", token);
    return respond_json_once(200, body);
}

static ApiResponse *
token_make(Call *call, GError **error)
{
    const ApiRequest *request = call->request;
    g_autoptr(GError) malformed = NULL;
    if (request->body_length > FORM_BYTES_MAX)
        return refuse(400, "invalid_request", "The form is larger than the %u bytes that are accepted.", FORM_BYTES_MAX);
    g_autoptr(GHashTable) form =
        form_parse(request->body_length ? request->body : "", request->body_length, "form", &malformed);
    if (!form)
        return refuse(400, "invalid_request", "%s", malformed->message);
    ApiResponse *refusal = form_refuse(form);
    if (refusal)
        return refusal;
    g_autofree char *resource = resource_id_subscription(call->api->subscription);
    const char *right = call->api->config.token;
    if (!right || !secret_same(right, field(form, "client_secret")))
        return wrong_refuse(call, resource);
    return session_open(call, field(form, "client_id"), resource, error);
}

/* `az login` alone, and what would have a browser sign in. */
static ApiResponse *
user_refuse(Call *call, GError **error)
{
    (void)call;
    (void)error;
    return refuse(
        400, "unauthorized_client",
        "Nobody signs in here by a password or in a browser: 'az login --service-principal -u NAME -p SECRET --tenant "
        "adfs' signs in, with any name; the secret is " NAME_OF_TOKEN ".");
}

#define FREE (ROUTE_ANONYMOUS | ROUTE_NO_VERSION)

const Route routes_login[] = {
    { "GET", "/metadata/endpoints", endpoints_get, FREE, ANY_QUERY },
    { "GET", PATH_AUTHORITY DISCOVERY, authority_get, FREE, ANY_QUERY },
    /* Where a tenant is named, it is looked for below the authority; it is called "adfs" as well. */
    { "GET", PATH_AUTHORITY PATH_AUTHORITY DISCOVERY, authority_get, FREE, ANY_QUERY },
    { "GET", PATH_KEYS, keys_get, FREE, ANY_QUERY },
    { "GET", PATH_AUTHORIZE, user_refuse, FREE, ANY_QUERY },
    { "POST", PATH_AUTHORITY "/oauth2/devicecode", user_refuse, FREE | ROUTE_FORM, ANY_QUERY },
    { "POST", PATH_TOKEN, token_make, FREE | ROUTE_FORM, ANY_QUERY },
    { 0 },
};
