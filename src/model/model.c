#include "model/model.h"

#include "base/error.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/words.h"

#include <openssl/sha.h>
#include <string.h>

#define PROFILE    "properties.virtualMachineProfile"
#define PREFIX_MAX 58

static const char *const security_type_words[SECURITY_N_TYPES] = {
    [SECURITY_STANDARD] = "Standard",
    [SECURITY_TRUSTED_LAUNCH] = "TrustedLaunch",
};
DEFINE_WORDS(security_type, SecurityType, SECURITY_N_TYPES)

static const char *const orchestration_mode_words[ORCHESTRATION_N_MODES] = {
    [ORCHESTRATION_UNIFORM] = "Uniform",
    [ORCHESTRATION_FLEXIBLE] = "Flexible",
};
DEFINE_WORDS(orchestration_mode, OrchestrationMode, ORCHESTRATION_N_MODES)

static const char *const upgrade_mode_words[UPGRADE_N_MODES] = {
    [UPGRADE_MANUAL] = "Manual",
    [UPGRADE_AUTOMATIC] = "Automatic",
    [UPGRADE_ROLLING] = "Rolling",
};
DEFINE_WORDS(upgrade_mode, UpgradeMode, UPGRADE_N_MODES)

static void
extension_free(void *data)
{
    ModelExtension *extension = data;
    g_free(extension->name);
    g_free(extension->publisher);
    g_free(extension->type);
    g_free(extension);
}

static const char *
text_at(const json_t *document, const char *path)
{
    return json_string_value(json_path(document, path));
}

static void
security_decode(Model *model, const json_t *document)
{
    const char *type = text_at(document, PROFILE ".securityProfile.securityType");
    const json_t *uefi = json_path(document, PROFILE ".securityProfile.uefiSettings");
    model->has_security_type = type != NULL;
    if (type)
        security_type_from_text(type, &model->security_type);
    model->has_uefi_settings = uefi != NULL;
    if (model->security_type != SECURITY_TRUSTED_LAUNCH)
        return;
    const json_t *vtpm = json_member(uefi, "vTpmEnabled");
    model->secure_boot = json_is_true(json_member(uefi, "secureBootEnabled"));
    model->vtpm = !vtpm || json_is_true(vtpm);
}

static gint
disk_order(gconstpointer a, gconstpointer b)
{
    const DataDisk *x = *(const DataDisk *const *)a, *y = *(const DataDisk *const *)b;
    return (gint)x->lun - (gint)y->lun;
}

static void
disks_decode(Model *model, const json_t *document)
{
    const json_t *disks = json_path(document, PROFILE ".storageProfile.dataDisks");
    for (size_t i = 0; i < json_array_size(disks); i++) {
        const json_t *item = json_array_get(disks, i);
        const char *option = json_member_text(item, "deleteOption");
        DataDisk *disk = g_new0(DataDisk, 1);
        disk->lun = (guint)json_integer_value(json_member(item, "lun"));
        disk->size_gib = (guint)json_integer_value(json_member(item, "diskSizeGB"));
        disk->delete_with_vm = option && strcmp(option, "Delete") == 0;
        g_ptr_array_add(model->data_disks, disk);
    }
    g_ptr_array_sort(model->data_disks, disk_order);
    model->os_disk_gib = (guint)json_integer_value(json_path(document, PROFILE ".storageProfile.osDisk.diskSizeGB"));
}

/* A set's name may hold characters that a host name may not. */
static char *
prefix_from_name(const char *set_name)
{
    GString *prefix = g_string_new(NULL);
    for (const char *p = set_name; *p && prefix->len < PREFIX_MAX; p++)
        g_string_append_c(prefix, g_ascii_isalnum(*p) ? g_ascii_tolower(*p) : '-');
    return g_string_free(prefix, FALSE);
}

static void
user_decode(Model *model, const json_t *document, const char *set_name)
{
    const json_t *os_profile = json_path(document, PROFILE ".osProfile");
    const char *prefix = json_member_text(os_profile, "computerNamePrefix");
    const json_t *keys = json_path(os_profile, "linuxConfiguration.ssh.publicKeys");

    model->computer_name_prefix = prefix ? g_strdup(prefix) : prefix_from_name(set_name);
    model->admin_username = g_strdup(json_member_text(os_profile, "adminUsername"));
    if (!json_is_true(json_path(os_profile, "linuxConfiguration.disablePasswordAuthentication")))
        model->password_hash = g_strdup(json_member_text(os_profile, "passwordHash"));
    model->custom_data = g_strdup(json_member_text(os_profile, "customData"));
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *line = json_member_text(json_array_get(keys, i), "keyData");
        if (line)
            g_ptr_array_add(model->ssh_keys, g_strstrip(g_strdup(line)));
    }
}

static gboolean
health_decode(Model *model, const json_t *item)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    health_extension_free(model->health);
    model->health = health_extension_read(item, "extension", violations);
    return model->health != NULL;
}

static gboolean
attestation_decode(Model *model, const json_t *item)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    attestation_extension_free(model->attestation);
    model->attestation = attestation_extension_read(item, "extension", violations);
    return model->attestation != NULL;
}

static gboolean
is_extension(const ModelExtension *extension, const char *publisher, const char *type)
{
    return g_ascii_strcasecmp(extension->publisher, publisher) == 0 && g_ascii_strcasecmp(extension->type, type) == 0;
}

static gboolean
extensions_decode(Model *model, const json_t *document)
{
    const json_t *extensions = json_path(document, PROFILE ".extensionProfile.extensions");
    for (size_t i = 0; i < json_array_size(extensions); i++) {
        const json_t *item = json_array_get(extensions, i);
        ModelExtension *extension = g_new0(ModelExtension, 1);
        extension->name = g_strdup(json_member_text(item, "name"));
        extension->publisher = g_strdup(json_string_value(json_path(item, "properties.publisher")));
        extension->type = g_strdup(json_string_value(json_path(item, "properties.type")));
        g_ptr_array_add(model->extensions, extension);
        if (!extension->name || !extension->publisher || !extension->type)
            return FALSE;
        if ((is_extension(extension, HEALTH_PUBLISHER, HEALTH_TYPE) && !health_decode(model, item)) ||
            (is_extension(extension, ATTESTATION_PUBLISHER, ATTESTATION_TYPE) && !attestation_decode(model, item)))
            return FALSE;
    }
    return TRUE;
}

static void
image_decode(ImageRef *image, const json_t *document)
{
    const json_t *reference = json_path(document, PROFILE ".storageProfile.imageReference");
    const char *version = json_member_text(reference, "version"), *exact = json_member_text(reference, "exactVersion");
    image->publisher = g_strdup(json_member_text(reference, "publisher"));
    image->offer = g_strdup(json_member_text(reference, "offer"));
    image->sku = g_strdup(json_member_text(reference, "sku"));
    image->version = g_strdup(version ? version : "latest");
    image->exact_version = g_strdup(exact ? exact : image->version);
}

Model *
model_decode(const json_t *document, const char *set_name, GError **error)
{
    g_autoptr(Model) model = g_new0(Model, 1);
    const char *mode = text_at(document, "properties.upgradePolicy.mode");
    const char *orchestration = text_at(document, "properties.orchestrationMode");

    model->ref_count = 1;
    model->data_disks = g_ptr_array_new_with_free_func(g_free);
    model->ssh_keys = g_ptr_array_new_with_free_func(g_free);
    model->extensions = g_ptr_array_new_with_free_func(extension_free);
    model->size_name = g_strdup(text_at(document, "sku.name"));
    model->capacity = (guint)json_integer_value(json_path(document, "sku.capacity"));
    if (mode)
        upgrade_mode_from_text(mode, &model->upgrade_mode);
    if (orchestration)
        orchestration_mode_from_text(orchestration, &model->orchestration);
    model->policy = policy_decode(document);
    image_decode(&model->image, document);
    security_decode(model, document);
    disks_decode(model, document);
    user_decode(model, document, set_name);
    if (!extensions_decode(model, document) || !model->size_name || !model->image.publisher || !model->image.offer ||
        !model->image.sku) {
        arm_fail(error, ARM_INTERNAL, NULL, "The stored model of scale set '%s' lacks its size, its image or a name.",
                 set_name);
        return NULL;
    }
    return g_steal_pointer(&model);
}

Model *
model_ref(Model *model)
{
    g_atomic_int_inc(&model->ref_count);
    return model;
}

void
model_unref(Model *model)
{
    if (!model || !g_atomic_int_dec_and_test(&model->ref_count))
        return;
    g_free(model->size_name);
    g_free(model->image.publisher);
    g_free(model->image.offer);
    g_free(model->image.sku);
    g_free(model->image.version);
    g_free(model->image.exact_version);
    g_free(model->computer_name_prefix);
    g_free(model->admin_username);
    g_free(model->password_hash);
    g_free(model->custom_data);
    g_ptr_array_unref(model->data_disks);
    g_ptr_array_unref(model->ssh_keys);
    g_ptr_array_unref(model->extensions);
    health_extension_free(model->health);
    attestation_extension_free(model->attestation);
    g_free(model);
}

gboolean
image_ref_same(const ImageRef *a, const ImageRef *b)
{
    return g_ascii_strcasecmp(a->publisher, b->publisher) == 0 && g_ascii_strcasecmp(a->offer, b->offer) == 0 &&
           g_ascii_strcasecmp(a->sku, b->sku) == 0 && g_ascii_strcasecmp(a->exact_version, b->exact_version) == 0;
}

gboolean
model_has_service_fabric(const Model *model)
{
    for (guint i = 0; i < model->extensions->len; i++) {
        const ModelExtension *extension = g_ptr_array_index(model->extensions, i);
        if (g_ascii_strcasecmp(extension->publisher, "Microsoft.Azure.ServiceFabric") == 0)
            return TRUE;
    }
    return FALSE;
}

/* Lengths go before texts, so that no two different models give the same bytes. */
static void
key_add(GString *bytes, const char *text)
{
    g_string_append_printf(bytes, "%zu:%s;", text ? strlen(text) + 1 : 0, text ? text : "");
}

static void
key_add_folded(GString *bytes, const char *text)
{
    g_autofree char *folded = g_ascii_strdown(text, -1);
    key_add(bytes, folded);
}

char *
model_effect_key(const Model *model)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    key_add_folded(bytes, model->size_name);
    key_add_folded(bytes, model->image.publisher);
    key_add_folded(bytes, model->image.offer);
    key_add_folded(bytes, model->image.sku);
    key_add_folded(bytes, model->image.exact_version);
    g_string_append_printf(bytes, "%d%d%d;%u;", model->security_type, model->secure_boot, model->vtpm, model->os_disk_gib);
    g_string_append_printf(bytes, "%u;", model->data_disks->len);
    for (guint i = 0; i < model->data_disks->len; i++) {
        const DataDisk *disk = g_ptr_array_index(model->data_disks, i);
        g_string_append_printf(bytes, "%u:%u;", disk->lun, disk->size_gib);
    }
    key_add(bytes, model->computer_name_prefix);
    key_add(bytes, model->admin_username);
    key_add(bytes, model->password_hash);
    key_add(bytes, model->custom_data);
    g_string_append_printf(bytes, "%u;", model->ssh_keys->len);
    for (guint i = 0; i < model->ssh_keys->len; i++)
        key_add(bytes, g_ptr_array_index(model->ssh_keys, i));
    g_string_append_printf(bytes, "%u;", model->extensions->len);
    for (guint i = 0; i < model->extensions->len; i++) {
        const ModelExtension *extension = g_ptr_array_index(model->extensions, i);
        key_add(bytes, extension->name);
        key_add(bytes, extension->publisher);
        key_add(bytes, extension->type);
    }
    if (model->health) {
        const HealthExtension *health = model->health;
        g_string_append_printf(bytes, "%d:%u:%u:%u:%u:%d;", health->protocol, health->port, health->interval_s, health->probes,
                               health->grace_s, health->rich);
        key_add(bytes, health->request_path);
    }
    if (model->attestation)
        g_string_append_printf(bytes, "attestation:%d:%u:%s;", model->attestation->alerts, model->attestation->period_s,
                               deviation_policy_text(model->attestation->deviation));
    /* Keys of models from before there was a choice stay as they are. */
    if (model->attestation && model->attestation->baseline != BASELINE_EXACT_DIGESTS)
        key_add(bytes, baseline_policy_text(model->attestation->baseline));
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)bytes->str, bytes->len, digest);
    return hex_text(digest, sizeof digest);
}
