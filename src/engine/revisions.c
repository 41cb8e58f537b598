#include "engine/revisions.h"

#include "store/models.h"

#include <string.h>

void
revision_free(Revision *revision)
{
    if (!revision)
        return;
    model_unref(revision->model);
    image_info_free(revision->image);
    g_free(revision->image_urn);
    g_free(revision);
}

void
revisions_lost(SetTracked *set)
{
    for (guint i = 0; i < REVISIONS_KEPT; i++)
        g_clear_pointer(&set->revisions[i], revision_free);
}

static Revision *
revision_load(StoreTx *tx, const SetTracked *set, guint number, GError **error)
{
    g_autoptr(StoreModel) row = NULL;
    Model *model = model_of_revision(tx, set->id, set->name, number, &row, /* ret_document= */ NULL, error);
    if (!model)
        return NULL;
    Revision *revision = g_new0(Revision, 1);
    revision->number = number;
    revision->model = model;
    revision->image_urn = g_steal_pointer(&row->image_urn);
    revision->vcpus = row->size_vcpus;
    revision->memory_mib = row->size_memory_mib;
    return revision;
}

/* The one used last stands first; the one that was not used for longest makes room. */
static Revision *
revision_find(Pass *pass, SetTracked *set, guint number, GError **error)
{
    Revision *wanted = NULL;
    guint at = 0;
    while (at < REVISIONS_KEPT - 1 && set->revisions[at] && set->revisions[at]->number != number)
        at++;
    if (set->revisions[at] && set->revisions[at]->number == number) {
        wanted = set->revisions[at];
    } else {
        wanted = revision_load(pass->tx, set, number, error);
        if (!wanted)
            return NULL;
        revision_free(set->revisions[at]);
    }
    memmove(&set->revisions[1], &set->revisions[0], at * sizeof set->revisions[0]);
    set->revisions[0] = wanted;
    return wanted;
}

const Revision *
revision_get(Pass *pass, SetTracked *set, guint number, GError **error)
{
    return revision_find(pass, set, number, error);
}

const Revision *
revision_with_image(Pass *pass, SetTracked *set, guint number, GError **error)
{
    Revision *revision = revision_find(pass, set, number, error);
    if (!revision || revision->looked_up == pass->number)
        return revision;
    const ImageRef *image = &revision->model->image;
    GError *lookup = NULL;
    ImageInfo *found = store_image_get(pass->tx, image->publisher, image->offer, image->sku, image->exact_version, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    image_info_free(revision->image);
    revision->image = found;
    revision->looked_up = pass->number;
    return revision;
}

gboolean
revision_has_agent(Pass *pass, SetTracked *set, guint number, gboolean *ret_has, GError **error)
{
    const Revision *revision = revision_with_image(pass, set, number, error);
    if (!revision)
        return FALSE;
    *ret_has = revision->image && revision->image->guest_agent;
    return TRUE;
}
