#include "engine/consequences.h"

#include "engine/attest.h"
#include "engine/health.h"
#include "engine/replace.h"
#include "engine/sets.h"
#include "engine/told.h"
#include "store/desire.h"
#include "store/roll_steps.h"

static void
out_of_health_set(Held *held, gboolean out)
{
    if (held->row->out_of_health == out)
        return;
    held->row->out_of_health = out;
    pass_changed(held);
}

void
consequences_end(Held *held)
{
    out_of_health_set(held, FALSE);
}

/* ---- quarantine ---- */

static gboolean
is_in_a_roll(const Held *held)
{
    const StoreInstance *row = held->row;
    return held->tracked->set->roll != 0 && row->roll == held->tracked->set->roll && row->roll_mark != ROLL_MARK_NONE &&
           row->roll_mark != ROLL_MARK_DONE && row->roll_mark != ROLL_MARK_FAILED;
}

static gboolean
is_due(const Pass *pass, const Held *held, const Model *model)
{
    const StoreInstance *row = held->row;
    return model->attestation->deviation == DEVIATION_QUARANTINED && row->integrity == INTEGRITY_DEVIATION &&
           pass->engine->attached && !row->operation && !row->surge && !row->protect_scale_set_actions && !is_in_a_roll(held);
}

static char *
told_of(Pass *pass, const Held *held, GError **error)
{
    const StoreInstance *row = held->row;
    g_autoptr(GPtrArray) last = store_attestation_list(pass->tx, held->tracked->set->id, row->id, 1, error);
    if (!last)
        return NULL;
    const StoreAttestation *made = last->len > 0 ? g_ptr_array_index(last, 0) : NULL;
    return g_strdup_printf(
        "Instance %u is in quarantine: it stands still, its network is cut, and its disk, guest state and logs "
        "are kept. %s%s",
        row->id, made && made->reason ? made->reason : "",
        row->stands_in ? " It came in the place of another one in quarantine: no third one is made." : "");
}

/* In the operation of the quarantine, which ends when it has booted. */
static gboolean
replacement_add(Pass *pass, Held *held, StoreSet *set, const StoreOperation *operation, GError **error)
{
    Held *other = engine_successor_add(pass, held->tracked->set, set, held->row, operation->id, error);
    if (!other)
        return FALSE;
    /* There is nothing to wait for: the other one stays. */
    other->row->replaces = 0;
    other->row->stands_in = TRUE;
    held->row->replaced = TRUE;
    return TRUE;
}

static gboolean
quarantine(Pass *pass, Held *held, GError **error)
{
    SetTracked *set = held->tracked->set;
    StoreInstance *row = held->row;
    /* What is written of steps that ended may change the set's row, and quota is a sum over rows. */
    g_autoptr(StoreSet) set_row = engine_subscription_know(pass->engine, pass->tx, error) && pass_write(pass, error)
                                      ? pass_set_row(pass, set, error)
                                      : NULL;
    if (!set_row || set_row->deleting)
        return set_row != NULL;
    g_autofree char *id = engine_instance_resource(set, row->id), *message = told_of(pass, held, error);
    g_autoptr(StoreOperation) operation = message
                                              ? operation_begin(pass->tx, OPERATION_QUARANTINE, set_row, id, set_row->location,
                                                                /* of_set= */ FALSE, "engine", pass->now, error)
                                              : NULL;
    if (!operation || !operation_warn(pass->tx, operation, "engine", message, pass->now, error))
        return FALSE;
    g_message("scale set '%s': %s", set->name, message);
    row->repairing = FALSE;
    row->quarantined = pass->now;
    /* Nothing takes it back to what it was. */
    held->release = held->release || row->undo_revision != 0;
    roll_forget(row);
    isolation_follow(held);
    attest_stop(held->tracked);
    health_stop(held->tracked);
    if (row->stands_in ? !operation_end(pass->tx, operation, pass->now, error)
                       : !replacement_add(pass, held, set_row, operation, error))
        return FALSE;
    pass_changed_now(held);
    return TRUE;
}

gboolean
consequences_follow(Pass *pass, Held *held, const Model *model, GError **error)
{
    out_of_health_set(held, model->attestation->deviation != DEVIATION_REPORTED && integrity_is_against(held->row));
    return !is_due(pass, held, model) || quarantine(pass, held, error);
}

/* ---- the host ---- */

static gboolean
is_isolated(const Held *held)
{
    return held->row && held->row->quarantined && held->row->alive;
}

void
isolation_follow(Held *held)
{
    held->isolate = held->tracked->isolated != is_isolated(held);
}

void
isolation_tell(const Pass *pass)
{
    for (guint i = 0; i < pass->held->len; i++) {
        const Held *held = g_ptr_array_index(pass->held, i);
        if (!held->isolate)
            continue;
        g_autofree char *key = engine_key_of(held->tracked->set, held->tracked->id);
        held->tracked->isolated = is_isolated(held);
        host_isolate(pass->engine->host, key, held->tracked->isolated);
    }
}
