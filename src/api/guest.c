/* What is asked of an instance from outside its operating system, and inside it: boot diagnostics, connection info, commands.
 */
#include "api/place.h"
#include "api/quarantine.h"

#define LINK_MINUTES     120
#define LINK_MINUTES_MAX 1440
#define COMMAND_TIMEOUT  (90 * USEC_PER_SEC)
#define COMMAND_MAX      65536

/* ---- boot diagnostics ---- */

static gboolean
lifetime_read(Call *call, gint64 *ret_usec, GError **error)
{
    static const char name[] = "sasUriExpirationTimeInMinutes";
    const char *text = call_query(call, name);
    guint64 minutes = LINK_MINUTES;
    if (text && !g_ascii_string_to_unsigned(text, 10, 1, LINK_MINUTES_MAX, &minutes, NULL))
        return arm_fail(error, ARM_INVALID_PARAMETER, name, "'%s' is a whole number from 1 to %d, not '%.40s'.", name,
                        LINK_MINUTES_MAX, text);
    *ret_usec = (gint64)minutes * 60 * USEC_PER_SEC;
    return TRUE;
}

static ApiResponse *
boot_diagnostics(Call *call, GError **error)
{
    g_auto(Place) place = { 0 };
    gint64 lifetime = 0;
    if (!lifetime_read(call, &lifetime, error) || !place_find(call, &place, error))
        return NULL;
    g_autofree char *key = place_key(&place);
    g_autofree char *serial = link_make(call, "serial", key, lifetime);
    g_autofree char *screen = link_make(call, "screen", key, lifetime);
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
    g_autoptr(json_t) body = json_pack(
        "{s[{ssssssso}{ssssssso}] si}", "value", "code", "ComponentStatus/StdOut/succeeded", "level", "Info", "displayStatus",
        "Provisioning succeeded", "message", text_json(out, out_length), "code", "ComponentStatus/StdErr/succeeded", "level",
        "Info", "displayStatus", "Provisioning succeeded", "message", text_json(err, err_length), "exitCode", exit_code);
    deferred_answer(deferred, respond_json(200, body));
}

static gboolean
command_check(const json_t *body, GError **error)
{
    const char *command = json_member_text(body, "commandId"), *key;
    json_t *value;
    json_object_foreach((json_t *)body, key, value)
    {
        if (g_ascii_strcasecmp(key, "commandId") == 0 || g_ascii_strcasecmp(key, "script") == 0 || json_is_null(value) ||
            (json_is_array(value) && json_array_size(value) == 0))
            continue;
        return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key, "'%.100s' is not accepted here; accepted: commandId, script.",
                        key);
    }
    return (command && g_ascii_strcasecmp(command, "RunShellScript") == 0) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "commandId", "'commandId' is 'RunShellScript'; nothing else is accepted.");
}

/* The lines of the script, joined. */
static char *
script_read(const json_t *body, GError **error)
{
    const json_t *lines = json_member(body, "script");
    g_autoptr(GString) script = g_string_new(NULL);

    if (!command_check(body, error))
        return NULL;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        if (!line) {
            arm_fail(error, ARM_INVALID_PARAMETER, "script", "Line %zu of 'script' is not a text.", i);
            return NULL;
        }
        g_string_append_printf(script, "%s\n", line);
    }
    if (json_array_size(lines) > 0 && script->len <= COMMAND_MAX)
        return g_strdup(script->str);
    arm_fail(error, ARM_INVALID_PARAMETER, "script", "'script' is an array of at least one line, at most %d bytes together.",
             COMMAND_MAX);
    return NULL;
}

/* Who ran something inside a guest is written down before it runs. What it was is not: scripts may carry secrets. */
static gboolean
command_record(Call *call, const Place *place, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    return tx && place_record(call, tx, place->set, place->instance, OPERATION_RUN_COMMAND, error) &&
           store_commit(g_steal_pointer(&tx), error);
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
    if (!quarantine_check(place.instance, error) || !command_record(call, &place, error))
        return NULL;
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

const Route routes_guest[] = {
    { "POST", PATH_INSTANCE "/retrieveBootDiagnosticsData", boot_diagnostics, 0, "sasUriExpirationTimeInMinutes" },
    { "POST", PATH_INSTANCE "/runCommand", run_command, ROUTE_BODY, NO_QUERY },
    { "POST", PATH_INSTANCE "/connectionInfo", connection_info, 0, NO_QUERY },
    { 0 },
};
