/* virtualMachines of a scale set: list, get, instance view, protection, boot diagnostics, run command, connection info. */
#include "api/set_body.h"

#include "api/body_cache.h"
#include "model/document.h"

#include <string.h>

#define SET                                                                                                                \
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{set}"
#define VMS SET "/virtualMachines"
#define OWN VMS "/{instance}"
enum { PARAM_GROUP = 1, PARAM_SET = 2, PARAM_INSTANCE = 3 };

#define LINK_LIFETIME (120 * 60 * USEC_PER_SEC)
#define COMMAND_TIMEOUT (90 * USEC_PER_SEC)
#define COMMAND_MAX 65536

/* The set and instance that the path names, in a read transaction. */
typedef struct {
    StoreTx *tx;
    StoreSet *set;
    StoreInstance *instance;
} Place;

static void
place_clear(Place *place)
{
    store_instance_free(place->instance);
    store_set_free(place->set);
    store_abort(place->tx);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static gboolean
place_find(Call *call, Place *place, GError **error)
{
    place->tx = store_read(call->api->store, error);
    place->set = place->tx ? call_set(place->tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    if (place->set && call->n_params > PARAM_INSTANCE)
        place->instance = call_instance(place->tx, place->set, call->params[PARAM_INSTANCE], error);
    return place->set && (call->n_params <= PARAM_INSTANCE || place->instance);
}

static char *
place_key(const Place *place)
{
    return g_strdup_printf("%s.%u", place->set->uid, place->instance->id);
}

static gboolean
wants_view(Call *call)
{
    const char *expand = call_query(call, "$expand");
    return expand && g_ascii_strcasecmp(expand, "instanceView") == 0;
}

/* ---- list ---- */

typedef struct {
    guint id;
    guint64 etag;
} Known;

static void
known_add(guint id, guint64 etag, void *data)
{
    Known known = { id, etag };
    g_array_append_val((GArray *)data, known);
}

/* The one filter that clients of scale sets send; anything else is refused rather than ignored. */
static gboolean
filter_read(Call *call, int *ret_latest, GError **error)
{
    const char *filter = call_query(call, "$filter");
    *ret_latest = -1;
    if (!filter || !*filter)
        return TRUE;
    g_autoptr(GRegex) regex = g_regex_new("^\\s*properties/latestModelApplied\\s+eq\\s+'?(true|false)'?\\s*$", G_REGEX_CASELESS, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(regex, filter, 0, &match))
        return arm_fail(error, ARM_INVALID_PARAMETER, "$filter",
                        "The filter '%.100s' is not supported; accepted: properties/latestModelApplied eq true|false.", filter);
    g_autofree char *word = g_match_info_fetch(match, 1);
    *ret_latest = g_ascii_strcasecmp(word, "true") == 0;
    return TRUE;
}

static GBytes *
known_body(Call *call, StoreTx *tx, const StoreSet *set, const Known *known, gboolean view, GError **error)
{
    GBytes *body =
        body_cache_get(call->api->bodies, view ? "vm+view" : "vm", set->id, known->id, known->etag, set->revision);
    if (body)
        return body;
    g_autoptr(StoreInstance) instance = store_instance_get(tx, set->id, known->id, error);
    return instance ? instance_body(call, tx, set, instance, view, error) : NULL;
}

static gboolean
body_says_latest(GBytes *body)
{
    gsize length;
    const char *text = g_bytes_get_data(body, &length);
    return g_strstr_len(text, (gssize)length, "\"latestModelApplied\":true") != NULL;
}

static ApiResponse *
list_get(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(Known));
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    gboolean view = wants_view(call);
    int latest;
    Page page;

    if (!filter_read(call, &latest, error) || !place_find(call, &place, error) ||
        !store_instance_etags(place.tx, place.set->id, known_add, known, error) ||
        !call_page(call, known->len, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        GBytes *body = known_body(call, place.tx, place.set, &g_array_index(known, Known, i), view, error);
        if (!body)
            return NULL;
        if (latest >= 0 && body_says_latest(body) != latest)
            g_bytes_unref(body);
        else
            g_ptr_array_add(bodies, body);
    }
    return respond_list(call, bodies, &page, known->len);
}

/* ---- one ---- */

static ApiResponse *
instance_respond(Call *call, const Place *place, gboolean view, GError **error)
{
    g_autoptr(GBytes) body = instance_body(call, place->tx, place->set, place->instance, view, error);
    if (!body)
        return NULL;
    ApiResponse *response = api_response_new(200);
    g_autofree char *etag = g_strdup_printf("\"%" G_GUINT64_FORMAT "\"", place->instance->etag);
    response->content_type = g_strdup("application/json; charset=utf-8");
    response->body = g_bytes_ref(body);
    api_response_set_header(response, "ETag", etag);
    return response;
}

static ApiResponse *
instance_get(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    return place_find(call, &place, error) ? instance_respond(call, &place, wants_view(call), error) : NULL;
}

static ApiResponse *
view_get(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error))
        return NULL;
    g_autoptr(json_t) view = instance_view(place.instance);
    return respond_json(200, view);
}

/* ---- protection and tags ---- */

static gboolean
protection_apply(StoreInstance *instance, const InstanceBody *asked, GError **error)
{
    gboolean scale_in = asked->has_scale_in ? asked->scale_in : instance->protect_scale_in;
    gboolean actions = asked->has_scale_set_actions ? asked->scale_set_actions : instance->protect_scale_set_actions;
    if (actions && !scale_in) {
        if (asked->has_scale_in)
            return arm_fail(error, ARM_INVALID_PARAMETER, "properties.protectionPolicy.protectFromScaleIn",
                            "protectFromScaleSetActions true includes protection from scale-in: protectFromScaleIn cannot be "
                            "false beside it.");
        scale_in = TRUE;
    }
    instance->protect_scale_in = scale_in;
    instance->protect_scale_set_actions = actions;
    if (asked->tags) {
        g_free(instance->tags);
        instance->tags = json_text(asked->tags);
    }
    return TRUE;
}

static ApiResponse *
instance_put(Call *call, GError **error)
{
    InstanceBody asked;
    if (!instance_body_read(call->body, &asked, error))
        return NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(StoreInstance) instance = set ? call_instance(tx, set, call->params[PARAM_INSTANCE], error) : NULL;
    if (!instance || !call_not_deleting(set, error) || !call_if_match(call, instance->etag, error) ||
        !protection_apply(instance, &asked, error) || !store_instance_update(tx, instance, 0, error) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    g_auto(Place) place = { 0 };
    return place_find(call, &place, error) ? instance_respond(call, &place, /* view= */ FALSE, error) : NULL;
}

/* ---- boot diagnostics ---- */

static ApiResponse *
boot_diagnostics(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error))
        return NULL;
    g_autofree char *key = place_key(&place);
    g_autofree char *serial = link_make(call, "serial", key, LINK_LIFETIME);
    g_autofree char *screen = link_make(call, "screen", key, LINK_LIFETIME);
    g_autoptr(json_t) body = json_pack("{ss ss}", "consoleScreenshotBlobUri", screen, "serialConsoleLogBlobUri", serial);
    return respond_json(200, body);
}

/* ---- run command ---- */

/* Guest output may be any bytes; JSON takes UTF-8 only. */
static json_t *
text_json(const char *bytes, gsize length)
{
    g_autofree char *text = g_utf8_make_valid(bytes ? bytes : "", (gssize)length);
    return json_string(text);
}

static void
command_answered(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const GError *error,
                 void *data)
{
    Deferred *deferred = data;
    if (error) {
        deferred_fail(deferred, error);
        return;
    }
    g_autoptr(json_t) body = json_pack("{s[{ssssssso}{ssssssso}] si}", "value", "code", "ComponentStatus/StdOut/succeeded",
                                       "level", "Info", "displayStatus", "Provisioning succeeded", "message",
                                       text_json(out, out_length), "code", "ComponentStatus/StdErr/succeeded", "level", "Info",
                                       "displayStatus", "Provisioning succeeded", "message", text_json(err, err_length),
                                       "exitCode", exit_code);
    deferred_answer(deferred, respond_json(200, body));
}

static char *
script_read(const json_t *body, GError **error)
{
    const char *command = json_member_text(body, "commandId");
    const json_t *lines = json_member(body, "script");
    GString *script = g_string_new(NULL);

    if (!command || g_ascii_strcasecmp(command, "RunShellScript") != 0)
        arm_fail(error, ARM_INVALID_PARAMETER, "commandId", "'commandId' is 'RunShellScript'; nothing else is accepted.");
    else if (!json_is_array(lines) || json_array_size(lines) == 0)
        arm_fail(error, ARM_INVALID_PARAMETER, "script", "'script' is an array of at least one line.");
    else {
        for (size_t i = 0; i < json_array_size(lines); i++) {
            const char *line = json_string_value(json_array_get(lines, i));
            g_string_append_printf(script, "%s\n", line ? line : "");
        }
        if (script->len <= COMMAND_MAX)
            return g_string_free(script, FALSE);
        arm_fail(error, ARM_INVALID_PARAMETER, "script", "A script has at most %d bytes.", COMMAND_MAX);
    }
    g_string_free(script, TRUE);
    return NULL;
}

static ApiResponse *
run_command(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    g_autofree char *script = script_read(call->body, error);
    if (!script || !place_find(call, &place, error))
        return NULL;
    if (!place.instance->agent) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                 "The guest agent of instance %u has not answered in this boot: nothing can be run inside it.",
                 place.instance->id);
        return NULL;
    }
    g_autofree char *key = place_key(&place);
    const char *const argv[] = { "/bin/sh", "-s", NULL };
    const ApiProbe *probe = &call->api->probe;
    probe->exec(probe->data, key, argv, script, COMMAND_TIMEOUT, command_answered, call_defer(call));
    return NULL;
}

/* ---- connection info: which loopback ports lead to an instance ---- */

typedef struct {
    Deferred *deferred;
    char *instance;
} ConnectionQuestion;

static void
forwards_answered(const GPtrArray *ports, const GError *error, void *data)
{
    ConnectionQuestion *question = data;
    Deferred *deferred = question->deferred;
    g_autofree char *instance = question->instance;
    g_free(question);
    if (error) {
        deferred_fail(deferred, error);
        return;
    }
    json_t *list = json_array();
    for (guint i = 0; i < ports->len; i++) {
        const ApiForward *port = g_ptr_array_index(ports, i);
        json_array_append_new(list, json_pack("{ss si ss si}", "instanceId", instance, "guestPort", (int)port->guest_port,
                                              "address", port->address, "port", (int)port->port));
    }
    g_autoptr(json_t) body = json_pack("{so}", "value", list);
    deferred_answer(deferred, respond_json(200, body));
}

static ApiResponse *
connection_info(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    if (!place_find(call, &place, error))
        return NULL;
    g_autofree char *key = place_key(&place);
    ConnectionQuestion *question = g_new0(ConnectionQuestion, 1);
    question->deferred = call_defer(call);
    question->instance = g_strdup(call->params[PARAM_INSTANCE]);
    call->api->probe.forwards(call->api->probe.data, key, forwards_answered, question);
    return NULL;
}

const Route routes_instances[] = {
    { "GET", VMS, list_get, 0 },
    { "GET", OWN, instance_get, 0 },
    { "PUT", OWN, instance_put, ROUTE_BODY },
    { "GET", OWN "/instanceView", view_get, 0 },
    { "POST", OWN "/retrieveBootDiagnosticsData", boot_diagnostics, ROUTE_OPTIONAL_BODY },
    { "POST", OWN "/runCommand", run_command, ROUTE_BODY },
    { "POST", OWN "/connectionInfo", connection_info, ROUTE_OPTIONAL_BODY },
    { 0 },
};
