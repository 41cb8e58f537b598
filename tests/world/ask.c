/* Requests and answers. */
#include "world.h"

#include "base/json.h"

#include <string.h>

#define VERSION       "api-version=2024-07-01"
#define BASE          "https://127.0.0.1:8443"
#define ANSWER_WITHIN (10 * G_USEC_PER_SEC)

void
answer_free(Answer *answer)
{
    if (!answer)
        return;
    api_response_free(answer->response);
    json_decref(answer->body);
    g_free(answer);
}

char *
world_target(const World *world, const char *target)
{
    GString *text = g_string_new(NULL);
    const char *subscription = api_subscription(world->api);
    if (*target == '!')
        return g_string_free(g_string_append(text, target + 1), FALSE);
    if (*target == '@')
        g_string_printf(text, "/subscriptions/%s/resourceGroups/g1/providers/Microsoft.Compute/virtualMachineScaleSets%s",
                        subscription, target + 1);
    else if (*target == '~')
        g_string_printf(text, "/subscriptions/%s%s", subscription, target + 1);
    else
        g_string_assign(text, target);
    if (!strstr(text->str, "api-version"))
        g_string_append_printf(text, "%c" VERSION, strchr(text->str, '?') ? '&' : '?');
    return g_string_free(text, FALSE);
}

typedef struct {
    GMutex lock;
    GCond came;
    ApiResponse *response;
} Waiter;

static void
on_answer(ApiResponse *response, void *data)
{
    Waiter *waiter = data;
    g_mutex_lock(&waiter->lock);
    g_assert_null(waiter->response);
    waiter->response = response;
    g_cond_signal(&waiter->came);
    g_mutex_unlock(&waiter->lock);
}

Answer *
world_ask_request(World *world, const ApiRequest *request)
{
    Waiter waiter = { 0 };
    gint64 until = g_get_monotonic_time() + ANSWER_WITHIN;
    Answer *answer = g_new0(Answer, 1);

    g_mutex_init(&waiter.lock);
    g_cond_init(&waiter.came);
    api_handle(world->api, request, on_answer, &waiter);
    /* What a VM was asked for comes later, if not much: by a timer that is due now. */
    g_mutex_lock(&waiter.lock);
    if (!waiter.response) {
        g_mutex_unlock(&waiter.lock);
        clock_virtual_advance_to(world->clock, world->clock->now(world->clock));
        g_mutex_lock(&waiter.lock);
    }
    while (!waiter.response && g_cond_wait_until(&waiter.came, &waiter.lock, until))
        ;
    g_mutex_unlock(&waiter.lock);
    g_assert_nonnull(waiter.response);
    g_mutex_clear(&waiter.lock);
    g_cond_clear(&waiter.came);
    answer->response = waiter.response;
    if (answer->response->body) {
        gsize length;
        const char *bytes = g_bytes_get_data(answer->response->body, &length);
        answer->body = json_loadb(bytes, length, JSON_DECODE_ANY, NULL);
    }
    return answer;
}

Answer *
world_ask(World *world, const char *method, const char *target, const char *body)
{
    g_autofree char *full = world_target(world, target);
    const ApiRequest request = {
        .method = method,
        .target = full,
        .base_url = BASE,
        .caller = "owner",
        .body = body,
        .body_length = body ? strlen(body) : 0,
    };
    return world_ask_request(world, &request);
}

Answer *
world_must(World *world, int status, const char *method, const char *target, const char *body)
{
    Answer *answer = world_ask(world, method, target, body);
    if (answer->response->status != status) {
        g_autofree char *text = answer->body ? json_text(answer->body) : g_strdup("(no body)");
        g_error("%s %s answered %d, not %d: %s", method, target, answer->response->status, status, text);
    }
    return answer;
}

const json_t *
answer_at(const Answer *answer, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    const json_t *value = answer->body;
    for (char **name = names; *name && value; name++) {
        guint64 index;
        if (json_is_array(value))
            value = g_ascii_string_to_unsigned(*name, 10, 0, G_MAXINT32, &index, NULL) ? json_array_get(value, index) : NULL;
        else
            value = json_object_get(value, *name);
    }
    return value;
}

char *
answer_text(const Answer *answer, const char *path)
{
    const json_t *value = answer_at(answer, path);
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    return value ? json_text(value) : NULL;
}

void
answer_expect(const Answer *answer, const char *path, const char *text)
{
    g_autofree char *found = answer_text(answer, path);
    if (g_strcmp0(found, text) == 0)
        return;
    g_autofree char *body = answer->body ? json_text(answer->body) : NULL;
    g_error("%s is '%s', not '%s', in: %s", path, found ? found : "(absent)", text ? text : "(absent)", body ? body : "");
}

void
world_create(World *world, const char *set, guint capacity, const char *size, const char *image_sku,
             const char *security_profile)
{
    g_autofree char *target = g_strconcat("@/", set, NULL);
    g_autofree char *body = g_strdup_printf(
        "{\"location\":\"local\",\"sku\":{\"name\":\"%s\",\"capacity\":%u},\"properties\":{\"upgradePolicy\":{\"mode\":"
        "\"Manual\"},\"virtualMachineProfile\":{%s%s%s\"storageProfile\":{\"imageReference\":{\"publisher\":\"Testudo\","
        "\"offer\":\"mini\",\"sku\":\"%s\",\"version\":\"1.0.0\"}}}}}",
        size, capacity, security_profile ? "\"securityProfile\":" : "", security_profile ? security_profile : "",
        security_profile ? "," : "", image_sku);
    answer_free(world_ask(world, "PUT", "~/resourcegroups/g1", "{\"location\":\"local\"}"));
    answer_free(world_must(world, 201, "PUT", target, body));
    world_settle(world);
}

Answer *
world_poll(World *world, const Answer *accepted)
{
    const char *address = api_response_header(accepted->response, "Azure-AsyncOperation");
    g_assert_nonnull(address);
    g_assert_true(g_str_has_prefix(address, BASE "/"));
    g_autofree char *target = g_strconcat("!", address + strlen(BASE), NULL);
    return world_must(world, 200, "GET", target, NULL);
}

void
world_expect_operation(World *world, const Answer *accepted, const char *status, const char *code)
{
    world_settle(world);
    g_autoptr(Answer) polled = world_poll(world, accepted);
    answer_expect(polled, "status", status);
    answer_expect(polled, "error.code", code);
}

void
world_incidental_remove(json_t *value)
{
    static const char *const names[] = { "etag",     "time",      "timeCreated", "vmId",    "id",
                                         "uniqueId", "operation", "startTime",   "endTime", "lastActionTime" };
    const char *key;
    json_t *member;
    void *next;
    size_t i;
    for (guint n = 0; n < G_N_ELEMENTS(names); n++)
        json_object_del(value, names[n]);
    json_object_foreach_safe(value, next, key, member)
    {
        world_incidental_remove(member);
    }
    json_array_foreach(value, i, member)
    {
        world_incidental_remove(member);
    }
}
