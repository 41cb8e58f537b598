#include "model/instance_body.h"

#include "base/error.h"
#include "base/json.h"
#include "model/properties.h"

#include <string.h>

#define DISKS "properties.storageProfile.dataDisks"

static void
disk_free(void *data)
{
    InstanceDisk *disk = data;
    g_free(disk->disk_id);
    g_free(disk);
}

static gboolean
is_word(const json_t *object, const char *member, const char *word)
{
    return g_strcmp0(json_member_text(object, member), word) == 0;
}

static void
disk_check(const json_t *item, size_t i, guint64 *seen, GPtrArray *violations)
{
    const json_t *lun = json_object_get(item, "lun");
    g_autofree char *path = g_strdup_printf(DISKS "[%zu].lun", i);
    GError *violation = NULL;
    guint64 bit = G_GUINT64_CONSTANT(1) << json_integer_value(lun);
    if (!lun)
        arm_fail(&violation, ARM_INVALID_PARAMETER, path, "'%s' is required: 0 to 63.", path);
    else if (*seen & bit)
        arm_fail(&violation, ARM_INVALID_PARAMETER, path, "'%s': two data disks have LUN %d; a LUN is there once.", path,
                 (int)json_integer_value(lun));
    *seen |= lun ? bit : 0;
    if (violation)
        g_ptr_array_add(violations, violation);
}

static GPtrArray *
disks_read(const json_t *list, GPtrArray *violations)
{
    guint64 seen = 0;
    if (!list)
        return NULL;
    GPtrArray *disks = g_ptr_array_new_with_free_func(disk_free);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        disk_check(item, i, &seen, violations);
        InstanceDisk *disk = g_new0(InstanceDisk, 1);
        disk->lun = (guint)json_integer_value(json_object_get(item, "lun"));
        disk->attach = is_word(item, "createOption", "Attach");
        disk->disk_id = g_strdup(json_member_text(json_object_get(item, "managedDisk"), "id"));
        disk->size_gib = (guint)json_integer_value(json_object_get(item, "diskSizeGB"));
        disk->cached = json_object_get(item, "caching") && !is_word(item, "caching", "None");
        disk->deleted = is_word(item, "deleteOption", "Delete");
        g_ptr_array_add(disks, disk);
    }
    return disks;
}

static void
flag_read(const json_t *read, const char *path, gboolean *ret_has, gboolean *ret_flag)
{
    const json_t *value = json_path(read, path);
    *ret_has = value != NULL;
    *ret_flag = json_is_true(value);
}

gboolean
instance_body_read(const json_t *body, InstanceBody *ret_body, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(json_t) read = properties_read(instance_properties, body, violations);
    const json_t *tags = json_object_get(read, "tags");

    *ret_body = (InstanceBody){ 0 };
    ret_body->disks = disks_read(json_path(read, DISKS), violations);
    if (violations->len > 0) {
        arm_set_error_from_violations(error, violations);
        return FALSE;
    }
    flag_read(read, "properties.protectionPolicy.protectFromScaleIn", &ret_body->has_scale_in, &ret_body->scale_in);
    flag_read(read, "properties.protectionPolicy.protectFromScaleSetActions", &ret_body->has_scale_set_actions,
              &ret_body->scale_set_actions);
    ret_body->tags = tags ? json_text(tags) : NULL;
    return TRUE;
}

void
instance_body_clear(InstanceBody *body)
{
    g_clear_pointer(&body->tags, g_free);
    g_clear_pointer(&body->disks, g_ptr_array_unref);
}
