/* From the store's rows to what the host is to launch. */
#include "engine/internal.h"

#include "base/json.h"
#include "base/resource_id.h"

#include <string.h>

StoreSet *
engine_set(StoreTx *tx, gint64 id, GError **error)
{
    GError *lookup = NULL;
    StoreSet *set = store_set_get_by_id(tx, id, &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!set)
        arm_fail(error, ARM_INTERNAL, NULL, "Instances are left of scale set number %" G_GINT64_FORMAT ", which is gone.", id);
    return set;
}

static Model *
model_load(StoreTx *tx, const StoreSet *set, guint revision, StoreModel **ret_row, GError **error)
{
    g_autoptr(GError) lookup = NULL;
    StoreModel *row = store_model_get(tx, set->id, revision, &lookup);
    if (!row) {
        arm_fail(error, ARM_INTERNAL, NULL, "Scale set '%s' has no model revision %u%s%s", set->name, revision,
                 lookup ? ": " : ".", lookup ? lookup->message : "");
        return NULL;
    }
    g_autoptr(json_t) document = json_parse(row->document, strlen(row->document), error);
    Model *model = document ? model_decode(document, set->name, error) : NULL;
    if (model && ret_row)
        *ret_row = row;
    else
        store_model_free(row);
    return model;
}

Model *
engine_model(Engine *engine, StoreTx *tx, const StoreSet *set, guint revision, GError **error)
{
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT ":%u", set->id, revision);
    Model *known = g_hash_table_lookup(engine->models, name);
    if (known)
        return model_ref(known);
    Model *model = model_load(tx, set, revision, /* ret_row= */ NULL, error);
    if (model)
        g_hash_table_insert(engine->models, g_steal_pointer(&name), model_ref(model));
    return model;
}

static void
disks_and_user_fill(LaunchSpec *spec, const Model *model)
{
    for (guint i = 0; i < model->data_disks->len; i++) {
        const DataDisk *disk = g_ptr_array_index(model->data_disks, i);
        LaunchDisk *launch_disk = g_new0(LaunchDisk, 1);
        launch_disk->lun = disk->lun;
        launch_disk->size_gib = disk->size_gib;
        g_ptr_array_add(spec->data_disks, launch_disk);
    }
    for (guint i = 0; i < model->ssh_keys->len; i++)
        g_ptr_array_add(spec->ssh_keys, g_strdup(g_ptr_array_index(model->ssh_keys, i)));
    spec->os_disk_gib = model->os_disk_gib;
    spec->admin_username = g_strdup(model->admin_username);
    spec->password_hash = g_strdup(model->password_hash);
    if (model->custom_data) {
        gsize length = 0;
        g_autofree guchar *bytes = g_base64_decode(model->custom_data, &length);
        spec->custom_data = g_strndup((const char *)bytes, length);
    }
}

LaunchSpec *
engine_launch_spec(StoreTx *tx, const StoreSet *set, const StoreInstance *instance, GError **error)
{
    g_autoptr(StoreModel) row = NULL;
    g_autoptr(Model) model = model_load(tx, set, instance->want_revision, &row, error);
    if (!model)
        return NULL;
    g_autoptr(GError) lookup = NULL;
    g_autoptr(ImageInfo) image =
        store_image_get(tx, model->image.publisher, model->image.offer, model->image.sku, model->image.exact_version, &lookup);
    if (!image) {
        arm_fail(error, ARM_IMAGE_UNUSABLE, NULL,
                 "Image '%s' of model revision %u is not on this host any more; import it again%s%s", row->image_urn,
                 instance->want_revision, lookup ? ": " : ".", lookup ? lookup->message : "");
        return NULL;
    }
    g_autofree char *subscription = NULL;
    if (!store_setting_get(tx, "subscription", &subscription, error))
        return NULL;

    g_autoptr(LaunchSpec) spec = launch_spec_new();
    spec->key = g_strdup_printf("%s.%u", set->uid, instance->id);
    spec->name = g_strdup(instance->computer_name);
    spec->vm_id = g_strdup(instance->vm_id);
    spec->owner = resource_id_instance(subscription ? subscription : "", set->group, set->name, instance->id);
    spec->epoch = instance->want_epoch;
    spec->revision = instance->want_revision;
    spec->vcpus = row->size_vcpus;
    spec->memory_mib = row->size_memory_mib;
    spec->generation = image->generation;
    spec->architecture = g_strdup(image->architecture);
    spec->trusted_launch = model->security_type == SECURITY_TRUSTED_LAUNCH;
    spec->secure_boot = model->secure_boot;
    spec->vtpm = model->vtpm;
    spec->image_urn = image_info_urn(image);
    spec->image_format = g_strdup(image_format_qemu(image->format));
    spec->image_sha256 = g_strdup(image->sha256);
    spec->guest_agent = image->guest_agent;
    spec->disk_gen = instance->disk_gen;
    spec->vars_gen = instance->vars_gen;
    spec->vtpm_gen = model->vtpm ? instance->vtpm_gen : 0;
    spec->data_gen = instance->data_gen;
    disks_and_user_fill(spec, model);
    return g_steal_pointer(&spec);
}
