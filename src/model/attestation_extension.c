#include "model/attestation_extension.h"

#include "base/error.h"
#include "base/json.h"
#include "base/words.h"
#include "model/properties.h"

#include <string.h>

#define CONFIG "AttestationConfig"

static const char *const deviation_policy_words[DEVIATION_N] = {
    [DEVIATION_REPORTED] = "report",
    [DEVIATION_OUT_OF_HEALTH] = "keepOutOfHealth",
    [DEVIATION_QUARANTINED] = "quarantine",
};
DEFINE_WORDS(deviation_policy, DeviationPolicy, DEVIATION_N)

static gboolean
check_own_endpoint(const json_t *value, const char *path, GError **error)
{
    return *json_string_value(value) == '\0' ||
           arm_fail(
               error, ARM_INVALID_PARAMETER, path,
               "'%s' is '%.80s': Testudo verifies what its guests measured itself, and sends it to nobody; leave it empty.",
               path, json_string_value(value));
}

static gboolean
check_frequency(const json_t *value, const char *path, GError **error)
{
    const char *text = json_string_value(value);
    char *end;
    const guint64 minutes = g_ascii_strtoull(text, &end, 10);
    const gboolean is_number = g_ascii_isdigit(*text) && *end == '\0' && strlen(text) <= 4;
    return *text == '\0' || (is_number && minutes >= 1 && minutes <= ATTESTATION_PERIOD_MAX_S / 60) ||
           arm_fail(error, ARM_INVALID_PARAMETER, path, "'%s' is '%.20s'; accepted: whole minutes, 1 to %d, or an empty text.",
                    path, text, ATTESTATION_PERIOD_MAX_S / 60);
}

static gboolean
check_custom_token(const json_t *value, const char *path, GError **error)
{
    return !json_is_true(value) ||
           arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "'%s' is true: tokens come from Testudo alone; leave it out, or set it to false.", path);
}

/* clang-format off */
static const Property settings_table[] = {
    { CONFIG, PROPERTY_EFFECTIVE, PROPERTY_OBJECT, NULL, NULL, NULL },
    { CONFIG ".MaaSettings", PROPERTY_EFFECTIVE, PROPERTY_OBJECT, NULL, NULL, NULL },
    { CONFIG ".MaaSettings.maaEndpoint", PROPERTY_EFFECTIVE, PROPERTY_TEXT, "an empty text", NULL, check_own_endpoint },
    { CONFIG ".MaaSettings.maaTenantName", PROPERTY_DESCRIPTIVE, PROPERTY_TEXT, NULL, NULL, NULL },
    { CONFIG ".AscSettings", PROPERTY_EFFECTIVE, PROPERTY_OBJECT, NULL, NULL, NULL },
    { CONFIG ".AscSettings.ascReportingEndpoint", PROPERTY_EFFECTIVE, PROPERTY_TEXT, "an empty text", NULL, check_own_endpoint },
    { CONFIG ".AscSettings.ascReportingFrequency", PROPERTY_EFFECTIVE, PROPERTY_TEXT, "whole minutes", NULL, check_frequency },
    { CONFIG ".useCustomToken", PROPERTY_EFFECTIVE, PROPERTY_BOOL, NULL, NULL, check_custom_token },
    { CONFIG ".disableAlerts", PROPERTY_EFFECTIVE, PROPERTY_BOOL, NULL, NULL, NULL },
    { CONFIG ".onDeviation", PROPERTY_EFFECTIVE, PROPERTY_WORD, "report|keepOutOfHealth|quarantine", NULL, NULL },
    { CONFIG ".baselinePolicy", PROPERTY_EFFECTIVE, PROPERTY_WORD, "exactDigests|vendorSigned", NULL, NULL },
    { 0 },
};
/* clang-format on */

static void
violate(GPtrArray *violations, const char *path, const char *member, const char *message)
{
    GError *violation = NULL;
    g_autofree char *target = g_strconcat(path, ".", member, NULL);
    arm_fail(&violation, ARM_INVALID_PARAMETER, target, "'%s': %s", target, message);
    g_ptr_array_add(violations, violation);
}

AttestationExtension *
attestation_extension_read(const json_t *extension, const char *path, GPtrArray *violations)
{
    const guint before = violations->len;
    const json_t *properties = json_object_get(extension, "properties"), *sent = json_object_get(properties, "settings");
    const char *version = json_member_text(properties, "typeHandlerVersion");
    g_autofree char *own_path = g_strconcat(path, ".properties", NULL);
    g_autofree char *settings_path = g_strconcat(own_path, ".settings", NULL);
    g_autoptr(json_t) none = json_object();
    g_autoptr(json_t) settings = properties_read_at(settings_table, "", sent ? sent : none, settings_path, violations);
    const char *minutes = json_string_value(json_path(settings, CONFIG ".AscSettings.ascReportingFrequency"));
    const char *deviation = json_string_value(json_path(settings, CONFIG ".onDeviation"));
    const char *baseline = json_string_value(json_path(settings, CONFIG ".baselinePolicy"));

    if (g_strcmp0(version, "1.0") != 0)
        violate(violations, own_path, "typeHandlerVersion", ATTESTATION_TYPE " has the version 1.0 alone.");
    if (json_object_size(json_object_get(properties, "protectedSettings")) > 0)
        violate(violations, own_path, "protectedSettings", ATTESTATION_TYPE " has none; leave it out.");
    if (violations->len > before)
        return NULL;
    AttestationExtension *attestation = g_new0(AttestationExtension, 1);
    attestation->alerts = !json_is_true(json_path(settings, CONFIG ".disableAlerts"));
    if (deviation)
        deviation_policy_from_text(deviation, &attestation->deviation);
    if (baseline)
        baseline_policy_from_text(baseline, &attestation->baseline);
    attestation->period_s = minutes ? (guint)g_ascii_strtoull(minutes, NULL, 10) * 60 : 0;
    return attestation;
}

gboolean
attestation_extension_same(const AttestationExtension *a, const AttestationExtension *b)
{
    if (!a || !b)
        return a == b;
    return a->alerts == b->alerts && a->deviation == b->deviation && a->baseline == b->baseline && a->period_s == b->period_s;
}

void
attestation_extension_free(AttestationExtension *attestation)
{
    g_free(attestation);
}
