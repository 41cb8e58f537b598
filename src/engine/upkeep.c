/* What its retention time is over for is removed, and alerts whose suppression is over are active again. */
#include "engine/sets.h"
#include "store/suppressions.h"

#define UPKEEP_EVERY (3600 * USEC_PER_SEC)
/* And what was attested of instances that are gone. */
#define EVENTS_KEPT (90 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC)

static gboolean
disks_prune(const Engine *engine, StoreTx *tx, UnixTime now, GError **error)
{
    g_autoptr(GPtrArray) disks = store_disk_list(tx, error);
    if (!disks)
        return FALSE;
    for (guint i = 0; i < disks->len; i++) {
        const StoreDisk *disk = g_ptr_array_index(disks, i);
        g_autoptr(GError) stuck = NULL;
        if (disk->set_id != 0 || disk->kept_until > now)
            continue;
        if (!host_disk_remove(engine->host, disk->file, &stuck)) {
            g_warning("%s", stuck->message);
            continue;
        }
        if (!store_disk_delete(tx, disk->id, error))
            return FALSE;
    }
    return TRUE;
}

static void
on_upkeep(void *data)
{
    Engine *engine = data;
    engine->upkeep_timer = 0;
    engine_upkeep(engine);
}

/* A scale set without instances is still planned for: what is known of it goes when it is deleted. */
static gboolean
sets_prune(const Engine *engine, StoreTx *tx, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, engine->sets);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const SetTracked *set = value;
        GError *lookup = NULL;
        if (set->n_tracked > 0 || set->dirty)
            continue;
        g_autoptr(StoreSet) row = store_set_get_by_id(tx, set->id, &lookup);
        if (lookup) {
            g_propagate_error(error, lookup);
            return FALSE;
        }
        if (!row)
            g_hash_table_iter_remove(&iter);
    }
    return TRUE;
}

void
engine_upkeep(Engine *engine)
{
    UnixTime now = engine->clock->now(engine->clock);
    guint revived; /* alerts whose rules have expired */
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_write(engine->store, &error);
    gboolean ok = tx && sets_prune(engine, tx, &error) &&
                  store_operation_prune(tx, now - engine->config.operation_retention_usec, &error) &&
                  store_event_prune(tx, now - EVENTS_KEPT, &error) && store_attestation_prune(tx, now - EVENTS_KEPT, &error) &&
                  store_suppressions_end(tx, engine->config.alerts_delivered, now, &revived, &error) &&
                  store_alert_prune(tx, now - EVENTS_KEPT, &error) && disks_prune(engine, tx, now, &error) &&
                  store_commit(g_steal_pointer(&tx), &error);
    if (!ok)
        g_warning("upkeep failed and is tried again in an hour: %s", error->message);
    engine->upkeep_timer = engine->clock->timer_add(engine->clock, now + UPKEEP_EVERY, on_upkeep, engine);
}
