#include "attest/baseline.h"

#include "attest/digest.h"
#include "attest/text.h"
#include "base/json.h"

#include <string.h>

void
baseline_free(Baseline *baseline)
{
    if (!baseline)
        return;
    g_free(baseline->name);
    event_log_free(baseline->log);
    g_free(baseline);
}

static gboolean
lacks(GError **error, const char *member)
{
    return arm_fail(error, ARM_BAD_REQUEST, member, "its properties have no '%s'.", member);
}

static char *
name_of(const json_t *properties, GError **error)
{
    const char *image = json_member_text(properties, "image"), *withdrawn = json_member_text(properties, "withdrawnAt");
    const json_t *vcpus = json_member(properties, "vCPUs"), *memory = json_member(properties, "memoryMiB");
    if (!image || !json_is_integer(vcpus) || !json_is_integer(memory)) {
        lacks(error, !image ? "image" : !json_is_integer(vcpus) ? "vCPUs" : "memoryMiB");
        return NULL;
    }
    /* It is printed. */
    g_autofree char *shown = text_from_utf8((const guint8 *)image, strlen(image));
    return g_strdup_printf("%simage %s (%" JSON_INTEGER_FORMAT " vCPUs, %" JSON_INTEGER_FORMAT " MiB)",
                           withdrawn ? "the withdrawn baseline of " : "", shown, json_integer_value(vcpus),
                           json_integer_value(memory));
}

static GBytes *
log_of(const json_t *properties, GError **error)
{
    const char *text = json_member_text(properties, "eventLog"), *wanted = json_member_text(properties, "eventLogSha256");
    gsize size;
    if (!text || !wanted) {
        lacks(error, !text ? "eventLog" : "eventLogSha256");
        return NULL;
    }
    guchar *data = g_base64_decode(text, &size);
    g_autoptr(GBytes) log = g_bytes_new_take(data, size);
    guint8 digest[SHA256_SIZE];
    sha256(data, size, digest);
    g_autofree char *hex = sha256_hex(digest);
    if (strcmp(hex, wanted) != 0) {
        arm_fail(error, ARM_BAD_REQUEST, "eventLog", "its event log has SHA-256 %s, and is to have %.64s: it was damaged.", hex,
                 wanted);
        return NULL;
    }
    return g_steal_pointer(&log);
}

Baseline *
baseline_parse(GBytes *bytes, GError **error)
{
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    g_autoptr(json_t) body = json_parse(text ? text : "", size, error);
    if (!body)
        return NULL;
    g_autoptr(Baseline) baseline = g_new0(Baseline, 1);
    const json_t *properties = json_member(body, "properties");
    baseline->name = name_of(properties, error);
    g_autoptr(GBytes) log = baseline->name ? log_of(properties, error) : NULL;
    baseline->log = log ? event_log_parse(log, error) : NULL;
    return baseline->log ? g_steal_pointer(&baseline) : NULL;
}
