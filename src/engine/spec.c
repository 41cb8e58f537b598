/* From the store's rows to what the host is to launch. */
#include "engine/disks.h"
#include "engine/revisions.h"
#include "engine/told.h"
#include "engine/vtpm_keys.h"

gboolean
engine_subscription_know(Engine *engine, StoreTx *tx, GError **error)
{
    return engine->subscription || store_setting_get(tx, "subscription", &engine->subscription, error);
}

static void
disks_and_user_fill(LaunchSpec *spec, const Model *model)
{
    for (guint i = 0; i < model->data_disks->len; i++) {
        const DataDisk *disk = g_ptr_array_index(model->data_disks, i);
        g_ptr_array_add(spec->data_disks, launch_disk_new(disk->lun, disk->size_gib, /* file= */ NULL));
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
engine_launch_spec(Pass *pass, SetTracked *set, const StoreInstance *instance, GError **error)
{
    Engine *engine = pass->engine;
    const Revision *revision = revision_with_image(pass, set, instance->want_revision, error);
    if (!revision || !engine_subscription_know(engine, pass->tx, error))
        return NULL;
    const Model *model = revision->model;
    const ImageInfo *image = revision->image;
    if (!image) {
        arm_fail(error, ARM_IMAGE_UNUSABLE, NULL,
                 "Image '%s' of model revision %u is not on this host any more; import it again.", revision->image_urn,
                 revision->number);
        return NULL;
    }
    if (model->vtpm && !vtpm_key_check(pass, set, instance, error))
        return NULL;

    g_autoptr(LaunchSpec) spec = launch_spec_new();
    spec->key = engine_key_of(set, instance->id);
    spec->name = g_strdup(instance->computer_name);
    spec->vm_id = g_strdup(instance->vm_id);
    spec->owner = engine_instance_resource(set, instance->id);
    spec->epoch = instance->want_epoch;
    spec->revision = instance->want_revision;
    spec->vcpus = revision->vcpus;
    spec->memory_mib = revision->memory_mib;
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
    spec->hold = instance->undo_revision != 0;
    disks_and_user_fill(spec, model);
    if (!engine_disks_fill(pass, instance, spec, error))
        return NULL;
    return g_steal_pointer(&spec);
}
