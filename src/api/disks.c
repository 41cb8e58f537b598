/* Microsoft.Compute/disks: data disks of instances that are gone, kept for their time or until they are attached again. */
#include "api/page.h"
#include "api/place.h"
#include "base/time_text.h"

#include <string.h>

#define DISKS "/providers/Microsoft.Compute/disks"
#define GROUP "/subscriptions/{subscription}/resourceGroups/{group}"
enum { PARAM_DISK = 2 };

#define DAY_USEC (G_GINT64_CONSTANT(86400) * USEC_PER_SEC)

/* ---- how it looks ---- */

static void
tag_number(json_t *tags, const char *name, gint64 number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    json_set_text(tags, name, text);
}

/* Tags, since they alone reach the users of any client: where it is or was last, and how long it stays. */
static json_t *
tags_json(const Call *call, const StoreDisk *disk)
{
    json_t *tags = json_object();
    json_set_text(tags, "scaleSet", disk->set_name);
    tag_number(tags, "instanceId", disk->instance);
    tag_number(tags, "lun", disk->lun);
    if (disk->set_id == 0) {
        g_autofree char *until = time_to_text(disk->kept_until);
        json_set_text(tags, "keptUntil", until);
        tag_number(tags, "daysLeft", (MAX(disk->kept_until - call->now, 0) + DAY_USEC - 1) / DAY_USEC);
    }
    return tags;
}

/* Unattached; with an instance that runs; with one that does not, so that it is spoken for. */
static gboolean
holder_set(const Call *call, StoreTx *tx, const StoreDisk *disk, json_t *body, json_t *properties, GError **error)
{
    GError *lookup = NULL;
    if (disk->set_id == 0) {
        json_set_text(properties, "diskState", "Unattached");
        return TRUE;
    }
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, disk->set_id, &lookup);
    g_autoptr(StoreInstance) instance = set ? store_instance_get(tx, set->id, disk->instance, &lookup) : NULL;
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    json_set_text(properties, "diskState", instance && instance->alive ? "Attached" : "Reserved");
    if (set) {
        g_autofree char *id = place_resource(call, set, &disk->instance, set->flexible);
        json_set_text(body, "managedBy", id);
    }
    return TRUE;
}

static json_t *
disk_json(const Call *call, StoreTx *tx, const StoreDisk *disk, GError **error)
{
    g_autofree char *id = resource_id_disk(call->api->subscription, disk->group, disk->id);
    g_autofree char *created = time_to_text(disk->created);
    g_autoptr(json_t) body = json_object();
    json_t *properties = json_object();
    json_object_set_new(body, "properties", properties);
    json_set_text(body, "name", disk->id);
    json_set_text(body, "id", id);
    json_set_text(body, "type", "Microsoft.Compute/disks");
    json_set_text(body, "location", call->api->config.location);
    json_object_set_new(body, "tags", tags_json(call, disk));
    json_object_set_new(properties, "diskSizeGB", json_integer(disk->size_gib));
    json_set_text(properties, "provisioningState", "Succeeded");
    json_set_text(properties, "timeCreated", created);
    json_set_text(properties, "uniqueId", disk->id);
    json_object_set_new(properties, "creationData", json_pack("{ss}", "createOption", "Empty"));
    return holder_set(call, tx, disk, body, properties, error) ? g_steal_pointer(&body) : NULL;
}

/* ---- list ---- */

/* A space is lower than any character of a name; numbers have their widest form. */
static char *
disk_token(const void *disks, guint index)
{
    const StoreDisk *disk = g_ptr_array_index((GPtrArray *)disks, index);
    g_autofree char *text =
        g_strdup_printf("%s %s %010u %02u %s", disk->group, disk->set_name, disk->instance, disk->lun, disk->id);
    return resource_fold(text);
}

static gint
token_order(gconstpointer a, gconstpointer b)
{
    const GPtrArray one = { (gpointer *)a, 1 }, other = { (gpointer *)b, 1 };
    g_autofree char *x = disk_token(&one, 0), *y = disk_token(&other, 0);
    return strcmp(x, y);
}

static ApiResponse *
disks_respond(Call *call, StoreTx *tx, const char *group, GError **error)
{
    g_autoptr(GPtrArray) disks = store_disk_list(tx, error);
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_auto(Page) page = { 0 };
    for (guint i = disks && group ? disks->len : 0; i > 0; i--) {
        if (!resource_same(((const StoreDisk *)g_ptr_array_index(disks, i - 1))->group, group))
            g_ptr_array_remove_index(disks, i - 1);
    }
    if (disks)
        g_ptr_array_sort(disks, token_order);
    if (!disks || !page_read(call, &(PageItems){ disks->len, disk_token, disks }, &page, error))
        return NULL;
    for (guint i = page.first; i < page.first + page.count; i++) {
        g_autoptr(json_t) body = disk_json(call, tx, g_ptr_array_index(disks, i), error);
        if (!body)
            return NULL;
        page_add(bodies, body);
    }
    return page_respond(call, bodies, &page);
}

static ApiResponse *
all_disks(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    return tx ? disks_respond(call, tx, /* group= */ NULL, error) : NULL;
}

static ApiResponse *
group_disks(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) group = tx ? call_group(tx, call->params[PARAM_GROUP], error) : NULL;
    return group ? disks_respond(call, tx, group->name, error) : NULL;
}

/* ---- one: its group may be gone, and it is there still ---- */

static StoreDisk *
disk_find(Call *call, StoreTx *tx, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreDisk) disk = store_disk_get(tx, call->params[PARAM_DISK], &lookup);
    if (disk && resource_same(disk->group, call->params[PARAM_GROUP]))
        return g_steal_pointer(&disk);
    if (lookup)
        g_propagate_error(error, lookup);
    else
        arm_fail(error, ARM_RESOURCE_NOT_FOUND, NULL,
                 "The Resource 'Microsoft.Compute/disks/%.100s' under resource group '%.100s' was not found.",
                 call->params[PARAM_DISK], call->params[PARAM_GROUP]);
    return NULL;
}

static ApiResponse *
disk_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreDisk) disk = tx ? disk_find(call, tx, error) : NULL;
    g_autoptr(json_t) body = disk ? disk_json(call, tx, disk, error) : NULL;
    return body ? respond_json(200, body) : NULL;
}

static ApiResponse *
disk_delete(Call *call, GError **error)
{
    const ApiProbe *probe = &call->api->probe;
    g_autoptr(GError) missing = NULL;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(StoreDisk) disk = tx ? disk_find(call, tx, &missing) : NULL;
    if (g_error_matches(missing, ARM_ERROR, ARM_RESOURCE_NOT_FOUND))
        return respond_empty(204);
    if (missing)
        g_propagate_error(error, g_steal_pointer(&missing));
    if (!disk)
        return NULL;
    if (disk->set_id != 0) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                 "Disk '%s' is attached to instance %u of scale set '%s'; detach it first.", disk->id, disk->instance,
                 disk->set_name);
        return NULL;
    }
    /* The file first: what is left of this by a crash is an entry without a file, which goes when its time is over. */
    if (!probe->disk_remove(probe->data, disk->file, error) || !store_disk_delete(tx, disk->id, error) ||
        !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_empty(200);
}

const Route routes_disks[] = {
    { "GET", "/subscriptions/{subscription}" DISKS, all_disks, 0, PAGE_QUERY },
    { "GET", GROUP DISKS, group_disks, 0, PAGE_QUERY },
    { "GET", GROUP DISKS "/{disk}", disk_get, 0, NO_QUERY },
    { "DELETE", GROUP DISKS "/{disk}", disk_delete, 0, NO_QUERY },
    { 0 },
};
