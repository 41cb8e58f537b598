#include "api/deployment_body.h"

#include "base/error.h"
#include "base/json.h"
#include "model/property_checks.h"
#include "template/template.h"

#include <string.h>

#define NAME_MAX_LENGTH 64u
#define MODE            "Incremental"

/* Members that clients may send, and what is to be said of one that is. */
static const struct {
    const char *name, *refusal;
} refused[] = {
    { "templateLink", "give the template itself, as 'template': this host fetches nothing" },
    { "parametersLink", "give the parameters themselves, as 'parameters': this host fetches nothing" },
    { "onErrorDeployment", "nothing is deployed again by itself; what failed stays as it is" },
    { "debugSetting", "nothing is logged of a deployment's requests" },
    { "expressionEvaluationOptions", "there are no nested templates" },
};

static gboolean
refusal_of(const char *name, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        if (g_ascii_strcasecmp(refused[i].name, name) == 0)
            return arm_fail(error, ARM_INVALID_PARAMETER, name, "'properties.%s' is not taken: %s.", refused[i].name,
                            refused[i].refusal);
    }
    return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, name,
                    "Could not find member '%.100s' on a deployment's properties; accepted: template, parameters, mode.", name);
}

static gboolean
mode_check(const json_t *value, GError **error)
{
    const char *mode = json_string_value(value);
    return (mode && g_ascii_strcasecmp(mode, MODE) == 0) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "properties.mode",
                    "'properties.mode' is '%.40s'; accepted: '" MODE "'. What a template does not name is never deleted.",
                    mode ? mode : "no text");
}

static gboolean
object_take(const char *name, const json_t *value, const json_t **ret_object, GError **error)
{
    *ret_object = value;
    return json_is_object(value) ||
           arm_fail(error, ARM_INVALID_REQUEST_CONTENT, name, "'properties.%s' is a JSON object.", name);
}

static gboolean
settings_take(DeploymentRequest *request, const json_t *settings, GError **error)
{
    static const char *const formats[] = { "FullResourcePayloads", "ResourceIdOnly" };
    const char *name, *format;
    json_t *value;
    json_object_foreach((json_t *)settings, name, value)
    {
        format = json_string_value(value);
        request->ids_only = format && g_ascii_strcasecmp(format, formats[1]) == 0;
        if (g_ascii_strcasecmp(name, "resultFormat") != 0 ||
            !(request->ids_only || (format && g_ascii_strcasecmp(format, formats[0]) == 0)))
            return arm_fail(error, ARM_INVALID_PARAMETER, "properties.whatIfSettings",
                            "'properties.whatIfSettings' takes 'resultFormat' alone, as '%s' or '%s'.", formats[0], formats[1]);
    }
    return TRUE;
}

static gboolean
property_take(DeploymentRequest *request, gboolean what_if, const char *name, const json_t *value, GError **error)
{
    if (json_is_null(value))
        return TRUE;
    if (what_if && g_ascii_strcasecmp(name, "whatIfSettings") == 0)
        return settings_take(request, value, error);
    if (g_ascii_strcasecmp(name, "template") == 0)
        return object_take("template", value, &request->template, error);
    if (g_ascii_strcasecmp(name, "parameters") == 0)
        return object_take("parameters", value, &request->parameters, error);
    if (g_ascii_strcasecmp(name, "mode") == 0)
        return mode_check(value, error);
    return refusal_of(name, error);
}

static gboolean
request_read(const json_t *body, gboolean what_if, DeploymentRequest *ret_request, GError **error)
{
    const char *name;
    json_t *value;
    *ret_request = (DeploymentRequest){ 0 };
    json_object_foreach((json_t *)body, name, value)
    {
        if (g_ascii_strcasecmp(name, "tags") == 0 && !json_is_null(value)) {
            if (!check_tags(value, "tags", error))
                return FALSE;
            ret_request->tags = value;
        } else if (g_ascii_strcasecmp(name, "properties") != 0 && !json_is_null(value)) {
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, name,
                            "Could not find member '%.100s' on a deployment in a resource group; accepted: properties, tags.",
                            name);
        }
    }
    json_object_foreach(json_member(body, "properties"), name, value)
    {
        if (!property_take(ret_request, what_if, name, value, error))
            return FALSE;
    }
    return ret_request->template || arm_fail(error, ARM_INVALID_REQUEST_CONTENT, "properties.template",
                                             "'properties.template' is required: the template, as a JSON object.");
}

gboolean
deployment_request_read(const json_t *body, DeploymentRequest *ret_request, GError **error)
{
    return request_read(body, /* what_if= */ FALSE, ret_request, error);
}

gboolean
deployment_what_if_read(const json_t *body, DeploymentRequest *ret_request, GError **error)
{
    return request_read(body, /* what_if= */ TRUE, ret_request, error);
}

json_t *
deployment_template_kept(const json_t *template)
{
    static const char *const write_only[] = { "adminPassword", "protectedSettings", NULL };
    json_t *kept = template_without_secrets(template);
    template_remove_literals(kept, write_only);
    return kept;
}

static void
message_hide_secrets(const json_t *properties, GError *error)
{
    char *told = template_message_without_secrets(json_member(properties, "template"), json_member(properties, "parameters"),
                                                  error->message);
    g_free(error->message);
    error->message = told;
}

void
deployment_error_hide_secrets(const json_t *body, GError *error)
{
    const json_t *properties = json_member(body, "properties");
    const GPtrArray *details = arm_error_details(error);
    message_hide_secrets(properties, error);
    for (guint i = 0; details && i < details->len; i++)
        message_hide_secrets(properties, g_ptr_array_index((GPtrArray *)details, i));
}

gboolean
deployment_name_check(const char *name, GError **error)
{
    const gsize length = strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_.()");
    return (length > 0 && length <= NAME_MAX_LENGTH && name[length] == '\0') ||
           arm_fail(error, ARM_INVALID_PARAMETER, "name",
                    "The deployment name '%.80s' is not valid; accepted: 1 to %u letters, digits, '-', '_', '.', '(' and ')'.",
                    name, NAME_MAX_LENGTH);
}

char *
deployment_template_hash(const json_t *template)
{
    guint8 digest[32];
    gsize size = sizeof digest;
    guint64 number;
    g_autofree char *text = json_text(template);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)text, -1);
    g_checksum_get_digest(checksum, digest, &size);
    memcpy(&number, digest, sizeof number);
    return g_strdup_printf("%" G_GUINT64_FORMAT, GUINT64_FROM_BE(number));
}
