#include "model/property_checks.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/time_text.h"

#include <string.h>

#define TAGS_MAX        50
#define CUSTOM_DATA_MAX 65535

gboolean
check_tags(const json_t *value, const char *path, GError **error)
{
    const char *key;
    json_t *tag;
    if (!json_is_object(value) || json_object_size(value) > TAGS_MAX)
        return arm_fail(error, ARM_INVALID_PARAMETER, path, "'%s' is an object of at most %d texts.", path, TAGS_MAX);
    json_object_foreach((json_t *)value, key, tag)
    {
        if (!json_is_string(tag) || strlen(key) > 512 || json_string_length(tag) > 256)
            return arm_fail(error, ARM_INVALID_PARAMETER, path,
                            "The tag '%.100s' is not accepted: a name has at most 512 characters, a value is a text of at most "
                            "256.",
                            key);
    }
    return TRUE;
}

/* Azure's clients can send several, and they would contradict each other. */
gboolean
check_scale_in_rules(const json_t *value, const char *path, GError **error)
{
    return json_array_size(value) <= 1 ||
           arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "'%s' has %zu rules, of which one alone can decide; accepted: an array of one of: Default, NewestVM, "
                    "OldestVM.",
                    path, json_array_size(value));
}

static gboolean
minutes_check(const json_t *value, const char *path, gint64 from, gint64 to, const char *who, GError **error)
{
    static const gint64 minute = 60 * USEC_PER_SEC;
    const char *text = json_string_value(value);
    gint64 usec;
    return (duration_from_text(text, &usec) && usec >= from * minute && usec <= to * minute) ||
           arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "'%s' is '%.40s', and %s is given PT%" G_GINT64_FORMAT "M to PT%" G_GINT64_FORMAT "M (%" G_GINT64_FORMAT
                    " to %" G_GINT64_FORMAT " minutes).",
                    path, text, who, from, to, from, to);
}

gboolean
check_grace_period(const json_t *value, const char *path, GError **error)
{
    return minutes_check(value, path, 10, 90, "an instance", error);
}

gboolean
check_notice_time(const json_t *value, const char *path, GError **error)
{
    return minutes_check(value, path, 5, 15, "a guest", error);
}

gboolean
check_security_type(const json_t *value, const char *path, GError **error)
{
    if (g_ascii_strcasecmp(json_string_value(value), "ConfidentialVM") != 0)
        return TRUE;
    return arm_fail(error, ARM_BAD_REQUEST, path,
                    "The security type 'ConfidentialVM' is not supported here: there is no hardware for it. Accepted: "
                    "'Standard', 'TrustedLaunch'.");
}

gboolean
check_image_id(const json_t *value, const char *path, GError **error)
{
    const char *id = json_string_value(value);
    if (strcasestr(id, "/providers/Microsoft.Compute/images/"))
        return arm_fail(
            error, ARM_BAD_REQUEST, path,
            "A managed image ('%.200s') cannot be used; name a platform image by publisher, offer, sku and version.", id);
    return arm_fail(error, ARM_BAD_REQUEST, path,
                    "Images by id ('%.200s') are not built yet; name a platform image by publisher, offer, sku and version.",
                    id);
}

gboolean
check_name_prefix(const json_t *value, const char *path, GError **error)
{
    const char *text = json_string_value(value);
    if (g_regex_match_simple("^[A-Za-z0-9]([A-Za-z0-9-]{0,57})$", text, G_REGEX_DOLLAR_ENDONLY, 0))
        return TRUE;
    return arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "'%.100s' is no host name prefix: 1 to 58 letters, digits and '-', beginning with a letter or digit.",
                    text);
}

gboolean
check_user_name(const json_t *value, const char *path, GError **error)
{
    const char *text = json_string_value(value);
    if (g_regex_match_simple("^[a-z_][a-z0-9_-]{0,31}$", text, G_REGEX_DOLLAR_ENDONLY, 0) && strcmp(text, "root") != 0)
        return TRUE;
    return arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "'%.100s' is no user name that is accepted: 1 to 32 lower-case letters, digits, '_' and '-', not beginning "
                    "with a digit, and not 'root'.",
                    text);
}

gboolean
check_password(const json_t *value, const char *path, GError **error)
{
    size_t length = json_string_length(value);
    return (length >= 12 && length <= 72) ||
           arm_fail(error, ARM_INVALID_PARAMETER, path, "A password has 12 to 72 characters, not %zu.", length);
}

gboolean
check_custom_data(const json_t *value, const char *path, GError **error)
{
    const char *text = json_string_value(value);
    gsize length = 0;
    g_autofree guchar *bytes = NULL;
    if (g_regex_match_simple("^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", text, G_REGEX_DOLLAR_ENDONLY, 0))
        bytes = g_base64_decode(text, &length);
    if (!bytes || length > CUSTOM_DATA_MAX)
        return arm_fail(error, ARM_INVALID_PARAMETER, path, "'%s' is base64 of at most %d bytes.", path, CUSTOM_DATA_MAX);
    if (!g_utf8_validate_len((const char *)bytes, length, NULL))
        return arm_fail(
            error, ARM_INVALID_PARAMETER, path,
            "'%s' is UTF-8 text in base64 (a script, #cloud-config, MIME parts): what was sent is not text. Compressed "
            "data is not taken.",
            path);
    return TRUE;
}

/* cloud-init knows one place for a user's keys. */
gboolean
check_ssh_path(const json_t *value, const char *path, GError **error)
{
    const char *text = json_string_value(value);
    return g_regex_match_simple("^/home/[^/]+/\\.ssh/authorized_keys$", text, G_REGEX_DOLLAR_ENDONLY, 0) ||
           arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "SSH keys cannot go to '%.100s'; accepted: /home/USER/.ssh/authorized_keys.", text);
}

gboolean
check_ssh_key(const json_t *value, const char *path, GError **error)
{
    const char *text = json_string_value(value);
    if (g_regex_match_simple("^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+={0,3}"
                             "( [^\\n\\r]*)?[\\n\\r]*$",
                             text, 0, 0) &&
        strlen(text) <= 16384)
        return TRUE;
    return arm_fail(error, ARM_INVALID_PARAMETER, path,
                    "'%.40s…' is no SSH public key: one line such as 'ssh-ed25519 AAAA… comment'.", text);
}

/* It is part of an address. */
gboolean
check_extension_name(const json_t *value, const char *path, GError **error)
{
    const char *text = json_string_value(value);
    return g_regex_match_simple("^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$", text, G_REGEX_DOLLAR_ENDONLY, 0) ||
           arm_fail(
               error, ARM_INVALID_PARAMETER, path,
               "'%.100s' is no name of an extension: 1 to 80 letters, digits, '.', '_' and '-', beginning with a letter or "
               "digit.",
               text);
}

gboolean
check_boot_diagnostics(const json_t *value, const char *path, GError **error)
{
    return json_is_true(value) ||
           arm_fail(error, ARM_BAD_REQUEST, path,
                    "Boot diagnostics are always on here and cost nothing; leave it out, or set it to true.");
}
