#include "api/attach.h"

#include "api/quarantine.h"
#include "store/models.h"

#include <string.h>

#define DISKS      "properties.storageProfile.dataDisks"
#define MODEL_PATH "properties.virtualMachineProfile.storageProfile.dataDisks"

/* One PUT: what is there, what is asked for, and what is wrong with it. */
typedef struct {
    Call *call;
    StoreTx *tx;
    const StoreSet *set;
    StoreInstance *instance;
    const GPtrArray *asked; /* of InstanceDisk */
    Model *shown, *next;    /* as clients see it now, and as it will be brought up to date */
    GPtrArray *rows;        /* of StoreDisk: attached, leaving ones included */
    GPtrArray *violations;
    gboolean joins, leaves; /* something is to be done for which the instance is launched again */
} Put;

static void
put_clear(Put *put)
{
    model_unref(put->shown);
    model_unref(put->next);
    g_clear_pointer(&put->rows, g_ptr_array_unref);
    g_clear_pointer(&put->violations, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Put, put_clear)

G_GNUC_PRINTF(4, 5)
static void
violate(Put *put, ArmCode code, const InstanceDisk *disk, const char *format, ...)
{
    GError *violation = NULL;
    guint index = 0;
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    gboolean known = disk && g_ptr_array_find((GPtrArray *)put->asked, disk, &index);
    g_autofree char *target = known ? g_strdup_printf(DISKS "[%u]", index) : g_strdup(DISKS);
    arm_fail(&violation, code, target, "%s", message);
    g_ptr_array_add(put->violations, violation);
}

/* ---- lookups ---- */

static StoreDisk *
row_at(const Put *put, guint lun)
{
    for (guint i = 0; i < put->rows->len; i++) {
        StoreDisk *row = g_ptr_array_index(put->rows, i);
        if (row->lun == lun)
            return row;
    }
    return NULL;
}

static const InstanceDisk *
asked_at(const Put *put, guint lun)
{
    for (guint i = 0; i < put->asked->len; i++) {
        const InstanceDisk *disk = g_ptr_array_index(put->asked, i);
        if (disk->lun == lun)
            return disk;
    }
    return NULL;
}

/* Will the instance be launched again for this? One that rests is left alone. */
static gboolean
is_up(const StoreInstance *instance)
{
    return instance->want_power == POWER_RUNNING && instance->state != INSTANCE_STOPPED &&
           instance->state != INSTANCE_DEALLOCATED;
}

/* The first launch that is made from what is written now. */
static guint64
next_launch(const StoreInstance *instance)
{
    return instance->epoch + 1;
}

/* ---- attach ---- */

/* The disk that an id names; NULL without an error, and a violation, where there is none. */
static StoreDisk *
disk_find(Put *put, const InstanceDisk *disk, GError **error)
{
    g_autoptr(ResourceId) id = resource_id_parse(disk->disk_id, NULL);
    GError *lookup = NULL;
    StoreDisk *row = NULL;
    gboolean fits = id && id->name && !id->child_name && id->group && id->type && resource_same(id->type, "disks") &&
                    resource_same(id->subscription, put->call->api->subscription);
    if (fits)
        row = store_disk_get(put->tx, id->name, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (row && resource_same(row->group, id->group))
        return row;
    store_disk_free(row);
    violate(put, ARM_RESOURCE_NOT_FOUND, disk, "There is no kept disk '%.300s'; 'testudo disk list' lists them.",
            disk->disk_id);
    return NULL;
}

static gboolean
lun_check(Put *put, const InstanceDisk *disk)
{
    const StoreInstance *instance = put->instance;
    guint lun = disk->lun;
    if (attach_model_has(put->shown, lun) || attach_model_has(put->next, lun))
        violate(put, ARM_CONFLICT, disk, "LUN %u of instance %u is a data disk of the model; take another.", lun, instance->id);
    else if (row_at(put, lun))
        violate(put, ARM_CONFLICT, disk, "The disk at LUN %u of instance %u leaves it with its next start; take another LUN.",
                lun, instance->id);
    else if (store_instance_has_lun(instance, lun))
        violate(
            put, ARM_CONFLICT, disk,
            "LUN %u of instance %u holds a data disk of an earlier model, which is there again when the model has it again; "
            "take another LUN.",
            lun, instance->id);
    else
        return TRUE;
    return FALSE;
}

static gboolean
disk_check(Put *put, const InstanceDisk *disk, const StoreDisk *row)
{
    if (row->set_id != 0)
        violate(put, ARM_CONFLICT, disk, "Disk '%s' is attached to instance %u of scale set '%s'; detach it there first.",
                row->id, row->instance, row->set_name);
    else if (disk->size_gib != 0 && disk->size_gib != row->size_gib)
        violate(put, ARM_INVALID_PARAMETER, disk,
                "Disk '%s' has %u GiB; attaching it does not resize it: leave out diskSizeGB.", row->id, row->size_gib);
    else if (disk->cached || disk->deleted)
        violate(put, ARM_INVALID_PARAMETER, disk,
                "An attached disk has caching 'None' and deleteOption 'Detach': it is kept again when its instance goes. Leave "
                "them out.");
    else
        return TRUE;
    return FALSE;
}

static gboolean
disk_attach(Put *put, const InstanceDisk *disk, GError **error)
{
    if (!disk->attach || !disk->disk_id) {
        violate(
            put, ARM_INVALID_PARAMETER, disk,
            "LUN %u: one instance alone is given a kept disk, by createOption 'Attach' and managedDisk.id; empty disks are of "
            "the set's model (" MODEL_PATH ").",
            disk->lun);
        return TRUE;
    }
    GError *lookup = NULL;
    g_autoptr(StoreDisk) row = disk_find(put, disk, &lookup);
    if (!row) {
        if (lookup)
            g_propagate_error(error, lookup);
        return lookup == NULL;
    }
    if (!lun_check(put, disk) || !disk_check(put, disk, row))
        return TRUE;
    row->set_id = put->set->id;
    g_free(row->set_name);
    row->set_name = g_strdup(put->set->name);
    row->instance = put->instance->id;
    row->lun = disk->lun;
    row->leaves = 0;
    put->instance->attached++;
    put->joins = TRUE;
    return store_disk_put(put->tx, row, error);
}

/* ---- detach ---- */

static gboolean
disk_detach(Put *put, StoreDisk *row, GError **error)
{
    StoreInstance *instance = put->instance;
    if (!store_instance_has_lun(instance, row->lun)) {
        /* No launch has taken it yet. */
        row->set_id = 0;
        row->kept_until = put->call->now + put->call->api->config.disk_retention_usec;
        instance->attached--;
    } else if (is_up(instance)) {
        row->leaves = next_launch(instance);
        put->leaves = TRUE;
    } else {
        violate(
            put, ARM_OPERATION_NOT_ALLOWED, NULL,
            "Instance %u rests, and the disk at LUN %u leaves it with a start: start the instance first. Deleting the instance "
            "keeps the disk too.",
            instance->id, row->lun);
        return TRUE;
    }
    return store_disk_put(put->tx, row, error);
}

/* ---- one request ---- */

static gboolean
asked_apply(Put *put, const InstanceDisk *disk, GError **error)
{
    const StoreDisk *row = row_at(put, disk->lun);
    if (attach_model_has(put->shown, disk->lun) && !disk->attach)
        return TRUE;
    if (!row || row->leaves != 0 || attach_model_has(put->shown, disk->lun))
        return disk_attach(put, disk, error);
    g_autofree char *id = resource_id_disk(put->call->api->subscription, row->group, row->id);
    if (disk->disk_id && !resource_same(disk->disk_id, id))
        violate(put, ARM_CONFLICT, disk, "LUN %u of instance %u has disk '%s'; detach it first.", disk->lun, put->instance->id,
                row->id);
    return TRUE;
}

/* What the body leaves out is to go; of the model's disks none can. */
static gboolean
absent_apply(Put *put, GError **error)
{
    for (guint i = 0; i < put->shown->data_disks->len; i++) {
        guint lun = ((const DataDisk *)g_ptr_array_index(put->shown->data_disks, i))->lun;
        if (!asked_at(put, lun))
            violate(
                put, ARM_OPERATION_NOT_ALLOWED, NULL,
                "The data disk at LUN %u is one of the model's, which one instance alone cannot be without: take it out of the "
                "set's model (" MODEL_PATH ").",
                lun);
    }
    for (guint i = 0; i < put->rows->len; i++) {
        StoreDisk *row = g_ptr_array_index(put->rows, i);
        if (row->leaves == 0 && !asked_at(put, row->lun) && !disk_detach(put, row, error))
            return FALSE;
    }
    return TRUE;
}

static void
room_check(Put *put)
{
    const Model *const models[] = { put->shown, put->next };
    for (guint i = 0; put->joins && i < G_N_ELEMENTS(models); i++) {
        const SizeInfo *size = size_catalogue_find(put->call->api->config.sizes, models[i]->size_name);
        guint disks = models[i]->data_disks->len + put->instance->attached;
        if (!size || disks <= size->max_data_disks)
            continue;
        violate(put, ARM_OPERATION_NOT_ALLOWED, NULL,
                "The VM size '%s' has room for %u data disk(s); instance %u would have %u.", size->name, size->max_data_disks,
                put->instance->id, disks);
        return;
    }
}

static gboolean
put_load(Put *put, GError **error)
{
    const StoreInstance *instance = put->instance;
    guint shown = instance->revision ? instance->revision : instance->want_revision;
    put->violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    put->rows = store_disk_list_of_instance(put->tx, put->set->id, instance->id, error);
    put->shown = put->rows ? model_of_revision(put->tx, put->set->id, put->set->name, shown, NULL, NULL, error) : NULL;
    put->next =
        put->shown ? model_of_revision(put->tx, put->set->id, put->set->name, put->set->revision, NULL, NULL, error) : NULL;
    return put->next != NULL;
}

/* Is there anything to be done at all? Clients send back what they read. */
static gboolean
is_as_asked(const Put *put)
{
    guint staying = 0;
    for (guint i = 0; i < put->rows->len; i++)
        staying += ((const StoreDisk *)g_ptr_array_index(put->rows, i))->leaves == 0 ? 1 : 0;
    if (put->asked->len != staying + put->shown->data_disks->len)
        return FALSE;
    for (guint i = 0; i < put->asked->len; i++) {
        const InstanceDisk *disk = g_ptr_array_index(put->asked, i);
        const StoreDisk *row = row_at(put, disk->lun);
        if (!attach_model_has(put->shown, disk->lun) && (!row || row->leaves != 0))
            return FALSE;
    }
    return TRUE;
}

static gboolean
busy_check(const Put *put, GError **error)
{
    const StoreInstance *instance = put->instance;
    if (instance->want_deleted)
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, DISKS, "Instance %u is being deleted.", instance->id);
    if (instance->quarantined && !is_as_asked(put))
        return quarantine_check(instance, error);
    return is_as_asked(put) || !instance->operation ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, DISKS,
                    "Instance %u has a step in hand: operation '%s' is in progress on it. Wait for its end.", instance->id,
                    instance->operation);
}

gboolean
attach_apply(Call *call, StoreTx *tx, const StoreSet *set, StoreInstance *instance, const GPtrArray *asked,
             gboolean *ret_relaunch, GError **error)
{
    g_auto(Put) put = { .call = call, .tx = tx, .set = set, .instance = instance, .asked = asked };
    if (!put_load(&put, error) || !busy_check(&put, error))
        return FALSE;
    /* Leaving first, so that there is room. */
    if (!absent_apply(&put, error))
        return FALSE;
    for (guint i = 0; i < asked->len; i++) {
        if (!asked_apply(&put, g_ptr_array_index(asked, i), error))
            return FALSE;
    }
    room_check(&put);
    if (put.violations->len > 0) {
        arm_set_error_from_violations(error, put.violations);
        return FALSE;
    }
    *ret_relaunch = put.leaves || (put.joins && is_up(instance));
    return TRUE;
}
