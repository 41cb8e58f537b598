#include "rollout/fleet_internal.h"

/* ---- order keys: one number, so that a queue needs no memory of its own for them ---- */

G_STATIC_ASSERT(sizeof(gpointer) == sizeof(guint64));

#define ID_BITS 31

static gint
key_compare(gconstpointer a, gconstpointer b, gpointer data)
{
    (void)data;
    guint64 x = (guint64)(guintptr)a, y = (guint64)(guintptr)b;
    return x < y ? -1 : x > y;
}

/* In seconds, which is what waits are given in; 33 bits last until the year 2242. */
static guint64
key_by_time(const Member *member)
{
    guint64 seconds = (guint64)MAX(member->since / USEC_PER_SEC, 0);
    return (seconds << ID_BITS) | member->id;
}

static guint64
key_by_repair(const Member *member)
{
    return ((guint64)member->repair_from << ID_BITS) | member->id;
}

/* What candidates of one kind have in common: resting (1 bit), phase (31). */
static guint64
kind_of_candidate(const Member *member)
{
    guint64 resting = member->resting ? 1 : 0;
    return (resting << 31) | MIN(member->phase, (guint)FLEET_PHASE_LAST);
}

/* kind (32 bits), well (1), id (31) */
static guint64
key_of_candidate(const Fleet *fleet, const Member *member)
{
    guint64 later = fleet->ill_first && !member_is_ill(member) ? 1 : 0;
    return (kind_of_candidate(member) << (ID_BITS + 1)) | (later << ID_BITS) | member->id;
}

static gpointer
order_key(const Fleet *fleet, FleetQueue queue, const Member *member)
{
    switch (queue) {
    case FLEET_CANDIDATES:
        return (gpointer)(guintptr)key_of_candidate(fleet, member);
    case FLEET_UNDECIDED:
        return (gpointer)(guintptr)key_by_time(member);
    case FLEET_ILL:
    case FLEET_IN_VAIN:
        return (gpointer)(guintptr)key_by_repair(member);
    default:
        return GUINT_TO_POINTER(member->id);
    }
}

/* ---- the fleet ---- */

static void
entry_join(Fleet *fleet, Entry *entry)
{
    const guint queues = entry_queues(entry);
    entry_count(entry, 1, &fleet->counts);
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++) {
        if (queues & (1u << queue))
            g_tree_insert(fleet->queues[queue], order_key(fleet, (FleetQueue)queue, &entry->member), entry);
    }
}

static void
entry_leave(Fleet *fleet, const Entry *entry)
{
    const guint queues = entry_queues(entry);
    entry_count(entry, -1, &fleet->counts);
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++) {
        if (queues & (1u << queue))
            g_tree_remove(fleet->queues[queue], order_key(fleet, (FleetQueue)queue, &entry->member));
    }
}

Fleet *
fleet_new(void)
{
    Fleet *fleet = g_new0(Fleet, 1);
    fleet->entries = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++)
        fleet->queues[queue] = g_tree_new_full(key_compare, NULL, NULL, NULL);
    return fleet;
}

void
fleet_free(Fleet *fleet)
{
    if (!fleet)
        return;
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++)
        g_tree_unref(fleet->queues[queue]);
    g_hash_table_unref(fleet->entries);
    g_free(fleet);
}

static gboolean
aim_meets(const Fleet *fleet, guint revision)
{
    return !fleet->on_target || fleet->on_target(revision, fleet->on_target_data);
}

void
fleet_aim(Fleet *fleet, FleetOnTarget on_target, void *data, gboolean ill_first)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fleet->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        entry_leave(fleet, value);
    fleet->on_target = on_target;
    fleet->on_target_data = data;
    fleet->ill_first = ill_first;
    g_hash_table_iter_init(&iter, fleet->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Entry *entry = value;
        entry->on_target = aim_meets(fleet, entry->member.revision);
        entry_join(fleet, entry);
    }
}

guint
fleet_unmark(Fleet *fleet)
{
    GHashTableIter iter;
    gpointer value;
    guint waited_for = 0;
    g_hash_table_iter_init(&iter, fleet->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Entry *entry = value;
        if (entry->member.mark == ROLL_MARK_NONE)
            continue;
        waited_for += member_is_waited_for(&entry->member) ? 1 : 0;
        entry_leave(fleet, entry);
        entry->member.mark = ROLL_MARK_NONE;
        entry->member.health = entry->member.unmarked_health;
        entry_join(fleet, entry);
    }
    return waited_for;
}

void
fleet_put(Fleet *fleet, const Member *member)
{
    g_assert(member->id < (1u << ID_BITS));
    Entry *entry = g_hash_table_lookup(fleet->entries, GUINT_TO_POINTER(member->id));
    if (entry && member_is_same(&entry->member, member))
        return;
    if (entry) {
        entry_leave(fleet, entry);
    } else {
        entry = g_new(Entry, 1);
        g_hash_table_insert(fleet->entries, GUINT_TO_POINTER(member->id), entry);
    }
    entry->member = *member;
    entry->on_target = aim_meets(fleet, member->revision);
    entry_join(fleet, entry);
}

void
fleet_remove(Fleet *fleet, guint id)
{
    const Entry *entry = g_hash_table_lookup(fleet->entries, GUINT_TO_POINTER(id));
    if (!entry)
        return;
    entry_leave(fleet, entry);
    g_hash_table_remove(fleet->entries, GUINT_TO_POINTER(id));
}

const FleetCounts *
fleet_counts(const Fleet *fleet)
{
    return &fleet->counts;
}

const Member *
fleet_get(const Fleet *fleet, guint id)
{
    const Entry *entry = g_hash_table_lookup(fleet->entries, GUINT_TO_POINTER(id));
    return entry ? &entry->member : NULL;
}

const Member *
fleet_first(const Fleet *fleet, FleetQueue queue)
{
    GTreeNode *node = g_tree_node_first(fleet->queues[queue]);
    const Entry *entry = node ? g_tree_node_value(node) : NULL;
    return entry ? &entry->member : NULL;
}

guint
fleet_front(const Fleet *fleet, guint limit)
{
    GTreeNode *node = g_tree_node_first(fleet->queues[FLEET_CANDIDATES]);
    const Member *first = fleet_first(fleet, FLEET_CANDIDATES);
    guint alike = 0;
    for (; node && alike < limit; node = g_tree_node_next(node), alike++) {
        const Entry *entry = g_tree_node_value(node);
        if (kind_of_candidate(&entry->member) != kind_of_candidate(first))
            break;
    }
    return alike;
}
