#include "api/capacity.h"

#include "base/json.h"
#include "store/desire.h"

#include <string.h>

static gboolean
instances_add(StoreTx *tx, StoreSet *set, const Model *model, guint count, StoreOperation *operation, UnixTime now,
              GError **error)
{
    for (guint i = 0; i < count; i++) {
        g_autoptr(StoreInstance) instance = instance_new(set, model, set->next_instance++, now);
        instance->operation = g_strdup(operation->id);
        if (!store_instance_insert(tx, instance, error))
            return FALSE;
    }
    operation->total += count;
    operation->pending += count;
    return store_operation_update(tx, operation, error) && store_set_update(tx, set, 0, error);
}

/* What a rolling upgrade has beyond the capacity for a while is its own; for what is in quarantine there is another. */
static gboolean
is_part(const StoreInstance *instance)
{
    return !instance->want_deleted && !instance->surge && !instance->replaced;
}

void
scaling_clear(Scaling *scaling)
{
    g_clear_pointer(&scaling->leaving, g_array_unref);
}

gboolean
capacity_decide(StoreTx *tx, const StoreSet *set, const Model *model, Scaling *ret_scaling, GError **error)
{
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    guint present = 0;
    if (!instances)
        return FALSE;
    for (guint i = 0; i < instances->len; i++)
        present += is_part(g_ptr_array_index(instances, i)) ? 1 : 0;
    g_autoptr(GPtrArray) chosen =
        desire_scale_in(instances, &model->policy.scale_in, present - MIN(present, model->capacity), error);
    if (!chosen)
        return FALSE;
    *ret_scaling = (Scaling){ model->capacity - MIN(model->capacity, present), g_array_new(FALSE, FALSE, sizeof(guint)) };
    for (guint i = 0; i < chosen->len; i++)
        g_array_append_val(ret_scaling->leaving, ((const StoreInstance *)g_ptr_array_index(chosen, i))->id);
    return TRUE;
}

static gboolean
instances_remove(StoreTx *tx, const StoreSet *set, const ScaleInPolicy *policy, const GArray *ids, StoreOperation *operation,
                 UnixTime now, GError **error)
{
    g_autoptr(GHashTable) models = models_by_revision_new();
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(StoreInstance) instance = store_instance_get(tx, set->id, g_array_index(ids, guint, i), error);
        if (!instance)
            return FALSE;
        desire_deletion(instance, policy->force_deletion);
        if (!models_notice_give(models, tx, set, instance, now, error) ||
            !step_begin_or_take_over(tx, operation, instance, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
capacity_meet(StoreTx *tx, StoreSet *set, const Model *model, const Scaling *scaling, StoreOperation *operation, UnixTime now,
              GError **error)
{
    if (scaling->more > 0)
        return instances_add(tx, set, model, scaling->more, operation, now, error);
    return instances_remove(tx, set, &model->policy.scale_in, scaling->leaving, operation, now, error);
}

gboolean
capacity_write(StoreTx *tx, StoreSet *set, guint capacity, UnixTime now, GError **error)
{
    g_autoptr(StoreModel) model = store_model_get(tx, set->id, set->revision, error);
    g_autoptr(json_t) document = model ? json_parse(model->document, strlen(model->document), error) : NULL;
    if (!document)
        return FALSE;
    set->capacity = capacity;
    set->revision++;
    json_object_set_new(json_object_get(document, "sku"), "capacity", json_integer(capacity));
    g_free(model->document);
    model->document = json_text(document);
    model->revision = set->revision;
    model->created = now;
    return store_model_insert(tx, set->id, model, error) && store_set_update(tx, set, 0, error);
}
