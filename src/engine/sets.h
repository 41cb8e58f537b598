/* engine/sets.h: what the engine keeps in memory of a scale set that has instances: what of its row never changes, and what
 * follows from its instances' rows, told row by row. The store alone remembers; all of this can be built again from it. */
#pragma once

#include "engine/pass.h"
#include "rollout/fleet.h"

typedef struct Revision Revision; /* engine/revisions.h */
/* The one that instances come from, the one that they go to, and some that stragglers are on. */
#define REVISIONS_KEPT 4

struct SetTracked {
    Engine *engine;
    gint64 id;
    char *uid;
    char *group;
    char *name;
    guint n_tracked;                     /* Tracked that point here */
    guint n_instances;                   /* rows that it was told of, deletions under way included */
    Revision *revisions[REVISIONS_KEPT]; /* the one used last first; NULL where there are fewer */
    Fleet *fleet;
    GHashTable *on_target; /* of revisions that are as good as `target`; NULL: there is no target */
    gint64 roll;           /* id of the rolling upgrade whose marks count; 0: none */
    guint target;          /* its target's revision */
    UnixTime wake_at;
    guint wake_timer;        /* clock timer for `wake_at`, 0: none */
    GList *dirty;            /* its link in Engine.dirty_sets, or NULL: nothing to plan for */
    gboolean repairs;        /* automatic repairs are on */
    gboolean follows_latest; /* automatic OS upgrade is on: it is planned when an image is imported */
    gboolean upgrade_waits;  /* for its instances: it is planned when any of them changes */
    gboolean stale;          /* it was told of rows that were never committed: it is told again of all of them */
};

/* The set of this number; looked up in the store when it is met first. NULL always sets *error. Lasts until some time after
 * the set was deleted. */
SetTracked *engine_set(Engine *engine, StoreTx *tx, gint64 id, GError **error);
SetTracked *engine_set_known(Engine *engine, const char *uid, gsize uid_length); /* or NULL */
void engine_set_free(void *set);

/* An instance's row as it will be when the pass commits: told once a pass for each row that changed, whoever changed it, and
 * once for every row when the engine begins to work. What was told of the instance before is replaced. */
void engine_row_seen(Engine *engine, Tracked *tracked, const StoreInstance *row);
/* The row goes with this pass. */
void engine_row_gone(Engine *engine, Tracked *tracked);
/* The transaction in which the set was told of rows was lost. */
void engine_rows_lost(SetTracked *set);
/* The set as a whole is planned in this pass or the next one. */
void engine_set_mark_dirty(SetTracked *set);
SetTracked *engine_set_dirty_pop(Engine *engine); /* or NULL */
/* Plans every set that has something to plan for; after the rows in hand were told (pass_tell()). */
gboolean engine_sets_plan(Pass *pass, GError **error);

/* Marks count from now on if they are this roll's, and members are measured by its target. Every member is told again where the
 * roll is a new one. */
gboolean engine_set_take_aim(Pass *pass, SetTracked *set, const StoreRoll *roll, gboolean ill_first, GError **error);
/* No rolling upgrade any more: nothing is a candidate. */
void engine_set_drop_aim(SetTracked *set);

/* members.c: is it one that plans are made for? Nothing is planned for what is in quarantine. */
gboolean member_counts(const StoreInstance *row);
/* A row as its set's planners see it; roll: id of the one whose marks count, or 0. */
Member member_of(const StoreInstance *row, gint64 roll);

/* Tells the stale ones again, from the store. */
gboolean engine_sets_refresh(Engine *engine, StoreTx *tx, GError **error);
