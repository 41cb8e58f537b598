#include "model/document_checks.h"

#include "base/error.h"
#include "base/json.h"
#include "model/attestation_extension.h"
#include "model/health_extension.h"

#define PROFILE "properties.virtualMachineProfile"

G_GNUC_PRINTF(3, 4)
static void
violate(GPtrArray *violations, const char *path, const char *format, ...)
{
    va_list args;
    GError *violation = NULL;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    arm_fail(&violation, ARM_INVALID_PARAMETER, path, "%s", message);
    g_ptr_array_add(violations, violation);
}

static void
required_check(const json_t *document, GPtrArray *violations)
{
    static const struct {
        const char *path, *accepted;
    } required[] = {
        { "location", "the name of this host's location ('testudo account list-locations')" },
        { "sku.name", "a VM size such as Standard_B1ms" },
        { PROFILE ".storageProfile.imageReference.publisher", "an image's publisher" },
        { PROFILE ".storageProfile.imageReference.offer", "an image's offer" },
        { PROFILE ".storageProfile.imageReference.sku", "an image's sku" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(required); i++) {
        if (!json_path(document, required[i].path))
            violate(violations, required[i].path, "'%s' is required: %s.", required[i].path, required[i].accepted);
    }
}

static void
disks_check(const json_t *document, GPtrArray *violations)
{
    const json_t *disks = json_path(document, PROFILE ".storageProfile.dataDisks");
    guint64 seen = 0;
    for (size_t i = 0; i < json_array_size(disks); i++) {
        const json_t *disk = json_array_get(disks, i);
        g_autofree char *path = g_strdup_printf(PROFILE ".storageProfile.dataDisks[%zu]", i);
        const json_t *lun = json_object_get(disk, "lun");
        if (!lun || !json_object_get(disk, "diskSizeGB")) {
            violate(violations, path, "'%s': a data disk needs lun (0 to 63) and diskSizeGB (1 to 32767).", path);
            continue;
        }
        guint64 bit = G_GUINT64_CONSTANT(1) << json_integer_value(lun);
        if (seen & bit)
            violate(violations, path, "'%s': two data disks have lun %d; a lun is there once.", path,
                    (int)json_integer_value(lun));
        seen |= bit;
    }
}

static gboolean
same_text(const char *a, const char *b)
{
    return a && b && g_ascii_strcasecmp(a, b) == 0;
}

/* The element of `extensions` before `end` that has this text at `path`, without regard to case; -1 where there is none. */
static int
earlier(const json_t *extensions, size_t end, const char *path, const char *text)
{
    for (size_t i = 0; i < end; i++) {
        if (same_text(json_string_value(json_path(json_array_get(extensions, i), path)), text))
            return (int)i;
    }
    return -1;
}

static void
unknown_extension(const char *publisher, const char *type, const char *path, GPtrArray *violations)
{
    const gboolean windows = same_text(type, "ApplicationHealthWindows") || same_text(publisher, ATTESTATION_WINDOWS_PUBLISHER);
    violate(violations, path,
            "'%s': the extension '%.60s' of publisher '%.60s'%s; accepted: " HEALTH_TYPE " of " HEALTH_PUBLISHER
            ", " ATTESTATION_TYPE " of " ATTESTATION_PUBLISHER
            ", and what Microsoft.Azure.ServiceFabric publishes (kept, so that its rules hold).",
            path, type, publisher, windows ? ": there are no Windows guests" : " is not built yet");
}

/* What is known is done, or, for Service Fabric, there for its rules' sake; anything else would be kept and never done. */
static void
extension_check(const json_t *extensions, size_t i, const char *path, GPtrArray *violations)
{
    const json_t *extension = json_array_get(extensions, i), *properties = json_object_get(extension, "properties");
    const char *publisher = json_member_text(properties, "publisher"), *type = json_member_text(properties, "type");
    const int other = earlier(extensions, i, "properties.type", type);
    if (same_text(publisher, "Microsoft.Azure.ServiceFabric"))
        return;
    if (same_text(publisher, HEALTH_PUBLISHER) && same_text(type, HEALTH_TYPE)) {
        g_autoptr(HealthExtension) health = health_extension_read(extension, path, violations);
    } else if (same_text(publisher, ATTESTATION_PUBLISHER) && same_text(type, ATTESTATION_TYPE)) {
        g_autoptr(AttestationExtension) attestation = attestation_extension_read(extension, path, violations);
    } else {
        unknown_extension(publisher, type, path, violations);
        return;
    }
    if (other >= 0)
        violate(violations, path, "'%s': extensions[%d] is %s already; a scale set has one.", path, other, type);
}

static void
extensions_check(const json_t *document, GPtrArray *violations)
{
    const json_t *extensions = json_path(document, PROFILE ".extensionProfile.extensions");
    for (size_t i = 0; i < json_array_size(extensions); i++) {
        const json_t *extension = json_array_get(extensions, i);
        const char *name = json_member_text(extension, "name");
        const char *publisher = json_member_text(json_object_get(extension, "properties"), "publisher");
        const char *type = json_member_text(json_object_get(extension, "properties"), "type");
        g_autofree char *path = g_strdup_printf(PROFILE ".extensionProfile.extensions[%zu]", i);
        if (!name || !publisher || !type)
            violate(violations, path, "'%s': an extension needs name, properties.publisher and properties.type.", path);
        else if (earlier(extensions, i, "name", name) >= 0)
            violate(violations, path, "'%s': another extension has the name '%.60s'; a name is there once.", path, name);
        else
            extension_check(extensions, i, path, violations);
    }
}

static void
fixed_check(const json_t *stored, const json_t *document, GPtrArray *violations)
{
    static const struct {
        const char *path, *default_value;
    } fixed[] = { { "location", NULL }, { "properties.orchestrationMode", "Uniform" } };
    for (guint i = 0; stored && i < G_N_ELEMENTS(fixed); i++) {
        const char *was = json_string_value(json_path(stored, fixed[i].path));
        const char *is = json_string_value(json_path(document, fixed[i].path));
        was = was ? was : fixed[i].default_value;
        if (was && is && g_ascii_strcasecmp(was, is) != 0) {
            GError *violation = NULL;
            arm_fail(&violation, ARM_PROPERTY_CHANGE_NOT_ALLOWED, fixed[i].path,
                     "Changing property '%s' is not allowed: it is '%s' for good.", fixed[i].path, was);
            g_ptr_array_add(violations, violation);
        }
    }
}

void
document_check(const json_t *stored, const json_t *document, GPtrArray *violations)
{
    if (violations->len == 0)
        required_check(document, violations);
    disks_check(document, violations);
    extensions_check(document, violations);
    fixed_check(stored, document, violations);
}
