#include "model/health_extension.h"

#include "base/error.h"
#include "base/json.h"
#include "base/words.h"
#include "model/properties.h"

#include <string.h>

static const char *const protocol_words[HEALTH_N_PROTOCOLS] = {
    [HEALTH_TCP] = "tcp",
    [HEALTH_HTTP] = "http",
    [HEALTH_HTTPS] = "https",
};

static const guint default_ports[HEALTH_N_PROTOCOLS] = { [HEALTH_HTTP] = 80, [HEALTH_HTTPS] = 443 };

const char *
health_protocol_text(HealthProtocol protocol)
{
    g_assert((int)protocol < HEALTH_N_PROTOCOLS);
    return protocol_words[protocol];
}

/* It goes into a request line as it is: what could end that line, or the request, is no path. */
static gboolean
check_request_path(const json_t *value, const char *path, GError **error)
{
    const char *text = json_string_value(value);
    gboolean ok = *text && strlen(text) < HEALTH_REQUEST_PATH_BYTES - 1;
    for (const char *p = text; *p && ok; p++)
        ok = g_ascii_isgraph(*p) && *p != '#';
    return ok || arm_fail(error, ARM_INVALID_PARAMETER, path,
                          "'%s' is no path to ask a service for: 1 to %d visible ASCII characters without '#', such as "
                          "/health; write others as %%XX.",
                          path, HEALTH_REQUEST_PATH_BYTES - 2);
}

/* clang-format off */
#define SETTING(path, type, accepted, check) { path, PROPERTY_EFFECTIVE, PROPERTY_##type, accepted, NULL, check }

static const Property settings_table[] = {
    SETTING("protocol", WORD, "tcp|http|https", NULL),
    SETTING("port", NUMBER, "1..65535", NULL),
    SETTING("requestPath", TEXT, "a path such as /health", check_request_path),
    SETTING("intervalInSeconds", NUMBER, "5..60", NULL),
    SETTING("numberOfProbes", NUMBER, "1..24", NULL),
    SETTING("gracePeriod", NUMBER, "0..14400", NULL),
    { "vmWatchSettings", PROPERTY_REFUSED, PROPERTY_ANY, NULL, "VM watch is not supported; leave it out", NULL },
    { 0 },
};
/* clang-format on */

G_GNUC_PRINTF(4, 5)
static void
violate(GPtrArray *violations, const char *path, const char *member, const char *format, ...)
{
    va_list args;
    GError *violation = NULL;
    g_autofree char *target = g_strconcat(path, ".", member, NULL);
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    arm_fail(&violation, ARM_INVALID_PARAMETER, target, "'%s': %s", target, message);
    g_ptr_array_add(violations, violation);
}

static void
version_read(const json_t *properties, const char *path, gboolean *ret_rich, GPtrArray *violations)
{
    const char *version = json_member_text(properties, "typeHandlerVersion");
    if (g_strcmp0(version, "1.0") != 0 && g_strcmp0(version, "2.0") != 0)
        violate(violations, path, "typeHandlerVersion", "%s%.20s; accepted: 1.0 (healthy or not), 2.0 (rich health states).",
                version ? "there is no version " : HEALTH_TYPE " needs its version", version ? version : "");
    *ret_rich = g_strcmp0(version, "2.0") == 0;
}

static guint
number_of(const json_t *settings, const char *name, guint otherwise)
{
    const json_t *value = json_object_get(settings, name);
    return value ? (guint)json_integer_value(value) : otherwise;
}

/* What the protocol needs, and what it has no use for. */
static void
probe_check(const json_t *settings, HealthProtocol protocol, const char *path, GPtrArray *violations)
{
    const json_t *request_path = json_object_get(settings, "requestPath");
    if (protocol == HEALTH_TCP && request_path)
        violate(violations, path, "requestPath", "a connection by tcp asks for no path; leave it out, or use http or https.");
    if (protocol != HEALTH_TCP && !request_path)
        violate(violations, path, "requestPath", "it is required with %s: the path that is asked for, such as /health.",
                protocol_words[protocol]);
    if (protocol == HEALTH_TCP && !json_object_get(settings, "port"))
        violate(violations, path, "port", "it is required with tcp: 1 to 65535.");
}

static HealthExtension *
settings_decode(const json_t *settings, HealthProtocol protocol, gboolean rich)
{
    HealthExtension *health = g_new0(HealthExtension, 1);
    const char *request_path = json_string_value(json_object_get(settings, "requestPath"));
    health->protocol = protocol;
    health->port = number_of(settings, "port", default_ports[protocol]);
    if (request_path)
        health->request_path = g_strconcat(*request_path == '/' ? "" : "/", request_path, NULL);
    health->interval_s = number_of(settings, "intervalInSeconds", 5);
    health->probes = number_of(settings, "numberOfProbes", 1);
    health->grace_s = rich ? number_of(settings, "gracePeriod", health->interval_s * health->probes) : 0;
    health->rich = rich;
    return health;
}

HealthExtension *
health_extension_read(const json_t *extension, const char *path, GPtrArray *violations)
{
    const guint before = violations->len;
    const json_t *properties = json_object_get(extension, "properties");
    const json_t *sent = json_object_get(properties, "settings");
    g_autofree char *own_path = g_strconcat(path, ".properties", NULL);
    g_autofree char *settings_path = g_strconcat(own_path, ".settings", NULL);
    g_autoptr(json_t) none = json_object();
    g_autoptr(json_t) settings = properties_read_at(settings_table, "", sent ? sent : none, settings_path, violations);
    const char *word = json_string_value(json_object_get(settings, "protocol"));
    int protocol = HEALTH_TCP;
    gboolean rich;

    version_read(properties, own_path, &rich, violations);
    if (json_object_size(json_object_get(properties, "protectedSettings")) > 0)
        violate(violations, own_path, "protectedSettings", HEALTH_TYPE " has none; leave it out.");
    if (violations->len == before && !word)
        violate(violations, settings_path, "protocol", "it is required: tcp, http or https.");
    else if (word)
        word_find(protocol_words, HEALTH_N_PROTOCOLS, word, &protocol);
    if (violations->len == before)
        probe_check(settings, (HealthProtocol)protocol, settings_path, violations);
    if (!rich && json_object_get(settings, "gracePeriod"))
        violate(violations, settings_path, "gracePeriod",
                "version 1.0 knows none; leave it out, or use typeHandlerVersion 2.0.");
    return violations->len == before ? settings_decode(settings, (HealthProtocol)protocol, rich) : NULL;
}

gboolean
health_extension_same(const HealthExtension *a, const HealthExtension *b)
{
    if (!a || !b)
        return a == b;
    return a->protocol == b->protocol && a->port == b->port && g_strcmp0(a->request_path, b->request_path) == 0 &&
           a->interval_s == b->interval_s && a->probes == b->probes && a->grace_s == b->grace_s && a->rich == b->rich;
}

void
health_extension_free(HealthExtension *health)
{
    if (!health)
        return;
    g_free(health->request_path);
    g_free(health);
}
