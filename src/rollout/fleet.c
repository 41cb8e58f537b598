#include "rollout/fleet.h"

#include <string.h>

typedef struct {
    Member member;
    gboolean on_target;
} Entry;

struct Fleet {
    GHashTable *entries; /* id -> Entry */
    FleetCounts counts;
    GTree *queues[FLEET_N_QUEUES]; /* order key -> Entry */
    FleetOnTarget on_target;
    void *on_target_data;
    gboolean ill_first;
};

/* ---- order keys: one number, so that a queue needs no memory of its own for them ---- */

G_STATIC_ASSERT(sizeof(gpointer) == sizeof(guint64));

#define ID_BITS 31

static gint
key_compare(gconstpointer a, gconstpointer b)
{
    guint64 x = (guint64)(guintptr)a, y = (guint64)(guintptr)b;
    return x < y ? -1 : x > y;
}

static gint
key_compare_with_data(gconstpointer a, gconstpointer b, gpointer data)
{
    (void)data;
    return key_compare(a, b);
}

static gboolean
is_ill(const Member *member)
{
    return !member->resting && !member->busy &&
           (member->failed || member->health == HEALTH_UNHEALTHY || member->health == HEALTH_UNKNOWN);
}

/* In seconds, which is what waits are given in; 33 bits last until the year 2242. */
static guint64
key_by_time(const Member *member)
{
    guint64 seconds = (guint64)MAX(member->since / USEC_PER_SEC, 0);
    return (seconds << ID_BITS) | member->id;
}

/* resting (1 bit), phase (31), well (1), id (31) */
static guint64
key_of_candidate(const Fleet *fleet, const Member *member)
{
    guint64 later = fleet->ill_first && !is_ill(member) ? 1 : 0, resting = member->resting ? 1 : 0;
    return (resting << 63) | ((guint64)MIN(member->phase, (guint)FLEET_PHASE_LAST) << (ID_BITS + 1)) | (later << ID_BITS) |
           member->id;
}

static gpointer
order_key(const Fleet *fleet, FleetQueue queue, const Member *member)
{
    switch (queue) {
    case FLEET_CANDIDATES:
        return (gpointer)(guintptr)key_of_candidate(fleet, member);
    case FLEET_UNDECIDED:
    case FLEET_ILL:
        return (gpointer)(guintptr)key_by_time(member);
    default:
        return GUINT_TO_POINTER(member->id);
    }
}

/* ---- what a member counts as ---- */

static gboolean
is_in_hand(const Member *member)
{
    return member->mark == ROLL_MARK_IN_HAND || member->mark == ROLL_MARK_UNDOING;
}

/* May the roll take it, now or when its step is over? */
static gboolean
may_be_taken(const Entry *entry)
{
    const Member *member = &entry->member;
    return !entry->on_target && !member->leaving && !member->is_protected && !member->skip && !member->surge &&
           !is_in_hand(member);
}

/* There is nothing to wait for: it is where it should be, it failed, or the target is another one by now. */
static gboolean
is_decided(const Entry *entry)
{
    const Member *member = &entry->member;
    if (!is_in_hand(member) || member->busy || member->leaving)
        return FALSE;
    if (member->mark == ROLL_MARK_IN_HAND && !entry->on_target)
        return TRUE;
    return member->resting || member->failed || member->health == HEALTH_HEALTHY;
}

static gboolean
belongs(const Entry *entry, FleetQueue queue)
{
    const Member *member = &entry->member;
    switch (queue) {
    case FLEET_CANDIDATES:
        return may_be_taken(entry) && !member->busy;
    case FLEET_DECIDED:
        return is_decided(entry);
    case FLEET_UNDECIDED:
        return is_in_hand(member) && !member->leaving && is_ill(member) && !is_decided(entry);
    case FLEET_UNDOABLE:
        return member->mark == ROLL_MARK_FAILED && !member->leaving && !member->busy && (member->undoable || member->surge);
    case FLEET_SURGE_DONE:
        return member->surge && !member->leaving && member->mark == ROLL_MARK_DONE;
    case FLEET_SURGE:
        return member->surge && !member->leaving;
    case FLEET_ILL:
        return !member->leaving && !member->is_protected && !is_in_hand(member) && is_ill(member);
    case FLEET_N_QUEUES:
        break;
    }
    g_assert_not_reached();
}

static void
count(FleetCounts *counts, const Entry *entry, int by)
{
    const Member *member = &entry->member;
#define COUNT(name, condition)                                                                                                 \
    if (condition)                                                                                                             \
    counts->name += (guint)by
    COUNT(retiring, member->mark == ROLL_MARK_LEAVING);
    if (member->leaving)
        return;
    gboolean upgraded = member->mark == ROLL_MARK_DONE || member->mark == ROLL_MARK_FAILED;
    COUNT(present, TRUE);
    COUNT(surge, member->surge);
    COUNT(serving, !member->resting);
    COUNT(healthy, !member->resting && member->health == HEALTH_HEALTHY);
    COUNT(ill, is_ill(member) && !is_in_hand(member));
    COUNT(in_hand, member->mark == ROLL_MARK_IN_HAND);
    COUNT(undoing, member->mark == ROLL_MARK_UNDOING);
    COUNT(upgraded, upgraded);
    COUNT(upgraded_ill, upgraded && is_ill(member));
    COUNT(candidates, may_be_taken(entry) && !member->busy);
    COUNT(candidates_resting, may_be_taken(entry) && !member->busy && member->resting);
    COUNT(candidates_busy, may_be_taken(entry) && member->busy);
#undef COUNT
}

static void
entry_join(Fleet *fleet, Entry *entry)
{
    count(&fleet->counts, entry, 1);
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++) {
        if (belongs(entry, (FleetQueue)queue))
            g_tree_insert(fleet->queues[queue], order_key(fleet, (FleetQueue)queue, &entry->member), entry);
    }
}

static void
entry_leave(Fleet *fleet, const Entry *entry)
{
    count(&fleet->counts, entry, -1);
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++) {
        if (belongs(entry, (FleetQueue)queue))
            g_tree_remove(fleet->queues[queue], order_key(fleet, (FleetQueue)queue, &entry->member));
    }
}

/* ---- the fleet ---- */

Fleet *
fleet_new(void)
{
    Fleet *fleet = g_new0(Fleet, 1);
    fleet->entries = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++)
        fleet->queues[queue] = g_tree_new_full(key_compare_with_data, NULL, NULL, NULL);
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

void
fleet_put(Fleet *fleet, const Member *member)
{
    g_assert(member->id < (1u << ID_BITS));
    Entry *entry = g_hash_table_lookup(fleet->entries, GUINT_TO_POINTER(member->id));
    if (entry && memcmp(&entry->member, member, sizeof *member) == 0)
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

gboolean
fleet_on_target(const Fleet *fleet, const Member *member)
{
    return aim_meets(fleet, member->revision);
}

char *
fleet_diff(const Fleet *a, const Fleet *b)
{
    const guint *x = (const guint *)&a->counts, *y = (const guint *)&b->counts;
    for (guint i = 0; i < sizeof(FleetCounts) / sizeof(guint); i++) {
        if (x[i] != y[i])
            return g_strdup_printf("counter %u is %u in the one and %u in the other", i, x[i], y[i]);
    }
    for (int queue = 0; queue < FLEET_N_QUEUES; queue++) {
        GTreeNode *left = g_tree_node_first(a->queues[queue]), *right = g_tree_node_first(b->queues[queue]);
        for (guint place = 0; left && right; place++, left = g_tree_node_next(left), right = g_tree_node_next(right)) {
            const Entry *one = g_tree_node_value(left), *other = g_tree_node_value(right);
            if (one->member.id != other->member.id)
                return g_strdup_printf("place %u of queue %d is %u in the one and %u in the other", place, queue,
                                       one->member.id, other->member.id);
        }
        if (left || right)
            return g_strdup_printf("queue %d is longer in the one", queue);
    }
    return NULL;
}
