#include "model/roll.h"

#include "base/words.h"

static const char *const roll_status_words[ROLL_N_STATUSES] = {
    [ROLL_FORWARD] = "RollingForward",
    [ROLL_CANCELLED] = "Cancelled",
    [ROLL_COMPLETED] = "Completed",
    [ROLL_FAULTED] = "Faulted",
};

static const char *const roll_phase_words[ROLL_N_PHASES] = {
    [ROLL_PHASE_CHECK] = "check",
    [ROLL_PHASE_BATCH] = "batch",
    [ROLL_PHASE_PAUSE] = "pause",
    [ROLL_PHASE_UNDO] = "undo",
};

static const char *const roll_mark_words[ROLL_N_MARKS] = {
    [ROLL_MARK_NONE] = "none",       [ROLL_MARK_IN_HAND] = "inHand",  [ROLL_MARK_DONE] = "done",
    [ROLL_MARK_FAILED] = "failed",   [ROLL_MARK_UNDOING] = "undoing", [ROLL_MARK_UNDONE] = "undone",
    [ROLL_MARK_LEAVING] = "leaving",
};

DEFINE_WORDS(roll_status, RollStatus, ROLL_N_STATUSES)
DEFINE_WORDS(roll_phase, RollPhase, ROLL_N_PHASES)
DEFINE_WORDS(roll_mark, RollMark, ROLL_N_MARKS)
