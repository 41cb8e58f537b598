/* What its retention time is over for is removed. */
#include "engine/sets.h"

#include <errno.h>
#include <unistd.h>

#define UPKEEP_EVERY (3600 * USEC_PER_SEC)
#define EVENTS_KEPT  (90 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC)

static gboolean
disks_prune(StoreTx *tx, UnixTime now, GError **error)
{
    g_autoptr(GPtrArray) disks = store_disk_list(tx, error);
    if (!disks)
        return FALSE;
    for (guint i = 0; i < disks->len; i++) {
        const StoreDisk *disk = g_ptr_array_index(disks, i);
        if (disk->kept_until > now)
            continue;
        if (unlink(disk->file) != 0 && errno != ENOENT) {
            g_warning("cannot remove the kept disk '%s': %s", disk->file, g_strerror(errno));
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

/* A scale set without instances is known only because it changed once. */
static gboolean
is_empty(gpointer key, gpointer value, gpointer data)
{
    const SetTracked *set = value;
    (void)key;
    (void)data;
    return set->n_tracked == 0 && !set->dirty;
}

void
engine_upkeep(Engine *engine)
{
    UnixTime now = engine->clock->now(engine->clock);
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_write(engine->store, &error);
    g_hash_table_foreach_remove(engine->sets, is_empty, NULL);
    gboolean ok = tx && store_operation_prune(tx, now - engine->config.operation_retention_usec, &error) &&
                  store_event_prune(tx, now - EVENTS_KEPT, &error) && disks_prune(tx, now, &error) &&
                  store_commit(g_steal_pointer(&tx), &error);
    if (!ok)
        g_warning("upkeep failed and is tried again in an hour: %s", error->message);
    engine->upkeep_timer = engine->clock->timer_add(engine->clock, now + UPKEEP_EVERY, on_upkeep, engine);
}
