#include "rollout/fleet.h"

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

/* ---- what a member counts as ---- */

/* Whoever adds a member to Member compares it here. */
G_STATIC_ASSERT(sizeof(Member) == 32);

static gboolean
is_same(const Member *a, const Member *b)
{
    return a->id == b->id && a->revision == b->revision && a->phase == b->phase && a->health == b->health &&
           a->mark == b->mark && a->since == b->since && a->leaving == b->leaving && a->is_protected == b->is_protected &&
           a->busy == b->busy && a->resting == b->resting && a->failed == b->failed && a->skip == b->skip &&
           a->surge == b->surge && a->undoable == b->undoable && a->repair_from == b->repair_from &&
           a->repairing == b->repairing && a->unrepairable == b->unrepairable;
}

static gboolean
is_ill(const Member *member)
{
    return !member->resting && !member->busy &&
           (member->failed || member->health == HEALTH_UNHEALTHY || member->health == HEALTH_UNKNOWN);
}

static gboolean
is_waited_for(const Member *member)
{
    return member->mark == ROLL_MARK_IN_HAND || member->mark == ROLL_MARK_UNDOING;
}

/* May the roll take it, now or when its step is over? */
static gboolean
may_be_taken(const Entry *entry)
{
    const Member *member = &entry->member;
    return !entry->on_target && !member->leaving && !member->is_protected && !member->skip && !member->surge &&
           !is_waited_for(member);
}

/* Surplus that is superseded can go at once; what is upgraded in place has to come to the end of its step first. */
static gboolean
is_superseded(const Entry *entry)
{
    const Member *member = &entry->member;
    return !entry->on_target && !member->leaving && (member->surge || (member->mark == ROLL_MARK_IN_HAND && !member->busy));
}

/* There is nothing to wait for: it is where it should be, or it failed. */
static gboolean
is_decided(const Entry *entry)
{
    const Member *member = &entry->member;
    return is_waited_for(member) && !member->busy && !member->leaving && !is_superseded(entry) &&
           (member->resting || member->failed || member->health == HEALTH_HEALTHY);
}

/* May it be put back, now or when its step is over? Surplus is removed instead, and what has become well after all stays. */
static gboolean
may_be_undone(const Member *member)
{
    gboolean well = !member->busy && !member->resting && !member->failed && member->health == HEALTH_HEALTHY;
    return member->mark == ROLL_MARK_FAILED && member->undoable && !well && !member->leaving && !member->surge &&
           !member->is_protected;
}

static gboolean
is_upgraded(const Entry *entry)
{
    return entry->on_target && (entry->member.mark == ROLL_MARK_DONE || entry->member.mark == ROLL_MARK_FAILED);
}

static gboolean
is_surge_fit(const Entry *entry)
{
    const Member *member = &entry->member;
    return member->surge && !member->leaving && !member->resting && entry->on_target && member->mark == ROLL_MARK_DONE &&
           !is_ill(member);
}

/* Its grace period is waited for. Who never came up, or is protected, is nothing for repair. */
static gboolean
is_repairable(const Member *member)
{
    return is_ill(member) && !member->leaving && !member->unrepairable && !member->surge && !is_waited_for(member) &&
           member->repair_from != 0;
}

/* Who died meanwhile is started again first. */
static gboolean
is_repair_over(const Member *member)
{
    gboolean well = !member->failed && member->health == HEALTH_HEALTHY;
    gboolean lost = member->failed && member->repair_from == 0;
    return member->repairing && !member->busy && !member->leaving && (member->resting || member->unrepairable || well || lost);
}

static gboolean
belongs(const Entry *entry, FleetQueue queue)
{
    const Member *member = &entry->member;
    switch (queue) {
    case FLEET_CANDIDATES:
        return may_be_taken(entry) && !member->busy;
    case FLEET_SUPERSEDED:
        return is_superseded(entry);
    case FLEET_DECIDED:
        return is_decided(entry);
    case FLEET_UNDECIDED:
        return is_waited_for(member) && !member->leaving && is_ill(member) && !is_superseded(entry) && !is_decided(entry);
    case FLEET_UNDOABLE:
        return may_be_undone(member) && !member->busy;
    case FLEET_SURGE:
        return member->surge && !member->leaving;
    case FLEET_SURGE_FIT:
        return is_surge_fit(entry);
    case FLEET_SURGE_UNFIT:
        return member->surge && !member->leaving && entry->on_target && !is_waited_for(member) && !is_surge_fit(entry);
    case FLEET_ILL:
        return is_repairable(member) && !member->repairing;
    case FLEET_REPAIRED:
        return is_repair_over(member);
    case FLEET_IN_VAIN:
        return is_repairable(member) && member->repairing;
    case FLEET_N_QUEUES:
        break;
    }
    g_assert_not_reached();
}

static void
count(FleetCounts *counts, const Entry *entry, int by)
{
    const Member *member = &entry->member;
#define COUNT(name, condition) counts->name += (condition) ? (guint)by : 0u
    if (member->leaving) {
        COUNT(retiring, member->mark == ROLL_MARK_LEAVING || member->surge);
        return;
    }
    COUNT(present, TRUE);
    COUNT(surge, member->surge);
    COUNT(serving, !member->resting);
    COUNT(healthy, !member->resting && member->health == HEALTH_HEALTHY);
    COUNT(ill, is_ill(member) && !is_waited_for(member) && !member->surge);
    COUNT(in_hand, member->mark == ROLL_MARK_IN_HAND);
    COUNT(undoing, member->mark == ROLL_MARK_UNDOING);
    COUNT(upgraded, is_upgraded(entry));
    COUNT(upgraded_ill, is_upgraded(entry) && is_ill(member));
    COUNT(candidates, may_be_taken(entry) && !member->busy);
    COUNT(candidates_busy, may_be_taken(entry) && member->busy);
    COUNT(undoable_busy, may_be_undone(member) && member->busy);
    COUNT(repairing, member->repairing);
#undef COUNT
}

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
    guint64 later = fleet->ill_first && !is_ill(member) ? 1 : 0;
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
        waited_for += is_waited_for(&entry->member) ? 1 : 0;
        entry_leave(fleet, entry);
        entry->member.mark = ROLL_MARK_NONE;
        entry_join(fleet, entry);
    }
    return waited_for;
}

void
fleet_put(Fleet *fleet, const Member *member)
{
    g_assert(member->id < (1u << ID_BITS));
    Entry *entry = g_hash_table_lookup(fleet->entries, GUINT_TO_POINTER(member->id));
    if (entry && is_same(&entry->member, member))
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

/* ---- for tests ---- */

Fleet *
fleet_new_alike(const Fleet *fleet)
{
    Fleet *alike = fleet_new();
    fleet_aim(alike, fleet->on_target, fleet->on_target_data, fleet->ill_first);
    return alike;
}

static char *
diff_members(const Fleet *a, const Fleet *b)
{
    GHashTableIter iter;
    gpointer id, value;
    if (g_hash_table_size(a->entries) != g_hash_table_size(b->entries))
        return g_strdup_printf("there are %u members in the one and %u in the other", g_hash_table_size(a->entries),
                               g_hash_table_size(b->entries));
    g_hash_table_iter_init(&iter, a->entries);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const Entry *one = value, *other = g_hash_table_lookup(b->entries, id);
        if (!other || !is_same(&one->member, &other->member) || one->on_target != other->on_target)
            return g_strdup_printf("member %u is not the same in both", one->member.id);
    }
    return NULL;
}

static char *
diff_queue(const Fleet *a, const Fleet *b, int queue)
{
    GTreeNode *left = g_tree_node_first(a->queues[queue]), *right = g_tree_node_first(b->queues[queue]);
    for (guint place = 0; left && right; place++, left = g_tree_node_next(left), right = g_tree_node_next(right)) {
        const Entry *one = g_tree_node_value(left), *other = g_tree_node_value(right);
        if (one->member.id != other->member.id)
            return g_strdup_printf("place %u of queue %d is %u in the one and %u in the other", place, queue, one->member.id,
                                   other->member.id);
    }
    return left || right ? g_strdup_printf("queue %d is longer in the one", queue) : NULL;
}

char *
fleet_diff(const Fleet *a, const Fleet *b)
{
    const guint *x = (const guint *)&a->counts, *y = (const guint *)&b->counts;
    char *difference = diff_members(a, b);
    for (guint i = 0; !difference && i < sizeof(FleetCounts) / sizeof(guint); i++) {
        if (x[i] != y[i])
            difference = g_strdup_printf("counter %u is %u in the one and %u in the other", i, x[i], y[i]);
    }
    for (int queue = 0; !difference && queue < FLEET_N_QUEUES; queue++)
        difference = diff_queue(a, b, queue);
    return difference;
}
