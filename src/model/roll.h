/* model/roll.h: the words for a rolling upgrade. Pure.
 * Shapes: Azure Compute REST, RollingUpgradeStatusInfo. */
#pragma once

#include <glib.h>

/* As runningStatus.code shows it. */
typedef enum { ROLL_FORWARD, ROLL_CANCELLED, ROLL_COMPLETED, ROLL_FAULTED, ROLL_N_STATUSES } RollStatus;

/* "RollingForward", "Cancelled", "Completed", "Faulted" */
const char *roll_status_text(RollStatus status);
gboolean roll_status_from_text(const char *text, RollStatus *ret_status);

/* Where a rolling upgrade stands, so that whoever comes after a crash goes on from there. */
typedef enum {
    ROLL_PHASE_CHECK, /* before a batch: may it begin? */
    ROLL_PHASE_BATCH, /* the batch in hand takes its members, and is waited for */
    ROLL_PHASE_PAUSE, /* between two batches, until its time is over */
    ROLL_PHASE_UNDO,  /* what failed is put back */
    ROLL_N_PHASES
} RollPhase;

/* "check", "batch", "pause", "undo" */
const char *roll_phase_text(RollPhase phase);
gboolean roll_phase_from_text(const char *text, RollPhase *ret_phase);

/* What a rolling upgrade has made of one instance. */
typedef enum {
    ROLL_MARK_NONE,
    ROLL_MARK_IN_HAND, /* of the batch in hand */
    ROLL_MARK_DONE,    /* upgraded, and was healthy afterwards */
    ROLL_MARK_FAILED,  /* upgraded, and did not become healthy in its time */
    ROLL_MARK_UNDOING, /* being put back */
    ROLL_MARK_UNDONE,  /* back on what it ran before */
    ROLL_MARK_LEAVING, /* an old one that is deleted because a new one serves in its place */
    ROLL_N_MARKS
} RollMark;

/* "none", "inHand", "done", "failed", "undoing", "undone", "leaving" */
const char *roll_mark_text(RollMark mark);
gboolean roll_mark_from_text(const char *text, RollMark *ret_mark);
