#include "store/models.h"

#include "base/json.h"
#include "store/desire.h"

#include <string.h>

Model *
model_of_revision(StoreTx *tx, gint64 set_id, const char *set_name, guint revision, StoreModel **ret_row, json_t **ret_document,
                  GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreModel) row = store_model_get(tx, set_id, revision, &lookup);
    if (!row) {
        if (lookup)
            g_propagate_error(error, lookup);
        else
            arm_fail(error, ARM_INTERNAL, NULL, "Scale set '%s' has no model revision %u.", set_name, revision);
        return NULL;
    }
    g_autoptr(json_t) document = json_parse(row->document, strlen(row->document), error);
    Model *model = document ? model_decode(document, set_name, error) : NULL;
    if (model && ret_document)
        *ret_document = g_steal_pointer(&document);
    if (model && ret_row)
        *ret_row = g_steal_pointer(&row);
    return model;
}

GHashTable *
models_by_revision_new(void)
{
    return g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)model_unref);
}

Model *
models_by_revision_get(GHashTable *models, StoreTx *tx, const StoreSet *set, guint revision, GError **error)
{
    Model *model = g_hash_table_lookup(models, GUINT_TO_POINTER(revision));
    if (model)
        return model;
    model = model_of_revision(tx, set->id, set->name, revision, /* ret_row= */ NULL, /* ret_document= */ NULL, error);
    if (model)
        g_hash_table_insert(models, GUINT_TO_POINTER(revision), model);
    return model;
}

gboolean
models_notice_give(GHashTable *models, StoreTx *tx, const StoreSet *set, StoreInstance *instance, UnixTime now, GError **error)
{
    guint newest;
    /* It never ran: nobody is there to be told. */
    if (instance->revision == 0)
        return TRUE;
    if (!store_model_alike(tx, set->id, instance->revision, &newest, error))
        return FALSE;
    const Model *model = models_by_revision_get(models, tx, set, newest, error);
    if (model)
        desire_notice(instance, &model->policy, now);
    return model != NULL;
}
