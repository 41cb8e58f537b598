/* From a request to its handler: authentication, routes, api-version, body. */
#include "api/call.h"

#include "base/jsonc.h"

#include <string.h>

static const Route *const tables[] = {
    routes_scale_sets,   routes_scale_set_actions,
    routes_extensions,   routes_extension_images,
    routes_revisions,    routes_change_records,
    routes_instances,    routes_guest,
    routes_operations,   routes_groups,
    routes_resources,    routes_subscriptions,
    routes_catalogue,    routes_images,
    routes_host,         routes_activity,
    routes_links,        routes_features,
    routes_machines,     routes_rolls,
    routes_disks,        routes_services,
    routes_attestations, routes_baselines,
    routes_quarantine,   routes_tokens,
    routes_token_ring,   routes_alerts,
    routes_assessments,  routes_resource_health,
    routes_authority,    routes_components,
    routes_assess,       routes_sign_in,
    routes_changes,      routes_suppression_rules,
    routes_portal,       routes_login,
    routes_deployments,  routes_networks,
};

/* ---- routes ---- */

#define REST "...}"

static gboolean
is_parameter(const char *at)
{
    return *at == '{';
}

static gboolean
takes_the_rest(const char *at, gsize length)
{
    return is_parameter(at) && length > strlen(REST) && strncmp(at + length - strlen(REST), REST, strlen(REST)) == 0;
}

/* Params are borrowed from call->target.segments. */
static gboolean
route_matches(const Route *route, Call *call)
{
    const char *at = route->path;
    guint n = 0;
    char **segment = call->target.segments;
    while (*at) {
        at++;
        const char *end = strchrnul(at, '/');
        gsize length = (gsize)(end - at);
        if (takes_the_rest(at, length)) {
            call->n_params = n;
            return TRUE;
        }
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

/* *ret_methods: the methods that the path has, where it does not have the one that is asked for. */
static const Route *
route_find(Call *call, char **ret_methods)
{
    g_autoptr(GString) methods = g_string_new(NULL);
    for (guint t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const Route *route = tables[t]; route->method; route++) {
            if (!route_matches(route, call))
                continue;
            if (strcmp(route->method, call->request->method) == 0)
                return route;
            g_string_append_printf(methods, "%s%s", methods->len > 0 ? ", " : "", route->method);
        }
    }
    *ret_methods = methods->len > 0 ? g_strdup(methods->str) : NULL;
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
query_check(const Route *route, const Call *call, GError **error)
{
    return g_strcmp0(route->query, ANY_QUERY) == 0 || target_check_query(&call->target, route->query, error);
}

static json_t *
body_parse(const Route *route, const ApiRequest *request, GError **error)
{
    gsize length;
    if (!(route->flags & ROUTE_JSONC))
        return json_parse(request->body, request->body_length, error);
    g_autofree char *text = jsonc_to_json(request->body, request->body_length, &length);
    return json_parse(text, length, error);
}

static gboolean
body_read(const Route *route, const ApiRequest *request, json_t **ret_body, GError **error)
{
    if (route->flags & ROUTE_FORM)
        return TRUE;
    if (request->body_length == 0)
        return !(route->flags & ROUTE_BODY) ||
               arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "The request needs a body: a JSON object.");
    *ret_body = body_parse(route, request, error);
    if (!*ret_body)
        return FALSE;
    if (!json_is_object(*ret_body))
        return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "The body is a JSON object.");
    const char *twin = json_twin(*ret_body);
    if (twin)
        return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, twin,
                        "The body has '%.100s' twice in one object: the case of letters does not tell names apart.", twin);
    return (route->flags & (ROUTE_BODY | ROUTE_OPTIONAL_BODY)) || json_object_size(*ret_body) == 0 ||
           arm_fail(error, ARM_INVALID_REQUEST_CONTENT, NULL, "%s takes no body here.", request->method);
}

static const Route *
route_decide(Call *call, char **ret_methods, GError **error)
{
    if (!target_parse(call->request->target, &call->target, error))
        return NULL;
    const Route *route = route_find(call, ret_methods);
    if (!call->request->caller && !(route && (route->flags & ROUTE_ANONYMOUS))) {
        arm_fail(error, ARM_AUTHENTICATION_FAILED, NULL,
                 "Authentication failed: the request needs the header 'Authorization: Bearer TOKEN' with the token of "
                 "admin.token in the daemon's state folder, or that of a session which is not over: sign in again by "
                 "'az login' or 'testudo portal'.");
        return NULL;
    }
    if (route)
        return route;
    if (*ret_methods)
        arm_fail(error, ARM_METHOD_NOT_ALLOWED, NULL, "The method %.20s is not allowed here; accepted: %s.",
                 call->request->method, *ret_methods);
    else
        arm_fail(error, ARM_NOT_FOUND, NULL, "There is no resource or action at '%.*s'.",
                 (int)MIN(strcspn(call->request->target, "?"), 200), call->request->target);
    return NULL;
}

ApiResponse *
call_route(Call *call, GError **error)
{
    g_autofree char *methods = NULL;
    const Route *route = route_find(call, &methods);
    g_assert(route);
    return route->handler(call, error);
}

/* NULL sets *error, or the handler answers later. */
static ApiResponse *
answer_make(Call *call, GError **error)
{
    g_autofree char *methods = NULL;
    g_autoptr(json_t) body = NULL;
    const Route *route = route_decide(call, &methods, error);
    if (!route && methods && call->request->caller) {
        ApiResponse *response = respond_error(*error);
        api_response_set_header(response, "Allow", methods);
        g_clear_error(error);
        return response;
    }
    if (!route || !scope_check(route, call, error) || !version_check(route, call, error) || !query_check(route, call, error) ||
        !body_read(route, call->request, &body, error))
        return NULL;
    call->body = body;
    return route->handler(call, error);
}

void
api_handle(Api *api, const ApiRequest *request, ApiDone done, void *data)
{
    Call call = { .api = api, .request = request, .done = done, .done_data = data };
    g_autoptr(GError) error = NULL;

    call.now = api->clock->now(api->clock);
    ApiResponse *response = answer_make(&call, &error);
    target_clear(&call.target);
    if (call.deferred)
        return;
    if (!response) {
        g_assert(error);
        response = respond_error(error);
    }
    response_finish(response, request->client_request_id, request->base_url);
    done(response, data);
}
