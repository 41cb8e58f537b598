#include "engine/sets.h"

#include "engine/os_upgrade.h"
#include "engine/repairs.h"
#include "engine/revisions.h"
#include "engine/roll_run.h"

#include <string.h>

/* Rows read at a time where a set is told of all of them: it may have very many. */
#define ROWS_AT_A_TIME 1024

SetTracked *
engine_set(Engine *engine, StoreTx *tx, gint64 id, GError **error)
{
    SetTracked *set = g_hash_table_lookup(engine->sets, &id);
    if (set)
        return set;
    GError *lookup = NULL;
    g_autoptr(StoreSet) row = store_set_get_by_id(tx, id, &lookup);
    if (!row) {
        if (lookup)
            g_propagate_error(error, lookup);
        else
            arm_fail(error, ARM_INTERNAL, NULL, "Instances are left of scale set number %" G_GINT64_FORMAT ", which is gone.",
                     id);
        return NULL;
    }
    set = g_new0(SetTracked, 1);
    set->engine = engine;
    set->id = id;
    set->uid = g_steal_pointer(&row->uid);
    set->group = g_steal_pointer(&row->group);
    set->name = g_steal_pointer(&row->name);
    set->fleet = fleet_new();
    g_hash_table_insert(engine->sets, &set->id, set);
    g_hash_table_insert(engine->sets_by_uid, set->uid, set);
    return set;
}

SetTracked *
engine_set_known(Engine *engine, const char *uid, gsize uid_length)
{
    g_autofree char *text = g_strndup(uid, uid_length);
    return g_hash_table_lookup(engine->sets_by_uid, text);
}

static void
wake_disarm(SetTracked *set)
{
    Clock *clock = set->engine->clock;
    if (set->wake_timer)
        clock->timer_remove(clock, set->wake_timer);
    set->wake_timer = 0;
}

void
engine_set_free(void *data)
{
    SetTracked *set = data;
    g_hash_table_remove(set->engine->sets_by_uid, set->uid);
    set->engine->n_stale -= set->stale;
    revisions_lost(set);
    if (set->dirty)
        g_queue_delete_link(&set->engine->dirty_sets, set->dirty);
    engine_set_drop_aim(set);
    wake_disarm(set);
    fleet_free(set->fleet);
    g_free(set->uid);
    g_free(set->group);
    g_free(set->name);
    g_free(set);
}

/* Does a change of any of its instances mean something for what is planned for the set? */
static gboolean
is_concerned(const SetTracked *set)
{
    return set->roll || set->upgrade_waits || repairs_concerned(set);
}

void
engine_row_seen(Engine *engine G_GNUC_UNUSED, Tracked *tracked, const StoreInstance *row)
{
    const Member member = member_of(row, tracked->set->roll);
    if (member_counts(row))
        fleet_put(tracked->set->fleet, &member);
    else
        fleet_remove(tracked->set->fleet, row->id);
    if (is_concerned(tracked->set))
        engine_set_mark_dirty(tracked->set);
    if (!tracked->counted)
        tracked->set->n_instances++;
    tracked->counted = TRUE;
}

void
engine_row_gone(Engine *engine G_GNUC_UNUSED, Tracked *tracked)
{
    fleet_remove(tracked->set->fleet, tracked->id);
    if (is_concerned(tracked->set))
        engine_set_mark_dirty(tracked->set);
    if (tracked->counted)
        tracked->set->n_instances--;
    tracked->counted = FALSE;
}

void
engine_rows_lost(SetTracked *set)
{
    set->engine->n_stale += !set->stale;
    set->stale = TRUE;
}

static gboolean
set_tell_all(Engine *engine, StoreTx *tx, SetTracked *set, GError **error)
{
    gint64 after = -1;
    guint n;
    fleet_free(set->fleet);
    set->fleet = fleet_new();
    set->n_instances = 0;
    do {
        g_autoptr(GPtrArray) rows = store_instance_page(tx, set->id, after, ROWS_AT_A_TIME, error);
        if (!rows)
            return FALSE;
        n = rows->len;
        for (guint i = 0; i < n; i++) {
            const StoreInstance *row = g_ptr_array_index(rows, i);
            Tracked *tracked = engine_track(engine, set, row->id);
            tracked->counted = FALSE;
            engine_row_seen(engine, tracked, row);
            after = row->id;
        }
    } while (n == ROWS_AT_A_TIME);
    return TRUE;
}

gboolean
engine_sets_refresh(Engine *engine, StoreTx *tx, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    if (engine->n_stale == 0)
        return TRUE;
    g_hash_table_iter_init(&iter, engine->sets);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        SetTracked *set = value;
        if (!set->stale)
            continue;
        if (!set_tell_all(engine, tx, set, error))
            return FALSE;
        /* Its aim is taken anew when it is planned. */
        engine_set_drop_aim(set);
        engine_set_mark_dirty(set);
        engine->n_stale--;
        set->stale = FALSE;
    }
    return TRUE;
}

/* ---- what is planned for a set as a whole ---- */

void
engine_set_mark_dirty(SetTracked *set)
{
    if (set->dirty)
        return;
    g_queue_push_tail(&set->engine->dirty_sets, set);
    set->dirty = set->engine->dirty_sets.tail;
}

SetTracked *
engine_set_dirty_pop(Engine *engine)
{
    SetTracked *set = g_queue_pop_head(&engine->dirty_sets);
    if (set)
        set->dirty = NULL;
    return set;
}

static gboolean
is_on_target(guint revision, void *data)
{
    return g_hash_table_contains(data, GUINT_TO_POINTER(revision));
}

static GHashTable *
on_target_load(StoreTx *tx, gint64 set_id, guint target, GError **error)
{
    g_autoptr(GPtrArray) models = store_model_list(tx, set_id, error);
    g_autoptr(StoreModel) wanted = models ? store_model_get(tx, set_id, target, error) : NULL;
    if (!wanted)
        return NULL;
    GHashTable *on_target = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < models->len; i++) {
        const StoreModel *model = g_ptr_array_index(models, i);
        if (strcmp(model->effect_key, wanted->effect_key) == 0)
            g_hash_table_add(on_target, GUINT_TO_POINTER(model->revision));
    }
    return on_target;
}

static void
aim_clear(SetTracked *set)
{
    if (set->roll)
        set->engine->n_rolls--;
    set->roll = 0;
    set->target = 0;
    fleet_aim(set->fleet, NULL, NULL, FALSE);
    g_clear_pointer(&set->on_target, g_hash_table_unref);
}

gboolean
engine_set_take_aim(Pass *pass, SetTracked *set, const StoreRoll *roll, gboolean ill_first, GError **error)
{
    GHashTable *on_target = on_target_load(pass->tx, set->id, roll->target, error);
    if (!on_target)
        return FALSE;
    gboolean new_roll = set->roll != roll->id;
    if (new_roll)
        engine_set_drop_aim(set);
    else
        aim_clear(set);
    set->roll = roll->id;
    set->target = roll->target;
    set->on_target = on_target;
    set->engine->n_rolls++;
    /* This one's marks count from now on; before its first batch there are none. */
    if (new_roll && roll->batch > 0 && (!pass_write(pass, error) || !set_tell_all(set->engine, pass->tx, set, error)))
        return FALSE;
    fleet_aim(set->fleet, is_on_target, on_target, ill_first);
    return TRUE;
}

void
engine_set_drop_aim(SetTracked *set)
{
    /* Its marks count no more. */
    if (set->roll && fleet_unmark(set->fleet) > 0)
        engine_rows_lost(set);
    aim_clear(set);
}

static void
on_wake(void *data)
{
    SetTracked *set = data;
    set->wake_timer = 0;
    engine_set_mark_dirty(set);
    engine_kick(set->engine);
}

static void
wake_arm(SetTracked *set, UnixTime at)
{
    Clock *clock = set->engine->clock;
    if (set->wake_timer && set->wake_at == at)
        return;
    wake_disarm(set);
    set->wake_at = at;
    if (at)
        set->wake_timer = clock->timer_add(clock, at, on_wake, set);
}

static gboolean
set_plan(Pass *pass, SetTracked *set, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreSet) row = store_set_get_by_id(pass->tx, set->id, &lookup);
    UnixTime wake = 0, repair = 0;
    gboolean more = FALSE;
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (!row || row->deleting) {
        engine_set_drop_aim(set);
        wake_disarm(set);
        return TRUE;
    }
    guint revision = row->revision;
    if (!os_upgrade_consider(pass, set, row, error) || !roll_run(pass, set, row, &wake, &more, error))
        return FALSE;
    if (!repairs_run(pass, set, revision, &repair, &more, error))
        return FALSE;
    wake_arm(set, wake && repair ? MIN(wake, repair) : wake + repair);
    if (more)
        engine_set_mark_dirty(set);
    return TRUE;
}

gboolean
engine_sets_plan(Pass *pass, GError **error)
{
    /* As many as there are now: one that has more to do waits for the next pass. */
    for (guint left = g_queue_get_length(&pass->engine->dirty_sets); left > 0; left--) {
        SetTracked *set = engine_set_dirty_pop(pass->engine);
        if (!set)
            break;
        g_ptr_array_add(pass->planned, set);
        if (!set_plan(pass, set, error))
            return FALSE;
    }
    return TRUE;
}
