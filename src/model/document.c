/* Merging a body into the stored document, and what the whole must satisfy. */
#include "model/document.h"

#include "base/error.h"
#include "base/json.h"
#include "model/properties.h"

#include <crypt.h>
#include <string.h>

#define PROFILE "properties.virtualMachineProfile"

/* ---- merging ---- */

/* What is not merged member by member: replaced as a whole where the body has it. */
static const char *const whole_paths[] = {
    "tags", "identity",
};

static gboolean
is_whole(const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(whole_paths); i++) {
        if (strcmp(whole_paths[i], path) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
merge_into(json_t *target, const json_t *source, const char *path)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)source, key, value)
    {
        g_autofree char *own = *path ? g_strconcat(path, ".", key, NULL) : g_strdup(key);
        json_t *present = json_object_get(target, key);
        if (json_is_object(value) && json_is_object(present) && !is_whole(own))
            merge_into(present, value, own);
        else if (!(json_is_object(value) && json_object_size(value) == 0 && present && strcmp(own, "tags") != 0))
            json_object_set_new(target, key, json_deep_copy(value));
    }
}

/* securityType Standard takes the switches off, unless the body insists on them, which a rule refuses. Without a
 * securityType beside it, an empty uefiSettings is like every other empty object: it says nothing. */
static void
security_merge(json_t *document, const json_t *body)
{
    json_t *profile = json_path(document, PROFILE ".securityProfile");
    const json_t *asked = json_path(body, PROFILE ".securityProfile");
    const char *type = json_member_text(profile, "securityType"), *asked_type = json_member_text(asked, "securityType");
    const json_t *uefi = json_object_get(profile, "uefiSettings");

    if (!asked_type ? json_object_get(asked, "uefiSettings") && json_object_size(uefi) == 0
                    : strcmp(type, "Standard") == 0 && !json_object_get(asked, "uefiSettings"))
        json_object_del(profile, "uefiSettings");
}

static gboolean
text_changes(const json_t *before, const json_t *after, const char *name)
{
    const char *a = json_member_text(before, name), *b = json_member_text(after, name);
    return b && (!a || g_ascii_strcasecmp(a, b) != 0);
}

/* Another publisher or offer counts versions of its own: without one in the body it means the latest. Another sku keeps the
 * version that was asked for. */
static void
image_merge(json_t *document, const json_t *stored, const json_t *body)
{
    static const char path[] = PROFILE ".storageProfile.imageReference";
    json_t *image = json_path(document, path);
    const json_t *before = stored ? json_path(stored, path) : NULL, *asked = json_path(body, path);
    if (!image || !asked || json_object_size(asked) == 0)
        return;
    gboolean other = text_changes(before, asked, "publisher") || text_changes(before, asked, "offer");
    if (!json_object_get(asked, "version") && (other || !json_object_get(image, "version")))
        json_object_set_new(image, "version", json_string("latest"));
    json_object_del(image, "exactVersion");
}

/* An extension that comes back without its protected settings keeps the stored ones: nobody can read them to resend them. */
static void
extensions_merge(json_t *document, const json_t *stored)
{
    static const char path[] = PROFILE ".extensionProfile.extensions";
    json_t *now = json_path(document, path);
    const json_t *before = stored ? json_path(stored, path) : NULL;
    for (size_t i = 0; i < json_array_size(now); i++) {
        json_t *extension = json_array_get(now, i), *properties = json_object_get(extension, "properties");
        const char *name = json_member_text(extension, "name");
        if (!properties || !name || json_object_get(properties, "protectedSettings"))
            continue;
        for (size_t k = 0; k < json_array_size(before); k++) {
            const json_t *old = json_array_get(before, k);
            json_t *kept = json_path(old, "properties.protectedSettings");
            if (kept && g_ascii_strcasecmp(json_member_text(old, "name"), name) == 0)
                json_object_set(properties, "protectedSettings", kept);
        }
    }
}

/* A password is kept as a hash; the same password again keeps the hash that is there. */
static gboolean
password_hash(json_t *document, const DocumentContext *context, GError **error)
{
    json_t *profile = json_path(document, PROFILE ".osProfile");
    const char *password = json_member_text(profile, "adminPassword");
    const char *known = json_member_text(profile, "passwordHash");
    struct crypt_data *work = NULL;

    if (!password)
        return TRUE;
    work = g_new0(struct crypt_data, 1);
    const char *same = known ? crypt_r(password, known, work) : NULL;
    gboolean ok = TRUE;
    if (!same || strcmp(same, known) != 0) {
        const char *hash = crypt_r(password, context->password_salt, work);
        ok = hash && hash[0] != '*';
        if (ok)
            json_object_set_new(profile, "passwordHash", json_string(hash));
    }
    memset(work, 0, sizeof *work);
    g_free(work);
    json_object_del(profile, "adminPassword");
    return ok || arm_fail(error, ARM_INTERNAL, PROFILE ".osProfile.adminPassword", "The password could not be hashed.");
}

/* ---- what the whole must satisfy ---- */

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
        else if (g_ascii_strcasecmp(publisher, "Microsoft.Azure.ServiceFabric") != 0)
            violate(violations, path,
                    "'%s': the extension '%.60s' of publisher '%.60s' is not built yet; accepted: publisher "
                    "Microsoft.Azure.ServiceFabric (kept, so that its rules hold).",
                    path, type, publisher);
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

json_t *
document_merge(const json_t *stored, const json_t *body, const DocumentContext *context, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(json_t) read = properties_read(scale_set_properties, body, violations);
    g_autoptr(json_t) document = stored ? json_deep_copy(stored) : json_object();

    merge_into(document, read, "");
    security_merge(document, read);
    image_merge(document, stored, read);
    extensions_merge(document, stored);
    if (violations->len == 0)
        required_check(document, violations);
    disks_check(document, violations);
    extensions_check(document, violations);
    fixed_check(stored, document, violations);
    if (violations->len > 0) {
        arm_set_error_from_violations(error, violations);
        return NULL;
    }
    json_t *sku = json_object_get(document, "sku");
    if (!json_object_get(sku, "capacity"))
        json_object_set_new(sku, "capacity", json_integer(1));
    if (!password_hash(document, context, error))
        return NULL;
    return g_steal_pointer(&document);
}

gboolean
document_body_names_image(const json_t *body)
{
    static const char *const names[] = { "publisher", "offer", "sku", "version" };
    const json_t *image = json_path(body, PROFILE ".storageProfile.imageReference");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (json_member_text(image, names[i]))
            return TRUE;
    }
    return FALSE;
}

void
document_set_exact_version(json_t *document, const char *exact_version)
{
    json_t *image = json_path(document, PROFILE ".storageProfile.imageReference");
    json_object_set_new(image, "exactVersion", json_string(exact_version));
}

/* ---- what is given back ---- */

static json_t *
object_at(json_t *parent, const char *name)
{
    json_t *object = json_object_get(parent, name);
    if (!object) {
        object = json_object();
        json_object_set_new(parent, name, object);
    }
    return object;
}

static void
default_set(json_t *object, const char *name, json_t *value)
{
    if (json_object_get(object, name))
        json_decref(value);
    else
        json_object_set_new(object, name, value);
}

static void
secrets_remove(json_t *profile)
{
    json_t *os_profile = json_object_get(profile, "osProfile");
    if (os_profile) {
        json_object_del(os_profile, "passwordHash");
        json_object_del(os_profile, "customData");
    }
    json_t *extensions = json_path(profile, "extensionProfile.extensions"), *extension;
    size_t i;
    json_array_foreach(extensions, i, extension)
    {
        json_object_del(json_object_get(extension, "properties"), "protectedSettings");
    }
}

json_t *
document_public(const json_t *document, const char *os_type)
{
    json_t *copy = json_deep_copy(document);
    json_t *properties = object_at(copy, "properties");
    json_t *profile = object_at(properties, "virtualMachineProfile");
    json_t *storage = object_at(profile, "storageProfile");
    json_t *os_disk = object_at(storage, "osDisk");
    json_t *security = json_object_get(profile, "securityProfile");
    const char *type = json_member_text(security, "securityType");

    secrets_remove(profile);
    default_set(json_object_get(copy, "sku"), "tier", json_string("Standard"));
    default_set(properties, "orchestrationMode", json_string("Uniform"));
    default_set(object_at(properties, "upgradePolicy"), "mode", json_string("Manual"));
    default_set(os_disk, "createOption", json_string("FromImage"));
    if (os_type)
        json_object_set_new(os_disk, "osType", json_string(os_type));
    if (type && strcmp(type, "TrustedLaunch") == 0) {
        json_t *uefi = object_at(security, "uefiSettings");
        default_set(uefi, "secureBootEnabled", json_false());
        default_set(uefi, "vTpmEnabled", json_true());
    }
    return copy;
}

gboolean
instance_body_read(const json_t *body, InstanceBody *ret_body, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(json_t) read = properties_read(instance_properties, body, violations);
    InstanceBody result = { 0 };

    if (violations->len > 0) {
        arm_set_error_from_violations(error, violations);
        return FALSE;
    }
    const json_t *scale_in = json_path(read, "properties.protectionPolicy.protectFromScaleIn");
    const json_t *actions = json_path(read, "properties.protectionPolicy.protectFromScaleSetActions");
    result.has_scale_in = scale_in != NULL;
    result.scale_in = json_is_true(scale_in);
    result.has_scale_set_actions = actions != NULL;
    result.scale_set_actions = json_is_true(actions);
    result.tags = json_member(body, "tags");
    if (json_is_null(result.tags))
        result.tags = NULL;
    *ret_body = result;
    return TRUE;
}

char *
document_table_text(void)
{
    GString *text = g_string_new(NULL);
    for (const Property *row = scale_set_properties; row->path; row++)
        g_string_append_printf(text, "%s\t%s\t%s\t%s\n", row->path, property_class_text(row->class),
                               property_type_text(row->type), row->why ? row->why : row->accepted ? row->accepted : "");
    return g_string_free(text, FALSE);
}
