#include "engine/vtpm_keys.h"

#include "engine/alerts.h"
#include "engine/sets.h"

#define SAME_KEY "sameEndorsementKey"

/* A vTPM that was replaced since, or whose instance is gone, is nobody's copy. */
static gboolean
is_in_use(Pass *pass, const StoreVtpm *vtpm, gboolean *ret_in_use, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreInstance) instance = store_instance_get(pass->tx, vtpm->set_id, vtpm->instance, &lookup);
    *ret_in_use = instance && !instance->want_deleted && instance->vtpm_gen == vtpm->generation;
    if (lookup)
        g_propagate_error(error, lookup);
    return lookup == NULL;
}

/* Of StoreVtpm: those of others with this key. */
static GPtrArray *
others_of(Pass *pass, const SetTracked *set, guint id, const char *ek, GError **error)
{
    g_autoptr(GPtrArray) all = store_vtpm_list_of_key(pass->tx, ek, error);
    for (guint i = all ? all->len : 0; i > 0; i--) {
        const StoreVtpm *other = g_ptr_array_index(all, i - 1);
        gboolean in_use = FALSE;
        if ((other->set_id != set->id || other->instance != id) && !is_in_use(pass, other, &in_use, error))
            return NULL;
        if (!in_use)
            g_ptr_array_remove_index(all, i - 1);
    }
    return g_steal_pointer(&all);
}

static gboolean
raise_for(Pass *pass, const SetTracked *set, guint id, const SetTracked *other_set, guint other, GError **error)
{
    g_autofree char *message = g_strdup_printf(
        "The endorsement key of this instance's vTPM is that of instance %u of scale set '%s' too: the folder of "
        "one of the two is a copy, and neither is started again.",
        other, other_set->name);
    return alert_raise(pass, set, id, ALERT_SAME_KEY, SAME_KEY, message, error);
}

gboolean
vtpm_key_note(Pass *pass, const SetTracked *set, guint id, const char *ek, GError **error)
{
    g_autoptr(GPtrArray) others = others_of(pass, set, id, ek, error);
    if (!others || others->len == 0)
        return others && alerts_end(pass, set, id, 1u << ALERT_SAME_KEY, error);
    for (guint i = 0; i < others->len; i++) {
        const StoreVtpm *other = g_ptr_array_index(others, i);
        const SetTracked *other_set = engine_set(pass->engine, pass->tx, other->set_id, error);
        if (!other_set || !raise_for(pass, set, id, other_set, other->instance, error) ||
            !raise_for(pass, other_set, other->instance, set, id, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
vtpm_key_check(Pass *pass, const SetTracked *set, const StoreInstance *instance, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreVtpm) own = store_vtpm_get(pass->tx, set->id, instance->id, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (!own || own->generation != instance->vtpm_gen || !*own->ek)
        return TRUE;
    g_autoptr(GPtrArray) others = others_of(pass, set, instance->id, own->ek, error);
    if (!others || others->len == 0)
        return others && alerts_end(pass, set, instance->id, 1u << ALERT_SAME_KEY, error);
    return arm_fail(error, ARM_VTPM_FAILED, NULL,
                    "The endorsement key of its vTPM is that of instance %u of another folder too: one of the two is a copy. "
                    "Reimage or delete one of them.",
                    ((const StoreVtpm *)g_ptr_array_index(others, 0))->instance);
}
