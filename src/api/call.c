/* What every handler stands on: query members, responses, lookups, pages. */
#include "api/call.h"

#include <string.h>

/* ---- responses ---- */

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
    g_free(response);
}

ApiResponse *
respond_text(int status, char *json_text, gsize length)
{
    ApiResponse *response = api_response_new(status);
    response->content_type = g_strdup("application/json; charset=utf-8");
    response->body = g_bytes_new_take(json_text, length);
    return response;
}

ApiResponse *
respond_json(int status, const json_t *body)
{
    char *text = json_text(body);
    return respond_text(status, text, strlen(text));
}

ApiResponse *
respond_empty(int status)
{
    return api_response_new(status);
}

static json_t *
error_json(const GError *error)
{
    json_t *object = json_object();
    gboolean ours = error->domain == ARM_ERROR;
    json_set_text(object, "code", arm_code_text(ours ? (ArmCode)error->code : ARM_INTERNAL));
    json_set_text(object, "message", error->message);
    json_set_text(object, "target", arm_error_target(error));
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

void
respond_with_operation(ApiResponse *response, Call *call, const char *operation_id)
{
    if (!operation_id)
        return;
    g_autofree char *address = g_strdup_printf(
        "%s/subscriptions/%s/providers/Microsoft.Compute/locations/%s/operations/%s?api-version=%s", call->request->base_url,
        call->api->subscription, call->api->config.location, operation_id,
        call_query(call, "api-version") ? call_query(call, "api-version") : "2024-07-01");
    api_response_set_header(response, "Azure-AsyncOperation", address);
    api_response_set_header(response, "Retry-After", "1");
}

ApiResponse *
respond_accepted(Call *call, const char *operation_id)
{
    ApiResponse *response = respond_empty(202);
    respond_with_operation(response, call, operation_id);
    return response;
}

/* ---- query ---- */

const char *
call_query(Call *call, const char *name)
{
    return g_hash_table_lookup(call->query, name);
}

/* ---- answers that come later ---- */

struct Deferred {
    ApiDone done;
    void *data;
};

Deferred *
call_defer(Call *call)
{
    Deferred *deferred = g_new0(Deferred, 1);
    deferred->done = call->done;
    deferred->data = call->done_data;
    call->deferred = TRUE;
    return deferred;
}

void
deferred_answer(Deferred *deferred, ApiResponse *response)
{
    deferred->done(response, deferred->data);
    g_free(deferred);
}

void
deferred_fail(Deferred *deferred, const GError *error)
{
    deferred_answer(deferred, respond_error(error));
}

/* ---- lookups ---- */

StoreGroup *
call_group(StoreTx *tx, const char *name, GError **error)
{
    GError *lookup = NULL;
    StoreGroup *group = store_group_get(tx, name, &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!group)
        arm_fail(error, ARM_RESOURCE_GROUP_NOT_FOUND, NULL, "Resource group '%.100s' could not be found.", name);
    return group;
}

StoreSet *
call_set(StoreTx *tx, const char *group, const char *name, GError **error)
{
    GError *lookup = NULL;
    StoreSet *set = store_set_get(tx, group, name, &lookup);
    if (set)
        return set;
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    g_autoptr(StoreGroup) known = call_group(tx, group, error);
    if (known)
        arm_fail(error, ARM_RESOURCE_NOT_FOUND, NULL,
                 "The Resource 'Microsoft.Compute/virtualMachineScaleSets/%.100s' under resource group '%.100s' was not found.",
                 name, group);
    return NULL;
}

StoreInstance *
call_instance(StoreTx *tx, const StoreSet *set, const char *id, GError **error)
{
    guint64 number;
    GError *lookup = NULL;
    StoreInstance *instance = NULL;
    if (g_ascii_string_to_unsigned(id, 10, 0, G_MAXUINT32, &number, NULL))
        instance = store_instance_get(tx, set->id, (guint)number, &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!instance)
        arm_fail(error, ARM_INSTANCE_NOT_FOUND, "instanceIds",
                 "The scale set '%s' has no instance with id '%.40s'; 'testudo vmss list-instances' lists them.", set->name,
                 id);
    return instance;
}

gboolean
call_not_deleting(const StoreSet *set, GError **error)
{
    return !set->deleting || arm_fail(error, ARM_CONFLICT, NULL,
                                      "The scale set '%s' is being deleted by operation '%s'; wait for its end.", set->name,
                                      set->operation ? set->operation : "");
}

gboolean
call_if_match(const Call *call, guint64 etag, GError **error)
{
    const char *asked = call->request->if_match;
    g_autofree char *mine = g_strdup_printf("\"%" G_GUINT64_FORMAT "\"", etag);
    if (!asked || strcmp(asked, "*") == 0 || strcmp(asked, mine) == 0)
        return TRUE;
    return arm_fail(error, ARM_PRECONDITION_FAILED, NULL,
                    "The resource has changed since it was read: its ETag is %s, If-Match says %.60s.", mine, asked);
}

/* ---- pages ---- */

static gboolean
number_query(Call *call, const char *name, guint64 max, guint *value, GError **error)
{
    const char *text = call_query(call, name);
    guint64 number;
    if (!text)
        return TRUE;
    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &number, NULL))
        return arm_fail(error, ARM_INVALID_PARAMETER, name, "'%s' is a whole number from 0 to %" G_GUINT64_FORMAT ", not '%.40s'.",
                        name, max, text);
    *value = (guint)number;
    return TRUE;
}

gboolean
call_page(Call *call, guint total, Page *ret_page, GError **error)
{
    guint top = PAGE_MAX, first = 0;
    if (!number_query(call, "$top", G_MAXINT32, &top, error) || !number_query(call, "$skiptoken", G_MAXINT32, &first, error))
        return FALSE;
    first = MIN(first, total);
    *ret_page = (Page){ first, MIN(MIN(MAX(top, 1), PAGE_MAX), total - first) };
    return TRUE;
}

static gboolean
next_link_append(Call *call, GString *text, const Page *page, guint total)
{
    guint next = page->first + page->count;
    if (next >= total)
        return FALSE;
    GString *address = g_string_new(call->request->base_url);
    const char *path_end = strchr(call->request->target, '?');
    gsize length = path_end ? (gsize)(path_end - call->request->target) : strlen(call->request->target);
    GHashTableIter iter;
    gpointer name, value;
    g_string_append_len(address, call->request->target, (gssize)length);
    g_string_append_printf(address, "?$skiptoken=%u", next);
    g_hash_table_iter_init(&iter, call->query);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        if (strcmp(name, "$skiptoken") == 0)
            continue;
        g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
        g_string_append_printf(address, "&%s=%s", (const char *)name, escaped);
    }
    g_autoptr(json_t) link = json_string(address->str);
    g_autofree char *quoted = json_text(link);
    g_string_append_printf(text, ",\"nextLink\":%s", quoted);
    g_string_free(address, TRUE);
    return TRUE;
}

ApiResponse *
respond_list(Call *call, const GPtrArray *bodies, const Page *page, guint total)
{
    gsize expected = 64;
    for (guint i = 0; i < bodies->len; i++)
        expected += g_bytes_get_size(g_ptr_array_index(bodies, i)) + 1;
    GString *text = g_string_sized_new(expected);
    g_string_append(text, "{\"value\":[");
    for (guint i = 0; i < bodies->len; i++) {
        gsize length;
        const char *bytes = g_bytes_get_data(g_ptr_array_index(bodies, i), &length);
        if (i > 0)
            g_string_append_c(text, ',');
        g_string_append_len(text, bytes, (gssize)length);
    }
    g_string_append_c(text, ']');
    next_link_append(call, text, page, total);
    g_string_append_c(text, '}');
    gsize length = text->len;
    return respond_text(200, g_string_free(text, FALSE), length);
}
