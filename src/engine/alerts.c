#include "engine/alerts.h"

#include "engine/revisions.h"
#include "engine/told.h"
#include "store/suppressions.h"

static gboolean
deliver(Pass *pass, const StoreAlert *alert, gboolean fired, GError **error)
{
    const StoreDelivery delivery = { .alert = alert->id, .fired = fired, .at = pass->now, .due = pass->now };
    return !pass->engine->config.alerts_delivered || store_delivery_add(pass->tx, &delivery, error);
}

static StoreAlert *
open_find(const GPtrArray *open, AlertKind kind, const char *code)
{
    for (guint i = 0; i < open->len; i++) {
        StoreAlert *alert = g_ptr_array_index(open, i);
        if (alert->kind == kind && g_strcmp0(alert->code, code) == 0)
            return alert;
    }
    return NULL;
}

static gboolean
seen_again(Pass *pass, StoreAlert *alert, const char *message, GError **error)
{
    alert->seen = pass->now;
    g_free(alert->message);
    alert->message = g_strdup(message);
    return store_alert_update(pass->tx, alert, error);
}

gboolean
alert_raise(Pass *pass, const SetTracked *set, guint id, AlertKind kind, const char *code, const char *message, GError **error)
{
    g_autoptr(GPtrArray) open = store_alert_list_open(pass->tx, set->id, id, error);
    if (!open || !engine_subscription_know(pass->engine, pass->tx, error))
        return FALSE;
    StoreAlert *known = open_find(open, kind, code);
    if (known)
        return seen_again(pass, known, message, error);
    g_autoptr(StoreAlert) alert = g_new0(StoreAlert, 1);
    alert->name = g_uuid_string_random();
    alert->set_id = set->id;
    alert->instance = id;
    alert->resource = engine_instance_resource(set, id);
    alert->kind = kind;
    alert->code = g_strdup(code);
    alert->message = g_strdup(message);
    alert->open = TRUE;
    alert->raised = alert->seen = alert->changed = pass->now;
    if (!store_suppression_find(pass->tx, alert, pass->now, &alert->suppressed_by, error))
        return FALSE;
    if (alert->suppressed_by) {
        alert->status = ALERT_DISMISSED;
        alert->changed_by = g_strdup("engine");
    }
    return store_alert_add(pass->tx, alert, error) && (alert->suppressed_by || deliver(pass, alert, /* fired= */ TRUE, error));
}

/* Who dismissed it knows of it already. */
static gboolean
end(Pass *pass, StoreAlert *alert, GError **error)
{
    const gboolean told = alert->status == ALERT_ACTIVE || alert->status == ALERT_IN_PROGRESS;
    alert->open = FALSE;
    if (told) {
        alert->status = ALERT_RESOLVED;
        alert->changed = pass->now;
        g_free(alert->changed_by);
        alert->changed_by = g_strdup("engine");
    }
    return store_alert_update(pass->tx, alert, error) && (!told || deliver(pass, alert, /* fired= */ FALSE, error));
}

gboolean
alerts_end(Pass *pass, const SetTracked *set, guint id, guint kinds, GError **error)
{
    g_autoptr(GPtrArray) open = store_alert_list_open(pass->tx, set->id, id, error);
    for (guint i = 0; open && i < open->len; i++) {
        StoreAlert *alert = g_ptr_array_index(open, i);
        if ((kinds & 1u << alert->kind) && !end(pass, alert, error))
            return FALSE;
    }
    return open != NULL;
}

/* Who dismissed what booted before, or was told of it, knows nothing of this. */
static gboolean
other_deviation_end(Pass *pass, const Held *held, const StoreAttestation *made, GError **error)
{
    if (made->integrity != INTEGRITY_DEVIATION)
        return TRUE;
    g_autoptr(GPtrArray) open = store_alert_list_open(pass->tx, held->tracked->set->id, held->row->id, error);
    StoreAlert *known = open ? open_find(open, ALERT_DEVIATION, made->code) : NULL;
    return open && (!known || g_strcmp0(known->message, made->reason) == 0 || end(pass, known, error));
}

gboolean
alerts_follow(Pass *pass, Held *held, const StoreAttestation *made, GError **error)
{
    static const AlertKind kinds[INTEGRITY_N] = {
        [INTEGRITY_DEVIATION] = ALERT_DEVIATION,
        [INTEGRITY_NOT_ATTESTED] = ALERT_EVIDENCE,
        [INTEGRITY_UNREACHABLE] = ALERT_SILENCE,
    };
    const gboolean fails = integrity_fails(made->integrity) && !held->row->integrity_by_model;
    /* What was healthy before has no alerts. */
    if (!fails && (made->integrity != INTEGRITY_HEALTHY || held->row->integrity == INTEGRITY_HEALTHY))
        return TRUE;
    const Revision *revision = revision_get(pass, held->tracked->set, held->row->revision, error);
    if (!revision)
        return FALSE;
    if (!fails || !revision->model->attestation || !revision->model->attestation->alerts)
        return alerts_end(pass, held->tracked->set, held->row->id, ALERTS_OF_A_BOOT, error);
    return other_deviation_end(pass, held, made, error) &&
           alert_raise(pass, held->tracked->set, held->row->id, kinds[made->integrity], made->code, made->reason, error);
}
