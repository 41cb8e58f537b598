/* tests/simulation/rows.h: what the product remembers, read at once. */
#pragma once

#include "sim.h"

typedef struct {
    StoreSet *set;
    GPtrArray *instances; /* of StoreInstance, by id */
    StoreRoll *roll;      /* the one under way, or NULL */
} RowSet;

typedef struct Rows {
    guint refs;
    guint64 revision;      /* of the store */
    GPtrArray *sets;       /* of RowSet */
    GPtrArray *operations; /* of StoreOperation, in progress */
} Rows;

/* What is there now. Instances that are as they were at the last time, by their etags, are not read again. */
Rows *rows_read(Sim *sim);
/* The same, and every row is read. */
Rows *rows_read_all(Sim *sim);
void rows_unref(Rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_unref)
/* The same number where no row of the set changed. */
guint64 row_set_state(const RowSet *row);
/* rolls.c: looks what rolling upgrades have done since it was last asked, and judges it. */
void rolls_follow(Sim *sim, const Rows *rows, const char *name);
/* rolls.c: meant to serve, not on its way, and not well. */
gboolean row_is_ill(const StoreInstance *row);
/* os_upgrades.c: revisions that a newer image, or its failure, has made since it was last asked. */
void images_follow(Sim *sim, SimSet *set, const RowSet *row);
void newer_images_are_taken(Sim *sim, const Rows *rows, const char *name);
void newest_images_run(Sim *sim, const Rows *rows, const char *name);
/* replaced.c: the one that comes in an instance's place; or NULL. */
const StoreInstance *replaced_by(const RowSet *row, guint id);
/* The promise takes in the new one, whose row was never promised; NULL: a row of another kind, and the invariant broke. */
SimInstance *replaced_adopt(Sim *sim, SimSet *set, const StoreInstance *row);
/* repairs.c: looks what automatic repairs have done since it was last asked, and judges it. */
void repairs_follow(Sim *sim, SimSet *set, const RowSet *row);
/* notice.c: who is seen to leave for the first time, and what time its guest is given. */
void notices_follow(Sim *sim, const Rows *rows, const char *name);
/* quarantined.c: who was put into quarantine since it was last asked, judged; what comes in its place; and what holds of it. */
void quarantines_follow(Sim *sim, SimSet *set, const RowSet *row);
SimInstance *stand_in_adopt(Sim *sim, SimSet *set, const StoreInstance *row);
void stand_ins_are_there(Sim *sim, SimSet *set);
void quarantine_is_kept(Sim *sim, const Rows *rows, const char *name);
void quarantine_is_cut_off(Sim *sim, const Rows *rows, const char *name);
void deviants_are_in_quarantine(Sim *sim, const Rows *rows, const char *name);
void health_follows_verdicts(Sim *sim, const Rows *rows, const char *name);
void quarantine_is_listed(Sim *sim, const Rows *rows, const char *name);
void released_are_attested(Sim *sim, const Rows *rows, const char *name);
/* attested.c */
Integrity verdict_of(SimulatedFault fault); /* what one that was tampered with so deserves */
/* What it runs: a newer model that it was not brought to is nothing to it. */
gboolean is_attested(const SimSet *set, const StoreInstance *row);
void verdicts_follow(Sim *sim, const Rows *rows, const char *name);
void verdicts_are_there(Sim *sim, const Rows *rows, const char *name);
void verdicts_are_of_the_last_boot(Sim *sim, const Rows *rows, const char *invariant);
const RowSet *rows_find(const Rows *rows, const char *uid);
