/* What is attached to instances, against a model, and as it is read. */
#include "api/attach.h"

#define MODEL_PATH "properties.virtualMachineProfile.storageProfile.dataDisks"

gboolean
attach_model_has(const Model *model, guint lun)
{
    for (guint i = 0; i < model->data_disks->len; i++) {
        if (((const DataDisk *)g_ptr_array_index(model->data_disks, i))->lun == lun)
            return TRUE;
    }
    return FALSE;
}

/* ---- a model and what is attached ---- */

static void
row_judge(const StoreDisk *row, const Model *model, GPtrArray *violations)
{
    GError *violation = NULL;
    if (!attach_model_has(model, row->lun))
        return;
    arm_fail(
        &violation, ARM_OPERATION_NOT_ALLOWED, MODEL_PATH,
        "LUN %u of instance %u has the disk '%s', which is attached to it alone: give the model's data disk another LUN, or "
        "detach that one.",
        row->lun, row->instance, row->id);
    g_ptr_array_add(violations, violation);
}

static void
count_judge(guint instance, guint attached, const Model *model, const SizeInfo *size, GPtrArray *violations)
{
    GError *violation = NULL;
    if (!size || model->data_disks->len + attached <= size->max_data_disks)
        return;
    arm_fail(&violation, ARM_OPERATION_NOT_ALLOWED, "sku.name",
             "The VM size '%s' has room for %u data disk(s); instance %u would have %u, those that are attached to it alone "
             "included.",
             size->name, size->max_data_disks, instance, model->data_disks->len + attached);
    g_ptr_array_add(violations, violation);
}

gboolean
attach_judge(StoreTx *tx, const StoreSet *set, const Model *model, const SizeInfo *size, GPtrArray *violations, GError **error)
{
    g_autoptr(GPtrArray) rows = store_disk_list_of_set(tx, set->id, error);
    guint attached = 0;
    for (guint i = 0; rows && i < rows->len; i++) {
        const StoreDisk *row = g_ptr_array_index(rows, i);
        const StoreDisk *next = i + 1 < rows->len ? g_ptr_array_index(rows, i + 1) : NULL;
        row_judge(row, model, violations);
        attached++;
        if (next && next->instance == row->instance)
            continue;
        count_judge(row->instance, attached, model, size, violations);
        attached = 0;
    }
    return rows != NULL;
}

/* ---- as it is read ---- */

gboolean
attach_show(const Call *call, StoreTx *tx, const StoreInstance *instance, json_t *storage_profile, GError **error)
{
    if (instance->attached == 0)
        return TRUE;
    g_autoptr(GPtrArray) rows = store_disk_list_of_instance(tx, instance->set_id, instance->id, error);
    if (!rows)
        return FALSE;
    json_t *list = json_object_get(storage_profile, "dataDisks");
    if (!list) {
        list = json_array();
        json_object_set_new(storage_profile, "dataDisks", list);
    }
    for (guint i = 0; i < rows->len; i++) {
        const StoreDisk *row = g_ptr_array_index(rows, i);
        g_autofree char *id = resource_id_disk(call->api->subscription, row->group, row->id);
        if (row->leaves == 0)
            json_array_append_new(list, json_pack("{si ss ss ss si ss s{ss}}", "lun", (int)row->lun, "name", row->id,
                                                  "createOption", "Attach", "caching", "None", "diskSizeGB", (int)row->size_gib,
                                                  "deleteOption", "Detach", "managedDisk", "id", id));
    }
    return TRUE;
}
