/* What a body on one instance may say of its set's model: what that says. */
#include "base/error.h"
#include "base/json.h"
#include "model/instance_body.h"

#define VIOLATIONS_MAX 20
#define DISKS          "properties.storageProfile.dataDisks"

/* Members that are settable elsewhere, and of which an instance shows what its set's model says. */
static const char *const of_set[] = {
    "location",
    "sku",
    "plan",
    "zones",
    "identity",
    "properties.hardwareProfile",
    "properties.storageProfile.imageReference",
    "properties.storageProfile.osDisk",
    "properties.storageProfile.diskControllerType",
    "properties.storageProfile.alignRegionalDisksToVMZone",
    "properties.osProfile",
    "properties.networkProfile",
    "properties.networkProfileConfiguration",
    "properties.securityProfile",
    "properties.diagnosticsProfile",
    "properties.additionalCapabilities",
    "properties.availabilitySet",
    "properties.virtualMachineScaleSet",
    "properties.licenseType",
    "properties.userData",
};

static gboolean
says_nothing(const json_t *value)
{
    return !value || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) || (json_is_object(value) && json_object_size(value) == 0);
}

/* As texts, since clients write true and "true", and words in any case. */
static gboolean
is_same_scalar(const json_t *a, const json_t *b)
{
    if (json_is_false(a) && !b)
        return TRUE;
    g_autofree char *a_text = json_is_string(a) ? g_strdup(json_string_value(a)) : json_text(a);
    g_autofree char *b_text = json_is_string(b) ? g_strdup(json_string_value(b)) : b ? json_text(b) : NULL;
    return a_text && b_text && g_ascii_strcasecmp(a_text, b_text) == 0;
}

static void
violate(GPtrArray *violations, const char *path)
{
    GError *violation = NULL;
    arm_fail(
        &violation, ARM_PROPERTY_CHANGE_NOT_ALLOWED, path,
        "Changing property '%s' is not allowed on one instance: it is of its scale set's model. Change that, and bring the "
        "instance up to date; of an instance itself tags, protectionPolicy and attached disks can be set.",
        path);
    g_ptr_array_add(violations, violation);
}

static void
compare(const json_t *sent, const json_t *shown, const char *path, GPtrArray *violations)
{
    const char *key;
    json_t *value;
    size_t i;
    if (says_nothing(sent) || violations->len >= VIOLATIONS_MAX)
        return;
    if (json_is_object(sent) && (!shown || json_is_object(shown))) {
        json_object_foreach((json_t *)sent, key, value)
        {
            g_autofree char *own = g_strconcat(path, ".", key, NULL);
            compare(value, json_member(shown, key), own, violations);
        }
    } else if (json_is_array(sent) && json_is_array(shown) && json_array_size(sent) == json_array_size(shown)) {
        json_array_foreach((json_t *)sent, i, value)
        {
            g_autofree char *own = g_strdup_printf("%s[%zu]", path, i);
            compare(value, json_array_get(shown, i), own, violations);
        }
    } else if (json_is_object(sent) || json_is_array(sent) || !is_same_scalar(sent, shown)) {
        violate(violations, path);
    }
}

/* Names match without regard to case. */
static const json_t *
member_at(const json_t *object, const char *dotted)
{
    g_auto(GStrv) names = g_strsplit(dotted, ".", -1);
    for (char **name = names; object && *name; name++)
        object = json_member(object, *name);
    return object;
}

static const json_t *
disk_at(const json_t *disks, const json_t *lun)
{
    for (size_t i = 0; lun && i < json_array_size(disks); i++) {
        const json_t *disk = json_array_get(disks, i);
        if (is_same_scalar(lun, json_member(disk, "lun")))
            return disk;
    }
    return NULL;
}

/* Which disks there are is settable; what one is that stays is not. */
static void
disks_compare(const json_t *sent, const json_t *shown, GPtrArray *violations)
{
    static const char *const fixed[] = { "name", "diskSizeGB", "caching", "deleteOption" };
    for (size_t i = 0; i < json_array_size(sent); i++) {
        const json_t *disk = json_array_get(sent, i), *there = disk_at(shown, json_member(disk, "lun"));
        for (guint k = 0; there && k < G_N_ELEMENTS(fixed); k++) {
            g_autofree char *path = g_strdup_printf(DISKS "[%zu].%s", i, fixed[k]);
            compare(json_member(disk, fixed[k]), json_member(there, fixed[k]), path, violations);
        }
    }
}

gboolean
instance_body_fits(const json_t *body, const json_t *shown, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    for (guint i = 0; i < G_N_ELEMENTS(of_set); i++)
        compare(member_at(body, of_set[i]), member_at(shown, of_set[i]), of_set[i], violations);
    disks_compare(member_at(body, DISKS), member_at(shown, DISKS), violations);
    if (violations->len == 0)
        return TRUE;
    arm_set_error_from_violations(error, violations);
    return FALSE;
}
