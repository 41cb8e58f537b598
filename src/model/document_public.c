/* What a document looks like to those who read it. */
#include "base/error.h"
#include "base/json.h"
#include "model/document.h"
#include "model/properties.h"

#include <string.h>

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

char *
document_table_text(void)
{
    GString *text = g_string_new(NULL);
    for (const Property *row = scale_set_properties; row->path; row++)
        g_string_append_printf(text, "%s\t%s\t%s\t%s\n", row->path, property_class_text(row->class),
                               property_type_text(row->type),
                               row->why        ? row->why
                               : row->accepted ? row->accepted
                                               : "");
    return g_string_free(text, FALSE);
}
