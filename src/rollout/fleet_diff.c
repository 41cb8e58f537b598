/* Fleets that are compared, for tests. */
#include "rollout/fleet_internal.h"

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
        if (!other || !member_is_same(&one->member, &other->member) || one->on_target != other->on_target)
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
