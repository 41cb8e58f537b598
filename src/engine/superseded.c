#include "engine/superseded.h"

/* An upgrade changes very many rows within seconds. */
#define LOOK_AFTER (30 * USEC_PER_SEC)

static gboolean
event_note(const Engine *engine, StoreTx *tx, const StoreBaseline *baseline, const char *what, UnixTime now, GError **error)
{
    g_autofree char *resource = g_strdup_printf("/subscriptions/%s/providers/Testudo.Attestation/baselines/%" G_GINT64_FORMAT,
                                                engine->subscription ? engine->subscription : "", baseline->id);
    g_autofree char *message = g_strdup_printf("Baseline of image %s, %u vCPUs, %u MiB, %s", baseline->image_urn,
                                               baseline->vcpus, baseline->memory_mib, what);
    return store_event_note(tx, operation_kind_text(OPERATION_APPROVE_BASELINE), resource, "engine", message, now, error);
}

static gboolean
withdraw_all(Engine *engine, StoreTx *tx, const GPtrArray *baselines, UnixTime now, GError **error)
{
    for (guint i = 0; i < baselines->len; i++) {
        const StoreBaseline *baseline = g_ptr_array_index(baselines, i);
        if (!store_baseline_withdraw(tx, baseline->id, "engine", /* superseded= */ TRUE, now, error) ||
            !event_note(engine, tx, baseline, "is withdrawn: the last instance that needed it is gone.", now, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
restore_all(Engine *engine, StoreTx *tx, const GPtrArray *baselines, UnixTime now, GError **error)
{
    for (guint i = 0; i < baselines->len; i++) {
        const StoreBaseline *baseline = g_ptr_array_index(baselines, i);
        if (!store_baseline_restore(tx, baseline->id, error) ||
            !event_note(engine, tx, baseline, "holds again: a scale set went back to this image and size.", now, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
superseded_restore(Pass *pass, const char *image_urn, guint vcpus, guint memory_mib, gboolean *ret_any, GError **error)
{
    g_autoptr(GPtrArray) again = store_baseline_list_superseded(pass->tx, image_urn, vcpus, memory_mib, error);
    if (!again || !restore_all(pass->engine, pass->tx, again, pass->now, error))
        return FALSE;
    *ret_any = again->len > 0;
    return TRUE;
}

/* Mostly there is nothing to write, and then nobody is kept from writing. */
static gboolean
is_any(Engine *engine, gboolean *ret_any, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(engine->store, error);
    g_autoptr(GPtrArray) unneeded = tx ? store_baseline_list_unneeded(tx, error) : NULL;
    g_autoptr(GPtrArray) again = unneeded ? store_baseline_list_needed_again(tx, error) : NULL;
    *ret_any = again && unneeded->len + again->len > 0;
    return again != NULL;
}

static gboolean
follow(Engine *engine, GError **error)
{
    const UnixTime now = engine->clock->now(engine->clock);
    gboolean any;
    if (!is_any(engine, &any, error))
        return FALSE;
    if (!any)
        return TRUE;
    g_autoptr(StoreTx) tx = store_write(engine->store, error);
    g_autoptr(GPtrArray) unneeded = tx ? store_baseline_list_unneeded(tx, error) : NULL;
    g_autoptr(GPtrArray) again = unneeded ? store_baseline_list_needed_again(tx, error) : NULL;
    return again && engine_subscription_know(engine, tx, error) && withdraw_all(engine, tx, unneeded, now, error) &&
           restore_all(engine, tx, again, now, error) && store_commit(g_steal_pointer(&tx), error);
}

static void
on_look(void *data)
{
    Engine *engine = data;
    g_autoptr(GError) error = NULL;
    engine->superseded_timer = 0;
    if (!follow(engine, &error)) {
        g_warning("baselines could not be looked through, and are again later: %s", error->message);
        superseded_look_soon(engine);
    }
}

void
superseded_look_soon(Engine *engine)
{
    if (!engine->superseded_timer)
        engine->superseded_timer =
            engine->clock->timer_add(engine->clock, engine->clock->now(engine->clock) + LOOK_AFTER, on_look, engine);
}

void
superseded_stop(Engine *engine)
{
    if (engine->superseded_timer)
        engine->clock->timer_remove(engine->clock, engine->superseded_timer);
    engine->superseded_timer = 0;
}
