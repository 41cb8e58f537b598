#include "engine/replace.h"

#include "engine/growth.h"
#include "engine/revisions.h"
#include "rollout/creation.h"
#include "store/desire.h"

/* The newest; but where that makes it larger, and quota has no room for it, the one that the old one has. */
static gboolean
revision_choose(Pass *pass, SetTracked *set, const StoreSet *row, const StoreInstance *like, guint *ret_revision,
                GError **error)
{
    const EngineConfig *config = &pass->engine->config;
    const Revision *old = revision_get(pass, set, like->want_revision, error);
    if (!old)
        return FALSE;
    g_autoptr(Model) from = model_ref(old->model);
    const Revision *newest = revision_get(pass, set, row->revision, error);
    if (!newest)
        return FALSE;
    const char *to = newest->model->size_name;
    const Growth growth = growth_between(config, from->size_name, to);
    *ret_revision = row->revision;
    if (!config->quota || !growth_is_any(&growth))
        return TRUE;
    g_autoptr(StoreUsage) usage = store_usage(pass->tx, /* except_set= */ 0, error);
    if (usage && !growth_fits(config, usage, to, &growth))
        *ret_revision = like->want_revision;
    return usage != NULL;
}

Held *
engine_successor_add(Pass *pass, SetTracked *set, StoreSet *row, const StoreInstance *like, const char *operation,
                     GError **error)
{
    guint number;
    const Revision *revision =
        revision_choose(pass, set, row, like, &number, error) ? revision_get(pass, set, number, error) : NULL;
    if (!revision)
        return NULL;
    g_autoptr(StoreInstance) instance = instance_new(row, revision->model, row->next_instance, pass->now);
    instance->want_revision = number;
    instance->replaces = like->id + 1;
    instance->repairing = like->repairing;
    /* The place is the same: what deviates again would go on for ever. */
    instance->stands_in = like->stands_in;
    step_join(pass->ledger, operation, instance);
    return pass_add(pass, set, row, g_steal_pointer(&instance), error);
}

/* Only the launch that it was created with: what somebody started again later is theirs, and a later step that asks for no
 * launch does not create it. */
static gboolean
is_in_creation(const StoreInstance *instance)
{
    return instance->epoch <= 1 && instance->deadline != 0 && instance->repair_after == 0 && !instance->surge &&
           instance->roll_mark == ROLL_MARK_NONE && instance->operation && instance->want_power == POWER_RUNNING &&
           !instance->want_deleted;
}

gboolean
engine_creation_repeat(Pass *pass, Held *held, gboolean *ret_replaced, GError **error)
{
    StoreInstance *instance = held->row;
    SetTracked *set = held->tracked->set;
    ArmCode code = instance->failure ? (ArmCode)(instance->failure - 1) : ARM_INTERNAL;
    *ret_replaced = FALSE;
    if (!is_in_creation(instance) || !creation_is_repeated(code, instance->attempt))
        return TRUE;
    g_autoptr(StoreSet) row = pass_write(pass, error) ? pass_set_row(pass, set, error) : NULL;
    const Revision *current = row ? revision_get(pass, set, row->revision, error) : NULL;
    if (!current)
        return FALSE;
    if (row->deleting || !current->model->policy.overprovision)
        return TRUE;
    Held *other = engine_successor_add(pass, set, row, instance, instance->operation, error);
    if (!other)
        return FALSE;
    other->row->attempt = instance->attempt + 1;
    g_message("instance %u of scale set '%s' could not be created (%s), and instance %u comes in its place", instance->id,
              set->name, instance->failure_message ? instance->failure_message : "", other->row->id);
    desire_deletion(instance, /* forced= */ TRUE);
    instance->repairing = FALSE;
    pass_changed(held);
    *ret_replaced = TRUE;
    return TRUE;
}

gboolean
engine_predecessor_awaited(Engine *engine, const Tracked *tracked, const StoreInstance *instance)
{
    if (instance->replaces == 0 || instance->epoch > 0)
        return FALSE;
    Tracked *old = engine_lookup(engine, tracked->set, instance->replaces - 1);
    if (!old)
        return FALSE;
    g_hash_table_insert(engine->successors, old, GUINT_TO_POINTER(tracked->id));
    return TRUE;
}

void
engine_predecessor_gone(Engine *engine, const Tracked *tracked)
{
    gpointer id;
    if (!g_hash_table_steal_extended(engine->successors, tracked, NULL, &id))
        return;
    Tracked *successor = engine_lookup(engine, tracked->set, GPOINTER_TO_UINT(id));
    if (successor)
        engine_mark_dirty(engine, successor);
}
