/* rollout/fleet_internal.h: what the fleet's files share. fleet.c: counters and queues; fleet_member.c: what a member counts
 * as; fleet_diff.c: comparison, for tests. */
#pragma once

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

gboolean member_is_same(const Member *a, const Member *b);
gboolean member_is_ill(const Member *member);
gboolean member_is_waited_for(const Member *member); /* by the rolling upgrade */

/* The queues that it is in: bit N is FleetQueue N. */
guint entry_queues(const Entry *entry);
/* by: 1 or -1 */
void entry_count(const Entry *entry, int by, FleetCounts *counts);
