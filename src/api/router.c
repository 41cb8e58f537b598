/* From a request to its handler: authentication, routes, api-version, body. */
#include "api/body_cache.h"
#include "api/call.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define TARGET_MAX 8192
#define SEGMENTS_MAX 24
#define CACHE_BYTES (24u << 20)
#define VERSION_FORM "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(-[a-z0-9.]{1,32})?$"

static const Route *const tables[] = {
    routes_scale_sets, routes_scale_set_actions, routes_instances, routes_operations, routes_groups, routes_subscriptions,
    routes_catalogue,  routes_images,            routes_host,      routes_activity,   routes_links,
};

static char *
setting_or_make(StoreTx *tx, const char *name, char *(*make)(void), GError **error)
{
    char *value = NULL;
    if (!store_setting_get(tx, name, &value, error))
        return NULL;
    if (value)
        return value;
    value = make();
    if (store_setting_set(tx, name, value, error))
        return value;
    g_free(value);
    return NULL;
}

/* 256 bits from the kernel; GLib's UUIDs come from a generator that is not made for secrets. */
static char *
secret_make(void)
{
    guint8 bytes[32];
    if (getrandom(bytes, sizeof bytes, 0) != (gssize)sizeof bytes)
        g_error("getrandom: %s", g_strerror(errno));
    GString *text = g_string_sized_new(2 * sizeof bytes);
    for (guint i = 0; i < sizeof bytes; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

static gboolean
identity_load(Api *api, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(api->store, error);
    if (!tx)
        return FALSE;
    api->subscription = setting_or_make(tx, "subscription", g_uuid_string_random, error);
    api->link_secret = api->subscription ? setting_or_make(tx, "link-secret", secret_make, error) : NULL;
    return api->link_secret && store_commit(g_steal_pointer(&tx), error);
}

Api *
api_new(const ApiConfig *config, Store *store, Clock *clock, const ApiProbe *probe, GError **error)
{
    Api *api = g_new0(Api, 1);
    api->config = *config;
    api->store = store;
    api->clock = clock;
    api->probe = *probe;
    api->bodies = body_cache_new(CACHE_BYTES);
    api->version_form = g_regex_new(VERSION_FORM, G_REGEX_DOLLAR_ENDONLY | G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, NULL);
    if (identity_load(api, error))
        return api;
    api_free(api);
    return NULL;
}

void
api_free(Api *api)
{
    if (!api)
        return;
    body_cache_free(api->bodies);
    g_clear_pointer(&api->version_form, g_regex_unref);
    g_free(api->subscription);
    g_free(api->link_secret);
    g_free(api);
}

const char *
api_subscription(const Api *api)
{
    return api->subscription;
}

/* ---- the request line ---- */

static gboolean
path_split(Call *call, const char *target, GError **error)
{
    const char *query = strchr(target, '?');
    g_autofree char *path = query ? g_strndup(target, (gsize)(query - target)) : g_strdup(target);
    g_auto(GStrv) raw = g_strsplit(path, "/", SEGMENTS_MAX + 2);
    g_autoptr(GPtrArray) segments = g_ptr_array_new_with_free_func(g_free);

    for (char **part = raw; *part; part++) {
        if (!**part)
            continue;
        char *decoded = g_uri_unescape_string(*part, NULL);
        if (!decoded || !g_utf8_validate(decoded, -1, NULL)) {
            g_free(decoded);
            return arm_fail(error, ARM_BAD_REQUEST, NULL, "The path has a percent escape or byte that is not UTF-8.");
        }
        g_ptr_array_add(segments, decoded);
    }
    if (segments->len > SEGMENTS_MAX)
        return arm_fail(error, ARM_NOT_FOUND, NULL, "There is nothing at a path of more than %d parts.", SEGMENTS_MAX);
    g_ptr_array_add(segments, NULL);
    call->segments = (char **)g_ptr_array_steal(segments, NULL);
    return TRUE;
}

static gboolean
query_split(Call *call, const char *target, GError **error)
{
    const char *query = strchr(target, '?');
    g_auto(GStrv) pairs = g_strsplit(query ? query + 1 : "", "&", 64);
    call->query = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (char **pair = pairs; *pair; pair++) {
        char *equals = strchr(*pair, '=');
        if (!**pair)
            continue;
        for (char *p = *pair; *p; p++) {
            if (*p == '+')
                *p = ' ';
        }
        if (equals)
            *equals = '\0';
        g_autofree char *name = g_uri_unescape_string(*pair, NULL);
        char *value = g_uri_unescape_string(equals ? equals + 1 : "", NULL);
        if (!name || !value || !g_utf8_validate(name, -1, NULL) || !g_utf8_validate(value, -1, NULL)) {
            g_free(value);
            return arm_fail(error, ARM_BAD_REQUEST, NULL, "The query has a percent escape or byte that is not UTF-8.");
        }
        g_hash_table_insert(call->query, g_ascii_strdown(name, -1), value);
    }
    return TRUE;
}

/* ---- routes ---- */

static gboolean
is_parameter(const char *at)
{
    return *at == '{';
}

/* Params are borrowed from call->segments. */
static gboolean
route_matches(const Route *route, Call *call)
{
    const char *at = route->path;
    guint n = 0;
    char **segment = call->segments;
    while (*at) {
        at++;
        const char *end = strchrnul(at, '/');
        gsize length = (gsize)(end - at);
        if (!*segment)
            return FALSE;
        if (is_parameter(at)) {
            if (n == CALL_MAX_PARAMS)
                return FALSE;
            call->params[n++] = *segment;
        } else if (strlen(*segment) != length || g_ascii_strncasecmp(at, *segment, length) != 0) {
            return FALSE;
        }
        segment++;
        at = end;
    }
    call->n_params = n;
    return *segment == NULL;
}

static const Route *
route_find(Call *call, gboolean *ret_path_known)
{
    *ret_path_known = FALSE;
    for (guint t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const Route *route = tables[t]; route->method; route++) {
            if (!route_matches(route, call))
                continue;
            *ret_path_known = TRUE;
            if (strcmp(route->method, call->request->method) == 0)
                return route;
        }
    }
    return NULL;
}

static gboolean
scope_check(const Route *route, const Call *call, GError **error)
{
    guint n = 0;
    for (const char *at = strchr(route->path, '{'); at; at = strchr(at + 1, '{'), n++) {
        const char *value = call->params[n];
        if (g_str_has_prefix(at, "{subscription}") && g_ascii_strcasecmp(value, call->api->subscription) != 0)
            return arm_fail(error, ARM_SUBSCRIPTION_NOT_FOUND, NULL,
                            "The subscription '%.100s' could not be found; this host has '%s'.", value,
                            call->api->subscription);
        if (g_str_has_prefix(at, "{location}") && g_ascii_strcasecmp(value, call->api->config.location) != 0)
            return arm_fail(error, ARM_LOCATION_NOT_AVAILABLE, "location",
                            "The location '%.100s' is not available; accepted: '%s'.", value, call->api->config.location);
    }
    return TRUE;
}

static gboolean
version_check(const Route *route, Call *call, GError **error)
{
    const char *version = call_query(call, "api-version");
    if (route->flags & ROUTE_NO_VERSION)
        return TRUE;
    if (!version || !*version)
        return arm_fail(error, ARM_MISSING_API_VERSION, "api-version",
                        "The api-version query parameter (?api-version=) is required for all requests.");
    if (!g_regex_match(call->api->version_form, version, 0, NULL))
        return arm_fail(error, ARM_INVALID_API_VERSION, "api-version",
                        "The api-version '%.40s' is invalid. Accepted: YYYY-MM-DD, with or without a suffix such as -preview.",
                        version);
    return TRUE;
}

static gboolean
body_read(const Route *route, Call *call, json_t **ret_body, GError **error)
{
    const ApiRequest *request = call->request;
    gboolean wanted = (route->flags & (ROUTE_BODY | ROUTE_OPTIONAL_BODY)) != 0;
    *ret_body = NULL;
    if (request->body_length == 0) {
        if (route->flags & ROUTE_BODY)
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "The request needs a body: a JSON object.");
        return TRUE;
    }
    if (!wanted)
        return TRUE;
    *ret_body = json_parse(request->body, request->body_length, error);
    if (!*ret_body)
        return FALSE;
    return json_is_object(*ret_body) ||
           arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "The body is a JSON object.");
}

static const Route *
route_decide(Call *call, GError **error)
{
    gboolean path_known;
    const char *target = call->request->target;

    if (strlen(target) > TARGET_MAX) {
        arm_fail(error, ARM_BAD_REQUEST, NULL, "The address is longer than %d bytes.", TARGET_MAX);
        return NULL;
    }
    if (!path_split(call, target, error) || !query_split(call, target, error))
        return NULL;
    const Route *route = route_find(call, &path_known);
    if (!call->request->caller && !(route && (route->flags & ROUTE_ANONYMOUS))) {
        arm_fail(error, ARM_AUTHENTICATION_FAILED, NULL,
                 "Authentication failed: the request needs the header 'Authorization: Bearer TOKEN' with the token of "
                 "admin.token in the daemon's state folder.");
        return NULL;
    }
    if (!route) {
        if (path_known)
            arm_fail(error, ARM_METHOD_NOT_ALLOWED, NULL, "The method %s is not allowed here.", call->request->method);
        else
            arm_fail(error, ARM_NOT_FOUND, NULL, "There is no resource or action at this path.");
        return NULL;
    }
    if (!scope_check(route, call, error) || !version_check(route, call, error))
        return NULL;
    return route;
}

static void
common_headers(const Call *call, ApiResponse *response)
{
    g_autofree char *id = g_uuid_string_random();
    api_response_set_header(response, "x-ms-request-id", id);
    api_response_set_header(response, "x-ms-correlation-request-id", id);
    if (call->request->client_request_id)
        api_response_set_header(response, "x-ms-client-request-id", call->request->client_request_id);
    if (response->status == 401) {
        g_autofree char *challenge =
            g_strdup_printf("Bearer authorization_uri=\"%s\", error=\"invalid_token\", error_description=\"The token is missing "
                            "or wrong.\"",
                            call->request->base_url);
        api_response_set_header(response, "WWW-Authenticate", challenge);
    }
}

void
api_handle(Api *api, const ApiRequest *request, ApiDone done, void *data)
{
    Call call = { .api = api, .request = request, .done = done, .done_data = data };
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) body = NULL;
    ApiResponse *response = NULL;

    call.now = api->clock->now(api->clock);
    const Route *route = route_decide(&call, &error);
    if (route && body_read(route, &call, &body, &error)) {
        call.body = body;
        response = route->handler(&call, &error);
    }
    if (!response && !call.deferred) {
        g_assert(error);
        response = respond_error(error);
    }
    if (response)
        common_headers(&call, response);
    g_strfreev(call.segments);
    g_clear_pointer(&call.query, g_hash_table_unref);
    if (response)
        done(response, data);
}
