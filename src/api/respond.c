/* Answers: what they are made of, errors, and the headers of long-running operations. */
#include "api/call.h"
#include "api/login.h"

#include <string.h>

ApiResponse *
api_response_new(int status)
{
    ApiResponse *response = g_new0(ApiResponse, 1);
    response->status = status;
    response->headers = g_ptr_array_new_with_free_func(g_free);
    return response;
}

void
api_response_set_header(ApiResponse *response, const char *name, const char *value)
{
    g_ptr_array_add(response->headers, g_strdup(name));
    g_ptr_array_add(response->headers, g_strdup(value));
}

const char *
api_response_header(const ApiResponse *response, const char *name)
{
    for (guint i = 0; i + 1 < response->headers->len; i += 2) {
        if (g_ascii_strcasecmp(g_ptr_array_index(response->headers, i), name) == 0)
            return g_ptr_array_index(response->headers, i + 1);
    }
    return NULL;
}

void
api_response_free(ApiResponse *response)
{
    if (!response)
        return;
    g_free(response->content_type);
    g_ptr_array_unref(response->headers);
    g_clear_pointer(&response->body, g_bytes_unref);
    if (response->stream)
        response->stream->free(response->stream);
    g_free(response);
}

ApiResponse *
respond_bytes(int status, GBytes *body)
{
    ApiResponse *response = api_response_new(status);
    response->content_type = g_strdup("application/json; charset=utf-8");
    response->body = g_bytes_ref(body);
    return response;
}

ApiResponse *
respond_text(int status, char *json_text, gsize length)
{
    ApiResponse *response = api_response_new(status);
    response->content_type = g_strdup("application/json; charset=utf-8");
    response->body = g_bytes_new_take(json_text, length);
    return response;
}

void
respond_with_etag(ApiResponse *response, guint64 etag)
{
    g_autofree char *text = g_strdup_printf("\"%" G_GUINT64_FORMAT "\"", etag);
    api_response_set_header(response, "ETag", text);
}

ApiResponse *
respond_json(int status, const json_t *body)
{
    char *text = json_text(body);
    return respond_text(status, text, strlen(text));
}

ApiResponse *
respond_json_once(int status, const json_t *body)
{
    ApiResponse *response = respond_json(status, body);
    api_response_set_header(response, "Cache-Control", "no-store");
    return response;
}

ApiResponse *
respond_empty(int status)
{
    return api_response_new(status);
}

/* A message may quote what a client sent, cut short in the middle of a character; JSON takes UTF-8 only. */
static void
valid_text_set(json_t *object, const char *name, const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    json_set_text(object, name, valid);
}

static json_t *
error_json(const GError *error)
{
    json_t *object = json_object();
    gboolean ours = error->domain == ARM_ERROR;
    json_set_text(object, "code", arm_code_text(ours ? (ArmCode)error->code : ARM_INTERNAL));
    valid_text_set(object, "message", error->message);
    valid_text_set(object, "target", arm_error_target(error));
    return object;
}

ApiResponse *
respond_error(const GError *error)
{
    ArmCode code = error->domain == ARM_ERROR ? (ArmCode)error->code : ARM_INTERNAL;
    const GPtrArray *details = arm_error_details(error);
    json_t *object = error_json(error);
    g_autoptr(json_t) body = json_object();

    if (details) {
        json_t *list = json_array();
        for (guint i = 0; i < details->len; i++)
            json_array_append_new(list, error_json(g_ptr_array_index(details, i)));
        json_object_set_new(object, "details", list);
    }
    json_object_set_new(body, "error", object);
    if (code == ARM_INTERNAL)
        g_warning("answered 500: %s", error->message);
    return respond_json(arm_code_http(code), body);
}

/* ---- long-running operations ---- */

/* `path` is what follows the subscription. */
static char *
operation_address(Call *call, const char *path, const char *operation_id)
{
    const char *version = call_query(call, "api-version");
    return g_strdup_printf("%s/subscriptions/%s%s/%s?api-version=%s", call->request->base_url, call->api->subscription, path,
                           operation_id, version);
}

void
respond_with_operation(ApiResponse *response, Call *call, const char *operation_id)
{
    if (!operation_id)
        return;
    g_autofree char *path = g_strdup_printf("/providers/Microsoft.Compute/locations/%s/operations", call->api->config.location);
    g_autofree char *address = operation_address(call, path, operation_id);
    api_response_set_header(response, "Azure-AsyncOperation", address);
    api_response_set_header(response, "Retry-After", POLL_AFTER_S);
}

ApiResponse *
respond_accepted(Call *call, const char *operation_id)
{
    ApiResponse *response = respond_empty(202);
    respond_with_operation(response, call, operation_id);
    return response;
}

ApiResponse *
respond_accepted_at_location(Call *call, const char *operation_id)
{
    ApiResponse *response = respond_empty(202);
    g_autofree char *address = operation_address(call, "/operationresults", operation_id);
    api_response_set_header(response, "Location", address);
    api_response_set_header(response, "Retry-After", POLL_AFTER_S);
    return response;
}

/* ---- what every answer carries ---- */

void
response_finish(ApiResponse *response, const char *client_request_id, const char *base_url)
{
    g_autofree char *id = g_uuid_string_random();
    api_response_set_header(response, "x-ms-request-id", id);
    api_response_set_header(response, "x-ms-correlation-request-id", id);
    if (client_request_id)
        api_response_set_header(response, "x-ms-client-request-id", client_request_id);
    if (response->status == 401) {
        g_autofree char *challenge =
            g_strdup_printf("Bearer authorization_uri=\"%s" PATH_AUTHORITY "\", error=\"invalid_token\", "
                            "error_description=\"The token is missing, wrong, or of a session that is over.\"",
                            base_url);
        api_response_set_header(response, "WWW-Authenticate", challenge);
    }
}
