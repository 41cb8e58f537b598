/* engine/roll_internal.h: what the files of a rolling upgrade's pass share. roll_run.c: planner and pass; roll_stand.c: where
 * it stands; roll_acts.c: what is written; roll_finish.c: its end. */
#pragma once

#include "engine/growth.h"
#include "engine/roll_run.h"
#include "model/model.h"
#include "rollout/roll.h"

/* One rolling upgrade, in one pass. */
typedef struct {
    Pass *pass;
    SetTracked *set;
    StoreSet *row; /* borrowed from the caller, or `reread` */
    StoreSet *reread;
    StoreRoll *roll;
    Model *target;     /* owned */
    StoreUsage *usage; /* once it was asked for */
    Growth grown;      /* what takes since then have added to it */
    gboolean changed;  /* the roll's row */
    gboolean over;
} RollRun;

/* roll_run.c */
const RollingPolicy *roll_run_policy(const RollRun *run);
/* Rows in hand are written, and `row` is read again. */
gboolean roll_run_write(RollRun *run, GError **error);

/* roll_stand.c */
gboolean roll_run_stand(RollRun *run, RollState *ret_state, GError **error);

/* Of an instance that goes to the target from `revision`. */
gboolean roll_run_growth(RollRun *run, guint revision, Growth *ret_growth, GError **error);

/* roll_acts.c: each writes one act (rollout/roll.h) into the rows in hand. */
gboolean roll_run_take(RollRun *run, guint id, gboolean again, GError **error); /* again: for another target than before */
gboolean roll_run_add(RollRun *run, GError **error);
gboolean roll_run_delete(RollRun *run, guint id, GError **error);
gboolean roll_run_retire(RollRun *run, const RollAct *act, GError **error);
gboolean roll_run_undo(RollRun *run, guint id, GError **error);
/* What was kept to put back is not any more. After roll_run_write(): the store is asked for whom. */
gboolean roll_run_forget_all(RollRun *run, GError **error);
gboolean roll_run_judge(RollRun *run, const RollAct *act, GError **error);
gboolean roll_run_begin(RollRun *run, const RollAct *act, GError **error);
void roll_run_enter(RollRun *run, RollPhase phase, UnixTime until);

/* roll_finish.c */
gboolean roll_run_finish(RollRun *run, const RollAct *act, GError **error);
